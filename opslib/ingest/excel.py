"""Workbooks to rows: .xlsx, .xlsm, .xls and .ods, each cell as its sheet shows it."""

import datetime as dt
from dataclasses import dataclass
from itertools import compress
from typing import IO, Any

from opslib.ingest.extent import Extent, measure
from opslib.result import Error, Note, check_choice

# Excel keeps 15 digits of a number; what has more was rounded.
MOST_DIGITS = 1e15
# As .ods and pasted cells write them; elsewhere they are a type of their own.
ERRORS = {"#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"}


@dataclass(frozen=True)
class Sheet:
    """One worksheet as texts.

    Attributes:
        rows: As many texts in each; empty rows are kept, so that the number of a row is
            that of the sheet, and columns in which nothing stands are left out.
        name, names: The sheet read, and all worksheets of the workbook.
    """

    rows: list[list[str]]
    name: str
    names: tuple[str, ...]
    notes: tuple[Note, ...] = ()


def read_sheet(file: IO[bytes], sheet: str | int | None = None) -> Sheet:
    """Read one worksheet after looking at what opening the workbook would cost.

    By default it is the first visible sheet with a table: two rows of two cells, or
    else the first in which anything stands. To be called in a process that may die.

    Args:
        file: Open for reading, seekable.
        sheet: Name of the worksheet, or its number from 0.

    Raises:
        Error: No workbook, damaged, locked, too large, or no such sheet.
    """
    extent = measure(file)
    file.seek(0)
    return _opened(file, sheet, extent)


def _opened(file: IO[bytes], sheet: str | int | None, extent: Extent) -> Sheet:
    from python_calamine import (  # noqa: PLC0415
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        with CalamineWorkbook.from_filelike(file) as book:
            kinds = [m.typ for m in book.sheets_metadata]
            listed = [
                m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet
            ]
            names = tuple(one.name for one in listed)
            if sheet is not None:
                name = _choose(names, sheet)
                return _read(book.get_sheet_by_name(name), names, extent)
            shown = [m.name for m in listed if m.visible == SheetVisibleEnum.Visible]
            first = None
            for name in shown or names:
                found = _read(book.get_sheet_by_name(name), names, extent)
                if sum(sum(map(bool, row)) > 1 for row in found.rows) > 1:
                    return found
                first = first or (found if found.rows else None)
    except PasswordError:
        raise Error("ingest.password") from None
    except CalamineError:
        raise Error("ingest.workbook_broken") from None
    except BaseException as error:
        # The parser's own bugs come as an exception that is no Exception.
        if type(error).__name__ == "PanicException":
            raise Error("ingest.workbook_broken") from None
        raise
    if first is None:
        # Every workbook has a sheet, if only one of charts.
        raise Error("ingest.empty" if kinds else "ingest.workbook_broken")
    return first


def _choose(names: tuple[str, ...], sheet: str | int) -> str:
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return names[sheet]
    check_choice("sheet", sheet, names)
    return str(sheet)


def _read(sheet: Any, names: tuple[str, ...], extent: Extent) -> Sheet:  # noqa: ANN401
    rows, errors = [], extent.errors
    for row in sheet.iter_rows():
        if not ERRORS.isdisjoint(row):
            errors += sum(cell in ERRORS for cell in row)
            row = ["" if cell in ERRORS else cell for cell in row]  # noqa: PLW2901
        rows.append(_trimmed(row))
    while rows and not rows[-1]:
        rows.pop()
    filled = _fill(rows, sheet.merged_cell_ranges or [])
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    used = [any(row[i] for row in rows) for i in range(width)]
    if not all(used):
        rows = [list(compress(row, used)) for row in rows]
    counts = {"merged": filled, "cell_errors": errors, "unsaved": extent.unsaved}
    notes = (Note(f"ingest.{code}", n=n) for code, n in counts.items() if n)
    return Sheet(rows, sheet.name, names, tuple(notes))


def _fill(
    rows: list[list[str]], merged: list[tuple[tuple[int, int], tuple[int, int]]]
) -> int:
    """Repeat what stands in cells merged downwards, in every row that they span."""
    filled = 0
    for (top, left), (bottom, right) in merged:
        text = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
        # A title is merged across; only a group's name is merged down in one column.
        if left != right or not text:
            continue
        for row in rows[top + 1 : bottom + 1]:
            row.extend([""] * (left + 1 - len(row)))
            row[left] = text
            filled += 1
    return filled


def _trimmed(row: list[Any]) -> list[str]:
    texts = [cell if isinstance(cell, str) else _text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: object) -> str:
    """Write a cell as Excel shows it in its plainest format."""
    if isinstance(cell, float):
        if abs(cell) >= MOST_DIGITS:
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime):
        return str(cell.date() if cell.time() == dt.time() else cell)
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if cell is None else str(cell)
