from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    name = "piutempo.settlements"
    verbose_name = "Rendicontazione"
