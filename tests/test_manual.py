"""The Italian manual tells the truth: its addresses answer, its codes and commands exist, its links lead somewhere."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

from piutempo.applications.rules import Refusal as ApplicationRefusal
from piutempo.applications.rules.changing import ChangeRefusal
from piutempo.awards.services import Refusal as AwardRefusal
from piutempo.controls.rules.checking import Refusal as ControlRefusal
from piutempo.correspondence.rules import Refusal as LetterRefusal
from piutempo.procedures.rules.refusals import Refusal as ProcedureRefusal
from piutempo.programmes.rules.refusals import Refusal as ProgrammeRefusal
from piutempo.reception.rules import Refusal as ReceptionRefusal
from piutempo.records.rules import FileRefusal
from piutempo.settlements.services import Refusal as SettlementRefusal
from piutempo.vouchers.messages import SENTENCES

ROOT = Path(settings.BASE_DIR)
MANUAL = sorted((ROOT / "docs/manuale").glob("*.md"))
DEMO_ONLY = {"/demo/"}


def named(pattern: str) -> list[tuple[str, str]]:
    return [(page.name, found) for page in MANUAL for found in re.findall(pattern, page.read_text(encoding="utf-8"))]


def test_there_is_a_page_for_each_audience():
    wanted = "cittadino sportello operatore istruttore contabilita responsabile autorita sistema programma rifiuti"
    assert {page.stem for page in MANUAL} == {"README", *wanted.split()}


@pytest.mark.parametrize(("page", "address"), named(r"`(/[^`\s]*)`"))
def test_every_address_answers(page, address):
    if address in DEMO_ONLY:
        return
    address = address.replace("CODICE", "codice")
    if address == "/api/v1/":
        address += "status"
    try:
        resolve(address)
    except Resolver404:
        pytest.fail(f"docs/manuale/{page} names {address}, which does not exist")


@pytest.mark.parametrize(("page", "link"), named(r"\]\(([^)#]+)"))
def test_every_link_leads_to_a_file(page, link):
    assert (ROOT / "docs/manuale" / link).exists(), f"docs/manuale/{page} links {link}"


def test_every_command_exists():
    commands = {path.stem for path in ROOT.glob("piutempo/*/management/commands/*.py")} | {"migrate", "collectstatic"}
    texts = [*MANUAL, ROOT / "README.md"]
    named_commands = {found for text in texts for found in re.findall(r"manage\.py (\w+)", text.read_text())}
    assert named_commands <= commands


def test_the_commands_of_the_architecture_exist():
    table = (ROOT / "docs/ARCHITECTURE.md").read_text().split("## Commands")[1].split("## Tests")[0]
    named_commands = set(re.findall(r"^\| `(\w+)", table, re.MULTILINE))
    assert named_commands == {
        path.stem for path in ROOT.glob("piutempo/*/management/commands/*.py") if path.stem != "__init__"
    }


def test_every_code_of_a_refusal_is_explained_and_every_explained_code_exists():
    explained = set(re.findall(r"`([A-Z][A-Z_]{3,})`", (ROOT / "docs/manuale/rifiuti.md").read_text(encoding="utf-8")))
    codes = {str(code) for sentences in SENTENCES.values() for code in sentences}
    for refusal in (
        ApplicationRefusal,
        AwardRefusal,
        ChangeRefusal,
        ControlRefusal,
        ProcedureRefusal,
        ProgrammeRefusal,
        ReceptionRefusal,
        SettlementRefusal,
        LetterRefusal,
        FileRefusal,
    ):
        codes |= {member.name for member in refusal}
    assert explained == codes
