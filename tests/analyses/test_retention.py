"""Retention by cohort and age, worked by hand."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from opslib import Error, EventLog, kernels
from opslib.analyses.retention import retention
from opslib.charts import export
from opslib.stats.proportions import wilson


def log(*lines, timezone="UTC", until=None):
    """Events written as "user time event [place]"; a time is an hour of March 2026."""
    rows = pd.DataFrame(
        [(*line.split(), None)[:4] for line in lines],
        columns=["user", "time", "event", "place"],
    )
    # "2T20" is the second of March at eight in the evening.
    day, hour = rows["time"].str.partition("T")[0], rows["time"].str.partition("T")[2]
    rows["time"] = (
        pd.Timestamp("2026-03-01")
        + pd.to_timedelta(day.astype(int) - 1, unit="D")
        + pd.to_timedelta(hour.replace("", "0").astype(int), unit="h")
    )
    return EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone=timezone, until=until
    )


def cells(result):
    """(day of the cohort, age) to (users, retained, share or None)."""
    return {
        (row.cohort.strftime("%m-%d"), row.age): (
            row.users,
            row.retained,
            None if np.isnan(row.share) else row.share,
        )
        for row in result.table.itertuples()
    }


FEW = ("ann 1 open", "ann 2 buy", "ann 4 open", "bob 1 open", "bob 3 open", "cy 3 open")


def test_the_period_of_the_first_event_is_the_cohort():
    assert cells(retention(log(*FEW))) == {
        ("03-01", 0): (2, 2, 1.0),
        ("03-01", 1): (2, 1, 0.5),
        ("03-01", 2): (2, 1, 0.5),
        ("03-01", 3): (2, 1, 0.5),
        ("03-03", 0): (1, 1, 1.0),
        ("03-03", 1): (1, 0, 0.0),
    }


def test_on_or_after_counts_everyone_seen_then_or_later():
    result = retention(log(*FEW), count="on_or_after")
    assert [cells(result)["03-01", age][1] for age in range(4)] == [2, 2, 2, 1]


def test_start_and_return_may_be_different_events():
    shop = log("ann 1 buy", "ann 2 open", "ann 3 buy", "bob 2 open", "bob 3 open")
    result = retention(shop, start="open", back="buy")
    assert cells(result) == {
        ("03-02", 0): (2, 2, 1.0),
        ("03-02", 1): (2, 1, 0.5),
    }
    either = retention(shop, start=["open", "buy"], back=["buy"])
    assert cells(either)["03-01", 2] == (1, 1, 1.0)


def test_events_of_the_same_day_are_no_return():
    assert cells(retention(log("ann 1T1 open", "ann 1T23 open", "bob 2T23 open"))) == {
        ("03-01", 0): (1, 1, 1.0),
        ("03-01", 1): (1, 0, 0.0),
        ("03-02", 0): (1, 1, 1.0),
    }


def test_a_period_that_is_not_over_has_no_share():
    result = retention(log("ann 1T9 open", "ann 2T9 open", "bob 2T10 open"))
    assert cells(result)["03-01", 1] == (1, 1, None)
    assert result.table["mature"].tolist() == [True, False, False]
    assert result.curve["users"].tolist() == [1, 0]
    assert np.isnan(result.curve["share"].iloc[1])


def test_the_curve_pools_mature_cells_only():
    lines = [f"u{i} 1T1 open" for i in range(9)] + [f"v{i} 2T1 open" for i in range(3)]
    result = retention(log(*lines, "u0 2T5 open", "v0 3T1 open", "v1 3T2 open"))
    curve = result.curve.set_index("age")
    assert curve.loc[1, ["users", "retained"]].tolist() == [9, 1]
    low, high = wilson(1, 9)
    assert curve.loc[1, ["share", "low", "high"]].tolist() == [1 / 9, low, high]


def test_dates_choose_cohorts_and_earlier_history_decides_who_is_new():
    result = retention(
        log("ann 1 open", "ann 2 open", "bob 2 open", "bob 3 open"),
        dates=("2026-03-02", "2026-03-02"),
    )
    assert cells(result) == {
        ("03-02", 0): (1, 1, 1.0),
        ("03-02", 1): (1, 1, 1.0),
    }


def test_where_limits_the_events_that_count():
    shop = log("ann 1 open web", "ann 2 open app", "ann 3 open app", "bob 1 open web")
    result = retention(shop, where=[["place", "==", "app"]], cohort="first_matching")
    assert cells(result) == {("03-02", 0): (1, 1, 1.0), ("03-02", 1): (1, 1, 1.0)}


def test_weeks_begin_when_asked_and_months_on_the_first():
    # 1 March 2026 is a Sunday.
    days = log("ann 1 open", "ann 2 open", "bob 8 open", "cy 40 open")
    monday = retention(days, period="week")
    sunday = retention(days, period="week", week_start="sunday")
    assert cells(monday)["02-23", 1] == (1, 1, 1.0)
    assert cells(sunday)["03-01", 1] == (1, 0, 0.0)
    months = retention(days, period="month")
    assert cells(months)["03-01", 1] == (2, 0, None)


def test_days_are_days_of_the_timezone_of_the_log():
    frame = pd.DataFrame(
        {
            "user": ["ann", "ann", "bob"],
            "event": "open",
            "time": pd.to_datetime(
                ["2026-03-01T15:00Z", "2026-03-01T17:00Z", "2026-03-05T00:00Z"]
            ),
        }
    )
    columns = {"user": "user", "event": "event", "time": "time"}
    for timezone, back in (("UTC", 0), ("Asia/Shanghai", 1)):
        there = EventLog.from_frame(frame, **columns, timezone=timezone)
        assert cells(retention(there))["03-01", 1][1] == back


def test_ages_may_be_listed_or_counted():
    def shown(ages):
        return retention(log(*FEW), ages=ages).table["age"].unique().tolist()

    assert shown(2) == [0, 1, 2]
    assert shown([3, 1]) == [1, 3]
    assert shown(None) == [0, 1, 2, 3]


def test_a_return_after_the_last_age_asked_counts_only_on_or_after():
    late = log("ann 1 open", "ann 4 open", "bob 5 open")
    for ages in (2, [2]):
        on = retention(late, ages=ages)
        after = retention(late, ages=ages, count="on_or_after")
        assert cells(on)["03-01", 2] == (1, 0, 0.0)
        assert cells(after)["03-01", 2] == (1, 1, 1.0)


def test_users_behind_a_cell_are_those_it_counts():
    result = retention(log(*FEW))
    assert result.users("2026-03-01", 1).tolist() == ["ann"]
    assert result.users("2026-03-01", 1, retained=False).tolist() == ["bob"]
    assert result.users(dt.date(2026, 3, 1), 0).tolist() == ["ann", "bob"]
    assert result.users("2026-03-01", 0, retained=False).tolist() == []
    assert result.users(None, 1).tolist() == ["ann"]
    assert result.users(None, 1, retained=False).tolist() == ["bob", "cy"]
    for count in ("on", "on_or_after"):
        result = retention(log(*FEW), back="open", count=count)
        for row in result.table.itertuples():
            came = result.users(row.cohort, row.age)
            stayed_away = result.users(row.cohort, row.age, retained=False)
            assert (len(came), len(came) + len(stayed_away)) == (
                row.retained,
                row.users,
            )


def test_users_of_a_group_are_found_where_another_has_no_cell_yet():
    events = pd.DataFrame(
        {
            "user": ["ann", "zed", "zed", "late"],
            "event": "open",
            "time": ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-04"],
            "place": ["web", "app", "app", "shop"],
        }
    )
    log = EventLog.from_frame(events, user="user", event="event", time="time")
    result = retention(log, by="place", ages=[1])
    groups = list(result.table["group"].unique())
    assert sorted(groups) == ["app", "web"]
    at = groups.index("app")
    assert result.users("2026-03-02", 1, at).tolist() == ["zed"]


def test_the_previous_period_stands_beside():
    lines = [f"a{i} 1 open" for i in range(40)] + [f"b{i} 2 open" for i in range(40)]
    back = [f"a{i} 2 open" for i in range(10)] + [f"b{i} 3 open" for i in range(20)]
    days = ("2026-03-02", "2026-03-02")
    result = retention(
        log(*lines, *back, "zed 4 open"), dates=days, compare="previous", ages=1
    )
    assert cells(result.previous) == {
        ("03-01", 0): (40, 40, 1.0),
        ("03-01", 1): (40, 10, 0.25),
    }
    # Newcombe (1998), method 10, worked from the two Wilson intervals:
    # 20/40 [0.3520, 0.6480], 10/40 [0.1419, 0.4019].
    assert result.describe() == (
        "50.0% came back on the next day (95% interval 35.2% to 64.8%; "
        "40 users of 1 cohort). The share on the next day was 25.0% in the period "
        "before: a change of +25.0 pp (95% interval +3.8 pp to +43.3 pp)."
    )
    assert "上一周期的次日留存率为 25.0%" in result.describe("zh_CN")
    # Those of the day on which the data begin are not surely new: said of them too.
    assert "retention.history" in {note.code for note in result.warnings}
    later = retention(
        log(*lines, *back, "zed 4 open"),
        dates=days,
        compare="previous",
        count="on_or_after",
    )
    assert "not compared with the period before" in later.describe()
    assert "a change of" not in later.describe()


@pytest.mark.parametrize("dates", [None, ("2026-03-01", "2026-03-01")])
def test_nothing_is_compared_with_before_the_data_begin(dates):
    result = retention(log(*FEW), dates=dates, compare="previous")
    assert result.previous is None
    assert "none before to compare" in result.warnings[-1].text()


def test_a_period_before_in_which_nobody_began_is_told():
    days = ("2026-03-03", "2026-03-03")
    result = retention(log(*FEW), dates=days, compare="previous")
    assert result.previous is None
    assert "retention.no_previous" in {note.code for note in result.warnings}


def test_too_few_users_or_too_short_a_history_make_no_claim():
    assert "too few to state a rate" in retention(log(*FEW)).describe()
    assert "too early to state" in retention(log("ann 1T1 a", "bo 1T2 a")).describe()
    assert "为时过早" in retention(log("ann 1T1 a")).describe("zh_CN")


def test_ages_that_nobody_quotes_are_described_by_their_ends():
    many = log(*(f"u{i} {day} open" for i in range(30) for day in (1, 3, 5)))
    text = retention(many, ages=[2, 3, 4]).describe()
    assert text.startswith("100% came back on day 2 (95% interval 88.6% to 100%")
    assert "0% came back on day 3" not in text
    assert "100% came back on day 4" in text
    later = retention(many, ages=[2], count="on_or_after").describe()
    assert later.startswith("100% came back on day 2 or later")


def test_a_reader_is_told_what_to_be_careful_about():
    result = retention(
        log("ann 3T1 a", "bob 10T1 a", "bob 11T1 a"),
        period="week",
        dates=("2026-03-03", "2026-03-11"),
        count="on_or_after",
    )
    assert [note.code for note in result.warnings] == [
        "retention.history",
        "retention.cut",
        "retention.small",
        "retention.open",
        "retention.unequal",
    ]
    texts = [note.text() for note in result.warnings]
    assert texts[0] == (
        "The data begin on Mar 3, 2026: the 1 user of the first cohort may have begun "
        "earlier."
    )
    assert texts[3] == (
        "2 cells are left empty because their periods are not over yet."
    )
    assert all(note.text("zh_CN") for note in result.warnings)
    whole = retention(
        log("ann 3T1 a", "bob 10T1 a"), dates=("2026-03-03", "2026-03-04")
    )
    assert "retention.cut" not in {note.code for note in whole.warnings}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": "before"}, "count cannot be “before”; choose from “on”"),
        ({"period": "year"}, "period cannot be “year”"),
        ({"compare": "next"}, "compare cannot be “next”"),
        ({"start": 5}, "start names the event “5”"),
        ({"ages": "3"}, "ages must lie between 0 and 366"),
        ({"ages": 1.5}, "ages must lie between 0 and 366"),
        ({"start": "opne"}, "start names the event “opne”, .* it has “buy”, “open”"),
        ({"back": []}, "back is missing"),
        ({"ages": -1}, "ages must lie between 0 and 366, got “-1”"),
        ({"ages": [1, 1000]}, "ages must lie between 0 and 366"),
        ({"where": [["city", "==", "x"]]}, "where names the column “city”"),
        ({"where": [["place", "==", "x"]]}, "No event that could begin a user"),
        (
            {"dates": ("2026-04-01", "2026-04-02")},
            "Nobody began between Apr 1, 2026 .* between Mar 1, 2026 and Mar 3, 2026",
        ),
    ],
)
def test_wrong_options_are_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        retention(log(*FEW), **options)
    assert caught.value.text("zh_CN")


def test_asking_for_a_cell_that_is_not_there_is_told():
    result = retention(log(*FEW))
    with pytest.raises(Error, match=r"cohort cannot be “2026-03-02”.*“2026-03-01”"):
        result.users("2026-03-02", 1)
    with pytest.raises(Error, match="age must lie between 0 and 3, got “9”"):
        result.users("2026-03-01", 9)
    with pytest.raises(Error, match="age must lie between 0 and 3, got “9”"):
        result.over_time(9)
    with pytest.raises(Error, match="group must lie between 0 and 0, got “1”"):
        result.users("2026-03-01", 1, 1)


def test_a_table_serves_as_well_as_a_log():
    frame = pd.DataFrame({"user": [1, 1], "event": "a", "time": ["2026-03-01"] * 2})
    before = frame.copy()
    assert retention(frame).table["users"].tolist() == [1]
    pd.testing.assert_frame_equal(frame, before)


def test_charts_hold_no_more_than_they_can_show_and_say_so():
    first = dt.date(2026, 1, 1)
    frame = pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(100) for _ in range(2)],
            "event": "open",
            "time": [
                str(first + dt.timedelta(days=i + step))
                for i in range(100)
                for step in (0, 1)
            ],
        }
    )
    result = retention(frame)
    spec = result.chart().to_dict()
    assert " ".join(spec["title"]) == (
        "Drawn: the latest 60 of 100 cohorts, the first 30 of 100 ages; "
        "the table has all of them."
    )
    assert sum(len(rows) for rows in spec["datasets"].values()) <= 5_000
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"][-1] == "2026-04-10 · 1"
    assert result.curve_chart().to_dict()["description"] == result.describe()


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_charts_can_be_drawn(lang):
    result = retention(log(*FEW, "dee 4T9 open"))
    assert export(result.chart(lang), "svg").startswith(b"<svg")
    assert export(result.curve_chart(lang), "svg").startswith(b"<svg")
    lone = retention(log("ann 1T1 open"))
    assert export(lone.chart(lang), "svg").startswith(b"<svg")
    assert export(lone.curve_chart(lang), "svg").startswith(b"<svg")


def test_an_unfinished_cell_is_drawn_without_a_share():
    spec = retention(log("ann 1T9 open", "ann 2T9 open")).chart().to_dict()
    pending = spec["layer"][1]
    assert pending["mark"]["fillOpacity"] == 0
    assert "Retention" not in json.dumps(pending["encoding"]["tooltip"])


def test_first_is_the_first_ever_and_first_matching_the_first_that_meets_where():
    shop = log("ann 1 open web", "ann 2 open app", "bob 1 open app", "bob 2 open app")
    app = [["place", "==", "app"]]
    first = retention(shop, where=app)
    assert cells(first) == {("03-01", 0): (1, 1, 1.0), ("03-01", 1): (1, 1, 1.0)}
    left_out = next(n for n in first.warnings if n.code == "retention.passed_over")
    assert left_out.text().startswith("1 user is left out: the first start event")
    matching = retention(shop, where=app, cohort="first_matching")
    assert cells(matching)["03-02", 0] == (1, 1, 1.0)
    assert "retention.passed_over" not in {note.code for note in matching.warnings}


def test_recurring_users_are_in_every_cohort_in_which_they_act():
    result = retention(log(*FEW), cohort="recurring")
    assert cells(result)["03-01", 3] == (2, 1, 1.0 / 2)
    assert cells(result)["03-02", 2] == (1, 1, 1.0)
    assert cells(result)["03-03", 1] == (2, 0, 0.0)
    people = next(n for n in result.warnings if n.code == "retention.recurring")
    assert people.text() == (
        "A user counts once in every cohort: the 6 users of all cohorts are 3 people. "
        "The intervals of all cohorts together allow for that."
    )
    assert "实为 3 人" in people.text("zh_CN")
    # ann of the first two days and of the first and the third; each told once.
    assert result.curve.loc[1, ["users", "retained"]].tolist() == [5, 1]
    assert result.users(None, 1).tolist() == ["ann"]
    assert result.users(None, 1, retained=False).tolist() == ["bob", "cy"]


def a_recurring_log(users, days, seed=0):
    """Users who are active on each day, or hardly ever, and their place and device."""
    rng = np.random.default_rng(seed)
    leaning = rng.beta(0.5, 0.5, users)
    user, day = np.nonzero(rng.random((users, days)) < leaning[:, None])
    return pd.DataFrame(
        {
            "user": [f"u{i:03}" for i in user],
            "event": "open",
            "time": pd.Timestamp("2026-03-01") + pd.to_timedelta(day, unit="D"),
            "place": rng.choice(["web", "app"], len(user)),
            "amount": rng.gamma(1, 1 + 9 * leaning[user]),
        }
    )


def test_recurring_users_count_by_how_alike_they_are():
    """The pooled interval is that of estimating equations with users as clusters."""
    frame = a_recurring_log(60, 14)
    result = retention(frame, cohort="recurring", by="place", ages=3)
    again = frame[["user", "time"]].drop_duplicates().assign(came=1.0)
    later = again.assign(time=again["time"] - pd.Timedelta(days=2))
    entries = frame.merge(later, "left", ["user", "time"]).fillna({"came": 0.0})
    entries = entries[entries["time"] <= "2026-03-12"]
    for group, rows in [*entries.groupby("place"), (None, entries)]:
        fit = sm.GEE(rows["came"], np.ones(len(rows)), rows["user"]).fit()
        share, error = float(fit.params.iloc[0]), float(fit.bse.iloc[0])
        alone = retention(frame, cohort="recurring", ages=3)
        curve = alone.curve if group is None else result.curve
        curve = curve if group is None else curve[curve["group"] == group]
        row = curve[curve["age"] == 2].iloc[0]
        assert row[["users", "people"]].tolist() == [len(rows), rows["user"].nunique()]
        effective = share * (1 - share) / error**2
        assert effective < 0.6 * len(rows)
        low, high = wilson(share * effective, effective)
        assert row[["share", "low", "high"]].tolist() == pytest.approx(
            [share, float(low), float(high)]
        )


def test_money_of_recurring_users_varies_by_user():
    frame = a_recurring_log(60, 14)
    result = retention(frame, cohort="recurring", ages=1, amount="amount")
    after = frame.assign(time=frame["time"] - pd.Timedelta(days=1))
    after = after[["user", "time", "amount"]].rename(columns={"amount": "next"})
    entries = frame.merge(after, "left", ["user", "time"]).fillna({"next": 0.0})
    entries = entries[entries["time"] <= "2026-03-13"]
    worth = entries["amount"] + entries["next"]
    fit = sm.OLS(worth, np.ones(len(worth))).fit(
        cov_type="cluster",
        cov_kwds={"groups": entries["user"], "use_correction": False},
        use_t=True,
    )
    users = entries["user"].nunique()
    half = float(np.diff(fit.conf_int().iloc[0])[0]) / 2 * np.sqrt(users / (users - 1))
    row = result.curve.iloc[1]
    assert row["value"] == pytest.approx(worth.mean())
    assert row["value_high"] - row["value"] == pytest.approx(half)


def test_many_entries_of_few_people_make_no_claim():
    days = [f"u{i} {day} a" for i in range(9) for day in range(1, 20)]
    result = retention(log(*days), cohort="recurring")
    assert result.curve["users"].iloc[1] == 9 * 18
    assert result.curve["people"].iloc[1] == 9
    assert result.describe().startswith("Only 9 users can be followed into a later")
    grouped = retention(
        log(*(f"{day} {'web' if i else 'app'}" for i, day in enumerate(days))),
        cohort="recurring",
        by="place",
    )
    small = next(n for n in grouped.warnings if n.code == "retention.small_groups")
    assert small.values["n"] == 2


def test_pieces_of_the_entries_add_up_to_all(monkeypatch):
    frame = a_recurring_log(150, 20)
    options = {"cohort": "recurring", "by": "place", "amount": "amount"}
    one = retention(frame, **options)
    monkeypatch.setattr(kernels, "FEW_ROWS", 10)
    monkeypatch.setattr(kernels, "THREADS", 3)
    pd.testing.assert_frame_equal(retention(frame, **options).curve, one.curve)
    # A user without any other counts once, however often.
    assert one.curve["people"].max() <= 150 < one.curve["users"].max()


def test_a_group_too_young_for_the_ages_has_no_place_among_the_groups():
    young = [f"u{i} 9 a web" for i in range(3)]
    result = retention(log("old 1 a app", *young), by="place", ages=[1])
    assert result.table["group"].tolist() == ["app"]
    assert result.users("2026-03-01", 1, 0, retained=False).tolist() == ["old"]
    with pytest.raises(Error, match="group must lie between 0 and 0, got “1”"):
        result.users("2026-03-01", 1, 1)


def test_brackets_hold_who_came_in_any_of_their_ages_when_all_are_over():
    days = log("ann 1 a", "ann 3 a", "bob 1 a", "bob 6 a", "cy 8 a")
    result = retention(days, count=[[1, 2], [4, 6], [7, 9]])
    assert result.table["last_age"].tolist() == [0, 2, 6, 9, 0]
    assert cells(result) == {
        ("03-01", 0): (2, 2, 1.0),
        ("03-01", 1): (2, 1, 0.5),
        ("03-01", 4): (2, 1, 0.5),
        ("03-01", 7): (2, 0, None),
        ("03-08", 0): (1, 1, 1.0),
    }
    assert result.users("2026-03-01", 4).tolist() == ["bob"]


def test_rolling_days_are_24_hours_from_the_start_whatever_the_clocks_do():
    # 29 March 2026 has 23 hours in Berlin: from 20:00 to 20:00 it is not a whole day.
    early = "ann 28T20 a", "ann 29T20 a", "zed 31T23 a"
    late = "ann 28T20 a", "ann 29T21 a", "zed 31T23 a"
    for lines, came in ((early, 0), (late, 1)):
        berlin = log(*lines, timezone="Europe/Berlin")
        assert cells(retention(berlin, window="rolling"))["03-28", 1][1] == came
        assert cells(retention(berlin))["03-28", 1][1] == 1


def test_a_rolling_age_is_over_when_it_is_for_the_last_who_began():
    until = "2026-03-03T10:00"
    lines = "ann 1T9 a", "bob 1T10 a"
    assert cells(retention(log(*lines, until=until), window="rolling"))["03-01", 1] == (
        2,
        0,
        0.0,
    )
    lines = "ann 1T9 a", "bob 1T11 a"
    assert cells(retention(log(*lines, until=until), window="rolling"))["03-01", 1] == (
        2,
        0,
        None,
    )


def test_a_least_number_of_events_is_asked_of_later_ages_only():
    busy = log("ann 1 a", "ann 2T1 a", "ann 2T9 a", "bob 1 a", "bob 2 a", "cy 3 a")
    result = retention(busy, min_events=2)
    assert cells(result)["03-01", 0] == (2, 2, 1.0)
    assert cells(result)["03-01", 1] == (2, 1, 0.5)
    assert result.users("2026-03-01", 1).tolist() == ["ann"]


def test_on_or_after_asks_them_of_one_period_not_of_several():
    spread = log("ann 1 a", "ann 4 a", "ann 5 a", "bob 1 a", "bob 5 a", "bob 5T3 a")
    for ages in ([2], [2, 9], None):
        result = retention(spread, count="on_or_after", min_events=2, ages=ages)
        assert cells(result)["03-01", 2][:2] == (2, 1)
        assert result.users("2026-03-01", 2).tolist() == ["bob"]


def paid(*lines, **options):
    """Events written as "user day event amount"; "-" is none."""
    rows = pd.DataFrame(
        [line.split() for line in lines], columns=["user", "day", "event", "amount"]
    )
    rows["time"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(
        rows.pop("day").astype(int) - 1, unit="D"
    )
    rows["amount"] = pd.to_numeric(rows["amount"], errors="coerce")
    columns = {"user": "user", "event": "event", "time": "time", "amount": "amount"}
    return retention(EventLog.from_frame(rows, **columns), **options)


def test_money_is_added_up_by_age_and_per_user_so_far():
    result = paid(
        "ann 1 buy 10", "ann 2 buy 20", "ann 4 buy 5", "bob 1 open -", "bob 2 buy -",
        "bob 4 buy 1",
        start=["open", "buy"],
        back="buy",
        amount="amount",
    )  # fmt: skip
    assert result.table["amount"].tolist() == [10, 20, 0, 6]
    assert result.table["value"].tolist() == [5, 15, 15, 18]
    # Values 10 and 0: mean 5, standard error 5, t of one degree of freedom 12.706.
    assert result.table["value_high"].iloc[0] == pytest.approx(
        5 + 12.7062 * 5, abs=1e-3
    )
    missing = next(n for n in result.warnings if n.code == "retention.no_amount")
    assert missing.text() == "1 return event has no amount and counts as 0."
    again = paid(
        "an 1 a -", "an 2 a -", "an 3 a 1", amount="amount", cohort="recurring"
    )
    missing = next(n for n in again.warnings if n.code == "retention.no_amount")
    assert missing.values["n"] == 2
    chosen = paid(
        "ann 1 buy 10", "ann 2 buy 20", "ann 4 buy 5", amount="amount", ages=[3]
    )
    assert chosen.table[["amount", "value"]].to_numpy().tolist() == [[5, 35]]


def test_what_users_bring_is_said_with_its_interval():
    lines = [f"u{i} {day} buy {i % 2}" for i in range(40) for day in (1, 2, 3)]
    result = paid(*lines, amount="amount")
    assert "By the end of day 1 each user had brought 1 on average" in result.describe()
    assert "截至第 1 日，人均累计金额为 1" in result.describe("zh_CN")
    assert export(result.value_chart(), "svg").startswith(b"<svg")
    assert retention(log(*FEW)).value_chart() is None


def many(group, users, back):
    return [
        line
        for i in range(users)
        for line in (
            f"{group}{i} 1 open {group}",
            *([f"{group}{i} 2 open app"] if i < back else []),
        )
    ]


def test_groups_are_those_of_the_start_event_and_small_ones_are_not_spoken_of():
    result = retention(
        log(
            *many("web", 40, 10), *many("app", 30, 30), *many("few", 29, 1), "z 4 open"
        ),
        by="place",
    )
    later = result.over_time(1)
    rows = later[later["cohort"] == "2026-03-01"].set_index("group")
    assert rows["users"].to_dict() == {"web": 40, "app": 30, "few": 29}
    assert rows["retained"].to_dict() == {"web": 10, "app": 30, "few": 1}
    said = result.describe()
    assert "“web”: 25.0% on the next day (14.2% to 40.2%; 40 users)." in said
    assert "“app”: 100%" in said
    assert "few" not in said
    assert "「app」次日留存率为 100%" in result.describe("zh_CN")
    small = next(n for n in result.warnings if n.code == "retention.small_groups")
    assert small.values["n"] == 2
    assert result.users("2026-03-01", 1, 1).tolist() == sorted(
        f"app{i}" for i in range(30)
    )
    assert result.curve["group"].drop_duplicates().isna().tolist()[-1]
    drawn = json.dumps(result.curve_chart().to_dict())
    assert "few" not in drawn
    assert "web" in drawn
    filled, empty, _ = result.chart().to_dict()["layer"]
    rows = result.chart().to_dict()["datasets"]
    lines = [
        {row["c0"] for row in rows[layer["data"]["name"]] if row["c1"] == 1}
        for layer in (filled, empty)
    ]
    assert lines == [{"web · 40", "app · 30"}, {"few · 29"}]


def test_named_groups_are_compared_with_the_period_before():
    def began(day, group, users, back):
        lines = [f"{day}{group}{i} {day} a {group}" for i in range(users)]
        return lines + [f"{day}{group}{i} {day + 1} a app" for i in range(back)]

    lines = [*began(1, "web", 40, 10), *began(1, "app", 29, 9), *began(1, "-", 50, 25)]
    lines += [*began(2, "web", 40, 20), *began(2, "app", 40, 9), *began(2, "-", 50, 25)]
    lines = [line.removesuffix(" -") for line in lines]
    options = {"by": "place", "dates": ("2026-03-02", "2026-03-02"), "ages": 1}
    result = retention(log(*lines, "z 4 a"), compare="previous", **options)
    # Intervals as for all together: 20/40 [0.352, 0.648], 10/40 [0.142, 0.402].
    assert (
        "“web”: 50.0% on the next day (35.2% to 64.8%; 40 users). “web” had 25.0% in "
        "the period before: a change of +25.0 pp (+3.8 pp to +43.3 pp)."
    ) in result.describe()
    assert "“(missing)” had 50.0% in the period before: a change" in result.describe()
    assert "「web」上一周期为 25.0%，变化 +25.0 个百分点" in result.describe("zh_CN")
    # Of 29 users nothing is said.
    assert "“app” had" not in result.describe()
    later = retention(
        log(*lines, "z 4 a"), compare="previous", count="on_or_after", **options
    )
    assert "had" not in later.describe().replace("have had", "")


def test_a_missing_group_is_not_an_empty_one_nor_zero():
    frame = pd.DataFrame(
        {
            "user": ["a", "b", "c"],
            "event": "open",
            "time": "2026-03-01",
            "place": ["", None, "web"],
            "size": [0.0, np.nan, 1.0],
        }
    )
    for by, names in (("place", ["", "web"]), ("size", ["0", "1"])):
        groups = retention(frame, by=by).table["group"]
        assert sorted(groups.dropna()) == names
        assert groups.isna().sum() == 1


def test_the_trend_shows_the_ages_people_quote_over_the_cohorts():
    result = retention(log(*FEW, "dee 9 open"))
    assert result.over_time(1)["retained"].tolist() == [1, 0]
    spec = result.trend_chart().to_dict()
    (rows,) = spec["datasets"].values()
    assert {row["c5"] for row in rows} == {"on the next day", "on day 7"}
    assert spec["description"] == result.describe()
    assert export(result.trend_chart("zh_CN"), "svg").startswith(b"<svg")
    assert retention(log("ann 1 a", "bob 1 b")).trend_chart() is None


def test_every_view_of_groups_and_brackets_can_be_drawn():
    result = retention(
        log(*many("web", 40, 10), *many("app", 30, 30), "z 2 open", "y 9 open"),
        by="place",
        count=[[1, 2], [3, 5]],
        cohort="recurring",
    )
    for chart in (result.chart(), result.curve_chart("zh_CN"), result.trend_chart()):
        assert chart is None or export(chart, "svg").startswith(b"<svg")
    assert "1–2" in json.dumps(result.chart().to_dict(), ensure_ascii=False)


def test_how_often_and_which_days_are_part_of_the_sentence():
    visits = log(*(f"u{i} {d} a" for i in range(30) for d in (1, 2, 3, 20)))
    assert "at least 2 times on days 1 to 3" in (
        retention(visits, count=[[1, 3]], min_events=2).describe()
    )
    assert "第 1 至 3 日至少 2 次的留存率" in (
        retention(visits, count=[[1, 3]], min_events=2).describe("zh_CN")
    )
    rolling = retention(visits, window="rolling", ages=3).describe()
    assert "Days are 24 hours each, from every user's own start." in rolling
    often = retention(visits, count="on_or_after", min_events=3, ages=3).describe()
    assert "at least 3 times within one period, on the next day or later" in often


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cohort": "all"}, "cohort cannot be “all”; choose from “first”"),
        ({"window": "24h"}, "window cannot be “24h”; choose from “calendar”"),
        ({"min_events": 0}, "min_events must lie between 1 and 10,000|10000"),
        ({"count": [[1, 3], [3, 7]]}, "in order and without overlap; got"),
        ({"count": [[0, 3]]}, "first and last ages from 1 to 366"),
        ({"count": [[3, 1]]}, "in order and without overlap"),
        ({"count": [1, 2]}, r"brackets such as \[\[1, 3\], \[4, 7\]\]"),
        ({"count": []}, "brackets such as"),
        ({"count": [[1, 400]]}, "ages from 1 to 366"),
        (
            {"count": [[1, 3]], "ages": 7},
            "ages cannot be chosen together",
        ),
        ({"by": "city"}, "by names the column “city”"),
        ({"amount": "place"}, "amount names “place”, which is no number known"),
        ({"amount": "price"}, "amount names “price”"),
    ],
)
def test_wrong_ways_of_counting_are_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        retention(log(*FEW), **options)
    assert caught.value.text("zh_CN")


def test_too_many_groups_are_refused():
    crowd = log(*(f"u{i} 1 open p{i}" for i in range(201)))
    with pytest.raises(
        Error, match=r"“place” has 201 different values; .* at most 200"
    ):
        retention(crowd, by="place")


@pytest.fixture(scope="module")
def taobao(samples):
    names = ["user", "item", "category", "event", "time"]
    path = samples / "events" / "taobao_815users_9days.csv.gz"
    frame = pd.read_csv(path, header=None, names=names, dtype={"user": "str"})
    frame = frame.dropna(subset="time")
    return frame.assign(time=pd.to_datetime(frame["time"], unit="s", utc=True))


@pytest.mark.parametrize("back", [None, "buy"])
def test_a_real_log_agrees_with_plain_pandas(taobao, back):
    events = EventLog.from_frame(
        taobao, user="user", event="event", time="time", timezone="Asia/Shanghai"
    )
    result = retention(events, back=back, dates=("2017-11-25", "2017-12-03"))
    day = taobao["time"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    rows = taobao.assign(day=day.dt.normalize())
    born = rows.groupby("user")["day"].min().rename("cohort")
    born = born[born >= "2017-11-25"]
    returned = rows if back is None else rows[rows["event"] == back]
    joined = returned.merge(born, left_on="user", right_index=True)
    joined["age"] = (joined["day"] - joined["cohort"]).dt.days
    joined = joined[joined["age"] > 0]
    expected = joined.groupby(["cohort", "age"])["user"].nunique()
    later = result.table[(result.table["age"] > 0) & (result.table["retained"] > 0)]
    found = later.set_index(["cohort", "age"])["retained"]
    assert found.to_dict() == expected.to_dict()
    sizes = result.table[result.table["age"] == 0].set_index("cohort")["users"]
    assert sizes.to_dict() == born.value_counts().to_dict()
