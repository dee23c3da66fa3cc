"""Medians and percentiles of an experiment, and means resampled beside Welch's."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.result import Error

MEDIAN = {"name": "median", "numerator": "spend", "kind": "median"}
HIGH = {"name": "high", "numerator": "spend", "kind": "quantile", "quantile": 0.9}


def experiment(n=400, lift=1.0, seed=0, groups="AB", **columns):
    """Spending with a long tail; of all but A it is `lift` times as much."""
    random = np.random.default_rng(seed)
    variant = np.repeat([*groups], n)
    spend = random.lognormal(2, 1, len(variant)) * np.where(variant == "A", 1, lift)
    table = pd.DataFrame({"variant": variant, "spend": spend})
    return table.assign(unit=np.arange(len(variant)), **columns)


def codes(result):
    return [note.code for note in result.warnings]


def test_cookie_cats_has_the_medians_that_pandas_finds(samples):
    table = pd.read_csv(samples / "experiments/cookie_cats.csv.gz")
    table = table.rename(columns={"userid": "unit", "version": "variant"})
    median = {"name": "median rounds", "numerator": "sum_gamerounds", "kind": "median"}
    result = ops.ab_test(table, metrics=[median, "sum_gamerounds"])
    row = result.table.iloc[0]
    expected = table.groupby("variant")["sum_gamerounds"].median()
    assert (row["control"], row["treatment"]) == (17, 16)
    assert [row["control"], row["treatment"]] == expected.tolist()
    assert (row["kind"], row["test"]) == ("quantile", "bootstrap")
    assert (row["low"], row["high"]) == (-1, 0)
    assert row["p_value"] > 0.05
    assert row["verdict"] == "too_early"
    assert "“median rounds”" in result.verdict[0].text()


def test_one_user_of_cookie_cats_makes_welch_doubtful(samples):
    """49,854 rounds of one player: Welch's interval is symmetric, the truth is not."""
    table = pd.read_csv(samples / "experiments/cookie_cats.csv.gz")
    table = table.rename(columns={"userid": "unit", "version": "variant"})
    result = ops.ab_test(table, metrics=["retention_1", "sum_gamerounds"])
    note = next(note for note in result.warnings if note.code == "ab.skewed")
    assert note.values["variant"] == "gate_30"
    assert note.values["needed"] > 9_000_000
    assert "very skewed in “gate_30” (skewness 164)" in note.text()
    assert "偏态严重（偏度 164）" in note.text("zh_CN")
    row = result.bootstrap.iloc[0]
    assert result.bootstrap["metric"].tolist() == ["sum_gamerounds"]
    # That player is in no sample, in one, or in two: below Welch, and short above.
    assert row["low"] < row["welch_low"] - 0.2
    assert row["high"] < row["welch_high"] - 0.2
    assert row["agrees"]
    cut = ops.ab_test(table, metrics=["sum_gamerounds"], winsorize=0.999)
    assert cut.bootstrap["skew_control"][0] == pytest.approx(4.53, abs=0.01)


def test_a_quantile_has_a_verdict_as_a_mean_has():
    result = ops.ab_test(experiment(1000, 1.3), metrics=[MEDIAN, HIGH], margin=0.02)
    assert result.table["verdict"].tolist() == ["winner", "winner"]
    assert result.table["kind"].tolist() == ["quantile", "quantile"]
    by = experiment(1000, 1.3).groupby("variant")["spend"]
    for row, q in zip(result.table.to_dict("records"), (0.5, 0.9), strict=True):
        assert [row["control"], row["treatment"]] == pytest.approx(
            by.quantile(q).tolist()
        )
        assert row["lift"] == pytest.approx(row["difference"] / row["control"])
        assert row["low_adjusted"] <= row["low"] <= row["difference"] <= row["high"]
    assert result.chart().to_dict()
    assert "“median”" in result.describe()
    assert result.describe("zh_CN")
    assert len(result.users("B", metric="median")) == 1000


