"""Each user's attempt at the steps of a funnel, found over ranges of users."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import chains, kernels, one_pass
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.periods import Instants
from opslib.steps import Exclude, Step, matches


class Attempts(NamedTuple):
    """One attempt per user of the log, in their order.

    Attributes:
        level: The last step reached, from 0; -1 for users without an attempt. Optional
            steps do not count.
        row: The row of the log that starts the attempt; undefined without one.
        closed: Whether the window had closed when observation ended.
        since: For each step, the time since the step before of those who reached it.
        rows: By user and step the row that fills it, or -1; None if nobody asked.
        done: By user and step whether it has it; None where the level tells.
        removed: The users that an exclusion removed.
    """

    level: npt.NDArray[np.int8]
    row: npt.NDArray[np.int64]
    closed: npt.NDArray[np.bool_]
    since: list[Instants]
    rows: npt.NDArray[np.int64] | None = None
    done: npt.NDArray[np.bool_] | None = None
    removed: int = 0

    @property
    def lean(self) -> "Attempts":
        """The same without what takes more than a few bytes per user."""
        none = np.empty(0, np.int64)
        return self._replace(row=none, since=[], rows=None)

    def has(self, step: int) -> npt.NDArray[np.bool_]:
        """Say which attempts have a step."""
        return self.level >= step if self.done is None else self.done[:, step]

    def of(self, users: npt.NDArray[np.bool_]) -> "Attempts":
        """Give the attempts of all users that have one, given which these are."""
        return self._replace(
            level=self.level[users],
            row=self.row[users],
            closed=self.closed[users],
            rows=None if self.rows is None else self.rows[users],
            done=None if self.done is None else self.done[users],
        )

    @classmethod
    def together(cls, parts: Sequence["Attempts"]) -> "Attempts":
        """Put attempts one after the other."""
        columns: dict[str, Any] = {}
        for name in ("level", "row", "closed", "rows", "done"):
            every = [getattr(part, name) for part in parts]
            columns[name] = None if every[0] is None else np.concatenate(every)
        steps = zip(*(part.since for part in parts), strict=True)
        return cls(**columns, since=[np.concatenate(times) for times in steps])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an attempt is; see `opslib.funnel`.

    Attributes:
        window: In microseconds.
        entry: Attempts start at entry[0] <= t < entry[1].
    """

    steps: tuple[Step, ...]
    window: int
    entry: tuple[int, int]
    where: Sequence[Condition] = ()
    order: str = "ordered"
    attempt: str = "deepest"
    ties: str = "step_order"
    exclude: tuple[Exclude, ...] = ()
    exclude_effect: str = "remove_user"

    @property
    def simple(self) -> bool:
        """Whether each step is one event in order, which is the quick way.

        An event may come twice if both are alike: which of its rows fills which step
        does not matter then.
        """
        single = all(isinstance(step.event, str) for step in self.steps)
        ordered = self.order == "ordered" and not self.exclude
        if not (single and ordered and not any(step.optional for step in self.steps)):
            return False
        names = {step.event for step in self.steps}
        return len(names) == len(self.steps) or all(step.plain for step in self.steps)

    @property
    def before(self) -> list[int]:
        """For each step the one before it that is not optional; 0 for the first."""
        if self.order == "unordered":
            return [max(0, k - 1) for k in range(len(self.steps))]
        must = [k for k, step in enumerate(self.steps) if not step.optional]
        return [
            max((m for m in must if m < k), default=0) for k in range(len(self.steps))
        ]


def find(
    log: EventLog, plan: Plan, *, rows: bool = False, only: Mask | None = None
) -> Attempts:
    """Find every user's attempt.

    Args:
        log: Events.
        plan: What an attempt is.
        rows: Whether the rows of all steps are wanted.
        only: Rows that count, beside the conditions of the plan.
    """
    kept = log.mask(plan.where)
    if only is not None:
        kept = only if kept is None else kept & only
    if plan.simple:
        return _quick(log, plan, kept, rows=rows)
    return _any(log, plan, np.empty(0, bool) if kept is None else kept, rows=rows)


