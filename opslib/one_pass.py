"""Compiled search for the attempt of a user in one pass over the rows.

Each row moves the latest start that has got to a step on to the next. That finds the
attempt where no two rows of a user are at one instant, fit two steps, or exclude; the
other users are told, for `opslib.chains` to search.
"""

import numpy as np

from opslib.kernels import apart, kernel, piece

# So long that no window reaches back to it.
LONG_AGO = -(1 << 62)
# Starts times rows up to which each start is followed row by row.
MOST_LOOKS = 4096


@piece
def kinds_of(bits, must):  # type: ignore[no-untyped-def]
    """Return the kind of row that has these bits alone; see `_know`."""
    n = must.sum()
    kinds = np.full(len(bits), n + 1)
    for i in range(len(bits)):
        if bits[i] == 0:
            kinds[i] = n
        j = 0
        for k in range(len(must)):
            if bits[i] == 1 << k:
                kinds[i] = j if must[k] else n + 3 + k
            j += must[k]
    return kinds


@piece
def _know(low, high, event, keep, kind_of, codes, kinds, masks, n, known):  # type: ignore[no-untyped-def]
    """Write the kinds of the rows low <= r < high.

    A kind is j for the step that is number j of the n that count, n for none, n + 1 if
    it is not understood in one pass, n + 2 if the row does not count, n + 3 + k for
    step k, which may be left out.

    Args:
        kind_of: The kind of what has no conditions, by event code.
        codes, masks: For each of the others the event codes, and the rows that meet its
            conditions.
        kinds: Their kinds.
        known: Written to, from its beginning.
    """
    for r in range(low, high):
        known[r - low] = kind_of[event[r]]
    for i in range(len(kinds)):
        for r in range(low, high):
            if codes[i, event[r]] and masks[i, r]:
                known[r - low] = kinds[i] if known[r - low] == n else n + 1
    if len(keep) > 0:
        for r in range(low, high):
            if not keep[r]:
                known[r - low] = n + 2


@piece
def most_rows(users, offsets):  # type: ignore[no-untyped-def]
    """Return how many rows one of some users has at most."""
    most = 0
    for u in users:
        most = max(most, offsets[u + 1] - offsets[u])
    return most


@kernel
def in_turn(  # type: ignore[no-untyped-def]
    first_user, end_user, offsets, time, event, keep, kind_of, codes, kinds, masks, n,
    stands, window, first, last, only_first, level, start,
):  # fmt: skip
    """Find attempts in order, with any other rows between, in one pass.

    What came first at a step is there at every later row too, so that of all starts
    that got there the latest is as good as any: it has the most time left.

    Args:
        kind_of, codes, kinds, masks: See `_know`.
        n: How many steps count.
        stands: By kind, the number of the step behind which it may stand in strict
            order.
        level, start: Written by user: the step reached, numbered as those that count,
            and the latest start that was the first to get there.

    Returns:
        The kinds of rows of each user, as bits; that of rows that are not understood
        also where two rows that matter are at one instant. Then nothing else holds.
    """
    seen = np.empty(end_user - first_user, np.int64)
    known = apart(most_rows(range(first_user, end_user), offsets))
    # Entry j + 1 is when the latest start was that has got to step j.
    latest = apart(len(stands) + 1)
    for u in range(first_user, end_user):
        latest[:] = LONG_AGO
        deepest, began, then = -1, LONG_AGO, LONG_AGO
        some, tied = 0, False
        low = offsets[u]
        _know(low, offsets[u + 1], event, keep, kind_of, codes, kinds, masks, n, known)
        for r in range(low, offsets[u + 1]):
            kind, t = known[r - low], time[r]
            if deepest == n - 1 and t > then:
                break
            # Most rows may be of no use: nothing here branches on that.
            matters = (kind != n) & (kind != n + 2)
            tied |= matters & (t == then)
            then = t if matters else then
            some |= 1 << kind
            if kind == n + 1:
                break
            starts = (kind == 0) & (first <= t) & (t < last)
            starts &= not only_first or deepest < 0
            since = t if starts else latest[kind]
            latest[kind + 1] = since if t - since <= window else latest[kind + 1]
            ahead = latest[deepest + 2] if deepest < n - 1 else LONG_AGO
            gets = ahead != LONG_AGO
            began = ahead if gets else began
            deepest += gets
        level[u], start[u] = deepest, began
        seen[u - first_user] = some | tied << (n + 1)
    return seen


