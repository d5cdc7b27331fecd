"""
How a letter's text is written, checked and filled in.

A text is Italian in plain paragraphs, separated by an empty line; lines that start with ``- `` are a list; a line that
starts with ``## `` is a heading. ``{campo}`` stands for a field. What a field holds is never read as a field again.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import cast

_FIELD = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
#: A heading that starts so opens the box of what the family does next.
NEXT = "che cosa fare"
MAX_SUBJECT, MAX_BODY = 160, 12_000


class Refusal(StrEnum):
    """Why a letter, a template or a signature is refused."""

    UNKNOWN_FIELD = "unknown_field"
    STRAY_BRACE = "stray_brace"
    EMPTY_TEXT = "empty_text"
    TOO_LONG = "too_long"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NO_CHANGE = "no_change"
    ALREADY_SIGNED = "already_signed"
    NOTHING_TO_SIGN = "nothing_to_sign"
    NO_SIGNED_FILE = "no_signed_file"
    SIGNED_TOO_EARLY = "signed_too_early"
    NOT_FAILED = "not_failed"
    NOT_PAPER = "not_paper"
    ALREADY_ANSWERED = "already_answered"
    EMPTY_ANSWER = "empty_answer"
    NO_SEND = "no_send"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class TextFault:
    """What is wrong in a text: the code, what stands there, the closest field (empty: none is close)."""

    code: Refusal
    found: str = ""
    hint: str = ""


def faults_in(text: str, known: Collection[str]) -> list[TextFault]:
    """Return every fault of a text that may use the ``known`` fields, in the order they stand."""
    faults: list[TextFault] = []
    for name in dict.fromkeys(_FIELD.findall(text)):
        if name not in known:
            close = get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
            faults.append(TextFault(Refusal.UNKNOWN_FIELD, name, close[0] if close else ""))
    rest = _FIELD.sub("", text)
    stray = [line.strip()[:80] for line in rest.splitlines() if "{" in line or "}" in line]
    return faults + [TextFault(Refusal.STRAY_BRACE, line) for line in stray]


def fields_in(text: str) -> list[str]:
    """Return the fields that a text uses, each once, in order."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def fill(text: str, fields: Mapping[str, str]) -> str:
    """
    Return the text with its fields filled in.

    :raises KeyError: the text uses a field that was not given
    """
    return _FIELD.sub(lambda found: fields[found[1]], text)


def blocks_of(text: str) -> list[dict[str, object]]:
    """
    Return a filled text as blocks: ``{"is": "text"|"list"|"heading", "text": …, "items": […], "next": bool}``.

    ``next`` marks what stands under a heading that says what to do next.
    """
    blocks: list[dict[str, object]] = []
    is_next, kind = False, ""
    for line in (row.strip() for row in text.replace("\r\n", "\n").split("\n")):
        if not line:
            kind = ""
        elif line.startswith("## "):
            heading, kind = line[3:].strip(), ""
            is_next = heading.lower().startswith(NEXT)
            blocks.append({"is": "heading", "text": heading, "items": [], "next": is_next})
        elif line.startswith("- "):
            if kind != "list":
                blocks.append({"is": "list", "text": "", "items": [], "next": is_next})
            kind = "list"
            cast(list[str], blocks[-1]["items"]).append(line[2:].strip())
        elif kind == "text":
            blocks[-1]["text"] = f"{blocks[-1]['text']}\n{line}"
        else:
            kind = "text"
            blocks.append({"is": "text", "text": line, "items": [], "next": is_next})
    return blocks


#: How long after each failed attempt the next one comes; after the last the office decides.
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720))


def wait_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many failed attempts; None: enough, the office must look."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None


def plain_text(blocks: Sequence[Mapping[str, object]]) -> str:
    """Return a letter's blocks as the plain text of an e-mail."""
    parts = []
    for block in blocks:
        if block["is"] == "list":
            parts.append("\n".join(f"- {item}" for item in cast(list[str], block["items"])))
        elif block["is"] == "heading":
            parts.append(str(block["text"]).upper())
        else:
            parts.append(str(block["text"]))
    return "\n\n".join(parts)
