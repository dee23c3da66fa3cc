"""An experiment by days and within strata, against the plain way to compute each."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2_contingency

import opslib as ops
from opslib.result import Error

FIGURES = ["n_control", "n", "control", "treatment", "difference", "low", "high"]
BOUNDS = [*FIGURES, "lift", "lift_low", "lift_high", "p_value"]


def came(n=1_200, days=6, seed=0, **columns):
    """A row per unit, with the day it came in."""
    random = np.random.default_rng(seed)
    variant = random.choice(["A", "B", "C"], n)
    before = random.gamma(1, 10, n)
    table = pd.DataFrame(
        {
            "unit": [f"u{i}" for i in range(n)],
            "variant": variant,
            "time": pd.Timestamp("2025-03-01")
            + pd.to_timedelta(random.integers(0, days, n), "D"),
            "before": before,
            "paid": (random.random(n) < 0.3 + 0.1 * (variant == "B")).astype(int),
            "revenue": before + random.gamma(1, 5, n) + 2 * (variant == "B"),
            "orders": random.poisson(2, n) + 1,
            "city": random.choice(["x", "y"], n),
        }
    )
    return table.assign(**columns)


def by_day(n=300, days=5, seed=0):
    """A row per unit and day, some of them missing, some with gaps."""
    random = np.random.default_rng(seed)
    units = pd.DataFrame(
        {
            "unit": np.arange(n),
            "variant": random.choice(["A", "B"], n),
            "before": random.gamma(1, 10, n),
        }
    )
    rows = pd.concat(
        [
            units.assign(time=pd.Timestamp("2025-03-01") + pd.Timedelta(days=day))
            for day in range(days)
        ]
    )
    rows = rows[random.random(len(rows)) < 0.7]
    rows = rows.assign(
        revenue=random.gamma(1, 5, len(rows)).round(3) + (rows["variant"] == "B"),
        orders=random.poisson(1, len(rows)) + 1.0,
        paid=(random.random(len(rows)) < 0.2).astype(float),
    )
    rows.loc[random.random(len(rows)) < 0.05, "revenue"] = np.nan
    rows["visit"] = np.arange(len(rows))  # no row repeats another
    return rows.reset_index(drop=True)


def until(table, day, **options):
    return ops.ab_test(table[table["time"] <= day], **options).table


@pytest.mark.parametrize("table", [came(), by_day()], ids=["units", "days"])
@pytest.mark.parametrize("covariate", [None, "before"])
def test_each_day_is_the_test_of_the_rows_until_then(table, covariate):
    ratio = {"numerator": "revenue", "denominator": "orders"}
    options = {"metrics": ["paid", "revenue", ratio], "covariate": covariate}
    found = ops.ab_test(table, **options).over_time
    days = sorted(table["time"].unique())
    assert sorted(found["date"].unique()) == days
    for day in days:
        expected = until(table, day, **options)
        at = found[found["date"] == day]
        assert at["metric"].tolist() == expected["metric"].tolist()
        np.testing.assert_allclose(
            at[BOUNDS].to_numpy(float), expected[BOUNDS].to_numpy(float), rtol=1e-7
        )


def test_the_last_day_is_the_whole_test_whatever_is_cut():
    table = by_day()
    result = ops.ab_test(table, metrics=["revenue"], winsorize=0.95)
    last = result.over_time.tail(1)[BOUNDS].to_numpy(float)
    assert last == pytest.approx(result.table[BOUNDS].to_numpy(float), rel=1e-7)


def test_planned_looks_bound_the_days_they_fall_on_and_today():
    options = {"metrics": ["paid"], "method": "sequential", "looks": 4}
    table = came(days=10)
    result = ops.ab_test(table, **options, planned_n=2_400)
    found = result.over_time.query("variant == 'B'").set_index("date")
    entered = table["time"].value_counts().sort_index().cumsum()
    # Quarters of 2,400 units: the first two are reached, the last of them today.
    first = entered.index[entered >= 600][0]
    looked = found.index[found["low"].notna()]
    assert looked.tolist() == [first, entered.index[-1]]
    assert found["difference"].notna().all()
    always = ops.ab_test(table, metrics=["paid"], method="always", planned_n=2_400)
    assert always.over_time["low"].notna().all()
    assert always.over_time["p_value"].tolist()[-1] == always.table["p_value"].iloc[-1]


def test_charts_of_days_say_how_they_may_be_read():
    table = came()
    fixed = ops.ab_test(table, metrics=["paid", "revenue"], planned_n=10_000)
    drawn = fixed.over_time_chart("en").to_dict()
    assert [" ".join(panel["title"]) for panel in drawn["vconcat"]] == [
        (
            "Each interval holds for a single look, and the test is not over: do not "
            "stop because one of them leaves 0. paid"
        ),
        "revenue",
    ]
    options = {"metrics": ["paid"], "planned_n": 10_000}
    always = ops.ab_test(table, **options, method="always").over_time_chart("zh_CN")
    said = "".join(always.to_dict()["vconcat"][0]["title"])
    assert said == "色带在所有日期同时成立，任何一天都可以查看。paid"
    assert ops.ab_test(table.drop(columns="time"), metrics=["paid"]).over_time.empty
    one_day = table.assign(time="2025-03-01")
    assert ops.ab_test(one_day, metrics=["paid"]).over_time_chart() is None


def test_a_ramp_turns_the_answer_around_and_strata_turn_it_back():
    """10 % of a good day and 50 % of a bad one: B looks worse, and is better."""
    days = pd.to_datetime(["2025-03-01", "2025-03-02"])
    parts = []
    for day, rate, sizes in zip(
        days, (0.30, 0.10), ((9_000, 1_000), (5_000, 5_000)), strict=True
    ):
        for variant, size, lift in zip("AB", sizes, (0, 0.02), strict=True):
            paid = np.arange(size) < round((rate + lift) * size)
            parts.append(pd.DataFrame({"variant": variant, "time": day, "paid": paid}))
    table = pd.concat(parts, ignore_index=True)
    options = {"metrics": ["paid"], "expected_split": {"A": 14, "B": 6}}
    plain = ops.ab_test(table, **options)
    assert plain.table["difference"].item() < -0.05
    assert plain.table["verdict"].item() == "too_early"
    check = next(check for check in plain.checks if check.name == "days")
    assert check.status == "fail"
    assert check.note.text() == (
        "The split changed from day to day: “A” had 50.0% to 90.0% of the units that "
        "came (p < 0.001). Units of other days are other units, so no winner can be "
        "named as it is: compare within days (strata: time)."
    )
    counts = pd.crosstab(table["time"], table["variant"])
    assert check.note.values["p"] == pytest.approx(
        chi2_contingency(counts, correction=False).pvalue
    )
    within = ops.ab_test(table, **options, strata=["time"])
    assert within.table["difference"].item() == pytest.approx(0.02)
    assert within.table["verdict"].item() == "winner"
    assert within.table["test"].item() == "stratified"
    # The first day's units are all there on the first day.
    assert within.over_time["difference"].tolist() == pytest.approx([0.02, 0.02])


def test_days_with_few_units_are_checked_together():
    table = came(n=60, days=50)
    check = next(
        c for c in ops.ab_test(table, metrics=["paid"]).checks if c.name == "days"
    )
    assert 0.001 < check.note.values["p"] < 1
    one = table.assign(time="2025-03-01")
    assert "days" not in [c.name for c in ops.ab_test(one, metrics=["paid"]).checks]


def test_strata_are_a_regression_with_a_term_for_each():
    """Least squares with every interaction, at the mix of all units."""
    table = came(seed=3).query("variant != 'C'")
    found = ops.ab_test(table, metrics=["revenue"], strata=["city"]).table.iloc[0]
    treated = (table["variant"] == "B").to_numpy(float)
    city = (table["city"] == "y").to_numpy(float)
    city -= city.mean()
    design = np.column_stack([np.ones(len(table)), treated, city, treated * city])
    fit = sm.OLS(table["revenue"].to_numpy(), design).fit()
    assert found["difference"] == pytest.approx(fit.params[1])
    cells = table.groupby(["city", "variant"])["revenue"].agg(["size", "var", "mean"])
    weights = table["city"].value_counts(normalize=True)
    each = cells["var"] / cells["size"]
    variance = sum(weights[c] ** 2 * (each[c, "A"] + each[c, "B"]) for c in "xy")
    half = (found["high"] - found["low"]) / 2
    assert half / np.sqrt(variance) == pytest.approx(1.963, abs=2e-3)
    means = {v: sum(weights[c] * cells["mean"][c, v] for c in "xy") for v in "AB"}
    assert (found["control"], found["treatment"]) == pytest.approx(
        (means["A"], means["B"])
    )


def test_strata_save_what_they_explain():
    table = came(seed=5)
    table["revenue"] += 40 * (table["city"] == "x")
    plain, within = (
        ops.ab_test(table, metrics=["revenue"], strata=some).table.iloc[0]
        for some in ([], ["city"])
    )
    assert within["high"] - within["low"] < 0.7 * (plain["high"] - plain["low"])


def test_ratios_and_what_was_before_go_with_strata():
    ratio = {"numerator": "revenue", "denominator": "orders"}
    options = {"metrics": [ratio, "revenue"], "strata": "city", "covariate": "before"}
    table = came(seed=2)
    result = ops.ab_test(table, **options)
    assert result.table["test"].tolist() == ["stratified"] * 4
    plain = ops.ab_test(table, **(options | {"strata": ()})).table
    # Strata that tell nothing leave everything about as it was.
    assert result.table["difference"].to_numpy() == pytest.approx(
        plain["difference"].to_numpy(), abs=0.1
    )
    assert result.table["high"].to_numpy() == pytest.approx(
        plain["high"].to_numpy(), abs=0.1
    )
    told = [note.text() for note in result.warnings]
    assert (
        "The variants are compared within 2 strata of “city”, each weighted by its "
        "share of all units."
    ) in told


def test_small_strata_are_one_and_too_small_ones_are_refused():
    table = came()
    rare = ["p"] * 20 + ["q"] * 20 + ["z"] * 20
    table["town"] = rare + ["big"] * (len(table) - len(rare))
    result = ops.ab_test(table, metrics=["paid"], strata=["town"])
    told = "\n".join(note.text() for note in result.warnings)
    assert "compared within 2 strata of “town”" in told
    assert (
        "3 combinations have fewer than 10 units in a variant and are one stratum."
        in told
    )
    few = table.assign(town=["rare"] * 9 + ["big"] * (len(table) - 9))
    with pytest.raises(Error) as error:
        ops.ab_test(few, metrics=["paid"], strata=["town"])
    assert str(error.value).startswith(
        "“town” cannot be strata: of the combinations with fewer than 10 units in a "
        "variant there are 9 units, too few in"
    )
    assert "不能按" in error.value.text("zh_CN")


def test_the_time_of_something_else_is_no_day():
    """Only who paid has the time of a payment."""
    table = came()
    table.loc[table["paid"] == 0, "time"] = pd.NaT
    result = ops.ab_test(table, metrics=["paid"])
    assert result.over_time.empty
    share = (table["paid"] == 0).mean()
    assert f"{share:.1%} of the rows have no time, so nothing is said day by day." in [
        note.text() for note in result.warnings
    ]
    assert result.table["n"].sum() + result.table["n_control"].iloc[0] == len(table)


def test_a_row_without_time_counts_on_the_last_day():
    table = came()
    table.loc[:9, "time"] = pd.NaT
    result = ops.ab_test(table, metrics=["paid"])
    last = result.over_time.tail(2)[BOUNDS].to_numpy(float)
    assert last == pytest.approx(result.table[BOUNDS].to_numpy(float))
    assert "10 rows have no time; day by day they count on the last." in [
        note.text() for note in result.warnings
    ]


def test_a_column_of_numbers_called_time_is_a_metric():
    table = came().assign(time=lambda t: t["revenue"])
    assert ops.ab_test(table, metrics=["time"]).over_time.empty
