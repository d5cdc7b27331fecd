"""Load programme files: nothing changes for those that say what the last version says."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from piutempo.programmes.messages import sentence_for
from piutempo.programmes.rules.problems import ProgrammeRefused
from piutempo.programmes.services import VersionRefused, load_programme


class Command(BaseCommand):
    """
    ``manage.py load_programmes [FILE …]``: default every file of ``programmes.d``. Exit 0 all loaded, 1 some refused.
    """

    help = "Load programme files (default: programmes.d/*.toml)"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files."""
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load one by one; a refused file does not stop the others."""
        files: list[Path] = options["files"] or sorted(Path(settings.PROGRAMMES_DIR).glob("*.toml"))
        refused = 0
        for path in files:
            if not path.is_file():
                refused += 1
                self.stderr.write(f"{path}: il file non c'è. I programmi sono in {settings.PROGRAMMES_DIR.name}/*.toml")
                continue
            try:
                result = load_programme(path, at=timezone.now())
            except ProgrammeRefused as error:
                refused += 1
                for problem in error.problems:
                    self.stderr.write(f"{path.name}, {problem}")
            except VersionRefused as error:
                refused += 1
                self.stderr.write(f"{path.name}: {sentence_for(error)}")
                for difference in error.differences:
                    self.stderr.write(f"  {difference.path}: {difference.sentence}")
            else:
                done = f"versione {result.version.number}" if result.is_new else "già caricato, niente di nuovo"
                self.stdout.write(f"{path.name}: {done}")
                for difference in result.differences:
                    self.stdout.write(f"  {difference.path}: {difference.sentence}")
        if refused:
            raise CommandError(
                f"{refused} file non caricati su {len(files)}: correggi quanto scritto sopra e ripeti."
                " Vedi docs/programme-file.md"
            )
