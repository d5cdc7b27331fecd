"""A long list is read by its keys: the same rows in the same order, a constant number of queries."""

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from piutempo.records.models import Event
from piutempo.ui import tables
from piutempo.ui.tables import Column, Filter, Table
from tests.applications.factories import OPEN_AT

pytestmark = pytest.mark.django_db


def show(address):
    return Table(
        RequestFactory().get(address),
        Event.objects.all(),
        columns=[Column("name", "Nome"), Column("subject_id", "Numero", kind="count")],
        filters=[Filter("q", "Cerca", "name__icontains")],
        caption="Fatti",
        empty="Niente",
        order="-subject_id",
        page_size=10,
    )


@pytest.mark.parametrize("address", ["/", "/?page=3", "/?sort=name&page=2", "/?q=b", "/?page=4"])
def test_keys_first_gives_the_same_page(monkeypatch, address):
    Event.objects.bulk_create(
        [Event(name="ab"[n % 2], subject="x.y", subject_id=n * 7 % 31, happened_at=OPEN_AT) for n in range(35)]
    )
    plain = [row.cells for row in show(address).body]
    monkeypatch.setattr(tables, "LONG", 5)
    with CaptureQueriesContext(connection) as queries:
        assert [row.cells for row in show(address).body] == plain
    assert len(queries) == 3
    assert plain
