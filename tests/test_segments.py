"""Users told by what they did: counted as a slow and obvious count does."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib import EventLog
from opslib.conditions import Did
from opslib.words import LANGUAGES

ZONE = ZoneInfo("Europe/Berlin")
# Clocks go forward on 29 March 2026, and midnights are what windows end at.
FIRST = dt.datetime(2026, 3, 27, tzinfo=ZONE)
ROWS = some.lists(
    some.tuples(
        some.sampled_from("abc"),
        some.sampled_from(["view", "buy", "pay"]),
        some.integers(0, 5 * 24).map(
            lambda h: (FIRST.astimezone(dt.UTC) + dt.timedelta(hours=h)).astimezone(
                ZONE
            )
        ),
        some.sampled_from([1.0, 2.0, None]),
    ),
    min_size=1,
    max_size=25,
)
DAYS = some.integers(0, 6).map(
    lambda d: f"2026-03-{26 + d:02}" if d < 6 else "2026-04-01"
)


def log(rows):
    frame = pd.DataFrame(rows, columns=["user", "event", "time", "price"])
    return EventLog.from_frame(
        frame.assign(time=pd.to_datetime(frame["time"], utc=True)),
        user="user",
        event="event",
        time="time",
        timezone="Europe/Berlin",
    )


def meant(rows, did, low, high, first, last, least):
    """Count one by one who did it from a first to a last day, at a price or more."""
    found = {}
    for user in sorted({row[0] for row in rows}):
        times = [
            time
            for who, event, time, price in rows
            if who == user
            and (did is None or event in did)
            and (first is None or first <= time.date().isoformat())
            and (last is None or time.date().isoformat() <= last)
            and (least is None or (price is not None and price >= least))
        ]
        found[user] = low <= len(times) <= high
    return found


@settings(deadline=None, max_examples=300)
@given(
    ROWS,
    some.sampled_from([None, ["view"], ["buy", "view"]]),
    some.integers(0, 3),
    some.integers(0, 3),
    some.lists(DAYS, min_size=2, max_size=2).map(sorted),
    some.sampled_from([None, 2.0]),
)
def test_users_are_those_that_a_count_one_by_one_finds(
    rows, did, low, more, days, least
):
    events = (
        None if did is None else [one for one in did if one in {r[1] for r in rows}]
    )
    if events == []:
        return
    found = log(rows)
    where = [] if least is None else [["price", ">=", least]]
    condition = {
        "did": events,
        "times": [low, low + more],
        "dates": days,
        "where": where,
    }
    wanted = meant(rows, events, low, low + more, *days, least)
    mask = found.mask([condition])
    users = np.array(found.users.to_pylist())[found.user]
    assert mask.tolist() == [wanted[user] for user in users]


def test_days_before_a_day_do_not_count_that_day():
    rows = [
        ("a", "buy", "2026-03-01 23:59", 1.0),
        ("b", "buy", "2026-03-02 00:00", 1.0),
        ("c", "buy", "2026-03-14 23:59", 1.0),
        ("d", "buy", "2026-03-15 00:00", 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["user", "event", "time", "price"])
    made = EventLog.from_frame(frame, user="user", event="event", time="time")

    def who(**condition):
        kept = made.where([{"did": "buy", **condition}])
        return kept.users.to_pylist()

    assert who(days=13, before="2026-03-15") == ["b", "c"]
    assert who(days=14) == ["b", "c", "d"]
    assert who(before="2026-03-15") == ["a", "b", "c"]
    assert who(times=0) == ["a", "b", "c", "d"]


def test_both_ways_of_writing_a_condition_are_the_same():
    did = ops.Did("buy", times=(None, 2), days=14, before=dt.date(2026, 3, 15))
    plain = did.plain()
    assert plain == {
        "did": "buy",
        "times": [None, 2],
        "days": 14,
        "before": "2026-03-15",
    }
    assert Did.of(plain).plain() == plain
    rows = [("a", "buy", FIRST, 1.0), ("b", "view", FIRST, 1.0)]
    never = ops.Did("buy", times=(0, 0))
    assert log(rows).where([never]).users.to_pylist() == ["b"]
    assert log(rows).where([never.plain()]).users.to_pylist() == ["b"]


def test_a_segment_filters_any_analysis():
    d = ops.demo(users=300)
    bought = {"did": "pay", "times": 2}
    whole = ops.retention(d.events)
    some_ = ops.retention(d.events, where=[bought])
    assert some_.table["users"].max() < whole.table["users"].max()
    steps = ["view", "cart", "pay"]
    assert ops.funnel(d.events, steps=steps, where=[bought]).table["users"].iloc[2] > 0


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"done": "buy"}, "“did” is needed. Got “done”"),
        ({"did": "buy", "x": 1}, "Got “did”, “x”"),
        ({"did": "by"}, "“by”"),
        ({"did": 7}, "“7”"),
        ({"did": []}, "did is missing"),
        ({"did": "buy", "times": -1}, "got “-1”"),
        ({"did": "buy", "times": [3, 1]}, "got “[3, 1]”"),
        ({"did": "buy", "times": [None, None]}, "got “[None, None]”"),
        ({"did": "buy", "times": True}, "got “True”"),
        ({"did": "buy", "times": "3"}, "got “3”"),
        ({"did": "buy", "days": 0}, "days must lie between 1 and 3660"),
        ({"did": "buy", "days": 2.5}, "days must lie between 1 and 3660"),
        ({"did": "buy", "before": "soon"}, "“soon”"),
        ({"did": "buy", "days": 3, "dates": ["2026-03-01", "2026-03-02"]}, "either"),
        ({"did": "buy", "where": [{"did": "buy"}]}, "[property, operator, value]"),
        ({"did": "buy", "where": "price"}, "[property, operator, value]"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused_in_words(condition, said):
    with pytest.raises(ops.Error) as error:
        log([("a", "buy", FIRST, 1.0)]).mask([condition])
    assert said in str(error.value)
    assert all(error.value.text(lang) for lang in LANGUAGES)
