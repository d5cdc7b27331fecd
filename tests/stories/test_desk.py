"""
A family without digital identity at a desk, from the ticket to the receipt, on the served program.

Found by codice fiscale, recognised by a card, a mandate signed; the request they brought on paper is scanned and typed
beside its scan; the officer compares the two. Then a mother keeps a time with her phone. One story in steps.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import Opener, Served, Visitor
from tests.stories.people import CHILDREN, FAMILIES

pytestmark = pytest.mark.browser
RITA, ELIO = FAMILIES["amato"], CHILDREN["amato"]
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
_broken: list[str] = []


@pytest.fixture(autouse=True)
def in_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """A step is told apart from the one that broke the story."""
    if _broken:
        pytest.fail(f"the story broke earlier, in {_broken[0]}")
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        _broken.append(request.node.name)


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What a step leaves to the next ones."""
    return {}


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A sheet that somebody scanned."""
    path = tmp_path / "foglio.pdf"
    path.write_bytes(PAPER)
    return path


def upload(one: Visitor, label: str, file: Path) -> Visitor:
    """Choose a file in the field with this label."""
    one.page.get_by_label(label).first.set_input_files(file)
    return one


def test_the_family_takes_a_number_and_is_called_on_the_screen(visitor: Opener) -> None:
    one = visitor("Anna Sala").go("/sportello/").link("Coda di oggi")
    one.choose("Perché viene", "fare domanda").fill("Nome, se vuole dirlo", "Rita").button("Dai il numero")
    one.reads("Numero 1", "aspetta una persona").check()
    one.button("Chiama il prossimo").reads("Allo sportello: numero 1", "Rita")
    screen = one.page.locator("main").get_by_role("link", name="Apri lo schermo").get_attribute("href")
    assert screen is not None
    room = visitor().go(screen)
    room.reads("1", "postazione 1").check()
    assert "Rita" not in room.text


def test_nothing_of_her_is_shown_before_card_and_mandate(visitor: Opener, served: Served, paper: Path) -> None:
    one = visitor("Anna Sala").go("/sportello/")
    one.fill("Codice fiscale, oppure cognome e nome", RITA.code).button("Cerca").reads("non è registrato")
    assert RITA.code not in one.page.url
    one.link("Registra", exact=True)
    one.fill("Nome", RITA.given).fill("Cognome", RITA.family).fill("Comune di residenza", "Milano (MI)")
    one.button("Registra").reads("Riconosci la persona", RITA.code).check()
    assert RITA.family not in one.text
    one.choose("Tipo di documento", "Carta d'identità").fill("Numero del documento", "CA12345AB")
    one.fill("Scade il", "2020-01-31").button("È lei, continua").reads("Il documento è scaduto")
    one.fill("Scade il", "2035-01-31").button("È lei, continua")
    one.reads("Manca la delega", "Apri il modulo da stampare").check()
    form = one.page.request.get(
        one.base + str(one.page.get_by_role("link", name="Apri il modulo").get_attribute("href"))
    )
    assert form.body().startswith(b"%PDF")
    upload(one, "Delega firmata", paper).button("Registra la delega")
    one.reads(RITA.name, "la delega è in vigore").check()
    assert served.value("SELECT count(*) FROM applications_mandate WHERE revoked_at IS NULL") >= 1


def test_the_request_on_paper_is_typed_beside_its_scan(
    visitor: Opener, served: Served, kept: dict[str, Any], paper: Path
) -> None:
    one = visitor("Anna Sala").go("/sportello/")
    one.fill("Codice fiscale, oppure cognome e nome", RITA.code).button("Cerca")
    one.button("Ha portato la domanda su carta").reads("Domanda su carta")
    upload(one, "Scansione della domanda", paper).button("Carica la scansione").reads("foglio.pdf").check()
    one.link("Copia i dati, passo per passo")
    form, scan = (one.page.locator(f"main {part}").first.bounding_box() for part in ("form", ".pt-scan iframe"))
    assert form and scan and form["x"] + form["width"] <= scan["x"], "the scan does not stand beside the form"
    one.check()
    draft = one.page.url.split("/")[-3]
    one.go(f"/sportello/domanda/{draft}/nucleo/")
    one.fill("Codice fiscale", ELIO.code).fill("Nome", ELIO.given).fill("Cognome", ELIO.family)
    one.choose("Che cosa è per chi fa domanda", "figlio o figlia").button("Aggiungi al nucleo")
    one.reads(f"{ELIO.name} è nel nucleo").go(f"/sportello/domanda/{draft}/situazione/")
    one.fill("ISEE del nucleo", "12.000,00").button("Salva e continua")
    one.go(f"/sportello/domanda/{draft}/riepilogo/").check()
    one.tick("Dichiaro che i dati sono veri").button("Presenta la domanda")
    one.reads("Ricevuta")
    kept["case"] = int(draft)
    assert served.rows(f"SELECT status, channel FROM applications_application WHERE id = {draft}") == [
        ("submitted", "paper")
    ]


def test_the_visit_ends_and_the_day_is_closed_with_its_numbers(visitor: Opener) -> None:
    one = visitor("Anna Sala").go("/sportello/coda/").choose("Come è andata", "fatto").button("Visita finita")
    one.reads("una visita fatta").button("Chiudi la giornata")
    one.reads("Giornata chiusa", "Domande presentate", "Visite per motivo ed esito", "Deleghe raccolte: 1").check()


def test_the_officer_compares_paper_and_data(visitor: Opener, kept: dict[str, Any]) -> None:
    one = visitor("Carla Neri").go(f"/ufficio/domande/{kept['case']}/carta/")
    one.reads("carta e dati", ELIO.given, "I dati copiati").check()
    assert one.page.locator("iframe").count() == 1


def test_the_desk_says_when_it_receives_and_a_mother_keeps_a_time(visitor: Opener, served: Served) -> None:
    one = visitor("Anna Sala").go("/sportello/orari/")
    for weekday in ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì"):
        one.choose("Giorno", weekday).fill("Dalle", "09:00").fill("Alle", "12:00").button("Salva l'orario")
    one.reads("Venerdì 09:00").check()
    mother = visitor("Giulia Conti", phone=True).go("/cittadino/appuntamenti/")
    mother.choose("Sportello", "Sportello famiglia di Milano (Milano (MI))").button("Vedi gli orari liberi")
    mother.choose("Perché vieni", "portare documenti")
    mother.page.get_by_label("Giorno e ora").select_option(index=3)
    mother.check().button("Prendi l'appuntamento").reads("ti aspettiamo", "Sportello famiglia di Milano").check()
    assert served.value("SELECT count(*) FROM reception_appointment WHERE status = 'booked'") == 1
    one.go("/sportello/appuntamenti/").reads("Giulia Conti", "portare documenti").check()


def test_a_revoked_mandate_closes_the_case_to_the_desk(visitor: Opener, kept: dict[str, Any]) -> None:
    one = visitor("Anna Sala").go("/sportello/")
    one.fill("Codice fiscale, oppure cognome e nome", RITA.code).button("Cerca").link("Delega e documento")
    one.check().button("La persona l'ha revocata").reads("Delega revocata")
    one.go(f"/sportello/domanda/{kept['case']}/").reads("La delega non è in vigore")
    one.go("/sportello/domande/").reads("non si ved")


def test_the_manager_ends_the_desks_agreement_and_it_says_where_to_go(visitor: Opener) -> None:
    one = visitor("Bruno Villa").go("/ufficio/rete/").link("Consultorio di Bergamo")
    one.reads("Aiuta a fare domanda", "in vigore").check()
    one.choose("Compito", "consegna i buoni").fill("Atto della convenzione", "Convenzione n. 7 del 2026")
    one.button("Registra la convenzione").reads("Consegna i buoni", "Convenzione n. 7 del 2026")
    one.link("Chiudi").check().fill("Motivo", "Prova di chiusura").button("Chiudi la convenzione").reads("chiusa")
