"""How skewed a mean or a ratio is, by what each unit adds to it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opslib.result import Note
from opslib.stats import cuped
from opslib.stats.moments import Moments, skewness
from opslib.stats.resampling import enough

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """The columns of a mean or a ratio as they are compared, and how skewed they are.

    Within strata, values lie as far from the means of the variants as they weigh.

    Attributes:
        columns: One, two of a ratio, or one and that from before.
        group: The place of each unit's variant among all.
        influence: What each unit adds to the value of its group; NaN without a value.
        skew: How skewed that is in each group.
        n: How many units of each group have a value.
        theta: What is taken off per unit of the column from before.
    """

    columns: Sequence[Floats]
    group: npt.NDArray[np.intp]
    influence: Floats
    skew: Floats
    n: npt.NDArray[np.intp]
    theta: float


def measured(
    columns: Sequence[Floats],
    arms: Sequence[Sequence[Moments]],
    cell: npt.NDArray[np.intp],
    kind: str,
) -> Measured:
    """Say what each unit adds to a mean or ratio.

    Args:
        columns: As in `Measured`.
        arms: The moments of each variant, stratum by stratum.
        cell: For each unit the place of its variant and stratum among them.
        kind: "mean" or "ratio".
    """
    group = cell // len(arms[0])
    n = np.array([[one.n for one in arm] for arm in arms])
    means = np.array([[one.mean for one in arm] for arm in arms])
    share = n.sum(axis=0) / n.sum()
    mean = np.einsum("s,gsk->gk", share, means)
    if len(share) > 1:
        # So weighted the plain mean of a variant is that of its weighted strata.
        weight = (share * n.sum(axis=1, keepdims=True) / n).ravel()[cell]
        within = means.reshape(n.size, -1)[cell]
        columns = [
            mean[group, k] + weight * (column - within[:, k])
            for k, column in enumerate(columns)
        ]
    theta = 0.0
    if kind == "ratio":
        influence = columns[0] - (mean[:, 0] / mean[:, 1])[group] * columns[1]
    else:
        influence = columns[0] - mean[group, 0]
        if len(columns) > 1:
            theta = cuped.slope([one for arm in arms for one in arm])
            influence -= theta * (columns[1] - mean[group, 1])
    size, skew = skewness(influence, group, len(arms))
    return Measured(columns, group, influence, skew, size, theta)


def skewed(
    metric: str, variants: Sequence[str], n: npt.NDArray[np.intp], skew: Floats
) -> list[Note]:
    """Warn of the group whose mean is the furthest from being about normal."""
    needed = enough(skew)
    worst = int(np.argmax(np.nan_to_num(needed / np.maximum(n, 1))))
    if not needed[worst] > n[worst]:
        return []
    told = {"n": int(n[worst]), "needed": math.ceil(needed[worst])}
    return [
        Note(
            "ab.skewed",
            metric=metric,
            variant=variants[worst],
            skew=float(skew[worst]),
            **told,
        )
    ]
