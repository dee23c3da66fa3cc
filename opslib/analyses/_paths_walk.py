"""The sessions of a log counted by their paths: by flow, and by whole path."""

import math
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohorts, kernels
from opslib.analyses import _paths_kernels
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.stats.clustered import Sums, wilson_clustered

MOST_PATHS = 50
# Of so many possible paths each has a number of its own.
MOST_NUMBERS = 1 << 22
# What stands in a column where no event is shown by its name.
OTHER = "$other"
GONE = {"forward": "$drop_off", "back": "$began", "between": "$arrived"}
WAYS = tuple(GONE)
CODED = re.compile(r"\$+(other|drop_off|began|arrived)")


class Sessions(NamedTuple):
    """How many sessions there are.

    Attributes:
        counted: All that begin within the dates.
        started: Those of them with an event to go from: a start, or going back an end.
        entered: Those whose path is counted; fewer only between a start and an end.
        users: Users with such a session.
    """

    counted: int
    started: int
    entered: int
    users: int


class Walk(NamedTuple):
    """The path of each session that enters, in order of users and time.

    Attributes:
        paths: By session and position, the code of the event; n_names for none.
        seen: By position and event, how many sessions have it there.
        offsets: Sessions of user i are offsets[i] to offsets[i + 1].
        started: By user, sessions with an event to go from.
        sessions: How many there are.
        open: Those that may have gone on after the end of observation.
    """

    paths: npt.NDArray[np.unsignedinteger[Any]]
    seen: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    sessions: Sessions
    open: int


def name_of(code: str) -> str:
    """Return the name of an event that stands in the table as `code`."""
    return code[1:] if CODED.fullmatch(code) else code


def code_of(name: str) -> str:
    """Return how an event stands in the table, unlike any code of ours."""
    return f"${name}" if CODED.fullmatch(name) else name


def walk(
    log: EventLog,
    *,
    where: Sequence[Condition],
    gap: int,
    span: tuple[int, int],
    starts: Mask,
    stops: Mask,
    way: str,
    depth: int,
) -> Walk:
    """Run the kernel over ranges of users."""
    keep = cohorts.kept(log, where)
    counts = np.zeros((len(log.users), 4), np.int64)
    # Of memory that is not written to nothing is taken.
    paths = np.empty((len(log), depth), np.min_scalar_type(len(log.names)))
    found = kernels.over_users(
        lambda first, end: (
            int(log.offsets[first]),
            counts[first:end, 2],
            _paths_kernels.session_paths(
                first,
                end,
                log.offsets,
                log.time,
                log.event,
                keep,
                gap,
                *span,
                starts,
                stops,
                WAYS.index(way),
                log.until,
                depth,
                len(log.names),
                paths,
                counts,
            ),
        ),
        log.offsets,
    )
    counted, started, entered, still_open = (int(n) for n in counts.sum(axis=0))
    users = int((counts[:, 2] > 0).sum())
    begins, some, seen = zip(*found, strict=True)
    return Walk(
        kernels.moved_up(paths, begins, [int(part.sum()) for part in some]),
        np.sum(seen, axis=0),
        np.concatenate([[0], counts[:, 2].cumsum()]),
        counts[:, 1].copy(),
        Sessions(counted, started, entered, users),
        still_open,
    )


def places(seen: npt.NDArray[np.int64], top: int) -> npt.NDArray[np.int64]:
    """Give each event its place in each column: its rank, `top`, or for none the next.

    Equally frequent ones are ranked by name.
    """
    depth, events = seen.shape
    shown = np.full((depth, events + 1), top)
    shown[:, -1] = top + 1
    for at, sessions in enumerate(seen):
        ranked = np.argsort(-sessions, kind="stable")[:top]
        ranked = ranked[sessions[ranked] > 0]
        shown[at, ranked] = np.arange(len(ranked))
    return shown


def flows(
    log: EventLog, walk: Walk, shown: npt.NDArray[np.int64], top: int, way: str
) -> pd.DataFrame:
    """Count sessions and users by position, source and target."""
    depth = len(shown)
    parts = kernels.over_users(
        lambda u, end: _paths_kernels.count_flows(
            u, end, walk.offsets, walk.paths, shown, top + 2
        ),
        walk.offsets,
    )
    counts = np.sum(parts, axis=0)
    labels = np.full((depth, top + 2), None, dtype=object)
    labels[:, top], labels[:, top + 1] = OTHER, GONE[way]
    for at, code in np.argwhere(shown[:, :-1] < top):
        labels[at, shown[at, code]] = code_of(log.names[code])
    at, before, place = np.nonzero(counts[..., 0])
    sources = labels[at - 1, before]
    sources[at == 0] = None
    flows = counts[at, before, place]
    return pd.DataFrame(
        {
            "position": at - (depth - 1 if way == "back" else 0),
            "source": pd.Series(sources, dtype="str"),
            "target": pd.Series(labels[at, place], dtype="str"),
            "sessions": flows[:, 0],
            "users": flows[:, 1],
            "share": flows[:, 0] / len(walk.paths),
        }
    )


