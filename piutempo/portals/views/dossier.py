"""A person's dossier made readable: labels instead of codes, days instead of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.applications.models import EvidenceWay, Status
from piutempo.kernel.money import format_euro
from piutempo.people.models import Relation
from piutempo.programmes.rules.facts import DECLARED, RELATIONS, Declared

#: Ids of our own database: no use to whoever reads.
HIDDEN = frozenset({"person_id"})


def shown(dossier: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a dossier."""
    return {
        "households": [[_member(m) for m in h["members"]] for h in dossier["households"]],
        "applications": [_application(a) for a in dossier["applications"]],
        "vouchers": [_voucher(v) for v in dossier["vouchers"]],
        "letters": len(dossier["letters"]),
        "messages_sent": len(dossier["messages"]),
        "identified": list(_desk_lines(dossier)),
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _member(row: Mapping[str, Any]) -> dict[str, Any]:
    need = row["care_need"] or {}
    return {
        "name": f"{row['given_name']} {row['family_name']}",
        "relation": Relation(row["relation"]).label,
        "fiscal_code": row["fiscal_code"],
        "birth_date": _day(row["birth_date"]),
        "needs_care": bool(need.get("is_non_self_sufficient")),
        "until": _day(row["valid_until"]),
    }


def _application(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "programme": row["programme"],
        "number": row["number"],
        "status": Status(row["status"]).label,
        "submitted_at": _moment(row["submitted_at"]),
        "declared": list(_declared(row["declared"])),
        "evidence": [{"criterion": e["title"], "way": EvidenceWay(e["way"]).label} for e in row["evidence"]],
        "files": [{"name": f["name"], "size": f["size"], "at": _moment(f["at"])} for f in row["files"]],
        "decisions": [
            {"at": _moment(d["decided_at"]), "is_approved": d["is_approved"], "months": d["months"]}
            for d in row["decisions"]
        ],
    }


def _declared(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in DECLARED:
        value = facts.get(field.name)
        if value is None or value == []:
            continue
        if isinstance(value, list):
            for number, item in enumerate(value, 1):
                yield f"{_(field.label)} {number}", "; ".join(_parts(field, item))
        else:
            yield _(field.label), _value(field, value)


def _parts(field: Declared, item: Mapping[str, Any]) -> Iterator[str]:
    for part in field.items:
        if part.name not in HIDDEN and item.get(part.name) is not None:
            yield f"{_(part.label)}: {_value(part, item[part.name])}"


def _value(field: Declared, value: Any) -> str:
    if field.kind == "yes_no":
        return _("sì") if value else _("no")
    if field.kind == "cents":
        return format_euro(value)
    if field.kind == "relation":
        return _(RELATIONS.get(value, value))
    if field.kind in {"day", "past_day"}:
        return date_format(date.fromisoformat(value), "d/m/Y")
    return str(value)


def _voucher(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "month": _day(row["month"]),
        "value_cents": row["value_cents"],
        "spent_cents": row["spent_cents"],
        "redemptions": [
            {
                "served_on": _day(r["served_on"]),
                "site": r["site"],
                "amount_cents": r["amount_cents"],
                "is_reversed": r["reversed_at"] is not None,
            }
            for r in row["redemptions"]
        ],
    }


def _desk_lines(dossier: Mapping[str, Any]) -> Iterator[str]:
    for row in dossier["identifications"]:
        seen = _moment(row["checked_at"])
        yield _("%(day)s: %(desk)s ha visto il tuo documento (%(kind)s, %(number)s)") % {
            "day": date_format(seen, "d/m/Y") if seen else "",
            "desk": row["desk"],
            "kind": row["document_kind"],
            "number": row["document_number"],
        }
    for row in dossier["mandates"]:
        signed = _day(row["signed_on"])
        yield _("%(day)s: hai dato una delega a %(desk)s") % {
            "day": date_format(signed, "d/m/Y") if signed else "",
            "desk": row["desk"],
        }
