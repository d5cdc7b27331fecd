"""Families register and apply through desks; officers decide; some renounce."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from piutempo.applications.models import Application
from piutempo.applications.services import (
    ApplicationInput,
    DecisionInput,
    decide_applications,
    notify_refusals,
    propose_decisions,
    renounce,
    submit_applications,
)
from piutempo.applications.services.helping import HelpInput, record_help
from piutempo.awards.models import Award, AwardStatus
from piutempo.network.models import Desk
from piutempo.people.models import Person
from piutempo.people.services import HouseholdInput, MemberInput, PersonInput, register_households
from piutempo.programmes.models import Programme
from piutempo.programmes.selectors import get_current_terms
from piutempo.records.models import StoredFile
from piutempo.replay.rules.declaring import declared_facts
from piutempo.replay.rules.families import Family
from piutempo.replay.rules.world import World
from piutempo.replay.services.cast import Cast
from piutempo.replay.services.network import Network
from piutempo.replay.services.paper import file_mandate
from piutempo.vouchers.models import LapseCause
from piutempo.vouchers.services import lapse_award_vouchers

if TYPE_CHECKING:
    from piutempo.replay.services.driver import Calendar


#: A card shown at a desk lasts longer than any programme.
DOCUMENT_LIFE = timedelta(days=5 * 365)
#: How long before its decision an officer tells a family why it will be refused: ten days, and a holiday in between.
NOTICE = timedelta(days=14)


class FamilyActs:
    """What families and officers do. Positions are those of the world's families."""

    def __init__(
        self, world: World, programme: Programme, network: Network, cast: Cast, calendar: Calendar, tally: Counter[str]
    ) -> None:
        self.world, self.programme, self.network, self.cast = world, programme, network, cast
        self.calendar, self.tally = calendar, tally
        self.applications: dict[int, Application] = {}
        self.members: dict[int, tuple[int, ...]] = {}
        self.of_person: dict[int, int] = {}
        self.mandate: StoredFile | None = None
        self.later: dict[int, date] = {}
        self.terms = get_current_terms(programme, world.scenario.first_day)

    def plan(self) -> None:
        """Put applications, decisions and renunciations on the calendar, those of a day together."""
        applying: dict[date, list[int]] = defaultdict(list)
        deciding: dict[date, list[int]] = defaultdict(list)
        warning: dict[date, list[int]] = defaultdict(list)
        for number, family in enumerate(self.world.families):
            applying[family.applied_at.date()].append(number)
            if family.decided_on:
                deciding[family.decided_on].append(number)
                warning[max(family.applied_at.date(), family.decided_on - NOTICE)].append(number)
        for day, numbers in applying.items():
            self.calendar.add(day, time(18), partial(self.apply, numbers))
        for day, numbers in warning.items():
            self.calendar.add(day, time(18, 30), partial(self.warn, numbers))
        for day, numbers in deciding.items():
            self.calendar.add(day, time(19), partial(self.decide, numbers))
        for day, number in self.world.renunciations:
            self.calendar.add(day, time(12), partial(self.renounce, number))

    def apply(self, numbers: list[int], at: datetime) -> None:
        """Register the households of a day and submit their applications, each at its own instant before ``at``."""
        families = [self.world.families[n] for n in numbers]
        desks = [self.network.desks[f.desk] if f.desk is not None else None for f in families]
        registered = register_households(
            [
                household_of(family, desk.pk if desk else None, family.applied_at)
                for family, desk in zip(families, desks, strict=True)
            ],
            by=self.cast.desks,
        )
        self.identify(
            [
                (number, found.applicant, desk, family.applied_at)
                for number, family, desk, found in zip(numbers, families, desks, registered, strict=True)
                if desk is not None
            ]
        )
        inputs = []
        for number, family, desk, found in zip(numbers, families, desks, registered, strict=True):
            self.members[number] = tuple(member.pk for member in found.members)
            self.of_person[found.applicant.pk] = number
            inputs.append(
                ApplicationInput(
                    household=found.household,
                    applicant=found.applicant,
                    facts=declared_facts(
                        family,
                        measure_code=self.world.scenario.measure_code,
                        person_ids=[member.person_id for member in found.members],
                    ),
                    desk=desk,
                    at=family.applied_at,
                    by=self.cast.desks if desk else None,
                )
            )
        for number, application in zip(
            numbers, submit_applications(programme=self.programme, items=inputs, is_history=True), strict=True
        ):
            self.applications[number] = application
        self.tally["domande"] += len(numbers)

    def identify(self, helped: list[tuple[int, Person, Desk, datetime]]) -> None:
        """Record who was recognised at a desk by document, and their mandate, before the desk applies for them."""
        if not helped:
            return
        if self.mandate is None:
            self.mandate = file_mandate(programme=self.programme, at=helped[0][3], by=self.cast.desks)
        kind = self.terms.desks.identity_documents[0]
        record_help(
            [
                HelpInput(
                    person=person,
                    desk=desk,
                    document_kind=kind,
                    document_number=f"CA{number:05d}{chr(65 + number % 26)}{chr(65 + number // 26 % 26)}",
                    expires_on=at.date() + DOCUMENT_LIFE,
                    mandate=self.mandate,
                    at=at,
                )
                for number, person, desk, at in helped
            ],
            by=self.cast.desks,
        )

    def warn(self, numbers: list[int], at: datetime) -> None:
        """
        Tell why, before a refusal: the family has its days.

        A family that applied too few days before its decision is refused on the first decision day after its days.
        """
        steps = notify_refusals([self.applications[n] for n in numbers], at=at, by=self.cast.officer, is_history=True)
        self.tally["preavvisi"] += len(steps)
        for number in numbers:
            step = steps.get(self.applications[number].pk)
            planned = self.world.families[number].decided_on
            if step is not None and planned is not None and planned <= step.due_on:
                day = decision_day_after(step.due_on)
                self.later[number] = day
                self.calendar.add(day, time(19), partial(self.decide, [number]))

    def decide(self, numbers: list[int], at: datetime) -> None:
        """Decide as the rules say; where two persons decide, the officer proposes and the manager signs."""
        today = at.date()
        numbers = [n for n in numbers if self.later.get(n, today) <= today]
        items = [DecisionInput(self.applications[n], at, None, "", self.cast.officer, is_history=True) for n in numbers]
        if self.terms.procedure.needs_second_signature:
            propose_decisions(items)
            items = [replace(item, by=self.cast.manager) for item in items]
        decisions = decide_applications(items)
        approved = sum(decision.is_approved for decision in decisions)
        self.tally["approvate"] += approved
        self.tally["respinte"] += len(decisions) - approved
        queued = Award.objects.filter(
            application_id__in=[self.applications[n].pk for n in numbers],
            programme=self.programme,
            status=AwardStatus.WAITING,
        )
        self.tally["in lista d'attesa"] += queued.count()

    def renounce(self, number: int, at: datetime) -> None:
        """A family no longer wants its vouchers: what was not issued goes back to the fund."""
        application = Application.objects.get(pk=self.applications[number].pk)
        if application.status == "approved":
            waiting = self._count_waiting()
            awards = renounce(application=application, reason="Rinuncia della famiglia", at=at, by=self.cast.officer)
            for award in awards:
                lapse_award_vouchers(award=award, cause=LapseCause.RENOUNCED, at=at, by=self.cast.officer)
            gone = sum(award.status == AwardStatus.DROPPED for award in awards)
            self.tally["rinunce"] += 1
            self.tally["serviti dalla lista"] += waiting - gone - self._count_waiting()

    def _count_waiting(self) -> int:
        return Award.objects.filter(programme=self.programme, status=AwardStatus.WAITING).count()


def decision_day_after(day: date) -> date:
    """Return the first Tuesday or Friday after a day."""
    day += timedelta(days=1)
    while day.weekday() not in (1, 4):
        day += timedelta(days=1)
    return day


def household_of(family: Family, desk_id: int | None, at: datetime) -> HouseholdInput:
    """Return a family as people registers it."""
    applicant = family.applicant
    return HouseholdInput(
        applicant=PersonInput(
            fiscal_code=applicant.fiscal_code,
            given_name=applicant.given_name,
            family_name=applicant.family_name,
            municipality_id=family.place.code,
            address=family.address,
        ),
        members=tuple(
            MemberInput(
                fiscal_code=member.person.fiscal_code,
                given_name=member.person.given_name,
                family_name=member.person.family_name,
                relation=member.relation,
                is_cohabiting=member.is_cohabiting,
                is_non_self_sufficient=True if member.is_dependant else None,
            )
            for member in family.members[1:]
        ),
        at=at,
        desk_id=desk_id,
    )
