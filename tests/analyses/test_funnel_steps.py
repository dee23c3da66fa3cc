"""Steps, orders, exclusions, groups and views of a funnel, worked by hand."""

import ast

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib import Error, EventLog, Exclude, Step
from opslib.charts import export
from opslib.stats.proportions import wilson

START = pd.Timestamp("2026-03-01")


def log(*lines, until=None):
    """Events written as "user day event [x]", days from 1 March 2026."""
    rows = pd.DataFrame([[*line.split(), None][:4] for line in lines])
    rows.columns = ["user", "day", "event", "x"]
    day = pd.to_timedelta(rows.pop("day").astype(float), unit="D")
    rows["time"] = START + day.dt.round("s")
    rows["x"] = pd.to_numeric(rows["x"])
    return EventLog.from_frame(
        rows, user="user", event="event", time="time", until=until
    )


def users(events, steps, **options):
    return ops.funnel(events, steps=steps, **options).table["users"].tolist()


def test_a_step_may_be_any_of_several_events():
    events = log("ann 0 view", "ann 1 cash", "bob 0 view", "bob 1 card")
    assert users(events, ["view", ["cash", "card"]]) == [2, 2]
    assert users(events, ["view", None]) == [2, 2]
    table = ops.funnel(events, steps=["view", ["cash", "card"], None]).table
    assert table["step"].tolist() == ["view", "cash | card", "*"]


def test_a_condition_counts_for_its_step_only():
    events = log("ann 0 view 1", "ann 1 buy 5", "bob 0 view 1", "bob 1 buy 20")
    steps = ["view", Step("buy", where=[["x", ">=", 10]])]
    assert users(events, steps) == [2, 1]
    plain = [{"event": "view"}, {"event": "buy", "where": [["x", ">=", 10]]}]
    assert users(events, plain) == [2, 1]
    assert ops.funnel(events, steps=steps).steps == ["view", "buy [x >= 10]"]


def test_an_optional_step_neither_delays_nor_stops_a_later_one():
    steps = ["view", Step("cart", optional=True), "buy"]
    events = log(
        *("ann 0 view", "ann 1 cart", "ann 2 buy"),
        *("bob 0 view", "bob 2 buy", "bob 3 cart"),
        *("cy 0 view", "cy 1 cart"),
    )
    result = ops.funnel(events, steps=steps)
    table = result.table
    assert table["users"].tolist() == [3, 2, 2]
    assert table["from_previous"].tolist()[1:] == [2 / 3, 2 / 3]
    assert table["mean_seconds"].tolist()[1:] == [86_400, 2 * 86_400]
    assert result.users(1).tolist() == ["ann", "cy"]
    assert result.users(1, dropped=True).tolist() == ["cy"]
    assert result.users(0, dropped=True).tolist() == ["cy"]


def test_an_optional_step_is_strictly_between_where_ties_are_no_order():
    steps = ["view", Step("cart", optional=True), "buy"]
    events = log("ann 0 view", "ann 1 cart", "ann 1 buy")
    assert users(events, steps) == [1, 1, 1]
    assert users(events, steps, ties="strict") == [1, 0, 1]


def test_first_ever_looks_at_all_history_and_first_matching_at_what_matches():
    events = log(
        "ann 0 buy 1", "ann 5 buy 9", "ann 6 rate", "bob 5 buy 9", "bob 6 rate"
    )
    dates = ("2026-03-06", "2026-03-06")
    big = [["x", ">=", 5]]
    for occurrence, expected in (("any", 2), ("first_ever", 1), ("first_matching", 2)):
        steps = [Step("buy", where=big, occurrence=occurrence), "rate"]
        assert users(events, steps, dates=dates) == [expected] * 2


@pytest.mark.parametrize(
    ("between", "reached"),
    [
        ([], [1, 1, 1]),
        (["ann 0.5 help"], [1, 0, 0]),
        (["ann 1.5 help"], [1, 1, 0]),
        (["ann 0.5 view"], [1, 1, 1]),
        (["ann 1 help"], [1, 1, 1]),
        (["ann 1.5 view"], [1, 1, 0]),
        (["ann 1.5 cart"], [1, 1, 1]),
    ],
)
def test_in_strict_order_nothing_else_comes_between(between, reached):
    events = log("ann 0 view", "ann 1 cart", "ann 2 buy", "zed 9 help", *between)
    dates = ("2026-03-01", "2026-03-01")
    steps = ["view", "cart", "buy"]
    assert users(events, steps, order="strict", dates=dates) == reached


