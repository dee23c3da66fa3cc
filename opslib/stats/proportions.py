"""Shares of users: intervals for one share, tests and intervals for two."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from scipy.stats import boschloo_exact, fisher_exact

Floats = npt.NDArray[np.float64]


def wilson(
    successes: npt.ArrayLike, n: npt.ArrayLike, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Bound shares by the Wilson score interval, without continuity correction.

    Args:
        successes: Counts, any shape, 0 to n.
        n: Sizes, same shape or one that broadcasts to it.
        confidence: Coverage, between 0 and 1.

    Returns:
        Lower and upper bounds, 0 to 1, in the broadcast shape; NaN where n is 0.

    References:
        Wilson (1927), JASA 22, 209-212; Brown, Cai & DasGupta (2001), eq. 4.

    Example:
        >>> low, high = wilson([0, 5], [10, 10])
        >>> low.round(4), high.round(4)
        (array([0.    , 0.2366]), array([0.2775, 0.7634]))
    """
    x, size = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    size = np.where(size > 0, size, np.nan)
    z = ndtri((1 + confidence) / 2)
    share = x / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * np.sqrt(share * (1 - share) / size + (z / (2 * size)) ** 2)
    half /= 1 + z**2 / size
    # At 0 and n the bounds are 0 and 1; rounding would leave them just beside.
    low = np.where(x == 0, size * 0, centre - half)
    high = np.where(x == size, size / size, centre + half)
    return low, high


@dataclass(frozen=True)
class TwoProportions:
    """Successes `x_control` of `n_control` beside `x` of `n`.

    The test and both intervals come from one score statistic, so they agree: an
    interval excludes "no difference" exactly when the pooled z-test rejects.
    """

    n_control: int
    x_control: int
    n: int
    x: int
    kind: ClassVar[str] = "share"

    @property
    def difference(self) -> float:
        """How much higher the share of the treatment is."""
        return self.treatment - self.control

    @property
    def control(self) -> float:
        """Share of the control, 0 to 1."""
        return self.x_control / self.n_control

    @property
    def treatment(self) -> float:
        """Share of the treatment, 0 to 1."""
        return self.x / self.n

    @property
    def variances(self) -> tuple[float, float]:
        """What control and treatment add to the variance of the difference."""
        control, treatment = self.control, self.treatment
        return control * (1 - control) / self.n_control, (
            treatment * (1 - treatment) / self.n
        )

    @property
    def base(self) -> tuple[float, float]:
        """Variance of the control, and its covariance with the difference."""
        variance, _ = self.variances
        return variance, -variance

    @property
    def problem(self) -> None:
        """Shares can always be compared."""
        return

    @property
    def expected(self) -> float:
        """Smallest number of successes expected in a group if nothing differs."""
        pooled = (self.x_control + self.x) / (self.n_control + self.n)
        return pooled * min(self.n_control, self.n)

    def test(self) -> tuple[float, str]:
        """Return the two-sided p value and the name of the test it comes from.

        Pooled z where every expected cell holds 5 or more, else Boschloo's exact test
        up to 400 units together, else Fisher's; 1 where nothing varies.

        References:
            Boschloo (1970), Statistica Neerlandica 24, 1-9.

        Example:
            >>> TwoProportions(80, 48, 70, 56).test()
            (0.0080..., 'z')
        """
        n_c, x_c, n_t, x_t = self.n_control, self.x_control, self.n, self.x
        pooled = (x_c + x_t) / (n_c + n_t)
        if pooled in {0, 1}:
            return 1.0, "z"
        if min(pooled, 1 - pooled) * min(n_c, n_t) >= 5:
            spread = math.sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n_t))
            z = (self.treatment - self.control) / spread
            return float(2 * ndtr(-abs(z))), "z"
        cells = [[x_t, x_c], [n_t - x_t, n_c - x_c]]
        if n_c + n_t <= 400:
            return min(1.0, float(boschloo_exact(cells).pvalue)), "boschloo"
        return float(fisher_exact(cells).pvalue), "fisher"

    def difference_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound treatment - control by Miettinen and Nurminen's score interval.

        Without their factor N/(N-1), so that it agrees with the pooled z-test.

        References:
            Miettinen & Nurminen (1985), Statistics in Medicine 4, 213-226; Mee (1984).

        Example:
            >>> low, high = TwoProportions(80, 48, 70, 56).difference_interval()
            >>> round(low, 4), round(high, 4)
            (0.0533, 0.3377)
        """
        return _difference_interval(self, confidence, factor=1)

    def holds(self, difference: float, confidence: float = 0.95) -> bool:
        """Say whether `difference_interval` holds a difference, without its ends.

        Example:
            >>> pair = TwoProportions(80, 48, 70, 56)
            >>> pair.holds(0.05), pair.holds(0.06)
            (False, True)
        """
        z = float(ndtri((1 + confidence) / 2))
        return not _rejects(self, difference, z, factor=1)

    def lift_problem(self, confidence: float = 0.95) -> str | None:  # noqa: ARG002
        """Say why treatment / control has no interval: "zero", or None."""
        return "zero" if self.x_control == 0 else None

    def lift_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound treatment / control - 1 by Koopman's score interval.

        References:
            Koopman (1984), Biometrics 40, 513-517.

        Example:
            >>> low, high = TwoProportions(80, 48, 70, 56).lift_interval()
            >>> round(low, 4), round(high, 4)
            (0.0798, 0.6708)
        """
        if self.lift_problem():
            return math.nan, math.nan
        n_c, x_c, n_t, x_t = self.n_control, self.x_control, self.n, self.x
        z = ndtri((1 + confidence) / 2)

        def rejects(angle: float) -> bool:
            ratio = math.tan(angle)
            linear = ratio * (n_t + x_c) + n_c + x_t
            root = math.sqrt(max(0, linear**2 - 4 * (n_c + n_t) * ratio * (x_c + x_t)))
            base = 2 * (x_c + x_t) / (linear + root)
            rate = min(1, ratio * base)
            variance = rate * (1 - rate) / n_t + ratio**2 * base * (1 - base) / n_c
            return (self.treatment - ratio * self.control) ** 2 > z**2 * variance

        # An angle maps the ratios from 0 to infinity onto a range that can be halved.
        middle = math.atan(self.treatment / self.control)
        low, high = _edge(rejects, 0, middle), _edge(rejects, math.pi / 2, middle)
        return math.tan(low) - 1, math.tan(high) - 1


