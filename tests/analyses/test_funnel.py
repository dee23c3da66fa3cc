"""Funnels worked by hand on logs of a few events, and against two other definitions."""

from bisect import bisect_left

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opslib import Error, EventLog, funnel

START = pd.Timestamp("2026-03-01")


def log(*lines: str, timezone: str = "UTC", until: str | None = None) -> EventLog:
    """Events written as "user day event [channel]", days from 1 March 2026."""
    rows = pd.DataFrame([line.split() for line in lines])
    rows.columns = ["user", "day", "event", "channel"][: rows.shape[1]]
    rows["time"] = START + pd.to_timedelta(rows.pop("day").astype(float), unit="D")
    return EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone=timezone, until=until
    )


def users(events: EventLog, steps: str, **options) -> list[int]:
    return funnel(events, steps=steps.split(), **options).table["users"].tolist()


def test_steps_count_only_in_order():
    events = log("ann 0 visit", "ann 1 buy", "bob 1 visit", "bob 0 buy")
    assert users(events, "visit buy") == [2, 1]


def test_other_events_may_come_between():
    assert users(log("ann 0 visit", "ann 1 help", "ann 2 buy"), "visit buy") == [1, 1]


@pytest.mark.parametrize(("window", "buyers"), [("6D", 0), ("7D", 1), ("167h", 0)])
def test_window_is_inclusive(window, buyers):
    events = log("ann 0 visit", "ann 7 buy")
    assert users(events, "visit buy", window=window) == [1, buyers]


def test_any_first_step_may_start_the_attempt():
    events = log("ann 0 visit", "ann 20 visit", "ann 21 buy")
    assert users(events, "visit buy") == [1, 1]


def test_an_attempt_goes_on_past_a_later_first_step():
    events = log("ann 0 visit", "ann 1 cart", "ann 2 visit", "ann 3 buy")
    assert users(events, "visit cart buy") == [1, 1, 1]


def test_events_at_the_same_instant_are_taken_in_the_order_of_the_steps():
    events = log("ann 0 buy", "ann 0 cart", "ann 0 visit")
    assert users(events, "visit cart buy") == [1, 1, 1]


@pytest.mark.parametrize(
    ("lines", "steps", "reached"),
    [
        (["ann 0 a"], "a a", [1, 0]),
        (["ann 0 a", "ann 0 a"], "a a", [1, 1]),
        (["ann 0 a", "ann 0 b", "ann 2 a"], "a b a", [1, 1, 1]),
        (["ann 0 a", "ann 0 b"], "a b a", [1, 1, 0]),
        (["ann 0 a", "ann 0 b", "ann 0 a"], "a b a", [1, 1, 1]),
    ],
)
def test_one_event_fills_one_step(lines, steps, reached):
    assert users(log(*lines, "zed 9 b"), steps) == reached


def test_dates_choose_entries_and_conversions_may_fall_after_them():
    events = log("ann 0 visit", "ann 3 buy", "bob 2 visit", "bob 3 buy")
    dates = ("2026-03-01", "2026-03-02")
    assert users(events, "visit buy", dates=dates) == [1, 1]


def test_no_attempt_starts_after_the_dates():
    events = log("ann 0 visit", "ann 3 visit", "ann 4 buy")
    dates = ("2026-03-01", "2026-03-02")
    assert users(events, "visit buy", dates=dates, window="2D") == [1, 0]


def test_dates_are_days_of_the_timezone():
    lines = ["ann 0.9 visit", "ann 1 buy"]
    dates = ("2026-03-01", "2026-03-01")
    zoned = pd.DataFrame({"user": "ann", "event": ["visit", "buy"]})
    zoned["time"] = pd.to_datetime(["2026-03-01T20:00Z", "2026-03-02T20:00Z"])
    shanghai = EventLog.from_frame(
        zoned, user="user", event="event", time="time", timezone="Asia/Shanghai"
    )
    assert users(log(*lines), "visit buy", dates=dates) == [1, 1]
    assert users(shanghai, "visit buy", dates=dates) == [0, 0]


def test_conditions_leave_out_events():
    events = log(
        "ann 0 visit ads", "ann 1 buy mail", "bob 0 visit ads", "bob 1 buy ads"
    )
    where = [["channel", "==", "ads"]]
    assert users(events, "visit buy", where=where) == [2, 1]


def test_breakdown_takes_the_value_at_the_attempts_first_step():
    events = log(
        "ann 0 visit ads", "ann 1 buy mail", "bob 0 visit mail", "eve 0 visit ads"
    )
    table = funnel(events, steps=["visit", "buy"], by="channel").table
    assert table[["group", "step", "users"]].to_numpy().tolist() == [
        ["ads", "visit", 2],
        ["ads", "buy", 1],
        ["mail", "visit", 1],
        ["mail", "buy", 0],
    ]


