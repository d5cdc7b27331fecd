"""
The clock of a procedure: until when the office must decide, and from which day it may decide against the family.

Pure: plain days in, a decision out. Worked examples: docs/rules/procedimento.md.

Days are calendar days and the first one does not count (art. 2963 c.c.). A family's last day that is a holiday moves
to the next working day; the office's does not. Requests for documents and notices stop the office's term once each in
a round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from piutempo.procedures.rules.law import Law, Laws, NoticeEffect
from piutempo.procedures.rules.refusals import Refusal


class Kind(StrEnum):
    """What a step is: a request for documents, a notice before refusal, the start of a review."""

    INTEGRATION = "integration"
    NOTICE = "notice"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class StepCase:
    """
    One step as the clock reads it.

    ``due_on`` is the family's last day. ``answered_on`` is the day of its first answer, ``closed_on`` the day on which
    the office closed the step.
    """

    kind: Kind
    sent_on: date
    due_on: date
    answered_on: date | None = None
    closed_on: date | None = None

    @property
    def is_answered_in_time(self) -> bool:
        """Tell whether the first answer came within the family's days."""
        return self.answered_on is not None and self.answered_on <= self.due_on

    @property
    def is_taken_back(self) -> bool:
        """Tell whether the office gave up a notice before the family's days had run and nobody had answered."""
        return self.closed_on is not None and self.closed_on <= self.due_on and not self.is_answered_in_time

    def seen_on(self, day: date) -> StepCase:
        """Return the step as it was known at the end of ``day``."""
        answered = self.answered_on if self.answered_on and self.answered_on <= day else None
        closed = self.closed_on if self.closed_on and self.closed_on <= day else None
        return StepCase(self.kind, self.sent_on, self.due_on, answered, closed)


@dataclass(frozen=True, slots=True)
class ProcedureCase:
    """One round of a procedure: the day it began (it does not count), the office's term, its steps in any order."""

    started_on: date
    term_days: int
    steps: tuple[StepCase, ...] = ()


class LineCode(StrEnum):
    """What a line of the explanation says."""

    STARTED = "STARTED"
    REQUEST_SENT = "REQUEST_SENT"
    REQUEST_SENT_AGAIN = "REQUEST_SENT_AGAIN"
    REQUEST_OVER = "REQUEST_OVER"
    NOTICE_SENT = "NOTICE_SENT"
    NOTICE_SENT_AGAIN = "NOTICE_SENT_AGAIN"
    NOTICE_TAKEN_BACK = "NOTICE_TAKEN_BACK"
    NOTICE_SUSPENDED = "NOTICE_SUSPENDED"
    NOTICE_INTERRUPTED = "NOTICE_INTERRUPTED"
    TOO_LATE_TO_STOP = "TOO_LATE_TO_STOP"
    DUE = "DUE"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation: a code and the days or counts that its sentence needs."""

    code: LineCode
    values: tuple[tuple[str, date | int], ...]


@dataclass(frozen=True, slots=True)
class ClockView:
    """
    How the clock stands on a day.

    ``due_on``: last day of the office; while the family may still answer, as if it did not. ``days_left``: days of the
    office, today excluded (negative: late); while paused, the days it will have from ``resumes_on``. ``lines``: the
    explanation in order.
    """

    due_on: date
    days_left: int
    is_paused: bool
    resumes_on: date | None
    is_late: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Pause:
    """The office's days after ``start`` up to ``end`` do not count; ``restarts``: the term begins anew at ``end``."""

    start: date
    end: date
    restarts: bool
    line: Line


def clock_for(case: ProcedureCase, laws: Laws, on: date) -> ClockView:
    """
    Return the clock as it stands at the end of the day ``on``.

    :raises LookupError: a step is older than the law on file
    Source: L. 241/1990 art. 2 c. 7 and 10-bis, in the text in force when each step was sent
    """
    lines = [_line(LineCode.STARTED, day=case.started_on, days=case.term_days)]
    left, running_from = case.term_days, case.started_on
    for pause in _pauses(_seen(case, on), laws):
        used = max((pause.start - running_from).days, 0)
        if used > left:
            lines.append(_line(LineCode.TOO_LATE_TO_STOP, day=pause.start))
            break
        lines.append(pause.line)
        left = case.term_days if pause.restarts else left - used
        running_from = max(running_from, pause.end)
    lines += _lines_without_effect(_seen(case, on))
    due_on = running_from + timedelta(days=left)
    is_paused = on < running_from and running_from > case.started_on
    lines.append(_line(LineCode.DUE, day=due_on))
    return ClockView(
        due_on=due_on,
        days_left=left if is_paused else (due_on - on).days,
        is_paused=is_paused,
        resumes_on=running_from if is_paused else None,
        is_late=due_on < on,
        lines=tuple(lines),
    )


