from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    name = "piutempo.settlements"
    verbose_name = "Rendicontazione"

    def ready(self) -> None:
        """Make this context's kinds of letters known."""
        from piutempo.correspondence.kinds import register_kinds  # noqa: PLC0415  # models load after the apps
        from piutempo.settlements.letters import KINDS  # noqa: PLC0415  # as above

        register_kinds(*KINDS)
