"""The cells of a table in batches: the first megabytes in memory, the rest on disk."""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.large_string()
ROWS = 1 << 14
MEMORY = 64 << 20
AT_ONCE = 64
Lines = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """Some rows: the line of the file in which each begins, and their columns."""

    lines: Lines
    columns: list[pa.Array]


class Spool:
    """Rows of `width` texts, in the order of their lines.

    They are appended, the last ones may be taken back, and rows that turn out to
    belong between others are put there when the batches are read.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.rows = 0
        self._batches: list[Batch] = []
        self._bytes = 0
        self._tail: list[Batch] = []
        self._tail_rows = 0
        self._late: list[tuple[int, list[str]]] = []
        self._path: Path | None = None
        self._writer: pa.RecordBatchFileWriter | None = None
        # Columns are read side by side.
        self._closing = threading.Lock()

    def append(self, lines: Lines, columns: list[pa.Array]) -> None:
        """Add rows at the end."""
        self._tail.append(Batch(lines, columns))
        self._tail_rows += len(lines)
        self.rows += len(lines)
        if self._tail_rows >= 2 * ROWS:
            # The last rows stay, for they may be taken back.
            *done, last = self._tail
            self._tail, self._tail_rows = [last], len(last.lines)
            if done:
                self._keep(_joined(done))

    def put_late(self, line: int, row: list[str]) -> None:
        """Add a row that belongs between rows already there; in order of lines."""
        self._late.append((line, row))
        self.rows += 1

    def last(self) -> tuple[int, list[str]] | None:
        """Give the last row and its line, if it can still be taken back."""
        ends = [self._late[-1]] if self._late else []
        if self._tail:
            lines, columns = self._tail[-1]
            ends.append((int(lines[-1]), [column[-1].as_py() for column in columns]))
        return max(ends, default=None)

    def take_back(self) -> None:
        """Remove the row that `last` gives."""
        line, _ = self.last() or (0, [])
        self.rows -= 1
        if self._late and self._late[-1][0] == line:
            self._late.pop()
            return
        lines, columns = self._tail.pop()
        if len(lines) > 1:
            self._tail.append(Batch(lines[:-1], [column[:-1] for column in columns]))

    @property
    def spilled(self) -> bool:
        """Whether rows are on disk."""
        return self._path is not None

    def batches(self, columns: Sequence[int] | None = None) -> Iterator[Batch]:
        """Give all rows, with all columns or only those asked for."""
        wanted = list(range(self.width)) if columns is None else list(columns)
        late, start = self._late, 0
        held: Batch | None = None
        for batch in self._plain(wanted):
            if held is not None:
                end = start
                while end < len(late) and late[end][0] < batch.lines[0]:
                    end += 1
                yield _with(held, late[start:end], wanted)
                start = end
            held = batch
        if held is not None or late:
            empty = Batch(np.empty(0, np.int64), [pa.array([], TEXT) for _ in wanted])
            yield _with(held or empty, late[start:], wanted)

    def column(self, i: int) -> pa.Array:
        """Join one column."""
        parts = [batch.columns[0] for batch in self.batches([i])]
        return pa.concat_arrays(parts) if parts else pa.array([], TEXT)

    def _plain(self, wanted: list[int]) -> Iterator[Batch]:
        if self._path is not None:
            with self._closing:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
            start, end = 0, 1
            while start < end:
                # Mapped anew now and then: pages that were read go with their mapping.
                reader = pa.ipc.open_file(pa.memory_map(str(self._path)))
                end = reader.num_record_batches
                for i in range(start, min(start + AT_ONCE, end)):
                    lines, *columns = reader.get_batch(i).columns
                    yield Batch(lines.to_numpy(), [columns[k] for k in wanted])
                start += AT_ONCE
        batches = (*self._batches, *self._tail)
        picked = [Batch(b.lines, [b.columns[i] for i in wanted]) for b in batches]
        done = len(self._batches)
        yield from picked[:done]
        if self._tail:
            # Joined after the choice: each column would else join all the others.
            yield _joined(picked[done:])

    def _keep(self, batch: Batch) -> None:
        self._batches.append(batch)
        self._bytes += sum(column.nbytes for column in batch.columns)
        if self._bytes < MEMORY:
            return
        names = ["line", *(f"c{i}" for i in range(self.width))]
        if self._writer is None:
            folder = Path(tempfile.mkdtemp())
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._path = folder / "spool"
            types = [pa.int64(), *[TEXT] * self.width]
            schema = pa.schema(list(zip(names, types, strict=True)))
            self._writer = pa.ipc.new_file(str(self._path), schema)
        for lines, columns in self._batches:
            self._writer.write_batch(
                pa.RecordBatch.from_arrays([pa.array(lines), *columns], names)
            )
        self._batches, self._bytes = [], 0


def _joined(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    columns = zip(*(batch.columns for batch in batches), strict=True)
    return Batch(
        np.concatenate([batch.lines for batch in batches]),
        [pa.concat_arrays(list(parts)) for parts in columns],
    )


def _with(batch: Batch, late: list[tuple[int, list[str]]], wanted: list[int]) -> Batch:
    """Put late rows among those of a batch."""
    if not late:
        return batch
    lines = np.concatenate([batch.lines, [line for line, _ in late]])
    order = pa.array(np.argsort(lines, kind="stable"))
    columns = [
        pa.concat_arrays([column, pa.array([row[i] for _, row in late], TEXT)])
        for i, column in zip(wanted, batch.columns, strict=True)
    ]
    return Batch(np.sort(lines), [pc.take(column, order) for column in columns])
