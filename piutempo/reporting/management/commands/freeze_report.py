"""Freeze a quarter's or the final report."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from piutempo.programmes.models import Programme
from piutempo.reporting.rules import quarter_of
from piutempo.reporting.services.freezing import ReportRefused, freeze_report


class Command(BaseCommand):
    """``manage.py freeze_report PROGRAMME --quarter 2011-06-30`` or ``--from … --until …`` (a final report)."""

    help = "Freeze an official report as of the end of its period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Read the programme and the period."""
        parser.add_argument("programme")
        parser.add_argument("--quarter", type=date.fromisoformat, help="any day of the quarter")
        parser.add_argument("--from", dest="since", type=date.fromisoformat)
        parser.add_argument("--until", type=date.fromisoformat, help="exclusive")

    def handle(self, *args: Any, **options: Any) -> None:
        """Freeze it and print the hash."""
        programme = Programme.objects.filter(code=options["programme"]).first()
        if programme is None:
            known = ", ".join(Programme.objects.values_list("code", flat=True)) or "none"
            raise CommandError(f"no programme {options['programme']!r}; there are: {known}")
        if options["quarter"]:
            kind, (since, until) = "quarter", quarter_of(options["quarter"])
        elif options["since"] and options["until"]:
            kind, since, until = "final", options["since"], options["until"]
        else:
            raise CommandError("say --quarter DAY, or --from DAY --until DAY for a final report")
        try:
            report = freeze_report(
                programme=programme, kind=kind, period_from=since, period_until=until, as_of=until, at=timezone.now()
            )
        except ReportRefused:
            raise CommandError(f"the period ends on {until}: its facts may still change, wait until then") from None
        self.stdout.write(f"report {report.pk} {report.sha256}")
