"""An application in plain words: where it stands, and what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from piutempo.applications.models import Application, Decision, Status
from piutempo.applications.rules import last_review_day
from piutempo.awards.models import Award, AwardStatus
from piutempo.kernel.periods import Month
from piutempo.procedures.messages import clock_lines
from piutempo.procedures.models import Procedure, ProcedureStatus, Step, StepKind
from piutempo.procedures.rules.clock import ClockView
from piutempo.procedures.selectors import get_clock, get_laws
from piutempo.programmes.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class MonthsView:
    """The months of one award, as a family reads them."""

    title: str
    state: str
    tag: str
    months: int
    first_month: date
    last_month: date | None
    month_cents: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something the family may do, until ``due_on``. ``is_open``: it waits for them; else it is there if they want."""

    step: Step
    title: str
    text: str
    items: list[str]
    due_on: date
    is_open: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the way: ``state`` is done, now or next."""

    label: str
    detail: str
    state: str


@dataclass(frozen=True, slots=True)
class Story:
    """
    What a page says of one application. ``tag`` is good, bad, waiting or plain.

    ``stops``: the way from the request to the vouchers; ``tasks``: what the family may do; ``clock``: how the days are
    counted, in sentences. ``review_until``: the last day to ask that a decision be looked at again.
    """

    application: Application
    tag: str
    state: str
    now: str
    then: str
    months: tuple[MonthsView, ...]
    stops: tuple[Stop, ...] = ()
    tasks: tuple[Task, ...] = ()
    clock: tuple[str, ...] = ()
    review_until: date | None = None


def story_of(
    application: Application,
    *,
    decision: Decision | None,
    awards: Sequence[Award],
    terms: Terms | None,
    procedure: Procedure | None = None,
    on: date | None = None,
    closes_at: datetime | None = None,
    decided_on: date | None = None,
) -> Story:
    """
    Return one application in plain words, on a day; ``closes_at``: until when a draft may be sent.

    ``decided_on``: the day from which the days for a review run, when a change was judged after the decision.
    """
    tag, now, then = _words(application, awards)
    tasks = _tasks_of(procedure, on) if procedure and on else ()
    clock = get_clock(procedure, on) if procedure and on and application.status == Status.SUBMITTED else None
    review_until = _review_until(application, decision, terms, on, decided_on)
    if procedure and procedure.round > 1 and application.status == Status.SUBMITTED:
        now = _("L'ufficio guarda di nuovo la tua domanda.")
    if any(task.is_open for task in tasks):
        now = _("L'ufficio ti ha scritto e aspetta la tua risposta.")
        then = _("Rispondi da qui o a uno sportello. Poi l'ufficio riprende l'esame.")
    elif clock and on:
        then = f"{then} {_deadline(clock)}"
    if closes_at:
        until = date_format(timezone.localtime(closes_at), "d/m/Y H:i")
        then = f"{then} {_('Puoi mandarla fino al %(until)s.') % {'until': until}}"
    titles = {p.code: p.title for p in terms.products} if terms else {}
    return Story(
        application=application,
        tag=tag,
        state=str(application.get_status_display()),
        now=now,
        then=then,
        months=tuple(_months_of(a, titles) for a in awards if not _is_moved(a)),
        stops=_stops_of(
            application,
            decision,
            procedure,
            clock,
            has_task=any(task.is_open for task in tasks),
            is_waiting=any(a.status == AwardStatus.WAITING for a in awards),
        ),
        tasks=tasks,
        clock=tuple(clock_lines(clock)) if clock else (),
        review_until=review_until,
    )


def _review_until(
    application: Application,
    decision: Decision | None,
    terms: Terms | None,
    on: date | None,
    decided_on: date | None,
) -> date | None:
    if not (decision and terms and on) or application.status not in {Status.APPROVED, Status.REFUSED}:
        return None
    day = decided_on or timezone.localdate(decision.decided_at)
    last = last_review_day(day, terms.procedure.review_days, get_laws())
    return last if on <= last else None


def _day(value: date | datetime) -> str:
    return date_format(timezone.localtime(value) if isinstance(value, datetime) else value, "d/m/Y")


def _deadline(clock: ClockView) -> str:
    if clock.is_late:
        return _("Il termine era il %(day)s: la domanda vale ancora. Chiama l'ufficio per sapere a che punto è.") % {
            "day": _day(clock.due_on)
        }
    return _("L'ufficio decide entro il %(day)s.") % {"day": _day(clock.due_on)}


def _stops_of(
    application: Application,
    decision: Decision | None,
    procedure: Procedure | None,
    clock: ClockView | None,
    *,
    has_task: bool,
    is_waiting: bool,
) -> tuple[Stop, ...]:
    if application.submitted_at is None or application.status == Status.WITHDRAWN:
        return ()
    is_open = application.status == Status.SUBMITTED
    sent = Stop(_("Domanda presentata"), _day(application.submitted_at), "done")
    who = (procedure.responsible.full_name if procedure.responsible else procedure.office) if procedure else ""
    seen = _("La segue: %(who)s") % {"who": who} if who else ""
    if has_task:
        seen = _("Ora tocca a te: l'ufficio aspetta la tua risposta")
    stops = [sent, Stop(_("Esame dell'ufficio"), seen if is_open else "", "now" if is_open else "done")]
    if is_open:
        when = _("entro il %(day)s") % {"day": _day(clock.due_on)} if clock else ""
        stops.append(Stop(_("Decisione"), when, "next"))
    elif decision:
        stops.append(Stop(_("Decisione"), f"{_day(decision.decided_at)}: {application.get_status_display()}", "done"))
    if application.status == Status.REFUSED:
        return tuple(stops)
    has_right = application.status == Status.APPROVED
    vouchers = _("Li ritiri allo sportello, mese per mese") if has_right else _("Se la domanda è accolta")
    if is_waiting:
        vouchers = _("Quando nel fondo rientra denaro")
    return (*stops, Stop(_("Buoni"), vouchers, "now" if has_right and not is_waiting else "next"))


def _tasks_of(procedure: Procedure, on: date) -> tuple[Task, ...]:
    if procedure.status == ProcedureStatus.CLOSED:
        return ()
    steps = [s for s in procedure.steps.all() if s.round == procedure.round and s.kind != StepKind.REVIEW]
    return tuple(task for step in steps if (task := _task_of(step, on)))


def _task_of(step: Step, on: date) -> Task | None:
    is_request = step.kind == StepKind.INTEGRATION
    due = {"day": _day(step.due_on)}
    is_over = on > step.due_on
    title = (
        _("L'ufficio ti chiede dei documenti") if is_request else _("L'ufficio pensa di dire di no: puoi rispondere")
    )
    if step.answered_at:
        if is_over or step.closed_at:
            return None
        text = _("Hai risposto il %(answered)s. Puoi aggiungere altro fino al %(day)s.") % {
            **due,
            "answered": _day(step.answered_at),
        }
        return Task(step, title, text, step.items, step.due_on, is_open=False)
    if step.closed_at and timezone.localdate(step.closed_at) <= step.due_on:
        return None
    if is_over:
        text = _("Il tempo per rispondere è finito il %(day)s. Se hai altro da dire, manda lo stesso: l'ufficio legge.")
        return Task(step, title, text % due, step.items, step.due_on, is_open=False)
    return Task(step, title, _("Hai tempo fino al %(day)s.") % due, step.items, step.due_on, is_open=True)


def _words(application: Application, awards: Sequence[Award]) -> tuple[str, str, str]:
    match application.status:
        case Status.DRAFT:
            return (
                "waiting",
                _("La domanda è una bozza: l'ufficio non la vede ancora."),
                _("Completa i passi e presentala: quello che hai scritto è salvato."),
            )
        case Status.SUBMITTED:
            return (
                "waiting",
                _("La domanda è stata presentata: l'ufficio la sta esaminando."),
                _("Non devi fare nulla. Se manca un documento ti contatta l'ufficio; la decisione compare qui."),
            )
        case Status.APPROVED if any(a.status == AwardStatus.WAITING for a in awards):
            return (
                "waiting",
                _("La domanda è approvata, ma il fondo per ora è esaurito: sei in lista d'attesa."),
                _("Quando rientra denaro ricevi le mensilità, senza una nuova domanda."),
            )
        case Status.APPROVED:
            return (
                "good",
                _("La domanda è approvata: hai diritto ai buoni."),
                _("Ogni mese l'ufficio emette i buoni; li ritiri allo sportello e li spendi nelle sedi accreditate."),
            )
        case Status.REFUSED:
            return (
                "bad",
                _("La domanda è stata respinta."),
                _("Apri la domanda per leggere i motivi, uno per uno. Se la situazione cambia puoi farne un'altra."),
            )
    return (
        "plain",
        _("La domanda è stata ritirata."),
        _("Puoi presentarne un'altra finché il periodo per fare domanda è aperto."),
    )


def _is_moved(award: Award) -> bool:
    """Tell whether nothing is left to say of an award: it left the list, or all its months went on in another."""
    is_empty = award.months == award.months_released and not award.end_reason
    return award.status == AwardStatus.DROPPED or (award.status == AwardStatus.ENDED and is_empty)


def _months_of(award: Award, titles: dict[str, str]) -> MonthsView:
    booked = award.months - award.months_released
    first = Month.of(award.first_month)
    tag = {
        AwardStatus.COMMITTED: "good",
        AwardStatus.SUSPENDED: "waiting",
        AwardStatus.WAITING: "waiting",
    }.get(AwardStatus(award.status), "plain")
    return MonthsView(
        title=titles.get(award.product, award.product),
        state=str(award.get_status_display()),
        tag=tag,
        months=booked,
        first_month=award.first_month,
        last_month=(first + (booked - 1)).first if booked else None,
        month_cents=award.month_cents,
    )
