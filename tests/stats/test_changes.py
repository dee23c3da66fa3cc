"""Difference in differences against least squares with clustered errors."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from opslib.stats.changes import two_changes


def panel(n_control, n, days=8, effect=1.5, seed=1):
    """Units with levels of their own and days that resemble each other."""
    random = np.random.default_rng(seed)
    units = n_control + n
    level = random.normal(20, 4, units)[:, None]
    noise = random.normal(size=(units, days)).cumsum(axis=1)
    treated = np.arange(units) >= n_control
    after = np.arange(days) >= days // 2
    return level + noise + effect * np.outer(treated, after), treated, after


def compared(value, treated, after):
    before, later = value[:, ~after].mean(axis=1), value[:, after].mean(axis=1)
    parts = before[~treated], later[~treated], before[treated], later[treated]
    return two_changes(*parts)


@pytest.mark.parametrize(("n_control", "n"), [(12, 12), (30, 8), (5, 40)])
def test_least_squares_clustered_by_unit_gives_the_same(n_control, n):
    value, treated, after = panel(n_control, n)
    units, days = value.shape
    rows = pd.DataFrame({"y": value.ravel(), "unit": np.arange(units).repeat(days)})
    rows["treated"] = treated.repeat(days).astype(int)
    rows["after"] = np.tile(after, units).astype(int)
    plain = smf.ols("y ~ treated * after", rows)
    options = {"groups": rows["unit"], "use_correction": False}
    fit = plain.fit(cov_type="cluster", cov_kwds=options)
    pair = compared(value, treated, after)
    assert pair.difference == pytest.approx(fit.params["treated:after"], rel=1e-9)
    # The plain sandwich has each group's part times (n - 1) / n, and nothing else.
    control, treatment = pair.variances
    sandwich = control * (n_control - 1) / n_control + treatment * (n - 1) / n
    assert math.sqrt(sandwich) == pytest.approx(fit.bse["treated:after"], rel=1e-9)
    corrected = plain.fit(cov_type="cluster", cov_kwds={"groups": rows["unit"]})
    ours = math.sqrt(control + treatment)
    small = min(n_control, n)
    near = {"rel": 1 / small}
    assert ours == pytest.approx(corrected.bse["treated:after"], **near)


def test_dummies_for_units_and_times_give_the_same_difference():
    value, treated, after = panel(9, 7)
    units, days = value.shape
    rows = pd.DataFrame({"y": value.ravel(), "unit": np.arange(units).repeat(days)})
    rows["day"] = np.tile(np.arange(days), units)
    rows["d"] = np.outer(treated, after).ravel().astype(int)
    fit = smf.ols("y ~ d + C(unit) + C(day)", rows).fit()
    pair = compared(value, treated, after)
    assert pair.difference == pytest.approx(fit.params["d"], rel=1e-9)


def test_the_means_of_card_and_krueger():
    """Table 3: employment rose in New Jersey and fell in Pennsylvania, 1992."""
    apart = np.array([-1.0, 1.0])
    pair = two_changes(23.33 + apart, 21.17 + apart, 20.44 + apart, 21.03 + apart)
    assert pair.difference == pytest.approx(2.76, abs=0.011)
    assert pair.control == pytest.approx(18.28)


def test_a_lift_leaves_out_0_exactly_when_the_difference_does():
    for seed in range(60):
        pair = compared(*panel(8, 8, effect=1.2, seed=seed))
        low, high = pair.difference_interval()
        lift_low, lift_high = pair.lift_interval()
        assert (low > 0) == (lift_low > 0)
        assert (high < 0) == (lift_high < 0)
        assert (pair.test()[0] < 0.05) == (low > 0 or high < 0)


def test_the_lift_is_fiellers_by_its_definition():
    """The lifts r at which difference - r * expected lies within its t interval."""
    value, treated, after = panel(10, 12)
    pair = compared(value, treated, after)
    before, later = value[:, ~after].mean(axis=1), value[:, after].mean(axis=1)
    had, without = treated, ~treated
    for r in pair.lift_interval():
        # Per unit: what it adds to difference - r * expected.
        own = (later - before - r * before)[had]
        other = -(1 + r) * (later - before)[without]
        spread = math.sqrt(own.var(ddof=1) / 12 + other.var(ddof=1) / 10)
        critical = pair._critical(0.95)
        value_at = own.mean() + other.mean()
        assert abs(value_at) == pytest.approx(critical * spread, rel=1e-9)


@pytest.mark.parametrize(("level", "why"), [(0.1, "unbounded"), (-40, "negative")])
def test_without_a_level_there_is_no_lift(level, why):
    value, treated, after = panel(10, 10)
    shift = level - compared(value, treated, after).control
    assert compared(value + shift, treated, after).lift_problem() == why
