"""A file to a table: the one function that goes through all the stages."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pandas as pd

from opslib.ingest import dashboards, encoding, excel, parquet, roles, rows, sheet
from opslib.ingest.archive import Source, unpack
from opslib.ingest.dialect import SAMPLE_LINES, Dialect, sample, sniff
from opslib.ingest.layout import column_kinds, find_head
from opslib.ingest.markup import read_page
from opslib.ingest.records import Records
from opslib.ingest.report import Report, Table
from opslib.ingest.spool import Batch, Spool
from opslib.result import Error, Note

MOST_BYTES = 4 << 30
PIECE = 1 << 22
FIRST_YEAR, LAST_YEAR = 1970, 2100
# A page that was not told by its first bytes, or one line of JSON per event.
PAGE = re.compile(
    r"\s*(?:(<[!?]|<(?:html|head|meta|style|body|div|table|svg)\b)"
    r"|\{\s*\"|\[\s*[\[{])",
    re.IGNORECASE,
)
BLANK = b"\0\t\r\n \xef\xbb\xbf\xff\xfe"
OVERRIDES = (
    *("encoding", "delimiter", "quote", "header_rows", "sheet", "member"),
    *("timezone", "kind", "roles", "year"),
)
Progress = Callable[[str, float], None]


def read_table(
    source: Source,
    *,
    types: bool = True,
    on_progress: Progress | None = None,
    **overrides: Any,  # noqa: ANN401
) -> Table:
    r"""Read any table a marketer has, and report what was understood and changed.

    Delimited text in any usual encoding, .xlsx, .xlsm, .xls, .ods or .parquet, also in
    zip, gzip, bzip2, xz, Zstandard or LZ4. A Parquet file is understood as the CSV of
    the same table would be; lists, structs and maps in it become JSON. No row is lost:
    what cannot be placed stands in `report.set_aside`, what does not fit the type of
    its column in `report.cells`. Cells beyond 64 MB wait on disk, and so does the table
    that is made of them.

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
            member: Name of the file in a zip archive, or its number from 0.
            timezone: IANA zone in which naive times are to be read; kept in the report.
            kind: One of `KINDS`.
            roles: Role to column; None takes a role away.
            year: Year of the first column that is called by a day without a year.

    Raises:
        Error: The file cannot be read or an override is not possible; it says why.

    Example:
        >>> table = read_table("用户ID,金额\n007,￥12\n008,￥3.5\n".encode("gb18030"))
        >>> table.frame.dtypes.astype(str).tolist(), table.report.encoding
        (['str', 'float64'], 'gb18030')
    """
    return read(source, overrides, types=types, on_progress=on_progress)


def read(
    source: Source,
    overrides: Mapping[str, Any],
    *,
    types: bool = True,
    on_progress: Progress | None = None,
    into: Path | None = None,
    allow_parquet: bool = True,
) -> Table:
    """Do what `read_table` does; `into` is the file that the table is written to.

    Whoever reads strangers' files says whether Parquet is among them: `allow_parquet`.
    """
    known = _checked(overrides)
    tell = on_progress or (lambda _stage, _share: None)
    tell("open", 0.0)
    found = unpack(source, known.get("member"), most_bytes=MOST_BYTES)
    try:
        if found.kind == "parquet" and not allow_parquet:
            raise Error("ingest.parquet_refused")
        if found.kind == "workbook":
            book = excel.read_sheet(found.file, known.get("sheet"))
            head, cells, report = _sheet(book, known)
        elif found.kind == "markup":
            head, cells, report = _page(found.file, known)
        elif found.kind == "parquet":
            head, cells, report = _parquet(found.file, known, tell)
        else:
            head, cells, report = _text(found.file, known, tell)
    finally:
        if found.file is not source:
            found.file.close()
    names, notes = _names(head, cells.spool.width)
    report = replace(
        report,
        name=_file_name(source),
        member=found.member,
        members=found.members,
        rows=cells.spool.rows,
        blank=cells.blank,
        set_aside=cells.set_aside(),
        timezone=known.get("timezone"),
        changes=(*report.changes, *notes, *_row_notes(cells)),
        warnings=(*found.notes, *report.warnings),
    )
    if not report.rows and not any(head):
        raise Error("ingest.empty")
    if not types:
        return sheet.as_it_stands(cells.spool, names, report, into)
    options: dict[str, Any] = {"tell": tell, "into": into}
    if known.get("kind") in {None, "daily"} and report.header_rows:
        turned = dashboards.turn(names, cells.spool, year=known.get("year"))
        if isinstance(turned, Note):
            report = replace(report, warnings=(*report.warnings, turned))
        elif turned and {*known.get("roles", {}).values()} <= {None, *turned.names}:
            return _by_day(turned, report, known, **options)
    return sheet.typed(cells.spool, names, report, known=known, **options)


def _by_day(
    turned: dashboards.Turned,
    report: Report,
    known: Mapping[str, Any],
    **options: Any,  # noqa: ANN401
) -> Table:
    """Type a dashboard that was given a row per day; its cells keep their lines."""
    dialect = Dialect.of(report.delimiter, report.quote)
    sums = [(line, "total", dialect.joined(row)) for line, row in turned.sums]
    aside = pd.DataFrame(sums, columns=["row", "reason", "text"])
    aside = pd.concat([report.set_aside, aside.astype(report.set_aside.dtypes)])
    report = replace(
        report,
        rows=report.rows - len(sums),
        set_aside=aside.sort_values("row", kind="stable", ignore_index=True),
        changes=(*report.changes, *turned.notes),
    )
    known = {**known, "kind": "daily"}
    table = sheet.typed(turned.spool, turned.names, report, known=known, **options)
    cells = table.report.cells
    at = [turned.names.index(name) for name in cells["column"]]
    cells = cells.assign(row=turned.lines[cells["row"].to_numpy() - 1, at])
    made = replace(table.report, cells=cells, made=turned.spool.rows)
    return Table(table.columns, made)


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
    year = known.get("year", FIRST_YEAR)
    if not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
        low, high = FIRST_YEAR, LAST_YEAR
        raise Error("option.range", option="year", low=low, high=high, got=year)
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


def _file_name(source: Source) -> str:
    if isinstance(source, bytes):
        return ""
    named = source if isinstance(source, str | Path) else getattr(source, "name", "")
    # Names are bytes to the system; those that are no text become question marks.
    return Path(str(named)).name.encode("utf-8", "replace").decode()


_Read = tuple[list[str], rows.Cells, Report]


def _text(file: IO[bytes], known: dict[str, Any], tell: Progress) -> _Read:
    size = max(1, file.seek(0, io.SEEK_END))
    _check_filled(file)
    found = encoding.detect(file, known.get("encoding"))
    decoded = encoding.texts(file, found)
    pieces = _without_end_mark(decoded)
    head = next(pieces, "")
    if page := PAGE.match(head):
        if page[1]:
            return _page(file, known)
        raise Error("ingest.refused", kind="JSON")
    dialect = sniff(
        *sample(head),
        delimiter=known.get("delimiter"),
        quote=known.get("quote"),
        header_rows=known.get("header_rows"),
    )

    def told() -> Iterator[str]:
        for piece in chain([head], pieces):
            yield piece
            tell("rows", file.tell() / size)

    cells, names = rows.read_rows(told(), dialect)
    report = Report(
        encoding=found.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        header_rows=dialect.header_rows,
        warnings=(*found.notes, *decoded.notes),
    )
    return names, cells, report


def _check_filled(file: IO[bytes]) -> None:
    file.seek(0)
    while part := file.read(PIECE):
        if part.strip(BLANK):
            return
    raise Error("ingest.empty")


def _without_end_mark(pieces: Iterable[str]) -> Iterator[str]:
    """Leave out the character with which DOS ended files."""
    ended = False
    for piece in pieces:
        if ended:
            yield "\x1a"
        ended = piece.endswith("\x1a")
        yield piece.removesuffix("\x1a")


def _page(file: IO[bytes], known: dict[str, Any]) -> _Read:
    detected = encoding.detect(file, known.get("encoding"))
    pieces = encoding.texts(file, detected)
    head, cells, report = _sheet(read_page(pieces, known.get("sheet")), known)
    warnings = (*detected.notes, *pieces.notes, *report.warnings)
    return head, cells, replace(report, encoding=detected.encoding, warnings=warnings)


def _sheet(found: excel.Sheet, known: dict[str, Any]) -> _Read:
    table, sheets = found.rows, found.names
    width = max((i + 1 for row in table for i, c in enumerate(row) if c), default=0)
    table = [row[:width] for row in table]
    # A title is alone in its row; only text without delimiters shows that by itself.
    first = [row if any(row[1:]) else row[:1] for row in table[:SAMPLE_LINES]]
    top = find_head(first, width, known.get("header_rows"))
    dialect = Dialect(
        "\t",
        width=width,
        preamble=top.preamble,
        header_rows=top.rows,
        kinds=top.kinds,
    )
    cells = rows.Cells(Spool(width))
    head = rows.gather([(table, list(range(1, len(table) + 1)))], dialect, cells)
    notes = found.notes
    if len(sheets) > 1 and known.get("sheet") is None:
        notes = (Note("ingest.sheets", sheet=found.name, sheets=list(sheets)), *notes)
    report = Report(
        header_rows=top.rows, sheet=found.name, sheets=sheets, warnings=notes
    )
    return head, cells, report


def _parquet(file: IO[bytes], known: dict[str, Any], tell: Progress) -> _Read:
    names, total, batches = parquet.read_columns(file, most_bytes=MOST_BYTES)
    header = known.get("header_rows", 1)
    first = next(batches, None)
    sampled = [] if first is None else [c[:SAMPLE_LINES] for c in first.columns]
    seen = list(zip(*(column.to_pylist() for column in sampled), strict=True))
    dialect = Dialect(
        "\t",
        width=len(names),
        header_rows=header,
        kinds=column_kinds(seen, len(names)),
    )

    def told() -> Iterator[Records | Batch]:
        if header:
            yield [names], [1]
        for batch in chain([first] if first else [], batches):
            yield batch
            tell("rows", batch.lines[-1] / (total + 1))

    cells = rows.Cells(Spool(len(names)))
    return rows.gather(told(), dialect, cells), cells, Report(header_rows=header)


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
    changed = {
        "padded": cells.padded,
        "repaired": cells.repairs.lines,
        "recut": cells.recut,
    }
    for code, lines in changed.items():
        if lines:
            first = ", ".join(map(str, lines[:5])) + (", …" if len(lines) > 5 else "")
            notes.append(Note(f"ingest.{code}", n=len(lines), rows=first))
    return notes
