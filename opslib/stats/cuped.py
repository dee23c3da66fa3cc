"""Means compared net of what the units were before: CUPED and post-stratification."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TwoAdjusted(TwoMeans):
    """Two means whose difference is net of what the units were before.

    A lift is the difference over the mean of the control.

    Attributes:
        shift: What of the difference was there before.
        net: What control and treatment add to the variance of the difference.
        own: Variance of the control's mean, and its covariance with the difference.
        degrees: Degrees of freedom after Satterthwaite (1946).
    """

    shift: float
    net: tuple[float, float]
    own: tuple[float, float]
    degrees: float

    @property
    def difference(self) -> float:
        """How much more the treatment has, net of what it had before."""
        return self.treatment - self.control - self.shift

    @property
    def variances(self) -> tuple[float, float]:
        """What control and treatment add to the variance of the difference."""
        return self.net

    @property
    def base(self) -> tuple[float, float]:
        """Variance of the control's mean, and its covariance with the difference."""
        return self.own

    @property
    def freedom(self) -> float:
        """Degrees of freedom after Satterthwaite."""
        return self.degrees


def slope(arms: Sequence[Moments]) -> float:
    """Return by how much a metric rises with what was before, within the variants.

    Args:
        arms: Of each variant, or of each stratum of each, the moments of the metric
            and of the column before.

    Returns:
        theta; NaN where nothing varied before.
    """
    varied = sum(float(arm.products[1, 1]) for arm in arms)
    return (
        sum(float(arm.products[0, 1]) for arm in arms) / varied if varied else math.nan
    )


def saved(arms: Sequence[Moments]) -> float:
    """Return the share of variance that the column before explains, 0 to 1."""
    varied = sum(float(arm.products[0, 0]) for arm in arms)
    explained = slope(arms) * sum(float(arm.products[0, 1]) for arm in arms)
    return explained / varied if varied else math.nan


def adjusted(
    control: Moments, treatment: Moments, theta: float, kind: str = "mean"
) -> TwoAdjusted:
    """Compare two variants net of a column from before the experiment.

    Args:
        control: Moments of the metric and of the column before.
        treatment: The same.
        theta: The `slope`, of all variants of the experiment.
        kind: "mean", or "share" for a metric of 0 and 1.

    References:
        Deng, Xu, Kohavi & Walker (2013), Improving the Sensitivity of Online Controlled
        Experiments, WSDM.

    Example:
        >>> a = Moments.from_sums(4, [10, 10], [[30, 29], [29, 30]])
        >>> b = Moments.from_sums(4, [14, 12], [[54, 46], [46, 40]])
        >>> pair = adjusted(a, b, slope([a, b]))
        >>> round(pair.treatment - pair.control, 3), round(pair.difference, 3)
        (1.0, 0.556)
    """
    return stratified([control], [treatment], [1.0], theta=theta, kind=kind)


def stratified(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    weights: Sequence[float],
    *,
    theta: float | None = None,
    kind: str = "mean",
) -> TwoAdjusted:
    """Compare two variants within strata, each stratum with a weight of its own.

    A mean is the weighted sum of the means of the strata, as if both variants had the
    same mix of them; its variance is the weighted sum of theirs, so that what strata
    differ by is no noise.

    Args:
        control: Moments per stratum: of a metric, of a metric and the column before
            (with `theta`), or of what is above and below a ratio. Two units or more
            in each.
        treatment: The same strata.
        weights: Share of all units that each stratum has.
        theta: The `slope` within strata; None adjusts for strata alone.
        kind: "mean", "share" for a metric of 0 and 1, or "ratio".

    References:
        Miratrix, Sekhon & Yu (2013), JRSS B 75, 369-396; Xie & Aurisset (2016),
        Improving the Sensitivity of Online Controlled Experiments, KDD.

    Example:
        >>> a = [Moments.from_sums(4, [4], [[6]]), Moments.from_sums(2, [10], [[52]])]
        >>> b = [Moments.from_sums(2, [4], [[10]]), Moments.from_sums(4, [24], [[146]])]
        >>> pair = stratified(a, b, [0.5, 0.5])
        >>> pair.control, pair.treatment, pair.difference
        (3.0, 4.0, 1.0)
    """
    shares = np.asarray(weights, float)
    groups = [_means(control, shares), _means(treatment, shares)]
    # Per unit: what is measured, and what it adds to the difference.
    ways = [_directions(means, kind, theta) for means in groups]
    values = [means[0] / (means[1] if kind == "ratio" else 1) for means in groups]
    spreads = [
        [_spread(cells, shares, way, other) for way, other in ((a, a), (b, b), (a, b))]
        for cells, (a, b) in zip((control, treatment), ways, strict=True)
    ]
    own, net, both = (tuple(float(sum(one[i])) for one in spreads) for i in range(3))
    sizes = [np.array([cell.n for cell in cells]) for cells in (control, treatment)]
    parts = [
        float(np.sum(one[1] ** 2 / np.maximum(n - 1, 1)))
        for one, n in zip(spreads, sizes, strict=True)
    ]
    (n_control, n), before = (int(size.sum()) for size in sizes), 0.0
    if theta is not None:
        before = theta * float(groups[1][1] - groups[0][1])
    name = "stratified" if len(shares) > 1 or theta is None else "cuped"
    return TwoAdjusted(
        n_control=n_control,
        control=float(values[0]),
        sd_control=math.sqrt(own[0] * n_control),
        n=n,
        treatment=float(values[1]),
        sd=math.sqrt(own[1] * n),
        kind=kind,
        name=name,
        shift=before,
        net=(max(0.0, net[0]), max(0.0, net[1])),
        own=(own[0], -both[0]),
        degrees=sum(net) ** 2 / sum(parts) if sum(parts) else math.nan,
    )


def _means(cells: Sequence[Moments], shares: Floats) -> Floats:
    return shares @ np.array([cell.mean for cell in cells])


def _directions(means: Floats, kind: str, theta: float | None) -> tuple[Floats, Floats]:
    """Return how a value follows the columns, and how the difference does."""
    if kind == "ratio":
        way = np.array([1, -means[0] / means[1]]) / means[1]
        return way, way
    own = np.eye(len(means))[0]
    return own, own if theta is None else np.array([1, -theta])


def _spread(
    cells: Sequence[Moments], shares: Floats, one: Floats, other: Floats
) -> Floats:
    """Return what each stratum adds to a variance, or to a covariance."""
    found = [one @ cell.covariance @ other / cell.n for cell in cells]
    return shares**2 * np.array(found)
