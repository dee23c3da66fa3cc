"""How many units a fixed-size comparison of two groups needs."""

import math

from scipy.special import ndtri


def control_size_for_shares(
    control: float, treatment: float, *, ratio: float, alpha: float, power: float
) -> float:
    """Units in the control for a two-sided pooled z-test of two shares, not rounded.

    Args:
        control: Share expected in the control, between 0 and 1.
        treatment: Share to be detected, another one between 0 and 1.
        ratio: Units in the treatment per unit in the control.
        alpha: Chance of a false alarm, two-sided.
        power: Chance to detect the difference.

    References:
        Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 4.1.

    Example:
        >>> control_size_for_shares(0.2, 0.25, ratio=1, alpha=0.05, power=0.8)
        1093.7...
    """
    pooled = (control + ratio * treatment) / (1 + ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    true = math.sqrt(control * (1 - control) + treatment * (1 - treatment) / ratio)
    reach = ndtri(1 - alpha / 2) * null + ndtri(power) * true
    return float((reach / (treatment - control)) ** 2)


def control_size_for_means(
    difference: float, sd: float, *, ratio: float, alpha: float, power: float
) -> float:
    """Units in the control for a two-sided t-test of two means, not rounded.

    The normal formula with Guenther's correction for the estimated deviation.

    References:
        Guenther (1981), The American Statistician 35, 243-244.

    Example:
        >>> control_size_for_means(0.5, 1, ratio=1, alpha=0.05, power=0.8)
        63.7...
    """
    z = ndtri(1 - alpha / 2)
    size = ((z + ndtri(power)) * sd / difference) ** 2 * (1 + 1 / ratio)
    return float(size + z**2 / (2 * (1 + ratio)))
