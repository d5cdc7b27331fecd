"""A citizen's vouchers: only their own, as a page and as a part of one."""

import pytest
from django.urls import reverse
from django.utils import timezone

from piutempo.applications.models import Application, Status
from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.people.models import Person, Role
from piutempo.vouchers.services import redeem
from tests.vouchers.factories import NOW, TODAY, build_family, codes_of, issued
from tests.vouchers.pages import enter, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def sign_in(client, person, name="maria"):
    user = enter(client, name, Role.CITIZEN)
    Person.objects.filter(pk=person.pk).update(user=user)
    return user


def spend(world, family, voucher, *titles):
    return redeem(
        site=world.site, codes=codes_of(voucher, *titles), service="nido", quantity=1, served_on=TODAY, at=NOW, by=None,
        key=f"k{titles}", person_cared_id=family.baby.pk,
    )  # fmt: skip


def test_months_titles_left_expiry_and_where_they_were_spent(client, world):
    family = build_family(world)
    voucher = issued(world, family)
    spend(world, family, voucher, 1, 2)
    sign_in(client, family.holder)
    page = text_of(client.get(reverse("vouchers:citizen")))
    for words in ("23 di 25", "230,00", "31/08/2011", "Nido Aurora", "marzo 2011", "2 ancora da emettere"):
        assert words in page, words
    part = client.get(reverse("vouchers:citizen_panel"), headers={"HX-Request": "true"})
    assert "<html" not in text_of(part) and "23 di 25" in text_of(part)


def test_papers_only_of_what_is_mine_and_in_my_hands(client, world):
    mine, theirs = build_family(world), build_family(world)
    voucher, other = issued(world, mine), issued(world, theirs)
    sign_in(client, mine.holder)
    assert client.get(reverse("vouchers:my_carnet", args=[voucher.pk])).content.startswith(b"%PDF")
    assert client.get(reverse("vouchers:my_letter", args=[mine.award.pk])).content.startswith(b"%PDF")
    assert client.get(reverse("vouchers:my_carnet", args=[other.pk])).status_code == 404
    assert client.get(reverse("vouchers:my_letter", args=[theirs.award.pk])).status_code == 404
    april = issued(world, mine, month=Month(2011, 4), handed=False)
    assert client.get(reverse("vouchers:my_carnet", args=[april.pk])).status_code == 404
    assert "Ritiralo con un documento" in text_of(client.get(reverse("vouchers:citizen")))


def approved(world, family):
    return Application.objects.create(
        pk=family.award.application_id, programme=world.programme, facts="{}", household=family.household,
        applicant=family.holder, status=Status.APPROVED, number=family.holder.pk, created_at=NOW, submitted_at=NOW,
    )  # fmt: skip


def test_months_not_issued_are_renounced_knowingly_and_once(client, world):
    family = build_family(world)
    voucher = issued(world, family)
    application = approved(world, family)
    sign_in(client, family.holder)
    address = reverse("vouchers:renounce", args=[application.pk])
    assert "500,00" in text_of(client.get(address))
    assert client.post(address, {"reason": "Non mi servono più", "request_key": "a"}).status_code == 422
    data = {"reason": "Non mi servono più", "sure": "on", "request_key": "a"}
    for _click in range(2):
        assert client.post(address, data, follow=True).status_code == 200
    award = Award.objects.get(pk=family.award.pk)
    assert (award.status, award.months_released) == (AwardStatus.ENDED, 2)
    voucher.refresh_from_db()
    assert voucher.lapsed_cents == 0


def test_nobody_renounces_for_somebody_else(client, world):
    mine, theirs = build_family(world), build_family(world)
    application = approved(world, theirs)
    sign_in(client, mine.holder)
    address = reverse("vouchers:renounce", args=[application.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"reason": "Dispetto", "sure": "on", "request_key": "a"}).status_code == 404


def test_without_vouchers_or_a_person_the_page_says_what_to_do(client, world):
    enter(client, "nuova", Role.CITIZEN)
    assert "vai a uno sportello" in text_of(client.get(reverse("vouchers:citizen")))
    sign_in(client, build_family(world).holder, "altra")
    assert "Non hai ancora buoni" in text_of(client.get(reverse("vouchers:citizen")))


def test_only_a_citizen_opens_it(client, world):
    enter(client, "carla", Role.CASE_OFFICER)
    assert client.get(reverse("vouchers:citizen")).status_code == 403
    client.logout()
    assert client.get(reverse("vouchers:citizen")).status_code == 302


def test_the_page_costs_the_same_queries_whatever_its_vouchers(client, world):
    family = build_family(world)
    sign_in(client, family.holder)
    counts = []
    for number in (3, 4, 5):
        voucher = issued(world, family, month=Month(2011, number), at=NOW)
        if number == 3:
            spend(world, family, voucher, 1)
        counts.append(queries_of(client, reverse("vouchers:citizen")))
    assert counts[-1] == counts[0] <= 12, counts
