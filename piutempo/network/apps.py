from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "piutempo.network"
    verbose_name = "Rete"
