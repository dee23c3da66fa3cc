"""A control and a treatment, whatever is measured of them."""

from typing import Any

from opslib.result import Note
from opslib.stats.means import TwoMeans
from opslib.stats.proportions import TwoProportions
from opslib.stats.quantiles import ENOUGH, TwoQuantiles

Pair = TwoProportions | TwoMeans | TwoQuantiles


def figures(pair: Pair, confidence: float) -> dict[str, Any]:
    """Return what stands in a table of a pair: sizes, values, difference, interval."""
    low, high = pair.difference_interval(confidence)
    return {
        "kind": pair.kind,
        "n_control": pair.n_control,
        "n": pair.n,
        "control": pair.control,
        "treatment": pair.treatment,
        "difference": pair.difference,
        "low": low,
        "high": high,
    }


def is_small(pair: Pair) -> bool:
    """Say whether a group is too small for a verdict (Optimizely; GrowthBook)."""
    if isinstance(pair, TwoQuantiles):
        return min(pair.n_control, pair.n) < 150 or pair.beyond < ENOUGH
    if pair.kind == "share":
        return min(pair.n_control, pair.n) < 100 or pair.expected < 25
    return min(pair.n_control, pair.n) < 150


def uncapped(metric: str, variant: str, most: float, n: int, pair: Pair) -> Note:
    """Say what was found with all values as they are."""
    scale = "difference" if pair.lift_problem() else "lift"
    change = pair.difference / (1 if scale == "difference" else pair.control)
    return Note(
        "ab.winsorized",
        metric=metric,
        variant=variant,
        most=most,
        n=n,
        change=Note("ab.gap.lift" if scale == "lift" else "ab.gap.mean", value=change),
        p=pair.test()[0],
    )
