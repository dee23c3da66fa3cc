"""Plan of an A/B test: how many users, and how long?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts
from opslib.result import Error, Note, Result, check_range, say
from opslib.stats.power import control_size_for_means, control_size_for_shares
from opslib.stats.sequential import inflation
from opslib.words import text

GRID = np.linspace(0.5, 2, 31)


@dataclass(frozen=True, kw_only=True)
class PlanResult(Result):
    """The size of a test of fixed length; `table` is one row.

    baseline, target: share (0 to 1) or mean in the control and to be detected.
    mde, lift: target - baseline, and target / baseline - 1.
    alpha, power, variants: as asked for.
    n_per_variant: units in the smallest group; n_total: in all groups together.
    days: whole weeks, two at least; NaN without daily traffic.

    Attributes:
        grid: What smaller and larger effects need: mde, lift, n_per_variant, n_total,
            days; one row per effect, from half to twice the one asked for.
        kind: "share" or "mean".
    """

    grid: pd.DataFrame
    kind: str

    def chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw the units needed in all against the smallest effect to be seen."""
        effect = "lift" if self.table["lift"].notna().all() else "mde"
        form = "+.1~%" if effect == "lift" else ",~g"
        names = (effect, "n_total", "n_per_variant", "days")
        titles = {name: text(f"ab.plan.column.{name}", lang) for name in names}
        formats = dict.fromkeys(names, ",") | {effect: form}
        shape = charts.Shape(self.grid, titles)
        asked = charts.Shape(self.table, titles)
        axis = alt.Axis(format=form, title=titles[effect], tickCount=8)
        line, point = (
            alt.Chart(part.frame).encode(
                x=alt.X(**part.field(effect, "quantitative", axis=axis)),
                y=alt.Y(**part.field("n_total", "quantitative", axis={"format": ",d"})),
                tooltip=part.tooltip(formats),
            )
            for part in (shape, asked)
        )
        curve = line.mark_line(color=charts.ACCENT, strokeWidth=2)
        here = point.mark_point(
            filled=True, size=120, color=charts.PALETTE[1], opacity=1
        )
        drawn = charts.layered(curve, here)
        return charts.finish(drawn, self.describe(lang))  # type: ignore[return-value]

    def describe(self, lang: str = "en") -> str:
        """Say how many users the test needs, how long that takes, and for what."""
        row = self.table.to_dict("records")[0]
        even = row["n_total"] == row["n_per_variant"] * row["variants"]
        need = Note(
            "ab.plan.answer" if row["baseline"] > 0 else "ab.plan.answer.no_lift",
            was=Note(f"ab.value.{self.kind}", value=row["baseline"]),
            now=Note(f"ab.value.{self.kind}", value=row["target"]),
            lift=row["lift"],
            power=row["power"] * 100,
            alpha=row["alpha"] * 100,
            groups=Note(
                "ab.plan.each" if even else "ab.plan.smallest",
                units=row["n_per_variant"],
                groups=row["variants"],
            ),
            total=row["n_total"],
        )
        if math.isnan(row["days"]):
            return say(lang, need)
        return say(lang, need, Note("ab.plan.time", n=row["days"] / 7))


