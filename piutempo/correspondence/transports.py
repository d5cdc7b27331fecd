"""
How e-mail leaves: an SMTP server (``settings.EMAIL_URL``), or files in demo and test.

``smtp://user:password@host:port`` speaks plainly, ``smtp+tls://`` demands STARTTLS, ``smtps://`` is encrypted from the
first byte. We speak SMTP ourselves because the server's reply to each message is kept as evidence.
"""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlparse

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_TIMEOUT_SECONDS = 20


class Unreachable(OSError):
    """The server cannot be reached, or broke off: whoever waits for it waits longer."""


class Refused(ValueError):
    """The server does not take this message. ``is_permanent``: it says not to try again."""

    def __init__(self, reply: str, *, is_permanent: bool) -> None:
        super().__init__(reply)
        self.is_permanent = is_permanent


class Transport(Protocol):
    """Takes one message at a time."""

    def send(self, message: EmailMessage, to: str) -> str:
        """
        Hand one message over and return what the server answered.

        :raises Refused: not this message
        :raises Unreachable: no message now
        """


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to reach the SMTP server."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


def server_from(url: str) -> Server:
    """
    Return the server of ``EMAIL_URL``.

    :raises ImproperlyConfigured: the address makes no sense
    """
    parts = urlparse(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise ImproperlyConfigured(
            f"EMAIL_URL must look like smtp://user:password@host:port, with smtp, smtp+tls or smtps; got scheme "
            f"{parts.scheme!r} and host {parts.hostname!r}. See docs/ARCHITECTURE.md, section Settings"
        )
    return Server(
        parts.scheme,
        parts.hostname,
        port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


class SmtpTransport:
    """One conversation with the server."""

    def __init__(self, server: Server) -> None:
        try:
            self._smtp = self._connect(server)
        except (OSError, smtplib.SMTPException) as fault:
            raise Unreachable(_said(fault)) from fault

    @staticmethod
    def _connect(server: Server) -> smtplib.SMTP:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_SECONDS)
        try:
            if server.scheme == "smtp+tls":
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return smtp

    def send(self, message: EmailMessage, to: str) -> str:
        """Say MAIL, RCPT and DATA; the reply to DATA is the server's word that it took the message."""
        try:
            for code, reply in (self._smtp.mail(settings.CONTACT_EMAIL), self._smtp.rcpt(to)):
                self._check(code, reply)
            code, reply = self._smtp.data(message.as_bytes(policy=SMTP))
            self._check(code, reply)
        except smtplib.SMTPDataError as refused:
            self._check(refused.smtp_code, refused.smtp_error)
            raise Unreachable(_said(refused)) from refused
        except UnicodeEncodeError as fault:
            self._smtp.rset()
            raise Refused(f"address {to!r} is not plain ASCII", is_permanent=True) from fault
        except (OSError, smtplib.SMTPException) as fault:
            raise Unreachable(_said(fault)) from fault
        return f"{code} {_text(reply)}"

    def _check(self, code: int, reply: bytes | str) -> None:
        if code in {250, 251, 252}:
            return
        said = f"{code} {_text(reply)}"
        if code == 421 or code < 400:
            raise Unreachable(said)
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException) as fault:
            raise Unreachable(_said(fault)) from fault
        raise Refused(said, is_permanent=code >= 500)

    def close(self) -> None:
        """End the conversation, politely if the server still listens."""
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()


class FolderTransport:
    """Writes each message whole into a file, for a demo or a test without a mail server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage, to: str) -> str:
        """Write the message under its own identifier: sent again, it is the same file."""
        name = "".join(c for c in message["Message-ID"].split("@")[0] if c.isalnum() or c == "-") + ".eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{name}"
            draft.write_bytes(message.as_bytes(policy=SMTP))
            os.replace(draft, self.folder / name)
        except OSError as fault:
            raise Unreachable(_said(fault)) from fault
        return f"250 {name}"

    def close(self) -> None:
        """Nothing to close."""


def is_configured() -> bool:
    """Tell whether e-mail has a way out; in production only ``EMAIL_URL`` is one."""
    return bool(settings.EMAIL_URL) or settings.MODE != "production"


@contextmanager
def open_transport() -> Iterator[Transport]:
    """
    Open the way out of e-mail, and close it after.

    :raises Unreachable: the server does not answer
    """
    transport: SmtpTransport | FolderTransport
    if settings.EMAIL_URL:
        transport = SmtpTransport(server_from(settings.EMAIL_URL))
    else:
        transport = FolderTransport(Path(settings.VAR_DIR) / "posta")
    try:
        yield transport
    finally:
        transport.close()


def _text(reply: bytes | str) -> str:
    return " ".join((reply.decode(errors="replace") if isinstance(reply, bytes) else reply).split())


def _said(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"{fault.smtp_code} {_text(fault.smtp_error)}"
    return str(fault) or type(fault).__name__
