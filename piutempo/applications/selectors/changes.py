"""Reading changes of circumstances: what the family's sheet says today, and what a change does to its right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from piutempo.applications.models import (
    Application,
    Attachment,
    AttachmentKind,
    Change,
    ChangeStatus,
    CriterionResult,
    Decision,
)
from piutempo.applications.rules.changing import SliceChange, effective_month_for, is_late, slice_change
from piutempo.applications.selectors.assessment import RulesByDay, get_declared, get_rules
from piutempo.applications.selectors.office import OFFICE_ROLES, get_scope
from piutempo.kernel.periods import Month
from piutempo.people.access import Roles
from piutempo.programmes.models import ProgrammeVersion
from piutempo.programmes.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class ChangeAssessment:
    """A change judged: the version in force on its day, the right before and after, the first month it touches."""

    version: ProgrammeVersion
    terms: Terms
    change: SliceChange
    facts: dict[str, Any]
    since: Month
    is_late: bool


def get_facts_of(change: Change) -> dict[str, Any]:
    """Return the fact sheet from a change on."""
    facts: dict[str, Any] = json.loads(change.facts)
    return facts


def list_applied(application: Application) -> list[Change]:
    """Return the changes applied to a request, in the order of their days."""
    rows = Change.objects.filter(application=application, status=ChangeStatus.APPLIED)
    return list(rows.order_by("happened_on", "id"))


def get_current_facts(application: Application) -> dict[str, Any]:
    """Return the fact sheet in force: of the last change applied, or as declared with the request."""
    applied = list_applied(application)
    return get_facts_of(applied[-1]) if applied else get_declared(application)


def last_decided_on(application: Application, decision: Decision) -> date:
    """Return the day from which the days for a review run: of the decision, or of the last change judged after it."""
    closed = Change.objects.filter(application=application, closed_at__gt=decision.decided_at).order_by("closed_at")
    last = closed.values_list("closed_at", flat=True).last()
    return timezone.localdate(last or decision.decided_at)


def assess_change(change: Change) -> ChangeAssessment:
    """
    Judge a change against what was known before it: the decision in force and the changes applied earlier.

    Each slice is evaluated by the version in force on its day. Nothing is written.
    """
    application = change.application
    rows = CriterionResult.objects.filter(decision=application.decision_id)
    known = {r.code: r.overruled or r.outcome for r in rows}
    facts, rules = get_declared(application), RulesByDay()
    for earlier in list_applied(application):
        if earlier.pk == change.pk:
            break
        _version, terms = get_rules(application.programme, earlier.happened_on, rules)
        after = get_facts_of(earlier)
        known |= _slice(terms, facts, after, known, earlier.happened_on).known
        facts = after
    version, terms = get_rules(application.programme, change.happened_on, rules)
    after = get_facts_of(change)
    return ChangeAssessment(
        version=version,
        terms=terms,
        change=_slice(terms, facts, after, known, change.happened_on),
        facts=after,
        since=effective_month_for(change.happened_on),
        is_late=is_late(
            happened_on=change.happened_on,
            declared_on=timezone.localdate(change.declared_at),
            days=terms.procedure.change_days,
        ),
    )


def _slice(terms: Terms, before: dict[str, Any], after: dict[str, Any], known: dict[str, str], on: date) -> SliceChange:
    return slice_change(
        eligibility=terms.eligibility, facts_before=before, facts_after=after, known=known, happened_on=on
    )


def list_changes_for(roles: Roles) -> QuerySet[Change]:
    """Return the changes that an account of the office may read, the oldest first."""
    scope = get_scope(roles, *OFFICE_ROLES)
    rows = Change.objects.select_related("application__applicant", "application__programme", "closed_by")
    rows = rows if scope is None else rows.filter(application__programme_id__in=scope)
    return rows.order_by("declared_at", "id")


def list_changes_of(application: Application) -> list[Change]:
    """Return the changes of a request, the newest first."""
    return list(Change.objects.filter(application=application).order_by("-id"))


def list_change_files(change: Change) -> list[Attachment]:
    """Return the files that came with a change."""
    rows = Attachment.objects.filter(application=change.application_id, kind=AttachmentKind.CHANGE, ref_id=change.pk)
    return list(rows.select_related("file").defer("file__content"))
