"""p below alpha, the difference without 0, the lift without 0: all three or none.

Through the public results, for every kind of metric, look and confidence. Only a small
count, whose p is an exact test's, may disagree: there a winner needs both.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

import opslib as ops

CONFIDENCES = some.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
METHODS = some.sampled_from(["fixed", "sequential", "always"])


def agrees(row, confidence, near=1e-9):
    """Hold a row of a table against itself; p may come as near to alpha as rounding."""
    alpha = 1 - confidence
    if abs(row["p_value"] - alpha) <= near * alpha:
        return
    significant = row["p_value"] < alpha
    assert (row["low"] > 0 or row["high"] < 0) == significant
    if not np.isnan(row["lift_low"]):
        assert (row["lift_low"] > 0 or row["lift_high"] < 0) == significant


@some.composite
def plans(draw):
    """Options of a look, at any time of a plan."""
    method = draw(METHODS)
    plan = {"method": method, "confidence": draw(CONFIDENCES)}
    if method != "fixed":
        plan["looks"] = draw(some.integers(2, 6))
    return plan, draw(some.floats(0.1, 1.3))


def planned(plan, part, units):
    """The plan of which so many units are a part."""
    size = {} if plan["method"] == "fixed" else {"planned_n": max(2, int(units / part))}
    return plan | size


# How far beside the edge of the interval a difference lies, in shares of its half.
BESIDE = some.sampled_from([-0.5, -1e-2, -1e-4, 1e-4, 1e-2, 0.5])


@settings(max_examples=60)
@given(
    some.integers(100, 200_000),
    some.integers(100, 200_000),
    some.floats(0.02, 0.98),
    some.integers(-2, 2),
    some.sampled_from([-1, 1]),
    plans(),
)
def test_shares(n_control, n, share, more, sign, plan):
    """One or two successes beside what the interval can just not tell from nothing."""
    options, part = plan
    options = planned(options, part, n_control + n)
    x_control = round(n_control * share)

    def found(x):
        x = min(n, max(0, round(x)))
        counts = {"A": [n_control, x_control], "B": [n, x]}
        return ops.ab_summary(counts, control="A", **options).table.iloc[0]

    x = n * x_control / n_control
    for _ in range(3):  # the half of the interval depends on the share
        row = found(x)
        edge = row["difference"] - row["low" if sign > 0 else "high"]
        x = n * (x_control / n_control + edge)
    row = found(x + more)
    assume(row["test"] == "z")
    agrees(row, options["confidence"])


@settings(max_examples=60)
@given(
    some.integers(2, 100_000),
    some.integers(2, 100_000),
    some.floats(0.1, 1e6),
    some.floats(0.01, 3),
    some.floats(0, 3),
    some.sampled_from([-1, 1]),
    BESIDE,
    plans(),
)
def test_means(n_control, n, mean, spread_control, spread, sign, beside, plan):
    options, part = plan
    options = planned(options, part, n_control + n)

    def found(gap):
        control = [n_control, mean, mean * spread_control]
        counts = {"A": control, "B": [n, mean + gap, mean * spread]}
        return ops.ab_summary(counts, control="A", **options).table.iloc[0]

    edge = found(0)["high"]
    # So little alpha that rounding decides, or no interval at all.
    assume(0 < edge < 1e6 * mean)
    row = found(sign * edge * (1 + beside))
    agrees(row, options["confidence"])
    assert (row["low"] > 0 or row["high"] < 0) == (beside > 0)


@pytest.mark.parametrize("planned_n", [2_500, 9_000])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_planned_looks_agree_however_near_the_edge(confidence, planned_n):
    plan = {"method": "sequential", "confidence": confidence, "planned_n": planned_n}

    def found(gap):
        counts = {"A": [1_000, 10, 4], "B": [1_000, 10 + gap, 4]}
        return ops.ab_summary(counts, control="A", **plan).table.iloc[0]

    edge = found(0)["high"]
    for beside in (-1e-4, -1e-6, 1e-6, 1e-4):
        row = found(edge * (1 + beside))
        assert (row["p_value"] < 1 - confidence) == (beside > 0)
        assert (row["low"] > 0) == (row["lift_low"] > 0) == (beside > 0)


def units(seed, n, effect):
    """Users whose spending, orders and paying are more in B, and what was before."""
    random = np.random.default_rng(seed)
    variant = random.integers(0, 2, n)
    before = random.gamma(1, 10, n)
    orders = random.poisson(2, n) + 1
    revenue = orders * random.gamma(2, 5, n) * (1 + effect * variant) + 0.3 * before
    paid = random.random(n) < 0.4 * (1 + effect * variant)
    return pd.DataFrame(
        {
            "variant": np.array([*"AB"])[variant],
            "before": before,
            "orders": orders,
            "revenue": revenue,
            "paid": paid.astype(int),
        }
    )


@settings(max_examples=25)
@given(some.integers(0, 10**6), some.floats(-0.3, 0.3), plans(), some.booleans())
def test_tables_with_ratios_and_net_of_what_was_before(seed, effect, plan, net):
    options, part = plan
    ratio = {"numerator": "revenue", "denominator": "orders"}
    result = ops.ab_test(
        units(seed, 400, effect),
        metrics=["revenue", "paid", ratio],
        control="A",
        covariate="before" if net else None,
        **planned(options, part, 400),
    )
    assert result.table["kind"].tolist() == ["mean", "share", "ratio"]
    assert (result.table["test"] == "cuped").tolist() == [net, net, False]
    for row in result.table.to_dict("records"):
        agrees(row, options["confidence"])


@settings(max_examples=60)
@given(some.integers(100, 1_500), some.integers(100, 1_500), some.data(), CONFIDENCES)
def test_a_small_count_has_a_winner_only_where_both_agree(n_control, n, data, level):
    """Nearly all convert: the few who do not are what an exact test counts."""
    failed = [data.draw(some.integers(0, 12)) for _ in range(2)]
    counts = {"A": [n_control, n_control - failed[0]], "B": [n, n - failed[1]]}
    options = {"confidence": level, "expected_split": {"A": n_control, "B": n}}
    row = ops.ab_summary(counts, control="A", **options).table.iloc[0]
    assume(n_control + n > 400 or level == 0.95)
    outside = row["low"] > 0 or row["high"] < 0
    both = row["p_value"] < 1 - level and outside
    assert (row["verdict"] in {"winner", "loser"}) == both
    if not np.isnan(row["lift_low"]):
        assert (row["lift_low"] > 0 or row["lift_high"] < 0) == outside


def test_a_small_count_can_disagree_and_is_then_too_early():
    """The exact p is above 5 % where the score interval leaves out 0."""
    result = ops.ab_summary({"A": [300, 300], "B": [300, 295]}, control="A")
    row = result.table.iloc[0]
    assert row["test"] == "fisher"
    assert row["p_value"] > 0.05
    assert row["high"] < 0
    assert row["verdict"] == "too_early"


@pytest.mark.parametrize("method", ["sequential", "always"])
@pytest.mark.parametrize("looks", [1, 3, 5])
def test_corrected_p_and_interval_agree_where_one_family_is_tested(method, looks):
    """Bonferroni's interval of the clearest comparison is Holm's first step."""
    for extra in range(40):
        counts = {"A": [4_000, 800], "B": [4_000, 830 + 3 * extra], "C": [4_000, 800]}
        plan = {"method": method, "planned_n": 12_000 * 5 // looks}
        table = ops.ab_summary(counts, control="A", **plan).table.set_index("variant")
        row = table.loc["B"]
        if abs(row["p_adjusted"] - 0.05) > 5e-4:
            assert (row["low_adjusted"] > 0) == (row["p_adjusted"] < 0.05)
