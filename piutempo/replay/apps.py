from django.apps import AppConfig


class ReplayConfig(AppConfig):
    name = "piutempo.replay"
    verbose_name = "Rievocazione"
