"""The compiled inner loops of cohorts: who began when, and who came back when.

The rows of some events are given user by user, as `cohorts.Rows`: those of user u are
offsets[u] to offsets[u + 1] of `time`. `row` has their places in the log and is empty
where they are the log itself; `wanted` says which codes in `event` count, and `keep`
which rows of the log; both are empty where all do.
"""

import numpy as np

from opslib.kernels import kernel, period_of

FIRST, FIRST_MATCHING, RECURRING = 0, 1, 2


@kernel
def entries(  # type: ignore[no-untyped-def]
    first, end, offsets, time, row, event, wanted, keep, edges, begins, ends, kind
):
    """Find where users enter cohorts at begins <= t < ends.

    Returns:
        The user, the row of the log and the period of each, and how many users have a
        row that counts only after one that `keep` refuses, if `kind` is FIRST.
    """
    # Of memory that is not written to nothing is taken.
    most = offsets[end] - offsets[first] if kind == RECURRING else end - first
    user = np.empty(most, np.int32)
    place = np.empty(most, np.int64)
    period = np.empty(most, np.int32)
    n = 0
    passed_over = 0
    for u in range(first, end):
        refused = False
        pending = begins
        for i in range(offsets[u], offsets[u + 1]):
            if len(wanted) > 0 and not wanted[event[i]]:
                continue
            at = row[i] if len(row) > 0 else i
            if len(keep) > 0 and not keep[at]:
                refused = True
                continue
            inside = begins <= time[i] < ends
            if refused and kind == FIRST:
                passed_over += inside
                break
            if inside and time[i] >= pending:
                user[n] = u
                place[n] = at
                period[n] = period_of(time[i], edges)
                pending = edges[period[n] + 1]
                n += 1
            if kind != RECURRING or time[i] >= ends:
                break
    return user[:n].copy(), place[:n].copy(), period[:n].copy(), passed_over


@kernel
def returns(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, n_lines, offsets, time, row, event, wanted,
    keep, edges, length, column, n_columns, at_least, latest_only,
):  # fmt: skip
    """Count entries by line and by each column in which they came back.

    Args:
        first, end: The range of entries.
        user, start, period, line: Of each entry: who, when, its period, its row in the
            counts.
        n_lines: Rows of the counts.
        offsets, time, row, event, wanted, keep: The rows that count as coming back.
        edges: Edges of the calendar periods.
        length: Length of a period that begins with `start`; 0 for calendar periods.
        column: The column of each age, -1 for none; those later than all have the last.
        n_columns: Columns of the counts.
        at_least: Rows it takes in a column, or with `latest_only` in an age.
        latest_only: Count each entry in the last of its columns only, and ages later
            than all of `column` as its last.
    """
    counts = np.zeros((n_lines, n_columns), np.int64)
    oldest = len(column) - 1
    most = 0
    for e in range(first, end):
        most = max(most, offsets[user[e] + 1] - offsets[user[e]])
    unit = np.empty(most, np.int64)
    seen = np.empty(most, np.int64)
    n, k = 0, 0
    for e in range(first, end):
        begins = e == first or user[e - 1] != user[e]
        # Calendar periods are the same for all entries of a user; ages are not.
        if begins or length > 0:
            n = _periods(
                offsets[user[e]], offsets[user[e] + 1], start[e], time, row, event,
                wanted, keep, edges, length, at_least, unit, seen,
            )  # fmt: skip
            k = 0
        born = period[e] if length == 0 else 0
        while k < n and unit[k] <= born:
            k += 1
        in_column, latest, total = -1, -1, 0
        for j in range(k, n):
            age = unit[j] - born
            if age > oldest and not latest_only:
                break
            at = column[min(age, oldest)]
            if at != in_column or latest_only:
                in_column, total = at, 0
            missing = at_least - total
            total += seen[j]
            if at >= 0 and total >= at_least and missing > 0:
                latest = at
                if not latest_only:
                    counts[line[e], at] += 1
        if latest_only and latest >= 0:
            counts[line[e], latest] += 1
    return counts


@kernel
def _periods(  # type: ignore[no-untyped-def]
    low, stop, start, time, row, event, wanted, keep, edges, length, at_least, unit,
    seen,
):  # fmt: skip
    """Write the periods with rows that count from `start` on, and how many these are.

    More than `at_least` rows of a period are not looked at. Without a length, the
    periods are those of the calendar.

    Returns:
        How many periods there are.
    """
    n = 0
    pending = start
    for i in range(low, stop):
        if (
            time[i] < pending
            or (len(wanted) > 0 and not wanted[event[i]])
            or (len(keep) > 0 and not keep[row[i] if len(row) > 0 else i])
        ):
            continue
        if length == 0:
            now = period_of(time[i], edges)
            over = edges[now + 1]
        else:
            now = (time[i] - start) // length
            over = start + (now + 1) * length
        if n == 0 or unit[n - 1] != now:
            unit[n], seen[n] = now, 0
            n += 1
        seen[n - 1] += 1
        if seen[n - 1] >= at_least:
            pending = over
    return n


@kernel
def amounts(  # type: ignore[no-untyped-def]
    first, end, user, start, period, line, n_lines, offsets, time, row, event, wanted,
    keep, edges, length, ages, amount,
):  # fmt: skip
    """Add up amounts by line and column, from the start of each entry on.

    Args:
        ages: The first and the last age of each column; n columns, 2.
        amount: Of each row of the log, NaN for none.

    Returns:
        The sum in each column; the sum and the sum of squares over entries of what each
        had come to at the end of the column; and how many rows have no amount.
    """
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
            at = row[i] if len(row) > 0 else i
            if (len(wanted) > 0 and not wanted[event[i]]) or (
                len(keep) > 0 and not keep[at]
            ):
                continue
            if length == 0:
                age = period_of(time[i], edges) - period[e]
            else:
                age = (time[i] - start[e]) // length
            while done < n_columns and ages[done, 1] < age:
                values[line[e], done] += total
                squares[line[e], done] += total * total
                done += 1
            if done == n_columns:
                break
            if np.isnan(amount[at]):
                missing += i >= looked_at
                looked_at = max(looked_at, i + 1)
                continue
            total += amount[at]
            if ages[done, 0] <= age:
                sums[line[e], done] += amount[at]
        for k in range(done, n_columns):
            values[line[e], k] += total
            squares[line[e], k] += total * total
    return sums, values, squares, missing
