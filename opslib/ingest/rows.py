"""Lines to columns of cells, every row either taken or set aside with its reason."""

import csv
import io
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

import pandas as pd
import pyarrow as pa

from opslib.ingest.dialect import LONGEST_RECORD, Dialect
from opslib.ingest.layout import Body, agreement
from opslib.result import Error

# Small enough for the cache, and for the collector to have little to walk through.
CHUNK = 5_000
MOST_COLUMNS = 2_000
# Lines that no way of reading their quotes makes whole, until no more are tried.
MOST_TORN = 1_000
LINE_ENDS = ("\r\n", "\r", "\n")
# What exports write under the last row: sums, which are no row of their own.
TOTALS = {
    *("total", "totals", "grandtotal", "subtotal"),
    *("合计", "总计", "小计", "共计", "汇总", "合計", "總計", "小計"),
}
# Articles and chats come as one cell; what csv allows is 128 KB.
csv.field_size_limit(1 << 26)

Row = list[str]
Batch = tuple[list[Row], list[int]]


@dataclass
class Cells:
    """The columns of a table as text, and what happened to each row.

    Attributes:
        numbers: Line of the file (from 1) in which each row begins.
        aside: Line, reason and text of each row that could not be placed.
        padded: Lines of rows whose empty cells at the end were missing or too many.
        repaired: Lines in which a stray quote was read as a character.
        torn: How many of these still have the wrong width.
        recut: Lines of rows that another delimiter cuts into the right width.
        odd: Rows of another width, until the whole file is known.
        gaps: Numbers of the columns in which a full row left a cell empty.
    """

    columns: list[list[pa.Array]]
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    aside: list[tuple[int, str, str]] = field(default_factory=list)
    blank: int = 0
    padded: list[int] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    torn: int = 0
    recut: list[int] = field(default_factory=list)
    odd: list[tuple[int, Row]] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)

    def column(self, i: int) -> pa.Array:
        """Join the chunks of one column."""
        return (
            pa.concat_arrays(self.columns[i])
            if self.columns[i]
            else pa.array([], pa.string())
        )

    def set_aside(self) -> pd.DataFrame:
        """Give the rows set aside, in the order of the file."""
        return pd.DataFrame(
            sorted(self.aside), columns=["row", "reason", "text"]
        ).astype({"row": "int64", "reason": "str", "text": "str"})


