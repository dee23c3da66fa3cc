"""An experiment day by day: what was known by then, and whether the split held."""

import math
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from opslib.analyses._ab_looks import Look
from opslib.analyses._ab_metrics import Groups, Metric
from opslib.analyses._ab_pair import Pair, figures
from opslib.analyses._ab_rows import DAY, Units
from opslib.analyses.ab_result import Check, Status
from opslib.result import Note
from opslib.stats.moments import Moments

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

# Below that chi-square is no good guide (Cochran, 1954).
EXPECTED = 5


def split_by_day(
    rows: pd.DataFrame, variants: Sequence[str], *, within: bool
) -> tuple[Check, ...]:
    """Compare the split of the units that came on different days.

    Units of different days differ, and so do variants that had them in different
    shares (Simpson's paradox); nothing to check where all came on one day.

    Args:
        rows: One row per unit: variant, day.
        variants: All of them.
        within: Whether the variants are compared within days.

    References:
        Crook, Frasca, Kohavi & Longbotham (2009), Seven Pitfalls to Avoid when Running
        Controlled Experiments on the Web, KDD, pitfall 4.
    """
    table = pd.crosstab(rows[DAY], rows["variant"]).reindex(columns=list(variants))
    table = table.fillna(0.0)
    shares = table.sum() / table.to_numpy().sum()
    # Days of too few units count with the next, the last ones with those before.
    enough, parts, part, filled = EXPECTED / shares.min(), [], 0, 0.0
    for size in table.sum(axis=1):
        parts.append(part)
        filled += size
        if filled >= enough:
            part, filled = part + 1, 0.0
    table = table.groupby(np.minimum(parts, max(0, part - 1))).sum()
    if len(table) < 2:
        return ()
    expected = np.outer(table.sum(axis=1), shares)
    off_by = float(((table.to_numpy() - expected) ** 2 / expected).sum())
    p = float(chdtrc((len(table) - 1) * (len(shares) - 1), off_by))
    seen = table.div(table.sum(axis=1), axis=0)
    off = str((seen.max() - seen.min()).idxmax())
    broken = p < 0.001
    status: Status = "fail" if broken and not within else "pass"
    code = "within" if broken and within else status
    values = {"variant": off, "low": seen[off].min(), "high": seen[off].max(), "p": p}
    return (Check("days", status, Note(f"ab.days.{code}", **values)),)


def over_time(
    groups: Groups, units: Units, metrics: Sequence[Metric], look: Look
) -> pd.DataFrame:
    """Compare the variants by what was there at the end of each day.

    Returns:
        The table that `opslib.ab_test` documents.
    """
    days = units.dated[DAY]
    names, day = np.unique(days.dropna(), return_inverse=True)
    # A row without a time counts on the last day.
    last = np.full(len(days), len(names) - 1, dtype=np.intp)
    last[days.notna().to_numpy()] = day
    came = groups.rows[DAY].fillna(names[-1]).value_counts()
    entered = came.reindex(names, fill_value=0).cumsum()
    looked = look.falls(entered.tolist())
    rows = []
    for metric in metrics:
        if metric.quantile is not None:
            by_day = _ordered_by_day(groups, units, metric, last, len(names))
        else:
            by_day = [
                groups.pairs(cells, metric) if _whole(cells, metric) else {}
                for cells in _by_day(groups, units, metric, last, len(names))
            ]
        for date, n, shown, pairs in zip(names, entered, looked, by_day, strict=True):
            for variant, pair in pairs.items():
                found = _row(pair, look.at(int(n)), looked=shown)
                rows.append(
                    {"metric": metric.name, "variant": variant, "date": date, **found}
                )
    return pd.DataFrame(rows)


def _whole(cells: Sequence[Sequence[Moments]], metric: Metric) -> bool:
    """Say whether each variant has units by then, and a ratio something below."""
    enough = all(arm and min(cell.n for cell in arm) >= 2 for arm in cells)
    below = metric.denominator is None or all(
        any(cell.mean[1] for cell in arm) for arm in cells
    )
    return enough and below


