"""Every option of a funnel against its definition, and by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib import attempts
from tests.analyses.funnel_oracle import Options, best, by_user, log, pairs, spell

HOUR = 3_600_000_000
ROWS = some.lists(
    some.tuples(
        some.sampled_from(["ann", "bob"]),
        some.integers(0, 30),
        some.sampled_from("abcdx"),
        some.integers(0, 2),
    ),
    max_size=16,
)
CROWDED = some.lists(
    some.tuples(
        some.just("ann"), some.integers(0, 3), some.sampled_from("abx"), some.just(0)
    ),
    max_size=9,
)
EVENTS = some.sampled_from(["a", "b", "c", "d", ["a", "b"], ["b", "c"], None])
WHERE = some.sampled_from([[], [["x", ">=", 1]]])
STEP = some.fixed_dictionaries(
    {"event": EVENTS},
    optional={
        "where": WHERE,
        "occurrence": some.sampled_from(["any", "first_ever", "first_matching"]),
    },
)


@some.composite
def steps(draw, *, optional=True):
    found = draw(some.lists(STEP, min_size=2, max_size=4))
    for step in found[1:-1]:
        if optional and draw(some.booleans()):
            step["optional"] = True
    return found


@some.composite
def exclusions(draw, known):
    must = [k for k, step in enumerate(known) if not step.get("optional")]
    found = []
    for _ in range(draw(some.integers(1, 2))):
        after, before = sorted(draw(some.permutations(must))[:2])
        event = draw(some.sampled_from(["x", "d", ["c", "x"]]))
        found.append(
            {"event": event, "where": draw(WHERE), "after": after, "before": before}
        )
    return found


@some.composite
def options(draw):
    order = draw(some.sampled_from(["ordered", "strict", "unordered"]))
    known = draw(steps(optional=order != "unordered"))
    excluding = order != "unordered" and draw(some.booleans())
    return Options(
        steps=known,
        window=draw(some.sampled_from([0, 2, 5, 30])) or 1,
        order=order,
        attempt=draw(some.sampled_from(["deepest", "deepest", "first"])),
        ties=draw(some.sampled_from(["step_order", "strict"])),
        exclude=draw(exclusions(known)) if excluding else [],
        exclude_effect=draw(some.sampled_from(["remove_user", "end_attempt"])),
    )


def expected(rows, o):
    """Users and their hours since the step before, by step; and who was removed."""
    found = {user: best(mine, o) for user, mine in by_user(rows).items()}
    counted = {user: one for user, one in found.items() if one and not one[2]}
    users = [
        [user for user, (chain, _, _) in counted.items() if k in chain]
        for k in range(len(o.steps))
    ]
    hours = [[]]
    for p, k in pairs(o):
        taken = [
            by_user(rows)[user][counted[user][0][k]][0]
            - by_user(rows)[user][counted[user][0][p]][0]
            for user in users[k]
        ]
        hours.append(taken)
    removed = [user for user, one in found.items() if one and one[2]]
    return users, hours, removed, counted


def means(hours):
    return [np.mean(taken) if taken else np.nan for taken in hours]


def check(rows, o):
    result = ops.funnel(log(rows), **o.given())
    users, hours, removed, counted = expected(rows, o)
    assert [result.users(k).tolist() for k in range(len(o.steps))] == users
    assert result.table["users"].tolist() == [len(some) for some in users]
    np.testing.assert_allclose(result.table["mean_seconds"] / 3600, means(hours))
    # Each is that of its user: groups and sums over steps are made of them.
    since = attempts.find(log(rows), result._plan).since
    for one, taken in zip(since[1:], hours[1:], strict=True):
        np.testing.assert_allclose(one / HOUR, taken)
    told = [
        note.values["n"] for note in result.warnings if note.code == "funnel.removed"
    ]
    assert told == ([len(removed)] if removed else [])
    before = [0, *(p for p, _ in pairs(o))]
    for k, step in enumerate(map(spell, o.steps)):
        end = before[k] if step.get("optional") else k
        lost = [user for user in users[k] if counted[user][1] == end]
        assert result.users(k, dropped=True).tolist() == lost


def test_the_times_of_a_group_are_those_of_its_users():
    """However the attempts of each were found: two of ann's events are at once."""
    rows = [("ann", 1, "a", 0), ("ann", 1, "b", 0), ("ann", 2, "c", 0)]
    rows += [("bob", 1, "a", 1), ("bob", 6, "b", 1), ("bob", 10, "c", 1)]
    o = Options(["a", ["b", "d"], "c"], window=24)
    check(rows, o)
    result = ops.funnel(log(rows), **o.given(), by="x")
    hours = result.table["median_seconds"] / 3600
    np.testing.assert_allclose(hours, [np.nan, 0, 1, np.nan, 5, 4])
    taken = result.times()[result.times()["users"] > 0]
    assert taken["group"].tolist() == ["0", "1"]
    assert (taken["from_seconds"] // 3600).tolist() == [1, 9]


@settings(max_examples=200)
@given(ROWS, options())
def test_every_option_agrees_with_the_definition(rows, o):
    check(rows, o)


@settings(max_examples=150)
@given(
    some.lists(
        some.tuples(
            some.just("ann"),
            some.integers(0, 9),
            some.sampled_from("abx"),
            some.just(0),
        ),
        min_size=3,
        max_size=12,
    ),
    some.sampled_from([["a", "b"], ["a", "b", "a"], ["a", "b", "b", "b"]]),
    some.integers(1, 6),
    some.sampled_from(["ordered", "strict"]),
    some.sampled_from(["remove_user", "end_attempt"]),
    some.integers(1, 3),
)
def test_exclusions_agree_with_the_definition(rows, steps, window, order, effect, end):
    excluded = [{"event": "x", "after": 0, "before": min(end, len(steps) - 1)}]
    check(
        rows,
        Options(steps, window, order, exclude=excluded, exclude_effect=effect),
    )


@settings(max_examples=100)
@given(CROWDED, options())
def test_so_it_does_where_many_events_share_an_instant(rows, o):
    check(rows, o)


APART = some.lists(
    some.tuples(
        some.just("ann"), some.integers(14, 34), some.sampled_from("abcx"), some.just(0)
    ),
    min_size=3,
    max_size=14,
    unique_by=lambda row: row[1],
)
ONE_OF = some.lists(
    some.sampled_from(["a", "b", ["a", "b"], ["b", "c"], ["a", "c"]]),
    min_size=2,
    max_size=4,
)


@settings(max_examples=300)
@given(
    APART,
    ONE_OF,
    some.integers(3, 20),
    some.sampled_from(["ordered", "strict"]),
    some.sampled_from(["deepest", "first"]),
)
def test_and_where_no_two_events_share_an_instant(rows, steps, window, order, attempt):
    check(rows, Options([["a", "x"], *steps], window, order, attempt))


@some.composite
def apart(draw):
    """Options with steps and exclusions of which no event fits two."""
    order = draw(some.sampled_from(["ordered", "strict", "unordered"]))
    names = draw(some.permutations(["a", "b", "c", ["d", "x"]]))
    known = [{"event": name} for name in names[: draw(some.integers(2, 4))]]
    for step in known:
        if draw(some.integers(0, 3)) == 0:
            step["where"] = [["x", ">=", 1]]
    for step in known[1:-1]:
        if order != "unordered" and draw(some.booleans()):
            step["optional"] = True
    excluded = []
    if order != "unordered" and len(known) < len(names) and draw(some.booleans()):
        must = [k for k, step in enumerate(known) if not step.get("optional")]
        after, before = sorted(draw(some.permutations(must))[:2])
        excluded = [{"event": names[-1], "after": after, "before": before}]
        excluded[0]["where"] = draw(WHERE)
    return Options(
        steps=known,
        window=draw(some.integers(1, 25)),
        exclude=excluded,
        exclude_effect=draw(some.sampled_from(["remove_user", "end_attempt"])),
        order=order,
        attempt=draw(some.sampled_from(["deepest", "deepest", "first"])),
        ties=draw(some.sampled_from(["step_order", "strict"])),
    )


@settings(max_examples=400)
@given(
    some.lists(
        some.tuples(
            some.just("ann"),
            some.integers(10, 40),
            some.sampled_from("aabcdx"),
            some.integers(0, 2),
        ),
        min_size=3,
        max_size=20,
        unique_by=lambda row: row[1],
    ),
    apart(),
)
def test_and_no_event_fits_two_steps(rows, o):
    check(rows, o)


HAS_X = {"event": ["a", "b"], "where": [["x", ">=", 0]]}
NO_X = [{"event": "x", "where": [], "after": 0, "before": 1}]
OPTIONAL = [{"event": "a"}, {"event": "b", "optional": True}, {"event": "c"}]


@pytest.mark.parametrize(
    ("rows", "options", "users", "hours"),
    [
        # Of two starts that fill as much the latest is the attempt.
        ("0b 1a 2a 3c", {"steps": OPTIONAL}, [1, 0, 1], 1),
        # An earlier one that fills more is better, also where nothing breaks it.
        ("1a 2b 3a 4c", {"steps": OPTIONAL}, [1, 1, 1], 3),
        ("1a 2a 3b 4c", {"steps": OPTIONAL, "order": "strict"}, [1, 1, 1], 2),
        ("1a 2b 3a 4c", {"steps": OPTIONAL, "order": "strict"}, [1, 1, 1], 3),
        ("1a 2b 3x 3.5a 4c", {"steps": OPTIONAL, "order": "strict"}, [1, 0, 1], 0.5),
        ("1a 2x 3b 4c", {"steps": OPTIONAL, "order": "strict"}, [1, 0, 0], None),
        # What came before the days of entry starts nothing.
        ("-3a -2b 1a 2c", {"steps": OPTIONAL}, [1, 0, 1], 1),
        ("-1a 1b", {"steps": ["a", "b"], "order": "unordered"}, [1, 0], None),
        # At one instant the start may come after.
        ("1a 2b 2a", {"steps": ["a", "b"]}, [1, 1], 0),
        ("1a 2b 2a", {"steps": ["a", "b"], "ties": "strict"}, [1, 1], 1),
        ("1a 2x 2b", {"steps": ["a", "b"], "order": "strict"}, [1, 1], 1),
        # What comes between must be later than the one and earlier than the other.
        ("1a 1x 1x 2x 3b", {"steps": ["a", "b"], "order": "strict"}, [1, 0], None),
        # An exclusion counts to the end of the window, and in strict order too.
        ("1a 11x", {"steps": ["a", "b"], "exclude": NO_X}, [0, 0], None),
        ("1a 11.1x", {"steps": ["a", "b"], "exclude": NO_X}, [1, 0], None),
        (
            "1a 2x 3b",
            {"steps": ["a", "b"], "exclude": NO_X, "order": "strict"},
            [0, 0],
            None,
        ),
        ("1b 1a 2b", {"steps": ["a", "b", "b"]}, [1, 1, 1], 1),
        # An event may fit two steps by conditions alone.
        ("1a 2a", {"steps": [HAS_X | {"event": "a"}, HAS_X]}, [1, 1], 1),
    ],
)
def test_the_attempt_is_the_one_that_is_meant(rows, options, users, hours):
    told = [("ann", float(row[:-1]), row[-1], 0) for row in rows.split()]
    # In a list the events are of any kind to the compiled loops.
    steps = [
        step if isinstance(step, dict) else {"event": [step]}
        for step in options["steps"]
    ]
    o = Options(**{**options, "steps": steps}, window=10)
    if not rows.startswith("-"):
        # Of the days of entry the definition knows the end only.
        check(told, o)
    table = ops.funnel(log(told), **o.given()).table
    assert table["users"].tolist() == users
    last = table["mean_seconds"].iloc[-1] / 3600
    assert last == hours if hours is not None else np.isnan(last)


@pytest.mark.parametrize("starts", [3, 200])
def test_the_latest_start_that_has_most_is_taken_however_many_there_are(starts):
    rows = [("ann", 20 * i / starts, "a", 0) for i in range(starts)]
    rows += [("ann", 10.01, "b", 0), ("ann", 30, "c", 0)]
    o = Options(["a", {"event": "b", "optional": True}, "c"], window=48)
    check(rows, o)
    assert ops.funnel(log(rows), **o.given()).table["users"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("events", "steps", "users"),
    [
        # The first a is led on by b; the second lies after the days of entry.
        ("abacd", [["a", "b"], ["b", "c"], "d"], [1, 1, 0]),
        ("xabacd", ["x", ["a", "b"], ["b", "c"], "d"], [1, 1, 1, 0]),
    ],
)
def test_who_can_go_on_must_in_strict_order(events, steps, users):
    hours = [23, *range(24, 23 + len(events))]
    rows = [("ann", hour, event, 0) for hour, event in zip(hours, events, strict=True)]
    o = Options(steps, 10, "strict")
    check(rows, o)
    assert ops.funnel(log(rows), **o.given()).table["users"].tolist() == users


PLAIN = some.lists(some.sampled_from("abcd"), min_size=2, max_size=4)
CONDITIONS = some.fixed_dictionaries(
    {
        "where": some.sampled_from([[], [], [["x", "==", "0"]]]),
        "occurrence": some.sampled_from(["any", "any", "first_ever", "first_matching"]),
    }
)


@some.composite
def one_event_steps(draw):
    if draw(some.booleans()):
        return draw(PLAIN)
    names = draw(some.permutations("abcd"))[: draw(some.integers(2, 4))]
    return [{"event": name, **draw(CONDITIONS)} for name in names]


@settings(max_examples=150)
@given(
    ROWS,
    one_event_steps(),
    some.sampled_from([1, 5, 30]),
    some.sampled_from(["deepest", "first"]),
    some.sampled_from(["step_order", "strict"]),
    some.sampled_from(["first_touch", "last_touch", "step_1"]),
    some.sampled_from([[], [["x", "!=", "1"]]]),
)
def test_the_quick_way_and_the_general_one_agree(
    rows, steps, window, attempt, ties, attribution, where
):
    """Steps of one event in order are searched by event, all else by user."""
    given_options = {
        **Options(steps, window, attempt=attempt, ties=ties).given(),
        "attribution": attribution,
        "by": "x",
        "where": where,
    }
    quick = ops.funnel(log(rows), **given_options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts.Plan, "simple", False)
        general = ops.funnel(log(rows), **given_options)
    pd.testing.assert_frame_equal(quick.table, general.table)
    for k in range(len(steps)):
        assert quick.users(k).tolist() == general.users(k).tolist()
    pd.testing.assert_frame_equal(quick.over_time("day"), general.over_time("day"))


@pytest.mark.parametrize(
    "options",
    [
        {"steps": [["a", "b"], "c"]},
        {"steps": ["a", {"event": "b", "optional": True}, "c"]},
        {"steps": ["a", "b", "c"], "order": "strict"},
        {"steps": ["a", "b", "c"], "order": "unordered"},
        {"steps": ["a", "b"], "exclude": [{"event": "x"}]},
    ],
)
def test_thousands_of_users_are_found_as_a_few_of_them_are(options):
    rng = np.random.default_rng(0)
    few, many = 700, 4 * 700
    user, hours = rng.integers(0, few, 5_000), rng.integers(0, 40, 5_000)
    events, x = rng.choice([*"abcx"], 5_000), rng.integers(0, 2, 5_000)
    copies = [
        [
            (f"{copy * few + u:05d}", *one)
            for u, *one in zip(user, hours, events, x, strict=True)
        ]
        for copy in range(many // few)
    ]
    o = Options(**options, window=12)
    some, every = log(copies[0]), log([row for copy in copies for row in copy])
    plan = ops.funnel(some, **o.given(), where=[["x", ">=", 1]])._plan
    one, all_of = (attempts.find(part, plan, rows=True) for part in (some, every))
    assert all_of.level[:-1].tolist() == one.level[:-1].tolist() * 4
    assert all_of.closed[:-1].tolist() == one.closed[:-1].tolist() * 4
    assert all_of.removed == 4 * one.removed
    for k in range(1, len(o.steps)):
        assert all_of.since[k].tolist() == one.since[k].tolist() * 4
    filled = [part.rows >= 0 for part in (one, all_of)]
    assert filled[1][:-1].tolist() == filled[0][:-1].tolist() * 4


def group_of(rows, chain, attribution):
    """The value that tells an attempt's group; None where it did not get there."""
    if attribution == "last_touch":
        place = chain[max(chain)]
    else:
        place = chain.get(0 if attribution == "first_touch" else int(attribution[5:]))
    return None if place is None else str(rows[place][2])


@settings(max_examples=100)
@given(
    ROWS,
    some.sampled_from([["a", "b"], ["a", "b", "c"], ["a", ["b", "c"], "d"]]),
    some.sampled_from(["first_touch", "last_touch", "step_0", "step_1"]),
)
def test_groups_are_told_by_the_event_of_the_attribution(rows, steps, attribution):
    o = Options(steps, 5)
    result = ops.funnel(log(rows), by="x", attribution=attribution, **o.given())
    _, _, _, counted = expected(rows, o)
    mine = by_user(rows)
    groups = {
        user: group_of(mine[user], chain, attribution)
        for user, (chain, _, _) in counted.items()
    }
    shown = {}
    for place, group in enumerate(result.table["group"].iloc[:: len(steps)]):
        for k in range(len(steps)):
            shown[group, k] = result.users(k, group=place).tolist()
    assert shown == {
        (group, k): [
            user
            for user, (chain, _, _) in counted.items()
            if groups[user] == group and k in chain
        ]
        for group in {*groups.values()} - {None}
        for k in range(len(steps))
    }
    sizes = {key: len(users) for key, users in shown.items()}
    rows_of_table = result.table[["group", "users"]].to_numpy().tolist()
    assert rows_of_table == [
        [group, sizes[group, k]]
        for group in dict.fromkeys(result.table["group"])
        for k in range(len(steps))
    ]
    left = [note.values["n"] for note in result.warnings if "unreached" in note.code]
    nowhere = sum(group is None for group in groups.values())
    assert left == ([nowhere] if nowhere else [])
    if attribution == "first_touch":
        whole = ops.funnel(log(rows), **o.given()).table["users"].tolist()
        sums = [
            sum(sizes[g, k] for g in dict.fromkeys(result.table["group"]))
            for k in range(len(steps))
        ]
        assert sums == whole


@settings(max_examples=60)
@given(
    ROWS,
    some.sampled_from([["a", "b"], ["a", {"event": "b", "where": [["x", ">=", 1]]}]]),
)
def test_with_all_events_each_value_is_a_funnel_of_its_own(rows, steps):
    o = Options(steps, 5)
    result = ops.funnel(log(rows), by="x", attribution="all_events", **o.given())
    shown = {
        group: [result.users(k, group=place).tolist() for k in range(2)]
        for place, group in enumerate(result.table["group"].iloc[::2])
    }
    alone = {}
    for value in range(3):
        some_rows = [row for row in rows if row[3] == value]
        users, hours, _, _ = expected(some_rows, o)
        if users[0]:
            alone[str(value)] = users
            mean = result.table.loc[result.table["group"] == str(value), "mean_seconds"]
            np.testing.assert_allclose(mean / 3600, means(hours))
    assert shown == alone
    whole = ops.funnel(log(rows), **o.given())
    assert result.users(1).tolist() == whole.users(1).tolist()
    assert result.describe() == whole.describe()


SEGMENTS = some.sampled_from([[], [["x", ">=", 1]], [{"did": "a", "times": 2}]])


@settings(max_examples=60)
@given(ROWS, options(), some.sampled_from(["day", "week", "month"]), SEGMENTS)
def test_all_views_reconcile(rows, o, period, where):
    result = ops.funnel(log(rows), **o.given(), where=where)
    table, trend = result.table, result.over_time(period)
    last = len(o.steps) - 1
    assert trend["users"].sum() == table["users"][0] == len(result.users(0))
    assert trend["converted"].sum() == table["users"][last] == len(result.users(last))
    entered, over = trend["users"].sum(), trend["matured_users"].sum()
    still = [note.values["n"] for note in result.warnings if note.code == "funnel.open"]
    assert entered - over == sum(still)
    must = [k for k, step in enumerate(o.steps) if not spell(step).get("optional")]
    for k, after in pairwise(must):
        lost = set(result.users(k, dropped=True))
        assert lost | set(result.users(after)) == set(result.users(k))
        assert not lost & set(result.users(after))
    for k in range(1, last + 1):
        assert result.times(k)["users"].sum() == table["users"][k]


@settings(max_examples=80)
@given(
    ROWS,
    options(),
    some.sampled_from(["first_touch", "last_touch", "step_1", "all_events"]),
    some.sampled_from(["day", "week"]),
    SEGMENTS,
)
def test_all_views_reconcile_in_every_group(rows, o, attribution, period, where):
    if o.order == "unordered" and attribution == "step_1":
        attribution = "last_touch"
    options = {**o.given(), "where": where}
    result = ops.funnel(log(rows), by="x", attribution=attribution, **options)
    whole = ops.funnel(log(rows), **options)
    last = len(o.steps) - 1
    trend = result.over_time(period)
    groups = list(dict.fromkeys(result.table["group"]))
    for place, group in enumerate(groups):
        table = result.table[result.table["group"] == group]["users"].tolist()
        mine = trend[trend["group"] == group]
        assert mine["users"].sum() == table[0] == len(result.users(0, group=place))
        assert mine["converted"].sum() == table[last]
        assert len(result.users(last, group=place)) == table[last]
        over = mine["matured_share"] * mine["matured_users"]
        rate = result.table.loc[result.table["group"] == group, "matured_from_start"]
        if mine["matured_users"].sum() and o.order != "unordered":
            share = over.sum() / mine["matured_users"].sum()
            np.testing.assert_allclose(share, rate.iloc[last])
        for k in range(1, last + 1):
            times = result.times(k)
            here = times[times["group"] == group] if len(times) else times
            assert here["users"].sum() == table[k]
    assert trend["group"].drop_duplicates().tolist() == (groups if len(trend) else [])
    if attribution != "first_touch":
        return
    # Groups by the first event divide the users: they add up to all of them.
    counts = ["users", "converted", "matured_users"]
    summed = trend.groupby("period")[counts].sum() if len(trend) else trend[counts]
    expected = whole.over_time(period)
    assert summed.to_numpy().tolist() == expected[counts].to_numpy().tolist()
    for k in range(1, last + 1):
        bins = ["from_seconds", "users"]
        times, all_of = result.times(k), whole.times(k)
        if len(times):
            times = times.groupby("from_seconds", as_index=False)["users"].sum()
        assert times[bins].to_numpy().tolist() == all_of[bins].to_numpy().tolist()
