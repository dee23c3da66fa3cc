"""Sizes and powers: published numbers, and statsmodels where it asks the same."""

import math

import pytest
from scipy.stats import nct, norm, t
from statsmodels.stats.power import NormalIndPower, TTestIndPower

from opslib.stats.power import (
    control_size_for_means,
    control_size_for_shares,
    power_for_means,
    power_for_shares,
)

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


def test_size_with_two_deviations_is_that_of_their_mean_square():
    """For equal groups only the sum of both variances counts."""
    size = control_size_for_means(1, 3, sd_treatment=4, ratio=1, **USUAL)
    same = control_size_for_means(1, math.sqrt(12.5), ratio=1, **USUAL)
    assert size == pytest.approx(same)


@pytest.mark.parametrize("effect", [0.0, 0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("n", [10, 64, 2_000])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_power_of_a_t_test_is_that_of_statsmodels(effect, n, alpha):
    power = power_for_means(-effect, 1, n_control=n, n=n, alpha=alpha)
    exact = TTestIndPower().power(effect, n, alpha) if effect else alpha
    assert power == pytest.approx(exact, abs=1e-6)


def test_power_of_unequal_groups_has_the_freedom_of_welch():
    a, b = 9 / 20, 1 / 80
    freedom = (a + b) ** 2 / (a**2 / 19 + b**2 / 79)
    edge, drift = t.ppf(0.975, freedom), 2 / math.sqrt(a + b)
    exact = nct.sf(edge, freedom, drift) + nct.cdf(-edge, freedom, drift)
    power = power_for_means(2, 3, sd_treatment=1, n_control=20, n=80, alpha=0.05)
    assert power == pytest.approx(exact, abs=1e-9)


def test_power_of_means_far_apart_is_a_number():
    assert power_for_means(60, 1, n_control=6, n=6, alpha=0.05) == pytest.approx(1)
    assert math.isnan(power_for_means(1, 1, n_control=1, n=6, alpha=0.05))


@pytest.mark.parametrize(("control", "treatment"), [(0.2, 0.25), (0.25, 0.2)])
@pytest.mark.parametrize(("n_control", "n"), [(1094, 1094), (500, 4500), (4500, 500)])
def test_power_of_shares_is_the_chance_of_the_pooled_z(
    control, treatment, n_control, n
):
    """By the normal distribution of the difference, tested as if nothing differed."""
    pooled = (control * n_control + treatment * n) / (n_control + n)
    null = math.sqrt(pooled * (1 - pooled) * (1 / n_control + 1 / n))
    true = math.sqrt(
        control * (1 - control) / n_control + treatment * (1 - treatment) / n
    )
    exact = norm.sf((norm.isf(0.025) * null - 0.05) / true)
    power = power_for_shares(control, treatment, n_control=n_control, n=n, alpha=0.05)
    assert power == pytest.approx(exact, abs=1e-5)


def test_power_of_shares_without_a_difference_is_alpha():
    for looks in (1, 5):
        found = power_for_shares(0.3, 0.3, n_control=9, n=90, alpha=0.04, looks=looks)
        assert found == pytest.approx(0.04, abs=1e-7)


def test_power_of_small_effects_is_that_of_the_arcsine_of_statsmodels():
    """statsmodels takes Cohen's h, and for it the ratio of nobs2 to nobs1."""
    h = 2 * (math.asin(math.sqrt(0.51)) - math.asin(math.sqrt(0.5)))
    arcsine = NormalIndPower().power(h, 10_000, 0.05, ratio=2)
    power = power_for_shares(0.5, 0.51, n_control=10_000, n=20_000, alpha=0.05)
    assert power == pytest.approx(arcsine, abs=1e-3)


@pytest.mark.parametrize("ratio", [0.25, 1, 3])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.95)])
def test_power_undoes_size(ratio, alpha, power):
    options = {"ratio": ratio, "alpha": alpha, "power": power}
    size = control_size_for_shares(0.1, 0.11, **options)
    groups = {"n_control": size, "n": size * ratio, "alpha": alpha}
    assert power_for_shares(0.1, 0.11, **groups) == pytest.approx(power, abs=1e-5)
    size = control_size_for_means(0.1, 2, sd_treatment=3, **options)
    groups = {"n_control": size, "n": size * ratio, "alpha": alpha}
    found = power_for_means(0.1, 2, sd_treatment=3, **groups)
    assert found == pytest.approx(power, abs=2e-4)


def test_looks_take_power_away_and_more_units_give_it_back():
    """Five looks of O'Brien-Fleming type need 1.025 times the units."""
    groups = {"n_control": 1094, "n": 1094, "alpha": 0.05}
    assert power_for_shares(0.2, 0.25, **groups, looks=5) == pytest.approx(
        0.79, abs=2e-3
    )
    groups = {"n_control": 6423, "n": 6423, "alpha": 0.05}
    once = power_for_means(0.05, 1, **groups)
    groups = {"n_control": 6423 * 1.02472, "n": 6423 * 1.02472, "alpha": 0.05}
    five = power_for_means(0.05, 1, **groups, looks=5)
    assert five == pytest.approx(once, abs=2e-4)
