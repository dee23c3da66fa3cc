"""How the views of a funnel are drawn: by when users entered, by how long they took."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from opslib import charts
from opslib.analyses._funnel_groups import FEWEST
from opslib.charts import MOST_GROUPS, PALETTE, Shape, label
from opslib.words import duration, text

MOST_PERIODS = 400
MOST_BANDS = 3
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
MATURED = ("matured_users", "matured_share", "matured_low", "matured_high")


def over_time(
    table: pd.DataFrame, lang: str, alt_text: str
) -> alt.Chart | alt.LayerChart:
    """Draw conversion by period of entry, the latest 400: raw and matured.

    With a column `group` only the matured one of the first eight, where there are 30
    users or more.
    """
    days = table["period"].drop_duplicates()
    shown = table[table["period"].isin(days.tail(MOST_PERIODS))]
    matured = shown.drop(columns=["users", "share", "low", "high"]).rename(
        columns=dict(zip(MATURED, ("users", "share", "low", "high"), strict=True))
    )
    over = text("funnel.over_matured", lang)
    conversion = text("funnel.conversion", lang)
    if "group" in table:
        conversion = f"{conversion} · {over}"
        rows, drawn, said = _told(matured, matured["users"], lang)
        bounds = rows[["low", "high"]].where(rows["share"].notna())
        rows = rows.assign(low=bounds["low"], high=bounds["high"])
        palette = PALETTE[: len(drawn)]
    else:
        drawn, said = [over, text("funnel.over_raw", lang)], []
        both = [shown.assign(name=drawn[1]), matured.assign(name=drawn[0])]
        rows = pd.concat(both, ignore_index=True).dropna(subset="share")
        palette = (charts.ACCENT, charts.MUTED)
    if len(days) > MOST_PERIODS:
        of = len(days)
        said.append(text("funnel.some_periods", lang, shown=MOST_PERIODS, of=of))
    titles = {
        "period": text("funnel.entered", lang),
        "name": text("chart.group", lang),
        "users": text("chart.users", lang),
        "share": conversion,
        "low": text("chart.from_start_low", lang),
        "high": text("chart.from_start_high", lang),
    }
    shape = Shape(rows, titles)
    return charts.finish(_lines(shape, drawn, palette), alt_text, said=said)


def _lines(
    shape: Shape, names: Sequence[str], palette: Sequence[str]
) -> alt.LayerChart:
    axis = alt.Axis(grid=False, format="%Y-%m-%d", tickMinStep=86_400_000)
    base = alt.Chart().encode(
        x=alt.X(**shape.field("period", "temporal", axis=axis)),
        color=_colour(shape, names, palette),
    )
    percents = alt.Axis(format="%")
    title = {"title": shape.title["share"]}
    # More bands than three hide each other; the tooltip has the intervals.
    opacity = 0.15 if len(names) <= MOST_BANDS else 0
    band = base.mark_area(opacity=opacity).encode(
        y=alt.Y(**shape.field("low", "quantitative", axis=percents) | title),
        y2=alt.Y2(field=shape.alias["high"]),
    )
    hover = {"period": "", "name": "", "share": ".1%", "low": ".1%", "high": ".1%"}
    # Between two gaps there is no line to see, only its point.
    gaps = shape.frame[shape.alias["share"]].isna().any()
    points = bool(gaps) or len(shape.frame) <= 120
    line = base.mark_line(point=points, strokeWidth=2).encode(
        y=alt.Y(**shape.field("share", "quantitative", axis=percents)),
        tooltip=shape.tooltip(hover | {"users": ","}),
    )
    return charts.layered(band, line, data=shape.frame)


def times(table: pd.DataFrame, lang: str, alt_text: str) -> alt.Chart | alt.LayerChart:
    """Draw users by the time they took, in the largest unit that fits.

    With a column `group` the share of each of the first eight, of 30 users or more.
    """
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
    titles = {
        "low": text(f"funnel.time_{unit}", lang),
        "high": "high",
        "users": text("chart.users", lang),
        "share": text("funnel.of_converted", lang),
        "words": text("funnel.time_taken", lang),
    }
    if "group" in table:
        converted = rows.groupby("group", dropna=False)["users"].transform("sum")
        rows, drawn, said = _told(rows, converted, lang)
        shape = Shape(rows, {**titles, "name": text("chart.group", lang)})
        return charts.finish(_steps(shape, drawn), alt_text, said=said)
    shape = Shape(rows, titles)
    bars = (
        alt.Chart(shape.frame)
        .mark_bar(color=charts.ACCENT, stroke="white")
        .encode(
            x=_time(shape),
            x2=alt.X2(field=shape.alias["high"]),
            y=alt.Y(**shape.field("users", "quantitative")),
            y2=alt.Y2(datum=0),
            tooltip=shape.tooltip({"words": "", "users": ",", "share": ".1%"}),
        )
    )
    return charts.finish(bars, alt_text)


def _steps(shape: Shape, names: Sequence[str]) -> alt.Chart:
    """Draw the outline of each group's bars: bars would hide each other."""
    hover = {"name": "", "words": "", "users": ",", "share": ".1%"}
    return (
        alt.Chart(shape.frame)
        .mark_line(interpolate="step-after", point=True, strokeWidth=2)
        .encode(
            x=_time(shape),
            y=alt.Y(**shape.field("share", "quantitative", axis=alt.Axis(format="%"))),
            color=_colour(shape, names, PALETTE[: len(names)]),
            tooltip=shape.tooltip(hover),
        )
    )


def _time(shape: Shape) -> alt.X:
    scale = alt.Scale(nice=False, zero=False)
    axis = alt.Axis(grid=False)
    return alt.X(**shape.field("low", "quantitative", axis=axis, scale=scale))


def _colour(shape: Shape, names: Sequence[str], palette: Sequence[str]) -> alt.Color:
    legend = alt.Legend(
        title=None,
        orient="top",
        columns=alt.ExprRef("width < 500 ? 2 : 4"),
        symbolOpacity=1,
    )
    return alt.Color(
        **shape.field("name", "nominal"),
        scale=alt.Scale(domain=[label(name) for name in names], range=list(palette)),
        legend=legend,
    )


def _told(
    rows: pd.DataFrame, users: "pd.Series[int]", lang: str
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the rows of groups to draw, their names, and what is left to the table.

    Where fewer than 30 users stand behind a share it is empty, and the line has a gap.
    """
    names = rows["group"].astype(object)
    names = names.where(names.notna(), text("funnel.missing", lang))
    enough = users >= FEWEST
    drawn = list(names[enough].drop_duplicates())[:MOST_GROUPS]
    said = []
    if len(drawn) < (of := names.nunique()):
        said.append(text("chart.some_groups", lang, shown=len(drawn), of=of))
    if not enough.all():
        said.append(text("funnel.not_drawn", lang, need=FEWEST))
    told = rows.assign(name=names, share=rows["share"].where(enough))
    return told[names.isin(drawn)], drawn, said


def _width(table: pd.DataFrame) -> float:
    """Return how long a bin is."""
    return (
        float((table["to_seconds"] - table["from_seconds"]).max())
        if len(table)
        else 0.0
    )
