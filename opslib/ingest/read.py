"""A file to a table: the one function that goes through all the stages."""

import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from opslib.ingest import encoding, excel, roles, rows
from opslib.ingest.columns import Typed, as_text, convert
from opslib.ingest.dialect import SAMPLE_LINES, Dialect, sample, sniff
from opslib.ingest.layout import find_head
from opslib.ingest.report import Column, Report, Table
from opslib.result import Error, Note

MOST_BYTES = 1 << 30
REFUSED = {
    b"\xd0\xcf\x11\xe0": "Excel 97-2003 (.xls)",
    b"PAR1": "Parquet",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"SQLite f": "SQLite",
}
# What a shop's "Excel" export often is in truth, or one line of JSON per event.
PAGE = re.compile(r"\s*(?:(<[!?]|<html|<table|<meta)|\{\s*\"|\[\s*\{)", re.IGNORECASE)
BLANK = b"\0\t\r\n \xef\xbb\xbf\xff\xfe"
# What is left of a long id that a spreadsheet took for a number.
ROUNDED = re.compile(r"\d\.\d+[eE]\+\d{2}")
ID_ROLES = {"user", "unit", "order"}
OVERRIDES = (
    *("encoding", "delimiter", "quote", "header_rows", "sheet"),
    *("timezone", "kind", "roles"),
)
Source = str | Path | bytes | IO[bytes]
Progress = Callable[[str, float], None]


def read_table(
    source: Source,
    *,
    types: bool = True,
    on_progress: Progress | None = None,
    **overrides: Any,  # noqa: ANN401
) -> Table:
    r"""Read any table a marketer has, and report what was understood and changed.

    Delimited text (also gzipped) in any usual encoding, and .xlsx. No row is lost: what
    cannot be placed stands in `report.set_aside`, what does not fit the type of its
    column in `report.cells`.

    Args:
        source: Path, content, or file open for reading bytes.
        types: False leaves every cell as the text that stands in the file.
        on_progress: Called with the stage ("open", "rows", "types", "roles") and the
            share of it that is done.
        **overrides: What is known better than guessed; None means not known.
            encoding: As Python names it, such as "gb18030".
            delimiter, quote: One character; delimiter " " is any white space, quote ""
            is none.
            header_rows: Rows that name the columns, 0 to 20; 0 when there is no header.
            sheet: Name of the worksheet, or its number from 0.
            timezone: IANA zone in which naive times are to be read; kept in the report.
            kind: One of `KINDS`.
            roles: Role to column; None takes a role away.

    Raises:
        Error: The file cannot be read or an override is not possible; it says why.

    Example:
        >>> table = read_table("用户ID,金额\n007,￥12\n008,￥3.5\n".encode("gb18030"))
        >>> table.frame.dtypes.astype(str).tolist(), table.report.encoding
        (['str', 'float64'], 'gb18030')
    """
    known = _checked(overrides)
    tell = on_progress or (lambda _stage, _share: None)
    tell("open", 0.0)
    content, name = _content(source)
    if content.startswith(b"PK\x03\x04"):
        head, cells, report = _workbook(content, known)
    else:
        head, cells, report = _text(content, known, tell)
    del content
    names, notes = _names(head, len(cells.columns))
    report = replace(
        report,
        name=name,
        rows=len(cells.numbers),
        blank=cells.blank,
        set_aside=cells.set_aside(),
        timezone=known.get("timezone"),
        changes=(*report.changes, *notes, *_row_notes(cells)),
    )
    if not report.rows and not any(head):
        raise Error("ingest.empty")
    if not types:
        frame = pd.DataFrame(
            {column: as_text(cells.column(i)) for i, column in enumerate(names)}
        )
        columns = tuple(Column(column, "text") for column in names)
        return Table(frame, replace(report, columns=columns))
    return _typed(cells, names, report, known, tell)


