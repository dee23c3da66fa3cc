"""Funnels of thousands of random users beside ClickHouse's `windowFunnel`."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest

import opslib as ops

chdb = pytest.importorskip("chdb")
pytestmark = pytest.mark.slow

USERS = 3_000
START = 1_772_323_200  # 1 March 2026, UTC
DISTINCT = {
    "two": ["a", "b"],
    "four": ["a", "b", "c", "d"],
    "any of some": [["a", "e"], "b", ["c", "d"]],
    "a condition": ["a", {"event": ["b", "c"], "where": [["x", ">=", 1]]}, "d"],
}


def random_log(seed, *, ties):
    """Users with up to 14 events, at few instants or each at one of its own."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 15, USERS)
    user = np.repeat(np.arange(USERS), sizes)
    hour = random.integers(0, 12 if ties else 100, len(user))
    rows = pd.DataFrame({"user": user, "time": START + 3600 * hour})
    if not ties:
        rows = rows.drop_duplicates(ignore_index=True)
    n = len(rows)
    return rows.assign(
        event=random.choice(list("abcde"), n), x=random.integers(0, 3, n)
    )


def condition(step):
    step = step if isinstance(step, dict) else {"event": step}
    events = "".join(step["event"])
    more = "".join(
        f" AND {name} {op} {value}" for name, op, value in step.get("where", [])
    )
    return f"event IN {tuple(events) if len(events) > 1 else repr(events)}{more}"


def clickhouse(rows, folder, steps, window, *modes):
    """The level of each user by `windowFunnel`, in order of users."""
    rows.to_parquet(folder / "rows.parquet")
    conditions = ", ".join(map(condition, steps))
    options = ", ".join([str(window * 3600), *(f"'{mode}'" for mode in modes)])
    levels = chdb.query(
        f"SELECT windowFunnel({options})(toUInt64(time), {conditions}) AS level "
        f"FROM file('{folder / 'rows.parquet'}', Parquet) GROUP BY user ORDER BY user",
        "CSV",
    )
    return pd.read_csv(StringIO(str(levels)), header=None)[0].to_numpy()


def ours(rows, steps, window, **options):
    log = ops.EventLog.from_frame(
        rows.assign(
            time=pd.to_datetime(rows["time"], unit="s"),
            user=rows["user"].map("{:05d}".format),
        ),
        user="user",
        event="event",
        time="time",
    )
    result = ops.funnel(log, steps=steps, window=f"{window}h", **options)
    levels = np.zeros(USERS, int)
    for k in range(len(steps)):
        levels[result.users(k).astype(int)] = k + 1
    return levels


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("window", [1, 4, 30])
@pytest.mark.parametrize("steps", DISTINCT.values(), ids=DISTINCT)
def test_ordered_funnels_reach_the_same_level(steps, window, ties, tmp_path):
    rows = random_log(window, ties=ties)
    theirs = clickhouse(rows, tmp_path, steps, window)
    assert len(set(theirs)) > 2
    np.testing.assert_array_equal(ours(rows, steps, window), theirs)


@pytest.mark.parametrize("window", [4, 30])
@pytest.mark.parametrize("steps", DISTINCT.values(), ids=DISTINCT)
def test_strictly_later_steps_reach_the_same_level(steps, window, tmp_path):
    """ClickHouse forgets a start that another ties with; ours never reaches less."""
    rows = random_log(window, ties=False)
    theirs = clickhouse(rows, tmp_path, steps, window, "strict_increase")
    np.testing.assert_array_equal(ours(rows, steps, window, ties="strict"), theirs)
    tied = random_log(window, ties=True)
    theirs = clickhouse(tied, tmp_path, steps, window, "strict_increase")
    mine = ours(tied, steps, window, ties="strict")
    assert (mine >= theirs).all()
    alone = ~tied.duplicated(["user", "time"], keep=False).groupby(tied["user"]).any()
    np.testing.assert_array_equal(mine[alone], theirs[alone])


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("window", [2, 6, 30])
@pytest.mark.parametrize(
    "steps", [["a", "a", "b"], ["a", "b", "a"], ["a", "a", "a"]], ids="".join
)
def test_steps_of_the_same_event_take_an_event_each(steps, window, ties, tmp_path):
    rows = random_log(window, ties=ties)
    theirs = clickhouse(rows, tmp_path, steps, window, "strict_once")
    assert len(set(theirs)) > 2
    np.testing.assert_array_equal(ours(rows, steps, window), theirs)


@pytest.mark.parametrize("window", [2, 6, 30])
@pytest.mark.parametrize(
    "steps", [[["a", "b"], ["b", "c"], "a"], [["a", "b", "c"], ["a", "b"], ["a", "c"]]]
)
def test_steps_that_share_events_take_an_event_each(steps, window, tmp_path):
    rows = random_log(window, ties=False)
    theirs = clickhouse(rows, tmp_path, steps, window, "strict_once")
    np.testing.assert_array_equal(ours(rows, steps, window), theirs)
