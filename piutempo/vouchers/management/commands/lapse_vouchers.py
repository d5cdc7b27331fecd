"""Take expired money out of vouchers, back to the fund: counts unless told to commit. For a daily timer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, F, Sum
from django.utils import timezone

from piutempo.kernel.money import format_euro
from piutempo.programmes.models import Programme
from piutempo.vouchers.selectors.expiry import lapsable_vouchers
from piutempo.vouchers.services import lapse_expired


class Command(BaseCommand):
    """``manage.py lapse_vouchers [--programme X] [--commit]``: every programme, unless one is named."""

    help = (
        "Counts the vouchers that expired unspent; with --commit, returns their money to the fund. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the programme."""
        parser.add_argument("--programme", help="the programme's code; without it, every programme")
        parser.add_argument("--commit", action="store_true", help="write; without it nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        """Lapse or count, programme by programme, and say what came of it."""
        programmes = Programme.objects.order_by("code")
        if options["programme"]:
            programmes = programmes.filter(code=options["programme"])
            if not programmes:
                codes = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True))
                raise CommandError(f"no programme {options['programme']!r}; there are: {codes or 'none'}")
        at = timezone.now()
        today = timezone.localdate(at)
        for programme in programmes:
            if options["commit"]:
                report = lapse_expired(programme=programme, on=today, at=at)
                text = f"{report.vouchers} vouchers lapsed, {format_euro(report.cents)} back to the fund, "
                text += f"{report.served} waiting awards served"
            else:
                unspent = Sum(F("value_cents") - F("spent_cents") - F("void_cents"), default=0)
                due = lapsable_vouchers(programme.pk, today).aggregate(n=Count("id"), cents=unspent)
                text = f"{due['n']} vouchers would lapse, {format_euro(due['cents'])}"
            self.stdout.write(f"{programme.code}: {text}")
