"""Compiled search for the attempt of a user in one pass over the rows.

Each row moves the latest start that has got to a step on to the next. That finds the
attempt where no two rows of a user are at one instant, fit two steps, or exclude what
is under way; the other users are told, for `opslib.chains` to search.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from opslib.kernels import apart, kernel, piece

# Bit EXCLUDES + k of a row: it must not come between step k and the next.
EXCLUDES = 32
# So long that no window reaches back to it.
LONG_AGO = -(1 << 62)
# Starts times rows up to which each start is followed row by row.
MOST_LOOKS = 4096
MOST_KINDS = 256
# What is seen of a user: a step that may be left out; rows that are not understood.
MAY, ODD = 1, 2


class Kinds(NamedTuple):
    """What rows are, as numbers.

    Of n steps that count, kind j is that of number j, n of none, n + 1 is not
    understood in one pass, n + 2 does not count, n + 3 + k is step k, which may be left
    out, and those from `bans` on only exclude.

    Attributes:
        plain: By event code, of what has no conditions.
        others: Of each of the others.
        stands: By kind, the number of the step behind which it may stand in strict
            order.
        guards: By kind, as bits the numbers of the steps behind which it must not come.
        bans: The first kind that only excludes.
    """

    plain: npt.NDArray[np.uint8]
    others: npt.NDArray[np.uint8]
    stands: npt.NDArray[np.int64]
    guards: npt.NDArray[np.int64]
    bans: int


def kinds_of(
    plain: npt.NDArray[np.int64],
    bits: npt.NDArray[np.int64],
    must: npt.NDArray[np.bool_],
) -> Kinds:
    """Name the kinds of rows with these bits, see `opslib.steps.Matches`.

    Example:
        >>> a, b, refund = 1 << 0, 1 << 1, 1 << EXCLUDES
        >>> codes, none = np.array([a, b, a | b, 0, refund]), np.array([], int)
        >>> kinds_of(codes, none, np.array([True, True])).plain
        array([0, 1, 3, 2, 7], dtype=uint8)
    """
    every, counted = np.concatenate([plain, bits]), np.flatnonzero(must)
    n, bans = len(counted), len(counted) + 3 + len(must)
    kind = np.full(len(every), n + 1)
    kind[every == 0] = n
    for k in range(len(must)):
        number = int(must[:k].sum())
        kind[every == 1 << k] = number if must[k] else n + 3 + k
    only = (every != 0) & (every & ((1 << EXCLUDES) - 1) == 0)
    banned, place = np.unique(every[only], return_inverse=True)
    if bans + len(banned) <= MOST_KINDS:
        kind[only] = bans + place
    else:
        banned = banned[:0]
    stands = np.full(bans + len(banned), -2)
    stands[:n] = np.arange(n)
    stands[n + 3 : bans] = np.cumsum(must) - 1
    guards = np.zeros(len(stands), np.int64)
    for j, step in enumerate(counted):
        guards[bans:] |= (banned >> (EXCLUDES + step) & 1) << j
    kind = kind.astype(np.uint8)
    return Kinds(kind[: len(plain)], kind[len(plain) :], stands, guards, bans)


@kernel
def gather(  # type: ignore[no-untyped-def]
    first, end, offsets, time, event, keep, codes, masks, kinds, n, strict, place, when,
    kind, at, room,
):  # fmt: skip
    """Write the rows of a few users that matter.

    In strict order that is any that counts, but of several in a row that are of no step
    the first of each of the first two instants will do: one that comes between two
    steps is among them.

    Args:
        first, end: The range of users.
        offsets, time, event, keep: See `opslib.chains.attempts`.
        codes, masks: Of what has conditions, the event codes, and the rows that meet
            them.
        kinds, n: See `Kinds`.
        place: Written by user: where the rows begin; one more, where they end.
        when, kind, at: Written by row; `at` is the row of the log.
        room: Two arrays like `kind` and `at`; in all of these there is room for one
            more than the rows of these users.
    """
    every, before = room
    low, high = offsets[first], offsets[end]
    rows = high - low
    for i in range(rows):
        every[i] = kinds.plain[event[low + i]]
    for c in range(len(masks)):
        for i in range(rows):
            if codes[c, event[low + i]] and masks[c, low + i]:
                every[i] = kinds.others[c] if every[i] == n else n + 1
    if len(keep) > 0:
        for i in range(rows):
            if not keep[low + i]:
                every[i] = n + 2
    # Nothing below branches on what rows are: half of them may be of no use.
    some = 0
    for i in range(rows):
        k = every[i]
        kind[some], when[some], at[some], before[i] = k, time[low + i], low + i, some
        matters = (k != n) & (k != n + 2)
        if strict:
            # What begins before the rows of a user is no step that this may break.
            i1, i2 = max(i - 1, 0), max(i - 2, 0)
            alike = (every[i1] == n) & (every[i2] == n)
            matters |= (k == n) & ~(alike & (time[low + i1] != time[low + i2]))
        some += matters
    before[rows] = some
    for u in range(first, end + 1):
        place[u - first] = before[offsets[u] - low]


@kernel
def in_turn(  # type: ignore[no-untyped-def]
    place, when, kind, kinds, n, window, first, last, only_first, level, start, seen
):
    """Find attempts in order, with any other rows between, in one pass.

    What came first at a step is there at every later row too, so that of all starts
    that got there the latest is as good as any: it has the most time left.

    Args:
        place, when, kind: See `gather`.
        kinds, n: See `Kinds`.
        window, first, last, only_first: See `opslib.chains.attempts`.
        level, start: Written by user: the step reached, numbered as those that count,
            and the latest start that was the first to get there.
        seen: Written by user: `MAY` and `ODD` as bits; if odd, nothing else holds.
    """
    # Entry j + 1 is when the latest start was that has got to step j.
    latest = apart(len(kinds.stands) + 1)
    for u in range(len(seen)):
        latest[: n + 1] = LONG_AGO
        deepest, began, then, may, odd = -1, LONG_AGO, LONG_AGO, False, False
        for r in range(place[u], place[u + 1]):
            k, t = kind[r], when[r]
            if deepest == n - 1 and t > then:
                break
            odd |= (t == then) | (k == n + 1)
            then = t
            may |= k > n + 2
            if k >= kinds.bans:
                for j in range(n - 1):
                    waits = (
                        latest[j + 1] > latest[j + 2] and latest[j + 1] >= t - window
                    )
                    odd |= waits and kinds.guards[k] >> j & 1 == 1
                continue
            if odd:
                break
            starts = (k == 0) & (first <= t) & (t < last)
            starts &= not only_first or deepest < 0
            since = t if starts else latest[k]
            latest[k + 1] = since if t - since <= window else latest[k + 1]
            ahead = latest[deepest + 2] if deepest < n - 1 else LONG_AGO
            gets = ahead != LONG_AGO
            began = ahead if gets else began
            deepest += gets
        level[u], start[u], seen[u] = deepest, began, may * MAY | odd * ODD


@kernel
def strictly(  # type: ignore[no-untyped-def]
    place, when, kind, kinds, n, window, first, last, only_first, level, start, seen
):
    """Do the same as `in_turn` with no other rows between.

    All starts that are under way are at the same step: only the latest is kept.
    """
    for u in range(len(seen)):
        deepest, began, then, may, odd = -1, LONG_AGO, LONG_AGO, False, False
        at, since = -1, LONG_AGO
        for r in range(place[u], place[u + 1]):
            k, t = kind[r], when[r]
            if deepest == n - 1 and t > then:
                break
            odd |= (t == then) | (k == n + 1)
            then = t
            may |= k > n + 2
            under_way = (at >= 0) & (t - since <= window)
            if k >= kinds.bans:
                odd |= under_way and kinds.guards[k] >> at & 1 == 1
            if odd:
                break
            starts = (k == 0) & (first <= t) & (t < last)
            starts &= not only_first or deepest < 0
            goes = under_way & (k == at + 1)
            stays = (at >= 0) & (kinds.stands[k] == at)
            at = 0 if starts else at + 1 if goes else at if stays else -1
            since = t if starts else since
            gets = at > deepest
            began = since if gets else began
            deepest += gets
        level[u], start[u], seen[u] = deepest, began, may * MAY | odd * ODD


@kernel
def anyhow(  # type: ignore[no-untyped-def]
    place, when, kind, kinds, n, window, first, last, only_first, level, start, seen
):
    """Do the same as `in_turn` in any order."""
    # By kind, when its latest row was.
    latest = apart(len(kinds.stands))
    for u in range(len(seen)):
        latest[:n] = LONG_AGO
        deepest, began, then, begins = -1, LONG_AGO, LONG_AGO, LONG_AGO
        odd = False
        for r in range(place[u], place[u + 1]):
            k, t = kind[r], when[r]
            if deepest == n - 1 and t > then:
                break
            odd |= (t == then) | (k == n + 1)
            if odd:
                break
            then = t
            counts = first <= t
            latest[k] = t if counts else latest[k]
            starts = counts & (t < last) & (not only_first or deepest < 0)
            begins = t if starts else begins
            count = 0
            for j in range(n):
                count += latest[j] >= t - window
            if counts & (begins >= t - window) & (count - 1 > deepest):
                deepest, began = count - 1, begins
                for j in range(n):
                    if latest[j] >= t - window:
                        began = min(began, latest[j])
        level[u], start[u], seen[u] = deepest, began, odd * ODD


@kernel
def follow(  # type: ignore[no-untyped-def]
    place, when, kind, kinds, must, window, first, rules, level, start, seen, best
):
    """Write the rows of the attempts of which one pass has found depth and start.

    Args:
        level: By user, the step reached; numbered as those that count, then as all.
        best: Written by user and step, as `gather` numbers rows; -1 for none.

    Other arguments are those of `in_turn` and of `opslib.chains.attempts`.

    Returns:
        The users that are left to be searched.
    """
    unordered, strict, only_first, _, _ = rules
    counted = np.flatnonzero(must)
    n = len(counted)
    starts = n if unordered else 1
    chain = apart(len(must))
    others, n_others = np.empty(len(seen), np.int64), 0
    for u in range(len(seen)):
        odd = seen[u] & ODD != 0
        if level[u] >= 0 and not odd:
            deepest = counted[level[u]]
            level[u] = deepest
            r = place[u]
            while when[r] != start[u] or kind[r] >= starts:
                r += 1
            if unordered:
                _each_first(r, kind, n, deepest, best[u])
            else:
                _chain(r, kind, must, deepest, best[u])
            if n < len(must) and seen[u] & MAY:
                odd = not _fullest(
                    place[u], place[u + 1], when, kind, n, must, kinds.stands, deepest,
                    window, first, only_first, strict, chain, best[u],
                )  # fmt: skip
        if odd:
            others[n_others] = u
            n_others += 1
    return others[:n_others]


@piece
def _each_first(start, kind, n, deepest, best):  # type: ignore[no-untyped-def]
    """Write the first rows of so many steps, from the row of a start on."""
    r, filled, count = start, 0, 0
    best[:] = -1
    while count <= deepest:
        k = kind[r]
        if k < n and not filled >> k & 1:
            filled |= 1 << k
            best[count] = r
            count += 1
        r += 1


@piece
def _chain(start, kind, must, deepest, chain):  # type: ignore[no-untyped-def]
    """Write the rows of the steps that count up to the deepest, from a start on."""
    chain[:] = -1
    chain[0] = r = start
    j = 0
    for k in range(1, deepest + 1):
        if must[k]:
            j += 1
            r += 1
            while kind[r] != j:
                r += 1
            chain[k] = r


@piece
def _fullest(  # type: ignore[no-untyped-def]
    low, high, when, kind, n, must, stands, deepest, window, first, only_first, strict,
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
        while earliest > low and when[earliest - 1] >= max(first, when[final] - window):
            earliest -= 1
    if (latest - earliest) * (final - earliest) > MOST_LOOKS:
        return False
    filled = -1
    for start in range(latest, earliest - 1, -1):
        if strict and stands[kind[start]] != 0:
            break
        if kind[start] != 0:
            continue
        _chain(start, kind, must, deepest, chain)
        more = _fill(high, when, kind, n, must, stands, deepest, window, strict, chain)
        if more > filled:
            filled = more
            best[:] = chain
        if filled == len(must) - n:
            break
    return True


@piece
def _fill(  # type: ignore[no-untyped-def]
    high, when, kind, n, must, stands, deepest, window, strict, chain
):
    """Fill the steps of a chain that may be left out; count them."""
    filled, j, here = 0, -1, 0
    limit = when[chain[0]] + window
    for k in range(len(must)):
        if must[k]:
            if k > deepest:
                break
            j, here = j + 1, chain[k]
            continue
        r = here + 1
        while r < high and when[r] <= limit:
            if kind[r] == n + 3 + k:
                chain[k] = here = r
                filled += 1
                break
            # The next step; in strict order any other.
            if kind[r] == j + 1 or (strict and stands[kind[r]] != j):
                break
            r += 1
    return filled
