"""Who began when, and in which group: what every question about cohorts starts from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import cohort_kernels, kernels, periods
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.groups import Labels, numbered
from opslib.periods import Dates, Instants
from opslib.result import Error

Events = str | Sequence[str] | None

KINDS = {
    "first": cohort_kernels.FIRST,
    "first_matching": cohort_kernels.FIRST_MATCHING,
    "recurring": cohort_kernels.RECURRING,
}
# The one group of all.
ALL: Labels = (None,)
NEVER = np.iinfo(np.int64).max


class Rows(NamedTuple):
    """The rows of some events, user by user.

    Attributes:
        offsets: Those of user u are offsets[u] to offsets[u + 1] of `time`.
        time: When.
        day: On which day of the log.
        row: Their places in the log; empty where they are the log itself.
        wanted: Which of them have an event that counts; empty where all do.
        keep: Which of these meet the conditions; empty where all do.
    """

    offsets: Instants
    time: Instants
    day: npt.NDArray[np.integer[Any]]
    row: Instants
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
    every = np.zeros(0, dtype=bool)
    keep = every if met is None else met
    nothing = _fixed(np.zeros(0, log.run_row.dtype))
    if events is None:
        return Rows(log.offsets, log.time, log.day, nothing, every, keep)
    some = wanted(log, events, option)
    codes = np.flatnonzero(some)
    if len(codes) > 1:
        of_events = some[log.event]
        keep = of_events if met is None else of_events & met
        return Rows(log.offsets, log.time, log.day, nothing, of_events, keep)
    run = slice(log.user_offsets[codes[0]], log.user_offsets[codes[0] + 1])
    sizes = np.zeros(len(log.users) + 1, np.int64)
    sizes[log.run_user[run] + 1] = np.diff(log.run_start[run.start : run.stop + 1])
    sizes[0] = log.run_offsets[codes[0]]
    offsets = _fixed(np.cumsum(sizes))
    if met is not None:
        # Where the run begins in the copy, its first row stands.
        keep = np.zeros(len(log), dtype=bool)
        rows = slice(log.run_offsets[codes[0]], log.run_offsets[codes[0] + 1])
        keep[rows] = met[log.run_row[rows]]
    return Rows(offsets, log.run_time, log.run_day, log.run_row, every, keep)


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
    began = log.time[ever.row]
    first, last = int(began.min()), int(began.max())
    earliest, latest = periods.days(first, last + 1, log.timezone)
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
    begins, ends = 0, len(log.days)
    if dates is not None:
        span = periods.span(dates, log.timezone)
        begins, ends = (int(day) for day in np.searchsorted(log.days, span))
    of_day = periods.of_days(edges, log.days)
    several = cohort == "recurring"
    room = len(log) if several else len(log.users)
    # Of memory that is not written to nothing is taken.
    columns = [np.empty(room, of) for of in (np.int32, np.int64, np.int32)]

    def work(first: int, end: int) -> tuple[int, int, int]:
        at = int(log.offsets[first]) if several else first
        n, passed_over = cohort_kernels.entries(
            first, end, starts, of_day, begins, ends, KINDS[cohort], at, *columns
        )
        return at, n, passed_over

    at, n, passed_over = zip(*kernels.over_users(work, log.offsets), strict=True)
    user, row, period = (kernels.moved_up(one, at, n) for one in columns)
    return Entries(user, row, period, sum(passed_over))


def groups(
    log: EventLog, by: str, row: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Labels]:
    """Return the group of each row, numbered by size, and the names of the groups.

    Rows without a value are a group of their own, whose name is None.

    Raises:
        Error: The log has no property `by`, or it has more than 200 values there.
    """
    if by not in log.properties:
        raise Error("option.column", option="by", got=by, choices=list(log.properties))
    return numbered(log.properties[by].at(row), by, "retention.groups")
