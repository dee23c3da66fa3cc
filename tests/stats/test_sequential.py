"""Looks at an experiment: published bounds and rates, and scipy's multivariate normal.

Published: the bounds of Lan & DeMets's programs; the constants and sizes of Pocock and
of O'Brien & Fleming in Jennison & Turnbull (2000); rates of Armitage et al. (1969).
"""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some
from scipy.stats import multivariate_normal, norm

from opslib.stats.sequential import (
    _drift,
    crossing_probability,
    inflation,
    peeking_error,
    sequence_multiplier,
    sequence_p,
    spending_bounds,
)

FIFTHS = np.arange(1, 6) / 5
POCOCK = np.full(5, 2.4132)
OBRIEN_FLEMING = 2.0401 / np.sqrt(FIFTHS)
SPENT = {
    "obrien_fleming": lambda t: 2 * (2 - 2 * norm.cdf(norm.ppf(0.9875) / t**0.5)),
    "pocock": lambda t: 0.05 * np.log(1 + (math.e - 1) * t),
    "power2": lambda t: 0.05 * t**2,
}

rising = some.lists(
    some.integers(1, 100), min_size=1, max_size=6, unique=True
).map(lambda looks: np.array(sorted(looks)) / 100)  # fmt: skip


def crossing_by_scipy(bounds, information, drift):
    """Chance that z, whose correlations are sqrt(s/t), leaves the box of the bounds."""
    t = np.array(information)
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    inside = multivariate_normal(drift * np.sqrt(t), covariance, seed=1, abseps=1e-7)
    upper = np.array(bounds)
    return 1 - inside.cdf(upper, lower_limit=-upper)


@pytest.mark.parametrize(
    ("spending", "bounds"),
    [
        ("obrien_fleming", [4.877, 3.357, 2.680, 2.290, 2.031]),
        ("pocock", [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_bounds_at_five_equal_looks_are_those_published(spending, bounds):
    found = spending_bounds(FIFTHS, spending=spending)
    assert found == pytest.approx(bounds, abs=5.1e-4)


@pytest.mark.parametrize("spending", SPENT)
@given(information=rising)
def test_bounds_spend_what_they_may_until_each_look(spending, information):
    bounds = spending_bounds(information, spending=spending)
    crossed = crossing_probability(bounds, information)
    assert crossed == pytest.approx(SPENT[spending](information), rel=1e-6)


@pytest.mark.parametrize("spending", SPENT)
def test_one_look_at_the_end_is_the_fixed_test(spending):
    assert spending_bounds([1], spending=spending) == pytest.approx([1.959964])
    assert spending_bounds([1], 0.01, spending) == pytest.approx([2.575829])
    assert inflation(1, spending=spending) == pytest.approx(1)


def test_bounds_do_not_depend_on_later_looks():
    bounds = spending_bounds([0.1, 0.37, 0.8, 1])
    assert spending_bounds([0.1, 0.37]) == pytest.approx(bounds[:2], abs=1e-7)


def test_a_look_past_the_planned_size_spends_what_is_left():
    bounds = spending_bounds([0.5, 1.3])
    assert crossing_by_scipy(bounds, [0.5, 1.3], 0) == pytest.approx(0.05, abs=1e-6)
    assert np.isinf(spending_bounds([0.5, 1, 1.3])[2])


def test_a_look_too_early_to_reject_has_an_infinite_bound():
    bounds = spending_bounds([0.001, 0.002, 0.5, 1])
    assert np.isinf(bounds[:2]).all()
    assert bounds[2:] == pytest.approx(spending_bounds([0.5, 1]), abs=1e-7)


def test_many_looks_have_bounds_far_out_in_the_tails():
    """The first bounds follow from the spending itself: hardly a path has crossed."""
    bounds = spending_bounds(np.arange(1, 51) / 50)
    first = norm.isf(SPENT["obrien_fleming"](np.array([0.2])) / 2)
    assert bounds[0] == pytest.approx(15.8055, abs=1e-3)
    assert bounds[9] > first
    assert (np.diff(bounds) < 0).all()


@pytest.mark.parametrize("bounds", [POCOCK, OBRIEN_FLEMING])
def test_classic_bounds_are_crossed_in_5_percent(bounds):
    crossed = crossing_probability(bounds, FIFTHS)
    assert crossed[-1] == pytest.approx(0.05, abs=1e-5)
    assert crossed[0] == pytest.approx(2 * norm.sf(bounds[0]))


@given(
    rising.filter(lambda looks: len(looks) in {2, 3}),
    some.lists(some.floats(0.5, 4), min_size=3, max_size=3),
    some.floats(-4, 4),
)
def test_crossing_is_that_of_the_multivariate_normal(information, bounds, drift):
    bounds = bounds[: len(information)]
    crossed = crossing_probability(bounds, information, drift)
    for looks in range(1, len(information) + 1):
        expected = crossing_by_scipy(bounds[:looks], information[:looks], drift)
        assert crossed[looks - 1] == pytest.approx(expected, abs=2e-6)


def test_a_look_that_never_rejects_is_no_look():
    crossed = crossing_probability([math.inf, 2.2, math.inf, 2], [0.2, 0.4, 0.6, 1], 2)
    without = crossing_probability([2.2, 2], [0.4, 1], 2)
    assert crossed == pytest.approx([0, without[0], without[0], without[1]])


def test_the_sign_of_the_effect_does_not_matter_and_a_huge_one_is_always_found():
    bounds = spending_bounds(FIFTHS)
    there = crossing_probability(bounds, FIFTHS, 2.5)
    assert crossing_probability(bounds, FIFTHS, -2.5) == pytest.approx(there)
    assert crossing_probability(bounds, FIFTHS, 1_000) == pytest.approx(np.ones(5))


@pytest.mark.parametrize(
    ("looks", "rate"),
    [(1, 0.050), (2, 0.083), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.320)],
)
def test_naive_peeking_errs_as_often_as_published(looks, rate):
    assert peeking_error(looks) == pytest.approx(rate, abs=5.1e-4)


def test_naive_peeking_at_another_level():
    bound = norm.ppf(0.995)
    expected = crossing_by_scipy([bound, bound, bound], [1 / 3, 2 / 3, 1], 0)
    assert peeking_error(3, 0.01) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ("bounds", "factor"), [(POCOCK, 1.2284), (OBRIEN_FLEMING, 1.0284)]
)
def test_sizes_of_the_classic_designs(bounds, factor):
    fixed = norm.ppf(0.975) + norm.ppf(0.8)
    drift = _drift(bounds, FIFTHS, 0.8)
    assert (drift / fixed) ** 2 == pytest.approx(factor, abs=1e-3)


@pytest.mark.parametrize("spending", SPENT)
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.9)])
def test_two_looks_keep_the_power_of_one(spending, alpha, power):
    factor = inflation(2, alpha, power, spending)
    drift = (norm.ppf(1 - alpha / 2) + norm.ppf(power)) * math.sqrt(factor)
    bounds = spending_bounds([0.5, 1], alpha, spending)
    found = crossing_by_scipy(bounds, [0.5, 1], drift)
    assert found == pytest.approx(power, abs=1e-5)


