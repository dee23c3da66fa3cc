"""A funnel seen by when users entered it, and by how long they took; by group."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import periods
from opslib.periods import Period
from opslib.stats.proportions import wilson

SECOND = 1_000_000
MOST_BINS = 60


def over_time(
    start: npt.NDArray[np.int64],
    converted: npt.NDArray[np.bool_],
    closed: npt.NDArray[np.bool_],
    group: npt.NDArray[np.int32],
    groups: int,
    *,
    period: Period,
    timezone: str,
    week_start: str,
) -> pd.DataFrame:
    """Count entrants and those who converted, by group and then period of entry.

    Args:
        start: When each attempt started.
        converted: Whether it reached the last step.
        closed: Whether its window was over when observation ended.
        group: Its group, from 0.
        groups: How many there are; all have the same periods.
        period: "day", "week" or "month".
        timezone: IANA name.
        week_start: First day of the week.
    """
    edges = np.zeros(1, np.int64)
    if len(start):
        span = int(start.min()), int(start.max())
        edges = periods.edges(*span, period, timezone, week_start=week_start)
    n = len(edges) - 1
    place = np.searchsorted(edges, start, side="right") - 1 + n * group
    users, reached, over, over_reached = (
        np.bincount(place[which], minlength=n * groups)[: n * groups]
        for which in (slice(None), converted, closed, converted & closed)
    )
    low, high = wilson(reached, users)
    over_low, over_high = wilson(over_reached, over)
    with np.errstate(invalid="ignore"):
        return pd.DataFrame(
            {
                "period": np.tile(periods.names(edges, timezone), groups),
                "users": users,
                "converted": reached,
                "share": reached / users,
                "low": low,
                "high": high,
                "matured_users": over,
                "matured_share": over_reached / over,
                "matured_low": over_low,
                "matured_high": over_high,
            }
        )


def times(
    taken: npt.NDArray[np.int64], group: npt.NDArray[np.int32], groups: int
) -> pd.DataFrame:
    """Count users by group and the time they took, in equal bins and one open.

    As many bins as the cube root of the users, at most 60, each a whole number of
    seconds long; the same for all groups.

    Args:
        taken: Microseconds.
        group: The group of each, from 0.
        groups: How many there are.
    """
    seconds = taken // SECOND
    if not len(seconds):
        return pd.DataFrame(
            {"from_seconds": [], "to_seconds": [], "users": [], "share": []}
        ).astype({"users": "int64"})
    bins = min(MOST_BINS, math.ceil(round(len(seconds) ** (1 / 3), 9)))
    first, last = int(seconds.min()), int(seconds.max())
    width = max(1, math.ceil((last - first) / bins))
    place = (seconds - first) // width + (bins + 1) * group
    users = np.bincount(place, minlength=(bins + 1) * groups).reshape(groups, -1)
    edges = first + width * np.arange(bins + 1)
    ends = [*edges[1:].astype(float), np.nan]
    shown = bins + int(users[:, bins].any())
    with np.errstate(invalid="ignore"):
        share = users / users.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "from_seconds": np.tile(edges[:shown], groups),
            "to_seconds": np.tile(ends[:shown], groups),
            "users": users[:, :shown].ravel(),
            "share": share[:, :shown].ravel(),
        }
    )
