"""Sums of an experiment, as a warehouse gives them, reduced to pairs of groups."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opslib.analyses._ab_metrics import paired
from opslib.analyses._ab_pair import Pair
from opslib.analyses.ab_checks import before_check
from opslib.analyses.ab_result import Check
from opslib.result import Error, Note, check_choice
from opslib.stats import cuped
from opslib.stats.moments import Moments

OWN = ("n", "sum", "sum_squares")
BELOW = ("denominator_sum", "denominator_sum_squares", "sum_products")
BEFORE = ("before_sum", "before_sum_squares", "before_sum_products")
COLUMNS = ("variant", "metric", *OWN, *BELOW, *BEFORE)
# What a metric without a name is called.
NAMES = {"share": "conversion", "mean": "mean", "ratio": "ratio"}
LARGEST = 1e200
# What sums lose by rounding, as a part of them.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Summed:
    """One metric, summed up by variant.

    Attributes:
        name: What it is called; what it is if it was not named.
        kind: "share", "mean" or "ratio".
        arms: By variant, the moments of what is measured, of what is below it, and of
            what was before.
        adjusts: Whether sums of what was before are there.
    """

    name: str
    kind: str
    arms: Mapping[str, Moments]
    adjusts: bool

    def compared(self, base: str) -> tuple[dict[str, Pair], list[Note]]:
        """Set each other variant beside the control, and say how."""
        arms = {
            variant: _part(arm, [0, 1] if self.kind == "ratio" else [0])
            for variant, arm in self.arms.items()
        }
        if not self.adjusts:
            return _paired(arms, base, self.kind), []
        if self.kind == "ratio":
            return _paired(arms, base, "ratio"), [
                Note("ab.cuped.ratio", metric=self.name)
            ]
        share = cuped.saved(list(self.arms.values()))
        note = Note("ab.cuped", metric=self.name, before="before", share=share)
        return _paired(self.arms, base, self.kind, adjusts=True), [note]


def summed(given: Any) -> list[Summed]:  # noqa: ANN401
    """Read rows of sums, each of one variant and metric.

    Raises:
        Error: Rows that cannot be, by number and column; a metric without a variant.
    """
    found: dict[str | None, dict[str, tuple[int, dict[str, Any]]]] = {}
    rows = _rows(given)
    named = any("metric" in row for row in rows)
    for number, row in enumerate(rows, 1):
        texts = {}
        for column in ("variant", *(["metric"] if named else [])):
            texts[column] = _text(row.get(column))
            if not texts[column]:
                raise Error("ab.sums.value", row=number, column=column, got="")
        variant, metric = texts["variant"], texts.get("metric")
        own = found.setdefault(metric, {})
        if variant in own:
            raise Error("ab.sums.twice", row=number, other=own[variant][0])
        own[variant] = number, row
    every = {variant for own in found.values() for variant in own}
    for metric, own in found.items():
        if every - set(own):
            names = {"metric": metric or "", "variants": sorted(every - set(own))}
            raise Error("ab.sums.missing", **names)
    return [_metric(metric, own) for metric, own in found.items()]


def checked_before(metrics: Iterable[Summed], base: str) -> tuple[Check, ...]:
    """Look for differences in what the units did before, each asked once."""
    pairs: set[Pair] = set()
    for metric in metrics:
        if metric.adjusts:
            last = {name: _part(arm, [-1]) for name, arm in metric.arms.items()}
            pairs |= set(_paired(last, base, "mean").values())
    return (before_check(pairs, "before"),) if pairs else ()


def _paired(
    arms: Mapping[str, Moments], base: str, kind: str, *, adjusts: bool = False
) -> dict[str, Pair]:
    """Set each other variant beside the control, given the moments of each."""
    theta = cuped.slope(list(arms.values())) if adjusts else 0.0
    return {
        variant: cuped.adjusted(arms[base], arm, theta, kind)
        if adjusts
        else paired(arms[base], arm, kind)
        for variant, arm in arms.items()
        if variant != base
    }


def _rows(given: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return what each row has; a blank is as if it were not there."""
    if isinstance(given, pd.DataFrame):
        given = given.rename(columns=str).to_dict("records")
    several = isinstance(given, Iterable) and not isinstance(given, str)
    rows = list(given) if several else []
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise Error("ab.counts.mapping", got=type(given).__name__)
    for row in rows:
        for column in row:
            check_choice("counts", column, COLUMNS)
    return [
        {name: value for name, value in row.items() if not _is_blank(value)}
        for row in rows
    ]


