"""Parquet to columns of text, as a CSV file of the same table would hold them.

So what a table is found to be does not depend on how it was saved, and strings that
hold dates or numbers, as exports of data lakes do, are read as such.
"""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from opslib.ingest.archive import check_size, whole
from opslib.ingest.footer import BROKEN, read_footer
from opslib.ingest.rows import MOST_COLUMNS
from opslib.ingest.spool import ROWS, TEXT, Batch
from opslib.result import Error

# Of a wide table few rows are held at a time.
CELLS = 1 << 20
BUFFER = 1 << 16


class Columns(NamedTuple):
    """A table in a Parquet file: its names, how many rows, and these in batches."""

    names: list[str]
    rows: int
    batches: Iterator[Batch]


def read_columns(file: IO[bytes], *, most_bytes: int) -> Columns:
    """Read a Parquet file after looking at what it says of itself.

    Lists, structs and maps become JSON, bytes that are no text are escaped, and the
    names of the columns count as line 1. Rows are read as they are asked for.

    Args:
        file: Open for reading, seekable.
        most_bytes: Refuse more text than that.

    Raises:
        Error: Damaged, encrypted, packed in a way that is not read, or too large; the
            batches raise it too.

    Example:
        >>> table = pa.table({"user": [7], "tags": [["a"]]})
        >>> pq.write_table(table, file := io.BytesIO())
        >>> found = read_columns(file, most_bytes=100)
        >>> found.names, [column.to_pylist() for column in next(found.batches).columns]
        (['user', 'tags'], [['7'], ['["a"]']])
    """
    footer = read_footer(file)
    if footer.columns > MOST_COLUMNS:
        raise Error("ingest.columns", n=footer.columns, most=MOST_COLUMNS)
    size = file.seek(0, io.SEEK_END)
    check_size(footer.rows * footer.columns, size, most_bytes)
    with whole(BROKEN):
        found = pq.ParquetFile(
            file,
            buffer_size=BUFFER,
            pre_buffer=False,
            # In nanoseconds, as is the default, the year 9999 would be another one.
            coerce_int96_timestamp_unit="us",
            page_checksum_verification=True,
        )
        names = found.schema_arrow.names
    if not names:
        raise Error("ingest.empty")
    batches = _batches(found, footer.rows, lambda n: check_size(n, size, most_bytes))
    return Columns(names, footer.rows, batches)


def _batches(
    found: pq.ParquetFile, total: int, check: Callable[[int], None]
) -> Iterator[Batch]:
    rows = size = 0
    each = max(1, min(ROWS, CELLS // len(found.schema_arrow)))
    with whole(BROKEN):
        for batch in found.iter_batches(each):
            columns = [as_text(column) for column in batch.columns]
            size += sum(pc.sum(pc.binary_length(one)).as_py() or 0 for one in columns)
            check(size)
            yield Batch(np.arange(rows + 2, rows + 2 + len(batch)), columns)
            rows += len(batch)
    if rows != total:
        raise Error(BROKEN)


def as_text(values: pa.Array) -> pa.Array:
    """Write cells as a CSV file would have them, empty where there is nothing.

    Example:
        >>> as_text(pa.array([1.0, None, 0.25])).to_pylist()
        ['1.0', '', '0.25']
    """
    return pc.fill_null(_written(values), "").cast(TEXT)


def _written(values: pa.Array) -> pa.Array:
    type_ = values.type
    if pa.types.is_dictionary(type_):
        return _written(values.dictionary_decode())
    if pa.types.is_floating(type_):
        # A column of numbers with decimals is one also where these are all zero.
        return pc.replace_substring_regex(values.cast(TEXT), r"^(-?\d+)$", r"\1.0")
    if pa.types.is_timestamp(type_):
        # An instant is written in UTC: other zones may not be known to this system.
        plain = values.cast(pa.int64()).cast(pa.timestamp(type_.unit)).cast(TEXT)
        plain = pc.replace_substring_regex(plain, r"\.0+$", "")
        if type_.tz is None:
            return pc.replace_substring_regex(plain, " 00:00:00$", "")
        return pc.binary_join_element_wise(
            plain, pa.scalar("Z", TEXT), pa.scalar("", TEXT)
        )
    if type_ in {pa.string(), TEXT, pa.string_view()}:
        # That a text is one is checked where bytes become it.
        values = values.cast(pa.large_binary())
    if not (pa.types.is_nested(type_) or isinstance(type_, pa.BaseExtensionType)):
        with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return values.cast(TEXT)
    cells = values.to_pylist(maps_as_pydicts="strict")
    return pa.array([None if cell is None else _plain(cell) for cell in cells], TEXT)


def _plain(cell: object) -> str:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=_plain)
    return str(cell)
