"""The lines of retention: over the ages, and over the cohorts."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from opslib.charts import (
    ACCENT,
    MOST_COHORTS,
    MOST_GROUPS,
    MUTED,
    PALETTE,
    Shape,
    finish,
    label,
    layered,
)
from opslib.words import text

MOST_BANDS = 3
MOST_TICKS = 8


def curve(
    curves: Mapping[str, pd.DataFrame],
    lang: str,
    *,
    age_title: str,
    alt_text: str,
    names: Mapping[int, str] | None = None,
    title: str = "chart.share",
    form: str = ".1%",
    beside: bool = False,
) -> alt.Chart | alt.LayerChart:
    """Draw shares by age as lines with their intervals; the first is the one meant.

    Args:
        curves: Name to a table of columns age, users, share, low, high; the first eight
            are drawn.
        lang: Language of titles.
        age_title: Title of the ages.
        alt_text: What a screen reader says.
        names: What ages are called, if not by their number.
        title: Code of the title of the shares.
        form: How they are written.
        beside: The second is only there to compare with.
    """
    drawn = dict(list(curves.items())[:MOST_GROUPS])
    rows = pd.concat([curve.assign(name=name) for name, curve in drawn.items()])
    rows = rows[rows["share"].notna()]
    if names:
        rows = rows.assign(age=[names[age] for age in rows["age"]])
    titles = {"age": age_title, "share": text(title, lang), **_bounds(lang)}
    shape = Shape(rows, titles)
    hover = {"name": ""} if len(drawn) > 1 else {}
    hover |= {"age": "" if names else ",", "share": form, "low": form, "high": form}
    age: dict[str, Any] = {"axis": alt.Axis(tickMinStep=1, format=",d", grid=False)}
    if names:
        domain = [name for name in names.values() if name in set(rows["age"])]
        age = {
            "axis": alt.Axis(labelAngle=0, grid=False),
            "scale": alt.Scale(domain=domain),
        }
    base = alt.Chart().encode(
        x=alt.X(**shape.field("age", "ordinal" if names else "quantitative", **age)),
        color=_colour(shape, list(drawn), beside=beside),
    )
    chart = _lines(base, shape, form, hover | {"users": ","}, points=len(rows) <= 120)
    said = _said_left(len(drawn), len(curves), lang)
    return finish(chart, alt_text, said=said)


def trend(
    rows: pd.DataFrame, lang: str, *, alt_text: str, age: str
) -> alt.Chart | alt.LayerChart:
    """Draw shares over the latest 60 cohorts as lines with their intervals.

    Args:
        rows: Columns cohort, users, share, low, high, and name of the line, of which
            the first eight are drawn; without a share a row is left out.
        lang: Language of titles.
        alt_text: What a screen reader says.
        age: The age of all rows, if it is one.
    """
    names = list(rows["name"].drop_duplicates())
    drawn = names[:MOST_GROUPS]
    latest = rows["cohort"].drop_duplicates().nlargest(MOST_COHORTS).min()
    rows = rows[rows["share"].notna() & rows["name"].isin(drawn)]
    rows = rows[rows["cohort"] >= latest]
    share = text("chart.share", lang)
    titles = {
        "cohort": text("chart.began", lang),
        "share": f"{share} · {age}" if age else share,
        **_bounds(lang),
    }
    shape = Shape(rows, titles)
    hover = {"cohort": "%Y-%m-%d", "name": "", "share": ".1%", "low": ".1%"}
    days = sorted(rows["cohort"].unique())
    ticks = [
        alt.DateTime(year=day.year, month=day.month, date=day.day)
        for day in days[:: len(days) // MOST_TICKS + 1]
    ]
    axis = alt.Axis(format="%Y-%m-%d", grid=False, labelOverlap=True, values=ticks)
    base = alt.Chart().encode(
        x=alt.X(**shape.field("cohort", "temporal", axis=axis)),
        color=_colour(shape, drawn),
    )
    hover |= {"high": ".1%", "users": ","}
    chart = _lines(base, shape, ".1%", hover, points=True)
    said = _said_left(len(drawn), len(names), lang)
    return finish(chart, alt_text, said=said)


def _bounds(lang: str) -> dict[str, str]:
    return {
        "low": text("chart.from_start_low", lang),
        "high": text("chart.from_start_high", lang),
        "users": text("chart.users", lang),
        "name": text("chart.group", lang),
    }


def _colour(shape: Shape, names: list[str], *, beside: bool = False) -> alt.Color:
    palette = [ACCENT, MUTED] if beside else list(PALETTE)
    legend = alt.Legend(
        title=None,
        orient="top",
        columns=alt.ExprRef("width < 500 ? 2 : 4"),
        symbolType="stroke",
        symbolOpacity=1,
    )
    return alt.Color(
        **shape.field("name", "nominal"),
        scale=alt.Scale(
            domain=[label(name) for name in names], range=palette[: len(names)]
        ),
        legend=legend if len(names) > 1 else None,
    )


def _lines(
    base: alt.Chart, shape: Shape, form: str, hover: dict[str, str], *, points: bool
) -> alt.LayerChart:
    axis = alt.Axis(format="%" if "%" in form else ",.2~f")
    title = shape.title["share"]
    # More bands than three hide each other; the tooltip has the intervals.
    opacity = 0.15 if shape.frame[shape.alias["name"]].nunique() <= MOST_BANDS else 0
    band = base.mark_area(opacity=opacity).encode(
        y=alt.Y(**shape.field("low", "quantitative", axis=axis) | {"title": title}),
        y2=alt.Y2(field=shape.alias["high"]),
    )
    line = base.mark_line(point=points, strokeWidth=2).encode(
        y=alt.Y(**shape.field("share", "quantitative", axis=axis)),
        tooltip=shape.tooltip(hover),
    )
    return layered(band, line, data=shape.frame)


def _said_left(shown: int, of: int, lang: str) -> list[str]:
    """Say how many lines are drawn, if not all."""
    if shown == of:
        return []
    return [text("chart.some_groups", lang, shown=shown, of=of)]
