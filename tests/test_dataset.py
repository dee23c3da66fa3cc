"""Tables of one data set, worked by hand on a few rows."""

import pandas as pd
import pytest

from opslib.dataset import Dataset, experiment, from_frame, orders
from opslib.kinds import KINDS, NUMBERS, TIMES
from opslib.result import Error
from opslib.words import LANGUAGES, has

EVENTS = pd.DataFrame(
    {
        "uid": ["007", "007", "12", None],
        "act": ["view", "buy", "view", "view"],
        "at": ["2026-03-02", "2026-03-03", "2026-03-02", "2026-03-02"],
        "city": ["Wuhan", "Wuhan", "Xi'an", "Wuhan"],
    }
)
ORDERS = pd.DataFrame(
    {
        "买家": [17850.0, None, 12.0],
        "时间": ["2026-03-02 10:00", "2026-03-02 11:00", "soon"],
        "金额": ["9.5", "3", "?"],
    }
)


def refused(call, **values):
    """The English sentence of the error; both languages must have one."""
    with pytest.raises(Error) as error:
        call(**values)
    assert all(error.value.text(lang) for lang in LANGUAGES)
    return str(error.value)


def told(dataset):
    assert all(note.text(lang) for note in dataset.notes for lang in LANGUAGES)
    return [note.text() for note in dataset.notes]


def test_events_become_a_log_and_rows_without_user_are_told():
    roles = {"user": "uid", "event": "act", "time": "at"}
    d = from_frame(EVENTS, kind="events", roles=roles, timezone="Asia/Shanghai")
    assert d.events.users.to_pylist() == ["007", "12"]
    assert d.events.timezone == "Asia/Shanghai"
    assert list(d.events.properties) == ["city"]
    assert told(d) == ["1 row has no user and is left out."]


def test_orders_are_named_and_typed_and_ids_stay_whole():
    roles = {"user": "买家", "time": "时间", "amount": "金额"}
    d = from_frame(ORDERS, kind="orders", roles=roles)
    assert d.orders.to_dict("records") == [
        {"user": "17850", "time": pd.Timestamp("2026-03-02 10:00"), "amount": 9.5}
    ]
    assert d.orders.dtypes.astype(str).tolist() == ["str", "datetime64[us]", "float64"]
    assert told(d) == [
        "1 row is left out: empty or unreadable in “买家”.",
        "1 row is left out: empty or unreadable in “时间”.",
    ]


def test_orders_serve_as_events_with_their_amount_in_their_timezone():
    frame = pd.DataFrame({"user": ["a"], "time": ["2026-03-02 01:00"], "amount": [5]})
    roles = {"user": "user", "time": "time", "amount": "amount"}
    d = from_frame(frame, kind="orders", roles=roles, timezone="Asia/Shanghai")
    assert d.has("events")
    assert d.kinds == ("orders",)
    assert d.events.names == ("order",)
    assert d.events.properties["amount"].values.tolist() == [5.0]
    utc = pd.Timestamp(int(d.events.time[0]), unit="us")
    assert utc == pd.Timestamp("2026-03-01 17:00")
    assert d.events is d.events


def test_times_with_a_zone_become_wall_clock_in_the_timezone():
    time = pd.to_datetime(["2026-03-01 17:00Z"])
    frame = pd.DataFrame({"user": ["a"], "time": time})
    roles = {"user": "user", "time": "time"}
    d = from_frame(frame, kind="orders", roles=roles, timezone="Asia/Shanghai")
    assert d.orders["time"].tolist() == [pd.Timestamp("2026-03-02 01:00")]
    assert int(d.events.time[0]) == time[0].value // 1000


def test_users_without_a_table_are_features_of_the_events_then_of_the_orders():
    calls = []

    def features(table):
        calls.append(table)
        return pd.DataFrame({"user": ["a"], "orders": [1]})

    bought = orders(EVENTS, user="uid", time="at")
    d = Dataset("", "", {"orders": bought}, features=features)
    assert d.has("users")
    assert d.users["user"].tolist() == d.users["user"].tolist() == ["a"]
    assert [table.shape for table in calls] == [bought.shape]
    roles = {"user": "uid", "event": "act", "time": "at"}
    log = from_frame(EVENTS, kind="events", roles=roles).events
    d = Dataset("", "", {"orders": bought, "events": log}, features=features)
    assert len(d.users) == 1
    assert calls[-1] is log


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_is_not_there_is_named(kind):
    d = Dataset("", "", {})
    assert not d.has(kind)
    sentence = refused(lambda: getattr(d, kind))
    assert sentence.startswith("This data set has no table of ")


def test_the_missing_table_is_said_in_words():
    with pytest.raises(Error) as error:
        _ = Dataset("", "", {}).counts
    assert str(error.value) == (
        "This data set has no table of step counts; open or upload one that has."
    )
    assert error.value.text("zh_CN") == (
        "该数据集没有各步人数表，请打开或上传包含它的数据。"
    )


def test_users_without_an_id_are_numbered_and_repeats_left_out():
    frame = pd.DataFrame({"Channel": [1, 2], "Milk": [9656, 9810]})
    d = from_frame(frame, kind="users", roles={})
    assert d.users["user"].tolist() == ["1", "2"]
    assert told(d) == [
        "No column holds an id, so each of the 2 rows counts as one user."
    ]
    frame = pd.DataFrame({"id": [1, 1, 2], "x": [5, 6, 7]})
    d = from_frame(frame, kind="users", roles={"user": "id"})
    assert d.users["x"].tolist() == [5, 7]
    assert told(d) == [
        "1 row repeats a value of “id” and is left out; the first one counts."
    ]


