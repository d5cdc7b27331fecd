"""
Programme file -> ``Terms``: reads, checks everything, reports every error at once, and gives nothing unless all is
right.

Data travels as plain JSON (days and instants as ISO text): what a version stores, what the pages edit, what TOML says.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from piutempo.kernel.money import parse_euro
from piutempo.programmes.rules.checks import check_terms
from piutempo.programmes.rules.problems import Problem, ProgrammeRefused, closest
from piutempo.programmes.rules.shape import PROGRAMME, Key, Table
from piutempo.programmes.rules.terms import Terms

ROME = ZoneInfo("Europe/Rome")
BASED_ON = "based_on"
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\s]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_LINE = re.compile(r"\(at line (\d+)")
_WRONG = object()


def _(text: str) -> str:
    """Mark a text for the catalogues; the pages translate it."""
    return text


def parse_toml(content: bytes | str, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    """
    Return a file's data as JSON values and the line of each path.

    :raises ProgrammeRefused: not UTF-8, or not TOML
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise ProgrammeRefused(
            file,
            [Problem("", _("Il file non è in UTF-8 (byte %(at)s): salvalo con codifica UTF-8."), {"at": error.start})],
        ) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else max(len(text.splitlines()), 1)
        reason = str(error).split(" (at ")[0]
        raise ProgrammeRefused(
            file,
            [
                Problem(
                    "",
                    _(
                        "Il file non è TOML valido: %(reason)s."
                        " Controlla virgolette, parentesi e segni = in quel punto."
                    ),
                    {"reason": reason},
                    line,
                )
            ],
        ) from None
    except (RecursionError, ValueError):
        raise ProgrammeRefused(
            file,
            [
                Problem(
                    "",
                    _(
                        "Il file ha troppe parentesi una dentro l'altra o un numero troppo lungo per essere letto:"
                        " correggi quel punto e riprova."
                    ),
                )
            ],
        ) from None
    plain: dict[str, Any] = _plain(data)
    return plain, locate(text)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes") if not value.second and not value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, (date, time)) else value


def locate(text: str) -> dict[str, int]:
    """Return the line of every table and key, by path such as ``services[3].unit``."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix, inside = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            if inside in line:
                inside = ""
            continue
        if header := _HEADER.fullmatch(line):
            path = ""
            parts = [part.strip() for part in header[2].split(".")]
            for depth, part in enumerate(parts):
                path = f"{path}.{part}" if path else part
                is_last = depth == len(parts) - 1
                if is_last and header[1] == "[[":
                    counts[path] = counts.get(path, -1) + 1
                if path in counts:
                    path = f"{path}[{counts[path]}]"
            prefix = path
            lines.setdefault(path, number)
        elif key := _KEY.match(line):
            lines[f"{prefix}.{key[1]}" if prefix else key[1]] = number
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                inside = quotes
    return lines


def _line_of(path: str, lines: Mapping[str, int]) -> int | None:
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return None


def hash_data(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a programme says; the version it is based on does not count."""
    body = {key: value for key, value in data.items() if key != BASED_ON}
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def read_terms(data: Mapping[str, Any], *, file: str = "", lines: Mapping[str, int] | None = None) -> Terms:
    """
    Return the terms that ``data`` states.

    :raises ProgrammeRefused: with everything that is wrong
    """
    problems: list[Problem] = []
    body = dict(data)
    based_on = body.pop(BASED_ON, None)
    if based_on is not None and (isinstance(based_on, bool) or not isinstance(based_on, int) or based_on < 1):
        problems.append(
            Problem(
                BASED_ON,
                _("«%(key)s» è il numero della versione da cui il file parte, per esempio 1."),
                {"key": BASED_ON},
            )
        )
    values = _read_table(body, PROGRAMME, "", problems)
    problems += check_terms(values)
    if problems:
        told = {
            (p.path, p.sentence): Problem(p.path, p.text, p.params, _line_of(p.path, lines or {})) for p in problems
        }
        raise ProgrammeRefused(file, sorted(told.values(), key=lambda p: p.line or 0))
    terms: Terms = _build(PROGRAMME, values)
    return terms


def _build(table: Table, values: Mapping[str, Any]) -> Any:
    arguments: dict[str, Any] = {}
    for key in table.keys:
        value = values[key.target]
        if key.table and value is key.default:
            pass
        elif key.table and key.kind == "tables":
            value = tuple(_build(key.table, item) for item in value)
        elif key.table:
            value = _build(key.table, value)
        arguments[key.target] = value
    return table.builds(**arguments)


