"""Charts of a plan: size against effect, and power against effect."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from opslib import charts
from opslib.words import text


def draw_sizes(
    grid: pd.DataFrame, plan: pd.DataFrame, lang: str, said: str
) -> alt.LayerChart:
    """Draw the units needed in all against the effect, and where the plan lies."""
    formats = {"n_total": ",", "n_per_variant": ",", "days": ","}
    axis = {"format": ",d"}
    return _drawn((grid, plan), formats, axis, which="seen", lang=lang, said=said)


def draw_power(
    power: pd.DataFrame, plan: pd.DataFrame, lang: str, said: str
) -> alt.LayerChart:
    """Draw the chance to see an effect against its size, and where the plan lies."""
    axis = {"format": "%", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    formats = {"power": ".1%"}
    return _drawn((power, plan), formats, axis, which="true", lang=lang, said=said)


def _drawn(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    formats: Mapping[str, str],
    upright: Mapping[str, Any],
    *,
    which: str,
    lang: str,
    said: str,
) -> alt.LayerChart:
    """Draw the first of `formats` against the effect, as a lift where there is one."""
    effect = "lift" if tables[1]["lift"].notna().all() else "mde"
    form = "+.1~%" if effect == "lift" else ",~g"
    titles = {effect: text(f"ab.plan.{which}.{effect}", lang)}
    titles |= {name: text(f"ab.plan.column.{name}", lang) for name in formats}
    across = alt.Axis(format=form, title=titles[effect], tickCount=8)
    first = next(iter(formats))
    line, point = (
        alt.Chart(shape.frame).encode(
            x=alt.X(**shape.field(effect, "quantitative", axis=across)),
            y=alt.Y(**shape.field(first, "quantitative", axis=dict(upright))),
            tooltip=shape.tooltip({effect: form, **formats}),
        )
        for shape in (charts.Shape(table, titles) for table in tables)
    )
    curve = line.mark_line(color=charts.ACCENT, strokeWidth=2)
    here = point.mark_point(filled=True, size=120, color=charts.PALETTE[1], opacity=1)
    return charts.finish(charts.layered(curve, here), said)  # type: ignore[return-value]
