"""Compiled search for each user's attempt at steps of any kind and order.

`opslib.kernels.funnel_attempts` is quicker and knows only plain names in order. Here
`opslib.one_pass` finds the attempt of nearly everyone. Where two rows of a user are at
one instant, fit two steps, or one excludes, every start is followed by looking up where
each step comes next, so that the work grows with the rows and never with their square.
"""

import numpy as np

from opslib import one_pass
from opslib.kernels import apart, kernel, piece
from opslib.one_pass import EXCLUDES

BLOCK = 1024


@kernel
def mark_first(first, end, offsets, event, codes, among, out):  # type: ignore[no-untyped-def]
    """Mark each user's first row of the events `codes`, of those in `among`, if any."""
    for u in range(first, end):
        for row in range(offsets[u], offsets[u + 1]):
            if codes[event[row]] and (len(among) == 0 or among[row]):
                out[row] = True
                break


@kernel
def attempts(  # type: ignore[no-untyped-def]
    first_user, end_user, offsets, time, event, keep, match, kinds, must, before,
    window, first, last, until, rules, level, row, closed, removed, done, rows, since,
):  # fmt: skip
    """Write each user's attempt over a range of users.

    Args:
        first_user, end_user: The range of users.
        offsets, time, event: The log.
        keep: For each row whether it counts; empty for all.
        match: `opslib.steps.Matches`.
        kinds: `opslib.one_pass.Kinds` of it.
        must: For each step, whether it may not be left out.
        before: For each step the one before it that may not.
        window: Longest time from an attempt's start, inclusive.
        first, last: Attempts start at first <= t < last.
        until: The window of an attempt is closed if it ends by then.
        rules: unordered, strict order, only the first attempt, ties are strict, an
            exclusion ends the attempt.
        level, row, closed, removed: By user: the last step reached (-1 for none), the
            row of the start, whether the window is closed, whether an exclusion removed
            the user.
        done: By user and step, whether it is filled; empty where the level tells.
        rows: By user and step, the row that fills it, or -1; by user and place in time
            for unordered. Empty where nobody asked.
        since: By step but the first, from the place of the first user on: the time
            since the step before, of the users who reached it, in their order.

    Returns:
        How many users of the range reached each step.
    """
    unordered, strict, only_first, _, _ = rules
    steps, n = len(must), must.sum()
    reached = np.full(steps, first_user)
    # Few users at a time, so that what is known of them stays in the cache.
    most = 0
    for user in range(first_user, end_user, BLOCK):
        most = max(most, offsets[min(user + BLOCK, end_user)] - offsets[user])
    when, at = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
    kind = np.empty(most + 1, np.uint8)
    room = np.empty_like(kind), np.empty_like(at)
    place, best = apart(BLOCK + 1), apart(BLOCK * steps).reshape((BLOCK, steps))
    start, seen = apart(BLOCK), apart(BLOCK)
    for user in range(first_user, end_user, BLOCK):
        end = min(user + BLOCK, end_user)
        mine, some = level[user:end], seen[: end - user]
        one_pass.gather(
            user, end, offsets, time, event, keep, match.codes, match.masks, kinds, n,
            strict, place, when, kind, at, room,
        )  # fmt: skip
        if unordered:
            one_pass.anyhow(
                place, when, kind, kinds, n, window, first, last, only_first, mine,
                start, some,
            )  # fmt: skip
        elif strict:
            one_pass.strictly(
                place, when, kind, kinds, n, window, first, last, only_first, mine,
                start, some,
            )  # fmt: skip
        else:
            one_pass.in_turn(
                place, when, kind, kinds, n, window, first, last, only_first, mine,
                start, some,
            )  # fmt: skip
        others = one_pass.follow(
            place, when, kind, kinds, must, window, first, rules, mine, start, some,
            best,
        )  # fmt: skip
        removed[user:end] = False
        if len(others) > 0:
            _by_search(
                others, place, when, at, event, match, must, window, first, last, rules,
                mine, removed[user:end], best,
            )  # fmt: skip
        _write(
            user, end, when, at, best, before, window, until, level, row, closed, done,
            rows, since, reached,
        )  # fmt: skip
    return reached - first_user


@kernel
def _write(  # type: ignore[no-untyped-def]
    first, end, when, at, best, before, window, until, level, row, closed, done, rows,
    since, reached,
):  # fmt: skip
    """Write the attempts of some users, given the row of each step."""
    for u in range(first, end):
        closed[u] = False
        if level[u] < 0:
            continue
        chain = best[u - first]
        closed[u] = when[chain[0]] + window <= until
        row[u] = at[chain[0]]
        for k in range(len(before)):
            if chain[k] < 0:
                continue
            if k > 0:
                since[k, reached[k]] = when[chain[k]] - when[chain[before[k]]]
                reached[k] += 1
            if len(done) > 0:
                done[u, k] = True
            if len(rows) > 0:
                rows[u, k] = at[chain[k]]


