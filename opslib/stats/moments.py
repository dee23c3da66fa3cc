"""Sums over units: all that a comparison of means has to know of a million of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What some units have in one or more columns.

    Parts of a table, or the answers of a warehouse, add up: `a + b` is of all units.

    Attributes:
        n: How many units.
        mean: The mean of each column.
        products: For each two columns the sum over units of what one lies above its
            mean, times what the other does.
    """

    n: int
    mean: Floats
    products: Floats

    @classmethod
    def from_sums(
        cls, n: int, sums: Sequence[float], products: npt.ArrayLike
    ) -> "Moments":
        """Read plain sums, as SQL gives them.

        Args:
            n: COUNT(*).
            sums: SUM(x) of each column.
            products: SUM(x * y) of each two columns, a square.

        Example:
            >>> Moments.from_sums(4, [8.0], [[24.0]]).covariance
            array([[2.66666667]])
        """
        mean = np.asarray(sums, float) / n
        centred = np.asarray(products, float) - n * np.outer(mean, mean)
        return cls(n, mean, centred)

    def __add__(self, other: "Moments") -> "Moments":
        n = self.n + other.n
        gap = other.mean - self.mean
        between = np.outer(gap, gap) * (self.n * other.n / n)
        mean = self.mean + gap * (other.n / n)
        return Moments(n, mean, self.products + other.products + between)

    @property
    def covariance(self) -> Floats:
        """Covariances of the columns (ddof 1); NaN for a single unit."""
        return self.products / (self.n - 1 if self.n > 1 else np.nan)


def moments(
    columns: Sequence[Floats], group: npt.NDArray[np.intp], groups: int
) -> list[Moments]:
    """Reduce columns to their moments by group.

    Two passes, so that nothing is lost where a mean is large beside the spread.

    Args:
        columns: One number per unit each; units with a NaN in any are left out.
        group: For each unit 0 <= its group < groups.
        groups: How many there are.

    References:
        Chan, Golub & LeVeque (1983), The American Statistician 37, 242-247.

    Example:
        >>> a, b = moments([np.array([1.0, 3.0, 5.0])], np.array([0, 0, 1]), 2)
        >>> a.n, a.mean, a.covariance
        (2, array([2.]), array([[2.]]))
    """
    known = ~np.isnan(columns[0])
    for column in columns[1:]:
        known &= ~np.isnan(column)
    if not known.all():
        columns, group = [column[known] for column in columns], group[known]
    n = np.bincount(group, minlength=groups)
    size = np.maximum(n, 1)
    mean = np.array([np.bincount(group, c, groups) / size for c in columns])
    beyond = [c - m[group] for c, m in zip(columns, mean, strict=True)]
    products = np.zeros((groups, len(columns), len(columns)))
    for i, one in enumerate(beyond):
        for j, other in enumerate(beyond[: i + 1]):
            products[:, i, j] = np.bincount(group, one * other, groups)
            products[:, j, i] = products[:, i, j]
    return [Moments(int(n[g]), mean[:, g], products[g]) for g in range(groups)]
