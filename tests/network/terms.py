"""Plain terms for tests of the network: two networks, three services, one ceiling that changes."""

from datetime import date

from piutempo.programmes.rules.terms import Ceiling, DeskTerms, Eligibility, NetworkTerms, ProviderTerms, Service, Terms


def make_ceiling(cents: int, start: date, end: date | None = None) -> Ceiling:
    return Ceiling(unit_cents=cents, valid_from=start, valid_until=end, act="decreto", method="")


def make_service(code: str, *ceilings: Ceiling, network: str = "servizi", unit: str = "hour") -> Service:
    return Service(
        code=code,
        title=code.title(),
        description="",
        network=network,
        unit=unit,
        valid_from=date(2010, 1, 1),
        valid_until=None,
        needs_person=False,
        min_age=None,
        max_age=None,
        ceilings=ceilings,
    )


def make_terms() -> Terms:
    return Terms(
        code="prova",
        title="Programma di prova",
        summary="",
        body="",
        valid_from=date(2010, 1, 1),
        starts_on=date(2010, 1, 1),
        ends_on=date(2012, 1, 1),
        provinces=(),
        illustrative=(),
        acts=(),
        funds=(),
        windows=(),
        eligibility=Eligibility("submitted_on", (), (), "0", "''"),
        products=(),
        networks=(NetworkTerms("servizi", "Servizi"), NetworkTerms("negozi", "Negozi")),
        services=(
            make_service(
                "nido", make_ceiling(900, date(2010, 1, 1), date(2011, 1, 1)), make_ceiling(1_100, date(2011, 1, 1))
            ),
            make_service("sitter", make_ceiling(800, date(2010, 1, 1))),
            make_service("spesa", make_ceiling(1_000, date(2010, 1, 1)), network="negozi", unit="piece"),
        ),
        waiting_order=(),
        desks=DeskTerms(identity_documents=(), proxy_allowed=True, bodies=()),
        providers=ProviderTerms(unit_types=("nido",), statement_days=30, payment_days=60),
    )
