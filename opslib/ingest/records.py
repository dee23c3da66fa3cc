"""Lines to rows of cells: at once where every line is a row, else record by record."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from opslib.ingest.ahead import ahead
from opslib.ingest.dialect import LONGEST_RECORD, Dialect
from opslib.ingest.spool import TEXT, Batch
from opslib.result import Error

# Small enough for the cache, and for the collector to have little to walk through.
CHUNK = 5_000
HEAD = 1 << 17
LONGEST_LINE = 1 << 26
MOST_OPEN = 1 << 23
# Lines that no way of reading their quotes makes whole, until no more are tried.
MOST_TORN = 1_000
# Repaired lines, until open quotes are no longer followed far: each costs a look ahead.
MOST_REPAIRED, NEAR = 2_000, 20
# Articles and chats come as one cell; what csv allows is 128 KB.
csv.field_size_limit(LONGEST_LINE)

Row = list[str]
Records = tuple[list[Row], list[int]]


@dataclass
class Repairs:
    """Lines in which a stray quote was read as a character.

    Attributes:
        torn: How many of these still have the wrong width.
    """

    lines: list[int] = field(default_factory=list)
    torn: int = 0


def records(
    pieces: Iterable[str], dialect: Dialect, repairs: Repairs
) -> Iterator[Records | Batch]:
    """Cut lines into rows: a part at once, else its batches, else record by record.

    The first lines always come as rows, for some of them may be no part of the table.
    """
    number, open_lines = 1, ""

    def cut(some: tuple[str, bool]) -> tuple[str, bool, list[pa.Array] | None]:
        return *some, _at_once(some[0], dialect)

    for text, last, columns in ahead(cut, _whole(pieces)):
        whole = open_lines + text
        if columns is not None and number > 1 and not open_lines:
            yield Batch(np.arange(number, number + len(columns[0])), columns)
            number += len(columns[0])
            continue
        parts, open_lines = _parts(whole), ""
        for i, part in enumerate(parts):
            made = _at_once(part, dialect) if number > 1 and not open_lines else None
            if made is not None:
                yield Batch(np.arange(number, number + len(made[0])), made)
                number += len(made[0])
                continue
            lines = list(io.StringIO(open_lines + part, newline=""))
            n, final = len(lines), last and i == len(parts) - 1
            yield from _by_record(lines, number, dialect, repairs, last=final)
            number += n - len(lines)
            open_lines = "".join(lines)
            if len(open_lines) > LONGEST_LINE:
                most = LONGEST_LINE / 1e6
                raise Error("ingest.long_line", row=number, most=most)


def _whole(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Give a text in parts that end where lines do; say which is the last."""
    rest = ""
    for piece in pieces:
        text, rest = _whole_lines(rest + piece)
        if len(rest) > LONGEST_LINE:
            raise Error("ingest.long_line", row=1, most=LONGEST_LINE / 1e6)
        if text:
            yield text, False
    yield rest, True


def _whole_lines(text: str) -> tuple[str, str]:
    """Split a text behind its last line end."""
    # A carriage return at the very end may be half of one.
    end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
    return text[:end], text[end:]


def _parts(text: str) -> list[str]:
    """Cut whole lines into parts of about HEAD characters."""
    parts, start = [], 0
    while start < len(text):
        ends = (text.find(mark, start + HEAD) + 1 for mark in "\n\r")
        end = min((end for end in ends if end), default=len(text))
        if text[end - 1 : end + 1] == "\r\n":
            end += 1
        parts.append(text[start:end])
        start = end
    return parts


def _at_once(text: str, dialect: Dialect) -> list[pa.Array] | None:
    """Cut whole lines into columns if every line is a row of the right width."""
    content = text.encode()
    if not _regular(content, dialect):
        return None
    names = [str(i) for i in range(dialect.width)]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(content),
            # Several texts are read side by side: within one there is nothing to share.
            arrow_csv.ReadOptions(
                column_names=names, block_size=len(content) + 1, use_threads=False
            ),
            arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                ignore_empty_lines=False,
            ),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, TEXT), check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    ends = np.count_nonzero(np.frombuffer(content, np.uint8) == ord("\n"))
    if table.num_rows != ends:
        # A record over several lines is not for a hasty reader.
        return None
    return [column.combine_chunks() for column in table.columns]


def _regular(content: bytes, dialect: Dialect) -> bool:
    """Say whether Arrow reads whole lines as they are meant."""
    mark, quote = dialect.delimiter.encode(), dialect.quote.encode()
    odd = dialect.runs or dialect.spaced or dialect.escape
    if odd or dialect.width == 1 or len(mark) != 1 or len(quote) > 1:
        return False
    lone = b"\r" in content and content.count(b"\r") != content.count(b"\r\n")
    if lone or not content.endswith(b"\n"):
        return False
    return not quote or quote not in content or _in_place(content, quote[0], mark[0])


def _in_place(content: bytes, quote: int, delimiter: int) -> bool:
    """Say whether every quote of whole lines opens or closes a cell, or is doubled.

    Arrow drops those that do not.
    """
    letters = np.frombuffer(content, np.uint8)
    at = np.flatnonzero(letters == quote)
    if len(at) % 2:
        return False
    # Where a cell begins or ends; a doubled quote closes a cell that opens again.
    edge = np.zeros(256, np.bool_)
    edge[[quote, delimiter, ord("\n"), ord("\r")]] = True
    # The last letter, before the first, is the end of a line.
    return bool(edge[letters[at[::2] - 1]].all() and edge[letters[at[1::2] + 1]].all())


def _by_record(
    lines: list[str], number: int, dialect: Dialect, repairs: Repairs, *, last: bool
) -> Iterator[Records]:
    """Cut lines into rows and take them from `lines`; an open record stays there."""
    while lines:
        batch = lines[:CHUNK]
        rows = _simple(batch, dialect)
        if rows is not None:
            numbers, used = list(range(number, number + len(batch))), len(batch)
        else:
            batch = lines[: CHUNK + LONGEST_RECORD]
            final = last and len(batch) == len(lines)
            rows, numbers, used = _careful(batch, dialect, number, repairs, last=final)
            if not used:
                return
        yield rows, numbers
        number += used
        del lines[:used]


def _simple(lines: Sequence[str], dialect: Dialect) -> list[Row] | None:
    try:
        rows = dialect.cut(lines, strict=True)
    except csv.Error:
        return None
    # An open quote at the very end is the one thing that the count does not show.
    closed = not dialect.quote or lines[-1].count(dialect.quote) % 2 == 0
    return rows if len(rows) == len(lines) and closed else None


def _careful(
    lines: list[str], dialect: Dialect, number: int, repairs: Repairs, *, last: bool
) -> tuple[list[Row], list[int], int]:
    """Cut record by record, since some span lines or have quotes out of place."""
    rows, numbers = [], []
    # What looks open may be closed by a line that is yet to come.
    patient = not last and sum(map(len, lines)) < MOST_OPEN
    i = 0
    while i < len(lines):
        if patient and len(lines) - i < LONGEST_RECORD:
            break
        row, used, mended = dialect.record(
            lines,
            i,
            mends=repairs.torn < MOST_TORN,
            longest=LONGEST_RECORD if len(repairs.lines) < MOST_REPAIRED else NEAR,
        )
        if mended:
            repairs.lines.append(number + i)
            repairs.torn += len(row) != dialect.width
        rows.append(row)
        numbers.append(number + i)
        i += used
    return rows, numbers, i
