"""Workbooks to rows, after looking at what opening them would cost."""

import datetime as dt
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from opslib.result import Error

MOST_BYTES = 1 << 29
MOST_RATIO = 200
MOST_CELLS = 50_000_000
PART = 1 << 20
PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{0,3})(\d{1,7})["']""", re.IGNORECASE)
# Whatever zipfile and zlib raise over what is written in the archive.
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, OverflowError),
    *(NotImplementedError, RuntimeError, struct.error),
)
ROW, CELL = re.compile(rb"<(?:\w+:)?row\b"), re.compile(rb"<(?:\w+:)?c[\s/>]")


def check(content: bytes) -> None:
    """Refuse an archive that inflates without bounds or reserves a giant sheet.

    A single cell at XFD1048576 makes the parser ask for half a terabyte and die.

    Raises:
        Error: No workbook, too large, compressed too well, or a cell too far out.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except UNREADABLE:
        raise Error("ingest.workbook_broken") from None
    with archive:
        files = archive.infolist()
        if not any(file.filename.startswith("xl/") for file in files):
            raise Error("ingest.archive", files=[file.filename for file in files][:12])
        size = sum(file.file_size for file in files)
        if size > MOST_BYTES or size > MOST_RATIO * len(content) + (1 << 20):
            raise Error("ingest.bomb", size=size / 1e6, most=MOST_BYTES / 1e6)
        for file in files:
            _check_part(archive, file)


class _Reach:
    """How far a sheet reaches, told by its XML as it passes.

    A cell says where it stands, or follows the one before it.
    """

    def __init__(self) -> None:
        self.sheet = False
        self.rows = self.columns = self.seen = self.run = 0
        self.tail = b""

    def see(self, part: bytes) -> None:
        text = self.tail + part
        self.tail = text[-32:]
        # Told by its root: a sheet may have any name in any folder.
        self.sheet = self.sheet or b"worksheet" in text
        if not self.sheet:
            return
        for letters, number in PLACE.findall(text):
            self.rows = max(self.rows, int(number))
            self.columns = max(self.columns, _column(letters))
        counts = [len(CELL.findall(row)) for row in ROW.split(part)]
        counts[0] += self.run
        self.run, self.seen = counts[-1], self.seen + len(counts) - 1
        self.rows = max(self.rows, self.seen)
        self.columns = max(self.columns, *counts)


def _check_part(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> None:
    reach, read = _Reach(), 0
    for part in _parts(archive, file):
        read += len(part)
        if b"<!DOCTYPE" in reach.tail + part:
            raise Error("ingest.doctype")
        if read > MOST_BYTES:
            raise Error("ingest.bomb", size=read / 1e6, most=MOST_BYTES / 1e6)
        reach.see(part)
    rows, columns = reach.rows, reach.columns
    if rows * columns > MOST_CELLS:
        raise Error("ingest.far_cell", row=rows, column=columns, most=MOST_CELLS)


def _parts(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(file) as stream:
            while part := stream.read(PART):
                yield part
    except UNREADABLE as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise Error("ingest.password") from None
        raise Error("ingest.workbook_broken") from None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def read_sheet(
    content: bytes, sheet: str | int | None = None
) -> tuple[list[list[str]], str, tuple[str, ...]]:
    """Read one worksheet as rows of texts, with its name and those of the others.

    The first sheet with cells is taken when none is named. Rows that the sheet begins
    with and that are empty are kept, so that row numbers are those of the sheet.
    """
    check(content)
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = tuple(book.sheet_names)
        chosen = _choose(names, sheet)
        for name in [chosen] if chosen else names:
            found = book.get_sheet_by_name(name)
            rows = list(_texts(found.to_python(skip_empty_area=False)))
            if rows or chosen:
                return rows, name, names
    except CalamineError:
        raise Error("ingest.workbook_broken") from None
    raise Error("ingest.empty" if names else "ingest.workbook_broken")


def _choose(names: tuple[str, ...], sheet: str | int | None) -> str | None:
    if sheet is None:
        return None
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return names[sheet]
    if sheet not in names:
        raise Error("option.choice", option="sheet", got=sheet, choices=names)
    return str(sheet)


def _texts(rows: list[list[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [cell if isinstance(cell, str) else _text(cell) for cell in row]


def _text(cell: object) -> str:
    """Write a cell as Excel shows it in its plainest format."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e16 else repr(cell)
    if isinstance(cell, dt.datetime):
        return str(cell.date() if cell.time() == dt.time() else cell)
    return str(cell)
