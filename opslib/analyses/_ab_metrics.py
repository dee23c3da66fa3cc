"""The metrics of an experiment: read, capped, and reduced to pairs of groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_pair import Pair
from opslib.analyses.ab_checks import before_check
from opslib.analyses.ab_result import Check
from opslib.result import Error, Note, check_choice
from opslib.stats import cuped
from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments, moments
from opslib.stats.proportions import TwoProportions
from opslib.stats.ratios import ratio

Floats = npt.NDArray[np.float64]
MISSING = "ab.left_out.missing"
KEYS = ("name", "numerator", "denominator", "kind")


@dataclass(frozen=True)
class Metric:
    """What is measured: a column, or a ratio of two.

    Attributes:
        name: What it is called.
        numerator: The column; of a ratio the one above.
        denominator: Of a ratio the column below; else None.
        kind: "share", "mean" or "ratio".
    """

    name: str
    numerator: str
    denominator: str | None
    kind: str

    @property
    def columns(self) -> list[str]:
        """The columns it is made of."""
        return [self.numerator, *([self.denominator] if self.denominator else [])]


def spelled(
    given: Any,  # noqa: ANN401
    choices: Sequence[str],
    option: str,
) -> list[dict[str, Any]]:
    """Read an option like `metrics`: names of columns, or what `Metric` has, by key.

    Raises:
        Error: None, a key or a column that there is not, or two of one name.
    """
    several = isinstance(given, Sequence) and not isinstance(given, str)
    found: dict[str, dict[str, Any]] = {}
    for one in given if several else [given]:
        spec = dict(one) if isinstance(one, Mapping) else {"numerator": str(one)}
        for key in spec:
            check_choice(option, key, KEYS)
        below = spec.get("denominator")
        above = spec.setdefault("numerator", spec.get("name"))
        for name in (above, *([below] if below is not None else [])):
            if name not in choices:
                raise Error("option.column", option=option, got=name, choices=choices)
        usual = above if below is None else f"{above} / {below}"
        name = str(spec.setdefault("name", usual))
        if found.setdefault(name, spec) != spec:
            raise Error("ab.metric.twice", metric=name)
    if not found:
        raise Error("ab.metrics", choices=choices)
    return list(found.values())


def known(specs: Sequence[Mapping[str, Any]], shares: set[str]) -> list[Metric]:
    """Say of what kind each metric is, given the columns of 0 and 1.

    Raises:
        Error: A kind that it cannot be.
    """
    metrics = []
    for spec in specs:
        above, below = spec["numerator"], spec.get("denominator")
        can = ["ratio"] if below else ["mean"]
        if below is None and above in shares:
            can = ["share", "mean"]
        kind = spec.get("kind") or can[0]
        if kind not in can:
            raise Error("ab.metric.kind", metric=spec["name"], got=kind, choices=can)
        metrics.append(Metric(spec["name"], above, below, kind))
    return metrics


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The units of an experiment, for metrics to be compared.

    Attributes:
        rows: One row per unit.
        variants: All of them, in order of name.
        base: The control.
        before: The column from before the experiment, if any.
        cap: Quantile beyond which values are cut, if any.
    """

    rows: pd.DataFrame
    variants: Sequence[str]
    base: str
    before: str | None
    cap: float | None

    def compared(
        self, metrics: Sequence[Metric]
    ) -> tuple[dict[tuple[str, str], Pair], list[Note], tuple[Check, ...]]:
        """Compare every other variant with the control on each metric.

        Returns:
            Pairs by metric and variant, what is to be told of them, and a check of the
            column from before.

        Raises:
            Error: A variant has no value of a metric, or a ratio nothing below.
        """
        notes: list[Note] = []
        checks: tuple[Check, ...] = ()
        before = None
        if self.before is not None:
            before, n = _filled(self.rows[self.before])
            if n:
                notes.append(Note("ab.cuped.unknown", n=n, before=self.before))
            pairs = self._pairs(self._arms([before]), "mean")
            checks = (before_check(pairs.values(), self.before),)
        found: dict[tuple[str, str], Pair] = {}
        for metric in metrics:
            pairs, told = self._compared(metric, before)
            found |= {(metric.name, variant): pair for variant, pair in pairs.items()}
            notes += told
        return found, notes, checks

    def _compared(
        self, metric: Metric, before: Floats | None
    ) -> tuple[dict[str, Pair], list[Note]]:
        """Compare the variants on one metric."""
        notes = []
        columns = [self.rows[name].to_numpy(float) for name in metric.columns]
        if metric.kind == "share":
            # Of several rows that were added up, a yes in any is a yes.
            columns[0] = np.minimum(columns[0], 1)
        if blank := int(np.isnan(columns).any(axis=0).sum()):
            notes.append(Note(MISSING, n=blank, metric=metric.name))
        adjusts = before is not None and metric.kind != "ratio"
        if before is not None and adjusts:
            columns.append(before)
        elif before is not None:
            notes.append(Note("ab.cuped.ratio", metric=metric.name))
        arms = self._arms(columns)
        for variant, arm in zip(self.variants, arms, strict=True):
            values = {"metric": metric.name, "variant": variant}
            if arm.n == 0:
                raise Error("ab.metric.empty", **values)
            if metric.denominator is not None and arm.mean[1] == 0:
                raise Error("ab.metric.denominator", **values)
        pairs = self._pairs(arms, metric.kind, adjusts=adjusts)
        if self.cap is not None and metric.kind != "share":
            columns[0], most, n = _capped(columns[0], self.cap)
            if n:
                notes += [
                    _uncapped(metric.name, variant, most, n, pair)
                    for variant, pair in pairs.items()
                ]
                arms = self._arms(columns)
                pairs = self._pairs(arms, metric.kind, adjusts=adjusts)
        if adjusts:
            notes.append(
                Note(
                    "ab.cuped",
                    metric=metric.name,
                    before=self.before,
                    share=cuped.saved(arms),
                )
            )
        return pairs, notes

    @cached_property
    def _codes(self) -> npt.NDArray[np.intp]:
        """The place of each unit's variant among them."""
        column = self.rows["variant"].cat.set_categories(self.variants)
        return np.asarray(column.cat.codes, np.intp)

    def _arms(self, columns: Sequence[Floats]) -> list[Moments]:
        return moments(columns, self._codes, len(self.variants))

    def _pairs(
        self, arms: Sequence[Moments], kind: str, *, adjusts: bool = False
    ) -> dict[str, Pair]:
        """Set each other variant beside the control, given what they have."""
        by_name = dict(zip(self.variants, arms, strict=True))
        control = by_name.pop(self.base)
        theta = cuped.slope(arms) if adjusts else 0.0
        return {
            variant: cuped.adjusted(control, arm, theta, kind)
            if adjusts
            else _pair(control, arm, kind)
            for variant, arm in by_name.items()
        }


