"""The office's pages of letters: who sees what, few queries, each step and each refusal."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from piutempo.correspondence.models import Letter, LetterBatch, LetterState, LetterTemplate, Message, OutboxMessage
from piutempo.correspondence.recipients import Source, Target, register_source
from piutempo.correspondence.services import deliver_outbox, notify, receive_message, run_batches, save_template
from piutempo.people.models import Role
from tests.correspondence.factories import AT, DECISION, LEGAL, REQUEST, make_person, make_user, send
from tests.correspondence.mail import Postbox, server
from tests.correspondence.test_documents import assert_accessible, read

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 firmata\n%%EOF"


@pytest.fixture
def boss():
    return make_user(Role.PROGRAMME_MANAGER)


@pytest.fixture
def client(boss):
    found = Client()
    found.force_login(boss)
    return found


def signed_in(user) -> Client:
    found = Client()
    found.force_login(user)
    return found


def address(name: str, *args) -> str:
    return reverse(f"correspondence:{name}", args=args)


PAGES = ("letters", "batches", "templates", "register", "inbox")


@pytest.mark.parametrize("name", PAGES)
def test_a_list_takes_few_queries_whatever_its_rows(client, name, django_assert_max_num_queries):
    for n in range(30):
        send(make_person(n), n)
        receive_message(kind="question", person=None, name=f"N{n}", email="", text="Ciao", page="/", at=AT, by=None)
    client.get(address(name))
    with django_assert_max_num_queries(12):
        answer = client.get(address(name))
    assert answer.status_code == 200


@pytest.mark.parametrize("name", [*PAGES, "notice"])
def test_who_does_not_work_in_the_office_stays_outside(name):
    assert signed_in(make_user(Role.CITIZEN)).get(address(name)).status_code == 403
    assert signed_in(make_user(Role.DESK_OPERATOR)).get(address(name)).status_code == 403


def test_an_office_sees_the_letters_of_its_programmes_only():
    mine, other, none = (send(make_person(n), n, programme_id=p) for n, p in enumerate((5, 6, None)))
    officer = signed_in(make_user(Role.CASE_OFFICER, programme_id=5))
    text = officer.get(address("letters")).content.decode()
    shown = [letter for letter in (mine, other, none) if address("letter", letter.pk) in text]
    assert shown == [mine]
    assert officer.get(address("letter", other.pk)).status_code == 404
    assert officer.get(address("letter_pdf", other.pk)).status_code == 404
    assert officer.get(address("register")).status_code == 403
    assert officer.get(address("register_day")).status_code == 403


def test_what_people_write_is_read_by_who_works_on_every_programme():
    message = receive_message(kind="question", person=None, name="N", email="", text="Ciao", page="/", at=AT, by=None)
    officer = signed_in(make_user(Role.CASE_OFFICER, programme_id=5))
    for url in (address("inbox"), address("message", message.pk)):
        assert officer.get(url).status_code == 403
        assert officer.post(url, {"answer": "Ecco"}).status_code in {403, 405}


def test_an_auditor_reads_and_changes_nothing():
    letter = send(make_person(), 1, DECISION.code)
    auditor = signed_in(make_user(Role.AUDITOR))
    assert auditor.get(address("letter", letter.pk)).status_code == 200
    assert auditor.get(address("template", REQUEST.code)).status_code == 200
    assert auditor.post(address("template", REQUEST.code), {}).status_code == 403
    assert auditor.post(address("sign", letter.pk, "mano"), {}).status_code == 403
    assert auditor.post(address("posted"), {"lettera": letter.pk}).status_code == 403
    assert auditor.get(address("notice")).status_code == 403


def test_a_letter_is_opened_signed_by_hand_and_leaves(client):
    letter = send(make_person(), 1, DECISION.code)
    page = client.get(address("letter", letter.pk)).content.decode()
    assert "da firmare" in page
    pdf = client.get(address("letter_pdf", letter.pk))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf["Cache-Control"] == "private, no-store"
    said = {"hand-signer": "Anna Verdi, dirigente", "hand-signed_on": "2026-03-02", "hand-request_key": "k"}
    for _ in range(2):  # a double click is harmless
        client.post(address("sign", letter.pk, "mano"), said)
    letter.refresh_from_db()
    assert (letter.state, letter.signature.signer) == (LetterState.QUEUED, "Anna Verdi, dirigente")
    assert OutboxMessage.objects.count() == 1


def test_a_signed_file_is_uploaded_and_what_is_no_pdf_is_refused(client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    letter = send(make_person(), 1, DECISION.code)
    said = {"file-signer": "Anna", "file-signed_on": "2026-03-02", "file-request_key": "k"}
    wrong = client.post(
        address("sign", letter.pk, "file"), {**said, "file-file": SimpleUploadedFile("x.pdf", b"<html>")}
    )
    assert wrong.status_code == 422
    assert "Carica un PDF" in wrong.content.decode()
    client.post(address("sign", letter.pk, "file"), {**said, "file-file": SimpleUploadedFile("firmata.pdf", PDF)})
    assert client.get(address("letter_pdf", letter.pk)).content == PDF


def test_a_signature_before_the_letter_is_refused(client):
    letter = send(make_person(), 1, DECISION.code)
    said = {"hand-signer": "Anna", "hand-signed_on": "2026-03-01", "hand-request_key": "k"}
    answer = client.post(address("sign", letter.pk, "mano"), said)
    assert answer.status_code == 422
    assert "fra il giorno della lettera e oggi" in answer.content.decode()


def test_many_letters_are_signed_posted_and_printed_together(client):
    to_sign = [send(make_person(n, email=""), n, DECISION.code) for n in range(3)]
    ids = [letter.pk for letter in to_sign]
    page = client.get(address("sign_many"), {"lettera": ids}).content.decode()
    assert "3 lettere firmate a mano" in page
    said = {"signer": "Anna", "signed_on": "2026-03-02", "request_key": "k", "lettera": ids}
    assert client.post(address("sign_many"), said).status_code == 302
    assert set(Letter.objects.values_list("state", flat=True)) == {LetterState.PAPER}
    archive = zipfile.ZipFile(io.BytesIO(client.get(address("letters_zip"), {"lettera": ids}).content))
    assert len(archive.namelist()) == 3
    for _ in range(2):
        client.post(address("posted"), {"lettera": ids})
    assert set(Letter.objects.values_list("state", flat=True)) == {LetterState.SENT}
    assert client.get(address("sign_many"), {"lettera": ["x", "9" * 30, ""]}).status_code == 200
    assert client.get(address("letters_zip")).status_code == 302


def test_a_failed_letter_is_seen_mended_and_tried_again(client, settings):
    letter = send(make_person(), 1)
    notify(to_email="no@example.org", title="Avviso", text="t", subject="a.b", subject_id=1, key="", at=AT)
    with server(settings, Postbox({"maria1@example.org": "550 no such user", "no@example.org": "550 no"})):
        deliver_outbox(at=AT)
    page = client.get(address("letters")).content.decode()
    assert "no@example.org" in page
    assert "550 no such user" in client.get(address("letter", letter.pk)).content.decode()
    assert client.post(address("handle", letter.pk, "riprova"), {"to_email": "storto"}).status_code == 422
    client.post(address("handle", letter.pk, "riprova"), {"to_email": "nuova@example.org", "request_key": "k"})
    assert OutboxMessage.objects.get(letter=letter).to_address == "nuova@example.org"
    client.post(address("retry_notice", OutboxMessage.objects.get(letter=None).pk))
    assert not OutboxMessage.objects.filter(state="failed").exists()
    assert client.post(address("handle", letter.pk, "carta")).status_code == 302
    letter.refresh_from_db()
    assert letter.state == LetterState.QUEUED
    assert client.post(address("handle", letter.pk, "altro")).status_code == 404


def test_the_office_chooses_send(client, settings):
    letter = send(make_person(email=""), 1, LEGAL.code)
    settings.SEND_ADAPTER = "piutempo.correspondence.adapters.FolderNotifications"
    assert "Notifica con SEND" in client.get(address("letter", letter.pk)).content.decode()
    client.post(address("handle", letter.pk, "send"))
    letter.refresh_from_db()
    assert (letter.channel, letter.state) == ("send", LetterState.QUEUED)


def edit(client, body, base=0, **more):
    said = {"subject": "Oggetto {numero}", "body": body, "base_version": base, "request_key": "k", "note": "", **more}
    return client.post(address("template", REQUEST.code), said)


def test_words_are_edited_previewed_and_versioned(client, boss):
    said = {"subject": "Prova {numero}", "body": "Ciao {nome}", "base_version": 0, "request_key": "k"}
    reader, _text = read(client.post(address("preview", REQUEST.code), said).content)
    assert_accessible(reader, "Prova 2026/12")
    assert not LetterTemplate.objects.exists()
    assert edit(client, "Ciao {nome}, nuovo").status_code == 302
    page = client.get(address("template", REQUEST.code)).content.decode()
    assert "versione 1" in page
    assert "Gentile {nome}" in client.get(address("version", REQUEST.code, 0)).content.decode()
    assert "Gentile {nome}" in client.get(address("template", REQUEST.code), {"da": 0}).content.decode()
    assert "Ciao {nome}, nuovo" in client.get(address("version", REQUEST.code, 1)).content.decode()


def test_an_unknown_field_is_refused_with_the_closest_one_and_the_text_is_kept(client):
    for answer in (
        edit(client, "Lungo testo con {documnti} sbagliato"),
        client.post(
            address("preview", REQUEST.code),
            {"subject": "a", "body": "Lungo testo con {documnti} sbagliato", "base_version": 0, "request_key": "k"},
        ),
    ):
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Forse volevi scrivere {documenti}?" in page
        assert "Lungo testo con {documnti} sbagliato" in page


def test_two_who_edit_at_once_lose_nothing(client, boss):
    save_template(kind=REQUEST.code, subject="X", body="Di un'altra {nome}", base_version=0, at=AT, by=boss)
    answer = edit(client, "Il mio testo {nome}", base=0)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Il mio testo {nome}" in page
    assert 'name="base_version" value="1"' in page
    assert edit(client, "Il mio testo {nome}", base=1).status_code == 302


@pytest.mark.parametrize("path", ["x", "tests.request/versioni/99", "tests.request/versioni/99999999999999999999"])
def test_words_that_do_not_exist(client, path):
    assert client.get(f"/ufficio/modelli/{path}/").status_code == 404


def test_who_manages_one_programme_does_not_change_the_words_of_all():
    manager = signed_in(make_user(Role.PROGRAMME_MANAGER, programme_id=5))
    assert edit(manager, "Ciao").status_code == 403
    assert "Salva una nuova versione" not in manager.get(address("template", REQUEST.code)).content.decode()


def test_the_register_is_searched_and_printed(client):
    send(make_person(given_name="Zoe"))
    page = client.get(address("register"), {"q": "zoe"}).content.decode()
    assert "PIUTEMPO 2026/0000001" in page
    assert "PIUTEMPO 2026" not in client.get(address("register"), {"q": "nessuno"}).content.decode()
    reader, text = read(client.get(address("register_day"), {"giorno": "2026-03-02"}).content)
    assert_accessible(reader, "Registro giornaliero di protocollo del 02/03/2026")
    assert "PIUTEMPO 2026/0000001" in text
    assert "Zoe Rossi" in text
    _reader, text = read(client.get(address("register_day"), {"giorno": "2026-03-01"}).content)
    assert "Nessuna registrazione" in text
    for wrong in ("2026-99-99", "x", "9999-01-01", "0001-01-01"):
        assert client.get(address("register_day"), {"giorno": wrong}).status_code == 404


def test_a_message_is_answered_once_with_a_registered_letter(client):
    found = receive_message(
        kind="accessibility",
        person=None,
        name="Ugo",
        email="ugo@example.org",
        text="<b>Non</b> leggo il grafico",
        page="/x",
        at=AT,
        by=None,
    )
    assert str(found.entry) == "PIUTEMPO 2026/0000001"
    page = client.get(address("message", found.pk)).content.decode()
    assert "&lt;b&gt;Non&lt;/b&gt;" in page
    assert client.post(address("message", found.pk), {"answer": " ", "request_key": "k"}).status_code == 422
    for _ in range(2):
        client.post(address("message", found.pk), {"answer": "Ora c'è la tabella.", "request_key": "k"})
    letter = Letter.objects.get()
    assert (letter.to_name, letter.to_email, letter.kind) == ("Ugo", "ugo@example.org", "correspondence.answer")
    assert "Ora c'è la tabella." in str(letter.document.read())
    assert Message.objects.get().answered_at
    assert client.get(address("message", 999)).status_code == 404


def test_one_notice_to_many_persons(client, django_assert_max_num_queries):
    people = [make_person(n) for n in range(5)]
    target = Target("prova", "Prova: tutte le famiglie", 7, 5)
    source = Source(targets=lambda ids: [target], person_ids=lambda t: [p.pk for p in people])
    register_source(source)
    try:
        said = {
            "recipients": "7-prova",
            "title": "Sportello chiuso",
            "text": "Resta chiuso.",
            "next_step": "Vieni prima.",
            "request_key": "k1",
        }
        braces = client.post(address("notice"), {**said, "text": "Ciao {nome}"})
        assert braces.status_code == 422
        page = client.post(address("notice"), said).content.decode()
        assert "Stai per scrivere a 5 persone" in page
        assert not Letter.objects.exists()
        for _ in range(2):
            assert client.post(address("notice"), {**said, "conferma": "1"}).status_code == 302
        batch = LetterBatch.objects.get()
        assert batch.total == 5
        assert Letter.objects.filter(programme_id=7).count() == 5
        assert "0 di 5" in client.get(address("batch", batch.pk)).content.decode()
        run_batches(at=AT)
        with django_assert_max_num_queries(12):
            assert "pronto" in client.get(address("batches")).content.decode()
        assert OutboxMessage.objects.count() == 5
    finally:
        from piutempo.correspondence import recipients

        recipients._SOURCES.remove(source)
