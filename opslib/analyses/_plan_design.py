"""The design of a test: what it needs for an effect, and what it sees."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opslib.result import Error, check_range
from opslib.stats.moments import Moments
from opslib.stats.power import (
    control_size_for_means,
    control_size_for_shares,
    power_for_means,
    power_for_shares,
)
from opslib.stats.ratios import ratio

PARTS = ("mean", "sd", "correlation")
# How near to the smallest effect the search for it comes, as a share of it.
NEAR = 1e-12


@dataclass(frozen=True, kw_only=True)
class Design:
    """All that decides how many units a test needs.

    Attributes:
        baseline: Share, mean or ratio in the control.
        sd: Standard deviation per unit of a mean or ratio; None for a share.
        correlation: With the period before; 0 compares values as they are.
        weights: Share of traffic per group, the control first.
        alpha: Level of each comparison with the control.
        power: Chance to find the effect.
        looks: How often the test is looked at.
        cost: By what looks multiply the units.
        daily: Units per day; None if not known.
    """

    baseline: float
    sd: float | None
    correlation: float
    weights: Sequence[float]
    alpha: float
    power: float
    looks: int
    cost: float
    daily: float | None

    def possible(self, effect: float) -> bool:
        """Say whether there is such an effect: shares lie between 0 and 1."""
        return self.sd is not None or 0 < self.baseline + effect < 1

    def groups(self, effect: float) -> list[int]:
        """Return the units per group that an effect needs, the control first."""
        total = 0.0
        for weight in self.weights[1:]:
            options = {
                "ratio": weight / self.weights[0],
                "alpha": self.alpha,
                "power": self.power,
            }
            if self._pooled:
                target = self.baseline + effect
                control = control_size_for_shares(self.baseline, target, **options)
            else:
                sd, other = self._sds(effect)
                control = control_size_for_means(
                    effect, sd, sd_treatment=other, **options
                )
            total = max(total, self.cost * control / self.weights[0])
        return [math.ceil(round(total * weight, 6)) for weight in self.weights]

    def row(self, effect: float) -> dict[str, Any]:
        """Return what an effect needs: mde, lift, n_per_variant, n_total, days."""
        groups = self.groups(effect)
        return {
            "mde": effect,
            "lift": self.lift(effect),
            "n_per_variant": min(groups),
            "n_total": sum(groups),
            "days": self.days(sum(groups)),
        }

    def lift(self, effect: float) -> float:
        """Return an effect as a part of the baseline; NaN where that says nothing."""
        return effect / self.baseline if self.baseline > 0 else math.nan

    def days(self, units: int) -> float:
        """Round up to whole weeks, as people behave by weekday; two at least."""
        if self.daily is None:
            return math.nan
        return max(14, 7 * math.ceil(units / self.daily / 7))

    def chance(self, effect: float, groups: Sequence[int]) -> float:
        """Return the power of the comparison that is least likely to see an effect."""
        found = []
        for n in set(groups[1:]):
            options: dict[str, Any] = {
                "n_control": groups[0],
                "n": n,
                "alpha": self.alpha,
                "looks": self.looks,
            }
            if self._pooled:
                target = self.baseline + effect
                found.append(power_for_shares(self.baseline, target, **options))
            else:
                sd, other = self._sds(effect)
                found.append(power_for_means(effect, sd, sd_treatment=other, **options))
        return min(found)

    def smallest(self, units: int, sign: int) -> float:
        """Return the smallest rise (`sign` 1) or fall (-1) that `units` are enough for.

        Returns:
            The effect with its sign; NaN if no effect is seen with so few.
        """

        def enough(effect: float) -> bool:
            return sum(self.groups(sign * effect)) <= units

        if self.sd is None:
            most = 1 - self.baseline if sign > 0 else self.baseline
            high = most * (1 - 1e-9)
        else:
            # Beyond so many deviations no effect needs fewer units.
            high = self.sd * 1e6
        if not enough(high):
            return math.nan
        low = high
        while enough(low):
            high, low = low, low / 2
        while high - low > NEAR * high:
            middle = (low + high) / 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return sign * high

    @property
    def _pooled(self) -> bool:
        """Whether the test is that of two shares as they are."""
        return self.sd is None and self.correlation == 0

    def _sds(self, effect: float) -> tuple[float, float]:
        """Return the deviations of control and treatment, net of what was before."""
        net = math.sqrt(1 - self.correlation**2)
        if self.sd is not None:
            return net * self.sd, net * self.sd
        control, treatment = (
            math.sqrt(share * (1 - share))
            for share in (self.baseline, self.baseline + effect)
        )
        return net * control, net * treatment


def sd_of_ratio(value: float, sd: float, denominator: Mapping[str, float]) -> float:
    """Return the deviation per unit of a ratio of means (delta method).

    Args:
        value: The ratio.
        sd: Deviation of the numerator.
        denominator: {"mean": ..., "sd": ..., "correlation": ... with the numerator}.

    Raises:
        Error: A part is missing or impossible, or nothing varies.
    """
    if not isinstance(denominator, Mapping) or set(denominator) != set(PARTS):
        raise Error("ab.plan.denominator", got=str(denominator))
    mean, spread, correlation = (denominator[part] for part in PARTS)
    for part, got, low, high in (
        ("mean", mean, 1e-12, 1e12),
        ("sd", spread, 0, 1e12),
        ("correlation", correlation, -1, 1),
    ):
        if got is None:
            raise Error("ab.plan.denominator", got=str(denominator))
        check_range(f"denominator {part}", got, low, high)
    shared = correlation * sd * spread
    products = np.array([[sd**2, shared], [shared, spread**2]])
    # Of two units the products are the covariances.
    _, deviation = ratio(Moments(2, np.array([value * mean, mean]), products))
    # Rounding may leave a little of nothing.
    if deviation <= 1e-6 * sd / mean:
        raise Error("ab.plan.no_spread")
    return deviation
