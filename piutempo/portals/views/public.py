"""The public home and the pages every public site has."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from piutempo.correspondence.messages import REFUSALS
from piutempo.correspondence.models import Message, MessageKind
from piutempo.correspondence.services import LetterRefused, receive_message
from piutempo.people.access import PiuRequest
from piutempo.people.selectors import get_person_for
from piutempo.portals.forms.writing import AccessibilityForm
from piutempo.portals.navigation import address_named
from piutempo.portals.selectors.home import count_messages, find_message, get_public_figures, list_programmes_now

#: The public figures may be a minute old.
FIGURES_SECONDS = 60
#: Nobody writes a message sooner after the page came, or later: a program does.
FASTEST, SLOWEST = timedelta(seconds=3), timedelta(days=2)
HOUR = timedelta(hours=1)
FROM_ONE_ADDRESS, FROM_EVERYWHERE = 5, 200


def home(request: PiuRequest) -> HttpResponse:
    """Show what PiùTempo is, what is open now, where to go, and what was done."""
    programmes = [
        {"one": p, "url": address_named("programmes:public", p.code)}
        for p in list_programmes_now(request.now, timezone.localdate(request.now))
    ]
    return render(
        request,
        "portals/home.html",
        {
            "programmes": programmes,
            "figures": cache.get_or_set("portals.figures", get_public_figures, FIGURES_SECONDS),
            "check_url": address_named("programmes:self_checks"),
            "desks_url": address_named("network:desks"),
            "where_url": address_named("network:where_to_spend"),
        },
    )


def help_page(request: PiuRequest) -> HttpResponse:
    """Show questions and answers."""
    context = {
        "check_url": address_named("programmes:self_checks"),
        "desks_url": address_named("network:desks"),
        "where_url": address_named("network:where_to_spend"),
    }
    return render(request, "portals/help.html", context)


def contacts(request: PiuRequest) -> HttpResponse:
    """Show how to reach us."""
    return render(request, "portals/contacts.html", {"desks_url": address_named("network:desks")})


def privacy(request: PiuRequest) -> HttpResponse:
    """Show what happens to personal data."""
    return render(request, "portals/privacy.html")


@require_http_methods(["GET", "POST"])
def accessibility(request: PiuRequest) -> HttpResponse:
    """Show how accessible the site is, and let anybody tell of a barrier: it reaches the office's inbox, registered."""
    fresh = signing.dumps(request.now.isoformat())
    posted = request.POST.dict()
    age = _age_of(posted.get("shown_at", ""), request.now)
    if posted and (age is None or age > SLOWEST):
        posted["shown_at"] = fresh
    form = AccessibilityForm(posted or None, initial={"shown_at": fresh})
    sent = None
    if form.is_bound and form.is_valid():
        if form.cleaned_data["website"] or age is None or not FASTEST <= age <= SLOWEST:
            form.add_error(None, _("Non siamo riusciti a ricevere il messaggio. Aspetta qualche secondo e riprova."))
        elif same := find_message(MessageKind.ACCESSIBILITY, form.cleaned_data["text"], since=request.now - HOUR):
            sent = same
        elif _has_sent_enough(request):
            form.add_error(None, _("Sono arrivati molti messaggi da qui. Riprova più tardi o telefonaci."))
        else:
            sent = _receive(request, form)
    status = 422 if form.is_bound and sent is None else 200
    return render(request, "portals/accessibility.html", {"form": form, "sent": sent}, status=status)


def _age_of(shown_at: str, now: datetime) -> timedelta | None:
    """Return how long ago the form was shown; None when we did not sign that."""
    try:
        return now - datetime.fromisoformat(signing.loads(shown_at))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _has_sent_enough(request: PiuRequest) -> bool:
    """Count what comes from one address (never stored: only a hash, in memory, for an hour) and from everywhere."""
    address = hashlib.sha256(f"{settings.SECRET_KEY}{request.META.get('REMOTE_ADDR', '')}".encode()).hexdigest()
    key = f"portals.accessibility.{address}"
    cache.add(key, 0, HOUR.total_seconds())
    recent = count_messages(MessageKind.ACCESSIBILITY, since=request.now - HOUR)
    return cache.incr(key) > FROM_ONE_ADDRESS or recent >= FROM_EVERYWHERE


def _receive(request: PiuRequest, form: AccessibilityForm) -> Message | None:
    data = form.cleaned_data
    person = get_person_for(request.user) if request.user.is_authenticated else None
    try:
        return receive_message(
            kind=MessageKind.ACCESSIBILITY,
            person=person,
            name=data["name"],
            email=data["email"],
            text=data["text"],
            page=data["page"],
            at=request.now,
            by=request.user if request.user.is_authenticated else None,
        )
    except LetterRefused as refused:
        form.add_error("text", str(REFUSALS[refused.code]))
        return None


def health(request: PiuRequest) -> HttpResponse:
    """Answer ``ok`` when the database answers: for whoever watches the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
