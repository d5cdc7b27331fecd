"""The outbox against real SMTP servers: once each, refused, dead, two workers; and SEND's double."""

import json
import threading
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from piutempo.correspondence.models import Letter, LetterState, OutboxMessage, OutboxState
from piutempo.correspondence.rules import Refusal
from piutempo.correspondence.services import (
    LetterRefused,
    deliver_outbox,
    notify,
    notify_through_send,
    open_document,
    print_letter,
    record_signature,
    retry_letter,
    send_letters,
)
from piutempo.correspondence.transports import server_from
from piutempo.records.services import store_file
from tests.correspondence.factories import AT, DECISION, LEGAL, make_input, make_person, make_user, send
from tests.correspondence.mail import Postbox, server

LATER = AT + timedelta(minutes=2)


def refreshed(letter: Letter) -> Letter:
    return Letter.objects.select_related("outbox").get(pk=letter.pk)


@pytest.mark.django_db
def test_a_letter_arrives_with_its_pdf_and_the_reply_is_kept(settings):
    letter = send(make_person())
    with server(settings, Postbox()) as box:
        report = deliver_outbox(at=AT)
        assert (report.sent, report.faults) == (1, {})
        assert deliver_outbox(at=LATER).sent == 0
    (mail,) = box.mails
    assert mail["Subject"] == "Documenti per la domanda 2026/7"
    assert mail["To"] == "Maria Rossi <maria1@example.org>"
    text = mail.get_body().get_content()
    for said in ("busta paga", "PIUTEMPO 2026/0000001", settings.CONTACT_PHONE, settings.SITE_URL):
        assert said in text
    (pdf,) = mail.iter_attachments()
    assert pdf.get_content() == open_document(letter.document)
    sent = refreshed(letter)
    assert (sent.state, sent.sent_at) == (LetterState.SENT, AT)
    assert sent.outbox.reply == "250 2.0.0 queued as 1"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        OutboxMessage.objects.update(state=OutboxState.QUEUED)


@pytest.mark.django_db
def test_one_refusal_does_not_stop_the_others(settings):
    bad, busy, good = send(make_person(1), 1), send(make_person(2), 2), send(make_person(3), 3)
    answers = {"maria1@example.org": "550 5.1.1 no such user", "maria2@example.org": "451 4.2.1 mailbox busy"}
    with server(settings, Postbox(answers)) as box:
        report = deliver_outbox(at=AT)
        assert (report.sent, report.retried, report.failed) == (1, 1, 1)
        assert deliver_outbox(at=AT).sent == 0
        box.answers = {}
        assert deliver_outbox(at=LATER).sent == 1
    assert refreshed(bad).state == LetterState.FAILED
    assert refreshed(bad).outbox.fault == "550 5.1.1 no such user"
    assert refreshed(busy).outbox.attempts == 2
    assert refreshed(good).state == LetterState.SENT


@pytest.mark.django_db
def test_after_the_last_attempt_the_office_sees_it_and_tries_again(settings):
    letter, user = send(make_person()), make_user()
    with server(settings, Postbox({"maria1@example.org": "451 later"})) as box:
        at = AT
        for _ in range(7):
            deliver_outbox(at=at)
            at += timedelta(hours=13)
        assert refreshed(letter).state == LetterState.FAILED
        assert deliver_outbox(at=at).sent == 0
        retry_letter(letter=letter, at=at, by=user, to_email="nuova@example.org")
        assert deliver_outbox(at=at).sent == 1
    assert box.mails[0]["To"] == "Maria Rossi <nuova@example.org>"
    with pytest.raises(LetterRefused) as refused:
        retry_letter(letter=letter, at=at, by=user)
    assert refused.value.code == Refusal.NOT_FAILED


