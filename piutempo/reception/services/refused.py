"""The exception that every service of reception raises."""

from piutempo.reception.rules import Refusal


class ReceptionRefused(Exception):
    """A step at the desk that may not be taken. ``code`` is stable; ``messages.sentence_for`` says it in Italian."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code
