from django.apps import AppConfig


class ControlsConfig(AppConfig):
    name = "piutempo.controls"
    verbose_name = "Controlli"

    def ready(self) -> None:
        """Make the letters of this context known."""
        from piutempo.controls.letters import KINDS  # noqa: PLC0415  # models load after the apps
        from piutempo.correspondence.kinds import register_kinds  # noqa: PLC0415  # as above

        register_kinds(*KINDS)
