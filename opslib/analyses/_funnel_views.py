"""A funnel seen by when users entered it, and by how long they took."""

import math

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import charts, periods
from opslib.charts import Shape
from opslib.periods import Period
from opslib.stats.proportions import wilson
from opslib.words import duration, text

SECOND = 1_000_000
MOST_BINS = 60
MOST_PERIODS = 400
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


def over_time(
    start: npt.NDArray[np.int64],
    converted: npt.NDArray[np.bool_],
    closed: npt.NDArray[np.bool_],
    *,
    period: Period,
    timezone: str,
    week_start: str,
) -> pd.DataFrame:
    """Count entrants and those who converted, by the period of entry.

    Args:
        start: When each attempt started.
        converted: Whether it reached the last step.
        closed: Whether its window was over when observation ended.
        period: "day", "week" or "month".
        timezone: IANA name.
        week_start: First day of the week.
    """
    edges = np.zeros(1, np.int64)
    if len(start):
        span = int(start.min()), int(start.max())
        edges = periods.edges(*span, period, timezone, week_start=week_start)
    place, n = np.searchsorted(edges, start, side="right") - 1, len(edges) - 1
    users, reached, over, over_reached = (
        np.bincount(place[which], minlength=n)[:n]
        for which in (slice(None), converted, closed, converted & closed)
    )
    low, high = wilson(reached, users)
    over_low, over_high = wilson(over_reached, over)
    with np.errstate(invalid="ignore"):
        return pd.DataFrame(
            {
                "period": periods.names(edges, timezone),
                "users": users,
                "converted": reached,
                "share": reached / users,
                "low": low,
                "high": high,
                "matured_users": over,
                "matured_share": over_reached / over,
                "matured_low": over_low,
                "matured_high": over_high,
            }
        )


def times(taken: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Count users by the time they took, in equal bins and one open at the end.

    As many bins as the cube root of the users, at most 60, each a whole number of
    seconds long.

    Args:
        taken: Microseconds.
    """
    seconds = taken // SECOND
    if not len(seconds):
        return pd.DataFrame(
            {"from_seconds": [], "to_seconds": [], "users": [], "share": []}
        ).astype({"users": "int64"})
    bins = min(MOST_BINS, math.ceil(round(len(seconds) ** (1 / 3), 9)))
    first, last = int(seconds.min()), int(seconds.max())
    width = max(1, math.ceil((last - first) / bins))
    users = np.bincount((seconds - first) // width, minlength=bins + 1)
    edges = first + width * np.arange(bins + 1)
    table = pd.DataFrame(
        {
            "from_seconds": edges,
            "to_seconds": [*edges[1:].astype(float), np.nan],
            "users": users,
            "share": users / len(seconds),
        }
    )
    return table if users[-1] else table.iloc[:-1]


def over_time_chart(
    table: pd.DataFrame, lang: str, alt_text: str
) -> alt.Chart | alt.LayerChart:
    """Draw raw and matured conversion by period of entry, the latest 400."""
    shown = table.iloc[-MOST_PERIODS:]
    names = {n: text(f"funnel.over_{n}", lang) for n in ("matured", "raw")}
    raw = shown.assign(name=names["raw"])
    over = shown[["period"]].assign(
        users=shown["matured_users"],
        share=shown["matured_share"],
        low=shown["matured_low"],
        high=shown["matured_high"],
        name=names["matured"],
    )
    rows = pd.concat([raw, over])[["period", "name", "users", "share", "low", "high"]]
    shape = Shape(
        rows.dropna(subset="share"),
        {
            "period": text("funnel.entered", lang),
            "name": text("chart.group", lang),
            "users": text("chart.users", lang),
            "share": text("funnel.conversion", lang),
            "low": text("chart.from_start_low", lang),
            "high": text("chart.from_start_high", lang),
        },
    )
    colour = alt.Color(
        **shape.field("name", "nominal"),
        scale=alt.Scale(
            domain=list(names.values()), range=[charts.ACCENT, charts.MUTED]
        ),
        legend=alt.Legend(title=None, orient="top", symbolOpacity=1),
    )
    days = alt.Axis(grid=False, format="%Y-%m-%d", tickMinStep=86_400_000)
    base = alt.Chart(shape.frame).encode(
        x=alt.X(**shape.field("period", "temporal", axis=days)),
        color=colour,
    )
    percents = alt.Axis(format="%")
    title = {"title": shape.title["share"]}
    band = base.mark_area(opacity=0.15).encode(
        y=alt.Y(**shape.field("low", "quantitative", axis=percents) | title),
        y2=alt.Y2(field=shape.alias["high"]),
    )
    hover = {"period": "", "name": "", "share": ".1%", "low": ".1%", "high": ".1%"}
    line = base.mark_line(point=len(shape.frame) <= 120, strokeWidth=2).encode(
        y=alt.Y(**shape.field("share", "quantitative", axis=percents)),
        tooltip=shape.tooltip(hover | {"users": ","}),
    )
    chart = band + line
    if len(table) > MOST_PERIODS:
        left = text("funnel.some_periods", lang, shown=MOST_PERIODS, of=len(table))
        chart = chart.properties(title=left)
    return charts.finish(chart, alt_text)


def times_chart(
    table: pd.DataFrame, lang: str, alt_text: str
) -> alt.Chart | alt.LayerChart:
    """Draw the users by the time they took, in the largest unit that fits."""
    ends = table["to_seconds"].fillna(table["from_seconds"] + _width(table))
    longest = float(ends.max()) if len(ends) else 0.0
    unit = next((name for name, size in UNITS.items() if longest >= 2 * size), "second")
    rows = table.assign(
        low=table["from_seconds"] / UNITS[unit],
        high=ends / UNITS[unit],
        words=[
            f"{duration(a, lang)} – {duration(b, lang) if a < b else ''}"
            for a, b in zip(table["from_seconds"], table["to_seconds"], strict=True)
        ],
    )
    shape = Shape(
        rows,
        {
            "low": text(f"funnel.time_{unit}", lang),
            "high": "high",
            "users": text("chart.users", lang),
            "share": text("funnel.of_converted", lang),
            "words": text("funnel.time_taken", lang),
        },
    )
    scale = alt.Scale(nice=False, zero=False)
    bars = (
        alt.Chart(shape.frame)
        .mark_bar(color=charts.ACCENT, stroke="white")
        .encode(
            x=alt.X(
                **shape.field(
                    "low", "quantitative", axis=alt.Axis(grid=False), scale=scale
                )
            ),
            x2=alt.X2(field=shape.alias["high"]),
            y=alt.Y(**shape.field("users", "quantitative")),
            y2=alt.Y2(datum=0),
            tooltip=shape.tooltip({"words": "", "users": ",", "share": ".1%"}),
        )
    )
    return charts.finish(bars, alt_text)


def _width(table: pd.DataFrame) -> float:
    """Return how long a bin is."""
    return (
        float((table["to_seconds"] - table["from_seconds"]).max())
        if len(table)
        else 0.0
    )
