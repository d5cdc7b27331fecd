"""Collects what the program says for translators: Django's own command, told about this program's habits."""

from pathlib import Path
from typing import Any

from django.core.management.commands import makemessages

HEADERS_THAT_MOVE = ('"POT-Creation-Date:', '"Report-Msgid-Bugs-To:')


class Command(makemessages.Command):
    """
    Writes ``locale/<language>/LC_MESSAGES/django.po``; needs GNU gettext, unlike running and testing the program.

    It also reads our short names ``_t`` and ``_l``; places, guesses, dates and what nobody says any more stay out, so
    that two runs write the same file: a difference in the catalogue is a difference in what people read.
    """

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=_t", "--keyword=_l"]
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        options["no_obsolete"] = True
        options["no_wrap"] = True
        if not options["add_location"]:
            options["no_location"] = True
        options["ignore_patterns"] += ["tests/*", "benchmarks/*", "tools/*", "var/*"]
        super().handle(*args, **options)

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Write one catalogue, without the lines of its header that change at every run."""
        super().write_po_file(potfile, locale)
        path = Path(potfile).parent / locale / "LC_MESSAGES" / f"{self.domain}.po"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith(HEADERS_THAT_MOVE)), encoding="utf-8")
