"""Addresses of applications: the office's; the citizen's and the desk's."""

from django.urls import path

from piutempo.applications.views import office

app_name = "applications"
urlpatterns = [
    path("ufficio/domande/", office.queue, name="queue"),
    path("ufficio/domande/<int:application_id>/", office.case, name="case"),
    path("ufficio/domande/<int:application_id>/requisiti/<slug:code>/", office.overrule, name="overrule"),
    path("ufficio/domande/<int:application_id>/decisione/<slug:way>/", office.decide, name="decide"),
    path("ufficio/domande/<int:application_id>/incarico/", office.assign, name="assign"),
    path("ufficio/domande/<int:application_id>/uscita/", office.leave, name="leave"),
    path("ufficio/lista-attesa/", office.waiting, name="waiting"),
    path("ufficio/lista-attesa/<int:fund_id>/", office.waiting, name="waiting_fund"),
    path("ufficio/lista-attesa/<int:fund_id>/scorri/", office.serve, name="serve"),
]
