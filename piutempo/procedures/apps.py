from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "piutempo.procedures"
    verbose_name = "Procedimenti"
