"""Text to dialect: which delimiter and quote, and whether the first row is a header.

After van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and
type patterns" (2019): the right dialect makes rows equally wide and cells recognisable.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from opslib.ingest.columns import cell_kind

WHITESPACE = " "
DELIMITERS = (",", ";", "\t", "|", WHITESPACE)
SAMPLE_LINES = 200


@dataclass(frozen=True)
class Dialect:
    """How the lines of a text are cut into cells.

    Attributes:
        delimiter: One character; " " stands for any run of white space.
        quote: One character, or "" when quotes mean nothing.
        width: Cells of a normal row.
        preamble: Lines before the header that are no part of the table.
        header_rows: 0 when the first row is already data.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    spaced: bool = False
    width: int = 1
    preamble: int = 0
    header_rows: int = 1

    def options(self) -> dict[str, Any]:
        """Say it as csv.reader wants to hear it."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "skipinitialspace": self.spaced,
        }

    def cut(self, lines: Sequence[str]) -> list[list[str]]:
        """Cut a few lines into rows, one empty row for a blank line.

        Example:
            >>> Dialect(WHITESPACE).cut([" 00001 19970101  1   11.77"])
            [['00001', '19970101', '1', '11.77']]
        """
        return list(csv.reader(self.prepared(lines), **self.options()))

    def prepared(self, lines: Sequence[str]) -> Sequence[str]:
        """Make lines fit for csv.reader: runs of white space become one."""
        if self.delimiter != WHITESPACE:
            return lines
        return [" ".join(line.split()) for line in lines]


def sniff(
    lines: Sequence[str],
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    header_rows: int | None = None,
) -> Dialect:
    """Find the dialect of a sample of lines; what is given is taken as given.

    Example:
        >>> found = sniff(["day;sum", "1.5.2024;1,5", "2.5.2024;2,5"])
        >>> found.delimiter, found.width, found.header_rows
        (';', 2, 1)
    """
    sample = [line.rstrip("\r\n") for line in lines]
    delimiters = DELIMITERS if delimiter is None else (delimiter,)
    best = Dialect(delimiter or ",", '"' if quote is None else quote)
    best_score = 0.3
    for mark in delimiters:
        for around in ('"', "'") if quote is None else (quote,):
            if around == "'" and not any(f"{mark}'" in line for line in sample):
                continue
            one = Dialect(mark, around, spaced=_spaced(sample, mark))
            if '\\"' in "".join(sample) and '""' not in "".join(sample):
                one = replace(one, escape="\\")
            score, width = _score(one, sample)
            if score > best_score:
                best, best_score = replace(one, width=width), score
    rows = _cut(best, sample)
    if best.width == 1 and rows:
        best = replace(best, width=_width(rows))
    before = _preamble(rows, best.width)
    best = replace(best, preamble=before)
    if header_rows is None:
        header_rows = int(has_header(rows[before:], best.width))
    return replace(best, header_rows=header_rows)


def _spaced(sample: Sequence[str], mark: str) -> bool:
    """Say whether the writer puts a space after every delimiter (`1, "a, b"`)."""
    text = "\n".join(sample)
    return mark != WHITESPACE and 0 < text.count(mark) == text.count(f"{mark} ")


def _cut(dialect: Dialect, sample: Sequence[str]) -> list[list[str]]:
    try:
        return dialect.cut(sample)
    except csv.Error:
        return dialect.cut([line[:1000] for line in sample if len(line) < 100_000])


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Find the usual width: the header's, if a fair share of the rows agrees."""
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return 1
    first = len(next(row for row in rows if any(row)))
    body = widths.total() - 1
    if first > 1 and widths[first] > max(1, 0.1 * body):
        return first
    return max(widths, key=lambda width: (widths[width], width))


def _score(dialect: Dialect, sample: Sequence[str]) -> tuple[float, int]:
    rows = [row for row in _cut(dialect, sample) if any(row)]
    if not rows:
        return 0.0, 1
    width = _width(rows)
    usual = [row for row in rows if len(row) == width]
    if width < 2:
        return 0.0, 1
    cells = [cell.strip() for row in usual[:100] for cell in row]
    plain = sum(_plain(cell, dialect) for cell in cells) / len(cells)
    share = len(usual) / len(rows)
    score = share * width / (width + 0.5) * (0.4 + 0.6 * plain)
    if dialect.delimiter == WHITESPACE:
        # Any sentence splits at its spaces; only a perfect grid counts.
        score *= 0.7 if share > 0.95 else 0.2
    return score if dialect.quote == '"' else score * 0.95, width


def _plain(cell: str, dialect: Dialect) -> float:
    """Say how much a cell looks whole: typed or a word is 1, a torn piece is 0."""
    if cell_kind(cell) != "text":
        return 1.0
    if any(mark in cell for mark in DELIMITERS[1:4]) or cell.count('"') % 2:
        return 0.1
    if dialect.quote == '"' and (
        cell.startswith('"') or cell.startswith("'") != cell.endswith("'")
    ):
        return 0.1
    return 1.0 if re.fullmatch(r"[\w.@$()-]+", cell) else 0.7


def _preamble(rows: Sequence[Sequence[str]], width: int) -> int:
    """Count leading rows that hold at most one cell of a table at least three wide.

    Of a table two wide, a half empty row may be its own: titles have no delimiter.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    start = next((i for i, n in enumerate(filled) if n > width / 2), 0)
    title = width >= 3 or (width == 2 and all(len(row) < 2 for row in rows[:start]))
    return start if title and start <= 50 else 0


def has_header(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Say whether the first row names the columns rather than holding values.

    Each column votes: a text above numbers or dates is a name; a number above numbers,
    or a text that comes again below, is a value.

    Example:
        >>> has_header([["1", "pv"], ["2", "pv"], ["3", "buy"]], 2)
        False
    """
    full = [row for row in rows if len(row) == width]
    head = next((row for row in rows if any(row)), [])
    body = full[1:] if full and full[0] is head else full
    if not head or not body:
        return bool(head) and all(cell_kind(cell) == "text" for cell in head)
    votes = 0.0
    for i, name in enumerate(head[:width]):
        below = [row[i].strip() for row in body if row[i].strip()]
        kinds = Counter(cell_kind(cell) for cell in below)
        kind, times = kinds.most_common(1)[0] if kinds else ("", 0)
        first = cell_kind(name.strip())
        if kind and kind != "text" and times >= 0.8 * len(below):
            votes += 1.0 if first == "text" else -1.0 if first == kind else 0.0
        elif first not in {"text", "missing"}:
            votes -= 0.5
        elif name.strip() in below:
            votes -= 1.0
    return votes >= 0