@kernel
def _by_search(  # type: ignore[no-untyped-def]
    users, place, when, at, event, match, must, window, first, last, rules, level,
    removed, best,
):  # fmt: skip
    """Find the attempts of some users, whatever their rows."""
    strict, steps = rules[1], len(must)
    most = 0
    for u in users:
        most = max(most, place[u + 1] - place[u])
    excluding = (match.plain >> EXCLUDES).any() or (match.bits >> EXCLUDES).any()
    bit, begin, end = apart(most), apart(most), apart(most)
    step_next = apart((most + 1) * steps).reshape((most + 1, steps))
    break_next = apart((most + 1) * steps * strict).reshape((-1, steps))
    hit_next = apart((most + 1) * steps * excluding).reshape((-1, steps))
    chain, over = apart(steps), apart(steps)
    holder, via = apart(steps), apart(steps)
    for u in users:
        low = place[u]
        n = place[u + 1] - low
        for i in range(n):
            bit[i] = _bits(at[low + i], event, match)
        level[u], removed[u] = _search(
            n, bit, when[low : low + n], begin, end, step_next, break_next, hit_next,
            must, window, first, last, rules, chain, best[u], over, holder, via,
        )  # fmt: skip
        if removed[u]:
            level[u] = -1
        for k in range(steps):
            best[u, k] = low + best[u, k] if best[u, k] >= 0 else -1


@piece
def _bits(r, event, match):  # type: ignore[no-untyped-def]
    """Return the bits of a row."""
    b = match.plain[event[r]]
    for i in range(len(match.bits)):
        if match.codes[i, event[r]] and match.masks[i, r]:
            b |= match.bits[i]
    return b


@piece
def _search(  # type: ignore[no-untyped-def]
    n, bit, when, begin, end, step_next, break_next, hit_next, must, window, first,
    last, rules, chain, best, over, holder, via,
):  # fmt: skip
    """Find the attempt whatever the rows, start by start; write its rows.

    Returns:
        The last step reached, and whether an exclusion removes the user.
    """
    unordered, strict, only_first, later, ends_attempt = rules
    steps = len(must)
    all_must = must.all()
    begins = (1 << steps) - 1 if unordered else 1
    excluding = len(hit_next) > 0
    several = 0
    for i in range(n):
        several |= bit[i] & (bit[i] - 1)
    start = 0
    while start < n and (not bit[start] & begins or not first <= when[start] < last):
        start += 1
    # Of starts before the same second step only the latest can be the attempt.
    latest_counts = all_must and not (unordered or strict or excluding or only_first)
    latest_counts &= not several
    _instants(when, n, begin, end)
    _next(step_next, bit, n, 0)
    if strict:
        _next_other(break_next, bit, n, _allowed(must))
    if excluding:
        _next(hit_next, bit, n, EXCLUDES)
    deepest, marked, filled = -1, False, 0
    then = start
    while then < n:
        s = then
        then = s + 1 if unordered else step_next[s + 1, 0]
        if not bit[s] & begins or not first <= when[s] < last:
            continue
        if deepest >= 0 and not marked and when[s] > when[best[deepest]]:
            if not all_must or unordered:
                if deepest >= _bound(step_next, begin[s], must, n, unordered):
                    break
            else:
                if deepest == steps - 1:
                    break
                deeper = step_next[begin[s], deepest + 1]
                if deeper == n:
                    break
                if when[deeper] > when[s] + window:
                    continue
        if latest_counts and s > start and then < n:
            low, high = (end[s], end[then]) if later else (begin[s], begin[then])
            if when[then] < last and step_next[low, 1] == step_next[high, 1]:
                continue
        mark, more = False, 0
        if unordered:
            depth = _any_order(s, n, bit, when, step_next, window, chain, holder, via)
        else:
            depth, mark = _in_order(
                s, n, bit, when, begin, end, step_next, break_next, hit_next, must,
                window, later, ends_attempt, chain, over,
            )  # fmt: skip
            if not all_must:
                more = _optional(
                    n, when, begin, end, step_next, must, later, chain, over
                )
        better = depth > deepest
        if depth == deepest:
            better = marked and not mark
            if marked == mark and depth > 0:
                ahead = chain[depth] - best[depth]
                better = ahead < 0 or (ahead == 0 and more >= filled)
        if better:
            deepest, marked, filled = depth, mark, more
            best[:] = chain
        if only_first:
            break
    return deepest, marked


@piece
def _bound(step_next, place, must, n, unordered):  # type: ignore[no-untyped-def]
    """Return the level that no start from a place on can pass."""
    level = -1
    for k in range(len(must)):
        if unordered:
            level += step_next[place, k] < n
        elif must[k]:
            if step_next[place, k] == n:
                break
            level = k
    return level


@piece
def _allowed(must):  # type: ignore[no-untyped-def]
    """Return for each step its bit and those of the optional steps behind it."""
    allowed = np.zeros(len(must), np.int64)
    for k in range(len(must)):
        allowed[k] = 1 << k
        after = k + 1
        while after < len(must) and not must[after]:
            allowed[k] |= 1 << after
            after += 1
    return allowed


