"""Simulated campaigns: what is promised of their intervals holds, and where not."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

import opslib as ops
from opslib.analyses._interrupted_fit import fit
from opslib.stats.changes import two_changes

pytestmark = pytest.mark.slow


def resembling(random, shape, rho):
    """Standard normal days, each of which resembles the one before."""
    fresh = random.normal(size=shape)
    days = fresh.copy()
    for i in range(1, shape[-1]):
        days[..., i] = rho * days[..., i - 1] + np.sqrt(1 - rho**2) * fresh[..., i]
    return days


@pytest.mark.parametrize(("n_control", "n"), [(20, 20), (40, 12), (6, 6)])
def test_changes_of_units_reject_in_5_percent_and_rows_in_more_than_20(n_control, n):
    """Bertrand, Duflo & Mullainathan (2004): rows as if independent mislead."""
    random, runs, effect = np.random.default_rng(1), 2_000, 0.7
    had = np.arange(n_control + n) >= n_control
    rejected = by_rows = covered = 0
    for _ in range(runs):
        value = resembling(random, (len(had), 28), 0.8)
        value += random.normal(0, 3, len(had))[:, None]
        before, after = value[:, :14].mean(axis=1), value[:, 14:].mean(axis=1)
        pair = two_changes(before[~had], after[~had], before[had], after[had])
        rejected += pair.test()[0] < 0.05
        shifted = two_changes(
            before[~had], after[~had], before[had], after[had] + effect
        )
        low, high = shifted.difference_interval()
        covered += low < effect < high
        # Every day as if it stood for itself, net of its unit's mean before.
        apart = value[:, 14:] - before[:, None]
        by_rows += ttest_ind(apart[had].ravel(), apart[~had].ravel()).pvalue < 0.05
    assert rejected / runs == pytest.approx(0.05, abs=0.013)
    assert covered / runs == pytest.approx(0.95, abs=0.013)
    assert by_rows / runs > 0.2


def test_the_analysis_itself_alarms_no_more_often():
    random, runs = np.random.default_rng(2), 150
    dates = pd.date_range("2026-03-02", periods=28)
    unit = np.repeat(np.arange(30), 28)
    table = pd.DataFrame({"unit": unit, "variant": np.where(unit < 15, "A", "B")})
    table["time"] = np.tile(dates, 30)
    alarms = drifts = 0
    for _ in range(runs):
        table["sales"] = resembling(random, (30, 28), 0.6).ravel() + 20
        result = ops.campaign(table, metric="sales", start="2026-03-16")
        alarms += result.table["p_value"][0] < 0.05
        drifts += (result.checks["p_value"] < 0.05).any()
    assert alarms / runs < 0.05 + 0.04
    # Two checks at 5 % each, of much the same.
    assert 0.02 < drifts / runs < 0.13


def coverage(before, days, rho, runs=500):
    random = np.random.default_rng(7)
    dates = pd.date_range("2026-03-01", periods=before + days)
    value = 10 + resembling(random, (runs, before + days), rho)
    covered = 0
    for one in value:
        found = fit(pd.Series(one, dates), dates[before], "week")
        low, high = found.ahead.sums.interval()
        covered += low[-1] < one[before:].sum() < high[-1]
    return covered / runs


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_8_weeks_before_cover_what_they_promise(rho):
    assert 0.93 <= coverage(56, 14, rho) <= 0.97


@pytest.mark.parametrize(("rho", "low"), [(0.0, 0.93), (0.3, 0.93), (0.6, 0.90)])
def test_2_weeks_before_cover_less_where_days_strongly_resemble_each_other(rho, low):
    """So a warning says; the least that is taken at all."""
    assert low <= coverage(14, 7, rho, 400) <= 0.975


def test_the_likeliest_correlation_taken_as_known_covers_far_less():
    """Why they are averaged: 2 weeks at 0.6."""
    random, runs = np.random.default_rng(7), 300
    dates = pd.date_range("2026-03-01", periods=21)
    covered = 0
    for one in resembling(random, (runs, 21), 0.6):
        sums = fit(pd.Series(10 + one, dates), dates[14], "week").ahead.sums
        best = sums.weight.argmax()
        only = type(sums)(
            np.ones(1), sums.freedom, sums.mean[[best]], sums.scale[[best]]
        )
        low, high = only.interval()
        covered += low[-1] < (10 + one[14:]).sum() < high[-1]
    assert covered / runs < 0.90
