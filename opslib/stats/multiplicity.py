"""Several comparisons at once: p values that keep the family's error rate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def holm(p_values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Adjust p values so that any false rejection among them stays rare.

    Args:
        p_values: 0 to 1; NaN is no comparison and stays NaN.

    References:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        array([0.03, 0.06, 0.06])
    """
    adjusted = np.asarray(p_values, float).copy()
    places = np.flatnonzero(~np.isnan(adjusted))
    places = places[np.argsort(adjusted[places], kind="stable")]
    raised = adjusted[places] * np.arange(len(places), 0, -1)
    adjusted[places] = np.minimum(1, np.maximum.accumulate(raised))
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Adjust p values so that of those rejected few are false on average.

    Args:
        p_values: 0 to 1; NaN is no comparison and stays NaN.

    References:
        Benjamini & Hochberg (1995), JRSS B 57, 289-300.

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03])
        array([0.03, 0.04, 0.04])
    """
    adjusted = np.asarray(p_values, float).copy()
    places = np.flatnonzero(~np.isnan(adjusted))
    places = places[np.argsort(adjusted[places], kind="stable")]
    raised = adjusted[places] * len(places) / np.arange(1, len(places) + 1)
    adjusted[places] = np.minimum.accumulate(raised[::-1])[::-1]
    return adjusted
