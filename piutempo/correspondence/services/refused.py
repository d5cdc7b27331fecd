"""The exception that every service of this context raises."""

from collections.abc import Sequence

from piutempo.correspondence.rules import Refusal, TextFault


class LetterRefused(Exception):
    """A step that may not be taken. ``code`` is stable; ``faults`` are those of a template's text."""

    def __init__(self, code: Refusal, faults: Sequence[TextFault] = ()) -> None:
        super().__init__(code.value)
        self.code = code
        self.faults = tuple(faults)
