"""A regression over days that resemble the day before, and what it expects next."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]

# Evenly from -1 to 1: as likely as any other before the days are seen.
RHO = (np.arange(40) + 0.5) / 20 - 1
LEAST = 1e-6
HALVINGS = 50


@dataclass(frozen=True)
class Mixture:
    """Distributions of m numbers: a weighted mean of Student's t, one per rho.

    Attributes:
        weight: Of each of k components; they add up to 1.
        freedom: Degrees of freedom of all.
        mean, scale: Of each component and number, k rows of m.
    """

    weight: Floats
    freedom: int
    mean: Floats
    scale: Floats

    @property
    def expected(self) -> Floats:
        """The mean of each number."""
        expected: Floats = self.weight @ self.mean
        return expected

    def below(self, value: Floats) -> Floats:
        """Return the chance that each number lies below its `value`."""
        chance: Floats = self.weight @ stdtr(
            self.freedom, (value - self.mean) / self.scale
        )
        return chance

    def interval(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Return what each number lies above and below, as likely either way."""
        low, high = (self._quantile((1 + s * confidence) / 2) for s in (-1, 1))
        return low, high

    def _quantile(self, chance: float) -> Floats:
        # It lies among the quantiles of the components.
        each = self.mean + stdtrit(self.freedom, chance) * self.scale
        low, high = each.min(axis=0), each.max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            less = self.below(middle) < chance
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        return (low + high) / 2


@dataclass(frozen=True)
class Forecast:
    """What a regression with autocorrelated errors expects on later days.

    Attributes:
        days: Of each later day.
        sums: Of the days up to each of them.
        fitted: What the regression has for the days it was fitted to.
        rho: How much a day's error resembles the one before, -1 to 1: the mean.
    """

    days: Mixture
    sums: Mixture
    fitted: Floats
    rho: float


def forecast(y: Floats, x: Floats, day: Days, ahead: Floats, later: Days) -> Forecast:
    """Fit y = x b + e, where e is AR(1), and forecast y on later days.

    Generalised least squares for each of 40 values of rho, averaged by how well each
    fits (its restricted likelihood): the posterior with a flat prior of b, log sigma
    and rho in (-1, 1). To take the likeliest rho as if it were known makes intervals
    too narrow with a few weeks of days. Days may be missing: the correlation of days
    g apart is rho**g.

    Args:
        y: Value on each of n days; not all of them fitted exactly.
        x: Regressors, n rows of p < n independent columns.
        day: Number of each day, rising.
        ahead: Regressors of h later days.
        later: Their numbers, rising, after all of `day`.

    References:
        Zellner & Tiao (1964), JASA 59, 763-778; Prais & Winsten (1954), Cowles
        Commission 383, for the transformation; Harville (1974), Biometrika 61, 383-385,
        for the restricted likelihood being that with b integrated out.

    Example:
        >>> day = np.arange(20)
        >>> one = np.ones((20, 1))
        >>> y = np.array([1.0, 3.0] * 10)
        >>> some = forecast(y, one, day, one[:2], np.array([20, 21]))
        >>> some.rho < -0.8, some.days.expected.round(1)
        (True, array([1., 3.]))
    """
    n, p = x.shape
    # Each day less what the day before it leads to expect, in units of its spread.
    gap = _power(np.diff(day))
    spread = np.sqrt(1 - gap**2)
    ones = np.ones((len(RHO), 1))
    less = np.hstack([0 * ones, gap / spread])
    own = np.hstack([ones, 1 / spread])
    back = np.r_[0, : n - 1]
    white_y = own * y - less * y[back]
    white_x = own[..., None] * x - less[..., None] * x[back]
    q, r = np.linalg.qr(white_x)
    along = np.einsum("knp,kn->kp", q, white_y)
    left = np.maximum((white_y**2).sum(axis=1) - (along**2).sum(axis=1), 1e-300)
    b = np.linalg.solve(r, along[..., None])[..., 0]
    size = np.abs(np.diagonal(r, axis1=1, axis2=2))
    fit = -np.log(spread).sum(axis=1) - np.log(size).sum(axis=1)
    fit -= (n - p) / 2 * np.log(left)
    weight = np.exp(fit - fit.max())
    some = weight > LEAST
    weight = weight[some] / weight[some].sum()
    b, r, variance = b[some], r[some], left[some] / (n - p)

    # What is left of the last day's error is expected to fade.
    fading = _power(later - day[-1])[some]
    error = y[-1] - b @ x[-1]
    mean = b @ ahead.T + fading * error[:, None]
    apart = _power(np.abs(later[:, None] - later))[some]
    noise = apart - fading[:, :, None] * fading[:, None, :]
    reach = ahead - fading[..., None] * x[-1]
    doubt = np.linalg.solve(r.transpose(0, 2, 1), reach.transpose(0, 2, 1))
    shared = noise + doubt.transpose(0, 2, 1) @ doubt

    def mixture(means: Floats, variances: Floats) -> Mixture:
        scale = np.sqrt(np.maximum(variances, 0) * variance[:, None])
        return Mixture(weight, n - p, means, scale)

    of_days = mixture(mean, np.diagonal(shared, axis1=1, axis2=2))
    summed = shared.cumsum(axis=1).cumsum(axis=2)
    of_sums = mixture(mean.cumsum(axis=1), np.diagonal(summed, axis1=1, axis2=2))
    return Forecast(of_days, of_sums, weight @ b @ x.T, float(weight @ RHO[some]))


def _power(days: Days) -> Floats:
    """Return each rho to the power of a number of days."""
    each: Floats = RHO.reshape(-1, *[1] * days.ndim) ** days
    return each
