"""Daily figures that leave their course when a campaign begins."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import opslib as ops
from opslib.charts import export
from opslib.result import Error
from opslib.stats import autoregression

START = "2026-04-20"
BEGUN = pd.Timestamp(START)


def figures(days=70, effect=15.0, seed=1, start=START):
    """Orders with a trend and weekdays, in one column."""
    random = np.random.default_rng(seed)
    date = pd.date_range("2026-03-01", periods=days)
    value = 100 + 0.3 * np.arange(days) + 12 * (date.day_of_week > 4)
    value = value + random.normal(0, 5, days) + effect * (date >= pd.Timestamp(start))
    return pd.DataFrame({"date": date, "orders": value.round()})


def cities(seed=1, effect=15.0):
    """Two cities, one three times as large, that go up and down together."""
    random = np.random.default_rng(seed)
    date = pd.date_range("2026-03-01", periods=70)
    wave = 100 + 12 * np.sin(np.arange(70) / 9)
    had = wave + random.normal(0, 4, 70) + effect * (date >= BEGUN)
    rows = {"Xi'an": had, "Beijing": 3 * wave + random.normal(0, 8, 70)}
    return pd.concat(
        pd.DataFrame({"date": date, "group": name, "orders": value.round()})
        for name, value in rows.items()
    )


def found(daily=None, **options):
    daily = figures() if daily is None else daily
    return ops.interrupted(daily, **{"metric": "orders", "start": START} | options)


def codes(result):
    return [note.code for note in result.warnings]


def test_without_correlation_it_is_the_forecast_of_least_squares(monkeypatch):
    monkeypatch.setattr(autoregression, "RHO", np.array([0.0]))
    daily = figures()
    result = found(daily)
    day = np.arange(70)
    x = np.column_stack(
        [np.ones(70), day, *(day % 7 == i for i in range(1, 7))]
    ).astype(float)
    early = daily["date"] < BEGUN
    fit = sm.OLS(daily["orders"][early].to_numpy(), x[early]).fit()
    told = fit.get_prediction(x[~early]).summary_frame(alpha=0.05)
    days = result.days[result.days["during"]]
    assert days["expected"].to_numpy() == pytest.approx(told["mean"].to_numpy())
    assert days["low"].to_numpy() == pytest.approx(told["obs_ci_lower"].to_numpy())
    assert days["high"].to_numpy() == pytest.approx(told["obs_ci_upper"].to_numpy())
    row = result.table.iloc[0]
    assert row["total"] == pytest.approx(
        (daily["orders"][~early].to_numpy() - told["mean"]).sum()
    )
    # A dummy per day of the campaign in one regression gives the same differences.
    each = np.column_stack([x, np.eye(70)[:, 50:]])
    whole = sm.OLS(daily["orders"].to_numpy(), each).fit()
    assert days["difference"].to_numpy() == pytest.approx(whole.params[8:])


def test_the_effect_is_found_and_stated_with_its_assumption():
    result = found()
    row = result.table.iloc[0]
    assert row["difference_low"] < 15 < row["difference_high"]
    assert row["total"] == pytest.approx(20 * row["difference"])
    assert row["lift"] == pytest.approx(row["actual"] / row["expected"] - 1)
    said = result.describe()
    assert said.startswith("From Apr 20, 2026 to May 9, 2026 “orders” averaged ")
    assert "from the 50 days before" in said
    assert "The usual scatter of days does not explain it." in said
    assert said.endswith(
        "Assumption, not proof: that without the campaign the course of before would "
        "have gone on, and that nothing else began at the same time."
    )
    assert result.describe("zh_CN").endswith(
        "这是假设，不是证明：若没有活动，原来的走势会延续，且没有其他事情同时发生。"
    )
    (beside,) = result.details()
    assert beside.startswith("The lift on what was to be expected is +")
    assert beside.endswith(
        "Of 17 stretches of the same length before it, with nothing begun, none shows "
        "so large a difference."
    )
    assert "没有一个出现这么大的差异" in result.details("zh_CN")[0]
    assert result.warnings == ()


def test_nothing_is_found_where_nothing_was():
    result = found(figures(effect=0))
    row = result.table.iloc[0]
    assert row["p_value"] > 0.05
    assert row["lift_low"] < 0 < row["lift_high"]
    assert "The usual scatter of days can explain it." in result.describe()


def test_days_add_up_to_the_row():
    result = found()
    row, days = result.table.iloc[0], result.days[result.days["during"]]
    assert days["cumulative"].iloc[-1] == pytest.approx(row["total"])
    assert days["cumulative_low"].iloc[-1] == pytest.approx(row["total_low"])
    assert days["difference"].sum() == pytest.approx(row["total"])
    assert days["actual"].mean() == pytest.approx(row["actual"])
    assert days["expected"].mean() == pytest.approx(row["expected"])
    before = result.days[~result.days["during"]]
    assert before["low"].isna().all()
    assert before["difference"].mean() == pytest.approx(0, abs=0.5)


def test_placebos_are_the_same_analysis_at_starts_that_were_none():
    daily = figures(effect=4)
    row = found(daily).table.iloc[0]
    early = daily[daily["date"] < BEGUN]
    large = []
    for i in range(14, 50 - 20 + 1):
        window = early.iloc[: i + 20]
        one = found(window, start=str(window["date"].iloc[i].date())).table
        large.append(abs(one["difference"][0]) >= abs(row["difference"]))
    assert row["placebos"] == len(large)
    assert row["placebo_share"] == pytest.approx(np.mean(large))
    assert 0 < row["placebo_share"] < 1
    assert (
        f"{row['placebo_share']:.1%} show so large a difference."
        in (found(daily).details()[0])
    )


def test_too_short_a_time_before_has_no_placebos_and_says_so():
    result = found(start="2026-03-25", end="2026-04-20")
    assert result.table["placebos"][0] == 0
    assert "too short to see how often" in result.details()[0]
    assert codes(result) == ["interrupted.late", "interrupted.far", "interrupted.few"]


def test_missing_days_are_left_open_and_counted():
    daily = figures().astype({"orders": float})
    whole = found(daily).table.iloc[0]
    gone = daily["date"].isin(pd.to_datetime(["2026-03-10", "2026-04-25"]))
    daily.loc[gone, "orders"] = np.nan
    result = found(daily.drop(index=3))
    row = result.table.iloc[0]
    assert (row["days_before"], row["days"], row["missing"]) == (48, 19, 3)
    assert row["difference"] == pytest.approx(whole["difference"], abs=2)
    assert "3 days without a value" in result.warnings[0].text()
    shown = result.days.set_index("date")
    assert shown.loc["2026-04-25", ["actual", "cumulative"]].isna().all()


def test_a_weekday_never_seen_before_is_left_open():
    daily = figures()
    sundays = (daily["date"].dt.day_of_week == 6) & (daily["date"] < BEGUN)
    row = found(daily[~sundays]).table.iloc[0]
    # Two Sundays of the campaign; the table begins with a Monday now.
    assert row["days"] == 18
    assert row["missing"] == int(sundays.sum()) - 1 + 2


def test_a_comparison_takes_off_what_both_have():
    alone, beside = found(cities(), group="Xi'an"), found(cities(), control="Beijing")
    width = [
        row["difference_high"] - row["difference_low"]
        for row in (alone.table.iloc[0], beside.table.iloc[0])
    ]
    assert width[1] < width[0] / 2
    row = beside.table.iloc[0]
    assert row["difference_low"] < 15 < row["difference_high"]
    assert "kept its course beside “Beijing”" in beside.describe()
    assert "该指标与「Beijing」的相对走势会延续" in beside.describe("zh_CN")
    actual = cities().query("group != 'Beijing' and date >= @BEGUN")["orders"].mean()
    assert row["actual"] == pytest.approx(actual)


def test_a_comparison_of_another_size_gives_the_same():
    """Brought to the same mean before, its size does not matter."""
    daily = cities()
    large = daily.assign(
        orders=daily["orders"].where(daily["group"] != "Beijing", daily["orders"] * 7)
    )
    one, other = (found(rows, control="Beijing").table for rows in (daily, large))
    pd.testing.assert_frame_equal(one, other)


def test_several_starts_are_analysed_one_by_one_until_the_next():
    daily = figures(days=90, effect=0).assign(
        orders=lambda rows: (
            rows["orders"]
            + 20 * (rows["date"] >= "2026-04-01")
            + 20 * (rows["date"] >= BEGUN)
        )
    )
    result = found(daily, start=[START, "2026-04-01"])
    table = result.table
    assert table["start"].tolist() == [pd.Timestamp("2026-04-01"), BEGUN]
    assert table["end"][0] == pd.Timestamp("2026-04-19")
    assert table["days_before"].tolist() == [31, 19]
    first = found(daily, start="2026-04-01", end="2026-04-19").table
    assert table["total_low"][0] == pytest.approx(first["total_low"][0])
    second = found(daily, before="2026-04-01").table
    assert table["total_low"][1] == pytest.approx(second["total_low"][0])
    assert "2 starts: the days of each until the next" in result.warnings[-1].text()
    assert result.describe().count("averaged") == 2
    assert export(result.chart(), "svg")


def test_shares_have_no_total():
    daily = figures().assign(rate=lambda rows: rows["orders"] / 1000)
    result = found(daily, metric="rate")
    assert result.table["total"].isna().all()
    assert np.isfinite(result.table["difference_low"][0])
    assert result.cumulative_chart() is None
    assert "in total" not in result.describe()
    assert codes(result) == ["interrupted.no_total"]


def test_below_0_there_is_no_lift():
    daily = figures().assign(orders=lambda rows: rows["orders"] - 200)
    result = found(daily)
    assert result.table["lift"].isna().all()
    assert "interrupted.no_lift" in codes(result)


def test_the_season_can_be_left_out():
    flat, week = found(season="none").table, found().table
    assert flat["difference_high"][0] > week["difference_high"][0]


@pytest.mark.parametrize("when", ["2026-03-14", "2026-05-08"])
def test_too_few_days_are_refused(when):
    with pytest.raises(Error, match="at least 14 and 3 are needed") as error:
        found(start=when)
    assert "分别至少需要 14 天和 3 天" in error.value.text("zh_CN")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": "soon"}, "start must be a day such as 2026-03-01"),
        ({"start": []}, "start is missing"),
        ({"start": "2027-01-01"}, "within the data, Mar 1, 2026 to May 9, 2026"),
        ({"end": "2026-04-01"}, "to Apr 1, 2026"),
        ({"season": "year"}, "season cannot be “year”"),
        ({"control": "Rome"}, "control cannot be “Rome”"),
        ({"group": "Beijing", "control": "Beijing"}, "cannot both have had"),
        ({"control": "Beijing", "by": "city"}, "the column “city”"),
        ({"metric": "profit"}, "the column “profit”"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, words):
    with pytest.raises(Error, match=words):
        found(cities(), **options)


def test_weeks_months_and_figures_without_scatter_are_refused():
    date = pd.date_range("2025-01-06", periods=60, freq="7D")
    weekly = pd.DataFrame({"date": date, "orders": range(60)})
    with pytest.raises(Error, match="a row per week"):
        found(weekly, start="2025-12-01")
    months = pd.date_range("2022-01-01", periods=50, freq="MS")
    with pytest.raises(Error, match="a row per month"):
        found(weekly.head(50).assign(date=months), start="2025-12-01")
    with pytest.raises(Error, match="do not vary beyond a straight line"):
        found(figures().assign(orders=range(70)))


def test_a_comparison_that_is_0_has_no_level():
    daily = cities()
    daily.loc[daily["group"] == "Beijing", "orders"] = 0
    with pytest.raises(Error, match="both means before the start are above 0"):
        found(daily, control="Beijing")


def test_the_demo_shops_festival_shows_on_its_daily_figures():
    """Of 520, 18 to 20 May, when users are up to twice as active."""
    result = ops.interrupted(
        ops.demo().daily, metric="active_users", start="2026-05-18", end="2026-05-20"
    )
    row = result.table.iloc[0]
    assert row["days"] == 3
    assert row["lift_low"] > 0.5
    assert row["placebo_share"] == 0


def test_the_charts_are_drawn_in_both_languages():
    result = found()
    for lang in ("en", "zh_CN"):
        assert export(result.chart(lang), "svg")
        assert export(result.cumulative_chart(lang), "svg")


def test_the_table_is_left_as_it_was():
    daily = cities()
    before = daily.copy(deep=True)
    found(daily, control="Beijing")
    pd.testing.assert_frame_equal(daily, before)
