"""How often tests without an effect find one, and those with one do.

Shares are counted over every outcome there can be; the rest is simulated, with seeds.
"""

import math
from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom, norm

import opslib as ops
from opslib.analyses._ab_compare import _guarded, _within
from opslib.analyses._ab_looks import Look
from opslib.analyses._ab_segments import _interaction
from opslib.stats.checks import sample_ratio
from opslib.stats.means import TwoMeans
from opslib.stats.multiplicity import holm
from opslib.stats.proportions import TwoProportions

pytestmark = pytest.mark.slow

RUNS = 20_000
RATES = np.arange(1, 200) / 200


def within(found, share, runs=RUNS):
    """Whether chance leaves so many of a share of `runs`, 999 times in 1,000."""
    low, high = binom.interval(0.999, runs, share)
    return low <= found <= high


def chances(n, rates=RATES):
    return binom.pmf(np.arange(n + 1), n, np.asarray(rates, float)[:, None])


def false_alarms(n_control, n, found):
    """The chance of an outcome that is found, by the rate that both groups share."""
    control, treatment = chances(n_control), chances(n)
    table = np.zeros((n_control + 1, n + 1))
    for a in range(n_control + 1):
        for b in range(n + 1):
            # What comes once in 10 billion at most is not looked at.
            if (control[:, a] * treatment[:, b]).max() > 1e-10:
                table[a, b] = found(TwoProportions(n_control, a, n, b))
    return np.einsum("ra,ab,rb->r", control, table, treatment)


@pytest.mark.parametrize(("n_control", "n"), [(100, 100), (150, 300), (300, 300)])
def test_shares_that_get_a_verdict_err_in_5_percent(n_control, n):
    """25 successes expected: there the verdicts begin."""

    def decided(pair):
        if pair.expected < 25:
            return False
        low, high = pair.difference_interval() if pair.test()[0] < 0.05 else (0, 0)
        return low > 0 or high < 0

    rates = false_alarms(n_control, n, decided)
    # Below, a verdict needs luck: 25 successes are not expected for sure.
    some = RATES * min(n_control, n) >= 35
    print(f"{n_control} and {n}: {rates[some].mean():.4f}, most {rates.max():.4f}")
    assert rates.max() <= 0.0575
    assert rates[some & (RATES <= 0.9)].mean() == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize(("n_control", "n"), [(10, 10), (8, 16)])
def test_boschloos_test_errs_in_less_than_5_percent(n_control, n):
    def decided(pair):
        p, name = pair.test()
        return name == "boschloo" and p < 0.05

    rates = false_alarms(n_control, n, decided)
    print(f"Boschloo, {n_control} and {n}: most {rates.max():.4f}")
    assert rates.max() <= 0.05


def test_fishers_test_errs_in_much_less_than_5_percent():
    """More than 400 units, fewer than 5 successes expected in the smaller group."""

    @cache
    def decided(a, b):
        p, name = TwoProportions(250, a, 250, b).test()
        return name == "fisher" and p < 0.05

    rates = np.arange(1, 21) / 1_000
    most = 30
    table = np.array([[decided(a, b) for b in range(most)] for a in range(most)], float)
    chance = chances(250, rates)[:, :most]
    found = np.einsum("ra,ab,rb->r", chance, table, chance)
    print(f"Fisher: most {found.max():.4f}")
    assert 0 < found.max() <= 0.035


def means(random, shape, n, mean=10.0, sd=4.0):
    """Means and deviations of normal values."""
    return (
        random.normal(mean, sd / math.sqrt(n), shape),
        sd * np.sqrt(random.chisquare(n - 1, shape) / (n - 1)),
    )


def pairs(random, n_control, n, lift=0.0, runs=RUNS):
    control, treatment = (
        means(random, runs, n_control),
        means(random, runs, n, 10 * (1 + lift), 4 * (1 + lift)),
    )
    for (m_c, sd_c), (m, sd) in zip(
        zip(*map(np.ndarray.tolist, control), strict=True),
        zip(*map(np.ndarray.tolist, treatment), strict=True),
        strict=True,
    ):
        yield TwoMeans(n_control, m_c, sd_c, n, m, sd)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize(("n_control", "n"), [(150, 150), (40, 400)])