def _quick(log: EventLog, plan: Plan, kept: Mask | None, *, rows: bool) -> Attempts:
    """Go through the rows of the steps only, event by event."""
    codes = np.array([log.code(str(step.event), "steps") for step in plan.steps])
    runs = [slice(log.user_offsets[c], log.user_offsets[c + 1]) for c in codes]
    before = np.full(len(codes), -1)
    for k, code in enumerate(codes):
        earlier = np.flatnonzero(codes[:k] == code)
        before[k] = earlier[-1] if len(earlier) else -1
    masks, mask = _masks(log, plan, kept)
    users = len(log.users)
    level, row = np.empty(users, np.int8), np.empty(users, np.int64)
    closed = np.empty(users, np.bool_)
    filled = np.full((users if rows else 0, len(codes)), -1, np.int64)
    since = np.empty((len(codes), users), np.int64)

    def work(first: int, end: int) -> Any:  # noqa: ANN401
        # Of the same type as the column: numpy would convert the column otherwise.
        ends = np.array([first, end], log.run_user.dtype)
        cuts = np.array(
            [r.start + np.searchsorted(log.run_user[r], ends) for r in runs]
        )
        return first, kernels.funnel_attempts(
            log.run_user,
            log.run_start,
            log.run_time,
            log.run_row,
            cuts[:, 0].copy(),
            cuts[:, 1].copy(),
            before,
            masks,
            mask,
            plan.window,
            int(plan.ties == "strict"),
            plan.attempt == "first",
            *plan.entry,
            first,
            end,
            log.until,
            level,
            row,
            closed,
            filled,
            since,
        )

    taken = _taken(since, kernels.over_users(work, log.offsets))
    return Attempts(level, row, closed, taken, filled if rows else None)


def _masks(
    log: EventLog, plan: Plan, kept: Mask | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return the rows that count in each way some steps have, and the way of each."""
    ways: list[Mask] = [] if kept is None else [kept]
    mask = np.full(len(plan.steps), len(ways) - 1)
    for k, step in enumerate(plan.steps):
        own = step.mask(log)
        if own is not None:
            mask[k] = len(ways)
            ways.append(own if kept is None else own & kept)
    return np.array(ways, bool).reshape(len(ways), len(log)), mask


def _any(log: EventLog, plan: Plan, keep: Mask, *, rows: bool) -> Attempts:
    """Go through all rows, user by user."""
    match = matches(log, plan.steps, plan.exclude)
    must = np.array([not step.optional for step in plan.steps])
    kinds = one_pass.kinds_of(match.plain, match.bits, must)
    rules = (
        plan.order == "unordered",
        plan.order == "strict",
        plan.attempt == "first",
        plan.ties == "strict",
        plan.exclude_effect == "end_attempt",
    )
    users = len(log.users)
    level, row = np.empty(users, np.int8), np.empty(users, np.int64)
    closed, removed = np.empty((2, users), np.bool_)
    done = np.zeros((0 if must.all() else users, len(must)), np.bool_)
    filled = np.full((users if rows else 0, len(must)), -1, np.int64)
    since = np.empty((len(must), users), np.int64)

    def work(first: int, end: int) -> Any:  # noqa: ANN401
        return first, chains.attempts(
            first,
            end,
            log.offsets,
            log.time,
            log.event,
            keep,
            match,
            kinds,
            must,
            np.array(plan.before),
            plan.window,
            *plan.entry,
            log.until,
            rules,
            level,
            row,
            closed,
            removed,
            done,
            filled,
            since,
        )

    taken = _taken(since, kernels.over_users(work, log.offsets))
    return Attempts(
        level,
        row,
        closed,
        taken,
        filled if rows else None,
        None if must.all() else done,
        int(removed.sum()),
    )


def _taken(
    since: npt.NDArray[np.int64], parts: Sequence[tuple[int, npt.NDArray[np.int64]]]
) -> list[Instants]:
    """Return the times of each step, given where parts begin and how many each has."""
    begins, sizes = zip(*parts, strict=True)
    steps = zip(since, np.transpose(sizes), strict=True)
    return [kernels.moved_up(times, begins, some) for times, some in steps]
