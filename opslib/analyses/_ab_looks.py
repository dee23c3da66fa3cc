"""What p values and intervals must allow for when a test is looked at on the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from opslib.result import Error, check_choice, check_range
from opslib.stats.sequential import sequence_multiplier, sequence_p, spending_bounds

Floats = npt.NDArray[np.float64]

METHODS = ("fixed", "sequential", "always")
MOST_LOOKS = 50
# A look so near to a planned one, in shares of the plan, is that one.
NEAR = 0.01
# An interval of all but so little has bounds still.
SMALLEST = 1e-15
# Levels at which bounds are worked out; between them they are as good as straight.
LEVELS = np.geomspace(1e-9, 0.5, 60)


@dataclass(frozen=True)
class Look:
    """One look at an experiment, at which every statistic is taken.

    Attributes:
        method: "fixed": this is the only look. "sequential": one of `looks` planned
            ones, evenly spread. "always": any of as many as one likes.
        units: Units that are in.
        planned: Units that are planned, in all variants together; None if none are.
        looks: How many looks are planned.
        alpha: The chance to be wrong that p values are held against.
    """

    method: str
    units: int
    planned: int | None
    looks: int
    alpha: float

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            Error: An unknown method, or one that needs a planned size without it.
        """
        check_choice("method", self.method, METHODS)
        check_range("looks", self.looks, 2, MOST_LOOKS)
        if not isinstance(self.looks, int):
            raise Error(
                "option.range", option="looks", low=2, high=MOST_LOOKS, got=self.looks
            )
        if self.method != "fixed" and self.planned is None:
            raise Error("ab.planned.missing", method=self.method)

    def at(self, units: int) -> "Look":
        """Return the same when other units were in."""
        return replace(self, units=units)

    def falls(self, units: Sequence[int]) -> list[bool]:
        """Say after which of these units, ever more, somebody may look.

        Planned looks fall where their units are first reached; the last is today's.
        """
        if self.method != "sequential" or self.planned is None:
            return [True] * len(units)
        reached = [self.looks * n // self.planned for n in units]
        new = [now > was for was, now in pairwise([0, *reached])]
        return [*new[:-1], True]

    @property
    def over(self) -> bool:
        """Whether what was planned is in."""
        return self.planned is not None and self.units >= self.planned

    @property
    def number(self) -> int:
        """Which of the planned looks this is, from 1."""
        return len(self._information)

    @property
    def _information(self) -> tuple[float, ...]:
        """The shares of the planned units at the looks so far, this one last."""
        now = min(1.0, self.units / (self.planned or self.units))
        evenly = (k / self.looks for k in range(1, self.looks))
        return (*(share for share in evenly if share < now - NEAR), now)

    def nominal(self, alpha: float) -> float:
        """Return the level below which a single p value must be at this look.

        With it the chance to be wrong at any look is alpha.
        """
        if self.method == "fixed":
            return alpha
        if self.method == "always":
            z = sequence_multiplier(self.units, self.planned or 0, alpha, self.alpha)
            return max(SMALLEST, float(2 * ndtr(-z)))
        return max(SMALLEST, _at_last(self._information, alpha))

    def p_value(self, p: float) -> float:
        """Return the smallest alpha at which a single p value is enough."""
        if self.method == "fixed" or math.isnan(p):
            return p
        if self.method == "always":
            z = -ndtri(p / 2)
            return float(sequence_p(z, self.units, self.planned or 0, self.alpha))
        levels, enough = _levels(self._information, self.alpha)
        if not len(enough) or p >= enough[-1]:
            return 1.0
        # Below the first bound that there is, p is at most what that one spends.
        return float(
            np.exp(
                np.interp(math.log(max(p, enough[0])), np.log(enough), np.log(levels))
            )
        )


@lru_cache(maxsize=256)
def _levels(information: tuple[float, ...], alpha: float) -> tuple[Floats, Floats]:
    """Return levels of alpha, and what a single p value must be below at each."""
    # At alpha itself the p value must agree with the interval to the last digit.
    levels = np.union1d(LEVELS, alpha)
    enough = np.array([_at_last(information, level) for level in levels.tolist()])
    # So early, little alpha may have nothing to spend that a number can hold.
    some = enough > 0
    return levels[some], enough[some]


def _at_last(information: tuple[float, ...], alpha: float) -> float:
    """Return the level of a single p value at the last of some looks."""
    return float(2 * ndtr(-spending_bounds(information, alpha)[-1]))
