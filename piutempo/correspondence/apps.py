from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    name = "piutempo.correspondence"
    verbose_name = "Comunicazioni"
