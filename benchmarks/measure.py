"""Timing and telling."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def tell(name: str, *, value: float, unit: str, limit: float | None = None, target: str = "", **more: Any) -> None:
    """Print one figure as a JSON line; the ratio is value / limit."""
    line: dict[str, Any] = {"name": name, "value": round(value, 4), "unit": unit}
    if limit is not None:
        line |= {"limit": round(limit, 4), "ratio": round(value / limit, 3)}
    print(json.dumps({**line, "target": target, **more}), flush=True)


class Watch:
    """Seconds of a ``with`` block."""

    seconds = 0.0


@contextmanager
def watch() -> Iterator[Watch]:
    """Time a block."""
    found = Watch()
    start = time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - start


def median_ms(action: Callable[[], object], runs: int) -> float:
    """Return the median milliseconds of some runs, after one that is not counted."""
    action()
    found = []
    for _ in range(runs):
        with watch() as clock:
            action()
        found.append(clock.seconds * 1000)
    return statistics.median(found)