def read_rows(
    text: str,
    dialect: Dialect,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[Cells, list[str]]:
    """Cut a text into columns by a dialect; also give the names in its header."""
    lines = iter(io.StringIO(text, newline=""))
    done, length = 0, max(1, len(text))

    def counted() -> Iterator[list[str]]:
        nonlocal done
        while batch := list(islice(lines, CHUNK)):
            done += sum(map(len, batch))
            yield batch
            if on_progress:
                on_progress(done / length)

    cells = Cells([[] for _ in range(dialect.width)])
    return cells, gather(_records(counted(), dialect, cells), dialect, cells)


def gather(records: Iterable[Batch], dialect: Dialect, cells: Cells) -> list[str]:
    """Put batches of rows into columns, and give the names in the header rows."""
    if dialect.width > MOST_COLUMNS:
        raise Error("ingest.columns", n=dialect.width, most=MOST_COLUMNS)
    skip, header = dialect.preamble, dialect.header_rows
    heads: list[Row] = []

    def put(number: int, reason: str, row: Sequence[str]) -> None:
        cells.aside.append((number, reason, dialect.joined(row)))

    body = None
    for rows, numbers in records:
        start = 0
        while (skip or header) and start < len(rows):
            if skip:
                skip -= 1
                _note_preamble(rows[start], numbers[start], cells, dialect)
            elif any(rows[start]):
                header -= 1
                heads.append(dialect.otherwise(rows[start]) or rows[start])
            else:
                cells.blank += 1
            start += 1
        if start < len(rows):
            body = body or Body(dialect.width, dialect.kinds, heads, put)
            body_rows, places = rows[start:], numbers[start:]
            _recut(body_rows, places, dialect, cells)
            _place(*body.keep(body_rows, places), dialect.width, cells)
    _settle(dialect, cells)
    _set_totals_aside(dialect, cells)
    return _joined_names(heads)


def _joined_names(heads: list[Row]) -> list[str]:
    """Join header rows into one name a column; merged cells reach to the right."""
    names: list[list[str]] = []
    for i, row in enumerate(heads):
        below, last = heads[i + 1 : i + 2], ""
        names.append([])
        for j, cell in enumerate(row):
            last = cell.strip() or last
            merged = below and j < len(below[0]) and below[0][j].strip()
            names[-1].append(last if merged else cell.strip())
    parts = zip_longest(*names, fillvalue="")
    return [" ".join(filter(None, part)) for part in parts]


def _note_preamble(row: Row, number: int, cells: Cells, dialect: Dialect) -> None:
    if any(row):
        cells.aside.append((number, "preamble", dialect.joined(row)))
    else:
        cells.blank += 1


def _recut(rows: list[Row], numbers: list[int], dialect: Dialect, cells: Cells) -> None:
    """Cut rows anew whose writer used another delimiter than the others'."""
    for i, row in enumerate(rows):
        if 0 < len(row) < dialect.width and (other := dialect.otherwise(row)):
            same, misfits = agreement(other, dialect.kinds)
            if same >= misfits:
                rows[i] = other
                cells.recut.append(numbers[i])


def _place(rows: list[Row], numbers: list[int], width: int, cells: Cells) -> None:
    """Take the rows of the right width; keep the others for `_settle`."""
    if set(map(len, rows)) != {width} or width == 1:
        kept, places = [], []
        for row, number in zip(rows, numbers, strict=True):
            if not any(map(str.strip, row)):
                cells.blank += 1
            elif len(row) == width:
                kept.append(row)
                places.append(number)
            elif len(row) > width and not any(cell.strip() for cell in row[width:]):
                kept.append(row[:width])
                places.append(number)
                cells.padded.append(number)
            else:
                cells.odd.append((number, row))
        rows, numbers = kept, places
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    if not all(map(str.strip, columns[0])):
        # Rows of nothing but delimiters, as spreadsheets leave them at the end.
        pairs = [
            (row, number)
            for row, number in zip(rows, numbers, strict=True)
            if any(map(str.strip, row))
        ]
        if not pairs:
            cells.blank += len(rows)
            return
        cells.blank += len(rows) - len(pairs)
        numbers = [number for _, number in pairs]
        columns = list(zip(*(row for row, _ in pairs), strict=True))
    cells.numbers.extend(numbers)
    for i, column in enumerate(columns):
        cells.columns[i].append(pa.array(column, pa.string()))
        if "" in column:
            cells.gaps.add(i)


def _settle(dialect: Dialect, cells: Cells) -> None:
    """Pad short rows where the missing cells may be empty, set the others aside.

    A cell may be empty when full rows leave it empty too, or when so many rows are
    short that the writer plainly drops empty cells at the end.
    """
    width = dialect.width
    habit = sum(len(row) < width for _, row in cells.odd) > 0.05 * len(cells.numbers)
    added: list[tuple[int, Row]] = []
    for number, row in cells.odd:
        if len(row) > width:
            cells.aside.append((number, "long", dialect.joined(row)))
        elif not dialect.runs and (
            habit or cells.gaps.issuperset(range(len(row), width))
        ):
            added.append((number, row + [""] * (width - len(row))))
            cells.padded.append(number)
        else:
            cells.aside.append((number, "short", dialect.joined(row)))
    if not added:
        return
    order = [*cells.numbers, *(number for number, _ in added)]
    place = pa.array(sorted(range(len(order)), key=order.__getitem__))
    for i in range(width):
        extra = pa.array([row[i] for _, row in added], pa.string())
        joined = pa.concat_arrays([*cells.columns[i], extra])
        cells.columns[i] = [joined.take(place)]
    cells.numbers = array("q", sorted(order))
    cells.padded.sort()


def _set_totals_aside(dialect: Dialect, cells: Cells) -> None:
    """Set the sums under the last row aside: counted as a row, they would double."""
    while len(cells.numbers) > 1 and dialect.width > 1:
        row = [column[-1][-1].as_py() for column in cells.columns]
        first = next(filter(None, map(str.strip, row)), "")
        if first.lower().replace(" ", "").rstrip(":：") not in TOTALS:
            return
        cells.aside.append((cells.numbers.pop(), "total", dialect.joined(row)))
        for column in cells.columns:
            last = column.pop()[:-1]
            column.extend([last] if len(last) else [])


def _records(
    batches: Iterable[list[str]], dialect: Dialect, cells: Cells
) -> Iterator[Batch]:
    """Cut lines into rows; where every record is one line, a whole batch at a time."""
    number = 1
    pending: list[str] = []
    batches = iter(batches)
    while True:
        batch = next(batches, None)
        lines = pending + (batch or [])
        if not lines:
            return
        rows = _simple(lines, dialect)
        if rows is not None:
            yield rows, list(range(number, number + len(lines)))
            number += len(lines)
            pending = []
            continue
        rows, numbers, used = _careful(
            lines, dialect, number, cells, last=batch is None
        )
        yield rows, numbers
        number += used
        pending = lines[used:]


def _simple(lines: Sequence[str], dialect: Dialect) -> list[Row] | None:
    try:
        rows = dialect.cut(lines)
    except csv.Error:
        return None
    # An open quote at the very end is the one thing that the count does not show.
    closed = not dialect.quote or lines[-1].count(dialect.quote) % 2 == 0
    return rows if len(rows) == len(lines) and closed else None


def _careful(
    lines: list[str], dialect: Dialect, number: int, cells: Cells, *, last: bool
) -> tuple[list[Row], list[int], int]:
    """Cut record by record, since some span lines or have quotes out of place."""
    rows, numbers = [], []
    i = 0
    while i < len(lines):
        if not last and len(lines) - i < LONGEST_RECORD and i:
            break
        row, used, mended = dialect.record(lines, i, mends=cells.torn < MOST_TORN)
        if mended:
            cells.repaired.append(number + i)
            cells.torn += len(row) != dialect.width
        rows.append(row)
        numbers.append(number + i)
        i += used
    return rows, numbers, i
