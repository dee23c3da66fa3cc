"""Event logs: what is kept, in which order, in which timezone, until when."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opslib import Error, EventLog
from opslib.eventlog import as_log


def frame(*lines: str) -> pd.DataFrame:
    """Rows written as "user event time [channel [amount]]"."""
    columns = ["user", "event", "time", "channel", "amount"]
    rows = pd.DataFrame([line.split() for line in lines])
    rows.columns = columns[: rows.shape[1]]
    if "amount" in rows:
        rows["amount"] = rows["amount"].astype(float)
    return rows


def log(*lines: str, **options) -> EventLog:
    return EventLog.from_frame(
        frame(*lines), user="user", event="event", time="time", **options
    )


def wall(instant: int, zone: str) -> str:
    return str(pd.Timestamp(instant, unit="us", tz=zone).tz_localize(None))


def test_rows_are_sorted_by_user_time_and_file_order():
    made = log(
        "bob view 2026-03-02",
        "ann buy 2026-03-02",
        "ann view 2026-03-02",
        "ann view 2026-03-01",
    )
    assert made.users.to_pylist() == ["ann", "bob"]
    assert made.offsets.tolist() == [0, 3, 4]
    assert [made.names[e] for e in made.event] == ["view", "buy", "view", "view"]


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", ["2026-03-01", "2026-03-02", "2026-05-01"]),
        ("Europe/Berlin", ["2026-03-28", "2026-03-29", "2026-03-30"]),
        ("Africa/Cairo", ["2026-04-23", "2026-04-24", "2026-10-30"]),
        # There was no 30 December.
        ("Pacific/Apia", ["2011-12-28", "2011-12-29", "2011-12-31"]),
        # More days than a short number tells apart.
        ("UTC", ["1815-06-18", "1815-06-19", "2026-03-01"]),
    ],
)
def test_each_row_knows_its_day(zone, days):
    walls = [f"{day}T{hour}" for day in days for hour in ("02:30", "23:59:59.9")]
    lines = (f"{'ab'[i % 2]} {'xy'[i % 3 > 0]} {w}" for i, w in enumerate(walls))
    made = log(*lines, timezone=zone)
    edges = pd.to_datetime(made.days, unit="us", utc=True).tz_convert(zone)
    named = [edge.date() for edge in edges]
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    def wanted(time):
        instants = [epoch + dt.timedelta(microseconds=int(t)) for t in time]
        return [instant.astimezone(ZoneInfo(zone)).date() for instant in instants]

    assert [named[day] for day in made.day] == wanted(made.time)
    assert [named[day] for day in made.run_day] == wanted(made.run_time)


def test_the_event_major_copy_holds_the_same_rows():
    made = log("b x 2026-03-01", "a y 2026-03-02", "a x 2026-03-03", "b x 2026-03-02")
    assert made.run_offsets.tolist() == [0, 3, 4]
    assert made.run_row.tolist() == [1, 2, 3, 0]
    assert (made.run_time == made.time[made.run_row]).all()
    assert made.user_offsets.tolist() == [0, 2, 3]
    assert made.run_user.tolist() == [0, 1, 0]
    assert made.run_start.tolist() == [0, 1, 3, 4]


def test_who_and_what_have_no_row_left_are_not_in_the_log():
    rows = frame("ann view 2026-03-01", "bob buy 2026-03-02", "cid view 2026-03-03")
    rows.loc[1, "time"] = None
    made = EventLog.from_frame(rows, user="user", event="event", time="time")
    assert made.users.to_pylist() == ["ann", "cid"]
    assert made.names == ("view",)
    assert made.offsets.tolist() == [0, 1, 2]


def test_ids_survive_as_text():
    rows = pd.DataFrame({"user": ["007", "1234567890123456789"], "event": "view"})
    made = EventLog.from_frame(
        rows.assign(time="2026-03-01"), user="user", event="event", time="time"
    )
    assert made.users.to_pylist() == ["007", "1234567890123456789"]


def test_whole_floats_are_ids_without_a_fraction():
    rows = pd.DataFrame({"user": [17850.0, 13047.0, np.nan], "event": "buy"})
    made = EventLog.from_frame(
        rows.assign(time="2026-03-01"), user="user", event="event", time="time"
    )
    assert made.users.to_pylist() == ["13047", "17850"]
    assert [note.text() for note in made.left_out] == [
        "1 row has no user and is left out."
    ]


def test_naive_times_are_wall_clock_and_zoned_times_are_instants():
    naive = log("a x 2026-03-01T08:00", timezone="Asia/Shanghai")
    zoned = log("a x 2026-03-01T00:00Z", timezone="Asia/Shanghai")
    assert naive.time.tolist() == zoned.time.tolist()


def test_the_hour_a_clock_skips_moves_to_its_end():
    made = log("a x 2026-03-29T02:30", timezone="Europe/Berlin")
    assert wall(made.time[0], "Europe/Berlin") == "2026-03-29 03:00:00"


@pytest.mark.parametrize(
    ("last", "until"),
    [
        ("2026-03-02T12:00", "2026-03-02 12:00:00"),
        ("2026-03-02T23:10", "2026-03-03 00:00:00"),
    ],
)
def test_observation_ends_with_the_last_event_or_its_day(last, until):
    made = log("a x 2026-03-01T10:00", f"a x {last}", timezone="Asia/Shanghai")
    assert wall(made.until, "Asia/Shanghai") == until


def test_observation_of_dates_ends_with_the_day():
    assert wall(log("a x 2026-03-02").until, "UTC") == "2026-03-03 00:00:00"


def test_rows_after_the_given_end_are_left_out_and_counted():
    made = log("a x 2026-03-01", "a x 2026-03-09", until="2026-03-05")
    assert len(made) == 1
    assert made.left_out[0].text("zh_CN") == (
        "1 行晚于观察截止时间（2026-03-05），未计入。"
    )


def test_a_saved_log_opens_the_same(tmp_path):
    made = log("a x 2026-03-01 ads 1.5", "b y 2026-03-02 - 2", amount="amount")
    made.save(tmp_path / "events.arrow")
    opened = EventLog.open(tmp_path / "events.arrow")
    for name, array in made._arrays().items():
        np.testing.assert_array_equal(opened._arrays()[name], array)
        assert not opened._arrays()[name].flags.writeable
    assert opened.users.equals(made.users)
    assert opened.properties["channel"].labels == ("ads", "-")
    assert (opened.names, opened.until) == (made.names, made.until)


def test_another_file_is_refused_by_name(tmp_path):
    (tmp_path / "events.arrow").write_text("user,event\n")
    with pytest.raises(Error, match=r"“events\.arrow” is not an event log"):
        EventLog.open(tmp_path / "events.arrow")


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (["channel", "==", "ads"], [0]),
        (["channel", "!=", "ads"], [1, 2]),
        (["channel", "in", ["ads", "mail"]], [0, 1]),
        (["channel", "not in", ["ads"]], [1, 2]),
        (["channel", "contains", "ai"], [1]),
        (["channel", "is_not_set"], [2]),
        (["amount", ">=", 2], [1]),
        (["amount", "is_set"], [0, 1]),
        (["event", "==", "buy"], [1]),
    ],
)
def test_conditions_choose_rows(condition, rows):
    table = pd.DataFrame(
        {
            "user": "a",
            "event": ["view", "buy", "view"],
            "time": ["2026-03-01", "2026-03-02", "2026-03-03"],
            "channel": ["ads", "mail", None],
            "amount": [1.0, 2.0, np.nan],
        }
    )
    assert np.flatnonzero(as_log(table).mask([condition])).tolist() == rows


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (["city", "==", "x"], "where names the column “city”"),
        (["channel", "~", "x"], "where cannot be “~”; choose from “==”"),
        (["amount", ">", "much"], "“amount” holds numbers: > cannot compare"),
        (["amount", "in", "12"], "“amount” holds numbers: in cannot compare"),
        ([["amount"], "==", 1], "where names the column"),
        ("amount > 1", "A condition is .property, operator, value., got"),
        (["amount", ">"], "A condition is .property, operator, value., got"),
    ],
)
def test_a_wrong_condition_says_what_is_possible(condition, sentence):
    made = log("a x 2026-03-01 ads 1", amount="amount")
    with pytest.raises(Error, match=sentence):
        made.mask([condition])


def test_between_takes_whole_days_of_the_timezone():
    made = log("a x 2026-03-01T23:59", "a x 2026-03-02T00:00", timezone="Asia/Shanghai")
    assert len(made.between("2026-03-02", "2026-03-02")) == 1


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"time": ["soon"]}, "“time” cannot be read as times; it begins “soon”"),
        ({"time": [12345]}, "“time” cannot be read as times"),
        ({"user": [None]}, "none of the 1 rows has a user"),
    ],
)
def test_what_is_no_event_is_refused_with_a_sentence(rows, sentence):
    table = pd.DataFrame({"user": ["a"], "event": ["x"], "time": ["2026-03-01"]})
    with pytest.raises(Error, match=sentence):
        as_log(table.assign(**rows))


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(Error, match=r"time names the column “when”.* it has “user”"):
        EventLog.from_frame(frame("a x y"), user="user", event="event", time="when")


def test_polars_like_and_arrow_tables_are_taken():
    import pyarrow as pa

    table = pa.Table.from_pandas(frame("a x 2026-03-01", "b y 2026-03-02"))
    assert as_log(table).names == ("x", "y")


ROW = some.tuples(
    some.sampled_from("abc"), some.sampled_from("xyz"), some.integers(0, 5)
)


@given(some.lists(ROW, min_size=1, max_size=30))
def test_sorting_agrees_with_python(rows):
    table = pd.DataFrame(rows, columns=["user", "event", "day"])
    table["time"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(table["day"], "D")
    made = as_log(table)
    wanted = sorted(rows, key=lambda row: (row[0], row[2]))
    users = made.users.to_pylist()
    got = [
        (users[u], made.names[e]) for u, e in zip(made.user, made.event, strict=True)
    ]
    assert got == [(user, event) for user, event, _ in wanted]


def test_a_day_given_as_end_leaves_out_the_midnight_after_it():
    made = log("a x 2026-03-05", "a x 2026-03-06", until="2026-03-05")
    assert (len(made), made.left_out[0].values["n"]) == (1, 1)
    at = log("a x 2026-03-05T10:00", "a x 2026-03-05T11:00", until="2026-03-05T10:00")
    assert len(at) == 1


def test_an_end_is_a_date_and_never_now():
    for until in ("now", "today", "NaT", "2026-03", ""):
        with pytest.raises(Error, match="until must be a day"):
            log("a x 2026-03-05", until=until)


def test_numbers_too_large_for_exact_ids_do_not_become_one_user():
    rows = pd.DataFrame({"user": [1e20, 2e20], "event": "x", "time": "2026-03-01"})
    made = EventLog.from_frame(rows, user="user", event="event", time="time")
    assert len(made.users) == 2


def test_two_columns_of_one_name_are_refused():
    rows = pd.DataFrame(
        [["a", "x", "2026-03-01", "2026-03-02"]],
        columns=["user", "event", "time", "time"],
    )
    with pytest.raises(Error, match="Two columns are called “time”"):
        EventLog.from_frame(rows, user="user", event="event", time="time")


def test_amounts_that_are_no_numbers_are_counted():
    rows = frame("a x 2026-03-01", "b y 2026-03-02").assign(amount=["1,5", "2"])
    made = as_log(rows)
    assert [note.text() for note in made.left_out] == [
        "1 value of “amount” is not a number and counts as missing."
    ]


@pytest.mark.parametrize("wrong", [None, 5, [None], [["a"]]])
def test_what_is_no_list_of_conditions_is_said_so(wrong):
    with pytest.raises(Error, match=r"A condition is \[property, operator, value\]"):
        log("a x 2026-03-01").mask(wrong)


@pytest.fixture
def worded(monkeypatch):
    """A log whose notes are all different, and one that is missing."""
    monkeypatch.setattr("opslib.encode.MOST_LABELS", 2)
    rows = frame(
        "bob view 2026-03-02",
        "ann view 2026-03-03",
        "ann buy 2026-03-01",
        "eve view 2026-03-01",
    )
    return EventLog.from_frame(
        rows.assign(note=["b2", "a3", "a1", None]),
        user="user",
        event="event",
        time="time",
    )


@pytest.mark.parametrize(
    ("condition", "notes"),
    [
        (["note", "==", "a3"], ["a3"]),
        (["note", "!=", "a3"], ["a1", "b2", None]),
        (["note", "<", "a3"], ["a1"]),
        (["note", "contains", "a"], ["a1", "a3"]),
        (["note", "in", ["b2", "x"]], ["b2"]),
        (["note", "not in", ["b2"]], ["a1", "a3", None]),
        (["note", "is_set"], ["a1", "a3", "b2"]),
        (["note", "is_not_set"], [None]),
    ],
)
def test_texts_that_all_differ_are_searched_where_they_are(worded, condition, notes):
    found = worded.where([condition])
    assert found.properties["note"].texts().to_pylist() == notes


def test_a_saved_part_of_a_log_holds_no_text_of_the_others(worded, tmp_path):
    worded.where([["note", "==", "b2"]]).save(tmp_path / "part.arrow")
    assert EventLog.open(tmp_path / "part.arrow").properties[
        "note"
    ].values.to_pylist() == ["b2"]
    assert b"a3" not in (tmp_path / "part.arrow").read_bytes()


@pytest.mark.parametrize(("user", "event"), [([0, 2], [0, 0]), ([0, 1], [0, 1])])
def test_codes_that_name_nothing_are_refused(user, event):
    with pytest.raises(ValueError, match="names no user or event"):
        EventLog.from_columns(
            users=["ann", "bob"],
            user=np.array(user),
            event=np.array(event),
            names=["buy"],
            time=np.array([1, 2]),
        )
