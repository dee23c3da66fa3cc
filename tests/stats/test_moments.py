"""Moments by group, added up and from plain sums, against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import skew

from opslib.stats import moments as module
from opslib.stats.moments import Moments, moments, skewness

NUMBERS = some.floats(-1e6, 1e6)


def alike(found, values):
    assert found.n == values.shape[1]
    np.testing.assert_allclose(found.mean, values.mean(axis=1), rtol=1e-9, atol=1e-9)
    expected = np.cov(values)
    # What is subtracted in the textbook formula bounds what may be lost.
    scale = np.abs(values).max() ** 2 * 1e-9 + 1e-12
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-7, atol=scale)


@given(some.lists(some.tuples(NUMBERS, NUMBERS, some.integers(0, 1)), min_size=4))
def test_parts_add_up_to_the_whole(rows):
    x, y, group = np.array(rows).T
    whole = moments([x, y], np.zeros(len(x), int), 1)[0]
    alike(whole, np.array([x, y]))
    parts = moments([x, y], group.astype(int), 2)
    for g, part in enumerate(parts):
        if part.n > 1:
            alike(part, np.array([x, y])[:, group == g])
    if all(part.n for part in parts):
        alike(parts[0] + parts[1], np.array([x, y]))


def test_plain_sums_are_as_good():
    values = np.random.default_rng(0).gamma(0.5, 20, (2, 400))
    found = Moments.from_sums(400, values.sum(axis=1), values @ values.T)
    alike(found, values)


def test_a_large_mean_beside_a_small_spread_loses_nothing():
    values = 1e9 + np.arange(1000.0)
    found = moments([values], np.zeros(1000, int), 1)[0]
    assert found.covariance[0, 0] == pytest.approx(np.var(np.arange(1000.0), ddof=1))


def test_a_unit_without_a_value_is_in_no_group_and_a_group_may_be_empty():
    columns = [np.array([1.0, np.nan, 3.0]), np.array([1.0, 2.0, np.nan])]
    found = moments(columns, np.array([0, 0, 1]), 2)
    assert [one.n for one in found] == [1, 0]
    assert np.isnan(found[0].covariance).all()


def test_many_units_in_many_blocks_are_as_good_and_always_the_same(monkeypatch):
    random = np.random.default_rng(1)
    values = random.gamma(0.5, 20, (3, 50_001)) + np.array([[0], [1e6], [-5]])
    values[1, random.random(50_001) < 0.1] = np.nan
    group = random.integers(-1, 5, 50_001)
    whole = moments([*values], group, 6)
    known = ~np.isnan(values[1])
    for g, one in enumerate(whole[:5]):
        alike(one, values[:, known & (group == g)])
    assert whole[5].n == 0
    monkeypatch.setattr(module, "AT_ONCE", 1)
    for one, other in zip(whole, moments([*values], group, 6), strict=True):
        assert (one.products == other.products).all()


def test_nobody_and_many_groups():
    none = moments([np.array([])], np.array([], int), 2)
    assert [one.n for one in none] == [0, 0]
    values, group = np.arange(3_000.0), np.arange(3_000) % 1_000
    found = moments([values], group, 1_000)
    assert [one.n for one in found] == [3] * 1_000
    means = [float(one.mean[0]) for one in found]
    assert means == pytest.approx(np.arange(1_000, 2_000))


def test_skewness_is_that_of_scipy_by_group_without_blanks():
    random = np.random.default_rng(5)
    values, group = random.gamma(1, 1, 900), random.integers(0, 3, 900)
    values[:10] = np.nan
    n, found = skewness(values, group, 3)
    own = [values[(group == g) & ~np.isnan(values)] for g in range(3)]
    assert found == pytest.approx([skew(one) for one in own])
    assert n.tolist() == [len(one) for one in own]
    assert np.isnan(skewness(np.ones(4), np.zeros(4, int), 2)[1]).all()


def test_skewness_of_many_units_far_from_0_is_that_of_scipy():
    random = np.random.default_rng(6)
    values, group = random.gamma(2, 3, 50_000) + 1e6, random.integers(0, 2, 50_000)
    n, found = skewness(values, group, 2)
    assert found == pytest.approx([skew(values[group == g]) for g in (0, 1)], rel=1e-6)
    assert n.sum() == 50_000
    alike_all = skewness(np.full(50_000, 0.1), group, 2)[1]
    assert np.isnan(alike_all).all()
