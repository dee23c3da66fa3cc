"""Differences of changes, period by period, and whether groups drifted before."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._campaign_panel import LEAST_PERIODS, Grid
from opslib.stats.changes import TwoChanges, two_changes
from opslib.stats.means import TwoMeans, mean_interval

Floats = npt.NDArray[np.float64]


def effect(grid: Grid) -> TwoChanges:
    """Compare how much the units of both groups changed."""
    had = grid.treated
    return two_changes(
        grid.before[~had], grid.after[~had], grid.before[had], grid.after[had]
    )


def by_group(grid: Grid, confidence: float) -> pd.DataFrame:
    """Return the mean of each group in each period, a unit counting once."""
    parts = []
    for name, members in (("treated", grid.treated), ("comparison", ~grid.treated)):
        value = grid.value[members]
        known = ~np.isnan(value)
        # Less a level, so that the squares of large numbers lose nothing.
        level = np.nanmean(value)
        apart = np.where(known, value - level, 0)
        n, total = known.sum(axis=0), apart.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, low, high = (
                level + one
                for one in mean_interval(n, total, (apart**2).sum(axis=0), confidence)
            )
        columns = {"number": grid.number, "period": grid.first, "units": n}
        bounds = {"mean": mean, "low": low, "high": high}
        parts.append(pd.DataFrame({"group": name, **columns, **bounds}))
    return pd.concat(parts, ignore_index=True)


def by_period(grid: Grid, confidence: float) -> pd.DataFrame:
    """Return by how much more the treated lie above their mean before, by period."""
    apart = grid.value - grid.before[:, None]
    rows = []
    for i, number in enumerate(grid.number):
        pair = _pair(apart[:, i], grid.treated)
        low, high = np.nan, np.nan
        difference = np.nan
        if pair is not None:
            difference = pair.difference
            low, high = pair.difference_interval(confidence)
        told = {"number": number, "period": grid.first[i], "during": number >= 0}
        rows.append(told | {"difference": difference, "low": low, "high": high})
    return pd.DataFrame(rows)


def drift(grid: Grid, confidence: float) -> pd.DataFrame:
    """Compare slopes before the start, and changes at a start that was none.

    Returns:
        See `CampaignResult.checks`.
    """
    early = grid.number < 0
    periods = int(early.sum())
    rows = []
    if periods >= LEAST_PERIODS:
        number, value = grid.number[early].astype(float), grid.value[:, early]
        middle = periods // 2
        parts = {
            "slope": (_slopes(value, number), grid.first[early][0]),
            "placebo": (
                _mean(value[:, middle:]) - _mean(value[:, :middle]),
                grid.first[early][middle],
            ),
        }
        for check, (each, since) in parts.items():
            pair = _pair(each, grid.treated)
            if pair is None:
                continue
            low, high = pair.difference_interval(confidence)
            told = {"check": check, "since": since, "units": pair.n_control + pair.n}
            told |= {"difference": pair.difference, "low": low, "high": high}
            rows.append(told | {"p_value": pair.test()[0]})
    columns = ["check", "since", "units", "difference", "low", "high", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def _pair(each: Floats, treated: npt.NDArray[np.bool_]) -> TwoMeans | None:
    """Compare a number per unit between groups; None where one has none."""
    arms = [each[members & ~np.isnan(each)] for members in (~treated, treated)]
    if min(map(len, arms)) == 0:
        return None
    control, treatment = arms
    return TwoMeans(
        len(control),
        float(control.mean()),
        float(control.std(ddof=1)) if len(control) > 1 else np.nan,
        len(treatment),
        float(treatment.mean()),
        float(treatment.std(ddof=1)) if len(treatment) > 1 else np.nan,
    )


def _mean(value: Floats) -> Floats:
    """Return the mean of each row over what is known; NaN without any."""
    known = ~np.isnan(value)
    n = known.sum(axis=1)
    mean: Floats = np.where(known, value, 0).sum(axis=1) / np.where(n > 0, n, np.nan)
    return mean


def _slopes(value: Floats, number: Floats) -> Floats:
    """Return the slope of each row by least squares; NaN with fewer than 2 values."""
    known = ~np.isnan(value)
    place = np.where(known, number, np.nan)
    apart = np.where(known, place - _mean(place)[:, None], 0)
    spread = (apart**2).sum(axis=1)
    total = (apart * np.where(known, value, 0)).sum(axis=1)
    slope: Floats = total / np.where(spread > 0, spread, np.nan)
    return slope
