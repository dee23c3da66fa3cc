"""Two pictures of uplift: what targeting gains, and whether predictions came true."""

import altair as alt
import pandas as pd

from opslib import charts
from opslib.words import text

FORMS = {"share": ".1%", "mean": ",.3~g"}


def curve(
    table: pd.DataFrame, here: pd.DataFrame, kind: str, alt_text: str, lang: str
) -> alt.LayerChart:
    """Draw a Qini curve with its band, the line of chance, and one point on it."""
    titles = {
        name: text(f"uplift.column.{name}", lang)
        for name in ("share", "gain", "low", "high", "random", "series")
    }
    named = {name: text(f"uplift.series.{name}", lang) for name in ("gain", "random")}
    lines = pd.concat(
        [table.assign(series=label, gain=table[name]) for name, label in named.items()]
    )
    form = FORMS[kind]
    formats = {"share": ".0%", "gain": form, "low": form, "high": form, "random": form}
    band, both, point = (
        charts.Shape(rows, titles)
        for rows in (table.assign(series=""), lines, here.assign(series=""))
    )
    axis = alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    scale = alt.Scale(domain=[0, 1])
    x = {"axis": axis, "scale": scale}
    y = {"axis": alt.Axis(format=form), "title": titles["gain"]}
    area = (
        alt.Chart(band.frame)
        .mark_area(color=charts.ACCENT, opacity=0.15)
        .encode(
            x=alt.X(**band.field("share", "quantitative", **x)),
            y=alt.Y(**band.field("low", "quantitative") | y),
            y2=alt.Y2(field=band.alias["high"]),
        )
    )
    domain = [charts.label(label) for label in named.values()]
    line = (
        alt.Chart(both.frame)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(**both.field("share", "quantitative", **x)),
            y=alt.Y(**both.field("gain", "quantitative") | y),
            color=alt.Color(
                **both.field("series", "nominal"),
                scale=alt.Scale(domain=domain, range=[charts.ACCENT, charts.MUTED]),
                legend=alt.Legend(title=None, orient="top"),
            ),
        )
    )
    mark = (
        alt.Chart(point.frame)
        .mark_point(filled=True, size=120, color=charts.PALETTE[1], opacity=1)
        .encode(
            x=alt.X(**point.field("share", "quantitative", **x)),
            y=alt.Y(**point.field("gain", "quantitative") | y),
            tooltip=point.tooltip(formats),
        )
    )
    hover = (
        alt.Chart(band.frame)
        .mark_rule(opacity=0, strokeWidth=8)
        .encode(
            x=alt.X(**band.field("share", "quantitative", **x)),
            tooltip=band.tooltip(formats),
        )
    )
    drawn = charts.layered(area, line, hover, mark)
    return charts.finish(drawn, alt_text)  # type: ignore[return-value]


def groups(table: pd.DataFrame, kind: str, alt_text: str, lang: str) -> alt.LayerChart:
    """Draw the effect of each group with its interval, and the one predicted."""
    titles = {
        name: text(f"uplift.column.{name}", lang)
        for name in ("group", "effect", "low", "high", "n", "n_control", "series")
    }
    named = {
        name: text(f"uplift.series.{name}", lang) for name in ("found", "predicted")
    }
    columns = {"found": "difference", "predicted": "predicted"}
    points = pd.concat(
        [
            table.assign(series=label, effect=table[columns[name]])
            for name, label in named.items()
        ]
    )
    shape = charts.Shape(points, titles)
    found = charts.Shape(points[points["series"] == named["found"]], titles)
    form = FORMS[kind]
    formats = {"series": "", "group": ",", "effect": form, "low": form, "high": form}
    formats |= {"n": ",", "n_control": ","}
    axis = alt.Axis(labelAngle=0)
    y = {"axis": alt.Axis(format=form), "title": titles["effect"]}
    whisker = (
        alt.Chart(found.frame)
        .mark_rule(color=charts.ACCENT, strokeWidth=2)
        .encode(
            x=alt.X(**found.field("group", "ordinal", axis=axis)),
            y=alt.Y(**found.field("low", "quantitative") | y),
            y2=alt.Y2(field=found.alias["high"]),
        )
    )
    domain = [charts.label(label) for label in named.values()]
    scale = alt.Scale(domain=domain, range=[charts.ACCENT, charts.PALETTE[1]])
    mark = (
        alt.Chart(shape.frame)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            x=alt.X(**shape.field("group", "ordinal", axis=axis)),
            y=alt.Y(**shape.field("effect", "quantitative") | y),
            color=alt.Color(
                **shape.field("series", "nominal"),
                scale=scale,
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape(
                **shape.field("series", "nominal"),
                scale=alt.Scale(domain=domain, range=["circle", "diamond"]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=shape.tooltip(formats),
        )
    )
    zero = (
        alt.Chart(pd.DataFrame({"c0": [0]}))
        .mark_rule(color=charts.MUTED)
        .encode(y=alt.Y("c0:Q", title=titles["effect"]))
    )
    drawn = charts.layered(zero, whisker, mark)
    return charts.finish(drawn, alt_text, height=280)  # type: ignore[return-value]
