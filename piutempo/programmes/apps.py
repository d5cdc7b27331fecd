from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    name = "piutempo.programmes"
    verbose_name = "Programmi"
