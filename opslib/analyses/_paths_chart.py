"""Paths as a reader sees them: columns of events and bands of sessions between."""

from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from opslib import charts
from opslib.words import percent, text

HEIGHT = 440
HEAD = 26
GAP = 8
BAR = 0.06  # of the distance between two columns
MOST_BANDS = 1_000
# Where a band leaves its column and where it arrives; between, a smooth curve.
BENDS = (BAR, 0.2, 0.86, 1.0)
HUES = charts.PALETTE[:6]
OTHERS, REST, GONE = "#6B7280", "#9CA3AF", "#D1D5DB"
TWO_LINES, ONE_LINE = 30, 13


def draw(
    table: pd.DataFrame,
    lang: str,
    *,
    rest: str,
    gone: str,
    title: Callable[[str], str],
    heads: dict[int, str],
    alt_text: str,
) -> alt.Chart | alt.LayerChart:
    """Draw the sessions that pass from column to column.

    Args:
        table: Columns position, source, target, sessions, users, share.
        lang: Language of titles and numbers.
        rest: Code of all events that have no place of their own.
        gone: Code of sessions that have no event there.
        title: What a reader calls an event or a code.
        heads: What stands above each position.
        alt_text: What a screen reader says.
    """
    table = _told(table, gone).fillna({"source": ""})
    heads = {at: heads[at] for at in table["position"].unique()}
    nodes = _nodes(table, rest, gone)
    bands = _bands(table, nodes)
    hue = _hues(nodes, rest, gone)
    names = {code: charts.label(title(code)) for code in hue}
    titles = {
        column: text(f"paths.chart_{column}", lang)
        for column in ("source", "target", "event", "sessions", "users", "share")
    }
    room = {"scale": alt.Scale(domain=[-HEAD, HEIGHT - HEAD], reverse=True)}
    first, last = min(heads), max(heads)
    across = {"scale": alt.Scale(domain=[first, last + 1], nice=False)}
    hidden: dict[str, Any] = {"axis": None}

    drawn = bands.nlargest(MOST_BANDS, "sessions")
    rows = pd.concat(
        [
            drawn.assign(
                x=drawn["position"] - 1 + bend,
                top=drawn[f"top_{side}"],
                bottom=drawn[f"bottom_{side}"],
                band=range(len(drawn)),
            )
            for bend, side in zip(BENDS, ("from", "from", "to", "to"), strict=True)
        ]
    )
    rows = rows.assign(
        hue=rows["target"]
        .map(hue)
        .where(rows["target"] == gone, rows["source"].map(hue)),
        source=rows["source"].map(names),
        target=rows["target"].map(names),
    )
    columns = {name: name for name in ("x", "top", "bottom", "band", "hue")}
    hover = {"source": "", "target": "", "sessions": ",", "users": ",", "share": ".1%"}
    flow = charts.Shape(rows, columns | {name: titles[name] for name in hover})
    areas = (
        alt.Chart(flow.frame)
        .mark_area(interpolate="monotone", opacity=0.35, line=False)
        .encode(
            x=alt.X(**flow.field("x", "quantitative", **across, **hidden)),
            y=alt.Y(**flow.field("top", "quantitative", **room, **hidden)),
            y2=alt.Y2(field=flow.alias["bottom"]),
            detail=alt.Detail(**flow.field("band", "nominal")),
            color=alt.Color(**flow.field("hue", "nominal"), scale=None),
            tooltip=flow.tooltip(hover),
        )
    )

    bars = nodes.assign(
        x=nodes["position"],
        end=nodes["position"] + BAR,
        hue=nodes["event"].map(hue),
        event=nodes["event"].map(names),
    )
    columns = {name: name for name in ("x", "end", "top", "bottom", "hue")}
    columns |= {name: titles[name] for name in ("event", "sessions", "share")}
    shape = charts.Shape(bars, columns)
    blocks = (
        alt.Chart(shape.frame)
        .mark_rect()
        .encode(
            x=alt.X(**shape.field("x", "quantitative", **across, **hidden)),
            x2=alt.X2(field=shape.alias["end"]),
            y=alt.Y(**shape.field("top", "quantitative", **room, **hidden)),
            y2=alt.Y2(field=shape.alias["bottom"]),
            color=alt.Color(**shape.field("hue", "nominal"), scale=None),
            tooltip=shape.tooltip({"event": "", "sessions": ",", "share": ".1%"}),
        )
    )
    chart = (
        areas + blocks + _words(_labels(bars, heads, lang), first, last, across, room)
    )
    if len(drawn) < len(bands):
        left = text("paths.some_bands", lang, shown=len(drawn), of=len(bands))
        chart = chart.properties(title=left)
    return charts.finish(chart, alt_text, height=HEIGHT)


