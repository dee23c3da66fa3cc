"""The loops that find the paths of sessions in an EventLog, and count them."""

from opslib.kernels import apart, kernel, piece

FORWARD, BACK, BETWEEN = range(3)


@kernel
def session_paths(  # type: ignore[no-untyped-def]
    first, end, offsets, time, event, keep, gap, begins, ends, starts, stops, way,
    until, depth, nothing, paths, counts,
):  # fmt: skip
    """Write the path of each session that enters, and count each event where it is.

    Paths are in order of users and time, from the place of the first row of the range
    on. A path is the codes of up to `depth` events in
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
        paths: Written by session and position; room for as many as there are rows.
        counts: Written by user: sessions that count, those of them with an event to
            go from, those that enter, and those of these that may go on after `until`.

    Returns:
        By position and event, how many sessions have it there.
    """
    masked = len(keep) > 0
    seen = apart(depth * nothing).reshape((depth, nothing))
    n = offsets[first]
    for u in range(first, end):
        row = offsets[u]
        final = offsets[u + 1]
        counted, started, entered, still_open = 0, 0, 0, 0
        while row < final:
            opening = row
            last = time[row]
            row += 1
            if masked and not keep[opening]:
                continue
            while row < final:
                counts_too = not masked or keep[row]
                if counts_too and time[row] - last > gap:
                    break
                last = time[row] if counts_too else last
                row += 1
            if not begins <= time[opening] < ends:
                continue
            counted += 1
            goal = row - 1
            if way == FORWARD:
                origin = opening
                while origin < row and not (
                    starts[event[origin]] and (not masked or keep[origin])
                ):
                    origin += 1
                origin = -1 if origin == row else origin
                started += origin >= 0
            elif way == BACK:
                origin = row - 1
                while origin >= opening and not (
                    stops[event[origin]] and (not masked or keep[origin])
                ):
                    origin -= 1
                origin = -1 if origin < opening else origin
                started += origin >= 0
            else:
                there, origin, goal = _passage(
                    starts, stops, opening, row, event, keep, nothing
                )
                started += there
            if origin < 0:
                continue
            entered += 1
            still_open += last + gap > until
            # Going back, the last place is filled first.
            step, at, full, beyond = 1, 0, depth, goal + 1
            if way == BACK:
                step, at, full, beyond = -1, depth - 1, -1, opening - 1
            previous = nothing
            while origin != beyond and at != full:
                if event[origin] != previous and (not masked or keep[origin]):
                    previous = event[origin]
                    paths[n, at] = previous
                    seen[at, previous] += 1
                    at += step
                origin += step
            while at != full:
                paths[n, at] = nothing
                at += step
            n += 1
        counts[u, 0], counts[u, 1] = counted, started
        counts[u, 2], counts[u, 3] = entered, still_open
    return seen


@piece
def _passage(starts, stops, low, high, event, keep, nothing):  # type: ignore[no-untyped-def]
    """Return whether the session has a start, and the shortest way to a stop, or -1."""
    since, origin, goal = -1, -1, -1
    taken, best, events = 0, 0, 0
    previous = nothing
    for row in range(low, high):
        what = event[row]
        if what == previous or (len(keep) > 0 and not keep[row]):
            continue
        previous = what
        events += 1
        if since >= 0 and stops[what] and (goal < 0 or events - taken < best):
            origin, goal, best = since, row, events - taken
        if starts[what]:
            since, taken = row, events
    return since >= 0, origin, goal


@kernel
def pack(offsets, number, rank, paths, low, high, base, first, end):  # type: ignore[no-untyped-def]
    """Write, by session, the codes of some columns behind its number in base `base`.

    rank: The number to take for each number that was written before.
    """
    for i in range(offsets[first], offsets[end]):
        n = rank[number[i]] if low > 0 else 0
        for p in range(low, high):
            n = n * base + paths[i, p]
        number[i] = n


@kernel
def count_flows(first, end, offsets, paths, shown, n_places):  # type: ignore[no-untyped-def]
    """Count by position and by the places that sessions come from and are at.

    Args:
        first, end: The range of users.
        offsets: Where each user's sessions begin in `paths`.
        paths: By session and position, a code.
        shown: By position and code, its place.
        n_places: How many places there are.

    Returns:
        By position, place before (0 at the first position) and place: sessions, users,
        and the last of these.
    """
    depth = paths.shape[1]
    shape = depth, n_places, n_places, 3
    counts = apart(3 * depth * n_places**2).reshape(shape)
    counts[:, :, :, 2] = -1
    for u in range(first, end):
        for i in range(offsets[u], offsets[u + 1]):
            before = 0
            for p in range(depth):
                place = shown[p, paths[i, p]]
                counts[p, before, place, 0] += 1
                counts[p, before, place, 1] += counts[p, before, place, 2] != u
                counts[p, before, place, 2] = u
                before = place
    return counts


@kernel
def count_groups(first, end, offsets, number, group, n_groups):  # type: ignore[no-untyped-def]
    """Count by group of sessions, given the number of each, over a range of users.

    Args:
        first, end: The range of users.
        offsets: Where each user's sessions begin in `number`.
        number: Of each session.
        group: By number.
        n_groups: How many groups there are.

    Returns:
        By group: sessions, users, and the sums over users of the square of their
        sessions there and of the product with all their sessions; one of the sessions,
        -1 where there is none; then the last of these users, and how many sessions
        there are theirs.
    """
    counts = apart(7 * n_groups).reshape((n_groups, 7))
    counts[:, 4:6] = -1
    for u in range(first, end):
        size = offsets[u + 1] - offsets[u]
        for i in range(offsets[u], offsets[u + 1]):
            g = group[number[i]]
            again = counts[g, 5] == u
            mine = counts[g, 6] * again
            counts[g, 0] += 1
            counts[g, 1] += not again
            # The square of k is the sum of the first k odd numbers.
            counts[g, 2] += 2 * mine + 1
            counts[g, 3] += size
            counts[g, 4], counts[g, 5], counts[g, 6] = i, u, mine + 1
    return counts
