"""
Every form and every POST address of the site, found from the address list, as everybody who may open it, with what
nobody types by chance. Never an error of the program, never another programme's data, never markup that runs.

``FUZZ_ROUNDS`` (default 3) says how many hostile fillings each form gets; ``FUZZ_SEED`` which.
"""

from __future__ import annotations

import os
import random
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, URLPattern, get_resolver, resolve
from django.utils import timezone

from piutempo.people.models import Role
from tests.hostile.world import DRAFTING, NOW, SECRET, HostileWorld, build_hostile_world

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "3"))
SEED = os.environ.get("FUZZ_SEED", "piutempo")
MARKUP = "<script>pwned()</script>"
EVENT = "<img src=x onerror=pwned()>"
HUGE = "9" * 400
VALUES: tuple[str, ...] = (
    "", " ", "\x00", "a\x00b", "x" * 100_000, "\U0001f600" * 50, "\u202e\u200fabc", "\ud7ff\uffff", "\u0645\u0631",
    MARKUP, EVENT, '"><script>pwned()</script>', "{{ 7|add:7 }}{% csrf_token %}", "{campo}{0}%s%(x)s", "$(id)`id`",
    "' OR 1=1 --", "'; DROP TABLE people_person; --", "-1", "0", "1", "1e9", "1,5", "NaN", "Infinity", "\u0663",
    "\u00b2", HUGE, "-" + HUGE, "9223372036854775808", "0001-01-01", "9999-12-31", "31/12/9999", "2025-02-30",
    "2025-13", "0000-00", "9999-12", "true", "null", "[]", '{"a": 1}', "../../etc/passwd", "\r\nX-Injected: 1",
    "a@b", "on", "IT00X0000000000000000000000", "RSSMRA85T50F205X", "=cmd|'/c calc'!A1",
)  # fmt: skip
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
FILES: tuple[tuple[str, bytes], ...] = (
    ("", b""), ("a.pdf", b""), ("a.pdf", PDF), ("../../a.pdf", PDF), ("a\x00.pdf", PDF), (MARKUP + ".pdf", PDF),
    ("a.exe", b"MZ\x90"), ("a.csv", b"\xff\xfe\x00"), ("a.csv", b"codice;servizio\n\x00;\n"), ("a.xlsx", b"PK\x03\x04"),
    ("a.toml", b"a = [[[["), ("a.png", b"\x89PNG\r\n\x1a\n"), ("x" * 5_000 + ".pdf", PDF),
    ("a.pdf", b"%PDF-1.4\n/Encrypt"), ("a.svg", b"<svg onload=pwned()>"), ("a.p7m", b"0\x80\x06"),
)  # fmt: skip
#: Leaving these alone keeps the attack going: they end the session or lead elsewhere.
SKIPPED = {"people:sign_out", "people:become_persona", "people:personas"}
#: What a person would write.
USUAL = {
    "date": "2025-04-01",
    "month": "2025-04",
    "time": "10:00",
    "number": "1",
    "email": "a@example.org",
    "password": "una password lunga",
    "checkbox": "on",
}
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass
class Form:
    """A form found on a page: where it goes, its fields with their values, whether it takes files."""

    action: str
    method: str = "get"
    fields: list[tuple[str, str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    """Collects the forms of a page; fields of radio buttons and choices keep every offered value."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.here: Form | None = None
        self.select = ""
        self.by_id: dict[str, Form] = {}
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.here = Form(urljoin(self.page, values.get("action") or ""), values.get("method", "get").lower())
            self.by_id[values.get("id", "")] = self.here
            self.found.append(self.here)
        target = self.by_id.get(values["form"]) if "form" in values else self.here
        if target is None:
            return
        if tag in {"input", "textarea", "button"} and values.get("name"):
            kind = "textarea" if tag == "textarea" else values.get("type", "text")
            target.fields.append((values["name"], kind, values.get("value", "")))
        elif tag == "select" and values.get("name"):
            self.select = values["name"]
            target.fields.append((self.select, "select", ""))
        elif tag == "option" and self.select:
            target.fields.append((self.select, "select", values.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.here = None
        elif tag == "select":
            self.select = ""


def routes(patterns: Any = None, before: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Any]]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield here, ":".join([*names, entry.name or ""]), entry.callback
        else:
            yield from routes(entry.url_patterns, here, (*names, entry.namespace) if entry.namespace else names)


class Attack:
    """One client that remembers what went wrong; the world is as before after each request."""

    def __init__(self, client: Client, world: HostileWorld, chance: random.Random) -> None:
        self.client, self.world, self.chance = client, world, chance
        self.faults: dict[str, str] = {}
        self.sent = 0
        self.ids = self._ids()
        self.words = {"code": ["proprio", "altrui"], "way": ["approva", "respingi"]}

    def _ids(self) -> dict[str, list[int]]:
        """Return the ids of every table of ours, by the name a parameter would have."""
        found: dict[str, list[int]] = {}
        for model in apps.get_models():
            if model.__module__.startswith("piutempo."):
                pks = [pk for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:40]]
                name = re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()
                for key in (name, name.rpartition("_")[2]):
                    found.setdefault(f"{key}_id", []).extend(pk for pk in pks if isinstance(pk, int))
        found["file_id"] = [*found.get("file_id", []), *found.get("stored_file_id", [])]
        return found

    def addresses(self, route: str, at_most: int) -> list[str]:
        """Return addresses of a route: ours, others', and some that no row can have."""
        route = route.replace("^", "").replace("\\Z", "").replace("$", "")
        choices: list[list[str]] = []
        for kind, name in PARAMETER.findall(route):
            if kind == "int":
                pool = self.ids.get(name) or list(range(1, 8))
                some = pool if len(pool) <= 6 else [*pool[:3], *self.chance.sample(pool[3:], 3)]
                choices.append([str(n) for n in some] + ["0", "99999999999999999999999"])
            elif kind == "uuid":
                choices.append(["00000000-0000-0000-0000-000000000000"])
            else:
                choices.append([*self.words.get(name, ["proprio", "altrui"]), "2025-04", "xx"])
        blank = PARAMETER.sub("{}", route)
        found = ["/" + blank.format(*combination) for combination in product(*choices)]
        return found if len(found) <= at_most else self.chance.sample(found, at_most)

    def ask(self, role: str, method: str, address: str, data: dict[str, Any] | None = None) -> HttpResponse | None:
        """Send one request, look at the answer (and the page it leads to), then undo all it wrote."""
        cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}
        self.sent += 1
        answer: HttpResponse | None = None
        try:
            with transaction.atomic():
                answer = getattr(self.client, method)(address, data or {})
                self.look(role, method, address, answer)
                location = answer.get("Location", "") if answer.status_code in {301, 302, 303} else ""
                if location.startswith("/") and "accedi" not in location and len(location) < 500:
                    self.look(role, "then", location, self.client.get(location))
                transaction.set_rollback(True)
        except Exception as error:  # the fault is what we look for
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/piutempo/" in f.filename]
            place = f"{frames[-1].filename.rpartition('/piutempo/')[2]}:{frames[-1].lineno}" if frames else "?"
            shown = {k: str(v)[:60] for k, v in (data or {}).items()}
            self.fault(f"{type(error).__name__} at {place}: {str(error)[:150]}", f"{role} {method} {address} {shown}")
        self.client.cookies.clear()
        for name, value in cookies.items():
            self.client.cookies[name] = value
        return answer

    def look(self, role: str, method: str, address: str, answer: HttpResponse) -> None:
        """Judge one answer."""
        if answer.status_code >= 500:
            self.fault(f"{answer.status_code} from {self.name_of(address)}", f"{role} {method} {address}")
        kind = answer.get("Content-Type", "")
        if answer.streaming or not kind.startswith(("text/", "application/json")):
            return
        text = answer.content.decode(errors="replace")
        if SECRET in text:
            self.fault(f"another programme's person on {self.name_of(address)}", f"{role} {method} {address}")
        if kind.startswith("text/html") and any(mark in text for mark in (MARKUP, EVENT)):
            self.fault(f"markup not escaped on {self.name_of(address)}", f"{role} {method} {address}")

    def fault(self, what: str, where: str) -> None:
        self.faults.setdefault(what, where)

    @staticmethod
    def name_of(address: str) -> str:
        try:
            return resolve(urlsplit(address).path).view_name
        except Resolver404:
            return address

    def value(self, kind: str, offered: list[str], hostility: float) -> Any:
        """Return what to put into one field: something hostile with that probability, else what a person would."""
        kept = [value for value in offered if value]
        if self.chance.random() > hostility:
            if kind == "file":
                return SimpleUploadedFile("a.pdf", PDF)
            if kept and (kind not in {"text", "textarea"} or self.chance.random() < 0.5):
                return self.chance.choice(kept)
            return USUAL.get(kind, f"Testo {self.chance.choice((MARKUP, EVENT))}")
        if kind == "file":
            name, content = self.chance.choice(FILES)
            return SimpleUploadedFile(name or "x", content)
        toss = self.chance.random()
        if toss < 0.15:
            return [self.chance.choice(VALUES), self.chance.choice(VALUES)]
        ids = self.chance.choice(list(self.ids.values()) or [[1]])
        return str(self.chance.choice(ids)) if toss < 0.3 and ids else self.chance.choice(VALUES)

    def fill(self, form: Form) -> dict[str, Any]:
        """Return one filling, a little or very hostile: some fields are missing, some doubled."""
        offered: dict[str, list[str]] = {}
        kinds: dict[str, str] = {}
        for name, kind, value in form.fields:
            offered.setdefault(name, []).append(value)
            kinds.setdefault(name, kind)
        hostility = self.chance.choice((0.0, 0.15, 0.3, 0.9))
        return {
            name: self.value(kinds[name], values, hostility)
            for name, values in offered.items()
            if name != "csrfmiddlewaretoken" and self.chance.random() > hostility / 4
        }


@pytest.fixture
def world(db: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> HostileWorld:
    built = build_hostile_world(tmp_path)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return built


#: Who attacks: nobody signed in, everybody of the first programme, a family with a draft.
ATTACKERS = ("nobody", *(role.value for role in Role), DRAFTING)


@pytest.mark.slow  # hundreds of requests each: every form of the site
@pytest.mark.parametrize("who", ATTACKERS)
def test_no_form_breaks_or_leaks(client: Client, world: HostileWorld, who: str) -> None:
    chance = random.Random(f"{SEED}-{who}")
    attack = Attack(client, world, chance)
    if who != "nobody":
        client.force_login(world.people[who], backend="django.contrib.auth.backends.ModelBackend")
    role = Role.CITIZEN if who == DRAFTING else who
    forms: dict[str, Form] = {}
    posts: list[str] = []
    for route, name, view in routes():
        wanted = getattr(view, "required_roles", None)
        if name in SKIPPED or route.startswith(("static", "media")):
            continue
        if wanted is not None and (who == "nobody" or (wanted and role not in wanted)):
            continue
        for address in attack.addresses(route, 6):
            answer = attack.ask(who, "get", address)
            if answer is None:
                continue
            if answer.status_code == 405:
                posts.append(address)
            elif answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                parser = Forms(address)
                parser.feed(answer.content.decode())
                for form in parser.found:
                    key = f"{form.method} {attack.name_of(form.action)} {sorted({f[0] for f in form.fields})}"
                    forms.setdefault(key, form)
    names = sorted({(n, k) for form in forms.values() for n, k, _v in form.fields}) or [("text", "text")]
    for form in forms.values():
        for _ in range(ROUNDS):
            if form.method in {"get", "post"} and attack.name_of(form.action) not in SKIPPED:
                attack.ask(who, form.method, form.action, attack.fill(form))
    for address in posts:
        some = chance.sample(names, min(6, len(names)))
        attack.ask(who, "post", address, attack.fill(Form(address, "post", [(n, k, "") for n, k in some])))
    assert attack.sent > 20
    assert not attack.faults, f"{len(attack.faults)} faults in {attack.sent} requests:\n" + "\n".join(
        f"- {what}\n    {where}" for what, where in sorted(attack.faults.items())
    )
