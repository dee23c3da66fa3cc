"""Who began when, and in which group: what every question about cohorts starts from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohort_kernels, kernels, periods
from opslib.conditions import Codes, Condition, Mask, Texts
from opslib.eventlog import EventLog
from opslib.periods import Dates, Instants
from opslib.result import Error

Events = str | Sequence[str] | None

KINDS = {
    "first": cohort_kernels.FIRST,
    "first_matching": cohort_kernels.FIRST_MATCHING,
    "recurring": cohort_kernels.RECURRING,
}
MOST_GROUPS = 200
NEVER = np.iinfo(np.int64).max


class Rows(NamedTuple):
    """The rows of some events, user by user; see `cohort_kernels` for what is what."""

    offsets: Instants
    time: Instants
    row: Instants
    event: npt.NDArray[np.uint16]
    wanted: Mask
    keep: Mask


class Entries(NamedTuple):
    """Users who enter cohorts, in order of user and time; n each.

    Attributes:
        user: Position in the log's users.
        row: The start event, a row of the log.
        period: The calendar period of it.
        passed_over: Users left out because an earlier start event of theirs does not
            meet the conditions.
    """

    user: npt.NDArray[np.int32]
    row: npt.NDArray[np.int64]
    period: npt.NDArray[np.int32]
    passed_over: int


def wanted(log: EventLog, events: Events, option: str) -> Mask:
    """Say which event codes count.

    Raises:
        Error: An event that the log does not have, or an empty list.
    """
    if events is None:
        return np.ones(len(log.names), dtype=bool)
    several = isinstance(events, Sequence) and not isinstance(events, str)
    names: Sequence[Any] = events if several else [events]
    if not names:
        raise Error("option.missing", option=option)
    found = np.zeros(len(log.names), dtype=bool)
    found[[log.code(name, option) for name in names]] = True
    return found


def kept(log: EventLog, where: Sequence[Condition]) -> Mask:
    """Say which rows meet the conditions; empty where there are none."""
    mask = log.mask(where)
    return np.zeros(0, dtype=bool) if mask is None else mask


def rows(log: EventLog, events: Events, option: str, met: Mask | None) -> Rows:
    """Return the rows that count, without looking at those of other events.

    Args:
        log: The log.
        events: Event or events that count; None is any.
        option: What the caller calls `events`.
        met: Which rows of the log meet the conditions; None is all.

    Raises:
        Error: An event that the log does not have, or an empty list.
    """
    keep = np.zeros(0, dtype=bool) if met is None else met
    every = np.zeros(0, dtype=bool)
    nothing = _fixed(np.zeros(0, log.run_row.dtype))
    if events is None:
        return Rows(log.offsets, log.time, nothing, log.event, every, keep)
    some = wanted(log, events, option)
    codes = np.flatnonzero(some)
    if len(codes) > 1:
        return Rows(log.offsets, log.time, nothing, log.event, some, keep)
    run = slice(log.user_offsets[codes[0]], log.user_offsets[codes[0] + 1])
    sizes = np.zeros(len(log.users) + 1, np.int64)
    sizes[log.run_user[run] + 1] = np.diff(log.run_start[run.start : run.stop + 1])
    sizes[0] = log.run_offsets[codes[0]]
    offsets = _fixed(np.cumsum(sizes))
    return Rows(offsets, log.run_time, log.run_row, log.event, every, keep)


def _fixed(array: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # As the arrays of a log are: one compiled kernel then serves both.
    array.flags.writeable = False
    return array


def enter(
    log: EventLog, starts: Rows, edges: Instants, dates: Dates | None, cohort: str
) -> Entries:
    """Find who enters which cohort on `dates`; earlier history decides who is new.

    Args:
        log: The log.
        starts: The rows that begin a user.
        edges: Edges of the calendar periods that are cohorts.
        dates: First and last day of entry; None is all.
        cohort: "first": by the user's first start event ever, if that meets the
            conditions; "first_matching": by the first that meets them; "recurring": by
            the first that meets them in every period.

    Raises:
        Error: Nobody enters.
    """
    found = _enter(log, starts, edges, dates, cohort)
    if len(found.user):
        return found
    ever = found if dates is None else _enter(log, starts, edges, None, cohort)
    if dates is None or not len(ever.user):
        raise Error("retention.no_start")
    first, last = log.time[ever.row].min(), log.time[ever.row].max()
    earliest, latest = periods.days(int(first), int(last) + 1, log.timezone)
    raise Error(
        "retention.nobody",
        first=str(dates[0]),
        last=str(dates[1]),
        earliest=earliest,
        latest=latest,
    )


def _enter(
    log: EventLog, starts: Rows, edges: Instants, dates: Dates | None, cohort: str
) -> Entries:
    low = np.iinfo(np.int64).min
    begins, ends = (low, NEVER) if dates is None else periods.span(dates, log.timezone)
    parts = kernels.over_users(
        lambda first, end: cohort_kernels.entries(
            first, end, *starts, edges, begins, ends, KINDS[cohort]
        ),
        log.offsets,
    )
    user, row, period, passed_over = zip(*parts, strict=True)
    return Entries(
        np.concatenate(user),
        np.concatenate(row),
        np.concatenate(period),
        sum(passed_over),
    )


def groups(
    log: EventLog, by: str | None, row: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], tuple[str | None, ...]]:
    """Return the group of each row, numbered by size, and the names of the groups.

    Rows without a value are a group of their own, whose name is None. Without `by` all
    are one group.

    Raises:
        Error: The log has no property `by`, or it has more than 200 values there.
    """
    if by is None:
        return np.zeros(len(row), np.int64), (None,)
    if by not in log.properties:
        raise Error("option.column", option="by", got=by, choices=list(log.properties))
    there = log.properties[by].at(row)
    if isinstance(there, Texts):
        values = there.texts().to_pandas()
    else:
        values = pd.Series(there.codes if isinstance(there, Codes) else there.values)
    sizes = values.value_counts(dropna=False)
    if len(sizes) > MOST_GROUPS:
        raise Error("retention.groups", by=by, n=len(sizes), most=MOST_GROUPS)
    group = pd.Index(sizes.index).get_indexer(values)
    if isinstance(there, Codes):
        labels = [there.labels[i] if i >= 0 else None for i in sizes.index]
    elif isinstance(there, Texts):
        labels = [None if pd.isna(x) else str(x) for x in sizes.index]
    else:
        labels = [None if np.isnan(x) else f"{x:.15g}" for x in sizes.index]
    return group.astype(np.int64), tuple(labels)
