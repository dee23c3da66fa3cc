"""The compiled inner loops of cohorts: who began when, and who came back when."""

import numpy as np

from opslib import presence
from opslib.kernels import kernel, piece

FIRST, FIRST_MATCHING, RECURRING = 0, 1, 2


@kernel
def entries(  # type: ignore[no-untyped-def]
    first, end, rows, of_day, begins, ends, kind, at, user, place, period
):
    """Write where users enter cohorts on days begins <= d < ends.

    Args:
        first, end: The range of users.
        rows: The rows that begin a user.
        of_day: The cohort of each day.
        begins, ends: See above.
        kind: FIRST, FIRST_MATCHING or RECURRING.
        at: Where to write the first entry.
        user, place, period: Written for each entry: the user, the row of the log, and
            its period.

    Returns:
        How many there are, and how many users have a row that counts only after one
        that `keep` refuses, if `kind` is FIRST.
    """
    offsets, _, day, row, wanted, keep = rows
    n = at
    passed_over = 0
    for u in range(first, end):
        refused = False
        latest = -1
        for i in range(offsets[u], offsets[u + 1]):
            if len(wanted) > 0 and not wanted[i]:
                continue
            if len(keep) > 0 and not keep[i]:
                refused = True
                continue
            inside = begins <= day[i] < ends
            if refused and kind == FIRST:
                passed_over += inside
                break
            if inside and of_day[day[i]] != latest:
                latest = of_day[day[i]]
                user[n] = u
                place[n] = row[i] if len(row) > 0 else i
                period[n] = latest
                n += 1
            if kind != RECURRING or day[i] >= ends:
                break
    return n - at, passed_over


@kernel
def returns(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, n_lines, rows, of_day, length, place,
    places, brackets, at_least, later, most,
):  # fmt: skip
    """Count entries by line and by each age, or bracket of ages, they came back in.

    Args:
        first, end: The range of entries.
        user, start, period, line: Of each entry: who, when, its period, its row in the
            counts. Times are only given where what a user did before an entry must be
            told from what came after it.
        n_lines: Rows of the counts.
        rows: The rows that count as coming back.
        of_day: The calendar period of each day.
        length: Length of an age that begins with `start`; 0 for calendar periods.
        place: The place of each age in the counts, its own or that of a bracket, -1 for
            none; older ones have none.
        places: The places that are counted, in order.
        brackets: The first and the last age of each; empty where places are ages.
        at_least: Rows it takes in a place.
        later: Whether a place counts too if one after it does.
        most: No line has more entries.

    Returns:
        The counts by line, as `presence.add` keeps them.
    """
    offsets, time, day, _, _, keep = rows
    n_places = places[-1] + 1
    planes = presence.planes(n_lines, n_places, most)
    active = presence.words(of_day[-1] + 1)
    came = presence.words(max(len(place), n_places))
    inside = presence.words(len(brackets))
    own = len(start) > 0
    for e in range(first, end):
        u = user[e]
        if own:
            low, high = offsets[u], offsets[u + 1]
            _places(
                low, high, start[e], period[e], time, day, keep, of_day, length, place,
                at_least, came,
            )  # fmt: skip
        else:
            if e == first or user[e - 1] != u:
                low, high = offsets[u], offsets[u + 1]
                presence.seen(low, high, day, keep, of_day, at_least, active)
            presence.earlier(active, period[e], came)
        if later:
            presence.at_or_after(came)
        if own or len(brackets) == 0:
            presence.add(planes, line[e], came)
        else:
            presence.any_in(came, brackets, inside)
            presence.add(planes, line[e], inside)
    return planes


@piece
def _places(  # type: ignore[no-untyped-def]
    low, high, start, born, time, day, keep, of_day, length, place, at_least, bits
):
    """Set the bits of the places with at least so many rows of an entry."""
    for w in range(len(bits)):
        bits[w] = 0
    latest, n = -1, 0
    for i in range(low, high):
        if time[i] < start or (len(keep) > 0 and not keep[i]):
            continue
        age = (time[i] - start) // length if length > 0 else of_day[day[i]] - born
        if age >= len(place):
            break
        n = n + 1 if place[age] == latest else 1
        latest = place[age]
        if n >= at_least and latest >= 0:
            bits[latest >> 6] |= presence.WORD(1) << presence.WORD(latest & 63)


