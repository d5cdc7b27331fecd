from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "piutempo.applications"
    verbose_name = "Domande"
