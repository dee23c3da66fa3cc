"""The definition of a funnel, written out to be read and not to be quick.

A row is (hour, event, x), the rows of a user in order of time and file. An attempt is a
dict of step to the position of its row.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from opslib import EventLog

START = pd.Timestamp("2026-03-01")


@dataclass
class Options:
    """Options of `ops.funnel` in plain form; the window in hours."""

    steps: list
    window: int = 4
    order: str = "ordered"
    attempt: str = "deepest"
    ties: str = "step_order"
    exclude: list = field(default_factory=list)
    exclude_effect: str = "remove_user"

    def given(self):
        """The options as `ops.funnel` takes them; entries are on the first day."""
        return vars(self) | {
            "window": f"{self.window}h",
            "dates": ("2026-03-01", "2026-03-01"),
        }


def log(rows, until="2026-03-03"):
    """Rows (user, hour, event, x), and another user who names every event too late."""
    rows = [*rows, *(("zed", 48, event, 0) for event in "abcdx")]
    table = pd.DataFrame(rows, columns=["user", "hour", "event", "x"])
    table["time"] = START + pd.to_timedelta(table.pop("hour"), unit="h")
    return EventLog.from_frame(
        table, user="user", event="event", time="time", until=until
    )


def by_user(rows):
    """The rows of each user, in order of time and file."""
    users = {}
    for user, *row in sorted(rows, key=lambda row: row[:2]):
        users.setdefault(user, []).append(tuple(row))
    return users


def spell(step):
    return step if isinstance(step, dict) else {"event": step}


def named(row, step):
    events = step["event"]
    return events is None or row[1] in ([events] if isinstance(events, str) else events)


def met(row, step):
    return all(row[2] >= least for _, _, least in step.get("where", []))


def fits(rows, i, step):
    step = spell(step)
    if not (named(rows[i], step) and met(rows[i], step)):
        return False
    when = step.get("occurrence", "any")
    if when == "first_ever":
        return i == min(j for j, row in enumerate(rows) if named(row, step))
    if when == "first_matching":
        both = [j for j, r in enumerate(rows) if named(r, step) and met(r, step)]
        return i == min(both)
    return True


def follow(rows, start, o):  # noqa: C901  the definition in one place
    """The attempt from one start, and whether an exclusion marks it."""
    optional = [bool(spell(step).get("optional")) for step in o.steps]
    must = [k for k in range(len(o.steps)) if not optional[k]]
    limit = rows[start][0] + o.window
    chain, ends, marked = {0: start}, {}, False
    for p, q in pairwise(must):
        here = rows[chain[p]][0]
        able = [
            i
            for i, row in enumerate(rows)
            if fits(rows, i, o.steps[q])
            and (row[0] > here or (row[0] == here and o.ties == "step_order"))
            and row[0] <= limit
            and all(
                i > j
                for j in chain.values()
                if rows[j][0] == row[0] and fits(rows, j, o.steps[q])
            )
        ]
        end = rows[min(able)][0] if able else None
        wait = limit
        if o.order == "strict":
            others = [
                row[0]
                for i, row in enumerate(rows)
                if row[0] > here
                and not any(fits(rows, i, o.steps[k]) for k in range(p, q))
            ]
            if others:
                wait = min(wait, others[0])
                if end is not None and others[0] < end:
                    end = None
        hits = [
            row[0]
            for row in rows
            for one in o.exclude
            if named(row, one)
            and met(row, one)
            and one["after"] < q
            and one["before"] > p
            and row[0] > here
            and (row[0] < end if end is not None else row[0] <= wait)
        ]
        if hits and o.exclude_effect == "remove_user":
            marked = True
        elif hits:
            end, wait = None, min(wait, *hits)
        ends[p] = (end, True) if end is not None else (wait, False)
        if end is None:
            break
        chain[q] = min(able)
    last = None
    for k in range(len(o.steps)):
        if not optional[k]:
            if k not in chain:
                break
            last, p = chain[k], k
            continue
        if p not in ends:
            break
        end, reached = ends[p]
        able = [
            i
            for i, row in enumerate(rows)
            if fits(rows, i, o.steps[k])
            and i not in chain.values()
            and (
                row[0] > rows[last][0]
                or (o.ties == "step_order" and row[0] == rows[last][0])
            )
            and (
                row[0] < end or (row[0] == end and not (reached and o.ties == "strict"))
            )
        ]
        if able:
            chain[k] = last = min(able)
    depth = max(k for k in chain if not optional[k])
    return chain, depth, marked


def gather(rows, start, o):
    """The attempt from one start when order does not matter: all sets are tried."""
    limit = rows[start][0] + o.window
    near = [i for i in range(start, len(rows)) if rows[i][0] <= limit]

    def most(some):
        """The most steps that these rows can fill, one each."""
        if not some:
            return 0
        sizes = {frozenset()}
        for i in some:
            sizes |= {
                filled | {k}
                for filled in sizes
                for k, step in enumerate(o.steps)
                if k not in filled and fits(rows, i, step)
            }
        return max(map(len, sizes))

    chain = {}
    for count in range(len(near)):
        if most(near[: count + 1]) > most(near[:count]):
            chain[len(chain)] = near[count]
    return chain, len(chain) - 1, False


def best(rows, o):
    """The attempt that counts for one user: None, or its rows, depth and mark."""
    any_order = o.order == "unordered"
    starts = [
        i
        for i, row in enumerate(rows)
        if row[0] < 24
        and any(fits(rows, i, step) for step in (o.steps if any_order else o.steps[:1]))
    ]
    found = [(gather if any_order else follow)(rows, start, o) for start in starts]
    if o.attempt == "first":
        found = found[:1]

    def merit(one):
        chain, depth, marked = one
        earlier = (-chain[depth], len(chain), chain[0]) if depth else (-chain[0],)
        return depth, not marked, earlier

    return max(found, key=merit, default=None)


def pairs(o):
    """Each step with the one before it that is not optional."""
    kept = [k for k, step in enumerate(o.steps) if not spell(step).get("optional")]
    return [
        (max((m for m in kept if m < k), default=0), k) for k in range(1, len(o.steps))
    ]
