"""
The steps of an application, the same for a citizen and for a desk: household, situation, review, submission.

Each step is saved when it is sent, so a draft can be left and taken up again; sending a step twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from piutempo.applications.forms.family import MemberAsked, MemberForm, SituationForm, SubmitForm, WithdrawForm
from piutempo.applications.messages import sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.rules import window_refusal_for
from piutempo.applications.selectors import assess, get_case, get_declared
from piutempo.applications.services import ApplicationRefused, submit_application, withdraw_application
from piutempo.applications.services.declaring import declare_members, declare_situation, list_member_inputs
from piutempo.applications.views.story import story_of
from piutempo.network.models import Desk
from piutempo.people.access import PiuRequest
from piutempo.people.messages import NOTICES, REFUSALS
from piutempo.people.models import Relation
from piutempo.people.rules import Notice
from piutempo.people.selectors import list_members
from piutempo.people.services import MemberInput, PersonRefused, check_person
from piutempo.programmes.selectors import get_current_terms

STEPS = (
    ("household", gettext_lazy("Nucleo")),
    ("situation", gettext_lazy("Situazione")),
    ("review", gettext_lazy("Riepilogo")),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """Who fills the application: ``citizen``, or ``desk`` for somebody who came to it."""

    kind: str
    desk: Desk | None = None

    def url(self, name: str, application: Application) -> str:
        """Return the address of a page of an application as this seat sees it."""
        return reverse(f"applications:{self.kind}_{name}", args=[application.pk])


def _context(seat: Seat, application: Application, step: str) -> dict[str, Any]:
    names = [name for name, _label in STEPS]
    return {
        "seat": seat,
        "application": application,
        "programme": application.programme,
        "applicant": application.applicant,
        "steps": [
            {
                "label": label,
                "url": seat.url(name, application),
                "is_current": name == step,
                "is_done": names.index(step) > i,
            }
            for i, (name, label) in enumerate(STEPS)
        ],
        "next_url": seat.url(names[names.index(step) + 1], application) if step != names[-1] else "",
        "back_url": seat.url(names[names.index(step) - 1], application) if step != names[0] else "",
        "home_url": reverse(f"applications:{seat.kind}"),
        "home_label": _("La mia area") if seat.kind == "citizen" else _("Sportello"),
    }


def _not_draft(seat: Seat, application: Application) -> HttpResponseRedirect | None:
    """A step of an application that is no longer a draft leads to its page."""
    return None if application.status == Status.DRAFT else redirect(seat.url("application", application))


def household(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 1: who lives with the applicant. One member at a time, each saved at once."""
    if away := _not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    form = MemberForm(request.POST if request.POST.get("action") == "add" else None, on=on)
    if request.method == "POST":
        current = list_member_inputs(application.household)
        wanted: list[MemberInput] | None = None
        if request.POST.get("action") == "remove":
            wanted = [m for m in current if m.fiscal_code != request.POST.get("fiscal_code")]
        elif form.is_valid():
            wanted = _with_member(request, seat, application, form, current)
        if wanted is not None:
            try:
                declare_members(application=application, members=wanted, at=request.now, by=request.user)
            except PersonRefused as refused:
                form.add_error(None, REFUSALS[refused.code])
            except ApplicationRefused as refused:
                form.add_error(None, sentence_for(refused))
            else:
                return redirect(seat.url("household", application))
    context = _context(seat, application, "household") | {
        "form": form,
        "members": list(list_members(application.household)),
    }
    return render(request, "applications/household.html", context, status=422 if form.errors else 200)


