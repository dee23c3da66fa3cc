"""Looks before the end: bounds as published, and no verdict that they do not allow."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import norm

import opslib as ops
from opslib.result import Error
from opslib.stats.proportions import TwoProportions
from opslib.stats.sequential import spending_bounds

# O'Brien-Fleming-type spending at 5 equal looks.
BOUNDS = [4.877, 3.357, 2.680, 2.290, 2.031]


def counts(n, z, share=0.2):
    """Two groups of n, the second better by z standard errors (nearly)."""
    gap = z * math.sqrt(2 * share * (1 - share) / n)
    return {"A": [n, round(share * n)], "B": [n, round((share + gap) * n)]}


def row(given, **options):
    return ops.ab_summary(given, control="A", **options).table.iloc[0]


@pytest.mark.parametrize(("look", "bound"), [*enumerate(BOUNDS, 1)])
def test_the_interval_at_a_look_is_that_of_its_bound(look, bound):
    given = counts(20_000, 1)
    planned = round(40_000 * 5 / look)
    found = row(given, method="sequential", planned_n=planned)
    (n_control, x_control), (n, x) = given.values()
    pair = TwoProportions(n_control, x_control, n, x)
    expected = pair.difference_interval(2 * norm.cdf(bound) - 1)
    assert [found["low"], found["high"]] == pytest.approx(expected, abs=2e-6)
    assert (
        ops.ab_summary(given, method="sequential", planned_n=planned)
        .checks[1]
        .note.text()
        .startswith(f"This is look {look} of 5 planned ones")
    )


@pytest.mark.parametrize(("look", "bound"), [*enumerate(BOUNDS, 1)])
@pytest.mark.parametrize("beyond", [-0.06, 0.06])
def test_a_winner_is_beyond_the_bound(look, bound, beyond):
    given = counts(1_000_000, bound + beyond)
    planned = round(2_000_000 * 5 / look)
    verdict = row(given, method="sequential", planned_n=planned)["verdict"]
    assert verdict == ("winner" if beyond > 0 else "too_early")


def test_looking_at_any_time_costs_more_than_planned_looks():
    given = counts(10_000, 2.5)
    widths = {}
    for method in ("fixed", "sequential", "always"):
        found = row(given, method=method, planned_n=20_000)
        widths[method] = found["high"] - found["low"]
    assert widths["fixed"] < widths["sequential"] < widths["always"]
    # At the planned size a confidence sequence has 3.035 instead of 1.960.
    assert widths["always"] / widths["fixed"] == pytest.approx(3.035 / 1.96, abs=0.01)


def test_the_last_look_ends_the_test():
    result = ops.ab_summary(
        counts(5_000, 1), control="A", method="sequential", planned_n=10_000
    )
    assert "the planned size is reached" in result.verdict[0].text()


def test_a_fixed_plan_that_is_not_reached_says_what_peeking_costs():
    result = ops.ab_summary(counts(1_000, 3), planned_n=10_000)
    assert result.table["verdict"].tolist() == ["too_early"]
    said = (
        "stopping at the first winner names one in 14.2% of tests that have no effect"
    )
    assert said in result.checks[1].note.text()
    assert "14.2% 会误判为有效" in result.checks[1].note.text("zh_CN")


@settings(max_examples=60)
@given(
    some.integers(200, 3_000),
    some.floats(-4, 4),
    some.sampled_from(["sequential", "always"]),
    some.integers(2, 12),
    some.floats(0.05, 1.5),
)
def test_interval_and_p_value_agree(n, z, method, looks, share):
    planned = max(2, round(2 * n / share))
    found = row(counts(n, z), method=method, looks=looks, planned_n=planned)
    if abs(found["p_value"] - 0.05) < 1e-9:
        return  # rounding decides
    outside = found["low"] > 0 or found["high"] < 0
    assert outside == (found["p_value"] < 0.05)
    assert (found["lift_low"] > 0 or found["lift_high"] < 0) == outside


def test_groups_share_the_error_of_all_looks():
    """Holm over p values that allow for the looks is Holm at each of them."""
    given = counts(10_000, 3) | {"C": [10_000, 2_000]}
    table = ops.ab_summary(
        given, control="A", method="sequential", planned_n=60_000
    ).table
    assert table["p_adjusted"].tolist() == pytest.approx(
        [min(1, 2 * table["p_value"].min()), table["p_value"].max()]
    )
    widths = (table["high_adjusted"] - table["low_adjusted"]) / (
        table["high"] - table["low"]
    )
    assert (widths > 1).all()


@pytest.mark.parametrize("method", ["sequential", "always"])
@pytest.mark.parametrize("confidence", [0.5, 0.999])
@pytest.mark.parametrize("n", [10, 50_000])
def test_no_look_is_too_early_or_too_sure(method, confidence, n):
    options = {"method": method, "confidence": confidence, "margin": 0.05}
    given = {"A": [n, n // 10], "B": [n, n // 9], "C": [n, 0]}
    for counted in (given, {"A": [n, 5, 3], "B": [n, 5.1, 3], "C": [n, -1, 0]}):
        result = ops.ab_summary(counted, planned_n=20_000, looks=50, **options)
        assert result.describe()
        assert result.table["verdict"].notna().all()
        assert len(result.bayes) == 4


@pytest.mark.parametrize("looks", range(2, 12))
def test_a_last_look_may_spend_all_there_is(looks):
    """Two one-sided tests at 50 % have no error left to keep."""
    plan = {"method": "sequential", "planned_n": 2_000, "looks": looks}
    found = row(counts(1_000, 2), confidence=0.5, **plan)
    assert found["verdict"] == "winner"
    times = np.arange(1, looks + 1) / looks
    assert spending_bounds(times, alpha=1)[-1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "sequential"}, "method “sequential” needs planned_n"),
        ({"method": "often"}, "choose from “fixed”, “sequential”, “always”"),
        ({"looks": 1}, "looks must lie between 2 and 50"),
        ({"looks": 2.5}, "looks must lie between 2 and 50"),
    ],
)
def test_mistakes_are_said(options, said):
    with pytest.raises(Error) as caught:
        ops.ab_summary(counts(1_000, 1), **options)
    assert said in caught.value.text()
    assert caught.value.text("zh_CN")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fixed", "sequential", "always"])
def test_how_often_a_test_without_effect_names_one_at_any_of_five_looks(method):
    random = np.random.default_rng(5)
    runs, found = 1_000, 0
    for _ in range(runs):
        steps = random.binomial(400, 0.3, (2, 5)).cumsum(axis=1)
        for look in range(5):
            n = 400 * (look + 1)
            given = {"A": [n, int(steps[0, look])], "B": [n, int(steps[1, look])]}
            plan = {} if method == "fixed" else {"planned_n": 4_000}
            if row(given, method=method, **plan)["verdict"] != "too_early":
                found += 1
                break
    rate = found / runs
    error = 3 * math.sqrt(0.05 * 0.95 / runs)
    assert (rate > 0.05 + error) if method == "fixed" else (rate < 0.05 + error)
