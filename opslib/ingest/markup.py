"""Tables saved as HTML or as XML of Excel 2003, which shops export under .xls."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from opslib.ingest.excel import Sheet
from opslib.result import Error, Note, check_choice

ROWS, CELLS = {"tr", "row"}, {"td", "th", "cell"}
# A sheet of Excel goes no further; more in a page is meant to do harm.
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 1 << 20, 1 << 14, 40_000_000


def read_page(pieces: Iterable[str], sheet: str | int | None = None) -> Sheet:
    """Read the largest table of a page, or the one that `sheet` names or numbers.

    Nothing in the page is run, opened or followed; only the text of cells is kept.

    Raises:
        Error: There is no table, no such one, or one that reaches too far.

    Example:
        >>> read_page(["<table><tr><th>user<th>paid<tr><td>007<td>5</table>"]).rows
        [['user', 'paid'], ['007', '5']]
    """
    page = _Page()
    for piece in pieces:
        page.feed(piece)
    page.close()
    names = tuple(page.tables)
    if not any(map(any, page.tables.values())):
        raise Error("ingest.refused", kind="HTML")
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        sheet = names[sheet]
    check_choice("sheet", sheet, names)
    name = str(sheet or max(names, key=lambda one: sum(map(len, page.tables[one]))))
    rows = page.tables[name]
    width = max(map(len, rows), default=0)
    _check_size(len(rows), width)
    notes = (Note("ingest.merged", n=page.repeated),) if page.repeated else ()
    rows = [row + [""] * (width - len(row)) for row in rows]
    return Sheet(rows, name, names, notes)


def _check_size(rows: int, columns: int) -> None:
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise Error("ingest.far_cell", row=rows, column=columns, most=MOST_CELLS)


@dataclass
class _Table:
    """Rows so far, and the cells that reach down into the next ones, by column."""

    rows: list[list[str]]
    down: dict[int, tuple[int, str]] = field(default_factory=dict)

    def reach(self) -> int:
        """Repeat what reaches down to where the next cell would stand; count it."""
        row, repeated = self.rows[-1] if self.rows else [], 0
        while found := self.down.pop(len(row), None):
            if found[0] > 1:
                self.down[len(row)] = (found[0] - 1, found[1])
            row.append(found[1])
            repeated += found[1] != ""
        return repeated


class _Page(HTMLParser):
    """Collects the rows of every table, also of one within another."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.repeated = 0
        self._open: list[_Table] = []
        self._texts: list[str] | None = None
        self._title, self._cells, self._across, self._down = "", 0, 1, 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        local = tag.rpartition(":")[2]
        about = {name.rpartition(":")[2]: text or "" for name, text in attrs}
        if local == "worksheet":
            self._title = about.get("name", "")
        elif local == "table":
            self._end_cell()
            name = self._title or str(len(self.tables) + 1)
            self._open.append(_Table(self.tables.setdefault(name, [])))
        elif local in ROWS and self._open:
            self._end_cell()
            table = self._open[-1]
            self.repeated += table.reach()
            self._cells += len(table.rows[-1]) if table.rows else 0
            _check_size(self._cells, 1)
            missing = _number(about.get("index"), MOST_ROWS) - 1 - len(table.rows)
            table.rows += ([] for _ in range(missing + 1 if missing > 0 else 1))
        elif local in CELLS and self._open and self._open[-1].rows:
            self._end_cell()
            self.repeated += self._open[-1].reach()
            row = self._open[-1].rows[-1]
            row += [""] * (_number(about.get("index"), MOST_COLUMNS) - 1 - len(row))
            self._across, self._down = (
                max(_number(about.get(html), MOST_ROWS), 1)
                + _number(about.get(xml), MOST_ROWS)
                for html, xml in (("colspan", "mergeacross"), ("rowspan", "mergedown"))
            )
            self._texts = []
        elif local in {"br", "p", "div"} and self._texts:
            self._texts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local in {*CELLS, *ROWS, "table"}:
            self._end_cell()
        if local == "table" and self._open:
            self.repeated += self._open.pop().reach()

    def handle_data(self, data: str) -> None:
        if self._texts is not None:
            self._texts.append(data)

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._texts is None:
            return
        table, text = self._open[-1], " ".join("".join(self._texts).split())
        row, self._texts = table.rows[-1], None
        _check_size(len(table.rows), len(row) + self._across)
        if self._down > 1:
            places = range(len(row), len(row) + self._across)
            table.down |= {
                column: (self._down - 1, "" if i else text)
                for i, column in enumerate(places)
            }
        row += [text] + [""] * (self._across - 1)


def _number(text: str | None, most: int) -> int:
    """Read a count, 0 when there is none."""
    if not text or not text.isdecimal():
        return 0
    if len(text) > 9 or int(text) > most:
        raise Error("ingest.far_cell", row=most, column=most, most=MOST_CELLS)
    return int(text)
