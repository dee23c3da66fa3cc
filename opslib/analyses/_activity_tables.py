"""How the counts of activity become tables: windows, how often, and when."""

import itertools

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import kernels, periods
from opslib.active import Acts
from opslib.analyses._activity_kernels import count_hours
from opslib.eventlog import EventLog
from opslib.periods import Instants
from opslib.stats.proportions import wilson

HOUR = 3_600_000_000
WINDOWS = {"wau": 7, "mau": 30}


def windows(
    log: EventLog, by_day: npt.NDArray[np.int64], edges: Instants
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the users of the trailing windows, and the shares of one in another."""
    n, over = len(log.days) - 1, periods.complete(edges, log.until)
    of_day = periods.of_days(edges, log.days)
    last = np.searchsorted(of_day, np.arange(len(over)), side="right") - 1
    # A day that a zone skips has no length.
    length = np.bincount(of_day, np.diff(log.days) > 0)
    passed = np.where(length > 0, length, np.nan)
    users = {"dau": by_day[1, :n].astype(float)}
    found = {}
    for line, (name, window) in enumerate(WINDOWS.items(), 2):
        covered = np.arange(n) >= window - 1
        users[name] = np.where(covered, by_day[line, :n].cumsum(), np.nan)
        found[name] = np.where(over, users[name][last], np.nan)
    for part, whole in itertools.combinations(users, 2):
        share = users[part] / np.where(users[whole] > 0, users[whole], np.nan)
        mean = np.bincount(of_day, share) / passed
        found[f"{part}_{whole}"] = np.where(over, mean, np.nan)
    return found


def stickiness(by_periods: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Lay out users by the number of periods, none of them first."""
    exact = by_periods[1:]
    at_least = exact[::-1].cumsum()[::-1]
    active_at_all = at_least[:1].sum()
    low, high = wilson(at_least, np.full(len(exact), active_at_all))
    return pd.DataFrame(
        {
            "periods": np.arange(1, len(exact) + 1),
            "users": exact,
            "users_at_least": at_least,
            "share": at_least / (active_at_all or np.nan),
            "low": low,
            "high": high,
        }
    )


def frequency(by_events: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Lay out users by the binary logarithm of their events."""
    filled = np.flatnonzero(by_events)
    some = by_events[: filled[-1] + 1] if len(filled) else by_events[:0]
    begin = 2 ** np.arange(len(some))
    return pd.DataFrame(
        {
            "events_from": begin,
            "events_to": 2 * begin - 1,
            "users": some,
            "share": some / (some.sum() or np.nan),
        }
    )


def by_hour(acts: Acts, days: Instants, timezone: str, week_start: str) -> pd.DataFrame:
    """Count by hour of the week what was done on days with these edges."""
    edges, slot = periods.hours(days, timezone)
    hours = periods.calendar(edges)
    rows = acts.offsets, acts.time, acts.keep
    parts = kernels.over_users(
        lambda u, end: count_hours(u, end, *rows, hours, slot), acts.offsets
    )
    events, visits, users = np.sum(parts, axis=0)
    passed = np.bincount(slot, np.diff(edges) / HOUR, minlength=len(events))
    table = pd.DataFrame(
        {
            "weekday": np.repeat(periods.WEEKDAYS, 24),
            "hour": np.tile(np.arange(24), 7),
            "hours": passed,
            "events": events,
            "users": users,
            "events_per_hour": events / np.where(passed > 0, passed, np.nan),
            "users_per_hour": visits / np.where(passed > 0, passed, np.nan),
        }
    )
    first = 24 * periods.WEEKDAYS.index(week_start)
    return pd.concat([table[first:], table[:first]], ignore_index=True)
