"""Shares of users: intervals for one share, tests and intervals for two."""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

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
