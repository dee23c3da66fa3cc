"""A/A and what-if tests on one's own users: does the method find what is there?"""

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_deal import Deal, dealt_shares, dealt_sums
from opslib.analyses._ab_looks import METHODS, MOST_LOOKS, Look
from opslib.analyses._ab_pair import Pair, is_small
from opslib.analyses._ab_subject import FEWEST_UNITS, Subject, subject
from opslib.analyses.ab_simulated import BINS, SimulateResult
from opslib.result import Error, Note, check_choice, check_range
from opslib.stats.means import TwoMeans
from opslib.stats.pairs import COMPARE, FEWEST, Means, Shares
from opslib.stats.proportions import TwoProportions, wilson
from opslib.stats.sequential import peeking_error

Method = Literal["fixed", "sequential", "always", "peeking"]
Floats = npt.NDArray[np.float64]

FEWEST_RUNS, MOST_RUNS = 100, 10_000
MOST_UNITS, MOST_COUNTED = 2_000_000, 1_000_000_000
# Units times runs that are dealt within seconds.
MOST_WORK = 100_000_000
# In a group at the first look, and successes and failures in one at the last.
FEWEST_FIRST, FEWEST_CASES = 10, 10
# A unit that makes up so much of the variance decides what is found.
LARGE = 0.1


def ab_simulate(
    table: pd.DataFrame,
    *,
    metric: str,
    denominator: str | None = None,
    covariate: str | None = None,
    winsorize: float | None = None,
    lift: float = 0.0,
    share: float = 0.5,
    n: int | None = None,
    method: Method = "fixed",
    looks: int = 5,
    alpha: float = 0.05,
    runs: int = 1000,
    seed: int = 0,
) -> SimulateResult:
    """Try a test out on the users there are: what it finds with and without an effect.

    In each run units are dealt at random to a control and a treatment, whatever variant
    they were in, the treatment is given the lift, and the statistics of `ab_test` are
    taken at every look. Without a lift whatever is found is false. With one, values of
    the treatment are multiplied by 1 + lift; of a share p, treated units turn by
    chance so that its rate is p (1 + lift): of the others p lift / (1 - p) succeed, or
    below 0, of the successes -lift are lost.

    Args:
        table: One row per unit: column unit or user, and the metric; without an id
            every row is one unit. Several rows of a unit are added up, as in `ab_test`.
        metric: Column of 0 and 1 (a share) or of other numbers (a mean).
        denominator: Column to divide by; then the metric is a ratio of sums.
        covariate: Column of what units did before, as in `ab_test`.
        winsorize: Quantile beyond which values are cut, as in `ab_test`: at each look
            that of the units in by then.
        lift: What is put in, -1 to 10; 0 for A/A tests.
        share: Part of the units in the treatment, 0.01 to 0.99.
        n: Units per test, 30 or more. None takes all there are (at most 2 million but
            for a share): each is dealt once. Of another number, and for a share, units
            are drawn with replacement, as new users would come who are like these.
        method: "fixed": one look, at the end; "sequential", "always": as in `ab_test`;
            "peeking": the fixed test read at every look until it finds something.
        looks: How many, 2 to 50, after equal numbers of units; but one for "fixed".
        alpha: What the method allows for false positives, 0.001 to 0.5.
        runs: Tests that are simulated, 100 to 10,000; fewer where units times runs are
            beyond 100 million.
        seed: Of the random numbers; the same seed gives the same answer.

    Raises:
        Error: No such column, values that are no numbers or all the same, too few units
            or cases, a share above 1, or an option out of range.

    References:
        Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments, ch. 19
        (A/A tests); Armitage, McPherson & Rowe (1969), JRSS A 132, 235-244 (peeking);
        Gelman & Carlin (2014), Perspectives on Psychological Science 9, 641-651 (signs
        and exaggeration).

    Example:
        >>> users = pd.DataFrame({"user": range(2000), "paid": [0, 0, 0, 1] * 500})
        >>> result = ab_simulate(users, metric="paid", method="peeking")
        >>> result.table[["look", "units", "found"]].round(2)
           look  units  found
        0     1    400   0.06
        1     2    800   0.10
        2     3   1200   0.12
        3     4   1600   0.14
        4     5   2000   0.16
    """
    numbers = {
        "lift": (lift, -1, 10),
        "share": (share, 0.01, 0.99),
        "alpha": (alpha, 0.001, 0.5),
    }
    for option, (number, low, high) in numbers.items():
        _check_number(option, number, low, high)
    check_range("winsorize", winsorize, 0.9, 1)
    check_choice("method", method, [*METHODS, "peeking"])
    times = looks if method != "fixed" else 1
    whole = {
        "looks": (times, 1 if method == "fixed" else 2, MOST_LOOKS),
        "runs": (runs, FEWEST_RUNS, MOST_RUNS),
        "seed": (seed, 0, 2**32 - 1),
    }
    for option, (number, low, high) in whole.items():
        _check_number(option, number, low, high, whole=True)
    what = subject(table, metric, denominator, covariate)
    _check_lift(what, lift)
    counted = what.kind == "share" and what.before is None
    most = MOST_COUNTED if counted else MOST_UNITS
    size = min(what.units, most) if n is None else n
    _check_number("n", size, FEWEST_UNITS, most, whole=True)
    cap = winsorize if what.kind != "share" else None
    # Values are cut at each look anew.
    work = size * (1 if cap is None else 1 + (times + 1) / 2)
    possible = runs if counted else max(FEWEST_RUNS, int(MOST_WORK / work))
    deal = Deal(what.units, size, share, times, min(runs, possible), seed)
    _check_sizes(what, deal, lift)
    levels = _levels(deal, method, alpha)
    pairs = _dealt(what, deal, lift, cap)
    notes = _notes(
        what, deal, method=method, lift=lift, alpha=alpha, cut=cap is not None
    )
    if possible < runs:
        notes.append(Note("ab_simulate.fewer_runs", runs=possible, asked=runs))
    remedy = "units" if what.kind == "share" or cap is not None else "cut"
    return SimulateResult(
        **_found(pairs, deal, levels, lift * what.value),
        warnings=(*what.notes, *notes),
        metric=what.name,
        kind=what.kind,
        method=method,
        lift=lift,
        alpha=alpha,
        runs=deal.runs,
        remedy="looks" if method == "peeking" else remedy,
    )