def test_in_any_order_the_steps_within_the_window_are_counted():
    events = log("ann 0 buy", "ann 3 view", "ann 5 cart", "bob 0 cart", "bob 9 view")
    result = ops.funnel(events, steps=["view", "cart", "buy"], order="unordered")
    assert result.table["step"].tolist() == ["1/3", "2/3", "3/3"]
    assert result.table["users"].tolist() == [2, 1, 1]
    assert result.table["mean_seconds"].tolist()[1:] == [3 * 86_400, 2 * 86_400]
    assert result.describe() == (
        "Only 2 users did any of “view”, “cart”, “buy”, and 1 did all of them: under "
        "30 users no rate is stated."
    )
    steps = [None, "buy"]
    assert users(log("ann 0 buy", "ann 1 view"), steps, order="unordered") == [1, 1]


def test_only_the_first_attempt_counts_if_asked():
    events = log("ann 0 view", "ann 20 view", "ann 21 buy")
    assert users(events, ["view", "buy"]) == [1, 1]
    assert users(events, ["view", "buy"], attempt="first") == [1, 0]


def test_ties_may_be_no_order():
    events = log("ann 0 buy", "ann 0 view", "bob 0 view", "bob 1 buy")
    assert users(events, ["view", "buy"]) == [2, 2]
    assert users(events, ["view", "buy"], ties="strict") == [2, 1]


def test_an_excluded_event_removes_the_user_who_is_counted():
    events = log(
        *("ann 0 view", "ann 1 refund", "ann 2 buy"),
        *("bob 0 view", "bob 2 buy", "bob 3 refund"),
        *("cy 0 view", "cy 8 refund"),
    )
    result = ops.funnel(events, steps=["view", "buy"], exclude=["refund"])
    assert result.table["users"].tolist() == [2, 1]
    assert result.users(0).tolist() == ["bob", "cy"]
    (note,) = [note for note in result.warnings if note.code == "funnel.removed"]
    assert note.text() == (
        "1 user (33.3%) is left out of every step, because an excluded event came "
        "between."
    )
    assert "有 1 名用户（33.3%）因中途出现了排除事件" in note.text("zh_CN")


def test_or_it_ends_the_attempt():
    events = log("ann 0 view", "ann 1 refund", "ann 2 buy", "bob 0 view", "bob 2 buy")
    options = {"exclude": ["refund"], "exclude_effect": "end_attempt"}
    assert users(events, ["view", "buy"], **options) == [2, 1]


def test_a_clean_attempt_as_deep_keeps_the_user():
    events = log("ann 0 view", "ann 1 refund", "ann 2 buy", "ann 3 view", "ann 4 buy")
    assert users(events, ["view", "buy"], exclude=["refund"]) == [1, 1]


def test_an_exclusion_after_the_event_that_breaks_an_attempt_does_not_matter():
    events = log("ann 0 view", "ann 1 cart", "ann 2 help", "zed 9 buy")
    options = {"order": "strict", "exclude": ["help"]}
    assert users(events, ["view", "buy"], **options) == [1, 0]
    assert users(events, ["view", "buy"], exclude=["help"]) == [0, 0]


def test_an_exclusion_counts_between_its_steps_only():
    events = log("ann 0 view", "ann 1 help", "ann 2 cart", "ann 3 buy")
    steps = ["view", "cart", "buy"]
    assert users(events, steps, exclude=[Exclude("help", after=1, before=2)]) == [
        1,
        1,
        1,
    ]
    late = [{"event": "help", "after": 0, "before": 2}]
    assert users(events, steps, exclude=late) == [0, 0, 0]


def crowd(group, buyers, of, day=0):
    views = [f"{group}-{i} {day} view {group}" for i in range(of)]
    return views + [f"{group}-{i} {day + 1} buy {group}" for i in range(buyers)]


def test_groups_are_compared_with_the_baseline():
    events = log(
        *(*crowd(1, 50, 100), *crowd(2, 80, 100), *crowd(3, 55, 100), *crowd(4, 9, 10)),
        until="2026-03-31",
    )
    result = ops.funnel(events, steps=["view", "buy"], by="x", baseline="1")
    compared = result.comparison.set_index("group")
    assert compared.loc["2", "difference"] == pytest.approx(0.3)
    assert compared.loc["2", "p_adjusted"] == compared.loc["2", "p_value"] * 2
    assert compared.loc["3", "p_adjusted"] > 0.05
    assert compared.loc["4"].isna()[["difference", "p_value", "p_adjusted"]].all()
    assert result.describe().endswith(
        "Different from “1” beyond chance (5% level, Holm over all groups): “2”."
    )
    assert result.warnings[-1].text() == (
        "Not compared, because either group has fewer than 30 users whose window is "
        "over: “4”."
    )
    small = ops.funnel(events, steps=["view", "buy"], by="x", baseline="4")
    assert small.describe("zh_CN").endswith(
        "没有可以与「4」比较的分组：双方窗口期已满的用户都须达到 30 名。"
    )