def common(log: EventLog, walk: Walk) -> pd.DataFrame:
    """Count the most frequent whole paths; of equal ones the first by name."""
    number = _numbered(walk, len(log.names) + 1)
    sessions = np.bincount(number)
    ranked = _most(sessions)
    rank = np.full(len(sessions), len(ranked), np.int8)
    rank[ranked] = np.arange(len(ranked))
    table = shares(walk, number, rank, len(ranked) + 1)[: len(ranked)]
    names = [
        tuple(log.names[code] for code in path if code < len(log.names))
        for path in walk.paths[table.pop("one")]
    ]
    table.insert(0, "path", pd.Series(names, dtype=object))
    return table


def _most(sessions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the most frequent of numbered paths, of equal ones the first."""
    there = np.flatnonzero(sessions)
    least = 0
    if len(there) > MOST_PATHS:
        least = np.partition(sessions[there], -MOST_PATHS)[-MOST_PATHS]
    there = there[sessions[there] >= least]
    return there[np.argsort(-sessions[there], kind="stable")[:MOST_PATHS]]


def _numbered(walk: Walk, base: int) -> npt.NDArray[np.int64]:
    """Number equal paths alike, in order of their codes."""
    depth = walk.paths.shape[1]
    number = rank = np.empty(len(walk.paths), np.int64)
    different, done = 1, 0
    while done < depth:
        if done:
            number, rank = _anew(number, different)
            different = int(rank[-1]) + 1
        # As many columns at a time as a table has room for, else as 63 bits have.
        room = MOST_NUMBERS if different * base <= MOST_NUMBERS else 1 << 62
        fits = max(1, int(math.log(room / different, base) + 1e-9))
        end = min(done + fits, depth)
        columns = number, rank, walk.paths, done, end, base
        kernels.over_users(
            partial(_paths_kernels.pack, walk.offsets, *columns), walk.offsets
        )
        different, done = different * base ** (end - done), end
    return number if different <= MOST_NUMBERS else _anew(number, different)[0]


def _anew(
    number: npt.NDArray[np.int64], different: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return numbers, and for each the rank that it has among those that occur."""
    if different > MOST_NUMBERS:
        again, known = pd.factorize(number, sort=True)
        return np.asarray(again, np.int64), np.arange(len(known))
    rank = np.zeros(different, np.int64)
    rank[number] = 1
    np.cumsum(rank, out=rank)
    rank -= 1
    return number, rank


def shares(
    walk: Walk,
    number: npt.NDArray[np.int64],
    group: npt.NDArray[np.integer[Any]],
    groups: int,
) -> pd.DataFrame:
    """Count sessions and users by group, with the share of all and its interval.

    Args:
        walk: The sessions.
        number: Of each.
        group: By number.
        groups: How many there are.

    Returns:
        Columns sessions, users, share, low, high, and one of the sessions.
    """
    sizes = np.diff(walk.offsets)
    parts = kernels.over_users(
        lambda u, end: _paths_kernels.count_groups(
            u, end, walk.offsets, number, group, groups
        ),
        walk.offsets,
    )
    sessions, users, squares, products = np.sum(parts, axis=0)[:, :4].T
    every = Sums.of(sizes, sizes)
    low, high = wilson_clustered(every._replace(x=sessions, xx=squares, xn=products))
    return pd.DataFrame(
        {
            "sessions": sessions,
            "users": users,
            "share": sessions / len(walk.paths),
            "low": low,
            "high": high,
            "one": np.max(parts, axis=0)[:, 4],
        }
    )


def reached(walk: Walk) -> dict[str, float]:
    """Return the share of the sessions with an event to go from that enter."""
    entered, sizes = np.diff(walk.offsets), walk.started
    low, high = wilson_clustered(Sums.of(entered, sizes))
    share = float(entered.sum() / sizes.sum())
    return {"share": share, "low": float(low), "high": float(high)}
