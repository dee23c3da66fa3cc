"""How an experiment went: each effect day by day, with what bounds it."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from opslib import charts
from opslib.analyses._ab_looks import Look
from opslib.result import Note
from opslib.words import text

MOST_METRICS = 4
MOST_VARIANTS = len(charts.PALETTE)


def days_chart(
    table: pd.DataFrame, look: Look, verdict: Sequence[Note], lang: str
) -> alt.VConcatChart | None:
    """Draw the effects of `over_time`, a panel per metric; None with a single day.

    Args:
        table: What `opslib.ab_test` calls `over_time`.
        look: How the test is looked at.
        verdict: What was found in the end, for who cannot see the chart.
        lang: Language of the words.
    """
    if table.empty or table["date"].nunique() < 2:
        return None
    table = table[table["variant"].isin(table["variant"].unique()[:MOST_VARIANTS])]
    open_ = look.planned is not None and not look.over
    code = "fixed_open" if look.method == "fixed" and open_ else look.method
    said = [text(f"ab.over_time.{code}", lang)]
    alt_text = " ".join(note.text(lang) for note in verdict)
    panels = []
    for metric, rows in list(table.groupby("metric", sort=False))[:MOST_METRICS]:
        panels.append(_panel(rows, look, lang, [*said, str(metric)], alt_text))
        said = []
    return alt.vconcat(*panels)


def _panel(
    rows: pd.DataFrame, look: Look, lang: str, said: Sequence[str], alt_text: str
) -> alt.Chart | alt.LayerChart:
    """Draw one metric."""
    scale = "lift" if rows["lift"].notna().any() else "difference"
    low, high = ("lift_low", "lift_high") if scale == "lift" else ("low", "high")
    columns = ("date", "variant", scale, low, high, "n")
    titles = {name: text(f"ab.column.{name}", lang) for name in columns}
    shape = charts.Shape(rows.dropna(subset=[scale]), titles)
    form = "+.1~%" if scale == "lift" or set(rows["kind"]) == {"share"} else ".3"
    axis = alt.Axis(format=form, title=titles[scale], tickCount=5)
    days = alt.Axis(format="%m-%d", title=None, tickCount=8)
    span = alt.Scale(domain=_span(rows, [low, high, scale]))
    names = shape.frame[shape.alias["variant"]].unique().tolist()
    base = alt.Chart().encode(
        x=alt.X(
            **shape.field("date", "temporal", axis=days), scale=alt.Scale(padding=8)
        ),
        color=alt.Color(
            **shape.field("variant", "nominal"),
            scale=charts.colours(names),
            legend=alt.Legend(title=None, orient="top") if len(names) > 1 else None,
        ),
        tooltip=shape.tooltip(
            {
                "date": "%Y-%m-%d",
                "variant": "",
                scale: form,
                low: form,
                high: form,
                "n": ",",
            }
        ),
    )
    line = base.mark_line(point={"size": 24}, clip=True).encode(
        y=alt.Y(**shape.field(scale, "quantitative", axis=axis), scale=span)
    )
    # Planned looks bound the effect at their own times, the others at all.
    bound = (
        base.mark_errorbar(ticks=True, thickness=2, clip=True)
        if look.method == "sequential"
        else base.mark_area(opacity=0.15, clip=True)
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(
        strokeDash=[4, 4], color=charts.MUTED
    )
    drawn = charts.layered(
        zero.encode(y=alt.Y("zero:Q", axis=axis, scale=span)),
        bound.encode(
            y=alt.Y(**shape.field(low, "quantitative", axis=axis), scale=span),
            y2=alt.Y2(field=shape.alias[high]),
        ),
        line,
        data=shape.frame,
    )
    return charts.finish(drawn, alt_text, height=300, said=said)


def _span(rows: pd.DataFrame, columns: Sequence[str]) -> list[float]:
    """Return what to show: 0 and all of the last three quarters of the days.

    The first days know so little that all else would be flat beside them.
    """
    days = rows["date"].drop_duplicates()
    later = rows[rows["date"] >= days.iloc[len(days) // 4]][list(columns)]
    low, high = min(0.0, later.min().min()), max(0.0, later.max().max())
    room = 0.05 * (high - low)
    return [low - room, high + room]
