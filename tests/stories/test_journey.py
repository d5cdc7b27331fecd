"""
A voucher's whole life on the served program: from a mother's application to the figure in the authority's report.

One story in steps: each test is a step that builds on the ones before it; when one fails the following say so.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.applications.factories import PAPER
from tests.stories.conftest import Opener, Served, Visitor
from tests.stories.people import CHILDREN, FAMILIES

pytestmark = pytest.mark.browser
MARIA, CHIARA = FAMILIES["rossi"], CHILDREN["rossi"]
AMINA, KARIM = FAMILIES["haddad"], CHILDREN["haddad"]
DAY = date.today()
THIS_MONTH = f"{DAY:%Y-%m}"
NEXT_MONTH = f"{DAY.replace(day=28) + timedelta(days=5):%Y-%m}"
TODAY = f"{DAY:%d/%m/%Y}"
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


def balance(served: Served, account: str) -> int:
    """Return what an account of the live programme holds: received minus given, in cents."""
    return int(
        served.value(
            f"""SELECT coalesce(sum(CASE WHEN t.to_account = '{account}' THEN 1 ELSE -1 END * t.amount_cents), 0)
            FROM ledger_transfer t WHERE '{account}' IN (t.to_account, t.from_account) AND t.pot_id IN
              (SELECT pot_id FROM awards_award WHERE programme_id = {served.facts["programme"]})"""
        )
    )


def add_member(one: Visitor, who: Any, relation: str = "figlio o figlia") -> None:
    """Fill the household's form and send it."""
    one.fill("Codice fiscale", who.code).fill("Nome", who.given).fill("Cognome", who.family)
    one.choose("Che cosa è per chi fa domanda", relation).button("Aggiungi al nucleo")


def test_a_mother_checks_for_herself_without_signing_in(visitor: Opener) -> None:
    one = visitor(phone=True).go("/verifica/piu-tempo-2026/")
    one.reads("Verifica")
    assert one.page.locator("main form").count()


def test_maria_starts_her_application_and_leaves_a_draft(visitor: Opener, served: Served) -> None:
    one = visitor("Maria Rossi", phone=True).go("/cittadino/")
    one.reads("I tuoi dati")
    one.fill("Codice fiscale", MARIA.code).fill("Nome", "Maria").fill("Cognome", "Rossi")
    one.fill("Comune di residenza", "Milano (MI)").button("Salva")
    one.reads("Ciao, Maria", "PiùTempo 2026").button("Fai domanda PiùTempo 2026")
    one.reads("Passo 1 di 6: Chi sei").button("Salva e continua")
    add_member(one, CHIARA)
    one.reads("Chiara Rossi è nel nucleo")
    assert served.value("SELECT count(*) FROM applications_application WHERE status = 'draft'") >= 1


def test_maria_resumes_her_draft_and_submits_it(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    one = visitor("Maria Rossi").go("/cittadino/").link("Riprendi la domanda")
    one.reads("Chiara Rossi").link("Il nucleo è completo: continua")
    one.fill("ISEE del nucleo", "diciotto").button("Salva ed esci").reads("La bozza è salvata")
    one.link("Riprendi la domanda").fill("ISEE del nucleo", "18.500,00").button("Salva e continua")
    one.reads("Passo 4 di 6: Le prove", "ISEE entro il limite", "Un figlio con meno di 14 anni").check()
    panel = one.page.locator("#isee")
    panel.get_by_text("Allego un documento").click()
    panel.locator("input[type=file]").set_input_files(
        [{"name": "isee.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF"}]
    )
    panel.get_by_role("button", name="Carica").click()
    one.page.wait_for_load_state()
    one.reads("isee.pdf", "prova data")
    panel = one.page.locator("#figlio-sotto-14")
    panel.get_by_text("Lo dichiaro io").click()
    panel.get_by_label("Confermo questa dichiarazione").check()
    panel.get_by_role("button", name="Salva la dichiarazione").click()
    one.page.wait_for_load_state()
    one.reads("Dichiarazione salvata").link("Continua: riepilogo")
    one.reads("Con questi dati i requisiti ci sono: 6 mensilità", "Un figlio con meno di 14 anni")
    one.button("Presenta la domanda").reads("Per presentare la domanda spunta la dichiarazione")
    one.check().tick("Dichiaro che i dati sono veri").button("Presenta la domanda")
    kept["maria"] = served.value(
        f"""SELECT a.number FROM applications_application a JOIN people_person p ON p.id = a.applicant_id
        WHERE p.fiscal_code = '{MARIA.code}' AND a.status = 'submitted'"""
    )
    one.reads(
        f"Domanda presentata: è la numero {kept['maria']}", "Che cosa succede ora", "Protocollo", "SHA-256"
    ).check()
    receipt = one.page.get_by_role("link", name="Apri la ricevuta (PDF)").get_attribute("href")
    answer = one.page.request.get(one.base + str(receipt))
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.body())).pages)
    assert f"Domanda numero: {kept['maria']}" in " ".join(text.split())