@kernel
def strictly(  # type: ignore[no-untyped-def]
    first_user, end_user, offsets, time, event, keep, kind_of, codes, kinds, masks, n,
    stands, window, first, last, only_first, level, start,
):  # fmt: skip
    """Do the same as `in_turn` with no other rows between.

    All starts that are under way are at the same step: only the latest is kept.
    """
    seen = np.empty(end_user - first_user, np.int64)
    known = apart(most_rows(range(first_user, end_user), offsets))
    for u in range(first_user, end_user):
        deepest, began, then = -1, LONG_AGO, LONG_AGO
        some, tied = 0, False
        at, since = -1, LONG_AGO
        low = offsets[u]
        _know(low, offsets[u + 1], event, keep, kind_of, codes, kinds, masks, n, known)
        for r in range(low, offsets[u + 1]):
            kind, t = known[r - low], time[r]
            if deepest == n - 1 and t > then:
                break
            some |= 1 << kind
            if kind == n + 2:
                continue
            tied |= t == then
            then = t
            if kind == n + 1:
                break
            starts = (kind == 0) & (first <= t) & (t < last)
            starts &= not only_first or deepest < 0
            goes = (at >= 0) & (kind == at + 1) & (t - since <= window)
            stays = (at >= 0) & (stands[kind] == at)
            at = 0 if starts else at + 1 if goes else at if stays else -1
            since = t if starts else since
            gets = at > deepest
            began = since if gets else began
            deepest += gets
        level[u], start[u] = deepest, began
        seen[u - first_user] = some | tied << (n + 1)
    return seen


@kernel
def anyhow(  # type: ignore[no-untyped-def]
    first_user, end_user, offsets, time, event, keep, kind_of, codes, kinds, masks, n,
    stands, window, first, last, only_first, level, start,
):  # fmt: skip
    """Do the same as `in_turn` in any order."""
    seen = np.empty(end_user - first_user, np.int64)
    known = apart(most_rows(range(first_user, end_user), offsets))
    # By kind, when its latest row was.
    latest = apart(len(stands))
    for u in range(first_user, end_user):
        latest[:] = LONG_AGO
        deepest, began, then, begins = -1, LONG_AGO, LONG_AGO, LONG_AGO
        some, tied = 0, False
        low = offsets[u]
        _know(low, offsets[u + 1], event, keep, kind_of, codes, kinds, masks, n, known)
        for r in range(low, offsets[u + 1]):
            kind, t = known[r - low], time[r]
            if deepest == n - 1 and t > then:
                break
            some |= 1 << kind
            if kind == n + 1:
                break
            matters = kind < n
            tied |= matters & (t == then)
            then = t if matters else then
            counts = matters & (first <= t)
            latest[kind] = t if counts else latest[kind]
            starts = counts & (t < last) & (not only_first or deepest < 0)
            begins = t if starts else begins
            count = 0
            for k in range(n):
                count += latest[k] >= t - window
            if counts & (begins >= t - window) & (count - 1 > deepest):
                deepest, began = count - 1, begins
                for k in range(n):
                    if latest[k] >= t - window:
                        began = min(began, latest[k])
        level[u], start[u] = deepest, began
        seen[u - first_user] = some | tied << (n + 1)
    return seen


@kernel
def follow(  # type: ignore[no-untyped-def]
    first_user, end_user, offsets, time, event, keep, kind_of, codes, kinds, masks,
    must, before, window, first, until, rules, stands, seen, level, row, closed,
    removed, done, rows, since, reached,
):  # fmt: skip
    """Write the attempts of which one pass has found the depth and the start.

    Args:
        stands: By kind, the number of the step behind which it may stand.
        seen: The kinds of each user's rows, as bits.
        level, row: By user: the step reached, numbered as those that count, and when
            the attempt starts; written over.

    Other arguments are those of `opslib.chains.attempts`.

    Returns:
        The users that are left to be searched.
    """
    unordered, strict, only_first, _, _ = rules
    steps, counted = len(must), np.flatnonzero(must)
    n = len(counted)
    best, chain = apart(steps), apart(steps)
    known = apart(most_rows(range(first_user, end_user), offsets))
    others = np.empty(end_user - first_user, np.int64)
    n_others = 0
    for u in range(first_user, end_user):
        closed[u], removed[u] = False, False
        odd = seen[u - first_user] & 1 << (n + 1) != 0
        if level[u] >= 0 and not odd:
            low, high, deepest = offsets[u], offsets[u + 1], counted[level[u]]
            _know(low, high, event, keep, kind_of, codes, kinds, masks, n, known)
            start, most = low, n if unordered else 1
            while time[start] != row[u] or known[start - low] >= most:
                start += 1
            reaches = deepest + 1
            if unordered:
                _each_first(start, low, known, n, deepest, best)
            else:
                _chain(start, low, known, must, deepest, best)
            if seen[u - first_user] >> (n + 3):
                reaches = steps
                odd = not _fullest(
                    low, high, time, known, n, must, stands, deepest, window, first,
                    only_first, strict, chain, best,
                )  # fmt: skip
            if not odd:
                write(
                    u, deepest, reaches, best, time, before, window, until, level, row,
                    closed, done, rows, since, reached,
                )  # fmt: skip
        if odd:
            level[u] = -1
            others[n_others] = u
            n_others += 1
    return others[:n_others]


