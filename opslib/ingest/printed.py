"""The report on a file as text: what a person at a terminal, or in a log, reads."""

import unicodedata
from collections.abc import Iterator, Sequence

from opslib.ingest.report import Column, Report
from opslib.result import Note
from opslib.words import WRITERS, clean

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
HEADS = ("column", "type", "role", "distinct", "missing", "examples")
NUMBERS = {3, 4}
LONGEST_NAME, LONGEST_EXAMPLE, LONGEST_ROW = 30, 20, 100
MOST = 10


def printed(report: Report, lang: str = "en") -> str:
    r"""Write a report as lines of text.

    In order: what the table is, how the file was read, the columns, what was changed,
    what to look at, and the first rows and cells that have no place in the table.

    Args:
        report: What `read_table` found.
        lang: "en" or "zh_CN".

    Example:
        >>> from opslib import read_table
        >>> report = read_table(b"id,paid\n007,1\n008,2\n").report
        >>> print(printed(report).splitlines()[2])
        Encoding: utf-8 · delimiter: Comma , · header rows: 1
    """
    offers = [*report.offers.values()]
    warnings = [*report.warnings]
    if report.personal:
        warnings.append(Note("ingest.personal", columns=list(report.personal)))
    aside = [
        Note(
            "ingest.aside_row",
            line=line,
            reason=Note(f"ingest.reason_{reason}"),
            text=clean(text, LONGEST_ROW),
        )
        for line, reason, text in report.set_aside.head(MOST).itertuples(index=False)
    ]
    cells = [
        Note("ingest.cell_row", column=column, line=line, text=clean(text, LONGEST_ROW))
        for column, line, text in report.cells.head(MOST).itertuples(index=False)
    ]
    parts = [
        [report.describe(lang)],
        [_read(report).text(lang)],
        [*_table(report.columns, lang)],
        _list("changes", report.changes, len(report.changes), lang),
        _list("warnings", warnings, len(warnings), lang),
        _list("offers", offers, len(offers), lang),
        _list("aside", aside, len(report.set_aside), lang),
        _list("cells", cells, len(report.cells), lang),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def different(column: Column, lang: str = "en") -> str:
    """Write how many different values a column has, with "+" where not all counted.

    Example:
        >>> different(Column("id", "text", distinct=70_000, capped=True))
        '70,000+'
    """
    if column.capped:
        return Note("ingest.at_least", n=column.distinct).text(lang)
    return WRITERS["count"](column.distinct, lang)


def _read(report: Report) -> Note:
    if report.sheet:
        return Note("ingest.read_sheet", sheet=report.sheet, n=report.header_rows)
    code = DELIMITERS.get(report.delimiter)
    mark = Note(f"ingest.delimiter_{code}") if code else report.delimiter
    return Note(
        "ingest.read_text",
        encoding=report.encoding,
        delimiter=mark,
        n=report.header_rows,
    )


def _table(columns: Sequence[Column], lang: str) -> Iterator[str]:
    rows = [[Note(f"ingest.column_{head}").text(lang) for head in HEADS]]
    for column in columns:
        examples = (clean(one, LONGEST_EXAMPLE) for one in column.examples[:3])
        rows.append(
            [
                clean(column.name, LONGEST_NAME),
                Note(f"ingest.type_{column.type}").text(lang),
                column.role,
                different(column, lang),
                WRITERS["count"](column.missing, lang),
                " · ".join(examples),
            ]
        )
    widths = [max(map(_width, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        padded = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(cell))
            padded.append(space + cell if i in NUMBERS else cell + space)
        yield "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Count the places that a text takes at a terminal: hanzi take two."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def _list(name: str, notes: Sequence[Note], n: int, lang: str) -> list[str]:
    """Write notes under a heading, and of `n` how many are not among them."""
    if not notes:
        return []
    lines = [Note(f"ingest.head_{name}").text(lang)]
    lines += [f"- {note.text(lang)}" for note in notes]
    if n > len(notes):
        lines.append(f"- {Note('ingest.more', n=n - len(notes)).text(lang)}")
    return lines
