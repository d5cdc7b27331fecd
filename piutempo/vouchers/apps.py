from django.apps import AppConfig


class VouchersConfig(AppConfig):
    name = "piutempo.vouchers"
    verbose_name = "Buoni"