def test_a_missing_value_is_a_group_of_its_own():
    rows = pd.DataFrame({"user": ["ann", "bob"], "event": "visit", "time": START})
    rows = rows.assign(channel=[None, ""])
    rows = pd.concat([rows, rows.assign(event="buy")])
    result = funnel(rows, steps=["visit", "buy"], by="channel")
    assert result.table["group"].isna().sum() == 2
    missing = result.table["group"].isna().tolist()[::2]
    assert result.users(1, group=missing.index(True)).tolist() == ["ann"]
    assert result.users(1, group=missing.index(False)).tolist() == ["bob"]


def test_times_are_since_the_step_before():
    events = log("ann 0 a", "ann 1 b", "bob 0 a", "bob 3 b", "eve 0 a", "eve 0.5 b")
    table = funnel(events, steps=["a", "b"]).table
    assert table["median_seconds"].tolist()[1] == 86_400
    assert table["mean_seconds"].tolist()[1] == 86_400 * 1.5


def test_the_matured_rate_leaves_out_windows_that_are_still_open():
    events = log("ann 0 visit", "ann 1 buy", "bob 8 visit", until="2026-03-09")
    result = funnel(events, steps=["visit", "buy"])
    assert result.table["from_start"].tolist() == [1.0, 0.5]
    assert result.table["matured_from_start"].tolist() == [1.0, 1.0]
    assert result.warnings[-1].text() == (
        "For 1 user (50.0%) the window was still open when the data end; the matured "
        "rate leaves them out."
    )


def test_users_at_a_step_and_lost_after_it():
    events = log("ann 0 visit", "ann 1 buy", "bob 0 visit", "007 0 visit")
    result = funnel(events, steps=["visit", "buy"])
    assert result.users(0).tolist() == ["007", "ann", "bob"]
    assert result.users(0, dropped=True).tolist() == ["007", "bob"]
    assert result.users(1).tolist() == ["ann"]
    with pytest.raises(Error, match="step_index must lie between 0 and 1"):
        result.users(2)


def test_users_of_a_group_match_the_table():
    events = log("ann 0 visit ads", "ann 1 buy ads", "bob 0 visit mail")
    result = funnel(events, steps=["visit", "buy"], by="channel")
    assert result.table["group"].tolist()[::2] == ["ads", "mail"]
    assert result.users(0, group=1).tolist() == ["bob"]
    with pytest.raises(Error, match="group must lie between 0 and 1, got “2”"):
        result.users(0, group=2)


def crowd(day: float, buyers: int, of: int) -> list[str]:
    visits = [f"u{day}-{i} {day} visit" for i in range(of)]
    return visits + [f"u{day}-{i} {day + 0.5} buy" for i in range(buyers)]


def test_the_period_before_stands_beside():
    events = log(*crowd(0, 50, 100), *crowd(3, 80, 100), until="2026-03-31")
    result = funnel(
        events,
        steps=["visit", "buy"],
        dates=("2026-03-04", "2026-03-06"),
        compare="previous",
    )
    assert result.previous.table["users"].tolist() == [100, 50]
    assert result.describe() == (
        "80.0% of 100 users who did “visit” reached “buy” within 7 days (95% interval "
        "71.1% to 86.7%). In the period before (Mar 1, 2026 to Mar 3, 2026) it was "
        "50.0%: a change of +30.0 pp (95% interval +17.1 pp to +42.0 pp)."
    )


def test_only_windows_that_are_over_are_compared_with_the_period_before():
    # All buy two days later; of those who came on day 5 none could so far.
    lines = [f"a{i} 1 visit" for i in range(50)] + [f"a{i} 3 buy" for i in range(50)]
    lines += [f"b{i} 3 visit" for i in range(50)] + [f"b{i} 5 buy" for i in range(50)]
    lines += [f"c{i} 5 visit" for i in range(50)]
    events = log(*lines, until="2026-03-07T12:00")
    result = funnel(
        events,
        steps=["visit", "buy"],
        window="3D",
        dates=("2026-03-04", "2026-03-06"),
        compare="previous",
    )
    assert result.describe().startswith("50.0% of 100 users")
    assert (
        "Of the 50 users whose window is over, 100% did so. In the period before "
        "(Mar 1, 2026 to Mar 3, 2026) it was 100%: no difference is shown"
    ) in result.describe()
    few = funnel(
        events,
        steps=["visit", "buy"],
        window="3D",
        dates=("2026-03-05", "2026-03-06"),
        compare="previous",
    )
    assert "The windows of only 0 users are over" in few.describe()
    assert "窗口期已满的用户只有 0 名" in few.describe("zh_CN")


