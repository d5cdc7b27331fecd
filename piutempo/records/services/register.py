"""The protocol register: numbers without gaps per register and year (AgID segnatura 3.0.0; DPR 445/2000, art. 53)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from piutempo.records.models import RegisterCounter, RegisterEntry


@dataclass(frozen=True, slots=True)
class EntryInput:
    """One line to register. ``title`` and ``correspondent`` hold no health data; ``sha256`` is of the document."""

    direction: str
    title: str
    correspondent: str
    subject: str
    subject_id: int
    sha256: str
    at: datetime
    by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers reserved in a register's year: ``first``, ``first + 1``, …"""

    register: str
    year: int
    first: int

    def label(self, index: int) -> str:
        """Return the number of the ``index``-th entry as people quote it: ``PIUTEMPO 2026/0000123``."""
        return f"{self.register} {self.year}/{self.first + index:07}"


def reserve_numbers(*, count: int, year: int) -> Numbers:
    """
    Reserve the next ``count`` numbers of a year; whoever asks next waits until this transaction ends.

    Call it last in the transaction, and register exactly ``count`` entries with ``register_numbered`` in the same one:
    if it rolls back, the numbers were never given and leave no gap.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("numbers are reserved inside a transaction, or a failure would leave a gap")
    row = RegisterCounter.objects.filter(register=settings.REGISTER_CODE, year=year)
    if not row.update(last=F("last") + count):
        RegisterCounter.objects.bulk_create(
            [RegisterCounter(register=settings.REGISTER_CODE, year=year)], ignore_conflicts=True
        )
        row.update(last=F("last") + count)
    last = row.values_list("last", flat=True).get()
    return Numbers(settings.REGISTER_CODE, year, last - count + 1)


def register_numbered(numbers: Numbers, items: Sequence[EntryInput]) -> list[RegisterEntry]:
    """Write the entries of reserved numbers, in order."""
    return RegisterEntry.objects.bulk_create(
        [
            RegisterEntry(
                register=numbers.register,
                year=numbers.year,
                number=numbers.first + index,
                direction=item.direction,
                title=item.title[:200],
                correspondent=item.correspondent[:200],
                subject=item.subject,
                subject_id=item.subject_id,
                sha256=item.sha256,
                registered_at=item.at,
                registered_by_id=item.by_id,
            )
            for index, item in enumerate(items)
        ],
        batch_size=1_000,
    )


@transaction.atomic
def register_entries(items: Sequence[EntryInput]) -> list[RegisterEntry]:
    """Register many documents in the given order, one counter lock a year. Call it last in the transaction."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        places[timezone.localtime(item.at).year].append(place)
    entries: dict[int, RegisterEntry] = {}
    for year in sorted(places):
        mine = places[year]
        numbers = reserve_numbers(count=len(mine), year=year)
        entries |= dict(zip(mine, register_numbered(numbers, [items[place] for place in mine]), strict=True))
    return [entries[place] for place in range(len(items))]


def register_entry(
    *,
    direction: str,
    title: str,
    correspondent: str,
    subject: str,
    subject_id: int,
    sha256: str,
    at: datetime,
    by_id: int | None = None,
) -> RegisterEntry:
    """Register one document: the next number of the year (Rome's). Call it last in the transaction."""
    item = EntryInput(direction, title, correspondent, subject, subject_id, sha256, at, by_id)
    return register_entries([item])[0]
