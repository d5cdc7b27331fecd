"""A benefit withdrawn as a whole, by service and by page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from piutempo.applications.models import Application, Decision, Status
from piutempo.awards.models import Award
from piutempo.correspondence.models import Letter
from piutempo.ledger.models import Account
from piutempo.ledger.selectors import get_account_totals, list_violations
from piutempo.people.models import Role, Scope
from piutempo.vouchers.models import LapseCause
from piutempo.vouchers.services import RedemptionRefused, redeem
from piutempo.vouchers.services.leaving import end_benefit
from tests.vouchers.factories import NOW, TODAY, build_family, codes_of, issued
from tests.vouchers.pages import enter, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(world):
    family = build_family(world)
    application = Application.objects.create(
        programme=world.programme, number=1, household=family.household, applicant=family.holder, facts="{}",
        facts_hash="", status=Status.APPROVED, created_at=NOW, submitted_at=NOW, closed_at=NOW,
    )  # fmt: skip
    Decision.objects.create(
        application=application, version=world.version, is_approved=True, proposed="yes", decided_at=NOW
    )
    Award.objects.filter(pk=family.award.pk).update(application_id=application.pk)
    return family


@pytest.fixture
def application(family):
    return Application.objects.get()


@pytest.fixture
def voucher(world, family):
    voucher = issued(world, family)
    redeem(
        site=world.site, codes=codes_of(voucher, 1, 2), service="nido", quantity=10, served_on=TODAY, at=NOW, by=None,
        key="k", person_cared_id=family.baby.pk,
    )  # fmt: skip
    return voucher


def test_what_is_unspent_goes_back_and_what_was_spent_stays(world, family, application, voucher):
    end_benefit(application=application, cause=LapseCause.WITHDRAWN, reason="Requisiti venuti meno", at=NOW, by=None)
    totals = get_account_totals([world.pot.pk])
    assert totals[Account.COMMITTED] == totals[Account.ISSUED] == 0
    assert totals[Account.OWED] == 2_000
    assert totals[Account.AVAILABLE] == -totals[Account.WORLD] - 2_000
    again = end_benefit(
        application=application, cause=LapseCause.WITHDRAWN, reason="Requisiti venuti meno", at=NOW, by=None
    )
    assert sum(report.cents for report in again) == 0
    with pytest.raises(RedemptionRefused) as refused:
        redeem(
            site=world.site, codes=codes_of(voucher, 3), service="nido", quantity=10, served_on=TODAY, at=NOW, by=None,
            key="k2", person_cared_id=family.baby.pk,
        )  # fmt: skip
    assert refused.value.code == "LAPSED"
    assert list_violations() == []


def test_the_office_records_a_renunciation_and_the_family_is_told(client, world, application, voucher, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    enter(client, "carla", Role.CASE_OFFICER, Scope.PROGRAMME, world.programme.pk)
    address = reverse("vouchers:office_renounce", args=[application.pk])
    assert "di buoni emessi e non spesi" in text_of(client.get(address))
    given = {"reason": "Ha trovato posto al nido", "gives_back": "on", "request_key": "a"}
    assert client.post(address, given).status_code == 422  # nobody gives up for a family
    assert get_account_totals([world.pot.pk])[Account.ISSUED] > 0
    assert client.post(address, given | {"sure": "on"}).status_code == 302
    assert get_account_totals([world.pot.pk])[Account.ISSUED] == 0
    assert Letter.objects.get(kind="applications.renunciation").subject_id == application.pk


def test_no_page_takes_a_benefit_away_at_once(client, world, application, voucher, monkeypatch):
    """Only a forfeiture does, after its notice: the old addresses change nothing."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    enter(client, "carla", Role.CASE_OFFICER, Scope.PROGRAMME, world.programme.pk)
    before = get_account_totals([world.pot.pk])
    given = {"reason": "Requisiti venuti meno", "request_key": "a"}
    assert client.post(f"/ufficio/domande/{application.pk}/revoca/", given).status_code == 404
    assert client.post(reverse("applications:leave", args=[application.pk]), given).status_code == 302
    assert get_account_totals([world.pot.pk]) == before


def test_another_programmes_officer_finds_nothing(client, world, application, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    enter(client, "altro", Role.CASE_OFFICER, Scope.PROGRAMME, 999_999)
    assert client.get(reverse("vouchers:office_renounce", args=[application.pk])).status_code == 404
