"""What is wrong with a log is found, told and left out only when asked."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opslib as ops
from opslib import quality
from opslib.conditions import Texts


def frame(users, times, event="view", **more):
    return pd.DataFrame(
        {"user": users, "event": event, "time": pd.to_datetime(times), **more}
    )


def usual(days=60, per_day=40, users=50, seed=1):
    """A month or two without anything wrong: times spread over each day."""
    made = np.random.default_rng(seed)
    n = days * per_day
    seconds = np.sort(made.choice(days * 86_400, n, replace=False))
    times = pd.Timestamp("2026-01-01 00:00:00.5") + pd.to_timedelta(seconds, unit="s")
    return frame([f"u{i}" for i in made.integers(users, size=n)], times)


def log(*frames, **options):
    roles = {"user": "user", "event": "event", "time": "time"}
    return ops.EventLog.from_frame(pd.concat(frames), **roles, **options)


def found(events):
    return {one.code: one for one in quality.find(events)}


def test_a_clean_log_has_no_finding():
    assert quality.find(log(usual())) == ()


def test_rows_that_repeat_in_everything_are_duplicates():
    rows = frame(
        ["a", "a", "a", "b", "a"],
        ["2026-03-01 10:00"] * 4 + ["2026-03-01 11:00"],
        amount=[1.0, 1.0, 2.0, 1.0, 1.0],
        page=["x", "x", "x", "x", None],
    )
    again = pd.concat([rows, rows[4:]])
    one = found(log(again))["duplicates"]
    assert len(one.rows) == 2
    assert one.note.text() == "2 rows repeat an earlier one exactly (33.3% of all)."
    left = quality.leave_out(log(again), [one])
    assert len(left) == 4
    assert "duplicates" not in found(left)


def test_texts_that_nearly_all_differ_tell_rows_apart(monkeypatch):
    monkeypatch.setattr("opslib.encode.MOST_LABELS", 3)
    days = pd.date_range("2026-03-01", periods=9)
    rows = frame(["a"] * 9, days, note=[f"note {i}" for i in range(9)])
    same, other = rows[5:6], rows[7:8].assign(note="another")
    events = log(rows, same, other)
    assert isinstance(events.properties["note"], Texts)
    assert found(events)["duplicates"].rows.tolist() == [6]
    assert "duplicates" not in found(log(rows, other))


def test_the_same_instant_of_two_users_is_no_duplicate():
    assert "duplicates" not in found(log(frame(["a", "b"], ["2026-03-01 10:00"] * 2)))


@pytest.mark.parametrize(
    "name", ["test", "Test_01", "qa-7", "demo", "测试账号", "x@example.com", "u_test"]
)
def test_test_accounts_are_found_by_their_ids(name):
    events = log(usual(), frame([name] * 3, ["2026-01-05 10:00:01.1"] * 3))
    one = found(events)["testers"]
    assert events.ids(one.users).tolist() == [name]
    assert len(one.rows) == 3
    conditions = list(one.where)
    assert name not in events.where(conditions).users.to_pylist()
    assert len(events.where(conditions)) == len(events) - 3


@pytest.mark.parametrize(
    "name", ["contest", "latest", "qatar", "demolition", "u123456"]
)
def test_ids_that_only_contain_such_words_are_people(name):
    assert "testers" not in found(log(usual(), frame([name], ["2026-01-05 10:00:01"])))


def test_123456_is_a_test_account_only_where_ids_are_no_numbers():
    at = ["2026-01-05 10:00:01.1"]
    assert "testers" in found(log(usual(), frame(["123456"], at)))
    numbers = usual().assign(
        user=lambda rows: "1234" + rows["user"].str[1:].str.zfill(2)
    )
    assert "testers" not in found(log(numbers, frame(["123456"], at)))


def test_test_accounts_are_found_by_their_names():
    rows = usual().assign(nickname=lambda one: one["user"].map({"u7": "测试7"}))
    one = found(log(rows))["testers"]
    assert log(rows).ids(one.users).tolist() == ["u7"]


def test_ids_that_mean_nobody_are_found():
    events = log(usual(), frame(["null", "N/A"], ["2026-01-05 10:00:01.1"] * 2))
    assert events.ids(found(events)["nobody"].users).tolist() == ["N/A", "null"]


def machine(name, n=1800, seconds=2.0):
    times = pd.Timestamp("2026-01-10 09:59:30.25") + pd.to_timedelta(
        np.arange(n) * seconds, unit="s"
    )
    return frame([name] * n, times)


def test_an_event_every_two_seconds_for_an_hour_is_a_machine():
    events = log(usual(), machine("m", 1801), machine("s", 1801, 2.01))
    one = found(events)["machines"]
    assert events.ids(one.users).tolist() == ["m"]
    assert one.note.text().startswith("1 user is as fast as only a machine can be: “m”")


def test_where_everybody_is_fast_nobody_is_a_machine():
    events = log(*(machine(f"g{i}") for i in range(30)))
    assert "machines" not in found(events)


def test_times_that_cannot_be_are_told_and_stretch_nothing():
    odd = frame(["u1", "u2", "u3"], ["1970-01-01", "2199-01-01", "9998-01-01"])
    events = log(usual(), odd)
    codes = found(events)
    assert codes["impossible"].note.values["n"] == 3
    assert set(codes) == {"impossible"}
    left = quality.leave_out(events, codes.values())
    assert left.dates == ("2026-01-01", "2026-03-01")
    assert left.until < pd.Timestamp("2026-03-03").value // 1000


@pytest.mark.parametrize("size", [40, 3])
def test_few_rows_far_away_are_stray_and_the_period_is_told(size):
    events = log(
        usual(per_day=size), frame(["u1"] * 1, ["2027-06-01 10:00:01"], event="view")
    )
    one = found(events)["stray"]
    assert (one.note.values["early"], one.note.values["late"]) == (0, 1)
    assert one.dates == ("2026-01-01", "2026-03-01")
    assert events.until > pd.Timestamp("2027-06-01").value // 1000
    left = quality.leave_out(events, [one])
    assert left.dates[1] == "2026-03-01"
    assert left.until < pd.Timestamp("2026-03-03").value // 1000


def test_days_without_and_with_few_events_are_told_but_not_the_last_one():
    rows = usual(per_day=60)
    day = rows["time"].dt.date.astype(str)
    some = (day == "2026-01-20") & (rows["time"].dt.hour < 22)
    rows = rows[(day != "2026-02-02") & ~some & (day != "2026-03-01")]
    last = usual(per_day=60)
    last = last[last["time"].dt.date.astype(str) == "2026-03-01"].head(2)
    codes = found(log(rows, last))
    assert codes["empty_days"].days == ("2026-02-02",)
    assert codes["few_days"].days == ("2026-01-20",)
    assert "“2026-02-02”" in codes["empty_days"].note.text()


def test_growth_weekends_and_few_events_are_no_gaps():
    grown = [
        usual(days=1, per_day=20 + 5 * day, seed=day).assign(
            time=lambda rows, day=day: rows["time"] + pd.Timedelta(days=day)
        )
        for day in range(60)
    ]
    assert not {"few_days", "empty_days"} & set(found(log(*grown)))
    assert not {"few_days", "empty_days"} & set(found(log(usual(per_day=1))))
    office = usual(per_day=90)
    weekend = office["time"].dt.day_of_week > 4
    rare = office["time"].dt.minute < 6
    for quiet in (office[~weekend | rare], office[~weekend]):
        assert not {"few_days", "empty_days"} & set(found(log(quiet)))


def test_a_day_of_more_than_half_the_usual_is_no_finding():
    rows = usual(per_day=400)
    day = rows["time"].dt.date.astype(str) == "2026-01-20"
    for hours, codes in ((14, set()), (9, {"few_days"})):
        assert set(found(log(rows[~day | (rows["time"].dt.hour < hours)]))) == codes


def test_days_are_those_of_the_timezone():
    rows = usual(per_day=60)
    rows = rows[rows["time"].dt.date.astype(str) != "2026-02-02"]
    assert found(log(rows, timezone="Asia/Kolkata"))["empty_days"].days == (
        "2026-02-02",
    )


def test_dates_without_a_time_are_told_and_left_in():
    rows = usual()
    dates = rows.assign(time=rows["time"].dt.normalize())
    one = found(log(dates, timezone="Asia/Shanghai"))["dates_only"]
    assert (one.note.values["n"], len(one.rows)) == (len(rows), 0)
    half = rows.assign(
        time=dates["time"].where(np.arange(len(rows)) % 2 == 0, rows["time"])
    )
    assert found(log(half))["midnight"].note.values["share"] == pytest.approx(0.5)


def test_orders_are_looked_at_as_events():
    orders = pd.DataFrame(
        {"user": ["a", "a"], "time": pd.to_datetime(["2026-01-01"] * 2)}
    )
    assert "duplicates" in found(orders)


def test_every_finding_speaks_both_languages():
    odd = frame(["test", "null", "u1"], ["2026-01-03", "2026-01-04", "1999-01-01"])
    for one in quality.find(log(usual(), odd, odd, machine("m"))):
        assert one.note.text("en") != one.note.text("zh_CN")


def test_taobao_has_35_rows_outside_its_nine_days(samples):
    table = ops.read_table(samples / "events/taobao_815users_9days.csv.gz")
    roles = {role: table.report.roles[role] for role in ("user", "event", "time")}
    events = ops.EventLog.from_frame(table.frame, **roles, timezone="Asia/Shanghai")
    one = found(events)["stray"]
    assert one.dates == ("2017-11-25", "2017-12-03")
    assert len(one.rows) == 35
    assert len(quality.leave_out(events, [one])) == 84_440


def test_jd_has_7643_duplicates(samples):
    table = ops.read_table(samples / "events/jd_actions_30k.csv.gz")
    roles = {role: table.report.roles[role] for role in ("user", "event", "time")}
    events = ops.EventLog.from_frame(table.frame, **roles)
    assert len(found(events)["duplicates"].rows) == 7_643


TIMES = st.datetimes(pd.Timestamp("1000-01-02"), pd.Timestamp("9998-12-30"))


@given(st.lists(st.tuples(st.sampled_from(["a", "test", "0"]), TIMES), min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_log_has_findings_whose_rows_can_be_left_out(rows):
    users, times = zip(*rows, strict=True)
    moments = pd.Series(times, dtype="datetime64[us]")
    events = log(pd.DataFrame({"user": users, "event": "x", "time": moments}))
    for one in quality.find(events):
        assert one.note.text("en")
        assert set(one.rows) <= set(range(len(events)))
        if 0 < len(one.rows) < len(events):
            left = quality.leave_out(events, [one])
            assert len(left) == len(events) - len(one.rows)
            assert one.code not in found(left) or one.code in {"stray"}