def refusal_to_decide_for(case: ProcedureCase, *, is_approval: bool, is_competitive: bool, on: date) -> Refusal | None:
    """
    Return why the office may not decide on ``on``, or None. What favours the family may be decided at any time.

    A request for documents runs until it is answered or its last day is over, whatever the office does meanwhile; a
    notice runs to its last day even if the family has answered.
    """
    if is_approval:
        return None
    steps = _seen(case, on)
    if any(_is_request_running(step, on) for step in steps):
        return Refusal.REQUEST_RUNNING
    notices = [s for s in steps if s.kind == Kind.NOTICE and not s.is_taken_back]
    if any(on <= notice.due_on for notice in notices):
        return Refusal.NOTICE_RUNNING
    return None if notices or is_competitive else Refusal.NOTICE_NEEDED


def earliest_refusal_on(case: ProcedureCase, *, is_competitive: bool, on: date) -> date | None:
    """Return the first day from ``on`` for a decision against the family, as known on ``on``; None: notice needed."""
    steps = _seen(case, on)
    notices = [s for s in steps if s.kind == Kind.NOTICE and not s.is_taken_back]
    if not notices and not is_competitive:
        return None
    waits = [step.due_on for step in steps if _is_request_running(step, on)]
    return max([on, *(last + timedelta(days=1) for last in [*waits, *(n.due_on for n in notices)])])


def refusal_to_ask_for(case: ProcedureCase, kind: Kind, on: date) -> Refusal | None:
    """Return why a request or a notice may not be sent on ``on``, or None: one thing at a time is asked of a family."""
    steps = _seen(case, on)
    if any(_is_request_running(step, on) for step in steps):
        return Refusal.REQUEST_RUNNING
    if kind == Kind.NOTICE and any(s.kind == Kind.NOTICE and on <= s.due_on and not s.is_taken_back for s in steps):
        return Refusal.NOTICE_RUNNING
    return None


def _seen(case: ProcedureCase, on: date) -> list[StepCase]:
    known = (step.seen_on(on) for step in case.steps if step.sent_on <= on)
    return sorted(
        known, key=lambda s: (s.sent_on, s.kind, s.due_on, s.answered_on or date.max, s.closed_on or date.max)
    )


def _is_request_running(step: StepCase, on: date) -> bool:
    return step.kind == Kind.INTEGRATION and on <= step.due_on and step.answered_on is None


def _first_of(steps: Iterable[StepCase], kind: Kind) -> StepCase | None:
    return next((step for step in steps if step.kind == kind), None)


def _pauses(steps: list[StepCase], laws: Laws) -> list[_Pause]:
    """Return what stops the office's term: the first request and the first notice of the round, in order of sending."""
    pauses = []
    if request := _first_of(steps, Kind.INTEGRATION):
        pauses.append(_pause_of_request(request, laws.on(request.sent_on)))
    if notice := _first_of(steps, Kind.NOTICE):
        pauses.append(_pause_of_notice(notice, laws.on(notice.sent_on)))
    return sorted(pauses, key=lambda p: p.start)


def _pause_of_request(step: StepCase, law: Law) -> _Pause:
    ends = [step.due_on, step.sent_on + timedelta(days=law.integration_days_at_most), step.answered_on, step.closed_on]
    end = min(day for day in ends if day is not None)
    is_over = step.answered_on is not None or step.closed_on is not None
    code = LineCode.REQUEST_OVER if is_over else LineCode.REQUEST_SENT
    return _Pause(step.sent_on, end, restarts=False, line=_line(code, day=step.sent_on, due=step.due_on, end=end))


def _pause_of_notice(step: StepCase, law: Law) -> _Pause:
    if step.is_taken_back and step.closed_on:
        line = _line(LineCode.NOTICE_TAKEN_BACK, day=step.sent_on, end=step.closed_on)
        return _Pause(step.sent_on, step.closed_on, restarts=False, line=line)
    end = step.due_on
    if step.answered_on and step.is_answered_in_time:
        end = step.answered_on + timedelta(days=law.notice_rest_days)
    restarts = law.notice_effect == NoticeEffect.INTERRUPTS
    code = LineCode.NOTICE_SENT
    if step.answered_on or step.closed_on:
        code = LineCode.NOTICE_INTERRUPTED if restarts else LineCode.NOTICE_SUSPENDED
    return _Pause(step.sent_on, end, restarts, _line(code, day=step.sent_on, due=step.due_on, end=end))


def _lines_without_effect(steps: list[StepCase]) -> list[Line]:
    """Explain requests and notices after the first: the family has its days, the office's term does not stop."""
    codes = {Kind.INTEGRATION: LineCode.REQUEST_SENT_AGAIN, Kind.NOTICE: LineCode.NOTICE_SENT_AGAIN}
    return [
        _line(code, day=step.sent_on, due=step.due_on)
        for kind, code in codes.items()
        for step in [s for s in steps if s.kind == kind][1:]
    ]


def _line(code: LineCode, **values: date | int) -> Line:
    return Line(code, tuple(values.items()))
