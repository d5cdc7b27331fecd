"""Load Italy's municipalities from public data inside installed packages. Safe to run again."""

from typing import Any

from django.core.management.base import BaseCommand

from piutempo.people.services.municipalities import load_municipalities


class Command(BaseCommand):
    """``manage.py load_municipalities``: seconds, no network."""

    help = "Loads Italy's municipalities (codes, provinces, postal codes, coordinates). Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many."""
        self.stdout.write(f"{load_municipalities()} municipalities")