def _with_member(
    request: PiuRequest, seat: Seat, application: Application, form: MemberForm, current: list[MemberInput]
) -> list[MemberInput] | None:
    """
    Return the members with the one in the form; None when it may not be added (the form then says why).

    A desk has the card in hand. A citizen who types somebody else's codice fiscale must not learn whose it is.
    """
    data = form.cleaned_data
    if data["fiscal_code"] == application.applicant.fiscal_code:
        form.add_error(
            "fiscal_code", _("È il codice fiscale di chi fa domanda, che c'è già: scrivi quello dell'altra persona.")
        )
        return None
    if data["relation"] == Relation.PARTNER and any(
        m.relation == Relation.PARTNER and m.fiscal_code != data["fiscal_code"] for m in current
    ):
        form.add_error("relation", _("C'è già un coniuge o convivente nel nucleo: controlla la relazione."))
        return None
    warnings = check_person(
        fiscal_code=data["fiscal_code"],
        given_name=data["given_name"],
        family_name=data["family_name"],
        birth_date=data["birth_date"],
        household_id=application.household_id,
        at=request.now,
    )
    if seat.kind == "citizen" and Notice.KNOWN_OTHER_NAME in warnings:
        form.add_error(
            "fiscal_code",
            _(
                "Questo codice fiscale risulta di una persona con un altro nome: controlla codice, nome e cognome "
                "sulla tessera sanitaria. Se sono giusti, passa da uno sportello con un documento."
            ),
        )
        return None
    for warning in warnings:
        messages.warning(request, f"{data['given_name']} {data['family_name']}: {NOTICES[warning]}")
    member = MemberInput(
        fiscal_code=data["fiscal_code"],
        given_name=data["given_name"],
        family_name=data["family_name"],
        relation=data["relation"],
        is_cohabiting=data["cohabiting"] == "yes",
    )
    messages.success(request, _("%(name)s è nel nucleo.") % {"name": f"{data['given_name']} {data['family_name']}"})
    return [m for m in current if m.fiscal_code != data["fiscal_code"]] + [member]


def situation(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 2: what the programme's rules ask, and nothing else."""
    if away := _not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    wants_row = request.POST.get("action") == "row"
    form = SituationForm(
        request.POST if request.method == "POST" else None,
        terms=get_current_terms(application.programme, on),
        members=[
            MemberAsked(m.person_id, f"{m.person} ({m.get_relation_display()})", m.relation)
            for m in list_members(application.household)
        ],
        declared=get_declared(application),
        on=on,
        extra_rows=2 if request.GET.get("riga") else 1,
    )
    if request.method == "POST" and form.is_valid():
        try:
            declare_situation(application=application, facts=form.facts, at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            if wants_row:
                return redirect(seat.url("situation", application) + "?riga=1")
            return redirect(seat.url("review", application))
    context = _context(seat, application, "situation") | {"form": form, "has_lists": bool(form.rows)}
    return render(request, "applications/situation.html", context, status=422 if form.errors else 200)


def review(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 3: everything declared, what the rules say of it, and the submission. A second click changes nothing."""
    if away := _not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    form = SubmitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = submit_application(application=application, at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            messages.success(request, _("Domanda presentata: è la numero %(number)s.") % {"number": done.number})
            return redirect(seat.url("application", application))
    assessment = assess(application, on=on)
    refusal = window_refusal_for(assessment.terms.windows, request.now)
    context = _context(seat, application, "review") | {
        "form": form,
        "members": list(list_members(application.household)),
        "assessment": assessment,
        "window_sentence": sentence_for(ApplicationRefused(refusal.code, window=refusal.window)) if refusal else "",
    }
    return render(request, "applications/review.html", context, status=422 if form.errors else 200)


def application_page(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """One application: state in plain words, what happens next, the reasons of the decision, months."""
    if application.status == Status.DRAFT:
        return redirect(seat.url("household", application))
    case = get_case(application)
    terms = get_current_terms(application.programme, timezone.localdate(application.submitted_at or request.now))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_application(
                application=application, reason=form.cleaned_data["reason"], at=request.now, by=request.user
            )
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            messages.success(request, _("La domanda è stata ritirata."))
            return redirect(seat.url("application", application))
    titles = {c.code: c.title for c in terms.eligibility.criteria}
    groups = {g.code: g.title for g in terms.eligibility.groups}
    context = {
        "seat": seat,
        "application": application,
        "programme": application.programme,
        "applicant": application.applicant,
        "story": story_of(application, decision=case.decision, awards=case.awards, terms=terms),
        "decision": case.decision,
        "results": [
            {"row": r, "title": titles.get(r.code, r.code), "group": groups.get(r.group, "")} for r in case.results
        ],
        "assessment": case.assessment,
        "members": list(list_members(application.household)),
        "can_withdraw": application.status == Status.SUBMITTED,
        "form": form,
        "home_url": reverse(f"applications:{seat.kind}"),
        "home_label": _("La mia area") if seat.kind == "citizen" else _("Sportello"),
    }
    return render(request, "applications/application.html", context, status=422 if form.errors else 200)
