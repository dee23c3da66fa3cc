"""CSV files read back as they were, and nothing in them can run."""

import csv
import datetime as dt
from io import StringIO

import pandas as pd
import pytest

from opslib.export import TRIGGERS, to_csv


def cells(frame):
    """Read the file back as rows of text, as a spreadsheet sees it."""
    return list(csv.reader(StringIO(to_csv(frame).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", sorted(TRIGGERS))
def test_text_that_a_spreadsheet_would_run_is_marked_as_text(start):
    assert cells(pd.DataFrame({"a": [f"{start}cmd"]}))[1] == [f"'{start}cmd"]


def test_a_formula_behind_spaces_is_marked_too():
    assert cells(pd.DataFrame({"a": ["  =1+1", "\u3000=1+1"]}))[1:] == [
        ["'  =1+1"],
        ["'\u3000=1+1"],
    ]


def test_headers_are_marked_even_when_they_occur_twice():
    frame = pd.DataFrame([["x", "y"]], columns=["=a", "=a"])
    assert cells(frame) == [["'=a", "'=a"], ["x", "y"]]


def test_several_names_in_a_cell_are_joined_and_marked_as_text():
    frame = pd.DataFrame({"path": [("=a", "b"), ("view", "buy")]})
    assert cells(frame)[1:] == [["'=a → b"], ["view → buy"]]


def test_numbers_and_dates_are_left_alone():
    frame = pd.DataFrame(
        {
            "whole": [-5],
            "real": [-0.25],
            "mixed": pd.Series([-5], dtype=object),
            "time": [pd.Timestamp("2025-01-02 03:04:05")],
            "day": [dt.date(2025, 1, 2)],
            "yes": [True],
        }
    )
    assert cells(frame)[1] == [
        "-5", "-0.25", "-5", "2025-01-02 03:04:05", "2025-01-02", "True",
    ]  # fmt: skip


def test_categories_lists_and_intervals_are_text():
    frame = pd.DataFrame({"a": pd.Categorical(["=x"]), "b": [["=y"]]})
    assert cells(frame)[1] == ["'=x", "['=y']"]


def test_commas_quotes_line_breaks_and_chinese_survive():
    values = ["a,b", 'say "hi"', "two\nlines", "用户", "0001", "1234567890123456789"]
    assert [row[0] for row in cells(pd.DataFrame({"列": values}))] == ["列", *values]


def test_missing_values_are_empty_and_the_table_is_not_changed():
    frame = pd.DataFrame({"a": ["=x", None], "b": [1.5, None]}, index=[7, 7])
    before = frame.copy(deep=True)
    assert cells(frame)[2] == ["", ""]
    pd.testing.assert_frame_equal(frame, before)


def test_excel_is_told_that_it_is_utf_8():
    assert to_csv(pd.DataFrame({"a": [1]})).startswith(b"\xef\xbb\xbf")


def test_a_table_without_rows_keeps_its_headers():
    assert cells(pd.DataFrame({"a": [], "b": []})) == [["a", "b"]]
