from django.apps import AppConfig


class ControlsConfig(AppConfig):
    name = "piutempo.controls"
    verbose_name = "Controlli"
