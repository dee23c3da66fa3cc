"""Simulated tests over many runs: what each method promises, on each kind of metric."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.stats.sequential import peeking_error

pytestmark = pytest.mark.slow

METRICS = [
    {"metric": "paid"},
    {"metric": "paid", "covariate": "before"},
    {"metric": "heavy"},
    {"metric": "heavy", "winsorize": 0.99},
    {"metric": "after", "covariate": "before"},
    {"metric": "after", "denominator": "orders"},
]
RUNS = 8_000
# Four standard errors of a share of 5 % in so many runs.
ERROR = 4 * np.sqrt(0.05 * 0.95 / RUNS)


def users(n=3_000):
    random = np.random.default_rng(0)
    before, orders = random.gamma(2, 10, n), random.poisson(2, n) + 1
    return pd.DataFrame(
        {
            "paid": (random.random(n) < 0.1).astype(int),
            "before": before,
            "orders": orders,
            "after": before + orders * random.gamma(2, 5, n),
            "heavy": random.lognormal(0, 1.2, n),
        }
    )


USERS = users()


def found(**options):
    result = ops.ab_simulate(USERS, runs=RUNS, **options)
    return result.table["found"].iloc[-1]


@pytest.mark.parametrize(
    "asked", METRICS, ids=lambda one: "-".join(map(str, one.values()))
)
@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_a_a_tests_keep_five_percent(asked, method):
    assert found(**asked, method=method, looks=4) == pytest.approx(0.05, abs=ERROR)


@pytest.mark.parametrize("metric", ["paid", "heavy"])
@pytest.mark.parametrize("looks", [5, 20])
def test_peeking_is_as_bad_as_is_known(metric, looks):
    """14.2 % at 5 looks and 24.8 % at 20 (Armitage, McPherson & Rowe, 1969)."""
    error = peeking_error(looks)
    assert error == pytest.approx({5: 0.142, 20: 0.248}[looks], abs=5e-4)
    rate = found(metric=metric, method="peeking", looks=looks, n=8_000)
    assert rate == pytest.approx(error, abs=0.016)


def test_looking_at_any_time_costs_little_of_the_five_percent():
    assert found(metric="paid", method="always", looks=20) < 0.02


def test_a_plan_with_looks_has_its_power_on_real_values():
    # A lift multiplies the deviation of the treatment too.
    sd = float(USERS["after"].std()) * np.sqrt((1 + 1.1**2) / 2)
    mean = float(USERS["after"].mean())
    plan = ops.ab_plan(baseline=mean, mde=0.1, relative=True, sd=sd, looks=5)
    n = int(plan.table["n_total"][0])
    rate = found(metric="after", lift=0.1, n=n, method="sequential")
    assert rate == pytest.approx(0.8, abs=0.02)
