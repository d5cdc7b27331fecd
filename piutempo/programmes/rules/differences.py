"""How two programme files differ, by path, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from piutempo.programmes.rules.shape import PROGRAMME, Table


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One path whose value differs; ``before`` or ``after`` is None where the path is not there. ``kind``: added,
    removed, changed.
    """

    path: str
    kind: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """The difference in Italian."""
        if self.kind == "added":
            return f"aggiunto: {show(self.after)}"
        if self.kind == "removed":
            return f"tolto: {show(self.before)}"
        return f"era {show(self.before)}, diventa {show(self.after)}"


def show(value: Any) -> str:
    """Return a value of a file as a person reads it."""
    if isinstance(value, bool):
        return "sì" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {show(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "; ".join(show(item) for item in value) or "niente"
    if isinstance(value, str) and len(value) in {10, 16, 19} and value[4:5] == "-" and value[7:8] == "-":
        return "/".join(reversed(value[:10].split("-"))) + (f" ore {value[11:16]}" if len(value) > 10 else "")
    return f"«{value}»" if isinstance(value, str) else str(value)


def _order(table: Table) -> dict[str, int]:
    """Return the place of every key in the documentation: stored data (JSONB) keep no order."""
    found: dict[str, int] = {}
    tables = [table]
    for table in tables:
        for key in table.keys:
            found.setdefault(key.name, len(found))
        tables += [key.table for key in table.keys if key.table]
    return found


_ORDER = _order(PROGRAMME)


def _name(item: Any, place: int) -> str:
    """
    Return what recognises an item of a list whatever its place: its code, else its start, else its name, else its
    place.
    """
    if isinstance(item, Mapping):
        for key in ("code", "valid_from", "opens_at", "name"):
            if key in item:
                return str(item[key])
    return str(place)


def compare_data(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[Difference]:
    """
    Return the differences between two files' data, in the order of the files. Items of lists are matched by their
    code.
    """
    found: list[Difference] = []
    for key in sorted({*before, *after}, key=lambda name: (_ORDER.get(name, len(_ORDER)), name)):
        if key == "based_on":
            continue
        where = f"{path}.{key}" if path else key
        found += _compare(before.get(key), after.get(key), where)
    return found


def _compare(old: Any, new: Any, path: str) -> list[Difference]:
    if old == new:
        return []
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return compare_data(old, new, path)
    is_tables = any(isinstance(v, list) and v and isinstance(v[0], Mapping) for v in (old, new))
    if is_tables and isinstance(old or [], list) and isinstance(new or [], list):
        olds = {_name(item, n): item for n, item in enumerate(old or [])}
        news = {_name(item, n): item for n, item in enumerate(new or [])}
        found: list[Difference] = []
        for name in [*olds, *(n for n in news if n not in olds)]:
            found += _compare(olds.get(name), news.get(name), f"{path}[{name}]")
        return found or [Difference(path, "changed", "ordine di prima", "altro ordine")]
    kind = "added" if old is None else "removed" if new is None else "changed"
    return [Difference(path, kind, old, new)]
