"""Two groups read the Bayesian way: the chance to be better, and what choosing costs.

A probability of 95% is no licence to stop: of groups that do not differ, four in ten
are called different by who looks 20 times and stops where it leaves 5% to 95%.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import beta  # type: ignore[attr-defined]

from opslib.stats.proportions import TwoProportions

Floats = npt.NDArray[np.float64]
BetaShape = tuple[int, int]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
# What a posterior holds beyond these quantiles is below the rounding of the rest.
_TAIL = 1e-18


@dataclass(frozen=True)
class Posterior:
    """What is believed of treatment - control, where more is better.

    Attributes:
        better: Probability that the treatment is better, 0 to 1.
        loss: What choosing the treatment costs on average, counted as 0 where it is
            better; in the unit of the difference.
        loss_control: What choosing the control costs; the same.
        estimate: Mean of the difference, which is loss_control - loss.
        low, high: Equal-tailed credible interval of the difference.
    """

    better: float
    loss: float
    loss_control: float
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class SharePosterior(Posterior):
    """What is believed of two shares; differences and losses are shares, -1 to 1.

    Attributes:
        lift: Median of treatment / control - 1; the mean may be infinite.
        lift_low, lift_high: Equal-tailed credible interval of it.
    """

    lift: float
    lift_low: float
    lift_high: float


def normal(
    difference: float,
    se: float,
    prior_sd: float | None = None,
    confidence: float = 0.95,
) -> Posterior:
    """Return the posterior of a difference or lift whose estimate is about normal.

    Args:
        difference: Its estimate, in any unit: that of the answer.
        se: Standard error, above 0.
        prior_sd: Standard deviation, above 0, of a sceptical prior around no
            difference; None for a flat one. For a lift GrowthBook has 0.3, Eppo 0.05.
        confidence: Probability within the interval, between 0 and 1.

    References:
        Gelman et al. (2013), Bayesian Data Analysis, 2.5; Raiffa & Schlaifer (1961),
        Applied Statistical Decision Theory: the normal loss integral.

    Example:
        >>> found = normal(0.2, 0.1)
        >>> round(found.better, 4), round(found.low, 3), round(found.high, 3)
        (0.9772, 0.004, 0.396)
        >>> round(normal(0.2, 0.1, prior_sd=0.1).estimate, 4)
        0.1
    """
    kept = 1 / (1 + (se / prior_sd) ** 2) if prior_sd is not None else 1.0
    mean, sd = kept * difference, math.sqrt(kept) * se
    z = mean / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    half = float(ndtri((1 + confidence) / 2)) * sd
    return Posterior(
        better=float(ndtr(z)),
        loss=sd * (density - z * float(ndtr(-z))),
        loss_control=sd * (density + z * float(ndtr(z))),
        estimate=mean,
        low=mean - half,
        high=mean + half,
    )


def beta_binomial(pair: TwoProportions, confidence: float = 0.95) -> SharePosterior:
    """Return the posterior of two shares that are uniform, Beta(1, 1), beforehand.

    By quadrature, without draws, so that the same counts always give the same answer.
    Probabilities, those of the intervals too, and losses are right to 1e-9; to 1e-12
    unless all but a few of more than 10,000 units are successes.

    Args:
        pair: Counts of the control and of the treatment, to 10 million units each.
        confidence: Probability within both intervals, between 0 and 1.

    References:
        Gelman et al. (2013), Bayesian Data Analysis, 2.4; Stucchio (2015), Bayesian A/B
        Testing at VWO: the expected loss.

    Example:
        >>> found = beta_binomial(TwoProportions(1, 0, 1, 1))
        >>> round(found.better, 4), round(found.loss, 4), round(found.estimate, 4)
        (0.8333, 0.0333, 0.3333)
    """
    control = (1 + pair.x_control, 1 + pair.n_control - pair.x_control)
    treatment = (1 + pair.x, 1 + pair.n - pair.x)
    (c_low, c_high), (t_low, t_high) = _support(control), _support(treatment)

    def below(shift: float, scale: float) -> float:
        """Return the probability that treatment <= shift + scale * control."""
        return _integral(
            lambda share: (
                beta.pdf(share, *control) * beta.cdf(shift + scale * share, *treatment)
            ),
            [c_low, (t_low - shift) / scale, (t_high - shift) / scale, c_high],
        )

    def difference(probability: float) -> float:
        return _root(
            lambda shift: below(shift, 1) - probability, t_low - c_high, t_high - c_low
        )

    def lift(probability: float) -> float:
        # Over a control that may be near 0 the ratio has no scale; its logarithm has.
        ratio = _root(
            lambda log: below(0, math.exp(log)) - probability,
            math.log(t_low / c_high),
            math.log(t_high / c_low),
        )
        return math.expm1(ratio)

    return SharePosterior(
        better=1 - min(1.0, below(0, 1)),
        loss=_excess(control, treatment),
        loss_control=_excess(treatment, control),
        estimate=float(beta.mean(*treatment) - beta.mean(*control)),
        low=difference((1 - confidence) / 2),
        high=difference((1 + confidence) / 2),
        lift=lift(0.5),
        lift_low=lift((1 - confidence) / 2),
        lift_high=lift((1 + confidence) / 2),
    )


def _support(share: BetaShape) -> tuple[float, float]:
    return float(beta.ppf(_TAIL, *share)), float(beta.isf(_TAIL, *share))


def _excess(a: BetaShape, b: BetaShape) -> float:
    """Return the mean of max(0, a - b)."""
    (a_low, a_high), (b_low, b_high) = _support(a), _support(b)
    # That is the length of what lies between b and a. The integral of the chance to lie
    # there only adds up; the closed form subtracts two numbers that are nearly equal.
    return _integral(
        lambda share: beta.cdf(share, *b) * beta.sf(share, *a),
        [b_low, a_low, b_high, a_high],
    )


def _integral(function: Callable[[Floats], Floats], ends: list[float]) -> float:
    """Integrate from the first to the last of `ends` what is smooth between them.

    Those in the middle are the support of another posterior, which may be too narrow
    for one rule over the whole to see, or lie outside.
    """
    edges = np.sort(np.clip(ends, ends[0], ends[-1]))
    half = np.diff(edges)[:, None] / 2
    at = edges[:-1, None] + half * (1 + _NODES)
    return float(np.sum(half * _WEIGHTS * function(at)))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    xtol = 1e-13 * (high - low)
    return float(brentq(function, low, high, xtol=xtol))  # type: ignore[no-untyped-call]
