"""Event analyses against the best SQL for DuckDB and ClickHouse, and how they grow.

    python benchmarks/events.py [--events 1_000_000 10_000_000 100_000_000]

A log as an app writes it: 20 kinds of events in 30 days, users of unequal activity, one
property that stays with the user. Each analysis runs in a fresh process on the mapped
log, first cold (compiled code is on disk, the log is not yet in memory) and then warm,
the best of several; a plain pass reads the columns of time and event. At 10 million
events the same is asked of DuckDB and of ClickHouse (chdb) on tables sorted by user and
time, all in turn, and the numbers must be equal.
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
from opslib.conditions import Codes

ROUNDS = 5
COMPARED = 10_000_000
DAY = 86_400
START = 1_772_323_200  # 1 March 2026, a Sunday, UTC
DAYS = 30
KINDS = 20
PLATFORMS = ("android", "ios", "web")
STEPS = [f"event {i:02d}" for i in range(4)]
STATES = ("new", "retained", "resurrected", "lost")
WEEK = f"(time // {DAY} + 3) // 7"
Counts = dict[tuple[Any, ...], int]


def make(events: int, folder: Path, *, parquet: bool) -> None:
    """Write the log, and the same rows for the engines."""
    rng = np.random.default_rng(0)
    users = events // 20
    share = np.cumsum(rng.gamma(0.8, size=users))
    user = np.searchsorted(share, rng.random(events) * share[-1]).astype(np.int32)
    event = rng.integers(0, KINDS, events, dtype=np.uint16)
    seconds = START + rng.integers(0, DAYS * DAY, events)
    platform = rng.integers(0, 3, users, dtype=np.int32)
    ops.EventLog.from_columns(
        users=pa.array([f"{i:09d}" for i in range(users)], pa.large_string()),
        user=user,
        event=event,
        names=[f"event {i:02d}" for i in range(KINDS)],
        time=seconds * 1_000_000,
        properties=[("platform", Codes(platform[user], PLATFORMS))],
        until=(START + DAYS * DAY) * 1_000_000,
    ).save(folder / "log.arrow")
    if parquet:
        columns = {"user": user, "event": event, "time": seconds}
        columns["platform"] = platform[user].astype(np.uint8)
        pq.write_table(pa.table(columns), folder / "events.parquet")


# Ours: each gives the numbers by which it is compared.


def funnel(log: ops.EventLog) -> Counts:
    """Count users per platform and step."""
    table = ops.funnel(log, steps=STEPS, by="platform").table
    rows = table[table["group"].isin(PLATFORMS)]
    return {
        (PLATFORMS.index(group), STEPS.index(step)): int(users)
        for group, step, users in rows[["group", "step", "users"]].itertuples(
            index=False
        )
    }


def retention(period: str) -> Callable[[ops.EventLog], Counts]:
    """Count who came back, by cohort and age."""

    def run(log: ops.EventLog) -> Counts:
        table = ops.retention(log, period=period).table
        return {
            (pd.Timestamp(cohort).date().isoformat(), int(age)): int(n)
            for cohort, age, n in table[["cohort", "age", "retained"]].itertuples(
                index=False
            )
            if n
        }

    return run


def lifecycle(log: ops.EventLog) -> Counts:
    """Count users by week and state, those that say who came, stayed and went."""
    table = ops.lifecycle(log, period="week").table
    rows = table[table["state"].isin(STATES)]
    return {
        (pd.Timestamp(week).date().isoformat(), state): int(n)
        for week, state, n in rows[["period", "state", "users"]].itertuples(index=False)
        if n
    }


def activity(log: ops.EventLog) -> Counts:
    """Count active and new users, events, and those of the last seven days."""
    table = ops.activity(log).table
    long = table.melt("period", ["active", "new", "events", "wau"]).dropna()
    return {
        (pd.Timestamp(day).date().isoformat(), name): int(n)
        for day, name, n in long.itertuples(index=False)
        if n
    }


def paths(log: ops.EventLog) -> Counts:
    """Count sessions by position, source and target."""
    table = ops.paths(log).table
    columns = table[["position", "source", "target", "sessions"]]
    return {tuple(key): int(n) for *key, n in columns.itertuples(index=False)}


def plain(log: ops.EventLog) -> Counts:
    """Read the two columns that every event analysis reads."""
    return {(): int(log.time.sum() + log.event.sum())}


ANALYSES: dict[str, Callable[[ops.EventLog], Counts]] = {
    "funnel, 4 steps, by platform": funnel,
    "retention by day": retention("day"),
    "retention by week": retention("week"),
    "life cycle by week": lifecycle,
    "activity by day": activity,
    "paths": paths,
}

# The same of the engines: the keys, then the number.

DUCKDB = {
    f"retention by {period}": f"""
        WITH active AS (SELECT DISTINCT user, {bucket} AS p FROM events),
        begun AS (SELECT user, p, min(p) OVER (PARTITION BY user) AS c FROM active)
        SELECT c, p - c, count(*) FROM begun GROUP BY ALL"""
    for period, bucket in (
        ("day", f"(time // {DAY})::USMALLINT"),
        ("week", f"((time // {DAY} + 3) // 7)::USMALLINT"),
    )
} | {
    "life cycle by week": f"""
        WITH active AS (SELECT DISTINCT user, ({WEEK})::INTEGER AS w FROM events),
        beside AS (SELECT w, lag(w) OVER one AS p, lead(w) OVER one AS x
            FROM active WINDOW one AS (PARTITION BY user ORDER BY w))
        SELECT w, count(*) FILTER (p IS NULL), count(*) FILTER (p = w - 1),
            count(*) FILTER (p < w - 1), count(*) FILTER (x IS NULL OR x > w + 1)
        FROM beside GROUP BY w""",
    # Of the days on which a user was seen in the last seven, only the first and the one
    # after the last change the number of such users.
    "activity by day": f"""
        WITH active AS (SELECT user, (time // {DAY})::INTEGER AS d, count(*) AS n
            FROM events GROUP BY ALL),
        beside AS MATERIALIZED (SELECT d, n, lag(d) OVER one AS p,
            coalesce(lead(d) OVER one, 65000) AS x
            FROM active WINDOW one AS (PARTITION BY user ORDER BY d))
        SELECT d, count(*), count(*) FILTER (p IS NULL), sum(n), 0
        FROM beside GROUP BY d
        UNION ALL
        SELECT least(d + 7, x), 0, 0, 0, count(*) FROM beside GROUP BY ALL""",
}
CLICKHOUSE = {
    "funnel, 4 steps, by platform": f"""
        SELECT platform, level, count() FROM (
            SELECT any(platform) AS platform, windowFunnel({7 * DAY})(
                time, event = 0, event = 1, event = 2, event = 3) AS level
            FROM events WHERE event < 4 GROUP BY user)
        GROUP BY platform, level""",
} | {
    f"retention by {period}": f"""
        SELECT c, p - c, count() FROM (
            SELECT groupUniqArray({bucket}) AS ps, arrayMin(ps) AS c
            FROM events GROUP BY user)
        ARRAY JOIN ps AS p GROUP BY ALL"""
    for period, bucket in (
        ("day", f"toUInt16(intDiv(time, {DAY}))"),
        ("week", f"toUInt16(intDiv(intDiv(time, {DAY}) + 3, 7))"),
    )
}

CLICKHOUSE |= {
    "life cycle by week": f"""
        SELECT w, countIf(p = 0), countIf(p > 0 AND p = w - 1),
            countIf(p > 0 AND p < w - 1), countIf(x > w + 1)
        FROM (SELECT arraySort(groupUniqArray(
                toInt32(intDiv(intDiv(time, {DAY}) + 3, 7)))) AS ws
            FROM events GROUP BY user)
        ARRAY JOIN ws AS w, arrayPushFront(arrayPopBack(ws), 0) AS p,
            arrayPushBack(arrayPopFront(ws), 65000) AS x GROUP BY w""",
    "activity by day": f"""
        WITH beside AS (SELECT d, p, x FROM
            (SELECT arraySort(groupUniqArray(toInt32(intDiv(time, {DAY})))) AS ds
            FROM events GROUP BY user)
            ARRAY JOIN ds AS d, arrayPushFront(arrayPopBack(ds), 0) AS p,
            arrayPushBack(arrayPopFront(ds), 65000) AS x)
        SELECT d, count(), countIf(p = 0), 0, 0 FROM beside GROUP BY d
        UNION ALL SELECT least(d + 7, x) AS e, 0, 0, 0, count() FROM beside GROUP BY e
        UNION ALL SELECT toInt32(intDiv(time, {DAY})) AS d, 0, 0, count(), 0
        FROM events GROUP BY d""",
}


def told(name: str, rows: pd.DataFrame) -> Counts:
    """Give what an engine says in our way of counting."""
    if name.startswith("life"):
        return states(rows)
    if name.startswith("activity"):
        return active(rows)
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


def timed(run: Callable[[], object]) -> float:
    """Say how many seconds something takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def child(path: str) -> None:
    """Run all of ours once cold and then warm; print seconds and peak megabytes."""
    log = ops.EventLog.open(path)
    cold = {name: timed(lambda run=run: run(log)) for name, run in ANALYSES.items()}
    warm = {
        name: min(timed(lambda run=run: run(log)) for _ in range(ROUNDS))
        for name, run in {**ANALYSES, "one pass": plain}.items()
    }
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    print(json.dumps({"cold": cold, "warm": warm, "peak": peak}))


def compare(folder: Path) -> dict[str, dict[str, float]]:
    """Ask the engines the same, check that they agree, and time all in turn."""
    log = ops.EventLog.open(folder / "log.arrow")
    source = folder / "events.parquet"
    duck = duckdb.connect(str(folder / "duck"))
    duck.sql("SET threads = 2")
    duck.sql("SET enable_progress_bar = false")
    duck.execute(f"CREATE TABLE events AS SELECT * FROM '{source}' ORDER BY user, time")
    house = chdb.session.Session(str(folder / "house"))
    house.query("CREATE DATABASE bench")
    house.query("USE bench")
    house.query("SET max_threads = 2")
    house.query(
        "CREATE TABLE events (user UInt32, event UInt16, time UInt32, platform UInt8) "
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
    for name, run in ANALYSES.items():
        engines = {"DuckDB": (DUCKDB, of_duck), "ClickHouse": (CLICKHOUSE, of_house)}
        asked = {e: ask for e, (known, ask) in engines.items() if name in known}
        ours = run(log)
        for engine, ask in asked.items():
            if told(name, ask(name)) != ours:
                raise SystemExit(f"{name}: {engine} counts otherwise.")
        runs = {"opslib": lambda run=run: run(log)} | {
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


def main() -> None:
    """Make each log, run ours on it, and at one size the engines too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child")
    parser.add_argument("--events", type=int, nargs="*", default=[1_000_000, COMPARED])
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
        return
    for events in asked.events:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            make(events, folder, parquet=events == COMPARED)
            command = [sys.executable, __file__, "--child", str(folder / "log.arrow")]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            ours = json.loads(done.stdout)
            print(f"\n{events:,} events, peak {ours['peak']:,.0f} MB")
            base = ours["warm"]["one pass"]
            print(f"{'one pass over time and event':32} {base * 1000:9.1f} ms")
            for name in ANALYSES:
                warm = ours["warm"][name]
                print(
                    f"{name:32} {warm * 1000:9.1f} ms {warm / base:6.1f} x a pass, "
                    f"cold {ours['cold'][name] * 1000:,.0f} ms"
                )
            if events == COMPARED:
                for name, seconds in compare(folder).items():
                    for engine, one in seconds.items():
                        ratio = one / seconds["opslib"]
                        print(
                            f"{name:32} {engine:10} {one * 1000:9.1f} ms {ratio:6.1f} x"
                        )


if __name__ == "__main__":
    main()
