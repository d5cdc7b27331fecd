"""Issue a month's vouchers: rehearses unless told to commit."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from piutempo.kernel.money import format_euro
from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme
from piutempo.vouchers.services.issuance import NothingWouldBeValid, UnknownProduct, issue_month


class Command(BaseCommand):
    """
    ``manage.py issue_vouchers --programme X --product Y --month 2011-03 [--commit]``; exit code 0 all, 1 some
    refused.
    """

    help = "Rehearses the issuance of a month's vouchers; with --commit, writes them. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the run."""
        parser.add_argument("--programme", required=True, help="the programme's code")
        parser.add_argument("--product", required=True, help="the product's code")
        parser.add_argument("--month", required=True, help="such as 2011-03")
        parser.add_argument("--commit", action="store_true", help="write; without it nothing is written")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run or rehearse, and say what came of it."""
        try:
            month = Month.parse(options["month"])
        except ValueError as wrong:
            raise CommandError(f"--month: {wrong}. See docs/rules/issuance.md") from None
        programme = Programme.objects.filter(code=options["programme"]).first()
        if programme is None:
            codes = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(f"no programme {options['programme']!r}; there are: {codes or 'none'}")
        with tqdm(unit="voucher", disable=not sys.stderr.isatty()) as bar:

            def tell(done: int, due: int) -> None:
                bar.total = due
                bar.update(done - bar.n)

            try:
                report = issue_month(
                    programme=programme,
                    product_code=options["product"],
                    month=month,
                    at=timezone.now(),
                    by=None,
                    commit=options["commit"],
                    progress=tell,
                )
            except (UnknownProduct, NothingWouldBeValid) as wrong:
                raise CommandError(f"{wrong}. See docs/rules/issuance.md") from None
        verb = "issued" if options["commit"] else "would issue"
        self.stdout.write(f"{verb} {report.issued} of {report.due} vouchers, {format_euro(report.issued_cents)}")
        if report.refused:
            self.stdout.write(
                f"refused {report.refused}, {format_euro(report.refused_cents)}: the fund has no money for them; "
                f"first awards: {', '.join(map(str, report.refused_award_ids[:20]))}"
            )
            sys.exit(1)
