"""Reception's pages: the queue with its screen, appointments for citizens and desks, hours, the day."""

from datetime import timedelta

import pytest
from django.urls import reverse

from piutempo.people.models import Role
from piutempo.reception.models import Appointment, AppointmentStatus, Closure, Day, Hours, Ticket, TicketStatus
from piutempo.reception.selectors import screen_key
from tests.applications.factories import OPEN_AT, make_person, make_user
from tests.applications.test_citizen_pages import set_clock, text_of
from tests.reception.factories import NEXT, book, make_receiving_desk

pytestmark = pytest.mark.django_db
QUEUE = "/sportello/coda/"


@pytest.fixture
def desk(client, monkeypatch):
    """A desk that receives, with its operator signed in."""
    set_clock(monkeypatch, OPEN_AT)
    desk = make_receiving_desk(capacity=2)
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", desk.pk)))
    return desk


@pytest.fixture
def citizen(client, monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    user = make_user((Role.CITIZEN, "all", None))
    client.force_login(user)
    return make_person(user=user, email="maria@example.org")


def give_number(client, key="a", **data):
    return client.post(QUEUE, {"request_key": key, "reason": "apply", "name": "Signora in rosso"} | data, follow=True)


def test_a_visit_from_the_number_to_the_outcome(client, desk):
    for _click in range(2):
        answer = give_number(client)
    assert Ticket.objects.count() == 1
    assert "Signora in rosso" in text_of(answer)
    answer = client.post(QUEUE + "chiama/", {"counter": "3"}, follow=True)
    assert "Allo sportello: numero 1" in text_of(answer)
    give_number(client, "b")
    answer = client.post(QUEUE + "chiama/", {"counter": "3"}, follow=True)
    assert "Prima scrivi come è andata" in text_of(answer)
    ticket = Ticket.objects.get(number=1)
    empty = client.post(f"{QUEUE}{ticket.pk}/esito/", {"request_key": "k", "reason": "apply", "outcome": ""})
    assert empty.status_code == 422
    for _click in range(2):
        client.post(f"{QUEUE}{ticket.pk}/esito/", {"request_key": "k", "reason": "apply", "outcome": "done"})
    ticket.refresh_from_db()
    assert (ticket.status, ticket.outcome) == (TicketStatus.SERVED, "done")
    client.post(f"{QUEUE}{Ticket.objects.get(number=2).pk}/via/")
    answer = client.post(QUEUE + "chiudi/", follow=True)
    assert "Giornata chiusa il" in text_of(answer) and "La giornata dello sportello" in text_of(answer)
    assert Day.objects.get().closed_at == OPEN_AT
    assert "La giornata è già chiusa" in text_of(give_number(client, "c"))


def test_the_screen_shows_called_numbers_and_no_name(client, desk):
    give_number(client)
    client.post(QUEUE + "chiama/", {"counter": "3"})
    client.logout()
    answer = text_of(client.get(f"/schermo/{screen_key(desk)}/"))
    assert "<strong>1</strong>" in answer and "postazione 3" in answer
    assert "Signora" not in answer
    part = text_of(client.get(f"/schermo/{screen_key(desk)}/", headers={"HX-Request": "true"}))
    assert "<strong>1</strong>" in part and "<html" not in part
    for wrong in (str(desk.pk), f"{desk.pk}-abc", "a", screen_key(desk)[:-1], "-"):
        assert client.get(f"/schermo/{wrong}/").status_code == 404


def test_an_unknown_codice_fiscale_is_said_and_a_second_number_refused(client, desk):
    assert "non è registrato" in text_of(give_number(client, fiscal_code="RSSMRA85T50F205X"))
    person = make_person()
    give_number(client, "a", fiscal_code=person.fiscal_code)
    answer = give_number(client, "b", fiscal_code=person.fiscal_code)
    assert answer.status_code == 422
    assert "ha già un numero" in text_of(answer)
    assert person.family_name not in text_of(answer)


def test_another_desks_tickets_and_appointments_do_not_exist(client, desk):
    other = make_receiving_desk()
    give_number(client)
    theirs = book(other, make_person())
    ticket = Ticket.objects.get()
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", other.pk)))
    for name in ("esito", "assente", "via"):
        assert client.post(f"{QUEUE}{ticket.pk}/{name}/").status_code == 404
    client.force_login(make_user((Role.DESK_OPERATOR, "desk", desk.pk)))
    assert client.get(f"/sportello/appuntamenti/{theirs.pk}/").status_code == 404
    assert client.post(f"{QUEUE}arrivo/{theirs.pk}/").status_code == 404


def test_who_has_an_appointment_is_expected_and_gets_a_number(client, desk):
    due = book(desk, make_person(), OPEN_AT + timedelta(minutes=30), name="Anna Verdi")
    assert "Anna Verdi" in text_of(client.get(QUEUE))
    for _click in range(2):
        answer = client.post(f"{QUEUE}arrivo/{due.pk}/", follow=True)
    assert "appuntamento alle 10:30" in text_of(answer)
    due.refresh_from_db()
    assert (due.status, Ticket.objects.count()) == (AppointmentStatus.KEPT, 1)


def test_the_desk_takes_an_appointment_for_who_calls_and_moves_it(client, desk):
    data = {"request_key": "k", "name": "Anna Verdi", "reason": "documents", "starts_at": NEXT.isoformat()}
    for _click in range(2):
        client.post("/sportello/appuntamenti/", data)
    made = Appointment.objects.get()
    assert "Anna Verdi" in text_of(client.get("/sportello/appuntamenti/"))
    address = f"/sportello/appuntamenti/{made.pk}/"
    later = NEXT + timedelta(minutes=30)
    client.post(address, {"request_key": "k", "starts_at": later.isoformat()})
    made.refresh_from_db()
    assert made.starts_at == later
    assert client.post(address, {"request_key": "k", "starts_at": "domani"}).status_code == 422
    for _click in range(2):
        client.post(address, {"action": "cancel"})
    made.refresh_from_db()
    assert made.status == AppointmentStatus.CANCELLED
    assert "non si può più cambiare" in text_of(client.get(address))


def test_hours_and_closed_days_are_written_and_taken_away(client, desk):
    data = {
        "form": "hours", "request_key": "k", "weekday": "5", "opens": "09:00", "closes": "11:00",
        "slot_minutes": "20", "capacity": "2", "valid_from": "10/03/2025",
    }  # fmt: skip
    for _click in range(2):
        client.post("/sportello/orari/", data)
    saturday = Hours.objects.get(weekday=5)
    assert client.post("/sportello/orari/", data | {"opens": "10:00"}).status_code == 422
    assert client.post("/sportello/orari/", data | {"closes": "08:00", "weekday": "6"}).status_code == 422
    assert client.post("/sportello/orari/", data | {"opens": "", "capacity": "-1"}).status_code == 422
    client.post(f"/sportello/orari/{saturday.pk}/togli/")
    assert not Hours.objects.filter(weekday=5).exists()
    book(desk, make_person())
    answer = client.post(
        "/sportello/orari/",
        {"form": "closure", "request_key": "k", "on": f"{NEXT:%d/%m/%Y}", "reason": "Patrono"},
        follow=True,
    )
    assert "chiama le famiglie" in text_of(answer)
    client.post(f"/sportello/chiusure/{Closure.objects.get().pk}/togli/")
    assert not Closure.objects.exists()


def test_a_citizen_takes_moves_and_gives_back_an_appointment(client, citizen):
    desk = make_receiving_desk()
    assert desk.name in text_of(client.get("/cittadino/appuntamenti/"))
    address = f"/cittadino/appuntamenti/?sportello={desk.pk}"
    data = {"request_key": "k", "reason": "apply", "starts_at": NEXT.isoformat(), "email": "maria@example.org"}
    for _click in range(2):
        client.post(address, data)
    made = Appointment.objects.get()
    assert (made.person, made.starts_at) == (citizen, NEXT)
    assert "17/03/2025 ore 09:00" in text_of(client.get("/cittadino/appuntamenti/"))
    mine = f"/cittadino/appuntamenti/{made.pk}/"
    client.post(mine, {"request_key": "k", "starts_at": (NEXT + timedelta(minutes=30)).isoformat()})
    client.post(mine, {"action": "cancel"})
    made.refresh_from_db()
    assert made.status == AppointmentStatus.CANCELLED
    theirs = book(desk, make_person())
    assert client.get(f"/cittadino/appuntamenti/{theirs.pk}/").status_code == 404
    assert client.post(address, data | {"starts_at": "x" * 5000}).status_code == 422
    assert client.get("/cittadino/appuntamenti/?sportello=999999").status_code == 422


@pytest.mark.parametrize("name", ["reception:queue", "reception:agenda", "reception:hours", "portals:desk_day"])
def test_the_desks_pages_take_few_queries_whatever_the_rows(client, desk, name, django_assert_max_num_queries):
    for n in range(8):
        give_number(client, str(n))
        book(desk, make_person(), NEXT + timedelta(days=n // 4, minutes=30 * (n % 4)))
    client.get(reverse(name))
    with django_assert_max_num_queries(14 if name == "portals:desk_day" else 12):
        assert client.get(reverse(name)).status_code == 200


def test_a_citizens_page_takes_few_queries(client, citizen, django_assert_max_num_queries):
    for _n in range(5):
        book(make_receiving_desk(), citizen)
    client.get("/cittadino/appuntamenti/")
    with django_assert_max_num_queries(12):
        assert client.get("/cittadino/appuntamenti/").status_code == 200


def test_the_day_of_another_date_and_a_wrong_one(client, desk):
    assert "09/03/2025" in text_of(client.get("/sportello/coda/giornata/?giorno=2025-03-09"))
    assert client.get("/sportello/coda/giornata/?giorno=ieri").status_code == 422
