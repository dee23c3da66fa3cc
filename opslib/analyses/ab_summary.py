"""A/B test from sums: did a variant change a share or a mean?"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from opslib.analyses.ab_checks import (
    Pair,
    is_small,
    lift_check,
    planned_check,
    sample_check,
    split_check,
)
from opslib.analyses.ab_result import AbResult, Check, form, metric_note
from opslib.result import Error, Note, check_range
from opslib.stats.means import TwoMeans
from opslib.stats.multiplicity import holm
from opslib.stats.proportions import TwoProportions

CONTROL = re.compile(
    r"control.*|ctrl|baseline|original|old|hold ?out|no(ne|t)?([ _-].*)?|off|false|0"
    r"|a|group[ _-]?a|a ?组|gate_30|.*对照.*|控制组|基准.*|原版.*|旧版.*|空白.*",
    re.IGNORECASE,
)
MOST_VARIANTS = 50
LARGEST = 1e100

Sample = Sequence[float]


def ab_summary(
    counts: Mapping[str, Sample],
    *,
    control: str | None = None,
    margin: float | None = None,
    correction: str = "holm",
    expected_split: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    planned_n: int | None = None,
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
        control: The variant to compare with; None takes the one named like a control
            (control, A, 0, 对照组), else the first in order of name.
        margin: Lifts between -margin and +margin do not matter (0.02 is 2 %); None
            never concludes that there is no meaningful difference.
        correction: "holm" over all comparisons, or "none".
        expected_split: Planned share per variant, on any scale; None is equal shares.
        confidence: Coverage of the intervals, 0.5 to 0.999.
        planned_n: Units planned in all variants together; None if nothing was planned.

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
    """
    if not isinstance(counts, Mapping):
        raise Error("ab.counts.mapping", got=type(counts).__name__)
    samples = {str(name): _sample(str(name), values) for name, values in counts.items()}
    if len({len(sample) for sample in samples.values()}) > 1:
        raise Error("ab.counts.mixed")
    base = control_of(samples, control)
    metric = "conversion" if len(samples[base]) == 2 else "mean"
    return compare(
        {
            (metric, variant): _pair(samples[base], samples[variant])
            for variant in sorted(samples)
            if variant != base
        },
        {name: int(sample[0]) for name, sample in samples.items()},
        base=base,
        control=control,
        margin=margin,
        correction=correction,
        expected_split=expected_split,
        confidence=confidence,
        planned_n=planned_n,
        metric_named=False,
    )


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


def compare(
    pairs: Mapping[tuple[str, str], Pair],
    units: Mapping[str, int],
    *,
    base: str,
    control: str | None,
    margin: float | None,
    correction: str,
    expected_split: Mapping[str, float] | None,
    confidence: float,
    planned_n: int | None,
    left_out: tuple[Note, ...] = (),
    remarks: Sequence[Note] = (),
    checks: tuple[Check, ...] = (),
    metric_named: bool = True,
) -> AbResult:
    """Compare variants on several metrics, with the options of `ab_summary`.

    Args:
        pairs: Per metric and variant, the control and that variant.
        units: Units assigned to each variant, for the check of the split.
        base: The control that was taken.
        control: As there.
        margin: As there.
        correction: As there.
        expected_split: As there.
        confidence: As there.
        planned_n: As there.
        left_out: What the reduction to counts left out.
        remarks: What else there is to be told of it.
        checks: What the reduction to counts has checked.
        metric_named: False if the metric's name is ours, not the user's.
    """
    _check_options(margin, correction, confidence, planned_n)
    split, total = split_check(units, expected_split), sum(units.values())
    table = _table(pairs, confidence, correction)
    planned = planned_check(total, planned_n)
    failed = (check for check in (split, *planned) if check.status == "fail")
    gate = next((Note(f"ab.early.{c.name}", **c.note.values) for c in failed), None)
    verdict = []
    for row, pair in zip(table.to_dict("records"), pairs.values(), strict=True):
        family = int(table["p_value"].count()) if correction == "holm" else 1
        outcome, reason = _outcome(pair, row, margin, 1 - confidence, family)
        if gate:
            outcome, reason = "too_early", gate
        elif planned and reason and reason.code == "ab.early.chance":
            reason = Note("ab.early.finished")
        name = metric_note(row["metric"], row["kind"], named=metric_named)
        who = {"metric": name, "variant": row["variant"], "control": base}
        verdict.append(Note(f"ab.{outcome}", **who, margin=margin, reason=reason))
    table["verdict"] = [note.code.removeprefix("ab.") for note in verdict]
    checks = (split, *planned, *checks, sample_check(pairs), lift_check(table))
    warnings = [] if control else [Note("ab.control", control=base)]
    warnings += [check.note for check in checks if check.status != "pass"]
    warnings += [note for note in (*left_out, *remarks) if note not in warnings]
    warnings += _missing(pairs, confidence, named=metric_named)
    return AbResult(
        table=table,
        warnings=tuple(warnings),
        checks=checks,
        verdict=tuple(verdict),
        left_out=left_out,
        control=base,
        confidence=confidence,
        correction=correction,
        metric_named=metric_named,
    )


