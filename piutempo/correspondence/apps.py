from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    name = "piutempo.correspondence"
    verbose_name = "Comunicazioni"

    def ready(self) -> None:
        """Make this context's kinds of letters known."""
        from piutempo.correspondence.kinds import register_kinds  # noqa: PLC0415  # models load after the apps
        from piutempo.correspondence.letters import KINDS  # noqa: PLC0415  # as above

        register_kinds(*KINDS)