def test_groups_of_large_numbers_keep_all_their_digits():
    rows = pd.DataFrame(
        {
            "user": ["ann", "bob"],
            "event": ["visit", "buy"],
            "time": START,
            "shop": [1234567.0, 1234568.0],
        }
    )
    rows = pd.concat([rows, rows.assign(event="visit")])
    table = funnel(rows, steps=["visit", "buy"], by="shop").table
    assert set(table["group"]) == {"1234567", "1234568"}


@pytest.mark.parametrize("converted", [["ann 0.1 buy"], []])
def test_a_window_that_ends_with_the_observation_is_over(converted):
    lines = ["ann 0 visit", *converted, "bob 0.5 visit", "bob 0.6 buy"]
    result = funnel(
        log(*lines, until="2026-03-02T00:00"), steps=["visit", "buy"], window="1D"
    )
    matured = result.table["matured_from_start"].tolist()
    assert matured == [1.0, len(converted)]


def test_dates_without_anybody_are_said_to_be_empty():
    result = funnel(
        log("ann 0 visit", "ann 1 buy"),
        steps=["visit", "buy"],
        dates=("2030-01-01", "2030-01-31"),
    )
    assert result.describe() == (
        "Nobody did “visit” from Jan 1, 2030 to Jan 31, 2030 under these conditions."
    )
    assert "没有用户做过「visit」" in result.describe("zh_CN")


def test_nothing_is_compared_with_before_the_data_begin():
    result = funnel(log(*crowd(0, 5, 40)), steps=["visit", "buy"], compare="previous")
    assert result.previous is None
    assert "none before to compare" in result.warnings[-1].text()


def test_no_rate_is_stated_for_a_few_users():
    result = funnel(log("ann 0 visit", "ann 1 buy"), steps=["visit", "buy"])
    assert result.describe() == (
        "Only 1 user did “visit”, and 1 reached “buy”: under 30 users no rate is "
        "stated."
    )
    assert result.describe("zh_CN") == (
        "只有 1 名用户做过「visit」，其中 1 名完成了「buy」；不足 30 人，不给出转化率。"
    )


def test_nobody_at_the_first_step_is_no_division_by_zero():
    events = log("ann 0 visit", "ann 9 buy")
    dates = ("2026-03-05", "2026-03-06")
    table = funnel(events, steps=["visit", "buy"], dates=dates).table
    assert table["users"].tolist() == [0, 0]
    assert table["from_start"].isna().all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": ["visit"]}, "needs 2 to 20 steps, got “visit”"),
        ({"steps": "visit"}, "needs 2 to 20 steps"),
        ({"steps": None}, "needs 2 to 20 steps"),
        ({"window": 7}, "window must be a length of time"),
        ({"dates": ("2026-03-01",)}, "dates must be a first and a last day"),
        ({"steps": ["visit", "chekout"]}, "steps names the event “chekout”.*“buy”"),
        ({"window": "soon"}, "window must be a length of time"),
        ({"by": "city"}, "by names the column “city”"),
        ({"compare": "year"}, "compare cannot be “year”; choose from “previous”"),
        ({"dates": ("2026-03-02", "2026-03-01")}, "dates end .* before they begin"),
    ],
)
def test_wrong_options_are_told_with_what_is_possible(options, sentence):
    events = log("ann 0 visit", "ann 1 buy")
    with pytest.raises(Error, match=sentence):
        funnel(events, **{"steps": ["visit", "buy"], **options})


def test_the_chart_has_a_description_and_no_name_of_the_file_as_a_field():
    result = funnel(log(*crowd(0, 20, 40)), steps=["visit", "buy"])
    spec = result.chart("zh_CN").to_dict()
    assert spec["description"] == result.describe("zh_CN")
    assert not any(
        "visit" in str(channel.get("field"))
        for layer in spec["layer"]
        for channel in layer["encoding"].values()
        if isinstance(channel, dict)
    )


EVENT = some.tuples(some.integers(0, 12), some.sampled_from("abc"))
LONGEST = 4


@given(some.lists(EVENT, max_size=12))
def test_a_level_is_reached_exactly_when_some_chain_of_events_reaches_it(events):
    days = [[day for day, event in events if event == step] for step in "abc"]

    def exists(length: int) -> bool:
        chains = [[day] for day in days[0]]
        for k in range(1, length):
            chains = [[*c, d] for c in chains for d in days[k] if d >= c[-1]]
        return any(chain[-1] - chain[0] <= LONGEST for chain in chains)

    anchor = ["zed 0 a", "zed 1 b", "zed 2 c"]
    lines = [f"ann {day} {event}" for day, event in events]
    assert users(log(*anchor, *lines), "a b c", window="4D") == [
        1 + exists(k) for k in (1, 2, 3)
    ]


