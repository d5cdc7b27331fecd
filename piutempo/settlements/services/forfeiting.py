"""Taking a benefit away: the family is heard first, a person decides, what was spent without the right is claimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.applications.models import Application, Status
from piutempo.applications.selectors import get_rules
from piutempo.awards.models import Award
from piutempo.correspondence.selectors import list_departures
from piutempo.correspondence.services import send_letter
from piutempo.kernel.money import format_euro
from piutempo.people.models import User
from piutempo.procedures.models import Outcome, Procedure, StepKind
from piutempo.procedures.rules.refusals import Refusal as ClockRefusal
from piutempo.procedures.selectors import get_laws, get_procedure, list_steps
from piutempo.procedures.services import ProcedureRefused, close_procedure, give_notice, open_procedure
from piutempo.records.services import record_event
from piutempo.settlements.letters import DECISION, DROPPED, NOTICE
from piutempo.settlements.models import Claim, ClaimLine, Forfeiture, ForfeitureStatus, StatementLine
from piutempo.settlements.services.claiming import book_claims
from piutempo.settlements.services.refusals import Refusal, SettlementRefused
from piutempo.vouchers.models import LapseCause, Redemption
from piutempo.vouchers.services.leaving import end_benefit

SUBJECT = "settlements.forfeiture"
#: Days that a family has to give money back, from the decision.
DAYS_TO_PAY = 60


@transaction.atomic
def open_forfeiture(
    *, application: Application, since: date, reasons: Sequence[str], at: datetime, by: User
) -> Forfeiture:
    """
    Tell a family why its benefit would be taken away from a day on; it has the law's days to answer.

    Nothing else happens until a person decides. Sent twice with the same day, it is one notice.

    :raises SettlementRefused: NO_BENEFIT, NO_REASON, WRONG_DAY, FORFEITURE_RUNNING
    """
    held = Application.objects.select_for_update(of=("self",)).select_related("programme", "applicant")
    mine = held.get(pk=application.pk)
    given = [reason.strip() for reason in reasons if reason.strip()]
    if not given:
        raise SettlementRefused(Refusal.NO_REASON)
    running = Forfeiture.objects.filter(application=mine).exclude(status=ForfeitureStatus.DROPPED).first()
    if running is not None:
        if running.status == ForfeitureStatus.NOTIFIED and running.since == since:
            return running
        raise SettlementRefused(Refusal.FORFEITURE_RUNNING)
    awards = Award.objects.filter(application_id=mine.pk)
    if mine.status != Status.APPROVED or mine.submitted_at is None or not awards.exists():
        raise SettlementRefused(Refusal.NO_BENEFIT)
    today = timezone.localdate(at)
    if not timezone.localdate(mine.submitted_at) <= since <= today:
        raise SettlementRefused(Refusal.WRONG_DAY)
    terms = get_rules(mine.programme, today)[1].procedure
    forfeiture = Forfeiture.objects.create(
        application=mine, since=since, reasons="\n".join(given), opened_at=at, opened_by=by
    )
    procedure = open_procedure(
        subject=SUBJECT,
        subject_id=forfeiture.pk,
        programme=mine.programme,
        term_days=terms.term_days,
        office=terms.office,
        at=at,
        by=by,
        responsible=by,
    )
    step = give_notice(procedure=procedure, reasons=given, at=at, by=by)
    _record("notified", forfeiture, at, by, {"since": since.isoformat(), "due_on": step.due_on.isoformat()})
    fields = {
        "da": _day(since),
        "motivi": _bullets(given),
        "scadenza": _day(step.due_on),
    }
    _send(NOTICE.code, forfeiture, fields, at, by)
    return forfeiture


@transaction.atomic
def decide_forfeiture(*, forfeiture: Forfeiture, text: str, at: datetime, by: User) -> Forfeiture:
    """
    Take the benefit away: awards end, unspent titles lapse, what was spent on services from ``since`` on is claimed.

    Deciding twice changes nothing.

    :raises SettlementRefused: NO_REASON, FORFEITURE_CLOSED (dropped), LETTER_NOT_SENT (and the family did not answer),
        SIGNED_BY_OPENER (two persons decide in this programme)
    :raises ProcedureRefused: NOTICE_RUNNING: the family's days have not run
    """
    held = _lock(forfeiture)
    if not text.strip():
        raise SettlementRefused(Refusal.NO_REASON)
    if held.status == ForfeitureStatus.DECIDED:
        return held
    if held.status != ForfeitureStatus.NOTIFIED:
        raise SettlementRefused(Refusal.FORFEITURE_CLOSED)
    procedure = get_procedure(SUBJECT, held.pk)
    if procedure is None:
        raise SettlementRefused(Refusal.FORFEITURE_CLOSED)
    terms = get_rules(held.application.programme, timezone.localdate(at))[1].procedure
    if terms.needs_second_signature and by.pk == held.opened_by_id:
        raise SettlementRefused(Refusal.SIGNED_BY_OPENER)
    close_procedure(procedure=procedure, outcome=Outcome.REFUSED, at=at, by=by)
    _check_letter(held, procedure, timezone.localdate(at))
    # The reasons are sealed: awards and events only say that it was a forfeiture.
    said = _("Decadenza dal %(day)s") % {"day": _day(held.since)}
    reports = end_benefit(application=held.application, cause=LapseCause.WITHDRAWN, reason=said, at=at, by=by)
    claims = _claim(held, at)
    held.status, held.closed_at, held.closed_by, held.outcome = ForfeitureStatus.DECIDED, at, by, text.strip()
    held.save(update_fields=["status", "closed_at", "closed_by", "outcome"])
    for claim in claims:
        book_claims(claim=claim, at=at)
    total = sum(claim.amount_cents for claim in claims)
    _record("decided", held, at, by, {"claimed_cents": total, "lapsed_cents": sum(r.cents for r in reports)})
    due_on = _day(timezone.localdate(at) + timedelta(days=DAYS_TO_PAY))
    answered = [step for step in list_steps(procedure) if step.answered_at]
    fields = {
        "da": _day(held.since),
        "motivi": text.strip(),
        "risposta": _("Abbiamo letto la tua risposta e ne abbiamo tenuto conto.")
        if answered
        else _("Non abbiamo ricevuto una tua risposta al nostro avviso."),
        "effetto": _bullets(
            [
                _("Le mensilità non emesse e i titoli non spesi tornano nel fondo per altre famiglie."),
                _("I servizi che hai avuto da quel giorno valgono %(amount)s: gli operatori sono pagati lo stesso.")
                % {"amount": format_euro(total)},
            ]
        ),
        "restituzione": _("Restituisci %(amount)s entro il %(day)s.") % {"amount": format_euro(total), "day": due_on}
        if total
        else _("Non devi restituire niente."),
        "ricorso": terms.appeal or _("Puoi chiedere il riesame all'ufficio."),
    }
    _send(DECISION.code, held, fields, at, by)
    return held


def _check_letter(forfeiture: Forfeiture, procedure: Procedure, on: date) -> None:
    """
    Refuse while the notice has not left, or left less than its days ago; a family that answered had it.

    :raises SettlementRefused: LETTER_NOT_SENT
    :raises ProcedureRefused: NOTICE_RUNNING
    """
    notices = [step for step in list_steps(procedure) if step.kind == StepKind.NOTICE]
    pk, key = forfeiture.application_id, str(forfeiture.pk)
    departures = list_departures(kinds=[NOTICE.code], subject="applications.application", subject_ids=[pk])
    if not notices or notices[-1].answered_at is not None or (pk, key) not in departures:
        return
    left_at = departures[pk, key]
    if left_at is None:
        raise SettlementRefused(Refusal.LETTER_NOT_SENT)
    left_on = timezone.localdate(left_at)
    late = left_on > timezone.localdate(notices[-1].sent_at)
    if late and on <= get_laws().family_due_on(left_on, notices[-1].days):
        raise ProcedureRefused(ClockRefusal.NOTICE_RUNNING)


@transaction.atomic
def drop_forfeiture(*, forfeiture: Forfeiture, text: str, at: datetime, by: User) -> Forfeiture:
    """
    Close it in the family's favour, at any time. Twice changes nothing.

    :raises SettlementRefused: NO_REASON, FORFEITURE_CLOSED (decided)
    """
    held = _lock(forfeiture)
    if not text.strip():
        raise SettlementRefused(Refusal.NO_REASON)
    if held.status == ForfeitureStatus.DROPPED:
        return held
    procedure = get_procedure(SUBJECT, held.pk)
    if held.status != ForfeitureStatus.NOTIFIED or procedure is None:
        raise SettlementRefused(Refusal.FORFEITURE_CLOSED)
    close_procedure(procedure=procedure, outcome=Outcome.APPROVED, at=at, by=by)
    held.status, held.closed_at, held.closed_by, held.outcome = ForfeitureStatus.DROPPED, at, by, text.strip()
    held.save(update_fields=["status", "closed_at", "closed_by", "outcome"])
    _record("dropped", held, at, by, {})
    _send(DROPPED.code, held, {"motivo": text.strip()}, at, by)
    return held


def list_undue(application_id: int, since: date) -> list[tuple[int, int, int]]:
    """Return what was spent on services from a day on and costs public money: (redemption id, pot id, cents)."""
    rows = Redemption.objects.filter(
        voucher__award__application_id=application_id, served_on__gte=since, reversal__isnull=True
    )
    excluded = StatementLine.objects.filter(redemption__in=rows).exclude(excluded_reason="").values("redemption_id")
    return list(rows.exclude(pk__in=excluded).order_by("id").values_list("id", "voucher__pot_id", "amount_cents"))


def _claim(forfeiture: Forfeiture, at: datetime) -> list[Claim]:
    pots: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for redemption_id, pot_id, cents in list_undue(forfeiture.application_id, forfeiture.since):
        pots[pot_id].append((redemption_id, cents))
    claims = []
    for pot_id in sorted(pots):
        claim = Claim.objects.create(
            forfeiture=forfeiture,
            pot_id=pot_id,
            amount_cents=sum(cents for _redemption, cents in pots[pot_id]),
            due_on=timezone.localdate(at) + timedelta(days=DAYS_TO_PAY),
        )
        ClaimLine.objects.bulk_create(
            ClaimLine(claim=claim, redemption_id=redemption_id, amount_cents=cents)
            for redemption_id, cents in pots[pot_id]
        )
        claims.append(claim)
    return claims


def _lock(forfeiture: Forfeiture) -> Forfeiture:
    rows = Forfeiture.objects.select_for_update(of=("self",))
    return rows.select_related("application__programme", "application__applicant").get(pk=forfeiture.pk)


def _day(day: date) -> str:
    """Return a day as a letter says it: ``3 maggio 2026``."""
    return date_format(day, "j F Y").lower()


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _record(name: str, forfeiture: Forfeiture, at: datetime, by: User, data: dict[str, object]) -> None:
    record_event(
        name=f"settlements.forfeiture_{name}",
        subject="applications.application",
        subject_id=forfeiture.application_id,
        at=at,
        by_id=by.pk,
        data={"forfeiture": forfeiture.pk} | data,
    )


def _send(kind: str, forfeiture: Forfeiture, fields: dict[str, str], at: datetime, by: User) -> None:
    application = forfeiture.application
    send_letter(
        kind=kind,
        person=application.applicant,
        fields={"numero": str(application.number), "programma": application.programme.title} | fields,
        subject="applications.application",
        subject_id=application.pk,
        key=str(forfeiture.pk),
        at=at,
        by=by,
        programme_id=application.programme_id,
    )
