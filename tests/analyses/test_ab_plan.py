"""Sizes and lengths of planned tests."""

import math

import numpy as np
import pytest

import opslib as ops
from opslib.analyses.ab_plan import ab_plan
from opslib.result import Error


@pytest.mark.parametrize(
    ("baseline", "mde", "n"),
    [(0.20, 0.05, 1094), (0.05, 0.01, 8158), (0.05, 0.03, 1059)],
)
@pytest.mark.parametrize("relative", [False, True])
def test_sizes_whose_simulated_power_is_80_percent(baseline, mde, n, relative):
    plan = ab_plan(
        baseline=baseline, mde=mde / baseline if relative else mde, relative=relative
    )
    row = plan.table.iloc[0]
    assert row["n_per_variant"] == n
    assert row["n_total"] == 2 * n
    assert row["mde"] == pytest.approx(mde)
    assert row["target"] == pytest.approx(baseline + mde)


@pytest.mark.parametrize(
    ("daily", "days"), [(100, 28), (2188 / 14, 14), (2187 / 14, 21), (9_999, 14)]
)
def test_length_is_whole_weeks_and_two_at_least(daily, days):
    assert ab_plan(baseline=0.2, mde=0.05, daily_traffic=daily).table["days"][0] == days


def test_without_traffic_the_missing_length_has_a_reason():
    plan = ab_plan(baseline=0.2, mde=0.05)
    assert math.isnan(plan.table["days"][0])
    assert plan.warnings[0].code == "ab.plan.no_traffic"
    assert "week" not in plan.describe()


def test_split_gives_every_comparison_its_power():
    even = ab_plan(baseline=0.2, mde=0.05, variants=2)
    uneven = ab_plan(baseline=0.2, mde=0.05, split=[0.9, 0.1]).table.iloc[0]
    assert uneven["n_total"] > even.table["n_total"][0]
    assert uneven["n_per_variant"] == pytest.approx(uneven["n_total"] / 10, abs=1)


def test_more_variants_share_the_risk():
    three = ab_plan(baseline=0.2, mde=0.05, variants=3)
    strict = ab_plan(baseline=0.2, mde=0.05, alpha=0.025)
    assert three.table["n_per_variant"][0] == strict.table["n_per_variant"][0]
    assert "2 comparisons" in three.warnings[-1].text()


def test_mean_metrics_are_planned_from_their_deviation():
    """The t-test needs 64 per group for half a deviation (Cohen, 1988)."""
    plan = ab_plan(baseline=50, mde=10, sd=20)
    assert plan.table["n_per_variant"][0] == 64
    assert plan.warnings[-1].code == "ab.plan.small"


def test_grid_falls_with_the_effect_and_passes_through_the_plan():
    plan = ab_plan(baseline=0.2, mde=0.05, daily_traffic=100)
    assert plan.grid["n_total"].is_monotonic_decreasing
    asked = plan.grid.loc[(plan.grid["mde"] - 0.05).abs().idxmin()]
    assert asked["n_per_variant"] == 1094
    assert plan.grid["mde"].iloc[[0, -1]].tolist() == pytest.approx([0.025, 0.1])


def test_effects_beyond_all_users_are_not_in_the_grid():
    plan = ab_plan(baseline=0.7, mde=0.2)
    assert (0.7 + plan.grid["mde"] < 1).all()


def test_sentences_name_effect_power_and_size():
    plan = ab_plan(baseline=0.2, mde=0.05, daily_traffic=100)
    assert plan.describe() == (
        "To see a change from 20.0% to 25.0% (+25.0%) with 80% chance, at 5% risk of "
        "a false alarm, the test needs 1,094 units in each of 2 groups, 2,188 in all. "
        "That takes 4 weeks."
    )
    assert plan.describe("zh_CN") == (
        "要以 80% 的把握检出从 20.0% 到 25.0% 的变化（+25.0%），误报风险 5%，"
        "2 个组各需要 1,094 个样本，合计 2,188 个。需要 4 周。"
    )


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize(
    "options", [{"baseline": 0.2, "mde": 0.05}, {"baseline": 0, "mde": 2, "sd": 9}]
)
def test_chart_draws_the_curve_and_the_plan(lang, options):
    plan = ab_plan(**options)
    spec = plan.chart(lang).to_dict()
    assert len(spec["layer"]) == 2
    assert spec["description"] == plan.describe(lang)
    assert "lift" not in str(spec).replace("lift to be seen", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"baseline": 20}, "baseline must lie between"),
        ({"mde": 0}, "mde must be a change other than 0, got “0”."),
        ({"mde": 0.9}, "a share of 110%; it must lie between 0% and 100%."),
        ({"power": 1}, "power must lie between 0.5 and 0.999, got “1”."),
        ({"variants": 1}, "variants must lie between 2 and 50, got “1”."),
        ({"split": [1, 2, 3]}, "a share above 0 to each of 2 groups"),
        ({"split": [1, 0]}, "got “[1, 0]”"),
        ({"sd": 0}, "sd must lie between"),
        ({"daily_traffic": 0}, "daily_traffic must lie between 1 and"),
    ],
)
def test_mistakes_are_said(options, said):
    with pytest.raises(Error) as caught:
        ab_plan(**({"baseline": 0.2, "mde": 0.05} | options))
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"baseline": "x"}, "baseline must lie between"),
        ({"mde": "x"}, "mde must lie between"),
        ({"variants": 2.5}, "variants must lie between 2 and 50"),
        ({"split": "ab"}, "split must give a share above 0"),
        ({"split": [1, float("nan")]}, "split must give a share above 0"),
        ({"daily_traffic": "x"}, "daily_traffic must lie between"),
    ],
)
def test_what_is_no_number_is_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence):
        ab_plan(**{"baseline": 0.1, "mde": 0.01, **options})


def test_the_axis_of_units_shows_whole_numbers():
    spec = ab_plan(baseline=0.1, mde=0.01).chart().to_json()
    assert '"format": ",d"' in spec


def test_looks_cost_what_keeps_the_power():
    """About 2.5 % for five looks of O'Brien-Fleming type (Jennison & Turnbull)."""
    once, five = (ops.ab_plan(baseline=0.2, mde=0.05, looks=looks) for looks in (1, 5))
    ratio = five.table["n_per_variant"] / once.table["n_per_variant"]
    assert ratio[0] == pytest.approx(1.025, abs=2e-3)
    assert "which takes 2.5% more units" in five.warnings[1].text()
    assert "样本量多 2.5%" in five.warnings[1].text("zh_CN")
    with pytest.raises(ops.Error, match="looks must lie between 1 and 50"):
        ops.ab_plan(baseline=0.2, mde=0.05, looks=2.5)


@pytest.mark.slow
def test_a_plan_with_looks_keeps_its_power():
    plan = ops.ab_plan(baseline=0.2, mde=0.05, looks=4).table.iloc[0]
    n, random = int(plan["n_per_variant"]) // 4, np.random.default_rng(1)
    runs, found = 600, 0
    for _ in range(runs):
        a, b = (random.binomial(n, rate, 4).cumsum() for rate in (0.2, 0.25))
        for look in range(4):
            size = n * (look + 1)
            given = {"A": [size, int(a[look])], "B": [size, int(b[look])]}
            table = ops.ab_summary(
                given, method="sequential", looks=4, planned_n=8 * n, control="A"
            ).table
            if table["verdict"][0] == "winner":
                found += 1
                break
    assert found / runs == pytest.approx(0.8, abs=0.05)
