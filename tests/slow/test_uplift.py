"""Simulated experiments: how often uplift is wrong, and how near it comes."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops

pytestmark = pytest.mark.slow

RUNS = 100


def experiment(seed, effect):
    """Two features say how likely a unit is to pay; one may say how it responds."""
    random = np.random.default_rng(seed)
    n = 4_000
    age, plan = random.normal(size=n), random.integers(0, 3, n)
    treated = random.permutation(np.arange(n) % 2)
    chance = 0.2 + 0.1 * (age > 0) + 0.05 * plan + treated * effect(age)
    paid = (random.random(n) < chance).astype(int)
    return pd.DataFrame(
        {
            "unit": np.arange(n),
            "variant": np.array(["control", "new"])[treated],
            "age": age,
            "plan": np.array(["free", "basic", "pro"])[plan],
            "paid": paid,
        }
    )


def test_the_interval_holds_0_as_promised_where_all_respond_alike():
    """A false confirmation, one side of 5 %, would be a list for nothing."""
    held, confirmed, areas = 0, 0, []
    for seed in range(RUNS):
        found = ops.uplift(experiment(seed, lambda age: 0.05), outcome="paid")
        held += found.qini_low <= 0 <= found.qini_high
        confirmed += found.verdict == "confirmed"
        areas.append(found.qini)
    print(f"{held / RUNS:.3f} of 95 %; {confirmed / RUNS:.3f} confirmed, of 2.5 %")
    error = 3 * np.sqrt(0.05 * 0.95 / RUNS)
    assert held / RUNS == pytest.approx(0.95, abs=error)
    assert confirmed / RUNS <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / RUNS)
    assert abs(np.mean(areas)) < 4 * np.std(areas) / np.sqrt(RUNS)


def test_the_qini_comes_near_that_of_the_truth_and_its_interval_mostly_holds_it():
    """Half of the units carry all of an effect of 0.2: the area is 0.1 / 4."""
    areas, confirmed = [], 0
    for seed in range(20):
        table = experiment(seed, lambda age: 0.2 * (age > 0.0))
        found = ops.uplift(table, outcome="paid")
        confirmed += found.verdict == "confirmed"
        areas.append(found.qini)
        first = ops.uplift(table, outcome="paid", target_share=0.4).users()
        assert (table.set_index("unit")["age"][first.astype(int)] > 0).mean() > 0.8
    print(f"Qini {np.mean(areas):.4f} of 0.025 at most")
    assert confirmed >= 17
    assert np.mean(areas) == pytest.approx(0.025, abs=0.004)