def test_the_desk_applies_for_another_family(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    one = visitor("Anna Sala").go("/sportello/")
    one.reads("Sportello famiglia di Milano", "Chi è arrivato?")
    one.fill("Codice fiscale, oppure cognome e nome", AMINA.code).button("Cerca").link("Registra", exact=True)
    one.fill("Nome", AMINA.given).fill("Cognome", AMINA.family).fill("Comune di residenza", "Milano (MI)")
    one.button("Registra").choose("Tipo di documento", "Carta d'identità").fill("Numero del documento", "CA98765ZZ")
    one.fill("Scade il", "2035-01-31").button("È lei, continua")
    paper = {"name": "delega.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    one.page.get_by_label("Delega firmata").set_input_files(paper)  # type: ignore[arg-type]
    one.button("Registra la delega").reads(AMINA.name).button("Fai domanda per questa persona")
    one.reads("Passo 1 di 6: Chi sei").button("Salva e continua")
    add_member(one, KARIM)
    one.link("Il nucleo è completo: continua").fill("ISEE del nucleo", "9.000,00").button("Salva e continua")
    one.link("Continua: riepilogo").tick("Dichiaro che i dati sono veri").button("Presenta la domanda").reads(
        "Domanda presentata"
    )
    assert served.value("SELECT max(number) FROM applications_application WHERE programme_id = "
                        f"{served.facts['programme']}") == kept["maria"] + 1  # fmt: skip


def open_case(visitor: Opener, family: str) -> Visitor:
    """Open a family's case from the queue."""
    one = visitor("Carla Neri").go("/ufficio/domande/")
    one.reads("Domande")
    one.page.locator("main tbody tr", has_text=family).get_by_role("link").first.click()
    one.page.wait_for_load_state()
    return one


def sign(visitor: Opener, family: str) -> Visitor:
    """Sign, as the manager, what the officer proposed for a family."""
    one = visitor("Bruno Villa").go("/ufficio/firma/")
    one.page.locator("main tbody tr", has_text=family).get_by_role("link").first.click()
    one.page.wait_for_load_state()
    return one.reads("Proposta da firmare").button("Firma")


def test_the_officer_approves_what_the_rules_grant(visitor: Opener, served: Served) -> None:
    before = balance(served, "committed")
    one = open_case(visitor, "Bianchi")
    one.reads("Secondo le regole la famiglia ha diritto", "ISEE entro il limite", "Avviso, articolo 3")
    one.link("Approva…").check().reads("6 da 200,00 €", "Da impegnare").button("Proponi l'approvazione")
    one.reads("Proposta da firmare", "non chi l'ha preparata")
    assert balance(served, "committed") == before, "a proposal commits nothing"
    sign(visitor, "Bianchi").reads("approvata", "Requisiti al momento della decisione")
    assert balance(served, "committed") - before == 6 * (20_000 + 10_000)


def test_the_officer_reads_a_missing_datum_and_overrules_it_with_a_reason(visitor: Opener) -> None:
    one = open_case(visitor, "Ferri")
    one.reads("Ci serve l'ISEE del nucleo", "manca un dato")
    section = one.page.locator("section", has_text="ISEE entro il limite").last
    section.locator("summary").click()
    section.get_by_label("Il requisito c'è").check()
    section.get_by_role("button", name="Salva l'esito").click()
    one.page.wait_for_load_state()
    one.reads("Motivo")
    assert one.page.locator(".pt-error-summary").count() == 1, "an overrule without a reason must be refused"
    section = one.page.locator("section", has_text="ISEE entro il limite").last
    section.get_by_label("Il requisito c'è").check()
    section.get_by_label("Motivo").fill("Attestazione ISEE di 12.000 euro vista allo sportello")
    section.get_by_role("button", name="Salva l'esito").click()
    one.page.wait_for_load_state()
    one.reads("Rivisto dall'ufficio", "Attestazione ISEE di 12.000 euro", "Esito delle regole")
    one.link("Approva…").button("Proponi l'approvazione")
    sign(visitor, "Ferri").reads("approvata")


def test_the_officer_refuses_with_the_reasons_of_the_rules(visitor: Opener, served: Served) -> None:
    one = open_case(visitor, "Greco")
    one.reads("Secondo le regole la famiglia non ha diritto").link("Respingi…").check()
    one.reads("Motivi che la famiglia leggerà", "L'ISEE del nucleo supera 40.000 euro")
    one.button("Proponi il rifiuto")
    sign(visitor, "Greco").reads("respinta", "Preavviso di rigetto", "non accolta")
    refused = served.value(
        f"""SELECT count(*) FROM applications_decision d JOIN applications_application a ON a.id = d.application_id
        WHERE NOT d.is_approved AND a.programme_id = {served.facts["programme"]}"""
    )
    assert refused == 1


def test_maria_is_approved_and_reads_it_in_plain_words(visitor: Opener) -> None:
    one = open_case(visitor, "Rossi")
    one.link("Approva…").button("Proponi l'approvazione")
    sign(visitor, "Rossi").reads("approvata")
    visitor("Maria Rossi", phone=True).go("/cittadino/").reads("approvata", "mensilità")


def test_the_month_is_rehearsed_then_issued_once(visitor: Opener, served: Served) -> None:
    one = visitor("Carla Neri")
    before = balance(served, "issued")
    for product in ("Buono Servizi", "Buono a saldo"):
        one.go("/ufficio/emissione/")
        field = one.page.get_by_label("Prodotto")
        wanted = [t for t in field.locator("option").all_inner_texts() if product in t and "2026" in t]
        one.choose("Prodotto", wanted[0]).fill("Mese da emettere", THIS_MONTH).button("Prova").check()
        one.reads("Si emetterebbero", "Mensilità dovute")
        assert served.value(f"SELECT count(*) FROM vouchers_issuancerun WHERE month = '{THIS_MONTH}-01'") in {0, 1}
        one.button("Emetti ").reads("Emissione finita")
        one.page.go_back()
    issued = balance(served, "issued") - before
    assert issued == 30_000, "one family has this month: a carnet of 200 and a balance of 100 euro"


def test_the_next_month_holds_who_was_approved_today(visitor: Opener, served: Served) -> None:
    address = f"/ufficio/emissione/prova/?product={served.facts['programme']}:buono-servizi&month={NEXT_MONTH}"
    one = visitor("Carla Neri").go(address)
    one.reads("Questo mese non è ancora iniziato").button("Emetti ").reads("Emissione finita: 4 buoni emessi")
    one.go(address)
    one.reads("Non c'è nulla da emettere")


def test_the_desk_receives_the_carnets_and_hands_one_family_its_own(visitor: Opener, served: Served) -> None:
    one = visitor("Anna Sala").go("/sportello/buoni/ricevi/")
    one.fill("Mese dei buoni", THIS_MONTH).button("Registra l'arrivo")
    one.go(f"/sportello/buoni/?q=Conti&mese={THIS_MONTH}").reads("Giulia Conti")
    for box in one.page.locator("tbody input[type=checkbox]").all():
        box.check()
    one.button("Consegna i buoni scelti").check().reads("2 carnet, 300,00 €", "Giulia Conti")
    one.fill("Numero del documento", "").button("Conferma la consegna")
    assert one.page.locator(".pt-error-summary").count() == 1
    one.fill("Numero del documento", "CA55555AA").button("Conferma la consegna").reads("Buoni consegnati: 2")
    one.go("/sportello/giornata/").reads("Giulia Conti", "CA55555AA")
    assert served.value("SELECT count(*) FROM vouchers_custodymove WHERE document_number = 'CA55555AA'") == 2


def test_the_carnet_and_the_letter_open_as_pdf(visitor: Opener, served: Served) -> None:
    one = visitor("Anna Sala")
    voucher, award = served.rows(
        f"""SELECT v.id, v.award_id FROM vouchers_voucher v JOIN people_person p ON p.id = v.holder_id
        WHERE p.fiscal_code = '{FAMILIES["bianchi"].code}' AND v.form = 'titles'"""
    )[0]
    for path in (f"/sportello/buoni/{voucher}/carnet.pdf", f"/sportello/buoni/lettera/{award}.pdf"):
        answer = one.page.request.get(one.base + path)
        assert answer.status == 200 and answer.headers["content-type"] == "application/pdf"
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.body())).pages)
        assert "Bianchi" in text


