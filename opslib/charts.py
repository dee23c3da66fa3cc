"""The few chart shapes everything is drawn with.

Charts never see a name from a file: columns become c0, c1, ... and only titles and
category labels, cleaned, carry text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from opslib.words import clean

# Okabe & Ito (2008), ordered so that neighbours differ most; black is kept for text.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7",
    "#56B4E9", "#D55E00", "#F0E442", "#6B7280",
)  # fmt: skip
ACCENT = PALETTE[0]
MUTED = "#9CA3AF"
FONT = "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
MOST_MARKS = 5_000

Kind = Literal["quantitative", "nominal", "ordinal", "temporal"]


def label(text: object) -> str:
    """Make a title or category label that Vega shows as it stands.

    Example:
        >>> label("constructor") == "constructor"  # a name Vega would look up
        False
    """
    short = clean(text)
    # Vega resolves these as properties of a JavaScript object and draws nothing.
    unsafe = {"constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"}
    return short + "\u200b" if short in unsafe else short


class Shape:
    """A table prepared for drawing: aliased columns, cleaned labels.

    Args:
        table: Tidy data; only the columns in `titles` are handed to the chart.
        titles: Column name to the title a reader sees.
    """

    def __init__(self, table: pd.DataFrame, titles: Mapping[str, str]) -> None:
        self.alias = {column: f"c{i}" for i, column in enumerate(titles)}
        self.title = {column: label(title) for column, title in titles.items()}
        frame = table[list(titles)].rename(columns=self.alias)
        for column in frame.columns:
            if not pd.api.types.is_numeric_dtype(
                frame[column]
            ) and not pd.api.types.is_datetime64_any_dtype(frame[column]):
                frame[column] = frame[column].map(label, na_action="ignore")
        self.frame = frame

    def field(self, column: str, kind: Kind, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the keywords of an Altair channel or tooltip for `column`."""
        return {
            "field": self.alias[column],
            "type": kind,
            "title": self.title[column],
            **options,
        }

    def tooltip(self, formats: Mapping[str, str]) -> list[alt.Tooltip]:
        """Show these columns on hover, each in its d3 format ("" for plain)."""
        return [
            alt.Tooltip(
                field=self.alias[column],
                type="temporal"
                if pd.api.types.is_datetime64_any_dtype(self.frame[self.alias[column]])
                else "quantitative"
                if form
                else "nominal",
                title=self.title[column],
                format=form or alt.Undefined,
            )
            for column, form in formats.items()
        ]


def finish(
    chart: alt.Chart | alt.LayerChart, alt_text: str, *, height: int = 320
) -> alt.Chart | alt.LayerChart:
    """Give a chart its description for screen readers and its size."""
    return chart.properties(description=alt_text, height=height, width="container")


def colours(values: Sequence[str]) -> alt.Scale:
    """Give each value its colour of the palette, in order."""
    domain = [label(value) for value in values]
    return alt.Scale(
        domain=domain, range=[PALETTE[i % len(PALETTE)] for i in range(len(domain))]
    )


def export(
    chart: alt.TopLevelMixin, kind: Literal["png", "svg"], *, title: str = ""
) -> bytes:
    """Draw a finished chart as a picture, offline, readable at meeting size."""
    import vl_convert  # noqa: PLC0415  loads a JavaScript engine: only when asked for

    spec = chart.to_dict()
    spec["width"] = 900
    if title:
        spec["title"] = {"text": label(title), "anchor": "start", "offset": 16}
    spec["background"] = "white"
    spec["config"] = {**spec.get("config", {}), **THEME}
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    return bytes(vl_convert.vegalite_to_png(spec, scale=2))


THEME: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": "#E5E7EB",
        "labelColor": "#374151",
        "titleColor": "#374151",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "range": {"category": list(PALETTE)},
    "legend": {"title": None, "orient": "top", "labelFontSize": 12},
}
