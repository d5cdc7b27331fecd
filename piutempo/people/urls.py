"""Addresses of accounts. The demonstration's addresses exist in demo mode only."""

from django.conf import settings
from django.urls import path

from piutempo.people import views

app_name = "people"
urlpatterns = [
    path("accedi/", views.sign_in, name="sign_in"),
    path("esci/", views.sign_out, name="sign_out"),
    path("profilo/", views.account, name="account"),
]
if settings.IS_DEMO:
    urlpatterns += [
        path("demo/", views.personas, name="demo"),
        path("demo/<int:user_id>/", views.become_persona, name="demo_sign_in"),
    ]
