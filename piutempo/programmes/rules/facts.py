"""
The fact sheet of a household: what is declared, what the rules may read, and how the second follows from the first.

Declared data is JSON: days are ``"2011-03-31"``, periods end exclusive, money in cents; ``null`` or an absent key
means "not said yet".
A count that depends on something not said is a ``Range``; a datum that is not there at all is left out, and a rule
that reads it answers
"missing". Tests and docs/rules/eligibility-facts.md read the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from piutempo.kernel.periods import Month, Period, age_on, months_touched
from piutempo.programmes.rules.problems import Problem, closest

FOREVER = "9999-12-31"
RELATIONS = {
    "applicant": "richiedente",
    "partner": "coniuge o convivente",
    "child": "figlio o figlia",
    "parent": "genitore",
    "other": "altro familiare",
}
_PARENTS = frozenset({"applicant", "partner"})


def _(text: str) -> str:
    """Mark a text for the catalogues; the pages translate it."""
    return text


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared datum: ``kind`` is one of day, past_day, yes_no, cents, text, relation, list."""

    name: str
    kind: str
    label: str
    meaning: str
    is_required: bool = False
    items: tuple[Declared, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One derived datum that an expression may read: ``kind`` is int, text, texts, ints or maps (with ``keys``)."""

    name: str
    kind: str
    label: str
    meaning: str
    keys: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """A count known only within bounds, because some member's datum is not said yet."""

    low: int
    high: int


DECLARED: tuple[Declared, ...] = (
    Declared(
        "members",
        "list",
        _("Nucleo familiare"),
        _("Le persone del nucleo, compresa quella che fa domanda."),
        True,
        (
            Declared(
                "relation", "relation", _("Relazione con chi fa domanda"), _("Una delle relazioni ammesse."), True
            ),
            Declared("birth_date", "past_day", _("Data di nascita"), _("Serve a calcolare l'età.")),
            Declared(
                "cohabiting", "yes_no", _("Vive con chi fa domanda"), _("Convivente secondo lo stato di famiglia.")
            ),
            Declared(
                "non_self_sufficient",
                "yes_no",
                _("Non autosufficiente"),
                _("Certificato, o dichiarato con atto notorio."),
            ),
            Declared(
                "short_time_work", "yes_no", _("In cassa integrazione"), _("In cassa integrazione, anche in deroga.")
            ),
            Declared(
                "person_id", "cents", _("Persona"), _("Identificativo in anagrafica, se c'è; le regole non lo leggono.")
            ),
        ),
    ),
    Declared(
        "measures",
        "list",
        _("Doti e misure"),
        _("Le misure di politica attiva di cui la persona è destinataria."),
        False,
        (
            Declared("code", "text", _("Misura"), _("Codice della misura."), True),
            Declared("assigned_on", "past_day", _("Assegnata il"), _("Giorno dell'assegnazione."), True),
            Declared("valid_from", "day", _("Inizio"), _("Primo giorno.")),
            Declared("valid_until", "day", _("Fine"), _("Primo giorno dopo la fine; vuoto se non ha scadenza.")),
        ),
    ),
    Declared(
        "trainings",
        "list",
        _("Percorsi di formazione"),
        _("I percorsi di formazione o riqualificazione della persona."),
        False,
        (
            Declared("from", "day", _("Inizio"), _("Primo giorno."), True),
            Declared("until", "day", _("Fine"), _("Primo giorno dopo la fine."), True),
            Declared("title", "text", _("Titolo"), _("Nome del percorso.")),
        ),
    ),
    Declared(
        "other_benefits",
        "list",
        _("Altri contributi"),
        _("Altri contributi ricevuti per gli stessi servizi."),
        False,
        (
            Declared("code", "text", _("Contributo"), _("Codice del contributo."), True),
            Declared("month_cents", "cents", _("Importo al mese"), _("In euro al mese.")),
        ),
    ),
    Declared("isee_cents", "cents", _("ISEE"), _("Indicatore ISEE del nucleo, in euro.")),
    Declared("province", "text", _("Provincia di residenza"), _("Sigla, per esempio MI.")),
)

FACTS: tuple[Fact, ...] = (
    Fact("submitted_on", "text", _("giorno della domanda"), _("Data che regola età e periodi, come 2011-03-31.")),
    Fact("submitted_month", "text", _("mese della domanda"), _("Come 2011-03.")),
    Fact("next_month", "text", _("mese dopo la domanda"), _("Come 2011-04.")),
    Fact(
        "household_size",
        "int",
        _("persone nel nucleo"),
        _("Conviventi, compresa quella che fa domanda."),
        (),
        ("members.cohabiting",),
    ),
    Fact(
        "parents",
        "int",
        _("genitori conviventi"),
        _("Chi fa domanda più il coniuge o convivente che vive nello stesso nucleo."),
        (),
        ("members.relation", "members.cohabiting"),
    ),
    Fact(
        "minors_cohabiting",
        "int",
        _("figli minorenni conviventi"),
        _("Figli conviventi che non hanno compiuto 18 anni il giorno della domanda."),
        (),
        ("members.relation", "members.birth_date", "members.cohabiting"),
    ),
    Fact(
        "parents_in_short_time_work",
        "int",
        _("genitori in cassa integrazione"),
        _("Quanti dei genitori conviventi sono in cassa integrazione."),
        (),
        ("members.relation", "members.cohabiting", "members.short_time_work"),
    ),
    Fact(
        "non_self_sufficient_cohabiting",
        "int",
        _("conviventi non autosufficienti"),
        _("Conviventi, chiunque siano, non autosufficienti."),
        (),
        ("members.cohabiting", "members.non_self_sufficient"),
    ),
    Fact(
        "child_ages",
        "ints",
        _("età dei figli conviventi"),
        _("Anni compiuti il giorno della domanda, dal più piccolo."),
        (),
        ("members.relation", "members.birth_date", "members.cohabiting"),
    ),
    Fact(
        "measures",
        "maps",
        _("doti e misure"),
        _("Elenco; ogni voce ha codice e giorni come 2010-02-01; una fine che manca è 9999-12-31."),
        ("code", "assigned_on", "valid_from", "valid_until"),
        ("measures.code", "measures.assigned_on", "measures.valid_from", "measures.valid_until"),
    ),
    Fact(
        "training_months",
        "texts",
        _("mesi di formazione"),
        _("Mesi, come 2011-03, in cui cade almeno un giorno di formazione; in ordine, ciascuno una volta."),
        (),
        ("trainings.from", "trainings.until"),
    ),
    Fact(
        "training_months_count",
        "int",
        _("quanti mesi di formazione"),
        _("Quanti sono."),
        (),
        ("trainings.from", "trainings.until"),
    ),
    Fact(
        "first_training_month",
        "text",
        _("primo mese di formazione"),
        _("Come 2011-03; manca se non c'è formazione."),
        (),
        ("trainings.from", "trainings.until"),
    ),
    Fact(
        "other_benefits",
        "texts",
        _("altri contributi"),
        _("Codici degli altri contributi."),
        (),
        ("other_benefits.code",),
    ),
    Fact("isee_cents", "int", _("ISEE"), _("Indicatore ISEE del nucleo, in euro."), (), ("isee_cents",)),
    Fact("province", "text", _("provincia di residenza"), _("Sigla, per esempio MI."), (), ("province",)),
)
FACT_BY_NAME = {fact.name: fact for fact in FACTS}


def fields_read(names: Iterable[str]) -> frozenset[str]:
    """Return the declared data (``members.birth_date``) behind these facts: what a form has to ask."""
    return frozenset(field for name in names if name in FACT_BY_NAME for field in FACT_BY_NAME[name].reads)


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _count(answers: list[bool | None]) -> int | Range:
    low, unknown = answers.count(True), answers.count(None)
    return Range(low, low + unknown) if unknown else low


@lru_cache(maxsize=1024)
def _days(on: date) -> tuple[str, str, str]:
    month = Month.of(on)
    return on.isoformat(), str(month), str(month + 1)


@lru_cache(maxsize=4096)
def _months(trainings: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    periods = [Period(date.fromisoformat(start), date.fromisoformat(end)) for start, end in trainings]
    return tuple(str(month) for month in months_touched(periods))


def _count_members(members: list[dict[str, Any]], on: date) -> dict[str, Any]:
    """Return the facts that count members: one pass, because every application and every self-check comes here."""
    living: list[bool | None] = []
    parents: list[bool | None] = []
    minors: list[bool | None] = []
    in_short_time_work: list[bool | None] = []
    non_self_sufficient: list[bool | None] = []
    child_ages: list[int] = []
    knows_child_ages = True
    for member in members:
        relation = member["relation"]
        lives = True if relation == "applicant" else member.get("cohabiting")
        living.append(lives)
        non_self_sufficient.append(_and(lives, member.get("non_self_sufficient")))
        if relation in _PARENTS:
            parents.append(lives)
            in_short_time_work.append(_and(lives, member.get("short_time_work")))
        elif relation == "child" and lives is not False:
            birth = member.get("birth_date")
            if birth:
                age = age_on(date.fromisoformat(birth), on)
                child_ages.append(age)
                minors.append(_and(lives, age < 18))
            else:
                minors.append(None)
            knows_child_ages = knows_child_ages and bool(birth) and lives is True
    facts: dict[str, Any] = {
        "household_size": _count(living),
        "parents": _count(parents),
        "minors_cohabiting": _count(minors),
        "parents_in_short_time_work": _count(in_short_time_work),
        "non_self_sufficient_cohabiting": _count(non_self_sufficient),
    }
    if knows_child_ages:
        facts["child_ages"] = sorted(child_ages)
    return facts


def build_facts(declared: Mapping[str, Any], on: date) -> dict[str, Any]:
    """
    Return what the rules read on ``on``: name (see ``FACTS``) -> int, text, list or ``Range``; what is not known is
    left out.

    ``declared`` must have passed ``validate_declared``.
    """
    submitted_on, submitted_month, next_month = _days(on)
    facts: dict[str, Any] = {
        "submitted_on": submitted_on,
        "submitted_month": submitted_month,
        "next_month": next_month,
    }
    members = declared.get("members")
    if members:
        facts |= _count_members(members, on)
    if declared.get("measures") is not None:
        facts["measures"] = [
            {
                "code": m["code"],
                "assigned_on": m["assigned_on"],
                "valid_from": m.get("valid_from") or m["assigned_on"],
                "valid_until": m.get("valid_until") or FOREVER,
            }
            for m in declared["measures"]
        ]
    if declared.get("trainings") is not None:
        months = list(_months(tuple((t["from"], t["until"]) for t in declared["trainings"])))
        facts["training_months"], facts["training_months_count"] = months, len(months)
        if months:
            facts["first_training_month"] = months[0]
    if declared.get("other_benefits") is not None:
        facts["other_benefits"] = [b["code"] for b in declared["other_benefits"]]
    for name in ("isee_cents", "province"):
        if declared.get(name) not in (None, ""):
            facts[name] = declared[name]
    return facts


def validate_declared(declared: object, on: date) -> list[Problem]:
    """
    Return what is wrong with a declared fact sheet on ``on`` (empty: nothing), each with its path and an Italian
    sentence.
    """
    problems: list[Problem] = []
    if not isinstance(declared, dict):
        return [Problem("", _("La scheda dei dati deve essere un oggetto con i campi del modello."))]
    _validate(declared, DECLARED, "", on, problems)
    members = declared.get("members")
    if isinstance(members, list) and not problems:
        applicants = sum(1 for m in members if m["relation"] == "applicant")
        if applicants != 1:
            problems.append(
                Problem(
                    "members",
                    _("Nel nucleo ci deve essere una sola persona che fa domanda: ne risultano %(n)s."),
                    {"n": applicants},
                )
            )
    return problems


def _validate(
    values: dict[str, Any], fields: tuple[Declared, ...], path: str, on: date, problems: list[Problem]
) -> None:
    known = {field.name: field for field in fields}
    problems.extend(
        Problem(
            path + key,
            _("Il campo «%(key)s» non esiste nella scheda.%(hint)s"),
            {"key": key, "hint": closest(key, known)},
        )
        for key in values
        if key not in known
    )
    for field in fields:
        value = values.get(field.name)
        where = path + field.name
        if value is None:
            if field.is_required:
                problems.append(Problem(where, _("Manca «%(label)s»: è un dato obbligatorio."), {"label": field.label}))
        elif field.kind == "list":
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                problems.append(Problem(where, _("«%(label)s» deve essere un elenco."), {"label": field.label}))
                continue
            for index, item in enumerate(value):
                _validate(item, field.items, f"{where}[{index}].", on, problems)
        else:
            _validate_value(field, value, where, on, problems)
    start, end = values.get("from", values.get("valid_from")), values.get("until", values.get("valid_until"))
    if isinstance(start, str) and isinstance(end, str) and end <= start:
        problems.append(Problem(path.rstrip("."), _("La fine deve venire dopo l'inizio: controlla le due date.")))


def _validate_value(field: Declared, value: object, where: str, on: date, problems: list[Problem]) -> None:
    label = {"label": field.label}
    if field.kind in {"day", "past_day"}:
        try:
            day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        if day is None:
            problems.append(Problem(where, _("«%(label)s» non è una data valida: scrivila come 31/12/2010."), label))
        elif field.kind == "past_day" and day > on:
            problems.append(Problem(where, _("«%(label)s» è nel futuro: controlla l'anno."), label))
        elif day.year < 1890 or day.year > 2200:
            problems.append(Problem(where, _("«%(label)s» ha un anno impossibile: controllalo."), label))
    elif field.kind == "yes_no" and not isinstance(value, bool):
        problems.append(Problem(where, _("«%(label)s» vuole sì o no."), label))
    elif field.kind == "cents" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        problems.append(Problem(where, _("«%(label)s» deve essere un importo in euro, da zero in su."), label))
    elif field.kind == "text" and (not isinstance(value, str) or not value.strip()):
        problems.append(Problem(where, _("«%(label)s» deve essere un testo."), label))
    elif field.kind == "relation" and value not in RELATIONS:
        problems.append(
            Problem(
                where,
                _("«%(value)s» non è una relazione ammessa: usa una di %(known)s."),
                {"value": value, "known": ", ".join(RELATIONS)},
            )
        )
