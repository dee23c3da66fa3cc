"""Who acted in which calendar periods: what questions about activity start from."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohorts, periods
from opslib.ages import Clock
from opslib.cohorts import Events
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.periods import Dates, Instants, Period
from opslib.result import Error, Note

Made = TypeVar("Made")


class Acts(NamedTuple):
    """The rows of a log among which are all that count.

    Attributes:
        users: Positions in `log.users`, one per entry of `offsets` but the last.
        offsets: The rows of entry i are offsets[i] to offsets[i + 1].
        day: On which day of the log, one per row.
        keep: Which rows count; empty where all of them do.
        time: When, one per row.
    """

    users: npt.NDArray[np.int32]
    offsets: Instants
    day: npt.NDArray[np.integer[Any]]
    keep: Mask
    time: Instants


def acts(log: EventLog, event: Events, where: Sequence[Condition]) -> Acts:
    """Return the rows of the events that count; of one event only its own rows.

    Raises:
        Error: There is no such event or property, or no row meets the conditions.
    """
    wanted, keep = cohorts.wanted(log, event, "event"), cohorts.kept(log, where)
    several = event is not None and wanted.sum() > 1
    if several:
        chosen = wanted[log.event]
        keep = chosen & keep if len(keep) else chosen
    if event is None or several:
        everyone = np.arange(len(log.users), dtype=np.int32)
        found = Acts(everyone, log.offsets, log.day, keep, log.time)
    else:
        code = int(np.flatnonzero(wanted)[0])
        first, end = log.run_offsets[code : code + 2]
        low, high = log.user_offsets[code : code + 2]
        offsets = log.run_start[low : high + 1] - first
        # As in the log, so that one compiled kernel serves both.
        offsets.flags.writeable = False
        found = Acts(
            log.run_user[low:high],
            offsets,
            log.run_day[first:end],
            keep[log.run_row[first:end]] if len(keep) else keep,
            log.run_time[first:end],
        )
    if not len(found.time) or (len(found.keep) and not found.keep.any()):
        raise Error("active.none")
    return found


class Span(NamedTuple):
    """The periods from `low` to before `high`, of those with these edges."""

    edges: Instants
    low: int
    high: int


def span(log: EventLog, period: Period, week_start: str, dates: Dates | None) -> Span:
    """Return the periods of the log that lie, wholly or in part, within `dates`.

    Raises:
        Error: An option is none of the known, or no period does.
    """
    edges = Clock.of(log, period, week_start, "calendar").edges
    last = len(edges) - 1
    if dates is None:
        return Span(edges, 0, last)
    begins, ends = periods.span(dates, log.timezone)
    low = max(int(np.searchsorted(edges, begins, side="right")) - 1, 0)
    high = min(int(np.searchsorted(edges, ends)), last)
    if low >= high:
        raise nobody(log, dates)
    return Span(edges, low, high)


def nobody(log: EventLog, dates: Dates | None) -> Error:
    """Say that nobody was active within `dates`, and when the data begin and end."""
    first, last = dates or log.dates
    earliest, latest = log.dates
    return Error(
        "active.nobody",
        first=str(first)[:10],
        last=str(last)[:10],
        earliest=earliest,
        latest=latest,
    )


def place(log: EventLog, shown: Span, period: object) -> int:
    """Return which of the periods shown begins on a day.

    Raises:
        Error: None does.
    """
    days = [day.date().isoformat() for day in periods.names(shown.edges, log.timezone)][
        shown.low : shown.high
    ]
    day = str(period)[:10]
    if day not in days:
        raise Error("option.choice", option="period", got=period, choices=days)
    return shown.low + days.index(day)


def before(
    log: EventLog, shown: Span, make: Callable[[Dates], Made]
) -> tuple[Made | None, list[Note]]:
    """Make the same of as many periods just before, or say why there is nothing."""
    edges, low, high = shown
    if low == 0:
        return None, [Note("periods.nothing_before")]
    first = max(0, 2 * low - high)
    days = periods.days(int(edges[first]), int(edges[low]), log.timezone)
    try:
        made = make(days)
    except Error as error:
        if error.code != "active.nobody":
            raise
        return None, [Note("active.no_previous")]
    if low - first < high - low:
        return made, [Note("active.short_before", n=low - first, of=high - low)]
    return made, []


def notes(log: EventLog, shown: Span, dates: Dates | None) -> list[Note]:
    """Tell what is left out, counted beyond the dates, or not over yet."""
    edges, low, high = shown
    told = [*log.left_out]
    if dates is not None:
        begins, ends = periods.span(dates, log.timezone)
        first, end = periods.span(log.dates, log.timezone)
        if begins > max(first, edges[low]) or ends < min(end, edges[high]):
            told.append(Note("active.cut"))
    if edges[high] > log.until:
        last = periods.names(edges, log.timezone)[high - 1]
        told.append(Note("active.open", date=last.date()))
    return told


def when(period: Period, day: Any) -> Note:  # noqa: ANN401
    """Name the period that begins on a day."""
    return Note(f"active.in_{period}", date=day.date())


def change(code: str, now: pd.Series, before: pd.Series, per: Note) -> Note:
    """Say, in the sentence `code`, how the mean of the active users has changed."""
    if not len(before) or not before.mean() > 0:
        return Note("active.no_change")
    mean, then = float(now.mean()), float(before.mean())
    return Note(code, mean=mean, before=then, change=mean / then - 1, per=per)
