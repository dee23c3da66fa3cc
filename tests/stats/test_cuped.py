"""CUPED against least squares and tea-tasting; its lift against the definition."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib.stats.cuped import adjusted, saved, slope
from opslib.stats.means import TwoMeans
from opslib.stats.moments import moments
from opslib.stats.ratios import ratio


def drawn(seed=0, n=600, lift=2.0):
    """A table of a variant, what was before, and what a metric is."""
    random = np.random.default_rng(seed)
    variant = random.integers(0, 2, n)
    before = random.gamma(0.5, 20, n)
    metric = before + random.normal(5, 10, n) + lift * variant
    return pd.DataFrame({"variant": variant, "metric": metric, "before": before})


def arms(table, *columns):
    values = [table[name].to_numpy(float) for name in columns]
    return moments(values, table["variant"].to_numpy(), table["variant"].max() + 1)


def test_the_difference_is_that_of_least_squares():
    table = drawn().assign(variant=lambda t: np.arange(len(t)) % 3)
    found = arms(table, "metric", "before")
    theta = slope(found)
    dummies = pd.get_dummies(table["variant"], drop_first=True).astype(float)
    design = sm.add_constant(dummies.assign(before=table["before"]))
    fit = sm.OLS(table["metric"].to_numpy(), design.to_numpy()).fit()
    differences = [adjusted(found[0], arm, theta).difference for arm in found[1:]]
    assert [*differences, theta] == pytest.approx(fit.params[1:])


def test_p_and_interval_are_those_of_tea_tasting():
    table = drawn(n=20_000, lift=0.2)
    experiment = tt.Experiment(metric=tt.Mean("metric", covariate="before"))
    expected = experiment.analyze(table)["metric"]
    found = arms(table, "metric", "before")
    pair = adjusted(*found, slope(found))
    # Their slope is of all units as one; ours is within the variants.
    assert pair.test() == (pytest.approx(expected.pvalue, rel=1e-2), "cuped")
    assert pair.difference_interval() == pytest.approx(
        (expected.effect_size_ci_lower, expected.effect_size_ci_upper), rel=1e-3
    )
    assert saved(found) == pytest.approx(
        table[["metric", "before"]].corr().iloc[0, 1] ** 2, rel=1e-2
    )


def test_what_has_nothing_to_do_with_the_metric_changes_nothing():
    table = drawn().assign(before=np.tile([-1.0, 1.0, 1.0, -1.0], 150))
    table["variant"] = np.repeat([0, 1], 300)
    table["metric"] = np.tile([0.0, 0.0, 1.0, 1.0], 150) + table["variant"]
    found = arms(table, "metric", "before")
    net = adjusted(*found, slope(found))
    plain = TwoMeans(
        n_control=300, control=net.control, sd_control=net.sd_control,
        n=300, treatment=net.treatment, sd=net.sd,
    )  # fmt: skip
    assert net.difference_interval() == pytest.approx(plain.difference_interval())
    assert net.lift_interval() == pytest.approx(plain.lift_interval())


@settings(max_examples=60)
@given(some.integers(0, 10_000), some.floats(-3, 3))
def test_lift_and_difference_exclude_zero_together_with_p_below_alpha(seed, lift):
    found = arms(drawn(seed, 200, lift), "metric", "before")
    pair = adjusted(*found, slope(found))
    if pair.lift_problem():
        return
    significant = pair.test()[0] < 0.05
    for low, high in (pair.difference_interval(), pair.lift_interval()):
        assert (low > 0 or high < 0) == significant


def test_each_bound_of_the_lift_is_just_not_rejected():
    """Fieller: a lift r holds where difference - r * control may be nothing."""
    table = drawn(3)
    found = arms(table, "metric", "before")
    theta = slope(found)
    pair = adjusted(*found, theta)
    groups = [table[table["variant"] == g] for g in (0, 1)]
    for r in pair.lift_interval():
        # Per unit: what it adds to the difference, less r of what it adds to the mean.
        control = -(groups[0]["metric"] - theta * groups[0]["before"])
        control -= r * groups[0]["metric"]
        treatment = groups[1]["metric"] - theta * groups[1]["before"]
        spread = np.sqrt(
            control.var() / len(control) + treatment.var() / len(treatment)
        )
        gap = control.mean() + treatment.mean()
        assert abs(gap) / spread == pytest.approx(pair._critical(0.95))


def test_a_ratio_is_that_of_tea_tasting():
    random = np.random.default_rng(1)
    orders = random.poisson(3, 5_000) + 1
    table = pd.DataFrame({"variant": random.integers(0, 2, 5_000), "orders": orders})
    table["revenue"] = random.gamma(2, 10, 5_000) * orders
    experiment = tt.Experiment(value=tt.RatioOfMeans("revenue", "orders"))
    expected = experiment.analyze(table)["value"]
    control, treatment = arms(table, "revenue", "orders")
    pair = TwoMeans(control.n, *ratio(control), treatment.n, *ratio(treatment))
    assert (pair.control, pair.treatment) == pytest.approx(
        (expected.control, expected.treatment)
    )
    assert pair.test()[0] == pytest.approx(expected.pvalue)
    assert pair.difference_interval() == pytest.approx(
        (expected.effect_size_ci_lower, expected.effect_size_ci_upper)
    )
