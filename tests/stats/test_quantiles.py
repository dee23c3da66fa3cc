"""Quantiles by their law: against binomials, draws, scipy, tea-tasting and by hand."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import binom, bootstrap

from opslib.stats.quantiles import TwoQuantiles, quantile

LEVELS = [0.5, 0.8, 0.95, 0.99, 0.999999]


def two(control, treatment, q=0.5):
    return TwoQuantiles(
        quantile(np.asarray(control, float), q),
        quantile(np.asarray(treatment, float), q),
    )


@pytest.fixture
def waits():
    random = np.random.default_rng(3)
    return random.lognormal(3, 1, 700), random.lognormal(3.1, 1, 600)


@pytest.mark.parametrize("q", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_the_value_is_that_of_numpy_and_the_law_adds_up(waits, q):
    found = quantile(waits[0], q)
    assert found.value == np.quantile(waits[0], q)
    assert found.chances.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(found.places) > 0).all()


@pytest.mark.parametrize(("n", "q"), [(25, 0.5), (400, 0.5), (400, 0.9), (99, 0.2)])
def test_percentiles_of_the_law_bound_one_quantile_as_binomials_do(n, q):
    """X(r) to X(s) holds the quantile with chance P(r <= B < s), B ~ Bin(n, q)."""
    law = quantile(np.arange(1.0, n + 1), q)
    below = np.cumsum(law.chances)
    low = law.places[np.searchsorted(below, 0.025)]
    above = np.cumsum(law.chances[::-1])
    high = law.places[::-1][np.searchsorted(above, 0.025)]
    covered = binom.cdf(high - 1, n, q) - binom.cdf(low - 1, n, q)
    # Whatever the distribution; a step of the binomial is what it may lack.
    step = binom.pmf(np.arange(n + 1), n, q).max()
    assert covered == pytest.approx(0.95, abs=step)


def test_tea_tasting_finds_the_same_bounds(waits):
    control, treatment = waits
    table = pd.DataFrame(
        {
            "variant": np.repeat([0, 1], [len(control), len(treatment)]),
            "wait": np.concatenate([control, treatment]),
        }
    )
    for q in (0.5, 0.9):
        metric = tt.Quantile("wait", q, n_resamples=8_000, method="percentile", rng=1)
        expected = tt.Experiment(m=metric).analyze(table)["m"]
        pair = two(control, treatment, q)
        assert (pair.control, pair.treatment) == (
            pytest.approx(expected.control),
            pytest.approx(expected.treatment),
        )
        width = expected.effect_size_ci_upper - expected.effect_size_ci_lower
        low, high = pair.difference_interval()
        assert low == pytest.approx(expected.effect_size_ci_lower, abs=0.06 * width)
        assert high == pytest.approx(expected.effect_size_ci_upper, abs=0.06 * width)
        lifts = [expected.rel_effect_size_ci_lower, expected.rel_effect_size_ci_upper]
        assert pair.lift_interval() == pytest.approx(lifts, abs=0.06 * np.ptp(lifts))


def test_scipy_finds_the_same_median_and_variance():
    values = np.random.default_rng(5).gamma(2, 10, 301)
    found = bootstrap(
        (values,), np.median, n_resamples=8_000, method="percentile", rng=0
    )
    law = quantile(values, 0.5)
    sd = math.sqrt(law.variance)
    assert sd == pytest.approx(found.standard_error, rel=0.05)
    below = np.cumsum(law.chances)
    ends = [law.places[np.searchsorted(below, tail)] for tail in (0.025, 0.975)]
    assert ends == pytest.approx([*found.confidence_interval], abs=0.25 * sd)


NUMBERS = some.lists(some.integers(-2, 6), min_size=10, max_size=14)


@given(NUMBERS, NUMBERS, some.sampled_from([0.4, 0.5, 0.6]), some.sampled_from(LEVELS))
@settings(max_examples=80)
def test_bounds_and_p_are_those_of_every_pair_of_places(control, treatment, q, level):
    pair = two(control, treatment, q)
    if pair.problem:
        assert pair.problem == "few"
        assert math.isnan(pair.test()[0])
        return
    pairs = product(
        zip(pair.arm.places, pair.arm.chances, strict=True),
        zip(pair.base_arm.places, pair.base_arm.chances, strict=True),
    )
    gaps, lifts = {}, {}
    for (t, p), (c, r) in pairs:
        gap = t - c
        gaps[gap] = gaps.get(gap, 0) + p * r
        lift = gap / c if c > 0 else math.copysign(math.inf, gap) if gap else 0.0
        lifts[lift] = lifts.get(lift, 0) + p * r

    def bounds(law):
        tail = (1 - level) / 2 * (1 - 1e-9)
        low = min(x for x in law if sum(p for y, p in law.items() if y <= x) >= tail)
        return low, max(
            x for x in law if sum(p for y, p in law.items() if y >= x) >= tail
        )

    assert pair.difference_interval(level) == bounds(gaps)
    at_most, at_least = (
        sum(p for gap, p in gaps.items() if sign * gap <= 0) for sign in (1, -1)
    )
    assert pair.test()[0] == pytest.approx(min(1, 2 * at_most, 2 * at_least))
    if pair.lift_problem(level) is None:
        low, high = pair.lift_interval(level)
        assert np.isfinite([low, high]).all()
        if min(pair.base_arm.places) > 0:
            assert (low, high) == pytest.approx(bounds(lifts), abs=1e-12)


VALUES = some.lists(
    some.one_of(some.integers(-3, 30), some.floats(-3, 30)), min_size=12, max_size=24
)


@given(VALUES, VALUES, some.sampled_from([0.45, 0.5, 0.6]))
@settings(max_examples=80)
def test_p_and_both_intervals_agree(control, treatment, q):
    pair = two(control, treatment, q)
    if pair.problem:
        return
    p, _ = pair.test()
    # At p itself and just beside it, too.
    levels = [*LEVELS, *(1 - p * (1 + e) for e in (-1e-6, 1e-6) if 1e-9 < p < 0.99)]
    for level in levels:
        low, high = pair.difference_interval(level)
        assert (p < 1 - level) == (low > 0 or high < 0)
        if pair.lift_problem(level) is None:
            low, high = pair.lift_interval(level)
            assert (p < 1 - level) == (low > 0 or high < 0)


def test_medians_that_are_equal_by_ties_are_not_called_different():
    control = np.repeat([0.0, 1.0, 2.0], [500, 300, 200])
    treatment = np.repeat([0.0, 1.0, 2.0], [520, 300, 180])
    pair = two(control, treatment, 0.4)
    assert pair.test()[0] == 1
    assert pair.difference_interval() == (0, 0)
    assert pair.lift_problem() == "zero"
    assert two(control + 1, treatment + 1, 0.4).lift_interval() == (0, 0)


@pytest.mark.parametrize(
    ("control", "problem"),
    [
        (np.arange(-100.0, 100.0) - 1000, "negative"),
        (np.arange(-99.0, 100.0), "zero"),
        (np.arange(-95.0, 105.0), "unbounded"),
        (np.arange(9.0) + 1, "few"),
        (np.arange(1.0, 201.0), None),
    ],
)
def test_a_lift_that_cannot_be_given_has_its_reason(control, problem):
    pair = two(control, np.arange(1.0, 201.0))
    assert pair.lift_problem() == problem
    assert np.isnan(pair.lift_interval()).all() == (problem is not None)


def test_a_control_that_may_hardly_be_0_still_has_a_lift():
    """Below 0 in fewer samples than the level leaves out."""
    pair = two(np.arange(-70.0, 130.0), np.arange(1.0, 201.0))
    assert 0 < pair.base_arm.chances[pair.base_arm.places <= 0].sum() < 1e-4
    assert np.isfinite(pair.lift_interval(0.95)).all()
    assert pair.lift_problem(1 - 1e-6) == "unbounded"


def test_levels_of_early_looks_are_within_reach(waits):
    """The first of five looks asks for p below 1.1e-6."""
    control, treatment = waits
    pair = two(control, treatment * 2.5)
    assert 0 < pair.test()[0] < 1e-12
    low, high = pair.difference_interval(1 - 1.1e-6)
    inner = pair.difference_interval(0.95)
    assert 0 < low < inner[0] < inner[1] < high


def test_what_is_believed_is_what_draws_give(waits):
    pair = two(*waits, 0.9)
    random = np.random.default_rng(0)
    treatment, control = (
        random.choice(arm.places, 400_000, p=arm.chances / arm.chances.sum())
        for arm in (pair.arm, pair.base_arm)
    )
    gap = treatment - control
    expected = (
        (gap > 0).mean(),
        np.maximum(-gap, 0).mean(),
        np.maximum(gap, 0).mean(),
    )
    assert pair.losses() == pytest.approx(expected, rel=0.02)
    assert sum(pair.variances) == pytest.approx(gap.var(), rel=0.02)
    assert pair.base == (pair.variances[0], -pair.variances[0])
