"""Which rows of a file are its table: titles, headers, units, notes and other tables.

The kinds of the columns decide. A row above them that names columns is header, one
that does not is preamble; a row below a break that does not fit them is a note or
belongs to another table.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opslib.ingest.values import cell_kind

Row = Sequence[str]
MOST_PREAMBLE = 50
MOST_HEADERS = 4
# Lines of dashes that set parts of a file apart, some with words amid them.
RULE = re.compile(r"\s*[-=*_#~—─]{5,}")
UNIT = re.compile(r"\s*[(（\[【].*[)）\]】]\s*|\s*[%％‰元万亿件人个次kg]{1,2}\s*")
YEAR = re.compile(r"(?:19|20)\d\d年?")
COMPACT = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?")
NOTE = re.compile(
    r"\s*(?:[*†※]|.{0,60}[:：]|(?:source|note|data|as of|copyright|©|generated|page)\b"
    r"|[注说備备]|来源|來源|数据|共\s*\d|以上|导出|制表|截至)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Head:
    """What stands above the body of a table.

    Attributes:
        preamble: Rows that are no part of the table.
        rows: Rows below them that name the columns.
        kinds: What each column holds: "number", "date", "text", or "" when nothing.
    """

    preamble: int
    rows: int
    kinds: tuple[str, ...]


def find_head(rows: Sequence[Row], width: int, given: int | None = None) -> Head:
    """Find preamble, header rows and kinds of columns in the first rows of a file.

    Example:
        >>> rows = [["May"], ["day", "sum"], ["", "(EUR)"], ["2025-05-01", "7"]]
        >>> find_head(rows, 2)
        Head(preamble=1, rows=2, kinds=('date', 'number'))
    """
    kinds = column_kinds(rows, width)
    start = _start(rows, width, kinds)
    count = _header_rows(rows[start:], kinds) if given is None else given
    if given is None and not count and start and _half_named(rows[start - 1], width):
        start, count = start - 1, 1
    groups = 0
    while count and groups < min(start, MOST_HEADERS):
        row = rows[start - groups - 1]
        if (given is not None and given < groups + 2) or not _grouping(row, width):
            break
        groups += 1
    return Head(start - groups, count + groups if given is None else count, kinds)


def column_kinds(rows: Sequence[Row], width: int) -> tuple[str, ...]:
    """Say what each column holds, by most of the rows that are nearly full."""
    full = [row for row in rows if len(row) == width and _filled(row) > width / 2]
    body = full[min(5, max(1, len(full) // 5)) :] or full
    kinds = []
    for i in range(width):
        counts = Counter(cell_kind(row[i]) for row in body)
        counts.pop("missing", None)
        kind, times = counts.most_common(1)[0] if counts else ("", 0)
        kinds.append(kind if times >= 0.6 * counts.total() else "text")
    return tuple(kinds)


def agreement(row: Row, kinds: Sequence[str]) -> tuple[int, int]:
    """Count the cells that are of their column's kind, and those that are not.

    Only columns of numbers or dates tell: anything may stand in a column of texts.
    """
    same = other = 0
    for cell, kind in zip(row, kinds, strict=False):
        if kind in {"number", "date"} and (got := cell_kind(cell)) != "missing":
            same += got == kind
            other += got != kind
    return same, other


def _filled(row: Row) -> int:
    return sum(map(bool, map(str.strip, row)))


def _is_break(row: Row) -> bool:
    filled = [cell for cell in row if cell.strip()]
    return not filled or (len(filled) == 1 and bool(RULE.match(filled[0])))


def _is_data(row: Row, kinds: Sequence[str]) -> bool:
    same, other = agreement(row, kinds)
    return same > other and not _years(row, kinds)


def _years(row: Row, kinds: Sequence[str]) -> bool:
    """Say whether a row names columns of numbers by years: 2019, 2020, 2021.

    Three months or days in a row, 20250101, 20250102, 20250103, name them as well.
    """
    numbers = [
        cell.strip()
        for cell, kind in zip(row, kinds, strict=False)
        if kind == "number" and cell.strip()
    ]
    years = [int(cell[:4]) for cell in numbers if YEAR.fullmatch(cell)]
    steps = {b - a for a, b in pairwise(years)}
    compact = [match for match in map(COMPACT.fullmatch, numbers) if match]
    if len(compact) > 2:
        years = [_place(match) for match in compact]
        steps = {b - a for a, b in pairwise(years)}
    # One column may be a total, or named otherwise.
    return len(years) >= max(2, len(numbers) - 1) and steps in ({1}, {-1})


def _place(match: re.Match[str]) -> int:
    """Count the months or days up to one; a day that there is not is far from all."""
    year, month, day = (int(part or 0) for part in match.groups())
    if not day:
        return 12 * year + month
    try:
        return dt.date(year, month, day).toordinal()
    except ValueError:
        return 0


def _start(rows: Sequence[Row], width: int, kinds: Sequence[str]) -> int:
    """Find the first row of the table: its header, or its first record."""
    start = next((i for i, row in enumerate(rows) if _filled(row) > width / 2), 0)
    # Of a table two wide, a half empty row may be its own: titles have no delimiter.
    if start > MOST_PREAMBLE or (width == 2 and any(len(r) > 1 for r in rows[:start])):
        return 0
    while True:
        end = next(
            (i for i in range(start, len(rows)) if _is_break(rows[i])), len(rows)
        )
        if end > MOST_PREAMBLE or any(_is_data(row, kinds) for row in rows[start:end]):
            return start
        after = (i for i in range(end + 1, len(rows)) if _filled(rows[i]) > width / 2)
        following = next(after, None)
        if following is None or not any(_is_data(r, kinds) for r in rows[following:]):
            return start
        names = all(len(row) == width for row in rows[start:end])
        if names and _is_data(rows[following], kinds):
            return start
        start = following


def _header_rows(rows: Sequence[Row], kinds: Sequence[str]) -> int:
    count = 0
    above: Row = ()
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        same, other = agreement(row, kinds)
        if _years(row, kinds):
            names = True
        elif count == 0:
            names = other >= same if same or other else _names(rows, kinds)
        else:
            names = not same and (
                other > 1 or (other == 1 and _loose(above, row, kinds))
            )
        if not names:
            return count
        above = row
        count += 1
        if count > MOST_HEADERS:
            return 1
    return min(count, 1)


def _loose(above: Row, row: Row, kinds: Sequence[str]) -> bool:
    """Say whether one text above one column of numbers makes a second header."""
    return "" in above or any(
        kind != "text" and UNIT.fullmatch(cell)
        for cell, kind in zip(row, kinds, strict=False)
    )


def _names(rows: Sequence[Row], kinds: Sequence[str]) -> bool:
    """Say of a table of texts whether its first row names the columns.

    A text that comes again below is a value, and so is a number among texts.
    """
    head = next(row for row in rows if any(map(str.strip, row)))
    below = [row for row in rows if row is not head and len(row) == len(kinds)]
    if not below:
        return all(cell_kind(cell) == "text" for cell in head)
    votes = 0.0
    for i, name in enumerate(head[: len(kinds)]):
        if cell_kind(name) not in {"text", "missing"}:
            votes -= 0.5
        elif name.strip() and any(name.strip() == row[i].strip() for row in below):
            votes -= 1.0
    return votes >= 0


def _half_named(row: Row, width: int) -> bool:
    """Say whether a row above the first record names at least half of the columns."""
    filled = [cell for cell in row if cell.strip()]
    texts = all(cell_kind(cell) == "text" for cell in filled)
    return len(row) == width and len(filled) >= max(2, width / 2) and texts


def _grouping(row: Row, width: int) -> bool:
    """Say whether a row above the header names groups of columns: merged cells."""
    filled = [i for i, cell in enumerate(row) if cell.strip()]
    gap = any(i and i - 1 not in filled for i in filled)
    told = all(cell_kind(row[i]) == "text" or YEAR.fullmatch(row[i]) for i in filled)
    return width > 2 and len(row) == width and gap and bool(told)


class Body:
    """Takes the rows of the table from those that stand between and below them.

    After a break (a blank row, a line of dashes, a title) a row must fit the columns;
    if it does not, it and what follows up to the next break is set aside.
    """

    def __init__(
        self,
        width: int,
        kinds: Sequence[str],
        heads: Sequence[Row],
        put: Callable[[int, str, Row], None],
    ) -> None:
        self.width = width
        self.kinds = kinds
        # Without a column of numbers or dates a row like the header may be a record.
        self.heads = [row for row in heads if agreement(row, kinds)[1]]
        self.put = put
        self.typed = sum(kind in {"number", "date"} for kind in kinds)
        self.inside = True
        self.after_break = False
        # A table as wide as ours has begun: its rows may look like ours.
        self.twin = False
        self.breaks = self.rows = 0

    def keep(
        self, rows: list[list[str]], numbers: list[int]
    ) -> tuple[list[list[str]], list[int]]:
        """Return the rows of the table, blank ones too; set the others aside."""
        if self._plain(rows):
            self.rows += len(rows)
            self.after_break = False
            return rows, numbers
        kept = list(self._kept(rows, numbers))
        return [row for row, _ in kept], [number for _, number in kept]

    def _plain(self, rows: list[list[str]]) -> bool:
        """Say whether nothing in a batch can be other than a row of the table."""
        if self.width < 2:
            return True
        return self.inside and not self.after_break and all(map(self._is_plain, rows))

    def _is_plain(self, row: list[str]) -> bool:
        return (
            len(row) == self.width
            and row[0] != ""
            and row[1] != ""
            and row not in self.heads
        )

    def _kept(
        self, rows: list[list[str]], numbers: list[int]
    ) -> Iterator[tuple[list[str], int]]:
        for row, number in zip(rows, numbers, strict=True):
            filled = [i for i, cell in enumerate(row) if cell.strip()]
            if not filled:
                self.after_break = True
                self.breaks += 1
                yield row, number
            elif row in self.heads:
                self.put(number, "header", row)
                self.inside, self.after_break = True, False
            elif len(filled) == 1 and self._is_note(row, filled[0]):
                self.put(number, "note", row)
                self.after_break = True
            elif self._belongs(row, filled):
                self.inside, self.after_break = True, len(row) == 1
                self.twin = False
                self.rows += 1
                yield row, number
            else:
                if self.inside or self.after_break:
                    same, other = agreement(row, self.kinds)
                    whole = len(row) == self.width and len(filled) > self.width / 2
                    self.twin = whole and other > same == 0
                self.inside = self.after_break = False
                note = len(filled) == 1 or NOTE.match(row[filled[0]])
                self.put(number, "note" if note else "table", row)

    def _is_note(self, row: Row, at: int) -> bool:
        """Say of a row with one text whether it is a line about the table."""
        text = row[at]
        if self.width < 3 and len(row) > 1:
            return False
        if RULE.match(text):
            return True
        if cell_kind(text) != "text" or at:
            return False
        if self.kinds and self.kinds[0] in {"number", "date"}:
            return True
        return bool(NOTE.match(text)) and self.typed > 0

    def _belongs(self, row: Row, filled: Sequence[int]) -> bool:
        """Say whether a row is one of the table's, given where it stands."""
        if self.inside and not self.after_break:
            return True
        if self.breaks > 2 and self.breaks * 2 > self.rows:
            # Every other row is blank: that means nothing then.
            return True
        same, other = agreement(row, self.kinds)
        whole = len(row) == self.width and len(filled) > self.width / 2
        if not self.typed:
            return len(row) == self.width
        if not self.inside:
            fits = whole and same > other
            return fits and (self.after_break or (not other and not self.twin))
        return same > other or (same == other and whole)
