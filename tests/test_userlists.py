"""Lists of users as a property of their events, against a plain merge of pandas."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib import Error, EventLog
from opslib.userlists import UserList
from opslib.words import LANGUAGES

ROLES = {"user": "user", "event": "event", "time": "time"}


def frame(users):
    """One event a minute, of these users in turn."""
    time = pd.date_range("2026-03-02", periods=len(users), freq="min")
    return pd.DataFrame({"user": users, "event": "buy", "time": time})


def log(*users, **columns):
    return EventLog.from_frame(frame(list(users)).assign(**columns), **ROLES)


def values(made, name):
    """The property of every row, in the order of the log."""
    column = made.properties[name]
    return [column.labels[code] if code >= 0 else None for code in column.codes]


def refused(call, *args, **options):
    with pytest.raises(Error) as error:
        call(*args, **options)
    assert all(error.value.text(lang) for lang in LANGUAGES)
    return str(error.value)


IDS = some.sampled_from(["a", "007", "7", "中", "", "b c"])


@settings(deadline=None, max_examples=300)
@given(
    some.lists(IDS, min_size=1, max_size=20),
    some.dictionaries(IDS, some.sampled_from(["x", "y", "", None]), min_size=1),
)
def test_every_row_has_what_a_merge_would_give_it(users, labels):
    known = {user: label for user, label in labels.items() if label is not None}
    if not known:
        return
    made = log(*users)
    found = made.with_user_property("P", labels.keys(), labels.values())
    rows = frame(users).sort_values(["user", "time"], kind="stable")
    given_ = pd.DataFrame({"user": known.keys(), "P": known.values()})
    merged = rows.merge(given_, on="user", how="left")["P"]
    expected = [None if pd.isna(one) else one for one in merged]
    assert values(found, "P") == expected
    unknown = len({*known} - {*users})
    assert found.properties["P"].unknown == unknown
    for label in ("x", "y"):
        told = found.mask([["P", "==", label]])
        assert told.tolist() == [one == label for one in expected]
    assert found.mask([["P", "is_not_set"]]).tolist() == [x is None for x in expected]
    assert "P" not in made.properties


def test_a_plain_list_has_its_name_as_the_label():
    made = log("007", "7", "12", "007").with_user_property("VIP", ["007", "12", "no"])
    assert values(made, "VIP") == ["VIP", "VIP", "VIP", None]
    assert made.properties["VIP"].labels == ("VIP",)
    assert made.properties["VIP"].unknown == 1


@pytest.mark.parametrize(
    "users",
    [
        [17850, 12],
        [17850.0, 12.0],
        {"17850", "12"},
        np.array([12, 17850, 12]),
        pd.Series(["12", "17850"], index=[5, 5]),
        pa.array(["12", "17850"]),
        {"12": 1, "17850": 2}.keys(),
    ],
)
def test_ids_of_any_kind_become_the_text_that_they_are_in_the_log(users):
    made = log(17850.0, 12.0, 9.0).with_user_property("VIP", users)
    assert made.users.to_pylist() == ["12", "17850", "9"]
    assert values(made, "VIP") == ["VIP", "VIP", None]


def test_a_series_of_ids_as_results_give_it_is_taken_by_its_values():
    d = ops.demo(users=200)
    lost = ops.funnel(d.events, steps=["view", "pay"]).users(1, dropped=True)
    made = d.events.with_user_property("Lost", lost)
    left = made.where([["Lost", "is_set"]])
    assert left.users.to_pylist() == sorted(lost)


def test_rows_are_not_touched_before_the_property_is_used_and_take_a_byte_then():
    made = log("a", "b", "a").with_user_property("VIP", ["a"])
    column = made.properties["VIP"]
    assert not {"codes", "by_user"} & {*vars(column)}
    assert column.labels == ("VIP",)
    assert column.codes.dtype == np.int8
    many = [f"u{i}" for i in range(200)]
    wide = log(*many).with_user_property("P", many, many).properties["P"]
    assert wide.codes.dtype == np.int16
    assert [wide.labels[i] for i in wide.codes] == sorted(many)


def test_the_log_is_not_copied():
    made = log("a", "b", channel=["x", "y"])
    more = made.with_user_property("VIP", ["a"])
    assert more.time is made.time
    assert more.properties["channel"] is made.properties["channel"]


def test_a_part_of_the_log_and_a_saved_log_keep_the_property(tmp_path):
    made = log("a", "b", "c", "b").with_user_property("P", ["c", "b"], ["x", "y"])
    part = made.only(np.array([True, False, True, True]))
    assert values(part, "P") == [None, "y", "x"]
    made.save(tmp_path / "log.arrow")
    opened = EventLog.open(tmp_path / "log.arrow")
    assert values(opened, "P") == values(made, "P") == [None, "y", "y", "x"]


def test_breakdowns_by_it_are_those_by_a_column_merged_into_the_file():
    d = ops.demo(users=300)
    made = ops.personas(d.users, k=3).assignments
    found = d.events.with_user_property("Persona", made["user"], made["name"])
    rows = pd.DataFrame(
        {
            "user": d.events.ids(d.events.user),
            "event": np.array(d.events.names)[d.events.event],
            "time": pd.to_datetime(d.events.time, unit="us", utc=True),
        }
    ).merge(made[["user", "name"]], on="user", how="left")
    merged = EventLog.from_frame(rows.rename(columns={"name": "Persona"}), **ROLES)
    assert found.properties["Persona"].unknown == len({*made["user"]} - {*rows["user"]})
    for analysis, options in (
        (ops.funnel, {"steps": ["view", "cart", "pay"], "by": "Persona"}),
        (ops.retention, {"period": "week", "by": "Persona"}),
        (ops.lifecycle, {"where": [["Persona", "==", made["name"][0]]]}),
    ):
        one, other = (analysis(log_, **options).table for log_ in (found, merged))
        assert len(one) > 3
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("name", "users", "labels", "sentence"),
    [
        ("", ["a"], None, "name is missing."),
        ("  ", ["a"], None, "name is missing."),
        ("x" * 201, ["a"], None, "The text “xxxxxxxxxxxxxxxxxxxx” is too long: 201 "),
        ("amount", ["a"], None, "The name “amount” is taken: "),
        ("event", ["a"], None, "The name “event” is taken: "),
        ("user", ["a"], None, "The name “user” is taken: "),
        (" channel ", ["a"], None, "The name “channel” is taken: "),
        ("P", [], None, "There is no user in the list “P”."),
        ("P", ["a"], [None], "There is no user in the list “P”."),
        ("P", ["a", None, None], None, "2 of the ids are missing; "),
        ("P", ["a"], ["x", "y"], "The lists differ in length: 1 for the users, 2 "),
        ("P", ["a", "b", "b"], list("xxy"), "The user “b” has two labels; "),
        ("P", range(201), range(201), "The users have 201 different labels, "),
        ("P", ["a"], ["y" * 201], "The text “yyyyyyyyyyyyyyyyyyyy” is too long: 201 "),
        ("P", "abc", None, "users must be a list, got “abc”."),
        ("P", ["a"], 7, "labels must be a list, got “7”."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(name, users, labels, sentence):
    made = log("a", "b", channel="x")
    said = refused(made.with_user_property, name, users, labels)
    assert said.startswith(sentence)


def test_the_same_user_twice_with_the_same_label_counts_once():
    found = UserList.of("P", ["b", "a", "b"], ["x", "y", "x"])
    assert found.ids.to_pylist() == ["a", "b"]
    assert found.codes.tolist() == [1, 0]