@kernel
def amounts(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, n_lines, rows, of_day, length, ages, amount
):  # fmt: skip
    """Add up amounts by line and column, from the start of each entry on.

    Args:
        ages: The first and the last age of each column; n columns, 2.
        amount: Of each row of the log, NaN for none.

    Returns:
        The sum in each column; the sum and the sum of squares over entries of what each
        had come to at the end of the column; and how many rows have no amount.
    """
    offsets, time, day, row, _, keep = rows
    n_columns = len(ages)
    sums = np.zeros((n_lines, n_columns))
    values = np.zeros((n_lines, n_columns))
    squares = np.zeros((n_lines, n_columns))
    missing = 0
    looked_at = 0
    low = 0
    for e in range(first, end):
        u = user[e]
        stop = offsets[u + 1]
        if e == first or user[e - 1] != u:
            low = offsets[u]
        while low < stop and time[low] < start[e]:
            low += 1
        total = 0.0
        done = 0
        for i in range(low, stop):
            if len(keep) > 0 and not keep[i]:
                continue
            if length == 0:
                age = of_day[day[i]] - period[e]
            else:
                age = (time[i] - start[e]) // length
            while done < n_columns and ages[done, 1] < age:
                values[line[e], done] += total
                squares[line[e], done] += total * total
                done += 1
            if done == n_columns:
                break
            paid = amount[row[i] if len(row) > 0 else i]
            if np.isnan(paid):
                missing += i >= looked_at
                looked_at = max(looked_at, i + 1)
                continue
            total += paid
            if ages[done, 0] <= age:
                sums[line[e], done] += paid
        for k in range(done, n_columns):
            values[line[e], k] += total
            squares[line[e], k] += total * total
    return sums, values, squares, missing


# So few entries at a time that what is known of each stays in the cache.
TOGETHER = 256


@kernel
def _some_users(low, end, user):  # type: ignore[no-untyped-def]
    """Return the end of some entries from `low` on, those of a user together."""
    high = min(low + TOGETHER, end)
    while high < end and user[high] == user[high - 1]:
        high += 1
    return high


@kernel
def _add_users(user, line, each, over, group, n, x, sums):  # type: ignore[no-untyped-def]
    """Add, over users, what their entries come to in cells that are over.

    Args:
        user, line: Of each entry: who, its row in `over`.
        each: By entry and column what it comes to.
        over: By line and column, whether the cell is over.
        group: Of each line.
        n, x: By group and column zeros, and again zeros at the end.
        sums: By kind, group and column: users, n, n squared, x, x squared and x times
            n, where n are the entries of a user there and x what they come to.
    """
    n_columns = over.shape[1]
    first = 0
    while first < len(user):
        end = first
        while end < len(user) and user[end] == user[first]:
            here = line[end]
            at = group[here]
            for k in range(n_columns):
                n[at, k] += over[here, k]
                x[at, k] += over[here, k] * each[end, k]
            end += 1
        # Nothing is left when another entry of the same group comes.
        for e in range(first, end if len(n) > 1 else first + 1):
            at = group[line[e]]
            for k in range(n_columns):
                size, total = n[at, k], x[at, k]
                n[at, k], x[at, k] = 0, 0
                sums[0, at, k] += size > 0
                sums[1, at, k] += size
                sums[2, at, k] += size * size
                sums[3, at, k] += total
                sums[4, at, k] += total * total
                sums[5, at, k] += total * size
        first = end


@kernel
def returns_by_user(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, over, group, n_groups, rows, of_day,
    length, place, places, brackets, birth, at_least, later,
):  # fmt: skip
    """Add up over users in how many cells they are, and in how many they came back.

    Args:
        over, group, n_groups: As for `_add_users`.
        places: The place of each column.
        birth: Whether the first column is age 0, at which everyone is there.

    Other arguments are those of `returns`.

    Returns:
        The sums of `_add_users`; by line and column, how many entries came back.
    """
    n_columns = over.shape[1]
    counts = np.zeros(over.shape, np.int64)
    sums = np.zeros((6, n_groups, n_columns))
    spare = np.zeros((2, n_groups, n_columns))
    low = first
    while low < end:
        high = _some_users(low, end, user)
        n = high - low
        each = np.empty((n, n_columns))
        planes = returns(
            0, n, user[low:high], start[low:high], period[low:high], np.arange(n), n,
            rows, of_day, length, place, places, brackets, at_least, later, 1,
        )  # fmt: skip
        for i in range(n):
            for k in range(n_columns):
                # Of one entry the first digit is all there is.
                word = planes[i, places[k] >> 6, 0]
                each[i, k] = word >> presence.WORD(places[k] & 63) & presence.WORD(1)
            if birth:
                each[i, 0] = 1
            for k in range(n_columns):
                counts[line[low + i], k] += np.int64(each[i, k])
        some, lines = user[low:high], line[low:high]
        _add_users(some, lines, each, over, group, spare[0], spare[1], sums)
        low = high
    return sums, counts


@kernel
def amounts_by_user(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, over, group, n_groups, rows, of_day,
    length, ages, amount,
):  # fmt: skip
    """Add up over users in how many cells they are, and what they brought by then.

    Args:
        over, group, n_groups: As for `_add_users`.

    Other arguments are those of `amounts`. Returns the sums of `_add_users`.
    """
    sums = np.zeros((6, n_groups, over.shape[1]))
    spare = np.zeros((2, n_groups, over.shape[1]))
    low = first
    while low < end:
        high = _some_users(low, end, user)
        n = high - low
        _, each, _, _ = amounts(
            0, n, user[low:high], start[low:high], period[low:high], np.arange(n), n,
            rows, of_day, length, ages, amount,
        )  # fmt: skip
        some, lines = user[low:high], line[low:high]
        _add_users(some, lines, each, over, group, spare[0], spare[1], sums)
        low = high
    return sums