def codes_of(served: Served, family: str, *indexes: int, month: str = "") -> list[str]:
    """Return the codes printed on some titles of a family's carnet, of this month unless told."""
    month = month or THIS_MONTH
    from piutempo.kernel.codes import title_code
    from tests.stories.conftest import CODE_KEY

    code = served.value(
        f"""SELECT v.code FROM vouchers_voucher v JOIN people_person p ON p.id = v.holder_id
        WHERE p.fiscal_code = '{FAMILIES[family].code}' AND v.form = 'titles' AND v.month = '{month}-01'"""
    )
    return [title_code(code, index, CODE_KEY) for index in indexes]


def test_the_provider_redeems_two_titles_on_a_phone(visitor: Opener, served: Served) -> None:
    before = balance(served, "owed")
    one = visitor("Davide Riva", phone=True).go("/operatore/registra/")
    one.fill("Codici", "\n".join(codes_of(served, "conti", 1, 2))).button("Controlla").check()
    one.reads("Giulia Conti", "20,00 €", "Si possono usare fino al")
    one.choose("Servizio", "Nido e micronido").choose("Persona assistita", CHILDREN["conti"].name)
    one.button("Conferma e registra").reads("Registrati 20,00 €", "Giulia Conti")
    assert balance(served, "owed") - before == 2_000


