"""Posteriors against exact sums, integrals, draws and limits that have a formula."""

from fractions import Fraction
from itertools import pairwise, product
from math import factorial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from scipy.integrate import dblquad, quad
from scipy.stats import beta, norm

from opslib.stats.bayes import beta_binomial, normal
from opslib.stats.proportions import TwoProportions

MILLIONS = 10_000_000


def found(*counts, **options):
    return beta_binomial(TwoProportions(*counts), **options)


def ways(a, b):
    """The beta function of two whole numbers."""
    return Fraction(factorial(a - 1) * factorial(b - 1), factorial(a + b - 1))


def chance(a, b, c, d):
    """P(Beta(c, d) > Beta(a, b)), exactly: Evan Miller, Formulas for Bayesian A/B."""
    terms = (
        ways(a + i, b + d) / ((d + i) * ways(1 + i, d) * ways(a, b)) for i in range(c)
    )
    return sum(terms, Fraction(0))


def losses(a, b, c, d):
    """What choosing Beta(c, d), or Beta(a, b), costs, exactly: the same source."""
    control, treatment = Fraction(a, a + b), Fraction(c, c + d)
    loss = control * (1 - chance(a + 1, b, c, d))
    loss -= treatment * (1 - chance(a, b, c + 1, d))
    return loss, loss + treatment - control


SMALL = [(1, 0), (1, 1), (3, 1), (8, 8), (20, 4), (40, 30)]


@pytest.mark.parametrize(("control", "treatment"), [*product(SMALL, repeat=2)])
def test_chance_and_losses_are_the_exact_sums(control, treatment):
    (n_control, x_control), (n, x) = control, treatment
    shapes = (1 + x_control, 1 + n_control - x_control, 1 + x, 1 + n - x)
    answer = found(*control, *treatment)
    assert answer.better == pytest.approx(float(chance(*shapes)), abs=1e-13)
    loss, loss_control = map(float, losses(*shapes))
    assert answer.loss == pytest.approx(loss, rel=1e-10, abs=1e-15)
    assert answer.loss_control == pytest.approx(loss_control, rel=1e-10, abs=1e-15)


def test_a_small_loss_keeps_its_digits():
    """150 of 200 beside 80: the closed form in floats is wrong in the third digit."""
    loss, _ = losses(81, 121, 151, 51)
    assert float(loss) < 1e-14
    assert found(200, 80, 200, 150).loss == pytest.approx(float(loss), rel=1e-6, abs=0)


def test_chance_and_losses_are_the_double_integrals():
    control, treatment = beta(4, 8), beta(6, 6)

    def mean(value, low, high):
        joint = dblquad(
            lambda t, c: value(c, t) * control.pdf(c) * treatment.pdf(t),
            0,
            1,
            low,
            high,
        )
        return joint[0]

    answer = found(10, 3, 10, 5)
    assert answer.better == pytest.approx(mean(lambda c, t: 1, lambda c: c, 1))
    assert answer.loss == pytest.approx(mean(lambda c, t: c - t, 0, lambda c: c))
    assert answer.loss_control == pytest.approx(
        mean(lambda c, t: t - c, lambda c: c, 1)
    )


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
def test_of_two_unknown_shares_everything_has_a_formula(confidence):
    """Without units both are uniform: their difference has a triangle's density."""
    answer = found(0, 0, 0, 0, confidence=confidence)
    tail = (1 - confidence) / 2
    edge = 1 - np.sqrt(2 * tail)
    assert answer.better == pytest.approx(1 / 2)
    assert (answer.loss, answer.loss_control) == pytest.approx((1 / 6, 1 / 6))
    assert (answer.low, answer.high) == pytest.approx((-edge, edge))
    assert (answer.lift_low, answer.lift, answer.lift_high) == pytest.approx(
        (2 * tail - 1, 0, 1 / (2 * tail) - 1), abs=1e-10
    )


