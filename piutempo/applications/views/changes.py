"""«È cambiato qualcosa?»: a family, or the desk for it, says what changed and from when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.applications.forms.changes import ChangeForm
from piutempo.applications.forms.family import MemberAsked, SituationForm
from piutempo.applications.messages import change_sentence
from piutempo.applications.models import Application, ChangeKind, ChangeStatus
from piutempo.applications.selectors.changes import get_current_facts, list_changes_of
from piutempo.applications.services.changing import ChangeRefused, declare_change
from piutempo.applications.views import citizen, desk
from piutempo.applications.views.steps import Seat
from piutempo.people.access import PiuRequest
from piutempo.people.messages import REFUSALS
from piutempo.people.models import Relation
from piutempo.people.rules import Notice
from piutempo.people.selectors import list_members
from piutempo.people.services import PersonRefused, check_person, register_person
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused

TAGS = {ChangeStatus.DECLARED: "waiting", ChangeStatus.APPLIED: "good", ChangeStatus.REFUSED: "bad"}


def change_page(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Declare a change; see what became of the earlier ones."""
    on = timezone.localdate(request.now)
    declared = get_current_facts(application)
    members = [
        MemberAsked(m.person_id, f"{m.person} ({m.get_relation_display()})", m.relation)
        for m in list_members(application.household)
    ]
    data = request.POST if request.method == "POST" else None
    form = ChangeForm(data, request.FILES or None, members=members, on=on)
    terms = get_current_terms(application.programme, on)
    situation = SituationForm(data, terms=terms, members=members, declared=declared, on=on)
    if request.method == "POST":
        # Both are read, so that every error is shown at once.
        is_whole = all([form.is_valid(), situation.is_valid()])
        if is_whole and _declare(request, seat, application, form, situation):
            messages.success(
                request,
                _("Grazie: il cambiamento è comunicato. L'ufficio rifà i conti e ti scrive che cosa cambia e perché."),
            )
            return redirect(seat.url("change", application))
    rows = list_changes_of(application)
    context = {
        "seat": seat,
        "application": application,
        "form": form,
        "situation": situation,
        "can_declare": application.status == "approved" and not any(c.status == ChangeStatus.DECLARED for c in rows),
        "changes": [
            {
                "change": c,
                "label": ChangeKind(c.kind).label,
                "tag": TAGS[ChangeStatus(c.status)],
            }
            for c in rows
        ],
        "days": terms.procedure.change_days,
        "home_url": seat.url("application", application),
        "area_url": reverse(f"applications:{seat.kind}"),
    }
    status = 422 if data is not None else 200
    return render(request, "applications/change.html", context, status=status)


def _declare(
    request: PiuRequest, seat: Seat, application: Application, form: ChangeForm, situation: SituationForm
) -> bool:
    data = form.cleaned_data
    facts = situation.facts
    gone = {int(pk) for pk in data.get("gone") or []}
    rows = [m for m in facts.get("members") or [] if m.get("person_id") not in gone]
    joined = _joined(request, seat, application, form, rows)
    if form.errors:
        return False
    facts["members"] = rows + ([joined] if joined else [])
    try:
        declare_change(
            application=application,
            kind=data["kind"],
            happened_on=data["happened_on"],
            facts=facts,
            note=data["note"],
            files=[(f.name or "", f.read()) for f in data["papers"]],
            at=request.now,
            by=request.user,
        )
    except ChangeRefused as refused:
        form.add_error(None, change_sentence(refused))
    except FileRefused as refused:
        form.add_error("papers", str(FILE_REFUSALS[refused.code]))
    return not form.errors


def _joined(
    request: PiuRequest, seat: Seat, application: Application, form: ChangeForm, rows: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return the new member's row of the fact sheet; the form says why a person cannot be added."""
    data = form.cleaned_data
    if not data["fiscal_code"]:
        return None
    if data["relation"] == Relation.PARTNER and any(m.get("relation") == Relation.PARTNER for m in rows):
        form.add_error("relation", _("C'è già un coniuge o convivente: spunta prima chi non vive più con te."))
        return None
    names = {key: data[key] for key in ("fiscal_code", "given_name", "family_name")}
    try:
        notices = check_person(birth_date=None, household_id=application.household_id, at=request.now, **names)
        if seat.kind == "citizen" and Notice.KNOWN_OTHER_NAME in notices:
            form.add_error(
                "fiscal_code",
                _(
                    "Questo codice fiscale risulta di una persona con un altro nome: controlla codice, nome e cognome "
                    "sulla tessera sanitaria. Se sono giusti, passa da uno sportello con un documento."
                ),
            )
            return None
        person = register_person(at=request.now, by=request.user, **names)
    except PersonRefused as refused:
        form.add_error("fiscal_code", str(REFUSALS[refused.code]))
        return None
    if any(m.get("person_id") == person.pk for m in rows):
        form.add_error("fiscal_code", _("Questa persona è già nella famiglia."))
        return None
    row: dict[str, Any] = {
        "relation": data["relation"],
        "birth_date": person.birth_date.isoformat(),
        "cohabiting": True,
        "person_id": person.pk,
    }
    return row | ({"non_self_sufficient": data["needs_care"] == "yes"} if data["needs_care"] else {})


citizen_change = citizen.own(change_page)
desk_change = desk.helped(change_page)
