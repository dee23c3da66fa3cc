"""The life cycle by period, worked by hand and against its definition in words."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib import Error, EventLog
from opslib.analyses.lifecycle import STATES, lifecycle
from opslib.charts import export
from opslib.stats.proportions import wilson


def log(*lines, timezone="UTC", until=None):
    """Events written as "user day event [place]", days of March 2026."""
    rows = pd.DataFrame(
        [(*line.split(), None)[:4] for line in lines],
        columns=["user", "day", "event", "place"],
    )
    time = pd.Timestamp("2026-03-01") + pd.to_timedelta(
        rows["day"].astype(float) - 1, unit="D"
    )
    return EventLog.from_frame(
        rows.drop(columns="day").assign(time=time),
        user="user",
        event="event",
        time="time",
        timezone=timezone,
        until=until,
    )


def states(result):
    """Day of the period to the users in each state, in the order of STATES."""
    return {
        day.strftime("%m-%d"): rows.set_index("state")["users"][[*STATES]].tolist()
        for day, rows in result.table.groupby("period")
    }


#        day   1  2  3  4  5  6
# ann          x  x  .  x  .  .
# bob          x  .  .  .  .  x
# cy           .  .  x  .  .  .
FEW = (
    *("ann 1 open", "ann 2 open", "ann 4 open", "ann 4 buy"),
    *("bob 1 open", "bob 6 buy", "cy 3 open"),
)


def test_every_user_is_in_one_state_and_the_lost_are_among_the_silent():
    assert states(lifecycle(log(*FEW), period="day", churn_after=3)) == {
        # new, retained, resurrected, dormant, churned, lost
        "03-01": [2, 0, 0, 0, 0, 0],
        "03-02": [0, 1, 0, 1, 0, 1],
        "03-03": [1, 0, 0, 2, 0, 1],
        "03-04": [0, 0, 1, 1, 1, 1],
        "03-05": [0, 0, 0, 2, 1, 1],
        "03-06": [0, 0, 1, 1, 1, 0],
    }


def test_a_user_churns_after_as_many_silent_periods_as_asked():
    one = log("ann 1 open", "bob 4 open")
    for churn_after, gone in ((1, [0, 1, 1, 1]), (3, [0, 0, 0, 1]), (9, [0] * 4)):
        result = lifecycle(one, period="day", churn_after=churn_after)
        assert [users[4] for users in states(result).values()] == gone


#        day   1        2        3       4
# ann          open     signup   open    .
# bob          signup   .        .       open
# cy           open     open     .       .
JOINED = (
    *("ann 1 open", "ann 2 signup", "ann 3 open", "bob 1 signup", "bob 4 open"),
    *("cy 1 open", "cy 2 open"),
)


def test_a_user_may_begin_with_a_sign_up():
    result = lifecycle(log(*JOINED), period="day", birth="signup", event="open")
    assert states(result) == {
        # new, retained, resurrected, dormant, churned, lost
        "03-01": [1, 0, 0, 0, 0, 0],
        "03-02": [1, 0, 0, 1, 0, 1],
        "03-03": [0, 1, 0, 1, 0, 0],
        "03-04": [0, 0, 1, 1, 0, 1],
    }
    assert result.users("2026-03-02", "new").tolist() == ["ann"]
    unborn, early = result.warnings[-2:]
    assert unborn.text() == (
        "1 active user is left out, because the data have no “signup” of that user; it "
        "may lie before Mar 1, 2026, when the data begin."
    )
    assert unborn.text("zh_CN") == (
        "1 名活跃用户没有「signup」记录（可能发生在数据起始日 2026年3月1日之前），"
        "未计入。"
    )
    assert early.text() == (
        "1 user was active before “signup”: what came before does not count."
    )
    assert early.text("zh_CN") == (
        "1 名用户在「signup」之前已有活跃，此前的行为不计入。"
    )
    # Of who signed up in the first period it is known that they are new.
    assert "lifecycle.history" not in {note.code for note in result.warnings}


def test_who_is_left_out_is_counted_in_the_periods_shown():
    later = ("2026-03-02", "2026-03-03")
    part = lifecycle(log(*JOINED), period="day", birth="signup", dates=later)
    told = {note.code: note.values["n"] for note in part.warnings}
    assert told == {"lifecycle.unborn": 1}
    before = lifecycle(
        log(*JOINED),
        period="day",
        birth=["signup"],
        dates=("2026-03-02", "2026-03-02"),
        compare="previous",
    ).previous
    assert states(before) == {"03-01": [1, 0, 0, 0, 0, 0]}


def test_a_sign_up_that_does_not_meet_the_conditions_begins_nobody():
    shop = log("ann 1 signup web", "ann 2 open app", "bob 1 signup app")
    app = lifecycle(shop, period="day", birth="signup", where=[["place", "==", "app"]])
    assert states(app)["03-01"] == [1, 0, 0, 0, 0, 0]
    assert states(app)["03-02"] == [0, 0, 0, 1, 0, 1]
    with pytest.raises(Error, match="No event meets the conditions"):
        lifecycle(shop, birth="signup", where=[["place", "==", "tv"]])


def test_only_events_that_count_make_a_user_active():
    shop = log("ann 1 open web", "ann 2 buy app", "ann 3 open app", "bob 1 open app")
    bought = lifecycle(shop, period="day", event="buy")
    assert states(bought)["03-02"] == [1, 0, 0, 0, 0, 0]
    assert states(bought)["03-03"] == [0, 0, 0, 1, 0, 1]
    either = lifecycle(shop, period="day", event=["buy", "open"])
    assert states(either) == states(lifecycle(shop, period="day"))
    app = lifecycle(shop, period="day", where=[["place", "==", "app"]])
    assert states(app)["03-02"] == [1, 0, 0, 1, 0, 1]
    one = lifecycle(shop, period="day", event="open", where=[["place", "==", "app"]])
    assert states(one)["03-03"] == [1, 0, 0, 1, 0, 0]


def test_dates_choose_periods_and_earlier_history_decides_who_is_new():
    whole = lifecycle(log(*FEW), period="day")
    part = lifecycle(log(*FEW), period="day", dates=("2026-03-03", "2026-03-04"))
    assert states(part) == {day: states(whole)[day] for day in ("03-03", "03-04")}
    assert "lifecycle.history" not in {note.code for note in part.warnings}


def test_dates_within_a_week_show_it_whole_and_say_so():
    days = log("ann 2 open", "bob 7 open", "cy 9 open")
    result = lifecycle(days, dates=("2026-03-04", "2026-03-09"))
    assert states(result)["03-02"][:3] == [2, 0, 0]
    assert "active.cut" in {note.code for note in result.warnings}
    # All of the data is no cut, though they begin and end within a week.
    result = lifecycle(days, dates=("2026-03-02", "2026-03-09"))
    assert "active.cut" not in {note.code for note in result.warnings}


@pytest.mark.parametrize(
    ("start", "weeks"),
    [
        ("monday", ["02-23", "03-02"]),
        ("sunday", ["03-01"]),
        ("tuesday", ["02-24", "03-03"]),
    ],
)
def test_weeks_begin_on_any_day(start, weeks):
    # 1 March 2026 is a Sunday.
    result = lifecycle(log("ann 1 open", "ann 3 open"), week_start=start)
    assert list(states(result)) == weeks


def test_a_period_that_is_not_over_is_marked_and_is_no_fall():
    days = log("ann 1.5 open", "bob 1.6 open", "cy 2.1 open")
    result = lifecycle(days, period="day")
    assert result.table.groupby("period")["mature"].first().tolist() == [True, False]
    assert result.describe().startswith("2 users were active on Mar 1, 2026.")
    assert result.warnings[0].text() == (
        "The last period, from Mar 2, 2026 on, is not over yet: its numbers are those "
        "so far, and no fall."
    )
    drawn = result.chart().to_dict()
    rows = [row for part in drawn["datasets"].values() for row in part]
    assert not [row for row in rows if row.get("c1", 0) < 0]
    assert {"history starts here", "not over yet"} <= texts(drawn)


def texts(spec):
    return {
        layer["encoding"]["text"]["value"]
        for layer in flat(spec)
        if "text" in layer["encoding"]
    }


def flat(spec):
    for layer in spec["layer"]:
        yield from flat(layer) if "layer" in layer else [layer]


def test_the_first_period_is_marked_as_the_start_of_history():
    result = lifecycle(log(*FEW), period="day")
    assert result.warnings[0].text() == (
        "History starts here: the data begin on Mar 1, 2026, and the 2 users of the "
        "first period may have come earlier."
    )
    assert "history starts here" in texts(result.chart().to_dict())
    assert np.isnan(result.flows["gained"].iloc[0])


BUSY = [
    *(f"u{i} {day} open" for i in range(60) for day in (1, 2)),
    *(f"v{i} 1 open" for i in range(20)),
    *(f"w{i} 2 open" for i in range(30)),
    *(f"v{i} 3 open" for i in range(10)),
    *(f"u{i} 3 open" for i in range(50)),
    *(f"n{i} 3 open" for i in range(6)),
]


def test_the_answer_names_where_they_came_from_who_was_lost_and_the_quick_ratio():
    result = lifecycle(log(*BUSY), period="day")
    # 10 + 30 of the 90 of the day before are gone; 10 came back, 6 are new.
    # Wilson for 16 of 56 is [0.1842, 0.4147], as a ratio 0.226 to 0.709.
    low, high = wilson(16, 56)
    assert result.flows.iloc[-1][["pulse", "low", "high"]].tolist() == pytest.approx(
        [0.4, low / (1 - low), high / (1 - high)]
    )
    assert result.describe() == (
        "66 users were active on Mar 3, 2026, the last whole day: 6 new, 50 retained, "
        "10 resurrected. Of the 90 active the day before, 40 were lost (44.4%, 95% "
        "interval 34.6% to 54.7%). For each user lost, 0.4 were new or came back "
        "(quick ratio; 95% interval 0.226 to 0.709; above 1 the number of active users "
        "grows)."
    )
    assert result.describe("zh_CN") == (
        "2026年3月3日当日（最近一个完整日）有 66 人活跃：新增 6 人，留存 50 人，"
        "回流 10 人。上一日活跃的 90 人中有 40 人流出（44.4%，95% 置信区间 34.6% 至 "
        "54.7%）。每流出 1 人，新增或回流 0.4 人（快速比率，95% 置信区间 0.226 至 "
        "0.709；大于 1 说明活跃用户在增加）。"
    )


# Many come, 29 are lost.
LEAKY = [*(f"u{i} 1 a" for i in range(29)), *(f"v{i} 2 a" for i in range(99)), "x 2 a"]


def test_too_few_or_nobody_lost_give_no_ratio():
    few = lifecycle(log(*LEAKY, "x 1 a"), period="day")
    assert few.flows["lost"].iloc[-1] == 29
    assert "Of the 30 active the day before, 29 were lost (96.7%, 95%" in few.describe()
    assert few.describe().endswith(
        "Fewer than 30 users were lost: too few to state a quick ratio."
    )
    assert few.describe("zh_CN").endswith("流出不足 30 人，人数太少，不给出快速比率。")
    enough = lifecycle(log(*LEAKY, "u29 1 a"), period="day")
    assert enough.flows["lost"].iloc[-1] == 30
    assert "For each user lost, 3.33 were new or came back" in enough.describe()
    none = lifecycle(log("ann 1 a", "ann 2 a", "bob 2 a"), period="day")
    assert "Nobody was lost" in none.describe()
    # Of fewer than 30 there is no share.
    assert "Of the 1 active the day before, 0 were lost." in none.describe()
    assert "上一日活跃的 1 人中有 0 人流出。" in none.describe("zh_CN")
    assert np.isnan(none.flows["pulse"].iloc[-1])
    gone = lifecycle(log("ann 1 a", "bob 1 b", "bob 3 b"), period="day", event="a")
    assert gone.describe().startswith("0 users were active on Mar 3, 2026")
    early = lifecycle(log("ann 1.2 a", "ann 1.4 a"), period="day")
    assert early.describe() == (
        "No whole day was over on Mar 1, 2026, the end of the data: it is too early to "
        "state a number."
    )


def test_the_periods_before_stand_beside():
    result = lifecycle(
        log(*BUSY, "x 4 open"),
        period="day",
        dates=("2026-03-03", "2026-03-03"),
        compare="previous",
    )
    assert states(result.previous) == {"03-02": [30, 60, 0, 20, 0, 20]}
    assert result.describe().endswith(
        "On average 66 users were active a day, in the period before 90: "
        "a change of −26.7%."
    )
    assert result.describe("zh_CN").endswith(
        "每日平均 66 人活跃，上一周期为 90 人，变化 −26.7%。"
    )
    short = lifecycle(
        log(*BUSY), period="day", dates=("2026-03-02", "2026-03-03"), compare="previous"
    )
    assert list(states(short.previous)) == ["03-01"]
    assert short.warnings[-1].text() == (
        "The data begin within the period before: of it only 1 of 2 are compared."
    )
    # Of a period in which history starts nothing is said.
    assert "nothing that is over to compare" in short.describe()
    first = lifecycle(log(*BUSY), period="day", compare="previous")
    assert first.previous is None
    assert "none before to compare" in first.warnings[-1].text()
    late = log("ann 1 a", "bob 5 b", "bob 6 b")
    alone = lifecycle(
        late,
        period="day",
        event="b",
        dates=("2026-03-05", "2026-03-06"),
        compare="previous",
    )
    assert alone.previous is None
    assert "Nobody was active in the period just before" in alone.warnings[-1].text()


def dashed(chart, name):
    """Where the line of that name stands, how high, and for which day."""
    (rows,) = [
        rows for rows in chart.to_dict()["datasets"].values()
        if {row.get("c2") for row in rows} == {name}
    ]  # fmt: skip
    return [(row["c0"], row["c1"], row["c3"]) for row in rows]


@pytest.mark.parametrize(
    ("lang", "name"), [("en", "Active, period before"), ("zh_CN", "上一周期活跃用户")]
)
def test_the_active_of_the_periods_before_are_dashed_at_the_same_places(lang, name):
    days = log(*(f"u{i} {day} a" for day in range(1, 8) for i in range(day)))
    dates = ("2026-03-04", "2026-03-06")
    result = lifecycle(days, period="day", dates=dates, compare="previous")
    assert dashed(result.chart(lang), name) == [
        ("2026-03-04", 1, "2026-03-01"),
        ("2026-03-05", 2, "2026-03-02"),
        ("2026-03-06", 3, "2026-03-03"),
    ]
    # Of a shorter period before, the last stands at the last.
    short = lifecycle(
        days, period="day", dates=("2026-03-02", "2026-03-04"), compare="previous"
    )
    assert dashed(short.chart(lang), name) == [("2026-03-04", 1, "2026-03-01")]
    assert export(short.chart(lang), "svg").startswith(b"<svg")
    alone = lifecycle(days, period="day", dates=dates)
    assert name not in json.dumps(alone.chart(lang).to_dict(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"period": "year"}, "period cannot be “year”"),
        ({"week_start": "lunedi"}, "week_start cannot be “lunedi”"),
        ({"compare": "next"}, "compare cannot be “next”"),
        ({"churn_after": 0}, "churn_after must lie between 1 and 366, got “0”"),
        ({"churn_after": 1.5}, "churn_after must lie between 1 and 366"),
        ({"churn_after": True}, "churn_after must lie between 1 and 366"),
        ({"event": "opne"}, "event names the event “opne”, .* it has “buy”, “open”"),
        ({"event": []}, "event is missing"),
        ({"birth": "join"}, "birth names the event “join”, .* it has “buy”, “open”"),
        ({"birth": []}, "birth is missing"),
        ({"where": [["city", "==", "x"]]}, "where names the column “city”"),
        ({"where": [["place", "==", "x"]]}, "No event meets the conditions"),
        ({"dates": ("2026-03-09",)}, "dates must be a first and a last day"),
        (
            {"dates": ("2026-04-01", "2026-04-02")},
            "Nobody was active between Apr 1, 2026 .* from Mar 1, 2026 to Mar 6, 2026",
        ),
        (
            {"dates": ("2026-03-01", "2026-03-03"), "event": "buy", "period": "day"},
            "Nobody was active between Mar 1, 2026",
        ),
    ],
)
def test_wrong_options_are_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        lifecycle(log(*FEW), **options)
    assert caught.value.text("zh_CN") != caught.value.text("en")


def test_asking_for_users_that_are_not_there_is_told():
    result = lifecycle(log(*FEW), period="day", dates=("2026-03-02", "2026-03-03"))
    assert result.users("2026-03-02", "lost").tolist() == ["bob"]
    assert result.users(dt.date(2026, 3, 3), "new").tolist() == ["cy"]
    # Ann is back at the very midnight that ends that day.
    assert result.users("2026-03-03", "lost").tolist() == ["ann"]
    with pytest.raises(Error, match=r"period cannot be “2026-03-01”.*“2026-03-02”"):
        result.users("2026-03-01", "new")
    with pytest.raises(Error, match=r"state cannot be “gone”; choose from “new”"):
        result.users("2026-03-02", "gone")


def test_a_table_serves_as_well_as_a_log():
    frame = pd.DataFrame({"user": [1, 1], "event": "a", "time": ["2026-03-01"] * 2})
    before = frame.copy()
    assert lifecycle(frame).table["users"].tolist() == [1, 0, 0, 0, 0, 0]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_charts_can_be_drawn_and_hold_no_more_than_they_can_show(lang):
    many = log(*(f"u{i} {i + 1} open" for i in range(120)))
    chart = lifecycle(many, period="day").chart(lang)
    assert export(chart, "svg").startswith(b"<svg")
    spec = chart.to_dict()
    said = " ".join(spec["title"])
    assert "104" in said
    assert "120" in said
    assert sum(len(rows) for rows in spec["datasets"].values()) <= 5_000
    assert spec["description"] == lifecycle(many, period="day").describe(lang)
    assert "history" not in json.dumps(spec)
    lone = lifecycle(log("ann 1.2 open"), period="day")
    assert export(lone.chart(lang), "svg").startswith(b"<svg")


# Against the definition, over both days on which clocks change in Berlin.
BERLIN = ZoneInfo("Europe/Berlin")
STARTS = {
    "spring": dt.datetime(2026, 3, 26, 22, tzinfo=dt.UTC),
    "autumn": dt.datetime(2026, 10, 22, 22, tzinfo=dt.UTC),
}
WEEK = {"monday": 0, "thursday": 3, "sunday": 6}
# Many at midnight, which is 48 or 50 half hours on when the clocks have changed.
HALF_HOURS = some.integers(0, 48 * 25) | some.builds(
    lambda day, moved: 48 * day + moved,
    some.integers(0, 25),
    some.sampled_from([0, 2]),
)
ONE_EVENT = some.tuples(
    some.sampled_from(["ann", "bob", "cy", "dee"]),
    some.sampled_from(["open", "buy"]),
    HALF_HOURS,
    some.sampled_from(["web", "app", None]),
)


def first_day(day, period, week_start):
    if period == "month":
        return day.replace(day=1)
    back = (day.weekday() - WEEK[week_start]) % 7 if period == "week" else 0
    return day - dt.timedelta(days=back)


def following(day, period):
    if period == "month":
        return (day + dt.timedelta(days=31)).replace(day=1)
    return day + dt.timedelta(days=7 if period == "week" else 1)


def midnight(day):
    return dt.datetime.combine(day, dt.time(), tzinfo=BERLIN)


def calendar(events, until, period, week_start):
    """The first day of every period, from the first event to the end."""
    day = first_day(
        min(e[2] for e in events).astimezone(BERLIN).date(), period, week_start
    )
    last = max(*(e[2] for e in events), until - dt.timedelta(microseconds=1))
    days = []
    while midnight(day) <= last:
        days.append(day)
        day = following(day, period)
    return days


def counted(events, event, where, birth):
    """The events that count; with a birth, of who has one, from the first on."""
    met = [e for e in events if where is None or e[3] == where]
    found = [e for e in met if event is None or e[1] in event]
    if birth is None:
        return found
    born = {}
    for e in sorted(met, key=lambda e: e[2]):
        if e[1] in birth:
            born.setdefault(e[0], e)
    after = [e for e in found if e[0] in born and e[2] >= born[e[0]][2]]
    return [*after, *born.values()]


def says_who_is_left_out(result, events, event, where, birth):
    """Those active in the periods shown who have no birth, or had none yet."""
    every = counted(events, event, where, None)
    known = {e[0]: e[2] for e in sorted(events, key=lambda e: e[2], reverse=True)
             if birth and e[1] in birth and where in (None, e[3])}  # fmt: skip
    begins = result.table["period"].min().to_pydatetime().replace(tzinfo=BERLIN)
    early = {
        e[0]
        for e in every
        if e[2] >= begins and not (e[0] in known and e[2] >= known[e[0]])
    }
    told = {note.code: note.values.get("n") for note in result.warnings}
    told = [told.get(f"lifecycle.{code}", 0) for code in ("unborn", "before_birth")]
    expected = [len(early - {*known}), len(early & {*known})] if birth else [0, 0]
    assert told == expected


def made(rows, season):
    """An anchor, so that all is there that may be asked for, and a log of the rows."""
    anchor = ("zed", "open", 100, "app"), ("zed", "buy", 400, "app")
    events = [
        (user, event, STARTS[season] + dt.timedelta(minutes=30 * half), place)
        for user, event, half, place in (*rows, *anchor)
    ]
    frame = pd.DataFrame(events, columns=["user", "event", "time", "place"])
    history = EventLog.from_frame(
        frame, user="user", event="event", time="time", timezone="Europe/Berlin"
    )
    return events, history, dt.datetime.fromtimestamp(history.until / 1e6, dt.UTC)


def defined(events, days, *, period, week_start, churn_after):
    """What the docstring promises, one user and one period at a time."""
    found = {(day, state): set() for day in days for state in STATES}
    for user in {e[0] for e in events}:
        seen = {
            days.index(first_day(e[2].astimezone(BERLIN).date(), period, week_start))
            for e in events
            if e[0] == user
        }
        for i, day in enumerate(days):
            if i < min(seen):
                continue
            if i in seen:
                state = (
                    "new" if i == min(seen)
                    else "retained" if i - 1 in seen
                    else "resurrected"
                )  # fmt: skip
                found[day, state].add(user)
                continue
            silent = i - max(j for j in seen if j < i)
            found[day, "dormant" if silent < churn_after else "churned"].add(user)
            if i - 1 in seen:
                found[day, "lost"].add(user)
    return found


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    rows=some.lists(ONE_EVENT, min_size=1, max_size=30),
    season=some.sampled_from(["spring", "autumn"]),
    period=some.sampled_from(["day", "week", "month"]),
    week_start=some.sampled_from([*WEEK]),
    churn_after=some.integers(1, 4),
    event=some.sampled_from([None, "open", "buy", ["open", "buy"]]),
    birth=some.sampled_from([None, None, "buy", ["buy", "open"]]),
    where=some.sampled_from([None, "app"]),
)
def test_agrees_with_the_definition(
    rows, season, period, week_start, churn_after, event, birth, where
):
    events, history, until = made(rows, season)
    options = {"period": period, "week_start": week_start, "churn_after": churn_after}
    days = calendar(events, until, period, week_start)
    acted = counted(events, event, where, birth)
    expected = defined(acted, days, **options)
    conditions = [] if where is None else [["place", "==", where]]
    options |= {"event": event, "birth": birth, "where": conditions}
    result = lifecycle(history, **options)
    found = {
        (row.period.date(), row.state): row.users for row in result.table.itertuples()
    }
    assert found == {key: len(users) for key, users in expected.items()}
    assert result.table.groupby("period")["mature"].first().tolist() == [
        midnight(following(day, period)) <= until for day in days
    ]
    says_who_is_left_out(result, events, event, where, birth)
    # Every fifth of six states a day: all of them in turn.
    for (day, state), users in list(expected.items())[::5]:
        assert set(result.users(day, state)) == users
    wide = result.table.pivot_table(index="period", columns="state", values="users")
    active = wide["new"] + wide["retained"] + wide["resurrected"]
    known = active + wide["dormant"] + wide["churned"]
    assert (known == wide["new"].cumsum()).all()
    before = active.shift(fill_value=0)
    assert (active == before - wide["lost"] + wide["new"] + wide["resurrected"]).all()
    middle = days[len(days) // 2 :]
    part = (middle[0].isoformat(), middle[-1].isoformat())
    options |= {"dates": part}
    if not active[len(days) // 2 :].any():
        with pytest.raises(Error, match="Nobody was active"):
            lifecycle(history, **options)
        return
    rest = result.table[len(result.table) - len(middle) * len(STATES) :]
    later = lifecycle(history, **options)
    pd.testing.assert_frame_equal(later.table, rest.reset_index(drop=True))
    says_who_is_left_out(later, events, event, where, birth)
