"""Regressions with autocorrelated errors, against statsmodels and brute force."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.linalg import toeplitz
from scipy.special import stdtr

from opslib.stats import autoregression
from opslib.stats.autoregression import forecast


def series(days, rho=0.5, seed=0):
    random = np.random.default_rng(seed)
    noise = random.normal(size=days)
    for i in range(1, days):
        noise[i] += rho * noise[i - 1]
    day = np.arange(days)
    x = np.column_stack([np.ones(days), day / days, day % 7 == 5])
    return 20 + 3 * x[:, 1] + 2 * x[:, 2] + noise, x, day


def only(monkeypatch, rho):
    monkeypatch.setattr(autoregression, "RHO", np.array([rho]))


@pytest.mark.parametrize("rho", [-0.4, 0.0, 0.6])
def test_of_one_rho_it_is_least_squares_with_that_covariance(monkeypatch, rho):
    only(monkeypatch, rho)
    y, x, day = series(40)
    early = day < 30
    found = forecast(y[early], x[early], day[early], x[~early], day[~early])
    fit = sm.GLS(y[early], x[early], sigma=toeplitz(rho ** np.arange(30))).fit()
    assert found.fitted == pytest.approx(fit.fittedvalues, rel=1e-9)
    assert found.days.freedom == fit.df_resid
    # The best linear forecast, and its covariance, from that of all the days.
    whole = toeplitz(rho ** np.arange(40))
    carry = whole[30:, :30] @ np.linalg.inv(whole[:30, :30])
    error = y[:30] - fit.fittedvalues
    assert found.days.expected == pytest.approx(
        x[30:] @ fit.params + carry @ error, rel=1e-9
    )
    reach = x[30:] - carry @ x[:30]
    noise = whole[30:, 30:] - carry @ whole[:30, 30:]
    shared = fit.scale * noise + reach @ fit.cov_params() @ reach.T
    assert found.days.scale[0] ** 2 == pytest.approx(np.diag(shared), rel=1e-9)
    assert found.sums.scale[0, -1] ** 2 == pytest.approx(shared.sum(), rel=1e-9)


def test_of_no_correlation_it_is_the_prediction_interval_of_least_squares(monkeypatch):
    only(monkeypatch, 0.0)
    y, x, day = series(60, rho=0)
    found = forecast(y[:50], x[:50], day[:50], x[50:], day[50:])
    told = sm.OLS(y[:50], x[:50]).fit().get_prediction(x[50:]).summary_frame(alpha=0.05)
    low, high = found.days.interval()
    assert low == pytest.approx(told["obs_ci_lower"].to_numpy(), rel=1e-6)
    assert high == pytest.approx(told["obs_ci_upper"].to_numpy(), rel=1e-6)


def test_days_that_are_missing_keep_their_distance(monkeypatch):
    only(monkeypatch, 0.7)
    y, x, day = series(40)
    there = np.delete(np.arange(30), [3, 4, 5, 17, 28])
    found = forecast(y[there], x[there], day[there], x[32:], day[32:])
    whole = toeplitz(0.7 ** np.arange(40))
    fit = sm.GLS(y[there], x[there], sigma=whole[np.ix_(there, there)]).fit()
    carry = whole[np.ix_(range(32, 40), there)] @ np.linalg.inv(
        whole[np.ix_(there, there)]
    )
    expected = x[32:] @ fit.params + carry @ (y[there] - fit.fittedvalues)
    assert found.days.expected == pytest.approx(expected, rel=1e-9)


def test_each_rho_weighs_what_its_restricted_likelihood_says():
    y, x, day = series(30)
    found = forecast(y[:25], x[:25], day[:25], x[25:], day[25:])
    logs = []
    for rho in autoregression.RHO:
        v = toeplitz(rho ** np.arange(25))
        inverse = np.linalg.inv(v)
        information = x[:25].T @ inverse @ x[:25]
        b = np.linalg.solve(information, x[:25].T @ inverse @ y[:25])
        left = y[:25] - x[:25] @ b
        halves = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        logs.append(-halves / 2 - 11 * np.log(left @ inverse @ left))
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    rho = float(weight @ autoregression.RHO)
    assert found.rho == pytest.approx(rho, abs=1e-4)
    assert found.days.weight.max() == pytest.approx(weight.max(), abs=1e-4)


def test_the_bounds_hold_what_they_promise_of_the_mixture():
    y, x, day = series(40)
    found = forecast(y[:33], x[:33], day[:33], x[33:], day[33:])
    for one in (found.days, found.sums):
        low, high = one.interval(0.9)
        assert one.below(low) == pytest.approx(np.full(7, 0.05), abs=1e-9)
        assert one.below(high) == pytest.approx(np.full(7, 0.95), abs=1e-9)
        by_hand = sum(
            w * stdtr(one.freedom, (low[2] - m[2]) / s[2])
            for w, m, s in zip(one.weight, one.mean, one.scale, strict=True)
        )
        assert by_hand == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_long_series_show_their_correlation(rho):
    y, x, day = series(400, rho=rho, seed=2)
    found = forecast(y[:390], x[:390], day[:390], x[390:], day[390:])
    assert found.rho == pytest.approx(rho, abs=0.1)
