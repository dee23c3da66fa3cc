"""Looking at an experiment early: bounds that allow for it, and what it costs."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Spending = Literal["obrien_fleming", "pocock", "power2"]

# Per panel of the quadrature, three standard deviations of the narrower of the two
# steps beside it: 8 nodes leave the bounds wrong by about 1e-8.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def spending_bounds(
    information: npt.ArrayLike,
    alpha: float = 0.05,
    spending: Spending = "obrien_fleming",
) -> Floats:
    """Return the z values beyond which looks may reject, by Lan-DeMets spending.

    Until information t both sides together have spent the following, where Phi is
    the normal distribution function and z its inverse:

    - "obrien_fleming": 4 (1 - Phi(z(1 - alpha/4) / sqrt(t))), hardly any early on.
      Each side has the one-sided function for its own half of alpha; the function
      for all of it, 2 (1 - Phi(z(1 - alpha/2) / sqrt(t))), would spend more early;
    - "pocock": alpha ln(1 + (e - 1) t), about evenly;
    - "power2": alpha t^2.

    A bound depends on the looks up to its own only, so that later ones need not be
    known yet. What is left where the last look comes before t = 1 is not spent;
    from t = 1 on all is.

    Args:
        information: Units seen at each look as a share of those planned, above 0,
            rising by 1e-4 or more: the work grows with 1 over the smallest rise.
        alpha: Chance of a false alarm at any of the looks, two-sided.
        spending: How much of it early looks may use.

    Returns:
        Positive z values, one per look: a look rejects where |z| reaches its own.
        Infinite where nothing is left to spend, or less than a double can hold.

    References:
        Lan & DeMets (1983), Biometrika 70, 659-663; Kim & DeMets (1987), Biometrika
        74, 149-154 (powers of t).

    Example:
        >>> spending_bounds([0.5, 1]).round(3)
        array([2.963, 1.969])
    """
    times = np.asarray(information, float)
    shares = np.diff(_spent(times, alpha, spending), prepend=0)
    walk = _Walk(times)
    bounds = []
    for share in shares:
        bounds.append(walk.bound(float(share)))
        walk.leave(bounds[-1])
    return np.array(bounds)


def crossing_probability(
    bounds: npt.ArrayLike, information: npt.ArrayLike, drift: float = 0.0
) -> Floats:
    """Return the chance that |z| has reached its bound by each look.

    Args:
        bounds: Positive z values, one per look or one for all; infinite where a look
            never rejects.
        information: Units seen at each look as a share of those planned; as in
            `spending_bounds`.
        drift: Mean of z at t = 1; at t it is drift sqrt(t). 0 where nothing differs.

    References:
        Armitage, McPherson & Rowe (1969), JRSS A 132, 235-244.

    Example:
        >>> crossing_probability(1.96, [0.5, 1]).round(3)
        array([0.05 , 0.083])
    """
    times = np.asarray(information, float)
    walk = _Walk(times, drift)
    crossed = []
    for bound in np.broadcast_to(np.asarray(bounds, float), times.shape):
        crossed.append(walk.crossing(float(bound)))
        walk.leave(float(bound))
    return np.cumsum(crossed)


def peeking_error(looks: int, alpha: float = 0.05) -> float:
    """Return the chance of a false alarm if a fixed-size test is read at every look.

    Args:
        looks: How often, 1 or more, after equal numbers of units.
        alpha: Chance of a false alarm of one look, two-sided.

    References:
        Armitage, McPherson & Rowe (1969), JRSS A 132, 235-244.

    Example:
        >>> round(peeking_error(5), 3)
        0.142
    """
    bound = float(-ndtri(alpha / 2))
    return float(crossing_probability(bound, _equal(looks))[-1])


def inflation(
    looks: int,
    alpha: float = 0.05,
    power: float = 0.8,
    spending: Spending = "obrien_fleming",
) -> float:
    """Return by what to multiply a fixed size so that `looks` cost no power.

    Args:
        looks: How many, 1 or more, after equal numbers of units.
        alpha: Chance of a false alarm at any of the looks, two-sided.
        power: Chance to detect the effect at any of them, more than alpha.
        spending: As in `spending_bounds`.

    References:
        Jennison & Turnbull (2000), Group Sequential Methods, chapters 2 and 7.

    Example:
        >>> round(inflation(5), 3), round(inflation(5, spending="pocock"), 3)
        (1.025, 1.212)
    """
    information = _equal(looks)
    bounds = spending_bounds(information, alpha, spending)
    once = _drift(-ndtri([alpha / 2]), np.ones(1), power)
    return (_drift(bounds, information, power) / once) ** 2


def sequence_multiplier(
    n: npt.ArrayLike,
    planned_n: float,
    alpha: float = 0.05,
    tuned: float | None = None,
) -> Floats:
    """Return what multiplies the standard error in an asymptotic confidence sequence.

    It takes the place of 1.96: the intervals at all looks together, however many and
    whenever, hold the truth with chance 1 - alpha if the first comes late enough for
    the estimate to be about normal.

    Args:
        n: Units seen so far, any shape.
        planned_n: Units at which the interval is to be about as narrow as it can be.
        alpha: Chance that any of the intervals misses, two-sided.
        tuned: The chance for which `planned_n` is best; None: `alpha`. Sequences that
            are to agree have one in common.

    Returns:
        Multipliers in the shape of `n`; NaN where it is 0.

    References:
        Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Annals of Statistics 52
        (arXiv:2103.06476): the two-sided sequence, and the variance of its mixture
        that suits one planned size.

    Example:
        >>> sequence_multiplier([2_500, 5_000, 20_000], planned_n=5_000).round(4)
        array([3.0836, 3.0352, 3.1271])
    """
    ratio = _mixture(n, planned_n, alpha if tuned is None else tuned)
    return np.sqrt(2 * (ratio + 1) / ratio * np.log(np.sqrt(ratio + 1) / alpha))


def sequence_p(
    z: npt.ArrayLike, n: npt.ArrayLike, planned_n: float, tuned: float = 0.05
) -> Floats:
    """Return p values that hold at every look: any below alpha has at most that chance.

    The interval by `sequence_multiplier` of the same `tuned` excludes 0 exactly where
    p < alpha.

    Args:
        z: Estimates over their standard errors, any shape.
        n: Units seen so far, same shape or one that broadcasts to it.
        planned_n: As in `sequence_multiplier`.
        tuned: As in `sequence_multiplier`; best the level at which p will be read.

    Returns:
        Two-sided p values, at most 1; NaN where n is 0.

    References:
        As in `sequence_multiplier`.

    Example:
        >>> sequence_p([2, 3.1271], 20_000, planned_n=5_000).round(3)
        array([0.823, 0.05 ])
    """
    ratio = _mixture(n, planned_n, tuned)
    square = np.square(np.asarray(z, float))
    p = np.sqrt(ratio + 1) * np.exp(-ratio * square / (2 * (ratio + 1)))
    return np.minimum(1, p)


def _mixture(n: npt.ArrayLike, planned_n: float, tuned: float) -> Floats:
    """Return n rho^2, with the rho that makes the interval narrow at `planned_n`."""
    size = np.asarray(n, float)
    square = -2 * np.log(tuned) + np.log(1 - 2 * np.log(tuned))
    return np.where(size > 0, size, np.nan) * square / planned_n


def _equal(looks: int) -> Floats:
    return np.arange(1, looks + 1) / looks


def _spent(times: Floats, alpha: float, spending: Spending) -> Floats:
    """Return how much of `alpha` may be spent until each time."""
    times = np.minimum(times, 1)
    if spending == "obrien_fleming":
        return 4 * ndtr(ndtri(alpha / 4) / np.sqrt(times))
    if spending == "pocock":
        return alpha * np.log1p((np.e - 1) * times)
    return alpha * times**2


def _drift(bounds: Floats, information: Floats, power: float) -> float:
    """Return the drift that crosses the bounds with chance `power`."""
    # The last look alone has at least this power, whatever the others add.
    enough = bounds[-1] + ndtri(power)

    def surplus(drift: float) -> float:
        return float(crossing_probability(bounds, information, drift)[-1]) - power

    return _root(surplus, enough)


def _root(function: Callable[[float], float], most: float) -> float:
    """Return where a monotone function is 0, between 0 and `most`."""
    return float(brentq(function, 0, most))  # type: ignore[no-untyped-call]


class _Walk:
    """Paths of the score z sqrt(t) that have crossed no bound yet, look by look.

    Its steps are independent of each other and normal, with the passed time as
    variance. The paths are masses at quadrature nodes, before the step to `look`.
    """

    def __init__(self, times: Floats, drift: float = 0.0) -> None:
        self.times = times
        self.drift = drift
        self.steps = np.diff(times, prepend=0)
        self.look = 0
        self.places, self.masses = np.zeros(1), np.ones(1)

    def crossing(self, bound: float) -> float:
        """Return the chance to cross `bound` at this look and not before."""
        step = self.steps[self.look]
        edge = bound * np.sqrt(self.times[self.look])
        centres = self.places + self.drift * step
        beyond = ndtr((centres - edge) / np.sqrt(step))
        below = ndtr((-centres - edge) / np.sqrt(step))
        return float(self.masses @ (beyond + below))

    def bound(self, chance: float) -> float:
        """Return the bound that is crossed at this look with this chance."""
        # What crosses it now is a part of what would cross it without earlier looks.
        most = float(-ndtri(chance / 2))
        if most == np.inf:
            return most
        # To spend all there is takes every path; rounding may leave fewer than that.
        if self.crossing(0) <= chance:
            return 0.0
        # By one more, lest rounding leave no root between the ends.
        return _root(lambda z: self.crossing(z) - chance, most + 1)

    def leave(self, bound: float) -> None:
        """Drop the paths that cross `bound` at this look and go on to the next."""
        time, step = self.times[self.look], self.steps[self.look]
        self.look += 1
        if self.look == len(self.times):
            return
        if bound == np.inf:
            # A look that stops no path is as if there were none.
            self.steps[self.look] += step
            return
        edge = bound * np.sqrt(time)
        width = 3 * np.sqrt(min(step, self.steps[self.look]))
        panels = int(np.ceil(2 * edge / width))
        ends = np.linspace(-edge, edge, panels + 1)
        half = edge / panels
        places = (ends[:-1, None] + half * (1 + NODES)).ravel()
        distances = places[:, None] - self.places - self.drift * step
        density = np.exp(-(distances**2) / (2 * step)) / np.sqrt(2 * np.pi * step)
        self.places = places
        self.masses = np.tile(half * WEIGHTS, panels) * (density @ self.masses)
