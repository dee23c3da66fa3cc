"""Bits of periods against sets of numbers."""

import datetime as dt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib import presence
from opslib.kernels import kernel, period_of
from opslib.periods import calendar, edges, span

N = 150
periods_of = some.sets(some.integers(0, N - 1), max_size=40)


@kernel
def moved(bits, by, back):
    out = presence.words(N)
    if back:
        presence.earlier(bits, by, out)
    else:
        presence.later(bits, by, out)
    return out


@kernel
def recent(bits, n):
    out, spare = presence.words(N), presence.words(N)
    presence.within(bits, n, out, spare)
    return out


@kernel
def smeared(bits):
    presence.at_or_after(bits)
    return bits


@kernel
def hit(bits, spans):
    out = presence.words(len(spans))
    presence.any_in(bits, spans, out)
    return out


@kernel
def added(several, most):
    planes = presence.planes(2, N, most)
    for bits in several:
        presence.add(planes, 1, bits)
    return presence.sums(planes, np.arange(N))


@kernel
def found(day, keep, of_day, least):
    bits = presence.words(of_day[-1] + 1)
    presence.seen(0, len(day), day, keep, of_day, least, bits)
    return bits


@kernel
def looked_up(instants, of):
    return np.array([period_of(t, of) for t in instants])


def bits_of(members, n=N):
    words = [0] * max(1, -(-n // 64))
    for p in members:
        words[p // 64] |= 1 << p % 64
    return np.array(words, np.uint64)


def members(bits):
    return {
        64 * w + b
        for w, word in enumerate(bits)
        for b in range(64)
        if int(word) >> b & 1
    }


@settings(deadline=None, max_examples=100)
@given(periods_of, some.integers(0, N + 5))
def test_bits_move_to_other_periods(some_periods, by):
    bits = bits_of(some_periods)
    assert members(moved(bits, by, True)) == {p - by for p in some_periods if p >= by}
    beyond = 64 * len(bits)
    assert members(moved(bits, by, False)) == {
        p + by for p in some_periods if p + by < beyond
    }


@settings(deadline=None, max_examples=100)
@given(periods_of, some.integers(1, N + 5))
def test_a_period_is_recent_for_as_many_as_asked(some_periods, n):
    got = members(recent(bits_of(some_periods), n))
    assert {p for p in got if p < N} == {
        p for p in range(N) if some_periods & {*range(p - n + 1, p + 1)}
    }


@settings(deadline=None, max_examples=50)
@given(periods_of)
def test_every_period_before_the_last_is_one_it_was_seen_at_or_after(some_periods):
    assert members(smeared(bits_of(some_periods))) == {
        *range(max(some_periods, default=-1) + 1)
    }


@settings(deadline=None, max_examples=100)
@given(
    periods_of,
    some.lists(
        some.tuples(some.integers(0, N), some.integers(0, 80)), min_size=1, max_size=70
    ),
)
def test_a_span_is_hit_when_a_period_lies_in_it(some_periods, spans):
    pairs = np.array([(low, low + more) for low, more in spans])
    got = members(hit(bits_of(some_periods), pairs))
    assert got == {
        i
        for i, (low, high) in enumerate(pairs)
        if some_periods & {*range(low, high + 1)}
    }


@settings(deadline=None, max_examples=50)
@given(some.lists(periods_of, min_size=1, max_size=40))
def test_users_add_up_at_each_period(users):
    several = np.array([bits_of(one) for one in users])
    none, counts = added(several, len(users))
    assert not none.any()
    assert counts.tolist() == [sum(p in one for one in users) for p in range(N)]


@settings(deadline=None, max_examples=100)
@given(
    some.lists(some.tuples(some.integers(0, 10 * N - 1), some.booleans()), max_size=60),
    some.booleans(),
    some.integers(1, 3),
)
def test_a_period_counts_with_enough_rows_that_do(rows, masked, least):
    rows = sorted(rows)
    day = np.array([t for t, _ in rows], np.uint16)
    keep = np.array([k for _, k in rows] if masked else [], np.bool_)
    of_day = np.arange(10 * N) // 10
    kept = [t // 10 for t, k in rows if k or not masked]
    assert members(found(day, keep, of_day, least)) == {
        p for p in kept if kept.count(p) >= least
    }


@settings(deadline=None, max_examples=60)
@given(
    some.sampled_from(
        ["UTC", "Europe/Berlin", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe"]
    ),
    some.sampled_from(["day", "week", "month"]),
    some.dates(
        min_value=dt.date(2011, 11, 1),
        max_value=dt.date(2012, 2, 1),
    ),
    some.integers(0, 200),
    some.randoms(use_true_random=False),
)
def test_the_period_of_an_instant_is_where_it_lies_between_edges(
    zone, period, first, more, random
):
    begin, end = span((first, first + dt.timedelta(days=more)), zone)
    of = edges(begin, end - 1, period, zone)
    near = [int(e) + d for e in of for d in (-1, 0, 1)]
    anywhere = [random.randrange(int(of[0]), int(of[-1])) for _ in range(20)]
    instants = np.array([t for t in [*near, *anywhere] if of[0] <= t < of[-1]])
    expected = np.searchsorted(of, instants, side="right") - 1
    assert looked_up(instants, calendar(of)).tolist() == expected.tolist()
