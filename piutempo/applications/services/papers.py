"""A request on paper: as it was submitted, with its evidence, sealed; and the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from piutempo.applications.letters import RECEIPT
from piutempo.applications.models import Application, EvidenceWay
from piutempo.applications.rules.evidence import hash_of_request
from piutempo.applications.selectors import get_declared, get_rules
from piutempo.applications.selectors.evidence import gather_proofs, list_evidence_files
from piutempo.applications.services.receiving import SUBJECT, shown_day, shown_instant
from piutempo.correspondence.services import letterhead
from piutempo.kernel.money import format_euro
from piutempo.people.models import Person, Relation, User
from piutempo.programmes.rules.facts import DECLARED, Declared
from piutempo.records.models import Direction, Document
from piutempo.records.selectors import list_register_of
from piutempo.records.services import freeze_document

KIND = "applications.request_paper"
#: Days that the fact sheet holds with an exclusive end.
_ENDS = {"until", "valid_until"}


def get_receipt(application: Application) -> Document | None:
    """Return the receipt of a submitted request; None for requests received before receipts were given."""
    return Document.objects.filter(kind=RECEIPT.code, subject=SUBJECT, subject_id=application.pk).first()


def freeze_request(*, application: Application, at: datetime, by: User | None) -> Document:
    """
    Return the request as it was submitted, as a sealed document frozen at the first opening.

    All that it says is fixed at submission: facts and evidence of a submitted request never change.
    """
    if application.submitted_at is None:
        raise ValueError(f"application {application.pk} is a draft: there is nothing to freeze yet")
    with translation.override("it"):
        data = request_data(application)
        return freeze_document(
            kind=KIND,
            template="applications/request.typ",
            subject=SUBJECT,
            subject_id=application.pk,
            title=data["title"],
            data=data,
            at=at,
            by_id=by.pk if by else None,
            is_sealed=True,
        )


def request_data(application: Application) -> dict[str, Any]:
    """Return what the paper of a request says: who, family, situation, evidence, declaration, hash."""
    submitted_at = application.submitted_at or application.created_at
    declared, who = get_declared(application), application.applicant
    terms = get_rules(application.programme, timezone.localdate(submitted_at))[1]
    proofs = gather_proofs([application.pk]).get(application.pk, [])
    entry = list_register_of(subject=SUBJECT, subject_id=application.pk).filter(direction=Direction.IN).first()
    named = _named(declared)
    return {
        "title": _("Domanda n. %(number)s") % {"number": application.number},
        "letterhead": letterhead(at=submitted_at),
        "programme": terms.title,
        "summary": [
            [_("Numero"), str(application.number)],
            [_("Protocollo"), str(entry) if entry else "–"],
            [_("Presentata"), shown_instant(submitted_at)],
            [_("Sportello"), application.desk.name if application.desk else _("nessuno: presentata in rete")],
            [_("Chi fa domanda"), str(who)],
            [_("Codice fiscale"), who.fiscal_code],
            [_("Residenza"), ", ".join(str(x) for x in (who.address, who.municipality) if x) or "–"],
            [_("Recapiti"), ", ".join(x for x in (who.phone, who.email) if x) or "–"],
        ],
        "members_head": [_("Persona"), _("Codice fiscale"), _("Nascita"), _("Relazione"), _("Vive in casa")],
        "members": [_member(m, named) for m in declared.get("members", [])],
        "facts": describe_facts(declared, named),
        "evidence": [
            {
                "title": {c.code: c.title for c in terms.eligibility.criteria}.get(p.code, p.code),
                "way": str(EvidenceWay(p.way).label),
                "note": p.note,
            }
            for p in proofs
        ],
        "files_head": [_("File"), _("Byte"), _("Impronta SHA-256")],
        "files": [[a.file.name, f"{a.file.size}", a.file.sha256] for a in list_evidence_files(application)],
        "declaration": _(
            "Chi fa domanda ha dichiarato che i dati sono veri e di sapere che possono essere controllati "
            "(DPR 445/2000, articoli 46, 47 e 76)."
        ),
        "sha256": hash_of_request(application.facts_hash, proofs),
    }


def _named(declared: Mapping[str, Any]) -> dict[int, Person]:
    ids = [m["person_id"] for m in declared.get("members") or [] if m.get("person_id")]
    return Person.objects.in_bulk(ids)


def _member(member: Mapping[str, Any], named: Mapping[int, Person]) -> list[str]:
    person = named.get(member.get("person_id") or 0)
    lives = member.get("cohabiting", member["relation"] == Relation.APPLICANT)
    return [
        str(person or "–"),
        person.fiscal_code if person else "–",
        _shown("birth_date", "past_day", member.get("birth_date")),
        str(Relation(member["relation"]).label),
        _("sì") if lives else _("no"),
    ]


def describe_facts(declared: Mapping[str, Any], named: Mapping[int, Person] | None = None) -> list[dict[str, Any]]:
    """
    Return what was declared besides the family's composition: groups with a title and rows (label, value), in Italian.

    ``named``: the members by id, when they are at hand.
    """
    named = _named(declared) if named is None else named
    groups: list[dict[str, Any]] = []
    alone: list[list[str]] = []
    for field in DECLARED:
        value = declared.get(field.name)
        if value in (None, "", []):
            continue
        if field.name == "members":
            rows = [
                [
                    f"{named.get(m.get('person_id') or 0, '–')}: {_(item.label)}",
                    _shown(item.name, item.kind, m[item.name]),
                ]
                for m in value
                for item in field.items
                if item.kind == "yes_no" and item.name != "cohabiting" and m.get(item.name) is not None
            ]
            if rows:
                groups.append({"title": _("Lavoro e cura"), "rows": rows})
        elif field.kind == "list":
            groups += [{"title": _(field.label), "rows": _row(item, field.items)} for item in value]
        else:
            alone.append([_(field.label), _shown(field.name, field.kind, value)])
    return [*groups, {"title": _("La famiglia"), "rows": alone}] if alone else groups


def _row(item: Mapping[str, Any], fields: Sequence[Declared]) -> list[list[str]]:
    return [[_(f.label), _shown(f.name, f.kind, item[f.name])] for f in fields if item.get(f.name) not in (None, "")]


def _shown(name: str, kind: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if kind in {"day", "past_day"}:
        day = date.fromisoformat(value)
        return shown_day(day - timedelta(days=1) if name in _ENDS else day)
    if kind == "yes_no":
        return _("sì") if value else _("no")
    return format_euro(value) if kind == "cents" else str(value)
