"""Do what is due: reminders, deadlines, letters in the outbox. Once, or again and again beside the server."""

import os
import time
import traceback
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from piutempo.portals.timers import TIMERS


class Command(BaseCommand):
    """
    ``manage.py run_due [--watch SECONDS [--parent PID]]``.

    With ``--parent`` the watch ends when the process that started it, of that id, ends.
    """

    help = "Runs every timer that is due; safe to run again and beside itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Read how often."""
        parser.add_argument("--watch", type=int, metavar="SECONDS", help="run again every so many seconds")
        parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, our parent, ends")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the timers; a fault of one does not stop the others."""
        every = options["watch"]
        if every is None:
            if faults := self._run():
                raise CommandError(f"failed: {', '.join(faults)}")
            return
        if every < 1:
            raise CommandError("--watch takes a whole number of seconds, at least 1")
        self._watch(every, options["parent"])

    def _watch(self, every: int, parent: int | None) -> None:
        try:
            while parent in {None, os.getppid()}:
                close_old_connections()
                self._run()
                started = time.monotonic()
                while parent in {None, os.getppid()} and time.monotonic() - started < every:
                    time.sleep(0.5)
        except KeyboardInterrupt:
            return

    def _run(self) -> list[str]:
        faults = []
        for name, timer in TIMERS:
            try:
                said = timer(timezone.now())
            except Exception:  # the next timer must have its turn; what failed is due again at the next run
                self.stderr.write(f"{name} failed\n{traceback.format_exc()}")
                faults.append(name)
            else:
                if said:
                    self.stdout.write(f"{name}: {said}")
        return faults