def test_experiment_keeps_metrics_and_numbers_become_variant_names():
    frame = pd.DataFrame({"id": [7, 8], "arm": [0, 1], "paid": [0.0, 9.0]})
    d = from_frame(frame, kind="experiment", roles={"unit": "id", "variant": "arm"})
    assert d.experiment.to_dict("list") == {
        "unit": ["7", "8"],
        "variant": ["0", "1"],
        "paid": [0.0, 9.0],
    }
    assert experiment(frame, unit="id", variant="arm").equals(d.experiment)


def test_feedback_needs_a_score_or_a_comment_in_each_row():
    frame = pd.DataFrame({"stars": ["5", "x", None], "said": ["ok", None, "bad"]})
    d = from_frame(frame, kind="feedback", roles={"score": "stars", "comment": "said"})
    assert d.feedback["comment"].tolist() == ["ok", "bad"]
    assert told(d) == ["1 row is left out: empty or unreadable in “stars”, “said”."]
    assert "a score or a comment" in refused(
        from_frame, frame=frame, kind="feedback", roles={}
    )


def test_an_amount_that_is_no_number_counts_as_missing_and_is_told():
    frame = pd.DataFrame({"u": ["a", "b"], "t": ["2026-03-02"] * 2, "m": ["1", "free"]})
    roles = {"user": "u", "time": "t", "amount": "m"}
    d = from_frame(frame, kind="orders", roles=roles)
    assert d.orders["amount"].isna().tolist() == [False, True]
    assert told(d) == ["1 value of “m” is not a number and counts as missing."]


def test_another_column_with_the_name_of_a_role_steps_aside():
    frame = pd.DataFrame({"user": ["x"], "buyer": ["a"], "time": ["2026-03-02"]})
    d = from_frame(frame, kind="orders", roles={"user": "buyer", "time": "time"})
    assert list(d.orders.columns) == ["user", "time", "user (file)"]
    assert d.orders["user"].tolist() == ["a"]


def test_mistakes_name_the_role_the_column_and_what_is_possible():
    assert refused(from_frame, frame=EVENTS, kind="event", roles={}) == (
        "kind cannot be “event”; choose from “events”, “orders”, “users”, “experiment”,"
        " “counts”, “daily”, “feedback”, “survey”, “spend”, “invites”, “posts”,"
        " “members”, … (14)."
    )
    assert refused(from_frame, frame=EVENTS, kind="events", roles={"user": "uid"}) == (
        "A table of events needs a column with what the user did; choose it among "
        "“uid”, “act”, “at”, “city”."
    )
    assert refused(orders, frame=EVENTS, user="id", time="at") == (
        "user names the column “id”, which the table does not have; it has “uid”, "
        "“act”, “at”, “city”."
    )
    assert refused(from_frame, frame=EVENTS, kind="users", roles={"step": "uid"}) == (
        "roles cannot be “step”; choose from “user”."
    )
    assert refused(orders, frame=EVENTS, user="uid", time="act").startswith(
        "The column “act” cannot be read as times; it begins “view”, “buy”, “view”."
    )
    numbers = pd.DataFrame({"user": ["a"], "time": [1772409600]})
    assert "“1772409600”" in refused(orders, frame=numbers, user="user", time="time")
    empty = pd.DataFrame({"id": [None, None]}, dtype="str")
    assert refused(from_frame, frame=empty, kind="users", roles={"user": "id"}) == (
        "None of the 2 rows can be used: “id” must not be empty."
    )


def test_sessions_cannot_change_each_others_table_and_input_stays():
    before = ORDERS.copy()
    d = from_frame(ORDERS, kind="orders", roles={"user": "买家", "time": "时间"})
    mine = d.orders
    mine["user"] = "me"
    mine.loc[0, "金额"] = "0"
    assert d.orders["user"].tolist() == ["17850"]
    assert d.orders["金额"].tolist() == ["9.5"]
    pd.testing.assert_frame_equal(ORDERS, before)


def test_every_kind_and_role_has_its_word():
    needed = {role for kind in KINDS.values() for role in kind.required} - {"unit"}
    assert all(has(f"dataset.{kind}") for kind in KINDS)
    assert all(has(f"dataset.role_{role}") for role in {*needed, "either"})


TABLES = {
    "survey": {"user": "a", "score": 9},
    "spend": {"channel": "ads", "period": "2026-01-01", "cost": "9.5"},
    "invites": {"inviter": 1, "invitee": 2, "time": "2026-01-01"},
    "posts": {"user": "a", "time": "2026-01-01", "item": 7, "reply_to": 6.0},
    "members": {"user": "a", "group": 4, "joined": "2026-01-01"},
    "edges": {"from": 1, "to": 2, "weight": "3"},
    "tickets": {"user": "a", "opened": "2026-01-01", "done": None},
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_other_kind_has_its_columns_and_types(kind):
    row = TABLES[kind]
    d = from_frame(pd.DataFrame([row, row]), kind=kind, roles={r: r for r in row})
    made = getattr(d, kind)
    assert d.kinds == (kind,)
    assert set(made) == set(row)
    for role in made:
        date = pd.api.types.is_datetime64_any_dtype(made[role])
        number = pd.api.types.is_float_dtype(made[role])
        assert (date, number) == (role in TIMES, role in NUMBERS)


def test_a_survey_with_scores_is_feedback_too():
    answers = pd.DataFrame({"q": [9, 3], "why": ["good", "slow"], "age": [20, 30]})
    d = from_frame(answers, kind="survey", roles={"score": "q", "comment": "why"})
    assert d.has("feedback")
    assert d.feedback["score"].tolist() == [9.0, 3.0]
    bare = from_frame(answers, kind="survey", roles={})
    assert not bare.has("feedback")
    assert refused(lambda: bare.feedback).startswith("This data set has no table of")