@pytest.mark.parametrize(
    "counts",
    [(80, 48, 70, 56), (5, 0, 300, 7), (1000, 998, 30, 30), (4000, 90, 90_000, 2100)],
)
def test_as_many_draws_as_stated_lie_beside_the_intervals(counts):
    answer = found(*counts, confidence=0.9)
    n_control, x_control, n, x = counts
    random = np.random.default_rng(7)
    control = random.beta(1 + x_control, 1 + n_control - x_control, 1_000_000)
    treatment = random.beta(1 + x, 1 + n - x, 1_000_000)
    difference, lift = treatment - control, treatment / control - 1
    shares = [
        np.mean(difference < answer.low),
        np.mean(difference > answer.high),
        np.mean(lift < answer.lift_low),
        np.mean(lift > answer.lift_high),
    ]
    # Four standard errors of a million draws.
    assert shares == pytest.approx([0.05] * 4, abs=9e-4)
    assert np.mean(lift < answer.lift) == pytest.approx(0.5, abs=2e-3)
    assert answer.better == pytest.approx(np.mean(difference > 0), abs=2e-3)
    for loss, sign in ((answer.loss, -1), (answer.loss_control, 1)):
        drawn = np.maximum(sign * difference, 0)
        assert loss == pytest.approx(drawn.mean(), abs=4e-3 * drawn.std())


