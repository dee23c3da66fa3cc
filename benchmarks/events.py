"""Event analyses against the best SQL for DuckDB and ClickHouse, and how they grow.

    python benchmarks/events.py [--events 1_000_000 10_000_000 100_000_000]

The log of the demo shop: about 29 events a user in 92 days, in sessions, with the
platform that stays with the user. Each analysis runs in a fresh process on the mapped
log: cold (for the first time, its compiled code on disk), warm (the best of several),
and warm on one thread. A plain pass reads the columns of time and
event. At 10 million events the same is asked of DuckDB and of ClickHouse (chdb) on
tables sorted by user and time, with the day of each row, all in turn, and the numbers
must be equal.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import chdb.session
import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import opslib as ops
from opslib import kernels, simulate
from opslib.conditions import Codes

ROUNDS = 5
SIZES = (1_000_000, 10_000_000, 100_000_000)
HOW = ("warm", "cold", "alone")
PASS = "one pass over time and event"
COMPARED = 10_000_000
HOUR = 3_600
DAY = 24 * HOUR
PER_USER = 29.7
STEPS = ["visit", "view", "cart", "pay"]
PLATFORMS = ("android", "ios", "web")
STATES = ("new", "retained", "resurrected", "lost")
WEEK = "(day + 3) // 7"
Counts = dict[tuple[Any, ...], int]


def make(events: int, folder: Path, *, parquet: bool) -> None:
    """Write the log, and the same rows for the engines, whose times are wall clock."""
    made = simulate.events(round(events / PER_USER))
    names = sorted(simulate.EVENTS)
    code = np.array([names.index(name) for name in simulate.EVENTS], np.uint16)
    wall = made.time // 1_000_000 + 8 * HOUR
    # Some users of the shop never came.
    ids, user = np.unique(made.user, return_inverse=True)
    ops.EventLog.from_columns(
        users=pa.array([f"{i:09d}" for i in ids], pa.large_string()),
        user=user.astype(np.int32),
        event=code[made.event],
        names=names,
        time=made.time,
        properties=[("platform", Codes(made.platform, PLATFORMS))],
        timezone=simulate.TIMEZONE,
        until=((int(wall.max()) // DAY + 1) * DAY - 8 * HOUR) * 1_000_000,
    ).save(folder / "log.arrow")
    if parquet:
        columns = {"user": made.user, "event": made.event, "time": wall}
        columns |= {"platform": made.platform, "row": np.arange(len(wall), dtype="u4")}
        # Our log keeps the day of each row; the engines may have it too.
        columns |= {"day": (wall // DAY).astype("u2")}
        pq.write_table(pa.table(columns), folder / "events.parquet")


# The numbers by which ours are compared, read from the table of each.


def funnel(table: pd.DataFrame) -> Counts:
    """Read users per platform and step."""
    rows = table[table["group"].isin(PLATFORMS)]
    return {
        (PLATFORMS.index(group), STEPS.index(step)): int(users)
        for group, step, users in rows[["group", "step", "users"]].itertuples(
            index=False
        )
    }


def retention(table: pd.DataFrame) -> Counts:
    """Read who came back, by cohort and age."""
    return {
        (pd.Timestamp(cohort).date().isoformat(), int(age)): int(n)
        for cohort, age, n in table[["cohort", "age", "retained"]].itertuples(
            index=False
        )
        if n
    }


def lifecycle(table: pd.DataFrame) -> Counts:
    """Read users by week and state, those that say who came, stayed and went."""
    rows = table[table["state"].isin(STATES)]
    return {
        (pd.Timestamp(week).date().isoformat(), state): int(n)
        for week, state, n in rows[["period", "state", "users"]].itertuples(index=False)
        if n
    }


def activity(table: pd.DataFrame) -> Counts:
    """Read active and new users, events, and those of the last seven days."""
    long = table.melt("period", ["active", "new", "events", "wau"]).dropna()
    return {
        (pd.Timestamp(day).date().isoformat(), name): int(n)
        for day, name, n in long.itertuples(index=False)
        if n
    }


def paths(table: pd.DataFrame) -> Counts:
    """Read sessions by position, source and target."""
    columns = table[["position", "source", "target", "sessions"]]
    return {
        (at, None if at == 0 else source, target): int(n)
        for at, source, target, n in columns.itertuples(index=False)
    }


def plain(log: ops.EventLog) -> int:
    """Read the two columns of what was done and when."""
    return int(log.time.sum() + log.event.sum())


Ask = Callable[[ops.EventLog], Any]
ANALYSES: dict[str, tuple[Ask, Callable[[pd.DataFrame], Counts]]] = {
    "funnel, 4 steps, by platform": (
        lambda log: ops.funnel(log, steps=STEPS, by="platform"),
        funnel,
    ),
    "retention by day": (lambda log: ops.retention(log, period="day"), retention),
    "retention by week": (lambda log: ops.retention(log, period="week"), retention),
    "life cycle by week": (lambda log: ops.lifecycle(log, period="week"), lifecycle),
    "activity by day": (ops.activity, activity),
    "paths": (ops.paths, paths),
}

# The same of the engines: the keys, then the number.

WINDOW = 7 * DAY
GAP = 30 * 60
DUCKDB = (
    {
        "funnel, 4 steps, by platform": f"""
        WITH s0 AS (SELECT user, time AS t0, platform FROM events WHERE event = 1),
        s1 AS (SELECT user, time AS t1 FROM events WHERE event = 2),
        s2 AS (SELECT user, time AS t2 FROM events WHERE event = 3),
        s3 AS (SELECT user, time AS t3 FROM events WHERE event = 4),
        levels AS (SELECT s0.user, any_value(platform) AS platform, max(
                CASE WHEN t3 <= t0 + {WINDOW} THEN 4 WHEN t2 <= t0 + {WINDOW} THEN 3
                WHEN t1 <= t0 + {WINDOW} THEN 2 ELSE 1 END) AS level
            FROM s0
            ASOF LEFT JOIN s1 ON s0.user = s1.user AND t0 <= t1
            ASOF LEFT JOIN s2 ON s0.user = s2.user AND t1 <= t2
            ASOF LEFT JOIN s3 ON s0.user = s3.user AND t2 <= t3
            GROUP BY s0.user)
        SELECT platform, level, count(*) FROM levels GROUP BY ALL""",
    }
    | {
        f"retention by {period}": f"""
        WITH active AS (SELECT DISTINCT user, {bucket} AS p FROM events),
        begun AS (SELECT user, p, min(p) OVER (PARTITION BY user) AS c FROM active)
        SELECT c, p - c, count(*) FROM begun GROUP BY ALL"""
        for period, bucket in (
            ("day", "day"),
            ("week", f"({WEEK})::USMALLINT"),
        )
    }
    | {
        "life cycle by week": f"""
        WITH active AS (SELECT DISTINCT user, ({WEEK})::INTEGER AS w FROM events),
        beside AS (SELECT w, lag(w) OVER one AS p, lead(w) OVER one AS x
            FROM active WINDOW one AS (PARTITION BY user ORDER BY w))
        SELECT w, count(*) FILTER (p IS NULL), count(*) FILTER (p = w - 1),
            count(*) FILTER (p < w - 1), count(*) FILTER (x IS NULL OR x > w + 1)
        FROM beside GROUP BY w""",
        # Of the days on which a user was seen in the last seven, only the first and the
        # one after the last change the number of such users.
        "activity by day": """
        WITH active AS (SELECT user, day::INTEGER AS d, count(*) AS n
            FROM events GROUP BY ALL),
        beside AS MATERIALIZED (SELECT d, n, lag(d) OVER one AS p,
            coalesce(lead(d) OVER one, 65000) AS x
            FROM active WINDOW one AS (PARTITION BY user ORDER BY d))
        SELECT d, count(*), count(*) FILTER (p IS NULL), sum(n), 0
        FROM beside GROUP BY d
        UNION ALL
        SELECT least(d + 7, x), 0, 0, 0, count(*) FROM beside GROUP BY ALL""",
        "paths": f"""
        WITH a AS (SELECT user, row, event, lag(event) OVER one AS before,
                coalesce(time - lag(time) OVER one > {GAP}, true) AS opens
            FROM events WINDOW one AS (PARTITION BY user ORDER BY row)),
        b AS (SELECT user, row, event, sum(opens::TINYINT)
                OVER (PARTITION BY user ORDER BY row) AS session
            FROM a WHERE opens OR event <> before),
        c AS (SELECT list(event ORDER BY row)[1:5] AS path FROM b
            GROUP BY user, session)
        SELECT path, count(*) FROM c GROUP BY path""",
    }
)
CLICKHOUSE = {
    "funnel, 4 steps, by platform": f"""
        SELECT platform, level, count() FROM (
            SELECT any(platform) AS platform, windowFunnel({WINDOW})(
                time, event = 1, event = 2, event = 3, event = 4) AS level
            FROM events WHERE event BETWEEN 1 AND 4 GROUP BY user)
        GROUP BY platform, level""",
} | {
    f"retention by {period}": f"""
        SELECT c, p - c, count() FROM (
            SELECT groupUniqArray({bucket}) AS ps, arrayMin(ps) AS c
            FROM events GROUP BY user)
        ARRAY JOIN ps AS p GROUP BY ALL"""
    for period, bucket in (
        ("day", "day"),
        ("week", "toUInt16(intDiv(day + 3, 7))"),
    )
}

CLICKHOUSE |= {
    "life cycle by week": """
        SELECT w, countIf(p = 0), countIf(p > 0 AND p = w - 1),
            countIf(p > 0 AND p < w - 1), countIf(x > w + 1)
        FROM (SELECT arraySort(groupUniqArray(
                toInt32(intDiv(day + 3, 7)))) AS ws
            FROM events GROUP BY user)
        ARRAY JOIN ws AS w, arrayPushFront(arrayPopBack(ws), 0) AS p,
            arrayPushBack(arrayPopFront(ws), 65000) AS x GROUP BY w""",
    "activity by day": """
        WITH beside AS (SELECT d, p, x FROM
            (SELECT arraySort(groupUniqArray(toInt32(day))) AS ds
            FROM events GROUP BY user)
            ARRAY JOIN ds AS d, arrayPushFront(arrayPopBack(ds), 0) AS p,
            arrayPushBack(arrayPopFront(ds), 65000) AS x)
        SELECT d, count(), countIf(p = 0), 0, 0 FROM beside GROUP BY d
        UNION ALL SELECT least(d + 7, x) AS e, 0, 0, 0, count() FROM beside GROUP BY e
        UNION ALL SELECT toInt32(day) AS d, 0, 0, count(), 0
        FROM events GROUP BY d""",
    "paths": f"""
        SELECT path, count() FROM (
            SELECT arrayJoin(arraySplit((e, d) -> d > {GAP}, t.3, arrayDifference(t.2)))
                AS session, arraySlice(arrayCompact(session), 1, 5) AS path
            FROM (SELECT arraySort(groupArray((row, time, event))) AS t
                FROM events GROUP BY user))
        GROUP BY path""",
}


def told(name: str, rows: pd.DataFrame) -> Counts:
    """Give what an engine says in our way of counting."""
    if name.startswith("life"):
        return states(rows)
    if name.startswith("activity"):
        return active(rows)
    if name == "paths":
        return flows(rows)
    if name.startswith("funnel"):
        platform, level, n = (rows[i] for i in range(3))
        return {
            (code, step): int(n[(platform == code) & (level > step)].sum())
            for code in range(3)
            for step in range(4)
        }
    length = 1 if name.endswith("day") else 7
    # The Thursday that 1970 begins with lies three days after a Monday.
    first = pd.Timestamp("1970-01-01") - pd.Timedelta(days=3 * (length == 7))
    return {
        ((first + pd.Timedelta(days=length * int(c))).date().isoformat(), int(age)): n
        for c, age, n in rows.itertuples(index=False)
    }


def states(rows: pd.DataFrame) -> Counts:
    """Read weeks with the users that are new, retained, resurrected, lost after it."""
    found: Counts = {}
    for week, *counts in rows.astype(int).itertuples(index=False):
        for state, n in zip(STATES, counts, strict=True):
            at = week + (state == "lost")
            if n and at <= rows[0].max():
                day = pd.Timestamp("1969-12-29") + pd.Timedelta(weeks=at)
                found[day.date().isoformat(), state] = n
    return found


def active(rows: pd.DataFrame) -> Counts:
    """Read days with active and new users, events, and users gone after seven days."""
    days = rows.astype(int).groupby(0).sum().sort_index()
    days = days[days.index < 60_000]
    week = (days[1] - days[4]).cumsum()
    found: Counts = {}
    for place, (day, *counts) in enumerate(days.itertuples()):
        names = {"active": counts[0], "new": counts[1], "events": counts[2]}
        if place >= 6:
            names["wau"] = week[day]
        iso = (pd.Timestamp(0) + pd.Timedelta(days=day)).date().isoformat()
        found |= {(iso, name): int(n) for name, n in names.items() if n and counts[0]}
    return found


def flows(rows: pd.DataFrame) -> Counts:
    """Read paths of codes as flows from event to event."""
    found: Counts = {}
    for path, n in rows.itertuples(index=False):
        codes = json.loads(path) if isinstance(path, str) else path
        names = [simulate.EVENTS[code] for code in codes]
        names += ["$drop_off"] * (5 - len(names))
        for key in zip(range(5), [None, *names], names, strict=False):
            found[key] = found.get(key, 0) + n
    return found


def timed(run: Callable[[], object]) -> float:
    """Say how many seconds something takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def child(path: str) -> None:
    """Run all of ours once cold and then warm; print seconds and peak megabytes."""
    log = ops.EventLog.open(path)
    asks = {name: ask for name, (ask, _) in ANALYSES.items()}
    cold = {name: timed(lambda ask=ask: ask(log)) for name, ask in asks.items()}

    def best(ask: Ask) -> float:
        return min(timed(lambda: ask(log)) for _ in range(ROUNDS))

    warm = {name: best(ask) for name, ask in {**asks, PASS: plain}.items()}
    kernels.THREADS = 1
    alone = {name: best(ask) for name, ask in asks.items()}
    times = {"cold": cold, "warm": warm, "alone": alone}
    print(json.dumps(times | {"peak": peak()}))


