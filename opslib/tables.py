"""A table by its columns: of a DataFrame, or of an Arrow file larger than memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa

AT_ONCE = 64


class Columns(Protocol):
    """What makes a log needs of a table: one column at a time."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""

    def column(self, name: str) -> pd.Series:
        """Give a column as pandas has it."""

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Give a column of texts where it is; None when it is of another type."""

    def chunks(self, name: str) -> Iterable[pa.Array]:
        """Go through a column of texts."""


class Frame:
    """The columns of a DataFrame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self.frame.columns)

    def column(self, name: str) -> pd.Series:
        """Give a column."""
        return self.frame[name]

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Give a column of texts without copying them."""
        column = self.frame[name]
        if column.dtype != "str":
            return None
        values = pa.array(column)
        return pa.chunked_array(values).cast(pa.large_string())

    def chunks(self, name: str) -> Iterable[pa.Array]:
        """Go through a column of texts."""
        texts = self.texts(name)
        return texts.chunks if texts is not None else []


class File:
    """The columns of an Arrow file; each is read when it is asked for.

    Args:
        path: The file.
        names: Name of a column -> its name in the file; None: all, as they are.
    """

    def __init__(self, path: Path, names: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._kept: File | None = None
        with pa.OSFile(str(path)) as file:
            known = pa.ipc.open_file(file).schema.names
        self._names = dict(names or zip(known, known, strict=True))

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self._names)

    def renamed(self, names: Mapping[str, str]) -> "File":
        """Give the same file with other names: name -> name in the file."""
        other = File(self.path, names)
        # A temporary file is there as long as somebody has the first of these.
        other._kept = self
        return other

    def column(self, name: str) -> pd.Series:
        """Map a column; numbers and times are read."""
        return as_series(self._mapped().column(self._names[name]), name)

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Map a column of texts."""
        values = self._mapped().column(self._names[name])
        return values if pa.types.is_large_string(values.type) else None

    def chunks(self, name: str) -> Iterator[pa.Array]:
        """Go through a column of texts; what is done with leaves memory."""
        start, end = 0, 1
        while start < end:
            # Pages that were read go with their mapping.
            reader = pa.ipc.open_file(pa.memory_map(str(self.path)))
            end = reader.num_record_batches
            for i in range(start, min(start + AT_ONCE, end)):
                yield reader.get_batch(i).column(self._names[name])
            start += AT_ONCE

    def frame(self) -> pd.DataFrame:
        """Give the whole as a DataFrame; its texts stay in the file."""
        table = self._mapped()
        return pd.DataFrame(
            {new: as_series(table.column(old), new) for new, old in self._names.items()}
        )

    def _mapped(self) -> pa.Table:
        # A mapping of its own each time: when it goes, so do the pages it has read.
        return pa.ipc.open_file(pa.memory_map(str(self.path))).read_all()


def as_series(values: pa.Array | pa.ChunkedArray, name: str) -> pd.Series:
    """Give a column as pandas has it: numbers with gaps are floats."""
    if pa.types.is_boolean(values.type) and values.null_count:
        return pd.Series(values.to_pandas(), name=name).astype("boolean")
    return values.to_pandas().rename(name)
