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
    """Users and mean hours since the step before, by step; and who was removed."""
    found = {user: best(mine, o) for user, mine in by_user(rows).items()}
    counted = {user: one for user, one in found.items() if one and not one[2]}
    users = [
        [user for user, (chain, _, _) in counted.items() if k in chain]
        for k in range(len(o.steps))
    ]
    hours = [np.nan]
    for p, k in pairs(o):
        taken = [
            by_user(rows)[user][counted[user][0][k]][0]
            - by_user(rows)[user][counted[user][0][p]][0]
            for user in users[k]
        ]
        hours.append(np.mean(taken) if taken else np.nan)
    removed = [user for user, one in found.items() if one and one[2]]
    return users, hours, removed, counted


def check(rows, o):
    result = ops.funnel(log(rows), **o.given())
    users, hours, removed, counted = expected(rows, o)
    assert [result.users(k).tolist() for k in range(len(o.steps))] == users
    assert result.table["users"].tolist() == [len(some) for some in users]
    np.testing.assert_allclose(result.table["mean_seconds"] / 3600, hours)
    told = [
        note.values["n"] for note in result.warnings if note.code == "funnel.removed"
    ]
    assert told == ([len(removed)] if removed else [])
    before = [0, *(p for p, _ in pairs(o))]
    for k, step in enumerate(map(spell, o.steps)):
        end = before[k] if step.get("optional") else k
        lost = [user for user in users[k] if counted[user][1] == end]
        assert result.users(k, dropped=True).tolist() == lost


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


PLAIN = some.lists(some.sampled_from("abcd"), min_size=2, max_size=4)


@settings(max_examples=100)
@given(ROWS, PLAIN, some.sampled_from([1, 5, 30]))
def test_the_quick_way_and_the_general_one_agree(rows, steps, window):
    """Plain names in order are searched event by event, all else user by user."""
    quick = ops.funnel(log(rows), by="x", **Options(steps, window).given())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts.Plan, "simple", False)
        general = ops.funnel(log(rows), by="x", **Options(steps, window).given())
    pd.testing.assert_frame_equal(quick.table, general.table)
    for k in range(len(steps)):
        assert quick.users(k).tolist() == general.users(k).tolist()
    pd.testing.assert_frame_equal(quick.over_time("day"), general.over_time("day"))


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
            np.testing.assert_allclose(mean / 3600, hours)
    assert shown == alone
    whole = ops.funnel(log(rows), **o.given())
    assert result.users(1).tolist() == whole.users(1).tolist()
    assert result.describe() == whole.describe()


@settings(max_examples=60)
@given(ROWS, options(), some.sampled_from(["day", "week", "month"]))
def test_all_views_reconcile(rows, o, period):
    result = ops.funnel(log(rows), **o.given())
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
