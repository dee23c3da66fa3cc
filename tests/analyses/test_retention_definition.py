"""Retention against its definition in words, for every combination of its options.

The definition below looks at one user and one cell at a time, with dates and clocks of
the standard library, over the days on which clocks change in two places: at night, and
at midnight, which then does not exist.
"""

import datetime as dt
import math
import statistics
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import t

from opslib import Error, EventLog
from opslib.analyses.retention import retention
from opslib.stats.proportions import wilson

# Where, and an instant three days before clocks change there.
PLACES = {
    "Europe/Berlin": dt.datetime(2026, 3, 26, 22, tzinfo=dt.UTC),
    "Africa/Cairo": dt.datetime(2026, 4, 20, 22, tzinfo=dt.UTC),
}
WEEKDAYS = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
]
LENGTHS = {"day": 1, "week": 7, "month": 30}
MOMENT = dt.timedelta(microseconds=1)


class Definition:
    """What the docstring of `retention` promises."""

    def __init__(self, events, until, timezone, **options):
        self.zone = ZoneInfo(timezone)
        self.until = until
        self.o = options
        self.length = dt.timedelta(days=LENGTHS[options["period"]])
        self.end = max(until - MOMENT, *(e["time"] for e in events))
        self.events = events
        self.entries = [
            entry
            for user in sorted({e["user"] for e in events})
            for entry in self.begin([e for e in events if e["user"] == user])
        ]

    def meets(self, event):
        return not self.o["where"] or event["place"] == "app"

    def number(self, instant):
        """The calendar period of an instant; the next one has the next number."""
        day = instant.astimezone(self.zone).date()
        if self.o["period"] == "month":
            return day.year * 12 + day.month
        if self.o["period"] == "day":
            return day.toordinal()
        back = (day.weekday() - WEEKDAYS.index(self.o["week_start"])) % 7
        return (day.toordinal() - back) // 7

    def day(self, number):
        """The first day of a calendar period."""
        if self.o["period"] == "month":
            return dt.date((number - 1) // 12, (number - 1) % 12 + 1, 1)
        if self.o["period"] == "day":
            return dt.date.fromordinal(number)
        start = (WEEKDAYS.index(self.o["week_start"]) + 1) % 7
        return dt.date.fromordinal(number * 7 + start)

    def midnight(self, number):
        return dt.datetime.combine(self.day(number), dt.time(), tzinfo=self.zone)

    def begin(self, mine):
        """The start events by which a user enters cohorts."""
        starts = [e for e in mine if self.o["start"] in {None, e["event"]}]
        starts = sorted(starts, key=lambda e: e["time"])
        if self.o["cohort"] == "first":
            found = [e for e in starts[:1] if self.meets(e)]
        else:
            found = [e for e in starts if self.meets(e)]
            if self.o["cohort"] == "first_matching":
                found = found[:1]
        if self.o["dates"]:
            low, high = self.o["dates"]
            found = [
                e
                for e in found
                if low <= e["time"].astimezone(self.zone).date() <= high
            ]
        entered = {}
        for e in found:
            entered.setdefault(self.number(e["time"]), e)
        return list(entered.values())

    def age(self, entry, instant):
        if self.o["window"] == "rolling":
            return (instant - entry["time"]) // self.length
        return self.number(instant) - self.number(entry["time"])

    def returns(self, entry):
        """(age, amount) of the return events of a user from the start on."""
        return [
            (self.age(entry, e["time"]), e["amount"])
            for e in self.events
            if e["user"] == entry["user"]
            and e["time"] >= entry["time"]
            and self.o["back"] in {None, e["event"]}
            and self.meets(e)
        ]

    def retained(self, entry, first, last):
        ages = [age for age, _ in self.returns(entry)]
        least = self.o["min_events"]
        if first == 0:
            return True
        if self.o["count"] == "on_or_after":
            return any(ages.count(age) >= least for age in ages if age >= first)
        return sum(first <= age <= last for age in ages) >= least

    def value(self, entry, first, last):
        return sum(
            amount
            for age, amount in self.returns(entry)
            if first <= age <= last and not math.isnan(amount)
        )

    def begun(self, entries, first):
        if self.o["window"] == "rolling":
            return any(e["time"] + first * self.length <= self.end for e in entries)
        return self.number(entries[0]["time"]) + first <= self.number(self.end)

    def over(self, entries, last):
        if self.o["window"] == "rolling":
            ends = (e["time"] + (last + 1) * self.length for e in entries)
            return all(end <= self.until for end in ends)
        return self.midnight(self.number(entries[0]["time"]) + last + 1) <= self.until

    def columns(self):
        if not isinstance(self.o["count"], str):
            return [(0, 0), *map(tuple, self.o["count"])]
        ages = self.o["ages"]
        ages = range(367) if ages is None else ages
        return [(age, age) for age in ages]

    def cells(self):
        """Cells that have begun: who is in them, who came back, whether it is over."""
        lines = {}
        for e in self.entries:
            group = e[self.o["by"]] if self.o["by"] else None
            if isinstance(group, float):
                group = None if math.isnan(group) else f"{group:g}"
            lines.setdefault((group, self.number(e["time"])), []).append(e)
        return {
            (group, self.day(number), first): (
                entries,
                [e for e in entries if self.retained(e, first, last)],
                self.over(entries, last),
                (first, last),
            )
            for (group, number), entries in lines.items()
            for first, last in self.columns()
            if self.begun(entries, first)
        }


def group_of(row):
    """The group of a row: a text, also an empty one, or None where it is missing."""
    group = row.get("group")
    return group if isinstance(group, str) else None


def rows_of(result):
    """(group, cohort, age) to a row of the table."""
    return {
        (group_of(row), row["cohort"].date(), row["age"]): row
        for row in result.table.to_dict("records")
    }


ONE_EVENT = some.fixed_dictionaries(
    {
        "user": some.sampled_from(["ann", "bob", "cy", "dee"]),
        "event": some.sampled_from(["open", "buy"]),
        "half": some.integers(0, 24 * 9 * 2),
        "place": some.sampled_from(["web", "app", "", None]),
        "size": some.sampled_from([0.0, 1.5, math.nan]),
        "amount": some.sampled_from([10.0, 2.5, -4.0, math.nan]),
    }
)
DATES = [None, (1, 2), (2, 5)]
OPTIONS = some.fixed_dictionaries(
    {
        "start": some.sampled_from([None, "open"]),
        "back": some.sampled_from([None, "buy"]),
        "period": some.sampled_from(["day", "day", "week", "month"]),
        "ages": some.sampled_from([None, [0, 2, 5], [1]]),
        "count": some.sampled_from(
            ["on", "on_or_after", [[1, 2], [4, 7]], [[1, 1], [2, 9]]]
        ),
        "cohort": some.sampled_from(["first", "recurring", "first_matching"]),
        "window": some.sampled_from(["calendar", "rolling"]),
        "min_events": some.sampled_from([1, 1, 2]),
        "by": some.sampled_from([None, "place", "size"]),
        "week_start": some.sampled_from(WEEKDAYS),
        "dates": some.sampled_from(DATES),
        "where": some.booleans(),
    }
)


def asked(options, timezone):
    """Options as drawn: those of the definition, and those of `retention`."""
    if not isinstance(options["count"], str):
        options = {**options, "ages": None}
    if options["dates"]:
        first = PLACES[timezone].astimezone(ZoneInfo(timezone)).date()
        days = [first + dt.timedelta(days=n) for n in options["dates"]]
        options = {**options, "dates": tuple(days)}
    where = [["place", "==", "app"]] if options["where"] else []
    return options, {**options, "where": where}


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    rows=some.lists(ONE_EVENT, min_size=1, max_size=25),
    timezone=some.sampled_from(sorted(PLACES)),
    options=OPTIONS,
)
def test_agrees_with_the_definition(rows, timezone, options):
    anchor = {"user": "zed", "place": "app", "size": 0.0, "amount": 1.0}
    rows = [
        *rows,
        {**anchor, "event": "open", "half": 0},
        {**anchor, "event": "buy", "half": 72},
    ]
    events = [
        {**row, "time": PLACES[timezone] + dt.timedelta(minutes=30 * row["half"])}
        for row in rows
    ]
    frame = pd.DataFrame(events).drop(columns="half")
    log = EventLog.from_frame(
        frame, user="user", event="event", time="time", timezone=timezone
    )
    until = dt.datetime.fromtimestamp(log.until / 1e6, dt.UTC)
    words, plain = asked(options, timezone)
    definition = Definition(events, until, timezone, **words)
    expected = definition.cells()
    if not definition.entries:
        with pytest.raises(Error, match=r"Nobody began|No event that could begin"):
            retention(log, amount="amount", **plain)
        return
    result = retention(log, amount="amount", **plain)
    agrees_on_cells(result, expected, definition)
    agrees_on_the_curve(result, expected, definition)
    agrees_on_users(result, expected)


