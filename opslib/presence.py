"""In which periods a user was seen, one bit per period: the compiled pieces.

Bits stand in words of 64: that of period p is bit p % 64 of word p // 64. To count
users by period is to add up bits at the same place. `add` keeps the sums in binary,
each of their digits in a plane of its own, so that one operation adds to 64 sums.
"""

import numpy as np

from opslib.kernels import apart, kernel, piece

WORD = np.uint64
# Digits that carries rarely go beyond.
USUAL = 8


@piece
def words(n):  # type: ignore[no-untyped-def]
    """Return zeros for n bits, at least one word."""
    return apart(max(1, (n + 63) >> 6)).view(WORD)


@piece
def planes(lines, n, most):  # type: ignore[no-untyped-def]
    """Return zeros for sums by line of n bits each, none of them above `most`."""
    digits = USUAL
    while most >> digits:
        digits += 1
    size = max(1, (n + 63) >> 6)
    return apart(lines * size * digits).view(WORD).reshape((lines, size, digits))


@piece
def seen(low, high, day, keep, of_day, least, bits):  # type: ignore[no-untyped-def]
    """Set the bits of the periods with at least so many of the rows low <= i < high.

    day: the day of each row; of_day: the period of each day.
    keep: which rows count; empty for all.
    """
    for w in range(len(bits)):
        bits[w] = 0
    all_count = len(keep) == 0
    latest, n = -1, 0
    if least > 1:
        for i in range(low, high):
            period = of_day[day[i]]
            n = n * (period == latest) + (all_count or keep[i])
            latest = period
            bits[period >> 6] |= WORD(n >= least) << WORD(period & 63)
        return
    # A row costs a few cycles: nothing here branches on what is hard to foresee.
    word, at = WORD(0), 0
    for i in range(low, high):
        period = of_day[day[i]]
        if period >> 6 != at:
            bits[at] |= word
            word, at = WORD(0), period >> 6
        word |= WORD(all_count or keep[i]) << WORD(period & 63)
    bits[at] |= word


@piece
def earlier(bits, by, out):  # type: ignore[no-untyped-def]
    """Write the bits moved to periods earlier by so many."""
    whole, part = by >> 6, WORD(by & 63)
    for w in range(len(out)):
        at = w + whole
        out[w] = bits[at] >> part if at < len(bits) else WORD(0)
        if part and at + 1 < len(bits):
            out[w] |= bits[at + 1] << (WORD(64) - part)


@piece
def later(bits, by, out):  # type: ignore[no-untyped-def]
    """Write the bits moved to periods later by so many; what leaves is lost."""
    whole, part = by >> 6, WORD(by & 63)
    for w in range(len(out) - 1, -1, -1):
        at = w - whole
        out[w] = bits[at] << part if at >= 0 else WORD(0)
        if part and at > 0:
            out[w] |= bits[at - 1] >> (WORD(64) - part)


@piece
def within(bits, n, out, spare):  # type: ignore[no-untyped-def]
    """Set the bits of the periods that end n periods of which one has its bit set."""
    for w in range(len(bits)):
        out[w] = bits[w]
    have = 1
    while have < n:
        by = min(have, n - have)
        later(out, by, spare)
        for w in range(len(out)):
            out[w] |= spare[w]
        have += by


@piece
def at_or_after(bits):  # type: ignore[no-untyped-def]
    """Set every bit before one that is set."""
    beyond = WORD(0)
    for w in range(len(bits) - 1, -1, -1):
        word = bits[w]
        for power in range(6):
            word |= word >> WORD(1 << power)
        bits[w] = word | beyond
        if word:
            beyond = ~WORD(0)


@piece
def any_in(bits, spans, out):  # type: ignore[no-untyped-def]
    """Set a bit for each span, from its first to its last bit, with a bit in it."""
    for w in range(len(out)):
        out[w] = 0
    for i in range(len(spans)):
        low, high = spans[i, 0], min(spans[i, 1], 64 * len(bits) - 1)
        found = WORD(0)
        for w in range(low >> 6, (high >> 6) + 1):
            word = bits[w]
            if w == low >> 6:
                word = word >> WORD(low & 63) << WORD(low & 63)
            if w == high >> 6:
                word = word << WORD(63 - (high & 63))
            found |= word
        out[i >> 6] |= WORD(found != 0) << WORD(i & 63)


@piece
def add(planes, line, bits):  # type: ignore[no-untyped-def]
    """Add each bit to the sum at its place in a line; see `sums` for the planes."""
    for w in range(planes.shape[1]):
        carry = bits[w]
        # How far each carry goes is hard to foresee.
        for digit in range(USUAL):
            carried = planes[line, w, digit] & carry
            planes[line, w, digit] ^= carry
            carry = carried
        digit = USUAL
        while carry:
            carried = planes[line, w, digit] & carry
            planes[line, w, digit] ^= carry
            carry = carried
            digit += 1


@kernel
def sums(planes, places):  # type: ignore[no-untyped-def]
    """Return the sums of each line at these places, which `add` has added up.

    planes: by line, word and binary digit.
    """
    found = np.zeros((len(planes), len(places)), np.int64)
    for line in range(len(planes)):
        for i in range(len(places)):
            for digit in range(planes.shape[2]):
                word = planes[line, places[i] >> 6, digit]
                bit = word >> WORD(places[i] & 63) & WORD(1)
                found[line, i] += np.int64(bit) << digit
    return found
