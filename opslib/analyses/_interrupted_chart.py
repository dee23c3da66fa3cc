"""Charts of an interrupted time series: what was, what was to be expected, sums."""

import altair as alt
import pandas as pd

from opslib import charts
from opslib.analyses._campaign_chart import DASHED, NEAR, shaded, time_axis, zero
from opslib.words import text

MOST_DAYS = charts.MOST_MARKS // 4


def actual_chart(
    days: pd.DataFrame, table: pd.DataFrame, metric: str, lang: str
) -> alt.LayerChart:
    """Draw the days of all windows; what was expected breaks off between them."""
    # A day after one start lies before the next: it is shown as what it was first.
    once = days.sort_values(["date", "start"]).drop_duplicates("date")
    rows = once.tail(MOST_DAYS)
    lines = {name: text(f"interrupted.{name}", lang) for name in ("actual", "expected")}
    titles = {
        "date": text("trend.date", lang),
        "actual": metric,
        "expected": lines["expected"],
        "low": text("campaign.low", lang),
        "high": text("campaign.high", lang),
        "difference": text("interrupted.difference", lang),
        "is": lines["actual"],
        "was": lines["expected"],
        "start": text("campaign.start", lang),
    }
    rows = rows.assign(**{"is": lines["actual"], "was": lines["expected"]})
    shape = charts.Shape(rows, titles)
    numbers = ["actual", "expected", "low", "high", "difference"]
    base = alt.Chart().encode(
        x=alt.X(**shape.field("date", "temporal", axis=time_axis(rows["date"]))),
        tooltip=shape.tooltip({"date": "%Y-%m-%d"} | dict.fromkeys(numbers, ",.4~g")),
    )
    scale = alt.Scale(
        domain=[*lines.values()], range=[charts.ACCENT, charts.PALETTE[7]]
    )
    legend = alt.Legend(title=None, orient="top", symbolType="stroke")
    title = {"title": shape.title["actual"]}

    def line(value: str, name: str) -> alt.Chart:
        mark = base.mark_line(
            point={"size": 18} if value == "actual" else False,
            strokeDash=DASHED if value == "expected" else alt.Undefined,
        )
        return mark.encode(
            y=alt.Y(**(shape.field(value, "quantitative", scale=NEAR) | title)),
            color=alt.Color(**shape.field(name, "nominal", legend=legend), scale=scale),
            detail=alt.Detail(field=shape.alias["start"], type="temporal"),
        )

    band = base.mark_area(color=charts.PALETTE[7], opacity=0.22).encode(
        y=alt.Y(**(shape.field("low", "quantitative", scale=NEAR) | title)),
        y2=alt.Y2(field=shape.alias["high"]),
        detail=alt.Detail(field=shape.alias["start"], type="temporal"),
    )
    whole = line("actual", "is").encode(detail=alt.Undefined)
    shade = shaded(list(zip(table["start"], table["end"], strict=True)), lang)
    chart = charts.layered(
        shade, band, line("expected", "was"), whole, data=shape.frame
    )
    if len(once) > len(rows):
        chart.title = text("trend.latest", lang, shown=len(rows), of=len(once))
    return chart


def sums_chart(days: pd.DataFrame, lang: str) -> alt.LayerChart:
    """Draw the difference summed up to each day of the campaign."""
    rows = days[days["during"] & days["cumulative"].notna()].tail(MOST_DAYS)
    titles = {
        "date": text("trend.date", lang),
        "cumulative": text("interrupted.cumulative", lang),
        "cumulative_low": text("campaign.low", lang),
        "cumulative_high": text("campaign.high", lang),
        "start": text("campaign.start", lang),
    }
    shape = charts.Shape(rows, titles)
    numbers = ["cumulative", "cumulative_low", "cumulative_high"]
    base = alt.Chart(shape.frame).encode(
        x=alt.X(**shape.field("date", "temporal", axis=time_axis(rows["date"]))),
        detail=alt.Detail(field=shape.alias["start"], type="temporal"),
        tooltip=shape.tooltip({"date": "%Y-%m-%d"} | dict.fromkeys(numbers, ",.4~g")),
    )
    title = {"title": shape.title["cumulative"]}
    band = base.mark_area(color=charts.ACCENT, opacity=0.18).encode(
        y=alt.Y(**(shape.field("cumulative_low", "quantitative") | title)),
        y2=alt.Y2(field=shape.alias["cumulative_high"]),
    )
    line = base.mark_line(color=charts.ACCENT, point={"size": 18}).encode(
        y=alt.Y(**(shape.field("cumulative", "quantitative") | title))
    )
    return charts.layered(zero(), band, line)
