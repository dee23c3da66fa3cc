"""Quantiles, as medians: two of them by a bootstrap that draws nothing."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.stats import binom  # type: ignore[attr-defined]

Floats = npt.NDArray[np.float64]

# Units above and below that a test and an interval need, and a verdict.
FEWEST, ENOUGH = 5, 25
# What a binomial law holds beyond so many standard deviations no number can tell.
REACH = 9
# A control below it is as good as 0: nothing can be divided by it.
NOTHING = 1e-200


@dataclass(frozen=True, eq=False)
class Quantile:
    """The q-quantile of n values, and where it lies in samples drawn from them.

    Attributes:
        n: How many values.
        q: Which quantile, 0 to 1; the median is 0.5.
        value: The quantile itself, between two values where it lies between them.
        places: What it can be, in rising order, each once.
        chances: The probability of each place; they add up to 1.
    """

    n: int
    q: float
    value: float
    places: Floats
    chances: Floats

    @property
    def beyond(self) -> float:
        """How many values lie beyond it, on the side that has fewer."""
        # 1 - 0.9 is a little less than 0.1.
        return round(self.n * min(self.q, 1 - self.q), 6)

    @property
    def variance(self) -> float:
        """Variance over the samples.

        References:
            Maritz & Jarrett (1978), JASA 73, 194-196, who sum over places like these.
        """
        centre = self.places - self.value
        mean = float(self.chances @ centre)
        return max(0.0, float(self.chances @ centre**2) - mean**2)


def quantile(values: Floats, q: float) -> Quantile:
    """Return the q-quantile of some values, and the law it has when they are resampled.

    In a sample drawn from n sorted values the quantile is one of them; that which of
    them it is follows Binomial(n + 1, q) makes all samples superfluous. The law is also
    that of the exact interval of a quantile, which holds whatever the distribution.

    Args:
        values: n > 0 numbers, in any order.
        q: Between 0 and 1.

    References:
        Schultzberg & Ankargren (2022), Resampling-free bootstrap inference for
        quantiles, arXiv:2202.05035; Hyndman & Fan (1996), The American Statistician
        50, 361-365, definition 7: the value, as numpy and pandas have it.

    Example:
        >>> found = quantile(np.array([5.0, 1.0, 2.0, 2.0]), 0.5)
        >>> found.value, found.places, (32 * found.chances).round()
        (2.0, array([1., 2., 5.]), array([ 6., 20.,  6.]))
    """
    values, n = np.asarray(values, float), len(values)
    middle, reach = (n + 1) * q, REACH * math.sqrt((n + 1) * q * (1 - q)) + REACH
    first, last = max(0, int(middle - reach)), min(n + 1, int(middle + reach))
    chances = binom.pmf(np.arange(first, last + 1), n + 1, q)
    # A sample cannot leave the values: below the first it is the first.
    order = np.arange(first, last + 1).clip(1, n) - 1
    low, high = int(order[0]), int(order[-1])
    near = np.sort(np.partition(values, (low, high))[low : high + 1])
    drawn = near[order - low]
    places, starts = np.unique(drawn, return_index=True)
    return Quantile(
        n, q, float(np.quantile(values, q)), places, np.add.reduceat(chances, starts)
    )


@dataclass(frozen=True, eq=False)
class TwoQuantiles:
    """The same quantile of a control and of a treatment.

    Both are resampled independently, D is the difference and L the lift of a pair of
    samples. Their laws are summed up, not drawn, so there is no seed and no smallest p.
    Test, difference and lift agree, ties counted on both sides: p < alpha exactly when
    the interval of D leaves out 0, exactly when that of L does.

    Attributes:
        kind: "quantile".
        name: What the test is called.
    """

    base_arm: Quantile
    arm: Quantile
    kind: ClassVar[str] = "quantile"
    name: ClassVar[str] = "bootstrap"

    @property
    def n_control(self) -> int:
        """Units of the control."""
        return self.base_arm.n

    @property
    def n(self) -> int:
        """Units of the treatment."""
        return self.arm.n

    @property
    def control(self) -> float:
        """Quantile of the control."""
        return self.base_arm.value

    @property
    def treatment(self) -> float:
        """Quantile of the treatment."""
        return self.arm.value

    @property
    def difference(self) -> float:
        """How much higher that of the treatment is."""
        return self.treatment - self.control

    @property
    def beyond(self) -> float:
        """How many units lie beyond the quantile in the group that has fewer."""
        return min(self.base_arm.beyond, self.arm.beyond)

    @property
    def variances(self) -> tuple[float, float]:
        """What control and treatment add to the variance of the difference."""
        return self.base_arm.variance, self.arm.variance

    @property
    def base(self) -> tuple[float, float]:
        """Variance of the control, and its covariance with the difference."""
        variance = self.base_arm.variance
        return variance, -variance

    @property
    def problem(self) -> str | None:
        """Say why there is no test: "few" units beyond the quantile, or None."""
        return "few" if self.beyond < FEWEST else None

    def _chance(self, *, above: bool) -> float:
        """Return the probability of D >= 0, or of D <= 0."""
        treatment, control, _ = self._sides(above=above)
        return float(control.chances @ _up_to(treatment, control.places))

    def test(self) -> tuple[float, str]:
        """Return the two-sided p value, min(1, 2 P(D <= 0), 2 P(D >= 0)); or NaN.

        References:
            Efron & Tibshirani (1993), An Introduction to the Bootstrap, 13.3
            (percentile intervals) and 15.4 (the test that agrees with an interval).

        Example:
            >>> a, b = np.arange(100.0), np.arange(20.0, 120.0)
            >>> p, test = TwoQuantiles(quantile(a, 0.5), quantile(b, 0.5)).test()
            >>> round(p, 4), test
            (0.0059, 'bootstrap')
        """
        if self.problem:
            return math.nan, self.name
        tails = self._chance(above=True), self._chance(above=False)
        return min(1.0, 2 * min(tails)), self.name

    def difference_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound the difference by the percentiles of D; NaN if `problem` says why.

        The lower bound is the smallest d with P(D <= d) >= (1 - confidence) / 2, the
        upper one the largest with P(D >= d) as large.
        """
        if self.problem:
            return math.nan, math.nan
        tail = (1 - confidence) / 2
        low = _percentile(*self._sides(above=False)[:2], None, tail)
        high = _percentile(*self._sides(above=True)[:2], None, tail)
        return low, 0.0 - high

    def lift_problem(self, confidence: float = 0.95) -> str | None:
        """Say why the lift, difference / control, has no interval.

        "zero" or "negative" quantile of the control, "unbounded" where it is 0 or less
        in too many samples for this confidence, or as in `problem`.
        """
        if abs(self.control) <= NOTHING:
            return "zero"
        if self.control < 0:
            return "negative"
        if self.problem:
            return self.problem
        below = float(self.base_arm.chances[self.base_arm.places <= NOTHING].sum())
        return "unbounded" if below >= (1 - confidence) / 2 else None

    def lift_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound difference / control by the percentiles of L.

        Where the control of a pair is 0 or less, L is infinite, with the sign of D.

        Example:
            >>> a, b = np.arange(100.0, 200.0), np.arange(120.0, 220.0)
            >>> pair = TwoQuantiles(quantile(a, 0.5), quantile(b, 0.5))
            >>> pair.difference_interval()
            (6.0, 34.0)
            >>> low, high = pair.lift_interval()
            >>> round(low, 3), round(high, 3)
            (0.038, 0.239)
        """
        if self.lift_problem(confidence):
            return math.nan, math.nan
        tail = (1 - confidence) / 2
        low = _percentile(*self._sides(above=False), tail)
        return low, 0.0 - _percentile(*self._sides(above=True), tail)

    def losses(self) -> tuple[float, float, float]:
        """Read the law of D as what is believed of it.

        Returns:
            The probability of D > 0, the mean of max(-D, 0), which is what choosing
            the treatment costs, and of max(D, 0), what choosing the control does.

        References:
            Rubin (1981), The Bayesian Bootstrap, Annals of Statistics 9, 130-134: the
            quantile then follows 1 + Binomial(n - 1, q), the same but for two units.
        """
        treatment, control, _ = self._sides(above=False)
        better = 1 - float(control.chances @ _up_to(treatment, control.places))
        gap = float(
            treatment.chances @ treatment.places - control.chances @ control.places
        )
        # E max(C - T, 0): for each place of C what is below it, and how far.
        under = _up_to(treatment, control.places)
        held = _up_to(treatment, control.places, treatment.places)
        loss = float(control.chances @ (control.places * under - held))
        return better, max(0.0, loss), max(0.0, loss + gap)

    def _sides(self, *, above: bool) -> tuple["_Law", "_Law", Floats]:
        """Return both laws, mirrored to look from above, and the unit of a lift."""
        treatment, control = self.arm, self.base_arm
        unit = np.where(control.places > NOTHING, control.places, 0)
        if not above:
            return (
                _Law(treatment.places, treatment.chances),
                _Law(control.places, control.chances),
                unit,
            )
        return (
            _Law(-treatment.places[::-1], treatment.chances[::-1]),
            _Law(-control.places[::-1], control.chances[::-1]),
            unit[::-1],
        )


@dataclass(frozen=True, eq=False)
class _Law:
    """Places in rising order, and the probability of each."""

    places: Floats
    chances: Floats


def _up_to(law: _Law, ends: Floats, weights: Floats | None = None) -> Floats:
    """Return the probability of what lies at or below each end, or a mean within it."""
    each = law.chances if weights is None else law.chances * weights
    summed = np.concatenate([[0.0], np.cumsum(each)])
    return summed[np.searchsorted(law.places, ends, side="right")]


def _percentile(
    treatment: _Law, control: _Law, unit: Floats | None, tail: float
) -> float:
    """Return the smallest (T - C) / unit that P(less or equal) >= tail allows.

    Args:
        treatment: The law of T.
        control: The law of C.
        unit: For each place of C what a difference is counted in; None is 1. Where it
            is 0 a difference above 0 is infinite, and any other minus infinite.
        tail: A probability below that of a unit above 0.
    """
    t, c = treatment.places, control.places
    unit = np.ones(len(c)) if unit is None else unit
    some = unit > 0
    summed = np.concatenate([[0.0], np.cumsum(treatment.chances)])

    def reached(x: float) -> npt.NDArray[np.intp]:
        """Return how many places of T lie within x of each place of C."""
        return np.searchsorted(t, c + x * unit, side="right")

    def enough(within: npt.NDArray[np.intp]) -> bool:
        return float(control.chances @ summed[within]) >= tail

    # At 0 the question is that of the test, put in the same numbers.
    low, high = 0.0, 2 * float(((t[-1] - c[some]) / unit[some]).max()) + 1
    if enough(reached(0.0)):
        low, high = 2 * float(((t[0] - c[some]) / unit[some]).min()) - 1, 0.0
    above, within = reached(low), reached(high)
    while True:
        # The bound is one of the differences that there are, not a number beside it.
        there, left = some & (within > 0), some & (above < len(t))
        most = float(((t[within[there] - 1] - c[there]) / unit[there]).max())
        least = ((t[above[left]] - c[left]) / unit[left]).min(initial=most)
        middle = (low + high) / 2
        if most <= least or not low < middle < high:
            return most + 0.0
        half = reached(middle)
        if enough(half):
            high, within = middle, half
        else:
            low, above = middle, half
