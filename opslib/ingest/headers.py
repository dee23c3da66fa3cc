"""Days, weeks and months that stand in the names of columns."""

import datetime as dt
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa

from opslib.ingest import dates

DAY = 86_400_000_000
# No day takes more letters, and the patterns below would take their time over them.
LONGEST = 60
# 2025-01-01 (周三), Jan 1 Wed; and of a week only the first day: 2025-01-06~2025-01-12.
WEEKDAY = re.compile(
    r"[\s(（]*(?:(?:周|星期|(?<=[(（]))[一二三四五六日天]"
    r"|\b(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?\.?)[)）]*$",
    re.IGNORECASE,
)
SPAN = re.compile(r"(?:\s*[~～至–—]|\s-\s|\s+to\s).*$", re.IGNORECASE)
WEEK = re.compile(
    r"(\d{4})\s*[-年]?\s*(?:w|wk|week|第)\s*(\d{1,2})\s*周?", re.IGNORECASE
)
NAMED = (
    r"(?P<n>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
MONTH = re.compile(rf"{NAMED},?[\s-]+(?P<y>(?:19|20)\d\d)", re.IGNORECASE)
# As spreadsheets write a month; in one column it could be a day of January as well.
SHORT = re.compile(rf"{NAMED}[-'](?P<y>\d{{2}})", re.IGNORECASE)
DIGITS = re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])")
NUMBERS = re.compile(r"(\d{1,2})[-/](\d{1,2})")
# Without a year: Jan 1, 1 Jan, 1月1日, Jan, 1月.
YEARLESS = (
    re.compile(rf"{NAMED}(?:\s*(?P<d>\d{{1,2}}))?", re.IGNORECASE),
    re.compile(rf"(?P<d>\d{{1,2}})[\s-]?{NAMED}", re.IGNORECASE),
    re.compile(r"(?P<m>\d{1,2})月(?:份|(?P<d>\d{1,2})[日号]?)?"),
)


class Headers(NamedTuple):
    """Which columns are called by a day.

    Attributes:
        days: Position of a column -> its day, or the first one of its week or month.
        yearless: The names tell no year, and none was given: the days are in year 4.
        weeks: Some names are numbers of weeks, as ISO 8601 counts them from Mondays.
        unsure: "DD/MM/YYYY" or "MM/DD/YYYY" where nothing told which one it is.
    """

    days: dict[int, dt.date]
    yearless: bool = False
    weeks: bool = False
    unsure: str = ""


def read(names: Sequence[str], year: int | None = None) -> Headers:
    """Find the columns whose names are days.

    Args:
        names: Of all columns.
        year: Of the first such column, where the names do not say; later columns may
            lie in the next year, or the one before when the latest day comes first.

    Example:
        >>> read(["指标", "2025-01-01(三)", "2025-01-02(四)"]).days[2]
        datetime.date(2025, 1, 2)
        >>> read(["Metric", "Dec 31", "Jan 1", "Total"], 2024).days[2]
        datetime.date(2025, 1, 1)
    """
    short = [name.strip() if len(name) <= LONGEST else "" for name in names]
    bare = [WEEKDAY.sub("", SPAN.sub("", name)).strip() for name in short]
    found = _full(bare)
    if len(found.days) >= 2:
        return found
    days = _yearless(bare)
    if len(days) < 2:
        return Headers({})
    if year is None:
        return Headers(days, yearless=True)
    return Headers(_in_years(days, year))


def _full(names: Sequence[str]) -> Headers:
    """Read days, months and weeks that say their year."""
    ways = {order: _parsed(names, order) for order in ("mdy", "dmy")}
    found, unsure = ways["mdy"], ""
    if ways["dmy"] != ways["mdy"]:
        valid = {order: days for order, days in ways.items() if len(days) >= 2}
        longest = max(map(len, valid.values()), default=0)
        fit = [order for order, days in valid.items() if len(days) == longest]
        # Of two ways to read them, the one by which they follow each other.
        close = [order for order in fit if _consecutive([*ways[order].values()])]
        order = (close or fit or ["mdy"])[0]
        found = ways[order]
        if len(fit) > 1 and not close:
            unsure = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY"}[order]
    weeks = False
    short = [match for match in map(SHORT.fullmatch, names) if match]
    one_year = len(short) > 1 and len({match["y"] for match in short}) == 1
    for i, name in enumerate(names):
        if i in found:
            continue
        if month := MONTH.fullmatch(name) or DIGITS.fullmatch(name):
            found[i] = dt.date(int(month["y"]), _month(month), 1)
        elif one_year and (month := SHORT.fullmatch(name)):
            found[i] = dt.date(2000 + int(month["y"]), _month(month), 1)
        elif week := WEEK.fullmatch(name):
            try:
                found[i] = dt.date.fromisocalendar(int(week[1]), int(week[2]), 1)
            except ValueError:
                continue
            weeks = True
    return Headers(dict(sorted(found.items())), weeks=weeks, unsure=unsure)


def _parsed(names: Sequence[str], order: str) -> dict[int, dt.date]:
    read = dates.parse(pa.array(names, pa.large_string()), order=order)
    epoch = dt.date(1970, 1, 1)
    return {
        i: epoch + dt.timedelta(days=int(micros) // DAY)
        for i, (micros, valid) in enumerate(zip(read.micros, read.valid, strict=True))
        # An hour is no day.
        if valid and int(micros) % DAY == 0
    }


def _yearless(names: Sequence[str]) -> dict[int, dt.date]:
    """Read months and days of no year; year 4 has a 29th of February."""
    found: dict[int, dt.date] = {}
    for i, name in enumerate(names):
        matches = (pattern.fullmatch(name) for pattern in YEARLESS)
        if match := next(filter(None, matches), None):
            day = match.groupdict().get("d")
            _put(found, i, _month(match), int(day or 1))
    pairs = {i: m for i, name in enumerate(names) if (m := NUMBERS.fullmatch(name))}
    for month, day in ((1, 2), (2, 1)) if not found else ():
        ways: dict[int, dt.date] = {}
        for i, match in pairs.items():
            _put(ways, i, int(match[month]), int(match[day]))
        # Numbers alone are days only where each is the next one.
        if len(ways) == len(pairs) >= 2 and _consecutive([*ways.values()]):
            return ways
    return found


def _month(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("n"):
        return dates.MONTHS.index(groups["n"][:3].lower()) + 1
    return int(groups["m"])


def _put(found: dict[int, dt.date], i: int, month: int, day: int) -> None:
    try:
        found[i] = dt.date(4, month, day)
    except ValueError:
        return


def _consecutive(days: Sequence[dt.date]) -> bool:
    """Say whether each is the day after the one before, or each the day before it."""
    steps = {(b - a).days for a, b in pairwise(days)} - {-365, 365, -364, 364}
    return steps in ({1}, {-1})


def _in_years(days: dict[int, dt.date], year: int) -> dict[int, dt.date]:
    """Put days in order into years, beginning with the first one's."""
    found: dict[int, dt.date] = {}
    # December is nearer to the January after it than to the one before.
    onwards = [(b - a).days % 366 < 183 for a, b in pairwise(days.values())]
    step = 1 if 2 * sum(onwards) >= len(onwards) else -1
    before: dt.date | None = None
    for i, day in days.items():
        if before is not None and (day > before) - (day < before) == -step:
            year += step
        before = day
        try:
            found[i] = day.replace(year=year)
        except ValueError:
            continue
    return found
