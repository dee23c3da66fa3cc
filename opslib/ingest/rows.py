"""Rows to columns of cells, each either taken or set aside with its reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest.dialect import Dialect
from opslib.ingest.layout import Body, agreement
from opslib.ingest.records import Records, Repairs, Row, records
from opslib.ingest.spool import TEXT, Batch, Spool
from opslib.ingest.trim import never_blank, shortest, trimmed
from opslib.result import Error

MOST_COLUMNS = 2_000
MOST_WAITING = 50_000
# What exports write under the last row: sums, which are no row of their own.
TOTALS = {
    *("total", "totals", "grandtotal", "subtotal"),
    *("合计", "总计", "小计", "共计", "汇总", "合計", "總計", "小計"),
}


@dataclass
class Cells:
    """The columns of a table as text, and what happened to each row.

    Attributes:
        spool: The rows, with the line of the file (from 1) in which each begins.
        aside: Line, reason and text of each row that could not be placed.
        padded: Lines of rows whose empty cells at the end were missing or too many.
        repairs: Lines in which a stray quote was read as a character.
        recut: Lines of rows that another delimiter cuts into the right width.
        odd: Rows of another width, until it is clear what they are.
        gaps: Numbers of the columns in which a full row left a cell empty.
    """

    spool: Spool
    aside: list[tuple[int, str, str]] = field(default_factory=list)
    blank: int = 0
    padded: list[int] = field(default_factory=list)
    repairs: Repairs = field(default_factory=Repairs)
    recut: list[int] = field(default_factory=list)
    odd: list[tuple[int, Row]] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)

    def set_aside(self) -> pd.DataFrame:
        """Give the rows set aside, in the order of the file."""
        return pd.DataFrame(
            sorted(self.aside), columns=["row", "reason", "text"]
        ).astype({"row": "int64", "reason": "str", "text": "str"})


def read_rows(pieces: Iterable[str], dialect: Dialect) -> tuple[Cells, list[str]]:
    """Cut a text into columns by a dialect; also give the names in its header.

    Args:
        pieces: The text in order, cut anywhere.
        dialect: How its lines are cut into cells.

    Raises:
        Error: Too many columns, or a line longer than 64 million characters.
    """
    cells = Cells(Spool(dialect.width))
    return cells, gather(records(pieces, dialect, cells.repairs), dialect, cells)


def gather(
    parts: Iterable[Records | Batch], dialect: Dialect, cells: Cells
) -> list[str]:
    """Put batches of rows into columns, and give the names in the header rows."""
    if dialect.width > MOST_COLUMNS:
        raise Error("ingest.columns", n=dialect.width, most=MOST_COLUMNS)
    skip, header = dialect.preamble, dialect.header_rows
    heads: list[Row] = []

    def put(number: int, reason: str, row: Sequence[str]) -> None:
        cells.aside.append((number, reason, dialect.joined(row)))

    body = None
    for some in parts:
        if isinstance(some, Batch):
            if body and not skip and not header and _all_plain(some, body):
                body.rows += len(some.lines)
                _take(some, cells)
                continue
            columns = [column.to_pylist() for column in some.columns]
            rows = [*map(list, zip(*columns, strict=True))]
            numbers = some.lines.tolist()
        else:
            rows, numbers = some
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
        if len(cells.odd) > MOST_WAITING:
            _settle(dialect, cells)
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


def _all_plain(batch: Batch, body: Body) -> bool:
    """Say whether nothing in a batch can be other than a row of the table.

    Rows with two cells at least are the table's as long as nothing has broken it.
    """
    if not body.inside or body.after_break:
        return False
    for head in body.heads:
        if len(head) == len(batch.columns):
            same = pc.equal(batch.columns[0], head[0])
            for column, cell in zip(batch.columns[1:], head[1:], strict=True):
                if not pc.any(same).as_py():
                    break
                same = pc.and_(same, pc.equal(column, cell))
            if pc.any(same).as_py():
                return False
    if sum(islice(filter(None, map(never_blank, batch.columns)), 2)) == 2:
        return True
    filled = np.zeros(len(batch.lines), np.int64)
    for column in batch.columns:
        filled += pc.not_equal(trimmed(column), "").to_numpy(zero_copy_only=False)
    return bool(filled.min() >= 2)


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
    lines = np.array(numbers, np.int64)
    columns = [pa.array(column, TEXT) for column in zip(*rows, strict=True)]
    _take(Batch(lines, columns), cells)


def _take(batch: Batch, cells: Cells) -> None:
    """Keep rows of the right width, but for those of nothing but delimiters."""
    lines, columns = batch
    if not never_blank(columns[0]):
        blank = np.ones(len(lines), np.bool_)
        for column in columns:
            blank &= pc.equal(trimmed(column), "").to_numpy(zero_copy_only=False)
        if blank.any():
            cells.blank += int(blank.sum())
            lines = lines[~blank]
            columns = [column.filter(pa.array(~blank)) for column in columns]
    if not len(lines):
        return
    for i, column in enumerate(columns):
        if i not in cells.gaps and shortest(column) == 0:
            cells.gaps.add(i)
    cells.spool.append(lines, columns)


def _settle(dialect: Dialect, cells: Cells) -> None:
    """Pad short rows where the missing cells may be empty, set the others aside.

    A cell may be empty when full rows leave it empty too, or when so many rows are
    short that the writer plainly drops empty cells at the end.
    """
    width = dialect.width
    habit = sum(len(row) < width for _, row in cells.odd) > 0.05 * cells.spool.rows
    for number, row in cells.odd:
        if len(row) > width:
            cells.aside.append((number, "long", dialect.joined(row)))
        elif not dialect.runs and (
            habit or cells.gaps.issuperset(range(len(row), width))
        ):
            cells.spool.put_late(number, row + [""] * (width - len(row)))
            cells.padded.append(number)
        else:
            cells.aside.append((number, "short", dialect.joined(row)))
    cells.odd.clear()
    cells.padded.sort()


def _set_totals_aside(dialect: Dialect, cells: Cells) -> None:
    """Set the sums under the last row aside: counted as a row, they would double."""
    while cells.spool.rows > 1 and dialect.width > 1 and (end := cells.spool.last()):
        number, row = end
        first = next(filter(None, map(str.strip, row)), "")
        if first.lower().replace(" ", "").rstrip(":：") not in TOTALS:
            return
        cells.aside.append((number, "total", dialect.joined(row)))
        cells.spool.take_back()