def peak() -> float:
    """Say how many megabytes were in memory at once, the mapped log among them."""
    status = Path("/proc/self/status")
    if status.exists():
        # What the system counts for a process begins with what its parent had.
        lines = status.read_text(encoding="ascii").splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def compare(folder: Path) -> dict[str, dict[str, float]]:
    """Ask the engines the same, check that they agree, and time all in turn."""
    log = ops.EventLog.open(folder / "log.arrow")
    source = folder / "events.parquet"
    duck = duckdb.connect(str(folder / "duck"))
    duck.sql("SET threads = 2")
    duck.sql("SET enable_progress_bar = false")
    duck.execute(f"CREATE TABLE events AS SELECT * FROM '{source}' ORDER BY row")
    house = chdb.session.Session(str(folder / "house"))
    house.query("CREATE DATABASE bench")
    house.query("USE bench")
    house.query("SET max_threads = 2")
    house.query(
        "CREATE TABLE events (user UInt32, event UInt16, time UInt32, platform UInt8, "
        "row UInt32, day UInt16) "
        "ENGINE = MergeTree ORDER BY (user, time)"
    )
    house.query(f"INSERT INTO events SELECT * FROM file('{source}')")
    house.query("OPTIMIZE TABLE events FINAL")

    def of_duck(name: str) -> pd.DataFrame:
        return pd.DataFrame(duck.execute(DUCKDB[name]).fetchall())

    def of_house(name: str) -> pd.DataFrame:
        answer = str(house.query(CLICKHOUSE[name], "CSV"))
        return pd.read_csv(StringIO(answer), header=None)

    seconds: dict[str, dict[str, float]] = {}
    for name, (of_ours, read) in ANALYSES.items():
        engines = {"DuckDB": (DUCKDB, of_duck), "ClickHouse": (CLICKHOUSE, of_house)}
        asked = {e: ask for e, (known, ask) in engines.items() if name in known}
        ours = read(of_ours(log).table)
        for engine, ask in asked.items():
            if told(name, ask(name)) != ours:
                raise SystemExit(f"{name}: {engine} counts otherwise.")
        runs: dict[str, Callable[[], object]]
        runs = {"opslib": lambda of_ours=of_ours: of_ours(log)} | {
            engine: lambda ask=ask, name=name: ask(name)
            for engine, ask in asked.items()
        }
        times: dict[str, list[float]] = {one: [] for one in runs}
        for _ in range(ROUNDS):
            for one, again in runs.items():
                times[one].append(timed(again))
        seconds[name] = {one: min(several) for one, several in times.items()}
    house.close()
    duck.close()
    return seconds


