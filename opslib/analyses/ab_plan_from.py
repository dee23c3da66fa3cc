"""Plan of an A/B test from a table of the past, instead of typed numbers."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from opslib.analyses._plan_history import History, read
from opslib.analyses.ab_plan import PlanResult, ab_plan
from opslib.result import Error, Note

# The mean of so many units times the square of the skewness is about normal.
PER_SKEW = 355


def ab_plan_from(
    table: pd.DataFrame,
    *,
    metric: str,
    denominator: str | None = None,
    before: str | None = None,
    mde: float | None = None,
    days: int | None = None,
    relative: bool = True,
    variant: str | None = None,
    arrived: str | None = None,
    daily_traffic: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    variants: int = 2,
    split: Sequence[float] | None = None,
    looks: int = 1,
) -> PlanResult:
    """Plan a test as `ab_plan` does, from what users did in the past.

    The baseline, how much units differ, how they go with the period before and how
    many come per day are read from the table; `.history` has them. A metric of 0 and
    1, or true and false, is a share of units; any other number is a mean; with a
    denominator it is a ratio of sums. Rows that repeat another exactly and units
    without a value are left out and counted; a unit with several different rows, as
    one per day, becomes one: numbers are added up, a yes in any row is a yes. So the
    test should measure for as long as the table does.

    Args:
        table: Users or units of an experiment: columns unit or user, and numbers; one
            row per unit, or per unit and day. Without an id every row is one unit.
        metric: Column to plan for.
        denominator: Column that stands below in a ratio, as orders in revenue per
            order.
        before: Column of the same from the period before, to compare net of it
            (CUPED); units without a value take its mean. Not with a denominator.
        mde: Smallest effect worth finding; either this or `days`.
        days: How long the test can run, as in `ab_plan`.
        relative: Whether `mde` is a lift (0.1 is 10 % of the baseline).
        variant: Only units of this variant of an earlier experiment; None takes all.
        arrived: Column of the day on which a unit came; None takes "time" or "date".
            Of several rows of a unit the first counts.
        daily_traffic: Units that enter the test per day; None takes those that came
            per whole day of the table, of all variants, if it spans a week.
        alpha: As in `ab_plan`.
        power: As in `ab_plan`.
        variants: As in `ab_plan`: groups of the test to come, the control among them.
        split: As in `ab_plan`.
        looks: As in `ab_plan`.

    Returns:
        A plan, with `.history` of one row: metric, units, first and last whole day,
        baseline with its 95 % interval low and high (Wilson; Student; of a ratio the
        delta method), sd per unit, skew, zeros (share of units with 0), correlation,
        daily_traffic; NaN or NaT where the table cannot tell.

    Raises:
        Error: No such column, values that are no numbers, none or all the same, or
            what `ab_plan` refuses.

    References:
        As in `ab_plan`; Kohavi, Deng, Longbotham & Xu (2014), Seven Rules of Thumb for
        Web Site Experimenters, KDD, rule 7, for values that are very uneven.

    Example:
        >>> users = pd.DataFrame({"user": range(1000), "paid": [1, 0, 0, 0, 0] * 200})
        >>> plan = ab_plan_from(users, metric="paid", mde=0.25, daily_traffic=100)
        >>> plan.table[["baseline", "target", "n_per_variant", "days"]]
           baseline  target  n_per_variant  days
        0       0.2    0.25           1094    28
    """
    if not isinstance(table, pd.DataFrame):
        raise Error("ab.plan.table", got=type(table).__name__)
    if before is not None and denominator is not None:
        raise Error("ab.plan.ratio_before")
    table = table.reset_index(drop=True).rename(columns=str)
    past = read(table, metric, denominator, before, variant=variant, arrived=arrived)
    daily = None if math.isnan(past.daily) else past.daily
    plan = ab_plan(
        **past.options,
        mde=mde,
        days=days,
        relative=relative,
        alpha=alpha,
        power=power,
        variants=variants,
        split=split,
        daily_traffic=daily if daily_traffic is None else daily_traffic,
        looks=looks,
    )
    history = past.table()
    notes = (*past.notes, *plan.warnings, *_uneven(past, plan))
    return replace(plan, history=history, warnings=notes)


def _uneven(past: History, plan: PlanResult) -> list[Note]:
    """Say where a few large values make a mean too unsure for the test."""
    needed = math.ceil(PER_SKEW * past.skew**2)
    few = plan.table["n_per_variant"].iloc[0] < needed
    if past.kind == "share" or not few:
        return []
    return [Note("ab.plan.skew", metric=past.metric, skew=past.skew, n=needed)]
