"""Compiled search for each user's attempt at steps of any kind and order.

`opslib.kernels.funnel_attempts` is quicker and knows only plain names in order. Here a
user's rows that can fill a step, or must not come between two, are gathered first; then
every start is followed by looking up where each step comes next, so that the work grows
with the rows and never with their square.
"""

import numpy as np

from opslib.kernels import kernel

EXCLUDES = 32


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
    first_user, end_user, offsets, time, event, keep, plain, codes, bits, masks, must,
    window, first, last, until, rules, rows, level, closed, removed,
):  # fmt: skip
    """Write each user's attempt over a range of users.

    Args:
        first_user, end_user: The range of users.
        offsets, time, event: The log.
        keep: For each row whether it counts; empty for all.
        plain, codes, bits, masks: `opslib.steps.Matches`.
        must: For each step, whether it may not be left out.
        window: Longest time from an attempt's start, inclusive.
        first, last: Attempts start at first <= t < last.
        until: The window of an attempt is closed if it ends by then.
        rules: unordered, strict order, only the first attempt, ties are strict, an
            exclusion ends the attempt.
        rows: By user and step, the row that fills it, or -1; by user and place in time
            for unordered.
        level, closed, removed: By user: the last step reached (-1 for none), whether
            the window is closed, whether an exclusion removed the user.
    """
    unordered, strict, only_first, later, ends_attempt = rules
    steps = len(must)
    most = 0
    for u in range(first_user, end_user):
        most = max(most, offsets[u + 1] - offsets[u])
    excluding = (plain >> EXCLUDES).any() or (bits >> EXCLUDES).any()
    at, bit, when = np.empty((3, most), np.int64)
    begin, end = np.empty((2, most), np.int64)
    tables = most + 1, steps
    step_next = np.empty(tables, np.int32)
    break_next = np.empty(tables if strict else (0, steps), np.int32)
    hit_next = np.empty(tables if excluding else (0, steps), np.int32)
    chain, best = np.empty(steps, np.int64), np.empty(steps, np.int64)
    over, holder = np.empty(steps, np.int64), np.empty(steps, np.int64)
    via = np.empty(steps, np.int64)
    allowed = _allowed(must)
    begins = (1 << steps) - 1 if unordered else 1
    for u in range(first_user, end_user):
        level[u], closed[u], removed[u] = -1, False, False
        n, starts = 0, False
        for row in range(offsets[u], offsets[u + 1]):
            if len(keep) > 0 and not keep[row]:
                continue
            b = plain[event[row]]
            for i in range(len(bits)):
                if codes[i, event[row]] and masks[i, row]:
                    b |= bits[i]
            # Most rows may be of no use: nothing here branches on that.
            at[n], bit[n], when[n] = row, b, time[row]
            inside = (first <= time[row]) & (time[row] < last)
            starts |= inside & ((b & begins) != 0)
            n += (b != 0) | strict
        if not starts:
            continue
        _instants(when, n, begin, end)
        _next(step_next, bit, n, 0)
        if strict:
            _next_other(break_next, bit, n, allowed)
        if excluding:
            _next(hit_next, bit, n, EXCLUDES)
        deepest, marked, filled = -1, False, 0
        for s in range(n):
            if not bit[s] & begins or not first <= when[s] < last:
                continue
            settled = deepest >= 0 and not marked and when[s] > when[best[deepest]]
            if settled and deepest >= _bound(step_next[begin[s]], must, n, unordered):
                break
            if unordered:
                depth = _any_order(
                    s, n, bit, when, step_next, window, chain, holder, via
                )
                mark, more = False, 0
            else:
                depth, mark = _in_order(
                    s, n, bit, when, begin, end, step_next, break_next, hit_next, must,
                    window, later, ends_attempt, chain, over,
                )  # fmt: skip
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
        removed[u] = marked
        if marked:
            continue
        level[u] = deepest
        closed[u] = when[best[0]] + window <= until
        for k in range(steps):
            rows[u, k] = at[best[k]] if best[k] >= 0 else -1


@kernel
def _bound(ahead, must, n, unordered):  # type: ignore[no-untyped-def]
    """Return the level that no start can pass, given where each step comes next."""
    level = -1
    for k in range(len(must)):
        if unordered:
            level += ahead[k] < n
        elif must[k]:
            if ahead[k] == n:
                break
            level = k
    return level


@kernel
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


@kernel
def _instants(when, n, begin, end):  # type: ignore[no-untyped-def]
    """Write for each row where the rows at its instant begin and end."""
    for i in range(n):
        begin[i] = begin[i - 1] if i > 0 and when[i - 1] == when[i] else i
    for i in range(n - 1, -1, -1):
        end[i] = end[i + 1] if i + 1 < n and when[i + 1] == when[i] else i + 1


@kernel
def _next(table, bit, n, offset):  # type: ignore[no-untyped-def]
    """Write for each place and step the first row from there with its bit, or n."""
    table[n] = n
    for i in range(n - 1, -1, -1):
        for k in range(table.shape[1]):
            table[i, k] = i if bit[i] >> (offset + k) & 1 else table[i + 1, k]


@kernel
def _next_other(table, bit, n, allowed):  # type: ignore[no-untyped-def]
    """Write for each place and step the first row from there that breaks it, or n."""
    table[n] = n
    for i in range(n - 1, -1, -1):
        for k in range(len(allowed)):
            table[i, k] = table[i + 1, k] if bit[i] & allowed[k] else i


@kernel
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
    chain[:] = -1
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


@kernel
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


@kernel
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


@kernel
def _lowest(bits):  # type: ignore[no-untyped-def]
    """Return the place of the lowest bit that is set."""
    place = 0
    while not bits >> place & 1:
        place += 1
    return place
