"""The pairs of an experiment read the Bayesian way, beside their tests."""

import math
from collections.abc import Mapping

import pandas as pd

from opslib.analyses._ab_pair import Pair
from opslib.stats.bayes import Posterior, beta_binomial, normal
from opslib.stats.means import TwoMeans
from opslib.stats.quantiles import TwoQuantiles

# GrowthBook's prior of a lift: two in three lie between -30 % and +30 %.
SCEPTICAL = 0.3
COLUMNS = ["better", "loss", "loss_control", "lift", "lift_low", "lift_high"]


def posteriors(
    pairs: Mapping[tuple[str, str], Pair], confidence: float
) -> pd.DataFrame:
    """Return what is believed of each lift under a flat and a sceptical prior."""
    rows = []
    for (metric, variant), pair in pairs.items():
        for prior in ("flat", "sceptical"):
            found = _believed(pair, prior, confidence)
            rows.append({"metric": metric, "variant": variant, "prior": prior, **found})
    return pd.DataFrame(rows)


def _believed(pair: Pair, prior: str, confidence: float) -> dict[str, float]:
    if pair.problem or pair.lift_problem(confidence):
        return dict.fromkeys(COLUMNS, math.nan)
    if isinstance(pair, TwoQuantiles):
        return _by_resampling(pair, prior, confidence)
    if prior == "flat" and not isinstance(pair, TwoMeans):
        shares = beta_binomial(pair, confidence)
        return {
            "better": shares.better,
            "loss": shares.loss / pair.control,
            "loss_control": shares.loss_control / pair.control,
            "lift": shares.lift,
            "lift_low": shares.lift_low,
            "lift_high": shares.lift_high,
        }
    lift = pair.difference / pair.control
    variance, covariance = pair.base
    spread = sum(pair.variances) - 2 * lift * covariance + lift**2 * variance
    se = math.sqrt(spread) / pair.control
    if se == 0:
        return dict.fromkeys(COLUMNS, math.nan)
    found: Posterior = normal(
        lift, se, SCEPTICAL if prior == "sceptical" else None, confidence
    )
    return {
        "better": found.better,
        "loss": found.loss,
        "loss_control": found.loss_control,
        "lift": found.estimate,
        "lift_low": found.low,
        "lift_high": found.high,
    }


def _by_resampling(
    pair: TwoQuantiles, prior: str, confidence: float
) -> dict[str, float]:
    """Take the bootstrap as what is believed; a quantile has no other likelihood."""
    if prior != "flat":
        return dict.fromkeys(COLUMNS, math.nan)
    better, loss, loss_control = pair.losses()
    low, high = pair.lift_interval(confidence)
    return {
        "better": better,
        "loss": loss / pair.control,
        "loss_control": loss_control / pair.control,
        "lift": pair.difference / pair.control,
        "lift_low": low,
        "lift_high": high,
    }