def ours(path: Path) -> dict[str, Any]:
    """Run all of ours in a process of its own; give seconds and peak megabytes."""
    command = [sys.executable, __file__, "--child", str(path)]
    # Twice, so that nothing is compiled in what is measured.
    for _ in range(2):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Make each log, run ours on it, and at one size the engines too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child")
    parser.add_argument("--events", type=int, nargs="*", default=SIZES)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
        return
    for events in asked.events:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            make(events, folder, parquet=events == COMPARED)
            found = ours(folder / "log.arrow")
            base = found["warm"][PASS]
            print(f"\n{events:,} events, peak {found['peak']:,.0f} MB, milliseconds")
            print(f"| {'':29} |    warm | passes |    cold | one thread |")
            print(f"|{'-' * 31}|--------:|-------:|--------:|-----------:|")
            print(f"| {PASS:29} | {base * 1000:7.1f} |    1.0 |         |            |")
            for name in ANALYSES:
                warm, cold, alone = (found[how][name] for how in HOW)
                print(
                    f"| {name:29} | {warm * 1000:7.1f} | {warm / base:6.1f} "
                    f"| {cold * 1000:7.1f} | {alone * 1000:10.1f} |"
                )
            if events == COMPARED:
                beside(compare(folder))


def beside(seconds: dict[str, dict[str, float]]) -> None:
    """Print what ours and the engines took, and how many times as long they did."""
    engines = f"{'DuckDB':>13} | {'ClickHouse':>13}"
    print(f"\n| {'in one run, milliseconds':29} |  opslib | {engines} |")
    print(f"|{'-' * 31}|--------:|--------------:|--------------:|")
    for name, of in seconds.items():
        own = of.pop("opslib")
        cells = [f"{one * 1000:7.0f} {one / own:4.1f} x" for one in of.values()]
        print(f"| {name:29} | {own * 1000:7.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
