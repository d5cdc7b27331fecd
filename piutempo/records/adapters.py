"""
The door to the body's own protocol register, and a local double of it.

``settings.PROTOCOL_ADAPTER`` names the class (none: our register is the register). An adapter has one method.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from piutempo.records.models import RegisterEntry


class ProtocolUnreachable(OSError):
    """The register did not answer, or answered no: the entry stays to be forwarded."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the body's register answers: its own number and instant."""

    number: str
    at: datetime


class ProtocolAdapter(Protocol):
    """What every adapter does."""

    def register(self, entry: RegisterEntry, *, at: datetime) -> Receipt:
        """
        Register one entry; asked twice for the same entry, answer the same number.

        :raises ProtocolUnreachable: it did not answer, or answered no
        """


def signature_xml(entry: RegisterEntry) -> str:
    """Return the *segnatura di protocollo* of an entry (AgID, version 3.0.0: identifier, subject, digest)."""
    day = timezone.localtime(entry.registered_at)
    parts = {"in": ("mittente", "Mittente"), "out": ("destinatario", "Destinatario")}
    _name, role = parts.get(entry.direction, ("", ""))
    other = (
        f"<{role}><Denominazione>{escape(entry.correspondent)}</Denominazione></{role}>"
        if role and entry.correspondent
        else ""
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<SegnaturaInformatica xmlns="http://www.agid.gov.it/protocollo/" versione="3.0.0">'
        "<Intestazione><Identificatore>"
        f"<CodiceAmministrazione>{escape(settings.BODY_NAME)}</CodiceAmministrazione>"
        f"<CodiceAOO>{escape(entry.register)}</CodiceAOO><CodiceRegistro>{escape(entry.register)}</CodiceRegistro>"
        f"<NumeroRegistrazione>{entry.number:07}</NumeroRegistrazione>"
        f"<DataRegistrazione>{day:%Y-%m-%d}</DataRegistrazione><OraRegistrazione>{day:%H:%M:%S}</OraRegistrazione>"
        f"</Identificatore><Oggetto>{escape(entry.title)}</Oggetto>{other}</Intestazione>"
        "<Descrizione><DocumentoPrimario>"
        f'<Impronta algoritmo="SHA-256" codifica="hex">{entry.sha256}</Impronta>'
        "</DocumentoPrimario></Descrizione></SegnaturaInformatica>\n"
    )


class FolderProtocol:
    """A local double: writes each signature into ``PIUTEMPO_VAR/protocollo`` and answers a number of its own."""

    @property
    def folder(self) -> Path:
        """Where it writes."""
        return Path(settings.VAR_DIR) / "protocollo"

    def register(self, entry: RegisterEntry, *, at: datetime) -> Receipt:
        """Write the signature whole or not at all; the number is derived from ours, so a repeat answers the same."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{entry.register}-{entry.year}-{entry.number:07}.xml"
            draft = self.folder / f".{name}"
            draft.write_text(signature_xml(entry), encoding="utf-8")
            os.replace(draft, self.folder / name)
        except OSError as fault:
            raise ProtocolUnreachable(str(fault)) from fault
        return Receipt(f"ENTE-{entry.year}-{entry.number:07}", at)


@cache
def _adapter(path: str) -> ProtocolAdapter:
    adapter: ProtocolAdapter = import_string(path)()
    return adapter


def get_adapter() -> ProtocolAdapter | None:
    """Return the adapter in use, or None: our register is the register."""
    return _adapter(settings.PROTOCOL_ADAPTER) if settings.PROTOCOL_ADAPTER else None
