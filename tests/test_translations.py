"""The English catalogue: complete where the public and citizens read, true to its source, and read by the pages."""

import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import override_settings
from django.utils import timezone
from django.utils.translation import template as django_template
from django.utils.translation import trans_real

from piutempo.people.models import Role
from tests.applications.factories import OPEN_AT, make_person, make_programme, make_user

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale/en/LC_MESSAGES/django.po"
# What families and passers-by read. Staff pages fall back to Italian, as do the sentences of a programme's own file.
PUBLIC_AND_CITIZEN = (
    "config/settings.py",
    "piutempo/ui/*.py",
    "piutempo/ui/templatetags/*.py",
    "piutempo/ui/templates/**/*.html",
    "piutempo/portals/navigation.py",
    "piutempo/portals/views/public.py",
    "piutempo/portals/views/area.py",
    "piutempo/portals/views/citizen.py",
    "piutempo/portals/views/dossier.py",
    "piutempo/portals/forms/writing.py",
    "piutempo/portals/templates/portals/accessibility.html",
    "piutempo/portals/templates/portals/area.html",
    "piutempo/portals/templates/portals/contacts.html",
    "piutempo/portals/templates/portals/correction.html",
    "piutempo/portals/templates/portals/help.html",
    "piutempo/portals/templates/portals/home.html",
    "piutempo/portals/templates/portals/my_*.html",
    "piutempo/portals/templates/portals/privacy.html",
    "piutempo/portals/templates/portals/write.html",
    "piutempo/procedures/messages.py",
    "piutempo/records/messages.py",
    "piutempo/people/forms.py",
    "piutempo/people/models.py",
    "piutempo/people/views.py",
    "piutempo/people/templates/people/*.html",
    "piutempo/programmes/forms/self_check.py",
    "piutempo/programmes/rules/facts.py",
    "piutempo/programmes/views/public.py",
    "piutempo/programmes/templates/programmes/public/*.html",
    "piutempo/network/forms.py",
    "piutempo/network/views/public.py",
    "piutempo/network/templates/network/desks.html",
    "piutempo/network/templates/network/pages.html",
    "piutempo/network/templates/network/where_to_spend.html",
    "piutempo/awards/models.py",
    "piutempo/applications/forms/answer.py",
    "piutempo/applications/forms/changes.py",
    "piutempo/applications/forms/evidence.py",
    "piutempo/applications/forms/family.py",
    "piutempo/applications/messages.py",
    "piutempo/applications/models.py",
    "piutempo/applications/views/answers.py",
    "piutempo/applications/views/changes.py",
    "piutempo/applications/views/citizen.py",
    "piutempo/applications/views/mandates.py",
    "piutempo/applications/views/proofs.py",
    "piutempo/applications/views/steps.py",
    "piutempo/applications/views/submitted.py",
    "piutempo/applications/views/story.py",
    *(
        f"piutempo/applications/templates/applications/{name}.html"
        for name in (
            "answer",
            "application",
            "ask_review",
            "change",
            "citizen",
            "criteria",
            "evidence",
            "household",
            "identity",
            "mandates",
            "members",
            "months",
            "place",
            "proofs",
            "receipt",
            "review",
            "situation",
            "step_buttons",
            "step_nav",
            "stops",
            "tasks",
            "who",
        )
    ),
    "piutempo/applications/templates/applications/public/*.html",
    "piutempo/controls/templates/controls/own_*.html",
    "piutempo/reception/views/citizen.py",
    "piutempo/reception/templates/reception/citizen*.html",
    "piutempo/reception/templates/reception/screen*.html",
    "piutempo/settlements/templates/settlements/own_benefit.html",
    "piutempo/settlements/templates/settlements/benefit_months.html",
    "piutempo/vouchers/forms.py",
    "piutempo/vouchers/models.py",
    "piutempo/vouchers/views/access.py",
    "piutempo/vouchers/views/citizen.py",
    "piutempo/vouchers/views/showing.py",
    "piutempo/vouchers/templates/vouchers/citizen*.html",
    "piutempo/vouchers/templates/vouchers/renounce.html",
    "piutempo/vouchers/templates/vouchers/voucher_facts.html",
)
KEYWORDS = {
    "_": None, "_t": None, "_l": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+")


def texts_of(path: Path) -> Iterator[tuple[str | None, str | tuple[str, ...]]]:
    """Give each text a file marks for translation, with its context: templates are first turned into code."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        lines = django_template.templatize(source, origin=str(path)).splitlines()
        source = "\n".join(line.lstrip() for line in lines)
    code = io.BytesIO(source.encode())
    for _line, message, _comments, context in extract("python", code, keywords=KEYWORDS):
        yield context, message


def listed_files() -> list[Path]:
    return sorted({path for pattern in PUBLIC_AND_CITIZEN for path in ROOT.glob(pattern)})


@pytest.fixture(scope="module")
def catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def test_every_listed_place_exists():
    assert not [pattern for pattern in PUBLIC_AND_CITIZEN if not list(ROOT.glob(pattern))]


def test_the_public_and_citizen_texts_are_all_translated(catalogue):
    faults = []
    for path in listed_files():
        for context, text in texts_of(path):
            first = text[0] if isinstance(text, tuple) else text
            if not first:
                continue
            found = catalogue.get(text, context) or catalogue.get(first, context)
            if found is None:
                faults.append(f"{path.relative_to(ROOT)}: not in the catalogue, run makemessages: {first}")
            elif found.fuzzy or not all(found.string if isinstance(found.string, tuple) else [found.string]):
                faults.append(f"{path.relative_to(ROOT)}: not translated: {first}")
    assert not faults, "\n".join(faults)


def test_translations_keep_the_placeholders_of_their_source(catalogue):
    faults = []
    for message in catalogue:
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = [sorted(PLACEHOLDER.findall(source)) for source in sources]
        faults += [
            f"{source!r} → {target!r}"
            for source, target in zip(sources, targets, strict=False)
            if message.id and target and sorted(PLACEHOLDER.findall(target)) not in wanted
        ]
    assert not faults, "\n".join(faults)


def test_the_catalogue_names_no_place_and_no_guess():
    text = CATALOGUE.read_text(encoding="utf-8")
    assert not re.findall(r"^#[:,~|].*(?:fuzzy|/).*$", text, re.MULTILINE)
    assert "POT-Creation-Date" not in text


@pytest.fixture
def english(catalogue, tmp_path, client):
    """A reader who chose English, and the catalogue compiled as ``make setup`` does."""
    compiled = tmp_path / "en/LC_MESSAGES/django.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as target:
        write_mo(target, catalogue)
    with override_settings(LOCALE_PATHS=[tmp_path]):
        trans_real._translations.pop("en", None)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        yield client
    trans_real._translations.pop("en", None)
    trans_real.activate("it")


def words_of(answer) -> str:
    """What a page says, without marks, spaces in excess and entities."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    shown = " ".join(re.findall(r'(?:alt|aria-label|placeholder|title)="([^"]*)"', page))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page) + " " + shown).split())


def left_in_italian(answer, catalogue) -> list[str]:
    """The Italian sentences of the catalogue that a page still says (not the short words a programme also uses)."""
    text = words_of(answer)
    return [
        sentence
        for message in catalogue
        for sentence in (message.id if isinstance(message.id, tuple) else (message.id,))
        if len(sentence) > 20 and "%" not in sentence and "<" not in sentence and sentence in text
        and sentence not in (message.string if isinstance(message.string, tuple) else (message.string,))
    ]  # fmt: skip


PUBLIC_PAGES = {
    "/": "More time for those who work and care",
    "/aiuto/": "I lost my vouchers, what now?",
    "/contatti/": "Telephone",
    "/privacy/": "Your rights",
    "/accessibilita/": "Accessibility",
    "/accedi/": "Username",
    "/programmi/": "The programmes",
    "/programmi/fondo-limitato/": "Services and ceilings",
    "/verifica/": "Check",
    "/verifica/fondo-limitato/": "Check",
    "/dove-spendere/": "Where to spend",
    "/sportelli/": "Help desks",
    "/non-esiste/": "Start again from the home page",
}
CITIZEN_PAGES = ("/area/", "/cittadino/", "/cittadino/buoni/", "/profilo/")


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "words"), PUBLIC_PAGES.items())
def test_a_public_page_speaks_english_only(english, catalogue, path, words):
    make_programme()
    answer = english.get(path)
    assert '<html lang="en">' in answer.content.decode()
    assert words in words_of(answer)
    assert not left_in_italian(answer, catalogue)


@pytest.mark.django_db
def test_the_citizen_pages_speak_english_only(english, catalogue, monkeypatch):
    monkeypatch.setattr(
        "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: OPEN_AT, localdate=timezone.localdate)
    )
    programme, user = make_programme(), make_user((Role.CITIZEN, "all", None))
    make_person(user=user)
    english.force_login(user)
    started = english.post(f"/cittadino/domanda/nuova/{programme.code}/")
    steps = [started.url.replace("chi/", f"{name}/") for name in ("chi", "nucleo", "situazione", "prove", "riepilogo")]
    for path in (*CITIZEN_PAGES, *steps, started.url.replace("chi/", "")):
        answer = english.get(path, follow=True)
        assert answer.status_code == 200, path
        assert '<html lang="en">' in answer.content.decode()
        assert not left_in_italian(answer, catalogue), path


@pytest.mark.django_db
def test_the_language_of_the_browser_is_followed_until_one_is_chosen(english):
    english.cookies.clear()
    assert '<html lang="en">' in english.get("/aiuto/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="it">' in english.get("/aiuto/", headers={"Accept-Language": "de"}).content.decode()
    english.post("/i18n/setlang/", {"language": "it", "next": "/aiuto/"})
    assert '<html lang="it">' in english.get("/aiuto/", headers={"Accept-Language": "en"}).content.decode()


@pytest.mark.django_db
def test_staff_pages_are_italian_whatever_was_chosen(english):
    make_programme()
    english.force_login(make_user((Role.CASE_OFFICER, "all", None)))
    page = english.get("/ufficio/domande/").content.decode()
    assert '<html lang="it">' in page and "Domande da istruire" in page
    assert 'name="language"' not in page
    assert 'name="language"' in english.get("/aiuto/").content.decode()