def agrees_on_cells(result, expected, definition):
    found = rows_of(result)
    assert found.keys() == expected.keys()
    for key, (entries, came, over, (first, last)) in expected.items():
        row = found[key]
        assert row["users"] == len(entries)
        assert row["retained"] == len(came)
        assert row["mature"] == over
        assert row.get("last_age", last) == last
        amount = sum(definition.value(e, first, last) for e in entries)
        assert row["amount"] == pytest.approx(amount)
        if over:
            assert row["share"] == len(came) / len(entries)
            assert (row["low"], row["high"]) == wilson(len(came), len(entries))
            says_value(row, [definition.value(e, 0, last) for e in entries])
        else:
            empty = ("share", "low", "high", "value", "value_low", "value_high")
            assert all(math.isnan(row[name]) for name in empty)


def says_value(row, values):
    assert row["value"] == pytest.approx(statistics.fmean(values))
    if len(values) == 1:
        assert math.isnan(row["value_low"])
        return
    spread = statistics.stdev(values) / math.sqrt(len(values))
    half = t.ppf(0.975, len(values) - 1) * spread
    assert row["value_high"] - row["value"] == pytest.approx(half, abs=1e-6)
    assert row["value"] - row["value_low"] == pytest.approx(half, abs=1e-6)


def agrees_on_the_curve(result, expected, definition):
    pooled = {}
    for (group, _, age), (entries, came, over, span) in expected.items():
        all_of = pooled.setdefault((group, age), ([], [], span))
        if over:
            all_of[0].extend(entries)
            all_of[1].extend(came)
    found = {
        (group_of(row), row["age"]): row for row in result.curve.to_dict("records")
    }
    assert found.keys() == pooled.keys()
    for key, (entries, came, (_, last)) in pooled.items():
        row = found[key]
        assert (row["users"], row["retained"]) == (len(entries), len(came))
        if entries:
            assert row["share"] == len(came) / len(entries)
            says_how_sure(row, entries, came, definition, last)
        else:
            assert math.isnan(row["share"])


