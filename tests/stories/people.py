"""The families of the stories, with true codici fiscali of nobody."""

from dataclasses import dataclass
from datetime import date

from codicefiscale import codicefiscale

#: Children keep about the same age whenever the stories run.
YEAR = date.today().year


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody: given name, family name, codice fiscale."""

    given: str
    family: str
    code: str

    @property
    def name(self) -> str:
        """Name and surname, as pages write it."""
        return f"{self.given} {self.family}"


def _who(given: str, family: str, gender: str, born: date) -> Who:
    text = codicefiscale.encode(
        lastname=family, firstname=given, gender=gender, birthdate=f"{born:%d/%m/%Y}", birthplace="Milano"
    )
    return Who(given, family, text)


FAMILIES = {
    "rossi": _who("Maria", "Rossi", "F", date(1987, 4, 12)),
    "moretti": _who("Lucia", "Moretti", "F", date(1990, 9, 1)),
    "conti": _who("Giulia", "Conti", "F", date(1985, 2, 3)),
    "bianchi": _who("Elena", "Bianchi", "F", date(1988, 7, 21)),
    "ferri": _who("Paola", "Ferri", "F", date(1983, 11, 30)),
    "greco": _who("Sara", "Greco", "F", date(1986, 1, 17)),
    "villa": _who("Marco", "Villa", "M", date(1984, 5, 9)),
    "haddad": _who("Amina", "Haddad", "F", date(1991, 3, 25)),
    "pace": _who("Vera", "Pace", "F", date(1989, 8, 8)),
    "serra": _who("Ida", "Serra", "F", date(1982, 12, 12)),
    "nuova": _who("Nora", "Nuova", "F", date(1992, 6, 6)),
    "amato": _who("Rita", "Amato", "F", date(1990, 5, 15)),
    "leone": _who("Carmen", "Leone", "F", date(1989, 10, 2)),
}
CHILDREN = {
    key: _who(given, FAMILIES[key].family, "M" if n % 2 else "F", date(YEAR - 2, 3, 10))
    for n, (key, given) in enumerate(
        {
            "rossi": "Chiara", "moretti": "Luca", "conti": "Sofia", "bianchi": "Pietro", "ferri": "Alice",
            "greco": "Tommaso", "villa": "Emma", "haddad": "Karim", "pace": "Leo", "serra": "Nina", "nuova": "Ada",
            "amato": "Elio", "leone": "Bice",
        }.items()
    )
}  # fmt: skip
