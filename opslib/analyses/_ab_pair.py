"""A control and a treatment, whatever is measured of them."""

from opslib.stats.means import TwoMeans
from opslib.stats.proportions import TwoProportions

Pair = TwoProportions | TwoMeans


def is_small(pair: Pair) -> bool:
    """Say whether a group is too small for a verdict (Optimizely; GrowthBook)."""
    if pair.kind == "share":
        return min(pair.n_control, pair.n) < 100 or pair.expected < 25
    return min(pair.n_control, pair.n) < 150
