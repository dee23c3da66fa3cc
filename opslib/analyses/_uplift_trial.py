"""What a hold-out says of predicted effects: the Qini curve, groups, what is kept."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_pair import Pair, figures
from opslib.analyses._uplift_model import places
from opslib.stats.means import TwoMeans
from opslib.stats.proportions import TwoProportions
from opslib.stats.qini import qini_area, qini_curve, qini_resampled

GRID = np.linspace(0, 1, 101)
TENTHS = 10
FIFTHS = 5
FEWEST_LISTED = 50

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """Units that no model has seen: the effect predicted of each, its arm, its outcome.

    Attributes:
        kind: What the outcome is: "share" (0 and 1) or "mean".
    """

    predicted: Floats
    treated: Bools
    outcome: Floats
    kind: str

    @property
    def place(self) -> Floats:
        """Where each stands by its prediction, from 0, the highest, to 1."""
        return places(self.predicted, np.ones(len(self.predicted), bool))

    def pair(self, chosen: Bools) -> Pair:
        """Put the two arms of some of the units side by side."""
        return pair(self.treated[chosen], self.outcome[chosen], self.kind)

    def listed(self, chosen: Bools) -> Pair | None:
        """Put the arms of those on a list side by side; None of too few to judge."""
        treated = int(self.treated[chosen].sum())
        few = min(treated, int(chosen.sum()) - treated) < FEWEST_LISTED
        return None if few else self.pair(chosen)

    def judged(self, share: float, confidence: float, seed: int) -> dict[str, Any]:
        """Return curve, qini, kept and their intervals, named as in `UpliftResult`."""
        trial = self.predicted, self.treated, self.outcome
        at = np.append(GRID, share)
        gains, areas = qini_resampled(*trial, at=at, seed=seed)
        edges = (1 - confidence) / 2, (1 + confidence) / 2
        low, high = np.nanquantile(gains, edges, axis=0)
        qini_low, qini_high = np.nanquantile(areas, edges).tolist()
        shares, exact = qini_curve(*trial)
        gain = np.interp(at, shares, exact)
        # One more than were seen, so that p is never 0 (Davison & Hinkley, 1997).
        beyond = min(np.sum(areas <= 0), np.sum(areas >= 0))
        kept = [math.nan] * 3
        if low[-2] > 0:
            kept = [gain[-1] / exact[-1]]
            kept += np.nanquantile(gains[:, -1] / gains[:, -2], edges).tolist()
        curve = pd.DataFrame(
            {
                "share": GRID,
                "gain": gain[:-1],
                "low": low[:-1],
                "high": high[:-1],
                "random": GRID * exact[-1],
            }
        )
        return {
            "curve": curve,
            "qini": float(qini_area(shares, exact)),
            "qini_low": qini_low,
            "qini_high": qini_high,
            "p_value": min(1.0, 2 * float(beyond + 1) / (len(areas) + 1)),
            **dict(
                zip(("kept", "kept_low", "kept_high"), map(float, kept), strict=True)
            ),
        }

    def groups(self, confidence: float) -> pd.DataFrame:
        """Return the table that `UpliftResult` documents."""
        least = min(int(self.treated.sum()), int((~self.treated).sum()))
        many = TENTHS if least >= 100 * TENTHS else FIFTHS
        group = grouped(self.place, many)
        rows = []
        for one in range(1, many + 1):
            own = group == one
            predicted = float(self.predicted[own].mean())
            found = figures(self.pair(own), confidence)
            rows.append({"group": one, "predicted": predicted, **found})
        return pd.DataFrame(rows)


def grouped(place: Floats, many: int) -> npt.NDArray[np.intp]:
    """Cut places into groups of one size, from 1."""
    return np.minimum((place * many).astype(int), many - 1) + 1


def pair(treated: Bools, outcome: Floats, kind: str) -> Pair:
    """Put a control and a treatment side by side."""
    arms = outcome[~treated], outcome[treated]
    if kind == "share":
        counts = [(len(arm), int(arm.sum())) for arm in arms]
        return TwoProportions(*counts[0], *counts[1])
    moments = [
        (len(a), float(a.mean()), float(a.std(ddof=1)) if len(a) > 1 else 0.0)
        for a in arms
    ]
    return TwoMeans(*moments[0], *moments[1])
