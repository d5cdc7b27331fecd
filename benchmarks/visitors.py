"""
Clients of the window's opening: many threads that submit over HTTP. Standard library only, so that they start at once.

``python -m benchmarks.visitors`` reads what to do as JSON from its input and writes the answers as JSON.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who submits: an address, a session, and when after the opening (None: in the burst)."""

    number: int
    application_id: int
    session: str
    due: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request was answered, and when, in seconds of one clock."""

    application_id: int
    kind: str
    began: float
    ended: float
    status: int


class Browser:
    """One client with a connection of its own; it comes back when the connection drops."""

    def __init__(self, port: int, cookies: tuple[str, str]) -> None:
        self.port, self.cookies = port, cookies
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def submit(self, visitor: Visitor, kind: str, token: str, key: str) -> Answer:
        """Send the form of the last step."""
        body = urlencode({"csrfmiddlewaretoken": token, "request_key": key, "confirms": "on"})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{self.cookies[0]}={visitor.session}; {self.cookies[1]}={token}",
        }
        began = time.monotonic()
        for _again in range(3):
            try:
                path = f"/cittadino/domanda/{visitor.application_id}/riepilogo/"
                self.connection.request("POST", path, body, headers)
                answer = self.connection.getresponse()
                answer.read()
                return Answer(visitor.application_id, kind, began, time.monotonic(), answer.status)
            except (http.client.HTTPException, OSError):
                self.connection.close()
        return Answer(visitor.application_id, kind, began, time.monotonic(), 0)


def click(port: int, cookies: tuple[str, str], visitor: Visitor, token: str, key: str, found: list[Answer]) -> None:
    """Send the same form at the same moment, as a second click does."""
    found.append(Browser(port, cookies).submit(visitor, "double", token, key))


def visit(port: int, cookies: tuple[str, str], visitors: list[Visitor], opens: float, found: list[Answer]) -> None:
    """One client after another on one thread, each at its time."""
    browser = Browser(port, cookies)
    for visitor in visitors:
        token, key = uuid.uuid4().hex, uuid.uuid4().hex
        if visitor.due is None and visitor.number % 25 == 3 and time.time() < opens - 1:
            found.append(browser.submit(visitor, "early", token, key))
        time.sleep(max(0.0, opens + (visitor.due or 0.0) - time.time()))
        twice: list[Answer] = []
        second = threading.Thread(target=click, args=(port, cookies, visitor, token, key, twice))
        if visitor.number % 10 == 0:
            second.start()
        found.append(browser.submit(visitor, "first", token, key))
        if visitor.number % 10 == 0:
            second.join()
            found.extend(twice)
        if visitor.number % 20 == 1:
            found.append(browser.submit(visitor, "again", token, key))


def main() -> None:
    """Run a thread for each lane, and tell what everybody was answered."""
    order = json.load(sys.stdin)
    cookies = (order["cookies"][0], order["cookies"][1])
    found: list[Answer] = []
    threads = [
        threading.Thread(
            target=visit, args=(order["port"], cookies, [Visitor(**row) for row in lane], order["opens"], found)
        )
        for lane in order["lanes"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump([asdict(answer) for answer in found], sys.stdout)


if __name__ == "__main__":
    main()
