from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "piutempo.applications"
    verbose_name = "Domande"

    def ready(self) -> None:
        """Make this context's kinds of letters known."""
        from piutempo.applications.letters import KINDS  # noqa: PLC0415  # models load after the apps
        from piutempo.correspondence.kinds import register_kinds  # noqa: PLC0415  # as above

        register_kinds(*KINDS)
