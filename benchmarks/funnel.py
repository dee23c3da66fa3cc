"""A 4-step windowed funnel on 10 M events: ours, ClickHouse in-process, a plain pass.

    python benchmarks/funnel.py [--events 10_000_000]

Two logs: one as an app writes it, where the four steps are 4 of 20 kinds of events, and
the demo shop, where they are 96 % of all rows. ClickHouse (chdb) reads a MergeTree
sorted by user and time and computes levels only, from only the rows of the steps; ours
gives levels, rates, intervals and times. Counts must be equal. Each is run several
times after a warm-up, in turn; the best counts. Last come the other options of a
funnel, as multiples of the plain pass.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import chdb.session
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import opslib as ops
from opslib import simulate

ROUNDS = 9
DAY = 86_400
START = 1_772_323_200  # 1 March 2026, UTC


class Log(NamedTuple):
    """Columns of a log: who, what (a position in names) and when, in seconds."""

    names: Sequence[str]
    steps: Sequence[str]
    users: int
    user: np.ndarray
    event: np.ndarray
    time: np.ndarray


def app(events: int) -> Log:
    """Make users of unequal activity do 20 kinds of things at random for 30 days."""
    rng = np.random.default_rng(0)
    users = events // 20
    activity = rng.gamma(0.8, size=users)
    names = [f"event {i:02d}" for i in range(20)]
    return Log(
        names,
        names[:4],
        users,
        rng.choice(users, events, p=activity / activity.sum()),
        rng.integers(0, 20, events),
        START + rng.integers(0, 30 * DAY, events),
    )


def shop(events: int) -> Log:
    """Make the demo shop, which has about 29 events a user."""
    users = round(events / 29.2)
    made = simulate.events(users)
    steps = ("visit", "view", "cart", "pay")
    time = made.time // 1_000_000
    return Log(simulate.EVENTS, steps, users, made.user, made.event, time)


def best(*runs) -> list[float]:
    """Time each run in turn, so that a busy moment hits all; return the best."""
    times = [[] for _ in runs]
    for _ in range(ROUNDS):
        for mine, run in zip(times, runs, strict=True):
            begin = time.perf_counter()
            run()
            mine.append(time.perf_counter() - begin)
    return [min(mine) for mine in times]


def variants(steps: Sequence[str], other: str) -> dict[str, dict[str, Any]]:
    """Name funnels of each kind by what is unlike a plain one."""
    first, second, third, last = steps
    return {
        "each step strictly later": {"steps": steps, "ties": "strict"},
        "only the first attempt": {"steps": steps, "attempt": "first"},
        "a first step that is first ever": {
            "steps": [{"event": first, "occurrence": "first_ever"}, second, third, last]
        },
        "any of two events": {"steps": [first, [second, third], last]},
        "a step that is optional": {
            "steps": [first, {"event": second, "optional": True}, third, last]
        },
        "strict order": {"steps": steps, "order": "strict"},
        "any order": {"steps": steps, "order": "unordered"},
        "an exclusion": {"steps": steps, "exclude": [{"event": other}]},
    }


def measure(made: Log, folder: Path) -> None:
    """Load both engines, check that they agree, and print their times."""
    ops.EventLog.from_columns(
        users=[f"{i:08d}" for i in range(made.users)],
        user=made.user,
        event=np.argsort(np.argsort(made.names))[made.event],
        names=sorted(made.names),
        time=made.time * 1_000_000,
    ).save(folder / "events.arrow")
    log = ops.EventLog.open(folder / "events.arrow")

    parquet = folder / "events.parquet"
    columns = {name: getattr(made, name) for name in ("user", "event", "time")}
    pq.write_table(pa.table(columns), parquet)
    engine = chdb.session.Session(str(folder / "engine"))
    engine.query("CREATE DATABASE bench")
    engine.query(
        "CREATE TABLE bench.events (user UInt32, event UInt16, time UInt64) "
        "ENGINE = MergeTree ORDER BY (user, time)"
    )
    engine.query(f"INSERT INTO bench.events SELECT * FROM file('{parquet}')")
    engine.query("OPTIMIZE TABLE bench.events FINAL")
    wanted = [made.names.index(step) for step in made.steps]
    steps = ", ".join(f"event = {code}" for code in wanted)
    query = (
        "SELECT level, count() FROM (SELECT user, "
        f"windowFunnel({7 * DAY})(time, {steps}) AS level FROM bench.events "
        f"WHERE event IN {tuple(wanted)} GROUP BY user) GROUP BY level"
    )

    ours = ops.funnel(log, steps=made.steps).table["users"].tolist()
    levels = pd.read_csv(StringIO(str(engine.query(query, "CSV"))), header=None)
    theirs = [int(levels.loc[levels[0] > k, 1].sum()) for k in range(4)]
    if ours != theirs:
        raise SystemExit(f"Counts differ: {ours} and {theirs}.")

    full, clickhouse, plain = best(
        lambda: ops.funnel(log, steps=made.steps),
        lambda: engine.query(query, "CSV"),
        lambda: (log.time.sum(), log.event.sum()),
    )
    engine.close()
    share = np.isin(made.event, wanted).mean()
    print(f"{len(log):,} events, {made.users:,} users, {share:.0%} of rows are steps")
    print(f"counts equal: {theirs}")
    for name, seconds in [
        ("opslib funnel, full result", full),
        ("chdb windowFunnel, levels only", clickhouse),
        ("one pass over time and event", plain),
    ]:
        print(f"{name:32} {seconds * 1000:8.1f} ms {seconds / full:8.2f} x ours")
    other = next(name for name in log.names if name not in made.steps)
    asked = variants(made.steps, other)
    *several, plain = best(
        *(
            lambda options=options: ops.funnel(log, **options)
            for options in asked.values()
        ),
        lambda: (log.time.sum(), log.event.sum()),
    )
    for name, seconds in zip(asked, several, strict=True):
        print(f"{name:32} {seconds * 1000:8.1f} ms {seconds / plain:8.1f} passes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    events = parser.parse_args().events
    for make in (app, shop):
        with tempfile.TemporaryDirectory() as temporary:
            measure(make(events), Path(temporary))
