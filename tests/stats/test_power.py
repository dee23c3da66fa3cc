"""Sizes: published numbers, and statsmodels for the t-test."""

import math

import pytest
from statsmodels.stats.power import TTestIndPower

from opslib.stats.power import control_size_for_means, control_size_for_shares

USUAL = {"alpha": 0.05, "power": 0.8}


@pytest.mark.parametrize(
    ("control", "treatment", "n"),
    [(0.20, 0.25, 1094), (0.05, 0.06, 8158), (0.05, 0.08, 1059)],
)
def test_sizes_whose_simulated_power_is_80_percent(control, treatment, n):
    size = control_size_for_shares(control, treatment, ratio=1, **USUAL)
    assert math.ceil(size) == n


def test_size_does_not_depend_on_which_group_is_called_control():
    forth = control_size_for_shares(0.1, 0.13, ratio=3, **USUAL)
    back = control_size_for_shares(0.13, 0.1, ratio=1 / 3, **USUAL)
    assert forth * 3 == pytest.approx(back)


@pytest.mark.parametrize("effect", [0.1, 0.3, 0.8])
@pytest.mark.parametrize("ratio", [0.5, 1, 4])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.9)])
def test_size_for_means_is_that_of_statsmodels(effect, ratio, alpha, power):
    size = control_size_for_means(effect, 1, ratio=ratio, alpha=alpha, power=power)
    exact = TTestIndPower().solve_power(effect, alpha=alpha, power=power, ratio=ratio)
    assert size == pytest.approx(exact, abs=1.1)
