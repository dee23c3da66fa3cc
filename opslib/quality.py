"""What is wrong with a log before anything is counted: repeats, gaps, clocks, machines.

Nothing is removed here: each finding says what it is, how much, and whose, and
`leave_out` makes a log without it when somebody asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib import periods
from opslib.conditions import Codes, Mask, Texts
from opslib.encode import end_of_observation
from opslib.eventlog import EventLog, as_log
from opslib.result import Note

Positions = npt.NDArray[np.int64]

HOUR = 3_600_000_000
QUARTER = HOUR // 4
# From 2000 to 2099, in microseconds.
POSSIBLE = (946_684_800_000_000, 4_102_444_800_000_000)
DATED = 0.05
# A day counts to the period with 1 % of the events of a usual day; what lies outside
# is a few stray rows, or it is the period.
BUSY, STRAY = 0.01, 0.005
# Iglewicz & Hoaglin (1993): a modified z-score beyond 3.5; MAD to sigma: 1.4826.
FAR, SIGMA = 3.5, 1.4826
AROUND = 14
# Under 7 events a day, a day without any is chance: exp(-7) is 1 in 1,000.
ENOUGH = 7.0
# One event every two seconds for an hour; and more than 99.99 % of users would reach.
MACHINE = 1800
Z_9999 = 3.719
FEW_USERS = 20
NOBODY = (
    *("anon", "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown"),
    *("0", "-1", "nan", "false", "true", "[]", "{}", "lmy47d", "游客", "匿名", "未知"),
    "00000000-0000-0000-0000-000000000000",
)
TESTER = (
    r"(?i)(?:^|[^a-z])(?:test|tester|testing|qa|demo|dummy|debug|ceshi)(?:[^a-z]|$)"
    r"|测试|@(?:example|test)\.(?:com|org|net|cn)$"
)
PLAIN = r"^(?:123456(?:789)?|111111|000000|888888)$"
NAMES = (
    r"(?i)(?:user|nick|full|real|member|customer).?name|e?mail|account"
    r"|昵称|姓名|用户名|邮箱|账号"
)


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is wrong with a log.

    Attributes:
        code: "duplicates", "nobody", "testers", "machines", "impossible", "stray",
            "empty_days", "few_days", "midnight" or "dates_only".
        note: The finding in words: `finding.note.text(lang)`.
        rows: Positions of the rows concerned in the log; none where days are.
        users: Positions of the users concerned, in `log.users`.
        days: ISO dates of the days concerned.
        where: Conditions that leave these users out, for `where` of an analysis.
        dates: The period without the rows, for `dates` of an analysis.
    """

    code: str
    note: Note
    rows: Positions = field(repr=False)
    users: Positions = field(repr=False)
    days: tuple[str, ...] = ()
    where: tuple[list[Any], ...] = ()
    dates: tuple[str, str] | None = None


def find(data: Any) -> tuple[Finding, ...]:  # noqa: ANN401
    """Look for what would spoil an analysis, and say how much of it there is.

    docs/methods.md has the definition and source of each finding.

    Args:
        data: An EventLog, or a table of events (user, event, time) or orders (user,
            time[, amount]).

    Example:
        >>> times = pd.to_datetime(["2026-03-01 10:00"] * 2 + ["2026-03-02 11:00"])
        >>> log = pd.DataFrame({
        ...     "user": ["a", "a", "test_1"], "event": "buy", "time": times})
        >>> [(one.code, one.rows.tolist()) for one in find(log)]
        [('duplicates', [1]), ('testers', [2])]
    """
    if isinstance(data, pd.DataFrame) and "event" not in data:
        data = data.assign(event="order")
    log = as_log(data)
    looked = (
        _duplicates(log),
        _users(log, "nobody", _nobody(log)),
        _users(log, "testers", _testers(log)),
        _users(log, "machines", _machines(log)),
        *_clock(log),
    )
    return tuple(one for one in looked if one is not None)


def leave_out(log: EventLog, findings: Iterable[Finding]) -> EventLog:
    """Return the log without the rows of some findings of it.

    Without stray times, observation ends by the rule of `EventLog.from_frame`, applied
    to what is left.
    """
    keep = np.ones(len(log), bool)
    stray = False
    for one in findings:
        keep[one.rows] = False
        stray |= one.code in {"stray", "impossible"}
    if keep.all():
        return log
    left = log.time[keep]
    again = stray and len(left)
    return log.only(
        keep, until=end_of_observation(left, log.timezone) if again else None
    )


def _finding(
    code: str,
    positions: Positions | None = None,
    users: Positions | None = None,
    *,
    days: tuple[str, ...] = (),
    where: tuple[list[Any], ...] = (),
    dates: tuple[str, str] | None = None,
    **values: Any,  # noqa: ANN401
) -> Finding:
    none = np.zeros(0, np.int64)
    return Finding(
        code,
        Note(f"quality.{code}", **values),
        none if positions is None else positions,
        none if users is None else users,
        days,
        where,
        dates,
    )