def _is_blank(value: Any) -> bool:  # noqa: ANN401
    return value is None or (np.ndim(value) == 0 and bool(pd.isna(value)))


def _text(value: object) -> str:
    """Write a name; 1.0 beside blanks is 1."""
    whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if whole else value).strip()  # type: ignore[call-overload]


def _metric(name: str | None, own: Mapping[str, tuple[int, dict[str, Any]]]) -> Summed:
    """Reduce the rows of one metric."""
    given = {column for _, row in own.values() for column in row}
    asked = [*OWN]
    for more in (BELOW, BEFORE):
        asked += more if given & set(more) else []
    numbers = {
        variant: {column: _number(row, column, number) for column in asked}
        for variant, (number, row) in own.items()
    }
    arms = {
        variant: _moments(numbers[variant], number)
        for variant, (number, _) in own.items()
    }
    adjusts = "before_sum" in asked
    if adjusts and not any(arm.products[-1, -1] > 0 for arm in arms.values()):
        raise Error("ab.before.constant", before="before")
    kind = "mean"
    if "denominator_sum" in asked:
        kind = "ratio"
        for variant in own:
            if numbers[variant]["denominator_sum"] == 0:
                values = {"metric": name or NAMES[kind], "variant": variant}
                raise Error("ab.metric.denominator", **values)
    elif all(
        one["sum"] == one["sum_squares"] and one["sum"] % 1 == 0
        for one in numbers.values()
    ):
        kind = "share"
    return Summed(name or NAMES[kind], kind, arms, adjusts)


def _number(row: Mapping[str, Any], column: str, number: int) -> float:
    """Return what a row holds in a column, if it can be."""
    got = row.get(column)
    try:
        value = math.nan if got is None else float(got)
    except (TypeError, ValueError):
        value = math.nan
    if not abs(value) < LARGEST or (column == "n" and (value < 1 or value % 1)):
        code = "ab.sums.n" if column == "n" else "ab.sums.value"
        raise Error(
            code, row=number, column=column, got="" if got is None else str(got)
        )
    return value


def _moments(sums: Mapping[str, float], number: int) -> Moments:
    """Reduce the sums of one variant, if any values can have them."""
    n = int(sums["n"])
    columns = [("sum", "sum_squares", "")]
    if "denominator_sum" in sums:
        columns.append(("denominator_sum", "denominator_sum_squares", "sum_products"))
    if "before_sum" in sums:
        columns.append(("before_sum", "before_sum_squares", "before_sum_products"))
    products = np.zeros((len(columns), len(columns)))
    for i, (plain, squares, across) in enumerate(columns):
        least = sums[plain] ** 2 / n
        if not sums[squares] >= least * (1 - ROUNDING):
            bound = {"column": squares, "got": sums[squares], "least": least}
            raise Error("ab.sums.squares", row=number, **bound)
        products[i, i] = max(sums[squares], least)
        if not across:
            continue
        centre = sums["sum"] * sums[plain] / n
        spread = [products[j, j] - sums[columns[j][0]] ** 2 / n for j in (0, i)]
        reach = math.sqrt(max(0.0, spread[0])) * math.sqrt(max(0.0, spread[1]))
        # The roots of what rounding leaves of equal numbers are not small.
        slack = ROUNDING * math.sqrt(products[0, 0]) * math.sqrt(products[i, i])
        if not abs(sums[across] - centre) <= reach + slack:
            bound = {"low": centre - reach, "high": centre + reach}
            told = {"column": across, "got": sums[across]}
            raise Error("ab.sums.products", row=number, **told, **bound)
        products[0, i] = products[i, 0] = sums[across]
    return Moments.from_sums(n, [sums[plain] for plain, _, _ in columns], products)


def _part(arm: Moments, columns: list[int]) -> Moments:
    """Return the moments of some of the columns."""
    products = arm.products[np.ix_(columns, columns)]
    return Moments(arm.n, arm.mean[columns], products)
