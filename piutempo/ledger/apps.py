from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "piutempo.ledger"
    verbose_name = "Contabilità"
