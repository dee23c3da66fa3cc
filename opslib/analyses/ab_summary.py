"""A/B test from sums: did a variant change a share or a mean?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from opslib.analyses._ab_compare import compare
from opslib.analyses._ab_pair import Pair
from opslib.analyses._ab_sums import NAMES, Summed, checked_before, summed
from opslib.analyses.ab_result import AbResult
from opslib.result import Error, Note
from opslib.stats.means import TwoMeans
from opslib.stats.proportions import TwoProportions

CONTROL = re.compile(
    r"control.*|ctrl|baseline|original|old|hold ?out|no(ne|t)?([ _-].*)?|off|false|0"
    r"|a|group[ _-]?a|a ?组|gate_30|.*对照.*|控制组|基准.*|原版.*|旧版.*|空白.*",
    re.IGNORECASE,
)
MOST_VARIANTS = 50
# Names of ours, which a sentence puts into words.
UNNAMED = {NAMES["share"], NAMES["mean"]}
LARGEST = 1e100

Sample = Sequence[float]
Method = Literal["fixed", "sequential", "always"]


def ab_summary(
    counts: Mapping[str, Sample] | Sequence[Mapping[str, Any]] | pd.DataFrame,
    *,
    control: str | None = None,
    margin: float | None = None,
    correction: str = "holm",
    expected_split: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    planned_n: int | None = None,
    method: Method = "fixed",
    looks: int = 5,
    daily_traffic: float | None = None,
) -> AbResult:
    """Compare variants from their counts; more is taken to be better.

    Shares: pooled z-test (exact below 5 expected), Miettinen-Nurminen interval of the
    difference, Koopman interval of the lift. Means: Welch's test and interval, Fieller
    interval of the lift. The verdict is "winner" or "loser" below 1 - `confidence`
    after correction, "no_meaningful_difference" only by two one-sided tests within
    `margin`, else "too_early"; always "too_early" when the split fails, fewer than
    `planned_n` units are in, or a group is small (shares: 100 units and 25 successes
    expected; means: 150 units).

    Args:
        counts: Per variant [units, successes], or [units, mean, standard deviation].
            Or sums, as a warehouse gives them: a table, or a list of rows by name, with
            one row per variant, and metric if there are several: variant, metric, n,
            sum, sum_squares; of a ratio also denominator_sum, denominator_sum_squares
            and sum_products (numerator times denominator); to compare net of what was
            before also before_sum, before_sum_squares and before_sum_products (value
            times what was before). A metric whose sum and sum_squares are one whole
            number in each variant is a share. They give what `ab_test` does of the
            units; the units of a variant are the most that any metric has.
        control: The variant to compare with; None takes the one named like a control
            (control, A, 0, 对照组), else the first in order of name.
        margin: Lifts between -margin and +margin do not matter (0.02 is 2 %); None
            never concludes that there is no meaningful difference.
        correction: "holm" over all comparisons, or "none".
        expected_split: Planned share per variant, on any scale; None is equal shares.
        confidence: Coverage of the intervals, 0.5 to 0.999.
        planned_n: Units planned in all variants together; None if nothing was planned.
        method: "fixed" holds for a single look, at the end; "sequential" for as many
            planned ones as `looks`, evenly spread (alpha spent as O'Brien and Fleming
            would); "always" for any number at any time (a confidence sequence). The
            last two need `planned_n`, and allow for it in p values and intervals.
        looks: How many looks are planned, the last at the end.
        daily_traffic: Units per day that would all get the better variant, to say what
            that is worth; None says nothing of it.

    Raises:
        Error: Counts that cannot be, fewer than two variants, or an unknown option.

    References:
        Bounds of the split check after GrowthBook and Statsig (.001, .01); least sizes
        after Optimizely (100 visitors, 25 conversions) and GrowthBook (150 units).

    Example:
        >>> result = ab_summary({"A": [5000, 500], "B": [5000, 600]})
        >>> result.table[["variant", "lift", "p_value", "verdict"]].round(4)
          variant  lift  p_value verdict
        0       B   0.2   0.0014  winner
        >>> names = ["variant", "n", "sum", "sum_squares"]
        >>> sums = [["A", 5000, 500, 500], ["B", 5000, 600, 600]]
        >>> result = ab_summary(pd.DataFrame(sums, columns=names))
        >>> result.table[["variant", "kind", "lift", "p_value"]].round(4)
          variant   kind  lift   p_value
        0       B  share   0.2    0.0014
    """
    sums: list[Summed] = []
    pairs: dict[tuple[str, str], Pair] = {}
    notes: list[Note] = []
    if isinstance(counts, Mapping):
        units, base, pairs = _typed(counts, control)
    else:
        sums = summed(counts)
        units = {
            name: max(metric.arms[name].n for metric in sums) for name in sums[0].arms
        }
        base = control_of(units, control)
    for metric in sums:
        compared, told = metric.compared(base)
        pairs |= {
            (metric.name, variant): compared[variant] for variant in sorted(compared)
        }
        notes += told
    return compare(
        pairs,
        units,
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
        remarks=notes,
        checks=checked_before(sums, base),
        metric_named=any(metric.name not in UNNAMED for metric in sums),
    )


def _typed(
    counts: Mapping[str, Sample], control: str | None
) -> tuple[dict[str, int], str, dict[tuple[str, str], Pair]]:
    """Read the counts of one metric: units, the control, and the pairs."""
    samples = {str(name): _sample(str(name), values) for name, values in counts.items()}
    if len({len(sample) for sample in samples.values()}) > 1:
        raise Error("ab.counts.mixed")
    base = control_of(samples, control)
    metric = NAMES["share" if len(samples[base]) == 2 else "mean"]
    pairs = {
        (metric, variant): _pair(samples[base], samples[variant])
        for variant in sorted(samples)
        if variant != base
    }
    return {name: int(sample[0]) for name, sample in samples.items()}, base, pairs


def _sample(variant: str, values: Sample) -> Sample:
    """Check one variant's counts."""
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").tolist()
    whole = len(numbers) in {2, 3} and numbers[0] >= 1 and numbers[0] % 1 == 0
    # The square of a larger one overflows.
    right = whole and all(abs(number) < LARGEST for number in numbers)
    if right and len(numbers) == 2:
        right = 0 <= numbers[1] <= numbers[0] and numbers[1] % 1 == 0
    if not right or (len(numbers) == 3 and numbers[2] < 0):
        raise Error("ab.counts", variant=variant, got=str(values))
    return [int(numbers[0]), *numbers[1:]]


