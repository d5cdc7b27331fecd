from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "piutempo.records"
    verbose_name = "Registro"
