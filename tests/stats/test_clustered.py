"""Intervals of things that belong to users: known cases, an oracle, coverage."""

import numpy as np
import pytest
import statsmodels.api as sm

from opslib.stats.clustered import Sums, mean_clustered, wilson_clustered
from opslib.stats.means import mean_interval
from opslib.stats.proportions import wilson


def clustered(successes, sizes):
    return wilson_clustered(Sums.of(successes, sizes))


def test_one_thing_per_user_is_wilson_and_equal_things_count_as_their_users():
    np.testing.assert_allclose(clustered([1] * 7 + [0] * 3, [1] * 10), wilson(7, 10))
    np.testing.assert_allclose(clustered([9] * 7 + [0] * 3, [9] * 10), wilson(7, 10))
    for none_or_all, x in ((0, 0), (9, 10)):
        np.testing.assert_allclose(
            clustered([none_or_all] * 10, [9] * 10), wilson(x, 10)
        )
    np.testing.assert_allclose(clustered([4], [9]), wilson(4 / 9, 1))
    # Users who have nothing do not count.
    np.testing.assert_allclose(clustered([0] * 9, [4] * 3 + [0] * 6), wilson(0, 3))


def test_things_more_even_than_chance_count_as_they_are():
    np.testing.assert_allclose(clustered([5] * 10, [10] * 10), wilson(50, 100))


def test_clustered_intervals_cover_the_truth_where_plain_ones_do_not():
    rng = np.random.default_rng(0)
    covered, plainly = 0, 0
    for _ in range(1000):
        sizes = 1 + rng.poisson(8, 150)
        successes = rng.binomial(sizes, rng.beta(0.6, 1.4, 150))
        low, high = clustered(successes, sizes)
        covered += low <= 0.3 <= high
        low, high = wilson(successes.sum(), sizes.sum())
        plainly += low <= 0.3 <= high
    assert 0.93 <= covered / 1000 <= 0.97
    assert plainly / 1000 < 0.75


def belonging(seed):
    """Users of different size and leaning, and the things they have."""
    rng = np.random.default_rng(seed)
    sizes = 1 + rng.poisson(3, 80)
    user = np.repeat(np.arange(80), sizes)
    return rng, sizes, user


@pytest.mark.parametrize("seed", range(5))
def test_shares_have_the_variance_of_generalised_estimating_equations(seed):
    rng, sizes, user = belonging(seed)
    things = rng.random(len(user)) < rng.beta(0.5, 1, 80)[user]
    fit = sm.GEE(
        things.astype(float), np.ones(len(user)), user, family=sm.families.Gaussian()
    ).fit()
    share, error = float(fit.params[0]), float(fit.bse[0])
    effective = share * (1 - share) / error**2
    assert effective < len(user)
    successes = np.bincount(user, things)
    np.testing.assert_allclose(
        clustered(successes, sizes), wilson(share * effective, effective)
    )


@pytest.mark.parametrize("seed", range(5))
def test_means_have_the_interval_of_least_squares_with_errors_by_user(seed):
    rng, sizes, user = belonging(seed)
    worth = rng.gamma(1, 1 + rng.gamma(1, 10, 80)[user])
    fit = sm.OLS(worth, np.ones(len(user))).fit(
        cov_type="cluster", cov_kwds={"groups": user, "use_correction": False},
        use_t=True,
    )  # fmt: skip
    mean, low, high = mean_clustered(Sums.of(np.bincount(user, worth), sizes))
    assert mean == pytest.approx(float(fit.params[0]))
    # Theirs divides by the users, as of a sample that large; ours by one less.
    least, most = (float(bound) for bound in fit.conf_int()[0])
    grown = np.sqrt(80 / 79)
    assert high - mean == pytest.approx((most - mean) * grown)
    assert mean - low == pytest.approx((mean - least) * grown)


def test_means_of_one_thing_per_user_have_the_interval_of_a_mean():
    worth = np.array([0, 3.5, 0, 10, 2])
    found = mean_clustered(Sums.of(worth, [1] * 5))
    expected = mean_interval(5, worth.sum(), (worth**2).sum())
    np.testing.assert_allclose(found, expected)
    alone = mean_clustered(Sums.of([4], [2]))
    np.testing.assert_array_equal(alone, [2, np.nan, np.nan])
    assert np.isnan(mean_clustered(Sums.of([0], [0]))).all()
    assert np.isnan(wilson_clustered(Sums.of([0], [0]))).all()
