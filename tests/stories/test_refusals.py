"""What people get wrong in a browser: a clear Italian sentence each time, nothing lost, nothing half-done."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.stories.conftest import Opener, Served, Visitor
from tests.stories.people import CHILDREN, FAMILIES

pytestmark = pytest.mark.browser
TOMORROW = date.today() + timedelta(days=1)


def counts(served: Served) -> tuple[int, ...]:
    """Return how many rows each fact has: what a refusal must not change."""
    tables = ("vouchers_redemption", "vouchers_redemptionfile", "ledger_transfer", "people_person", "vouchers_reversal")
    return tuple(served.value(f"SELECT count(*) FROM {table}") for table in tables)


def at_the_counter(visitor: Opener, served: Served, index: int, voucher: str = "titles") -> Visitor:
    """Check a title and choose the service, ready to confirm."""
    one = visitor("Davide Riva", phone=True).go("/operatore/registra/")
    one.fill("Codici", served.title(voucher, index)).button("Controlla").reads("Giulia Conti")
    return one.choose("Servizio", "Nido e micronido").choose("Persona assistita", CHILDREN["conti"].name)


def test_a_file_of_50_mb(visitor: Opener, served: Served, tmp_path: Path) -> None:
    before = counts(served)
    big = tmp_path / "mese.csv"
    big.write_bytes(b"codice;servizio;quantita;data\n" + b"x" * 50_000_000)
    one = visitor("Davide Riva").go("/operatore/file/")
    one.page.set_default_timeout(60_000)
    one.page.set_input_files("input[type=file]", str(big))
    one.choose("Programma", "PiùTempo 2026").button("Controlla il file")
    one.reads("Il file pesa 47,7 MB, il massimo è 10,0 MB", "dividilo in più file")
    assert counts(served) == before


def test_a_file_in_another_encoding(visitor: Opener, served: Served) -> None:
    before = counts(served)
    one = visitor("Davide Riva").go("/operatore/file/")
    content = "codice;servizio;quantita;data\nX;qualità;1;01/01/2026\n".encode("utf-16")
    one.page.set_input_files("input[type=file]", {"name": "mese.csv", "mimeType": "text/csv", "buffer": content})
    one.choose("Programma", "PiùTempo 2026").button("Controlla il file").reads("Salvalo come «CSV UTF-8»")
    assert counts(served) == before


def test_a_picture_instead_of_a_table(visitor: Opener, served: Served) -> None:
    before = counts(served)
    one = visitor("Davide Riva").go("/operatore/file/")
    one.page.set_input_files("input[type=file]", {"name": "foto.png", "mimeType": "image/png", "buffer": b"\x89PNG"})
    one.choose("Programma", "PiùTempo 2026").button("Controlla il file").reads("Il file deve essere di tipo")
    assert counts(served) == before


def test_the_codice_fiscale_of_somebody_else_at_the_counter(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 12)
    before = counts(served)
    one.fill("Codice fiscale del titolare", FAMILIES["greco"].code).button("Conferma e registra")
    one.reads("titolare")
    assert one.page.locator(".pt-error-summary").count() == 1
    assert counts(served) == before


def test_the_codice_fiscale_of_somebody_else_as_ones_own(visitor: Opener, served: Served) -> None:
    """An account without a person tries to take over a known one: refused, and told what to do."""
    before = counts(served)
    one = visitor("Nora Nuova").go("/cittadino/")
    who = FAMILIES["conti"]
    one.fill("Codice fiscale", who.code).fill("Nome", who.given).fill("Cognome", who.family).button("Salva")
    one.reads("risulta già registrato", "sportello con un documento")
    one.fill("Codice fiscale", "RSSMRA85T50F205Z").button("Salva").reads("Il codice fiscale non è valido")
    assert counts(served) == before


def test_a_service_of_tomorrow(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 12)
    before = counts(served)
    one.fill("Data del servizio", f"{TOMORROW}").button("Conferma e registra").reads(
        "La data del servizio è nel futuro"
    )
    assert counts(served) == before


def test_an_amount_with_three_decimals(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 1, "balance")
    before = counts(served)
    one.fill("Importo", "10,005").button("Conferma e registra")
    one.reads("Scrivi un importo con la virgola e al massimo due decimali")
    assert one.page.get_by_label("Importo").input_value() == "10,005", "what was typed is not lost"
    assert counts(served) == before
    one.fill("Importo", "10,50").button("Conferma e registra").reads("Registrati 10,50 €: sono stati scalati")


def test_a_double_click_records_once(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 13)
    before = served.value("SELECT count(*) FROM vouchers_redemption")
    one.page.get_by_role("button", name="Conferma e registra").dblclick()
    one.page.wait_for_url("**/fatto/")
    one.reads("Registrati 10,00 €")
    assert served.value("SELECT count(*) FROM vouchers_redemption") == before + 1


def test_the_same_page_sent_twice_records_once(visitor: Opener, served: Served) -> None:
    """Two tabs, or a browser that repeats: the same form arrives twice, past the button that stops answering."""
    one = at_the_counter(visitor, served, 14)
    before = served.value("SELECT count(*) FROM vouchers_redemption")
    form = one.page.locator("form", has=one.page.get_by_role("button", name="Conferma e registra"))
    data = form.evaluate("f => Object.fromEntries(new FormData(f))")
    address = one.base + "/operatore/registra/"
    answers = [one.page.request.post(address, form=data, headers={"Referer": address}) for _ in range(2)]
    assert all("Registrati 10,00" in a.text().replace("\xa0", " ") for a in answers)
    assert served.value("SELECT count(*) FROM vouchers_redemption") == before + 1


def test_a_second_click_on_submit_keeps_one_application(visitor: Opener, served: Served) -> None:
    one = visitor("Nora Nuova").go("/cittadino/")
    if "I tuoi dati" in one.text:
        who = FAMILIES["nuova"]
        one.fill("Codice fiscale", who.code).fill("Nome", who.given).fill("Cognome", who.family).button("Salva")
    button = one.page.get_by_role("button", name="Fai domanda PiùTempo 2026")
    before = served.value("SELECT count(*) FROM applications_application")
    button.dblclick()
    one.page.wait_for_url("**/chi/")
    assert served.value("SELECT count(*) FROM applications_application") == before + 1


def test_a_session_that_ended_leads_back_to_the_page(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 15)
    before = counts(served)
    one.page.context.clear_cookies(name="sessionid")
    one.button("Conferma e registra")
    assert "/accedi/" in one.page.url and "next=" in one.page.url
    one.reads("la sessione è finita", "non è stato registrato")
    assert counts(served) == before


def test_a_page_left_open_too_long_says_so(visitor: Opener, served: Served) -> None:
    one = at_the_counter(visitor, served, 15)
    before = counts(served)
    one.page.context.clear_cookies()
    one.button("Conferma e registra").reads("La pagina è rimasta aperta troppo a lungo", "non abbiamo registrato nulla")
    assert counts(served) == before


def test_a_role_one_does_not_have(visitor: Opener) -> None:
    one = visitor("Davide Riva").go("/contabilita/saldi/")
    assert one.page.locator("h1").inner_text()
    one.reads("non")
