"""Intervals and tests of shares, against published figures and other programs."""

import math

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some
from scipy.optimize import minimize_scalar
from scipy.stats import binom, chi2_contingency, norm
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
)

from opslib.stats.proportions import (
    TwoProportions,
    _difference_interval,
    wilson,
)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_is_that_of_statsmodels(confidence):
    n = np.repeat([1, 10, 1_000_000], 3)
    x = np.array([0, 1, 1, 0, 3, 10, 0, 20, 1_000_000])
    expected = proportion_confint(x, n, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose(wilson(x, n, confidence), expected, atol=1e-12)


def test_wilson_is_exact_at_the_ends_and_empty_without_users():
    low, high = wilson([0, 7, 0], [7, 7, 0])
    assert low[0] == 0
    assert high[1] == 1
    assert np.isnan([low[2], high[2]]).all()


def test_wilson_keeps_the_shape():
    low, high = wilson(np.ones((2, 3)), 5)
    assert low.shape == high.shape == (2, 3)


def test_difference_interval_with_the_factor_is_the_published_one():
    """Miettinen & Nurminen for 56 of 70 beside 48 of 80, as SAS prints it."""
    pair = TwoProportions(80, 48, 70, 56)
    published = _difference_interval(pair, 0.95, factor=150 / 149)
    assert published == pytest.approx((0.0528, 0.3382), abs=5e-5)
    assert pair.difference_interval() == pytest.approx((0.0533, 0.3377), abs=5e-5)


@pytest.mark.parametrize(
    "counts", [(80, 48, 70, 56), (721, 20, 730, 37), (30, 3, 4000, 5), (50, 49, 60, 48)]
)
def test_lift_interval_is_that_of_statsmodels(counts):
    n_c, x_c, n, x = counts
    low, high = confint_proportions_2indep(
        x, n, x_c, n_c, compare="ratio", method="score", correction=False
    )
    pair = TwoProportions(*counts)
    assert pair.lift_interval() == pytest.approx((low - 1, high - 1), abs=1e-6)


@some.composite
def pairs(draw):
    n_c, n = draw(some.integers(1, 3_000)), draw(some.integers(1, 3_000))
    x_c, x = draw(some.integers(0, n_c)), draw(some.integers(0, n))
    return TwoProportions(n_c, x_c, n, x)


def score_statistic(pair, base, rate, estimate, scale):
    variance = (
        rate * (1 - rate) / pair.n + scale**2 * base * (1 - base) / pair.n_control
    )
    return abs(estimate) / math.sqrt(variance)


def likeliest(pair, rate_of, low, high):
    """The control's share of greatest likelihood, by search instead of algebra."""

    def loss(base):
        return -binom.logpmf(pair.x_control, pair.n_control, base) - binom.logpmf(
            pair.x, pair.n, min(1, max(0, rate_of(base)))
        )

    return minimize_scalar(
        loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    ).x


@settings(derandomize=True, max_examples=40, deadline=None)
@given(pairs(), some.sampled_from([0.8, 0.95, 0.99]))
@example(TwoProportions(50, 50, 60, 48), 0.95)
def test_the_score_statistic_is_critical_at_both_ends(pair, confidence):
    assume(pair.x_control > 5 and 5 < pair.x < pair.n - 5)
    critical = norm.ppf((1 + confidence) / 2)
    for d in pair.difference_interval(confidence):
        base = likeliest(pair, lambda b, d=d: b + d, max(0, -d), min(1, 1 - d))
        off = pair.treatment - pair.control - d
        z = score_statistic(pair, base, base + d, off, 1)
        assert z == pytest.approx(critical, rel=2e-3)
    for lift in pair.lift_interval(confidence):
        r = 1 + lift
        base = likeliest(pair, lambda b, r=r: r * b, 0, min(1, 1 / r))
        off = pair.treatment - r * pair.control
        z = score_statistic(pair, base, r * base, off, r)
        assert z == pytest.approx(critical, rel=2e-3)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(pairs(), some.sampled_from([0.8, 0.95, 0.999]))
@example(TwoProportions(10, 0, 10, 10), 0.95)
@example(TwoProportions(10, 10, 10, 0), 0.95)
def test_intervals_exclude_zero_exactly_when_the_pooled_test_rejects(pair, confidence):
    n_c, x_c, n, x = pair.n_control, pair.x_control, pair.n, pair.x
    pooled = (x_c + x) / (n_c + n)
    low, high = pair.difference_interval(confidence)
    assert -1 <= low <= pair.treatment - pair.control <= high <= 1
    assume(0 < pooled < 1)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_c))
    z = abs(pair.treatment - pair.control) / spread
    critical = norm.ppf((1 + confidence) / 2)
    assume(abs(z - critical) > 1e-9)
    assert (low > 0 or high < 0) == (z > critical)
    if x_c:
        low, high = pair.lift_interval(confidence)
        assert low <= pair.treatment / pair.control - 1 <= high
        assert (low > 0 or high < 0) == (z > critical)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(pairs())
