"""Simulated experiments looked at early: their error rates and their power."""

import numpy as np
import pytest

from opslib.stats.sequential import (
    inflation,
    peeking_error,
    sequence_multiplier,
    sequence_p,
    spending_bounds,
)

pytestmark = pytest.mark.slow

RUNS = 100_000


def shares(looks, n, seed):
    """The z of two equal shares of 20 % and the n per group, at each look.

    Users come one look after the other; z is that of the pooled test.
    """
    random = np.random.default_rng(seed)
    seen = np.arange(1, looks + 1) * n
    control, treatment = (
        random.binomial(n, 0.2, (RUNS, looks)).cumsum(axis=1) / seen for _ in range(2)
    )
    pooled = (control + treatment) / 2
    return (treatment - control) / np.sqrt(2 * pooled * (1 - pooled) / seen), seen


def rate(crossed):
    return float(crossed.any(axis=1).mean())


@pytest.mark.parametrize("looks", [5, 20])
@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock", "power2"])
def test_planned_looks_at_equal_shares_err_in_5_percent(looks, spending):
    z, seen = shares(looks, 500, seed=looks)
    bounds = spending_bounds(seen / seen[-1], spending=spending)
    found = rate(abs(z) >= bounds)
    print(f"{spending}, {looks} looks: {found:.4f}")
    # Four standard errors of the simulation.
    assert found == pytest.approx(0.05, abs=0.0028)


def test_looks_at_uneven_times_err_in_5_percent():
    z, seen = shares(20, 500, seed=3)
    chosen = [0, 2, 3, 11, 19]
    bounds = spending_bounds(seen[chosen] / seen[-1])
    assert rate(abs(z[:, chosen]) >= bounds) == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize("looks", [5, 20])
def test_naive_looks_err_as_often_as_foretold(looks):
    z, _ = shares(looks, 500, seed=looks)
    expected = peeking_error(looks)
    assert rate(abs(z) >= 1.959964) == pytest.approx(expected, abs=0.006)


def test_a_confidence_sequence_keeps_the_truth_at_20_looks():
    z, seen = shares(20, 500, seed=20)
    units = 2 * seen
    missed = abs(z) > sequence_multiplier(units, planned_n=units[-1])
    found = rate(missed)
    print(f"confidence sequence, 20 looks: {found:.4f}")
    # 1.1 to 1.4 % elsewhere: it allows for a look after every user, and later ones.
    assert 0.008 < found < 0.018
    assert rate(sequence_p(z, units, units[-1]) < 0.05) == found


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock", "power2"])
@pytest.mark.parametrize("looks", [2, 5, 20])
def test_inflated_sizes_keep_the_power_of_80_percent(looks, spending):
    random = np.random.default_rng(looks)
    times = np.arange(1, looks + 1) / looks
    drift = 2.801585 * np.sqrt(inflation(looks, spending=spending))
    steps = random.normal(drift / looks, np.sqrt(1 / looks), (RUNS, looks))
    z = steps.cumsum(axis=1) / np.sqrt(times)
    found = rate(abs(z) >= spending_bounds(times, spending=spending))
    print(f"{spending}, {looks} looks: power {found:.4f}")
    # Four standard errors of the simulation.
    assert found == pytest.approx(0.8, abs=0.0051)
