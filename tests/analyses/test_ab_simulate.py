"""Simulated tests keep their promises, and read each split as `ab_test` would."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, ttest_ind
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import proportion_effectsize

import opslib as ops
from opslib.analyses._ab_deal import Deal, dealt_shares, dealt_sums
from opslib.result import Error
from opslib.stats.pairs import COMPARE
from opslib.stats.proportions import wilson

# What lies within the truth in all but one of ten thousand simulations.
SURE = 0.9999


def users(n=2_000, seed=0):
    random = np.random.default_rng(seed)
    before = random.gamma(2, 10, n)
    orders = random.poisson(2, n) + 1
    return pd.DataFrame(
        {
            "user": [f"U{i}" for i in range(n)],
            "paid": (random.random(n) < 0.2).astype(int),
            "spend": np.round(before + random.gamma(2, 5, n), 2),
            "before": before,
            "orders": orders,
            "revenue": orders * random.gamma(3, 4, n),
            "heavy": random.lognormal(0, 1, n),
        }
    )


USERS = users()


def rate(result):
    """Share that found something, with an interval that is hardly ever wrong."""
    row = result.table.iloc[-1]
    low, high = wilson(round(row["found"] * result.runs), result.runs, SURE)
    return row["found"], float(low), float(high)


METRICS = [
    {"metric": "paid"},
    {"metric": "paid", "covariate": "before"},
    {"metric": "heavy"},
    {"metric": "heavy", "winsorize": 0.99},
    {"metric": "spend", "covariate": "before"},
    {"metric": "revenue", "denominator": "orders"},
]


@pytest.mark.parametrize(
    "asked", METRICS, ids=lambda one: "-".join(map(str, one.values()))
)
def test_a_a_tests_find_something_as_often_as_the_method_allows(asked):
    result = ops.ab_simulate(USERS, **asked, seed=2)
    _, low, high = rate(result)
    assert low <= 0.05 <= high
    assert not result.broken
    assert result.coverage == pytest.approx(
        1 - result.table["found"].iloc[-1], abs=0.01
    )


@pytest.mark.parametrize("metric", ["paid", "heavy"])
def test_planned_looks_keep_the_promise(metric):
    result = ops.ab_simulate(USERS, metric=metric, method="sequential", seed=2)
    _, low, high = rate(result)
    assert low <= 0.05 <= high
    assert result.table["found"].iloc[0] <= 0.003
    assert result.table["found"].is_monotonic_increasing


@pytest.mark.parametrize("metric", ["paid", "heavy"])
@pytest.mark.parametrize(("looks", "error"), [(2, 0.083), (5, 0.142), (10, 0.193)])
def test_peeking_is_as_bad_as_armitage_has_it(metric, looks, error):
    """Armitage, McPherson & Rowe (1969), table 2."""
    result = ops.ab_simulate(USERS, metric=metric, method="peeking", looks=looks)
    _, low, high = rate(result)
    assert low <= error <= high
    assert result.broken
    assert "the method does not keep its 5%. Look once, at the end" in result.describe()
    assert "没有守住 5% 的误报率" in result.describe("zh_CN")


def test_a_test_that_may_be_looked_at_any_time_is_cautious():
    result = ops.ab_simulate(
        USERS, metric="paid", method="always", looks=20, runs=2_000
    )
    assert result.table["high"].iloc[-1] < 0.05
    assert "stays below the 5% that it allows for" in result.describe()


def test_p_values_of_a_a_tests_are_even():
    result = ops.ab_simulate(USERS, metric="heavy", runs=2_000)
    bins = result.p_values
    assert bins["tests"].sum() == 2_000
    assert bins["share"].sum() == pytest.approx(1)
    assert bins["p_low"].tolist() == pytest.approx([i / 20 for i in range(20)])
    assert bins["p_high"].tolist() == pytest.approx([i / 20 for i in range(1, 21)])
    assert bins["tests"].between(100 - 45, 100 + 45).all()
    deal = Deal(2_000, 2_000, 0.5, 1, 2_000, seed=0)
    sums = dealt_sums(deal, [USERS["heavy"].to_numpy()], lift=0)
    assert kstest(COMPARE["mean"](sums).p_values()[:, 0], "uniform").pvalue > 0.001


@pytest.mark.parametrize("lift", [0.15, 0.25, -0.2])
def test_power_of_a_share_is_that_of_statsmodels(lift):
    result = ops.ab_simulate(USERS, metric="paid", lift=lift, n=4_000, runs=4_000)
    base = USERS["paid"].mean()
    effect = proportion_effectsize(base * (1 + lift), base)
    power = NormalIndPower().power(effect, 2_000, 0.05)
    # The arcsine that statsmodels takes is a little beside the pooled test.
    _, low, high = rate(result)
    assert low - 0.01 <= power <= high + 0.01
    assert result.truth == pytest.approx(base * lift)
    assert result.coverage == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("n", [1_000, 2_000])
def test_power_of_a_mean_is_that_of_statsmodels(n):
    """With n = 2,000 units each is dealt once, else they are drawn."""
    result = ops.ab_simulate(USERS, metric="spend", lift=0.06, n=n, runs=4_000)
    effect = 0.06 * USERS["spend"].mean() / USERS["spend"].std() / math.sqrt(1.0618)
    power = TTestIndPower().power(effect, n // 2, 0.05)
    _, low, high = rate(result)
    assert low - 0.01 <= power <= high + 0.01
    assert result.coverage == pytest.approx(0.95, abs=0.015)


def test_what_was_before_makes_the_same_lift_easier_to_find():
    plain, net = (
        ops.ab_simulate(USERS, metric="spend", lift=0.05, covariate=covariate)
        for covariate in (None, "before")
    )
    assert net.table["found"].iloc[0] > plain.table["found"].iloc[0] + 0.2
    assert net.coverage == pytest.approx(0.95, abs=0.03)


def test_what_is_found_by_chance_looks_larger_than_it_is():
    """Significant at power 0.06 or so: sizes and signs are wrong (Gelman & Carlin)."""
    result = ops.ab_simulate(USERS, metric="paid", lift=0.02, runs=4_000)
    assert result.exaggeration > 5
    assert 0 < result.table["wrong_sign"].iloc[0] < result.table["found"].iloc[0] / 2
    assert "it looked" in result.describe()
    assert "times as large as it is" in result.describe()
    sure = ops.ab_simulate(USERS, metric="paid", lift=0.6)
    assert sure.exaggeration == pytest.approx(1, abs=0.03)
    assert sure.table["wrong_sign"].iloc[0] == 0
    assert "that reaches the usual 80%." in sure.describe()
    assert math.isnan(ops.ab_simulate(USERS, metric="paid").exaggeration)


def split(order, deal, metric, lift, **columns):
    """The table of one simulated test, as the file of an experiment."""
    table = USERS.iloc[order].assign(
        unit=range(len(order)),
        variant=np.where(deal.treated, "T", "C"),
    )
    table[metric] = table[metric].to_numpy(float) * np.where(deal.treated, 1 + lift, 1)
    return table.assign(**columns)


@pytest.mark.parametrize("n", [2_000, 700])
@pytest.mark.parametrize(
    "asked", METRICS[2:], ids=lambda one: "-".join(map(str, one.values()))
)
def test_each_simulated_test_reads_as_ab_test_reads_its_table(asked, n):
    """At each look, of units dealt once and of drawn ones, with a lift."""
    lift, looks, share = 0.1, 3, 0.4
    deal = Deal(2_000, n, share, looks, 3, seed=7)
    names = [asked["metric"], *(asked.get(k) for k in ("denominator", "covariate"))]
    columns = [USERS[name].to_numpy(float) for name in names if name]
    kind = (
        "net" if "covariate" in asked else "ratio" if "denominator" in asked else "mean"
    )
    cap = asked.get("winsorize")
    found = COMPARE[kind](dealt_sums(deal, columns, lift=lift, cap=cap))
    p = found.p_values()
    metric = {"numerator": names[0], "denominator": names[1]}
    for run, order in enumerate(deal.orders(np.random.default_rng(7))):
        table = split(order, deal, names[0], lift)
        for look, units in enumerate(deal.sizes.sum(axis=1)):
            row = ops.ab_test(
                table.head(units), metrics=[metric], control="C",
                covariate=names[2], winsorize=cap,
            ).table.iloc[0]  # fmt: skip
            assert row["n"] == deal.sizes[look, 1]
            assert p[run, look] == pytest.approx(row["p_value"], rel=1e-6)
            assert found.difference[run, look] == pytest.approx(row["difference"])


def test_a_split_is_tested_as_scipy_does():
    deal = Deal(2_000, 2_000, 0.5, 1, 5, seed=3)
    values = USERS["heavy"].to_numpy()
    p = COMPARE["mean"](dealt_sums(deal, [values], lift=0)).p_values()[:, 0]
    for run, order in enumerate(deal.orders(np.random.default_rng(3))):
        dealt = values[order]
        treated, control = dealt[deal.treated], dealt[~deal.treated]
        assert sorted(order) == list(range(2_000))
        expected = ttest_ind(treated, control, equal_var=False).pvalue
        assert p[run] == pytest.approx(expected)


@pytest.mark.parametrize("method", ["sequential", "always"])
def test_looks_are_those_of_ab_test(method):
    """A p value is below the level of its look exactly where the interval decides."""
    result = ops.ab_simulate(USERS, metric="paid", method=method, looks=4, lift=0.2)
    levels = result.table["level"]
    for level, units in zip(levels, result.table["units"], strict=True):
        for z in (-0.03, 0.03):
            half = units // 2
            bound = -_normal(level / 2) + z
            gap = bound * math.sqrt(2 * 0.2 * 0.8 / half)
            counts = {
                "C": [half * 10**6, round((0.2 - gap / 2e3) * half * 10**6)],
                "T": [half * 10**6, round((0.2 + gap / 2e3) * half * 10**6)],
            }
            planned = round(2 * half * 10**6 * 2_000 / units)
            row = ops.ab_summary(
                counts, control="C", method=method, looks=4, planned_n=planned
            ).table.iloc[0]
            assert (row["low"] > 0) == (z > 0)


def _normal(p):
    from scipy.special import ndtri

    return float(ndtri(p))


def test_shares_are_dealt_as_new_users_would_come():
    deal = Deal(1_000, 1_000, 0.3, 2, 20_000, seed=0)
    pairs = dealt_shares(deal, 200, 0.0)
    assert pairs.n.tolist() == [150, 300]
    for x, n in ((pairs.x_control, pairs.n_control), (pairs.x, pairs.n)):
        assert x.mean(axis=0) == pytest.approx(0.2 * n, rel=0.01)
        assert x.var(axis=0) == pytest.approx(0.16 * n, rel=0.05)
        later = x[:, 1] - x[:, 0]
        assert np.corrcoef(x[:, 0], later)[0, 1] == pytest.approx(0, abs=0.03)
    assert np.corrcoef(pairs.x[:, 1], pairs.x_control[:, 1])[0, 1] < 0.03


def test_the_pooled_test_keeps_its_promise_on_a_share():
    result = ops.ab_simulate(USERS, metric="paid", runs=10_000)
    assert result.table["found"].iloc[0] == pytest.approx(0.05, abs=0.007)


@pytest.mark.parametrize("lift", [0.5, -0.5])
@pytest.mark.parametrize("covariate", [None, "before"])
def test_a_lifted_share_is_a_share_still(lift, covariate):
    result = ops.ab_simulate(
        USERS, metric="paid", lift=lift, covariate=covariate, runs=2_000
    )
    assert result.truth == pytest.approx(USERS["paid"].mean() * lift)
    assert result.coverage == pytest.approx(0.95, abs=0.02)
    assert result.exaggeration == pytest.approx(1, abs=0.03)


def test_the_same_seed_gives_the_same_answer_and_another_another():
    for asked in METRICS:
        one, same, other = (
            ops.ab_simulate(USERS, **asked, lift=0.03, runs=200, seed=seed)
            for seed in (4, 4, 5)
        )
        pd.testing.assert_frame_equal(one.table, same.table)
        pd.testing.assert_frame_equal(one.p_values, same.p_values)
        assert not one.p_values.equals(other.p_values)


def test_cookie_cats_has_a_player_who_decides_what_is_found(samples):
    """One of 90,189 played 49,854 rounds: 72 % of the variance."""
    table = pd.read_csv(samples / "experiments/cookie_cats.csv.gz")
    table = table.rename(columns={"userid": "unit", "version": "variant"})
    asked = {"metric": "sum_gamerounds", "n": 20_000, "runs": 300, "lift": 0.1}
    (plain, cut) = (
        ops.ab_simulate(table, winsorize=cap, **asked) for cap in (None, 0.999)
    )
    said = [note.text() for note in plain.warnings]
    assert said[1].startswith("A single unit makes up 72.3% of the variance")
    assert cut.table["found"].iloc[0] > plain.table["found"].iloc[0] + 0.05
    retention = ops.ab_simulate(table, metric="retention_7", lift=0.05)
    assert retention.describe() == (
        "A lift of +5.0% on “retention_7” was found by 94.5% of 1,000 simulated tests "
        "with 90,189 units each (95% interval 92.9% to 95.8%): that reaches the usual "
        "80%."
    )


def test_skewed_money_in_a_small_treatment_breaks_the_promise():
    money = pd.DataFrame({"spend": np.random.default_rng(0).lognormal(0, 2, 5_000)})
    result = ops.ab_simulate(money, metric="spend", n=300, share=0.1)
    assert result.broken
    said = result.describe()
    assert "does not keep its 5%. Cut large values, or test more units" in said
    codes = [note.code for note in result.warnings]
    told = ["drawn", "largest", "small"]
    assert codes == ["ab.no_unit", *(f"ab_simulate.{code}" for code in told)]
    assert "each group needs at least 150 units" in result.warnings[-1].text()
    again = ops.ab_simulate(money, metric="spend", n=3_000, winsorize=0.99)
    assert not again.broken


def test_units_are_those_of_ab_test():
    """Several rows of a unit add up; what stands twice or in two variants is out."""
    table = USERS.rename(columns={"user": "unit"}).assign(
        variant=np.resize(["A", "B"], len(USERS))
    )
    extra = pd.concat(
        [table, table.head(3), table.iloc[3:5].assign(variant="C", spend=1.0)]
    )
    extra = pd.concat([extra, table.iloc[10:11].assign(spend=5.0)])
    extra.iloc[20, extra.columns.get_loc("spend")] = np.nan
    result = ops.ab_simulate(extra, metric="spend", runs=100)
    assert result.table["units"].iloc[0] == 2_000 - 2 - 1
    said = " ".join(note.text() for note in result.warnings)
    assert "3 rows that repeat others exactly are left out." in said
    assert "2 units were seen in several variants and are left out." in said
    assert "1 unit has several rows" in said
    assert "1 unit without a value of “spend” is left out of that metric." in said
    kept = table.drop(index=[3, 4, 20])["spend"].sum() + 5
    lifted = ops.ab_simulate(extra, metric="spend", runs=100, lift=0.1)
    assert lifted.truth == pytest.approx(0.1 * kept / 1_997)


def test_a_users_table_is_as_good_as_an_experiment():
    of_users = ops.ab_simulate(USERS, metric="paid")
    of_units = ops.ab_simulate(USERS.rename(columns={"user": "unit"}), metric="paid")
    pd.testing.assert_frame_equal(of_users.table, of_units.table)
    blank = USERS.copy()
    blank.loc[0, "user"] = None
    note = ops.ab_simulate(blank, metric="paid").warnings[0]
    assert note.text() == "1 row without an id is left out."
    assert note.text("zh_CN") == "1 行没有编号，已排除。"


def test_yes_and_no_may_be_words_and_columns_numbers():
    table = pd.DataFrame({5: ["yes", "no"] * 100})
    with pytest.raises(Error, match="must hold numbers or yes/no; row 1 holds “yes”"):
        ops.ab_simulate(table, metric=5)
    table = pd.DataFrame({5: ["true", "False", None] * 100})
    result = ops.ab_simulate(table, metric=5)
    assert (result.metric, result.kind) == ("5", "share")
    assert result.table["units"].iloc[0] == 200


def test_input_is_not_changed():
    copy = USERS.copy(deep=True)
    for asked in METRICS:
        ops.ab_simulate(USERS, **asked, lift=0.1, runs=100)
    pd.testing.assert_frame_equal(USERS, copy)


def test_work_has_an_end_and_fewer_runs_are_told(monkeypatch):
    monkeypatch.setattr("opslib.analyses.ab_simulate.MOST_WORK", 1_000_000)
    result = ops.ab_simulate(USERS, metric="spend", n=4_000)
    assert result.runs == result.p_values["tests"].sum() == 250
    assert result.warnings[-1].text() == (
        "250 tests were simulated instead of 1,000: with so many units, more would "
        "take too long."
    )
    cut = ops.ab_simulate(USERS, metric="spend", n=4_000, winsorize=0.999)
    assert cut.runs == 125
    assert ops.ab_simulate(USERS, metric="spend", n=50_000).runs == 100


def test_of_a_share_only_counts_are_dealt():
    counted = ops.ab_simulate(
        pd.DataFrame({"paid": [0, 0, 1]}).loc[np.resize([0, 1, 2], 300_000)],
        metric="paid", n=900_000_000, runs=10_000, lift=0.0001,
    )  # fmt: skip
    assert counted.runs == 10_000
    effect = proportion_effectsize(1.0001 / 3, 1 / 3)
    power = NormalIndPower().power(effect, 450_000_000, 0.05)
    assert counted.table["found"].iloc[0] == pytest.approx(power, abs=0.02)


def test_looks_too_early_for_a_share_find_nothing():
    rare = pd.DataFrame({"paid": np.resize([1] + [0] * 99, 4_000)})
    result = ops.ab_simulate(rare, metric="paid", method="peeking", looks=10)
    assert result.table["found"].iloc[0] == 0
    note = next(note for note in result.warnings if note.code == "ab_simulate.early")
    assert note.values["n"] == 2
    assert (
        "At the first 2 looks a group is expected to hold fewer than 5" in note.text()
    )
    assert any(note.code == "ab_simulate.small" for note in result.warnings)


def test_what_peeking_finds_is_no_power():
    result = ops.ab_simulate(USERS, metric="paid", method="peeking", lift=0.1)
    assert "finds one in 14.2% of tests" in result.warnings[-1].text()
    cut = ops.ab_simulate(USERS, metric="heavy", winsorize=0.95, lift=0.3)
    assert cut.warnings[-1].code == "ab_simulate.cut"
    assert cut.exaggeration < 1.05


FLAT = pd.DataFrame({"paid": [1] * 50, "zero": [0.0] * 50, "loss": range(-60, -10)})


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        (USERS, {"metric": "x"}, "metric names the column “x”, which the table does"),
        (USERS, {"metric": None}, "metric names the column “None”"),
        (USERS, {"metric": "user"}, "it has “paid”, “spend”"),
        (USERS, {"denominator": "x"}, "denominator names the column “x”"),
        (USERS, {"covariate": "paid"}, "covariate cannot be “paid”"),
        (USERS, {"lift": -1.2}, "lift must lie between -1 and 10, got “-1.2”."),
        (USERS, {"lift": float("nan")}, "lift must lie between -1 and 10"),
        (USERS, {"lift": None}, "lift is missing."),
        (USERS, {"lift": 5}, "bring “paid” from 19.6% beyond 100%; at most +412% is"),
        (USERS, {"share": 1}, "share must lie between 0.01 and 0.99, got “1”."),
        (USERS, {"n": 29}, "n must lie between 30 and 1000000000, got “29”."),
        (USERS, {"n": 99.5}, "n must lie between 30 and"),
        (USERS, {"metric": "spend", "n": 3_000_000}, "between 30 and 2000000"),
        (USERS, {"method": "guess"}, "method cannot be “guess”; choose from “fixed”,"),
        (USERS, {"looks": 1, "method": "peeking"}, "looks must lie between 2 and 50"),
        (USERS, {"looks": 2.5, "method": "always"}, "looks must lie between 2 and 50"),
        (USERS, {"alpha": 5}, "alpha must lie between 0.001 and 0.5, got “5”."),
        (USERS, {"runs": 99}, "runs must lie between 100 and 10000, got “99”."),
        (USERS, {"runs": "x"}, "runs must lie between 100 and 10000, got “x”."),
        (USERS, {"seed": -1}, "seed must lie between 0 and 4294967295"),
        (USERS, {"winsorize": 0.5}, "winsorize must lie between 0.9 and 1"),
        (USERS.head(29), {}, "29 units have a value of “paid”; at least 30"),
        (USERS, {"metric": "spend", "n": 60, "share": 0.1}, "would hold 6 at"),
        (
            USERS,
            {"metric": "spend", "n": 100, "looks": 20, "method": "peeking"},
            "Of 100 units, a group would hold 2 at the first look; at least 10",
        ),
        (USERS, {"n": 60}, "expected to hold 5.86 conversions"),
        (FLAT, {}, "“paid” is the same for all units, so there is nothing to find."),
        (FLAT, {"metric": "loss", "lift": 0.1}, "“loss” is -35.5 over all units"),
        (FLAT, {"metric": "loss", "denominator": "zero"}, "denominator adds up to 0."),
        ({"paid": [1]}, {}, "A table of units is needed"),
    ],
)  # fmt: skip
def test_mistakes_are_said(table, options, said):
    with pytest.raises(Error) as caught:
        ops.ab_simulate(table, **({"metric": "paid"} | options))
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN") != caught.value.text("en")


def test_losses_can_be_dealt_without_a_lift():
    assert ops.ab_simulate(FLAT, metric="loss", runs=100).kind == "mean"


def test_sentences_say_what_was_found_and_whether_it_is_as_it_should_be():
    result = ops.ab_simulate(USERS, metric="paid")
    row = result.table.iloc[-1]
    assert result.describe() == (
        f"Of 1,000 A/A tests on “paid” with 2,000 units each, {row['found']:.1%} found "
        f"a difference that is not there (95% interval {row['low']:.1%} to "
        f"{row['high']:.1%}): the method keeps its 5%."
    )
    assert result.describe("zh_CN") == (
        f"用「paid」模拟 1,000 次 A/A 实验，每次 2,000 个样本，有 {row['found']:.1%} "
        f"查出了并不存在的差异（95% 置信区间 {row['low']:.1%} 至 {row['high']:.1%}）："
        "该方法守住了 5% 的误报率。"
    )
    assert result.details()[0].startswith("In 9")


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("lift", [0.0, 0.1])
def test_charts_draw_looks_or_p_values(lang, lift):
    looks = ops.ab_simulate(USERS, metric="paid", lift=lift, method="sequential")
    spec = looks.chart(lang).to_dict()
    assert len(spec["layer"]) == 3
    (rows,) = spec["datasets"].values()
    assert {row["c5"] for row in rows} == {0.8 if lift else 0.05}
    once = ops.ab_simulate(USERS, metric="paid", lift=lift)
    assert once.look_chart(lang) is None
    assert once.chart(lang).to_dict() == once.p_chart(lang).to_dict()
    (bars,) = once.chart(lang).to_dict()["datasets"].values()
    assert len(bars) == 20
    assert spec["description"] == looks.describe(lang)
