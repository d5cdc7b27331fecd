"""What a person may read of their own: letters and data; and writing to the office. Only their own things: else 404."""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from piutempo.correspondence.messages import REFUSALS
from piutempo.correspondence.models import Letter, Message, MessageKind
from piutempo.correspondence.selectors import get_letter_of, list_letters_of, list_messages
from piutempo.correspondence.services import LetterRefused, open_document, receive_message
from piutempo.people.access import PiuRequest, View, role_required
from piutempo.people.models import Person, Role
from piutempo.people.selectors import get_person_for
from piutempo.portals.forms.writing import ABOUT, CorrectionForm, MessageForm
from piutempo.portals.selectors.dossier import SUBJECT, get_dossier
from piutempo.portals.views.dossier import shown
from piutempo.records.serving import bytes_response, file_response

#: More letters than anybody has: the page stays light on an old phone.
LETTERS_AT_MOST = 200


def own(page: View) -> View:
    """Give a page the person who is signed in; who has none yet is asked who they are."""

    @role_required(Role.CITIZEN)
    @wraps(page)
    def view(request: PiuRequest, **kwargs: Any) -> HttpResponse:
        person = get_person_for(request.user)
        if person is None:
            return redirect("applications:citizen_identity")
        return page(request, person, **kwargs)

    return view


@require_GET
@own
def letters(request: PiuRequest, person: Person) -> HttpResponse:
    """Everything the office wrote to me, the newest first; ``?domanda=`` keeps those about one application."""
    rows = list_letters_of(person).order_by("-created_at", "-id")
    number = request.GET.get("domanda", "")
    if number.isdecimal() and len(number) < 18:
        rows = rows.filter(subject=SUBJECT, subject_id=int(number))
    context = {
        "letters": list(rows[:LETTERS_AT_MOST]),
        "is_filtered": bool(number),
        "written": list(list_messages().filter(person=person)[:LETTERS_AT_MOST]),
    }
    return render(request, "portals/my_letters.html", context)


def _letter_or_404(person: Person, letter_id: int) -> Letter:
    try:
        return get_letter_of(person=person, letter_id=letter_id)
    except Letter.DoesNotExist:
        raise Http404 from None


@require_GET
@own
def letter(request: PiuRequest, person: Person, letter_id: int) -> HttpResponse:
    """One of my letters as PDF."""
    mine = _letter_or_404(person, letter_id)
    name = f"lettera-{mine.pk}.pdf"
    return bytes_response(open_document(mine.document), name=name, media_type="application/pdf", inline=True)


@require_GET
@own
def signed_letter(request: PiuRequest, person: Person, letter_id: int) -> HttpResponse:
    """The signed file of one of my letters."""
    mine = _letter_or_404(person, letter_id)
    signature = getattr(mine, "signature", None)
    if signature is None or signature.file is None:
        raise Http404
    return file_response(signature.file)


@require_GET
@own
def my_data(request: PiuRequest, person: Person) -> HttpResponse:
    """Everything that is kept about me, to read."""
    return render(request, "portals/my_data.html", {"person": person, **shown(get_dossier(person, request.now))})


@require_GET
@own
def my_data_file(request: PiuRequest, person: Person) -> HttpResponse:
    """Everything that is kept about me, as JSON to take away."""
    content = json.dumps(get_dossier(person, request.now), ensure_ascii=False, indent=2).encode()
    name = f"piutempo-{timezone.localdate(request.now):%Y-%m-%d}.json"
    return bytes_response(content, name=name, media_type="application/json")


@require_http_methods(["GET", "POST"])
@own
def correction(request: PiuRequest, person: Person) -> HttpResponse:
    """Ask to correct a datum of mine."""
    form = CorrectionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        with translation.override("it"):
            about = str(dict(ABOUT)[form.cleaned_data["about"]])
        if _write(request, person, MessageKind.CORRECTION, f"{about}\n\n{form.cleaned_data['text']}", form):
            return redirect("portals:my_data")
    return render(request, "portals/correction.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@own
def write(request: PiuRequest, person: Person) -> HttpResponse:
    """Write to the office."""
    form = MessageForm(request.POST or None)
    if (
        form.is_bound
        and form.is_valid()
        and _write(request, person, MessageKind.QUESTION, form.cleaned_data["text"], form)
    ):
        return redirect("portals:my_letters")
    return render(request, "portals/write.html", {"form": form}, status=422 if form.is_bound else 200)


def _write(request: PiuRequest, person: Person, kind: MessageKind, text: str, form: Any) -> Message | None:
    """Hand a message over, once: the same words sent again while they wait are the same message."""
    waiting = Message.objects.filter(person=person, kind=kind, answered_at=None).select_related("entry")
    message = next((m for m in waiting if m.text == text.strip()), None)
    try:
        message = message or receive_message(
            kind=kind,
            person=person,
            name=str(person),
            email=person.email,
            text=text,
            page=request.path,
            at=request.now,
            by=request.user,
        )
    except LetterRefused as refused:
        form.add_error(None, str(REFUSALS[refused.code]))
        return None
    messages.success(
        request,
        _("Grazie, il tuo messaggio è arrivato. Protocollo: %(entry)s. La risposta compare tra le tue lettere.")
        % {"entry": message.entry},
    )
    return message
