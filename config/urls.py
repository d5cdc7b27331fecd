"""Every address of the program: each context mounts its own."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from piutempo.vouchers.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("i18n/setlang/", set_language, name="set_language"),
    path("api/v1/", api.urls),
    path("", include("piutempo.people.urls")),
    path("", include("piutempo.portals.urls")),
    path("", include("piutempo.programmes.urls")),
    path("", include("piutempo.correspondence.urls")),
    path("", include("piutempo.network.urls")),
    path("", include("piutempo.applications.urls")),
    path("", include("piutempo.reception.urls")),
    path("", include("piutempo.vouchers.urls")),
    path("", include("piutempo.settlements.urls")),
    path("", include("piutempo.controls.urls")),
    path("", include("piutempo.reporting.urls")),
]
