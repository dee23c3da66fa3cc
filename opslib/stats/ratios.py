"""Ratios of two sums, as revenue per order, where units and not orders were drawn."""

import math

from opslib.stats.moments import Moments


def ratio(arm: Moments) -> tuple[float, float]:
    """Return a ratio of means and its standard deviation per unit.

    The deviation is that of a mean of n units with the same uncertainty: the standard
    error is that over the root of n (delta method). To treat each order as drawn by
    itself would find differences where there are none, as one unit has several.

    Args:
        arm: Moments of the numerator and of the denominator.

    Returns:
        NaN, NaN where the denominator adds up to nothing.

    References:
        Deng, Knoblich & Lu (2018), Applying the Delta Method in Metric Analytics, KDD.

    Example:
        >>> arm = Moments.from_sums(4, [20, 10], [[120, 58], [58, 30]])
        >>> value, sd = ratio(arm)
        >>> value, round(sd, 4)
        (2.0, 0.6532)
    """
    above, below = map(float, arm.mean)
    if below == 0:
        return math.nan, math.nan
    value = above / below
    (yy, xy), (_, xx) = arm.covariance
    variance = yy - 2 * value * xy + value**2 * xx
    return value, math.sqrt(max(0.0, variance)) / abs(below)
