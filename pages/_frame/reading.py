"""How a file was read, to be read otherwise; its columns, and what did not fit."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from opslib.ingest.columns import MOST_DISTINCT
from opslib.ingest.printed import DELIMITERS, different
from opslib.ingest.read import FIRST_YEAR, LAST_YEAR
from opslib.ingest.report import Report
from opslib.result import Note
from pages._frame import table
from pages._frame.frame import note
from pages._frame.incoming import ROWS, Upload
from pages._frame.text import language, t

# As people meet them: what their programs write.
ENCODINGS = (
    *("utf-8", "gb18030", "big5hkscs", "utf-16", "cp932", "euc_kr"),
    *("cp1252", "cp1250", "cp1251"),
)
REASONS = ("preamble", "short", "long", "total", "note", "header", "table")
CLOSE = "ingest.encoding_close"
YEARLESS = "ingest.days_yearless"
FURTHEST = 5
SOME = 5
# What was settled for one table of a file says nothing of another one.
OF_A_SHEET: dict[str, Any] = dict.fromkeys(("header_rows", "kind", "roles"))
OF_A_FILE: dict[str, Any] = OF_A_SHEET | dict.fromkeys(
    ("encoding", "delimiter", "quote", "sheet", "year")
)


def show(upload: Upload, report: Report, head: pd.DataFrame, place: str) -> None:
    """Offer how the file was read, its columns, what was changed and set aside.

    Args:
        upload: The file.
        report: What was understood of it.
        head: Its first rows, as they may be shown.
        place: What the keys of the controls begin with.
    """
    close = [warning for warning in report.warnings if warning.code == CLOSE]
    yearless = any(warning.code == YEARLESS for warning in report.warnings)
    with st.expander(t("data.how"), expanded=bool(close) or yearless):
        for warning in close:
            note(warning.text(language()))
        _reading(upload, report, head, place)
    with st.expander(t("data.columns")):
        _columns(report, place)
    if report.changes:
        with st.expander(t("data.changed", n=len(report.changes))):
            for change in report.changes:
                st.text(change.text(language()))
    if len(report.set_aside):
        with st.expander(t("data.set_aside", n=len(report.set_aside))):
            reasons = {code: said(f"reason_{code}") for code in REASONS}
            rows = report.set_aside.replace({"reason": reasons})
            _offer(rows, "set-aside", place)
    if len(report.cells):
        with st.expander(t("data.cells", n=len(report.cells))):
            _offer(report.cells, "cells", place)


def _reading(upload: Upload, report: Report, head: pd.DataFrame, place: str) -> None:
    row = st.container(horizontal=True, vertical_alignment="bottom")

    def ask(
        option: str,
        choices: Sequence[str],
        got: str,
        resets: dict[str, Any] | None = None,
        name: Callable[[str], str] = str,
    ) -> None:
        key = f"{place}.{option}.{language()}"

        def again() -> None:
            upload.wanted = (resets or {}) | {option: st.session_state[key]}

        row.selectbox(
            t(f"data.read.{option}"),
            list(dict.fromkeys([got, *choices])),
            format_func=name,
            key=key,
            on_change=again,
            width=260,
        )

    if len(report.members) > 1:
        ask("member", report.members, report.member, OF_A_FILE)
    if report.sheets:
        ask("sheet", report.sheets, report.sheet, OF_A_SHEET)
    if report.encoding:
        names = {code: t(f"data.encoding.{code}") for code in ENCODINGS}
        names.setdefault(report.encoding, report.encoding)
        ask("encoding", ENCODINGS, report.encoding, name=names.__getitem__)
    if report.delimiter:
        marks = {mark: said(f"delimiter_{code}") for mark, code in DELIMITERS.items()}
        marks.setdefault(report.delimiter, report.delimiter)
        ask("delimiter", [*marks], report.delimiter, name=marks.__getitem__)
    key = f"{place}.header_rows"

    def again() -> None:
        upload.wanted = {"header_rows": st.session_state[key]}

    row.number_input(
        t("data.read.header_rows"),
        min_value=0,
        max_value=max(FURTHEST, report.header_rows),
        value=report.header_rows,
        key=key,
        on_change=again,
        width=220,
    )
    yearless = any(warning.code == YEARLESS for warning in report.warnings)
    if yearless or upload.known.get("year"):
        _year(row, upload, place)
    # Whether an encoding is the right one shows in the names.
    st.dataframe(
        head.head(SOME), hide_index=True, placeholder="", key=f"{place}.as_read"
    )


def _year(row: Any, upload: Upload, place: str) -> None:  # noqa: ANN401
    """Ask for the year of columns that are called by days without one."""
    key = f"{place}.year"

    def again() -> None:
        upload.wanted = OF_A_SHEET | {"year": st.session_state[key]}

    row.number_input(
        t("data.read.year"),
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        value=upload.known.get("year"),
        placeholder=t("data.year_of_first"),
        key=key,
        on_change=again,
        width=260,
    )


def _columns(report: Report, place: str) -> None:
    shown = pd.DataFrame(
        {
            "column": [column.name for column in report.columns],
            "type": [said(f"type_{column.type}") for column in report.columns],
            "distinct": [different(column, language()) for column in report.columns],
            "missing": [column.missing for column in report.columns],
            "examples": [" · ".join(column.examples) for column in report.columns],
        }
    )
    numbers = st.column_config.TextColumn(said("column_distinct"), alignment="right")
    heads = {**_headers(shown), "distinct": numbers}
    st.dataframe(shown, hide_index=True, column_config=heads, key=f"{place}.columns")
    if any(column.capped for column in report.columns):
        st.caption(t("data.capped", most=MOST_DISTINCT))


def _offer(rows: pd.DataFrame, name: str, place: str) -> None:
    """Show the first rows of a table, and all of it as CSV."""
    table.show(rows, name, f"{place}.{name}", _headers(rows), most=ROWS)


def _headers(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(column): said(f"column_{column}") for column in rows}


def said(code: str) -> str:
    """Write a word of the report."""
    return Note(f"ingest.{code}").text(language())
