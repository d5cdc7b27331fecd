"""A person's own letters, data and messages; and telling of a barrier without signing in."""

import json
import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone

from piutempo.applications.models import Channel
from piutempo.correspondence.models import Message
from piutempo.correspondence.selectors import list_letters_of
from piutempo.correspondence.services import answer_message, send_letter
from piutempo.people.models import Role
from piutempo.procedures.selectors import get_procedure
from piutempo.procedures.services import answer_step, open_procedure, request_documents
from piutempo.records.models import RegisterEntry
from tests.applications.factories import DECIDED_AT, OPEN_AT, make_person, make_programme, make_submitted, make_user

pytestmark = pytest.mark.django_db
SUBJECT = "applications.application"


def set_clock(monkeypatch, at):
    monkeypatch.setattr(
        "piutempo.people.middleware.timezone", SimpleNamespace(now=lambda: at, localdate=timezone.localdate)
    )


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def family(client, monkeypatch):
    """A signed-in citizen with a submitted application."""
    set_clock(monkeypatch, DECIDED_AT)
    application = make_submitted(make_programme())
    user = make_user((Role.CITIZEN, "all", None))
    application.applicant.user = user
    application.applicant.save()
    client.force_login(user)
    return SimpleNamespace(client=client, user=user, person=application.applicant, application=application)


def write_letter(person, key="1", at=DECIDED_AT):
    return send_letter(
        kind="correspondence.answer",
        person=person,
        fields={"ricevuto": "2 marzo 2025", "protocollo": "PIUTEMPO 2025/0000123", "risposta": "Abbiamo corretto."},
        subject=SUBJECT,
        subject_id=1,
        key=key,
        at=at,
        by=None,
    )


def stranger(client):
    """Sign in as somebody else."""
    user = make_user((Role.CITIZEN, "all", None))
    make_person(user=user)
    client.force_login(user)


def test_my_letters_open_and_those_of_others_do_not_exist(family):
    mine, other = write_letter(family.person), write_letter(make_person(), key="2")
    page = text_of(family.client.get("/cittadino/lettere/"))
    assert mine.title in page and str(mine.entry) in page
    assert "da stampare" not in page, "what the office has to do is no news for the family"
    assert f"/cittadino/lettere/{other.pk}.pdf" not in page
    answer = family.client.get(f"/cittadino/lettere/{mine.pk}.pdf")
    assert answer.content.startswith(b"%PDF") and answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    for address in (f"{other.pk}.pdf", "99999.pdf", f"{other.pk}/firmata/", f"{mine.pk}/firmata/"):
        assert family.client.get(f"/cittadino/lettere/{address}").status_code == 404
    assert mine.title not in text_of(family.client.get(f"/cittadino/lettere/?domanda={mine.subject_id + 1}"))
    assert family.client.get("/cittadino/lettere/?domanda=" + "9" * 40).status_code == 200
    stranger(family.client)
    assert family.client.get(f"/cittadino/lettere/{mine.pk}.pdf").status_code == 404


def test_the_newest_letter_is_on_top_whenever_it_was_written_down(family):
    newest, older = write_letter(family.person), write_letter(family.person, "2", DECIDED_AT - timedelta(days=3))
    page = text_of(family.client.get("/cittadino/lettere/"))
    assert page.index(f"/cittadino/lettere/{newest.pk}.pdf") < page.index(f"/cittadino/lettere/{older.pk}.pdf")


def test_the_letters_take_the_same_queries_for_one_or_many(family, django_assert_max_num_queries):
    for number in range(12):
        write_letter(family.person, key=str(number))
    with django_assert_max_num_queries(12):
        assert family.client.get("/cittadino/lettere/").status_code == 200


def test_my_data_are_complete_and_only_mine(family):
    procedure = get_procedure(SUBJECT, family.application.pk) or open_procedure(
        subject=SUBJECT,
        subject_id=family.application.pk,
        programme=family.application.programme,
        term_days=30,
        office="Ufficio famiglia",
        at=OPEN_AT,
        by=None,
    )
    step = request_documents(
        procedure=procedure, items=["Il contratto"], days=10, reminder_days=(), at=OPEN_AT + timedelta(days=1), by=None
    )
    answer_step(step=step, text="Lo allego.", at=OPEN_AT + timedelta(days=2), by=None)
    write_letter(family.person)
    answer = family.client.get("/cittadino/i-miei-dati/scarica/")
    assert "attachment" in answer["Content-Disposition"] and "no-store" in answer["Cache-Control"]
    data = json.loads(answer.content)
    assert data["format"] == "piutempo-dossier/1"
    assert data["person"]["fiscal_code"] == family.person.fiscal_code
    [case] = data["applications"]
    assert (case["number"], case["channel"]) == (family.application.number, Channel(family.application.channel).value)
    assert case["declared"]["members"]
    [asked] = case["procedure"]["steps"]
    assert asked["sentences"] == ["Il contratto"] and asked["answers"][0]["text"] == "Lo allego."
    assert len(data["letters"]) == list_letters_of(family.person).count()
    codes = {m["fiscal_code"] for h in data["households"] for m in h["members"]}
    assert family.person.fiscal_code in codes
    page = text_of(family.client.get("/cittadino/i-miei-dati/"))
    assert family.person.fiscal_code in page and family.application.programme.title in page
    stranger(family.client)
    theirs = json.loads(family.client.get("/cittadino/i-miei-dati/scarica/").content)
    assert theirs["applications"] == theirs["letters"] == theirs["households"] == theirs["checks"] == []


