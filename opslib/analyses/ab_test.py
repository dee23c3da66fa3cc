"""A/B test from one row per user: which variant does better, and is it sure?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import altair as alt
import pandas as pd

from opslib.analyses._ab_bootstrap import bootstrapped
from opslib.analyses._ab_compare import compare
from opslib.analyses._ab_days import over_time, split_by_day
from opslib.analyses._ab_days_chart import days_chart
from opslib.analyses._ab_looks import Look
from opslib.analyses._ab_metrics import MISSING, Groups, Metric, known, spelled
from opslib.analyses._ab_rows import (
    DAY,
    Units,
    days,
    is_share,
    labels,
    measurable,
    numbers,
    one_row_per_unit,
    strata_of,
    written,
)
from opslib.analyses._ab_segments import by_segment
from opslib.analyses.ab_result import AbResult
from opslib.analyses.ab_summary import Method, control_of
from opslib.result import Error, check_choice, check_range

PLACES = ("numerator", "denominator")


@dataclass(frozen=True, kw_only=True)
class AbTestResult(AbResult):
    """What `AbResult` holds, and the units behind it.

    Attributes:
        segments: One row per metric, variant, segment (a column) and its value, the 10
            largest: kind, n_control, n, control, treatment, difference, low, high as in
            `table`, but not net of a covariate, and cut at the quantile of its own
            units if values are cut; p_interaction, whether the differences
            of its values differ (those of groups too small for a verdict left out),
            and p_interaction_adjusted over all (Benjamini-Hochberg).
    """

    segments: pd.DataFrame

    _units: Units = field(repr=False)
    _groups: Groups = field(repr=False)
    _metrics: Sequence[Metric] = field(repr=False)
    _look: Look = field(repr=False)

    @cached_property
    def over_time(self) -> pd.DataFrame:
        """Every comparison as it stood at the end of each day; empty without times.

        One row per metric, variant and date: kind, n_control, n, control, treatment,
        difference, low, high, lift, lift_low, lift_high, p_value as in `table`, of the
        units that had come and of what they had by then. With method="fixed" each
        interval holds for a single look; those of "always" hold together; with
        "sequential" there are some at planned looks and today alone. Where a group has
        fewer than two units a day is not there.
        """
        if DAY not in self._units.rows:
            return pd.DataFrame()
        return over_time(self._groups, self._units, self._metrics, self._look)

    def over_time_chart(self, lang: str = "en") -> alt.VConcatChart | None:
        """Draw the lift day by day with what bounds it; None without times."""
        return days_chart(self.over_time, self._look, self.verdict, lang)

    @cached_property
    def bootstrap(self) -> pd.DataFrame:
        """Means and ratios resampled 4,000 times, to check Welch's intervals by.

        One row per mean and ratio of `table`: metric, variant; low, high, the
        percentiles of the difference, and lift_low, lift_high, of the lift (NaN where
        the control may be 0 or less), at `confidence` for a single look; welch_low,
        welch_high, of the difference; skew_control, skew, how skewed the values of each
        group are, cut, net and weighted as in `table`; agrees, whether both
        intervals leave out 0 on the same side, or neither does. Of groups with less
        than 30 units there is Welch's interval and the skewness alone.

        Each unit is in a sample as often as a Poisson number of mean 1 says. Of
        groups above 1,000 units that is drawn for the 1,000 furthest from the mean, and
        the sum over all others is drawn as a normal number of the same mean and
        variance; see `opslib.stats.resampling`. The seed is fixed.
        """
        return bootstrapped(self._groups, self._metrics, self._pairs, self.confidence)

    def users(
        self, variant: str | None = None, *, metric: str | None = None
    ) -> pd.Series:
        """Return the ids of the units that are counted.

        Args:
            variant: Only of this variant; None for all.
            metric: Only those with a value of it above 0; None for all.

        Raises:
            Error: The test has no such variant or metric, or its table had no ids.
        """
        rows = self._units.rows
        if "unit" not in rows:
            raise Error("ab.no_ids")
        check_choice("variant", variant, sorted(rows["variant"].unique()))
        check_choice("metric", metric, self.table["metric"].unique().tolist())
        chosen = pd.Series(data=True, index=rows.index)
        if variant is not None:
            chosen &= rows["variant"] == variant
        if metric is not None:
            column = next(m.numerator for m in self._metrics if m.name == metric)
            chosen &= rows[column] > 0
        return rows.loc[chosen, "unit"].astype("str").rename("user")


def ab_test(
    table: pd.DataFrame,
    *,
    metrics: Sequence[str | Mapping[str, Any]],
    control: str | None = None,
    guardrails: Sequence[str | Mapping[str, Any]] = (),
    segments: Sequence[str] = (),
    strata: Sequence[str] = (),
    covariate: str | None = None,
    winsorize: float | None = None,
    margin: float | None = None,
    correction: str = "holm",
    expected_split: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    planned_n: int | None = None,
    method: Method = "fixed",
    looks: int = 5,
    daily_traffic: float | None = None,
) -> AbTestResult:
    """Compare the variants of an experiment on each metric; more is taken as better.

    A metric of 0 and 1, or true and false, is a share of units; any other number is a
    mean; with a denominator it is a ratio of sums, as revenue per order; a median or
    another quantile is compared by the bootstrap. Rows that repeat another exactly,
    units seen in several variants and units without a value are left out and counted.
    A unit with several different rows becomes one: numbers are added up, a yes in any
    row is a yes. Tests, intervals and verdicts are those of `ab_summary`; of a ratio,
    Welch's by the delta method; net of a covariate, Welch's of what is left (CUPED).

    Args:
        table: One row per unit, or per unit and day: columns unit, variant and the
            metrics. Without a column unit every row is one unit. With a column time
            (no numbers), the day of the row or of when the unit came in, the split is
            checked day by day, and `.over_time` has how the test went.
        metrics: Names of columns, or {"numerator": ..., "denominator": ...} of two;
            each may have a "name" and a "kind" ("share", "mean", "ratio", "median",
            or "quantile" with the "quantile" 0.01 to 0.99).
        control: The variant to compare with; None takes the one named like a control
            (control, A, 0, 对照组), else the first in order of name.
        guardrails: Metrics that must not get worse, spelled as those: "unharmed" when
            the interval of the lift lies above -margin (-0.01 if None), "harmed" when
            it lies below 0. They share no correction, and no winner depends on them.
        segments: Columns by whose values the effects are compared, in `.segments`.
            They are for exploring: verdicts are about all units.
        strata: Columns known before the experiment, as the city, or "time" for the day
            a unit came in: the variants are compared within each combination of their
            values, weighted by its share of all units. Combinations with fewer than 10
            units in a variant are one. Quantiles cannot be compared so.
        covariate: Column of what units did before the experiment, as their spending of
            the month before; shares and means, but no ratios or quantiles, are compared
            net of it, and the closer it goes with a metric the narrower its intervals.
            Units without a value are not adjusted.
        winsorize: Values of means and numerators beyond this quantile of those that
            are not 0 are cut to it, 0.9 to 1; a warning has the finding without.
        margin: Lifts between -margin and +margin do not matter (0.02 is 2 %); None
            never concludes that there is no meaningful difference.
        correction: "holm" over metrics x variants, or "none".
        expected_split: Planned share per variant, on any scale; None is equal shares.
        confidence: Coverage of the intervals, 0.5 to 0.999.
        planned_n: Units planned in all variants together; None if nothing was planned.
        method: "fixed", "sequential" or "always": how often the test is looked at, see
            `ab_summary`.
        looks: How many looks are planned, the last at the end.
        daily_traffic: Units per day that would all get the better variant, to say what
            that is worth; None says nothing of it.

    Raises:
        Error: A column that is missing, a metric that is not numeric or empty for a
            variant, fewer than two variants, or an unknown option.

    Example:
        >>> users = pd.DataFrame({"variant": ["A", "B"] * 500})
        >>> users["paid"] = [0, 1, 0, 0] * 250
        >>> result = ab_test(users, metrics=["paid"])
        >>> result.table[["metric", "variant", "control", "treatment", "verdict"]]
          metric variant  control  treatment verdict
        0   paid       B      0.0        0.5  winner
        >>> len(ab_test(users.assign(unit=range(1000)), metrics=["paid"]).users("B"))
        500
    """
    if not isinstance(table, pd.DataFrame):
        raise Error("ab.columns", got=[type(table).__name__])
    check_range("winsorize", winsorize, 0.9, 1)
    table = table.reset_index(drop=True).rename(columns=str)
    choices = measurable(table)
    specs = spelled(metrics, choices, "metrics")
    guarding = spelled(guardrails, choices, "guardrails") if guardrails else []
    for spec in guarding:
        if spec["name"] in {one["name"] for one in specs}:
            raise Error("ab.guardrails.both", metric=spec["name"])
    specs += guarding
    used = {spec[key] for spec in specs for key in PLACES if spec.get(key)}
    others = [name for name in choices if name not in used]
    check_choice("covariate", covariate, others)
    others = [name for name in others if name != covariate]
    cuts, layers = _listed(segments), _listed(strata)
    day, of_time = days(table)
    for cut in cuts:
        check_choice("segments", cut, others)
    for layer in layers:
        dated = [] if day is None else ["time"]
        check_choice("strata", layer, [*others, *dated])
    rows = pd.DataFrame({"variant": labels(table["variant"])})
    if "unit" in table:
        rows["unit"] = written(table["unit"])
    names = [name for name in table.columns if name in used or name == covariate]
    values = {name: numbers(table[name]) for name in names}
    shares = {name for name in names if is_share(values[name].to_numpy())}
    asked = known(specs, shares)
    kept = [name for name in dict.fromkeys([*cuts, *layers]) if name in others]
    rows = rows.assign(**values, **{name: table[name] for name in kept})
    if day is not None:
        rows = rows.assign(**{DAY: day})
    units = one_row_per_unit(table, rows, covariate, kept)
    counted = units.rows["variant"].value_counts()
    sizes = {str(name): int(n) for name, n in counted.items() if n}
    base = control_of(sizes, control)
    if day is not None:
        layers = [DAY if layer == "time" else layer for layer in layers]
    codes, of_strata = strata_of(units.rows, layers, sizes)
    groups = Groups(
        rows=units.rows,
        variants=sorted(sizes),
        base=base,
        before=covariate,
        winsorize=winsorize,
        strata=codes,
    )
    pairs, told, checks = groups.compared(asked)
    if day is not None:
        by_day = split_by_day(units.rows, groups.variants, within=DAY in layers)
        checks = (*by_day, *checks)
    by_value, of_segments = by_segment(groups, asked, cuts, confidence)
    found = compare(
        pairs,
        sizes,
        base=base,
        control=control,
        margin=margin,
        correction=correction,
        expected_split=expected_split,
        confidence=confidence,
        planned_n=planned_n,
        method=method,
        looks=looks,
        daily_traffic=daily_traffic,
        left_out=(*units.notes, *(note for note in told if note.code == MISSING)),
        remarks=[*of_time, *told, *of_strata, *of_segments],
        guards={spec["name"] for spec in guarding},
        checks=(*units.checks, *checks),
    )
    return AbTestResult(
        **{item.name: getattr(found, item.name) for item in fields(found)},
        segments=by_value,
        _units=units,
        _groups=groups,
        _metrics=asked,
        _look=Look(method, sum(sizes.values()), planned_n, looks, 1 - confidence),
    )


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