def test_only_windows_that_are_over_are_compared():
    events = log(*crowd(1, 50, 100), *crowd(2, 0, 100, day=6), until="2026-03-09")
    result = ops.funnel(events, steps=["view", "buy"], by="x", baseline="1")
    assert result.comparison["n"].tolist() == [0]
    assert result.comparison["p_value"].isna().all()


def test_missing_zero_and_empty_text_are_three_groups():
    rows = pd.DataFrame(
        {
            "user": list("abcd"),
            "event": "view",
            "time": START,
            "x": [None, "0", "", "0"],
        }
    )
    rows = pd.concat([rows, rows.assign(event="buy")])
    result = ops.funnel(rows, steps=["view", "buy"], by="x")
    groups = result.table["group"].tolist()[::2]
    assert groups[0] == "0"
    assert {None if pd.isna(group) else group for group in groups} == {"0", "", None}
    every = ops.funnel(rows, steps=["view", "buy"], by="x", attribution="all_events")
    pd.testing.assert_frame_equal(
        result.table.sort_values(["group", "step"], ignore_index=True),
        every.table.sort_values(["group", "step"], ignore_index=True),
    )


@pytest.mark.parametrize("attribution", ["first_touch", "all_events"])
@pytest.mark.parametrize(
    "nobody", [{"dates": ("2027-01-01", "2027-01-02")}, {"where": [["x", "==", 9]]}]
)
def test_nobody_has_no_group(attribution, nobody):
    events = log("ann 0 view 1", "ann 1 buy 1")
    result = ops.funnel(
        events, steps=["view", "buy"], by="x", attribution=attribution, **nobody
    )
    assert result.describe().startswith("Nobody did “view”")
    assert result.chart("zh_CN").to_dict()["description"]
    assert result.users(0).empty
    assert result.over_time("day").empty
    assert result.times().empty
    assert result.over_time_chart("en", "day").to_dict()
    assert result.times_chart("zh_CN").to_dict()


def test_conversion_over_time_is_by_the_day_of_entry_raw_and_matured():
    events = log(
        *("ann 0 view", "ann 1 buy", "bob 0 view", "cy 2 view", "cy 3 buy"),
        until="2026-03-08T00:00",
    )
    trend = ops.funnel(events, steps=["view", "buy"]).over_time("day")
    assert trend["period"].dt.day.tolist() == [1, 2, 3]
    assert trend["users"].tolist() == [2, 0, 1]
    assert trend["converted"].tolist() == [1, 0, 1]
    assert trend["matured_users"].tolist() == [2, 0, 0]
    assert trend["share"].tolist()[::2] == [0.5, 1.0]
    assert trend["matured_share"].isna().tolist() == [False, True, True]


def test_days_of_a_zone_that_changes_its_clock_are_its_own():
    times = ["2026-03-28T23:30Z", "2026-03-29T21:30Z", "2026-03-29T22:30Z"]
    rows = pd.DataFrame({"user": list("abc"), "event": "view"})
    rows["time"] = pd.to_datetime(times)
    rows = pd.concat([rows, rows.assign(event="buy")])
    events = EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone="Europe/Berlin"
    )
    trend = ops.funnel(events, steps=["view", "buy"]).over_time("day")
    assert trend["period"].dt.day.tolist() == [29, 30]
    assert trend["users"].tolist() == [2, 1]


MANY = [
    *(*crowd(1, 50, 100), *crowd(2, 20, 40, day=1), *crowd(3, 9, 29, day=1)),
    *(f"none-{i} 0 view" for i in range(30)),
]