def _check_number(
    option: str, got: object, low: float, high: float, *, whole: bool = False
) -> None:
    """Refuse what is not a number from `low` to `high`, or not a whole one."""
    if got is None:
        raise Error("option.missing", option=option)
    check_range(option, got, low, high)
    if whole and not isinstance(got, int):
        raise Error("option.range", option=option, low=low, high=high, got=got)


def _check_lift(what: Subject, lift: float) -> None:
    """Refuse a lift of nothing, and one to more than all."""
    if lift and what.value <= 0:
        raise Error("ab_simulate.no_lift", metric=what.name, value=what.value)
    if what.kind == "share" and what.value * (1 + lift) > 1:
        raise Error(
            "ab_simulate.target",
            metric=what.name,
            was=what.value,
            lift=lift,
            most=1 / what.value - 1,
        )


def _check_sizes(what: Subject, deal: Deal, lift: float) -> None:
    """Refuse groups in which the statistics mean nothing."""
    if (first := int(deal.sizes[0].min())) < FEWEST_FIRST:
        raise Error("ab_simulate.first", n=first, units=deal.n, least=FEWEST_FIRST)
    if what.kind == "share" and (cases := _cases(what, deal, lift)[-1]) < FEWEST_CASES:
        raise Error(
            "ab_simulate.rare", metric=what.name, cases=cases, least=FEWEST_CASES
        )


def _cases(what: Subject, deal: Deal, lift: float) -> Floats:
    """Return how many successes, or failures, a group has at each look, at least."""
    rate = what.value * (1 + lift * deal.share)
    return min(rate, 1 - rate) * deal.sizes.min(axis=1)


