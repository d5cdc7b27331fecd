"""A programme with checks, its requests and the people who check."""

from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from piutempo.applications.models import Application
from piutempo.applications.services import decide_application
from piutempo.applications.services.proposing import propose_decision, sign_proposal
from piutempo.controls.models import Check, Sample
from piutempo.controls.services import answer_item, draw_sample, open_check, open_sample, send_finding, take_check
from piutempo.correspondence.models import Letter
from piutempo.correspondence.services import mark_posted
from piutempo.people.models import User
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms
from tests.applications.factories import DECIDED_AT, FILE, ROME, load_text, make_submitted, make_user

CHECKED_AT = datetime(2025, 4, 2, 9, tzinfo=ROME)
PERIOD = (date(2025, 3, 1), date(2025, 4, 1))
CHECKS = """
[procedure]
needs_second_signature = {signature}

[checks]
checklist = ["Residenza e stato di famiglia", "ISEE nella banca dati"]
answer_days = 15
term_days = 60

  [[checks.risk_classes]]
  code = "isee-basso"
  title = "ISEE sotto 6.000 euro"
  expression = "isee_cents < 600000"
  share_bp = 5000

  [[checks.risk_classes]]
  code = "ordinario"
  title = "Tutte le altre"
  expression = "true"
  share_bp = 1000
"""


def make_checked_programme(tmp_path: Path, *, signature: bool = False) -> Programme:
    text = (Path(settings.PROGRAMMES_DIR) / FILE).read_text(encoding="utf-8")
    return load_text(tmp_path, text + CHECKS.format(signature=str(signature).lower()))


def make_officers(programme: Programme) -> tuple[User, User, User]:
    """An officer who decides, one who checks, a manager who signs."""
    scope = ("programme", programme.pk)
    decider, checker = (make_user(("case_officer", *scope)) for _ in range(2))
    return decider, checker, make_user(("programme_manager", *scope))


def make_approved(programme: Programme, decider: User | None = None, **facts: object) -> Application:
    application = make_submitted(programme, **facts)
    if get_current_terms(programme, DECIDED_AT.date()).procedure.needs_second_signature:
        proposer = decider or make_user()
        proposal = propose_decision(application=application, approve=True, note="", at=DECIDED_AT, by=proposer)
        sign_proposal(proposal=proposal, at=DECIDED_AT, by=make_user())
    else:
        decide_application(application=application, approve=True, note="", at=DECIDED_AT, by=decider)
    application.refresh_from_db()
    return application


def make_sample(programme: Programme, by: User | None = None) -> Sample:
    sample = open_sample(
        programme=programme,
        period_from=PERIOD[0],
        period_until=PERIOD[1],
        at=DECIDED_AT,
        by=by,
        seed="48-7-22-61-90",
        seed_source="Lotto, ruota di Milano, 27/03/2025",
        is_public=True,
    )
    return draw_sample(sample=sample, at=CHECKED_AT, by=by)


def make_check(application: Application, opener: User, checker: User) -> Check:
    check = open_check(application=application, reason="L'indirizzo non risulta.", at=CHECKED_AT, by=opener)
    return take_check(check=check, at=CHECKED_AT, by=checker)


def go_through(check: Check, by: User, *outcomes: str) -> None:
    for position, outcome in enumerate(outcomes):
        answer_item(check=check, position=position, outcome=outcome, note="Visto in anagrafe.", at=CHECKED_AT, by=by)


def make_found(application: Application, opener: User, checker: User) -> Check:
    """A check whose finding went to the family."""
    check = make_check(application, opener, checker)
    go_through(check, checker, "ok", "not_ok")
    found = send_finding(check=check, text="L'ISEE dichiarato non risulta.", at=CHECKED_AT, by=checker)
    post_letters(found, CHECKED_AT, checker)
    return found


def post_letters(check: Check, at: datetime, by: User) -> None:
    """Post the printed letters of a check."""
    waiting = Letter.objects.filter(subject="controls.check", subject_id=check.pk, state="paper")
    mark_posted(letters=list(waiting), at=at, by=by)
