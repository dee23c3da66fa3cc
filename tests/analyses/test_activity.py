"""Active users by period, windows, stickiness and hours: by hand and by definition."""

import datetime as dt
import math
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib import Error, EventLog
from opslib.analyses.activity import activity
from opslib.charts import export


def log(*lines, timezone="UTC", until=None):
    """Events written as "user time event [place]"; 2T20 is 20:00 on 2 March 2026."""
    rows = pd.DataFrame(
        [(*line.split(), None)[:4] for line in lines],
        columns=["user", "time", "event", "place"],
    )
    parts = rows["time"].str.partition("T")
    rows["time"] = (
        pd.Timestamp("2026-03-01")
        + pd.to_timedelta(parts[0].astype(int) - 1, unit="D")
        + pd.to_timedelta(parts[2].replace("", "0").astype(int), unit="h")
    )
    return EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone=timezone, until=until
    )


def rows(result, *columns):
    return {
        row["period"].strftime("%m-%d"): tuple(row[name] for name in columns)
        for row in result.table.to_dict("records")
    }


FEW = (
    *("ann 1 open", "ann 1 open", "ann 2 open", "ann 3 buy"),
    *("bob 1 open", "bob 3 open", "cy 3 open app"),
)


def test_a_user_counts_once_a_period_and_is_new_once():
    assert rows(activity(log(*FEW)), "active", "new", "events") == {
        "03-01": (2, 2, 3),
        "03-02": (1, 0, 1),
        "03-03": (3, 1, 3),
    }
    assert rows(activity(log(*FEW), period="month"), "active", "new", "events") == {
        "03-01": (3, 3, 7)
    }


def test_only_events_that_count_make_a_user_active():
    bought = activity(log(*FEW), event="buy")
    assert rows(bought, "active", "new", "events")["03-03"] == (1, 1, 1)
    assert rows(bought, "active", "new", "events")["03-01"] == (0, 0, 0)
    app = activity(log(*FEW), where=[["place", "==", "app"]])
    assert app.table["events"].sum() == 1
    both = activity(log(*FEW), event=["buy", "open"])
    pd.testing.assert_frame_equal(both.table, activity(log(*FEW)).table)


def test_windows_are_stated_once_the_data_cover_them():
    lines = [f"ann {day} a" for day in range(1, 32)]
    result = activity(log(*lines, "bob 1 a", "cy 25 a"))
    wau = [row[0] for row in rows(result, "wau").values()]
    assert np.isnan(wau[:6]).all()
    # Bob of day 1 is in the 7 days up to day 7; Cy of day 25 until day 31.
    assert wau[6:9] == [2, 1, 1]
    assert wau[23:] == [1, *[2] * 7]
    mau = [row[0] for row in rows(result, "mau").values()]
    assert np.isnan(mau[:29]).all()
    assert mau[29:] == [3, 2]
    assert rows(result, "dau_mau", "dau_wau")["03-31"] == (1 / 2, 1 / 2)
    assert rows(result, "dau_mau")["03-30"] == (1 / 3,)
    # Ann and Cy in 7 days, of Ann, Bob and Cy in 30.
    assert rows(result, "wau_mau")["03-30"] == (2 / 3,)
    assert np.isnan(rows(result, "wau_mau")["03-29"][0])


def test_a_week_has_the_windows_of_its_last_day_and_the_mean_of_its_days():
    lines = [f"ann {day} a" for day in range(2, 16)]
    result = activity(log(*lines, "bob 10 a"), period="week")
    assert rows(result, "active", "wau")["03-09"] == (2, 2)
    # Bob is among the users of 7 days from day 10 to day 15, and active once.
    days = [1, 2 / 2, 1 / 2, 1 / 2, 1 / 2, 1 / 2, 1 / 2]
    assert rows(result, "dau_wau")["03-09"] == (pytest.approx(sum(days) / 7),)
    # Its first days have no full window.
    assert np.isnan(rows(result, "dau_wau")["03-02"][0])
    assert rows(result, "wau")["03-02"] == (1,)


