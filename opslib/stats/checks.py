"""Checks that come before any finding."""

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc


def sample_ratio(observed: Sequence[int], shares: Sequence[float]) -> float:
    """Return the p value of a sample ratio mismatch: was traffic split as planned?

    Chi-square goodness of fit; a variant planned at 0 adds no degree of freedom.

    Args:
        observed: Units per variant.
        shares: Planned shares in the same order, on any scale.

    References:
        Fabijan et al. (2019), Diagnosing Sample Ratio Mismatch, KDD.

    Example:
        >>> round(sample_ratio([44700, 45489], [1, 1]), 4)
        0.0086
    """
    counts, planned = np.asarray(observed, float), np.asarray(shares, float)
    if counts[planned == 0].any():
        return 0.0
    counts, planned = counts[planned > 0], planned[planned > 0]
    expected = counts.sum() * planned / planned.sum()
    return float(chdtrc(len(counts) - 1, ((counts - expected) ** 2 / expected).sum()))
