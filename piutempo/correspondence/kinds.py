"""
The kinds of letters, declared by each context in its ``letters.py`` and registered in its ``AppConfig.ready``.

A kind's ``subject`` and ``body`` are the words of its first version; the office may write the next ones (pages
/ufficio/modelli/). Texts use ``{campo}``: the kind's own ``fields`` and the ``COMMON`` ones, which are filled in by
themselves. End a body with ``## Che cosa fare ora``: what stands under it is printed in a box of its own.
Keep health data out of ``subject``: it is the title in lists and in the register.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Fields that every letter has: label, example.
COMMON: dict[str, tuple[str, str]] = {
    "nome": ("nome e cognome di chi riceve la lettera", "Maria Rossi"),
    "data": ("data della lettera", "3 marzo 2026"),
    "ente": ("chi scrive", "Regione Esempio"),
    "telefono": ("numero da chiamare", "800 000 000"),
    "email": ("posta elettronica dell'ufficio", "assistenza@piutempo.example"),
    "sito": ("indirizzo del sito", "https://piutempo.example"),
}
#: A document's kind is the letter's plus a mark of its key, in 40 characters.
MAX_CODE = 27


@dataclass(frozen=True, slots=True)
class LetterKind:
    """
    One kind of letter. ``fields``: name to (label, example).

    ``needs_signature``: it is held back until an authorised person signs. ``is_legal``: it has legal effects, so
    somebody without e-mail is notified through SEND when its adapter is configured.
    """

    code: str
    title: str
    subject: str
    body: str
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    needs_signature: bool = False
    is_legal: bool = False
    direction: str = "out"

    def __post_init__(self) -> None:
        if len(self.code) > MAX_CODE or "." not in self.code:
            raise ValueError(f"a letter's code is context.name, at most {MAX_CODE} characters, got {self.code!r}")

    @property
    def known(self) -> dict[str, tuple[str, str]]:
        """Every field that its texts may use, its own first."""
        return {**self.fields, **COMMON}

    @property
    def examples(self) -> dict[str, str]:
        """An example of every field, for the preview."""
        return {name: example for name, (_label, example) in self.known.items()}


_KINDS: dict[str, LetterKind] = {}


def register_kinds(*kinds: LetterKind) -> None:
    """
    Make kinds known; called from ``AppConfig.ready``.

    :raises ValueError: a code is taken by another kind
    """
    for kind in kinds:
        if _KINDS.setdefault(kind.code, kind) != kind:
            raise ValueError(f"two kinds of letter are called {kind.code!r}")


def get_kind(code: str) -> LetterKind:
    """
    Return a kind by its code.

    :raises KeyError: no context registered it
    """
    return _KINDS[code]


def list_kinds() -> list[LetterKind]:
    """Return every kind, by context and title."""
    return sorted(_KINDS.values(), key=lambda kind: (kind.code.partition(".")[0], str(kind.title)))
