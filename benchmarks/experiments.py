"""An experiment of 10 M users, 4 variants and 10 metrics: ours and tea-tasting.

    python benchmarks/experiments.py [--users 10_000_000]

Both read the same Parquet file and compare each variant with the control on 5 shares
and 5 means. Ours looks for users who come twice, checks the split and corrects for the
30 comparisons besides. Differences and the p values of means must be equal; for shares
tea-tasting is asked for the same pooled z-test.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tea_tasting as tt

import opslib as ops

VARIANTS = ["A", "B", "C", "D"]
SHARES = [f"share_{i}" for i in range(5)]
MEANS = [f"mean_{i}" for i in range(5)]


def make(users: int, path: Path) -> None:
    """Write users of whom a tenth does each thing, and who spend unequally."""
    rng = np.random.default_rng(0)
    variant = pa.array(rng.integers(0, 4, users, dtype=np.int8))
    columns = {
        "unit": pa.array(np.arange(users)),
        "variant": pa.DictionaryArray.from_arrays(variant, VARIANTS),
    }
    for name in SHARES:
        columns[name] = pa.array((rng.random(users) < 0.1).astype(np.int8))
    for name in MEANS:
        columns[name] = pa.array(rng.gamma(0.5, 20, users))
    pq.write_table(pa.table(columns), path)


def ours(path: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """Give difference and p value by variant and metric."""
    table = pq.read_table(path).to_pandas(split_blocks=True, self_destruct=True)
    found = ops.ab_test(table, metrics=[*SHARES, *MEANS], control="A").table
    keys = zip(found["variant"], found["metric"], strict=True)
    values = zip(found["difference"], found["p_value"], strict=True)
    return dict(zip(keys, values, strict=True))


def theirs(path: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """Give the same by tea-tasting; from pandas, as from Arrow its p values vary."""
    table = pq.read_table(path).to_pandas(split_blocks=True, self_destruct=True)
    kinds: dict[str, Any] = {
        **{
            name: tt.Proportion(name, method="norm", correction=False)
            for name in SHARES
        },
        **{name: tt.Mean(name) for name in MEANS},
    }
    pairs = tt.Experiment(kinds).analyze(table, control="A", all_variants=True)
    return {
        (pair[1], name): (one.effect_size, one.pvalue)
        for pair, found in pairs.items()
        for name, one in found.items()
    }


def timed(run: Callable[[Path], Any], path: Path) -> tuple[float, Any]:
    """Run twice; return the shorter time, and what came out."""
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        found = run(path)
        seconds.append(time.perf_counter() - begin)
    return min(seconds), found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000_000)
    users = parser.parse_args().users
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "experiment.parquet"
        make(users, path)
        (mine, found), (other, expected) = timed(ours, path), timed(theirs, path)
    for key, values in expected.items():
        if not np.allclose(values, found[key], rtol=1e-6, atol=1e-12):
            raise SystemExit(f"{key} differs: {found[key]} and {values}.")
    print(f"{users:,} users, 4 variants, 10 metrics from Parquet: all equal")
    print(f"opslib       {mine:6.1f} s")
    print(f"tea-tasting  {other:6.1f} s   {other / mine:5.2f} x ours")
