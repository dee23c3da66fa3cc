"""Sums over units: all that a comparison of means has to know of a million of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opslib.kernels import beside
from opslib.stats.moment_kernels import LANES, write_blocks, write_cubes

# So many units of a column stay in the cache between the two passes over them.
BLOCK = 4096
# Blocks that a thread takes at a time.
AT_ONCE = 256

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
        # Where all values are the same rounding leaves a little, or less than nothing.
        lost = np.diag(centred) < 1e-12 * np.diag(products)
        centred[lost, lost] = 0
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

    Two passes over a few thousand units at a time, which are then added up, so that
    nothing is lost where a mean is large beside the spread.

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
    # What is written of a block must be little beside it.
    block = max(BLOCK, 64 * groups)
    k, blocks = len(columns), -(-len(group) // block)
    values = np.stack(columns) if k > 1 else np.asarray(columns[0], float)[None]
    units = np.asarray(group, np.int64)
    places = LANES * (groups + 1)
    found = (
        np.zeros((blocks, places), np.int64),
        np.zeros((blocks, k, places)),
        np.zeros((blocks, k, k, places)),
    )
    values, units = _unwritable(values), _unwritable(units)
    beside(
        lambda first: write_blocks(
            values, units, block, first, min(first + AT_ONCE, blocks), *found
        ),
        range(0, blocks, AT_ONCE),
    )
    # By group and part, a lane of a block; the first group is what is left out.
    n, mean, products = (
        np.moveaxis(part.reshape(*part.shape[:-1], LANES, groups + 1)[..., 1:], -1, 0)
        for part in found
    )
    size = n.sum(axis=(1, 2))
    whole = np.einsum("gbl,gbil->gi", n, mean) / np.maximum(size, 1)[:, None]
    gap = mean - whole[:, None, :, None]
    spread = products.sum(axis=(1, 4)) + np.einsum("gbl,gbil,gbjl->gij", n, gap, gap)
    return [Moments(int(size[g]), whole[g], spread[g]) for g in range(groups)]


def skewness(
    values: Floats, group: npt.NDArray[np.intp], groups: int
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return how many values each group has, and how skewed they are.

    Args:
        values: One number per unit; NaN is left out.
        group: For each unit 0 <= its group < groups.
        groups: How many there are.

    Returns:
        Numbers of values, and third central moments over the cube of the standard
        deviation; NaN where all values are the same.

    Example:
        >>> values = np.array([0.0, 0.0, 3.0, 1.0, 2.0, 3.0])
        >>> skewness(values, np.array([0, 0, 0, 1, 1, 1]), 2)[1].round(4)
        array([0.7071, 0.    ])
    """
    found = moments([values], group, groups)
    n = np.array([one.n for one in found])
    centre = np.array([one.mean[0] for one in found])
    block = max(BLOCK, 64 * groups)
    blocks = -(-len(group) // block)
    sums = np.zeros((blocks, groups, 3))
    column, units = _unwritable(values), _unwritable(np.asarray(group, np.int64))
    beside(
        lambda first: write_cubes(
            column, units, centre, block, first, min(first + AT_ONCE, blocks), sums
        ),
        range(0, blocks, AT_ONCE),
    )
    mean, square, cube = (sums.sum(axis=0) / np.maximum(n, 1)[:, None]).T
    spread = square - mean**2
    third = cube - 3 * mean * square + 2 * mean**3
    # Where all values are the same rounding may leave a little.
    some = spread > (1e-12 * centre) ** 2
    return n, np.where(some, third, np.nan) / np.where(some, spread, 1) ** 1.5


def _unwritable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view such as columns of a table are: one compiled kernel serves all."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
