"""Means and ratios of an experiment resampled, beside Welch's intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_metrics import Groups, Metric
from opslib.analyses._ab_pair import Pair
from opslib.stats.resampling import FEWEST, drawn, resampled

Floats = npt.NDArray[np.float64]
COLUMNS = [
    *("metric", "variant", "low", "high", "lift_low", "lift_high"),
    *("welch_low", "welch_high", "skew_control", "skew", "agrees"),
]


def bootstrapped(
    groups: Groups,
    metrics: Sequence[Metric],
    pairs: Mapping[tuple[str, str], Pair],
    confidence: float,
) -> pd.DataFrame:
    """Return the table that `opslib.ab_test(...).bootstrap` documents."""
    random = np.random.default_rng(0)
    weighed = [metric for metric in metrics if metric.kind in {"mean", "ratio"}]
    measured = {metric.name: groups.measured(metric) for metric in weighed}
    means: dict[tuple[str, str], Floats] = {}
    for place, variant in enumerate(groups.variants if weighed else ()):
        weights = drawn(random)
        for name, found in measured.items():
            own = (found.group == place) & ~np.isnan(found.influence)
            if own.sum() >= FEWEST:
                columns = [column[own] for column in found.columns]
                influence = found.influence[own]
                means[name, variant] = resampled(columns, influence, weights, random)
    rows: list[dict[str, Any]] = []
    for name, found in measured.items():
        skew = dict(zip(groups.variants, found.skew, strict=True))
        for variant in groups.variants:
            if variant == groups.base:
                continue
            pair = pairs[name, variant]
            both = (means.get((name, groups.base)), means.get((name, variant)))
            rows.append(
                {
                    "metric": name,
                    "variant": variant,
                    **_bounds(pair, both, found.theta, confidence),
                    "skew_control": skew[groups.base],
                    "skew": skew[variant],
                }
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"agrees": "boolean"})


def _bounds(
    pair: Pair,
    means: tuple[Floats | None, Floats | None],
    theta: float,
    confidence: float,
) -> dict[str, Any]:
    """Bound a difference and its lift by percentiles, and say if Welch agrees."""
    welch = pair.difference_interval(confidence)
    control, treatment = means
    low = high = lift_low = lift_high = math.nan
    agrees: Any = pd.NA
    if control is not None and treatment is not None and not pair.problem:
        if pair.kind == "ratio":
            base = control[:, 0] / control[:, 1]
            change = treatment[:, 0] / treatment[:, 1] - base
        else:
            base, change = control[:, 0], treatment[:, 0] - control[:, 0]
            if control.shape[1] > 1:
                change = change - theta * (treatment[:, 1] - control[:, 1])
        ends = (1 - confidence) / 2, (1 + confidence) / 2
        low, high = map(float, np.quantile(change, ends))
        if (base > 0).all():
            lift_low, lift_high = map(float, np.quantile(change / base, ends))
        agrees = (low > 0, high < 0) == (welch[0] > 0, welch[1] < 0)
    return {
        "low": low,
        "high": high,
        "lift_low": lift_low,
        "lift_high": lift_high,
        "welch_low": welch[0],
        "welch_high": welch[1],
        "agrees": agrees,
    }
