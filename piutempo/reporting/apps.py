from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "piutempo.reporting"
    verbose_name = "Relazioni"