def test_a_day_that_a_zone_skips_is_none_in_the_mean_of_a_week():
    days = pd.date_range("2011-12-12", "2012-01-08")
    shop = EventLog.from_frame(
        pd.DataFrame({"user": "ann", "event": "open", "time": days}),
        user="user",
        event="event",
        time="time",
        timezone="Pacific/Apia",
        until="2012-01-08",
    )
    table = activity(shop, period="week").table
    # There was no 30 December 2011 in Samoa, in the third of these weeks.
    assert table["events"].tolist() == [7, 7, 7, 7]
    assert table["dau_wau"].round(9).tolist()[1:] == [1, 1, 1]


def test_a_first_week_that_the_data_begin_in_is_left_out_of_the_mean():
    # 1 March 2026 is a Sunday, the only day of its week.
    lines = [f"{user} {day}T9 a" for user in ("ann", "bob") for day in range(2, 16)]
    result = activity(log(*lines, "ann 1T9 a", until="2026-03-15"), period="week")
    assert rows(result, "active")["02-23"] == (1,)
    assert "(from 2 to 2, over 2 weeks)" in result.describe()
    assert "activity.begun" in {note.code for note in result.warnings}
    monday = activity(log(*lines, until="2026-03-15"), period="week")
    assert "activity.begun" not in {note.code for note in monday.warnings}


def test_stickiness_is_exact_and_at_least():
    result = activity(log(*FEW))
    assert result.stickiness[["periods", "users", "users_at_least"]].to_numpy().tolist(
    ) == [[1, 1, 3], [2, 1, 2], [3, 1, 1]]  # fmt: skip
    assert result.stickiness["share"].tolist() == [1, 2 / 3, 1 / 3]
    assert result.users(at_least=2).tolist() == ["ann", "bob"]
    assert result.users("2026-03-03", new=True).tolist() == ["cy"]
    assert result.users(dt.date(2026, 3, 2)).tolist() == ["ann"]
    assert result.users(new=True).tolist() == ["ann", "bob", "cy"]


def test_frequency_doubles_from_row_to_row():
    many = log(*(f"u{i} 1 a" for i in range(5) for _ in range(i + 1)))
    assert activity(many).frequency.to_numpy().tolist() == [
        [1, 1, 1, 1 / 5],
        [2, 3, 2, 2 / 5],
        [4, 7, 2, 2 / 5],
    ]


def test_a_period_that_is_not_over_is_marked_and_read_nowhere():
    result = activity(log("ann 1T1 a", "bob 1T9 a", "ann 2T5 a"))
    assert result.table["mature"].tolist() == [True, False]
    assert rows(result, "active")["03-02"] == (1,)
    assert result.stickiness["users"].tolist() == [2]
    assert result.frequency["users"].tolist() == [2]
    assert result.hours["events"].sum() == 2
    assert result.users().tolist() == ["ann", "bob"]
    assert "active.open" in {note.code for note in result.warnings}
    assert "from 2 to 2, over 1 day)" in result.describe()


def hour(result, weekday, clock):
    table = result.hours.set_index(["weekday", "hour"])
    return table.loc[(weekday, clock)].to_dict()


def test_hours_count_how_often_they_passed():
    # 1 March 2026 is a Sunday; both Sundays and one of every other day are there.
    result = activity(
        log(
            *("ann 1T20 a", "ann 1T20 a", "ann 8T20 a"),
            *("bob 8T20 a", "bob 2T7 a"),
            until="2026-03-08",
        )
    )
    assert hour(result, "sunday", 20) == {
        "hours": 2,
        "events": 4,
        "users": 2,
        "events_per_hour": 2,
        "users_per_hour": 1.5,
    }
    assert hour(result, "monday", 7)["users_per_hour"] == 1
    assert result.hours["hours"].sum() == 8 * 24
    assert result.hours["weekday"].iloc[0] == "monday"
    later = activity(log("ann 1T20 a", until="2026-03-08"), week_start="sunday")
    assert later.hours["weekday"].iloc[0] == "sunday"


