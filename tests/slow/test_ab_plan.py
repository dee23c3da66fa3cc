"""Tests simulated at the planned size find the effect as often as they were asked to.

Each is 20,000 tests of one kind, so that one standard error is 0.28 points. The
statistics are written out here; `test_what_is_simulated_is_what_ab_test_does` sets them
beside `ab_test`.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

import opslib as ops
from opslib.stats.sequential import sequence_multiplier, spending_bounds

pytestmark = pytest.mark.slow

RUNS = 20_000
POINT = 0.01


def chunks(size):
    """Parts of the runs, so that a part of `size` numbers each fits into memory."""
    step = max(1, 4_000_000 // size)
    return [min(step, RUNS - start) for start in range(0, RUNS, step)]


def groups_of(plan, split=None):
    """The units of each group."""
    row = plan.table.iloc[0]
    weights = np.array(split or [1] * int(row["variants"]), float)
    return np.round(row["n_total"] * weights / weights.sum()).astype(int).tolist()


def pooled_p(x_c, n_c, x, n):
    pooled = (x_c + x) / (n_c + n)
    z = (x / n - x_c / n_c) / np.sqrt(pooled * (1 - pooled) * (1 / n_c + 1 / n))
    return 2 * norm.sf(abs(z))


def welch_p(mean_c, var_c, n_c, mean, var, n):
    a, b = var_c / n_c, var / n
    freedom = (a + b) ** 2 / (a**2 / (n_c - 1) + b**2 / (n - 1))
    return 2 * t.sf(abs(mean - mean_c) / np.sqrt(a + b), freedom)


def moments(values):
    """Means and variances of each row."""
    return values.mean(axis=1), values.var(axis=1, ddof=1)


def ratio_moments(y, x):
    """Ratios of each row, and their variance per unit by the delta method."""
    rate = y.sum(axis=1) / x.sum(axis=1)
    beyond = y - rate[:, None] * x
    return rate, beyond.var(axis=1, ddof=1) / x.mean(axis=1) ** 2


def net_p(y_c, x_c, y, x):
    """CUPED: Welch's test of what is left after the slope within the groups."""
    centred = [v - v.mean(axis=1, keepdims=True) for v in (y_c, x_c, y, x)]
    shared = (centred[0] * centred[1]).sum(axis=1)
    shared += (centred[2] * centred[3]).sum(axis=1)
    varied = (centred[1] ** 2).sum(axis=1) + (centred[3] ** 2).sum(axis=1)
    theta = (shared / varied)[:, None]
    left_c, left = y_c - theta * x_c, y - theta * x
    return welch_p(*moments(left_c), y_c.shape[1], *moments(left), y.shape[1])


def users(random, shape, effect, rho):
    """Values of 50 and a deviation of 20, and what they were before."""
    before = random.normal(0, 20, shape)
    rest = random.normal(0, 20 * np.sqrt(1 - rho**2), shape)
    return 50 + effect + rho * before + rest, before


def orders(random, shape, effect):
    """Revenue of 25 per order: users differ in how many, and in what they pay."""
    many = random.poisson(1.0, shape) + 1.0
    paid = many * (random.gamma(4, 25 / 4, shape) + effect)
    return paid, many


@pytest.mark.parametrize(
    ("baseline", "mde", "split"),
    [(0.2, 0.05, None), (0.05, 0.01, None), (0.1, -0.02, None), (0.1, 0.02, [9, 1])],
)
def test_power_for_shares(baseline, mde, split):
    plan = ops.ab_plan(baseline=baseline, mde=mde, split=split)
    n_c, n = groups_of(plan, split)
    random = np.random.default_rng(1)
    x_c, x = (
        random.binomial(n_c, baseline, RUNS),
        random.binomial(n, baseline + mde, RUNS),
    )
    found = (pooled_p(x_c, n_c, x, n) < 0.05).mean()
    assert found == pytest.approx(0.8, abs=POINT)
    seen = plan.power.iloc[20]["power"]
    assert found == pytest.approx(seen, abs=POINT)


@pytest.mark.parametrize("split", [None, [9, 1], [1, 4]])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_power_for_means(split, power):
    plan = ops.ab_plan(baseline=50, sd=20, mde=4, split=split, power=power)
    sizes, random, found = groups_of(plan, split), np.random.default_rng(2), 0
    for runs in chunks(sum(sizes)):
        arms = [
            moments(random.normal(50 + effect, 20, (runs, n)))
            for effect, n in zip((0, 4), sizes, strict=True)
        ]
        p = welch_p(*arms[0], sizes[0], *arms[1], sizes[1])
        found += (p < 0.05).sum()
    assert found / RUNS == pytest.approx(power, abs=POINT)


@pytest.mark.parametrize("split", [None, [3, 1]])
def test_power_for_ratios(split):
    random = np.random.default_rng(3)
    paid, many = orders(random, 1_000_000, 0)
    plan = ops.ab_plan(
        baseline=25,
        mde=2,
        sd=float(paid.std()),
        denominator={
            "mean": float(many.mean()),
            "sd": float(many.std()),
            "correlation": float(np.corrcoef(paid, many)[0, 1]),
        },
        split=split,
    )
    n_c, n = groups_of(plan, split)
    found = 0
    for runs in chunks(n_c + n):
        a = ratio_moments(*orders(random, (runs, n_c), 0))
        b = ratio_moments(*orders(random, (runs, n), 2))
        found += (welch_p(*a, n_c, *b, n) < 0.05).sum()
    assert found / RUNS == pytest.approx(0.8, abs=POINT)


