from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "piutempo.ui"
    verbose_name = "Aspetto"
