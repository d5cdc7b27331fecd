"""Addresses of controls."""

from django.urls import path

from piutempo.controls.views import family, office, samples

app_name = "controls"
urlpatterns = [
    path("ufficio/controlli/", office.checks, name="checks"),
    path("ufficio/controlli/campioni/", samples.samples, name="samples"),
    path("ufficio/controlli/campioni/nuovo/", samples.new_sample, name="new_sample"),
    path("ufficio/controlli/campioni/<int:sample_id>/", samples.sample, name="sample"),
    path("ufficio/controlli/campioni/<int:sample_id>/estrai/", samples.draw, name="draw"),
    path("ufficio/controlli/campioni/<int:sample_id>/ricalcola/", samples.recount, name="recount"),
    path("ufficio/controlli/campioni/<int:sample_id>/popolazione.csv", samples.population, name="population"),
    path("ufficio/controlli/nuovo/<int:application_id>/", office.new_check, name="new_check"),
    path("ufficio/controlli/<int:check_id>/", office.check, name="check"),
    path("ufficio/controlli/<int:check_id>/incarico/", office.carry, name="carry"),
    path("ufficio/controlli/<int:check_id>/dati/", office.open_facts, name="facts"),
    path("ufficio/controlli/<int:check_id>/voce/<int:position>/", office.item, name="item"),
    path("ufficio/controlli/<int:check_id>/rilievo/", office.finding, name="finding"),
    path("ufficio/controlli/<int:check_id>/esito/", office.outcome, name="outcome"),
    path("ufficio/controlli/<int:check_id>/firma/", office.sign, name="sign"),
    path("ufficio/controlli/<int:check_id>/rimanda/", office.send_back, name="send_back"),
    path("ufficio/controlli/<int:check_id>/file/<int:file_id>/", office.file, name="file"),
    path("cittadino/controlli/", family.own_checks, name="own_checks"),
    path("cittadino/controlli/riquadro/", family.own_panel, name="own_panel"),
    path("cittadino/controlli/<int:check_id>/", family.own_check, name="own_check"),
    path("sportello/controlli/", family.desk_checks, name="desk_checks"),
    path("sportello/controlli/<int:check_id>/", family.desk_check, name="desk_check"),
]
