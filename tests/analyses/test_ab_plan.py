"""Sizes and lengths of planned tests."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

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
        ({"mde": None}, "Give either mde, the effect to be seen, or days"),
        ({"days": 14}, "Give either mde, the effect to be seen, or days"),
        ({"mde": None, "days": 0}, "days must lie between 1 and 3650, got “0”."),
        ({"mde": None, "days": 14}, "days needs daily_traffic"),
        ({"correlation": 1}, "correlation must lie between -0.99 and 0.99"),
        ({"denominator": {"mean": 2}}, "sd is missing"),
        ({"denominator": {"mean": 2}, "sd": 1}, "must be “mean”, “sd” and"),
        ({"denominator": 3, "sd": 1}, "must be “mean”, “sd” and"),
        (
            {"denominator": {"mean": 0, "sd": 1, "correlation": 0}, "sd": 1},
            "denominator mean must lie between",
        ),
        (
            {"denominator": {"mean": 2, "sd": 1, "correlation": 2}, "sd": 1},
            "denominator correlation must lie between -1 and 1, got “2”.",
        ),
        (
            {"denominator": {"mean": 5, "sd": 5, "correlation": 1}, "sd": 1},
            "the ratio is the same for every unit",
        ),
        (
            {
                "denominator": {"mean": 2, "sd": 1, "correlation": 0},
                "sd": 1,
                "correlation": 0.5,
            },
            "a ratio is compared as it is",
        ),
        (
            {"mde": None, "days": 2, "daily_traffic": 2},
            "4 units, all that come in 2 days, are too few to see any rise.",
        ),
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
        ({"mde": None, "days": 14.5, "daily_traffic": 9}, "days must lie between"),
        ({"correlation": "x"}, "correlation must lie between"),
        (
            {"sd": 1, "denominator": {"mean": "x", "sd": 1, "correlation": 0}},
            "denominator mean must lie between",
        ),
        (
            {"sd": 1, "denominator": {"mean": None, "sd": 1, "correlation": 0}},
            "denominator must be",
        ),
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


RATIO = {"sd": 60, "denominator": {"mean": 2, "sd": 1.5, "correlation": 0.7}}
KINDS = [
    {"baseline": 0.2},
    {"baseline": 0.97},
    {"baseline": 0.2, "correlation": 0.6},
    {"baseline": 50, "sd": 20},
    {"baseline": 0, "sd": 3, "correlation": -0.3},
    {"baseline": 25, **RATIO},
]


@settings(deadline=None, max_examples=15)
@given(
    kind=some.sampled_from(KINDS),
    days=some.integers(1, 60),
    daily=some.integers(5_000, 10**6),
    split=some.sampled_from([None, [9, 1], [1, 1, 2]]),
    looks=some.sampled_from([1, 3]),
)
def test_the_effect_seen_in_some_days_is_the_smallest_that_they_are_enough_for(
    kind, days, daily, split, looks
):
    more = {"variants": len(split or [1, 1]), "split": split, "looks": looks}
    seen = ab_plan(**kind, days=days, daily_traffic=daily, **more)
    rise = float(seen.table["mde"].iloc[0])
    assert rise > 0
    assert seen.table["days"].iloc[0] == days
    for effect in (rise, seen.fall):
        if not math.isnan(effect):
            same = ab_plan(**kind, mde=effect, **more).table["n_total"].iloc[0]
            assert same <= days * daily
            smaller = ab_plan(**kind, mde=effect * (1 - 1e-6), **more)
            assert smaller.table["n_total"].iloc[0] > days * daily


def test_the_effect_seen_is_that_of_the_published_size():
    plan = ab_plan(baseline=0.2, days=14, daily_traffic=2188 / 14)
    assert plan.table["mde"].iloc[0] == pytest.approx(0.05, abs=1e-5)
    assert plan.table["n_per_variant"].iloc[0] == 1094
    assert -0.05 < plan.fall < -0.045


def test_an_effect_that_is_asked_for_has_no_fall():
    assert ab_plan(baseline=0.2, mde=0.05).fall is None


def test_the_time_there_is_is_said_with_what_it_can_see():
    plan = ab_plan(baseline=0.1, days=28, daily_traffic=1000)
    assert plan.describe() == (
        "In 28 days 28,000 units come, 14,000 in each of 2 groups. With 80% chance, "
        "at 5% risk of a false alarm, the smallest rise the test sees is from 10.0% "
        "to 11.0% (+10.3%). The smallest fall it sees is to 9.0% (−9.8%)."
    )
    assert plan.describe("zh_CN") == (
        "28 天共有 28,000 个样本，2 个组各 14,000 个。误报风险 5% 时，能以 80% 的把握"
        "检出的最小提升是从 10.0% 到 11.0%（+10.3%）。能检出的最小下降是降到 9.0%"
        "（−9.8%）。"
    )
    assert plan.warnings == ()


def test_rare_events_may_rise_but_not_be_seen_to_fall():
    plan = ab_plan(baseline=0.001, days=14, daily_traffic=100)
    assert math.isnan(plan.fall)
    assert "It sees no fall, however deep." in plan.describe()
    assert "下降再多也检不出来。" in plan.describe("zh_CN")


@pytest.mark.parametrize(
    ("days", "told"), [(14, False), (10, True), (7, True), (21, False)]
)
def test_days_that_are_not_two_whole_weeks_are_told(days, told):
    plan = ab_plan(baseline=0.1, days=days, daily_traffic=10_000)
    assert ("ab.plan.weeks" in {note.code for note in plan.warnings}) is told


def test_means_fall_as_they_rise_also_without_a_lift():
    plan = ab_plan(baseline=0, sd=3, days=28, daily_traffic=100)
    assert plan.fall == -plan.table["mde"].iloc[0]
    assert "The smallest fall it sees is to -" in plan.describe()


def test_a_ratio_is_planned_as_the_mean_of_what_units_add_to_it():
    """The delta method is the mean of y - R x over that of x."""
    random = np.random.default_rng(0)
    x = random.poisson(2, 50_000) + 1.0
    y = x * 20 + random.normal(0, 30, 50_000)
    rate = y.mean() / x.mean()
    sd = (y - rate * x).std(ddof=1) / x.mean()
    below = {
        "mean": x.mean(),
        "sd": x.std(ddof=1),
        "correlation": np.corrcoef(x, y)[0, 1],
    }
    plan = ab_plan(baseline=rate, mde=1, sd=y.std(ddof=1), denominator=below)
    assert plan.kind == "ratio"
    as_mean = ab_plan(baseline=rate, mde=1, sd=sd)
    assert plan.table.equals(as_mean.table)
    assert "from 20 to 21" in plan.describe()


@pytest.mark.parametrize("options", [{"baseline": 50, "sd": 20, "mde": 1}])
def test_what_was_before_saves_the_square_of_its_correlation(options):
    plain, net = (ab_plan(**options, correlation=rho) for rho in (0, 0.5))
    saved = 1 - net.table["n_total"] / plain.table["n_total"]
    assert saved[0] == pytest.approx(0.25, abs=1e-3)
    assert "(CUPED) saves 25.0% of the units." in net.describe()
    assert "可节省 25.0% 的样本。" in net.describe("zh_CN")
    assert "a correlation of 0.5 with the period before" in net.warnings[1].text()
    assert plain.table.equals(ab_plan(**options).table)
    assert "CUPED" not in plain.describe()


def test_a_share_net_of_what_was_before_is_planned_for_the_test_it_gets():
    """Welch's: both variances as they are, not pooled."""
    plan = ab_plan(baseline=0.2, mde=0.05, correlation=0.6, split=[0.8, 0.2])
    reach = 1.959964 + 0.841621
    spread = 0.64 * (0.2 * 0.8 + 0.25 * 0.75 * 4)
    n = (reach / 0.05) ** 2 * spread + 1.959964**2 / (2 * 1.25)
    assert plan.table["n_total"][0] == pytest.approx(n * 1.25, abs=2)