def test_swapping_groups_mirrors_the_difference(pair):
    low, high = pair.difference_interval()
    swapped = TwoProportions(pair.n, pair.x, pair.n_control, pair.x_control)
    assert swapped.difference_interval() == pytest.approx((-high, -low), abs=1e-9)


def test_intervals_hold_for_rare_events_among_many_users():
    """One in a million: the normal interval is nearly right and closed."""
    pair = TwoProportions(10**8, 10_000, 10**8, 10_500)
    half = norm.ppf(0.975) * math.sqrt(10_000 + 10_500) / 10**8
    low, high = pair.difference_interval()
    assert (low, high) == pytest.approx((5e-6 - half, 5e-6 + half), rel=1e-3)


def test_z_squared_is_chi_square_without_yates():
    pair = TwoProportions(45_489, 8_279, 44_700, 8_502)
    table = [[8_279, 45_489 - 8_279], [8_502, 44_700 - 8_502]]
    assert pair.test()[0] == pytest.approx(chi2_contingency(table, False).pvalue)


def test_the_pooled_test_is_that_of_tea_tasting():
    random = np.random.default_rng(3)
    variant = random.integers(0, 2, 2_000)
    paid = (random.random(2_000) < 0.1 + 0.02 * variant).astype(int)
    kind = tt.Proportion("paid", method="norm", correction=False)
    table = pd.DataFrame({"variant": variant, "paid": paid})
    expected = tt.Experiment(paid=kind).analyze(table)["paid"]
    n, x = np.bincount(variant), np.bincount(variant, paid)
    pair = TwoProportions(int(n[0]), int(x[0]), int(n[1]), int(x[1]))
    assert pair.test() == (pytest.approx(expected.pvalue, rel=1e-9), "z")
    assert pair.difference == pytest.approx(expected.effect_size)


def boschloo_by_hand(pair):
    """Largest chance, over the common rate, of a Fisher p as small as the one seen."""
    from scipy.stats import fisher_exact

    def fisher(x_c, x, side):
        return fisher_exact(
            [[x, x_c], [pair.n - x, pair.n_control - x_c]], alternative=side
        ).pvalue

    worst = []
    for side in ("less", "greater"):
        seen = fisher(pair.x_control, pair.x, side) * (1 + 1e-12)
        extreme = [
            (a, b)
            for a in range(pair.n_control + 1)
            for b in range(pair.n + 1)
            if fisher(a, b, side) <= seen
        ]
        rates = np.linspace(0.001, 0.999, 999)
        chance = sum(
            binom.pmf(a, pair.n_control, rates) * binom.pmf(b, pair.n, rates)
            for a, b in extreme
        )
        worst.append(chance.max())
    return min(1, 2 * min(worst))


def test_small_counts_use_boschloo():
    pair = TwoProportions(12, 1, 9, 5)
    p, name = pair.test()
    assert name == "boschloo"
    assert p == pytest.approx(boschloo_by_hand(pair), rel=1e-3)


def test_rare_conversions_among_many_use_fisher():
    """By the hypergeometric law: all 4 of 1,000 lie in one half."""
    p, name = TwoProportions(500, 0, 500, 4).test()
    assert name == "fisher"
    assert p == pytest.approx(2 * math.comb(500, 4) / math.comb(1000, 4))


@pytest.mark.parametrize("x", [0, 40])
def test_nothing_varies_nothing_differs(x):
    assert TwoProportions(40, x, 40, x).test() == (1.0, "z")


def test_lift_needs_a_conversion_in_the_control():
    pair = TwoProportions(1000, 0, 1000, 40)
    assert pair.lift_problem() == "zero"
    assert np.isnan(pair.lift_interval()).all()


def test_lift_reaches_down_to_minus_one():
    low, high = TwoProportions(1000, 40, 1000, 0).lift_interval()
    assert low == -1
    assert -1 < high < 0