def test_early_rejection_costs_more_units():
    by_spending = [inflation(5, spending=name) for name in SPENT]
    assert by_spending == pytest.approx([1.0247, 1.2124, 1.0634], abs=1e-4)
    assert inflation(20) > inflation(5) > inflation(2) > 1


@pytest.mark.parametrize(
    ("n", "planned", "multiplier"),
    [
        (20_000, 5_000, 3.1271),
        (100_000, 10_000, 3.2417),
        (5_000, 5_000, 3.0352),
        (700, 700, 3.0352),
    ],
)
def test_multipliers_are_those_of_other_products(n, planned, multiplier):
    found = sequence_multiplier(n, planned)
    assert float(found) == pytest.approx(multiplier, abs=5e-5)


def test_the_sequence_is_about_narrowest_where_it_was_planned():
    n = np.arange(500, 20_000, 10)
    widths = sequence_multiplier(n, 5_000) / np.sqrt(n)
    planned = [float(sequence_multiplier(5_000, size)) for size in n]
    assert (np.diff(widths) < 0).all()
    assert n[np.argmin(planned)] == pytest.approx(5_000, rel=0.05)


def test_where_nobody_was_seen_there_is_neither_interval_nor_p():
    assert np.isnan(sequence_multiplier([0, 10], 100)).tolist() == [True, False]
    assert np.isnan(sequence_p([0, 1], [0, 10], 100)).tolist() == [True, False]


def test_no_effect_has_a_p_of_1():
    assert sequence_p([0, 0.3, -0.3], 900, 1_000).tolist() == [1, 1, 1]


@given(
    some.floats(-8, 8),
    some.integers(1, 10**7),
    some.integers(1, 10**7),
    some.sampled_from([0.01, 0.05, 0.1, 0.3]),
)
def test_the_interval_excludes_0_exactly_where_p_is_below_alpha(z, n, planned, alpha):
    p = float(sequence_p(z, n, planned, alpha))
    reach = float(sequence_multiplier(n, planned, alpha))
    assume(abs(abs(z) - reach) > 1e-9)
    assert (abs(z) > reach) == (p < alpha)


@given(some.integers(1, 10**6), some.integers(1, 10**6))
def test_p_at_the_end_of_the_interval_is_alpha(n, planned):
    reach = sequence_multiplier(n, planned, 0.05)
    assert sequence_p([reach, -reach], n, planned) == pytest.approx([0.05, 0.05])