def ab_plan(
    *,
    baseline: float,
    mde: float,
    relative: bool = False,
    alpha: float = 0.05,
    power: float = 0.8,
    variants: int = 2,
    split: Sequence[float] | None = None,
    daily_traffic: float | None = None,
    sd: float | None = None,
    looks: int = 1,
) -> PlanResult:
    """Size a test so that `ab_test` finds an effect of `mde` with chance `power`.

    Shares: the pooled z-test at the two rates; means: Welch's t-test. With more than
    two variants alpha is shared among the comparisons with the control (Bonferroni).

    Args:
        baseline: Share (0 to 1) of the control; its mean if `sd` is given.
        mde: Smallest effect worth finding, above or below 0.
        relative: Whether `mde` is a lift (0.1 is 10 % of the baseline).
        alpha: Chance to find an effect where there is none, two-sided.
        power: Chance to find the effect where there is one.
        variants: Groups, the control among them, 2 to 50.
        split: Share of traffic per group, control first, on any scale; None is equal.
        daily_traffic: Units that enter the test per day, all groups together.
        sd: Standard deviation of a metric that is a mean; None plans for a share.
        looks: How often the test is looked at, the end among them, 1 to 50; with more
            than one it is read with method="sequential", and needs a little more.

    Raises:
        Error: An option out of range, or a target share that is not one.

    References:
        Fleiss, Levin & Paik (2003), section 4.1; Guenther (1981); Jennison & Turnbull
        (2000), Group Sequential Methods, for looks. Calculators that put
        the baseline's variance into the null give less than the power they promise.

    Example:
        >>> plan = ab_plan(baseline=0.20, mde=0.05, daily_traffic=100)
        >>> plan.table[["n_per_variant", "n_total", "days"]]
           n_per_variant  n_total  days
        0           1094     2188    28
    """
    limits = {
        "baseline": (baseline if sd is None else None, 0.000001, 0.999999),
        "alpha": (alpha, 0.001, 0.5),
        "power": (power, 0.5, 0.999),
        "variants": (variants, 2, 50),
        "looks": (looks, 1, 50),
        "daily_traffic": (daily_traffic, 1, 10**12),
        "sd": (sd, 1e-12, 1e12),
    }
    for option, (got, low, high) in limits.items():
        check_range(option, got, low, high)
    for option, whole, low in (("variants", variants, 2), ("looks", looks, 1)):
        if not isinstance(whole, int):
            raise Error("option.range", option=option, low=low, high=50, got=whole)
    check_range("mde", mde, -(10**12), 10**12)
    check_range("baseline", baseline, -(10**12), 10**12)
    change = abs(baseline) * mde if relative else mde
    if not math.isfinite(change) or change == 0:
        raise Error("ab.plan.mde", got=mde)
    if sd is None and not 0 < baseline + change < 1:
        raise Error("ab.plan.target", target=baseline + change)
    weights = _weights(variants, split)
    cost = inflation(looks, alpha / (variants - 1), power) if looks > 1 else 1.0

    def size(effect: float) -> dict[str, Any]:
        total = 0.0
        for weight in weights[1:]:
            options = {
                "ratio": weight / weights[0],
                "alpha": alpha / (variants - 1),
                "power": power,
            }
            control = (
                control_size_for_shares(baseline, baseline + effect, **options)
                if sd is None
                else control_size_for_means(effect, sd, **options)
            )
            total = max(total, cost * control / weights[0])
        groups = [math.ceil(round(total * weight, 6)) for weight in weights]
        return {
            "mde": effect,
            "lift": effect / baseline if baseline > 0 else math.nan,
            "n_per_variant": min(groups),
            "n_total": sum(groups),
            "days": _days(sum(groups), daily_traffic),
        }

    effects = [
        step * change
        for step in GRID.tolist()
        if sd is not None or 0 < baseline + step * change < 1
    ]
    asked = {
        "baseline": baseline,
        "target": baseline + change,
        **size(change),
        "alpha": alpha,
        "power": power,
        "variants": variants,
    }
    return PlanResult(
        table=pd.DataFrame([asked]),
        grid=pd.DataFrame([size(effect) for effect in effects]),
        kind="share" if sd is None else "mean",
        warnings=_warnings(asked, shares=sd is None, looks=looks, cost=cost),
    )


def _weights(variants: int, split: Sequence[float] | None) -> list[float]:
    """Return each group's share of the traffic, the control first."""
    shares = [1] * variants if split is None else list(split)
    right = all(isinstance(share, int | float) and 0 < share < 1e12 for share in shares)
    if len(shares) != variants or not right:
        raise Error("ab.plan.split", n=variants, got=str(split))
    return [share / sum(shares) for share in shares]


def _days(units: int, daily_traffic: float | None) -> float:
    """Round up to whole weeks, as people behave by weekday; two show a full rhythm."""
    if daily_traffic is None:
        return math.nan
    return max(14, 7 * math.ceil(units / daily_traffic / 7))


def _warnings(
    asked: dict[str, Any], *, shares: bool, looks: int, cost: float
) -> tuple[Note, ...]:
    """Say what the plan cannot give, and where `ab_test` would want more."""
    notes = []
    if math.isnan(asked["days"]):
        notes.append(Note("ab.plan.no_traffic"))
    if asked["variants"] > 2:
        notes.append(Note("ab.plan.shared", n=asked["variants"] - 1))
    if looks > 1:
        notes.append(Note("ab.plan.looks", looks=looks, more=cost - 1))
    rate = (asked["baseline"] + asked["target"]) / 2 if shares else math.inf
    least = 100 if shares else 150
    if asked["n_per_variant"] < least or asked["n_per_variant"] * rate < 25:
        small = Note(f"ab.early.small.{'share' if shares else 'mean'}")
        notes.append(Note("ab.plan.small", reason=small))
    return tuple(notes)
