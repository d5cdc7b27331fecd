"""Addresses of the reports."""

from django.urls import path

from piutempo.reporting import views

app_name = "reporting"
urlpatterns = [
    path("autorita/rapporti/", views.reports, name="reports"),
    path("autorita/rapporti/congela/", views.freeze, name="freeze"),
    path("autorita/rapporti/<int:report_id>/", views.report, name="report"),
    path("autorita/rapporti/<int:report_id>/righe/<slug:code>/", views.rows, name="rows"),
    path("autorita/rapporti/<int:report_id>/ricalcola/", views.recompute, name="recompute"),
    path("autorita/rapporti/<int:report_id>/scarica/<slug:form>/", views.download, name="download"),
]
