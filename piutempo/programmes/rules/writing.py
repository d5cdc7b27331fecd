"""A programme's data -> TOML, which reads back as the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from piutempo.programmes.rules.reading import BASED_ON
from piutempo.programmes.rules.shape import PROGRAMME, Key, Table


def write_toml(data: Mapping[str, Any], *, based_on: int | None = None) -> str:
    """
    Return ``data`` as TOML, keys in the order of the documentation.

    ``based_on`` states the version the file starts from, so that loading it after a change makes the next one.
    """
    lines = ["# Programma PiùTempo. Che cosa significa ogni chiave: docs/programme-file.md. Ogni fine è esclusa."]
    if based_on is not None:
        lines.append(f"{BASED_ON} = {based_on}")
    _write_table({k: v for k, v in data.items() if k != BASED_ON}, PROGRAMME, "", lines)
    return "\n".join(lines) + "\n"


def _write_table(data: Mapping[str, Any], table: Table, path: str, lines: list[str]) -> None:
    keys = {key.name: key for key in table.keys}
    ordered = [name for name in keys if name in data] + [name for name in data if name not in keys]
    nested: list[str] = []
    for name in ordered:
        key, value = keys.get(name), data[name]
        if value is None:
            continue
        if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(i, Mapping) for i in value)):
            nested.append(name)
        else:
            lines.append(f"{name} = {_scalar(value, key)}")
    for name in nested:
        key, value = keys.get(name), data[name]
        inner = key.table if key and key.table else Table(dict, ())
        where = f"{path}.{name}" if path else name
        for item in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{where}]]" if isinstance(value, list) else f"[{where}]"]
            _write_table(item, inner, where, lines)


def _scalar(value: Any, key: Key | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_scalar(item, None) for item in value) + "]"
    if isinstance(value, str):
        if key and key.kind == "day" and len(value) == 10:
            return value
        if key and key.kind == "instant" and "T" in value:
            return value if len(value) > 16 else f"{value}:00"
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
