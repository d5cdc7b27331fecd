"""Addresses of reception."""

from django.urls import path

from piutempo.reception.views import appointments, citizen, queue

app_name = "reception"
urlpatterns = [
    path("sportello/coda/", queue.queue, name="queue"),
    path("sportello/coda/chiama/", queue.call, name="call"),
    path("sportello/coda/chiudi/", queue.close, name="close_day"),
    path("sportello/coda/arrivo/<int:appointment_id>/", queue.arrive, name="arrive"),
    path("sportello/coda/<int:ticket_id>/esito/", queue.finish, name="finish"),
    path("sportello/coda/<int:ticket_id>/assente/", queue.no_show, name="no_show"),
    path("sportello/coda/<int:ticket_id>/via/", queue.leave, name="leave"),
    path("sportello/appuntamenti/", appointments.agenda, name="agenda"),
    path("sportello/appuntamenti/<int:appointment_id>/", appointments.appointment, name="appointment"),
    path("sportello/orari/", appointments.hours, name="hours"),
    path("sportello/orari/<int:hours_id>/togli/", appointments.end, name="end_hours"),
    path("sportello/chiusure/<int:closure_id>/togli/", appointments.reopen, name="reopen"),
    path("cittadino/appuntamenti/", citizen.appointments, name="citizen"),
    path("cittadino/appuntamenti/<int:appointment_id>/", citizen.appointment, name="citizen_appointment"),
    path("schermo/<str:key>/", queue.screen, name="screen"),
]
