"""Many pairs of a control and a treatment at once, by the statistics of one.

What `means`, `ratios`, `cuped` and `proportions` say of a pair, in arrays: a simulation
asks it tens of thousands of times.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtr, stdtrit

from opslib.stats.means import satterthwaite
from opslib.stats.proportions import TwoProportions

Floats = npt.NDArray[np.float64]
# With fewer expected in a cell the z test of two shares does not hold.
FEWEST = 5


@dataclass(frozen=True)
class Arms:
    """Moments of many pairs of groups, as `Moments` has them of one group.

    Attributes:
        n: Units, an array whose last axis is control and treatment.
        mean: Means of the columns, with these as one more axis.
        products: Of each two columns the sum of products about the means, with two more
            axes than `n`.
    """

    n: npt.NDArray[np.int64]
    mean: Floats
    products: Floats

    @classmethod
    def from_sums(
        cls, n: npt.NDArray[np.int64], sums: Floats, products: Floats, centre: Floats
    ) -> Self:
        """Read sums of what columns lie above `centre`, best about their means."""
        mean = sums / n[..., None]
        about = n[..., None, None] * mean[..., :, None] * mean[..., None, :]
        return cls(n, centre + mean, products - about)


@dataclass(frozen=True)
class _Pairs:
    """Arrays of one shape, but for sizes, which may be broadcast to it."""

    def at(self, place: npt.NDArray[np.intp]) -> Self:
        """Take of each row the one at its place: a pair per row."""
        rows = np.arange(len(place))
        arrays = np.broadcast_arrays(*(getattr(self, one.name) for one in fields(self)))
        return type(self)(*(array[rows, place] for array in arrays))


@dataclass(frozen=True)
class Means(_Pairs):
    """Differences of means, compared by Welch's test as those of `TwoMeans`.

    Attributes:
        n_control, n: Units.
        difference: How much more the treatment has.
        variance_control, variance: What the groups add to its variance.
    """

    n_control: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    difference: Floats
    variance_control: Floats
    variance: Floats

    @property
    def _freedom(self) -> Floats:
        return satterthwaite(
            self.variance_control, self.variance, self.n_control, self.n
        )

    def p_values(self) -> Floats:
        """Return two-sided p values; NaN where nothing varies within the groups."""
        with np.errstate(invalid="ignore", divide="ignore"):
            t = self.difference / np.sqrt(self.variance_control + self.variance)
            return 2 * stdtr(self._freedom, -np.where(np.isinf(t), np.nan, abs(t)))

    def hold(self, difference: float, level: Floats) -> npt.NDArray[np.bool_]:
        """Say which intervals of confidence 1 - level hold a difference."""
        with np.errstate(invalid="ignore", divide="ignore"):
            half = stdtrit(self._freedom, 1 - level / 2)
            half = half * np.sqrt(self.variance_control + self.variance)
            return abs(self.difference - difference) <= half


@dataclass(frozen=True)
class Shares(_Pairs):
    """Differences of shares, compared by the pooled z test as in `TwoProportions`.

    Attributes:
        n_control, x_control: Units in the control, and how many of them succeed.
        n, x: The same of the treatment.
    """

    n_control: npt.NDArray[np.int64]
    x_control: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    x: npt.NDArray[np.int64]

    @property
    def difference(self) -> Floats:
        """How much higher the share of the treatment is."""
        return self.x / self.n - self.x_control / self.n_control

    def p_values(self) -> Floats:
        """Return two-sided p values; NaN where a cell is expected to hold under 5."""
        pooled = (self.x_control + self.x) / (self.n_control + self.n)
        least = np.minimum(pooled, 1 - pooled) * np.minimum(self.n_control, self.n)
        spread = pooled * (1 - pooled) * (1 / self.n_control + 1 / self.n)
        square = np.where(least >= FEWEST, spread, np.nan)
        return 2 * ndtr(-abs(self.difference) / np.sqrt(square))

    def hold(self, difference: float, level: Floats) -> npt.NDArray[np.bool_]:
        """Say which score intervals of confidence 1 - level hold a difference."""
        counts = (self.n_control, self.x_control, self.n, self.x)
        rows = zip(*(one.tolist() for one in counts), level.tolist(), strict=True)
        return np.array(
            [TwoProportions(*one).holds(difference, 1 - alpha) for *one, alpha in rows],
            bool,
        )


def of_means(arms: Arms) -> Means:
    """Compare the means of the first column."""
    return _compared(arms, arms.mean[..., 0], arms.products[..., 0, 0])


def of_ratios(arms: Arms) -> Means:
    """Compare the ratios of the first column to the second, by the delta method."""
    below = np.where(arms.mean[..., 1] == 0, np.nan, arms.mean[..., 1])
    value = arms.mean[..., 0] / below
    left = _left(arms.products, value) / below**2
    return _compared(arms, value, left)


def net_means(arms: Arms) -> Means:
    """Compare the means of the first column net of the second (CUPED)."""
    shared = arms.products.sum(axis=-3)
    with np.errstate(invalid="ignore"):
        theta = (shared[..., 0, 1] / shared[..., 1, 1])[..., None]
    net = arms.mean[..., 0] - theta * arms.mean[..., 1]
    return _compared(arms, net, _left(arms.products, theta))


COMPARE: dict[str, Callable[[Arms], Means]] = {
    "mean": of_means,
    "ratio": of_ratios,
    "net": net_means,
}


def _left(products: Floats, slope: Floats) -> Floats:
    """Return the sum of squares of the first column less a multiple of the second."""
    shared, other = products[..., 0, 1], products[..., 1, 1]
    return np.maximum(0, products[..., 0, 0] - 2 * slope * shared + slope**2 * other)


def _compared(arms: Arms, value: Floats, squares: Floats) -> Means:
    variance = squares / ((arms.n - 1) * arms.n)
    return Means(
        arms.n[..., 0],
        arms.n[..., 1],
        value[..., 1] - value[..., 0],
        variance[..., 0],
        variance[..., 1],
    )
