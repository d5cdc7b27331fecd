from django.apps import AppConfig


class ReceptionConfig(AppConfig):
    name = "piutempo.reception"
    verbose_name = "Accoglienza"
