"""Statements, payments and reports, each on its day of the calendar."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from piutempo.kernel.periods import Month
from piutempo.programmes.models import Programme
from piutempo.replay.rules.world import World
from piutempo.replay.services.cast import Cast
from piutempo.reporting.services.freezing import freeze_report
from piutempo.settlements.models import Statement, StatementStatus
from piutempo.settlements.services import approve_statements, create_batch, pay_batch, prepare_statements

if TYPE_CHECKING:
    from piutempo.replay.services.driver import Calendar


class MoneyActs:
    """What the accounting office and the manager do."""

    def __init__(self, world: World, programme: Programme, cast: Cast, calendar: Calendar, tally: Counter[str]) -> None:
        self.world, self.programme, self.cast, self.calendar, self.tally = world, programme, cast, calendar, tally

    def plan(self) -> None:
        """Put statements, approvals and payments of every month, and the reports, on the calendar."""
        scenario = self.world.scenario
        month = Month.of(scenario.first_day)
        while (month + 1).first <= scenario.last_day:
            following = (month + 1).first
            prepared_on = following + timedelta(days=scenario.statement_day - 1)
            paid_on = following + timedelta(days=scenario.payment_day - 1)
            self.calendar.add(prepared_on, time(10), partial(self.prepare, month))
            self.calendar.add(prepared_on + timedelta(days=2), time(10), self.approve)
            self.calendar.add(paid_on, time(10), self.pay)
            month = month + 1
        start = scenario.first_day
        for number, day in enumerate(scenario.report_days):
            since = scenario.report_days[number - 1] if number else start
            self.calendar.add(day, time(9), partial(self.freeze, "quarter", since))
        if scenario.report_days:
            self.calendar.add(scenario.report_days[-1], time(10), partial(self.freeze, "final", start))

    def prepare(self, month: Month, at: datetime) -> None:
        """Draw up the statements of ``month``."""
        done = prepare_statements(programme=self.programme, month=month, at=at, by=self.cast.preparer)
        self.tally["rendiconti"] += done.statements

    def approve(self, at: datetime) -> None:
        """Approve what waits: another person than who prepared."""
        ids = list(
            Statement.objects.filter(programme=self.programme, status=StatementStatus.PREPARED)
            .order_by("id")
            .values_list("id", flat=True)
        )
        if ids:
            approve_statements(ids=ids, at=at, by=self.cast.payer)

    def pay(self, at: datetime) -> None:
        """Pay every approved statement in one batch."""
        due = Statement.objects.filter(
            programme=self.programme, status=StatementStatus.APPROVED, payment__isnull=True, amount_cents__gt=0
        )
        if due.exists():
            batch = create_batch(programme=self.programme, at=at, by=self.cast.payer)
            pay_batch(batch=batch, at=at, by=self.cast.payer)
            self.tally["pagati"] += batch.amount_cents

    def freeze(self, kind: str, since: date, at: datetime) -> None:
        """Freeze the report of [since, today)."""
        freeze_report(
            programme=self.programme,
            kind=kind,
            period_from=since,
            period_until=at.date(),
            as_of=at.date(),
            at=at,
            by=self.cast.manager,
        )
        self.tally["relazioni"] += 1
