"""What opening a workbook would cost, read off its bytes before a parser sees them.

The parser reserves all cells up to the last one at once: a single cell far out, or a
made-up count, ends the whole process.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

from opslib.ingest import biff
from opslib.ingest.archive import whole
from opslib.result import Error

MOST_BYTES = 1 << 30
MOST_CELLS = 40_000_000
# XML of equal rows packs far better than text does.
MOST_RATIO = 400
FREE = 1 << 25
PART = 1 << 20
# Cells as Excel and nearly all others write them, and signs that these did not.
USUAL = re.compile(rb'<c r="([A-Z]+)\d')
USUAL_ROW = re.compile(rb'<c r="[A-Z]+(\d+)')
ODD = (b":c", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")
CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
ROW = re.compile(rb"<(?:\w+:)?row[\s>]")
ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
# A formula that no program has computed yet.
UNSAVED = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f[^>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>"
)
STRINGS = re.compile(rb"""<(?:\w+:)?sst\s[^>]*?\buniqueCount\s*=\s*["'](\d+)""")
OLE = b"\xd0\xcf\x11\xe0"
# No program writes the XML of a workbook so, and the patterns here would not see it.
UTF16 = (b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")
LONGEST_TAG = 1 << 20


@dataclass
class Extent:
    """How far the sheets reach, and what stands in them that is no value.

    Attributes:
        rows, columns: Of the last cell of any sheet.
        errors: Cells such as #N/A.
        unsaved: Formulas without a computed value.
    """

    rows: int = 0
    columns: int = 0
    errors: int = 0
    unsaved: int = 0

    def add(self, sheet: "Extent") -> None:
        """Take in one more sheet, and refuse it if it reaches too far."""
        if sheet.rows * sheet.columns > MOST_CELLS:
            raise Error(
                "ingest.far_cell", row=sheet.rows, column=sheet.columns, most=MOST_CELLS
            )
        self.rows = max(self.rows, sheet.rows)
        self.columns = max(self.columns, sheet.columns)
        self.errors += sheet.errors
        self.unsaved += sheet.unsaved


def measure(file: IO[bytes]) -> Extent:
    """Look through a workbook of any kind without opening it.

    Raises:
        Error: It is damaged, locked, inflates without bounds, declares a document type
            or reaches too far.
    """
    file.seek(0)
    if file.read(4) == OLE:
        sheet = Extent(*biff.measure(OLE + file.read()))
        Extent().add(sheet)
        return sheet
    size, extent, inflated = file.seek(0, io.SEEK_END), Extent(), 0
    with whole("ingest.workbook_broken"), zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.flag_bits & 1:
                raise Error("ingest.password")
            part = _Part(info.filename)
            with archive.open(info) as stream:
                while piece := stream.read(PART):
                    inflated += len(piece)
                    _check_size(inflated, size)
                    part.feed(piece)
            part.finish(extent)
    return extent


def _check_size(size: int, packed: int) -> None:
    if size > MOST_BYTES:
        raise Error("ingest.bomb", size=size / 1e6, most=MOST_BYTES / 1e6)
    if size > FREE and size > MOST_RATIO * packed:
        raise Error("ingest.ratio", most=MOST_RATIO)


class _Part:
    """One file of a workbook; whatever it is called, it may be a sheet."""

    def __init__(self, name: str) -> None:
        self.sheet = Extent()
        self.repeats = _Repeats() if name == "content.xml" else None
        self.rest, self.read, self.markup = b"", 0, True
        self.loose = self.strings = 0

    def feed(self, piece: bytes) -> None:
        if not self.read:
            self._begin(piece[:4096])
        self.read += len(piece)
        if self.repeats:
            self.repeats.feed(piece)
        elif self.markup:
            text = self.rest + piece
            cut = text.rfind(b"<")
            # A tag that is not yet whole waits for the next piece.
            whole = cut < 0 or text.rfind(b">") > cut
            self.rest = b"" if whole else text[cut:]
            if len(self.rest) > LONGEST_TAG:
                raise Error("ingest.workbook_broken")
            self._look(text if whole else text[:cut])

    def _begin(self, head: bytes) -> None:
        self.markup = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        if head.startswith(UTF16):
            raise Error("ingest.workbook_broken")
        if b"manifest:encryption-data" in head:
            raise Error("ingest.password")
        if found := STRINGS.search(head):
            self.strings = int(found[1])

    def _look(self, text: bytes) -> None:
        if b"<!DOCTYPE" in text:
            raise Error("ingest.doctype")
        sheet = self.sheet
        found = USUAL.findall(text)
        columns, rows = set(found), set(USUAL_ROW.findall(text))
        if text.count(b"<c ") != len(found) or any(mark in text for mark in ODD):
            columns, rows = self._odd(text)
        sheet.columns = max(sheet.columns, *map(_column, columns), 0)
        sheet.rows = max(sheet.rows, *(int(row[:9]) for row in rows), 0)
        # A plain search first: these patterns are slow and seldom there.
        if b'="e"' in text or b"='e'" in text:
            sheet.errors += len(ERROR.findall(text))
        if b"<f" in text or b":f" in text:
            sheet.unsaved += len(UNSAVED.findall(text))

    def _odd(self, text: bytes) -> tuple[set[bytes], set[bytes]]:
        """Look at XML that is not written as Excel writes it."""
        places = PLACE.findall(text)
        if len(CELL.findall(text)) > sum(bool(letters) for letters, _ in places):
            # Cells without a place stand one after the other.
            for i, row in enumerate(ROW.split(text)):
                self.loose = len(CELL.findall(row)) + (0 if i else self.loose)
                self.sheet.columns = max(self.sheet.columns, self.loose)
        return {letters for letters, _ in places}, {number for _, number in places}

    def finish(self, extent: Extent) -> None:
        if self.repeats:
            self.sheet.rows, self.sheet.columns = (
                self.repeats.rows,
                self.repeats.columns,
            )
        # Every string takes some bytes.
        if self.strings > self.read:
            raise Error("ingest.workbook_broken")
        extent.add(self.sheet)


class _Repeats:
    """How far the sheets of an .ods reach, where one cell may stand for thousands."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = self._last = 0
        self._times = 1
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.Parse(piece, False)  # noqa: FBT003
        except (expat.ExpatError, ValueError, LookupError) as error:
            if isinstance(error, Error):
                raise
            raise Error("ingest.workbook_broken") from None

    def _doctype(self, *_: object) -> None:
        raise Error("ingest.doctype")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "table":
            self._row = 0
        elif local == "table-row":
            self._times = int(attributes.get("table:number-rows-repeated", 1))
            self._column = self._last = 0
        elif local in {"table-cell", "covered-table-cell"}:
            self._column += int(attributes.get("table:number-columns-repeated", 1))
            if "office:value-type" in attributes or "table:formula" in attributes:
                self._last = self._column

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "table-row":
            self._row += self._times
            if self._last:
                self.rows = max(self.rows, self._row)
                self.columns = max(self.columns, self._last)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:6].upper():
        number = number * 26 + letter - 64
    return number
