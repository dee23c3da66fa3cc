"""The loops that find the paths of sessions in an EventLog, and count them."""

import numpy as np

from opslib.kernels import kernel

FORWARD, BACK, BETWEEN = range(3)


@kernel
def session_paths(  # type: ignore[no-untyped-def]
    first, end, offsets, time, event, keep, gap, begins, ends, starts, stops, way,
    until, depth, nothing, counts,
):  # fmt: skip
    """Return the path of each session that enters, and how often each code is where.

    Paths are in order of users and time. A path is the codes of up to `depth` events in
    order of time, a repeated one taken once, and `nothing` where the session has no
    more: at its end, or going back at its beginning.

    Args:
        first, end: The range of users.
        offsets, time, event: Of the log.
        keep: For each row whether it counts; empty for all.
        gap: A longer time between two rows that count begins a new session.
        begins, ends: Sessions count that open at begins <= t < ends.
        starts, stops: By event, whether it is one to start from and one to end with.
        way: FORWARD from the first start, BACK from the last stop, or BETWEEN: from a
            start to the first stop after it, where that takes fewest events.
        until: End of observation.
        depth, nothing: See above.
        counts: Written by user: sessions that count, those of them with an event to
            go from, those that enter, and those of these that may go on after `until`.
    """
    everything = len(keep) == 0
    paths = np.empty((max(end - first, 16), depth), np.uint16)
    seen = np.zeros((depth, nothing + 1), np.int64)
    n = 0
    for u in range(first, end):
        row = offsets[u]
        final = offsets[u + 1]
        while row < final:
            if not (everything or keep[row]):
                row += 1
                continue
            opening = row
            last = time[row]
            since, origin, goal = -1, -1, -1
            started = False
            taken, best, events = 0, 0, 0
            previous = nothing
            while row < final:
                if everything or keep[row]:
                    if time[row] - last > gap:
                        break
                    last = time[row]
                    what = event[row]
                    if way == FORWARD:
                        if origin < 0 and starts[what]:
                            origin = row
                    elif way == BACK:
                        if stops[what]:
                            origin = row
                    elif what != previous:
                        events += 1
                        shorter = goal < 0 or events - taken < best
                        if since >= 0 and stops[what] and shorter:
                            origin, goal, best = since, row, events - taken
                        if starts[what]:
                            since, taken, started = row, events, True
                        previous = what
                row += 1
            if not begins <= time[opening] < ends:
                continue
            counts[u, 0] += 1
            counts[u, 1] += started or origin >= 0
            if origin < 0:
                continue
            counts[u, 2] += 1
            counts[u, 3] += last + gap > until
            if n == len(paths):
                grown = np.empty((2 * n, depth), np.uint16)
                grown[:n] = paths
                paths = grown
            # Going back, the last place is filled first.
            step, at, full = (-1, depth - 1, -1) if way == BACK else (1, 0, depth)
            beyond = row
            if way == BACK:
                beyond = opening - 1
            elif way == BETWEEN:
                beyond = goal + 1
            previous = nothing
            while origin != beyond and at != full:
                if (everything or keep[origin]) and event[origin] != previous:
                    previous = event[origin]
                    paths[n, at] = previous
                    seen[at, previous] += 1
                    at += step
                origin += step
            while at != full:
                paths[n, at] = nothing
                seen[at, nothing] += 1
                at += step
            n += 1
    return paths[:n], seen


@kernel
def packed(number, codes, base):  # type: ignore[no-untyped-def]
    """Return, by row, the number with the codes written behind it in base `base`."""
    result = number.copy()
    for i in range(len(codes)):
        for code in codes[i]:
            result[i] = result[i] * base + code
    return result


@kernel
def tally(first, end, offsets, paths, shown, n_places):  # type: ignore[no-untyped-def]
    """Count sessions by position and by the places they come from and are at.

    Args:
        first, end: The range of users.
        offsets: Where each user's sessions begin in `paths`.
        paths: By session and position, a code.
        shown: By position and code, its place.
        n_places: How many places there are.

    Returns:
        By position, place before (0 at the first position) and place: sessions, users,
        the sum over users of the square of their sessions there, and of the product
        with all their sessions.
    """
    depth = paths.shape[1]
    counts = np.zeros((depth, n_places, n_places, 4), np.int64)
    last = np.full((depth, n_places, n_places), -1, np.int64)
    mine = np.zeros((depth, n_places, n_places), np.int64)
    for u in range(first, end):
        size = offsets[u + 1] - offsets[u]
        for i in range(offsets[u], offsets[u + 1]):
            before = 0
            for p in range(depth):
                place = shown[p, paths[i, p]]
                if last[p, before, place] != u:
                    last[p, before, place] = u
                    mine[p, before, place] = 0
                    counts[p, before, place, 1] += 1
                # The square of k is the sum of the first k odd numbers.
                counts[p, before, place, 0] += 1
                counts[p, before, place, 2] += 2 * mine[p, before, place] + 1
                counts[p, before, place, 3] += size
                mine[p, before, place] += 1
                before = place
    return counts