@pytest.mark.django_db
def test_a_server_that_is_not_there_costs_one_attempt_of_one_message(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    send_letters([make_input(make_person(n), n) for n in range(5)])
    report = deliver_outbox(at=AT)
    assert report.faults["email"]
    assert sorted(OutboxMessage.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {OutboxState.QUEUED}
    with server(settings, Postbox()) as box:
        assert deliver_outbox(at=LATER).sent == 5
    assert len(box.mails) == 5


@pytest.mark.django_db
def test_a_server_that_dies_in_the_middle_loses_nothing(settings):
    send_letters([make_input(make_person(n), n) for n in range(4)])
    with server(settings, Postbox()) as box:
        box.deaths = 1
        report = deliver_outbox(at=AT)
        assert (report.sent, report.retried) == (0, 1)
        assert deliver_outbox(at=LATER).sent == 4
        assert len({mail["Message-ID"] for mail in box.mails}) == 4
    assert set(Letter.objects.values_list("state", flat=True)) == {LetterState.SENT}


@pytest.mark.django_db
def test_what_a_dead_worker_had_claimed_leaves_after_the_lease(settings):
    send(make_person())
    OutboxMessage.objects.update(state=OutboxState.SENDING, claim="x", claimed_at=AT)
    with server(settings, Postbox()) as box:
        assert deliver_outbox(at=AT + timedelta(minutes=14)).sent == 0
        assert deliver_outbox(at=AT + timedelta(minutes=15)).sent == 1
    assert len(box.mails) == 1


@pytest.mark.django_db
def test_a_message_that_cannot_be_written_stops_nobody(settings):
    broken, good = send(make_person(1), 1), send(make_person(2), 2)
    OutboxMessage.objects.filter(letter=broken).update(to_address="nessuna chiocciola")
    with server(settings, Postbox()):
        report = deliver_outbox(at=AT)
    assert (report.sent, report.failed) == (1, 1)
    assert refreshed(broken).state == LetterState.FAILED
    assert refreshed(good).state == LetterState.SENT


@pytest.mark.django_db
def test_a_title_cannot_add_headers(settings):
    notify(
        to_email="a@example.org",
        title="Ciao\r\nBcc: x@example.org",
        text="t",
        subject="a.b",
        subject_id=1,
        key="",
        at=AT,
    )
    with server(settings, Postbox()) as box:
        assert deliver_outbox(at=AT).sent == 1
    assert box.mails[0]["Bcc"] is None
    assert not list(box.mails[0].iter_attachments())


@pytest.mark.django_db
def test_a_letter_to_sign_waits_and_leaves_with_the_signed_file(settings):
    letter, user = send(make_person(), 1, DECISION.code), make_user()
    signed = b"%PDF-1.7 firmata\n%%EOF"
    with server(settings, Postbox()) as box:
        assert deliver_outbox(at=AT).sent == 0
        file = store_file(name="firmata.pdf", content=signed, at=AT)
        record_signature(letter=letter, at=AT, by=user, by_hand=False, file=file)
        assert deliver_outbox(at=AT).sent == 1
    (attached,) = box.mails[0].iter_attachments()
    assert attached.get_content() == signed


@pytest.mark.django_db
def test_without_a_server_mail_goes_to_files_except_in_production(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    send(make_person())
    settings.MODE = "production"
    assert deliver_outbox(at=AT).sent == 0
    settings.MODE = "demo"
    assert deliver_outbox(at=AT).sent == 1
    (file,) = (tmp_path / "posta").iterdir()
    assert message_from_bytes(file.read_bytes(), policy=default)["To"] == "Maria Rossi <maria1@example.org>"


@pytest.mark.django_db
def test_send_notifies_who_has_no_email(settings, tmp_path):
    settings.VAR_DIR, settings.SEND_ADAPTER = tmp_path, "piutempo.correspondence.adapters.FolderNotifications"
    person = make_person(email="", address="via Roma 1")
    letter = send(person, 1, LEGAL.code)
    assert deliver_outbox(at=AT).sent == 1
    sent = refreshed(letter)
    iun = sent.outbox.reply.removeprefix("IUN ")
    sheet = json.loads((tmp_path / "send" / f"{iun}.json").read_text())
    assert sheet["recipient"]["taxId"] == person.fiscal_code
    assert sheet["paProtocolNumber"] == "PIUTEMPO 2026/0000001"
    assert (tmp_path / "send" / f"{iun}.pdf").read_bytes() == open_document(letter.document)
    assert sent.state == LetterState.SENT


@pytest.mark.django_db
def test_the_office_chooses_send_or_paper(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    user, printed = make_user(), send(make_person(1, email=""), 1)
    with pytest.raises(LetterRefused) as refused:
        notify_through_send(letter=printed, at=AT, by=user)
    assert refused.value.code == Refusal.NO_SEND
    settings.SEND_ADAPTER = "piutempo.correspondence.adapters.FolderNotifications"
    notify_through_send(letter=printed, at=AT, by=user)
    assert deliver_outbox(at=AT).sent == 1
    failed = send(make_person(2), 2)
    with server(settings, Postbox({"maria2@example.org": "550 no"})):
        deliver_outbox(at=AT)
    print_letter(letter=failed, at=AT, by=user)
    assert refreshed(failed).state == LetterState.PAPER


def test_an_address_of_the_server_that_makes_no_sense():
    assert server_from("smtp://u%40x:p%3Aw@mail:2525") == server_from("smtp://u%40x:p%3Aw@mail:2525")
    assert server_from("smtps://mail").port == 465
    for url in ("http://mail", "smtp://", "smtp://mail:x", "mail"):
        with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
            server_from(url)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(settings):
    send_letters([make_input(make_person(n), n) for n in range(60)])
    reports = []

    def work():
        try:
            reports.append(deliver_outbox(at=AT))
        finally:
            connection.close()

    with server(settings, Postbox(delay=0.005)) as box:
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(box.mails) == 60
    assert len({mail["Message-ID"] for mail in box.mails}) == 60
    assert sorted(report.sent > 0 for report in reports) == [True, True]
    assert set(Letter.objects.values_list("state", flat=True)) == {LetterState.SENT}
