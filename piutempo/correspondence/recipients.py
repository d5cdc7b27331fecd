"""
Whom the office may write to all at once.

Upper contexts say so in their ``AppConfig.ready``: this one knows no families.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A group of persons: its code, what it is called, its programme, how many they are."""

    code: str
    label: str
    programme_id: int
    count: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where groups come from. ``targets`` of some programmes (None: of all); ``person_ids`` of one of them."""

    targets: Callable[[Collection[int] | None], Sequence[Target]]
    person_ids: Callable[[Target], Sequence[int]]


_SOURCES: list[Source] = []


def register_source(source: Source) -> None:
    """Make a source known; once."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def list_targets(programme_ids: Collection[int] | None) -> list[tuple[Target, Source]]:
    """Return every group of some programmes (None: of all)."""
    return [(target, source) for source in _SOURCES for target in source.targets(programme_ids)]
