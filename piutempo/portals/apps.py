from django.apps import AppConfig


class PortalsConfig(AppConfig):
    name = "piutempo.portals"
    verbose_name = "Portali"

    def ready(self) -> None:
        """Tell correspondence whom the office may write to."""
        from piutempo.correspondence.recipients import register_source  # noqa: PLC0415  # models load after the apps
        from piutempo.portals.recipients import FAMILIES  # noqa: PLC0415  # as above

        register_source(FAMILIES)
