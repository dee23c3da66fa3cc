"""A table by its columns: of a DataFrame, or of an Arrow file larger than memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

AT_ONCE = 64


class Coded(NamedTuple):
    """A column of texts as positions among those that differ; -1 is missing."""

    codes: npt.NDArray[np.int32]
    texts: pa.LargeStringArray


class Columns(Protocol):
    """What makes a log needs of a table: one column at a time."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the columns."""

    def column(self, name: str) -> pd.Series:
        """Give a column as pandas has it."""

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Give a column of texts where it is; None when it is of another type."""

    def coded(self, name: str) -> Coded | None:
        """Tell the different texts of a column apart; None if it is of another type."""

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

    def coded(self, name: str) -> Coded | None:
        """Tell the different texts of a column apart."""
        texts = self.texts(name)
        return None if texts is None else coded(texts)

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
        self._last: dict[str, Coded] = {}
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
        other._kept, other._last = self, self._last
        return other

    def column(self, name: str) -> pd.Series:
        """Map a column; numbers and times are read."""
        return as_series(self._mapped().column(self._names[name]), name)

    def texts(self, name: str) -> pa.ChunkedArray | None:
        """Map a column of texts."""
        values = self._mapped().column(self._names[name])
        return values if pa.types.is_large_string(values.type) else None

    def coded(self, name: str) -> Coded | None:
        """Tell the different texts of a column apart.

        The last one is remembered: who counts users makes a log of them next.
        """
        column = self._names[name]
        if column not in self._last:
            texts = self.texts(name)
            if texts is None:
                return None
            self._last.clear()
            self._last[column] = coded(texts)
        return self._last[column]

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


def coded(texts: pa.ChunkedArray) -> Coded:
    """Tell texts apart, of which there may be millions.

    Example:
        >>> cities = pa.chunked_array([["Rome", None, "Rome"]], pa.large_string())
        >>> found = coded(cities)
        >>> found.codes.tolist(), found.texts.to_pylist()
        ([0, -1, 0], ['Rome'])
    """
    # All chunks share one dictionary, that of the whole.
    parts = texts.dictionary_encode().chunks
    if not parts:
        return Coded(np.empty(0, np.int32), pa.array([], pa.large_string()))
    codes = [part.indices.fill_null(-1).to_numpy() for part in parts]
    return Coded(np.concatenate(codes), parts[-1].dictionary)


def as_series(values: pa.Array | pa.ChunkedArray, name: str) -> pd.Series:
    """Give a column as pandas has it: numbers with gaps are floats."""
    if pa.types.is_boolean(values.type) and values.null_count:
        return pd.Series(values.to_pandas(), name=name).astype("boolean")
    return values.to_pandas().rename(name)
