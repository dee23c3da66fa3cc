"""Simulated experiments: error rates and coverage are what the results promise."""

import numpy as np
import pytest
from scipy.stats import binom

import opslib as ops
from opslib.stats.means import TwoMeans
from opslib.stats.power import control_size_for_shares
from opslib.stats.proportions import TwoProportions

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
