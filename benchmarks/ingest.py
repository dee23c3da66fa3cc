"""A CSV of 1 GB to a queryable log on disk: ours, and DuckDB told what to read.

    python benchmarks/ingest.py [--rows 11_400_000]

Ours finds out everything by itself (encoding, dialect, types, roles), sorts by user and
time and saves the log. DuckDB is given delimiter, quote, header, columns and types, and
makes a table sorted by user and time in a database file, with 1.5 GB of memory. Each
runs in a process of its own, in turn; the best counts. Numbers of rows and users must
be equal.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROUNDS = 3
START = 1_772_323_200  # 1 March 2026, UTC
PART = 500_000

OURS = """
import json, sys
import opslib as ops
log = ops.open(sys.argv[1]).events
log.save(sys.argv[2])
log = ops.EventLog.open(sys.argv[2])
print(json.dumps([len(log), len(log.users)]))
"""
DUCKDB = """
import json, sys
import duckdb
db = duckdb.connect(sys.argv[2])
db.sql("SET memory_limit = '1500MB'")
db.sql("SET threads = 2")
db.sql("SET enable_progress_bar = false")
db.execute(
    "CREATE TABLE events AS SELECT * FROM read_csv(?, delim = ',', quote = '\\"', "
    "header = true, auto_detect = false, columns = {'user_id': 'VARCHAR', "
    "'event': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'props': 'VARCHAR'}) "
    "ORDER BY user_id, timestamp",
    [sys.argv[1]],
)
db.close()
db = duckdb.connect(sys.argv[2])
(found,) = db.sql("SELECT count(*), count(DISTINCT user_id) FROM events").fetchall()
print(json.dumps(found))
"""


def write(path: Path, rows: int) -> None:
    """Write a log of an app: ids, 20 kinds of events, times and some JSON."""
    rng = np.random.default_rng(0)
    users = max(10, rows // 19)
    with path.open("w", encoding="utf-8") as file:
        file.write("user_id,event,timestamp,props\n")
        for start in range(0, rows, PART):
            n = min(PART, rows - start)
            times = (START + rng.integers(0, 30 * 86_400, n)).astype("M8[s]")
            columns = (
                rng.integers(0, users, n).tolist(),
                rng.integers(0, 20, n).tolist(),
                np.datetime_as_string(times).tolist(),
                rng.integers(0, 10**6, n).tolist(),
                rng.integers(0, 50, n).tolist(),
            )
            file.writelines(
                f"u{user:07d},event_{event:02d},{when.replace('T', ' ')},"
                f'"{{""sku"":{sku},""channel"":""ch{channel}"",'
                f'""price"":{sku % 997}.5}}"\n'
                for user, event, when, sku, channel in zip(*columns, strict=True)
            )


def run(code: str, source: Path, target: Path) -> tuple[float, float, list[int]]:
    """Run code in a process of its own: seconds, peak megabytes, what it prints."""
    target.unlink(missing_ok=True)
    begin = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(source), str(target)], stdout=subprocess.PIPE
    )
    out = child.stdout.read() if child.stdout else b""
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit("A run failed.")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return time.perf_counter() - begin, used.ru_maxrss / scale, json.loads(out)


def main() -> None:
    """Make the file, run both in turn, print the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=11_400_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "events.csv"
        write(source, rows)
        size = source.stat().st_size / 1e6
        results = {"opslib": [], "duckdb": []}
        for _ in range(ROUNDS):
            for name, code in (("opslib", OURS), ("duckdb", DUCKDB)):
                results[name].append(run(code, source, Path(folder) / name))
        counts = {tuple(one[2]) for runs in results.values() for one in runs}
        if len(counts) != 1:
            raise SystemExit(f"Counts differ: {counts}.")
        (found,) = counts
        print(f"{size:,.0f} MB, {found[0]:,} rows, {found[1]:,} users, counts equal")
        best = {name: min(one[0] for one in runs) for name, runs in results.items()}
        for name, runs in results.items():
            peak = max(one[1] for one in runs)
            print(
                f"{name:8} {best[name]:7.1f} s {best[name] / best['duckdb']:6.2f} x "
                f"DuckDB, peak {peak:,.0f} MB"
            )


if __name__ == "__main__":
    main()
