"""The few chart shapes everything is drawn with.

Charts never see a name from a file: columns become c0, c1, ... and only titles and
category labels, cleaned, carry text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.words import clean, percent, text
from opslib.words import number as written

# Okabe & Ito (2008), ordered so that neighbours differ most; black is kept for text.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7",
    "#56B4E9", "#D55E00", "#F0E442", "#6B7280",
)  # fmt: skip
ACCENT = PALETTE[0]
MUTED = "#9CA3AF"
LATIN = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
FONT = "Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
MOST_MARKS = 5_000
WIDE, NARROW = 112, 44
MOST_COHORTS = 60
MOST_AGES = 30
FIRST_WIDE = "⺀"
# Chinese breaks anywhere, but no line begins with a mark that ends a phrase.
PIECES = re.compile(
    r"(?:[^\s⺀-￯]+|[「（『][^\s⺀-￯]*|[⺀-￯])[，。；：、！？）」』]*|\s+"
)
NARROWEST = 36  # pixels that "100.0%" takes
MOST_GROUPS = len(PALETTE)
# On a phone names take a third of the width; a picture has no page around it.
LABELS = "min(220, (containerSize()[0] || 900) / 3)"

Kind = Literal["quantitative", "nominal", "ordinal", "temporal"]


def label(text: object) -> str:
    """Make a title or category label that Vega shows as it stands.

    Example:
        >>> label("constructor") == "constructor"  # a name Vega would look up
        False
    """
    short = clean(text)
    # Vega resolves these as properties of a JavaScript object and draws nothing.
    unsafe = {"constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"}
    return short + "\u200b" if short in unsafe else short


class Shape:
    """A table prepared for drawing: aliased columns, cleaned labels.

    Args:
        table: Tidy data; only the columns in `titles` are handed to the chart.
        titles: Column name to the title a reader sees.
    """

    def __init__(self, table: pd.DataFrame, titles: Mapping[str, str]) -> None:
        self.alias = {column: f"c{i}" for i, column in enumerate(titles)}
        self.title = {column: label(title) for column, title in titles.items()}
        frame = table[list(titles)].rename(columns=self.alias)
        for column in frame.columns:
            if not pd.api.types.is_numeric_dtype(
                frame[column]
            ) and not pd.api.types.is_datetime64_any_dtype(frame[column]):
                labels = {one: label(one) for one in frame[column].dropna().unique()}
                frame[column] = frame[column].map(labels)
        self.frame = frame

    def field(self, column: str, kind: Kind, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the keywords of an Altair channel or tooltip for `column`."""
        return {
            "field": self.alias[column],
            "type": kind,
            "title": self.title[column],
            **options,
        }

    def tooltip(self, formats: Mapping[str, str]) -> list[alt.Tooltip]:
        """Show these columns on hover, each in its d3 format ("" for plain)."""
        return [
            alt.Tooltip(
                field=self.alias[column],
                type="temporal"
                if pd.api.types.is_datetime64_any_dtype(self.frame[self.alias[column]])
                else "quantitative"
                if form
                else "nominal",
                title=self.title[column],
                format=form or alt.Undefined,
            )
            for column, form in formats.items()
        ]


def layered(*layers: alt.Chart, data: Any = alt.Undefined) -> alt.LayerChart:  # noqa: ANN401
    """Lay charts over one another; `data` is what those draw that have none.

    Altair's + copies everything once more for every chart that is added.
    """
    return alt.LayerChart(layer=list(layers), data=data)


def finish(
    chart: alt.Chart | alt.LayerChart,
    alt_text: str,
    *,
    height: int = 320,
    said: Sequence[str] = (),
) -> alt.Chart | alt.LayerChart:
    """Give a chart its description for screen readers, its size, and a title.

    Args:
        chart: What is drawn.
        alt_text: What a screen reader says.
        height: In pixels.
        said: Sentences above it, such as what it leaves to the table.
    """
    chart.description, chart.height, chart.width = alt_text, height, "container"
    # A title wider than a telephone would leave no room for the chart.
    if lines := [line for one in said for line in wrapped(one, NARROW)]:
        chart.title = lines
    return chart


def fitting(size: int) -> alt.ExprRef:
    """Return a font size for words in the cells of a grid: 0 where they would overlap.

    On a telephone the colours must tell, and the tooltip and the table.
    """
    return alt.ExprRef(f"bandwidth('x') < {NARROWEST} ? 0 : {size}")