def test_quantiles_are_named_by_what_they_are():
    plain = [
        {"numerator": "spend", "kind": "median"},
        {"numerator": "spend", "quantile": 0.29},
        {"numerator": "spend", "kind": "quantile", "quantile": 0.99},
    ]
    found = ops.ab_test(experiment(), metrics=plain).table
    assert found["metric"].tolist() == ["spend p50", "spend p29", "spend p99"]


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ({"kind": "quantile"}, "“spend” is a quantile; say which"),
        ({"kind": "mean", "quantile": 0.5}, "cannot be of the kind “mean”; possible:"),
        ({"quantile": 0.999}, "quantile must lie between 0.01 and 0.99"),
        ({"quantile": "half"}, "quantile must lie between 0.01 and 0.99"),
        (
            {"denominator": "paid", "quantile": 0.5},
            "cannot be of the kind “quantile”; possible: “ratio”",
        ),
        (
            {"numerator": "paid", "kind": "median"},
            "cannot be of the kind “median”; possible: “share”, “mean”",
        ),
    ],
)
def test_a_quantile_that_cannot_be_is_refused(metric, said):
    table = experiment(paid=np.arange(800) % 2)
    with pytest.raises(Error) as caught:
        ops.ab_test(table, metrics=[{"numerator": "spend"} | metric])
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN")


def test_what_does_not_apply_to_a_quantile_is_said():
    before = np.random.default_rng(9).random(800)
    table = experiment(before=before)
    options = {"covariate": "before", "winsorize": 0.99}
    result = ops.ab_test(table, metrics=[MEDIAN, "spend"], **options)
    said = {note.code for note in result.warnings if note.values.get("metric")}
    assert {"ab.cuped.quantile", "ab.winsorized.quantile", "ab.cuped"} <= said
    alone = ops.ab_test(table, metrics=[MEDIAN]).table
    columns = ["control", "treatment", "low", "high", "p_value"]
    pd.testing.assert_frame_equal(result.table[columns].head(1), alone[columns])


def test_a_blank_is_left_out_of_a_quantile_and_told():
    table = experiment()
    table.loc[[0, 1, 500], "spend"] = None
    result = ops.ab_test(table, metrics=[MEDIAN])
    assert result.table[["n_control", "n"]].to_numpy().tolist() == [[398, 399]]
    assert "3 units without a value of “median”" in result.describe()
    table.loc[table["variant"] == "B", "spend"] = None
    with pytest.raises(Error, match="“median” has no value for the variant “B”"):
        ops.ab_test(table, metrics=[MEDIAN])


@pytest.mark.parametrize(
    ("n", "q", "verdict", "reason"),
    [
        (149, 0.5, "too_early", "150 units, and 25 on each side of the quantile"),
        (240, 0.9, "too_early", "150 units, and 25 on each side of the quantile"),
        (250, 0.9, "winner", None),
        (40, 0.9, "too_early", "fewer than 5 units on one side of the quantile"),
    ],
)
def test_a_quantile_near_the_end_needs_more_units(n, q, verdict, reason):
    metric = {"numerator": "spend", "quantile": q}
    result = ops.ab_test(experiment(n, 5.0), metrics=[metric])
    row = result.table.iloc[0]
    assert row["verdict"] == verdict
    assert reason is None or reason in result.verdict[0].text()
    assert np.isnan(row["p_value"]) == (n == 40)
    assert ("ab.missing.few" in codes(result)) == (n == 40)


def test_equal_medians_of_counts_are_no_finding():
    """Two in three spend nothing, in A as in B, though B's mean is higher."""
    number = np.arange(800) % 400
    counts = np.where(number < 260, 0, number % 7 + 1)
    table = experiment(spend=counts * np.where(np.arange(800) < 400, 1, 3))
    result = ops.ab_test(table, metrics=[MEDIAN], margin=0.05)
    row = result.table.iloc[0]
    assert (row["control"], row["treatment"], row["p_value"]) == (0, 0, 1)
    assert (row["low"], row["high"], row["verdict"]) == (0, 0, "too_early")
    assert np.isnan(row["lift"])
    assert "ab.missing.zero" in codes(result)


def test_nobody_can_add_up_a_quantile():
    table = experiment(1000, 1.3)
    result = ops.ab_test(table, metrics=[MEDIAN, "spend"], daily_traffic=100)
    assert result.worth[0] is None
    assert result.worth[1] is not None


@pytest.mark.parametrize("method", ["sequential", "always"])
def test_a_quantile_may_be_looked_at_early(method):
    options = {"method": method, "planned_n": 10_000, "metrics": [MEDIAN]}
    small = ops.ab_test(experiment(1000, 1.02), **options).table.iloc[0]
    large = ops.ab_test(experiment(1000, 2.0), **options).table.iloc[0]
    assert (small["verdict"], large["verdict"]) == ("too_early", "winner")
    for row in (small, large):
        assert (row["p_value"] < 0.05) == (row["low"] > 0 or row["high"] < 0)
        assert (row["low"] > 0) == (row["lift_low"] > 0)


