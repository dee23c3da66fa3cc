"""Shares and means of things that belong to users, who each have several."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from opslib.stats.proportions import wilson

Floats = npt.NDArray[np.float64]


class Sums(NamedTuple):
    """Sums over users of n, how many things each has, and x, what these come to.

    All of one shape, or of shapes that broadcast.

    Attributes:
        users: How many users have any.
        n, nn: Sums of n and of n squared.
        x, xx: Sums of x and of x squared.
        xn: Sum of x times n.
    """

    users: npt.ArrayLike
    n: npt.ArrayLike
    nn: npt.ArrayLike
    x: npt.ArrayLike
    xx: npt.ArrayLike
    xn: npt.ArrayLike

    @classmethod
    def of(cls, x: npt.ArrayLike, n: npt.ArrayLike) -> Self:
        """Add up over users what each has."""
        x, n = np.asarray(x, float), np.asarray(n, float)
        products = (n, n * n, x, x * x, x * n)
        return cls((n > 0).sum(), *(one.sum() for one in products))


def _variance(sums: Sums) -> tuple[Floats, Floats]:
    """Return x / n, and its variance between users, by linearisation of the ratio."""
    n, nn, x, xx, xn = (np.asarray(one, float) for one in sums[1:])
    size = np.where(n > 0, n, np.nan)
    ratio = x / size
    # Rounding may leave less than nothing where all users are alike.
    spread = np.maximum(xx - 2 * ratio * xn + ratio**2 * nn, 0)
    return ratio, spread / size**2


def wilson_clustered(sums: Sums, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Bound shares of things that belong to users, such as sessions.

    Things of one user are alike, so that they tell less than as many of different
    users: the Wilson interval is that of n / deff of them, deff being how much larger
    the variance of the share between users is than that of independent things (at
    least 1). Where it cannot be estimated, as of one user, every user counts once. With
    one thing per user it is the Wilson interval.

    Args:
        sums: Of things, and of those of the kind whose share is wanted.
        confidence: Coverage, between 0 and 1.

    Returns:
        Lower and upper bounds, 0 to 1; NaN where there is nothing.

    References:
        Kish (1965), Survey Sampling, ch. 5 and 8; Korn & Graubard (1998), Survey
        Methodology 24, 193-201, the effective size; Dean & Pagano (2015), J. Survey
        Statist. Methodol. 3, 484-503, the modified Wilson interval. The variance is
        that of Liang & Zeger (1986), Biometrika 73, 13-22, of a share by itself.

    Example:
        >>> low, high = wilson_clustered(Sums.of([1] * 5 + [0] * 5, [1] * 10))
        >>> round(float(low), 4), round(float(high), 4)  # as wilson(5, 10)
        (0.2366, 0.7634)
        >>> low, high = wilson_clustered(Sums.of([10] * 5 + [0] * 5, [10] * 10))
        >>> round(float(low), 4), round(float(high), 4)  # all or none
        (0.2366, 0.7634)
    """
    share, spread = _variance(sums)
    independent = share * (1 - share)
    known = (independent > 0) & (np.asarray(sums.users) > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(known, independent / spread, sums.users)
    effective = np.minimum(effective, sums.n)
    return wilson(share * effective, effective, confidence)


def mean_clustered(
    sums: Sums, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return x / n, the mean of things that belong to users, and its bounds.

    By Student's t with the users less one, whose variance is that between users; with
    one thing per user it is the interval of a mean.

    Args:
        sums: Of things, and of what they are worth.
        confidence: Coverage, between 0 and 1.

    Returns:
        Means, lower and upper bounds; NaN where there is nothing, and the bounds also
        where it is of one user.

    References:
        Cochran (1977), Sampling Techniques, ch. 6; Student (1908), Biometrika 6, 1-25.

    Example:
        >>> mean, low, high = mean_clustered(Sums.of([0, 0, 4, 4], [1, 1, 1, 1]))
        >>> float(mean), round(float(low), 4), round(float(high), 4)
        (2.0, -1.6748, 5.6748)
    """
    mean, spread = _variance(sums)
    users = np.asarray(sums.users, float)
    freedom = np.where(users > 1, users - 1, np.nan)
    half = stdtrit(freedom, (1 + confidence) / 2)
    half *= np.sqrt(spread * users / freedom)
    return mean, mean - half, mean + half
