"""The served program, as ``make demo`` serves it, and people who use it in Chromium."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse, urlsplit
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page, sync_playwright

from piutempo.kernel.codes import title_code

ROOT = Path(__file__).resolve().parents[2]
PHONE = {"width": 375, "height": 740}
WIDE = {"width": 1280, "height": 900}
CODE_KEY = "stories-code-key"


class Served:
    """The program while it is served: its address, its database, and what the seed wrote."""

    def __init__(self, url: str, environment: dict[str, str], facts: dict[str, Any]) -> None:
        self.url = url
        self.environment = environment
        self.facts = facts

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the same database, past the program."""
        if address := self.environment["DATABASE_URL"]:
            import psycopg

            with psycopg.connect(address) as connection:
                return connection.execute(sql).fetchall()
        import sqlite3

        with closing(sqlite3.connect(Path(self.environment["PIUTEMPO_VAR"]) / "piutempo.sqlite3")) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """Return the first column of the first row."""
        return self.rows(sql)[0][0]

    def title(self, voucher: str, index: int) -> str:
        """Return a title's code as printed on it; ``voucher`` is ``titles`` or ``balance`` of the seeded family."""
        return title_code(self.facts[voucher], index, CODE_KEY)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program on the same database."""
        return run(self.environment, "manage.py", *arguments)

    def move_clock(self, days: int) -> None:
        """Have it be so many days from today, for the server and for ``tests/stories/clock.py``."""
        (Path(self.environment["PIUTEMPO_VAR"]) / "days").write_text(str(days))


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the program's environment; what it says on failure is the failure's message."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(f"{' '.join(arguments)} exited {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done


def own_database(address: str, name: str, template: str = "template1") -> str:
    """Return the address of a new database beside the given one, a copy of ``template``; empty stays empty (SQLite)."""
    if not address:
        return ""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlparse(address)._replace(path=f"/{name}").geturl()


def free_port() -> int:
    """Return a port nobody listens on."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask whether a page was left out after every story."""
    items.sort(key=lambda item: item.name == "test_no_page_was_left_out")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Migrate, load the programmes, seed, replay a small region, collect the assets: a folder to be copied, not served.

    ``PIUTEMPO_STORIES_WORLD`` names a folder that keeps it for the next run.
    """
    kept, database = os.environ.get("PIUTEMPO_STORIES_WORLD", ""), os.environ.get("DATABASE_URL", "")
    folder = Path(kept) if kept and not database else tmp_path_factory.mktemp("world")
    if (folder / "facts.json").exists():
        return folder
    environment = environment_of(folder, own_database(database, "piutempo_world"))
    run(environment, "manage.py", "migrate", "--verbosity", "0")
    run(environment, "manage.py", "load_programmes")
    said = run(environment, "tests/stories/seed.py").stdout.strip().splitlines()[-1]
    run(environment, "manage.py", "replay", "obiettivo-conciliazione-2010", "--scale", "0.02", "--quiet")
    run(environment, "tests/stories/seed_pages.py")
    run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    (folder / "facts.json").write_text(said)
    return folder


def environment_of(folder: Path, database: str) -> dict[str, str]:
    """Return what the program is told about where it lives."""
    return os.environ | {
        "PIUTEMPO_MODE": "demo",
        "PIUTEMPO_VAR": str(folder),
        "DATABASE_URL": database,
        "CODE_KEY": CODE_KEY,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture(scope="session")
def served(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a copy of the world with granian."""
    with serving(world, tmp_path_factory.mktemp("served"), "config.wsgi:application") as one:
        yield one


@contextmanager
def serving(world: Path, folder: Path, application: str, **settings: str) -> Iterator[Served]:
    """Serve a copy of the world; ``settings`` are added to the program's environment."""
    shutil.copytree(world, folder, dirs_exist_ok=True)
    database = own_database(os.environ.get("DATABASE_URL", ""), f"piutempo_{folder.name}", "piutempo_world")
    environment = environment_of(folder, database) | settings
    facts = json.loads((folder / "facts.json").read_text())
    port = free_port()
    log = (folder / "server.log").open("w")
    command = [
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--blocking-threads",
        "4",
    ]
    server = subprocess.Popen(
        [str(Path(sys.executable).parent / "granian"), *command, application],
        cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/salute/", server, folder / "server.log")
        yield Served(url, environment, facts)
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()
        kept = os.environ.get("PIUTEMPO_STORIES_LOG")
        if kept:
            shutil.copy(folder / "server.log", kept)


def wait_for(url: str, server: subprocess.Popen[Any], log: Path) -> None:
    """Wait until the program answers."""
    for _ in range(120):
        if server.poll() is not None:
            pytest.fail(f"granian ended with {server.returncode}:\n{log.read_text()[-3000:]}")
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.25)
    pytest.fail(f"the program did not answer at {url}:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is not installed: tools/packages.sh installs it.")
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--lang=it"])
        yield found
        found.close()


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDER = """() => [...document.querySelectorAll('main *, header *, footer *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest('.pt-table-wrap, .table-responsive, pre'))
    .slice(0, 4).map(e => e.outerHTML.slice(0, 120))"""
