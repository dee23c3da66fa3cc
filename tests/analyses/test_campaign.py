"""Campaigns that nobody drew lots for, compared with units without."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import opslib as ops
from opslib.charts import export
from opslib.result import Error

START = "2026-04-06"
BEGUN = pd.Timestamp(START)


def shops(
    n=(14, 14), days=56, effect=6.0, drift=0.0, seed=0, start=START, names=("A", "B")
):
    """Shops with levels and weekdays, whose days resemble each other."""
    random = np.random.default_rng(seed)
    dates = pd.date_range("2026-03-02", periods=days)
    group = np.repeat(names, n)
    had = group == names[1]
    units = len(group)
    noise = random.normal(0, 3, (units, days))
    for i in range(1, days):
        noise[:, i] += 0.5 * noise[:, i - 1]
    weekend = 4.0 * (dates.day_of_week > 4)
    value = random.normal(100, 15, units)[:, None] + weekend + noise
    value += effect * np.outer(had, dates >= pd.Timestamp(start))
    value += drift * np.outer(had, np.arange(days))
    return pd.DataFrame(
        {
            "unit": np.repeat([f"shop {i}" for i in range(units)], days),
            "variant": np.repeat(group, days),
            "time": np.tile(dates, units),
            "sales": value.ravel(),
        }
    )


def found(table=None, **options):
    table = shops() if table is None else table
    return ops.campaign(table, **{"metric": "sales", "start": START} | options)


def codes(result):
    return [note.code for note in result.warnings]


def test_the_effect_is_that_of_least_squares_with_errors_clustered_by_shop():
    table = shops()
    row = found(table).table.iloc[0]
    late = (table["time"] >= BEGUN).astype(int)
    rows = table.assign(b=(table["variant"] == "B").astype(int), late=late)
    fit = smf.ols("sales ~ b * late", rows).fit(
        cov_type="cluster",
        cov_kwds={"groups": pd.factorize(rows["unit"])[0], "use_correction": False},
    )
    assert row["difference"] == pytest.approx(fit.params["b:late"], rel=1e-9)
    assert row["low"] < 6 < row["high"]
    # With 14 shops in each, the only small-sample factor is 14 / 13.
    half = (row["high"] - row["low"]) / 2
    assert half / (fit.bse["b:late"] * np.sqrt(14 / 13)) == pytest.approx(2.056, 0.03)
    means = rows.groupby(["b", "late"])["sales"].mean()
    assert row["control_before"] == pytest.approx(means[0, 0])
    assert row["treated_after"] == pytest.approx(means[1, 1])
    expected = means[1, 0] + means[0, 1] - means[0, 0]
    assert row["expected"] == pytest.approx(expected)
    assert row["lift"] == pytest.approx(row["difference"] / expected)
    assert (row["n_control"], row["n"]) == (14, 14)


def test_the_answer_says_the_numbers_the_checks_and_what_is_assumed():
    result = found(treated="B")
    said = result.describe()
    assert said.startswith("From Apr 6, 2026 on, “sales” went from ")
    assert "per unit and day with the campaign (“B”, 14 units)" in said
    assert "Chance alone does not explain this difference." in said
    assert "In the 5 weeks before the start no drift between the groups shows" in said
    assert said.endswith(
        "Assumption, not proof: that without the campaign both groups would have "
        "changed alike."
    )
    chinese = result.describe("zh_CN")
    assert "参加活动的一组（「B」，14 个单位）" in chinese
    assert chinese.endswith(
        "这是假设，不是证明：若没有活动，两组的变化会相同（平行趋势）。"
    )
    assert result.warnings == ()


def test_without_an_effect_chance_can_explain_what_there_is():
    result = found(shops(effect=0.0))
    assert result.table["p_value"][0] > 0.05
    assert "Chance alone can explain this difference." in result.describe()


def test_groups_that_drifted_before_are_not_to_be_trusted():
    result = found(shops(effect=0.0, drift=0.3))
    assert result.table["p_value"][0] < 0.001
    for lang, words, never in (
        ("en", "the effect is not to be trusted", "does not explain"),
        ("zh_CN", "这一效果不可信", "偶然"),
    ):
        assert words in result.describe(lang)
        assert never not in result.describe(lang)
    slope = result.checks.set_index("check").loc["slope"]
    assert slope["difference"] == pytest.approx(7 * 0.3, abs=0.5)  # a week has 7 days


def test_the_placebo_is_the_same_analysis_with_a_start_that_was_none():
    table = shops(seed=3)
    early = table[table["time"] < BEGUN]
    placebo = found(table).checks.set_index("check").loc["placebo"]
    again = found(early, start=str(placebo["since"].date())).table.iloc[0]
    assert placebo["difference"] == pytest.approx(again["difference"])
    assert placebo["p_value"] == pytest.approx(again["p_value"])
    assert placebo["low"] == pytest.approx(again["low"])


def test_the_slope_is_that_of_least_squares_per_shop():
    table = shops(seed=4)
    result = found(table)
    weeks = (table["time"] - BEGUN).dt.days // 7
    means = table.assign(week=weeks)[weeks < 0].groupby(["unit", "week"])["sales"]
    slopes = (
        means.mean()
        .unstack()
        .apply(lambda row: np.polyfit(row.index.astype(float), row, 1)[0], axis=1)
    )
    had = table.groupby("unit")["variant"].first().loc[slopes.index] == "B"
    slope = result.checks.set_index("check").loc["slope", "difference"]
    assert slope == pytest.approx(slopes[had].mean() - slopes[~had].mean())


def test_with_fewer_than_4_periods_nothing_is_checked_and_that_is_said():
    result = found(before="2026-04-04")
    assert result.period == "day"
    assert result.checks.empty
    assert "With 2 periods before the start it cannot be checked" in result.describe()
    assert "至少需要 4 期" in result.describe("zh_CN")


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_periods_are_counted_from_the_start_and_do_not_change_the_effect(period):
    table = shops()
    result = found(table, period=period)
    assert result.table.equals(found(table).table)
    periods = result.by_period.set_index("number")
    assert periods.loc[0, "period"] == BEGUN
    assert (periods["during"] == (periods.index >= 0)).all()
    assert periods["difference"].notna().all()
    length = periods["period"].diff().dropna().dt.days
    assert set(length) <= {"day": {1}, "week": {7}, "month": {31, 28}}[period]


def test_periods_add_up_to_the_effect():
    result = found(period="week")
    during = result.by_period[result.by_period["during"]]
    assert during["difference"].mean() == pytest.approx(result.table["difference"][0])
    before = result.by_period[~result.by_period["during"]]
    assert before["difference"].mean() == pytest.approx(0, abs=1e-9)
    trend = result.trend.set_index(["group", "number"])["mean"]
    gap = trend["treated"] - trend["comparison"]
    apart = (gap - gap[gap.index < 0].mean()).to_numpy()
    assert apart == pytest.approx(result.by_period["difference"].to_numpy())


def test_auto_follows_short_tables_by_day_and_long_ones_by_month():
    assert found(shops(days=42)).period == "day"
    assert found(shops(days=56)).period == "week"
    assert found(shops((3, 3), days=420), start="2026-09-07").period == "month"


def test_a_unit_counts_once_however_many_days_it_has():
    table = shops()
    thin = table[(table["unit"] != "shop 20") | (table["time"].dt.day % 5 == 0)]
    result = found(thin)
    assert result.table["n"][0] == 14
    assert "1 unit has fewer rows than the others" in result.warnings[-1].text()


def test_what_is_left_out_is_counted():
    table = shops()
    odd = table["unit"] == "shop 0"
    spoilt = pd.concat(
        [
            table,
            table.iloc[[100]],
            table.iloc[[200]].assign(unit=None),
            table.iloc[[300]].assign(time="2026-05-30", sales=np.nan),
            table[odd].assign(variant="B"),
            table[odd].assign(unit="late")[lambda rows: rows["time"] >= BEGUN],
        ]
    )
    result = found(spoilt, end="2026-04-24")
    assert codes(result) == [
        "campaign.left.repeated",
        "campaign.left.blank",
        "campaign.left.missing",
        "campaign.left.both",
        "campaign.control",
        "campaign.left.late",
        "campaign.left.sides",
    ]
    assert [note.values.get("n") for note in result.warnings[:4]] == [1, 1, 1, 1]
    # Two days of 27 units, and of the unit that came late.
    assert result.warnings[5].values["n"] == 2 * 28
    clean = found(table[~odd], end="2026-04-24")
    assert result.table.equals(clean.table)
    assert result.users(treated=False) == clean.users(treated=False)
    assert len(result.users()) == 14


def test_the_table_is_left_as_it_was():
    table = shops()
    before = table.copy(deep=True)
    found(table)
    pd.testing.assert_frame_equal(table, before)


def test_rows_of_a_day_are_added_up_where_that_means_something():
    table = shops()
    parts = [table.assign(sales=table["sales"] * share) for share in (0.25, 0.75)]
    halves = pd.concat(parts)
    result = found(halves)
    assert result.table["difference"][0] == pytest.approx(
        found(table).table["difference"][0]
    )
    assert "campaign.summed" in codes(result)
    with pytest.raises(Error, match="cannot be added up") as error:
        found(
            halves.rename(columns={"sales": "conversion_rate"}),
            metric="conversion_rate",
        )
    assert "请整理为每个单位每天一行" in error.value.text("zh_CN")


def test_a_week_or_month_that_the_start_falls_into_is_of_neither_side():
    table = shops(days=56)
    weekly = table.assign(time=table["time"].dt.to_period("W").dt.start_time)
    weekly = weekly.groupby(["unit", "variant", "time"], as_index=False).mean()
    result = found(weekly, start="2026-04-08")
    torn = next(note for note in result.warnings if note.code == "campaign.left.torn")
    assert torn.values["n"] == 28
    assert result.unit == "week"
    assert "per unit and week" in result.describe()
    assert "campaign.left.torn" not in codes(found(weekly))


def test_yes_and_no_are_shares():
    table = shops().assign(bought=lambda rows: rows["sales"] > 105)
    row = found(table, metric="bought").table.iloc[0]
    assert 0 < row["expected"] < 1


def test_few_units_are_said_and_single_ones_refused():
    assert "“B”: only 3 units" in found(shops((14, 3))).warnings[-1].text()
    with pytest.raises(Error, match="needs at least 2 units in each group") as error:
        found(shops((14, 1)))
    assert "interrupted time series" in str(error.value)
    assert "请用中断时间序列" in error.value.text("zh_CN")


def test_one_series_per_group_is_pointed_to_the_interrupted_series():
    table = shops((1, 1))
    with pytest.raises(Error, match="For a single series use the interrupted"):
        found(table)
    daily = table.rename(columns={"time": "date", "variant": "group"})
    with pytest.raises(Error, match="missing: “unit”, “variant”, “time”"):
        found(daily.drop(columns="unit"))


def test_a_row_per_unit_is_told_that_it_needs_days():
    """An experiment whose time is when a unit came in."""
    once = shops().drop_duplicates("unit")
    with pytest.raises(Error, match="start on Apr 6, 2026"):
        found(once)
    mixed = once.assign(time=["2026-04-01", "2026-04-08"] * 14)
    with pytest.raises(Error, match="only 0 units have rows both before the start"):
        found(mixed)


def test_a_column_that_says_who_had_it_on_that_day_is_refused():
    table = shops()
    on = (table["variant"] == "B") & (table["time"] >= BEGUN)
    with pytest.raises(Error, match="must say who ever had the campaign"):
        found(table.assign(variant=np.where(on, "on", "off")))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": "soon"}, "start must be a day such as 2026-03-01, got “soon”"),
        ({"start": "2026-03-02"}, "within the data, Mar 2, 2026 to Apr 26, 2026"),
        ({"start": "2026-05-01"}, "a start on May 1, 2026"),
        ({"end": "2026-04-01"}, "to Apr 1, 2026"),
        ({"before": "2026-04-06"}, "from Apr 6, 2026"),
        ({"treated": ["A", "B"]}, "leave at least one that had not"),
        ({"treated": "C"}, "treated cannot be “C”"),
        ({"metric": "profit"}, "the column “profit”"),
        ({"period": "year"}, "period cannot be “year”"),
        ({"confidence": 95}, "confidence must lie between"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, words):
    with pytest.raises(Error, match=words):
        found(**options)


def test_changes_that_are_all_the_same_have_no_test():
    table = shops()
    table["sales"] = 10.0 + 2 * ((table["variant"] == "B") & (table["time"] >= BEGUN))
    result = found(table)
    assert "no test is possible" in result.describe()
    assert "too little varies" in result.describe()
    assert np.isnan(result.table["low"][0])


def test_a_lift_that_is_undefined_has_a_reason():
    table = shops()
    result = found(table.assign(sales=table["sales"] - 100))
    row = result.table.iloc[0]
    assert np.isnan([row["lift"], row["lift_low"], row["lift_high"]]).all()
    assert any(code.startswith("campaign.no_lift.") for code in codes(result))
    assert "a lift cannot be given" in result.describe()


def test_the_charts_draw_both_groups_and_shade_the_campaign():
    for lang in ("en", "zh_CN"):
        result = found()
        spec = result.chart(lang).to_dict()
        lines = spec["layer"][1]
        (rows,) = [
            one
            for one in spec["datasets"].values()
            if any("c1" in row and "c3" in row for row in one)
        ]
        # Every name in the legend is one in the data, else it would not be drawn.
        domain = lines["encoding"]["color"]["scale"]["domain"]
        assert {row["c2"] for row in rows} == set(domain)
        # Before the start both are at the same level on average.
        early = [row for row in rows if pd.Timestamp(row["c0"]) < BEGUN]
        levels = pd.DataFrame(early).groupby("c2")["c1"].mean()
        assert levels.iloc[0] == pytest.approx(levels.iloc[1])
        assert export(result.chart(lang), "svg")
        assert export(result.effects_chart(lang), "svg")