@pytest.mark.parametrize(
    ("day", "two", "three"), [("2026-03-29", 0, 1), ("2026-10-25", 2, 1)]
)
def test_an_hour_that_is_skipped_or_repeated_counts_as_it_passed(day, two, three):
    start = pd.Timestamp(day, tz="Europe/Berlin").tz_convert("UTC")
    times = [start + pd.Timedelta(hours=passed) for passed in range(23)]
    frame = pd.DataFrame({"user": "ann", "event": "a", "time": times})
    there = EventLog.from_frame(
        frame,
        user="user",
        event="event",
        time="time",
        timezone="Europe/Berlin",
        until=day,
    )
    result = activity(there)
    assert hour(result, "sunday", 2)["hours"] == two
    assert hour(result, "sunday", 2)["events"] == two
    assert hour(result, "sunday", 3)["hours"] == three
    if two:
        assert hour(result, "sunday", 2)["users_per_hour"] == 1


def test_the_answer_names_the_best_hours():
    lines = [f"u{i} {day}T20 a" for i in range(4) for day in range(1, 29)]
    lines += [f"u{i} {day}T8 a" for i in range(9) for day in (3, 10, 17, 24)]
    lines += [f"u{i} {day}T9 a" for i in range(8) for day in (3, 10, 17, 24)]
    result = activity(log(*lines, until="2026-03-29"))
    # (9 + 8 + 4) / 3 users against 180 in 29 times 24 hours.
    assert result.describe() == (
        "On average 4.55 users were active a day (from 0 to 9, over 29 days). The "
        "data do not cover 30 days before a whole period, so that there is no DAU/MAU. "
        "Most users are active on Tuesday 08:00–09:00, Tuesday 09:00–10:00 and Monday "
        "20:00–21:00: 27.1 times as many as in an average hour (each seen at most 5 "
        "times)."
    )
    assert "周二 08:00–09:00、周二 09:00–10:00和周一 20:00–21:00" in result.describe(
        "zh_CN"
    )
    assert "activity.few_weeks" not in {note.code for note in result.warnings}


def test_what_cannot_be_told_is_not():
    dates_only = activity(log(*FEW))
    assert "at midnight" in dates_only.describe()
    assert "activity.few_weeks" in {note.code for note in dates_only.warnings}
    early = activity(log("ann 1T5 a", "ann 1T6 a"))
    assert early.describe() == (
        "No whole day was over on Mar 1, 2026, the end of the data: it is too early to "
        "state a number."
    )
    assert early.stickiness.empty
    assert early.frequency.empty
    assert early.users().empty
    assert early.users("2026-03-01").tolist() == ["ann"]
    one = activity(log("ann 1T5 a", "ann 1T6 a", until="2026-03-01"))
    assert "Most users are active on Sunday 05:00–06:00." in one.describe()


