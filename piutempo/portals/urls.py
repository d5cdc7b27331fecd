"""Addresses of the home pages and of the pages every public site has."""

from django.urls import path

from piutempo.portals import views

app_name = "portals"
urlpatterns = [
    path("", views.home, name="home"),
    path("area/", views.area, name="area"),
    path("aiuto/", views.help_page, name="help"),
    path("contatti/", views.contacts, name="contacts"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibilita/", views.accessibility, name="accessibility"),
]
