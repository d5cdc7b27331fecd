"""
The steps of an application, the same for a citizen and a desk: who, household, situation, evidence, review, receipt.

Each step is saved when it is sent, also half filled («Salva ed esci»), so a draft can be left and taken up again;
sending a step twice changes nothing. The evidence step is in ``proofs``, what comes after in ``submitted``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from piutempo.applications.forms.evidence import ContactsForm
from piutempo.applications.forms.family import MemberAsked, MemberForm, SituationForm, SubmitForm
from piutempo.applications.messages import own_conflict_sentence, sentence_for
from piutempo.applications.models import Application, Status
from piutempo.applications.rules import window_refusal_for
from piutempo.applications.selectors import assess, get_declared
from piutempo.applications.selectors.conflicts import list_own_conflicts
from piutempo.applications.selectors.evidence import list_proofs
from piutempo.applications.services import ApplicationRefused, submit_application
from piutempo.applications.services.declaring import (
    declare_contacts,
    declare_members,
    declare_situation,
    get_left,
    leave_at,
    leave_situation,
    list_member_inputs,
)
from piutempo.applications.services.papers import describe_facts
from piutempo.kernel.periods import age_on
from piutempo.network.models import Desk
from piutempo.people.access import PiuRequest
from piutempo.people.messages import NOTICES, REFUSALS
from piutempo.people.models import Household, Person, Relation
from piutempo.people.rules import Notice
from piutempo.people.selectors import get_care_needs, get_person_by_code, list_members
from piutempo.people.services import MemberInput, PersonRefused, check_person, record_mismatch
from piutempo.programmes.selectors import get_current_terms

STEPS = (
    ("who", gettext_lazy("Chi sei")),
    ("household", gettext_lazy("Il tuo nucleo")),
    ("situation", gettext_lazy("La situazione")),
    ("evidence", gettext_lazy("Le prove")),
    ("review", gettext_lazy("Riepilogo")),
    ("receipt", gettext_lazy("Ricevuta")),
)
NAMES = [name for name, _label in STEPS]
#: The longest text of a half-filled field that waits in a draft.
LEFT_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class Seat:
    """Who fills the application: ``citizen``, or ``desk`` for somebody who came to it."""

    kind: str
    desk: Desk | None = None

    def url(self, name: str, application: Application) -> str:
        """Return the address of a page of an application as this seat sees it."""
        return reverse(f"applications:{self.kind}_{name}", args=[application.pk])

    @property
    def home_url(self) -> str:
        """Where «Salva ed esci» leads."""
        return reverse(f"applications:{self.kind}")


def step_context(seat: Seat, application: Application, step: str) -> dict[str, Any]:
    """Return what every step's page shows: where we are, what comes before and after, who it is for."""
    place = NAMES.index(step)
    return {
        "seat": seat,
        "application": application,
        "programme": application.programme,
        "applicant": application.applicant,
        "steps": [
            {
                "label": label,
                "url": seat.url(name, application) if name != "receipt" and step != "receipt" else "",
                "is_current": name == step,
                "is_done": i < place,
            }
            for i, (name, label) in enumerate(STEPS)
        ],
        "step_number": place + 1,
        "step_count": len(STEPS),
        "step_label": STEPS[place][1],
        "next_url": seat.url(NAMES[place + 1], application) if place < len(NAMES) - 2 else "",
        "back_url": seat.url(NAMES[place - 1], application) if place else "",
        "home_url": seat.home_url,
        "home_label": _("La mia area") if seat.kind == "citizen" else _("Sportello"),
        "file_url_name": f"applications:{seat.kind}_file",
        "scan_url": "applications:desk_scan" if seat.desk else "",
    }


def not_draft(seat: Seat, application: Application) -> HttpResponseRedirect | None:
    """A step of an application that is no longer a draft leads to its page."""
    return None if application.status == Status.DRAFT else redirect(seat.url("application", application))


def is_leaving(request: PiuRequest) -> bool:
    """Tell whether «Salva ed esci» was pressed."""
    return request.method == "POST" and request.POST.get("action") == "leave"


def left_home(request: PiuRequest, seat: Seat) -> HttpResponseRedirect:
    """Say that the draft is kept, and go home."""
    messages.success(request, _("La bozza è salvata: la riprendi da qui quando vuoi."))
    return redirect(seat.home_url)


