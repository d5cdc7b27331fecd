"""The exception that every service of this context raises, and its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from piutempo.applications.models import Application
from piutempo.applications.rules import Refusal
from piutempo.people.models import User
from piutempo.programmes.rules.problems import Problem
from piutempo.programmes.rules.terms import Window
from piutempo.records.models import Event


class ApplicationRefused(Exception):
    """
    A step that may not be taken. ``code`` is stable; ``messages.sentence_for`` says it in Italian.

    ``window``: the window a late or early application is told about; ``problems``: what is wrong in the fact sheet;
    ``number``: of the application that stands in the way; ``missing``: sentences of what is missing; ``last_day``: the
    day until which it could have been asked.
    """

    def __init__(
        self,
        code: Refusal,
        *,
        window: Window | None = None,
        problems: Sequence[Problem] = (),
        number: int | None = None,
        missing: Sequence[str] = (),
        last_day: date | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.window = window
        self.problems = tuple(problems)
        self.number = number
        self.missing = tuple(missing)
        self.last_day = last_day


def event_of(
    name: str, application: Application, at: datetime, by: User | None, data: dict[str, object] | None = None
) -> Event:
    """Return an unsaved event about an application."""
    return Event(
        name=name,
        subject="applications.application",
        subject_id=application.pk,
        happened_at=at,
        actor_id=by.pk if by else None,
        data=data or {},
    )