def colours(values: Sequence[str]) -> alt.Scale:
    """Give each value its colour of the palette, in order."""
    domain = [label(value) for value in values]
    return alt.Scale(
        domain=domain, range=[PALETTE[i % len(PALETTE)] for i in range(len(domain))]
    )


def steps_chart(
    table: pd.DataFrame,
    lang: str,
    alt_text: str,
    before: pd.DataFrame | None = None,
) -> alt.Chart | alt.LayerChart:
    """Draw a funnel: one bar per step, as long as its share of those who entered.

    The whisker is the interval of that share; users and share stand beside the bar.

    Args:
        table: Columns step, users, from_start, from_start_low, from_start_high,
            from_previous and, for groups side by side, group; steps in order.
        lang: Language of titles and numbers.
        alt_text: What a screen reader says.
        before: The same of the period before, whose shares are lines across the bars.
    """
    grouped = "group" in table.columns
    groups = list(dict.fromkeys(table["group"].map(str))) if grouped else [""]
    rows = table.assign(group=table["group"].map(str) if grouped else "")
    rows = rows[rows["group"].isin(groups[:MOST_GROUPS])]
    # Numbered, so that a step may come twice and the order needs no sorting.
    place = rows.groupby("group").cumcount() + 1
    rows = rows.assign(
        step=[
            f"{i}. {clean(step)}" for i, step in zip(place, rows["step"], strict=True)
        ],
        label=[
            f"{written(users, lang)} ({percent(share, lang)})"
            for users, share in zip(rows["users"], rows["from_start"], strict=True)
        ],
        end=rows["from_start_high"].fillna(rows["from_start"]).fillna(0.0),
        before=_same(rows, place, before),
    )
    rows["end"] = rows[["end", "before"]].max(axis=1)
    columns = ["step", "group", "users", "from_start", "from_start_low"]
    columns += ["from_start_high", "from_previous"]
    titles = {column: text(f"chart.{column}", lang) for column in columns}
    titles["before"] = text("chart.before", lang)
    shape = Shape(rows, titles | {"label": "label", "end": "end"})
    steps = [label(step) for step in dict.fromkeys(rows["step"])]
    title = shape.title["from_start"]
    wide = max(1.0, float(rows["end"].max()))
    share = {
        "axis": alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        # Room for the words beside the longest bar.
        "scale": alt.Scale(domain=[0, wide * 1.25]),
    }
    # Every bar says its step, however thin it is on a phone under a legend.
    axis = alt.Axis(
        title=None,
        labelLimit=alt.ExprRef(LABELS),
        labelFlush=False,
        labelOverlap=False,
    )
    base = alt.Chart().encode(
        y=alt.Y(
            **shape.field("step", "nominal", axis=axis),
            scale=alt.Scale(domain=steps, paddingInner=0.25),
        ),
        tooltip=shape.tooltip(
            ({"group": ""} if grouped else {})
            | {"step": "", "users": ",", "from_start": ".2%", "from_start_low": ".2%"}
            | {"from_start_high": ".2%", "from_previous": ".2%"}
            | ({} if before is None else {"before": ".2%"})
        ),
    )
    colour: dict[str, Any] = {"color": alt.ColorValue(ACCENT)}
    if grouped:
        shown = colours(groups[:MOST_GROUPS])
        base = base.encode(
            yOffset=alt.YOffset(
                **shape.field("group", "nominal"),
                scale=alt.Scale(domain=shown.domain, paddingInner=0.15),
            )
        )
        side_by_side = alt.ExprRef("width < 500 ? 2 : 6")
        legend = alt.Legend(title=None, orient="top", columns=side_by_side)
        colour["color"] = alt.Color(
            **shape.field("group", "nominal"), scale=shown, legend=legend
        )
    # A theme with thinner bars would move those of groups away from their whiskers.
    bars = base.mark_bar(opacity=0.9, height=alt.RelativeBandSize(band=1)).encode(
        x=alt.X(**shape.field("from_start", "quantitative", **share)), **colour
    )
    whisker = base.encode(
        x=alt.X(**shape.field("from_start_low", "quantitative", title=title)),
        x2=alt.X2(field=shape.alias["from_start_high"]),
    )
    # Seen on a bar, on white and on a dark page.
    halo = whisker.mark_rule(color="#FFFFFF", strokeWidth=3, opacity=0.6)
    words = base.mark_text(align="left", dx=6, color="#6B7280").encode(
        x=alt.X(**shape.field("end", "quantitative", title=title)),
        text=alt.Text(field=shape.alias["label"], type="nominal"),
    )
    layers = [bars, halo, whisker.mark_rule(color="#374151"), words]
    said = []
    if before is not None:
        line = base.transform_filter(f"isValid(datum.{shape.alias['before']})").encode(
            x=alt.X(**shape.field("before", "quantitative", title=title))
        )
        layers.append(line.mark_tick(color="#FFFFFF", thickness=5, opacity=0.6))
        layers.append(line.mark_tick(color="#374151", thickness=3, opacity=1))
        said.append(text("chart.before_line", lang))
    if len(groups) > MOST_GROUPS:
        left = text("chart.some_groups", lang, shown=MOST_GROUPS, of=len(groups))
        said.append(left)
    bars_drawn = len(steps) * min(len(groups), MOST_GROUPS)
    height = max(160, 60 + 30 * bars_drawn) + 24 * grouped
    return finish(
        layered(*layers, data=shape.frame), alt_text, height=height, said=said
    )


