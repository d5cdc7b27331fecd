"""What a desk may do is dated, task by task: agreements that never overlap, ended with a reason, asked for by day."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from piutempo.network.models import Agreement, Task
from piutempo.network.rules import Refusal
from piutempo.network.selectors import list_desks_nearby, list_tasks, may
from piutempo.network.services import NetworkRefused, add_agreement, end_agreement, update_desk
from piutempo.people.models import Role
from piutempo.records.models import Event
from tests.applications.factories import OPEN_AT, make_user
from tests.applications.test_citizen_pages import set_clock, text_of
from tests.network.factories import make_desk, make_municipality

pytestmark = pytest.mark.django_db
AT = datetime(2025, 3, 10, 9, tzinfo=UTC)
DAY = AT.date()
YEAR = timedelta(days=365)


def agree(desk, task=Task.DELIVERY, since=DAY, until=None, act="Convenzione 12"):
    return add_agreement(desk=desk, task=task, act=act, valid_from=since, valid_until=until, at=AT, by=None)


def end(agreement, on=DAY, reason="Fine"):
    return end_agreement(agreement=agreement, on=on, reason=reason, at=AT, by=None)


def refusal(call, *args, **kwargs):
    with pytest.raises(NetworkRefused) as error:
        call(*args, **kwargs)
    return error.value.code


def test_support_and_delivery_are_granted_one_by_one_and_by_day():
    desk = make_desk(valid_from=DAY - YEAR)
    assert may(desk, Task.SUPPORT, on=DAY) and not may(desk, Task.DELIVERY, on=DAY)
    agreement = agree(desk, until=DAY + timedelta(days=30))
    assert agree(desk, until=DAY + timedelta(days=30)) == agreement
    assert [may(desk, Task.DELIVERY, on=DAY + timedelta(days=n)) for n in (-1, 0, 29, 30)] == [False, True, True, False]
    assert list_tasks([desk.pk], on=DAY) == {desk.pk: frozenset(Task)}
    for _click in range(2):
        end(agreement, DAY + timedelta(days=10))
    assert not may(desk, Task.DELIVERY, on=DAY + timedelta(days=10))
    assert Event.objects.filter(name="network.agreement_ended").count() == 1


def test_a_closed_desk_may_nothing_whatever_its_agreements():
    desk = make_desk(valid_from=DAY - YEAR)
    data = {"name": desk.name, "body": desk.body, "municipality": desk.municipality, "address": "Via Meda 20"}
    for _click in range(2):
        closed = update_desk(desk=desk, **data, valid_from=desk.valid_from, valid_until=DAY, at=AT, by=None)
    assert not may(closed, Task.SUPPORT, on=DAY)
    assert Event.objects.filter(name="network.desk_updated").count() == 1
    assert refusal(update_desk, desk=desk, **data, valid_from=DAY, valid_until=DAY, at=AT, by=None) is Refusal.PERIOD


def test_what_overlaps_or_makes_no_sense_is_refused_also_by_the_database():
    desk = make_desk(valid_from=DAY - YEAR)
    first = agree(desk, until=DAY + YEAR)
    assert refusal(agree, desk, since=DAY + timedelta(days=1)) is Refusal.AGREEMENT_OVERLAP
    assert refusal(agree, desk, since=DAY, until=DAY) is Refusal.PERIOD
    assert refusal(end, first, reason=" ") is Refusal.NO_REASON
    assert refusal(end, first, DAY + 2 * YEAR) is Refusal.AGREEMENT_ENDED
    assert refusal(end, first, DAY) is Refusal.PERIOD
    agree(desk, since=DAY + YEAR)
    with pytest.raises(DatabaseError, match="network_agreement_no_overlap"), transaction.atomic():
        Agreement.objects.create(desk=desk, task=Task.DELIVERY, valid_from=DAY + timedelta(days=5))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=6))
def test_no_day_is_ever_agreed_twice(spans):
    with transaction.atomic():
        desk = make_desk(valid_from=DAY - YEAR)
        for begin, length in spans:
            with suppress(NetworkRefused):
                agree(desk, since=DAY + timedelta(days=begin), until=DAY + timedelta(days=begin + length))
        rows = Agreement.objects.filter(desk=desk, task=Task.DELIVERY)
        for day in (DAY + timedelta(days=n) for n in range(61)):
            assert sum(a.is_in_force_on(day) for a in rows) <= 1
        transaction.set_rollback(True)


def test_a_family_is_sent_to_the_nearest_desk_that_may():
    desk = make_desk(valid_from=DAY - YEAR)
    far = make_desk(valid_from=DAY - YEAR, delivers=True, municipality=make_municipality("Bergamo", "BG", "A794"))
    near = make_desk(valid_from=DAY - YEAR, delivers=True, municipality=make_municipality("Milano", "MI", "F205"))
    here = make_desk(valid_from=DAY - YEAR, delivers=True)
    assert list_desks_nearby(desk, Task.DELIVERY, on=DAY) == [here, near]
    assert far not in list_desks_nearby(desk, Task.SUPPORT, on=DAY)


def test_the_office_changes_a_desk_and_its_agreements(client, monkeypatch):
    set_clock(monkeypatch, OPEN_AT)
    desk = make_desk(valid_from=date(2025, 1, 1))
    page = f"/ufficio/rete/sportelli/{desk.pk}/"
    client.force_login(make_user((Role.PROGRAMME_MANAGER, "programme", desk.programme_id)))
    assert "aiuta a fare domanda" in text_of(client.get("/ufficio/rete/")).lower()
    data = {"request_key": "k", "task": "delivery", "act": "Convenzione 12", "valid_from": "10/03/2025"}
    for _click in range(2):
        assert client.post(f"{page}convenzioni/", data).status_code == 302
    assert "Convenzione 12" in text_of(client.get(page))
    again = client.post(f"{page}convenzioni/", data | {"act": "Altra"})
    assert again.status_code == 422 and "già in convenzione" in text_of(again)
    agreement = Agreement.objects.get(task=Task.DELIVERY)
    address = f"/ufficio/rete/convenzioni/{agreement.pk}/chiudi/"
    assert client.post(address, {"request_key": "k", "on": "31/03/2025", "reason": ""}).status_code == 422
    client.post(address, {"request_key": "k", "on": "31/03/2025", "reason": "Disdetta"})
    agreement.refresh_from_db()
    assert agreement.valid_until == date(2025, 4, 1)
    edited = {
        "request_key": "k", "name": "Nuovo nome", "body": "EnAIP", "municipality": "Rho (MI)",
        "valid_from": "01/01/2025", "valid_until": "31/12/2025",
    }  # fmt: skip
    client.post(page, edited)
    desk.refresh_from_db()
    assert (desk.name, desk.valid_until) == ("Nuovo nome", date(2026, 1, 1))
    assert client.post(page, edited | {"valid_until": "01/12/2024"}).status_code == 422
    client.force_login(make_user((Role.PROGRAMME_MANAGER, "programme", 999_999)))
    for path in (page, address):
        assert client.get(path).status_code == 404
    client.force_login(make_user((Role.AUDITOR, "all", None)))
    assert client.get(page).status_code == 200
    assert client.post(page, edited).status_code in {403, 404}