def test_conversion_over_time_and_times_are_given_by_group():
    result = ops.funnel(log(*MANY, until="2026-03-31"), steps=["view", "buy"], by="x")
    trend = result.over_time("day")
    assert trend.columns[:3].tolist() == ["group", "period", "users"]
    assert trend["group"].tolist() == ["1", "1", "2", "2", None, None, "3", "3"]
    assert trend["users"].tolist() == [100, 0, 0, 40, 30, 0, 0, 29]
    assert trend["converted"].tolist() == [50, 0, 0, 20, 0, 0, 0, 9]
    low, high = wilson(20, 40)
    assert trend.loc[3, ["share", "low", "high"]].tolist() == [0.5, low, high]
    assert trend.loc[3, ["matured_users", "matured_share"]].tolist() == [40, 0.5]
    times = result.times()
    assert times.columns.tolist() == [
        "group", "from_seconds", "to_seconds", "users", "share"
    ]  # fmt: skip
    one = times[times["from_seconds"] == 86_400].reset_index(drop=True)
    assert one["group"].tolist() == ["1", "2", None, "3"]
    assert one["users"].tolist() == [50, 20, 0, 9]
    assert one["share"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("lang", "missing", "left"),
    [
        (
            "en",
            "(missing)",
            "Shares of fewer than 30 users are not drawn;",
        ),
        ("zh_CN", "（缺失）", "不足 30 人的点未画出"),
    ],
)
def test_views_of_groups_draw_those_of_enough_users_and_say_so(lang, missing, left):
    result = ops.funnel(log(*MANY, until="2026-03-31"), steps=["view", "buy"], by="x")
    chart = result.over_time_chart(lang, "day").to_dict()
    assert names_of(chart) == ["1", "2", missing]
    assert left in " ".join(chart["title"])
    rows = [row for part in chart["datasets"].values() for row in part]
    # Where nobody entered the line has a gap: it does not lead over it.
    assert [row["c3"] for row in rows] == [0.5, None, None, 0.5, 0, None]
    # Of 50, 20, 9 and nobody who got there, only the first are enough.
    assert names_of(result.times_chart(lang).to_dict()) == ["1"]
    crowds = [line for place in range(10) for line in crowd(place, 40, 40)]
    many = log(*crowds, until="2026-03-31")
    many = ops.funnel(many, steps=["view", "buy"], by="x")
    for chart in (many.over_time_chart(lang, "day"), many.times_chart(lang)):
        assert len(names_of(chart.to_dict())) == 8
        assert "10" in chart.to_dict()["title"][0]
        assert export(chart, "svg").startswith(b"<svg")


@pytest.mark.parametrize(
    ("lang", "line", "words"),
    [
        ("en", "Thick lines: the period before.", "all groups together"),
        ("zh_CN", "粗线为上一周期。", "全部分组合计"),
    ],
)
def test_the_period_before_is_a_line_across_the_bars_of_each_group(lang, line, words):
    early = [*crowd(1, 50, 100), *crowd(2, 20, 80), "none-1 0 view"]
    late = [*crowd(1, 90, 100, day=5), *crowd(2, 60, 80, day=5), "none-2 5 view"]
    late += crowd(3, 30, 40, day=5)
    late = [one.replace("-", "-late-") for one in late]
    result = ops.funnel(
        log(*early, *late, until="2026-03-31"),
        steps=["view", "buy"],
        by="x",
        dates=("2026-03-04", "2026-03-06"),
        compare="previous",
    )
    assert result.previous.table["group"].tolist()[::2] == ["1", "2", None]
    assert words in result.warnings[-1].text(lang)
    chart = result.chart(lang)
    assert line in chart.to_dict()["title"]
    (rows,) = chart.to_dict()["datasets"].values()
    drawn = {(row["c1"], row["c0"][0]): row["c7"] for row in rows if row["c7"]}
    assert drawn == {("1", "2"): 0.5, ("2", "2"): 0.25}
    assert export(chart, "svg").startswith(b"<svg")
    alone = ops.funnel(log(*early), steps=["view", "buy"], by="x").chart(lang)
    assert "title" not in alone.to_dict()


def names_of(chart):
    parts = chart.get("layer", [chart])
    (scale,) = {str(part["encoding"]["color"]["scale"]["domain"]) for part in parts}
    return ast.literal_eval(scale)


def test_times_are_binned_by_the_cube_root_of_the_users():
    lines = [f"u{i} 0 view" for i in range(27)]
    lines += [f"u{i} {(10 + i) / 86_400} buy" for i in range(27)]
    times = ops.funnel(log(*lines), steps=["view", "buy"]).times()
    # 3 bins of ceil(26 / 3) seconds from 10 on: 10-18, 19-27, 28-36.
    assert times["from_seconds"].tolist() == [10, 19, 28]
    assert times["to_seconds"].tolist() == [19, 28, 37]
    assert times["users"].tolist() == [9, 9, 9]
    assert times["share"].sum() == pytest.approx(1)
    same = ops.funnel(log("a 0 view", "a 1 buy"), steps=["view", "buy"]).times(1)
    assert same[["from_seconds", "users"]].to_numpy().tolist() == [[86_400, 1]]


