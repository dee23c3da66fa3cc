"""How activity is drawn: users by period, how often they come, and when."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from opslib.charts import ACCENT, MUTED, PALETTE, Shape, finish, label, layered
from opslib.periods import WEEKDAYS
from opslib.words import text

MOST_DRAWN = 1_000
YEAR = pd.Timedelta(days=366)


def users(
    table: pd.DataFrame,
    before: pd.DataFrame | None,
    lang: str,
    unit: str,
    alt_text: str,
) -> alt.TopLevelMixin:
    """Draw active and new users as lines, a period that is not over as a ring.

    Below them stands the share of the users of 30 days, where there is any.

    Args:
        table: As of `activity`; its latest 1,000 periods are drawn.
        before: The same of the periods before, drawn dashed at the same places.
        lang: Language of titles.
        unit: What a period is.
        alt_text: What a screen reader says.
    """
    now = table.tail(MOST_DRAWN)
    parts = {"new": now.assign(value=now["new"])}
    if before is not None:
        same = min(len(before), len(now))
        parts["before"] = before.tail(same).assign(
            value=before["active"].tail(same), at=now["period"].tail(same).to_numpy()
        )
    parts["active"] = now.assign(value=now["active"])
    names = {part: text(f"activity.{part}", lang) for part in reversed(parts)}
    looks = {"active": ACCENT, "before": MUTED, "new": PALETTE[1]}
    titles = {
        "period": unit,
        "at": unit,
        "value": text("chart.users", lang),
        "name": text("chart.group", lang),
    }
    span = now["period"].iloc[-1] - now["period"].iloc[0]
    form = "%m-%d" if span < YEAR else "%Y-%m"
    axis = alt.Axis(title=None, grid=False, format=form, tickMinStep=86_400_000)
    layers = []
    for part, rows in parts.items():
        known = rows if "at" in rows else rows.assign(at=rows["period"])
        for over, rest in known.groupby("mature"):
            shape = Shape(rest.assign(name=names[part]), titles)
            chart = alt.Chart(shape.frame)
            dash = [5, 4] if part == "before" else alt.Undefined
            mark = (
                chart.mark_line(point={"size": 18}, strokeDash=dash)
                if over
                else chart.mark_point(filled=False, size=60)
            )
            layers.append(
                mark.encode(
                    x=alt.X(**shape.field("at", "temporal", axis=axis)),
                    y=alt.Y(**shape.field("value", "quantitative")),
                    color=alt.Color(
                        **shape.field("name", "nominal"),
                        scale=alt.Scale(
                            domain=[label(name) for name in names.values()],
                            range=[looks[name] for name in names],
                        ),
                        legend=alt.Legend(title=None, orient="top", columns=2),
                    ),
                    tooltip=shape.tooltip(
                        {"period": "%Y-%m-%d", "name": "", "value": ","}
                    ),
                )
            )
    said = []
    if len(table) > MOST_DRAWN:
        said.append(text("active.latest", lang, shown=MOST_DRAWN, of=len(table)))
    drawn = finish(layered(*layers), alt_text, height=300, said=said)
    if now["dau_mau"].isna().all():
        return drawn
    # Days without a share are kept, so that both charts span the same time.
    shape = Shape(now, {"period": unit, "dau_mau": text("chart.dau_mau", lang)})
    percents = alt.Axis(format="%")
    line = (
        alt.Chart(shape.frame)
        .mark_line(point={"size": 18}, color=PALETTE[2])
        .encode(
            x=alt.X(**shape.field("period", "temporal", axis=axis)),
            y=alt.Y(**shape.field("dau_mau", "quantitative", axis=percents)),
            tooltip=shape.tooltip({"period": "%Y-%m-%d", "dau_mau": ".1%"}),
        )
    )
    below = finish(line, alt_text, height=160)
    return alt.vconcat(drawn, below, spacing=28).properties(description=alt_text)


def stickiness(
    table: pd.DataFrame,
    before: pd.DataFrame | None,
    lang: str,
    title: str,
) -> alt.Chart | alt.LayerChart:
    """Draw the share of users active in at least so many periods."""
    drawn = {"activity.now": table, "activity.earlier": before}
    curves = {
        text(code, lang): one[one["users_at_least"] > 0]
        .head(MOST_DRAWN)
        .assign(age=one["periods"], users=one["users_at_least"])
        for code, one in drawn.items()
        if one is not None
    }
    return _share_curve(
        curves,
        lang,
        age_title=title,
        share_title=text("activity.at_least", lang),
        alt_text=text("activity.stickiness_alt", lang),
    )


def hours(table: pd.DataFrame, lang: str, alt_text: str) -> alt.Chart | alt.LayerChart:
    """Draw the hours of the week as a heat map, the darker the more users."""
    days = {day: text(f"activity.{day}", lang) for day in WEEKDAYS}
    rows = table.assign(day=table["weekday"].map(days))
    columns = ["users_per_hour", "events_per_hour", "users", "events"]
    titles = {"day": text("activity.day", lang), "hour": text("activity.clock", lang)}
    titles |= {name: text(f"activity.{name}", lang) for name in columns}
    shape = Shape(rows, titles)
    domain = [label(day) for day in dict.fromkeys(rows["day"])]
    most = np.nanmax([1e-9, *rows["users_per_hour"]])
    across = alt.Axis(orient="top", labelAngle=0, labelOverlap="greedy")
    chart = (
        alt.Chart(shape.frame)
        .mark_rect()
        .encode(
            x=alt.X(**shape.field("hour", "ordinal", axis=across)),
            y=alt.Y(
                **shape.field("day", "nominal", axis=alt.Axis(title=None)),
                scale=alt.Scale(domain=domain),
            ),
            color=alt.Color(
                **shape.field("users_per_hour", "quantitative", legend=None),
                scale=alt.Scale(domain=[0, most], range=["#EAF3FA", ACCENT]),
            ),
            tooltip=shape.tooltip(
                {"day": "", "hour": ""}
                | {"users_per_hour": ",.1f", "events_per_hour": ",.1f"}
                | {"users": ",", "events": ","}
            ),
        )
    )
    return finish(chart, alt_text, height=240)


def _share_curve(
    curves: Mapping[str, pd.DataFrame],
    lang: str,
    *,
    age_title: str,
    share_title: str | None = None,
    alt_text: str,
) -> alt.Chart | alt.LayerChart:
    """Draw shares by age as lines with their intervals; the first is the one meant.

    Args:
        curves: Name to a table of columns age, users, share, low, high.
        lang: Language of titles.
        age_title: Title of the ages.
        share_title: Title of the shares; None is retention.
        alt_text: What a screen reader says.
    """
    rows = pd.concat([curve.assign(name=name) for name, curve in curves.items()])
    rows = rows[(rows["age"] > 0) & rows["share"].notna()]
    titles = {
        "age": age_title,
        "share": share_title or text("chart.share", lang),
        "low": text("chart.from_start_low", lang),
        "high": text("chart.from_start_high", lang),
        "users": text("chart.users", lang),
        "name": text("chart.group", lang),
    }
    shape = Shape(rows, titles)
    hover = {"age": ",", "share": ".1%", "low": ".1%", "high": ".1%", "users": ","}
    percents = alt.Axis(format="%")
    whole = alt.Axis(tickMinStep=1, format=",d", grid=False)
    names = [label(name) for name in curves]
    colour = alt.Color(
        **shape.field("name", "nominal"),
        scale=alt.Scale(domain=names, range=[ACCENT, MUTED]),
        legend=alt.Legend(title=None, orient="top") if len(curves) > 1 else None,
    )
    base = alt.Chart().encode(
        x=alt.X(**shape.field("age", "quantitative", axis=whole)), color=colour
    )
    title = shape.title["share"]
    band = base.mark_area(opacity=0.18).encode(
        y=alt.Y(**shape.field("low", "quantitative", axis=percents) | {"title": title}),
        y2=alt.Y2(field=shape.alias["high"]),
    )
    line = base.mark_line(point=len(rows) <= 120, strokeWidth=2).encode(
        y=alt.Y(**shape.field("share", "quantitative", axis=percents)),
        tooltip=shape.tooltip(hover),
    )
    return finish(layered(band, line, data=shape.frame), alt_text)
