"""
Everything that is kept about one person, as plain JSON values: for reading and for taking away (GDPR art. 15 and 20).

Days are ``"2011-03-31"``, instants ISO 8601 with their offset, money integer cents, ends of periods exclusive. Of
another family's household only the person's own membership is there.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from piutempo.applications.models import Application, Attachment, Change, Identification, Mandate
from piutempo.applications.models import Status as ApplicationStatus
from piutempo.applications.selectors import list_applications_of
from piutempo.awards.selectors import list_awards_of
from piutempo.controls.models import Check, CheckState
from piutempo.controls.selectors import list_checks_of
from piutempo.correspondence.models import Message
from piutempo.correspondence.selectors import list_letters_of
from piutempo.people.models import Member, Person, Relation
from piutempo.procedures.models import Procedure
from piutempo.programmes.selectors import get_current_terms
from piutempo.vouchers.models import Redemption, Voucher

FORMAT = "piutempo-dossier/1"
SUBJECT = "applications.application"

Row = dict[str, Any]


def get_dossier(person: Person, at: datetime) -> Row:
    """Return everything kept about a person. A fixed number of queries, whatever the number of rows."""
    applications = list(list_applications_of(person).prefetch_related("evidence", "decisions__criteria"))
    ids = [a.pk for a in applications]
    return {
        "format": FORMAT,
        "generated_at": _moment(at),
        "person": _person(person),
        "households": _households(person),
        "applications": _applications(applications, ids),
        "vouchers": _vouchers(person),
        "letters": [
            {
                "id": letter.pk,
                "title": letter.title,
                "number": str(letter.entry) if letter.entry else None,
                "created_at": _moment(letter.created_at),
                "state": letter.state,
                "sha256": letter.document.sha256,
            }
            for letter in list_letters_of(person)
        ],
        "messages": [
            {
                "kind": message.kind,
                "number": str(message.entry) if message.entry else None,
                "received_at": _moment(message.received_at),
                "text": message.text,
                "answered_at": _moment(message.answered_at),
                "answer": message.answer or None,
            }
            for message in Message.objects.filter(person=person).select_related("entry").order_by("id")
        ],
        "checks": [_check(check) for check in list_checks_of(person)],
        "identifications": [
            {
                "desk": row.desk.name,
                "document_kind": row.document_kind,
                "document_number": row.document_number,
                "expires_on": _day(row.expires_on),
                "checked_at": _moment(row.checked_at),
            }
            for row in Identification.objects.filter(person=person).select_related("desk").order_by("id")
        ],
        "mandates": [
            {
                "desk": row.desk.name,
                "signed_on": _day(row.signed_on),
                "valid_until": _day(row.valid_until),
                "revoked_at": _moment(row.revoked_at),
            }
            for row in Mandate.objects.filter(person=person).select_related("desk").order_by("id")
        ],
    }


def _moment(value: datetime | None) -> str | None:
    return timezone.localtime(value).isoformat(timespec="seconds") if value else None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _person(person: Person) -> Row:
    return {
        "fiscal_code": person.fiscal_code,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birth_date": _day(person.birth_date),
        "gender": person.gender,
        "municipality": str(person.municipality) if person.municipality else None,
        "address": person.address,
        "phone": person.phone,
        "email": person.email,
    }


def _households(person: Person) -> list[Row]:
    """The households where the person asks for the family, whole; of the others only the person's own membership."""
    mine = list(Member.objects.filter(person=person).select_related("household").order_by("id"))
    whole = {m.household_id for m in mine if m.relation == Relation.APPLICANT}
    members: dict[int, list[Row]] = defaultdict(list)
    rows = Member.objects.filter(household__in={m.household_id for m in mine})
    for member in rows.select_related("person", "care_need").order_by("id"):
        if member.household_id in whole or member.person_id == person.pk:
            members[member.household_id].append(_member(member))
    return [
        {"id": household.pk, "created_at": _moment(household.created_at), "members": members[household.pk]}
        for household in {m.household_id: m.household for m in mine}.values()
    ]


def _member(member: Member) -> Row:
    need = getattr(member, "care_need", None)
    return {
        "fiscal_code": member.person.fiscal_code,
        "given_name": member.person.given_name,
        "family_name": member.person.family_name,
        "birth_date": _day(member.person.birth_date),
        "relation": member.relation,
        "is_cohabiting": member.is_cohabiting,
        "care_need": json.loads(need.sealed) if need else None,
        "valid_from": _day(member.valid_from),
        "valid_until": _day(member.valid_until),
    }


