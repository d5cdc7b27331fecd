from django.apps import AppConfig


class AwardsConfig(AppConfig):
    name = "piutempo.awards"
    verbose_name = "Assegnazioni"