def test_the_power_curve_goes_from_alpha_through_the_plan():
    plan = ab_plan(baseline=0.2, mde=-0.05, alpha=0.04, power=0.9)
    assert plan.power["power"].is_monotonic_increasing
    assert plan.power["mde"].iloc[[0, 20, -1]].tolist() == [0, -0.05, -0.1]
    assert plan.power["power"].iloc[0] == pytest.approx(0.04)
    assert plan.power["power"].iloc[20] == pytest.approx(0.9, abs=1e-3)
    assert plan.power["lift"].iloc[20] == pytest.approx(-0.25)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "more", [{}, {"split": [9, 1]}, {"looks": 5}, {"variants": 3, "split": [2, 1, 4]}]
)
def test_the_planned_units_have_the_power_asked_for(kind, more):
    plan = ab_plan(**kind, mde=0.02, **more)
    at = plan.power.loc[(plan.power["mde"] - 0.02).abs().idxmin(), "power"]
    assert at == pytest.approx(0.8, abs=4e-3)


def test_looks_cost_what_the_published_factors_say():
    """1.025 for five looks, and (3.035 + 0.842)^2 / (1.960 + 0.842)^2 for any time."""
    costs = ab_plan(baseline=50, sd=20, mde=0.5, daily_traffic=1_000).costs
    assert costs["method"].tolist() == ["fixed", "sequential", "always"]
    assert costs["looks"].fillna(0).tolist() == [1, 5, 0]
    assert (1 + costs["more"]).tolist() == pytest.approx([1, 1.0247, 1.9149], abs=1e-4)
    ratio = costs["n_total"] / costs["n_total"][0]
    assert ratio.tolist() == pytest.approx([1, 1.0247, 1.915], abs=1e-3)
    assert costs["days"].tolist() == [56, 56, 98]


def test_the_cost_of_looks_is_told_with_those_that_are_planned():
    plan = ab_plan(baseline=0.2, mde=0.05, looks=3)
    costs = plan.costs.set_index("method")
    assert costs.loc["sequential", "n_total"] == plan.table["n_total"][0]
    assert costs.loc["fixed", "n_total"] == 2188
    (said,) = plan.details()
    assert said == (
        'Looking 3 times, as planned before (method="sequential"), takes 2,216 units '
        "for the same effect, 1.3% more than looking at the end alone; looking "
        'whenever you like (method="always") takes 4,190, 91.5% more.'
    )
    assert plan.details("zh_CN")[0].startswith("如按计划中途查看，共 3 次")


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("options", [{"baseline": 0.2}, {"baseline": 0, "sd": 9}])
def test_the_chart_of_power_draws_curve_and_plan(lang, options):
    plan = ab_plan(**options, mde=0.05)
    spec = plan.power_chart(lang).to_dict()
    assert len(spec["layer"]) == 2
    assert spec["description"] == plan.describe(lang)
    assert '"+.1~%"' in str(spec).replace("'", '"') or options["baseline"] == 0


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
