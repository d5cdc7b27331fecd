"""Who came to the desk: found or registered, recognised by a document, acting through a mandate."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from piutempo.applications.forms.desk import FindForm, IdentifyForm, MandateForm
from piutempo.applications.forms.family import ContactForm
from piutempo.applications.messages import SENTENCES, sentence_for
from piutempo.applications.models import Mandate
from piutempo.applications.rules import Refusal
from piutempo.applications.selectors import list_applications_of
from piutempo.applications.selectors.helping import find_helped, get_mandate_of_desks, get_standing, span_of
from piutempo.applications.services import ApplicationRefused
from piutempo.applications.services.helping import identify_person, print_mandate, record_mandate, revoke_mandate
from piutempo.applications.views.desk_access import (
    SEARCHED,
    desk_of,
    desks_of,
    has_seen,
    person_or_404,
    remember,
    support_refusal,
)
from piutempo.applications.views.steps import note_mismatch
from piutempo.kernel.identifiers import normal_fiscal_code
from piutempo.network.models import Desk
from piutempo.people.access import PiuRequest, role_required
from piutempo.people.messages import REFUSALS
from piutempo.people.models import Person, Role
from piutempo.people.selectors import get_household_of, get_municipality, get_person_by_code, list_members
from piutempo.people.services import PersonRefused, check_person, register_person
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.messages import FILE_REFUSALS
from piutempo.records.services import FileRefused
from piutempo.records.serving import bytes_response, file_response


def _today(request: PiuRequest) -> date:
    return timezone.localdate(request.now)


def read_fiscal_code(text: str) -> str:
    """Return the codice fiscale typed, upper case without blanks; empty when it is not a whole valid one."""
    try:
        return normal_fiscal_code(text)
    except ValueError:
        return ""


@role_required(Role.DESK_OPERATOR)
def families(request: PiuRequest) -> HttpResponse:
    """
    Find who came. A whole codice fiscale finds anybody registered, without showing their data before the mandate.

    Names are searched only among those who gave this desk a mandate.
    """
    desk = desk_of(request)
    form = FindForm(request.POST or None)
    context = {"desk": desk, "form": form, "persons": [], "refusal": support_refusal(request, desk)}
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["who"]
        if code := read_fiscal_code(text):
            found = get_person_by_code(code)
            if found is None:
                request.session[SEARCHED] = code
                return render(request, "applications/families.html", context | {"unknown_code": code})
            remember(request, found.pk)
            return redirect("applications:desk_person", person_id=found.pk)
        context |= {"persons": find_helped(text, desk=desk, on=_today(request)), "text": text}
    return render(request, "applications/families.html", context, status=422 if form.errors else 200)


@role_required(Role.DESK_OPERATOR)
def register(request: PiuRequest) -> HttpResponse:
    """Register who came to the desk; a known codice fiscale leads to the person there is."""
    desk = desk_of(request)
    initial = {"fiscal_code": request.session.get(SEARCHED, "")}
    form = ContactForm(request.POST or None, on=_today(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        municipality = get_municipality(data["municipality"]) if data["municipality"] else None
        if data["municipality"] and municipality is None:
            form.add_error("municipality", _("Comune non trovato: scrivi nome intero e provincia, come Rho (MI)."))
        else:
            identity = {k: data[k] for k in ("fiscal_code", "given_name", "family_name")}
            try:
                typed = {"birth_date": data["birth_date"], "gender": data["gender"]}
                notices = check_person(**identity, **typed, at=request.now)
                contacts = {k: data[k] for k in ("address", "phone", "email")}
                person = register_person(
                    **identity, **contacts, municipality=municipality, at=request.now, by=request.user
                )
            except PersonRefused as refused:
                form.add_error(None, REFUSALS[refused.code])
            else:
                request.session.pop(SEARCHED, None)
                note_mismatch(request, person, notices, **typed)
                remember(request, person.pk)
                return redirect("applications:desk_person", person_id=person.pk)
    return render(
        request, "applications/register.html", {"desk": desk, "form": form}, status=422 if form.errors else 200
    )


def _found_or_404(request: PiuRequest, desk: Desk, person_id: int) -> tuple[Person, Refusal | None]:
    """Return a person whose mandate the desk has, or whom the operator just found, and why it may not act yet."""
    found = person_or_404(person_id)
    standing = get_standing(person=found, desk=desk, on=_today(request))
    if standing.refusal is not None and not has_seen(request, person_id):
        raise Http404
    return found, standing.refusal


@role_required(Role.DESK_OPERATOR)
def person(request: PiuRequest, person_id: int) -> HttpResponse:
    """A person who came: contacts, household, what this desk did for them, and the way to apply."""
    desk = desk_of(request)
    found, refusal = _found_or_404(request, desk, person_id)
    if refusal in {Refusal.NOT_IDENTIFIED, Refusal.DOCUMENT_EXPIRED}:
        return redirect("applications:desk_identify", person_id=found.pk)
    if refusal is not None:
        return redirect("applications:desk_mandate", person_id=found.pk)
    household = get_household_of(found)
    terms = get_current_terms(desk.programme, _today(request))
    return render(
        request,
        "applications/person.html",
        {
            "desk": desk,
            "person": found,
            "members": list(list_members(household)) if household else [],
            "applications": [a for a in list_applications_of(found) if a.desk_id == desk.pk],
            "standing": get_standing(person=found, desk=desk, on=_today(request)),
            "refusal": support_refusal(request, desk),
            "window": terms.window_at(request.now),
        },
    )


@role_required(Role.DESK_OPERATOR)
def identify(request: PiuRequest, person_id: int) -> HttpResponse:
    """Recognise a person by a document. Of the person only the codice fiscale, which the operator typed, is shown."""
    desk = desk_of(request)
    found, refusal = _found_or_404(request, desk, person_id)
    documents = get_current_terms(desk.programme, _today(request)).desks.identity_documents
    form = IdentifyForm(request.POST or None, documents=documents)
    if request.method == "POST" and form.is_valid():
        data = {k: form.cleaned_data[k] for k in ("document_kind", "document_number", "expires_on")}
        try:
            identify_person(person=found, desk=desk, **data, at=request.now, by=request.user)
        except ApplicationRefused as refused:
            form.add_error("expires_on" if refused.code is Refusal.DOCUMENT_EXPIRED else None, sentence_for(refused))
        else:
            messages.success(request, _("Persona riconosciuta."))
            return redirect("applications:desk_person", person_id=found.pk)
    context = {"desk": desk, "person": found, "form": form, "is_expired": refusal is Refusal.DOCUMENT_EXPIRED}
    context["refusal"] = support_refusal(request, desk)
    return render(request, "applications/identify.html", context, status=422 if form.errors else 200)


@role_required(Role.DESK_OPERATOR)
def mandate(request: PiuRequest, person_id: int) -> HttpResponse:
    """The mandates of a recognised person: print the form, keep the signed one, revoke it."""
    desk = desk_of(request)
    found, refusal = _found_or_404(request, desk, person_id)
    if refusal in {Refusal.NOT_IDENTIFIED, Refusal.DOCUMENT_EXPIRED}:
        return redirect("applications:desk_identify", person_id=found.pk)
    on = _today(request)
    form = MandateForm(request.POST or None, request.FILES or None, initial={"signed_on": on})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            record_mandate(
                person=found,
                desk=desk,
                name=data["file"].name,
                content=data["file"].read(),
                signed_on=data["signed_on"],
                valid_until=form.end,
                at=request.now,
                by=request.user,
            )
        except ApplicationRefused as refused:
            form.add_error(None, sentence_for(refused))
        except FileRefused as refused:
            form.add_error("file", str(FILE_REFUSALS[refused.code]))
        else:
            messages.success(request, _("Delega registrata: ora puoi fare domanda per questa persona."))
            return redirect("applications:desk_person", person_id=found.pk)
    standing = get_standing(person=found, desk=desk, on=on)
    context = {
        "desk": desk,
        "person": found,
        "form": form,
        "identification": standing.identification,
        "mandates": [(m, span_of(m).is_in_force_on(on)) for m in standing.mandates],
        "sentence": SENTENCES[standing.refusal] if standing.refusal else "",
        "refusal": support_refusal(request, desk),
    }
    return render(request, "applications/mandate.html", context, status=422 if form.errors else 200)


@role_required(Role.DESK_OPERATOR)
def mandate_form(request: PiuRequest, person_id: int) -> HttpResponse:
    """The mandate to sign, with the person's and the desk's data, as PDF."""
    desk = desk_of(request)
    found, refusal = _found_or_404(request, desk, person_id)
    if refusal in {Refusal.NOT_IDENTIFIED, Refusal.DOCUMENT_EXPIRED}:
        return redirect("applications:desk_identify", person_id=found.pk)
    content = print_mandate(person=found, desk=desk, at=request.now)
    return bytes_response(content, name="delega.pdf", media_type="application/pdf", inline=True)


def _mandate_or_404(request: PiuRequest, mandate_id: int) -> Mandate:
    try:
        return get_mandate_of_desks([d.pk for d in desks_of(request)], mandate_id)
    except Mandate.DoesNotExist:
        raise Http404 from None


@role_required(Role.DESK_OPERATOR)
def mandate_file(request: PiuRequest, mandate_id: int) -> HttpResponse:
    """The signed mandate, as it was scanned."""
    return file_response(_mandate_or_404(request, mandate_id).file, inline=True)


@role_required(Role.DESK_OPERATOR)
@require_POST
def revoke(request: PiuRequest, mandate_id: int) -> HttpResponse:
    """Write down that a person revoked the mandate."""
    found = _mandate_or_404(request, mandate_id)
    revoke_mandate(mandate=found, at=request.now, by=request.user)
    messages.success(request, _("Delega revocata: lo sportello non vede più la domanda di questa persona."))
    return redirect("applications:desk")
