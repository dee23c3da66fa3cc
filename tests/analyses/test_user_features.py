"""Features of users, worked by hand and against their definition; never from later."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib import Error, EventLog
from opslib.analyses.user_features import user_features
from opslib.charts import export


def events(*lines):
    """Rows written as "user day event [amount]", a day of March 2026."""
    rows = [(*line.split(), None)[:4] for line in lines]
    frame = pd.DataFrame(rows, columns=["user", "time", "event", "amount"])
    days = pd.to_timedelta(frame["time"].astype(int) - 1, unit="D")
    frame["time"] = pd.Timestamp("2026-03-01") + days
    frame["amount"] = frame["amount"].astype(float)
    return frame if frame["amount"].notna().any() else frame.drop(columns="amount")


def orders(*lines):
    """Rows written as "user day amount [order]"."""
    rows = [(*line.split(), None)[:4] for line in lines]
    frame = pd.DataFrame(rows, columns=["user", "time", "amount", "order"])
    days = pd.to_timedelta(frame["time"].astype(int) - 1, unit="D")
    frame["time"] = pd.Timestamp("2026-03-01") + days
    frame["amount"] = frame["amount"].astype(float)
    return frame if frame["order"].notna().any() else frame.drop(columns="order")


def of(result, user):
    return result.table.set_index("user").loc[user].to_dict()


SHOP = events(
    "ann 1 view", "ann 1 view", "ann 20 buy 30", "ann 31 view",
    "bob 24 view", "bob 25 buy 10", "bob 25 buy 20", "bob 26 refund -5",
)  # fmt: skip


def test_every_feature_of_a_hand_worked_log():
    result = user_features(SHOP)
    assert result.asof == dt.date(2026, 3, 31)
    assert of(result, "ann") == {
        "recency_days": 0,
        "active_days_7": 1,
        "active_days_30": 2,  # 2 to 31 March
        "active_days": 3,
        "events": 4,
        "tenure_days": 30,
        "events_view": 3,
        "events_buy": 1,
        "events_refund": 0,
        "orders": 1,
        "amount": 30.0,
        "average_amount": 30.0,
    }
    bob = of(result, "bob")
    assert (bob["orders"], bob["amount"], bob["average_amount"]) == (2, 25.0, 12.5)
    assert (bob["recency_days"], bob["active_days_7"], bob["tenure_days"]) == (5, 2, 7)


def test_asof_is_a_whole_day_and_later_users_are_not_there():
    result = user_features(SHOP, asof="2026-03-24")
    ann = of(result, "ann")
    assert (ann["events"], ann["recency_days"], ann["active_days_7"]) == (3, 4, 1)
    assert of(result, "bob")["events"] == 1
    assert user_features(SHOP, asof="2026-03-23").table["user"].tolist() == ["ann"]
    assert len(user_features(SHOP, asof=dt.date(2026, 4, 30)).table) == 2


def test_an_event_at_the_midnight_that_ends_asof_is_later():
    shop = events("ann 1 view", "ann 1 buy", "ann 2 refund")
    result = user_features(shop, asof="2026-03-01")
    assert "events_refund" not in result.table
    assert result.warnings[0].values["n"] == 1


def test_a_user_without_orders_has_no_average():
    result = user_features(events("ann 1 buy 5", "bob 1 view"))
    bob = of(result, "bob")
    assert (bob["orders"], bob["amount"]) == (0, 0.0)
    assert np.isnan(bob["average_amount"])


def test_one_kind_of_event_and_no_amount_add_no_columns():
    table = user_features(events("ann 1 view", "bob 2 view")).table
    assert list(table)[-2:] == ["events", "tenure_days"]


def test_days_are_days_of_the_timezone_of_the_log():
    frame = pd.DataFrame(
        {
            "user": "ann",
            "event": "view",
            "time": pd.to_datetime(["2026-03-01T15:00Z", "2026-03-01T17:00Z"]),
        }
    )
    columns = {"user": "user", "event": "event", "time": "time"}
    for timezone, days in (("UTC", 1), ("Asia/Shanghai", 2)):
        log = EventLog.from_frame(frame, **columns, timezone=timezone)
        assert of(user_features(log), "ann")["active_days"] == days


def test_every_feature_of_hand_worked_orders():
    bought = orders(
        "ann 1 10 A", "ann 1 20 A", "ann 5 30 B", "bob 9 8 C", "bob 10 -8 C", "cy 3 0 D"
    )
    result = user_features(bought)
    assert result.asof == dt.date(2026, 3, 10)
    assert of(result, "ann") == {
        "recency_days": 5,
        "orders": 2,
        "order_days": 2,
        "tenure_days": 9,
        "items": 3,
        "amount": 60.0,
        "average_amount": 30.0,
    }
    assert of(result, "bob")["amount"] == 0.0
    assert of(result, "bob")["recency_days"] == 1
    assert [(note.code, note.values["n"]) for note in result.warnings] == [
        ("user_features.refunds", 2),
        ("user_features.only_refunds", 1),
    ]


def test_orders_need_neither_amount_nor_order_id():
    bought = orders("1 1 5", "1 1 5").drop(columns="amount")
    result = user_features(bought.assign(user=[17850.0, 17850.0]))
    assert of(result, "17850") == {
        "recency_days": 0,
        "orders": 2,
        "order_days": 1,
        "tenure_days": 0,
    }


def test_a_reader_is_told_what_to_be_careful_about():
    names = [f"ann 1 e{i:02} 1" for i in range(14)]
    result = user_features(events(*names, "ann 9 x"), asof="2026-03-03")
    texts = [note.text() for note in result.warnings]
    assert texts[0] == "1 row after Mar 3, 2026 is left out."
    assert texts[1].startswith("2 rarer events have no columns")
    assert texts[2].startswith("The history covers 3 days only")
    assert texts[3].startswith("Amounts stand at several events (“e00”, “e01”")
    assert all(note.text("zh_CN") for note in result.warnings)
    assert "events_e11" in result.table
    assert "events_e12" not in result.table


def test_the_answer_is_said_in_both_languages():
    assert user_features(SHOP).describe() == (
        "2 users up to Mar 31, 2026. 100% of them were active in the last 7 days, "
        "100% in the last 30. Half were last seen no more than 3 days before."
    )
    bought = user_features(orders("ann 1 10", "ann 5 30", "bob 9 8"))
    assert "50.0% of them ordered on two or more days" in bought.describe()
    assert "占 50.0%" in bought.describe("zh_CN")


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("table", [SHOP, orders("ann 1 5", "bob 1 5", "cy 31 5")])
def test_the_chart_holds_every_user_once(table, lang):
    result = user_features(table)
    chart = result.chart(lang)
    (rows,) = chart.to_dict()["datasets"].values()
    assert sum(row["c1"] for row in rows) == len(result.table)
    assert export(chart, "svg").startswith(b"<svg")


def test_bars_reach_as_far_as_the_longest_silence():
    def bars(last):
        frame = events("ann 1 a", f"bob {last} a")
        (rows,) = user_features(frame).chart().to_dict()["datasets"].values()
        return {row["c0"]: row["c1"] for row in rows}

    assert bars(1) == {"0": 2}
    assert bars(4) == {"0": 1, "1": 0, "2–3": 1}
    assert bars(500)["> 365"] == 1
    assert bars(366)["181–365"] == 1


@pytest.mark.parametrize(
    ("table", "asof", "sentence"),
    [
        (pd.DataFrame({"id": [1]}), None, "the table has “id”"),
        ([1], None, "Features are computed from events"),
        (SHOP, "soon", "asof must be a day such as 2026-03-31, got “soon”"),
        (SHOP, "2026-02-01", "up to Feb 1, 2026; the data begins on Mar 1, 2026"),
        (orders("a 2 5"), "2026-03-01", "the data begins on Mar 2, 2026"),
        (orders("a 1 -5"), None, "None of the 1 rows has an amount above 0"),
        (orders("a 1 5").assign(time="soon"), None, "cannot be read as times"),
        (orders("a 1 5").assign(time=5), None, "cannot be read as times"),
        (orders("a 1 5").assign(user=None), None, "No event is left"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(table, asof, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        user_features(table, asof=asof)
    assert caught.value.text("zh_CN")


ROW = some.tuples(
    some.sampled_from(["ann", "bob", "cy"]),
    some.integers(0, 60 * 24),  # hours from 1 March 2026, 00:00 in Berlin
    some.sampled_from(["view", "buy"]),
    some.sampled_from([None, -1.0, 2.0, 5.0]),
)


def defined(rows, asof):
    """Each feature of each user, straight from its sentence."""
    rows = [row for row in rows if row[1].date() <= asof]
    found = {}
    for user in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == user]
        days = {row[1].date() for row in own}
        ago = [(asof - day).days for day in days]
        paid = [row[3] for row in own if row[3] is not None]
        found[user] = {
            "recency_days": min(ago),
            "active_days_7": sum(one < 7 for one in ago),
            "active_days_30": sum(one < 30 for one in ago),
            "active_days": len(ago),
            "events": len(own),
            "tenure_days": max(ago),
            "events_view": sum(row[2] == "view" for row in own),
            "events_buy": sum(row[2] == "buy" for row in own),
            "orders": sum(one > 0 for one in paid),
            "amount": sum(paid),
        }
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=some.lists(ROW, min_size=1, max_size=20), last=some.integers(1, 60))
def test_agrees_with_the_definition_and_never_looks_ahead(rows, last):
    asof = dt.date(2026, 3, 1) + dt.timedelta(days=last)
    anchor = ("zed", 1, "view", 2.0), ("zed", 2, "buy", None)
    rows = [
        (user, pd.Timestamp("2026-03-01") + dt.timedelta(hours=hour), event, amount)
        for user, hour, event, amount in (*rows, *anchor)
    ]

    def table(some_rows):
        names = ["user", "time", "event", "amount"]
        frame = pd.DataFrame(some_rows, columns=names).astype({"amount": float})
        log = EventLog.from_frame(
            frame,
            user="user",
            event="event",
            time="time",
            amount="amount",
            timezone="Europe/Berlin",
        )
        return user_features(log, asof=asof).table

    result = table(rows)
    found = result.drop(columns="average_amount").set_index("user").to_dict("index")
    assert found == defined(rows, asof)
    known = [row for row in rows if row[1].date() <= asof]
    pd.testing.assert_frame_equal(result, table(known))


def test_real_orders_agree_with_plain_pandas(samples):
    path = samples / "orders" / "CDNOW_master.txt.gz"
    names = ["user", "time", "items", "amount"]
    frame = pd.read_csv(path, sep=r"\s+", skiprows=1, names=names, dtype={"user": str})
    frame["time"] = pd.to_datetime(frame["time"].astype(str), format="%Y%m%d")
    table = user_features(frame[["user", "time", "amount"]]).table.set_index("user")
    bought = frame[frame["amount"] > 0].groupby("user")
    last = frame["time"].max()
    assert table["orders"].to_dict() == bought.size().to_dict()
    assert (table["recency_days"] == (last - bought["time"].max()).dt.days).all()
    # personas.md: 48.9 % of all customers bought on two or more days.
    days = frame.groupby("user")["time"].nunique()
    assert round(float((days > 1).mean()), 3) == 0.489
    assert (table["order_days"] <= days.reindex(table.index)).all()


def test_amounts_of_orders_that_are_no_numbers_are_counted():
    orders = pd.DataFrame(
        {"user": ["a", "b"], "time": "2026-03-01", "amount": ["1,000", "5"]}
    )
    assert [note.text() for note in user_features(orders).warnings] == [
        "1 value of “amount” is not a number and counts as missing."
    ]


def test_a_day_beyond_all_calendars_is_refused():
    events = pd.DataFrame({"user": ["a"], "event": "x", "time": "2026-03-01"})
    with pytest.raises(Error, match="between the years"):
        user_features(events, asof="9999-12-31")