def test_welch_errs_as_often_as_said(alpha, n_control, n):
    random = np.random.default_rng(1)
    found = sum(pair.test()[0] < alpha for pair in pairs(random, n_control, n))
    print(f"Welch, {n_control} and {n}, {alpha}: {found / RUNS:.4f}")
    assert within(found, alpha)


@pytest.mark.parametrize("segments", [2, 6])
def test_segments_alike_are_found_to_differ_in_5_percent(segments):
    random = np.random.default_rng(2)
    # The same effect in all, on groups of different sizes.
    each = [pairs(random, 200 * (1 + i), 200, lift=0.1) for i in range(segments)]
    found = sum(_interaction(row) < 0.05 for row in zip(*each, strict=True))
    print(f"{segments} segments: {found / RUNS:.4f}")
    # The weights are estimated: a little more than 5 % at 200 units a group.
    assert within(found, 0.05) or 0.05 < found / RUNS < 0.056


@pytest.mark.parametrize("alpha", [0.001, 0.01])
@pytest.mark.parametrize("shares", [(1, 1), (9, 1)])
def test_a_split_as_planned_is_doubted_as_often_as_said(alpha, shares):
    """Over all outcomes of 10,000 units."""
    n, planned = 10_000, shares[1] / sum(shares)
    low, high = binom.ppf([1e-9, 1 - 1e-9], n, planned).astype(int)
    counts = np.arange(low, high + 1)
    p = np.array([sample_ratio([n - one, one], shares) for one in counts.tolist()])
    found = binom.pmf(counts[p < alpha], n, planned).sum()
    print(f"split {shares}, {alpha}: {found:.5f}")
    assert found == pytest.approx(alpha, rel=0.06)


def test_a_split_of_four_is_doubted_as_often_as_said():
    random, runs = np.random.default_rng(3), 100_000
    drawn = random.multinomial(8_000, [0.4, 0.3, 0.2, 0.1], runs).tolist()
    p = np.array([sample_ratio(one, [4, 3, 2, 1]) for one in drawn])
    for alpha in (0.001, 0.01):
        print(f"split of four, {alpha}: {(p < alpha).mean():.5f}")
        assert within((p < alpha).sum(), alpha, runs)


@pytest.mark.parametrize("variants", [2, 5])
def test_holm_keeps_the_family_below_5_percent(variants):
    """Variants share their control, so it is a little less."""
    random = np.random.default_rng(4)
    control, *others = (means(random, RUNS, 200) for _ in range(variants + 1))
    p = [
        [
            TwoMeans(200, m_c, sd_c, 200, m, sd).test()[0]
            for m_c, sd_c, m, sd in zip(*map(np.ndarray.tolist, parts), strict=True)
        ]
        for parts in ((*control, *other) for other in others)
    ]
    found = sum((holm(one) < 0.05).any() for one in zip(*p, strict=True))
    any_ = (np.array(p) < 0.05).any(axis=0).mean()
    print(f"Holm, {variants} variants: {found / RUNS:.4f}, without {any_:.4f}")
    assert found <= binom.ppf(0.999, RUNS, 0.05)
    assert found / RUNS > 0.04
    assert any_ > 0.08


@pytest.mark.parametrize("sign", [-1, 1])
def test_no_meaningful_difference_is_wrong_in_5_percent_at_the_margin(sign):
    random = np.random.default_rng(5)
    found = sum(
        _within(pair, 0.05, 0.9)
        for pair in pairs(random, 2_000, 2_000, lift=sign * 0.05)
    )
    print(f"within the margin, lift {sign * 0.05}: {found / RUNS:.4f}")
    assert within(found, 0.05)


def test_few_units_are_never_said_to_be_alike():
    random = np.random.default_rng(6)
    assert not any(_within(pair, 0.05, 0.9) for pair in pairs(random, 150, 150))


def test_harm_as_large_as_the_margin_is_missed_in_2_and_a_half_percent():
    random = np.random.default_rng(7)
    found = 0
    for pair in pairs(random, 1_000, 1_000, lift=-0.03):
        low, high = pair.lift_interval()[0], pair.difference_interval()[1]
        found += _guarded(pair, {"lift_low": low, "high": high}, 0.03)[0] == "unharmed"
    print(f"harm at the margin: {found / RUNS:.4f}")
    assert within(found, 0.025)


