"""Cells to typed columns, each by its plan, batch by batch.

A table larger than memory is written as it is converted and mapped when it is done.
"""

import contextlib
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from opslib.ingest.ahead import ahead
from opslib.ingest.columns import TOLERATED
from opslib.ingest.plans import Misfit, Plan
from opslib.ingest.spool import Batch, Spool
from opslib.tables import File, Frame, as_series

SAMPLE = 200_000
Progress = Callable[[str, float], None]
Made = TypeVar("Made")


class Added(NamedTuple):
    """A column that the file only implies: its type, and how a batch gives it."""

    type: pa.DataType
    make: Callable[[dict[str, pa.Array], int, int], pa.Array]


class Converted(NamedTuple):
    """The finished table, and the cells that did not fit: column, line and text."""

    table: pa.Table
    columns: File | Frame
    failed: list[tuple[str, int, str]]


def sample(spool: Spool, plans: list[Plan]) -> pd.DataFrame:
    """Convert rows from all over the table: enough to tell what its columns are."""
    every = max(1, -(-spool.rows // SAMPLE))

    def work() -> list[list[pa.Array]]:
        some = islice(spool.batches(), None, None, every)
        return [_apply(plans, batch)[0] for batch in some]

    parts = _settled(plans, work)
    types = [plan.type for plan in plans]
    return pd.DataFrame(
        {
            plan.name: as_series(
                pa.chunked_array([part[i] for part in parts], types[i]), plan.name
            )
            for i, plan in enumerate(plans)
        }
    )


def _apply(
    plans: Sequence[Plan], batch: Batch
) -> tuple[list[pa.Array], list[npt.NDArray[np.int64]]]:
    """Convert a batch; give the values of each column and the cells that do not fit."""
    done, better = [], {}
    for i, (plan, column) in enumerate(zip(plans, batch.columns, strict=True)):
        try:
            done.append(plan.apply(column))
        except Misfit as misfit:
            better[i] = misfit.plan
    if better:
        raise _Refuted(better)
    return [values for values, _ in done], [bad for _, bad in done]


class _Refuted(Exception):  # noqa: N818  no error: the next try is the right one
    """Some cells ask for other plans: number of the column -> plan."""

    def __init__(self, plans: Mapping[int, Plan]) -> None:
        super().__init__()
        self.plans = plans


def _settled(plans: list[Plan], work: Callable[[], Made]) -> Made:
    """Do work by the plans, from the start again whenever one turns out wrong."""
    while True:
        try:
            return work()
        except _Refuted as refuted:
            for i, plan in refuted.plans.items():
                plans[i] = plan


def converted(
    spool: Spool,
    plans: list[Plan],
    added: Mapping[str, Added],
    tell: Progress,
    into: Path | None,
) -> Converted:
    """Convert all batches."""

    def work() -> Converted:
        failed: list[tuple[str, int, str]] = []
        fields = [(plan.name, plan.type) for plan in plans]
        fields += [(name, one.type) for name, one in added.items()]
        table, columns = assembled(
            _columns(spool, plans, added, failed, tell),
            pa.schema(fields),
            into,
            spilled=spool.spilled,
        )
        if unfit := _unfit(plans, failed, table):
            raise _Refuted(unfit)
        return Converted(table, columns, failed)

    return _settled(plans, work)


def _unfit(
    plans: Sequence[Plan], failed: list[tuple[str, int, str]], table: pa.Table
) -> dict[int, Plan]:
    """Make those columns text of which too many cells turned out not to fit."""
    better = {}
    for i, plan in enumerate(plans):
        if plan.capped and plan.kind != "text":
            bad = sum(name == plan.name for name, _, _ in failed)
            there = len(table) - table.column(i).null_count + bad
            if bad > TOLERATED * there:
                better[i] = replace(plan, kind="text", changes=())
    return better


def _columns(
    spool: Spool,
    plans: Sequence[Plan],
    added: Mapping[str, Added],
    failed: list[tuple[str, int, str]],
    tell: Progress,
) -> Iterator[list[pa.Array]]:
    start = 0
    converted = ahead(lambda batch: (batch, *_apply(plans, batch)), spool.batches())
    for batch, values, bad in converted:
        for plan, column, rows in zip(plans, batch.columns, bad, strict=True):
            failed += [
                (plan.name, int(batch.lines[row]), column[row].as_py().strip())
                for row in rows
            ]
        known = {plan.name: one for plan, one in zip(plans, values, strict=True)}
        n = len(batch.lines)
        yield values + [one.make(known, start, n) for one in added.values()]
        start += n
        tell("types", 0.5 + 0.5 * start / spool.rows)


def assembled(
    batches: Iterable[list[pa.Array]],
    schema: pa.Schema,
    into: Path | None,
    *,
    spilled: bool,
) -> tuple[pa.Table, File | Frame]:
    """Join batches: in memory, or in a file that is then mapped."""
    if into is None and not spilled:
        made = [pa.RecordBatch.from_arrays(one, schema=schema) for one in batches]
        table = pa.Table.from_batches(made, schema)
        names = table.column_names
        whole = {name: as_series(table.column(name), name) for name in names}
        return table, Frame(pd.DataFrame(whole))
    with contextlib.ExitStack() as stack:
        path = into or _temporary(stack) / "table.arrow"
        with (
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_file(file, schema) as writer,
        ):
            for one in batches:
                writer.write_batch(pa.RecordBatch.from_arrays(one, schema=schema))
        columns = File(path)
        weakref.finalize(columns, stack.pop_all().close)
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all(), columns


def _temporary(stack: contextlib.ExitStack) -> Path:
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder))
