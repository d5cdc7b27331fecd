"""
The door to INPS's ISEE service, and a local double of it.

``settings.ISEE_ADAPTER`` names the class (none: nobody can be asked). An adapter has one method.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from piutempo.applications.rules.isee import IseeAnswer, IseeQuestion


class IseeUnreachable(OSError):
    """The service did not answer, or answered that it cannot now."""


class IseeAdapter(Protocol):
    """What every adapter does."""

    def ask(self, question: IseeQuestion, *, at: datetime) -> IseeAnswer | None:
        """
        Return the attestation in force for a household, or None when there is none.

        :raises IseeUnreachable: it did not answer
        """


class LocalIsee:
    """
    A local double: answers from ``PIUTEMPO_VAR/isee/<codice fiscale>.json`` and keeps there what it was asked.

    The file holds ``isee_cents``, ``valid_until`` and ``has_flaws``; a file ``spento`` in the folder makes it silent.
    """

    @property
    def folder(self) -> Path:
        """Where it reads and writes."""
        return Path(settings.VAR_DIR) / "isee"

    def ask(self, question: IseeQuestion, *, at: datetime) -> IseeAnswer | None:
        """Answer from the file of the codice fiscale, and add the question to the day's log."""
        if (self.folder / "spento").exists():
            raise IseeUnreachable("the local double is switched off")
        self.folder.mkdir(parents=True, exist_ok=True)
        asked = {
            "cf": question.fiscal_code,
            "tipo_indicatore": question.indicator.value,
            "data_validita": question.valid_on.isoformat(),
            "prestazione_da_erogare": question.benefit,
            "protocollo_domanda_ente_erogatore": question.protocol,
            "stato_domanda": question.state.value,
            "at": at.isoformat(),
        }
        with (self.folder / "richieste.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(asked, ensure_ascii=False) + "\n")
        path = self.folder / f"{question.fiscal_code}.json"
        if not path.exists():
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        return IseeAnswer(
            isee_cents=int(data["isee_cents"]),
            valid_until=date.fromisoformat(data["valid_until"]),
            has_flaws=bool(data.get("has_flaws")),
        )

    def record(self, *, fiscal_code: str, answer: IseeAnswer) -> None:
        """Make the double answer this for a codice fiscale: for demonstrations and tests."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = {
            "isee_cents": answer.isee_cents,
            "valid_until": answer.valid_until.isoformat(),
            "has_flaws": answer.has_flaws,
        }
        (self.folder / f"{fiscal_code}.json").write_text(json.dumps(data), encoding="utf-8")


@cache
def _load(path: str) -> IseeAdapter:
    adapter: IseeAdapter = import_string(path)()
    return adapter


def get_isee_adapter() -> IseeAdapter | None:
    """Return the adapter that the settings name; None when they name none."""
    return _load(settings.ISEE_ADAPTER) if settings.ISEE_ADAPTER else None
