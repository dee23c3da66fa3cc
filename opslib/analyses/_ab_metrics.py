"""The metrics of an experiment: read, capped, and reduced to pairs of groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_pair import Pair, uncapped
from opslib.analyses._ab_skew import Measured, measured, skewed
from opslib.analyses.ab_checks import before_check
from opslib.analyses.ab_result import Check
from opslib.result import Error, Note, check_choice, check_range
from opslib.stats import cuped
from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments, moments, skewness
from opslib.stats.proportions import TwoProportions
from opslib.stats.quantiles import TwoQuantiles, quantile
from opslib.stats.ratios import ratio

Floats = npt.NDArray[np.float64]
MISSING = "ab.left_out.missing"
KEYS = ("name", "numerator", "denominator", "kind", "quantile")


@dataclass(frozen=True)
class Metric:
    """What is measured: a column, or a ratio of two.

    Attributes:
        name: What it is called.
        numerator: The column; of a ratio the one above.
        denominator: Of a ratio the column below; else None.
        kind: "share", "mean", "ratio" or "quantile".
        quantile: Which one, 0.01 to 0.99; else None.
    """

    name: str
    numerator: str
    denominator: str | None
    kind: str
    quantile: float | None = None

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
        at = 0.5 if spec.get("kind") == "median" else spec.get("quantile")
        if isinstance(at, int | float):
            usual = f"{above} p{100 * at:g}"
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
        can = ["ratio"] if below else ["mean", "median", "quantile"]
        if below is None and above in shares:
            can = ["share", "mean"]
        at = spec.get("quantile")
        kind = spec.get("kind") or (can[0] if at is None else "quantile")
        if at is not None and "quantile" in can:
            can = ["quantile"]
        if kind not in can or (at is not None and kind != "quantile"):
            raise Error("ab.metric.kind", metric=spec["name"], got=kind, choices=can)
        if kind == "quantile" and at is None:
            raise Error("ab.metric.quantile", metric=spec["name"])
        check_range("quantile", at, 0.01, 0.99)
        if kind == "median":
            kind, at = "quantile", 0.5
        metrics.append(Metric(spec["name"], above, below, kind, at))
    return metrics


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The units of an experiment, for metrics to be compared.

    Attributes:
        rows: One row per unit.
        variants: All of them, in order of name.
        base: The control.
        before: The column from before the experiment, if any.
        winsorize: Quantile beyond which values are cut, if any.
        strata: The stratum of each unit from 0 on, if they are compared within.
    """

    rows: pd.DataFrame
    variants: Sequence[str]
    base: str
    before: str | None = None
    winsorize: float | None = None
    strata: npt.NDArray[np.intp] | None = None

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
        if self.before is not None:
            if n := int(self.rows[self.before].isna().sum()):
                notes.append(Note("ab.cuped.unknown", n=n, before=self.before))
            alone = replace(self, before=None, strata=None)
            known = Metric(self.before, self.before, None, "mean")
            arms = alone.folded(moments([self.filled], alone.cell, alone.cells))
            checks = (before_check(alone.pairs(arms, known).values(), self.before),)
        found: dict[tuple[str, str], Pair] = {}
        for metric in metrics:
            pairs, told = self._compared(metric)
            found |= {(metric.name, variant): pair for variant, pair in pairs.items()}
            notes += told
        return found, notes, checks

    def _compared(self, metric: Metric) -> tuple[dict[str, Pair], list[Note]]:
        """Compare the variants on one metric."""
        notes = []
        values = self._values(metric)
        arms = self._arms(metric, self.cut(metric, values))
        if blank := len(self.rows) - sum(cell.n for arm in arms for cell in arm):
            notes.append(Note(MISSING, n=blank, metric=metric.name))
        if metric.quantile is not None:
            found = self.ordered(metric, values[0], self.cell)
            if found is None:
                few = self._first_without(values[0])
                raise Error("ab.metric.empty", metric=metric.name, variant=few)
            return found, [*notes, *self._unfit(metric)]
        if self.before is not None and not self.nets(metric):
            notes.append(Note("ab.cuped.ratio", metric=metric.name))
        for variant, arm in zip(self.variants, arms, strict=True):
            told = {"metric": metric.name, "variant": variant}
            if not any(cell.n for cell in arm):
                raise Error("ab.metric.empty", **told)
            if metric.denominator is not None and not any(c.mean[1] for c in arm):
                raise Error("ab.metric.denominator", **told)
            if self.strata is not None and min(cell.n for cell in arm) < 2:
                raise Error("ab.strata.metric", **told)
        pairs = self.pairs(arms, metric)
        most = self.most(metric)
        if n := int((values[0] > most).sum()):
            whole = self.pairs(self._arms(metric, values), metric)
            notes += [
                uncapped(metric.name, variant, most, n, pair)
                for variant, pair in whole.items()
            ]
        if self.nets(metric):
            share = cuped.saved([cell for arm in arms for cell in arm])
            notes.append(
                Note("ab.cuped", metric=metric.name, before=self.before, share=share)
            )
        if metric.kind in {"mean", "ratio"}:
            notes += skewed(metric.name, self.variants, *self._skewness(metric, arms))
        return pairs, notes

    def _skewness(
        self, metric: Metric, arms: Sequence[Sequence[Moments]]
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return how many units each variant has, and how skewed what they add is."""
        plain = metric.kind == "mean" and not self.nets(metric) and self.strata is None
        if plain:
            # What a unit adds is its value, but for the mean.
            (values,) = self.cut(metric, self._values(metric))
            return skewness(values, self.cell, len(arms))
        found = self.measured(metric, arms)
        return found.n, found.skew

    def measured(
        self, metric: Metric, arms: Sequence[Sequence[Moments]] | None = None
    ) -> Measured:
        """Return what is compared of a mean or a ratio, unit by unit."""
        values = self.cut(metric, self._values(metric))
        if arms is None:
            arms = self._arms(metric, values)
        columns = [*values, *([self.filled] if self.nets(metric) else [])]
        return measured(columns, arms, self.cell, metric.kind)

    def ordered(
        self, metric: Metric, values: Floats, place: npt.NDArray[np.intp]
    ) -> dict[str, Pair] | None:
        """Compare a quantile, given values and the places of their variants.

        Returns:
            None where a variant has no value.

        Raises:
            Error: It is to be compared within strata.
        """
        if self.strata is not None:
            raise Error("ab.strata.quantile", metric=metric.name)
        found = {}
        for i, variant in enumerate(self.variants):
            own = values[(place == i) & ~np.isnan(values)]
            if not len(own):
                return None
            found[variant] = quantile(own, metric.quantile or 0.5)
        control = found.pop(self.base)
        return {name: TwoQuantiles(control, arm) for name, arm in found.items()}

    def _first_without(self, values: Floats) -> str:
        there = set(self.cell[~np.isnan(values)].tolist())
        return next(v for i, v in enumerate(self.variants) if i not in there)

    def _unfit(self, metric: Metric) -> list[Note]:
        """Say which options do nothing to a quantile."""
        options = {"cuped": self.before, "winsorized": self.winsorize}
        return [
            Note(f"ab.{name}.quantile", metric=metric.name)
            for name, option in options.items()
            if option is not None
        ]

    def nets(self, metric: Metric) -> bool:
        """Say whether a metric is compared net of what was before."""
        return self.before is not None and metric.kind in {"share", "mean"}

    @cached_property
    def filled(self) -> Floats:
        """What was before; units that have no value get the mean: it adjusts nothing.

        Raises:
            Error: All values are the same.
        """
        values = self.rows[str(self.before)].to_numpy(float)
        unknown = np.isnan(values)
        seen = values[~unknown]
        if not len(seen) or seen.min() == seen.max():
            raise Error("ab.before.constant", before=self.before)
        return np.where(unknown, seen.mean(), values)

    def most(self, metric: Metric) -> float:
        """Return where a metric is cut: at a quantile of its values that are not 0."""
        if self.winsorize is None or metric.kind in {"share", "quantile"}:
            return np.inf
        return cut_at(self._values(metric)[0], self.winsorize)

    def cut(self, metric: Metric, values: Sequence[Floats]) -> list[Floats]:
        """Cut what is measured where it is to be; of rows added up a yes is one yes."""
        most = 1.0 if metric.kind == "share" else self.most(metric)
        if most == np.inf:
            return list(values)
        return [np.minimum(values[0], most), *values[1:]]

    @cached_property
    def cell(self) -> npt.NDArray[np.intp]:
        """The place of each unit's variant and stratum among them."""
        column = self.rows["variant"].cat.set_categories(self.variants)
        codes = np.asarray(column.cat.codes, np.intp)
        return codes if self.strata is None else codes * self._strata + self.strata

    @property
    def cells(self) -> int:
        """How many variants and strata there are."""
        return len(self.variants) * self._strata

    @cached_property
    def _strata(self) -> int:
        return 1 if self.strata is None else int(self.strata.max()) + 1

    def folded(self, cells: Sequence[Moments]) -> list[list[Moments]]:
        """Return what each variant has, stratum by stratum."""
        k = self._strata
        return [list(cells[i * k : (i + 1) * k]) for i in range(len(self.variants))]

    def _values(self, metric: Metric) -> list[Floats]:
        return [self.rows[name].to_numpy(float) for name in metric.columns]

    def _arms(self, metric: Metric, values: Sequence[Floats]) -> list[list[Moments]]:
        columns = [*values, *([self.filled] if self.nets(metric) else [])]
        return self.folded(moments(columns, self.cell, self.cells))

    def pairs(
        self, arms: Sequence[Sequence[Moments]], metric: Metric
    ) -> dict[str, Pair]:
        """Set each other variant beside the control, given what they have.

        Args:
            arms: Of each variant, its strata.
            metric: What is measured.
        """
        by_name = dict(zip(self.variants, arms, strict=True))
        control = by_name.pop(self.base)
        if not self.nets(metric) and self.strata is None:
            return {
                variant: paired(control[0], arm[0], metric.kind)
                for variant, arm in by_name.items()
            }
        every = [cell for arm in arms for cell in arm]
        theta = cuped.slope(every) if self.nets(metric) else None
        sizes = np.array([[cell.n for cell in arm] for arm in arms]).sum(axis=0)
        weights = (sizes / sizes.sum()).tolist()
        return {
            variant: cuped.stratified(
                control, arm, weights, theta=theta, kind=metric.kind
            )
            for variant, arm in by_name.items()
        }


def cut_at(values: Floats, quantile: float) -> float:
    """Return a quantile of the values that are not 0; infinite without any."""
    some = values[~np.isnan(values) & (values != 0)]
    return float(np.quantile(some, quantile)) if len(some) else np.inf


def paired(control: Moments, treatment: Moments, kind: str) -> Pair:
    """Set a variant beside the control, as a share, a mean or a ratio."""
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
