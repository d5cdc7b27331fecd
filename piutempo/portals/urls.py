"""Addresses of the home pages, of the pages every public site has, and of the administration."""

from django.urls import path

from piutempo.portals.views import administration, area, citizen, desk, public

app_name = "portals"
urlpatterns = [
    path("", public.home, name="home"),
    path("area/", area.area, name="area"),
    path("aiuto/", public.help_page, name="help"),
    path("contatti/", public.contacts, name="contacts"),
    path("privacy/", public.privacy, name="privacy"),
    path("accessibilita/", public.accessibility, name="accessibility"),
    path("salute/", public.health, name="health"),
    path("cittadino/lettere/", citizen.letters, name="my_letters"),
    path("cittadino/lettere/<int:letter_id>.pdf", citizen.letter, name="my_letter"),
    path("cittadino/lettere/<int:letter_id>/firmata/", citizen.signed_letter, name="my_signed_letter"),
    path("cittadino/scrivi/", citizen.write, name="write"),
    path("cittadino/i-miei-dati/", citizen.my_data, name="my_data"),
    path("cittadino/i-miei-dati/scarica/", citizen.my_data_file, name="my_data_file"),
    path("cittadino/i-miei-dati/correzione/", citizen.correction, name="correction"),
    path("sportello/coda/giornata/", desk.day, name="desk_day"),
    path("amministrazione/", administration.accounts, name="accounts"),
    path("amministrazione/nuovo/", administration.new_account, name="new_account"),
    path("amministrazione/<int:user_id>/", administration.account, name="account"),
    path("amministrazione/<int:user_id>/stato/", administration.set_active, name="set_active"),
    path("amministrazione/ruoli/<int:grant_id>/togli/", administration.revoke, name="revoke"),
]