def _told(table: pd.DataFrame, gone: str) -> pd.DataFrame:
    """Leave out the columns beyond the first in which no session has an event."""
    empty = table["position"][(table["target"] == gone) & (table["share"] == 1)]
    before = empty[empty < 0].max()
    after = empty[empty > 0].min()
    kept = table[~(table["position"] < before) & ~(table["position"] > after)]
    return kept.assign(
        source=kept["source"].mask(kept["position"] == kept["position"].min())
    )


def _nodes(table: pd.DataFrame, rest: str, gone: str) -> pd.DataFrame:
    """Give each event of a column its place from top to bottom: the most first."""
    nodes = table.groupby(["position", "target"], as_index=False, sort=False)[
        ["sessions", "share"]
    ].sum()
    nodes = nodes.rename(columns={"target": "event"})
    late = nodes["event"].map({rest: 1, gone: 2}).fillna(0)
    nodes = nodes.assign(late=late).sort_values(
        ["position", "late", "sessions"], ascending=[True, True, False]
    )
    order = nodes.groupby("position").cumcount()
    unit = (HEIGHT - HEAD - GAP * order.max()) / nodes["sessions"].groupby(
        nodes["position"]
    ).transform("sum")
    bottom = (nodes["sessions"] * unit).groupby(nodes["position"]).cumsum()
    bottom += GAP * order
    top = bottom - nodes["sessions"] * unit
    return nodes.assign(order=order, top=top, bottom=bottom, unit=unit).drop(
        columns="late"
    )


def _bands(table: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Give each flow its place at both ends: in the order of what stands there."""
    at = nodes.set_index(["position", "event"])
    flows = table[table["source"] != ""].copy()
    source = pd.MultiIndex.from_arrays([flows["position"] - 1, flows["source"]])
    target = pd.MultiIndex.from_arrays([flows["position"], flows["target"]])
    flows["leaves"] = at["order"].reindex(source).to_numpy()
    flows["comes"] = at["order"].reindex(target).to_numpy()
    high = flows["sessions"] * at["unit"].reindex(target).to_numpy()
    ends = (("from", source, "leaves"), ("to", target, "comes"))
    for side, key, mine in ends:
        flows["high"], flows["start"] = high, at["top"].reindex(key).to_numpy()
        # Stacked in the order of the other end.
        order = flows.sort_values(["position", "leaves", "comes"])
        below = order.groupby(["position", mine])["high"].cumsum()
        flows[f"bottom_{side}"] = flows["start"] + below
        flows[f"top_{side}"] = flows[f"bottom_{side}"] - high
    return flows


def _hues(nodes: pd.DataFrame, rest: str, gone: str) -> dict[str, str]:
    """Give the most frequent events a colour each, the same in every column."""
    totals = nodes.groupby("event", sort=False)["sessions"].sum()
    events = totals.drop([rest, gone], errors="ignore")
    events = events.sort_values(ascending=False, kind="stable")
    hues = dict(zip(events.index, HUES, strict=False))
    return {gone: GONE, rest: REST} | {
        event: hues.get(event, OTHERS) for event in events.index
    }


def _labels(bars: pd.DataFrame, heads: dict[int, str], lang: str) -> pd.DataFrame:
    """Say beside each bar what it is, as far as there is room."""
    room = bars["bottom"] - bars["top"]
    middle = (bars["bottom"] + bars["top"]) / 2
    tall = room >= TWO_LINES
    said = [percent(share, lang) for share in bars["share"]]
    names = pd.DataFrame(
        {"x": bars["end"], "y": middle - 8 * tall, "words": bars["event"]}
    )[room >= ONE_LINE]
    shares = pd.DataFrame({"x": bars["end"], "y": middle + 8, "words": said})[tall]
    above = pd.DataFrame(
        {"x": [float(at) for at in heads], "y": -HEAD / 2, "words": heads.values()}
    )
    return pd.concat([names, shares, above], ignore_index=True)


def _words(
    labels: pd.DataFrame,
    first: int,
    last: int,
    across: dict[str, Any],
    room: dict[str, Any],
) -> alt.Chart:
    """Write words that end where the next column begins."""
    shape = charts.Shape(labels, {name: name for name in ("x", "y", "words")})
    column = f"width / {last + 1 - first}"
    limit, size = alt.ExprRef(f"{column} - 4"), alt.ExprRef(f"{column} < 48 ? 10 : 12")
    # The colour of the text around the chart, on a light page as on a dark one.
    mark = alt.Chart(shape.frame).mark_text(
        align="left", baseline="middle", dx=3, fontSize=size, limit=limit,
        color="currentColor",
    )  # fmt: skip
    return mark.encode(
        x=alt.X(**shape.field("x", "quantitative", **across, axis=None)),
        y=alt.Y(**shape.field("y", "quantitative", **room, axis=None)),
        text=alt.Text(**shape.field("words", "nominal")),
    )
