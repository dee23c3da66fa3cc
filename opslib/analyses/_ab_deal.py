"""Units dealt at random into a control and a treatment, again and again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from opslib.analyses._ab_metrics import cut_at
from opslib.stats.pairs import Arms, Shares

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Deal:
    """How units are dealt.

    Attributes:
        population: Units there are.
        n: Units of one simulated test. As many as there are: each is dealt once, which
            is what a test on these users is. Any other number: they are drawn with
            replacement, as new users who are like these.
        share: Part of them in the treatment.
        looks: Times a test is looked at, after equal numbers of units.
        runs: Tests simulated.
        seed: Of the random numbers.
    """

    population: int
    n: int
    share: float
    looks: int
    runs: int
    seed: int

    @cached_property
    def sizes(self) -> Ints:
        """Units in the control and in the treatment, per look."""
        total = self.n * np.arange(1, self.looks + 1) // self.looks
        treated = np.floor(total * self.share + 0.5).astype(np.int64)
        return np.stack([total - treated, treated], axis=1)

    @cached_property
    def parts(self) -> Ints:
        """Units that come between looks: to the control, to the treatment, in turn."""
        return np.diff(self.sizes, axis=0, prepend=0).ravel()

    @cached_property
    def treated(self) -> npt.NDArray[np.bool_]:
        """Whether a place in the order of `orders` is one in the treatment."""
        return np.repeat(np.tile([False, True], self.looks), self.parts)

    def orders(self, random: np.random.Generator) -> Iterator[npt.NDArray[np.intp]]:
        """Yield for each test which unit stands at which place."""
        for _ in range(self.runs):
            if self.n == self.population:
                yield random.permutation(self.population)
            else:
                yield random.integers(self.population, size=self.n)


def dealt_shares(deal: Deal, successes: int, lift: float) -> Shares:
    """Return how many succeed by each look of each test: only counts are drawn.

    They are binomial, also if there are as many units as there are in all: to deal so
    many successes once moves in such steps that the pooled z test would be off by a
    part of a percent, for these users only.

    Args:
        deal: How units are dealt.
        successes: Of all units there are.
        lift: As in `chance`.
    """
    random = np.random.default_rng(deal.seed)
    rate = successes / deal.population
    x = random.binomial(deal.parts, rate, (deal.runs, len(deal.parts)))
    x, n = x.reshape(deal.runs, deal.looks, 2), deal.parts.reshape(deal.looks, 2)
    turned = chance(rate, lift)
    if lift > 0:
        x[..., 1] += random.binomial(n[:, 1] - x[..., 1], turned)
    else:
        x[..., 1] -= random.binomial(x[..., 1], turned)
    control, treatment = np.moveaxis(x.cumsum(axis=1), 2, 0)
    n_control, n_treatment = deal.sizes.T
    return Shares(n_control, control, n_treatment, treatment)


def chance(rate: float, lift: float) -> float:
    """Return the chance to turn a treated unit, so that its rate is (1 + lift) rate.

    Below 0 each success is lost with this chance; above each other unit succeeds.
    """
    return rate * lift / (1 - rate) if lift > 0 else -lift


def dealt_sums(
    deal: Deal,
    columns: Sequence[Floats],
    *,
    lift: float,
    is_share: bool = False,
    cap: float | None = None,
) -> Arms:
    """Return the moments of both groups at each look of each test.

    Args:
        deal: How units are dealt.
        columns: The metric per unit; of a ratio, or net of what was before, two.
        lift: What the first column of the treatment is multiplied by, less 1.
        is_share: That column is of 0 and 1, and treated units are turned by `chance`
            instead: to 1 if `lift` is above 0, else to 0.
        cap: Quantile at which the first column is cut at each look, if any.

    Returns:
        Moments whose axes are tests, looks, groups.
    """
    random = np.random.default_rng(deal.seed)
    m = len(columns)
    centre = np.array([column.mean() for column in columns])
    pairs = [(i, j) for i in range(m) for j in range(i + 1)]
    found = np.empty((deal.runs, deal.looks, 2, m + len(pairs)))
    scale = np.where(deal.treated, 1 + lift, 1.0)
    odds = deal.treated * (chance(float(centre[0]), lift) if is_share else 0.0)
    ends = deal.sizes.sum(axis=1)
    for run, order in enumerate(deal.orders(random)):
        drawn = [column[order] for column in columns]
        if is_share and lift:
            drawn[0][random.random(deal.n) < odds] = float(lift > 0)
        elif lift:
            drawn[0] *= scale
        if cap is None:
            found[run] = _sums(deal, drawn, centre, pairs).cumsum(axis=0)
            continue
        for look, end in enumerate(ends.tolist()):
            seen = [column[:end] for column in drawn]
            cut = [np.minimum(seen[0], cut_at(seen[0], cap)), *seen[1:]]
            found[run, look] = _sums(deal, cut, centre, pairs).sum(axis=0)
    products = np.empty((*found.shape[:-1], m, m))
    for place, (i, j) in enumerate(pairs, m):
        products[..., i, j] = products[..., j, i] = found[..., place]
    return Arms.from_sums(deal.sizes, found[..., :m], products, centre)


def _sums(
    deal: Deal,
    columns: Sequence[Floats],
    centre: Floats,
    pairs: Sequence[tuple[int, int]],
) -> Floats:
    """Sum columns and their products about the centre, by look and group."""
    starts = np.concatenate([[0], deal.parts.cumsum()[:-1]])
    starts = starts[starts < len(columns[0])]
    beyond = [column - mean for column, mean in zip(columns, centre, strict=True)]
    terms = [*beyond, *(beyond[i] * beyond[j] for i, j in pairs)]
    sums = np.stack([np.add.reduceat(term, starts) for term in terms], axis=-1)
    return sums.reshape(-1, 2, len(terms))
