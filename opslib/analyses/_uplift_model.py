"""Two models, one of each arm, and the difference of what they expect (T-learner)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from threadpoolctl import threadpool_limits

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def ordered(rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Put rows into an order that is random, but with ids not that of the file."""
    if "unit" not in rows:
        return np.random.default_rng(0).permutation(len(rows))
    hashes = pd.util.hash_pandas_object(rows["unit"].astype("str"), index=False)
    return np.argsort(hashes.to_numpy(), kind="stable")


def held_out(variant: pd.Series, share: float, seed: int) -> Bools:
    """Choose a share of each variant at random."""
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(variant), bool)
    for one in sorted(variant.unique()):
        places = np.flatnonzero(variant == one)
        chosen[random.permutation(places)[: round(share * len(places))]] = True
    return chosen


def out_of_sample(
    points: Floats,
    outcome: Floats,
    arms: tuple[Bools, Bools],
    part: Bools,
    *,
    kind: str,
    seed: int,
) -> Floats:
    """Return the effect expected of each unit, by models that have not seen it.

    Args:
        points: n x m, what was known before.
        outcome: n, 0 or 1 or a number.
        arms: Who has the control, and who the treatment.
        part: Two parts: each is scored by the models of the other.
        kind: "share" for outcomes of 0 and 1, or "mean".
        seed: Of the models.
    """
    predicted = np.empty(len(outcome))
    # One thread adds up in one order, and is faster when many sessions share the cores.
    with threadpool_limits(1, user_api="openmp"):  # type: ignore[no-untyped-call]
        for scored in (part, ~part):
            control, treatment = (
                _expected(
                    points[~scored & arm],
                    outcome[~scored & arm],
                    points[scored],
                    kind=kind,
                    seed=seed,
                )
                for arm in arms
            )
            predicted[scored] = treatment - control
    # What differs in the last digits only is the same.
    return np.round(predicted, 12) + 0.0


def _expected(
    known: Floats, outcome: Floats, asked: Floats, *, kind: str, seed: int
) -> Floats:
    """Learn an outcome from some units, and expect it of others."""
    options: dict[str, Any] = {
        "learning_rate": 0.05,
        "max_iter": 50,
        "max_depth": 2,
        "min_samples_leaf": max(20, len(known) // 50),
        "early_stopping": False,
        "random_state": seed,
    }
    if kind == "share":
        classes: Any = HistGradientBoostingClassifier(**options)  # type: ignore[no-untyped-call]
        return np.asarray(classes.fit(known, outcome).predict_proba(asked)[:, 1])
    numbers: Any = HistGradientBoostingRegressor(**options)  # type: ignore[no-untyped-call]
    return np.asarray(numbers.fit(known, outcome).predict(asked))


def places(predicted: Floats, part: Bools) -> Floats:
    """Return where units stand in their part, 0 the first and 1 the last.

    Of those that are tied the first in the table, whose order is random.
    """
    found = np.empty(len(predicted))
    for own in (part, ~part):
        if own.any():
            rank = rankdata(-predicted[own], method="ordinal")
            found[own] = (rank - 0.5) / own.sum()
    return found
