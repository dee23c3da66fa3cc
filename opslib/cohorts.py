"""Who began when and came back when: what every question about cohorts starts from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from opslib import kernels, periods
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.periods import Dates, Instants, Period
from opslib.result import Error

Events = str | Sequence[str] | None

MOST_AGES = 366


def calendar(log: EventLog, period: Period, week_start: str) -> Instants:
    """Return the edges of the periods from the first event to `until`."""
    earliest = log.time[log.offsets[:-1]].min()
    latest = log.time[log.offsets[1:] - 1].max()
    # An event at midnight, the very end, lies in a period of its own.
    last = max(int(latest), log.until - 1)
    return periods.edges(
        int(earliest), last, period, log.timezone, week_start=week_start
    )


def ages(asked: int | Sequence[int] | None, oldest: int) -> npt.NDArray[np.int64]:
    """Return the ages to show, in order: those listed, 0 to n for n, all for None."""
    if asked is None:
        return np.arange(oldest + 1)
    listed = range(asked + 1) if isinstance(asked, int) else asked
    whole = isinstance(listed, Sequence) and all(isinstance(age, int) for age in listed)
    several = sorted(set(listed)) if whole else []
    if not several or several[0] < 0 or several[-1] > MOST_AGES:
        raise Error("option.range", option="ages", low=0, high=MOST_AGES, got=asked)
    return np.array(several, dtype=np.int64)


def wanted(log: EventLog, events: Events, option: str) -> Mask:
    """Say which event codes count."""
    if events is None:
        return np.ones(len(log.names), dtype=bool)
    wanted = np.zeros(len(log.names), dtype=bool)
    several = isinstance(events, Sequence) and not isinstance(events, str)
    names: Sequence[Any] = events if several else [events]
    if not names:
        raise Error("option.missing", option=option)
    wanted[[log.code(name, option) for name in names]] = True
    return wanted


def kept(log: EventLog, where: Sequence[Condition]) -> Mask:
    """Say which rows meet the conditions; empty where there are none."""
    mask = log.mask(where)
    return np.zeros(0, dtype=bool) if mask is None else mask


def began(
    log: EventLog,
    wanted: Mask,
    keep: Mask,
    dates: Dates | None,
    edges: Instants,
) -> npt.NDArray[np.int32]:
    """Return the period of each user's first start event, -1 outside `dates`."""
    never = np.iinfo(np.int64).max
    first = np.full(len(log.users), never)
    kernels.over_users(
        lambda u, end: kernels.first_times(
            u, end, log.offsets, log.time, log.event, wanted, keep, first
        ),
        log.offsets,
    )
    started = first < never
    if not started.any():
        raise Error("retention.no_start")
    begins, ends = (0, never) if dates is None else periods.span(dates, log.timezone)
    inside = started & (first >= begins) & (first < ends) if dates else started
    if dates is not None and not inside.any():
        all_days = periods.days(
            int(first.min()), int(first[started].max()) + 1, log.timezone
        )
        raise Error(
            "retention.nobody",
            first=str(dates[0]),
            last=str(dates[1]),
            earliest=all_days[0],
            latest=all_days[1],
        )
    period = np.searchsorted(edges, first, side="right") - 1
    return np.where(inside, period, -1).astype(np.int32)


def retained(
    log: EventLog,
    *,
    wanted: Mask,
    keep: Mask,
    began: npt.NDArray[np.int32],
    edges: Instants,
    last_age: int,
    count: str,
) -> npt.NDArray[np.int64]:
    """Count who came back, by cohort (those with users, in order) and by age."""
    line = np.cumsum(np.bincount(began[began >= 0], minlength=len(edges)) > 0) - 1
    latest_only = count == "on_or_after"
    parts = kernels.over_users(
        lambda u, end: kernels.returns_by_age(
            u,
            end,
            log.offsets,
            log.time,
            log.event,
            wanted,
            keep,
            began,
            line,
            edges,
            last_age + 1,
            latest_only,
        ),
        log.offsets,
    )
    counts: npt.NDArray[np.int64] = np.sum(parts, axis=0)
    # Who was last seen at some age was there at or after every earlier one.
    return counts[:, ::-1].cumsum(axis=1)[:, ::-1] if latest_only else counts


def came(
    log: EventLog,
    some: npt.NDArray[np.int64],
    *,
    wanted: Mask,
    keep: Mask,
    period: npt.NDArray[np.int32],
    edges: Instants,
    count: str,
) -> Mask:
    """Say which of `some` users have an event that counts in their `period`.

    With count "on_or_after" later ones count as well. A period after the last is empty.
    """
    at = np.minimum(period, len(edges) - 1)
    end = np.minimum(period + 1, len(edges) - 1) if count == "on" else at * 0 - 1
    return np.asarray(
        kernels.has_row_between(
            some, log.offsets, log.time, log.event, wanted, keep, edges[at], edges[end]
        )
    )