def _typed(form: BaseForm) -> dict[str, str]:
    """Return what was typed in a form, by field, shortened and without what no database keeps."""
    return {
        name: str(form.data[name]).replace("\0", "")[:LEFT_AT_MOST]
        for name in form.fields
        if name != "request_key" and form.data.get(name)
    }


def who(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 1: who applies, where they live, how to reach them."""
    if away := not_draft(seat, application):
        return away
    person = application.applicant
    left = {} if request.method == "POST" else get_left(application, "who")
    initial = {
        "municipality": str(person.municipality or ""),
        "address": person.address,
        "phone": person.phone,
        "email": person.email,
    }
    form = ContactsForm(request.POST if request.method == "POST" else None, initial=initial | left)
    if request.method == "POST":
        is_valid = form.is_valid()
        contacts = {name: form.cleaned_data.get(name, getattr(person, name)) for name in initial}
        if is_valid or is_leaving(request):
            declare_contacts(application=application, at=request.now, by=request.user, **contacts)
            wrong = {name: text for name, text in _typed(form).items() if name in form.errors}
            step = "who" if is_leaving(request) else "household"
            leave_at(application=application, step=step, left=wrong, at=request.now)
            return left_home(request, seat) if is_leaving(request) else redirect(seat.url("household", application))
    context = step_context(seat, application, "who") | {
        "form": form,
        "age": age_on(person.birth_date, timezone.localdate(request.now)),
    }
    return render(request, "applications/who.html", context, status=422 if form.errors else 200)


def household(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 2: who lives with the applicant. One member at a time, each saved at once."""
    if away := not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    action = request.POST.get("action")
    left = {} if request.method == "POST" else get_left(application, "household")
    form = MemberForm(request.POST if action in {"add", "leave"} else None, on=on, initial=left)
    if is_leaving(request):
        typed = _typed(form)
        typed = {} if not typed.keys() - {"cohabiting"} else typed
        leave_at(application=application, step="household", left=typed, at=request.now)
        return left_home(request, seat)
    if request.method == "POST":
        current = list_member_inputs(application.household)
        wanted: list[MemberInput] | None = None
        notices: tuple[Notice, ...] = ()
        if action == "remove":
            wanted = [m for m in current if m.fiscal_code != request.POST.get("fiscal_code")]
        elif form.is_valid():
            wanted, notices = _with_member(request, seat, application, form, current)
        if wanted is not None:
            try:
                declare_members(application=application, members=wanted, at=request.now, by=request.user)
            except PersonRefused as refused:
                form.add_error(None, REFUSALS[refused.code])
            except ApplicationRefused as refused:
                form.add_error(None, sentence_for(refused))
            else:
                if action == "add":
                    _note_member(request, form, notices)
                leave_at(application=application, step="household", at=request.now)
                return redirect(seat.url("household", application))
    context = step_context(seat, application, "household") | {
        "form": form,
        "members": _members_shown(application.household, request),
    }
    return render(request, "applications/household.html", context, status=422 if form.errors else 200)


def _members_shown(household: Household, request: PiuRequest) -> list[Any]:
    """Return the members with the age that follows from the codice fiscale and the need of care, when said."""
    on = timezone.localdate(request.now)
    needs = get_care_needs(household)
    members = list(list_members(household))
    for member in members:
        member.age = age_on(member.person.birth_date, on)  # type: ignore[attr-defined]  # only shown
        member.needs_care = needs.get(member.person_id, False)  # type: ignore[attr-defined]  # only shown
    return members


def _note_member(request: PiuRequest, form: MemberForm, notices: tuple[Notice, ...]) -> None:
    """Record and show where what was typed of a member differs from the codice fiscale: it never blocks."""
    data = form.cleaned_data
    person = get_person_by_code(data["fiscal_code"])
    name = f"{data['given_name']} {data['family_name']}"
    if person is not None:
        note_mismatch(request, person, notices, birth_date=data["birth_date"], gender=data["gender"], name=name)
    messages.success(request, _("%(name)s è nel nucleo.") % {"name": name})


def note_mismatch(
    request: PiuRequest, person: Person, notices: tuple[Notice, ...], *, birth_date: Any, gender: str, name: str = ""
) -> None:
    """Record, and tell who typed it, where what was typed differs from the codice fiscale."""
    unasked = {n for n, typed in ((Notice.BIRTH_DATE, birth_date), (Notice.GENDER, gender)) if not typed}
    record_mismatch(person=person, notices=notices, at=request.now, by=request.user, unasked=unasked)
    for notice in notices:
        messages.warning(request, f"{name}: {NOTICES[notice]}" if name else NOTICES[notice])


def _with_member(
    request: PiuRequest, seat: Seat, application: Application, form: MemberForm, current: list[MemberInput]
) -> tuple[list[MemberInput] | None, tuple[Notice, ...]]:
    """
    Return the members with the one in the form, and what somebody should look at; None when it may not be added.

    A desk has the card in hand. A citizen who types somebody else's codice fiscale must not learn whose it is.
    """
    data = form.cleaned_data
    if data["fiscal_code"] == application.applicant.fiscal_code:
        form.add_error(
            "fiscal_code", _("È il codice fiscale di chi fa domanda, che c'è già: scrivi quello dell'altra persona.")
        )
        return None, ()
    if data["relation"] == Relation.PARTNER and any(
        m.relation == Relation.PARTNER and m.fiscal_code != data["fiscal_code"] for m in current
    ):
        form.add_error("relation", _("C'è già un coniuge o convivente nel nucleo: controlla la relazione."))
        return None, ()
    notices = check_person(
        fiscal_code=data["fiscal_code"],
        given_name=data["given_name"],
        family_name=data["family_name"],
        birth_date=data["birth_date"],
        gender=data["gender"],
        household_id=application.household_id,
        at=request.now,
    )
    if seat.kind == "citizen" and Notice.KNOWN_OTHER_NAME in notices:
        form.add_error(
            "fiscal_code",
            _(
                "Questo codice fiscale risulta di una persona con un altro nome: controlla codice, nome e cognome "
                "sulla tessera sanitaria. Se sono giusti, passa da uno sportello con un documento."
            ),
        )
        return None, ()
    member = MemberInput(
        fiscal_code=data["fiscal_code"],
        given_name=data["given_name"],
        family_name=data["family_name"],
        relation=data["relation"],
        is_cohabiting=data["cohabiting"] == "yes",
    )
    return [m for m in current if m.fiscal_code != data["fiscal_code"]] + [member], notices


def situation(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 3: what the programme's rules ask, and nothing else."""
    if away := not_draft(seat, application):
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
        left=None if request.method == "POST" else get_left(application, "situation"),
    )
    is_valid = request.method == "POST" and form.is_valid()
    if is_leaving(request):
        facts, left = form.leave()
        leave_situation(
            application=application,
            facts=facts,
            left=left,
            everything=_typed(form),
            at=request.now,
            by=request.user,
        )
        return left_home(request, seat)
    if is_valid:
        try:
            declare_situation(application=application, facts=form.facts, at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            leave_at(application=application, step="situation" if wants_row else "evidence", at=request.now)
            if wants_row:
                return redirect(seat.url("situation", application) + "?riga=1")
            return redirect(seat.url("evidence", application))
    context = step_context(seat, application, "situation") | {"form": form, "has_lists": bool(form.rows)}
    return render(request, "applications/situation.html", context, status=422 if form.errors else 200)


def review(request: PiuRequest, seat: Seat, application: Application) -> HttpResponse:
    """Step 5: everything declared, what the rules say of it, and the submission. A second click changes nothing."""
    if away := not_draft(seat, application):
        return away
    on = timezone.localdate(request.now)
    if is_leaving(request):
        leave_at(application=application, step="review", at=request.now)
        return left_home(request, seat)
    form = SubmitForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = submit_application(application=application, at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        else:
            messages.success(request, _("Domanda presentata: è la numero %(number)s.") % {"number": done.number})
            return redirect(seat.url("receipt", application))
    assessment = assess(application, on=on)
    refusal = window_refusal_for(assessment.terms.windows, request.now)
    context = step_context(seat, application, "review") | {
        "form": form,
        "members": _members_shown(application.household, request),
        "assessment": assessment,
        "groups": describe_facts(get_declared(application)),
        "proofs": list_proofs(application, assessment),
        "own_conflicts": [
            own_conflict_sentence(number=c.number, programme=c.programme, span=(c.first, c.last))
            for c in list_own_conflicts(application, terms=assessment.terms, on=on)
        ],
        "window_sentence": sentence_for(ApplicationRefused(refusal.code, window=refusal.window)) if refusal else "",
    }
    return render(request, "applications/review.html", context, status=422 if form.errors else 200)
