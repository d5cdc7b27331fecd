"""Pages of the office: issuance with its rehearsal, extension acts, what expires, looking a voucher up."""

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals
from piutempo.people.models import Role, Scope
from piutempo.programmes.models import Programme
from piutempo.vouchers.models import Extension, IssuanceRun, Voucher
from piutempo.vouchers.services import redeem
from tests.vouchers.factories import NOW, ROME, TODAY, build_family, code_of, codes_of, issued
from tests.vouchers.pages import enter, queries_of, text_of

pytestmark = pytest.mark.django_db
LATER = datetime(2011, 11, 15, 10, 0, tzinfo=ROME)


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def officer(client, world):
    return enter(client, "carla", Role.CASE_OFFICER, Scope.PROGRAMME, world.programme.pk)


def chosen(world, month="2011-03", product="titoli"):
    return {"product": f"{world.programme.pk}:{product}", "month": month}


def test_a_month_is_rehearsed_run_and_never_issued_twice(client, world, officer):
    for _ in range(3):
        build_family(world)
    page = text_of(client.get(reverse("vouchers:rehearse"), chosen(world)))
    assert "Emetti 3 buoni" in page and "750,00" in page
    assert not Voucher.objects.exists() and not IssuanceRun.objects.exists()
    data = {**chosen(world), "request_key": "a"}
    assert "3 buoni emessi" in text_of(client.post(reverse("vouchers:rehearse"), data, follow=True))
    client.post(reverse("vouchers:rehearse"), data, follow=True)
    client.post(reverse("vouchers:rehearse"), {**data, "request_key": "b"}, follow=True)
    assert Voucher.objects.count() == 3
    assert "Non c&#x27;è nulla da emettere" in text_of(client.get(reverse("vouchers:rehearse"), chosen(world))).replace(
        "'", "&#x27;"
    )
    progress = client.get(reverse("vouchers:progress"), chosen(world))
    assert progress.status_code == 286 and "3 buoni emessi" in text_of(progress)


@pytest.mark.parametrize("month", ["", "marzo", "2011-13"])
def test_a_wrong_month_is_told(client, world, officer, month):
    assert client.get(reverse("vouchers:rehearse"), chosen(world, month)).status_code == 422


def test_a_month_whose_vouchers_would_be_over_is_told(client, world, officer):
    family = build_family(world)
    page = client.get(reverse("vouchers:rehearse"), chosen(world, "2011-09"))
    assert page.status_code in {200, 422}
    assert family.award.pk and not Voucher.objects.exists()


def test_somebody_elses_programme_is_not_found(client, world):
    other = Programme.objects.create(code="altro", title="Altro")
    run = IssuanceRun.objects.create(
        programme=world.programme, product="titoli", month=TODAY.replace(day=1), started_at=NOW
    )
    voucher = issued(world, build_family(world))
    enter(client, "carla", Role.CASE_OFFICER, Scope.PROGRAMME, other.pk)
    assert client.get(reverse("vouchers:run", args=[run.pk])).status_code == 404
    assert client.get(reverse("vouchers:office_voucher", args=[voucher.pk])).status_code == 404
    assert client.get(reverse("vouchers:rehearse"), chosen(world)).status_code == 404
    assert client.post(reverse("vouchers:rehearse"), {**chosen(world), "request_key": "a"}).status_code == 404
    assert client.get(reverse("vouchers:progress"), chosen(world)).status_code == 404
    assert client.get(reverse("vouchers:expiring"), {"programma": world.programme.pk}).status_code == 404
    assert "Maria" not in text_of(client.get(reverse("vouchers:office_vouchers")))


def act(world, **more):
    return {
        "product": f"{world.programme.pk}:titoli", "first_day": "2011-08-31", "last_day": "2011-08-31",
        "new_last_day": "2011-12-31", "restores_lapsed": "on", "decree": "Decreto 12 del 2011", "reason": "Ritardi",
        "request_key": "e1", **more,
    }  # fmt: skip


