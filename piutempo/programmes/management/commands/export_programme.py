"""Write the last published version of a programme as a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from piutempo.programmes.models import Programme
from piutempo.programmes.rules.writing import write_toml
from piutempo.programmes.selectors import get_head, get_programme


class Command(BaseCommand):
    """
    ``manage.py export_programme CODE > FILE``: the file names the version it starts from, ready to be changed and
    loaded.
    """

    help = "Print the last published version of a programme as TOML"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the programme."""
        parser.add_argument("code")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        try:
            head = get_head(get_programme(options["code"]))
        except Programme.DoesNotExist:
            head = None
        if head is None:
            known = ", ".join(Programme.objects.values_list("code", flat=True)) or "nessuno"
            raise CommandError(f"Nessun programma pubblicato ha il codice «{options['code']}». Ci sono: {known}.")
        self.stdout.write(write_toml(head.data, based_on=head.number), ending="")