@pytest.mark.parametrize("split", [None, [4, 1]])
def test_power_net_of_the_period_before(split):
    plan = ops.ab_plan(baseline=50, sd=20, mde=3, correlation=0.7, split=split)
    n_c, n = groups_of(plan, split)
    random, found = np.random.default_rng(4), 0
    for runs in chunks(2 * (n_c + n)):
        a, b = users(random, (runs, n_c), 0, 0.7), users(random, (runs, n), 3, 0.7)
        found += (net_p(*a, *b) < 0.05).sum()
    assert found / RUNS == pytest.approx(0.8, abs=POINT)


def test_power_of_shares_net_of_the_period_before():
    """Unequal groups, where the pooled formula would be wrong by several points."""
    random, found = np.random.default_rng(5), 0

    def buyers(shape, rate):
        """Buy with `rate` on average, more often if they bought before."""
        before = random.random(shape) < 0.5
        return (
            random.random(shape) < rate + np.where(before, 0.15, -0.15)
        ) * 1.0, before

    rate = np.array([0.2, 0.3])
    rho = 0.15 * 0.5 / np.sqrt(rate * (1 - rate) * 0.25)
    plan = ops.ab_plan(
        baseline=0.2, mde=0.1, correlation=float(rho.mean()), split=[8, 2]
    )
    n_c, n = groups_of(plan, [8, 2])
    for runs in chunks(3 * (n_c + n)):
        a, b = buyers((runs, n_c), 0.2), buyers((runs, n), 0.3)
        found += (net_p(a[0], a[1] * 1.0, b[0], b[1] * 1.0) < 0.05).sum()
    assert found / RUNS == pytest.approx(0.8, abs=POINT)


def test_power_of_each_of_three_variants():
    """Bonferroni over two comparisons; Holm of `ab_test` finds at least as much."""
    plan = ops.ab_plan(baseline=0.1, mde=0.02, variants=3, split=[2, 1, 1])
    n_c, n, _ = groups_of(plan, [2, 1, 1])
    random = np.random.default_rng(6)
    x_c = random.binomial(n_c, 0.1, RUNS)
    ps = np.array(
        [pooled_p(x_c, n_c, random.binomial(n, 0.12, RUNS), n) for _ in range(2)]
    )
    assert (ps < 0.025).mean(axis=1).tolist() == pytest.approx([0.8, 0.8], abs=POINT)


def looked_at(rate_c, rate, n_c, n, looks, random):
    """The p values at each look, as many rows as runs."""
    x_c, x = (
        random.binomial(size // looks, share, (RUNS, looks)).cumsum(axis=1)
        for size, share in ((n_c, rate_c), (n, rate))
    )
    seen = np.arange(1, looks + 1)
    return pooled_p(x_c, n_c // looks * seen, x, n // looks * seen)


@pytest.mark.parametrize("looks", [2, 5])
def test_power_with_planned_looks(looks):
    plan = ops.ab_plan(baseline=0.2, mde=0.05, looks=looks)
    n = int(plan.table["n_per_variant"].iloc[0])
    n += -n % looks
    random = np.random.default_rng(7)
    bounds = 2 * norm.sf(spending_bounds(np.arange(1, looks + 1) / looks))
    found = (looked_at(0.2, 0.25, n, n, looks, random) < bounds).any(axis=1).mean()
    assert found == pytest.approx(0.8, abs=POINT)
    false = (looked_at(0.2, 0.2, n, n, looks, random) < bounds).any(axis=1).mean()
    assert false == pytest.approx(0.05, abs=POINT / 2)


def test_power_when_looked_at_any_time():
    """As planned at the planned size; with the looks before it a little more."""
    costs = ops.ab_plan(baseline=0.2, mde=0.05).costs.set_index("method")
    n = int(costs.loc["always", "n_total"]) // 2
    n += -n % 20
    random = np.random.default_rng(8)
    seen = n / 20 * np.arange(1, 21)
    enough = 2 * norm.sf(sequence_multiplier(seen, n))
    below = looked_at(0.2, 0.25, n, n, 20, random) < enough
    assert below[:, -1].mean() == pytest.approx(0.8, abs=POINT)
    assert 0.8 < below.any(axis=1).mean() < 0.85


def test_what_is_simulated_is_what_ab_test_does():
    random = np.random.default_rng(9)
    n_c, n = 400, 200
    (y_c, x_c), (y, x) = users(random, (1, n_c), 0, 0.7), users(random, (1, n), 3, 0.7)
    (paid_c, many_c), (paid, many) = (orders(random, (1, size), 0) for size in (n_c, n))
    won_c, won = random.random((1, n_c)) < 0.3, random.random((1, n)) < 0.4
    table = pd.DataFrame(
        {
            "variant": ["A"] * n_c + ["B"] * n,
            "y": np.hstack([y_c, y])[0],
            "x": np.hstack([x_c, x])[0],
            "paid": np.hstack([paid_c, paid])[0],
            "many": np.hstack([many_c, many])[0],
            "won": np.hstack([won_c, won])[0] * 1,
        }
    )
    split = {"A": 2, "B": 1}
    ratio = {"numerator": "paid", "denominator": "many"}
    found = ops.ab_test(
        table, metrics=["y", "won", ratio], control="A", expected_split=split
    ).table["p_value"]
    net = ops.ab_test(
        table, metrics=["y"], covariate="x", control="A", expected_split=split
    ).table["p_value"]
    a, b = ratio_moments(paid_c, many_c), ratio_moments(paid, many)
    expected = [
        welch_p(*moments(y_c), n_c, *moments(y), n)[0],
        pooled_p(won_c.sum(), n_c, won.sum(), n),
        welch_p(*a, n_c, *b, n)[0],
    ]
    assert found.tolist() == pytest.approx(expected)
    assert net[0] == pytest.approx(net_p(y_c, x_c, y, x)[0])
