"""
The walls that import-linter cannot see. Each message says what to do instead.

Imports between contexts and inside one are contracts in pyproject.toml (``lint-imports``).
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(settings.BASE_DIR)
PACKAGE = ROOT / "piutempo"

#: From the top; contexts on one line may not know each other (the same order as in pyproject.toml).
LAYERS = [
    {"portals", "replay"},
    {"reporting"},
    {"controls"},
    {"settlements"},
    {"vouchers"},
    {"applications", "reception"},
    {"awards", "network"},
    {"procedures"},
    {"programmes"},
    {"correspondence"},
    {"people"},
    {"ledger", "records", "ui"},
    {"kernel"},
]
LEVEL = {context: -depth for depth, line in enumerate(LAYERS) for context in line}
CONTEXTS = sorted(LEVEL)

#: Where a program may look at the clock: the edge, which passes ``at`` down.
CLOCK_READERS = ("piutempo/people/middleware.py", "/management/", "piutempo/replay/services/")

#: What anybody may open without signing in, by the start of its address or by its name. The rest asks who you are.
PUBLIC_ROUTES = ("verifica/", "programmi/", "dove-spendere/", "i18n/", "lingua/", "api/v1/openapi", "api/v1/docs")
PUBLIC = {
    "portals:home",
    "portals:help",
    "portals:contacts",
    "portals:privacy",
    "portals:accessibility",
    "portals:health",  # for whoever watches the machine: says nothing about anybody
    "people:sign_in",
    "people:sign_out",
    "people:personas",  # only in demo mode: elsewhere the address does not exist
    "people:become_persona",
    "api:status",  # a till asks whether the service works before it signs in
    "api:api-root",  # ninja's own root: answers 404
    "reception:screen",  # the waiting room: called numbers only, and only with the address that the desk gives
    "network:desks",  # families look for the nearest one
    "applications:public_rankings",  # rankings are published by law, under codes only
    "applications:public_ranking",
}


def sources(suffix: str = ".py") -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob(f"*{suffix}")):
        if "migrations" not in path.parts:
            yield path


def context_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def where(path: Path, line: int = 0) -> str:
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def report(faults: list[str], cure: str) -> None:
    assert not faults, "\n".join([*faults, f"→ {cure}"])


def our_models():
    for model in apps.get_models():
        if model.__module__.startswith("piutempo."):
            yield model, model.__module__.split(".")[1]


def test_every_context_has_its_place_in_the_layers():
    on_disk = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert on_disk == set(LEVEL)
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "contexts")
    assert [set(line.split(" | ")) for line in layers] == LAYERS


def test_foreign_keys_never_point_up():
    faults = []
    for model, context in our_models():
        for field in model._meta.get_fields():
            if not isinstance(field, Field) or field.related_model is None:
                continue
            target = field.related_model.__module__.split(".")
            if target[0] != "piutempo" or target[1] == context:
                continue
            if LEVEL[target[1]] >= LEVEL[context]:
                faults.append(f"{context}.{model.__name__}.{field.name} points to {target[1]}")
    report(faults, "turn the key around, or keep a plain id and let the upper context join")


def test_no_reverse_names_across_contexts():
    faults = []
    for model, context in our_models():
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            if field.related_model is None or field.related_model.__module__.split(".")[1] == context:
                continue
            if not field.remote_field.hidden:
                faults.append(f"{context}.{model.__name__}.{field.name}")
    report(faults, 'write related_name="+": a lower context must not see the upper one on its rows')


def test_no_signals():
    banned = re.compile(
        r"django\.(db\.models|core|dispatch|contrib\.auth|test)\S*\s*(import\s+)?.*\bsignals?\b|@receiver\b"
    )
    faults = [
        where(path, number)
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if banned.search(line)
    ]
    report(faults, "call the service below, or record an event: a signal hides who does what")


def test_no_file_over_600_lines():
    faults = []
    for suffix in (".py", ".html", ".typ", ".css", ".js"):
        for path in [*sources(suffix), *(ROOT / "tests").rglob(f"*{suffix}")]:
            if (lines := path.read_text().count("\n")) > 600:
                faults.append(f"{where(path)}: {lines} lines")
    report(faults, "make it a folder by noun: views/citizen.py, views/provider.py")


def test_no_rooms_for_odds_and_ends():
    banned = {"utils", "util", "helpers", "helper", "common", "misc", "lib", "shared"}
    faults = [where(path) for path in sources() if {path.stem, *path.relative_to(PACKAGE).parts} & banned]
    report(faults, "put it beside its one user; on the third use into kernel if pure, else into the lowest context")


def test_only_the_edge_reads_the_clock():
    names = {"now", "today", "localdate", "localtime", "utcnow", "Now", "CurrentTimestamp"}
    clocks = {"timezone.now", "datetime.now", "datetime.datetime.now", "date.today", "datetime.date.today", "time.time"}
    sql_clock = re.compile(r"\bnow\(\)|\bcurrent_timestamp\b|\bcurrent_date\b|'now'", re.IGNORECASE)
    faults = []
    for path in sources():
        if any(edge in where(path) for edge in CLOCK_READERS):
            continue
        tree = ast.parse(path.read_text())
        # recorded_at is the machine's own time of writing, read only by audit and watermarks (docs/adr/0010-time.md)
        of_the_machine = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "recorded_at"
            for part in ast.walk(node)
        }
        for node in ast.walk(tree):
            if id(node) in of_the_machine:
                continue
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                # localtime(value) converts and reads no clock
                if called in names and not (called in {"localtime", "localdate"} and (node.args or node.keywords)):
                    faults.append(f"{where(path, node.lineno)} calls {called}()")
            elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
                faults.append(f"{where(path, node.value.lineno)} uses {node.arg}")
            elif isinstance(node, ast.keyword) and ast.unparse(node.value) in clocks:
                faults.append(f"{where(path, node.value.lineno)} passes a clock as {node.arg}")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and sql_clock.search(node.value):
                faults.append(f"{where(path, node.lineno)} reads the clock in SQL")
    report(faults, "take `at: datetime`; a view passes request.now")


def test_templates_include_only_their_own_and_the_ui():
    tag = re.compile(r"""{%\s*(?:include|extends)\s+["']([^"'/]+)/""")
    faults = []
    for path in sources(".html"):
        context = context_of(path)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for target in tag.findall(line):
                if target not in {"ui", context}:
                    faults.append(f"{where(path, number)} takes from {target}/")
    report(faults, "show another context's part through its own HTMX address, or move the part to ui/")


def test_templates_live_under_their_contexts_name():
    faults = []
    for path in [*sources(".html"), *sources(".typ")]:
        parts = path.relative_to(PACKAGE).parts
        # 403.html and the like have names that Django fixes
        if "templates" in parts and parts[0] != "ui" and parts[parts.index("templates") + 1] != parts[0]:
            faults.append(where(path))
    report(faults, "templates/<context>/…, or two contexts will answer to one name")


def test_templates_keep_the_strict_content_security_policy():
    banned = re.compile(r"""<[^>{]*\s(?:style|on[a-z]+)\s*=|<style\b|(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE)
    faults = [
        where(path, number)
        for path in sources(".html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if banned.search(line)
    ]
    report(faults, "a class in ui/static, a script file, an asset from our own host: the browser would refuse it")


def programme_words() -> set[str]:
    """What only a programme's file may say: its codes, titles and the distinctive amounts in cents."""
    words: set[str] = set()
    for path in sorted(Path(settings.PROGRAMMES_DIR).glob("*.toml")):
        data = tomllib.loads(path.read_text())
        words.add(path.stem)
        for section in (data, data.get("programme", {})):
            if isinstance(section, dict):
                words |= {str(section[key]) for key in ("code", "title", "name") if key in section}
    return {word for word in words if len(word) > 4}


def test_no_programme_is_written_in_python():
    words = programme_words()
    faults = []
    for path in sources():
        if context_of(path) in {
            "replay",
            "portals",
        }:  # a scenario names the programme that it replays; the demo shows it
            continue
        tree = ast.parse(path.read_text())
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docs:
                continue
            if isinstance(node.value, str) and (
                "obiettivo" in node.value.lower() or any(word in node.value for word in words)
            ):
                faults.append(f"{where(path, node.lineno)}: {node.value[:60]!r}")
            elif isinstance(node.value, int) and node.value in {25_000, 250_000, 450_250_000, 540_000_000, 5_400_000}:
                faults.append(f"{where(path, node.lineno)}: {node.value}")
    report(faults, "read it from Terms: a third programme is a file")


def endpoints(patterns=None, route="", names=()) -> Iterator[tuple[str, str, URLPattern]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from endpoints(entry.url_patterns, here, (*names, entry.namespace) if entry.namespace else names)
        else:
            yield here, ":".join([*names, entry.name or ""]), entry


def example_of(route: str) -> str:
    """Fill a route's parameters with values of the right shape."""
    samples = {"int": "1", "slug": "a", "str": "a", "path": "a", "uuid": "00000000-0000-0000-0000-000000000000"}
    route = re.sub(r"<(?:(\w+):)?\w+>", lambda found: samples.get(found[1] or "str", "2011-03"), route)
    return "/" + route.replace("^", "").replace("$", "").replace("\\Z", "")


@pytest.mark.django_db
def test_every_address_asks_who_you_are_unless_it_is_public(subtests):
    client = Client()
    client.raise_request_exception = False
    for route, name, _ in endpoints():
        if name in PUBLIC or route.startswith(PUBLIC_ROUTES):
            continue
        with subtests.test(name or route):
            for method in (client.get, client.post):
                answer = method(example_of(route))
                if answer.status_code == 404 and answer.resolver_match is None:
                    pytest.fail(f"{example_of(route)} does not reach {name}: teach example_of() its parameters")
                signs_in = answer.status_code in {301, 302} and "/accedi" in answer["Location"]
                assert signs_in or answer.status_code in {401, 405}, (
                    f"{method.__name__} {example_of(route)} ({name}) answered {answer.status_code} to a stranger: "
                    "decorate the view with role_required(...), or add its name to PUBLIC with a reason"
                )


def test_every_address_has_a_name():
    report([route for route, name, _ in endpoints() if name.rpartition(":")[2] == ""], "give it name=…")


def test_every_migration_can_be_undone():
    faults = []
    for (label, name), migration in MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items():
        if not migration.__module__.startswith("piutempo."):
            continue
        for operation in migration.operations:
            if isinstance(operation, RunPython | RunSQL) and not operation.reversible:
                faults.append(f"{label}.{name}: {operation}")
    report(faults, "write the way back, even if it is RunPython.noop")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-tools.txt"])
def test_pins_are_hashed_and_name_no_host(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    for pin in re.findall(r"^[A-Za-z0-9].*(?:\n {4}.*)*", text, re.MULTILINE):
        assert "==" in pin, pin
        assert "--hash=sha256:" in pin, pin


def test_every_setting_is_documented():
    settings_file, manual = (ROOT / "config/settings.py").read_text(), (ROOT / "docs/ARCHITECTURE.md").read_text()
    variables = set(re.findall(r"""environ\.get\("(\w+)\"|secret\("(\w+)"\)""", settings_file))
    faults = sorted(name for pair in variables for name in pair if name and f"`{name}`" not in manual)
    report(faults, "add it to the table in docs/ARCHITECTURE.md, section Settings")


def test_every_command_is_documented():
    manual = (ROOT / "docs/ARCHITECTURE.md").read_text()
    commands = (path for path in sources() if path.parent.name == "commands" and path.stem != "__init__")
    report(
        [where(path) for path in commands if f"`{path.stem}" not in manual],
        "add it to the table in docs/ARCHITECTURE.md, section Commands",
    )
