"""Addresses of applications: the office's; the citizen's and the desk's."""

from django.urls import path

from piutempo.applications.views import citizen, desk, fund, office, rankings

app_name = "applications"
urlpatterns = [
    path("ufficio/domande/", office.queue, name="queue"),
    path("ufficio/domande/<int:application_id>/", office.case, name="case"),
    path("ufficio/domande/<int:application_id>/requisiti/<slug:code>/", office.overrule, name="overrule"),
    path("ufficio/domande/<int:application_id>/decisione/<slug:way>/", office.decide, name="decide"),
    path("ufficio/domande/<int:application_id>/incarico/", office.assign, name="assign"),
    path("ufficio/domande/<int:application_id>/uscita/", office.leave, name="leave"),
    path("ufficio/lista-attesa/", fund.waiting, name="waiting"),
    path("ufficio/lista-attesa/<int:fund_id>/", fund.waiting, name="waiting_fund"),
    path("ufficio/lista-attesa/<int:fund_id>/scorri/", fund.serve, name="serve"),
    path("ufficio/graduatorie/", rankings.rankings, name="rankings"),
    path("ufficio/graduatorie/<slug:code>/<slug:cut_off>/", rankings.ranking, name="ranking"),
    path("ufficio/graduatorie/<slug:code>/<slug:cut_off>/forma/", rankings.draw, name="ranking_draw"),
    path("ufficio/graduatorie/<slug:code>/<slug:cut_off>/pubblica/", rankings.publish, name="ranking_publish"),
    path("ufficio/graduatorie/<slug:code>/<slug:cut_off>/rinvia/", rankings.send_back, name="ranking_return"),
    path("graduatorie/", rankings.public_rankings, name="public_rankings"),
    path("graduatorie/<slug:code>/<slug:cut_off>/", rankings.public_ranking, name="public_ranking"),
    path("cittadino/", citizen.home, name="citizen"),
    path("cittadino/dati/", citizen.identity, name="citizen_identity"),
    path("cittadino/domanda/nuova/<slug:code>/", citizen.start, name="citizen_start"),
    path("cittadino/domanda/<int:application_id>/", citizen.application, name="citizen_application"),
    path("cittadino/domanda/<int:application_id>/nucleo/", citizen.household, name="citizen_household"),
    path("cittadino/domanda/<int:application_id>/situazione/", citizen.situation, name="citizen_situation"),
    path("cittadino/domanda/<int:application_id>/riepilogo/", citizen.review, name="citizen_review"),
    path("sportello/", desk.home, name="desk"),
    path("sportello/famiglie/", desk.families, name="desk_families"),
    path("sportello/famiglie/nuova/", desk.register, name="desk_register"),
    path("sportello/persona/<int:person_id>/", desk.person, name="desk_person"),
    path("sportello/persona/<int:person_id>/domanda/<slug:code>/", desk.start, name="desk_start"),
    path("sportello/domande/", desk.cases, name="desk_cases"),
    path("sportello/domanda/<int:application_id>/", desk.application, name="desk_application"),
    path("sportello/domanda/<int:application_id>/nucleo/", desk.household, name="desk_household"),
    path("sportello/domanda/<int:application_id>/situazione/", desk.situation, name="desk_situation"),
    path("sportello/domanda/<int:application_id>/riepilogo/", desk.review, name="desk_review"),
]