def control_of(variants: Iterable[str], control: str | None) -> str:
    """Take the control asked for, or one that is named so, or the first.

    Raises:
        Error: It is not there, or there are fewer than two variants, or too many.
    """
    names = sorted(variants)
    if len(names) < 2:
        raise Error("ab.variants.one", got=names)
    if len(names) > MOST_VARIANTS:
        raise Error("ab.variants.many", n=len(names), most=MOST_VARIANTS, got=names)
    if control is not None:
        if str(control) not in names:
            raise Error("option.choice", option="control", got=control, choices=names)
        return str(control)
    return likely_control(names)


def likely_control(names: Sequence[str]) -> str:
    """Return the variant that is named like a control, else the first by name.

    Example:
        >>> likely_control(["B", "A"]), likely_control(["新版", "对照组"])
        ('A', '对照组')
    """
    ordered = sorted(names)
    likely = (name for name in ordered if CONTROL.fullmatch(name.strip()))
    return next(likely, ordered[0])


def _pair(control: Sample, treatment: Sample) -> Pair:
    if len(control) == 2:
        (n_control, x_control), (n, x) = control, treatment
        return TwoProportions(int(n_control), int(x_control), int(n), int(x))
    (n_control, mean_control, sd_control), (n, mean, sd) = control, treatment
    return TwoMeans(int(n_control), mean_control, sd_control, int(n), mean, sd)