def _read_table(body: Mapping[str, Any], table: Table, path: str, problems: list[Problem]) -> dict[str, Any]:
    """Return target -> typed value; what is wrong is told and left out."""
    known = {key.name for key in table.keys}
    problems.extend(
        Problem(
            path + name,
            _("La chiave «%(key)s» non esiste.%(hint)s"),
            {"key": name, "hint": closest(name, known)},
        )
        for name in body
        if name not in known
    )
    values: dict[str, Any] = {}
    for key in table.keys:
        where = path + key.name
        if key.name not in body or body[key.name] is None:
            if key.is_required:
                problems.append(
                    Problem(
                        where,
                        _("Manca la chiave «%(key)s»: %(meaning)s Per esempio: %(key)s = %(example)s"),
                        {"key": key.name, "meaning": key.meaning, "example": example_of(key)},
                    )
                )
            else:
                values[key.target] = key.default
            continue
        value = _read_value(body[key.name], key, where, problems)
        if value is not _WRONG:
            values[key.target] = value
    return values


EXAMPLES = {
    "code": '"nido"',
    "text": '"testo"',
    "texts": '["testo", "testo"]',
    "yes_no": "true",
    "number": "10",
    "numbers": "[5, 1]",
    "bp": "5000",
    "euro": '"1.234,50"',
    "day": "2010-02-01",
    "instant": "2010-02-01T09:00:00",
    "table": "{ … }",
    "tables": "[ … ]",
}


def example_of(key: Key) -> str:
    """Return what a right value of a key looks like in TOML."""
    return f'"{key.choices[0]}"' if key.kind == "choice" else EXAMPLES[key.kind]


def _wrong(key: Key, where: str, value: object, problems: list[Problem]) -> object:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    problems.append(
        Problem(
            where,
            _("«%(value)s» non va bene: qui serve %(kind)s. Per esempio: %(key)s = %(example)s"),
            {"value": str(shown)[:80], "kind": KINDS[key.kind], "key": key.name, "example": example_of(key)},
        )
    )
    return _WRONG


KINDS = {
    "code": "un codice di lettere minuscole, cifre e trattini (al massimo 40; 60 per il programma)",
    "text": "un testo non vuoto, tra virgolette",
    "texts": "un elenco di testi",
    "yes_no": "true o false",
    "number": "un numero intero da zero in su, senza virgolette",
    "numbers": "un elenco di numeri interi da zero in su",
    "bp": "un numero intero di punti base da 0 a 10000 (10000 = tutto)",
    "euro": "un importo in euro tra virgolette, all'italiana, con al massimo due decimali",
    "day": "una data anno-mese-giorno senza virgolette",
    "instant": "data e ora italiana al minuto, senza fuso e senza virgolette",
    "choice": "una delle parole ammesse",
    "table": "una tabella",
    "tables": "un elenco di tabelle",
}


def _read_value(value: Any, key: Key, where: str, problems: list[Problem]) -> Any:
    kind = key.kind
    if kind == "table" and key.table:
        if not isinstance(value, dict):
            return _wrong(key, where, value, problems)
        return _read_table(value, key.table, where + ".", problems)
    if kind == "tables" and key.table:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return _wrong(key, where, value, problems)
        return [_read_table(item, key.table, f"{where}[{n}].", problems) for n, item in enumerate(value)]
    read = _read_scalar(value, key)
    if read is not _WRONG:
        return read
    if kind == "choice":
        problems.append(
            Problem(
                where,
                _("«%(value)s» non è ammesso.%(hint)s"),
                {"value": value, "hint": closest(str(value), key.choices)},
            )
        )
        return _WRONG
    return _wrong(key, where, value, problems)


def _read_scalar(value: Any, key: Key) -> Any:
    kind = key.kind
    if kind in {"number", "bp"}:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return value if is_number and 0 <= value <= (10_000 if kind == "bp" else 100_000) else _WRONG
    if kind == "numbers":
        is_numbers = isinstance(value, list) and all(type(item) is int and 0 <= item <= 100_000 for item in value)
        return tuple(value) if is_numbers else _WRONG
    if kind == "yes_no":
        return value if isinstance(value, bool) else _WRONG
    if kind == "texts":
        is_texts = isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)
        return tuple(value) if is_texts else _WRONG
    if not isinstance(value, str):
        return _WRONG
    if kind == "code":
        longest = 60 if key.meaning.startswith("Codice del programma") else 40
        return value if (_CODE.fullmatch(value) and len(value) <= longest) or value == key.default else _WRONG
    if kind == "choice":
        return value if value in key.choices else _WRONG
    try:
        if kind == "euro":
            return parse_euro(value)
        if kind == "day":
            return date.fromisoformat(value) if len(value) == 10 else _WRONG
        if kind == "instant":
            instant = datetime.fromisoformat(value)
            return instant.replace(tzinfo=ROME) if instant.tzinfo is None and "T" in value else _WRONG
    except ValueError:
        return _WRONG
    return value if value.strip() or key.default == "" else _WRONG
