from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "piutempo.people"
    verbose_name = "Anagrafica"