def test_a_quantile_can_be_a_guardrail():
    load = {"name": "load", "numerator": "spend", "kind": "median"}
    table = experiment(2000, 0.8, paid=np.arange(4000) % 2)
    result = ops.ab_test(table, metrics=["paid"], guardrails=[load])
    assert result.table["verdict"].tolist() == ["too_early", "harmed"]


def test_segments_compare_quantiles_by_the_variance_of_the_bootstrap():
    table = experiment(1000)
    table["half"] = np.where(np.arange(2000) % 2, "odd", "even")
    better = (table["half"] == "odd") & (table["variant"] == "B")
    table.loc[better, "spend"] *= 2
    result = ops.ab_test(table, metrics=[MEDIAN], segments=["half"])
    found = result.segments.set_index("value")
    assert (found["p_interaction"] < 1e-4).all()
    assert set(found["kind"]) == {"quantile"}
    own = table[table["half"] == "odd"]
    alone = ops.ab_test(own, metrics=[MEDIAN]).table.iloc[0]
    for name in ("control", "treatment", "low", "high"):
        assert found.loc["odd", name] == alone[name]
    assert "ab.segments.differ" in codes(result)


def test_the_bayesian_way_reads_the_bootstrap():
    result = ops.ab_test(experiment(1000, 1.1), metrics=[MEDIAN])
    flat, sceptical = result.bayes.to_dict("records")
    row = result.table.iloc[0]
    assert flat["better"] == pytest.approx(1 - row["p_value"] / 2, abs=1e-3)
    assert [flat["lift_low"], flat["lift_high"]] == [row["lift_low"], row["lift_high"]]
    gain = flat["loss_control"] - flat["loss"]
    assert gain == pytest.approx(row["lift"], abs=0.04)
    assert np.isnan(sceptical["better"])


def resampled(table, measure, control="A", treatment="B", samples=4_000):
    """Percentiles of the difference and the lift, by plain resampling of rows."""
    random = np.random.default_rng(11)
    found = []
    for variant in (control, treatment):
        own = table[table["variant"] == variant].drop(columns="variant").to_numpy()
        draws = random.integers(0, len(own), (samples, len(own)))
        found.append(np.array([measure(own[draw]) for draw in draws]))
    change = found[1] - found[0]
    ends = [0.025, 0.975]
    return np.quantile(change, ends), np.quantile(change / found[0], ends)


def test_means_and_ratios_are_resampled_as_rows_would_be():
    table = experiment(1500, 1.1, orders=np.random.default_rng(2).poisson(2, 3000) + 1)
    ratio = {"numerator": "spend", "denominator": "orders"}
    result = ops.ab_test(table, metrics=["spend", ratio])
    found = result.bootstrap
    assert found["metric"].tolist() == ["spend", "spend / orders"]
    measures = {
        "spend": lambda rows: rows[:, 0].mean(),
        "spend / orders": lambda rows: rows[:, 0].sum() / rows[:, 1].sum(),
    }
    columns = table[["variant", "spend", "orders"]]
    for row in found.to_dict("records"):
        change, lift = resampled(columns, measures[row["metric"]])
        near = {"abs": 0.08 * (change[1] - change[0])}
        assert [row["low"], row["high"]] == pytest.approx(change, **near)
        near = {"abs": 0.08 * (lift[1] - lift[0])}
        assert [row["lift_low"], row["lift_high"]] == pytest.approx(lift, **near)
        assert row["skew"] > 1
    welch = found[["welch_low", "welch_high"]].to_numpy()
    assert welch == pytest.approx(result.table[["low", "high"]].to_numpy())
    pd.testing.assert_frame_equal(
        found, ops.ab_test(table, metrics=["spend", ratio]).bootstrap
    )


def test_net_of_what_was_before_the_bootstrap_is_as_narrow_as_the_test():
    before = np.random.default_rng(3).gamma(2, 5, 3000)
    after = before + np.random.default_rng(4).normal(0, 2, 3000)
    table = experiment(1500, before=before, spend=after)
    result = ops.ab_test(table, metrics=["spend"], covariate="before")
    row, welch = result.bootstrap.iloc[0], result.table.iloc[0]
    width = welch["high"] - welch["low"]
    assert row["low"] == pytest.approx(welch["low"], abs=0.06 * width)
    assert row["high"] == pytest.approx(welch["high"], abs=0.06 * width)
    plain = ops.ab_test(table, metrics=["spend"]).table.iloc[0]
    assert row["high"] - row["low"] < 0.5 * (plain["high"] - plain["low"])
    assert row["skew"] == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("below", [None, "orders"])
