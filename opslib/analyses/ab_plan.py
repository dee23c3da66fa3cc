"""Plan of an A/B test: how many users, how long, and what can it see?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from scipy.special import ndtri

from opslib.analyses._plan_charts import draw_power, draw_sizes
from opslib.analyses._plan_design import Design, sd_of_ratio
from opslib.result import Error, Note, Result, check_range, say
from opslib.stats.sequential import inflation, sequence_multiplier

GRID = np.linspace(0.5, 2, 31)
CURVE = np.linspace(0, 2, 41)
USUAL_LOOKS = 5
LONGEST = 3_650


@dataclass(frozen=True, kw_only=True)
class PlanResult(Result):
    """The size of a test; `table` is one row.

    baseline, target: share (0 to 1), mean or ratio in the control and to be detected.
    mde, lift: target - baseline, and target / baseline - 1.
    alpha, power, variants: as asked for.
    n_per_variant: units in the smallest group; n_total: in all groups together.
    days: whole weeks, two at least, or as asked for; NaN without daily traffic.

    Attributes:
        grid: What smaller and larger effects need: mde, lift, n_per_variant, n_total,
            days; one row per effect, from half to twice the one of the plan.
        power: What the planned units see: mde, lift, power (0 to 1); one row per
            effect, from none to twice the one of the plan. Of several comparisons the
            one that is least likely to see it.
        costs: What looking costs for the same effect: method ("fixed", "sequential",
            "always"), looks, n_total, days, more (than fixed, 0.1 is 10 %).
        kind: "share", "mean" or "ratio".
        fall: The smallest fall that is seen in the days asked for, as `mde`; NaN if
            there is none; None if an effect was asked for.
        correlation: With the period before, 0 if values are compared as they are.
        history: What was read from a table of the past by `ab_plan_from`.
    """

    grid: pd.DataFrame
    power: pd.DataFrame
    costs: pd.DataFrame
    kind: str
    fall: float | None = None
    correlation: float = 0.0
    history: pd.DataFrame | None = None

    def chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw the units needed in all against the smallest effect to be seen."""
        return draw_sizes(self.grid, self.table, lang, self.describe(lang))

    def power_chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw how likely the planned units are to see an effect against its size."""
        return draw_power(self.power, self.table, lang, self.describe(lang))

    def describe(self, lang: str = "en") -> str:
        """Say how many users the test needs, how long that takes, and for what."""
        row = self.table.to_dict("records")[0]
        even = row["n_total"] == row["n_per_variant"] * row["variants"]
        size = "each" if even else "smallest"
        lifted = "" if row["baseline"] > 0 else ".no_lift"
        values = {
            "was": self._value(row["baseline"]),
            "now": self._value(row["target"]),
            "lift": row["lift"],
            "power": row["power"] * 100,
            "alpha": row["alpha"] * 100,
            "groups": Note(
                f"ab.plan.{'' if self.fall is None else 'got.'}{size}",
                units=row["n_per_variant"],
                groups=row["variants"],
            ),
            "total": row["n_total"],
        }
        notes = []
        if self.fall is None:
            notes.append(Note(f"ab.plan.answer{lifted}", **values))
            if not math.isnan(row["days"]):
                notes.append(Note("ab.plan.time", n=row["days"] / 7))
        else:
            notes.append(Note(f"ab.plan.found{lifted}", n=row["days"], **values))
            notes.append(self._fallen(row["baseline"], lifted))
        if self.correlation:
            notes.append(Note("ab.plan.net", saved=self.correlation**2))
        if self.history is not None:
            notes.append(self._past(self.history.to_dict("records")[0]))
        return say(lang, *notes)

    def details(self, lang: str = "en") -> list[str]:
        """Say what it costs to look at the test before its end."""
        _, planned, always = self.costs.to_dict("records")
        cost = Note(
            "ab.plan.costs",
            n=planned["looks"],
            planned=planned["n_total"],
            more=planned["more"],
            always=always["n_total"],
            most=always["more"],
        )
        return [cost.text(lang)]

    def _fallen(self, baseline: float, lifted: str) -> Note:
        assert self.fall is not None  # noqa: S101
        if math.isnan(self.fall):
            return Note("ab.plan.fall.none")
        lift = self.fall / baseline if baseline > 0 else math.nan
        now = self._value(baseline + self.fall)
        return Note(f"ab.plan.fall{lifted or '.lift'}", now=now, lift=lift)

    def _past(self, row: dict[Any, Any]) -> Note:
        found = "" if math.isnan(row["daily_traffic"]) else ".traffic"
        return Note(
            f"ab.plan.history{found}",
            n=row["units"],
            metric=row["metric"],
            was=self._value(row["baseline"]),
            low=self._value(row["low"]),
            high=self._value(row["high"]),
            daily=row["daily_traffic"],
        )

    def _value(self, value: float) -> Note:
        kind = "share" if self.kind == "share" else "mean"
        return Note(f"ab.value.{kind}", value=value)


def ab_plan(
    *,
    baseline: float,
    mde: float | None = None,
    days: int | None = None,
    relative: bool = False,
    alpha: float = 0.05,
    power: float = 0.8,
    variants: int = 2,
    split: Sequence[float] | None = None,
    daily_traffic: float | None = None,
    sd: float | None = None,
    denominator: Mapping[str, float] | None = None,
    correlation: float = 0.0,
    looks: int = 1,
) -> PlanResult:
    """Size a test so that `ab_test` finds an effect of `mde` with chance `power`.

    Or, given `days` in place of `mde`, say which effect is found in that time.

    Shares: the pooled z-test at the two rates; means, ratios, and all that is compared
    net of the period before: Welch's t-test. With more than two variants alpha is
    shared among the comparisons with the control (Bonferroni).

    Args:
        baseline: Share (0 to 1) of the control; its mean if `sd` is given, its ratio
            of sums if `denominator` is.
        mde: Smallest effect worth finding, above or below 0.
        days: How long the test can run, instead of `mde`: the plan is then for the
            smallest rise that `daily_traffic` is enough for, and `.fall` has the
            smallest fall.
        relative: Whether `mde` is a lift (0.1 is 10 % of the baseline).
        alpha: Chance to find an effect where there is none, two-sided.
        power: Chance to find the effect where there is one.
        variants: Groups, the control among them, 2 to 50.
        split: Share of traffic per group, control first, on any scale; None is equal.
        daily_traffic: Units that enter the test per day, all groups together.
        sd: Standard deviation per unit of a metric that is a mean, or of what stands
            above in a ratio; None plans for a share.
        denominator: What stands below in a ratio, as orders in revenue per order: its
            {"mean": ..., "sd": ..., "correlation": ...} per unit, the last with what
            stands above.
        correlation: Of the metric with the same from before the test, -0.99 to 0.99:
            compared net of that (CUPED) it varies by 1 - correlation^2 of what it
            did. `ab_test` does so with a covariate, but not for ratios.
        looks: How often the test is looked at, the end among them, 1 to 50; with more
            than one it is read with method="sequential", and needs a little more.

    Raises:
        Error: An option out of range, a target share that is not one, both `mde` and
            `days` or neither, or no effect that could be seen in that time.

    References:
        Fleiss, Levin & Paik (2003), section 4.1; Guenther (1981); Jennison & Turnbull
        (2000), Group Sequential Methods, for looks; Deng, Knoblich & Lu (2018) for
        ratios; Deng, Xu, Kohavi & Walker (2013) for CUPED. Calculators that put
        the baseline's variance into the null give less than the power they promise.

    Example:
        >>> plan = ab_plan(baseline=0.20, mde=0.05, daily_traffic=100)
        >>> plan.table[["n_per_variant", "n_total", "days"]]
           n_per_variant  n_total  days
        0           1094     2188    28
        >>> plan = ab_plan(baseline=0.20, days=28, daily_traffic=100)
        >>> plan.table[["mde", "n_total"]].round(4)
             mde  n_total
        0  0.044     2800
        >>> plan.costs[["method", "n_total", "days"]]
               method  n_total  days
        0       fixed     2800    28
        1  sequential     2870    35
        2      always     5362    56
    """
    limits = {
        "baseline": (baseline if sd is None else None, 0.000001, 0.999999),
        "alpha": (alpha, 0.001, 0.5),
        "power": (power, 0.5, 0.999),
        "variants": (variants, 2, 50),
        "looks": (looks, 1, 50),
        "days": (days, 1, LONGEST),
        "daily_traffic": (daily_traffic, 1, 10**12),
        "sd": (sd, 1e-12, 1e12),
        "correlation": (correlation, -0.99, 0.99),
    }
    for option, (got, low, high) in limits.items():
        check_range(option, got, low, high)
    for option, whole in (("variants", variants), ("looks", looks), ("days", days)):
        if whole is not None and not isinstance(whole, int):
            _, low, high = limits[option]
            raise Error("option.range", option=option, low=low, high=high, got=whole)
    check_range("mde", mde, -(10**12), 10**12)
    check_range("baseline", baseline, -(10**12), 10**12)
    if denominator is not None:
        if sd is None:
            raise Error("option.missing", option="sd")
        if correlation:
            raise Error("ab.plan.ratio_net")
        sd = sd_of_ratio(baseline, sd, denominator)
    level = alpha / (variants - 1)
    design = Design(
        baseline=baseline,
        sd=sd,
        correlation=correlation,
        weights=_weights(variants, split),
        alpha=level,
        power=power,
        looks=looks,
        cost=inflation(looks, level, power) if looks > 1 else 1.0,
        daily=daily_traffic,
    )
    change, fall = _effect(design, mde, days, relative=relative)
    groups = design.groups(change)
    asked: dict[str, Any] = {
        "baseline": baseline,
        "target": baseline + change,
        **design.row(change),
        **({} if days is None else {"days": days}),
        "alpha": alpha,
        "power": power,
        "variants": variants,
    }
    around, curve = (
        [step * change for step in steps.tolist() if design.possible(step * change)]
        for steps in (GRID, CURVE)
    )
    seen = [
        {
            "mde": effect,
            "lift": design.lift(effect),
            "power": design.chance(effect, groups),
        }
        for effect in curve
    ]
    kind = "share" if sd is None else "mean" if denominator is None else "ratio"
    return PlanResult(
        table=pd.DataFrame([asked]),
        grid=pd.DataFrame([design.row(effect) for effect in around]),
        power=pd.DataFrame(seen),
        costs=_costs(design, change, alpha),
        kind=kind,
        fall=fall,
        correlation=correlation,
        warnings=_warnings(design, asked, days),
    )


def _effect(
    design: Design, mde: float | None, days: int | None, *, relative: bool
) -> tuple[float, float | None]:
    """Return the effect to plan for, and the smallest fall if the time was given."""
    if (mde is None) == (days is None):
        raise Error("ab.plan.either")
    if mde is not None:
        change = abs(design.baseline) * mde if relative else mde
        if not math.isfinite(change) or change == 0:
            raise Error("ab.plan.mde", got=mde)
        if not design.possible(change):
            raise Error("ab.plan.target", target=design.baseline + change)
        return change, None
    if design.daily is None:
        raise Error("ab.plan.days_traffic")
    units = math.floor((days or 0) * design.daily)
    rise = design.smallest(units, 1)
    if math.isnan(rise):
        raise Error("ab.plan.too_few", units=units, n=days)
    return rise, design.smallest(units, -1)


def _costs(design: Design, change: float, alpha: float) -> pd.DataFrame:
    """Compare the units that one look, planned looks, and any looks need."""
    looks = design.looks if design.looks > 1 else USUAL_LOOKS
    reach = float(ndtri(design.power))
    # An interval for all times is narrowest at the planned size.
    wide = float(sequence_multiplier(1, 1, design.alpha, tuned=alpha))
    cost = {
        "fixed": 1.0,
        "sequential": inflation(looks, design.alpha, design.power),
        "always": ((wide + reach) / (ndtri(1 - design.alpha / 2) + reach)) ** 2,
    }
    rows = [replace(design, cost=times).row(change) for times in cost.values()]
    return pd.DataFrame(
        {
            "method": list(cost),
            "looks": pd.array([1, looks, None], dtype="Int64"),
            "n_total": [row["n_total"] for row in rows],
            "days": [row["days"] for row in rows],
            "more": [times - 1 for times in cost.values()],
        }
    )


def _weights(variants: int, split: Sequence[float] | None) -> list[float]:
    """Return each group's share of the traffic, the control first."""
    shares = [1] * variants if split is None else list(split)
    right = all(isinstance(share, int | float) and 0 < share < 1e12 for share in shares)
    if len(shares) != variants or not right:
        raise Error("ab.plan.split", n=variants, got=str(split))
    return [share / sum(shares) for share in shares]


def _warnings(
    design: Design, asked: dict[str, Any], days: int | None
) -> tuple[Note, ...]:
    """Say what the plan cannot give, and where `ab_test` would want more."""
    notes = []
    if math.isnan(asked["days"]):
        notes.append(Note("ab.plan.no_traffic"))
    if days is not None and (days < 14 or days % 7):
        notes.append(Note("ab.plan.weeks", n=days))
    if asked["variants"] > 2:
        notes.append(Note("ab.plan.shared", n=asked["variants"] - 1))
    if design.correlation:
        notes.append(Note("ab.plan.cuped", correlation=design.correlation))
    if design.looks > 1:
        more = design.cost - 1
        notes.append(Note("ab.plan.looks", looks=design.looks, more=more))
    shares = design.sd is None
    rate = (asked["baseline"] + asked["target"]) / 2 if shares else math.inf
    least = 100 if shares else 150
    if asked["n_per_variant"] < least or asked["n_per_variant"] * rate < 25:
        small = Note(f"ab.early.small.{'share' if shares else 'mean'}")
        notes.append(Note("ab.plan.small", reason=small))
    return tuple(notes)
