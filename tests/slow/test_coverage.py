"""How often the intervals of experiments hold the truth.

Those of shares are counted over every outcome there can be, weighted by its chance;
the others over simulated experiments, held against what chance alone does to so many.
`docs/methods.md` quotes the figures that are printed.
"""

import numpy as np
import pytest
from scipy.stats import binom

from opslib.analyses._ab_looks import Look
from opslib.stats.bayes import beta_binomial, normal
from opslib.stats.cuped import adjusted, slope
from opslib.stats.means import TwoMeans
from opslib.stats.moments import Moments
from opslib.stats.proportions import TwoProportions, wilson
from opslib.stats.ratios import ratio

pytestmark = pytest.mark.slow

RUNS = 20_000
AT_ONCE = 1_000
RATES = np.arange(1, 50) / 50


def chances(n, rates):
    """By rate and outcome."""
    return binom.pmf(np.arange(n + 1), n, np.asarray(rates, float)[:, None])


def coverage_of_shares(n_control, n, interval, truth):
    """By the rates of control and treatment; of the lift, where there is one."""
    low, high = np.moveaxis(
        [
            [
                getattr(TwoProportions(n_control, a, n, b), interval)()
                for b in range(n + 1)
            ]
            for a in range(n_control + 1)
        ],
        -1,
        0,
    )
    control, treatment = chances(n_control, RATES), chances(n, RATES)
    covered = [
        [
            p
            @ (
                (low <= truth(rate, other) + 1e-12)
                & (truth(rate, other) <= high + 1e-12)
            )
            @ q
            for other, q in zip(RATES, treatment, strict=True)
        ]
        for rate, p in zip(RATES, control, strict=True)
    ]
    stated = chances(n_control, RATES) @ ~np.isnan(low[:, 0])
    return np.array(covered) / stated[:, None]


def told(name, covered):
    print(f"{name}: mean {np.mean(covered):.4f}, least {np.min(covered):.4f}")


SIZES = [(30, 30), (20, 60), (50, 50), (160, 40), (100, 100)]
MIDDLE = np.ix_((RATES >= 0.1) & (RATES <= 0.9), (RATES >= 0.1) & (RATES <= 0.9))


@pytest.mark.parametrize(("n_control", "n"), SIZES)
@pytest.mark.parametrize(
    ("interval", "truth", "least"),
    [
        ("difference_interval", lambda a, b: b - a, 0.925),
        ("lift_interval", lambda a, b: b / a - 1, 0.81),
    ],
)
def test_intervals_of_two_shares_over_all_outcomes(
    n_control, n, interval, truth, least
):
    covered = coverage_of_shares(n_control, n, interval, truth)
    told(f"{interval}, {n_control} and {n} units", covered)
    told("  shares of 10 to 90 %", covered[MIDDLE])
    assert 0.945 <= covered.mean() <= 0.955
    assert covered[MIDDLE].min() >= 0.933
    # Where few are expected, whole outcomes fall out of an interval at once.
    assert covered.min() >= least


def window(n, rate):
    """The outcomes that ever come, and their chances."""
    low, high = binom.ppf([1e-7, 1 - 1e-7], n, rate).astype(int)
    outcomes = np.arange(low, high + 1)
    return outcomes.tolist(), binom.pmf(outcomes, n, rate)


@pytest.mark.parametrize(
    ("n_control", "control", "n", "treatment"),
    [
        (1_000, 0.03, 1_000, 0.03),
        (1_000, 0.05, 1_000, 0.07),
        (300, 0.1, 2_700, 0.12),
        (5_000, 0.006, 5_000, 0.009),
    ],
)
def test_with_25_successes_in_each_group_both_intervals_hold_the_truth_in_95_percent(
    n_control, control, n, treatment
):
    few, p = window(n_control, control)
    many, q = window(n, treatment)
    pairs = [[TwoProportions(n_control, a, n, b) for b in many] for a in few]
    for interval, truth in (
        ("difference_interval", treatment - control),
        ("lift_interval", treatment / control - 1),
    ):
        bounds = np.array([[getattr(one, interval)() for one in row] for row in pairs])
        inside = (bounds[..., 0] <= truth) & (truth <= bounds[..., 1])
        covered = float(p @ inside @ q)
        print(f"{interval}, {control:.1%} and {treatment:.1%}: {covered:.4f}")
        assert 0.945 <= covered <= 0.955


@pytest.mark.parametrize(
    ("n", "least"), [(10, 0.84), (30, 0.86), (100, 0.9), (1_000, 0.919)]
)
def test_wilson_intervals_over_all_outcomes(n, least):
    rates = np.arange(1, 1_000) / 1_000
    low, high = wilson(np.arange(n + 1), n)
    inside = (low <= rates[:, None]) & (rates[:, None] <= high)
    covered = (chances(n, rates) * inside).sum(axis=1)
    told(f"Wilson, {n} units", covered)
    assert 0.9475 <= covered.mean() <= 0.955
    assert covered.min() >= least