def _duplicates(log: EventLog) -> Finding | None:
    """Rows that are the same as an earlier one in everything."""
    tied = log.time[1:] == log.time[:-1]
    tied[log.offsets[1:-1] - 1] = False
    # Only rows at one instant of one user can be the same.
    beside = np.zeros(len(log), bool)
    beside[1:] = tied
    beside[:-1] |= tied
    rows = np.flatnonzero(beside)
    if not len(rows):
        return None
    first = np.flatnonzero(~np.concatenate([[False], tied]))
    group = np.searchsorted(first, rows, side="right")
    plain = pd.DataFrame({"group": group, "event": log.event[rows]})
    texts = {}
    for i, one in enumerate(log.properties.values()):
        if isinstance(one, Texts):
            texts[f"property {i}"] = one
        else:
            values = one.codes if isinstance(one, Codes) else one.values
            plain[f"property {i}"] = values[rows]
    # Long texts are looked at only where all the rest is the same.
    same = plain.duplicated(keep=False).to_numpy()
    plain, rows = plain[same], rows[same]
    for name, one in texts.items():
        plain = plain.assign(**{name: one.at(rows).texts().to_pylist()})
    again = rows[plain.duplicated().to_numpy()]
    if not len(again):
        return None
    users = np.unique(np.searchsorted(log.offsets, again, side="right") - 1)
    share = len(again) / len(log)
    return _finding("duplicates", again, users, n=len(again), share=share)


def _users(log: EventLog, code: str, users: Positions) -> Finding | None:
    """Tell of users, with all their rows."""
    if not len(users):
        return None
    rows = _rows_of(log, users)
    ids = log.ids(users).tolist()
    return _finding(
        code,
        rows,
        users,
        where=(["user", "not in", ids],),
        n=len(users),
        rows=len(rows),
        ids=ids[:5],
    )


def _rows_of(log: EventLog, users: Positions) -> Positions:
    first, sizes = log.offsets[users], np.diff(log.offsets)[users]
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.arange(sizes.sum()) + np.repeat(first - before, sizes)


def _nobody(log: EventLog) -> Positions:
    """Ids that stand for no id, under which many users come together."""
    low = pc.utf8_lower(pc.utf8_trim_whitespace(log.users))
    met = pc.is_in(low, pa.array([*NOBODY, ""], low.type))
    return np.flatnonzero(met.to_numpy(zero_copy_only=False))


def _testers(log: EventLog) -> Positions:
    """Ids, and names and addresses of users, that testers and examples have."""
    met = pc.match_substring_regex(log.users, TESTER).to_numpy(zero_copy_only=False)
    plain = pc.match_substring_regex(log.users, PLAIN).to_numpy(zero_copy_only=False)
    digits = pc.match_substring_regex(log.users, r"^\d{6}$|^\d{9}$")
    # Where ids are numbers, 123456 is one of them.
    if plain.any() and pc.mean(digits.cast(pa.int8())).as_py() < 0.01 + 3 / len(met):
        met = met | plain
    for name, column in log.properties.items():
        if isinstance(column, Codes) and pd.Series([name]).str.contains(NAMES)[0]:
            labels = pa.array(column.labels, pa.string())
            told = pc.match_substring_regex(labels, TESTER)
            mask = np.append(told.to_numpy(zero_copy_only=False), False)
            rows = np.flatnonzero(mask[column.codes])
            met = met | np.isin(np.arange(len(met)), log.user[rows])
    return np.flatnonzero(met)


def _machines(log: EventLog) -> Positions:
    """Users with an event every two seconds for an hour, unlike the others."""
    found = [
        user
        for user in np.flatnonzero(np.diff(log.offsets) >= MACHINE)
        if _sustained(log.time[log.offsets[user] : log.offsets[user + 1]])
    ]
    if not found or len(log.users) < FEW_USERS:
        return np.array(found, np.int64)
    peaks = np.log(_peaks(log))
    middle = np.median(peaks)
    spread = SIGMA * np.median(np.abs(peaks - middle))
    usual = middle + Z_9999 * max(spread, 0.5)
    return np.array([user for user in found if peaks[user] > usual], np.int64)


def _sustained(time: npt.NDArray[np.int64]) -> bool:
    return bool((time[MACHINE - 1 :] - time[: len(time) - MACHINE + 1] <= HOUR).any())


def _peaks(log: EventLog) -> npt.NDArray[np.int64]:
    """Count each user's events in their busiest clock hour."""
    hour = log.time // HOUR
    new = np.concatenate([[True], hour[1:] != hour[:-1]])
    new[log.offsets[:-1]] = True
    first = np.flatnonzero(new)
    sizes = np.diff(np.append(first, len(log)))
    return np.maximum.reduceat(sizes, np.searchsorted(first, log.offsets[:-1]))


