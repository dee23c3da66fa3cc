"""A table as a reader sees it, with all of it to take away as CSV."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from opslib.export import to_csv
from pages._frame.text import t

MOST_ROWS = 1_000


def show(
    rows: pd.DataFrame,
    name: str,
    key: str,
    headers: Mapping[str, Any],
    *,
    most: int = MOST_ROWS,
    row_height: int | None = None,
    words: Mapping[str, Mapping[Any, str]] | None = None,
) -> None:
    """Show the first rows in words, and offer all as CSV with its codes.

    Args:
        rows: What to show.
        name: Of the CSV.
        key: Of this table and its download.
        headers: What each column is called, or its whole `st.column_config`.
        words: By column, the word for each code in it.
        most: How many rows are shown.
        row_height: In pixels; None is one line.
    """
    st.dataframe(
        rows.head(most).replace(dict(words or {})),
        hide_index=True,
        row_height=row_height,
        column_config=dict(headers),
        placeholder="",
        key=key,
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    if len(rows) > most:
        left.caption(t("frame.first_rows", n=most, rows=len(rows)))
    right.download_button(
        t("frame.csv"),
        lambda: to_csv(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"{key}.csv",
        width="stretch",
    )