def within(found, share, runs=RUNS):
    """Whether so many of `runs` are what chance leaves of a share, 999 times in 1,000.

    The seeds are fixed: what passes, passes always.
    """
    low, high = binom.interval(0.999, runs, share)
    return low <= found <= high


def drawn(random, n, draw):
    """Means and deviations of n values, `RUNS` times."""
    means, deviations = [], []
    for _ in range(RUNS // AT_ONCE):
        values = draw(random, (AT_ONCE, n))
        means.append(values.mean(axis=1))
        deviations.append(values.std(axis=1, ddof=1))
    return np.concatenate(means).tolist(), np.concatenate(deviations).tolist()


def bell(random, shape):
    return random.normal(10, 4, shape)


def skewed(random, shape):
    """Mean 10; its skewness is 2.8."""
    return random.gamma(0.5, 20, shape)


def money(random, shape):
    """Mean 1: nine in ten spend nothing, the others 10 with a long tail; about 6."""
    paid = random.random(shape) < 0.1
    values = np.zeros(shape)
    values[paid] = random.gamma(1.5, 20 / 3, int(paid.sum()))
    return values


def coverage_of_means(draw, mean, n_control, n, lift=0.2, seed=0):
    random = np.random.default_rng(seed)
    control = zip(*drawn(random, n_control, draw), strict=True)
    treatment = zip(*drawn(random, n, draw), strict=True)
    held = np.zeros(2, int)
    for (m_c, sd_c), (m, sd) in zip(control, treatment, strict=True):
        pair = TwoMeans(n_control, m_c, sd_c, n, m * (1 + lift), sd * (1 + lift))
        low, high = pair.difference_interval()
        held[0] += low <= lift * mean <= high
        low, high = pair.lift_interval()
        held[1] += low <= lift <= high
    print(f"{draw.__name__}, {n_control} and {n} units: {held / RUNS}")
    return held


@pytest.mark.parametrize(
    ("draw", "mean", "n_control", "n"),
    [
        (bell, 10, 30, 30),
        (bell, 10, 20, 60),
        (skewed, 10, 800, 800),
        (skewed, 10, 400, 1_200),
        (money, 1, 2_000, 2_000),
    ],
)
def test_welch_and_fieller_hold_the_truth_in_95_percent(draw, mean, n_control, n):
    held = coverage_of_means(draw, mean, n_control, n)
    assert all(0.94 <= one / RUNS <= 0.96 for one in held)
    if draw is bell:
        assert all(within(one, 0.95) for one in held)


@pytest.mark.parametrize(
    ("draw", "mean", "n_control", "n"), [(skewed, 10, 150, 150), (money, 1, 1_350, 150)]
)
def test_a_long_tail_of_few_users_costs_some_of_it(draw, mean, n_control, n):
    """150 units are the fewest that get a verdict; the methods say what that costs."""
    held = coverage_of_means(draw, mean, n_control, n)
    assert all(0.89 <= one / RUNS <= 0.955 for one in held)


def sums(y, x):
    """The moments of each run, by the sums that SQL would give."""
    products = [[y * y, y * x], [y * x, x * x]]
    squares = [[part.sum(axis=1) for part in row] for row in products]
    totals = zip(y.sum(axis=1), x.sum(axis=1), strict=True)
    return [
        Moments.from_sums(y.shape[1], total, [[yy, yx], [yx, xx]])
        for total, yy, yx, xx in zip(
            totals, squares[0][0], squares[0][1], squares[1][1], strict=True
        )
    ]


def simulated(random, n, draw):
    for _ in range(RUNS // AT_ONCE):
        yield from zip(
            *(sums(*draw(random, (AT_ONCE, n), group)) for group in (0, 1)), strict=True
        )


def orders(random, shape, group):
    """Revenue and orders per user: 10 an order, 11 in the treatment; alike per user."""
    number = random.poisson(2, shape) + 1.0
    return number * random.gamma(4, 2.5 + 0.25 * group, shape), number


def test_ratios_hold_the_truth_in_95_percent():
    held = np.zeros(2, int)
    for arms in simulated(np.random.default_rng(1), 400, orders):
        control, treatment = map(ratio, arms)
        pair = TwoMeans(400, *control, 400, *treatment, kind="ratio")
        low, high = pair.difference_interval()
        held[0] += low <= 1 <= high
        low, high = pair.lift_interval()
        held[1] += low <= 0.1 <= high
    print(f"ratio: {held / RUNS}")
    assert all(within(one, 0.95) for one in held)


def before_and_after(random, shape, group):
    """Spending of 12, 13 in the treatment, most of it as it was before."""
    before = random.gamma(2, 5, shape)
    return before + random.normal(2 + group, 5, shape), before


def test_net_of_what_was_before_the_truth_is_held_in_95_percent():
    held = np.zeros(2, int)
    for arms in simulated(np.random.default_rng(2), 200, before_and_after):
        pair = adjusted(*arms, slope(arms))
        low, high = pair.difference_interval()
        held[0] += low <= 1 <= high
        low, high = pair.lift_interval()
        held[1] += low <= 1 / 12 <= high
    print(f"CUPED: {held / RUNS}")
    assert all(within(one, 0.95) for one in held)


@pytest.mark.parametrize("variants", [2, 5])
def test_adjusted_intervals_all_hold_in_95_percent_or_more(variants):
    """Bonferroni: conservative, as comparisons share their control."""
    random = np.random.default_rng(3)
    each = [drawn(random, 100, bell) for _ in range(variants + 1)]
    together = 0
    for groups in zip(*(zip(*one, strict=True) for one in each), strict=True):
        control, *others = groups
        bounds = [
            TwoMeans(100, *control, 100, *other).difference_interval(
                1 - 0.05 / variants
            )
            for other in others
        ]
        together += all(low <= 0 <= high for low, high in bounds)
    print(f"{variants} variants, all intervals: {together / RUNS:.4f}")
    assert together / RUNS + 0.005 >= 0.95
    assert together / RUNS <= 0.97


@pytest.mark.parametrize(("method", "looks"), [("sequential", 5), ("always", 20)])
def test_intervals_of_all_looks_together_hold_in_95_percent(method, looks):
    """With an effect: repeated confidence intervals are not about none."""
    random, n = np.random.default_rng(4), 200
    shape = (RUNS, looks)
    seen = n * np.arange(1, looks + 1)
    planned = int(2 * seen[-1])
    # Sums and squares of normal values add up look by look.
    means, deviations = [], []
    for mean in (10, 11):
        step = random.normal(mean, 4 / n**0.5, shape)
        squares = 16 * random.chisquare(n - 1, shape) + n * step**2
        total = (n * step).cumsum(axis=1)
        means.append(total / seen)
        deviations.append(
            np.sqrt((squares.cumsum(axis=1) - total**2 / seen) / (seen - 1))
        )
    levels = [
        1 - Look(method, int(2 * size), planned, looks, 0.05).nominal(0.05)
        for size in seen
    ]
    held = np.ones(RUNS, bool)
    for look, (size, level) in enumerate(zip(seen.tolist(), levels, strict=True)):
        values = (part[:, look].tolist() for part in (*means, *deviations))
        for run, (m_c, m, sd_c, sd) in enumerate(zip(*values, strict=True)):
            pair = TwoMeans(size, m_c, sd_c, size, m, sd)
            low, high = pair.difference_interval(level)
            held[run] &= low <= 1 <= high
    print(f"{method}, {looks} looks together: {held.mean():.4f}")
    if method == "sequential":
        assert within(held.sum(), 0.95)
    else:
        # It allows for any number of looks, before and after these.
        assert 0.98 <= held.mean() <= 0.995


def test_credible_intervals_of_shares_hold_what_their_prior_draws():
    random, runs = np.random.default_rng(5), 1_000_000
    n_control, n = 12, 9
    known = np.empty((n_control + 1, n + 1, 5))
    for a in range(n_control + 1):
        for b in range(n + 1):
            one = beta_binomial(TwoProportions(n_control, a, n, b))
            known[a, b] = one.low, one.high, one.lift_low, one.lift_high, one.better
    control, treatment = random.random((2, runs))
    seen = random.binomial(n_control, control), random.binomial(n, treatment)
    low, high, lift_low, lift_high, better = known[seen].T
    difference, lift = treatment - control, treatment / control - 1
    held = ((low <= difference) & (difference <= high)).sum()
    lift_held = ((lift_low <= lift) & (lift <= lift_high)).sum()
    print(f"Beta-binomial: {held / runs:.4f}, lift {lift_held / runs:.4f}")
    assert within(held, 0.95, runs)
    assert within(lift_held, 0.95, runs)
    # Of those called better with 70 to 80 %, so many are.
    for edge in np.arange(0, 1, 0.1):
        some = (edge <= better) & (better < edge + 0.1)
        expected = better[some].mean()
        assert within((difference[some] > 0).sum(), expected, int(some.sum()))


def test_credible_intervals_under_the_sceptical_prior_hold_what_it_draws():
    random = np.random.default_rng(6)
    lifts, se = random.normal(0, 0.3, RUNS), 0.2
    held = 0
    for lift, seen in zip(lifts, lifts + random.normal(0, se, RUNS), strict=True):
        found = normal(seen, se, prior_sd=0.3)
        held += found.low <= lift <= found.high
    print(f"sceptical: {held / RUNS:.4f}")
    assert within(held, 0.95)