def _row(pair: Pair, look: Look, *, looked: bool) -> dict[str, Any]:
    """Return what stands for a day; what bounds it only when it is looked at."""
    covers = 1 - look.nominal(look.alpha)
    low, high = pair.lift_interval(covers)
    lift = math.nan
    if not pair.lift_problem(covers):
        lift = pair.difference / pair.control
    bounds = {"lift_low": low, "lift_high": high}
    row = figures(pair, covers) | {"lift": lift} | bounds
    row["p_value"] = look.p_value(pair.test()[0])
    if not looked:
        row |= dict.fromkeys(("low", "high", *bounds, "p_value"), math.nan)
    return row


def _by_day(
    groups: Groups, units: Units, metric: Metric, day: Places, days: int
) -> list[list[list[Moments]]]:
    """Return the moments of each variant and stratum at the end of each day.

    What a unit has grows from row to row; each row takes away what the unit had before
    it and adds what it has after, so that one pass gives all days.
    """
    place, columns = units.place, [units.dated[name] for name in metric.columns]
    values = np.array([column.to_numpy(float) for column in columns])
    order = np.lexsort((day, place))
    place, day, values = place[order], day[order], values[:, order]
    starts = np.append(True, place[1:] != place[:-1])
    known = (_running(~np.isnan(values), starts) > 0).all(axis=0)
    grown = np.array(groups.cut(metric, [*_running(np.nan_to_num(values), starts)]))
    # A unit's last row of a day, once it is known.
    ends = np.append((np.diff(place) != 0) | (np.diff(day) != 0), True) & known
    place, day, grown = place[ends], day[ends], grown[:, ends]
    if groups.nets(metric):
        grown = np.vstack([grown, groups.filled[place]])
    centre = grown.mean(axis=1, keepdims=True)
    grown = grown - centre
    first = np.append(True, place[1:] != place[:-1])
    earlier = np.where(first, 0.0, np.roll(grown, 1, axis=1))
    cell = groups.cell[place]
    at = day * groups.cells + cell

    def added(weights: Floats) -> Floats:
        sums = np.bincount(at, weights, days * groups.cells)
        return np.cumsum(sums.reshape(days, groups.cells), axis=0)

    n = added(first.astype(float))
    size = np.maximum(n, 1)
    sums = [added(new - old) for new, old in zip(grown, earlier, strict=True)]
    products = np.empty((len(grown), len(grown), *n.shape))
    for i, j in np.ndindex(len(grown), len(grown)):
        both = added(grown[i] * grown[j] - earlier[i] * earlier[j])
        products[i, j] = both - sums[i] * sums[j] / size
    mean, cells = np.array(sums) / size + centre[:, :, None], range(groups.cells)
    found = [
        [Moments(int(n[d, c]), mean[:, d, c], products[:, :, d, c]) for c in cells]
        for d in range(days)
    ]
    return [_there(groups.folded(one)) for one in found]


def _ordered_by_day(
    groups: Groups, units: Units, metric: Metric, day: Places, days: int
) -> list[dict[str, Pair]]:
    """Compare a quantile at the end of each day; nothing while a variant has none."""
    value = units.dated[metric.numerator].to_numpy(float)
    rows = pd.DataFrame({"place": units.place, "day": day, "value": value})
    rows = rows.sort_values("day", kind="stable")
    rows["value"] = rows.groupby("place")["value"].cumsum()
    now, found = np.full(len(groups.rows), np.nan), []
    for date in range(days):
        today = rows[rows["day"] == date].dropna()
        # Of several rows of a unit the last one holds.
        now[today["place"]] = today["value"]
        found.append(groups.ordered(metric, now, groups.cell) or {})
    return found


def _there(arms: Sequence[Sequence[Moments]]) -> list[list[Moments]]:
    """Leave out strata that nobody is in yet."""
    kept = [any(cell.n for cell in cells) for cells in zip(*arms, strict=True)]
    return [list(compress(arm, kept)) for arm in arms]


def _running(values: npt.NDArray[Any], starts: npt.NDArray[np.bool_]) -> Floats:
    """Add up each row of numbers from every start on."""
    sums = np.cumsum(values, axis=1, dtype=float)
    before = sums[:, starts] - values[:, starts]
    return sums - before[:, np.cumsum(starts) - 1]
