"""Means resampled: a check of what normal theory says of skewed values."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson  # type: ignore[attr-defined]

Floats = npt.NDArray[np.float64]

SAMPLES = 4_000
# So many units, those that matter most, are drawn one by one.
SINGLE = 1_000
# Below this a sample may well be empty.
FEWEST = 30

# What two random bytes are worth as a Poisson number of mean 1.
_COUNTS = np.diff(np.round(65_536 * poisson.cdf(np.arange(-1, 10), 1))).astype(int)
_POISSON = np.repeat(np.arange(10), _COUNTS).astype(float)


def drawn(random: np.random.Generator) -> Floats:
    """Return how often each of `SINGLE` units is in each of `SAMPLES` samples.

    Poisson numbers of mean 1, to 16 binary digits: what a unit of many has in a sample
    with replacement.

    References:
        Hanley & MacGibbon (2006), Computer Methods and Programs in Biomedicine 83,
        57-62; Chamandy, Muralidharan, Najmi & Naidu (2012), Estimating Uncertainty for
        Massive Data Streams, Google.
    """
    bits = random.integers(0, len(_POISSON), (SAMPLES, SINGLE), dtype=np.uint16)
    return _POISSON[bits]


def resampled(
    columns: Sequence[Floats],
    influence: Floats,
    weights: Floats,
    random: np.random.Generator,
) -> Floats:
    """Return the means of some columns in many samples of their rows.

    Up to 1,000 rows each is drawn by itself. Of more that holds for those of the
    largest influence, which are the ones that make a mean skewed; the sums over all
    others, of which none stands out, are drawn from the normal law with the mean and
    covariance that they have (central limit theorem). So any number of rows costs
    little more than one pass.

    Args:
        columns: One number per row each, none missing.
        influence: For each row what it adds to the statistic, 0 on average.
        weights: What `drawn` gives; one for all statistics of the same rows.
        random: Draws the rest.

    Returns:
        `SAMPLES` rows of means, one for each column.

    Example:
        >>> random = np.random.default_rng(0)
        >>> values = random.exponential(size=5_000)
        >>> means = resampled([values], values - 1, drawn(random), random)
        >>> means.shape, (means.std() * 5_000**0.5).round(1)
        ((4000, 1), np.float64(1.0))
    """
    centre = np.array([column.mean() for column in columns])
    rows = np.stack([np.ones(len(influence)), *columns])
    rows[1:] -= centre[:, None]
    if len(influence) > SINGLE:
        far = np.argpartition(np.abs(influence), -SINGLE)[-SINGLE:]
        some = rows[:, far]
        # A Poisson number of each row: the sums have the sums of squares as variance.
        sums = (
            some @ weights.T
            + random.multivariate_normal(
                rows.sum(axis=1) - some.sum(axis=1),
                rows @ rows.T - some @ some.T,
                len(weights),
                check_valid="ignore",
                method="eigh",
            ).T
        )
    else:
        sums = rows @ weights[:, : len(influence)].T
    means: Floats = centre + (sums[1:] / sums[0]).T
    return means


def enough(skew: npt.ArrayLike) -> Floats:
    """Return how many units a mean needs so that Welch's interval holds well enough.

    355 skew^2: from there on an interval of 95 % for one mean misses on each side in 2
    to 3 % (by the first term of the Edgeworth series). In the difference of two groups
    of equal size much of the skewness cancels, so that fewer may do.

    References:
        Kohavi, Deng, Longbotham & Xu (2014), Seven Rules of Thumb for Web Site
        Experimenters, KDD, rule 7, after Boos & Hughes-Oliver (2000), The American
        Statistician 54, 121-128.

    Example:
        >>> float(enough(2))
        1420.0
    """
    return 355 * np.square(np.asarray(skew, float))