@piece
def _each_first(start, low, known, n, deepest, best):  # type: ignore[no-untyped-def]
    """Write the first rows of so many steps, from the row of a start on."""
    r, filled, count = start, 0, 0
    while count <= deepest:
        kind = known[r - low]
        if kind < n and not filled >> kind & 1:
            filled |= 1 << kind
            best[count] = r
            count += 1
        r += 1


@piece
def _chain(start, low, known, must, deepest, chain):  # type: ignore[no-untyped-def]
    """Write the rows of the steps that count up to the deepest, from a start on."""
    chain[:] = -1
    chain[0] = r = start
    j = 0
    for k in range(1, deepest + 1):
        if must[k]:
            j += 1
            r += 1
            while known[r - low] != j:
                r += 1
            chain[k] = r


@piece
def _fullest(  # type: ignore[no-untyped-def]
    low, high, time, known, n, must, stands, deepest, window, first, only_first, strict,
    chain, best,
):  # fmt: skip
    """Fill the steps that may be left out, from the best start to get this deep.

    Of the starts that get there at the same row that is the one which fills most, and
    of these the latest.

    Returns:
        False if there are too many to look at each.
    """
    latest, final = best[0], best[deepest]
    earliest = latest
    if deepest > 0 and not only_first:
        while earliest > low and time[earliest - 1] >= max(first, time[final] - window):
            earliest -= 1
    if (latest - earliest) * (final - earliest) > MOST_LOOKS:
        return False
    filled = -1
    for start in range(latest, earliest - 1, -1):
        kind = known[start - low]
        if strict and kind != n + 2 and stands[kind] != 0:
            break
        if kind != 0:
            continue
        _chain(start, low, known, must, deepest, chain)
        more = _fill(
            low, high, time, known, n, must, stands, deepest, window, strict, chain
        )
        if more > filled:
            filled = more
            best[:] = chain
        if filled == len(must) - n:
            break
    return True


@piece
def _fill(  # type: ignore[no-untyped-def]
    low, high, time, known, n, must, stands, deepest, window, strict, chain
):
    """Fill the steps of a chain that may be left out; count them."""
    filled, j, here = 0, -1, 0
    limit = time[chain[0]] + window
    for k in range(len(must)):
        if must[k]:
            if k > deepest:
                break
            j, here = j + 1, chain[k]
            continue
        r = here + 1
        while r < high and time[r] <= limit:
            kind = known[r - low]
            if kind == n + 3 + k:
                chain[k] = here = r
                filled += 1
                break
            # The next step; in strict order any other.
            if kind == j + 1 or (strict and kind != n + 2 and stands[kind] != j):
                break
            r += 1
    return filled


@piece
def write(  # type: ignore[no-untyped-def]
    u, deepest, steps, best, time, before, window, until, level, row, closed, done,
    rows, since, reached,
):  # fmt: skip
    """Write a user's attempt, given the rows of its first so many steps."""
    level[u] = deepest
    closed[u] = time[best[0]] + window <= until
    row[u] = best[0]
    for k in range(steps):
        if best[k] < 0:
            continue
        if k > 0:
            since[k, reached[k]] = time[best[k]] - time[best[before[k]]]
            reached[k] += 1
        if len(done) > 0:
            done[u, k] = True
        if len(rows) > 0:
            rows[u, k] = best[k]
