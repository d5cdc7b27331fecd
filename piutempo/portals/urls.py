"""Addresses of the home pages, of the pages every public site has, and of the administration."""

from django.urls import path

from piutempo.portals.views import administration, area, public

app_name = "portals"
urlpatterns = [
    path("", public.home, name="home"),
    path("area/", area.area, name="area"),
    path("aiuto/", public.help_page, name="help"),
    path("contatti/", public.contacts, name="contacts"),
    path("privacy/", public.privacy, name="privacy"),
    path("accessibilita/", public.accessibility, name="accessibility"),
    path("salute/", public.health, name="health"),
    path("amministrazione/", administration.accounts, name="accounts"),
    path("amministrazione/nuovo/", administration.new_account, name="new_account"),
    path("amministrazione/<int:user_id>/", administration.account, name="account"),
    path("amministrazione/<int:user_id>/stato/", administration.set_active, name="set_active"),
    path("amministrazione/ruoli/<int:grant_id>/togli/", administration.revoke, name="revoke"),
]