def test_an_expiry_is_previewed_extended_and_given_back(client, world, officer):
    voucher = issued(world, build_family(world))
    address = reverse("vouchers:new_extension")
    page = text_of(client.post(address, {**act(world), "step": "preview"}))
    assert "31/12/2011" in page and "250,00" in page and "Conferma la proroga" in page
    assert not Extension.objects.exists()
    for _click in range(2):
        client.post(address, {**act(world), "step": "confirm"}, follow=True)
    made = Extension.objects.get()
    voucher.refresh_from_db()
    assert (made.vouchers, voucher.valid_until.isoformat()) == (1, "2012-01-01")
    here = reverse("vouchers:extension", args=[made.pk])
    assert "31/12/2011" in text_of(client.get(here))
    assert client.post(here, {"reason": "", "request_key": "u"}).status_code == 422
    assert "Proroga annullata" in text_of(
        client.post(here, {"reason": "Decreto ritirato", "request_key": "u"}, follow=True)
    )
    voucher.refresh_from_db()
    assert voucher.valid_until.isoformat() == "2011-09-01"
    again = client.post(here, {"reason": "Decreto ritirato", "request_key": "v"})
    assert again.status_code == 422 and "è già stata annullata" in text_of(again)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"decree": ""}, "obbligatorio"),
        ({"last_day": "2011-08-01"}, "viene prima dell"),
        ({"new_last_day": "2011-08-01"}, "deve venire dopo"),
        ({"first_day": "ieri"}, "giorno/mese/anno"),
    ],
)
def test_a_wrong_act_is_told(client, world, officer, more, sentence):
    issued(world, build_family(world))
    answer = client.post(reverse("vouchers:new_extension"), {**act(world, **more), "step": "confirm"})
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert not Extension.objects.exists()


def test_an_act_that_touches_nothing_is_refused(client, world, officer):
    answer = client.post(reverse("vouchers:new_extension"), {**act(world), "step": "confirm"})
    assert answer.status_code == 422 and "Nessun buono con valore residuo" in text_of(answer)


def test_what_expires_is_shown_and_lapses_once(client, world, officer, monkeypatch):
    issued(world, build_family(world))
    page = text_of(client.get(reverse("vouchers:expiring")))
    assert "agosto 2011" in page and "31/08/2011" in page and "Niente da far rientrare" in page
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    enter(client, "carla", Role.CASE_OFFICER, Scope.PROGRAMME, world.programme.pk)
    assert "Fai rientrare 250,00" in text_of(client.get(reverse("vouchers:expiring")))
    data = {"programma": world.programme.pk, "request_key": "l"}
    assert "Rientrati nel fondo 250,00" in text_of(client.post(reverse("vouchers:expiring"), data, follow=True))
    client.post(reverse("vouchers:expiring"), data, follow=True)
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 0


def test_a_voucher_is_found_by_serial_by_code_and_by_holder(client, world, officer):
    family = build_family(world)
    other = issued(world, family)
    voucher = issued(world, build_family(world))
    redeem(
        site=world.site, codes=codes_of(other, 1), service="nido", quantity=1, served_on=TODAY, at=NOW, by=None,
        key="k", person_cared_id=family.baby.pk,
    )  # fmt: skip
    address = reverse("vouchers:office_vouchers")
    here = reverse("vouchers:office_voucher", args=[voucher.pk])
    there = reverse("vouchers:office_voucher", args=[other.pk])
    for text in (str(voucher.first_serial + 24), code_of(voucher, 3), voucher.holder.fiscal_code):
        page = text_of(client.get(address, {"q": text}))
        assert here in page and there not in page, text
    assert "non è scritto bene" in text_of(client.get(address, {"q": "AAAAA-BBBBB-CCCCC-DDDDD"}))
    assert "Nido Aurora" in text_of(client.get(there))


@pytest.mark.parametrize("name", ["issuance", "rehearse", "extensions", "new_extension", "expiring", "office_vouchers"])
def test_only_the_office_opens_its_pages(client, world, name):
    enter(client, "olga", Role.PROVIDER_OPERATOR, Scope.SITE, world.site.pk)
    assert client.get(reverse(f"vouchers:{name}")).status_code == 403
    client.logout()
    assert client.get(reverse(f"vouchers:{name}")).status_code == 302


def test_lists_cost_the_same_queries_whatever_their_rows(client, world, officer):
    counts = {}
    for month in ("2011-03", "2011-04", "2011-05"):
        build_family(world)
        client.post(reverse("vouchers:rehearse"), {**chosen(world, month), "request_key": month})
        client.post(
            reverse("vouchers:new_extension"),
            {
                **act(
                    world, first_day="2011-08-01", last_day="2011-11-30", new_last_day="2012-01-31", request_key=month
                ),
                "step": "confirm",
            },
        )
        for name in ("issuance", "extensions", "expiring", "office_vouchers"):
            counts.setdefault(name, []).append(queries_of(client, reverse(f"vouchers:{name}")))
    for name, found in counts.items():
        assert found[-1] == found[0] <= 12, (name, found)