def _grouped(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _applications(applications: list[Application], ids: list[int]) -> list[Row]:
    files = _grouped(
        Attachment.objects.filter(application__in=ids, removed_at=None).select_related("file").defer("file__content"),
        "application_id",
    )
    changes = _grouped(Change.objects.filter(application__in=ids), "application_id")
    awards = _grouped(list_awards_of(ids), "application_id")
    procedures = Procedure.objects.filter(subject=SUBJECT, subject_id__in=ids).select_related("responsible")
    by_case = {p.subject_id: p for p in procedures.prefetch_related("steps__answers")}
    titles = {a.pk: _titles_of(a) for a in applications}
    return [
        {
            "id": a.pk,
            "programme": a.programme.title,
            "number": a.number,
            "status": a.status,
            "channel": a.channel,
            "desk": a.desk.name if a.desk else None,
            "created_at": _moment(a.created_at),
            "submitted_at": _moment(a.submitted_at),
            "closed_at": _moment(a.closed_at),
            "declared": json.loads(a.facts) if a.facts else {},
            "declared_sha256": a.facts_hash if a.status != ApplicationStatus.DRAFT else None,
            "evidence": [
                {
                    "criterion": e.code,
                    "title": titles[a.pk].get(e.code, e.code),
                    "way": e.way,
                    "note": e.note,
                    "at": _moment(e.at),
                }
                for e in a.evidence.all()
            ],
            "files": [_file(f) for f in files[a.pk]],
            "procedure": _procedure(by_case[a.pk]) if a.pk in by_case else None,
            "decisions": [_decision(d) for d in a.decisions.all()],
            "changes": [_change(c) for c in changes[a.pk]],
            "awards": [_award(w) for w in awards[a.pk]],
        }
        for a in applications
    ]


def _titles_of(application: Application) -> dict[str, str]:
    day = timezone.localdate(application.submitted_at or application.created_at)
    terms = get_current_terms(application.programme, day)
    return {criterion.code: criterion.title for criterion in terms.eligibility.criteria}


def _file(attachment: Attachment) -> Row:
    return {
        "kind": attachment.kind,
        "criterion": attachment.code or None,
        "name": attachment.file.name,
        "media_type": attachment.file.media_type,
        "size": attachment.file.size,
        "sha256": attachment.file.sha256,
        "at": _moment(attachment.at),
    }


def _procedure(procedure: Procedure) -> Row:
    return {
        "round": procedure.round,
        "started_on": _day(procedure.started_on),
        "term_days": procedure.term_days,
        "due_on": _day(procedure.due_on),
        "status": procedure.status,
        "outcome": procedure.outcome or None,
        "office": procedure.office,
        "responsible": procedure.responsible.full_name if procedure.responsible else None,
        "steps": [
            {
                "round": step.round,
                "kind": step.kind,
                "sentences": step.items,
                "sent_at": _moment(step.sent_at),
                "due_on": _day(step.due_on),
                "answers": [{"at": _moment(x.at), "text": x.text} for x in step.answers.all()],
                "closed_at": _moment(step.closed_at),
            }
            for step in procedure.steps.all()
        ],
    }


def _decision(decision: Any) -> Row:
    return {
        "round": decision.round,
        "is_approved": decision.is_approved,
        "months": decision.months,
        "first_month": _day(decision.first_month),
        "note": decision.note,
        "decided_at": _moment(decision.decided_at),
        "criteria": [
            {
                "code": row.code,
                "outcome": row.overruled or row.outcome,
                "outcome_of_the_rules": row.outcome,
                "sentence": row.sentence,
                "reason": row.overrule_reason or None,
                "source": row.source,
            }
            for row in decision.criteria.all()
        ],
    }


def _change(change: Change) -> Row:
    return {
        "kind": change.kind,
        "happened_on": _day(change.happened_on),
        "declared_at": _moment(change.declared_at),
        "status": change.status,
        "note": change.note,
        "declared": json.loads(change.facts),
        "effect": change.effect,
    }


def _check(check: Check) -> Row:
    """What the family was told of a check: the finding once it is written, the outcome once it is final."""
    is_told, is_closed = check.finding_at is not None, check.state == CheckState.CLOSED
    return {
        "number": check.application.number,
        "ground": check.ground,
        "state": check.state,
        "opened_at": _moment(check.opened_at),
        "finding": check.finding if is_told else None,
        "finding_at": _moment(check.finding_at),
        "answer_due_on": _day(check.answer_due_on),
        "outcome": check.outcome if is_closed else None,
        "reasons": check.reasons if is_closed else None,
        "closed_at": _moment(check.closed_at),
    }


def _award(award: Any) -> Row:
    return {
        "id": award.pk,
        "product": award.product,
        "status": award.status,
        "first_month": _day(award.first_month),
        "months": award.months,
        "months_issued": award.months_issued,
        "months_released": award.months_released,
        "month_cents": award.month_cents,
    }


def _vouchers(person: Person) -> list[Row]:
    vouchers = list(Voucher.objects.filter(holder=person).select_related("programme").order_by("month", "id"))
    spent = _grouped(
        Redemption.objects.filter(voucher__in=[v.pk for v in vouchers])
        .select_related("site", "reversal")
        .order_by("served_on", "id"),
        "voucher_id",
    )
    return [
        {
            "programme": v.programme.title,
            "product": v.product,
            "month": _day(v.month),
            "first_serial": v.first_serial,
            "value_cents": v.value_cents,
            "spent_cents": v.spent_cents,
            "void_cents": v.void_cents,
            "lapsed_cents": v.lapsed_cents,
            "issued_on": _day(v.issued_on),
            "valid_from": _day(v.valid_from),
            "valid_until": _day(v.valid_until),
            "redemptions": [
                {
                    "served_on": _day(r.served_on),
                    "redeemed_at": _moment(r.redeemed_at),
                    "site": r.site.name,
                    "service": r.service,
                    "quantity": r.quantity,
                    "amount_cents": r.amount_cents,
                    "reversed_at": _moment(r.reversal.at) if hasattr(r, "reversal") else None,
                }
                for r in spent[v.pk]
            ],
        }
        for v in vouchers
    ]
