"""Simulated quantiles and resampled means: as often wrong as they say they are."""

import numpy as np
import pytest

from opslib.stats.quantiles import TwoQuantiles, quantile
from opslib.stats.resampling import drawn, resampled

pytestmark = pytest.mark.slow

RUNS = 1_500
# Three standard errors of a share of 5 % in so many runs.
ERROR = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def pairs(draw, q, n, seed, effect=1.0):
    random = np.random.default_rng(seed)
    for _ in range(RUNS):
        control, treatment = draw(random, n[0]), draw(random, n[1]) * effect
        yield TwoQuantiles(quantile(control, q), quantile(treatment, q))


def money(random, n):
    return random.lognormal(3, 1.5, n)


@pytest.mark.parametrize(
    ("q", "n"), [(0.5, (150, 150)), (0.5, (2_000, 300)), (0.9, (250, 250))]
)
def test_without_effect_5_percent_are_called_different(q, n):
    p = np.array([pair.test()[0] for pair in pairs(money, q, n, seed=1)])
    # Percentiles of a quantile are a little wide when groups are small.
    assert (p < 0.05).mean() == pytest.approx(0.045, abs=ERROR + 0.005)
    assert (p < 0.005).mean() < 0.012


def test_ties_make_it_call_fewer():
    """Counts: two groups whose median is the same number, or on the edge of two."""
    for mean in (0.5, 2.0, 20.7):
        found = pairs(lambda r, n, m=mean: r.poisson(m, n) * 1.0, 0.5, (500, 500), 2)
        assert np.mean([pair.test()[0] < 0.05 for pair in found]) < 0.05 + ERROR / 2


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_the_lift_is_within_its_interval_in_95_percent(q):
    missed = 0
    for pair in pairs(money, q, (400, 300), seed=3, effect=1.25):
        low, high = pair.lift_interval()
        missed += not low <= 0.25 <= high
    assert missed / RUNS == pytest.approx(0.045, abs=ERROR + 0.005)


def test_a_resampled_mean_holds_as_that_of_all_rows_drawn():
    """The thousand rows that matter, and a normal sum of the others: no worse."""
    random = np.random.default_rng(4)
    covered = {"all": 0, "thousand": 0}
    for _ in range(60):
        values = random.lognormal(0, 1.5, 3_000)
        truth = np.exp(1.5**2 / 2)
        means = {
            "all": np.array(
                [values[random.integers(0, 3_000, 3_000)].mean() for _ in range(1_000)]
            ),
            "thousand": resampled(
                [values], values - values.mean(), drawn(random), random
            )[:, 0],
        }
        for way, found in means.items():
            low, high = np.quantile(found, [0.025, 0.975])
            covered[way] += low <= truth <= high
    assert covered["thousand"] / 60 > 0.86
    assert abs(covered["thousand"] - covered["all"]) <= 3
