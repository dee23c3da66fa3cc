"""Size and power of a comparison of two groups that is read once, or at some looks."""

import math

import numpy as np
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from opslib.stats.sequential import crossing_probability, spending_bounds


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
    null, true = _deviations(control, treatment, ratio)
    reach = ndtri(1 - alpha / 2) * null + ndtri(power) * true
    return float((reach / (treatment - control)) ** 2)


def control_size_for_means(
    difference: float,
    sd: float,
    *,
    ratio: float,
    alpha: float,
    power: float,
    sd_treatment: float | None = None,
) -> float:
    """Units in the control for a two-sided t-test of two means, not rounded.

    The normal formula with Guenther's correction for the estimated deviation.

    Args:
        difference: Of the means, to be detected; not 0.
        sd: Standard deviation in the control.
        ratio: Units in the treatment per unit in the control.
        alpha: Chance of a false alarm, two-sided.
        power: Chance to detect the difference.
        sd_treatment: Standard deviation in the treatment; None: the same.

    References:
        Guenther (1981), The American Statistician 35, 243-244.

    Example:
        >>> control_size_for_means(0.5, 1, ratio=1, alpha=0.05, power=0.8)
        63.7...
    """
    z = ndtri(1 - alpha / 2)
    spread = sd**2 + (sd if sd_treatment is None else sd_treatment) ** 2 / ratio
    size = ((z + ndtri(power)) / difference) ** 2 * spread
    return float(size + z**2 / (2 * (1 + ratio)))


def power_for_shares(
    control: float,
    treatment: float,
    *,
    n_control: int,
    n: int,
    alpha: float,
    looks: int = 1,
) -> float:
    """Return the chance that a pooled z-test of two shares detects their difference.

    Args:
        control: Share in the control, between 0 and 1.
        treatment: Share in the treatment; the same gives `alpha`.
        n_control: Units in the control.
        n: Units in the treatment.
        alpha: Chance of a false alarm, two-sided.
        looks: How often it is looked at, evenly, with O'Brien-Fleming-type spending.

    References:
        As in `control_size_for_shares`, whose inverse it is.

    Example:
        >>> groups = {"n_control": 1094, "n": 1094, "alpha": 0.05}
        >>> round(power_for_shares(0.2, 0.25, **groups), 4)
        0.8001
        >>> round(power_for_shares(0.2, 0.25, **groups, looks=5), 4)
        0.7904
    """
    null, true = _deviations(control, treatment, n / n_control)
    z = float(ndtri(1 - alpha / 2))
    drift = (abs(treatment - control) * math.sqrt(n_control) - z * null) / true + z
    return _crossing(drift, alpha, looks)


def power_for_means(
    difference: float,
    sd: float,
    *,
    n_control: int,
    n: int,
    alpha: float,
    sd_treatment: float | None = None,
    looks: int = 1,
) -> float:
    """Return the chance that Welch's t-test detects a difference of two means.

    By the noncentral t distribution, with Welch's degrees of freedom at the true
    deviations; with several looks by the normal one.

    Args:
        difference: Of the means; 0 gives `alpha`.
        sd: Standard deviation in the control, above 0.
        n_control: Units in the control.
        n: Units in the treatment.
        alpha: Chance of a false alarm, two-sided.
        sd_treatment: Standard deviation in the treatment; None: the same.
        looks: How often it is looked at, evenly, with O'Brien-Fleming-type spending.

    Returns:
        NaN where a group has a single unit.

    References:
        Cohen (1988), Statistical Power Analysis, chapter 2; Welch (1947), Biometrika
        34, 28-35.

    Example:
        >>> round(power_for_means(0.5, 1, n_control=64, n=64, alpha=0.05), 4)
        0.8015
    """
    if min(n_control, n) < 2:
        return math.nan
    sds = (sd, sd if sd_treatment is None else sd_treatment)
    a, b = sds[0] ** 2 / n_control, sds[1] ** 2 / n
    drift = abs(difference) / math.sqrt(a + b)
    if looks > 1:
        return _crossing(drift, alpha, looks)
    freedom = (a + b) ** 2 / (a**2 / (n_control - 1) + b**2 / (n - 1))
    t = stdtrit(freedom, 1 - alpha / 2)
    # Far from 0 the other side is too small for scipy, which then says NaN.
    other = np.nan_to_num(nctdtr(freedom, drift, -t))
    return float(1 - nctdtr(freedom, drift, t) + other)


def _deviations(control: float, treatment: float, ratio: float) -> tuple[float, float]:
    """Deviations of a difference, times the root of the control's units.

    If nothing differs, as the test has it, and in truth.
    """
    pooled = (control + ratio * treatment) / (1 + ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    true = math.sqrt(control * (1 - control) + treatment * (1 - treatment) / ratio)
    return null, true


def _crossing(drift: float, alpha: float, looks: int) -> float:
    """Return the chance that a normal statistic of this mean ever rejects."""
    if looks == 1:
        z = ndtri(1 - alpha / 2)
        return float(ndtr(drift - z) + ndtr(-drift - z))
    information = np.arange(1, looks + 1) / looks
    bounds = spending_bounds(information, alpha)
    return float(crossing_probability(bounds, information, drift)[-1])
