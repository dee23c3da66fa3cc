"""What holds between numbers of events, whatever is counted and of whom."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib import EventLog

START = pd.Timestamp("2026-03-02 00:00")
DAYS = 9
UNTIL = "2026-03-11T00:00"
ROWS = some.lists(
    some.tuples(
        some.sampled_from(["ann", "bob", "cy", "dee"]),
        some.integers(0, 24 * DAYS - 1),
        some.sampled_from(["view", "buy", "pay"]),
        some.sampled_from(["web", "app", None]),
    ),
    min_size=1,
    max_size=40,
)
BUYERS = [{"did": "buy", "times": 2}]
EVENING = [{"did": "view", "dates": ["2026-03-03", "2026-03-06"]}]
SEGMENTS = some.sampled_from([[], BUYERS, EVENING, [["place", "==", "app"], *BUYERS]])


def log(rows):
    """The rows, and those of somebody who is in every segment from first to last."""
    anchor = [
        ("zed", hour, event, "app")
        for hour in (0, 40, 24 * DAYS - 1)
        for event in ("view", "buy", "pay")
    ]
    frame = pd.DataFrame([*rows, *anchor], columns=["user", "hour", "event", "place"])
    frame["time"] = START + pd.to_timedelta(frame.pop("hour"), unit="h")
    return EventLog.from_frame(
        frame, user="user", event="event", time="time", until=UNTIL
    )


def of(rows, segment):
    """The rows of those users who did as `segment` says, counted one by one."""
    low, high = (0, 24 * DAYS) if segment is BUYERS else (24, 24 * 5 - 1)
    event, least = ("buy", 2) if segment is BUYERS else ("view", 1)
    did = [row[0] for row in rows if row[2] == event and low <= row[1] <= high]
    return [row for row in rows if did.count(row[0]) >= least]


STEPS = ["view", {"event": "buy", "optional": True}, ["pay", "buy"]]
ANALYSES = {
    "funnel": {"steps": STEPS, "window": "3D", "by": "place"},
    "retention": {"by": "place", "count": "on_or_after", "cohort": "recurring"},
    "lifecycle": {"period": "day", "churn_after": 2, "birth": "buy"},
    "activity": {"period": "day", "event": ["view", "pay"]},
    "paths": {"gap": "5h", "start": "view", "depth": 3},
}


@settings(max_examples=40)
@given(ROWS, some.sampled_from([BUYERS, EVENING]))
def test_a_segment_by_behaviour_is_as_if_nobody_else_were_there(rows, segment):
    for name, options in ANALYSES.items():
        analysis = getattr(ops, name)
        result = analysis(log(rows), where=segment, **options)
        alone = analysis(log(of(rows, segment)), **options)
        pd.testing.assert_frame_equal(result.table, alone.table)
        assert result.describe() == alone.describe()


@settings(max_examples=40)
@given(
    ROWS,
    SEGMENTS,
    some.sampled_from(["day", "week"]),
    some.integers(1, 3),
    some.sampled_from([None, "buy"]),
)
def test_the_active_are_those_before_without_the_lost_with_those_gained(
    rows, where, period, churn_after, birth
):
    result = ops.lifecycle(
        log(rows), period=period, churn_after=churn_after, birth=birth, where=where
    )
    users = {}
    for row in result.table.itertuples():
        users[row.period, row.state] = set(result.users(row.period, row.state))
        assert len(users[row.period, row.state]) == row.users
    before, ever = set(), set()
    for day in result.table["period"].unique():
        new, retained, back, dormant, churned, lost = (
            users[day, state] for state in result.table["state"].unique()
        )
        active = new | retained | back
        assert active == (before - lost) | new | back
        assert lost == before - active
        assert lost <= dormant | churned
        ever |= new
        # Everyone who has come is in one state, and in one only.
        states = [*new, *retained, *back, *dormant, *churned]
        assert sorted(states) == sorted(ever)
        before = active


@settings(max_examples=40)
@given(
    ROWS,
    SEGMENTS,
    some.sampled_from(["first", "first_matching", "recurring"]),
    some.sampled_from(["on", "on_or_after", [[1, 2], [3, 5]]]),
)
def test_every_cell_of_retention_is_its_users_and_groups_add_up(
    rows, where, cohort, count
):
    options = {"cohort": cohort, "count": count, "where": where}
    if count == "on":
        options["ages"] = [0, 1, 4]
    whole = ops.retention(log(rows), **options)
    split = ops.retention(log(rows), by="place", **options)
    for row in whole.table.itertuples():
        came = whole.users(row.cohort, row.age)
        away = whole.users(row.cohort, row.age, retained=False)
        assert (len(came), len(came) + len(away)) == (row.retained, row.users)
        assert not {*came} & {*away}
    groups = list(dict.fromkeys(split.table["group"].fillna("")))
    for row in split.table[split.table["age"] > 0].itertuples():
        place = groups.index("" if pd.isna(row.group) else row.group)
        assert len(split.users(row.cohort, row.age, place)) == row.retained
    key, counts = ["cohort", "age"], ["users", "retained"]
    summed = split.table.groupby(key)[counts].sum()
    pd.testing.assert_frame_equal(summed, whole.table.set_index(key)[counts])
    # The curve is the finished cells, added up.
    mature = whole.table[whole.table["mature"]].groupby("age")[counts].sum()
    curve = whole.curve.set_index("age")[counts]
    pd.testing.assert_frame_equal(curve[curve["users"] > 0], mature)


@settings(max_examples=40)
@given(ROWS, SEGMENTS, some.sampled_from(["day", "week"]))
def test_the_active_of_a_period_are_those_of_the_life_cycle(rows, where, period):
    active = ops.activity(log(rows), period=period, where=where)
    states = ops.lifecycle(log(rows), period=period, where=where)
    wide = states.table.pivot(index="period", columns="state", values="users")
    there = wide["new"] + wide["retained"] + wide["resurrected"]
    table = active.table.set_index("period")
    assert there.tolist() == table["active"].tolist()
    assert wide["new"].tolist() == table["new"].tolist()
    over = table.loc[table["mature"], "active"].sum()
    sticky = active.stickiness
    # Whoever was active in k periods is counted in k of them.
    assert (sticky["periods"] * sticky["users"]).sum() == over
    assert sticky["users_at_least"].sum() == over
    assert sticky["users"].sum() == len(active.users())
