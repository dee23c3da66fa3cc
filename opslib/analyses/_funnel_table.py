"""The table of a funnel: attempts counted by group and step, with rates and times."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import kernels
from opslib.analyses._funnel_groups import Grouped
from opslib.attempts import Plan
from opslib.stats.proportions import wilson

SECOND = 1_000_000


def names(plan: Plan) -> list[str]:
    """Name the steps; without an order only their number has a meaning."""
    of = len(plan.steps)
    if plan.order == "unordered":
        return [f"{k}/{of}" for k in range(1, of + 1)]
    return [step.label for step in plan.steps]


def counted(
    plan: Plan, parts: Grouped, by: str | None
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Count attempts into the rows of the result; and by group, closed and level."""
    found, group, before = parts.found, parts.group, plan.before
    shape = (len(parts.labels), len(plan.steps))
    counts = kernels.count_levels(found.level, found.closed, group, *shape)
    users, matured = at_least(counts.sum(axis=1)), at_least(counts[:, 1])
    some: list[tuple[tuple[int, int], npt.NDArray[np.int64]]] = []
    for k in range(1, len(plan.steps)):
        of = group[found.has(k)] if len(group) else None
        if plan.steps[k].optional:
            users[:, k] = _having(parts, found.has(k))
            matured[:, k] = _having(parts, found.has(k) & found.closed)
        every, begins = found.since[k], np.array([0, len(found.since[k])])
        if of is not None:
            every, begins = kernels.by_group(every, of, shape[0])
        for g in range(shape[0]):
            times = every[begins[g] : begins[g + 1]]
            if len(times):
                some.append(((g, k), times))
    medians, means = np.full((2, *shape), np.nan)
    usual = kernels.beside(lambda one: (_median(one[1]), one[1].mean()), some)
    for (at, _), (median, mean) in zip(some, usual, strict=True):
        medians[at], means[at] = median / SECOND, mean / SECOND
    with np.errstate(invalid="ignore"):
        from_start = users / users[:, :1]
        from_previous = users / users[:, before]
        matured_from_start = matured / matured[:, :1]
    from_previous[:, 0] = np.nan
    low, high = wilson(users, users[:, :1])
    columns = {
        "users": users,
        "from_start": from_start,
        "from_start_low": low,
        "from_start_high": high,
        "from_previous": from_previous,
        "matured_from_start": matured_from_start,
        "median_seconds": medians,
        "mean_seconds": means,
    }
    table = pd.DataFrame(
        {
            "step": names(plan) * len(parts.labels),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
    if by is not None:
        group_names = np.repeat(np.array(parts.labels, dtype=object), len(plan.steps))
        table.insert(0, "group", pd.Series(group_names, dtype=object))
    return table, counts


def _having(parts: Grouped, which: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count attempts by group."""
    if not len(parts.group):
        return np.array([which.sum()])
    some = parts.group[which]
    return np.bincount(some[some >= 0], minlength=len(parts.labels))


def _median(values: npt.NDArray[np.int64]) -> float:
    """Return the median, reordering `values`.

    numpy selects one place of whole numbers about ten times faster than the two or
    three that its own median asks for.
    """
    middle = len(values) // 2
    values.partition(middle)
    upper = values[middle]
    lower = upper if len(values) % 2 else values[:middle].max()
    return float(lower + upper) / 2


def at_least(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Turn users whose attempt ended at each step into users who reached it."""
    return np.flip(np.cumsum(np.flip(counts, -1), -1), -1)
