"""How the life cycle is drawn: the active above the line, the lost below it."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib.charts import ACCENT, PALETTE, Shape, finish, label, layered
from opslib.words import text

COLOURS = {
    "retained": ACCENT,
    "resurrected": PALETTE[2],
    "new": PALETTE[4],
    "lost": PALETTE[5],
}
BEFORE = "#374151"
MOST_DRAWN = 104


def draw(
    table: pd.DataFrame,
    before: pd.DataFrame | None,
    lang: str,
    *,
    unit: str,
    begins: bool,
    alt_text: str,
) -> alt.Chart | alt.LayerChart:
    """Draw the latest 104 periods; those lost only where the period is over.

    Args:
        table: As of `lifecycle`.
        before: The same of the periods before, whose active users are dashed at the
            same places.
        lang: Language of titles.
        unit: Title of the periods.
        begins: Whether history starts with the first of them.
        alt_text: What a screen reader says.
    """
    kept = table["state"].isin(COLOURS)
    kept &= table["mature"] | (table["state"] != "lost")
    rows = table[kept]
    days = rows["period"].drop_duplicates()
    rows = rows[rows["period"].isin(days.tail(MOST_DRAWN))]
    names = {state: text(f"lifecycle.{state}", lang) for state in COLOURS}
    lost = rows["state"] == "lost"
    rows = rows.assign(
        day=rows["period"].dt.strftime("%Y-%m-%d"),
        name=rows["state"].map(names),
        height=rows["users"].where(~lost, -rows["users"]),
        order=rows["state"].map({state: i for i, state in enumerate(COLOURS)}),
        over=np.where(rows["mature"], "1", "0"),
    )
    titles = {
        "day": unit,
        "height": text("chart.users", lang),
        "name": text("lifecycle.state", lang),
        "users": text("chart.users", lang),
        "order": "order",
        "over": "over",
    }
    shape = Shape(rows, titles)
    domain = [label(day) for day in dict.fromkeys(rows["day"])]
    axis = alt.Axis(title=None, labelAngle=0, labelOverlap="greedy", ticks=False)
    place = alt.X(
        **shape.field("day", "ordinal", axis=axis), scale=alt.Scale(domain=domain)
    )
    zero = alt.Chart(shape.frame.head(1)).mark_rule(color="#374151")
    looks = dict(zip(names.values(), COLOURS.values(), strict=True))
    if before is not None:
        looks[text("lifecycle.before", lang)] = BEFORE
    scale = alt.Scale(domain=[label(name) for name in looks], range=[*looks.values()])
    layers = [_bars(shape, place, scale), zero.encode(y=alt.YDatum(0))]
    if before is not None:
        at = list(dict.fromkeys(rows["day"]))
        layers += _before(before, at, titles, scale, lang)
    begins = begins and table["period"].iloc[0] == rows["period"].iloc[0]
    layers += _marks(rows, shape, place, lang, begins=begins)
    said = []
    if len(days) > MOST_DRAWN:
        said.append(text("active.latest", lang, shown=MOST_DRAWN, of=len(days)))
    return finish(layered(*layers), alt_text, height=360, said=said)


def _before(
    before: pd.DataFrame, days: list[str], titles: dict[str, str], scale: alt.Scale,
    lang: str,
) -> list[alt.Chart]:  # fmt: skip
    """Draw who was active in the periods before, the last of them at the last place."""
    active = before[before["state"].isin(["new", "retained", "resurrected"])]
    users = active.groupby("period", as_index=False)["users"].sum().tail(len(days))
    rows = users.assign(
        day=days[len(days) - len(users) :],
        was=users["period"].dt.strftime("%Y-%m-%d"),
        name=text("lifecycle.before", lang),
    )
    columns = {column: titles[column] for column in ("day", "users", "name")}
    shape = Shape(rows, columns | {"was": titles["day"]})
    domain = [label(day) for day in days]
    line = alt.Chart(shape.frame).encode(
        x=alt.X(**shape.field("day", "ordinal"), scale=alt.Scale(domain=domain)),
        y=alt.Y(**shape.field("users", "quantitative")),
        tooltip=shape.tooltip({"was": "", "name": "", "users": ","}),
    )
    # Seen on a bar, on white and on a dark page.
    halo = line.mark_line(color="#FFFFFF", strokeWidth=5, opacity=0.6)
    dashes = line.mark_line(strokeDash=[5, 4], point={"size": 18})
    colour = alt.Color(**shape.field("name", "nominal"), scale=scale)
    return [halo, dashes.encode(color=colour)]


def _bars(shape: Shape, place: alt.X, scale: alt.Scale) -> alt.Chart:
    """Draw a bar per period of the users in each state."""
    colour = alt.Color(
        **shape.field("name", "nominal"),
        scale=scale,
        legend=alt.Legend(
            title=None, orient="top", columns=alt.ExprRef("width < 500 ? 2 : 5")
        ),
    )
    opacity = alt.Opacity(
        **shape.field("over", "nominal", legend=None),
        scale=alt.Scale(domain=["0", "1"], range=[0.4, 1]),
    )
    return (
        alt.Chart(shape.frame)
        .mark_bar()
        .encode(
            x=place,
            y=alt.Y(**shape.field("height", "quantitative")),
            color=colour,
            order=alt.Order(**shape.field("order", "quantitative")),
            opacity=opacity,
            tooltip=shape.tooltip({"day": "", "name": "", "users": ","}),
        )
    )


def _marks(
    rows: pd.DataFrame, shape: Shape, place: alt.X, lang: str, *, begins: bool
) -> list[alt.Chart]:
    """Say over the first bar that history starts, over the last that it goes on."""
    days, over = rows["period"], rows["mature"]
    said: list[Any] = [("left", "lifecycle.starts", days == days.iloc[0], begins)]
    open_ = not over.iloc[-1] and days.nunique() > 1
    said.append(("right", "lifecycle.not_over", days == days.iloc[-1], open_))
    return [
        alt.Chart(shape.frame[chosen.to_numpy()].head(1))
        .mark_text(align=align, baseline="bottom", dy=-4, color="#6B7280")
        .encode(
            x=place,
            y=alt.YValue(0),  # type: ignore[no-untyped-call]
            text=alt.TextValue(text(code, lang)),
        )
        for align, code, chosen, told in said
        if told
    ]
