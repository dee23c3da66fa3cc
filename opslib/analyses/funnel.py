"""Funnel: how many users get through a list of steps in time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from opslib import attempts, periods
from opslib import steps as step_options
from opslib.analyses import _funnel_groups as groups
from opslib.analyses._funnel_groups import FEWEST
from opslib.analyses._funnel_result import FunnelResult
from opslib.analyses._funnel_table import SECOND, at_least, counted
from opslib.attempts import Plan
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates
from opslib.result import Error, Note, check_choice
from opslib.steps import ExcludeLike, StepLike

TIED = 0.05
ORDERS = ("ordered", "strict", "unordered")


def funnel(
    log: EventLog | pd.DataFrame,
    *,
    steps: Sequence[StepLike],
    window: str = "7D",
    order: Literal["ordered", "strict", "unordered"] = "ordered",
    attempt: Literal["deepest", "first"] = "deepest",
    ties: Literal["step_order", "strict"] = "step_order",
    exclude: Sequence[ExcludeLike] = (),
    exclude_effect: Literal["remove_user", "end_attempt"] = "remove_user",
    by: str | None = None,
    attribution: str = "first_touch",
    baseline: str | None = None,
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> FunnelResult:
    """Count users who do `steps` in order within `window`; other events may intervene.

    Every step-1 event starts an attempt, which takes for each further step the earliest
    event after the step before. The user is counted by the attempt that gets deepest,
    of those the one that gets there first; of starts that lead to the same event, the
    latest. Events at the same instant are taken in the order of the steps; one event
    fills one step.

    Args:
        log: Events; or a table with the columns user, event, time.
        steps: 2 to 20 steps, first to last: names, lists of names any of which will do,
            `ops.Step` or the same as a dict: {"event": "pay", "where": [["amount", ">",
            100]], "optional": False, "occurrence": "any"}.
        window: Longest elapsed time from the attempt's first step, inclusive, as pandas
            text.
        order: "ordered"; "strict": between two steps no other event of the user, save
            repeats of the first of them; "unordered": an attempt starts at any step's
            event and has all steps that the window brings, in any order.
        attempt: "deepest"; "first": only each user's first start in `dates`.
        ties: "step_order"; "strict": each step strictly later than the one before.
        exclude: Events that must not come between two steps: names, `ops.Exclude` or
            dicts {"event": "refund", "where": [], "after": 0, "before": 1}. Those at
            the instant of either step are not between them.
        exclude_effect: "remove_user": who has one in the deepest attempt counts
            nowhere, and is counted in a warning; of equally deep attempts one without
            is preferred. "end_attempt": the attempt ends there.
        by: Property to group users by.
        attribution: Where the group's value is taken from: "first_touch", the
            attempt's first event; "last_touch", its last; "step_K", that of step K,
            from 0, and who did not reach it is in no group; "all_events": each value's
            events are a funnel of their own, and a user may count in several.
        baseline: Name of the group to compare each other with: the share at the last
            step of those whose window is over, Holm-corrected. Groups under 30 users
            are not compared. None compares nothing.
        dates: First and last day on which attempts start, in the log's timezone;
            later steps may fall after it. None: all days.
        where: Conditions [property, operator, value] that an event must meet to count.
        compare: "previous" also counts the period of equal length just before; None
            and a warning where the data begin with the period, as they do without
            `dates`. The sentence compares users whose window was over.

    Raises:
        Error: Too few or many steps, an event, property, group or period that is
            unknown, options that contradict each other, or more than 200 groups.

    References:
        Attempts: as PostHog's ordered funnel and ClickHouse's `windowFunnel(window)`.
        Wilson (1927) for the intervals; Miettinen and Nurminen (1985) and Holm (1979)
        for groups.

    Example:
        >>> log = pd.DataFrame({
        ...     "user": ["ann", "bob", "ann"],
        ...     "event": ["visit", "visit", "buy"],
        ...     "time": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-03"]),
        ... })
        >>> result = funnel(log, steps=["visit", "buy"])
        >>> result.table[["step", "users", "from_start", "from_previous"]]
            step  users  from_start  from_previous
        0  visit      2         1.0            NaN
        1    buy      1         0.5            0.5
        >>> result.users(0, dropped=True).tolist()
        ['bob']
    """
    log = as_log(log)
    known = step_options.steps(steps, log)
    check_choice("order", order, ORDERS)
    check_choice("attempt", attempt, ["deepest", "first"])
    check_choice("ties", ties, ["step_order", "strict"])
    check_choice("exclude_effect", exclude_effect, ["remove_user", "end_attempt"])
    check_choice("compare", compare, ["previous"])
    first, end = periods.span(log.dates if dates is None else dates, log.timezone)
    days = [day.isoformat() for day in periods.days(first, end, log.timezone)]
    plan = Plan(
        steps=known,
        window=periods.length(window, "window"),
        entry=(first, end),
        where=where,
        order=order,
        attempt=attempt,
        ties=ties,
        exclude=step_options.excludes(exclude, log, known),
        exclude_effect=exclude_effect,
    )
    if order == "unordered" and (exclude or any(step.optional for step in known)):
        raise Error("funnel.unordered", option="exclude" if exclude else "optional")
    groups.check(log, plan, by, attribution, baseline)
    now = _result(
        log, plan, (days[0], days[1]), by=by, attribution=attribution, baseline=baseline
    )
    if not compare:
        return now
    if first <= log.extent[0]:
        note = Note("periods.nothing_before")
        return replace(now, warnings=(*now.warnings, note))
    before = periods.before(now.dates)
    earlier = replace(plan, entry=periods.span(before, log.timezone))
    then = _result(log, earlier, before, by=by, attribution=attribution)
    notes = [] if by is None else [Note("funnel.groups_before")]
    return replace(now, warnings=(*now.warnings, *notes), previous=then)


def _result(
    log: EventLog,
    plan: Plan,
    dates: tuple[str, str],
    *,
    by: str | None,
    attribution: str,
    baseline: str | None = None,
) -> FunnelResult:
    """Count the attempts of one period."""
    found = attempts.find(log, plan, rows=groups.needs_rows(by, attribution))
    parts = groups.grouped(log, plan, found, by, attribution)
    table, counts = counted(plan, parts, by)
    comparison = None
    if baseline is not None:
        over = at_least(counts[:, 1])
        comparison = groups.compared(parts.labels, over[:, 0], over[:, -1], baseline)
    notes = [*log.left_out]
    if log.tied > TIED:
        notes.append(Note("funnel.tied", share=log.tied))
    inside = found.level >= 0
    entered = int(np.count_nonzero(inside))
    if lost := found.removed:
        notes.append(Note("funnel.removed", n=lost, share=lost / (lost + entered)))
    if still_open := entered - int(np.count_nonzero(inside & found.closed)):
        notes.append(Note("funnel.open", n=still_open, share=still_open / entered))
    if lost := parts.unreached:
        notes.append(Note("funnel.unreached", n=lost, share=lost / entered))
    if by is not None and attribution == "all_events":
        notes.append(Note("funnel.overlap", by=by))
    if comparison is not None and (few := comparison["p_value"].isna()).any():
        named = [x or Note("funnel.missing") for x in comparison.loc[few, "group"]]
        notes.append(Note("funnel.uncompared", groups=named, need=FEWEST))
    return FunnelResult(
        table=table,
        warnings=tuple(notes),
        window=plan.window / SECOND,
        dates=dates,
        by=by,
        baseline=baseline,
        comparison=comparison,
        _log=log,
        _plan=plan,
        _found=found.lean,
        _grouped=parts._replace(found=parts.found.lean),
    )
