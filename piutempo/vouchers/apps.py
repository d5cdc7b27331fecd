from django.apps import AppConfig


class VouchersConfig(AppConfig):
    name = "piutempo.vouchers"
    verbose_name = "Buoni"

    def ready(self) -> None:
        """Make this context's kinds of letters known."""
        from piutempo.correspondence.kinds import register_kinds  # noqa: PLC0415  # models load after the apps
        from piutempo.vouchers.letters import KINDS  # noqa: PLC0415  # as above

        register_kinds(*KINDS)
