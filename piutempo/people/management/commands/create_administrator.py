"""Open the first account of a new installation: an administrator, who opens the others in the pages."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from piutempo.people.models import Role
from piutempo.people.services.accounts import AccountRefused, create_user, grant_role


class Command(BaseCommand):
    """``manage.py create_administrator USERNAME --name "Nome Cognome"``; the password is asked, or read from a pipe."""

    help = "Open an administrator's account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Read who it is."""
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="given name and family name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the account and give the role everywhere."""
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        now = timezone.now()
        try:
            with transaction.atomic():
                user = create_user(username=options["username"], full_name=options["name"], password=password, at=now)
                grant_role(user=user, role=Role.ADMINISTRATOR, at=now)
        except AccountRefused as refused:
            raise CommandError(f"{refused.reason}: {refused.details or 'choose another name'}") from None
        self.stdout.write(f"{user.username} is an administrator")
