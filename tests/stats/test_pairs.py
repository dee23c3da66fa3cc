"""Many pairs at once say what each pair says by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import ttest_ind

from opslib.stats import cuped
from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments, moments
from opslib.stats.pairs import COMPARE, Arms, Shares
from opslib.stats.proportions import TwoProportions
from opslib.stats.ratios import ratio

SIZES = (40, 25)
RUNS, LOOKS = 6, 3


def drawn(seed):
    """Two columns of each group, by test and look: (RUNS, LOOKS, n) each."""
    random = np.random.default_rng(seed)
    groups = []
    for n in SIZES:
        before = random.gamma(2, 3, (RUNS, LOOKS, n)) + 1_000
        after = before * random.normal(1, 0.2, before.shape)
        groups.append((after, before))
    return groups


def arms(groups):
    """Add the columns up about a centre that is not their mean."""
    centre = np.array([990.0, 1_010.0])
    beyond = [
        np.stack([one - c for one, c in zip(group, centre, strict=True)], axis=-1)
        for group in groups
    ]
    sums = np.stack([one.sum(axis=2) for one in beyond], axis=2)
    products = np.stack([np.einsum("rlni,rlnj->rlij", o, o) for o in beyond], axis=2)
    return Arms.from_sums(np.array([SIZES] * LOOKS), sums, products, centre)


def single(groups, run, look) -> list[Moments]:
    columns = [
        np.concatenate([group[i][run, look] for group in groups]) for i in (0, 1)
    ]
    return moments(columns, np.repeat([0, 1], SIZES), 2)


def alone(kind, control, treatment):
    """The pair as `ab_test` compares it."""
    if kind == "net":
        return cuped.adjusted(control, treatment, cuped.slope([control, treatment]))
    both = (control, treatment)
    values = [
        ratio(arm)
        if kind == "ratio"
        else (float(arm.mean[0]), float(arm.covariance[0, 0]) ** 0.5)
        for arm in both
    ]
    return TwoMeans(control.n, *values[0], treatment.n, *values[1])


@pytest.mark.parametrize("kind", ["mean", "ratio", "net"])
def test_each_pair_of_many_is_as_it_is_alone(kind):
    groups = drawn(seed=3)
    many = COMPARE[kind](arms(groups))
    p = many.p_values()
    level = np.full(p.shape, 0.1)
    for run in range(RUNS):
        for look in range(LOOKS):
            pair = alone(kind, *single(groups, run, look))
            assert p[run, look] == pytest.approx(pair.test()[0], rel=1e-8)
            assert many.difference[run, look] == pytest.approx(pair.difference)
            low, high = pair.difference_interval(0.9)
            for part in (-0.2, -0.01, 0.01, 0.5, 0.99, 1.01):
                truth = low + part * (high - low)
                assert many.hold(truth, level)[run, look] == (low <= truth <= high)


def test_means_are_compared_as_scipy_does():
    (control, _), (treatment, _) = drawn(seed=4)
    expected = ttest_ind(treatment, control, axis=2, equal_var=False).pvalue
    found = COMPARE["mean"](arms(drawn(seed=4))).p_values()
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_one_pair_of_each_row_can_be_taken():
    many = COMPARE["mean"](arms(drawn(seed=5)))
    place = np.array([2, 0, 1, 1, 0, 2])
    taken = many.at(place)
    rows = np.arange(RUNS)
    np.testing.assert_array_equal(taken.difference, many.difference[rows, place])
    np.testing.assert_array_equal(taken.p_values(), many.p_values()[rows, place])
    assert taken.n_control.tolist() == [SIZES[0]] * RUNS


def test_where_nothing_varies_there_is_no_p_value():
    groups = [
        (np.full((1, 1, n), 5.0 + k), np.ones((1, 1, n))) for k, n in enumerate(SIZES)
    ]
    centre = np.array([5.0, 1.0])
    sums = np.stack([(g[0] - 5).sum(axis=2) for g in groups], axis=2)[..., None]
    products = np.stack([((g[0] - 5) ** 2).sum(axis=2) for g in groups], axis=2)
    flat = Arms.from_sums(
        np.array([SIZES]), sums, products[..., None, None], centre[:1]
    )
    assert np.isnan(COMPARE["mean"](flat).p_values()).all()


@given(
    n_control=some.integers(20, 400),
    n=some.integers(20, 400),
    shares=some.tuples(some.floats(0, 1), some.floats(0, 1)),
    truth=some.floats(-0.9, 0.9),
)
def test_shares_of_many_are_as_each_is_alone(n_control, n, shares, truth):
    x_control, x = round(shares[0] * n_control), round(shares[1] * n)
    many = Shares(*(np.array([[one]]) for one in (n_control, x_control, n, x)))
    pair = TwoProportions(n_control, x_control, n, x)
    pooled = (x + x_control) / (n + n_control)
    found = float(many.p_values()[0, 0])
    if min(pooled, 1 - pooled) * min(n, n_control) < 5:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(pair.test()[0])
    low, high = pair.difference_interval(0.8)
    if min(abs(truth - low), abs(truth - high)) > 1e-6:
        one = many.at(np.array([0]))
        assert one.hold(truth, np.array([0.2]))[0] == (low <= truth <= high)
        assert pair.holds(truth, 0.8) == (low <= truth <= high)
