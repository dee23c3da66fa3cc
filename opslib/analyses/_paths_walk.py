"""The sessions of a log counted by their paths: by flow, and by whole path."""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohorts, kernels
from opslib.analyses import _paths_kernels
from opslib.conditions import Condition, Mask
from opslib.eventlog import EventLog
from opslib.stats.proportions import wilson_clustered

MOST_PATHS = 50
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
        seen: By position and code, how many sessions have it there.
        offsets: Sessions of user i are offsets[i] to offsets[i + 1].
        started: By user, sessions with an event to go from.
        sessions: How many there are.
        open: Those that may have gone on after the end of observation.
    """

    paths: npt.NDArray[np.uint16]
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
    found = kernels.over_users(
        lambda u, end: _paths_kernels.session_paths(
            u,
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
            counts,
        ),
        log.offsets,
    )
    counted, started, entered, still_open = (int(n) for n in counts.sum(axis=0))
    users = int((counts[:, 2] > 0).sum())
    return Walk(
        np.concatenate([some for some, _ in found]),
        np.sum([seen for _, seen in found], axis=0),
        np.concatenate([[0], counts[:, 2].cumsum()]),
        counts[:, 1].copy(),
        Sessions(counted, started, entered, users),
        still_open,
    )


def places(seen: npt.NDArray[np.int64], top: int) -> npt.NDArray[np.int64]:
    """Give each event its place in each column: its rank, `top`, or for none the next.

    Equally frequent ones are ranked by name.
    """
    shown = np.full(seen.shape, top)
    shown[:, -1] = top + 1
    for at, sessions in enumerate(seen[:, :-1]):
        ranked = np.argsort(-sessions, kind="stable")[:top]
        ranked = ranked[sessions[ranked] > 0]
        shown[at, ranked] = np.arange(len(ranked))
    return shown


def _tally(
    walk: Walk, codes: npt.NDArray[Any], shown: npt.NDArray[np.int64], n_places: int
) -> npt.NDArray[np.int64]:
    parts = kernels.over_users(
        lambda u, end: _paths_kernels.tally(
            u, end, walk.offsets, codes, shown, n_places
        ),
        walk.offsets,
    )
    return np.asarray(np.sum(parts, axis=0))


def flows(
    log: EventLog, walk: Walk, shown: npt.NDArray[np.int64], top: int, way: str
) -> pd.DataFrame:
    """Count sessions and users by position, source and target."""
    depth = len(shown)
    counts = _tally(walk, walk.paths, shown, top + 2)
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
    """Count the most frequent whole paths."""
    number = _numbered(walk.paths, len(log.names) + 1)
    sessions = np.bincount(number)
    ranked = np.argsort(-sessions, kind="stable")[:MOST_PATHS]
    rank = np.full(len(sessions), len(ranked))
    rank[ranked] = np.arange(len(ranked))
    first = np.empty(len(sessions), np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    names = [
        tuple(log.names[code] for code in path if code < len(log.names))
        for path in walk.paths[first[ranked]]
    ]
    table = shares(walk, rank[number], len(ranked) + 1)[: len(ranked)]
    table.insert(0, "path", pd.Series(names, dtype=object))
    return table


def _numbered(codes: npt.NDArray[np.uint16], base: int) -> npt.NDArray[np.int64]:
    """Number equal paths, as they come."""
    number, different, done = np.zeros(len(codes), np.int64), 1, 0
    while done < codes.shape[1]:
        # As many columns at a time as fit into 63 bits.
        fits = max(1, int((63 - math.log2(different)) / math.log2(base) - 1e-9))
        some = codes[:, done : done + fits]
        number, known = pd.factorize(_paths_kernels.packed(number, some, base))
        different, done = len(known), done + fits
    return np.asarray(number)


def shares(walk: Walk, group: npt.NDArray[np.int64], groups: int) -> pd.DataFrame:
    """Count sessions and users by group, with the share of all and its interval."""
    sizes = np.diff(walk.offsets)
    places = np.arange(groups)[None]
    counts = _tally(walk, group[:, None], places, groups)[0, 0]
    sessions, users, squares, products = counts.T
    low, high = wilson_clustered(sessions, squares, products, sizes=sizes)
    return pd.DataFrame(
        {
            "sessions": sessions,
            "users": users,
            "share": sessions / len(walk.paths),
            "low": low,
            "high": high,
        }
    )


def reached(walk: Walk) -> dict[str, float]:
    """Return the share of the sessions with an event to go from that enter."""
    entered, sizes = np.diff(walk.offsets), walk.started
    low, high = wilson_clustered(
        entered.sum(), (entered**2).sum(), (entered * sizes).sum(), sizes=sizes
    )
    share = float(entered.sum() / sizes.sum())
    return {"share": share, "low": float(low), "high": float(high)}
