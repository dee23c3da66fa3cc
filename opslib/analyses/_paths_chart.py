"""Paths as a reader sees them: columns of events and bands of sessions between."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

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
    flows = _told(table, gone)
    heads = {at: heads[at] for at in dict.fromkeys(flow.position for flow in flows)}
    bars = _bars(flows, rest, gone)
    hue = _hues(bars, rest, gone)
    names = {code: charts.label(title(code)) for code in hue}
    titles = {
        column: text(f"paths.chart_{column}", lang)
        for column in ("source", "target", "event", "sessions", "users", "share")
    }
    room = {"scale": alt.Scale(domain=[-HEAD, HEIGHT - HEAD], reverse=True)}
    first, last = min(heads), max(heads)
    across = {"scale": alt.Scale(domain=[first, last + 1], nice=False)}
    hidden: dict[str, Any] = {"axis": None}

    bands = _bands(flows, bars)
    drawn = sorted(bands, key=lambda band: -band.flow.sessions)[:MOST_BANDS]
    rows = pd.DataFrame(
        {
            "x": flow.position - 1 + bend,
            "top": ends[side] - high,
            "bottom": ends[side],
            "band": number,
            "hue": hue[gone if flow.target == gone else flow.source],
            "source": names[flow.source],
            "target": names[flow.target],
            "sessions": flow.sessions,
            "users": flow.users,
            "share": flow.share,
        }
        for bend, side in zip(BENDS, (0, 0, 1, 1), strict=True)
        for number, (flow, high, ends) in enumerate(drawn)
    )
    columns = {name: name for name in ("x", "top", "bottom", "band", "hue")}
    hover = {"source": "", "target": "", "sessions": ",", "users": ",", "share": ".1%"}
    shown = columns | {name: titles[name] for name in hover}
    flow = charts.Shape(rows.reindex(columns=list(shown)), shown)
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

    blocks = pd.DataFrame(
        {
            "x": at,
            "end": at + BAR,
            "top": bar.top,
            "bottom": bar.bottom,
            "hue": hue[event],
            "event": names[event],
            "sessions": bar.sessions,
            "share": bar.share,
        }
        for (at, event), bar in bars.items()
    )
    columns = {name: name for name in ("x", "end", "top", "bottom", "hue")}
    columns |= {name: titles[name] for name in ("event", "sessions", "share")}
    shape = charts.Shape(blocks, columns)
    standing = (
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
    words = _words(_labels(blocks, heads, lang), first, last, across, room)
    said = []
    if len(drawn) < len(bands):
        said.append(text("paths.some_bands", lang, shown=len(drawn), of=len(bands)))
    chart = charts.layered(areas, standing, words)
    return charts.finish(chart, alt_text, height=HEIGHT, said=said)


class Flow(NamedTuple):
    """A row of the table; the source is empty where the drawing begins."""

    position: int
    source: str
    target: str
    sessions: int
    users: int
    share: float


class Bar(NamedTuple):
    """An event of a column: how many sessions have it there, and where it stands."""

    sessions: int
    share: float
    order: int
    top: float
    bottom: float


class Band(NamedTuple):
    """A flow, how high it is, and where its lower edge leaves and arrives."""

    flow: Flow
    high: float
    ends: tuple[float, float]


def _told(table: pd.DataFrame, gone: str) -> list[Flow]:
    """Leave out the columns beyond the first in which no session has an event."""
    names = list(Flow._fields)
    flows = [Flow(*row) for row in zip(*(table[name] for name in names), strict=True)]
    empty = [one.position for one in flows if one.target == gone and one.share == 1]
    before = max((at for at in empty if at < 0), default=-math.inf)
    after = min((at for at in empty if at > 0), default=math.inf)
    kept = [one for one in flows if before <= one.position <= after]
    first = min(one.position for one in kept)
    return [one._replace(source="") if one.position == first else one for one in kept]


def _bars(flows: list[Flow], rest: str, gone: str) -> dict[tuple[int, str], Bar]:
    """Give each event of a column its place from top to bottom: the most first."""
    sums: dict[int, dict[str, list[float]]] = {}
    for one in flows:
        both = sums.setdefault(one.position, {}).setdefault(one.target, [0, 0.0])
        both[0] += one.sessions
        both[1] += one.share
    gaps = max(map(len, sums.values())) - 1
    late = {rest: 1, gone: 2}
    bars = {}
    for at, events in sums.items():
        unit = (HEIGHT - HEAD - GAP * gaps) / sum(n for n, _ in events.values())
        ranked = sorted(events, key=lambda name: (late.get(name, 0), -events[name][0]))
        top = 0.0
        for order, event in enumerate(ranked):
            sessions, share = events[event]
            bottom = top + sessions * unit
            bars[at, event] = Bar(int(sessions), share, order, top, bottom)
            top = bottom + GAP
    return bars


def _bands(flows: list[Flow], bars: dict[tuple[int, str], Bar]) -> list[Band]:
    """Give each flow its place at both ends: in the order of what stands there."""
    at_ends = {
        one: ((one.position - 1, one.source), (one.position, one.target))
        for one in flows
        if one.source
    }
    filled = {(side, key): bar.top for key, bar in bars.items() for side in range(2)}
    bands = {}
    for one in sorted(
        at_ends,
        key=lambda one: (one.position, *(bars[key].order for key in at_ends[one])),
    ):
        keys = at_ends[one]
        bar = bars[keys[1]]
        high = one.sessions * (bar.bottom - bar.top) / bar.sessions
        for place in enumerate(keys):
            filled[place] += high
        bands[one] = Band(one, high, (filled[0, keys[0]], filled[1, keys[1]]))
    return [bands[one] for one in at_ends]


def _hues(bars: dict[tuple[int, str], Bar], rest: str, gone: str) -> dict[str, str]:
    """Give the most frequent events a colour each, the same in every column."""
    totals: dict[str, int] = {}
    for (_, event), bar in bars.items():
        totals[event] = totals.get(event, 0) + bar.sessions
    events = [event for event in totals if event not in {rest, gone}]
    events.sort(key=lambda event: -totals[event])
    hues = dict(zip(events, HUES, strict=False))
    return {gone: GONE, rest: REST} | {e: hues.get(e, OTHERS) for e in events}


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
