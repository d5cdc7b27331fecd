"""What is wrong with a programme file or a fact sheet, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong: ``path`` like ``services[3].unit``, an Italian ``text`` with ``%(name)s`` places, the
    TOML line.
    """

    path: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None

    @property
    def sentence(self) -> str:
        """The Italian sentence."""
        return self.text % self.params if self.params else self.text

    def __str__(self) -> str:
        where = f"riga {self.line}, " if self.line else ""
        return f"{where}{self.path or 'file'}: {self.sentence}"


class ProgrammeRefused(Exception):
    """
    A programme file or draft that may not be loaded. ``problems`` says everything that is wrong; nothing was written.
    """

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}, {problem}" for problem in self.problems))


def closest(word: str, known: Iterable[str]) -> str:
    """Return an Italian hint for a mistyped word: " Forse volevi «…»?" or the words that exist."""
    words = sorted(known)
    found = get_close_matches(word, words, 1, 0.6) or [w for w in words if len(word) > 2 and w.startswith(word)]
    if found:
        return f" Forse volevi «{found[0]}»?"
    return f" Si può scrivere: {', '.join(words)}." if words else ""