def _pair(control: Moments, treatment: Moments, kind: str) -> Pair:
    arms = (control, treatment)
    if kind == "share":
        (n_control, x_control), (n, x) = ((a.n, round(a.n * a.mean[0])) for a in arms)
        return TwoProportions(n_control, int(x_control), n, int(x))
    if kind == "ratio":
        values = [ratio(arm) for arm in arms]
    else:
        values = [(float(a.mean[0]), float(a.covariance[0, 0]) ** 0.5) for a in arms]
    (mean_control, sd_control), (mean, sd) = values
    return TwoMeans(
        control.n, mean_control, sd_control, treatment.n, mean, sd, kind=kind
    )


def _filled(column: pd.Series) -> tuple[Floats, int]:
    """Give units that have no value the mean, which adjusts nothing; count them.

    Raises:
        Error: All values are the same.
    """
    values = column.to_numpy(float)
    unknown = np.isnan(values)
    seen = values[~unknown]
    if not len(seen) or seen.min() == seen.max():
        raise Error("ab.before.constant", before=column.name)
    return np.where(unknown, seen.mean(), values), int(unknown.sum())


def _capped(values: Floats, quantile: float) -> tuple[Floats, float, int]:
    """Cut values at a quantile of those that are not 0.

    Returns:
        The values, where they were cut, and how many were.
    """
    some = values[~np.isnan(values) & (values != 0)]
    most = float(np.quantile(some, quantile)) if len(some) else np.inf
    return np.minimum(values, most), most, int((values > most).sum())


def _uncapped(metric: str, variant: str, most: float, n: int, pair: Pair) -> Note:
    """Say what was found with all values as they are."""
    scale = "difference" if pair.lift_problem() else "lift"
    change = pair.difference / (1 if scale == "difference" else pair.control)
    return Note(
        "ab.winsorized",
        metric=metric,
        variant=variant,
        most=most,
        n=n,
        change=Note("ab.gap.lift" if scale == "lift" else "ab.gap.mean", value=change),
        p=pair.test()[0],
    )
