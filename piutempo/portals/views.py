"""Home pages and the pages every public site has."""

from django.http import HttpResponse
from django.shortcuts import render

from piutempo.people.access import PiuRequest, role_required


def home(request: PiuRequest) -> HttpResponse:
    """Show the public home."""
    return render(request, "portals/home.html")


@role_required()
def area(request: PiuRequest) -> HttpResponse:
    """Show what waits for whoever is signed in."""
    return render(request, "portals/area.html")


def help_page(request: PiuRequest) -> HttpResponse:
    """Show questions and answers."""
    return render(request, "portals/help.html")


def contacts(request: PiuRequest) -> HttpResponse:
    """Show how to reach us."""
    return render(request, "portals/contacts.html")


def privacy(request: PiuRequest) -> HttpResponse:
    """Show what happens to personal data."""
    return render(request, "portals/privacy.html")


def accessibility(request: PiuRequest) -> HttpResponse:
    """Show how accessible the site is, and how to complain."""
    return render(request, "portals/accessibility.html")
