"""Which group of a funnel each attempt belongs to, and how the groups compare."""

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import attempts, groups
from opslib.attempts import Attempts, Plan
from opslib.eventlog import EventLog
from opslib.groups import Labels
from opslib.result import Error, check_choice
from opslib.stats.baseline import against

FEWEST = 30


class Grouped(NamedTuple):
    """Attempts with their groups; one user may have one in several groups.

    Attributes:
        found: The attempts.
        group: The group of each, numbered by size, -1 for none; empty for one group.
        labels: Names of the groups; None is the missing value.
        user: The position in the log of each one's user; None where all users have one
            attempt, in order.
        unreached: Users in no group, because they did not reach the step that tells.
    """

    found: Attempts
    group: npt.NDArray[np.int32]
    labels: Labels
    user: npt.NDArray[np.int64] | None = None
    unreached: int = 0


def check(
    log: EventLog,
    plan: Plan,
    by: str | None,
    attribution: str,
    baseline: object,
) -> None:
    """Refuse a grouping that cannot be."""
    if by is not None and by not in log.properties:
        raise Error("option.column", option="by", got=by, choices=list(log.properties))
    usual = ["first_touch", "last_touch", "all_events"]
    known = [f"step_{k}" for k in range(len(plan.steps))]
    check_choice("attribution", attribution, [*usual, *known])
    if plan.order == "unordered" and attribution in known:
        raise Error("funnel.unordered", option=f"attribution={attribution}")
    if baseline is not None and by is None:
        raise Error("funnel.baseline_alone", got=baseline)
    if baseline is not None and attribution == "all_events":
        raise Error("funnel.baseline_overlap")


def needs_rows(by: str | None, attribution: str) -> bool:
    """Say whether the group depends on more than where the attempt starts."""
    return by is not None and attribution not in {"first_touch", "step_0", "all_events"}


def grouped(
    log: EventLog, plan: Plan, found: Attempts, by: str | None, attribution: str
) -> Grouped:
    """Put each attempt into its group."""
    if by is None:
        return Grouped(found, np.empty(0, np.int32), (None,))
    if attribution == "all_events":
        return _every_value(log, plan, by)
    entered = np.flatnonzero(found.level >= 0)
    rows = _telling(found, entered, attribution)
    reached, there = entered, rows
    if (missing := rows < 0).any():
        reached, there = entered[~missing], rows[~missing]
    group = np.full(len(found.level), -1, np.int32)
    column = log.properties[by].at(there)
    group[reached], labels = groups.numbered(column, by, "funnel.groups")
    return Grouped(found, group, labels, unreached=len(entered) - len(reached))


def _telling(
    found: Attempts, entered: npt.NDArray[np.int64], attribution: str
) -> npt.NDArray[np.int64]:
    """Return the row whose value tells the group, -1 where the step was not reached."""
    if found.rows is None or attribution in {"first_touch", "step_0"}:
        return found.row[entered]
    rows = found.rows[entered]
    if place := re.fullmatch(r"step_(\d+)", attribution):
        return rows[:, int(place[1])]
    last = rows.shape[1] - 1 - np.argmax(rows[:, ::-1] >= 0, axis=1)
    return rows[np.arange(len(rows)), last]


def _every_value(log: EventLog, plan: Plan, by: str) -> Grouped:
    """Search the events of each value by themselves."""
    column = log.properties[by]
    values = groups.values(column)
    kept = log.mask(plan.where)
    distinct = (values if kept is None else values[kept]).drop_duplicates().tolist()
    groups.check(len(distinct), by, "funnel.groups")
    parts: list[tuple[Any, npt.NDArray[np.int64], Attempts]] = []
    # Where nothing is kept nobody is found, in any group.
    for value in distinct or [None]:
        of = values.isna() if pd.isna(value) else values == value
        one = attempts.find(log, plan, only=of.to_numpy())
        entered = one.level >= 0
        if entered.any() or not parts:
            parts.append((value, np.flatnonzero(entered), one.of(entered)))
    parts.sort(key=lambda part: -len(part[1]))
    sizes = [len(user) for _, user, _ in parts]
    group = np.repeat(np.arange(len(parts), dtype=np.int32), sizes)
    values_there = pd.Index(
        [value for (value, _, _), n in zip(parts, sizes, strict=True) if n]
    )
    return Grouped(
        Attempts.together([one for _, _, one in parts]),
        group,
        groups.labels(column, values_there),
        np.concatenate([user for _, user, _ in parts]),
    )


def compared(
    labels: Labels,
    entered: npt.NDArray[np.int64],
    reached: npt.NDArray[np.int64],
    baseline: str,
) -> pd.DataFrame:
    """Compare each group with the baseline; see `opslib.stats.baseline.against`.

    Args:
        labels: Names of the groups.
        entered: Users of each whose window is over.
        reached: Those of them who reached the last step.
        baseline: Name of a group.

    Raises:
        Error: There is no such group.
    """
    if baseline not in labels:
        known = [label for label in labels if label is not None]
        raise Error("option.choice", option="baseline", got=baseline, choices=known)
    table = pd.DataFrame({"n": entered, "x": reached})
    table.insert(0, "group", pd.Series(labels, dtype=object))
    return against(table, labels.index(baseline), FEWEST)