def test_the_periods_before_stand_beside():
    lines = [f"u{i} {day}T9 a" for i in range(10) for day in (1, 2)]
    lines += [f"v{i} {day}T9 a" for i in range(15) for day in (3, 4)]
    result = activity(
        log(*lines, until="2026-03-04"),
        dates=("2026-03-03", "2026-03-04"),
        compare="previous",
    )
    assert rows(result.previous, "active", "new") == {
        "03-01": (10, 10),
        "03-02": (10, 0),
    }
    assert "In the period before it was 10: a change of +50.0%." in result.describe()
    assert "上一周期为 10 人，变化 +50.0%。" in result.describe("zh_CN")
    first = activity(log(*lines), compare="previous")
    assert first.previous is None
    assert "periods.nothing_before" in {note.code for note in first.warnings}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"period": "year"}, "period cannot be “year”"),
        ({"week_start": "lunedi"}, "week_start cannot be “lunedi”"),
        ({"compare": "next"}, "compare cannot be “next”"),
        ({"event": "opne"}, "event names the event “opne”, .* it has “buy”, “open”"),
        ({"where": [["place", "==", "x"]]}, "No event meets the conditions"),
        ({"dates": ("2026-04-01", "2026-04-02")}, "Nobody was active between Apr 1"),
        ({"dates": ("2026-03-01", "2026-03-02"), "event": "buy"}, "Nobody was active"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        activity(log(*FEW), **options)
    assert caught.value.text("zh_CN") != caught.value.text("en")


def test_asking_for_users_that_are_not_there_is_told():
    result = activity(log(*FEW))
    with pytest.raises(Error, match=r"period cannot be “2026-04-01”"):
        result.users("2026-04-01")
    with pytest.raises(Error, match="at_least must lie between 1 and 3, got “4”"):
        result.users(at_least=4)


def test_a_table_serves_as_well_as_a_log():
    frame = pd.DataFrame({"user": [1, 1], "event": "a", "time": ["2026-03-01"] * 2})
    before = frame.copy()
    assert activity(frame).table["active"].tolist() == [1]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_charts_can_be_drawn_and_hold_no_more_than_they_can_show(lang):
    lines = [f"u{day % 7} {day}T9 a" for day in range(1, 1101)]
    result = activity(log(*lines), dates=("2026-03-20", "2029-03-04"))
    chart = result.chart(lang).to_dict()
    drawn = [len(rows) for rows in chart["datasets"].values()]
    assert sum(drawn) <= 5_000
    assert "1,000" in " ".join(chart["vconcat"][0]["title"])
    assert chart["description"] == result.describe(lang)
    beside = activity(
        log(*lines), dates=("2028-03-01", "2028-05-01"), compare="previous"
    )
    lone = activity(log("ann 1T5 a"))
    for one in (beside, lone):
        for name in ("chart", "stickiness_chart", "hours_chart"):
            picture = export(getattr(one, name)(lang), "svg")
            assert picture.startswith(b"<svg")
    assert len(result.hours_chart(lang).data) == 168


# Against the definition, over both days on which clocks change in Berlin.
BERLIN = ZoneInfo("Europe/Berlin")
STARTS = {
    "spring": dt.datetime(2026, 3, 26, 22, tzinfo=dt.UTC),
    "autumn": dt.datetime(2026, 10, 22, 22, tzinfo=dt.UTC),
}
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
# Many at midnight, which is 48 or 50 half hours on when the clocks have changed.
HALF_HOURS = some.integers(0, 48 * 45) | some.builds(
    lambda day, moved: 48 * day + moved,
    some.integers(0, 45),
    some.sampled_from([0, 2]),
)
ONE_EVENT = some.tuples(
    some.sampled_from(["ann", "bob", "cy", "dee"]),
    some.sampled_from(["open", "buy"]),
    HALF_HOURS,
    some.sampled_from(["web", "app", None]),
)
DAY = dt.timedelta(days=1)


def local(instant):
    return instant.astimezone(BERLIN)


def midnight(day):
    return dt.datetime.combine(day, dt.time(), tzinfo=BERLIN)


def first_day(day, period, week_start):
    if period == "month":
        return day.replace(day=1)
    back = (day.weekday() - WEEKDAYS.index(week_start)) % 7 if period == "week" else 0
    return day - back * DAY


def days_of(first, period, week_start):
    days = [first]
    while first_day(days[-1] + DAY, period, week_start) == first:
        days.append(days[-1] + DAY)
    return days


def nan(value):
    return None if value is None or math.isnan(value) else value


def defined(acts, first, until, periods, *, period, week_start):
    """What the docstring promises, one period at a time."""
    who = {}
    for user, _, instant, _ in acts:
        who.setdefault(local(instant).date(), []).append(user)
    born = {}
    for day in sorted(who):
        for user in who[day]:
            born.setdefault(user, day)

    def window(day, length):
        """Users of the days that end with it, unless the data do not cover them."""
        covered = [day - i * DAY for i in range(length)]
        if covered[-1] < first:
            return None
        return len({user for one in covered for user in who.get(one, [])})

    def ratio(days, length, of=1):
        sizes = [(window(day, of), window(day, length)) for day in days]
        if any(not size for _, size in sizes):
            return None
        return sum(of / size for of, size in sizes) / len(sizes)

    found = {}
    for begin in periods:
        days = days_of(begin, period, week_start)
        over = midnight(days[-1] + DAY) <= until
        users = [user for day in days for user in who.get(day, [])]
        found[begin] = {
            "active": len(set(users)),
            "new": len({user for user in users if born[user] in days}),
            "events": len(users),
            "wau": window(days[-1], 7) if over else None,
            "mau": window(days[-1], 30) if over else None,
            "dau_wau": ratio(days, 7) if over else None,
            "dau_mau": ratio(days, 30) if over else None,
            "wau_mau": ratio(days, 30, of=7) if over else None,
            "mature": over,
            "users": set(users),
        }
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    made=some.lists(ONE_EVENT, min_size=1, max_size=30),
    season=some.sampled_from(["spring", "autumn"]),
    period=some.sampled_from(["day", "week", "month"]),
    week_start=some.sampled_from(["monday", "thursday", "sunday"]),
    event=some.sampled_from([None, "open", "buy", ["open", "buy"]]),
    where=some.sampled_from([None, "app"]),
    half=some.booleans(),
)
def test_agrees_with_the_definition(
    made, season, period, week_start, event, where, half
):
    anchor = ("zed", "open", 100, "app"), ("zed", "buy", 24 * 2 * 44, "app")
    events = [
        (user, name, STARTS[season] + dt.timedelta(minutes=30 * at), place)
        for user, name, at, place in (*made, *anchor)
    ]
    frame = pd.DataFrame(events, columns=["user", "event", "time", "place"])
    history = EventLog.from_frame(
        frame, user="user", event="event", time="time", timezone="Europe/Berlin"
    )
    until = dt.datetime.fromtimestamp(history.until / 1e6, dt.UTC)
    acts = [
        e
        for e in events
        if (event is None or e[1] in event) and (where is None or e[3] == where)
    ]
    first = min(local(e[2]).date() for e in events)
    last = max(local(max(e[2] for e in events)), local(until) - dt.timedelta.resolution)
    options = {"period": period, "week_start": week_start}
    begins = sorted(
        {
            first_day(first + i * DAY, **options)
            for i in range((last.date() - first).days + 1)
        }
    )
    expected = defined(acts, first, until, begins, **options)
    dates = None
    if half:
        begins = begins[len(begins) // 2 :]
        end = days_of(begins[-1], **options)[-1]
        dates = (begins[0].isoformat(), end.isoformat())
    conditions = [] if where is None else [["place", "==", where]]
    options |= {"event": event, "where": conditions, "dates": dates}
    if not any(expected[begin]["active"] for begin in begins):
        with pytest.raises(Error, match="Nobody was active"):
            activity(history, **options)
        return
    result = activity(history, **options)
    assert [day.date() for day in result.table["period"]] == begins
    for row in result.table.to_dict("records"):
        told = expected[row["period"].date()]
        whole = ("active", "new", "events", "mature")
        assert [row[name] for name in whole] == [told[name] for name in whole]
        for name in ("wau", "mau", "dau_wau", "dau_mau", "wau_mau"):
            assert nan(row[name]) == pytest.approx(told[name]), name
        assert set(result.users(row["period"].date())) == told["users"]

    # Stickiness and frequency, over the periods that are over.
    over = [begin for begin in begins if expected[begin]["mature"]]
    different = Counter(user for begin in over for user in expected[begin]["users"])
    sticky = result.stickiness
    assert sticky["users"].tolist() == [
        sum(n == k for n in different.values()) for k in range(1, len(over) + 1)
    ]
    for k, at_least in zip(sticky["periods"], sticky["users_at_least"], strict=True):
        assert set(result.users(at_least=k)) == {
            u for u in different if different[u] >= k
        }
        assert at_least == sum(n >= k for n in different.values())
    per_user = Counter(
        e[0] for e in acts if first_day(local(e[2]).date(), period, week_start) in over
    )
    for row in result.frequency.itertuples():
        assert row.users == sum(
            row.events_from <= n <= row.events_to for n in per_user.values()
        )
    assert result.frequency["users"].sum() == len(per_user)

    # Hours, one after the other as they passed.
    shown = [
        day
        for begin in begins
        for day in days_of(begin, period, week_start)
        if day >= first and midnight(day + DAY) <= until
    ]
    passed, visits = Counter(), {}
    for day in shown:
        instant = midnight(day).astimezone(dt.UTC)
        while instant < midnight(day + DAY):
            slot = local(instant).weekday(), local(instant).hour
            passed[slot] += 1
            there = [
                e[0] for e in acts if instant <= e[2] < instant + dt.timedelta(hours=1)
            ]
            visits.setdefault(slot, []).append(there)
            instant += dt.timedelta(hours=1)
    for row in result.hours.itertuples():
        slot = WEEKDAYS.index(row.weekday), row.hour
        there = visits.get(slot, [])
        assert row.hours == passed[slot]
        assert row.events == sum(map(len, there))
        assert row.users == len({user for users in there for user in users})
        if there:
            mean = sum(len(set(users)) for users in there) / len(there)
            assert row.users_per_hour == pytest.approx(mean)
