"""The public home and the pages every public site has."""

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from piutempo.people.access import PiuRequest
from piutempo.portals.navigation import address_named
from piutempo.portals.selectors.home import get_public_figures, list_programmes_now

#: The public figures may be a minute old.
FIGURES_SECONDS = 60


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


def accessibility(request: PiuRequest) -> HttpResponse:
    """Show how accessible the site is, and how to complain."""
    return render(request, "portals/accessibility.html")


def health(request: PiuRequest) -> HttpResponse:
    """Answer ``ok`` when the database answers: for whoever watches the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