AXE = Axe()


def accessibility_faults(page: Page) -> list[str]:
    """Return the WCAG 2.1 A and AA violations of the page as it is shown, and what is wider than the screen."""
    found = AXE.run(page, options=RULES).response["violations"]
    wrong = [f"{v['id']} ({v['help']}): {v['nodes'][0]['html'][:160]}" for v in found]
    if page.evaluate(OVERFLOW) > 0:
        wrong.append(f"wider than the screen: {page.evaluate(WIDER)}")
    return wrong


#: Names of the addresses whose page was looked at with axe, in all stories.
looked_at: set[str] = set()


def note(page: Page) -> None:
    """Remember that this page was looked at."""
    with suppress(Resolver404):
        looked_at.add(resolve(urlsplit(page.url).path).view_name)


class Visitor:
    """Somebody with a browser of their own: signs in as a persona, fills forms by their labels."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", lambda said: self.faults.append(said.text) if "Security Policy" in said.text else None)
        page.on("response", lambda r: self.faults.append(f"{r.status} {r.url}") if r.status >= 500 else None)

    def go(self, path: str) -> "Visitor":
        """Open an address of the program."""
        self.page.goto(self.base + path)
        return self

    def become(self, full_name: str) -> "Visitor":
        """Sign in on the page of personas, one click."""
        self.go("/demo/")
        self.button(f"Entra come {full_name}")
        assert "/area/" in self.page.url
        return self

    def fill(self, label: str, value: str) -> "Visitor":
        """Write into the field with this label."""
        self.page.get_by_label(re.compile(rf"^{re.escape(label)}")).first.fill(value)
        return self

    def choose(self, label: str, option: str) -> "Visitor":
        """Choose an option by its text."""
        self.page.get_by_label(re.compile(rf"^{re.escape(label)}")).first.select_option(label=option)
        return self

    def tick(self, label: str, nth: int = 0) -> "Visitor":
        """Tick a box or a radio button."""
        self.page.get_by_label(re.compile(rf"^{re.escape(label)}")).nth(nth).check()
        return self

    def button(self, name: str) -> "Visitor":
        """Press a button."""
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()
        return self

    def link(self, name: str, exact: bool = False) -> "Visitor":
        """Follow a link of the page's own content."""
        self.page.locator("main").get_by_role("link", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()
        return self

    def check(self) -> "Visitor":
        """Look at the page with axe, wide and on a phone; what it finds fails the test at its end."""
        kept = self.page.viewport_size or WIDE
        for size in (WIDE, PHONE):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.faults += [f"{self.page.url} at {size['width']}: {f}" for f in accessibility_faults(self.page)]
        self.page.set_viewport_size(kept)
        note(self.page)
        return self

    @property
    def text(self) -> str:
        """What the page's content says."""
        return " ".join(self.page.locator("main").inner_text().replace("\xa0", " ").split())

    def reads(self, *sentences: str) -> "Visitor":
        """Assert that the page says each of these."""
        text = self.text.casefold()
        for sentence in sentences:
            assert sentence.casefold() in text, f"«{sentence}» is not on {self.page.url}:\n{self.text[:3000]}"
        return self


Opener = Callable[..., Visitor]


@pytest.fixture
def visitor(served: Served, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """
    Open a browser of one's own: ``visitor("Maria Rossi", phone=True)``.

    Faults of scripts or of the content policy fail the test; so do axe's violations on the page where a visit ends.
    """
    opened: list[Visitor] = []
    shots = os.environ.get("PIUTEMPO_STORIES_SHOTS")

    def open_one(full_name: str = "", *, phone: bool = False) -> Visitor:
        context = browser.new_context(
            viewport=PHONE if phone else WIDE, locale="it-IT", timezone_id="Europe/Rome", accept_downloads=True
        )
        one = Visitor(context.new_page(), served.url)
        opened.append(one)
        return one.become(full_name) if full_name else one

    yield open_one
    faults = [fault for one in opened for fault in one.faults]
    for n, one in enumerate(opened):
        faults += [f"{one.page.url}: {fault}" for fault in accessibility_faults(one.page)]
        note(one.page)
        if shots:
            one.page.screenshot(path=f"{shots}/{request.node.name[:60]}-{n}.png", full_page=True)
        one.page.context.close()
    assert not faults, faults
