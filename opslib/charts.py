"""The few chart shapes everything is drawn with.

Charts never see a name from a file: columns become c0, c1, ... and only titles and
category labels, cleaned, carry text.
"""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Literal

import altair as alt
import pandas as pd

from opslib.words import clean, percent, text
from opslib.words import number as written

# Okabe & Ito (2008), ordered so that neighbours differ most; black is kept for text.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7",
    "#56B4E9", "#D55E00", "#F0E442", "#6B7280",
)  # fmt: skip
ACCENT = PALETTE[0]
MUTED = "#9CA3AF"
FONT = "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
MOST_MARKS = 5_000
WIDE = 100
FIRST_WIDE = "⺀"
MOST_GROUPS = len(PALETTE)

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


def steps_chart(
    table: pd.DataFrame, lang: str, alt_text: str
) -> alt.Chart | alt.LayerChart:
    """Draw a funnel: one bar per step, as long as its share of those who entered.

    The whisker is the interval of that share; users and share stand beside the bar.

    Args:
        table: Columns step, users, from_start, from_start_low, from_start_high,
            from_previous and, for groups side by side, group; steps in order.
        lang: Language of titles and numbers.
        alt_text: What a screen reader says.
    """
    grouped = "group" in table.columns
    groups = list(dict.fromkeys(table["group"].map(str))) if grouped else [""]
    rows = table.assign(group=table["group"].map(str) if grouped else "")
    rows = rows[rows["group"].isin(groups[:MOST_GROUPS])]
    # Numbered, so that a step may come twice and the order needs no sorting.
    place = rows.groupby("group").cumcount() + 1
    rows = rows.assign(
        step=[
            f"{i}. {clean(step)}" for i, step in zip(place, rows["step"], strict=True)
        ],
        label=[
            f"{written(users, lang)} ({percent(share, lang)})"
            for users, share in zip(rows["users"], rows["from_start"], strict=True)
        ],
        end=rows["from_start_high"].fillna(rows["from_start"]).fillna(0.0),
    )
    columns = ["step", "group", "users", "from_start", "from_start_low"]
    columns += ["from_start_high", "from_previous"]
    titles = {column: text(f"chart.{column}", lang) for column in columns}
    shape = Shape(rows, titles | {"label": "label", "end": "end"})
    steps = [label(step) for step in dict.fromkeys(rows["step"])]
    title = shape.title["from_start"]
    wide = max(1.0, float(rows["end"].max()))
    share = {
        "axis": alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        # Room for the words beside the longest bar.
        "scale": alt.Scale(domain=[0, wide * 1.25]),
    }
    base = alt.Chart(shape.frame).encode(
        y=alt.Y(
            **shape.field("step", "nominal", axis=alt.Axis(title=None, labelLimit=220)),
            scale=alt.Scale(domain=steps, paddingInner=0.25),
        ),
        tooltip=shape.tooltip(
            ({"group": ""} if grouped else {})
            | {"step": "", "users": ",", "from_start": ".2%", "from_start_low": ".2%"}
            | {"from_start_high": ".2%", "from_previous": ".2%"}
        ),
    )
    colour: dict[str, Any] = {"color": alt.value(ACCENT)}
    if grouped:
        shown = colours(groups[:MOST_GROUPS])
        base = base.encode(
            yOffset=alt.YOffset(
                **shape.field("group", "nominal"), scale=alt.Scale(domain=shown.domain)
            )
        )
        legend = alt.Legend(title=None, orient="top")
        colour["color"] = alt.Color(
            **shape.field("group", "nominal"), scale=shown, legend=legend
        )
    bars = base.mark_bar(opacity=0.9).encode(
        x=alt.X(**shape.field("from_start", "quantitative", **share)), **colour
    )
    whiskers = base.mark_rule(color="#111827", opacity=0.6).encode(
        x=alt.X(**shape.field("from_start_low", "quantitative", title=title)),
        x2=alt.X2(field=shape.alias["from_start_high"]),
    )
    words = base.mark_text(align="left", dx=6, color="#6B7280").encode(
        x=alt.X(**shape.field("end", "quantitative", title=title)),
        text=alt.Text(field=shape.alias["label"], type="nominal"),
    )
    chart = bars + whiskers + words
    if len(groups) > MOST_GROUPS:
        left = text("chart.some_groups", lang, shown=MOST_GROUPS, of=len(groups))
        chart = chart.properties(title=left)
    bars_drawn = len(steps) * min(len(groups), MOST_GROUPS)
    return finish(chart, alt_text, height=max(160, 60 + 30 * bars_drawn))


def export(
    chart: alt.TopLevelMixin, kind: Literal["png", "svg"], *, title: str = ""
) -> bytes:
    """Draw a finished chart as a picture, offline, readable at meeting size."""
    import vl_convert  # noqa: PLC0415  loads a JavaScript engine: only when asked for

    spec = chart.to_dict()
    for part in spec.get("vconcat", [spec]):
        part["width"] = 900
    if title:
        width = WIDE if max(title) < FIRST_WIDE else WIDE // 2
        lines = wrap(clean(title, longest=400), width)
        spec["title"] = {"text": lines, "anchor": "start", "offset": 16}
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
