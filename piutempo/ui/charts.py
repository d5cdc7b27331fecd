"""
Charts: Vega-Lite specifications as plain dicts, drawn to SVG by vl-convert, shown as a picture with the table beside.

In a view::

    chart = bar_chart(
        title=_("Buoni spesi per mese"), description=_("La spesa cresce fino a giugno 2011, poi scende."),
        x_label=_("Mese"), y_label=_("Euro"), rows=[("gen 2011", 12_500_00), …], kind="euro",
    )
    # or line_chart(…), or Chart(title=…, description=…, spec={… Vega-Lite …}, headers=[…], table=[[…]])

and ``{% render_chart chart %}`` in the template. For a PDF: ``chart.svg`` (text) holds the same picture. The SVG goes
into the page as a ``data:`` picture (the policy allows those, and no inline style), with a text alternative, and the
numbers stand in a table under it.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import vl_convert as vlc
from bootstrap_italia_template import __path__ as look_path

from piutempo.ui.tables import Kind, shown

#: Blue of the design system first, then colours that stay apart also for who does not see red and green.
PALETTE = ["#0066cc", "#a66300", "#00735a", "#8a2f6d", "#5d7083", "#b3263b"]
FONTS = f"{next(iter(look_path))}/static/fonts/Titillium_Web"
NUMBER_LOCALE = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", "\u00a0€"]}
TIME_LOCALE = {
    "dateTime": "%A %e %B %Y, %X",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["AM", "PM"],
    "days": ["domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"],
    "shortDays": ["dom", "lun", "mar", "mer", "gio", "ven", "sab"],
    "months": [
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
        "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
    ],
    "shortMonths": ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
}  # fmt: skip
CONFIG = {
    "font": "Titillium Web, Helvetica, Arial, sans-serif",  # a picture in a page sees the system's fonts only
    "background": "#ffffff",
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "labelColor": "#17324d",
        "titleColor": "#17324d",
        "gridColor": "#dde3ea",
    },
    "legend": {"labelFontSize": 13, "titleFontSize": 13},
    "range": {"category": PALETTE},
    "bar": {"color": PALETTE[0]},
    "line": {"color": PALETTE[0], "strokeWidth": 3, "point": {"filled": True, "size": 50, "strokeWidth": 0}},
    "view": {"stroke": None},
}

vlc.register_font_directory(FONTS)


@lru_cache(maxsize=256)
def draw(spec: str) -> str:
    """Return the SVG of a Vega-Lite specification (JSON text), with Italian numbers."""
    svg: str = vlc.vegalite_to_svg(spec, format_locale=NUMBER_LOCALE, time_format_locale=TIME_LOCALE)
    return svg


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of numbers: ``description`` says what is to be seen, ``table`` holds the numbers as text."""

    title: Any
    description: Any
    spec: dict[str, Any]
    headers: Sequence[Any] = ()
    table: Sequence[Sequence[Any]] = field(default_factory=list)
    width: int = 720
    height: int = 300

    @property
    def full_spec(self) -> dict[str, Any]:
        """The specification with the house's size, fonts and colours."""
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "width": self.width,
            "height": self.height,
            "description": f"{self.title}. {self.description}",
            **self.spec,
            "config": {**CONFIG, **self.spec.get("config", {})},
        }

    @property
    def svg(self) -> str:
        """The picture as SVG text."""
        return draw(json.dumps(self.full_spec, sort_keys=True))

    @property
    def data_url(self) -> str:
        """The picture as a ``data:`` address for ``<img>``."""
        return "data:image/svg+xml;base64," + b64encode(self.svg.encode()).decode()


def _xy_chart(
    mark: dict[str, Any],
    *,
    title: Any,
    description: Any,
    x_label: Any,
    y_label: Any,
    rows: Sequence[tuple[Any, ...]],
    kind: Kind,
    series: Sequence[Any],
) -> Chart:
    scale = 100 if kind in {"euro", "bp"} else 1
    names = [str(s) for s in series] or [str(y_label)]
    values = [
        {"x": str(row[0]), "y": (value or 0) / scale, "s": name}
        for row in rows
        for name, value in zip(names, row[1:], strict=True)
    ]
    encoding: dict[str, Any] = {
        "x": {
            "field": "x",
            "type": "ordinal",
            "sort": None,
            "title": str(x_label),
            "axis": {"labelAngle": -40 if len(rows) > 8 else 0},
        },
        "y": {"field": "y", "type": "quantitative", "title": str(y_label), "axis": {"format": ",.0f"}},
    }
    if len(names) > 1:
        encoding["color"] = {"field": "s", "type": "nominal", "title": None, "sort": None, "legend": {"orient": "top"}}
        if mark["type"] == "bar":
            encoding["xOffset"] = {"field": "s", "sort": None}
        else:
            encoding["strokeDash"] = {"field": "s", "type": "nominal", "sort": None, "legend": None}
    spec = {"data": {"values": values}, "mark": mark, "encoding": encoding}
    table = [[str(row[0]), *(shown(value, kind) for value in row[1:])] for row in rows]
    return Chart(title, description, spec, [str(x_label), *names], table)


def bar_chart(
    *,
    title: Any,
    description: Any,
    x_label: Any,
    y_label: Any,
    rows: Sequence[tuple[Any, ...]],
    kind: Literal["count", "euro", "bp"] = "count",
    series: Sequence[Any] = (),
) -> Chart:
    """Return bars: ``rows`` are (label, value) or, with ``series`` names, (label, value, value, …); euro as cents."""
    return _xy_chart(
        {"type": "bar"},
        title=title,
        description=description,
        x_label=x_label,
        y_label=y_label,
        rows=rows,
        kind=kind,
        series=series,
    )


def line_chart(
    *,
    title: Any,
    description: Any,
    x_label: Any,
    y_label: Any,
    rows: Sequence[tuple[Any, ...]],
    kind: Literal["count", "euro", "bp"] = "count",
    series: Sequence[Any] = (),
) -> Chart:
    """Return lines with points: arguments as ``bar_chart``."""
    return _xy_chart(
        {"type": "line"},
        title=title,
        description=description,
        x_label=x_label,
        y_label=y_label,
        rows=rows,
        kind=kind,
        series=series,
    )