@piece
def _instants(when, n, begin, end):  # type: ignore[no-untyped-def]
    """Write for each row where the rows at its instant begin and end."""
    for i in range(n):
        begin[i] = begin[i - 1] if i > 0 and when[i - 1] == when[i] else i
    for i in range(n - 1, -1, -1):
        end[i] = end[i + 1] if i + 1 < n and when[i + 1] == when[i] else i + 1


@piece
def _next(table, bit, n, offset):  # type: ignore[no-untyped-def]
    """Write for each place and step the first row from there with its bit, or n."""
    table[n] = n
    for i in range(n - 1, -1, -1):
        for k in range(table.shape[1]):
            # A choice without a branch, which would be guessed wrong.
            ahead = table[i + 1, k]
            table[i, k] = ahead ^ ((ahead ^ i) & -(bit[i] >> (offset + k) & 1))


@piece
def _next_other(table, bit, n, allowed):  # type: ignore[no-untyped-def]
    """Write for each place and step the first row from there that breaks it, or n."""
    table[n] = n
    for i in range(n - 1, -1, -1):
        for k in range(len(allowed)):
            table[i, k] = table[i + 1, k] if bit[i] & allowed[k] else i


@piece
def _in_order(  # type: ignore[no-untyped-def]
    s, n, bit, when, begin, end, step_next, break_next, hit_next, must, window, later,
    ends_attempt, chain, over,
):  # fmt: skip
    """Follow the start `s`: write its rows; return the level and whether it is marked.

    Each step takes the earliest row that can fill it. A row that could fill the step
    too and is in the chain already lets only later rows do so. `over` is when each
    step's wait for the next one ended.
    """
    last = len(must) - 1
    limit = when[s] + window
    for j in range(len(chain)):
        chain[j] = -1
    chain[0] = s
    p, marked = 0, False
    while p < last:
        q = p + 1
        while not must[q]:
            q += 1
        here = chain[p]
        low = end[here] if later else begin[here]
        for j in range(p + 1):
            if chain[j] >= low and bit[chain[j]] >> q & 1:
                low = chain[j] + 1
        x = step_next[low, q]
        reached = x < n and when[x] <= limit
        over[p] = limit
        if len(break_next) > 0:
            other = break_next[end[here], p]
            if other < n:
                reached = reached and when[other] >= when[x]
                over[p] = min(limit, when[other])
        if len(hit_next) > 0:
            hit = hit_next[end[here], p]
            if hit < n and (when[hit] < when[x] if reached else when[hit] <= over[p]):
                marked = not ends_attempt
                if ends_attempt:
                    reached = False
                    over[p] = min(over[p], when[hit])
        if not reached:
            break
        over[p] = when[x] - later
        chain[q] = x
        p = q
    return p, marked


@piece
def _optional(n, when, begin, end, step_next, must, later, chain, over):  # type: ignore[no-untyped-def]
    """Fill the optional steps of a chain with the rows that it left; count them."""
    filled = 0
    p, here = 0, chain[0]
    for k in range(1, len(must)):
        if must[k]:
            if chain[k] < 0:
                break
            p, here = k, chain[k]
            continue
        x = step_next[end[here] if later else begin[here], k]
        j = 0
        while x < n and j < len(chain):
            j += 1
            if chain[j - 1] == x:
                x, j = step_next[x + 1, k], 0
        if x < n and when[x] <= over[p]:
            chain[k] = here = x
            filled += 1
    return filled


@piece
def _any_order(s, n, bit, when, step_next, window, chain, holder, via):  # type: ignore[no-untyped-def]
    """Follow the start `s` in any order: write the rows that fill a step more each.

    A row fills a step more if it fits one that is free, or one whose row can move on to
    another: a matching that grows by augmenting paths.
    """
    steps = len(chain)
    holder[:] = -1
    limit = when[s] + window
    chain[:] = -1
    count, place = 0, s
    while count < steps:
        useful = 0
        for k in range(steps):
            if holder[k] < 0:
                useful |= 1 << k
        grown = True
        while grown:
            grown = False
            for k in range(steps):
                if not useful >> k & 1 and bit[holder[k]] & useful:
                    via[k] = _lowest(bit[holder[k]] & useful)
                    useful |= 1 << k
                    grown = True
        x = n
        for k in range(steps):
            if useful >> k & 1:
                x = min(x, step_next[place, k])
        if x == n or when[x] > limit:
            break
        k, row = _lowest(bit[x] & useful), x
        while holder[k] >= 0:
            holder[k], row, k = row, holder[k], via[k]
        holder[k] = row
        chain[count] = x
        count += 1
        place = x + 1
    return count - 1


@piece
def _lowest(bits):  # type: ignore[no-untyped-def]
    """Return the place of the lowest bit that is set."""
    place = 0
    while not bits >> place & 1:
        place += 1
    return place
