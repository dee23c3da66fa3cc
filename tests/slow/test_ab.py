"""Simulated experiments: error rates and coverage are what the results promise."""

import numpy as np
import pytest
from scipy.stats import binom

import opslib as ops
from opslib.stats.cuped import adjusted, slope
from opslib.stats.means import TwoMeans
from opslib.stats.moments import moments
from opslib.stats.power import control_size_for_shares
from opslib.stats.proportions import TwoProportions
from opslib.stats.ratios import ratio

pytestmark = pytest.mark.slow


def wins(shares, n, runs, seed, **options):
    """Share of experiments in which any variant gets a winner or a loser."""
    random = np.random.default_rng(seed)
    found = 0
    for _ in range(runs):
        counts = {
            name: [n, int(random.binomial(n, share))]
            for name, share in zip("ABCD", shares, strict=False)
        }
        verdicts = ops.ab_summary(counts, **options).table["verdict"]
        found += verdicts.isin(["winner", "loser"]).any()
    return found / runs


def test_an_a_a_test_names_a_winner_in_5_percent():
    assert wins([0.1, 0.1], 2_000, 500, seed=1) == pytest.approx(0.05, abs=0.03)


def test_holm_keeps_5_percent_over_three_variants():
    rate = wins([0.1] * 4, 2_000, 250, seed=2)
    assert rate <= 0.05 + 0.04
    assert wins([0.1] * 4, 2_000, 250, seed=2, correction="none") > rate


@pytest.mark.parametrize(
    "options", [{"baseline": 0.2, "mde": 0.05}, {"baseline": 0.05, "mde": 0.03}]
)
def test_the_planned_size_finds_the_effect_in_80_percent(options):
    plan = ops.ab_plan(**options).table.iloc[0]
    rate = wins([plan["baseline"], plan["target"]], int(plan["n_per_variant"]), 300, 3)
    assert rate == pytest.approx(0.8, abs=0.07)


@pytest.mark.parametrize(
    ("control", "treatment", "power"),
    [(0.20, 0.25, 0.800), (0.05, 0.06, 0.801), (0.05, 0.08, 0.805)],
)
def test_power_at_the_planned_size_over_many_draws(control, treatment, power):
    size = control_size_for_shares(control, treatment, ratio=1, alpha=0.05, power=0.8)
    n = int(np.ceil(size))
    random = np.random.default_rng(4)
    x_c, x = (random.binomial(n, p, 400_000) / n for p in (control, treatment))
    pooled = (x_c + x) / 2
    z = (x - x_c) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert (abs(z) > 1.959964).mean() == pytest.approx(power, abs=0.003)


@pytest.mark.parametrize(
    ("n_c", "p_c", "n", "p", "coverage"),
    [(30, 0.1, 30, 0.1, 0.946), (50, 0.02, 50, 0.05, 0.978)],
)
def test_exact_coverage_of_the_difference_interval(n_c, p_c, n, p, coverage):
    """Over every possible outcome, weighted by its probability."""
    covered = 0.0
    for x_c in range(n_c + 1):
        for x in range(n + 1):
            chance = binom.pmf(x_c, n_c, p_c) * binom.pmf(x, n, p)
            if chance < 1e-7:
                continue
            low, high = TwoProportions(n_c, x_c, n, x).difference_interval()
            covered += chance * (low <= p - p_c <= high)
    assert covered == pytest.approx(coverage, abs=0.006)


def test_lift_interval_of_shares_misses_as_often_on_both_sides():
    random = np.random.default_rng(5)
    low, high = np.array(
        [
            TwoProportions(
                1_000, *draw, 1_000, random.binomial(1_000, 0.07)
            ).lift_interval()
            for draw in random.binomial(1_000, 0.05, (4_000, 1))
        ]
    ).T
    assert (low > 0.4).mean() == pytest.approx(0.025, abs=0.008)
    assert (high < 0.4).mean() == pytest.approx(0.025, abs=0.008)


def test_fieller_covers_the_lift_of_skewed_spending():
    random = np.random.default_rng(6)
    missed = 0
    for _ in range(3_000):
        control, treatment = random.gamma(0.5, 20, 800), random.gamma(0.5, 24, 800)
        pair = TwoMeans(
            800, control.mean(), control.std(ddof=1),
            800, treatment.mean(), treatment.std(ddof=1),
        )  # fmt: skip
        low, high = pair.lift_interval()
        missed += not low <= 0.2 <= high
    assert missed / 3_000 == pytest.approx(0.05, abs=0.013)


RUNS = 3_000
# Three standard errors of a share of 5 % in so many runs.
ERROR = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def by_variant(random, n, *columns):
    variant = random.integers(0, 2, n)
    return moments(list(columns), variant, 2)


def test_a_ratio_without_effect_is_found_in_5_percent_and_by_rows_in_more():
    """Rows of one user are alike: to test them one by one finds what is not there."""
    random, found, by_row = np.random.default_rng(8), 0, 0
    for _ in range(RUNS):
        rows = random.poisson(3, 400) + 1.0
        sums = rows * random.gamma(4, 1, 400) + random.normal(0, 1, 400) * rows**0.5
        arms = by_variant(random, 400, sums, rows)
        pair = TwoMeans(arms[0].n, *ratio(arms[0]), arms[1].n, *ratio(arms[1]))
        found += pair.test()[0] < 0.05
        low, high = pair.difference_interval()
        assert (low > 0 or high < 0) == (pair.test()[0] < 0.05)
        # A row varies by 4 within its user and by 4 among users, about.
        each = [np.sqrt(5 / (arm.n * arm.mean[1])) for arm in arms]
        by_row += abs(pair.difference) / np.hypot(*each) > 1.96
    assert found / RUNS == pytest.approx(0.05, abs=ERROR)
    assert by_row / RUNS > 0.1


def test_net_of_what_was_before_5_percent_stay_5_and_more_effects_are_found():
    random, rates = np.random.default_rng(9), {}
    for effect in (0.0, 1.0):
        plain, net = 0, 0
        for _ in range(RUNS):
            before = random.gamma(2, 5, 500)
            variant = random.integers(0, 2, 500)
            after = before + random.normal(0, 5, 500) + effect * variant
            arms = moments([after, before], variant, 2)
            theta = slope(arms)
            net += adjusted(*arms, theta).test()[0] < 0.05
            sds = [float(arm.covariance[0, 0]) ** 0.5 for arm in arms]
            a, b = (float(arm.mean[0]) for arm in arms)
            plain += (
                TwoMeans(arms[0].n, a, sds[0], arms[1].n, b, sds[1]).test()[0] < 0.05
            )
        rates[effect] = plain / RUNS, net / RUNS
    assert rates[0.0] == pytest.approx((0.05, 0.05), abs=ERROR)
    assert rates[1.0][1] > rates[1.0][0] + 0.1