@pytest.mark.parametrize("gap", [-3000, 0, 200, 1000])
def test_large_groups_are_normal(gap):
    x_control, x = 2_000_000, 2_000_000 + gap
    answer = found(MILLIONS, x_control, MILLIONS, x)
    shares = np.array([x_control, x]) / MILLIONS
    limit = norm(shares[1] - shares[0], np.sqrt((shares * (1 - shares)).sum() / 1e7))
    assert answer.better == pytest.approx(limit.sf(0), abs=1e-6)
    assert (answer.low, answer.high) == pytest.approx(limit.interval(0.95), abs=1e-9)
    loss = quad(limit.cdf, -0.002, 0, epsabs=1e-14)[0]
    assert answer.loss == pytest.approx(loss, rel=1e-4, abs=1e-12)
    same = normal(limit.mean(), limit.std())
    assert answer.loss == pytest.approx(same.loss, rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("successes", [0, MILLIONS])
def test_where_all_of_ten_million_are_the_same_the_rest_is_exponential(successes):
    answer = found(MILLIONS, successes, MILLIONS, successes)
    assert answer.better == pytest.approx(0.5, abs=1e-9)
    assert answer.loss * MILLIONS == pytest.approx(0.5, rel=1e-6)
    edge = -np.log(0.05)
    bounds = np.array([answer.low, answer.high]) * MILLIONS
    assert bounds == pytest.approx([-edge, edge], rel=1e-6)
    if successes == 0:
        # The ratio of two exponentials lies below r with probability r / (1 + r).
        ratios = 1 + np.array([answer.lift_low, answer.lift, answer.lift_high])
        assert ratios == pytest.approx([1 / 39, 1, 39], rel=1e-6)


@pytest.mark.parametrize("swapped", [False, True])
def test_beside_a_group_of_millions_a_small_one_decides(swapped):
    known, small = (MILLIONS, 4_000_000), beta(13, 9)
    pair = ((20, 12), known) if swapped else (known, (20, 12))
    answer = found(*pair[0], *pair[1])
    assert answer.better == pytest.approx(
        small.cdf(0.4) if swapped else small.sf(0.4), abs=1e-6
    )
    cost = quad(small.cdf, 0, 0.4)[0]
    assert (answer.loss_control if swapped else answer.loss) == pytest.approx(
        cost, abs=1e-6
    )
    low, high = small.ppf([0.025, 0.975]) - 0.4
    expected = (-high, -low) if swapped else (low, high)
    assert (answer.low, answer.high) == pytest.approx(expected, abs=1e-6)


def test_nothing_beside_everything():
    answer = found(MILLIONS, 0, MILLIONS, MILLIONS)
    assert answer.better == 1
    assert answer.loss == 0
    assert answer.loss_control == pytest.approx(1)
    assert 0.999999 < answer.low < answer.high <= 1
    assert found(MILLIONS, MILLIONS, MILLIONS, 0).better == pytest.approx(0, abs=1e-9)


@some.composite
def counts(draw):
    """Units to 10 million of any order of size, and any successes or nearly all."""
    n = draw(some.integers(0, 7).flatmap(lambda e: some.integers(1, 10**e)))
    few = draw(some.integers(0, min(n, 3)))
    return n, draw(some.sampled_from([few, n - few, draw(some.integers(0, n))]))


@settings(max_examples=80)
@given(counts(), counts())
@example((MILLIONS, 0), (1, 1))
@example((1, 0), (MILLIONS, MILLIONS))
def test_losses_differ_by_the_difference_of_the_means(control, treatment):
    answer = found(*control, *treatment)
    mean_control, mean = ((1 + x) / (2 + n) for n, x in (control, treatment))
    assert answer.estimate == pytest.approx(mean - mean_control, abs=1e-15)
    assert answer.loss_control - answer.loss == pytest.approx(
        answer.estimate, rel=1e-12, abs=1e-15
    )
    assert 0 <= answer.better <= 1
    assert min(answer.loss, answer.loss_control) >= 0
    assert answer.low < answer.high
    assert answer.lift_low < answer.lift < answer.lift_high


@settings(max_examples=60)
@given(counts(), counts())
def test_exchanging_groups_or_failures_turns_everything_around(control, treatment):
    answer = found(*control, *treatment)
    failures = [(n, n - x) for n, x in (control, treatment)]
    for other in (found(*treatment, *control), found(*failures[0], *failures[1])):
        assert other.better == pytest.approx(1 - answer.better, abs=1e-9)
        assert other.loss == pytest.approx(answer.loss_control, abs=1e-12)
        assert other.loss_control == pytest.approx(answer.loss, abs=1e-12)
        assert (other.low, other.high) == pytest.approx(
            (-answer.high, -answer.low), rel=1e-8, abs=1e-12
        )
    # Near -1 a lift has few digits left of the ratio that its counterpart is large in.
    swapped = found(*treatment, *control)
    assert (1 + swapped.lift_low) * (1 + answer.lift_high) == pytest.approx(1, rel=1e-6)
    assert (1 + swapped.lift_high) * (1 + answer.lift_low) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("prior_sd", [0.05, 0.3, None])
@pytest.mark.parametrize(("difference", "se"), [(0.1, 0.2), (-0.3, 0.1), (0.02, 0.02)])
def test_a_normal_posterior_is_likelihood_times_prior(difference, se, prior_sd):
    reach = abs(difference) + 9 * se

    def weight(x):
        prior = norm.pdf(x, 0, prior_sd) if prior_sd else 1.0
        return prior * norm.pdf(difference, x, se)

    def area(function, low=-reach, high=reach):
        points = sorted({low, high, *(p for p in (0, difference) if low < p < high)})
        return sum(
            quad(lambda x: function(x) * weight(x), *ends, epsabs=1e-14)[0]
            for ends in pairwise(points)
        )

    answer = normal(difference, se, prior_sd, confidence=0.9)
    total = area(lambda x: 1.0)
    expected = {
        "better": area(lambda x: 1.0, low=0),
        "loss": area(lambda x: -x, high=0),
        "loss_control": area(lambda x: x, low=0),
        "estimate": area(lambda x: x),
    }
    for name, value in expected.items():
        assert getattr(answer, name) == pytest.approx(value / total, rel=1e-7), name
    assert area(lambda x: 1.0, high=answer.low) / total == pytest.approx(0.05)
    assert area(lambda x: 1.0, low=answer.high) / total == pytest.approx(0.05)


def test_a_prior_as_sure_as_the_data_halves_the_estimate():
    answer = normal(0.2, 0.1, prior_sd=0.1)
    assert answer.estimate == pytest.approx(0.1)
    half = 1.959963985 * 0.1 / np.sqrt(2)
    assert (answer.low, answer.high) == pytest.approx((0.1 - half, 0.1 + half))


@given(some.floats(-50, 50), some.floats(0.01, 10), some.none() | some.floats(0.01, 10))
def test_turning_a_normal_difference_around_exchanges_the_losses(value, se, prior_sd):
    answer, other = normal(value, se, prior_sd), normal(-value, se, prior_sd)
    assert other.better == pytest.approx(1 - answer.better, abs=1e-15)
    assert (other.loss, other.loss_control) == (answer.loss_control, answer.loss)
    assert (other.low, other.high) == (-answer.high, -answer.low)
    assert answer.loss_control - answer.loss == pytest.approx(answer.estimate)
    assert min(answer.loss, answer.loss_control) >= 0
    assert abs(answer.estimate) <= abs(value)


def test_a_vague_prior_is_a_flat_one():
    flat, vague = normal(0.2, 0.1), normal(0.2, 0.1, prior_sd=1e9)
    assert vars(vague) == pytest.approx(vars(flat))
