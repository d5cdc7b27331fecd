"""Editing a programme's data by path: which keys a place has, reading, replacing, adding and removing one item."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from piutempo.programmes.rules.shape import PROGRAMME, Key, Table

_STEP = re.compile(r"([a-z_]+)(?:\[(\d+)\])?")


class NoSuchPlace(LookupError):
    """The path leads nowhere in this data."""


def _steps(path: str) -> list[tuple[str, int | None]]:
    if not path:
        return []
    found = [_STEP.fullmatch(part) for part in path.split(".")]
    if None in found:
        raise NoSuchPlace(path)
    return [(step[1], int(step[2]) if step[2] else None) for step in found if step]


def find(data: Mapping[str, Any], path: str) -> tuple[Any, Table, Key | None]:
    """
    Return what is at a path such as ``services[3].ceilings``, the table that describes it, and its key (None: the
    file).

    :raises NoSuchPlace: nothing is there
    """
    value: Any = data
    table, key = PROGRAMME, None
    for name, place in _steps(path):
        key = next((k for k in table.keys if k.name == name and k.table), None)
        if key is None or key.table is None or not isinstance(value, Mapping):
            raise NoSuchPlace(path)
        table, value = key.table, value.get(name, [] if key.kind == "tables" else {})
        if place is not None:
            if not isinstance(value, list) or place >= len(value):
                raise NoSuchPlace(path)
            value = value[place]
    return value, table, key


def _open(data: dict[str, Any], path: str) -> None:
    """Make the optional tables on the way to ``path`` that a file does not have yet, so that they can be filled."""
    find(data, path)
    value: Any = data
    for name, place in _steps(path):
        value = value.setdefault(name, {}) if place is None else value[name][place]


def _close(data: dict[str, Any], path: str) -> None:
    """Leave out an optional table in which nothing is said."""
    parent, _dot, name = path.rpartition(".")
    holder, table, _key = find(data, parent)
    key = next((k for k in table.keys if k.name == name), None)
    if key is not None and key.kind == "table" and not key.is_required and not holder.get(name):
        holder.pop(name, None)


def replace(data: Mapping[str, Any], path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a copy in which the plain keys of the table at ``path`` have these values (``None``: the key is left out).
    """
    copy = deepcopy(dict(data))
    _open(copy, path)
    target, _table, _key = find(copy, path)
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
    _close(copy, path)
    return copy


def add(data: Mapping[str, Any], path: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy with one more item at the end of the list at ``path``."""
    copy = deepcopy(dict(data))
    parent, _dot, name = path.rpartition(".")
    _open(copy, parent)
    target, _table, _key = find(copy, parent)
    target.setdefault(name, []).append({k: v for k, v in item.items() if v is not None})
    return copy


def remove(data: Mapping[str, Any], path: str) -> dict[str, Any]:
    """
    Return a copy without the item at ``path`` (``services[3]``).

    :raises NoSuchPlace: there is none
    """
    copy = deepcopy(dict(data))
    find(copy, path)
    if not path.endswith("]"):
        raise NoSuchPlace(path)
    items, _table, _key = find(copy, path[: path.rindex("[")])
    del items[int(path[path.rindex("[") + 1 : -1])]
    return copy
