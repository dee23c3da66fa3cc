"""Daily figures, worked by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from opslib.analyses.trend import trend
from opslib.charts import export
from opslib.result import Error
from opslib.words import LANGUAGES


def days(values, first="2026-03-02", **more):
    date = pd.date_range(first, periods=len(values), unit="us")
    return pd.DataFrame({"date": date, "sales": values, **more})


def codes(result):
    return [note.code.removeprefix("trend.") for note in result.warnings]


TWO_WEEKS = days([10, 10, 10, 10, 10, 20, 14, 11, 11, 11, 11, 11, 22, 16])
SECOND = ("2026-03-09", "2026-03-15")


def test_every_metric_has_a_row_a_day():
    table = trend(days([1, 2], visits=[3, 4])).table
    assert table["metric"].tolist() == ["sales", "sales", "visits", "visits"]
    assert table["value"].tolist() == [1, 2, 3, 4]
    assert table.columns.tolist() == ["date", "metric", "value"]


def test_days_are_put_in_order_and_text_dates_are_read():
    daily = pd.DataFrame({"date": ["2026-03-02", "2026-03-01"], "sales": [2, 1]})
    assert trend(daily).table["value"].tolist() == [1, 2]


def test_a_missing_day_is_a_gap_and_never_a_zero():
    result = trend(days([4, 5, 6]).drop(index=1))
    assert result.table["value"].isna().tolist() == [False, True, False]
    assert result.summary.loc[0, ["days", "missing", "mean"]].tolist() == [2, 1, 5.0]
    assert [note.text() for note in result.warnings] == [
        "One of 3 days lacks a value, Mar 3, 2026; it is a gap, not a zero."
    ]
    values = [row["c1"] for row in _rows(result.chart())]
    assert values == [4, None, 6]


def _rows(chart):
    spec = chart.to_dict()
    return [row for rows in spec["datasets"].values() for row in rows]


def test_days_asked_for_but_not_in_the_table_are_missing():
    result = trend(days([1, 2]), dates=("2026-03-02", "2026-03-05"))
    assert result.summary["missing"].tolist() == [2]
    assert "from Mar 4, 2026 to Mar 5, 2026" in result.warnings[0].text()


def test_dates_cut_both_ends_included():
    result = trend(TWO_WEEKS, dates=SECOND)
    assert result.table["value"].tolist() == [11, 11, 11, 11, 11, 22, 16]
    assert result.summary["total"].tolist() == [93]
    assert result.summary["best_date"].tolist() == [pd.Timestamp("2026-03-14")]


def test_the_period_before_has_equal_length_and_ends_the_day_before():
    result = trend(TWO_WEEKS, dates=SECOND, compare="previous")
    assert result.previous.table["value"].tolist() == [10, 10, 10, 10, 10, 20, 14]
    assert result.previous.table["date"].iloc[-1] == pd.Timestamp("2026-03-08")
    # 93 / 7 over 84 / 7
    assert result.summary["change"].iloc[0] == pytest.approx(93 / 84 - 1)
    assert codes(result) == []


def test_scatter_is_the_step_from_the_same_weekday_over_root_two():
    result = trend(TWO_WEEKS, dates=SECOND, compare="previous")
    # Steps of 1, 1, 1, 1, 1, 2, 2: mean square 13 / 7.
    scatter = np.sqrt(13 / 7 / 2) / (93 / 7)
    assert result.summary["scatter"].iloc[0] == pytest.approx(scatter)
    ordinary = 2 * np.sqrt(13 / 7 / 2) * np.sqrt(2 / 7) / (84 / 7)
    assert result.summary["ordinary"].iloc[0] == pytest.approx(ordinary)


def test_days_after_the_period_do_not_change_its_scatter():
    longer = pd.concat([TWO_WEEKS, days([500.0] * 7, first="2026-03-16")])
    then, now = (trend(table, dates=SECOND).summary for table in (longer, TWO_WEEKS))
    pd.testing.assert_frame_equal(then, now)


def test_the_sentence_tells_change_best_day_and_what_is_ordinary():
    result = trend(TWO_WEEKS, dates=SECOND, compare="previous")
    assert result.describe() == (
        "Mar 9, 2026 to Mar 15, 2026 (7 days): “sales” averages 13.3 a day, +10.7% on "
        "the 12 of the period before; highest 22 on Mar 14, 2026. That is more than "
        "the ordinary scatter of 8.6% either way."
    )


def test_a_small_change_may_be_chance():
    noisy = days([10, 14, 9, 13, 8, 12, 11, 13, 10, 12, 9, 14, 8, 12])
    text = trend(noisy, dates=SECOND, compare="previous").describe()
    assert "so this may be chance" in text


def test_under_two_weeks_nothing_is_said_about_chance():
    result = trend(days([5, 5, 6, 6]), dates=("2026-03-04", "2026-03-05"))
    assert np.isnan(result.summary["scatter"].iloc[0])
    assert "usually" not in result.describe()
    compared = trend(
        days([5, 5, 6, 6]), dates=("2026-03-04", "2026-03-05"), compare="previous"
    )
    assert "+20.0% on the 5" in compared.describe()
    assert "too few weeks" in compared.describe()


def test_periods_that_are_not_whole_weeks_are_warned_about():
    compared = trend(TWO_WEEKS, dates=("2026-03-12", "2026-03-15"), compare="previous")
    assert codes(compared) == ["weekdays"]
    assert compared.warnings[0].text().startswith("4 days are not whole weeks")


def test_missing_days_before_are_told_and_left_out_of_the_mean():
    result = trend(TWO_WEEKS.drop(index=[5]), dates=SECOND, compare="previous")
    assert codes(result) == ["missing_before"]
    assert result.summary["mean_before"].tolist() == [64 / 6]
    assert "one of 7 days lacks a value (Mar 7, 2026)" in result.warnings[0].text()


def test_without_a_period_before_there_is_no_comparison():
    result = trend(TWO_WEEKS, compare="previous")
    assert result.previous is None
    assert [note.code for note in result.warnings] == ["periods.nothing_before"]
    assert "period before" not in result.describe()
    gap = trend(
        TWO_WEEKS.drop(index=[5, 6]),
        dates=(TWO_WEEKS["date"].iloc[7], TWO_WEEKS["date"].iloc[8]),
        compare="previous",
    )
    assert gap.previous is None
    assert "there is nothing to compare with" in gap.warnings[0].text()


@pytest.mark.parametrize("name", ["value", "date_", "metric", "variable", 7])
def test_a_metric_may_have_any_name(name):
    table = trend(days([5, 7]).set_axis(["date", name], axis=1)).table
    assert table["metric"].unique().tolist() == [str(name)]
    assert table["value"].tolist() == [5, 7]


def test_two_columns_of_one_name_are_refused():
    twice = pd.concat([days([5, 7]), days([5, 7])], axis=1)
    with pytest.raises(Error, match="Two columns are called “date”"):
        trend(twice)


def test_a_mean_of_zero_before_gives_no_percentage():
    result = trend(
        days([0, 0, 3, 3]), dates=("2026-03-04", "2026-03-05"), compare="previous"
    )
    assert np.isnan(result.summary["change"].iloc[0])
    assert "averages 3 a day, highest" in result.describe()


def test_infinite_values_count_as_missing():
    result = trend(days([1.0, np.inf, 3.0]))
    assert result.summary.loc[0, ["days", "mean", "best"]].tolist() == [2, 2.0, 3.0]


def test_rows_without_a_date_are_counted():
    daily = days([1, 2]).astype({"date": "str"})
    daily.loc[2] = ["total", 3]
    result = trend(daily)
    assert result.table["value"].tolist() == [1, 2]
    assert result.warnings[0].text() == "One row has no readable date and is left out."


def test_only_numbers_are_taken_without_being_asked():
    daily = days([1, 2], note=["a", "b"], holiday=[True, False], visits=[1.5, 2.5])
    assert trend(daily).summary["metric"].tolist() == ["sales", "visits"]
    assert trend(daily, metrics="visits").summary["metric"].tolist() == ["visits"]


@pytest.mark.parametrize(
    ("daily", "options", "said"),
    [
        (days([1, 2], note=["a", "b"]), {"metrics": "note"}, "“note” is not a number"),
        (days([1, 2]), {"metrics": ["gmv"]}, "the column “gmv”, .* it has “sales”"),
        (days([1, 2]), {"metrics": []}, "metrics is missing"),
        (days(["a", "b"]), {}, "no column of numbers beside the date"),
        (
            days([1]).rename(columns={"date": "day"}),
            {},
            "needs the column “date”; .*day",
        ),
        (days([1, 2]).assign(date="soon"), {}, "holds no readable date; it begins"),
        (days([1, 2]).assign(date="2026-03-01"), {}, "Mar 1, 2026 stands in 2 rows"),
        (days([1, 2]), {"compare": "year"}, "compare cannot be “year”"),
        (days([1, 2]), {"dates": ("2026-03-05", "2026-03-01")}, "2026"),
        (days([1, 2]), {"dates": ("soon", "2026-03-01")}, "soon"),
        (
            days([1, 2]),
            {"dates": ("2025-01-01", "2025-01-31")},
            "No day from Jan 1, 2025 .* the data run from Mar 2, 2026 to Mar 3, 2026",
        ),
    ],
)
def test_mistakes_are_named(daily, options, said):
    with pytest.raises(Error, match=said) as caught:
        trend(daily, **options)
    assert caught.value.text("zh_CN")


def test_the_input_is_left_alone():
    before = TWO_WEEKS.copy()
    trend(TWO_WEEKS, dates=SECOND, compare="previous").chart()
    pd.testing.assert_frame_equal(TWO_WEEKS, before)


def test_the_period_before_is_drawn_dashed_on_the_same_days():
    spec = trend(TWO_WEEKS, dates=SECOND, compare="previous").chart().to_dict()
    assert [bool(layer["mark"].get("strokeDash")) for layer in spec["layer"]] == [
        True,
        False,
    ]
    rows = json.loads(json.dumps(list(spec["datasets"].values())))
    assert [row["c2"] for row in rows[0]] == [row["c2"] for row in rows[1]]
    assert rows[0][0]["c0"] != rows[1][0]["c0"]


def test_several_metrics_are_drawn_one_below_the_other_within_the_marks_allowed():
    many = days(range(700), **{f"m{i}": range(700) for i in range(9)})
    chart = trend(many).chart()
    assert len(chart.to_dict()["vconcat"]) == 8
    assert len(_rows(chart)) <= 5000
    assert "latest" in chart.to_dict()["vconcat"][0]["title"]
    assert "7 more metrics" in trend(many).describe()


def channels(n=14, **more):
    """Channel a has 10 a day, b the 3 of a Monday to the 9 of a Sunday."""
    date = pd.date_range("2026-03-02", periods=n, unit="us").repeat(2)
    visits = np.where(np.arange(2 * n) % 2, date.day_of_week + 3, 10)
    names = ["a", "b"] * n
    return pd.DataFrame({"date": date, "channel": names, "visits": visits, **more})


def test_every_group_has_a_row_a_day_and_a_line_of_its_own():
    result = trend(channels(), by="channel")
    assert result.table.columns.tolist() == ["group", "date", "metric", "value"]
    assert result.summary["group"].tolist() == ["a", "b"]
    assert result.summary["total"].tolist() == [140, 84]
    assert result.table.groupby("group")["value"].sum().tolist() == [140, 84]
    spec = result.chart().to_dict()
    (line,) = spec["layer"]
    assert line["encoding"]["color"]["scale"]["domain"] == ["a", "b"]
    whole = trend(channels())
    assert whole.table["value"].tolist() == [10 + d % 7 + 3 for d in range(14)]


def test_groups_are_compared_with_their_own_period_before():
    daily = channels(28)
    daily.loc[
        (daily["channel"] == "b") & (daily["date"] >= "2026-03-16"), "visits"
    ] *= 2
    result = trend(
        daily, by="channel", dates=("2026-03-16", "2026-03-29"), compare="previous"
    )
    changes = dict(zip(result.summary["group"], result.summary["change"], strict=True))
    assert changes == {"a": 0, "b": 1}
    assert "“visits” of “b” averages 12 a day, +100% on the 6" in result.describe()
    solid, dashed = sorted(
        result.chart().to_dict()["layer"], key=lambda one: "strokeDash" in one["mark"]
    )
    assert "strokeDash" in dashed["mark"]
    assert "strokeDash" not in solid["mark"]
    assert result.chart().to_dict()["title"] == "Dashed: the period before."
    for layer in result.chart("zh_CN").to_dict()["layer"]:
        assert layer["encoding"]["color"]["title"] == "分组"
    # The line of a group lies over the same days as its line of before.
    rows = [
        row
        for part in result.chart().to_dict()["datasets"].values()
        for row in part
        if row["c4"] == "b"
    ]
    assert len({row["c2"] for row in rows}) == 14


def test_only_the_largest_groups_are_drawn_within_the_marks_allowed():
    days_of = pd.date_range("2025-01-01", periods=300, unit="us")
    daily = pd.DataFrame(
        {
            "date": days_of.repeat(12),
            "sku": [f"s{i:02}" for i in range(12)] * 300,
            "n": list(range(12)) * 300,
            "m": 1,
        }
    )
    chart = trend(daily, by="sku").chart().to_dict()
    shown = {row["c4"] for rows in chart["datasets"].values() for row in rows}
    assert shown == {f"s{i:02}" for i in range(4, 12)}
    (line,) = chart["vconcat"][0]["layer"]
    assert line["encoding"]["color"]["scale"]["domain"] == sorted(shown, reverse=True)
    assert sum(map(len, chart["datasets"].values())) <= 5000
    told = " ".join(chart["vconcat"][0]["title"])
    assert "8 of 12 groups are drawn" in told
    assert "latest" in told
    assert "21 more lines are in the table" in trend(daily, by="sku").describe()


def test_a_group_without_a_value_on_a_day_is_a_gap():
    result = trend(channels(3).drop(index=[3]), by="channel")
    (note,) = result.warnings
    assert note.text() == (
        "On one of 3 days, Mar 3, 2026, some group lacks a value; it is a gap, not a "
        "zero."
    )
    assert result.table["value"].isna().sum() == 1


def test_tables_by_month_are_told_by_month_and_not_compared():
    date = pd.date_range("2025-01-01", periods=6, freq="MS", unit="us")
    daily = pd.DataFrame({"date": date, "sales": [1, 2, 3, 4, 5, 6]}).drop(index=2)
    result = trend(daily, compare="previous", dates=("2025-02-01", "2025-06-30"))
    assert result.describe().startswith(
        "The 5 months from Feb 1, 2025 to Jun 1, 2025: “sales” averages 4.25 a month"
    )
    assert "月均 4.25" in result.describe("zh_CN")
    assert codes(result) == ["missing_periods", "no_compare"]
    assert result.table["date"].dt.month.tolist() == [2, 3, 4, 5, 6]
    assert result.previous is None


def test_tables_by_week_are_told_by_week():
    date = pd.date_range("2026-03-02", periods=5, freq="7D", unit="us")
    result = trend(pd.DataFrame({"date": date, "sales": range(5)}))
    assert len(result.table) == 5
    assert "The 5 weeks from Mar 2, 2026 to Mar 30, 2026" in result.describe()
    assert "averages 2 a week" in result.describe()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_groups_are_said_and_drawn_in_both_languages(lang):
    hostile = channels(21, **{'a"];b.c[0]': 1.0})
    hostile["channel"] = hostile["channel"].replace({"a": "constructor", "b": "{x}"})
    hostile = hostile.drop(index=[5, 40])
    for compare, dates in ((None, None), ("previous", ("2026-03-16", "2026-03-22"))):
        result = trend(hostile, by="channel", dates=dates, compare=compare)
        said = [result.describe(lang), *(note.text(lang) for note in result.warnings)]
        assert all("nan" not in text.lower() for text in said)
        fields = [
            c["field"] for c in _walk(result.chart(lang).to_dict()) if "field" in c
        ]
        assert set(fields) <= {"c0", "c1", "c2", "c3", "c4"}
    assert export(result.chart(lang), "svg").startswith(b"<svg")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_is_said_and_drawn_in_both_languages(lang):
    hostile = TWO_WEEKS.rename(columns={"sales": "constructor"})
    hostile = hostile.assign(**{'a"];b.c[0]': 1.0, "empty": np.nan}).drop(index=[2, 9])
    hostile.loc[20] = [pd.NaT, 1, 1.0, 1.0]
    for compare, dates in ((None, None), ("previous", SECOND), ("previous", None)):
        result = trend(hostile, dates=dates, compare=compare)
        said = [result.describe(lang), *(note.text(lang) for note in result.warnings)]
        assert all("{" not in text and "nan" not in text.lower() for text in said)
        fields = [
            c["field"] for c in _walk(result.chart(lang).to_dict()) if "field" in c
        ]
        assert set(fields) <= {"c0", "c1", "c2", "c3"}
    assert export(result.chart(lang), "svg").startswith(b"<svg")


def _walk(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _walk(inner)