def _levels(deal: Deal, method: str, alpha: float) -> Floats:
    """Return what the p value of each look must be below."""
    if method in {"fixed", "peeking"}:
        return np.full(deal.looks, alpha)
    units = deal.sizes.sum(axis=1).tolist()
    looks = [Look(method, now, deal.n, deal.looks, alpha) for now in units]
    return np.array([look.nominal(alpha) for look in looks])


def _dealt(what: Subject, deal: Deal, lift: float, cap: float | None) -> Means | Shares:
    """Deal the units and compare the groups at each look of each test."""
    is_share = what.kind == "share"
    if is_share and what.before is None:
        return dealt_shares(deal, int(what.columns[0].sum()), lift)
    columns, compare = what.columns, COMPARE["net"]
    if what.before is not None:
        columns = [*columns, what.before]
    else:
        compare = COMPARE[what.kind]
    return compare(dealt_sums(deal, columns, lift=lift, is_share=is_share, cap=cap))


def _found(
    pairs: Means | Shares, deal: Deal, levels: Floats, truth: float
) -> dict[str, Any]:
    """Read every test as its reader would: it ends at the look that finds something."""
    p = pairs.p_values()
    finds = p < levels
    ever = np.asarray(finds.any(axis=1))
    stop = np.where(ever, finds.argmax(axis=1), deal.looks - 1)
    last = pairs.at(stop)
    wrong = ever & (last.difference * truth < 0)
    looks = np.arange(deal.looks)
    by_then = ever[:, None] & (stop[:, None] <= looks)
    low, high = wilson(by_then.sum(axis=0), deal.runs)
    table = pd.DataFrame(
        {
            "look": looks + 1,
            "units": deal.sizes.sum(axis=1),
            "level": levels,
            "found": by_then.mean(axis=0),
            "low": low,
            "high": high,
            "wrong_sign": (by_then & wrong[:, None]).mean(axis=0) if truth else np.nan,
        }
    )
    tested = ~np.isnan(p[np.arange(deal.runs), stop])
    holds = last.hold(truth, levels[stop])[tested]
    size = abs(last.difference[ever])
    counts, edges = np.histogram(p[~np.isnan(p[:, -1]), -1], BINS, (0, 1))
    bins = {"p_low": edges[:-1], "p_high": edges[1:], "tests": counts}
    return {
        "table": table,
        "truth": truth,
        "coverage": float(holds.mean()) if len(holds) else math.nan,
        "exaggeration": float(size.mean() / abs(truth))
        if truth and len(size)
        else math.nan,
        "p_values": pd.DataFrame(bins).assign(share=counts / max(1, counts.sum())),
    }


def _notes(
    what: Subject, deal: Deal, *, method: str, lift: float, alpha: float, cut: bool
) -> list[Note]:
    """Say what a reader of the numbers must know."""
    notes = []
    if deal.n != deal.population:
        notes.append(Note("ab_simulate.drawn", n=deal.n, units=deal.population))
    groups = deal.sizes[-1].tolist()
    if what.kind == "share":
        n_control, n = groups
        cases = [round(size * what.value) for size in groups]
        pair: Pair = TwoProportions(n_control, cases[0], n, cases[1])
        if early := int((_cases(what, deal, lift) < FEWEST).sum()):
            notes.append(Note("ab_simulate.early", n=early, least=FEWEST))
    else:
        pair = TwoMeans(groups[0], what.value, 1.0, groups[1], what.value, 1.0)
        if not cut and what.largest > LARGE:
            told = {"metric": what.name, "share": what.largest}
            notes.append(Note("ab_simulate.largest", **told))
    if is_small(pair):
        reason = Note(f"ab.early.small.{'share' if what.kind == 'share' else 'mean'}")
        notes.append(Note("ab_simulate.small", reason=reason))
    if lift and cut:
        notes.append(Note("ab_simulate.cut"))
    if lift and method == "peeking":
        rate = peeking_error(deal.looks, alpha)
        notes.append(Note("ab_simulate.peeking", looks=deal.looks, rate=rate))
    return notes