def says_how_sure(row, entries, came, definition, last):
    """Of several entries of a user only the sum is independent of the others."""
    people = {e["user"] for e in entries}
    assert row.get("people", len(entries)) == len(people)
    share, n = len(came) / len(entries), len(entries)
    back = [float(e in came) for e in entries]
    sure = len(people)
    if 0 < share < 1 and len(people) > 1:
        between = variance(entries, back)
        sure = min(n, share * (1 - share) / between) if between else n
    low, high = wilson(share * sure, sure)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))
    values = [definition.value(e, 0, last) for e in entries]
    assert row["value"] == pytest.approx(statistics.fmean(values))
    if len(people) == 1:
        assert math.isnan(row["value_low"])
        return
    freedom = len(people) - 1
    spread = math.sqrt(variance(entries, values) * len(people) / freedom)
    half = t.ppf(0.975, freedom) * spread
    assert row["value_high"] - row["value"] == pytest.approx(half, abs=1e-6)
    assert row["value"] - row["value_low"] == pytest.approx(half, abs=1e-6)


def variance(entries, worth):
    """Of a mean over entries, from how far each user's lie from it together."""
    mean = statistics.fmean(worth)
    off = {}
    for e, one in zip(entries, worth, strict=True):
        off[e["user"]] = off.get(e["user"], 0) + one - mean
    # What is left by rounding is nothing.
    total = sum(one**2 for one in off.values() if abs(one) > 1e-12)
    return total / len(entries) ** 2


def agrees_on_users(result, expected):
    grouped = "group" in result.table
    groups = list(dict.fromkeys(map(group_of, result.table.to_dict("records"))))
    some_cells = list(expected.items())[:: max(1, len(expected) // 3)]
    for (group, cohort, age), (entries, came, _, _) in some_cells:
        place = groups.index(group) if grouped else None
        ids = result.users(cohort, age, place)
        assert ids.tolist() == sorted(e["user"] for e in came)
        others = result.users(cohort, age, place, retained=False)
        away = {e["user"] for e in entries} - {*ids}
        assert others.tolist() == sorted(away)
        trend = result.over_time(age)
        rows = trend[trend["cohort"] == pd.Timestamp(cohort)]
        assert rows["retained"].sum() == len(result.users(cohort, age))
    if not some_cells:
        return
    age = some_cells[-1][0][2]
    mature = [cell for key, cell in expected.items() if key[2] == age and cell[2]]
    assert set(result.users(None, age)) == {e["user"] for c in mature for e in c[1]}