def _check_options(
    margin: float | None, correction: str, confidence: float, planned_n: int | None
) -> None:
    if correction not in {"holm", "none"}:
        choices = ["holm", "none"]
        raise Error(
            "option.choice", option="correction", got=correction, choices=choices
        )
    limits = {
        "confidence": (confidence, 0.5, 0.999),
        "margin": (margin, 0.0001, 1),
        "planned_n": (planned_n, 2, 10**12),
    }
    for option, (got, low, high) in limits.items():
        check_range(option, got, low, high)


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


def _table(
    pairs: Mapping[tuple[str, str], Pair], confidence: float, correction: str
) -> pd.DataFrame:
    """Compute every statistic of every pair."""
    tests = [pair.test() for pair in pairs.values()]
    p_values = [p for p, _ in tests]
    holding = correction == "holm"
    family = max(1, sum(not math.isnan(p) for p in p_values)) if holding else 1
    rows = []
    for ((metric, variant), pair), (p, test) in zip(pairs.items(), tests, strict=True):
        low, high = pair.difference_interval(confidence)
        lift_low, lift_high = pair.lift_interval(confidence)
        wide = pair.difference_interval(1 - (1 - confidence) / family)
        rows.append(
            {
                "metric": metric,
                "variant": variant,
                "kind": pair.kind,
                "n_control": pair.n_control,
                "n": pair.n,
                "control": pair.control,
                "treatment": pair.treatment,
                "difference": pair.difference,
                "low": low,
                "high": high,
                "lift": math.nan
                if pair.lift_problem(confidence)
                else pair.difference / pair.control,
                "lift_low": lift_low,
                "lift_high": lift_high,
                "test": test,
                "p_value": p,
                "low_adjusted": wide[0],
                "high_adjusted": wide[1],
            }
        )
    table = pd.DataFrame(rows)
    table.insert(15, "p_adjusted", holm(p_values) if holding else p_values)
    return table


def _outcome(
    pair: Pair, row: Mapping[Any, Any], margin: float | None, alpha: float, family: int
) -> tuple[str, Note | None]:
    """Decide one comparison; what is too early carries its reason."""
    if pair.problem:
        return "too_early", Note(f"ab.early.{pair.problem}")
    if is_small(pair):
        return "too_early", Note(f"ab.early.small.{form(pair.kind)}")
    if margin is not None:
        low, high = pair.lift_interval(1 - 2 * alpha / family)
        if -margin < low and high < margin:
            return "no_meaningful_difference", None
    if row["p_adjusted"] >= alpha:
        return "too_early", Note("ab.early.chance")
    # An exact test and the score interval can disagree: then neither is enough.
    if row["low"] <= 0 <= row["high"]:
        return "too_early", Note("ab.early.exact")
    return ("winner" if row["difference"] > 0 else "loser"), None


def _missing(
    pairs: Mapping[tuple[str, str], Pair], confidence: float, *, named: bool
) -> list[Note]:
    """Give the reason of every statistic that is not there."""
    notes = []
    for (metric, variant), pair in pairs.items():
        reason = pair.problem or pair.lift_problem(confidence)
        if reason:
            name = metric_note(metric, pair.kind, named=named)
            code = f"ab.missing.{reason}"
            notes.append(Note(code, metric=name, variant=variant))
    return notes
