"""Charts of a campaign: lines over time, and the days of the campaign shaded."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from opslib import charts
from opslib.words import text

SHADE = "#F3E8CF"
DASHED = [5, 4]
DAY = pd.Timedelta(days=1)
FEW_DAYS = 10


def groups_chart(
    trend: pd.DataFrame,
    gap: float,
    start: pd.Timestamp,
    end: pd.Timestamp,
    lang: str,
) -> alt.LayerChart:
    """Draw both groups; `gap` is what the comparison is moved by."""
    moved = trend["mean"] + gap * (trend["group"] == "comparison")
    names = {code: charts.label(text(f"campaign.line.{code}", lang)) for code in LINES}
    rows = trend.assign(level=moved, line=trend["group"].map(names))
    titles = {
        "period": text("trend.date", lang),
        "level": text("campaign.level", lang),
        "line": text("chart.group", lang),
        "mean": text("campaign.mean", lang),
        "units": text("campaign.units", lang),
    }
    shape = charts.Shape(rows, titles)
    scale = alt.Scale(
        domain=[*names.values()], range=[charts.ACCENT, charts.PALETTE[7]]
    )
    legend = alt.Legend(
        title=None, orient="top", labelLimit=400, columns=1, symbolType="stroke"
    )
    hover = {"line": "", "period": "%Y-%m-%d", "level": ",.4~g", "mean": ",.4~g"}
    line = alt.Chart(shape.frame).mark_line(point={"size": 22}, strokeWidth=2)
    lines = line.encode(
        x=alt.X(**shape.field("period", "temporal", axis=time_axis(rows["period"]))),
        y=alt.Y(**shape.field("level", "quantitative", title=None), scale=NEAR),
        color=alt.Color(**shape.field("line", "nominal", legend=legend), scale=scale),
        strokeDash=alt.StrokeDash(
            field=shape.alias["line"],
            type="nominal",
            scale=alt.Scale(domain=[*names.values()], range=[[1, 0], DASHED]),
            legend=None,
        ),
        tooltip=shape.tooltip(hover | {"units": ","}),
    )
    return charts.layered(shaded([(start, end)], lang), lines)


def effects_chart(
    by_period: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, lang: str
) -> alt.LayerChart:
    """Draw the difference of the groups in each period, with its interval."""
    titles = {
        "period": text("trend.date", lang),
        "difference": text("campaign.difference", lang),
        "low": text("campaign.low", lang),
        "high": text("campaign.high", lang),
    }
    shape = charts.Shape(by_period, titles)
    hover = {"period": "%Y-%m-%d"} | dict.fromkeys(
        ["difference", "low", "high"], ",.4~g"
    )
    base = alt.Chart(shape.frame).encode(
        x=alt.X(
            **shape.field("period", "temporal", axis=time_axis(by_period["period"]))
        ),
        tooltip=shape.tooltip(hover),
    )
    axis = {"title": titles["difference"]}
    whisker = base.mark_rule(color=charts.ACCENT, strokeWidth=1.5).encode(
        y=alt.Y(**(shape.field("low", "quantitative") | axis)),
        y2=alt.Y2(field=shape.alias["high"]),
    )
    point = base.mark_point(filled=True, size=50, color=charts.ACCENT, opacity=1)
    points = point.encode(y=alt.Y(**shape.field("difference", "quantitative")))
    return charts.layered(shaded([(start, end)], lang), zero(), whisker, points)


def shaded(
    campaigns: Sequence[tuple[pd.Timestamp, pd.Timestamp]], lang: str
) -> alt.Chart:
    """Shade the days of campaigns, from the first to the end of the last."""
    rows = pd.DataFrame(campaigns, columns=["start", "end"])
    titles = {name: text(f"campaign.{name}", lang) for name in ("start", "end")}
    shape = charts.Shape(rows.assign(end=rows["end"] + DAY), titles)
    chart = alt.Chart(shape.frame).mark_rect(color=SHADE, opacity=0.6)
    return chart.encode(
        x=alt.X(**shape.field("start", "temporal", axis=alt.Axis(title=None))),
        x2=alt.X2(field=shape.alias["end"]),
    )


def zero() -> alt.Chart:
    """Draw the line of no difference."""
    rule = alt.Chart(pd.DataFrame({"c0": [0]})).mark_rule(color=charts.MUTED)
    return rule.encode(y=alt.Y(field="c0", type="quantitative"))


def time_axis(days: "pd.Series[pd.Timestamp]") -> alt.Axis:
    """Return the axis of days, without a title; no part of a day has a tick."""
    few = (days.max() - days.min()).days < FEW_DAYS
    axis = alt.Axis(title=None, grid=False, format="%m-%d", tickMinStep=86_400_000)
    if few:
        axis.tickCount = "day"
    return axis


LINES = ("treated", "comparison")
# Levels far from 0 would be a flat line under it.
NEAR = alt.Scale(zero=False)