def test_a_member_of_another_family_sees_only_their_own_membership(family):
    household = family.application.household
    child = household.members.exclude(relation="applicant").first()
    if child is None:
        child = household.members.create(
            person=make_person(), relation="child", is_cohabiting=True, valid_from=OPEN_AT.date()
        )
    user = make_user((Role.CITIZEN, "all", None))
    child.person.user = user
    child.person.save()
    family.client.force_login(user)
    data = json.loads(family.client.get("/cittadino/i-miei-dati/scarica/").content)
    assert [m["fiscal_code"] for h in data["households"] for m in h["members"]] == [child.person.fiscal_code]
    assert family.person.fiscal_code not in json.dumps(data)


def test_my_data_take_a_fixed_number_of_queries(family, django_assert_max_num_queries, refuse_writes):
    with django_assert_max_num_queries(30), refuse_writes():
        assert family.client.get("/cittadino/i-miei-dati/").status_code == 200


def test_a_correction_reaches_the_office_once(family):
    address = "/cittadino/i-miei-dati/correzione/"
    form = {"about": "contact", "text": "Abito in via Roma 12.", "request_key": "k"}
    for _ in range(2):
        answer = family.client.post(address, form, follow=True)
        assert "il tuo messaggio è arrivato" in text_of(answer)
    message = Message.objects.get()
    assert (message.kind, message.person) == ("correction", family.person)
    assert message.text == "Il mio indirizzo, il telefono o la posta elettronica\n\nAbito in via Roma 12."
    assert RegisterEntry.objects.get(subject="correspondence.message").direction == "in"
    assert family.client.post(address, {"about": "tutto", "text": "", "request_key": "k"}).status_code == 422
    assert Message.objects.count() == 1


def test_what_i_wrote_and_the_answer_are_among_my_letters(family):
    family.client.post("/cittadino/scrivi/", {"text": "Quando decidete?", "request_key": "k"})
    answer_message(message=Message.objects.get(), answer="Entro venerdì.", at=DECIDED_AT, by=family.user)
    page = text_of(family.client.get("/cittadino/lettere/"))
    assert "Quando decidete?" in page and "Entro venerdì." in page
    assert family.client.post("/cittadino/scrivi/", {"text": "x" * 5_000, "request_key": "k"}).status_code == 422


def test_a_citizen_without_a_person_is_asked_who_they_are(client):
    client.force_login(make_user((Role.CITIZEN, "all", None)))
    for address in ("lettere/", "i-miei-dati/", "i-miei-dati/scarica/", "i-miei-dati/correzione/", "scrivi/"):
        assert client.get(f"/cittadino/{address}").url.endswith("/cittadino/dati/")


@pytest.fixture
def barrier(client, monkeypatch):
    """The form of /accessibilita/, seen at one instant and sent some time later."""
    cache.clear()

    def send(after: timedelta = timedelta(seconds=30), **fields):
        set_clock(monkeypatch, OPEN_AT)
        shown = re.search(r'name="shown_at" value="([^"]+)"', text_of(client.get("/accessibilita/")))[1]
        set_clock(monkeypatch, OPEN_AT + after)
        sent = {"text": "Il menu non si apre.", "shown_at": shown, "request_key": "k", **fields}
        return client.post("/accessibilita/", sent)

    yield send
    cache.clear()


def test_anybody_may_tell_of_a_barrier(barrier):
    answer = barrier(page="/cittadino/", name="Anna", email="anna@example.org")
    entry = RegisterEntry.objects.get(subject="correspondence.message")
    assert answer.status_code == 200 and str(entry) in text_of(answer)
    message = Message.objects.get()
    assert (message.kind, message.page, message.email) == ("accessibility", "/cittadino/", "anna@example.org")
    assert barrier(page="/cittadino/").status_code == 200
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("after", "fields"),
    [
        (timedelta(seconds=1), {}),
        (timedelta(days=3), {}),
        (timedelta(seconds=30), {"website": "https://example.org"}),
        (timedelta(seconds=30), {"shown_at": "2025-03-10"}),
        (timedelta(seconds=30), {"text": " "}),
        (timedelta(seconds=30), {"text": "x" * 10_000}),
        (timedelta(seconds=30), {"email": "non è un indirizzo"}),
    ],
)
def test_a_program_is_not_taken_for_a_person(barrier, after, fields):
    assert barrier(after, **fields).status_code == 422
    assert not Message.objects.exists()


def test_one_address_does_not_fill_the_inbox(barrier):
    codes = [barrier(text=f"Problema {number}").status_code for number in range(7)]
    assert codes == [200] * 5 + [422] * 2
    assert Message.objects.count() == 5


def test_a_stale_form_is_mended_by_sending_it_again(barrier, client, monkeypatch):
    answer = barrier(timedelta(days=3))
    shown = re.search(r'name="shown_at" value="([^"]+)"', text_of(answer))[1]
    set_clock(monkeypatch, OPEN_AT + timedelta(days=3, seconds=10))
    form = {"text": "Il menu non si apre.", "shown_at": shown, "request_key": "k"}
    assert client.post("/accessibilita/", form).status_code == 200


def test_times_are_told_with_their_offset(family):
    data = json.loads(family.client.get("/cittadino/i-miei-dati/scarica/").content)
    assert datetime.fromisoformat(data["generated_at"]) == DECIDED_AT
