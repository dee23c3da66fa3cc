"""Means: the interval of one; of two Welch's test, and those of difference and lift."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]


def mean_interval(
    n: npt.ArrayLike,
    total: npt.ArrayLike,
    squares: npt.ArrayLike,
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """Return means and bound them by Student's t, from sums over n units each.

    Args:
        n: Numbers of units, any shape.
        total: Sums of the values, same shape.
        squares: Sums of their squares, same shape.
        confidence: Coverage, between 0 and 1.

    Returns:
        Means, lower and upper bounds; NaN where n is 0, and the bounds also where it
        is 1. With few units and a long tail, as money has, the true coverage is less.

    References:
        Student (1908), Biometrika 6, 1-25.

    Example:
        >>> mean, low, high = mean_interval(4, 8.0, 24.0)
        >>> float(mean), round(float(low), 4), round(float(high), 4)
        (2.0, -0.5985, 4.5985)
    """
    size = np.asarray(n, float)
    size = np.where(size > 0, size, np.nan)
    mean = np.asarray(total, float) / size
    freedom = np.where(size > 1, size - 1, np.nan)
    # Rounding may leave less than nothing where all values are the same.
    variance = np.maximum(np.asarray(squares, float) - size * mean**2, 0) / freedom
    half = stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(variance / size)
    return mean, mean - half, mean + half


def satterthwaite(
    control: npt.ArrayLike,
    treatment: npt.ArrayLike,
    n_control: npt.ArrayLike,
    n: npt.ArrayLike,
) -> Floats:
    """Return the degrees of freedom of the difference of two means.

    Args:
        control: Variance of the mean of the control, any shape.
        treatment: That of the treatment, same shape.
        n_control: Units in the control, 2 or more.
        n: Units in the treatment, 2 or more.

    References:
        Satterthwaite (1946), Biometrics Bulletin 2, 110-114; Welch (1947).

    Example:
        >>> float(satterthwaite(0.1, 0.1, 10, 10))
        18.0
    """
    v_control, v = np.asarray(control, float), np.asarray(treatment, float)
    freedom_control, freedom = np.asarray(n_control, float) - 1, np.asarray(n) - 1
    return (v_control + v) ** 2 / (v_control**2 / freedom_control + v**2 / freedom)


@dataclass(frozen=True)
class TwoMeans:
    """Mean and standard deviation (ddof 1) of a control and of a treatment.

    Test, difference and lift share one t value, so they agree: an interval excludes
    "no difference" exactly when the test rejects.

    Attributes:
        kind: What the means are: "mean", "share" or "ratio".
        name: What the test is called.
    """

    n_control: int
    control: float
    sd_control: float
    n: int
    treatment: float
    sd: float
    kind: str = field(default="mean", kw_only=True)
    name: str = field(default="welch", kw_only=True)

    @property
    def difference(self) -> float:
        """How much more the treatment has."""
        return self.treatment - self.control

    @property
    def expected(self) -> float:
        """Of what is counted, how much a group has at least if nothing differs."""
        total = self.control * self.n_control + self.treatment * self.n
        return total / (self.n_control + self.n) * min(self.n_control, self.n)

    @property
    def variances(self) -> tuple[float, float]:
        """What control and treatment add to the variance of the difference."""
        return self.sd_control**2 / self.n_control, self.sd**2 / self.n

    @property
    def base(self) -> tuple[float, float]:
        """Variance of the control, and its covariance with the difference."""
        variance = self.sd_control**2 / self.n_control
        return variance, -variance

    @property
    def problem(self) -> str | None:
        """Say why there is no test: "single" or "constant" values, or None."""
        if min(self.n_control, self.n) < 2:
            return "single"
        return None if self._spread > 0 else "constant"

    @property
    def _spread(self) -> float:
        """Standard error of the difference."""
        return math.sqrt(sum(self.variances))

    def _critical(self, confidence: float) -> float:
        return float(stdtrit(self.freedom, (1 + confidence) / 2))

    @property
    def freedom(self) -> float:
        """Degrees of freedom after Satterthwaite (1946) and Welch (1947)."""
        return float(satterthwaite(*self.variances, self.n_control, self.n))

    def test(self) -> tuple[float, str]:
        """Return the two-sided p value of Welch's t-test; NaN if `problem` says why.

        References:
            Welch (1947), Biometrika 34, 28-35.

        Example:
            >>> p, test = TwoMeans(10, 5.0, 1.0, 10, 6.0, 1.0).test()
            >>> round(p, 4), test
            (0.0382, 'welch')
        """
        if self.problem:
            return math.nan, self.name
        t = self.difference / self._spread
        return float(2 * stdtr(self.freedom, -abs(t))), self.name

    def difference_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound the difference by Welch's interval; NaN if `problem` says why."""
        if self.problem:
            return math.nan, math.nan
        half = self._critical(confidence) * self._spread
        return self.difference - half, self.difference + half

    def lift_problem(self, confidence: float = 0.95) -> str | None:
        """Say why the lift, difference / control, has no interval.

        "zero" or "negative" control mean, "unbounded" where the control mean could
        itself be zero at this confidence (Fieller's g >= 1), or as in `problem`.
        """
        if self.control == 0:
            return "zero"
        if self.control < 0:
            return "negative"
        if self.problem:
            return self.problem
        bounded = self.control**2 > self._critical(confidence) ** 2 * self.base[0]
        return None if bounded else "unbounded"

    def lift_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bound difference / control by Fieller's theorem, with Welch's t value.

        References:
            Fieller (1954), JRSS B 16, 175-185.

        Example:
            >>> low, high = TwoMeans(10, 5.0, 1.0, 10, 6.0, 1.0).lift_interval()
            >>> round(low, 3), round(high, 3)
            (0.011, 0.432)
        """
        if self.lift_problem(confidence):
            return math.nan, math.nan
        # The lifts r for which difference - r * control is within its t interval.
        square = self._critical(confidence) ** 2
        variance, covariance = self.base
        a = self.control**2 - square * variance
        b = self.difference * self.control - square * covariance
        c = self.difference**2 - square * sum(self.variances)
        half = math.sqrt(max(0.0, b**2 - a * c))
        return (b - half) / a, (b + half) / a
