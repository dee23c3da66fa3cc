"""CUPED: means compared net of what the units were like before the experiment."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments


@dataclass(frozen=True, kw_only=True)
class TwoAdjusted(TwoMeans):
    """Two means whose difference is net of a column from before the experiment.

    The means stay those of the units; a lift is the difference over the control's.

    Attributes:
        shift: What of the difference was there before.
        sd_net_control, sd_net: Standard deviations net of that column.
        shared: Covariance, within the control, of a value and what is left of it.
    """

    shift: float
    sd_net_control: float
    sd_net: float
    shared: float
    name: ClassVar[str] = "cuped"

    @property
    def difference(self) -> float:
        """How much more the treatment has, net of what it had before."""
        return self.treatment - self.control - self.shift

    @property
    def variances(self) -> tuple[float, float]:
        """What control and treatment add to the variance of the difference."""
        return self.sd_net_control**2 / self.n_control, self.sd_net**2 / self.n

    @property
    def base(self) -> tuple[float, float]:
        """Variance of the control, and its covariance with the difference."""
        return self.sd_control**2 / self.n_control, -self.shared / self.n_control


def slope(arms: Sequence[Moments]) -> float:
    """Return by how much a metric rises with what was before, within the variants.

    Args:
        arms: Of each variant, the moments of the metric and of the column before.

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
    sd: dict[str, float] = {}
    for side, arm in (("_control", control), ("", treatment)):
        (yy, xy), (_, xx) = arm.covariance
        sd["sd" + side] = math.sqrt(yy)
        sd["sd_net" + side] = math.sqrt(max(0.0, yy - 2 * theta * xy + theta**2 * xx))
    return TwoAdjusted(
        n_control=control.n,
        control=float(control.mean[0]),
        n=treatment.n,
        treatment=float(treatment.mean[0]),
        shift=theta * float(treatment.mean[1] - control.mean[1]),
        shared=float(control.covariance[0, 0] - theta * control.covariance[0, 1]),
        kind=kind,
        **sd,
    )
