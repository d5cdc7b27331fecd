"""Which desk the operator works at, whom they found there, and why the desk may not act."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from piutempo.applications.messages import SENTENCES
from piutempo.applications.rules import Refusal
from piutempo.network.models import Desk, Task
from piutempo.network.selectors import list_desks_for, list_desks_nearby, may
from piutempo.people.access import PiuRequest
from piutempo.people.models import Person, Role, Scope
from piutempo.people.selectors import get_person

#: Persons found by their whole codice fiscale, or registered, in this session.
SEEN = "desk_persons"
#: The codice fiscale that was searched and not found, ready for the form that registers it.
SEARCHED = "desk_searched"


def desks_of(request: PiuRequest) -> list[Desk]:
    """Return the desks the operator works at that are open today."""
    ids = request.roles.scope_ids(Role.DESK_OPERATOR, Scope.DESK)
    return list(list_desks_for(ids, on=timezone.localdate(request.now))[:200])


def desk_of(request: PiuRequest) -> Desk:
    """
    Return the desk the operator works at now: the one chosen, else the first of theirs.

    :raises Http404: none is open today
    """
    desks = desks_of(request)
    if not desks:
        raise Http404(_("Il tuo sportello oggi non è aperto: chiedi all'ufficio del programma."))
    chosen = request.GET.get("sportello") or request.session.get("desk_id")
    desk = next((d for d in desks if str(d.pk) == str(chosen)), desks[0])
    if request.session.get("desk_id") != desk.pk:
        request.session["desk_id"] = desk.pk
    return desk


def remember(request: PiuRequest, person_id: int) -> None:
    """Keep in the session that the operator had this person's card in hand."""
    seen = request.session.get(SEEN, [])
    if person_id not in seen:
        request.session[SEEN] = [*seen[-199:], person_id]


def has_seen(request: PiuRequest, person_id: int) -> bool:
    """Tell whether the operator found or registered this person in this session."""
    return person_id in request.session.get(SEEN, [])


def person_or_404(person_id: int) -> Person:
    """Return a person, or answer 404."""
    found = get_person(person_id)
    if found is None:
        raise Http404
    return found


def support_refusal(request: PiuRequest, desk: Desk) -> str:
    """Return why this desk may help nobody to apply today, and where to go instead; empty when it may."""
    on = timezone.localdate(request.now)
    if may(desk, Task.SUPPORT, on=on):
        return ""
    elsewhere = "; ".join(
        f"{d.name} ({', '.join(p for p in (d.address, d.municipality.name) if p)})"
        for d in list_desks_nearby(desk, Task.SUPPORT, on=on)
    )
    sentence = str(SENTENCES[Refusal.NO_SUPPORT])
    return sentence + " " + _("I più vicini: %(desks)s.") % {"desks": elsewhere} if elsewhere else sentence
