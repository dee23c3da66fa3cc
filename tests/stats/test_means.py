"""Student's and Fieller's intervals and Welch's test, by scipy and tea-tasting."""

import math

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from hypothesis import assume, given, settings
from hypothesis import strategies as some
from scipy.stats import t as student
from scipy.stats import ttest_ind_from_stats

from opslib.stats.means import TwoMeans, mean_interval


@pytest.fixture
def money():
    random = np.random.default_rng(4)
    return random.gamma(0.5, 20, 400), random.gamma(0.5, 24, 300)


def two_means(control, treatment):
    return TwoMeans(
        len(control), control.mean(), control.std(ddof=1),
        len(treatment), treatment.mean(), treatment.std(ddof=1),
    )  # fmt: skip


def test_the_interval_of_a_mean_is_that_of_scipy_and_needs_two_values(money):
    values, _ = money
    n, total, squares = len(values), values.sum(), np.square(values).sum()
    mean, low, high = mean_interval([n, 1, 0], [total, 3, 0], [squares, 9, 0])
    spread = values.std(ddof=1) / math.sqrt(n)
    expected = student.interval(0.95, n - 1, loc=values.mean(), scale=spread)
    assert (low[0], high[0]) == pytest.approx(expected)
    assert mean[:2] == pytest.approx([values.mean(), 3])
    assert np.isnan([mean[2], low[1], high[1], low[2], high[2]]).all()


def test_equal_values_have_an_interval_of_no_width():
    # 0.1 has no exact square: rounding must not make the variance negative.
    mean, low, high = mean_interval(10, 10 * 0.1, 10 * 0.1**2)
    assert (float(low), float(high)) == pytest.approx((float(mean),) * 2, abs=1e-7)


def test_welch_is_that_of_tea_tasting(money):
    control, treatment = money
    frame = pd.DataFrame(
        {
            "variant": np.repeat([0, 1], [len(control), len(treatment)]),
            "spend": np.concatenate([control, treatment]),
        }
    )
    expected = tt.Experiment(spend=tt.Mean("spend")).analyze(frame)["spend"]
    pair = two_means(control, treatment)
    assert pair.test() == (pytest.approx(expected.pvalue), "welch")
    assert pair.difference_interval() == pytest.approx(
        (expected.effect_size_ci_lower, expected.effect_size_ci_upper)
    )


@settings(derandomize=True, max_examples=200)
@given(
    some.integers(2, 200), some.floats(0.1, 100), some.floats(0, 50),
    some.integers(2, 200), some.floats(-100, 100), some.floats(0.1, 50),
)  # fmt: skip
def test_test_and_intervals_agree(n_c, control, sd_c, n, treatment, sd):
    pair = TwoMeans(n_c, control, sd_c, n, treatment, sd)
    expected = ttest_ind_from_stats(treatment, sd, n, control, sd_c, n_c, False)
    p = pair.test()[0]
    assert p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    assume(abs(p - 0.05) > 1e-6)
    low, high = pair.difference_interval()
    assert (low > 0 or high < 0) == (p < 0.05)
    if not pair.lift_problem():
        low, high = pair.lift_interval()
        assert low <= treatment / control - 1 <= high
        assert (low > 0 or high < 0) == (p < 0.05)


def test_the_ends_of_the_lift_interval_are_just_rejected(money):
    """At each end R, mean(T) - R mean(C) lies exactly t standard errors from 0."""
    control, treatment = money
    pair = two_means(control, treatment)
    for lift in pair.lift_interval():
        r = 1 + lift
        spread = math.hypot(
            pair.sd / math.sqrt(pair.n), r * pair.sd_control / math.sqrt(pair.n_control)
        )
        t = (pair.treatment - r * pair.control) / spread
        assert abs(t) == pytest.approx(1.9644, abs=2e-3)


@pytest.mark.parametrize(
    ("pair", "problem", "lift_problem"),
    [
        (TwoMeans(1, 3, math.nan, 50, 3, 1), "single", "single"),
        (TwoMeans(50, 3, 0, 50, 4, 0), "constant", "constant"),
        (TwoMeans(50, 0, 0, 50, 4, 1), None, "zero"),
        (TwoMeans(50, -2, 1, 50, 4, 1), None, "negative"),
        (TwoMeans(50, 0.1, 1, 50, 0.2, 1), None, "unbounded"),
        (TwoMeans(50, 10, 1, 50, 11, 1), None, None),
    ],
)
def test_a_missing_statistic_has_a_reason(pair, problem, lift_problem):
    assert pair.problem == problem
    assert pair.lift_problem() == lift_problem
    assert np.isnan(pair.difference_interval()).all() == (problem is not None)
    assert np.isnan(pair.test()[0]) == (problem is not None)
    assert np.isnan(pair.lift_interval()).all() == (lift_problem is not None)


def test_one_constant_group_can_still_be_compared():
    """It is then a test of one sample against a known number."""
    p, _ = TwoMeans(50, 3, 0, 50, 4, 1).test()
    assert p == pytest.approx(2 * student.sf(math.sqrt(50), 49))
