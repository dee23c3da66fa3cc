"""Days, weeks and months in a timezone, and which of them are over.

Instants are int64 microseconds since 1970 in UTC, as in an EventLog. Periods are given
by their edges: period i covers edges[i] <= t < edges[i + 1].
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.result import Error, check_choice

Period = Literal["day", "week", "month"]
Dates = tuple[str | dt.date, str | dt.date] | Sequence[str | dt.date]
Instants = npt.NDArray[np.int64]

LONGEST = np.iinfo(np.int64).max
PERIODS = ("day", "week", "month")
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


def zone(timezone: str) -> ZoneInfo:
    """Return the timezone of an IANA name.

    Raises:
        Error: There is no such timezone.
    """
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise Error("periods.timezone", got=timezone) from None


def to_instants(wall: pd.DatetimeIndex, timezone: str) -> Instants:
    """Read wall-clock times in `timezone`; times with a zone of their own keep it.

    The hour that a clock skips is moved to its end; of the hour it repeats the first
    is taken.
    """
    if wall.tz is None:
        wall = wall.tz_localize(
            zone(timezone),
            ambiguous=np.ones(len(wall), dtype=bool),
            nonexistent="shift_forward",
        )
    return wall.tz_convert("UTC").as_unit("us").asi8


def to_wall(instants: npt.ArrayLike, timezone: str) -> pd.DatetimeIndex:
    """Return the wall-clock times, without zone, at which `instants` fall."""
    utc = pd.DatetimeIndex(np.asarray(instants, dtype="int64").view("M8[us]"), tz="UTC")
    return utc.tz_convert(zone(timezone)).tz_localize(None)


def span(dates: Dates, timezone: str) -> tuple[int, int]:
    """Return the first instant of the first day and the first after the last day.

    Args:
        dates: First and last day, both included, as dates or ISO text.
        timezone: IANA name; days begin at its midnight.

    Raises:
        Error: Not two ISO dates, the last lies before the first, or a year is not
            between 1000 and 8999.

    Example:
        >>> first, end = span(("2026-03-01", "2026-03-02"), "Asia/Shanghai")
        >>> (end - first) / 3_600_000_000
        48.0
    """
    try:
        first, last = (dt.date.fromisoformat(str(day)[:10]) for day in dates)
    except (TypeError, ValueError):
        several = isinstance(dates, Sequence) and not isinstance(dates, str)
        got = [str(day) for day in dates] if several else [str(dates)]
        raise Error("periods.dates", got=got) from None
    if last < first:
        raise Error("periods.order", first=first, last=last)
    # A zone moves an instant by up to a day, and the period before begins earlier.
    for day in (first, last):
        if not 1000 <= day.year < 9000:
            raise Error("periods.years", got=day.isoformat())
    days = pd.DatetimeIndex([first, last + dt.timedelta(days=1)])
    start, end = to_instants(days, timezone)
    return int(start), int(end)


def days(first: int, end: int, timezone: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the instants from `first` up to before `end`."""
    wall = to_wall([first, end - 1], timezone)
    return wall[0].date(), wall[1].date()


def before(dates: Dates) -> tuple[str, str]:
    """Return the period of equal length just before `dates`, as ISO dates.

    Example:
        >>> before(("2026-03-08", "2026-03-14"))
        ('2026-03-01', '2026-03-07')
    """
    first, last = (dt.date.fromisoformat(str(day)[:10]) for day in dates)
    day = dt.timedelta(days=1)
    return (first - (last - first) - day).isoformat(), (first - day).isoformat()


def edges(
    first: int,
    last: int,
    period: Period,
    timezone: str,
    *,
    week_start: str = "monday",
) -> Instants:
    """Return the edges of the calendar periods from that of `first` to that of `last`.

    Raises:
        Error: `period` or `week_start` is none of the known ones.

    Example:
        >>> first, end = span(("2026-03-01", "2026-03-31"), "UTC")
        >>> len(edges(first, end - 1, "week", "UTC")) - 1  # 1 March is a Sunday
        6
    """
    check_choice("period", period, PERIODS)
    check_choice("week_start", week_start, WEEKDAYS)
    start, stop = to_wall([first, last], timezone).normalize()
    if period == "month":
        walls = pd.date_range(
            start.replace(day=1), stop + pd.DateOffset(months=1), freq="MS"
        )
    else:
        length = 7 if period == "week" else 1
        back = (start.weekday() - WEEKDAYS.index(week_start)) % 7 if length == 7 else 0
        walls = pd.date_range(
            start - pd.Timedelta(days=back),
            stop + pd.Timedelta(days=length),
            freq=f"{length}D",
        )
    instants = to_instants(walls, timezone)
    # Of a day that a zone skips, as Samoa did, pandas puts the midnight after its end.
    return np.minimum.accumulate(instants[::-1])[::-1].copy()