def crossed(z, n, planned, looks, method):
    """Where the product decides at any look, by what it asks of p at each."""
    levels = [Look(method, 2 * k, planned, looks, 0.05).nominal(0.05) for k in n]
    return (2 * ndtr(-abs(z)) < levels).any(axis=1)


@pytest.mark.parametrize("looks", [5, 20])
@pytest.mark.parametrize("method", ["sequential", "always"])
def test_looks_err_in_at_most_5_percent(looks, method):
    random, runs, step = np.random.default_rng(8), 100_000, 500
    seen = step * np.arange(1, looks + 1)
    a, b = (random.binomial(step, 0.2, (runs, looks)).cumsum(axis=1) for _ in range(2))
    pooled = (a + b) / (2 * seen)
    z = (b - a) / seen / np.sqrt(2 * pooled * (1 - pooled) / seen)
    found = crossed(z, seen.tolist(), int(2 * seen[-1]), looks, method).sum()
    print(f"{method}, {looks} looks: {found / runs:.4f}")
    assert within(found, 0.05, runs) if method == "sequential" else found < 0.02 * runs


POWERS = [(0.8, 0.05), (0.9, 0.05), (0.8, 0.01)]


@pytest.mark.parametrize(("power", "alpha"), POWERS)
@pytest.mark.parametrize(
    ("baseline", "mde"),
    [(0.01, 0.002), (0.05, 0.01), (0.2, 0.05), (0.5, -0.05), (0.9, 0.02)],
)
@pytest.mark.parametrize("split", [None, [0.7, 0.3]])
def test_a_planned_share_is_found_as_often_as_asked(baseline, mde, power, alpha, split):
    plan = ops.ab_plan(
        baseline=baseline, mde=mde, power=power, alpha=alpha, split=split
    )
    row = plan.table.iloc[0]
    total = int(row["n_total"])
    sizes = [round(total * one) for one in split or [0.5, 0.5]]
    random, runs = np.random.default_rng(9), 400_000
    a, b = (
        random.binomial(n, rate, runs)
        for n, rate in zip(sizes, [baseline, baseline + mde], strict=True)
    )
    pooled = (a + b) / sum(sizes)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
    z = (b / sizes[1] - a / sizes[0]) / spread
    found = (abs(z) > norm.isf(alpha / 2)).mean()
    print(f"{baseline} {mde:+} {split} {sizes}: {found:.4f} of {power}")
    assert found == pytest.approx(power, abs=0.01)


@pytest.mark.parametrize(("power", "alpha"), POWERS)
@pytest.mark.parametrize("mde", [2, 0.5])
def test_a_planned_mean_is_found_as_often_as_asked(mde, power, alpha):
    plan = ops.ab_plan(baseline=10, mde=mde, sd=4, power=power, alpha=alpha)
    n = int(plan.table["n_per_variant"][0])
    random = np.random.default_rng(10)
    (m_c, sd_c), (m, sd) = means(random, RUNS, n), means(random, RUNS, n, 10 + mde)
    found = sum(
        TwoMeans(n, *one).test()[0] < alpha
        for one in zip(m_c, sd_c, [n] * RUNS, m, sd, strict=True)
    )
    print(f"mean {mde:+}, {n}: {found / RUNS:.4f} of {power}")
    assert found / RUNS == pytest.approx(power, abs=0.01)


@pytest.mark.parametrize("looks", [2, 5, 10])
def test_a_plan_with_looks_finds_the_effect_as_often_as_asked(looks):
    row = ops.ab_plan(baseline=0.1, mde=0.01, looks=looks).table.iloc[0]
    step = -(-int(row["n_per_variant"]) // looks)
    random, runs = np.random.default_rng(11), 100_000
    a, b = (
        random.binomial(step, rate, (runs, looks)).cumsum(axis=1)
        for rate in (0.1, 0.11)
    )
    seen = step * np.arange(1, looks + 1)
    pooled = (a + b) / (2 * seen)
    z = (b - a) / seen / np.sqrt(2 * pooled * (1 - pooled) / seen)
    found = crossed(z, seen.tolist(), int(2 * seen[-1]), looks, "sequential").mean()
    print(f"{looks} looks: {found:.4f}")
    assert found == pytest.approx(0.8, abs=0.01)
