"""
An officer's week with a case, on the served program whose clock moves: from the next case to the review of a refusal.

Asked for a document, the family answers; told why it will be refused, it has its days: until the last of them nobody
can refuse. Then one person proposes and another signs, the letter leaves through a real SMTP server, the family asks
for a review and the office decides anew. One story in steps.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.applications.factories import PAPER
from tests.correspondence.mail import Postbox, server
from tests.stories.conftest import Opener, Served, Visitor, run, serving
from tests.stories.people import CHILDREN, FAMILIES

pytestmark = pytest.mark.browser
LUCIA, LUCA = FAMILIES["moretti"], CHILDREN["moretti"]
EMAIL = "lucia.moretti@famiglia.example"
TODAY = date.today()
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
def postbox() -> Iterator[Any]:
    """Take mail on this machine; ``postbox.url`` is where."""
    found = SimpleNamespace(EMAIL_URL="")
    with server(found, Postbox()) as one:
        yield SimpleNamespace(url=found.EMAIL_URL, mails=one.mails)


@pytest.fixture(scope="module")
def served(world: Path, postbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a world of this story's own, whose clock can be moved."""
    folder = tmp_path_factory.mktemp("moving")
    with serving(world, folder, "tests.stories.clock:application", EMAIL_URL=postbox.url) as one:
        yield one


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What a step leaves to the next ones."""
    return {}


def run_due(served: Served) -> None:
    """Have time do its part: reminders, days that are over, the outbox."""
    run(served.environment, "tests/stories/clock.py", "run_due")


def letters_to(postbox: Any, words: str) -> list[Any]:
    """Return the mails that reached Lucia with these words in the subject."""
    return [m for m in postbox.mails if m["To"] and EMAIL in m["To"] and words in str(m["Subject"])]


def case_of(visitor: Opener, kept: dict[str, Any], who: str = "Carla Neri") -> Visitor:
    """Open the case in the office."""
    return visitor(who).go(f"/ufficio/domande/{kept['case']}/")


def test_lucia_applies_from_her_phone(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    one = visitor("Lucia Moretti", phone=True).go("/cittadino/")
    one.fill("Codice fiscale", LUCIA.code).fill("Nome", LUCIA.given).fill("Cognome", LUCIA.family)
    one.fill("Comune di residenza", "Milano (MI)").fill("Posta elettronica", EMAIL).button("Salva")
    one.button("Fai domanda PiùTempo 2026").button("Salva e continua")
    one.fill("Codice fiscale", LUCA.code).fill("Nome", LUCA.given).fill("Cognome", LUCA.family)
    one.choose("Che cosa è per chi fa domanda", "figlio o figlia").button("Aggiungi al nucleo")
    one.link("Il nucleo è completo: continua").fill("ISEE del nucleo", "45.000,00").button("Salva e continua")
    one.link("Continua: riepilogo").tick("Dichiaro che i dati sono veri").button("Presenta la domanda")
    one.reads("Domanda presentata", "Che cosa succede ora")
    kept["case"] = served.value(
        f"""SELECT a.id FROM applications_application a JOIN people_person p ON p.id = a.applicant_id
        WHERE p.fiscal_code = '{LUCIA.code}'"""
    )


def test_the_next_case_is_the_one_due_first(visitor: Opener, served: Served) -> None:
    one = visitor("Carla Neri").go("/ufficio/domande/").check()
    one.button("Prendi la prossima").reads("In carico a", "Carla Neri").check()
    taken = served.rows("SELECT id FROM applications_application WHERE assigned_to_id IS NOT NULL AND status = "
                        f"'submitted' AND programme_id = {served.facts['programme']}")  # fmt: skip
    first = served.value(
        f"""SELECT c.subject_id FROM procedures_procedure c JOIN applications_application a ON a.id = c.subject_id
        WHERE c.subject = 'applications.application' AND a.status = 'submitted'
        AND a.programme_id = {served.facts["programme"]} AND c.due_on IS NOT NULL ORDER BY c.due_on, c.subject_id"""
    )
    assert taken == [(first,)]


def test_the_officer_asks_for_a_document_and_the_clock_stops(
    visitor: Opener, served: Served, kept: dict[str, Any], postbox: Any
) -> None:
    one = case_of(visitor, kept).button("Prendi in carico").link("Chiedi documenti…").check()
    one.fill("Altro da chiedere", "Dove si trova la DSU").fill("Giorni per rispondere", "90")
    one.button("Invia la richiesta")
    assert one.page.locator(".pt-error-summary").count() == 1, "no law lets the office wait so long"
    one.fill("Giorni per rispondere", "10").button("Invia la richiesta")
    one.reads("la famiglia può rispondere fino al", "Attestazione ISEE", "Dove si trova la DSU").check()
    one.link("Preavviso di rigetto…").button("Invia il preavviso")
    one.reads("La famiglia ha ancora tempo per mandare i documenti chiesti")
    run_due(served)
    assert len(letters_to(postbox, "documenti")) == 1, [str(m["Subject"]) for m in postbox.mails]


def test_lucia_answers_with_a_file(visitor: Opener, served: Served) -> None:
    served.move_clock(3)
    one = visitor("Lucia Moretti", phone=True).go("/cittadino/").reads("Che cosa devi fare", "ISEE").check()
    one.link("Rispondi").check().button("Manda la risposta").reads("Scrivi una risposta o scegli almeno un documento")
    paper = {"name": "isee.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    one.page.get_by_label("Primo documento").set_input_files(paper)  # type: ignore[arg-type]
    one.fill("La tua risposta", "Ecco l'attestazione.").button("Manda la risposta")
    one.reads("Grazie, abbiamo ricevuto la tua risposta", "Protocollo").check()


def test_a_refusal_too_early_is_stopped_with_its_sentence(
    visitor: Opener, served: Served, kept: dict[str, Any]
) -> None:
    served.move_clock(4)
    one = case_of(visitor, kept).reads("risposta arrivata", "Ecco l'attestazione.", "isee.pdf")
    one.link("Respingi…").button("Proponi il rifiuto").reads("Prima di respingere serve il preavviso")
    one.go(f"/ufficio/domande/{kept['case']}/").link("Preavviso di rigetto…").check()
    assert "45.000" in one.page.get_by_label(re.compile("^Motivi")).input_value()
    one.button("Invia il preavviso").reads("la famiglia può rispondere fino al")
    run_due(served)  # the letter arrives: her days count from there
    last = re.findall(r"la famiglia può rispondere fino al (\d+/\d+/\d+)", one.text)[-1]
    kept["days"] = (datetime.strptime(last, "%d/%m/%Y").date() - TODAY).days
    assert kept["days"] >= 4 + 10, "ten whole days"
    mother = visitor("Lucia Moretti", phone=True).go("/cittadino/").reads(last, "L'ufficio pensa di dire di no").check()
    mother.link("Rispondi").reads(last, "Prima di quel giorno l'ufficio non può dire di no").check()
    served.move_clock(kept["days"])  # the last day is still hers
    run_due(served)
    one = case_of(visitor, kept).link("Respingi…").button("Proponi il rifiuto")
    one.reads("La famiglia ha ancora tempo per rispondere al preavviso").check()
    assert served.value(f"SELECT count(*) FROM applications_decision WHERE application_id = {kept['case']}") == 0


def test_when_the_days_have_run_one_proposes_and_another_signs(
    visitor: Opener, served: Served, kept: dict[str, Any]
) -> None:
    served.move_clock(kept["days"] + 1)
    run_due(served)
    one = case_of(visitor, kept).link("Respingi…").fill("Nota dell'ufficio", "Nessuna osservazione.")
    one.button("Proponi il rifiuto").reads("Proposta da firmare", "non chi l'ha preparata")
    assert one.page.get_by_role("button", name="Firma", exact=True).count() == 0
    two = visitor("Bruno Villa").go("/ufficio/firma/").check()
    two.page.locator("main tbody tr", has_text="Moretti").get_by_role("link").first.click()
    two.page.wait_for_load_state()
    two.button("Firma").reads("respinta", "Preavviso di rigetto", "Nessuna osservazione.").check()


def test_the_letter_leaves_and_its_delivery_is_written_down(
    visitor: Opener, served: Served, kept: dict[str, Any], postbox: Any
) -> None:
    before = len(postbox.mails)
    run_due(served)
    run_due(served)
    fresh = [m for m in postbox.mails[before:] if EMAIL in str(m["To"])]
    assert len(fresh) == 1, [str(m["Subject"]) for m in postbox.mails]
    pdf = next(part for part in fresh[0].iter_attachments() if part.get_content_type() == "application/pdf")
    assert pdf.get_content().startswith(b"%PDF")
    one = visitor("Carla Neri").go("/ufficio/lettere/?q=Moretti").reads("inviata").check()
    one.page.locator("main tbody tr").first.get_by_role("link").first.click()
    one.page.wait_for_load_state()
    one.reads("Partita", "Risposta del servizio", "queued as", "Impronta (SHA-256)").check()
    visitor("Lucia Moretti", phone=True).go("/cittadino/lettere/").reads("non").check()


def test_lucia_asks_for_a_review_and_the_office_opens_the_case_again(
    visitor: Opener, served: Served, kept: dict[str, Any]
) -> None:
    served.move_clock(kept["days"] + 5)
    one = visitor("Lucia Moretti", phone=True).go(f"/cittadino/domanda/{kept['case']}/").reads("Non sei d'accordo?")
    one.link("Chiedi un riesame").check().fill("Perché la decisione va rivista?", "L'ISEE nuovo è di 19.000 euro.")
    one.button("Manda la richiesta").reads("Grazie, abbiamo ricevuto la richiesta", "Protocollo").check()
    two = case_of(visitor, kept).reads("Richiesta di riesame", "L'ISEE nuovo è di 19.000 euro.")
    two.link("Rispondi…").check().tick("Riapri la domanda").fill("Motivo", "Vista l'attestazione nuova.")
    two.button("Invia la risposta").reads("domanda riaperta", "La domanda è riaperta").check()


def test_the_second_decision_stands_beside_the_first(
    visitor: Opener, served: Served, kept: dict[str, Any], postbox: Any
) -> None:
    served.move_clock(kept["days"] + 6)
    one = case_of(visitor, kept)
    section = one.page.locator("section", has_text="ISEE entro il limite").last
    section.locator("summary").click()
    section.get_by_label("Il requisito c'è").check()
    section.get_by_label("Motivo").fill("Attestazione ISEE di 19.000 euro vista")
    section.get_by_role("button", name="Salva l'esito").click()
    one.page.wait_for_load_state()
    one.link("Approva…").button("Proponi l'approvazione").reads("Proposta da firmare")
    two = case_of(visitor, kept, "Bruno Villa").button("Firma")
    two.reads("approvata", "2ª decisione, dopo il riesame", "Decisioni precedenti", "Respinta").check()
    rows = served.rows(
        f"SELECT round, is_approved FROM applications_decision WHERE application_id = {kept['case']} ORDER BY round"
    )
    assert [(number, bool(way)) for number, way in rows] == [(1, False), (2, True)]
    visitor("Lucia Moretti", phone=True).go("/cittadino/").reads("approvata", "mensilità").check()


def test_a_child_is_born_and_the_office_sees_the_change(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    born = TODAY + timedelta(days=kept["days"] + 7)
    served.move_clock(kept["days"] + 8)
    one = visitor("Lucia Moretti", phone=True).go(f"/cittadino/domanda/{kept['case']}/")
    one.link("Comunica un cambiamento").check()
    one.page.get_by_label("Che cosa è cambiato").select_option(index=1)
    one.fill("Da quale giorno", f"{born}").fill("C'è una persona in più? Il suo codice fiscale", CHILDREN["nuova"].code)
    one.fill("Il suo nome", CHILDREN["nuova"].given).fill("Il suo cognome", LUCIA.family)
    one.choose("Che cosa è per chi ha fatto domanda", "figlio o figlia").button("Comunica il cambiamento")
    one.reads("Grazie: il cambiamento è comunicato", "L'ufficio sta esaminando").check()
    change = served.value("SELECT id FROM applications_change")
    visitor("Carla Neri").go("/ufficio/cambiamenti/").check().go(f"/ufficio/cambiamenti/{change}/").check()
    run_due(served)
    run(served.environment, "tests/stories/clock.py", "verify_ledger")
