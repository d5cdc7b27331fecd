"""
The door to SEND, the national service of notifications with legal value, and a local double of it.

``settings.SEND_ADAPTER`` names the class (none: who has no e-mail is written to on paper). An adapter has one method.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class SendUnreachable(OSError):
    """SEND did not answer: the notification stays to be sent."""


class SendRefused(ValueError):
    """SEND does not take this notification (the fiscal code does not exist, say)."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What SEND needs to know. ``token`` is the same when one notification is asked for twice."""

    token: str
    fiscal_code: str
    name: str
    address: str
    title: str
    protocol: str
    pdf: bytes


class SendAdapter(Protocol):
    """What every adapter does."""

    def notify(self, notification: Notification, *, at: datetime) -> str:
        """
        Hand a notification over and return its IUN (*identificativo univoco della notifica*).

        Asked twice with the same token, it notifies once and answers the same IUN.

        :raises SendRefused: not this one
        :raises SendUnreachable: none now
        """


class FolderNotifications:
    """A local double: writes each notification and its PDF into ``PIUTEMPO_VAR/send`` and answers an IUN."""

    @property
    def folder(self) -> Path:
        """Where it writes."""
        return Path(settings.VAR_DIR) / "send"

    def notify(self, notification: Notification, *, at: datetime) -> str:
        """Write it under an IUN that depends on the token alone."""
        mark = hashlib.sha256(notification.token.encode()).hexdigest().upper()
        letters = "".join(chr(65 + int(c, 16)) for c in mark[:12])
        iun = f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}-{at:%Y%m}-{mark[12]}-1"
        sheet = {
            "iun": iun,
            "recipient": {
                "taxId": notification.fiscal_code,
                "denomination": notification.name,
                "physicalAddress": notification.address,
            },
            "subject": notification.title,
            "paProtocolNumber": notification.protocol,
            "sha256": hashlib.sha256(notification.pdf).hexdigest(),
            "sentAt": at.isoformat(),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, content in (
                (f"{iun}.pdf", notification.pdf),
                (f"{iun}.json", json.dumps(sheet, ensure_ascii=False, indent=1).encode()),
            ):
                draft = self.folder / f".{name}"
                draft.write_bytes(content)
                os.replace(draft, self.folder / name)
        except OSError as fault:
            raise SendUnreachable(str(fault)) from fault
        return iun


@cache
def _adapter(path: str) -> SendAdapter:
    adapter: SendAdapter = import_string(path)()
    return adapter


def get_adapter() -> SendAdapter | None:
    """Return the adapter in use, or None."""
    return _adapter(settings.SEND_ADAPTER) if settings.SEND_ADAPTER else None