def test_charts_show_the_views_without_a_name_of_the_file():
    events = log(*crowd(1, 50, 100), *crowd(2, 20, 40, day=3), until="2026-03-31")
    result = ops.funnel(events, steps=["view", "buy"])
    for chart in (result.over_time_chart("en", "day"), result.times_chart("zh_CN")):
        spec = chart.to_dict()
        assert spec["description"] in {result.describe(), result.describe("zh_CN")}
        fields = {
            key for rows in spec["datasets"].values() for row in rows for key in row
        }
        assert fields <= {f"c{i}" for i in range(9)}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": ["view", {"event": "by"}]}, "steps names the event “by”"),
        ({"steps": ["view", []]}, "steps needs the name of an event, a list of names"),
        ({"steps": ["view", 5]}, "steps needs the name of an event.*got “5”"),
        (
            {"steps": ["view", {"evnt": "buy"}]},
            "steps has an entry with “evnt”; it can",
        ),
        ({"steps": ["view", {"where": []}]}, "steps has an entry without “event”"),
        ({"steps": ["view", {"event": "buy", "where": "x"}]}, "condition"),
        ({"steps": ["view", Step("buy", where=[["y", "==", 1]])]}, "column “y”"),
        ({"steps": ["view", Step("buy", optional=True)]}, "“buy” is the first or last"),
        ({"steps": ["view", Step("buy", occurrence="last")]}, "occurrence cannot be"),
        ({"steps": ["view", Step("buy", optional="yes")]}, "optional cannot be “yes”"),
        ({"order": "random"}, "order cannot be “random”; choose from “ordered”"),
        ({"attempt": "best"}, "attempt cannot be “best”"),
        ({"ties": "none"}, "ties cannot be “none”"),
        ({"exclude_effect": "warn"}, "exclude_effect cannot be “warn”"),
        ({"exclude": "help"}, "exclude must be a list of at most 20 events"),
        ({"exclude": ["halp"]}, "exclude names the event “halp”"),
        (
            {"exclude": [Exclude("help", after=1, before=1)]},
            "by their positions from 0 to 1; got after “1” and before “1”",
        ),
        ({"exclude": [{"event": "help", "before": 2}]}, "before “2”"),
        (
            {
                "steps": ["view", Step("help", optional=True), "buy"],
                "exclude": [Exclude("help", after=0, before=1)],
            },
            "cannot begin or end at “help”, which is optional",
        ),
        ({"exclude": ["help"], "order": "unordered"}, "exclude has no meaning when"),
        ({"by": "x", "attribution": "middle"}, "attribution cannot be “middle”"),
        ({"by": "x", "attribution": "step_2"}, "attribution cannot be “step_2”"),
        (
            {"by": "x", "attribution": "step_1", "order": "unordered"},
            "attribution=step_1 has no meaning when steps come in any order",
        ),
        ({"baseline": "1"}, "baseline is “1”, but there are no groups to compare"),
        ({"by": "x", "baseline": "9"}, "baseline cannot be “9”; choose from “1”"),
        (
            {"by": "x", "baseline": "1", "attribution": "all_events"},
            "Groups that share users cannot be tested",
        ),
    ],
)
def test_wrong_options_are_told_with_what_is_possible(options, sentence):
    events = log("ann 0 view 1", "ann 1 buy 1", "ann 2 help 1")
    with pytest.raises(Error, match=sentence) as error:
        ops.funnel(events, **{"steps": ["view", "buy"], **options})
    assert error.value.text("zh_CN")


def test_views_say_what_is_possible():
    result = ops.funnel(log("ann 0 view", "ann 1 buy"), steps=["view", "buy"])
    with pytest.raises(Error, match="period cannot be “year”"):
        result.over_time("year")
    with pytest.raises(Error, match="step_index must lie between 1 and 1, got “0”"):
        result.times(0)


def test_one_user_with_very_many_events_takes_no_square_of_them():
    n = 200_000
    rows = pd.DataFrame({"user": "bot", "event": np.resize(["view", "cart"], n)})
    rows["time"] = START
    rows.loc[n - 1] = ["bot", "buy", START + pd.Timedelta("30D")]
    for options in ({"order": "strict"}, {"order": "unordered"}, {"ties": "strict"}):
        result = ops.funnel(rows, steps=["view", "cart", "buy"], **options)
        assert result.table["users"].tolist()[0] == 1


def test_the_period_before_is_counted_in_the_same_way():
    events = log(
        *("zed -1 view", "ann 0 view", "ann 0.5 help", "ann 0.6 buy"),
        *("bob 1 view", "bob 1.5 buy"),
    )
    result = ops.funnel(
        events,
        steps=["view", "buy"],
        order="strict",
        dates=("2026-03-02", "2026-03-02"),
        compare="previous",
    )
    assert result.table["users"].tolist() == [1, 1]
    assert result.previous.table["users"].tolist() == [1, 0]