def test_a_title_spent_already_says_so(visitor: Opener, served: Served) -> None:
    before = balance(served, "owed")
    one = visitor("Davide Riva", phone=True).go("/operatore/registra/")
    one.fill("Codici", codes_of(served, "conti", 1)[0]).button("Controlla").check()
    one.choose("Servizio", "Nido e micronido").choose("Persona assistita", CHILDREN["conti"].name)
    one.button("Conferma e registra").reads("già")
    assert one.page.locator(".pt-error-summary").count() == 1
    assert balance(served, "owed") == before


def test_a_title_still_with_the_office_cannot_be_spent(visitor: Opener, served: Served) -> None:
    one = visitor("Davide Riva", phone=True).go("/operatore/registra/")
    one.fill("Codici", codes_of(served, "rossi", 1, month=NEXT_MONTH)[0]).button("Controlla").check()
    one.reads("Maria Rossi").choose("Servizio", "Nido e micronido").choose("Persona assistita", CHIARA.name)
    one.button("Conferma e registra")
    one.reads("Il titolo non risulta consegnato alla famiglia")
    assert one.page.locator(".pt-error-summary").count() == 1


def test_a_month_comes_as_a_file_with_one_wrong_row(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    before = balance(served, "owed")
    child = CHILDREN["conti"].code
    lines = ["codice;servizio;quantita;data;titoli;codice_fiscale_assistito"]
    lines += [f"{served.title('titles', n)};nido;1;{TODAY};1;{child}" for n in (1, 2, 3)]
    lines += [f"{served.title('titles', 4)};nuoto;1;{TODAY};1;{child}"]
    kept["file"] = {"name": "mese.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    one = visitor("Davide Riva").go("/operatore/file/")
    one.page.set_input_files("input[type=file]", files=[kept["file"]])
    one.choose("Programma", "PiùTempo 2026").button("Controlla il file").reads("Da correggere", "Righe da correggere")
    assert balance(served, "owed") == before, "a preview moves no money"
    one.button("Registra le 3 righe corrette").reads("Righe registrate: 3")
    assert balance(served, "owed") - before == 3_000


def test_the_same_file_again_adds_nothing(visitor: Opener, served: Served, kept: dict[str, Any]) -> None:
    before = served.value("SELECT count(*) FROM vouchers_redemption")
    one = visitor("Davide Riva").go("/operatore/file/")
    one.page.set_input_files("input[type=file]", files=[kept["file"]])
    one.choose("Programma", "PiùTempo 2026").button("Controlla il file").reads("era già stato confermato")
    assert served.value("SELECT count(*) FROM vouchers_redemption") == before


def test_the_provider_reverses_one_with_a_reason(visitor: Opener, served: Served) -> None:
    before = balance(served, "owed")
    one = visitor("Davide Riva").go("/operatore/utilizzi/")
    one.page.locator("main tbody tr", has_text="Conti").first.get_by_role("link").last.click()
    one.page.wait_for_load_state()
    one.check().fill("Motivo", "Registrato sulla famiglia sbagliata").button("Storna l'utilizzo")
    assert before - balance(served, "owed") in {1_000, 2_000}
    assert served.value("SELECT count(*) FROM vouchers_reversal x JOIN vouchers_redemption r ON r.id = x.redemption_id "
                        f"WHERE r.site_id = {served.facts['site']}") == 1  # fmt: skip


def test_accounting_prepares_and_a_second_person_approves_and_pays(visitor: Opener, served: Served) -> None:
    owed = balance(served, "owed")
    one = visitor("Irene Fontana").go("/contabilita/rendiconti/predisponi/")
    one.choose("Programma", "PiùTempo 2026").fill("Mese", THIS_MONTH).button("Predisponi")
    statement = served.value(f"SELECT id FROM settlements_statement WHERE programme_id = {served.facts['programme']}")
    one.go(f"/contabilita/rendiconti/{statement}/").reads("Lo hai predisposto tu", "Cooperativa Il Girotondo")
    two = visitor("Piero Galli").go(f"/contabilita/rendiconti/{statement}/").link("Approva").check()
    two.button("Conferma l'approvazione")
    assert balance(served, "payable") == owed
    two.go("/contabilita/distinte/")
    two.page.get_by_role("region", name="PiùTempo 2026").get_by_role("button", name="Crea la distinta").click()
    two.page.wait_for_load_state()
    two.link("Registra il pagamento").check().button("Conferma il pagamento")
    assert balance(served, "paid") == owed
    assert balance(served, "owed") == balance(served, "payable") == 0
    visitor("Davide Riva", phone=True).go("/operatore/rendiconti/").reads("pagato")


def test_from_a_balance_down_to_the_rows(visitor: Opener) -> None:
    one = visitor("Irene Fontana").go("/contabilita/saldi/").reads("Fondo")
    one.page.locator("main tbody a[href*='movimenti']").first.click()
    one.page.wait_for_load_state()
    one.page.locator("main tbody a[href*='/contabilita/movimenti/']").first.click()
    one.page.wait_for_load_state()
    one.reads("€")


def test_the_manager_freezes_the_report_and_the_authority_reads_it(
    visitor: Opener, served: Served, kept: dict[str, Any]
) -> None:
    one = visitor("Bruno Villa").go("/autorita/rapporti/congela/")
    one.choose("Programma", "PiùTempo 2026").fill("Dal", "2026-01-01").fill("Fino al", f"{DAY}").button("Congela")
    one.reads("Il periodo non è ancora finito")
    one.fill("Fino al", f"{DAY - timedelta(days=1)}").button("Congela").reads("Rapporto congelato")
    kept["report"] = int(one.page.url.rstrip("/").rsplit("/", 1)[-1])
    two = visitor("Teresa Longo").go(f"/autorita/rapporti/{kept['report']}/").reads("In breve", "Impronta")
    card = two.page.locator("main .pt-card", has_text="Domande ricevute").first
    assert card.locator(".pt-number").inner_text() == "5", "what was applied for until yesterday"
    two.button("Ricalcola e confronta").reads("impronta")
    two.go(f"/autorita/rapporti/{kept['report']}/")
    two.page.locator("main .pt-card a", has_text="Domande ricevute").first.click()
    two.page.wait_for_load_state()
    assert two.page.locator("main tbody tr").count() == 5, "the rows behind the figure are as many as it says"


def test_the_report_is_downloaded_in_every_form(visitor: Opener, kept: dict[str, Any]) -> None:
    one = visitor("Teresa Longo").go(f"/autorita/rapporti/{kept['report']}/")
    bodies = {}
    for form in ("pdf", "xlsx", "csv", "json"):
        answer = one.page.request.get(f"{one.base}/autorita/rapporti/{kept['report']}/scarica/{form}/")
        assert answer.status == 200, form
        bodies[form] = answer.body()
    assert PdfReader(BytesIO(bodies["pdf"])).trailer["/Root"].get("/MarkInfo"), "the PDF must be tagged"
    assert load_workbook(BytesIO(bodies["xlsx"])).sheetnames
    assert b";" in bodies["csv"] or b"," in bodies["csv"]
    assert b"figures" in bodies["json"] or b"{" in bodies["json"]


def test_the_manager_opens_a_draft_of_the_programme(visitor: Opener, served: Served) -> None:
    one = visitor("Bruno Villa").go("/programma/piu-tempo-2026/")
    one.check().button("Apri una bozza")
    assert "/bozza/" in one.page.url
    draft = one.check().page.url.removeprefix(one.base)
    for link in ("Dati del programma", "Tutto il testo", "Aggiungi"):
        one.go(draft).link(link).check()
    one.go("/programma/piu-tempo-2026/confronto/?da=1&a=2").check()
    states = served.rows(
        f"SELECT status FROM programmes_programmeversion WHERE programme_id = {served.facts['programme']}"
    )
    assert len(states) == 2, "a draft stands beside the version in force"


def test_every_law_of_the_ledger_holds_after_the_story(served: Served) -> None:
    served.manage("verify_ledger")