class Calendar(NamedTuple):
    """Periods by their edges, and a table to look up the period of an instant.

    The table cuts time from edges[0] on into slots of 2**shift microseconds, no longer
    than any period, so that at most one edge lies inside a slot.

    Attributes:
        edges: n + 1 edges of n periods.
        shift: Unsigned, as numbers of slots are for compiled code.
        edge: The edge inside each slot, or the next one beyond.
        rank: The period that each slot begins in, among those that have any length.
        number: Which period each of these is.
    """

    edges: Instants
    shift: np.uint64
    edge: Instants
    rank: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]


def calendar(edges: Instants) -> Calendar:
    """Return periods with the table to look them up.

    Example:
        >>> of = calendar(np.array([0, 10, 20]))
        >>> int(of.shift), of.edge.tolist(), of.rank.tolist(), of.number.tolist()
        (3, [10, 10, 20], [0, 0, 1], [0, 1])
    """
    # A day that a zone skips has no length.
    number = np.flatnonzero(np.diff(edges))
    ends = edges[number + 1]
    shift = int(np.diff(edges)[number].min(initial=LONGEST)).bit_length() - 1
    slots = ((int(edges[-1] - edges[0]) - 1) >> shift) + 1
    rank = np.searchsorted(ends, edges[0] + (np.arange(slots) << shift), side="right")
    return Calendar(edges, np.uint64(shift), ends[rank], rank, number)


def of_days(edges: Instants, days: Instants) -> npt.NDArray[np.int64]:
    """Return which of the periods with these edges each day lies in.

    Args:
        edges: Edges of periods that cover the days.
        days: Edges of the days, one more than days.

    Example:
        >>> days = edges(*span(("2026-03-07", "2026-03-09"), "UTC"), "day", "UTC")
        >>> weeks = edges(days[0], days[-1] - 1, "week", "UTC")
        >>> of_days(weeks, days).tolist()  # 9 March is a Monday
        [0, 0, 1, 1]
    """
    return np.searchsorted(edges, days[:-1], side="right") - 1


def hours(days: Instants, timezone: str) -> tuple[Instants, Instants]:
    """Return the edges of the hours that passed on these days, and which each was.

    A clock hour that is skipped is not there, one that is repeated is there twice.

    Args:
        days: Edges of days in the timezone.
        timezone: IANA name.

    Returns:
        The edges, and for each hour its place in the week from Monday 0 h, 0 to 167.

    Example:
        >>> first, end = span(("2026-03-29", "2026-03-29"), "Europe/Berlin")
        >>> edges, place = hours(np.array([first, end]), "Europe/Berlin")
        >>> len(place), (place[:4] - 6 * 24).tolist()
        (23, [0, 1, 3, 4])
    """
    hour = 3_600_000_000

    def shift(instants: npt.ArrayLike) -> Instants:
        return to_wall(instants, timezone).as_unit("us").asi8 - np.asarray(instants)

    # Between two midnights that are set differently the clock is moved once.
    shifts = shift(days)
    moved = np.flatnonzero(shifts[1:] != shifts[:-1])
    low, high = days[moved], days[moved + 1]
    while (high - low > 1).any():
        middle = (low + high) // 2
        before = shift(middle) == shifts[moved]
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    starts = np.unique([days[0], *high])
    parts = [
        np.arange(start + -(start + by) % hour, end, hour)
        for start, end, by in zip(
            starts, [*starts[1:], days[-1]], shift(starts), strict=True
        )
    ]
    edges = np.unique(np.concatenate([starts, *parts, days[-1:]]))
    wall = edges[:-1] + shift(starts)[np.searchsorted(starts, edges[:-1], "right") - 1]
    # 1 January 1970 was a Thursday.
    return edges, (wall // hour + 3 * 24) % (7 * 24)


def names(edge: Instants, timezone: str) -> pd.DatetimeIndex:
    """Return the day each period begins, in the timezone; one fewer than edges."""
    return to_wall(edge[:-1], timezone).normalize()


def complete(edge: Instants, until: int) -> npt.NDArray[np.bool_]:
    """Say which periods were over at `until`, the end of observation."""
    return edge[1:] <= until


def length(text: str, option: str) -> int:
    """Return a length of time given as pandas text ("7D", "30min") in microseconds.

    Raises:
        Error: The text is no length of time, has no unit, or is not positive.

    Example:
        >>> length("36h", "window") / 3_600_000_000
        36.0
    """
    try:
        # pandas takes a bare number for nanoseconds.
        size = pd.NaT if re.fullmatch(r"[\s\d.+-]*", str(text)) else pd.Timedelta(text)
    except (ValueError, OverflowError):
        raise Error("periods.length", option=option, got=text) from None
    if pd.isna(size) or size < pd.Timedelta(microseconds=1):
        raise Error("periods.length", option=option, got=text)
    return int(size // pd.Timedelta(microseconds=1))