def test_within_strata_the_bootstrap_is_as_narrow_as_the_test(below):
    random = np.random.default_rng(6)
    city = np.resize([0, 0, 0, 1], 3000)
    table = experiment(1500, city=city, orders=random.poisson(2, 3000) + 1)
    table["spend"] = random.gamma(2, 2, 3000) + 30 * city
    table = table.drop(index=table[(city == 1) & (table["variant"] == "A")].index[::2])
    metric = {"name": "m", "numerator": "spend", "denominator": below}
    result = ops.ab_test(table, metrics=[metric], strata=["city"])
    row, welch = result.bootstrap.iloc[0], result.table.iloc[0]
    assert welch["test"] == "stratified"
    for low, high in (("low", "high"), ("lift_low", "lift_high")):
        near = {"abs": 0.06 * (welch[high] - welch[low])}
        assert row[low] == pytest.approx(welch[low], **near)
        assert row[high] == pytest.approx(welch[high], **near)
    plain = ops.ab_test(table, metrics=[metric]).table.iloc[0]
    assert not row["low"] < plain["difference"] < row["high"]


def test_a_quantile_is_not_compared_within_strata():
    table = experiment(city=np.arange(800) % 2)
    with pytest.raises(Error, match="“median” is a quantile, which cannot be compared"):
        ops.ab_test(table, metrics=[MEDIAN], strata=["city"])


def test_a_quantile_day_by_day_is_that_of_what_was_there_by_then():
    random = np.random.default_rng(7)
    table = experiment(300, 1.2)
    again = table.assign(spend=random.gamma(1, 5, 600), day=2).iloc[::3]
    table["day"] = np.arange(600) % 3
    later = pd.concat([table, again[table.loc[again.index, "day"] < 2]])
    later["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(later["day"], "D")
    later.loc[later.index[:2], "spend"] = None
    result = ops.ab_test(later.drop(columns="day"), metrics=[MEDIAN, "spend"])
    found = result.over_time[result.over_time["metric"] == "median"]
    assert len(found) == 3
    for day, row in enumerate(found.to_dict("records")):
        seen = later[later["day"] <= day]
        sums = seen.groupby(["variant", "unit"])["spend"].sum(min_count=1).dropna()
        expected = sums.groupby("variant").median()
        assert [row["control"], row["treatment"]] == pytest.approx(expected.tolist())
        assert row["n"] == len(sums["B"])
    last, whole = found.iloc[-1], result.table.iloc[0]
    for name in ("low", "high", "lift_low", "lift_high", "p_value"):
        assert last[name] == pytest.approx(whole[name])
    assert result.over_time_chart()


def test_what_cannot_be_resampled_is_blank():
    shares = experiment(paid=np.arange(800) % 2)
    assert ops.ab_test(shares, metrics=["paid", MEDIAN]).bootstrap.empty
    few = ops.ab_test(experiment(29), metrics=["spend"]).bootstrap
    assert few[["low", "high", "agrees"]].isna().all(axis=None)
    assert few["welch_low"].notna().all()
    constant = ops.ab_test(experiment(spend=5.0), metrics=["spend"]).bootstrap
    assert constant[["low", "welch_low", "agrees", "skew"]].isna().all(axis=None)
    negative = experiment(spend=np.random.default_rng(1).normal(0, 1, 800))
    assert ops.ab_test(negative, metrics=["spend"]).bootstrap["lift_low"].isna().all()


def test_several_variants_share_the_samples_of_the_control():
    result = ops.ab_test(experiment(300, 2.0, groups="ABC"), metrics=["spend"])
    assert result.bootstrap["variant"].tolist() == ["B", "C"]
    assert result.bootstrap["agrees"].tolist() == [True, True]
    assert result.bootstrap["skew_control"].nunique() == 1


def test_skewness_is_only_told_where_it_matters():
    table = experiment(4000, spend=np.random.default_rng(1).gamma(1, 1, 8000))
    assert "ab.skewed" not in codes(ops.ab_test(table, metrics=["spend"]))
    table = experiment(1000, spend=np.random.default_rng(1).gamma(1, 1, 2000))
    result = ops.ab_test(table, metrics=["spend"])
    note = next(note for note in result.warnings if note.code == "ab.skewed")
    values = table["spend"][table["variant"] == note.values["variant"]]
    expected = values.skew() * (998 / np.sqrt(1000 * 999))
    assert note.values["skew"] == pytest.approx(expected)
    assert note.values["needed"] == np.ceil(355 * note.values["skew"] ** 2)
    assert note.values["n"] == 1000