def _checked(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the overrides that are set, and refuse what cannot be meant."""
    if unknown := set(overrides) - set(OVERRIDES):
        got = sorted(unknown)[0]
        raise Error("option.choice", option="override", got=got, choices=OVERRIDES)
    known = {key: value for key, value in overrides.items() if value is not None}
    for key in ("delimiter", "quote"):
        mark = known.get(key, ",")
        single = mark == "||" or (
            isinstance(mark, str) and len(mark) == 1 and mark not in "\r\n\0"
        )
        if not single and not (key == "quote" and mark == ""):
            choices = [",", ";", "tab", "|", " "] if key == "delimiter" else ['"', "'"]
            raise Error("option.choice", option=key, got=mark, choices=choices)
    header = known.get("header_rows", 0)
    if not isinstance(header, int) or isinstance(header, bool) or not 0 <= header <= 20:
        raise Error("option.range", option="header_rows", low=0, high=20, got=header)
    if "timezone" in known:
        try:
            ZoneInfo(known["timezone"])
        except (KeyError, ValueError, TypeError, OSError):
            got, choices = known["timezone"], ["UTC", "Asia/Shanghai", "Europe/Berlin"]
            raise Error(
                "option.choice", option="timezone", got=got, choices=choices
            ) from None
    kind = known.get("kind")
    if kind is not None and kind not in roles.KINDS:
        raise Error("option.choice", option="kind", got=kind, choices=list(roles.KINDS))
    possible = (
        roles.KINDS[kind]
        if kind
        else sorted({r for k in roles.KINDS.values() for r in k})
    )
    for role in known.get("roles", {}):
        if role not in possible:
            raise Error("option.choice", option="roles", got=role, choices=possible)
    return known


def _content(source: Source) -> tuple[bytes, str]:
    """Read all bytes, unpack gzip, and refuse what is no table."""
    if isinstance(source, bytes):
        content, name = source, ""
    elif isinstance(source, str | Path):
        path = Path(source)
        try:
            content, name = path.read_bytes(), path.name
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Error("ingest.no_file", name=path.name, why=why) from None
    else:
        content, name = source.read(), Path(str(getattr(source, "name", ""))).name
    if content.startswith(b"\x1f\x8b"):
        content = _unpacked(content)
    for magic, kind in REFUSED.items():
        if content.startswith(magic):
            raise Error("ingest.refused", kind=kind)
    if len(content) > MOST_BYTES:
        raise Error("ingest.bomb", size=len(content) / 1e6, most=MOST_BYTES / 1e6)
    if not content[:4096].strip(BLANK) and not content.strip(BLANK):
        raise Error("ingest.empty")
    return content, name


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            unpacked = stream.read(MOST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Error("ingest.gzip_broken") from None
    if len(unpacked) > MOST_BYTES:
        raise Error("ingest.bomb", size=len(unpacked) / 1e6, most=MOST_BYTES / 1e6)
    return unpacked


_Read = tuple[list[str], rows.Cells, Report]


def _text(content: bytes, known: dict[str, Any], tell: Progress) -> _Read:
    decoded = encoding.decode(content, known.get("encoding"))
    text = decoded.text
    if "\0" in text:
        text = text.replace("\0", "")
    # DOS ended files with this character.
    text = text.removesuffix("\x1a")
    if page := PAGE.match(text):
        raise Error("ingest.refused", kind="HTML" if page[1] else "JSON")
    dialect = sniff(
        *sample(text),
        delimiter=known.get("delimiter"),
        quote=known.get("quote"),
        header_rows=known.get("header_rows"),
    )
    cells, head = rows.read_rows(text, dialect, lambda share: tell("rows", share))
    report = Report(
        encoding=decoded.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        header_rows=dialect.header_rows,
        warnings=decoded.notes,
    )
    return head, cells, report


def _workbook(content: bytes, known: dict[str, Any]) -> _Read:
    table, sheet, sheets = excel.read_sheet(content, known.get("sheet"))
    width = max((i + 1 for row in table for i, c in enumerate(row) if c), default=0)
    table = [row[:width] for row in table]
    found = find_head(table[:SAMPLE_LINES], width, known.get("header_rows"))
    before, header = found.preamble, found.rows
    dialect = Dialect(
        "\t", width=width, preamble=before, header_rows=header, kinds=found.kinds
    )
    cells = rows.Cells([[] for _ in range(width)])
    head = rows.gather([(table, list(range(1, len(table) + 1)))], dialect, cells)
    notes: tuple[Note, ...] = ()
    if len(sheets) > 1 and known.get("sheet") is None:
        notes = (Note("ingest.sheets", sheet=sheet, sheets=list(sheets)),)
    report = Report(header_rows=header, sheet=sheet, sheets=sheets, warnings=notes)
    return head, cells, report


def _names(head: list[str], width: int) -> tuple[list[str], list[Note]]:
    """Give every column a name of its own."""
    names = [name.strip() for name in head[:width]]
    names += [""] * (width - len(names))
    notes = []
    if head and len(head) != width:
        notes.append(Note("ingest.header_width", n=len(head), width=width))
    names = [name or f"column_{i}" for i, name in enumerate(names, 1)]
    seen: Counter[str] = Counter()
    taken, twice = set(names), []
    for i, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            twice.append(name)
            while (new := f"{name}_{seen[name]}") in taken:
                seen[name] += 1
            names[i] = new
            taken.add(new)
    if twice:
        notes.append(Note("ingest.names_twice", names=list(dict.fromkeys(twice))))
    return names, notes


def _row_notes(cells: rows.Cells) -> list[Note]:
    notes = []
    for code in ("padded", "repaired", "recut"):
        if lines := getattr(cells, code):
            first = ", ".join(map(str, lines[:5])) + (", …" if len(lines) > 5 else "")
            notes.append(Note(f"ingest.{code}", n=len(lines), rows=first))
    return notes


def _typed(
    cells: rows.Cells,
    names: list[str],
    report: Report,
    known: dict[str, Any],
    tell: Progress,
) -> Table:
    named = report.header_rows > 0
    given = known.get("roles", {})
    for column in given.values():
        if column is not None and column not in names:
            raise Error("option.column", option="roles", got=column, choices=names)
    ids = {column for role, column in given.items() if role in ID_ROLES}
    typed: dict[str, Typed] = {}
    for i, name in enumerate(names):
        typed[name] = convert(
            cells.column(i),
            name,
            named=named,
            as_id=name in ids,
            comma=report.delimiter == ";",
        )
        tell("types", (i + 1) / len(names))
    frame = pd.DataFrame({name: one.values for name, one in typed.items()})
    found = roles.recognise(frame, named=named, kind=known.get("kind"), roles=given)
    for role in ID_ROLES & set(found.roles):
        name = found.roles[role]
        if typed[name].kind != "text":
            again = convert(cells.column(names.index(name)), name, as_id=True)
            typed[name] = again
            frame[name] = again.values
    frame, added, notes = _completed(frame, found)
    tell("roles", 1.0)
    by_column = {column: role for role, column in added.items()}
    return Table(
        frame,
        replace(
            report,
            columns=tuple(
                _column(frame[name], typed.get(name), by_column.get(name, ""))
                for name in frame.columns
            ),
            cells=_failed(typed, cells),
            kind=found.kind,
            roles=added,
            confidence=found.confidence,
            runner_up=found.runner_up,
            runner_up_confidence=found.runner_up_confidence,
            fits={role: fit for role, fit in found.fits.items() if role in added},
            others={role: name for role, name in found.others.items() if role in added},
            changes=(
                *report.changes,
                *notes,
                *(note for one in typed.values() for note in one.changes),
            ),
            warnings=(*report.warnings, *_warnings(found, added, typed, report)),
        ),
    )


def _completed(
    frame: pd.DataFrame, found: roles.Recognised
) -> tuple[pd.DataFrame, dict[str, str], list[Note]]:
    """Add what a kind needs and the file only implies: an amount, a row's own id."""
    given, notes = dict(found.roles), []
    if "amount" not in given and {"quantity", "price"} <= set(given):
        quantity, price = given["quantity"], given["price"]
        name = _free("amount", frame)
        frame[name] = frame[quantity] * frame[price]
        given["amount"] = name
        notes.append(Note("ingest.amount_added", quantity=quantity, price=price))
    if found.kind == "orders":
        # An amount is what analyses use; quantity and price stay plain columns.
        given = {k: v for k, v in given.items() if k not in {"quantity", "price"}}
    owner = {"users": "user", "experiment": "unit"}.get(found.kind)
    if owner and owner not in given:
        name = _free(owner, frame)
        frame[name] = pd.Series(np.arange(1, len(frame) + 1)).astype("str")
        given = {owner: name, **given}
        notes.append(Note("ingest.row_numbers", column=name))
    return frame, given, notes


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += "_"
    return name


def _column(values: pd.Series, typed: Typed | None, role: str) -> Column:
    name = str(values.name)
    if typed is None:
        shown = tuple(map(str, values.head(5)))
        kind = "number" if pd.api.types.is_numeric_dtype(values) else "text"
        gaps = int(values.isna().sum())
        return Column(name, kind, role, gaps, int(values.nunique()), shown)
    missing = typed.missing + len(typed.failed)
    return Column(
        name, typed.kind, role, missing, typed.distinct, typed.examples, typed.changes
    )


def _failed(typed: dict[str, Typed], cells: rows.Cells) -> pd.DataFrame:
    listed = [
        (name, cells.numbers[at], text)
        for name, one in typed.items()
        for at, text in one.failed
    ]
    return pd.DataFrame(listed, columns=["column", "row", "text"]).astype(
        {"column": "str", "row": "int64", "text": "str"}
    )


def _warnings(
    found: roles.Recognised,
    given: Mapping[str, str],
    typed: dict[str, Typed],
    report: Report,
) -> list[Note]:
    notes = report.aside_notes()
    for name, one in typed.items():
        if one.kind == "text" and any(map(ROUNDED.fullmatch, one.examples)):
            example = next(filter(ROUNDED.fullmatch, one.examples))
            notes.append(Note("ingest.id_rounded", column=name, example=example))
        if one.failed:
            texts = list(dict.fromkeys(text for _, text in one.failed))[:3]
            notes.append(
                Note("ingest.failed", n=len(one.failed), column=name, texts=texts)
            )
    missing = [r for r in roles.NEEDED.get(found.kind, ()) if r not in given]
    if missing:
        kind = Note(f"ingest.kind_{found.kind}")
        notes.append(Note("ingest.roles_missing", kind=kind, roles=missing))
    if found.kind == "orders" and "user" not in given:
        notes.append(Note("ingest.orders_without_user"))
    if found.runner_up and found.confidence - found.runner_up_confidence < roles.UNSURE:
        notes.append(
            Note(
                "ingest.kind_close",
                kind=Note(f"ingest.kind_{found.kind}"),
                other=Note(f"ingest.kind_{found.runner_up}"),
            )
        )
    return notes