def _same(
    rows: pd.DataFrame, place: "pd.Series[int]", before: pd.DataFrame | None
) -> npt.NDArray[Any]:
    """Return the share of the same step of the same group, NaN where there is none.

    Of the first step nothing: it is 1.
    """
    if before is None:
        return np.full(len(rows), np.nan)
    group = before["group"].map(str) if "group" in before else [""] * len(before)
    was = before.assign(group=group)
    was["place"] = was.groupby("group").cumcount() + 1
    was = was.loc[was["place"] > 1, ["group", "place", "from_start"]]
    now = rows[["group"]].assign(place=place)
    return now.merge(was, "left", ["group", "place"])["from_start"].to_numpy(float)


def cohort_grid(
    table: pd.DataFrame,
    lang: str,
    *,
    age_title: str,
    month: bool,
    alt_text: str,
    names: Mapping[int, str] | None = None,
) -> alt.Chart | alt.LayerChart:
    """Draw cohorts as rows, ages as columns, the darker the more came back.

    Cells whose period is not over are outlined and empty. At most the latest 60 cohorts
    and 30 ages are drawn, which the chart says; age 0, where all are, only if alone.

    Args:
        table: Columns cohort, age, users, retained, share, low, high, mature. A cohort
            is a day; or the name of a group, of which the first 60 are drawn.
        lang: Language of titles and numbers.
        age_title: Title of the ages.
        month: Cohorts are months, written without a day.
        alt_text: What a screen reader says.
        names: What ages are called, if not by their number.
    """
    names = names or {}
    later = table[table["age"] > 0]
    cells = later if len(later) else table
    cohorts, ages = cells["cohort"].unique(), np.sort(cells["age"].unique())
    dated = pd.api.types.is_datetime64_any_dtype(cells["cohort"])
    lines = cohorts[-MOST_COHORTS:] if dated else cohorts[:MOST_COHORTS]
    drawn = lines, ages[:MOST_AGES]
    legible = len(drawn[1]) <= 15
    cells = cells[cells["cohort"].isin(drawn[0]) & cells["age"].isin(drawn[1])]
    size = cells["users"].map({n: written(n, lang) for n in cells["users"].unique()})
    if dated:
        day = cells["cohort"].dt.strftime("%Y-%m" if month else "%Y-%m-%d")
    else:
        day = cells["cohort"].map(lambda name: clean(name, 30))
    cells = cells.assign(
        age=[names.get(age, age) for age in cells["age"]],
        line=day + " · " + size,
        words=[percent(share, lang) if legible else "" for share in cells["share"]],
    )
    most = max(0.01, float(cells["share"].max())) if cells["mature"].any() else 1.0
    cells["ink"] = np.where(cells["share"] > 0.75 * most, "#FFFFFF", "#111827")
    titles = {
        "line": text("chart.cohort" if dated else "chart.group_users", lang),
        "age": age_title,
        "users": text("chart.users", lang),
        "retained": text("chart.retained", lang),
        "share": text("chart.share", lang),
        "low": text("chart.from_start_low", lang),
        "high": text("chart.from_start_high", lang),
        "words": "words",
        "ink": "ink",
    }

    def layer(rows: pd.DataFrame, hover: dict[str, str]) -> tuple[Shape, alt.Chart]:
        shape = Shape(rows, titles)
        domain = [label(line) for line in dict.fromkeys(cells["line"])]
        axis = alt.Axis(orient="top", labelAngle=0, labelFlush=False)
        side = alt.Axis(labelFlush=False, labelLimit=220)
        return shape, alt.Chart(shape.frame).encode(
            x=alt.X(
                **shape.field("age", "ordinal", axis=axis),
                scale=alt.Scale(domain=[names.get(a, int(a)) for a in drawn[1]]),
            ),
            y=alt.Y(
                **shape.field("line", "nominal", axis=side),
                scale=alt.Scale(domain=domain),
            ),
            tooltip=shape.tooltip(
                {"line": "", "age": "" if names else ",", "retained": ","} | hover
            ),
        )

    known = {"share": ".1%", "low": ".1%", "high": ".1%"}
    shape, over = layer(cells[cells["mature"]], known)
    _, pending = layer(cells[~cells["mature"]], {})
    scale = alt.Scale(domain=[0, most], range=["#EAF3FA", ACCENT])
    shade = alt.Color(**shape.field("share", "quantitative", legend=None), scale=scale)
    layers = [
        over.mark_rect().encode(color=shade),
        pending.mark_rect(fillOpacity=0, stroke=MUTED, strokeDash=[2, 2], opacity=0.6),
    ]
    if legible:
        words = over.mark_text(fontSize=fitting(11)).encode(
            text=alt.Text(field=shape.alias["words"], type="nominal"),
            color=alt.Color(field=shape.alias["ink"], type="nominal", scale=None),
        )
        layers.append(words)
    chart = layered(*layers)
    if legible:
        chart = chart.resolve_scale(color="independent")
    said = []
    if len(drawn[0]) < len(cohorts) or len(drawn[1]) < len(ages):
        said.append(
            text(
                "chart.some_cohorts" if dated else "chart.some_group_cells",
                lang,
                cohorts=len(drawn[0]),
                of=len(cohorts),
                ages=len(drawn[1]),
                of_ages=len(ages),
            )
        )
    height = max(160, 80 + 22 * len(drawn[0]))
    return finish(chart, alt_text, height=height, said=said)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of `width` Latin letters; Chinese takes two places.

    Example:
        >>> wrapped("最高为 403。平均 190", 10), wrapped("up by 3%", 5)
        (['最高为', '403。平均', '190'], ['up by', '3%'])
    """
    lines, taken = [""], 0
    for piece in PIECES.findall(text):
        size = sum(1 + (letter >= FIRST_WIDE) for letter in piece)
        if taken and taken + size > width:
            lines.append("")
            taken = 0
        if taken or piece.strip():
            lines[-1] += piece
            taken += size
    return [line.rstrip() for line in lines]


def export(
    chart: alt.TopLevelMixin, kind: Literal["png", "svg"], *, title: str = ""
) -> bytes:
    """Draw a finished chart as a picture, offline, readable at meeting size."""
    import vl_convert  # noqa: PLC0415  loads a JavaScript engine: only when asked for

    spec = chart.to_dict()
    for part in spec.get("vconcat", [spec]):
        part["width"] = 900
    if title:
        lines = wrapped(clean(title, longest=1_000), WIDE)
        spec["title"] = {"text": lines, "anchor": "start", "offset": 20}
        spec["title"] |= {"fontSize": 16, "fontWeight": "normal", "lineHeight": 23}
    spec["background"], spec["padding"] = "white", 20
    spec["config"] = {**spec.get("config", {}), **THEME}
    if max(json.dumps(spec, ensure_ascii=False)) < FIRST_WIDE:
        # A Chinese font has wide quotation marks, which leave gaps in English.
        spec["config"]["font"] = LATIN
    if kind == "svg":
        return str(vl_convert.vegalite_to_svg(spec)).encode()
    return bytes(vl_convert.vegalite_to_png(spec, scale=2))


THEME: dict[str, Any] = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": "#E5E7EB",
        "labelColor": "#374151",
        "titleColor": "#374151",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "range": {"category": list(PALETTE)},
    "legend": {"title": None, "orient": "top", "labelFontSize": 12},
}