def _difference_interval(
    pair: TwoProportions, confidence: float, factor: float
) -> tuple[float, float]:
    """Invert the score test; `factor` N/(N-1) gives the interval as published."""
    z = float(ndtri((1 + confidence) / 2))

    def rejects(difference: float) -> bool:
        return _rejects(pair, difference, z, factor)

    return _edge(rejects, -1, pair.difference), _edge(rejects, 1, pair.difference)


def _rejects(pair: TwoProportions, difference: float, z: float, factor: float) -> bool:
    """Say whether the score test rejects a difference."""
    base = _constrained_share(pair, difference)
    rate = base + difference
    variance = base * (1 - base) / pair.n_control + rate * (1 - rate) / pair.n
    return (pair.difference - difference) ** 2 > z**2 * factor * variance


def _constrained_share(pair: TwoProportions, d: float) -> float:
    """Return the likeliest share of the control if the treatment's is `d` higher.

    The root of the likelihood equation in closed form: Miettinen & Nurminen (1985),
    appendix; Farrington & Manning (1990).
    """
    n_c, x_c, n_t, x_t = pair.n_control, pair.x_control, pair.n, pair.x
    cubic = n_c + n_t
    square = (n_t + 2 * n_c) * d - cubic - x_c - x_t
    linear = (n_c * d - cubic - 2 * x_c) * d + x_c + x_t
    constant = x_c * d * (1 - d)
    centre = square / (3 * cubic)
    q = centre**3 - linear * square / (6 * cubic**2) + constant / (2 * cubic)
    size = math.copysign(math.sqrt(max(0, centre**2 - linear / (3 * cubic))), q)
    cosine = min(1, max(-1, q / size**3)) if size else 0
    share = 2 * size * math.cos((math.pi + math.acos(cosine)) / 3) - centre
    return min(max(share, 0, -d), 1, 1 - d)


def _edge(rejects: Callable[[float], bool], outside: float, inside: float) -> float:
    """Halve the way from a rejected value to one that is not, to where it turns."""
    for _ in range(60):
        middle = (outside + inside) / 2
        if rejects(middle):
            outside = middle
        else:
            inside = middle
    return inside
