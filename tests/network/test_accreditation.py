"""Accreditation: cut at ceilings, never overlapping."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from piutempo.kernel.periods import Period
from piutempo.network.models import Grant
from piutempo.network.rules import Refusal, pieces_for
from piutempo.network.selectors import count_sites_for_public, get_grant, list_sites_for_public
from piutempo.network.services import (
    Accreditation,
    NetworkRefused,
    ProviderInput,
    SiteInput,
    accredit_site,
    accredit_sites,
    end_accreditation,
    register_provider,
    register_providers,
    register_sites,
)
from tests.network.factories import AT, make_municipality, make_programme, make_site, vat_number
from tests.network.terms import make_ceiling, make_service, make_terms

NEW_YEAR = date(2011, 1, 1)


def test_a_period_is_cut_where_the_ceiling_changes():
    service = make_terms().service("nido")
    pieces = pieces_for(service, None, Period(date(2010, 6, 1), None))
    assert [(p.valid_from, p.valid_until, p.unit_ceiling_cents) for p in pieces] == [
        (date(2010, 6, 1), NEW_YEAR, 900),
        (NEW_YEAR, None, 1_100),
    ]


def test_a_price_below_every_ceiling_gives_one_piece():
    service = make_terms().service("nido")
    assert [p.unit_ceiling_cents for p in pieces_for(service, 700, Period(date(2010, 6, 1), None))] == [700]
    assert [p.unit_ceiling_cents for p in pieces_for(service, 1_000, Period(date(2010, 6, 1), None))] == [900, 1_000]


def test_days_without_a_ceiling_give_nothing():
    service = make_service("x", make_ceiling(100, date(2010, 3, 1), date(2010, 4, 1)))
    pieces = pieces_for(service, None, Period(date(2010, 1, 1), date(2010, 3, 15)))
    assert [(p.valid_from, p.valid_until) for p in pieces] == [(date(2010, 3, 1), date(2010, 3, 15))]
    assert pieces_for(service, None, Period(date(2010, 4, 1), None)) == []


def accredit(site, services=(("nido", None),), start=date(2010, 2, 1), end=None, network="servizi"):
    return accredit_site(
        site=site,
        programme=make_programme(),
        terms=make_terms(),
        network=network,
        services=services,
        valid_from=start,
        valid_until=end,
        at=AT,
    )


@pytest.mark.django_db
def test_accrediting_writes_dated_rows_that_a_day_finds():
    site = make_site()
    assert len(accredit(site)) == 2
    found = {"site": site, "programme": make_programme(), "network": "servizi", "service": "nido"}
    assert get_grant(**found, on=date(2010, 12, 31)).unit_ceiling_cents == 900
    assert get_grant(**found, on=NEW_YEAR).unit_ceiling_cents == 1_100
    assert get_grant(**found, on=date(2010, 1, 31)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"services": ()}, Refusal.NO_SERVICES),
        ({"services": (("boh", None),)}, Refusal.UNKNOWN_SERVICE),
        ({"services": (("spesa", None),)}, Refusal.OTHER_NETWORK),
        ({"services": (("nido", 0),)}, Refusal.PRICE),
        ({"network": "boh"}, Refusal.UNKNOWN_NETWORK),
        ({"end": date(2010, 2, 1)}, Refusal.PERIOD),
        ({"start": date(2009, 1, 1), "end": date(2009, 2, 1)}, Refusal.NO_CEILING),
        ({"services": (("nido", None), ("nido", None))}, Refusal.OVERLAP),
    ],
)
def test_each_refusal_writes_nothing(change, code):
    with pytest.raises(NetworkRefused) as refused:
        accredit(make_site(), **change)
    assert refused.value.code == code
    assert not Grant.objects.exists()


@pytest.mark.django_db
def test_overlapping_periods_are_refused_by_the_service_and_neighbours_are_not():
    site = make_site()
    accredit(site, end=date(2010, 7, 1))
    with pytest.raises(NetworkRefused) as refused:
        accredit(site, start=date(2010, 6, 30))
    assert refused.value.code == Refusal.OVERLAP
    accredit(site, start=date(2010, 7, 1))


@pytest.mark.django_db
def test_overlapping_periods_are_refused_by_the_database():
    site = make_site()
    first, second = accredit(site)
    with pytest.raises(DatabaseError, match="network_grant_no_overlap"), transaction.atomic():
        Grant.objects.filter(pk=first.pk).update(valid_until=None)
    with pytest.raises(DatabaseError, match="network_grant_no_overlap"), transaction.atomic():
        Grant.objects.bulk_create([grant_like(second, date(2011, 5, 1))])
    with pytest.raises(DatabaseError, match="network_grant_no_overlap"), transaction.atomic():
        other = grant_like(second, date(2015, 1, 1), service="sitter")
        again = grant_like(second, date(2015, 6, 1), service="sitter")
        Grant.objects.bulk_create([other, again])
    assert Grant.objects.count() == 2


def grant_like(grant, start, service=None):
    return Grant(
        programme=grant.programme,
        site=grant.site,
        network=grant.network,
        service=service or grant.service,
        unit=grant.unit,
        unit_ceiling_cents=1,
        valid_from=start,
    )


@pytest.mark.django_db
def test_ending_cuts_open_rows_and_takes_future_ones_away():
    site = make_site()
    accredit(site)
    assert end_accreditation(site=site, programme=make_programme(), on=date(2010, 10, 1), at=AT) == 2
    assert list(Grant.objects.values_list("valid_until", flat=True)) == [date(2010, 10, 1)]
    with pytest.raises(NetworkRefused) as refused:
        end_accreditation(site=site, programme=make_programme(), on=date(2010, 10, 1), at=AT)
    assert refused.value.code == Refusal.NOT_ACCREDITED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "code"),
    [({"vat_number": "12345678901"}, Refusal.VAT_NUMBER), ({"iban": "IT00X0542811101000000123456"}, Refusal.IBAN)],
)
def test_partita_iva_and_iban_are_checked(fields, code):
    with pytest.raises(NetworkRefused) as refused:
        register_provider(**{"name": "Coop", "vat_number": vat_number(7), "at": AT} | fields)
    assert refused.value.code == code


@pytest.mark.django_db
def test_a_region_of_sites_is_accredited_in_few_queries(django_assert_max_num_queries):
    rho = make_municipality()
    with django_assert_max_num_queries(120):
        providers = register_providers([ProviderInput(f"Coop {i}", vat_number(i)) for i in range(1, 201)])
        sites = register_sites(
            [SiteInput(providers[i % 200].pk, f"S{i:05d}", f"Nido {i}", rho.pk) for i in range(1_400)]
        )
        grants = accredit_sites(
            [Accreditation(s.pk, "servizi", (("nido", None), ("sitter", 750)), date(2010, 1, 1)) for s in sites],
            programme=make_programme(),
            terms=make_terms(),
        )
    assert len(grants) == 1_400 * 3


@pytest.mark.django_db
def test_the_public_search_finds_by_place_and_service_on_a_day(django_assert_num_queries):
    milano = make_municipality("Milano", "MI", "F205")
    near, far = make_site(phone="02 1234"), make_site(municipality=milano)
    accredit(near, services=(("nido", None), ("sitter", None)))
    accredit(far, services=(("sitter", None),))
    query = {"programme": make_programme(), "on": date(2010, 3, 1)}
    with django_assert_num_queries(2):
        found = list_sites_for_public(**query, place="rh", service="sitter")
    assert [site.name for site in found] == [near.name]
    assert [service.code for service in found[0].services] == ["sitter", "nido"]
    assert found[0].phone == "02 1234"
    assert count_sites_for_public(**query, service="sitter") == 2
    assert count_sites_for_public(**query, province="BG") == 0
    assert count_sites_for_public(programme=make_programme(), on=date(2010, 1, 1)) == 0
