"""Resampled means against scipy's bootstrap, and how many units they need."""

import numpy as np
import pytest
from scipy.stats import bootstrap, poisson

from opslib.stats.resampling import drawn, enough, resampled


def means(values, seed=0, influence=None):
    random = np.random.default_rng(seed)
    by = values - values.mean() if influence is None else influence
    return resampled([values], by, drawn(random), random)[:, 0]


def test_weights_are_poisson_of_mean_1():
    weights = drawn(np.random.default_rng(0))
    assert weights.mean() == pytest.approx(1, abs=2e-3)
    for count in range(5):
        expected = poisson.pmf(count, 1)
        assert (weights == count).mean() == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("n", [200, 3_000])
def test_percentiles_are_those_of_scipy(n):
    values = np.random.default_rng(1).lognormal(2, 1.5, n)
    found = np.quantile(means(values), [0.025, 0.975])
    expected = bootstrap(
        (values,), np.mean, n_resamples=4_000, method="percentile", batch=500, rng=2
    )
    sd = expected.standard_error
    assert found == pytest.approx([*expected.confidence_interval], abs=0.15 * sd)


def test_one_outlier_among_many_is_seen():
    """A single unit is in no sample with chance 1/e: the law has two humps."""
    values = np.append(np.random.default_rng(3).gamma(1, 1, 20_000), 60_000.0)
    found = means(values)
    assert (found < 1.5).mean() == pytest.approx(np.exp(-1), abs=0.025)
    usual = found[(found > 3) & (found < 5)]
    assert len(usual) / len(found) == pytest.approx(np.exp(-1), abs=0.025)


def test_columns_are_drawn_together_and_far_from_0_nothing_is_lost():
    random = np.random.default_rng(4)
    x = random.poisson(3, 8_000) + 1.0
    y = 2 * x + random.normal(size=8_000)
    draws = resampled([y + 1e9, x], y - 2 * x, drawn(random), random)
    assert draws.shape == (4_000, 2)
    net = draws[:, 0] - 1e9 - 2 * draws[:, 1]
    assert net.std() == pytest.approx((y - 2 * x).std() / 8_000**0.5, rel=0.05)
    expected = np.corrcoef(x, y)[0, 1]
    assert np.corrcoef(draws.T)[0, 1] == pytest.approx(expected, abs=0.01)


def test_the_rule_of_thumb_leaves_between_2_and_3_percent_on_each_side():
    """The t value of skewed means, by the first term of its Edgeworth series."""
    assert float(enough(-3)) == 355 * 9
    n, z = float(enough(1.0)), 1.959964
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    shift = (2 * z * z + 1) * density / (6 * np.sqrt(n))
    assert pytest.approx(shift, abs=1e-4) == 0.0045
