from django.apps import AppConfig


class PortalsConfig(AppConfig):
    name = "piutempo.portals"
    verbose_name = "Portali"
