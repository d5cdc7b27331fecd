"""Real SMTP servers on this machine: one that takes mail, one that refuses, one that dies."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Postbox:
    """Keeps what it takes. ``answers``: what it says to RCPT for an address; ``delay``: seconds before it takes one."""

    def __init__(self, answers: dict[str, str] | None = None, delay: float = 0) -> None:
        self.answers, self.delay = answers or {}, delay
        self.mails: list = []
        self.sessions: set[int] = set()
        self.deaths = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session, envelope):
        if self.deaths:
            self.deaths -= 1
            server.transport.abort()
            return "421 bye"
        if self.delay:
            time.sleep(self.delay)
        self.sessions.add(id(session))
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return f"250 2.0.0 queued as {len(self.mails)}"


@contextmanager
def server(settings, postbox: Postbox) -> Iterator[Postbox]:
    """Serve on a free port and point the program to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    try:
        yield postbox
    finally:
        controller.stop()