def attempts_by_definition(
    events: list[tuple[int, str]], steps: str
) -> list[list[int]]:
    """Follow every event of one user to the latest attempt that it can extend."""
    attempts: list[list[int]] = []
    for today in sorted({day for day, _ in events}):
        for k, step in enumerate(steps):
            for day, event in events:
                if (day, event) != (today, step):
                    continue
                if k == 0:
                    if not attempts or attempts[-1][0] != day:
                        attempts.append([day])
                    continue
                standing = [attempt for attempt in attempts if len(attempt) >= k]
                if not standing:
                    continue
                latest = standing[-1]
                if len(latest) == k and day - latest[0] <= LONGEST:
                    latest.append(day)
    return attempts


@given(some.lists(EVENT, max_size=12))
def test_times_are_those_of_the_deepest_then_earliest_attempt(events):
    attempts = attempts_by_definition(events, "abc")
    lines = [f"ann {day} {event}" for day, event in events]
    anchor = ["zed 30 a", "zed 30 b", "zed 30 c"]
    result = funnel(
        log(*lines, *anchor),
        steps=["a", "b", "c"],
        window="4D",
        dates=("2026-03-01", "2026-03-20"),
    )
    deepest = max((len(attempt) for attempt in attempts), default=0)
    assert result.table["users"].tolist() == [int(deepest > k) for k in range(3)]
    if deepest:
        best = next(attempt for attempt in attempts if len(attempt) == deepest)
        assert (result.table["median_seconds"] / 86_400).dropna().tolist() == np.diff(
            best
        ).tolist()


@given(some.lists(some.tuples(some.integers(0, 9), some.just("a")), max_size=7))
def test_a_repeated_step_needs_as_many_events(events):
    days = sorted(day for day, _ in events)
    reached = [
        any(days[i + k - 1] - days[i] <= LONGEST for i in range(len(days) - k + 1))
        for k in (1, 2, 3)
    ]
    lines = [f"ann {day} a" for day in days]
    anchor = ["zed 0 a", "zed 0 a", "zed 0 a"]
    assert users(log(*anchor, *lines), "a a a", window="4D") == [
        1 + ok for ok in reached
    ]


@given(
    some.lists(some.tuples(some.integers(0, 5), some.sampled_from("ab")), max_size=8)
)
def test_an_event_named_twice_fills_one_of_its_steps(events):
    steps = "abab"
    rows = sorted(events, key=lambda row: row[0])

    def fits(chain: list[int], row: int) -> bool:
        day, event = rows[row]
        mine = [i for i, step in zip(chain, steps, strict=False) if step == event]
        return (
            event == steps[len(chain)]
            and all(i < row for i in mine)
            and all(rows[i][0] <= day for i in chain[-1:])
            and all(day - rows[i][0] <= LONGEST for i in chain[:1])
        )

    chains, reached = [[]], []
    for _ in steps:
        chains = [[*c, i] for c in chains for i in range(len(rows)) if fits(c, i)]
        reached.append(1 + bool(chains))
    anchor = [f"zed {day} {step}" for day, step in enumerate(steps)]
    lines = [f"ann {day} {event}" for day, event in events]
    assert users(log(*anchor, *lines), " ".join(steps), window="4D") == reached


def test_threads_do_not_change_the_counts(monkeypatch):
    rng = np.random.default_rng(0)
    n = 5_000
    rows = pd.DataFrame(
        {
            "user": rng.integers(0, 400, n).astype(str),
            "event": rng.choice(list("abcd"), n),
            "time": START + pd.to_timedelta(rng.integers(0, 90 * 24, n), "h"),
        }
    )
    one = funnel(rows, steps=["a", "b", "c", "d"]).table
    monkeypatch.setattr("opslib.kernels.FEW_ROWS", 0)
    monkeypatch.setattr("opslib.kernels.THREADS", 3)
    pd.testing.assert_frame_equal(funnel(rows, steps=["a", "b", "c", "d"]).table, one)


def test_taobao_log_agrees_with_trying_every_start(samples):
    rows = pd.read_csv(
        samples / "events/taobao_815users_9days.csv.gz",
        header=None,
        names=["user", "item", "category", "event", "time"],
        dtype={"user": str},
    ).dropna()
    rows["time"] = pd.to_datetime(rows["time"], unit="s", utc=True)
    events = EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone="Asia/Shanghai"
    )
    week = 7 * 86_400_000_000
    reached = [0, 0, 0]
    for _, mine in rows.groupby("user"):
        times = {
            step: sorted(mine.loc[mine["event"] == step, "time"].astype("int64"))
            for step in ("pv", "cart", "buy")
        }
        deepest = 0
        for start in times["pv"]:
            # From each start the earliest event of every step is as good as any.
            last, level = start, 1
            for step in ("cart", "buy"):
                place = bisect_left(times[step], last)
                if place == len(times[step]) or times[step][place] > start + week:
                    break
                last, level = times[step][place], level + 1
            deepest = max(deepest, level)
        for k in range(deepest):
            reached[k] += 1
    assert users(events, "pv cart buy") == reached