def _clock(log: EventLog) -> list[Finding | None]:
    """Look at times: impossible, far from all others, days with none or with few."""
    odd = (log.time < POSSIBLE[0]) | (log.time >= POSSIBLE[1])
    found: list[Finding | None] = []
    if odd.all():
        return found
    if odd.any():
        rows = np.flatnonzero(odd)
        found.append(_finding("impossible", rows, _owners(log, rows), n=len(rows)))
    time = log.time[~odd] if found else log.time
    counts = _per_day(time, log.timezone)
    first, last = _period(counts)
    found.append(_stray(log, odd, first, last))
    inside = counts[first:last].asfreq("D", fill_value=0)
    return [*found, *_gaps(inside, log), _midnight(log)]


def _quarters(
    time: npt.NDArray[np.int64], timezone: str
) -> tuple[pd.DatetimeIndex, npt.NDArray[np.int64]]:
    """Count times per quarter of an hour, by which midnights of all zones fall."""
    quarter = time // QUARTER
    base = int(quarter.min())
    counts = np.bincount(quarter - base)
    there = np.flatnonzero(counts)
    return periods.to_wall((there + base) * QUARTER, timezone), counts[there]


def _per_day(time: npt.NDArray[np.int64], timezone: str) -> pd.Series:
    wall, counts = _quarters(time, timezone)
    return pd.Series(counts, wall.normalize()).groupby(level=0).sum()


def _period(counts: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Give the first and last day of the period that nearly all events lie in."""
    ranked = counts.sort_values()
    usual = ranked[ranked.cumsum() >= ranked.sum() / 2].iloc[0]
    busy = counts[counts >= BUSY * usual]
    # Where events are so few that every day is busy, what is far away is no part.
    share = counts.cumsum() / counts.sum()
    low, high = share[share >= 0.01].index[0], share[share >= 0.99].index[0]
    length = max(high - low, pd.Timedelta(days=7))
    busy = busy[(busy.index >= low - length) & (busy.index <= high + length)]
    return busy.index[0], busy.index[-1]


def _stray(
    log: EventLog, odd: Mask, first: pd.Timestamp, last: pd.Timestamp
) -> Finding | None:
    """Tell of the few rows before and after the period."""
    dates = (first.date().isoformat(), last.date().isoformat())
    start, end = periods.span(dates, log.timezone)
    early, late = (log.time < start) & ~odd, (log.time >= end) & ~odd
    rows = np.flatnonzero(early | late)
    if not len(rows) or len(rows) > max(STRAY * len(log), 1):
        return None
    return _finding(
        "stray",
        rows,
        _owners(log, rows),
        dates=dates,
        n=len(rows),
        early=int(early.sum()),
        late=int(late.sum()),
        first=dates[0],
        last=dates[1],
    )


def _gaps(counts: pd.Series, log: EventLog) -> list[Finding | None]:
    """Find whole days inside the period with no event, or far fewer than around."""
    over = pd.DatetimeIndex(counts.index) + pd.Timedelta(days=1)
    ended = periods.to_instants(over, log.timezone) <= log.until
    # The first day may have begun late, and the last may not be over.
    whole = counts[ended].iloc[1:]
    around = _expected(counts)[whole.index]
    enough = around >= ENOUGH
    empty = whole[enough & (whole == 0)]
    ratio = np.log((whole + 0.5) / (around + 0.5))
    spread = SIGMA * np.median(np.abs(ratio - np.median(ratio))) if len(ratio) else 0.0
    chance = 1 / np.sqrt(around.clip(lower=1))
    far = ratio < -FAR * np.maximum(spread, chance)
    few = whole[enough & (whole > 0) & far & (whole < around / 2)]
    found: list[Finding | None] = []
    for code, days in (("empty_days", empty), ("few_days", few)):
        if len(days):
            names = tuple(day.date().isoformat() for day in days.index)
            found.append(_finding(code, days=names, n=len(days), some=names))
    return found


def _expected(counts: pd.Series) -> pd.Series:
    """Give the lower median of the two weeks before and after, times the weekday's."""
    before = counts.shift().rolling(AROUND, min_periods=1).median()
    after = counts[::-1].shift().rolling(AROUND, min_periods=1).median()[::-1]
    around = before.combine(after, np.fmin)
    if len(counts) < 2 * AROUND:
        return around
    weekday = pd.DatetimeIndex(counts.index).day_of_week
    share = (counts / around.clip(lower=1)).groupby(weekday).transform("median")
    return around * share.clip(upper=1)


def _midnight(log: EventLog) -> Finding | None:
    """Tell where times are dates only, or many are: their time of day was lost."""
    even = log.time % QUARTER == 0
    if even.mean() < DATED:
        return None
    wall, counts = _quarters(log.time[even], log.timezone)
    n = int(counts[wall == wall.normalize()].sum())
    if n < DATED * len(log):
        return None
    # To know no time of day is no reason to leave a row out: none is given.
    code = "dates_only" if n == len(log) else "midnight"
    return _finding(code, n=n, share=n / len(log))


def _owners(log: EventLog, rows: Positions) -> Positions:
    return np.unique(np.searchsorted(log.offsets, rows, side="right") - 1)
