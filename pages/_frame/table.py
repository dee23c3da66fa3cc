"""A table as a reader sees it, with all of it to take away as CSV."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from opslib.export import to_csv
from pages._frame.text import t

MOST_ROWS = 1_000


def show(
    table: pd.DataFrame,
    name: str,
    key: str,
    headers: Mapping[str, Any],
    *,
    most: int = MOST_ROWS,
    row_height: int | None = None,
) -> None:
    """Show the first rows under headers in words; the CSV keeps the columns' codes.

    Args:
        table: What to show.
        name: Of the CSV.
        key: Of this table and its download.
        headers: What each column is called, or its whole `st.column_config`.
        most: How many rows are shown.
        row_height: In pixels; None is one line.
    """
    st.dataframe(
        table.head(most),
        hide_index=True,
        row_height=row_height,
        column_config=dict(headers),
        placeholder="",
        key=key,
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    if len(table) > most:
        left.caption(t("frame.first_rows", n=most, rows=len(table)))
    right.download_button(
        t("frame.csv"),
        lambda: to_csv(table),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"{key}.csv",
        width="stretch",
    )
