"""Rows for tests of the network."""

import itertools
from datetime import UTC, date, datetime

from stdnum.it import iva

from piutempo.network.models import Desk, Provider, Site
from piutempo.network.services import open_desk, register_provider, register_site
from piutempo.people.models import Municipality
from piutempo.programmes.models import Programme

AT = datetime(2010, 1, 10, 9, tzinfo=UTC)
_numbers = itertools.count(1)


def make_municipality(name: str = "Rho", province: str = "MI", code: str = "H264") -> Municipality:
    return Municipality.objects.get_or_create(pk=code, defaults={"name": name, "province": province})[0]


def make_programme(code: str = "prova") -> Programme:
    return Programme.objects.get_or_create(code=code, defaults={"title": "Programma di prova"})[0]


def vat_number(number: int) -> str:
    """A partita IVA with the right check digit."""
    digits = f"{number:07d}015"
    return next(digits + str(c) for c in range(10) if iva.is_valid(digits + str(c)))


def make_provider(**fields: str) -> Provider:
    number = next(_numbers)
    return register_provider(**{"name": f"Coop {number}", "vat_number": vat_number(number), "at": AT} | fields)  # type: ignore[arg-type]


def make_site(provider: Provider | None = None, municipality: Municipality | None = None, **fields: str) -> Site:
    number = next(_numbers)
    return register_site(
        provider=provider or make_provider(),
        code=fields.pop("code", f"S{number:04d}"),
        name=fields.pop("name", f"Nido {number}"),
        municipality=municipality or make_municipality(),
        at=AT,
        **fields,  # type: ignore[arg-type]
    )


def make_desk(programme: Programme | None = None, **fields: object) -> Desk:
    number = next(_numbers)
    defaults = {
        "programme": programme or make_programme(),
        "code": f"D{number:03d}",
        "name": f"Sportello {number}",
        "body": "CISL",
        "municipality": make_municipality(),
        "valid_from": date(2010, 1, 1),
        "at": AT,
    }
    return open_desk(**defaults | fields)  # type: ignore[arg-type]
