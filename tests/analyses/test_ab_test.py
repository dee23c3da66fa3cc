"""From users to a verdict: known answers on public data, and untidy tables."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from scipy.stats import norm, ttest_ind
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

import opslib as ops
from opslib.result import Error

DATA = Path(
    os.environ.get("OPSLIB_SAMPLES", Path(__file__).parents[3] / "shared" / "data")
)
public = pytest.mark.skipif(not DATA.exists(), reason="no folder of public data")


def experiment(size=300, **columns):
    """Half A, half B; A pays in 1 of 5, B in 2 of 5."""
    number = np.arange(2 * size)
    table = pd.DataFrame(
        {
            "unit": [f"u{i:04}" for i in number],
            "variant": np.where(number < size, "A", "B"),
            "paid": (number % 5 < np.where(number < size, 1, 2)).astype(int),
            "spend": number % 7 + np.where(number < size, 0.0, 0.5),
        }
    )
    return table.assign(**columns)


def rows(result):
    return result.table.set_index(["metric", "variant"])


@public
def test_cookie_cats_gives_the_published_answer():
    table = pd.read_csv(DATA / "experiments/cookie_cats.csv.gz")
    table = table.rename(columns={"userid": "unit", "version": "variant"})
    result = ops.ab_test(table, metrics=["retention_1", "retention_7"])
    found = rows(result)
    day_1, day_7 = (found.loc[(f"retention_{day}", "gate_40")] for day in (1, 7))
    assert (day_7["control"], day_7["treatment"]) == pytest.approx(
        (0.1902, 0.1820), abs=5e-5
    )
    assert day_7["p_value"] == pytest.approx(0.00155, abs=5e-6)
    assert day_1["p_value"] == pytest.approx(0.0744, abs=5e-5)
    assert (day_7["low"], day_7["high"]) == pytest.approx((-0.0133, -0.0031), abs=5e-5)
    assert (day_7["lift"], day_7["lift_low"], day_7["lift_high"]) == pytest.approx(
        (-0.043, -0.069, -0.017), abs=5e-4
    )
    assert (day_7["n_control"], day_7["n"]) == (44_700, 45_489)
    assert found["verdict"].tolist() == ["too_early", "loser"]
    split = result.checks[0]
    assert split.status == "caution"
    assert split.note.values["p"] == pytest.approx(0.0086, abs=5e-5)


@public
def test_one_outlier_of_cookie_cats_moves_the_mean():
    table = pd.read_csv(DATA / "experiments/cookie_cats.csv.gz")
    table = table.rename(columns={"userid": "unit", "version": "variant"})
    row = ops.ab_test(table, metrics=["sum_gamerounds"]).table.iloc[0]
    assert (row["control"], row["treatment"]) == pytest.approx((52.46, 51.30), abs=5e-3)
    assert row["p_value"] == pytest.approx(0.376, abs=5e-4)
    usual = table[table["sum_gamerounds"] < 40_000]
    row = ops.ab_test(usual, metrics=["sum_gamerounds"]).table.iloc[0]
    assert row["p_value"] == pytest.approx(0.949, abs=6e-4)


@public
def test_hillstrom_gives_the_published_answer():
    table = pd.read_csv(DATA / "experiments/hillstrom.csv.gz")
    table = table.rename(columns={"segment": "variant"})
    result = ops.ab_test(table, metrics=["visit", "conversion", "spend"])
    assert result.control == "No E-Mail"
    assert result.checks[0].status == "pass"
    assert result.checks[0].note.values["p"] == pytest.approx(0.904, abs=5e-4)
    found = rows(result)
    units = found[["n_control", "n"]].drop_duplicates().to_numpy().tolist()
    assert units == [[21_306, 21_307], [21_306, 21_387]]
    expected = {
        ("visit", "Mens E-Mail"): (0.1062, 0.1828, 0),
        ("visit", "Womens E-Mail"): (0.1062, 0.1514, 0),
        ("conversion", "Mens E-Mail"): (0.00573, 0.01253, 1.5e-13),
        ("conversion", "Womens E-Mail"): (0.00573, 0.00884, 1.6e-4),
        ("spend", "Mens E-Mail"): (0.653, 1.423, 1.2e-7),
        ("spend", "Womens E-Mail"): (0.653, 1.077, 0.0011),
    }
    for row, (control, treatment, p) in expected.items():
        assert found.loc[row, "control"] == pytest.approx(control, abs=5e-4)
        assert found.loc[row, "treatment"] == pytest.approx(treatment, abs=5e-4)
        assert found.loc[row, "p_value"] == pytest.approx(p, rel=0.05, abs=1e-20)
    assert "every row counts as one unit" in result.describe()


def test_kinds_are_detected_from_the_values():
    table = experiment(yes=[True, False] * 300, whole=[0, 1, 2] * 200)
    found = ops.ab_test(table, metrics=["paid", "spend", "yes", "whole"]).table
    assert found["kind"].tolist() == ["share", "mean", "share", "mean"]


@pytest.mark.parametrize(
    "yes",
    [
        [True, False, None] * 200,
        ["True", "false", ""] * 200,
        pd.array([True, False, None] * 200, dtype="boolean"),
        ["1", "0", None] * 200,
    ],
)
def test_yes_and_no_come_in_many_forms(yes):
    result = ops.ab_test(experiment(yes=yes), metrics=["yes"])
    row = result.table.iloc[0]
    assert (row["kind"], row["n_control"], row["control"]) == ("share", 200, 0.5)
    assert "200 units without a value of “yes” are left out" in result.describe()


def test_users_and_their_counts_give_the_same():
    found = ops.ab_test(experiment(), metrics=["paid"]).table
    counted = ops.ab_summary({"A": [300, 60], "B": [300, 120]}).table
    pd.testing.assert_frame_equal(
        found.drop(columns="metric"), counted.drop(columns="metric")
    )


def test_order_of_rows_and_index_do_not_matter():
    table = experiment()
    shuffled = table.sample(frac=1, random_state=1)
    shuffled.index = [7] * len(shuffled)
    result = ops.ab_test(shuffled, metrics=["paid", "spend"])
    expected = ops.ab_test(table, metrics=["paid", "spend"])
    pd.testing.assert_frame_equal(result.table, expected.table)
    twice = pd.concat([shuffled, shuffled.head(3)])
    again = ops.ab_test(twice, metrics=["paid", "spend"])
    pd.testing.assert_frame_equal(again.table, expected.table)


def test_input_is_not_changed():
    table = experiment()
    copy = table.copy(deep=True)
    ops.ab_test(pd.concat([table, table.head(2)]), metrics=["paid", "spend"])
    ops.ab_test(table, metrics=["paid", "spend"])
    pd.testing.assert_frame_equal(table, copy)


def test_rows_that_repeat_exactly_are_left_out_and_said():
    table = experiment()
    result = ops.ab_test(pd.concat([table, table.head(5)]), metrics=["paid"])
    assert result.table["n_control"][0] == 300
    assert "5 rows that repeat others exactly are left out." in result.describe()


def test_without_units_equal_rows_are_different_users():
    table = experiment().drop(columns="unit")
    assert ops.ab_test(table, metrics=["paid"]).table["n"][0] == 300


@pytest.mark.parametrize(
    ("gap", "dtype"), [(1, "int16"), (1_000, "int64"), (2**54, "uint64")]
)
def test_users_told_by_numbers_are_the_same_however_far_apart(gap, dtype):
    table = experiment().assign(unit=(gap * np.arange(600)).astype(dtype))
    result = ops.ab_test(pd.concat([table, table.tail(4)]), metrics=["paid"])
    assert result.table["n"][0] == 300
    assert "4 rows that repeat others exactly are left out." in result.describe()


def test_many_users_told_by_small_numbers_are_not_taken_for_one():
    table = experiment(125).assign(unit=np.arange(-125, 125).astype("int8"))
    assert ops.ab_test(table, metrics=["paid"]).table["n"][0] == 125


def test_users_in_several_variants_are_left_out_and_said():
    table = experiment()
    crossed = table.head(4).assign(variant="B")
    result = ops.ab_test(pd.concat([table, crossed]), metrics=["paid"])
    assert (result.table["n_control"][0], result.table["n"][0]) == (296, 300)
    assert (
        "4 units were seen in several variants and are left out." in result.describe()
    )
    assert next(c for c in result.checks if c.name == "units").status == "caution"
    said = [note.text() for note in result.warnings]
    assert len(said) == len(set(said))


def test_several_rows_of_a_user_become_one():
    """u1 pays in one of two sessions, 3 + 4; u2 has no value in one of them."""
    table = pd.DataFrame(
        [
            ["u1", "A", 0, 3.0], ["u1", "A", 1, 4.0],
            ["u2", "A", 0, 2.0], ["u2", "A", 0, None],
            ["u3", "B", 0, None], ["u4", "B", 1, 8.0], ["u5", "B", 1, 10.0],
        ],
        columns=["unit", "variant", "paid", "spend"],
    )  # fmt: skip
    result = ops.ab_test(table, metrics=["paid", "spend"])
    found = rows(result)
    assert found.loc[("paid", "B"), ["n_control", "n"]].tolist() == [2, 3]
    assert found.loc[("paid", "B"), "control"] == 0.5
    assert found.loc[("spend", "B"), ["control", "treatment"]].tolist() == [4.5, 9]
    said = result.describe()
    assert "2 units have several rows: their numbers are added up" in said
    assert "1 unit without a value of “spend” is left out" in said


def test_rows_without_unit_or_variant_are_left_out_and_said():
    table = experiment()
    table.loc[[0, 5], "variant"] = None
    table.loc[9, "unit"] = "  "
    result = ops.ab_test(table, metrics=["paid"])
    assert result.table["n_control"][0] == 297
    assert "3 rows without unit or variant are left out." in result.describe()
    assert "有 3 行" not in result.describe("zh_CN")
    assert "3 行缺少样本编号或组别，已排除。" in result.describe("zh_CN")


@pytest.mark.parametrize("blank", [None, np.nan, np.inf])
def test_missing_values_of_a_metric_leave_it_only(blank):
    table = experiment()
    table.loc[:9, "spend"] = blank
    found = rows(ops.ab_test(table, metrics=["paid", "spend"]))
    assert found["n_control"].tolist() == [300, 290]


@pytest.mark.parametrize("codes", [(0, 1), (0.0, 1.0), (False, True), ("0", "1")])
def test_variants_may_be_numbers(codes):
    table = experiment()
    table["variant"] = table["variant"].map(dict(zip("AB", codes, strict=True)))
    result = ops.ab_test(table, metrics=["paid"])
    assert result.control in {"0", "False"}
    again = ops.ab_test(table, metrics=["paid"], control=result.control)
    assert again.table["n"][0] == 300


def test_holm_covers_metrics_and_variants():
    table = experiment(900)
    table["variant"] = np.resize(["A", "B", "C"], len(table))
    result = ops.ab_test(table, metrics=["paid", "spend"])
    p = sorted(result.table["p_value"])
    assert min(result.table["p_adjusted"]) == pytest.approx(min(1, 4 * p[0]))
    said = "4 comparisons with the control: 4 too early to say. This is the clearest"
    assert result.describe().startswith(said)
    assert result.describe("zh_CN").startswith("与对照组共比较 4 次：4 次尚无定论。")


def test_a_metric_named_twice_counts_once():
    assert len(ops.ab_test(experiment(), metrics=["paid", "paid"]).table) == 1


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        (experiment(), {"metrics": []}, "at least one column; the table has “paid”"),
        (experiment(), {"metrics": ["pay"]}, "metrics names the column “pay”"),
        (experiment(), {"metrics": ["unit"]}, "it has “paid”, “spend”."),
        (experiment(), {"control": "C"}, "choose from “A”, “B”."),
        (experiment().drop(columns="variant"), {}, "needs the column “variant”"),
        (experiment(variant="A"), {}, "at least two variants, got “A”."),
        (experiment(paid=["1", "b"] * 300), {}, "row 2 holds “b”."),
        (experiment(variant=experiment()["unit"]), {}, "600 variants were found"),
        (
            experiment(paid=[1.0] * 300 + [None] * 300),
            {},
            "“paid” has no value for the variant “B”",
        ),
        (experiment(), {"metrics": [{"name": "x"}]}, "names the column “x”"),
        (
            experiment(),
            {"metrics": [{"above": "paid"}]},
            "metrics cannot be “above”; choose from “name”, “numerator”,",
        ),
        (
            experiment(),
            {"metrics": ["paid", {"name": "paid", "numerator": "spend"}]},
            "Two different metrics are called “paid”",
        ),
        (
            experiment(),
            {"metrics": [{"name": "spend", "kind": "share"}]},
            "“spend” cannot be of the kind “share”; possible: “mean”, “median”",
        ),
        (
            experiment(spend=[1.0] * 300 + [0.0] * 300),
            {"metrics": [{"numerator": "paid", "denominator": "spend"}]},
            "“paid / spend” cannot be computed for the variant “B”",
        ),
        (experiment(), {"guardrails": ["paid"]}, "a metric and as a guardrail"),
        (experiment(), {"guardrails": ["x"]}, "guardrails names the column “x”"),
        (experiment(), {"covariate": "paid"}, "covariate cannot be “paid”"),
        (experiment(spend=1), {"covariate": "spend"}, "“spend” is the same for all"),
        (experiment(), {"winsorize": 0.5}, "winsorize must lie between 0.9 and 1"),
    ],
)
def test_mistakes_are_said(table, options, said):
    with pytest.raises(Error) as caught:
        ops.ab_test(table, **({"metrics": ["paid"]} | options))
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN")


def test_columns_may_be_numbers_and_never_two_of_one_name():
    table = pd.DataFrame({"variant": ["A", "B"] * 200, 5: [0, 1, 1, 0] * 100})
    for name in (5, "5"):
        assert ops.ab_test(table, metrics=[name]).table["metric"].tolist() == ["5"]
    with pytest.raises(ops.Error, match="Two columns are called “5”"):
        ops.ab_test(table.assign(**{"5": 1}), metrics=["5"])
    with pytest.raises(ops.Error, match="metrics names the column “None”"):
        ops.ab_test(table, metrics=None)


def test_numbers_whose_squares_overflow_count_as_missing():
    table = pd.DataFrame({"variant": ["A", "B"] * 200, "paid": range(400)})
    table["paid"] = table["paid"].astype(float)
    table.loc[0, "paid"] = 1e200
    result = ops.ab_test(table, metrics=["paid"])
    assert "1 unit without a value of “paid”" in result.describe()


def test_the_units_behind_a_number_can_be_listed():
    table = pd.DataFrame(
        {
            "unit": ["007", "008", "009", "010"],
            "variant": ["A", "A", "B", "B"],
            "paid": [0, 1, 1, 1],
        }
    )
    result = ops.ab_test(table, metrics=["paid"])
    assert result.users().tolist() == ["007", "008", "009", "010"]
    assert result.users("A").tolist() == ["007", "008"]
    assert result.users("A", metric="paid").tolist() == ["008"]
    with pytest.raises(Error, match="variant cannot be “C”; choose from “A”, “B”"):
        result.users("C")
    with pytest.raises(Error, match="no column of units"):
        ops.ab_test(table.drop(columns="unit"), metrics=["paid"]).users()


def test_a_ratio_of_sums_is_compared_per_unit():
    """Orders of a user are not independent: they are added up before the test."""
    random = np.random.default_rng(0)
    users = np.repeat(np.arange(800), random.poisson(3, 800) + 1)
    taste = random.gamma(2, 10, 800)[users]
    table = pd.DataFrame({"unit": users, "variant": np.array([*"AB"])[users % 2]})
    table["revenue"], table["orders"] = taste + random.normal(0, 1, len(users)), 1
    metric = {"name": "order value", "numerator": "revenue", "denominator": "orders"}
    result = ops.ab_test(table, metrics=[metric])
    row = result.table.iloc[0]
    assert (row["metric"], row["kind"], row["test"]) == (
        "order value",
        "ratio",
        "welch",
    )
    assert row["n_control"] + row["n"] == 800
    sums = table.groupby(["variant", "unit"])[["revenue", "orders"]].sum()
    expected = sums.groupby("variant").sum().pipe(lambda t: t["revenue"] / t["orders"])
    assert [row["control"], row["treatment"]] == pytest.approx(expected.tolist())
    by_unit = sums.reset_index().assign(variant=lambda t: t["variant"] == "B")
    value = tt.Experiment(v=tt.RatioOfMeans("revenue", "orders")).analyze(by_unit)["v"]
    assert row["p_value"] == pytest.approx(value.pvalue)
    assert "order value" in result.describe()
    assert result.describe("zh_CN")
    assert len(result.users(metric="order value")) == (sums["revenue"] > 0).sum()


def test_a_share_may_be_above_a_denominator_too():
    """A yes in any row is a yes of the share; the ratio counts each."""
    table = pd.DataFrame({"unit": [1, 1, 2, 3, 4, 4], "variant": [*"AAABBB"]})
    table = table.assign(paid=[1, 1, 0, 1, 1, 0], visits=1, row=range(6))
    ratio = {"name": "per visit", "numerator": "paid", "denominator": "visits"}
    found = ops.ab_test(table, metrics=["paid", ratio]).table.set_index("metric")
    assert found.loc["paid", ["control", "treatment"]].tolist() == [0.5, 1.0]
    values = found.loc["per visit", ["control", "treatment"]].tolist()
    assert values == pytest.approx([2 / 3, 2 / 3])


def test_what_was_before_makes_intervals_narrower():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"variant": np.repeat([*"AB"], 1000)})
    table["before"] = random.gamma(2, 10, 2000)
    table["spend"] = table["before"] + random.normal(3, 5, 2000)
    table.loc[::10, "before"] = np.nan
    plain, net = (
        ops.ab_test(table, metrics=["spend"], control="A", covariate=covariate)
        for covariate in (None, "before")
    )
    was, row = plain.table.iloc[0], net.table.iloc[0]
    assert (
        row[["control", "treatment"]].tolist() == was[["control", "treatment"]].tolist()
    )
    assert row["high"] - row["low"] < 0.7 * (was["high"] - was["low"])
    assert row["test"] == "cuped"
    filled = table.fillna({"before": table["before"].mean()})
    fit = sm.OLS(
        filled["spend"],
        sm.add_constant(
            filled[["before"]].assign(treated=(filled["variant"] == "B").astype(float))
        ),
    ).fit()
    assert row["difference"] == pytest.approx(fit.params["treated"])
    said = [warning.text() for warning in net.warnings[1:]]
    assert said[0].startswith("200 units have no value of “before”")
    assert "“spend” is compared net of “before”, which explains" in said[1]
    checks = {check.name: check.status for check in net.checks}
    assert checks["before"] == "pass"


def test_a_difference_before_the_experiment_is_a_caution():
    table = experiment(before=[1.0, 2.0] * 150 + [2.0, 3.0] * 150)
    result = ops.ab_test(table, metrics=["paid"], covariate="before")
    check = next(check for check in result.checks if check.name == "before")
    assert check.status == "caution"
    assert "either it is from after the start" in check.note.text()
    assert check.note in result.warnings


def test_a_ratio_is_not_adjusted_and_that_is_said():
    table = experiment(before=np.tile([1.0, 2.0, 3.0], 200), visits=2)
    metric = {"numerator": "spend", "denominator": "visits"}
    result = ops.ab_test(table, metrics=[metric], covariate="before")
    assert result.table["test"].tolist() == ["welch"]
    assert any(note.code == "ab.cuped.ratio" for note in result.warnings)


def test_large_values_are_cut_and_both_findings_are_there():
    random = np.random.default_rng(0)
    spend = np.where(random.random(4000) < 0.5, 0, random.gamma(2, 10, 4000))
    spend[3999] = 1e6
    table = pd.DataFrame({"variant": np.repeat([*"AB"], 2000), "spend": spend})
    result = ops.ab_test(table, metrics=["spend"], control="A", winsorize=0.999)
    row = result.table.iloc[0]
    most = np.quantile(spend[spend != 0], 0.999)
    expected = ttest_ind(*np.split(np.minimum(spend, most), 2), equal_var=False)
    assert row["p_value"] == pytest.approx(expected.pvalue)
    note = next(note for note in result.warnings if note.code == "ab.winsorized")
    assert note.values["n"] == (spend > most).sum()
    whole = ttest_ind(*np.split(spend, 2), equal_var=False).pvalue
    assert note.values["p"] == pytest.approx(whole)
    assert "without that, “B” has" in note.text()


def guarded(drop, sd=1.0, **options):
    """A test whose guardrail has a mean of 10 and changes by a part of it."""
    random = np.random.default_rng(0)
    table = experiment(1000)
    load = random.normal(10, sd, 2000)
    table["load"] = np.where(table["variant"] == "B", load * (1 - drop), load)
    found = ops.ab_test(table, metrics=["paid"], guardrails=["load"], **options)
    return found, found.table.iloc[1]


@pytest.mark.parametrize(
    ("drop", "sd", "verdict", "check"),
    [
        (0.0, 0.3, "unharmed", "No guardrail is harmed."),
        (0.05, 0.3, "harmed", "Guardrail harmed: “load”. Weigh that before acting."),
        (0.0, 20.0, "too_early", "For 1 comparison it is too early to say whether"),
    ],
)
def test_a_guardrail_is_unharmed_only_when_that_is_sure(drop, sd, verdict, check):
    result, row = guarded(drop, sd)
    assert row["verdict"] == verdict
    assert (row["lift_low"] > -0.01) == (verdict == "unharmed")
    assert result.checks[-1].note.text().startswith(check)
    assert result.table["verdict"][0] == "winner"
    assert result.verdict[1].text()
    assert result.verdict[1].text("zh_CN")


def test_a_harmed_guardrail_is_said_with_the_winner():
    result, _ = guarded(0.05, 0.3)
    said = result.describe()
    assert said.endswith("Guardrail harmed: “load”. Weigh that before acting.")
    assert "1 won, 1 harmed" in said
    assert "护栏指标受损：「load」" in result.describe("zh_CN")


def test_guardrails_cost_the_metrics_nothing():
    table = experiment(1000, load=np.arange(2000) % 3)
    alone = ops.ab_test(table, metrics=["paid", "spend"]).table
    beside = ops.ab_test(table, metrics=["paid", "spend"], guardrails=["load"]).table
    pd.testing.assert_frame_equal(beside.iloc[:2], alone)
    adjusted = ["p_adjusted", "low_adjusted", "high_adjusted"]
    assert beside.loc[2, adjusted].isna().all()


def test_a_margin_is_what_a_guardrail_may_lose():
    assert guarded(0.03, 0.3, margin=0.05)[1]["verdict"] == "unharmed"
    assert guarded(0.03, 0.3)[1]["verdict"] == "harmed"


def test_harm_does_not_wait_for_the_planned_size():
    result, row = guarded(0.05, 0.3, planned_n=100_000)
    assert result.table["verdict"].tolist() == ["too_early", "harmed"]
    assert row["verdict"] == "harmed"
    broken = guarded(0.05, 0.3, expected_split={"A": 1, "B": 3})[0]
    assert broken.table["verdict"].tolist() == ["too_early", "too_early"]


def segmented(effects, n=1500, seed=0):
    """A test in which B adds to the share of each platform what is given."""
    random = np.random.default_rng(seed)
    parts = []
    for platform, effect in effects.items():
        for variant, add in (("A", 0), ("B", effect)):
            paid = (random.random(n) < 0.2 + add).astype(int)
            columns = {"variant": variant, "platform": platform, "paid": paid}
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def test_segments_that_differ_are_a_hint():
    table = segmented({"iOS": 0.1, "Android": -0.02})
    result = ops.ab_test(table, metrics=["paid"], control="A", segments=["platform"])
    found = result.segments.set_index("value")
    for platform in ("iOS", "Android"):
        alone = ops.ab_test(
            table[table["platform"] == platform], metrics=["paid"], control="A"
        ).table.iloc[0]
        for name in ("n_control", "n", "control", "treatment", "low", "high"):
            assert found.loc[platform, name] == pytest.approx(alone[name])
    # By hand: z is the gap of the differences over its standard error.
    gap = found.loc["iOS", "difference"] - found.loc["Android", "difference"]
    shares = found[["control", "treatment"]].to_numpy().ravel()
    z = gap / np.sqrt((shares * (1 - shares) / 1500).sum())
    expected = 2 * norm.sf(abs(z))
    assert found["p_interaction"].tolist() == pytest.approx([expected] * 2)
    note = next(one for one in result.warnings if one.code == "ab.segments.differ")
    assert "not have the same effect on “paid” for every “platform”" in note.text()
    assert "因「platform」而异" in note.text("zh_CN")


def test_the_test_of_segments_is_that_of_a_meta_analysis():
    table = segmented({"iOS": 0.02, "Android": 0.05, "web": 0.0}, seed=2)
    result = ops.ab_test(table, metrics=["paid"], control="A", segments=["platform"])
    found = result.segments
    variance = sum(
        found[side] * (1 - found[side]) / found[size]
        for side, size in (("control", "n_control"), ("treatment", "n"))
    )
    effects = found["difference"].to_numpy()
    expected = combine_effects(effects, variance.to_numpy()).test_homogeneity()
    assert found["p_interaction"][0] == pytest.approx(expected.pvalue)


def test_segments_alike_are_not_told_of_and_share_a_correction():
    table = segmented({"iOS": 0.02, "Android": 0.02, None: 0.02}, seed=3)
    table["half"] = np.arange(len(table)) % 2
    result = ops.ab_test(
        table, metrics=["paid"], control="A", segments=["platform", "half"]
    )
    assert not [one for one in result.warnings if "segments" in one.code]
    found = result.segments.drop_duplicates("segment")
    assert found["p_interaction_adjusted"].tolist() == pytest.approx(
        multipletests(found["p_interaction"], method="fdr_bh")[1].tolist()
    )
    assert result.segments["value"].isna().sum() == 1
    assert result.segments["n"].sum() == 2 * (table["variant"] == "B").sum()


def test_values_without_some_variant_or_beyond_ten_are_counted():
    table = segmented({f"p{i:02}": 0.0 for i in range(13)}, n=100)
    odd = table[(table["platform"] == "p00") & (table["variant"] == "A")].index
    result = ops.ab_test(
        table.drop(odd), metrics=["paid"], control="A", segments=["platform"]
    )
    assert len(result.segments) == 10
    note = next(one for one in result.warnings if one.code == "ab.segments.few")
    assert note.values["n"] == 3
    assert ops.ab_test(table, metrics=["paid"]).segments.empty


def test_segments_of_a_unit_with_several_rows_are_those_of_its_first():
    table = pd.DataFrame({"unit": [1, 1, 2, 3, 4], "variant": [*"AAABB"]})
    table = table.assign(paid=[0, 1, 0, 1, 1], platform=[*"xyxxy"], row=range(5))
    found = ops.ab_test(table, metrics=["paid"], segments="platform").segments
    assert found["value"].tolist() == ["x"]
    assert found[["n_control", "n"]].to_numpy().tolist() == [[2, 1]]
    with pytest.raises(Error, match="segments cannot be “paid”"):
        ops.ab_test(table, metrics=["paid"], segments=["paid"])
