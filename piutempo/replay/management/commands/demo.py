"""Fill the demonstration: places, programmes, the historic replay, the live story, the personas. Safe to run again."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from piutempo.network.models import Desk, Provider
from piutempo.people.models import Municipality, Person, Role, User
from piutempo.programmes.models import Programme
from piutempo.replay.selectors import get_replay_of
from piutempo.replay.services.cast import engage_cast
from piutempo.replay.services.controls import open_controls
from piutempo.replay.services.live import tell_live_story
from piutempo.replay.services.personas import PASSWORD, create_personas
from piutempo.replay.services.ranked import tell_ranked_story

HISTORIC = "obiettivo-conciliazione-2010"


class Command(BaseCommand):
    """``manage.py demo [--only-seed]``: minutes the first time, then seconds; ``--only-seed``: no replay."""

    help = "Fills the database of a demonstration; what is there already stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to leave out."""
        parser.add_argument("--only-seed", action="store_true", help="the live programme and its people, no replay")
        parser.add_argument("--scale", type=float, default=1.0, help="of the historic replay; 0.02 takes seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is missing, and print who can sign in."""
        if settings.MODE == "production":
            raise CommandError(
                "demo fills a database with invented people: never in production. Set PIUTEMPO_MODE=demo"
            )
        at = timezone.now()
        if not Municipality.objects.exists():
            self.stdout.write("Comuni …")
            call_command("load_municipalities", stdout=self.stdout)
        call_command("load_programmes", stdout=self.stdout)
        if not options["only_seed"]:
            self._replay(options["scale"])
        run = tell_live_story(programmes_dir=Path(settings.PROGRAMMES_DIR), at=at)
        if run is None:
            self.stderr.write("Il programma aperto non riceve domande in questi mesi: nessuna storia da raccontare.")
            return
        if run.finished_at is None:
            raise CommandError(
                "the live story was interrupted: empty the demonstration with `make clean-demo` and repeat"
            )
        personas = create_personas(
            citizen=Person.objects.get(pk=run.figures["citizen"]),
            desk=Desk.objects.get(pk=run.figures["desk"]),
            provider=Provider.objects.get(pk=run.figures["provider"]),
            at=at,
        )
        names = {persona.role: persona.username for persona in personas}
        tell_ranked_story(
            at=at,
            officer=User.objects.get(username=names[Role.CASE_OFFICER]),
            manager=User.objects.get(username=names[Role.PROGRAMME_MANAGER]),
        )
        open_controls(
            programme=run.programme,
            citizen=Person.objects.get(pk=run.figures["citizen"]),
            at=at,
            opener=engage_cast(run.programme, at).officer,
            checker=User.objects.get(username=names[Role.CASE_OFFICER]),
        )
        self.stdout.write("")
        self.stdout.write(f"Personaggi (pagina /demo/, o password «{PASSWORD}»):")
        width = max(len(persona.username) for persona in personas)
        for persona in personas:
            self.stdout.write(f"  {persona.username:{width}}  {persona.role.label}, {persona.place}")

    def _replay(self, scale: float) -> None:
        programme = Programme.objects.get(code=HISTORIC)
        run = get_replay_of(programme)
        if run is None:
            call_command("replay", HISTORIC, scale=scale, stdout=self.stdout, stderr=sys.stderr)
        elif run.finished_at is None:
            raise CommandError(
                f"the replay of {HISTORIC} was interrupted: empty the demonstration with `make clean-demo` and repeat"
            )
        else:
            self.stdout.write(f"{HISTORIC}: già replicato, niente di nuovo")
