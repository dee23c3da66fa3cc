"""What was understood of a file, what was changed, and what was set aside."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from opslib.result import Note, say
from opslib.tables import File, Frame

# Columns that the file only implies.
ADDED = {"ingest.row_numbers", "ingest.amount_added"}
NOTE = {"code", "values"}


@dataclass(frozen=True)
class Column:
    """One column of a table as it was read.

    Attributes:
        type: "text", "integer", "number", "boolean" or "date".
        role: What the column is to its kind of table, "" when nothing special.
        missing, distinct: Cells without a value, and different values.
        capped: There are more different values than were counted.
        examples: Up to five values, the commonest first.
        changes: What the values are that the file's text is not.
    """

    name: str
    type: str
    role: str = ""
    missing: int = 0
    distinct: int = 0
    capped: bool = False
    examples: tuple[str, ...] = ()
    changes: tuple[Note, ...] = ()


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({"row": [], "reason": [], "text": []}).astype(
        {"row": "int64", "reason": "str", "text": "str"}
    )


def _no_cells() -> pd.DataFrame:
    return pd.DataFrame({"column": [], "row": [], "text": []}).astype(
        {"column": "str", "row": "int64", "text": "str"}
    )


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a file was read; every row of it is accounted for.

    The records of the file are header_rows + rows + blank + len(set_aside), whatever
    table was made of its rows.

    Attributes:
        encoding, delimiter, quote: How the text was read; "" for a workbook.
        header_rows: 0 when the file has no header.
        member, members: The file read of a zip archive, and the tables in it.
        sheet, sheets: The worksheet read and those there are; empty for text.
        rows, blank: Rows of the file that the table is made of, and rows without any
            cell.
        made: Rows of the table where it has others than the file, see `table_rows`.
        set_aside: Rows that could not be placed. Columns row (line of the file, from
            1), reason ("preamble", "short", "long", "total", "header" for a header
            that comes again, "note", "table" for another table) and text.
        cells: Cells that became missing because they do not fit the type of their
            column. Columns column, row, text.
        columns: One `Column` per column of the table.
        kind, roles, confidence: What the table is, which column plays which role, and
            how sure that is, 0 to 1. Kind is "" when nothing fits.
        runner_up, runner_up_confidence: The next best kind.
        fits, others: Per role, how well its column fits, 0 to 1; and the next best
            column, where another one would do.
        personal: Column -> kind of personal data, see `personal.find`. Examples, cells
            and set_aside have it masked: the file is where it stands in full.
        offers: Other kinds that the table could be read as, by asking for them.
        timezone: Zone in which naive times are to be read, None when not said.
        changes: What was changed; `warnings`: what should be looked at.
    """

    name: str = ""
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    header_rows: int = 1
    member: str = ""
    members: tuple[str, ...] = ()
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    rows: int = 0
    blank: int = 0
    made: int | None = None
    set_aside: pd.DataFrame = field(default_factory=_no_rows)
    cells: pd.DataFrame = field(default_factory=_no_cells)
    columns: tuple[Column, ...] = ()
    kind: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    confidence: float = 0.0
    runner_up: str = ""
    runner_up_confidence: float = 0.0
    fits: dict[str, float] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)
    offers: dict[str, Note] = field(default_factory=dict)
    timezone: str | None = None
    changes: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()

    @property
    def table_rows(self) -> int:
        """Rows of the table: those of the file, or those that were made of them."""
        return self.rows if self.made is None else self.made

    def describe(self, lang: str = "en") -> str:
        """Say in two or three sentences what was understood."""
        columns = len(self.columns)
        shape = Note("ingest.shape", n=self.rows, columns=columns)
        if self.made is not None:
            shape = Note("ingest.made", n=self.made, columns=columns, rows=self.rows)
        added = {c.values["column"] for c in self.changes if c.code in ADDED}
        told = [column for column in self.roles.values() if column not in added]
        if self.kind:
            found = Note(
                "ingest.kind",
                kind=Note(f"ingest.kind_{self.kind}"),
                roles=Note("ingest.roles" if told else "ingest.no_roles", columns=told),
                confidence=self.confidence,
            )
        else:
            found = Note("ingest.no_kind")
        return say(lang, shape, found, *self.aside_notes())

    def aside_notes(self) -> list[Note]:
        """Say how many rows were set aside: misfits, lines around, other tables."""
        reasons = self.set_aside["reason"].replace({"short": "odd", "long": "odd"})
        counts = {
            "odd": "set_aside",
            "preamble": "preamble",
            "total": "totals",
            "note": "notes",
            "header": "headers",
            "table": "tables",
        }
        return [
            Note(f"ingest.{code}", n=n)
            for reason, code in counts.items()
            if (n := int((reasons == reason).sum()))
        ]

    def to_json(self) -> str:
        """Write the report as JSON that `from_json` reads back."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(plain, ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` has written."""
        plain = json.loads(text, object_hook=_with_notes)
        for name in ("members", "sheets", "changes", "warnings"):
            plain[name] = tuple(plain[name])
        for name, empty in (("set_aside", _no_rows()), ("cells", _no_cells())):
            plain[name] = pd.DataFrame(plain[name]).astype(empty.dtypes)
        lists = ("examples", "changes")
        plain["columns"] = tuple(
            Column(**{**column, **{name: tuple(column[name]) for name in lists}})
            for column in plain["columns"]
        )
        return cls(**plain)


def _plain(value: object) -> object:
    if isinstance(value, pd.DataFrame):
        return value.to_dict("list")
    if isinstance(value, Note):
        return {"code": value.code, "values": value.values}
    if isinstance(value, Column):
        return vars(value)
    raise TypeError(type(value).__name__)


def _with_notes(value: dict[str, Any]) -> object:
    return Note(value["code"], **value["values"]) if set(value) == NOTE else value


class Table:
    """A table read from a file, and the report of how it was read.

    Attributes:
        columns: The columns one by one; a large table stays on disk.
        report: How it was read.
    """

    def __init__(self, columns: Frame | File, report: Report) -> None:
        self.columns = columns
        self.report = report

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The whole table; the texts of a large one stay on disk."""
        whole = self.columns
        return whole.frame if isinstance(whole, Frame) else whole.frame()
