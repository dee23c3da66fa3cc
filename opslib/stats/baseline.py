"""Shares of several groups, each beside one of them."""

import numpy as np
import pandas as pd

from opslib.stats.multiplicity import holm
from opslib.stats.proportions import TwoProportions

COLUMNS = ["group", "n", "share", "difference", "low", "high", "p_value", "p_adjusted"]


def against(groups: pd.DataFrame, baseline: int, fewest: int) -> pd.DataFrame:
    """Test the share of each other group against that of the baseline.

    Pooled z-test, exact where counts are small, with the score interval of the
    difference; Holm over the groups.

    Args:
        groups: Columns group, n and x, of whom x did it.
        baseline: Position of the group to compare with.
        fewest: Smaller groups are not compared, nor those with x > n.

    Returns:
        One row per other group: group, n, share, difference, low, high, p_value,
        p_adjusted; NaN from difference on where nothing is compared.

    References:
        Miettinen & Nurminen (1985) for the interval; Holm (1979).

    Example:
        >>> shares = pd.DataFrame({"group": ["a", "b"], "n": [80, 70], "x": [48, 56]})
        >>> against(shares, 0, 30).iloc[0, 2:].astype(float).round(3).tolist()
        [0.8, 0.2, 0.053, 0.338, 0.008, 0.008]
    """
    n_control, x_control = map(int, groups[["n", "x"]].iloc[baseline])
    rows = []
    for place, (group, n, x) in enumerate(
        groups[["group", "n", "x"]].itertuples(index=False)
    ):
        if place == baseline:
            continue
        share = x / n if n else np.nan
        pair = TwoProportions(n_control, x_control, int(n), int(x))
        if min(n, n_control) < fewest or x > n or x_control > n_control:
            rows.append([group, n, share, *[np.nan] * 4])
            continue
        bounds = pair.difference_interval()
        difference = pair.treatment - pair.control
        rows.append([group, n, share, difference, *bounds, pair.test()[0]])
    compared = pd.DataFrame(rows, columns=COLUMNS[:-1])
    compared["p_adjusted"] = holm(compared["p_value"].tolist())
    return compared
