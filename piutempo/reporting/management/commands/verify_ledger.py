"""Prove that money never lied: every law over all rows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from piutempo.ledger.selectors import get_watermark
from piutempo.reporting.selectors.verification import list_all_violations


class Command(BaseCommand):
    """``manage.py verify_ledger``: prints the rows that break a law and exits 1, or says that all hold."""

    help = "Prove the invariants of the ledger and of what stands on it over all rows."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every law."""
        found = list_all_violations()
        for violation in found:
            self.stdout.write(f"{violation.law}: {violation.row}: {violation.found}")
        if found:
            raise CommandError(f"{len(found)} rows break a law. See docs/adr/0003-ledger.md", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"ledger verified: all laws hold over {get_watermark()} transfers"))
