"""Rows of a second export come behind the first, and repeats are told apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import opslib as ops
from opslib.dataset import Dataset, from_frame
from opslib.join import appended, replaced

ROLES = {"user": "user", "event": "event", "time": "time"}


def log(rows, timezone="UTC", **roles):
    frame = rows if isinstance(rows, pd.DataFrame) else events(*rows)
    return from_frame(frame, kind="events", roles=ROLES | roles, timezone=timezone)


def events(*rows, **more):
    frame = pd.DataFrame(rows, columns=["user", "event", "time"])
    return frame.assign(time=pd.to_datetime(frame["time"], format="ISO8601"), **more)


def plain(events):
    """The rows of a log as text, sorted: what it holds, whatever its codes are."""
    shown = {
        "user": events.ids(events.user).tolist(),
        "event": [events.names[code] for code in events.event],
        "time": events.time.tolist(),
    }
    for name, column in events.properties.items():
        if hasattr(column, "codes"):
            shown[name] = [(*column.labels, None)[code] for code in column.codes]
        elif hasattr(column, "order"):
            shown[name] = column.texts().to_pylist()
        else:
            shown[name] = [None if np.isnan(v) else v for v in column.values]
    return sorted(zip(*shown.values(), strict=True), key=str)


def told(dataset):
    return {note.code: note.values.get("n") for note in dataset.notes}


MARCH = [("b", "view", "2026-03-01 10:00"), ("a", "view", "2026-03-02 10:00")]
LATER = [("a", "view", "2026-03-02 10:00"), ("c", "buy", "2026-03-03 10:00")]


def test_events_that_are_there_already_are_left_out_and_counted():
    both = appended(log(MARCH), log(LATER))
    assert plain(both.events) == plain(log([*MARCH, LATER[1]]).events)
    assert both.events.users.to_pylist() == ["a", "b", "c"]
    assert both.events.names == ("buy", "view")
    assert told(both) == {"join.repeated": 1, "join.added": 1}
    assert [note.text() for note in both.notes] == [
        (
            "1 row of the file was there already, the same in every column, "
            "and was left out."
        ),
        "1 row was added.",
    ]
    assert both.events.until == log(LATER).events.until


def test_or_they_are_kept_when_asked():
    both = appended(log(MARCH), log(LATER), keep_repeats=True)
    assert plain(both.events) == plain(log([*MARCH, *LATER]).events)
    assert told(both) == {"join.kept": 1, "join.added": 2}


def test_the_data_sets_that_are_joined_stay_as_they_are():
    old, new = log(MARCH), log(LATER)
    before = plain(old.events), plain(new.events)
    both = appended(old, new)
    assert (plain(old.events), plain(new.events)) == before
    assert both.digest != old.digest


def test_rows_that_a_file_has_twice_by_itself_stay_twice():
    twice = [MARCH[0], MARCH[0]]
    both = appended(log(MARCH), log([*twice, LATER[1]]))
    # One of the two is that of the old table; the other is new.
    assert told(both) == {"join.repeated": 1, "join.added": 2}
    far = [("z", "buy", "2027-01-01")] * 2
    assert told(appended(log(MARCH), log(far))) == {"join.added": 2}


def test_a_row_that_differs_in_a_property_is_no_repeat():
    old = log(events(*MARCH, page=["x", None], amount=[1.0, np.nan]), amount="amount")
    same = log(events(MARCH[1], page=[None], amount=[np.nan]), amount="amount")
    page = log(events(MARCH[1], page=["y"], amount=[np.nan]), amount="amount")
    money = log(events(MARCH[0], page=["x"], amount=[2.0]), amount="amount")
    assert told(appended(old, same))["join.added"] == 0
    assert told(appended(old, page))["join.added"] == 1
    joined = appended(old, money)
    assert told(joined)["join.added"] == 1
    # The amount comes first where the log has it first, and none is lost.
    amounts = joined.events.properties["amount"].values
    assert sorted(amounts[~np.isnan(amounts)]) == [1.0, 2.0]


def test_columns_that_only_one_has_are_empty_in_the_other_and_told():
    old = log(events(*MARCH, page=["x", "y"]))
    new = log(events(LATER[1], city=["Xi'an"]))
    both = appended(old, new)
    assert {row[3:] for row in plain(both.events)} == {
        *(("x", None), ("y", None)),
        (None, "Xi'an"),
    }
    said = [note.text() for note in both.notes]
    assert "The added rows have no “page”: it is empty there." in said
    assert "The rows from before have no “city”: it is empty there." in said


def test_numbers_and_texts_of_one_column_become_texts():
    old = log(events(*MARCH, v=[1.0, 2.5]))
    both = appended(old, log(events(LATER[1], v=["x"])))
    assert sorted(row[3] for row in plain(both.events)) == ["1.0", "2.5", "x"]
    assert both.notes[0].text().startswith("“v” holds numbers, times or texts")
    users = [
        from_frame(pd.DataFrame({"user": u, "v": v}), kind="users", roles=USER)
        for u, v in ((["a", "b"], [1, None]), (["c"], ["x"]))
    ]
    both = appended(*users)
    assert both.users["v"].dropna().tolist() == ["1", "x"]


USER = {"user": "user"}


def test_long_texts_survive_the_joining_and_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("opslib.encode.MOST_LABELS", 3)
    n = 9
    rows = [(f"u{(i * 4) % n}", "view", f"2026-03-0{i + 1}") for i in range(n)]
    old = log(events(*rows, note=[f"old {i}" for i in range(n)], few=["x"] * n))
    more = [(f"u{i % 3}", "buy", f"2026-04-0{i + 1}") for i in range(n)]
    new = log(
        events(
            rows[3],
            *more,
            note=["old 3", *(f"new {i}" for i in range(n))],
            few=["x", *(f"f{i}" for i in range(n))],
        )
    )
    both = appended(old, new)
    assert told(both) == {"join.repeated": 1, "join.added": n}
    both.events.save(tmp_path / "log.arrow")
    saved = ops.EventLog.open(tmp_path / "log.arrow")
    everything = pd.concat([frame_of(old), frame_of(new)]).drop_duplicates()
    assert plain(saved) == sorted(map(tuple, everything.to_numpy()), key=str)
    again = appended(Dataset("", "", {"events": saved}), old)
    assert told(again) == {"join.repeated": n, "join.added": 0}


def frame_of(dataset):
    return pd.DataFrame(plain(dataset.events), dtype=object)


def test_users_and_their_order_are_those_of_one_table(tmp_path):
    """A funnel on the joined log is the funnel on one log of all rows."""
    rows = [
        (f"u{i % 7}", ("view", "buy")[i % 3 == 0], f"2026-03-01 10:{i:02}")
        for i in range(50)
    ]
    one, joined = log(rows), appended(log(rows[:30]), log(rows[20:]))
    assert len(joined.events) == 50
    steps = ["view", "buy"]
    pd.testing.assert_frame_equal(
        ops.funnel(joined.events, steps=steps).table,
        ops.funnel(one.events, steps=steps).table,
    )


row = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from("xy"),
    st.sampled_from(["2026-01-01", "2026-01-02"]),
)


@given(st.lists(row, min_size=1), st.lists(row, min_size=1))
def test_every_row_is_there_as_often_as_in_the_table_that_has_it_oftener(old, new):
    both = appended(log(old), log(new))
    counts = (
        pd.Series(old)
        .value_counts()
        .combine(pd.Series(new).value_counts(), max, fill_value=0)
    )
    assert len(both.events) == counts.sum()
    found = pd.Series([row[:2] for row in plain(both.events)]).value_counts()
    pairs = (
        pd.Series(counts.to_numpy(), [(u, e) for u, e, _ in counts.index])
        .groupby(level=0)
        .sum()
    )
    assert found.to_dict() == pairs.to_dict()


def orders(rows, timezone="UTC", **more):
    frame = pd.DataFrame(rows, columns=["user", "time", "amount"]).assign(**more)
    roles = {"user": "user", "time": "time", "amount": "amount"}
    return from_frame(frame, kind="orders", roles=roles, timezone=timezone)


def test_orders_that_overlap_are_told_apart():
    old = orders(
        [("a", "2026-03-01", 5.0), ("b", "2026-03-02", None)], vip=[True, False]
    )
    new = orders(
        [("b", "2026-03-02", None), ("b", "2026-03-04", 7.0)], vip=[False, True]
    )
    both = appended(old, new)
    assert both.orders["user"].tolist() == ["a", "b", "b"]
    assert both.orders["amount"].sum() == 12
    assert told(both) == {"join.repeated": 1, "join.added": 1}
    bare = orders([("c", "2026-03-05", 1.0)])
    joined = appended(old, bare).orders
    assert joined["vip"].isna().tolist() == [False, False, True]
    assert str(joined["time"].dtype).startswith("datetime64")


def test_a_user_has_one_row_and_keeps_the_first():
    old, new = (
        from_frame(pd.DataFrame(rows), kind="users", roles=USER)
        for rows in (
            {"user": ["a", "b"], "city": ["x", "y"]},
            {"user": ["a", "b", "c"], "city": ["x", "z", "w"]},
        )
    )
    both = appended(old, new)
    assert both.users["city"].tolist() == ["x", "y", "w"]
    assert told(both) == {"join.known": 1, "join.repeated": 1, "join.added": 1}


def test_a_table_of_another_kind_comes_beside():
    both = appended(log(MARCH), orders([("a", "2026-03-01", 5.0)]))
    assert both.kinds == ("events", "orders")
    assert both.notes == ()


def test_a_table_is_replaced_and_that_is_said():
    both = replaced(log(MARCH), log([LATER[1]]))
    assert plain(both.events) == plain(log([LATER[1]]).events)
    assert [note.text() for note in both.notes] == [
        "The table that was there (2 rows) was replaced; the new one has 1."
    ]


def test_what_cannot_be_joined_is_refused_in_a_sentence():
    with pytest.raises(ops.Error, match="hang in UTC, those of the other in Asia"):
        appended(log(MARCH), log(MARCH, timezone="Asia/Shanghai"))
    with pytest.raises(ops.Error, match="hang in UTC"):
        replaced(log(MARCH), log(MARCH, timezone="Asia/Shanghai"))
    frame = pd.DataFrame({"user": ["a"], "time": ["2026-03-01"]})
    bare = from_frame(frame, kind="orders", roles={"user": "user", "time": "time"})
    with pytest.raises(ops.Error, match="only one of them has the roles “amount”"):
        appended(orders([("a", "2026-03-01", 5.0)]), bare)
    nobody = from_frame(pd.DataFrame({"age": [1, 2]}), kind="users", roles={})
    with pytest.raises(ops.Error, match="users have no ids of their own"):
        appended(nobody, nobody)
