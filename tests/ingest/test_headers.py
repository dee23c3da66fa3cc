"""Days that stand in the names of columns, in every spelling that exports have."""

import datetime as dt

import pytest

from opslib.ingest import headers

THREE = ["2025-01-01", "2025-01-02", "2025-01-03"]
MONTHS = ["2025-01-01", "2025-02-01", "2025-03-01"]


def days(names, year=None):
    return [str(day) for day in headers.read(names, year).days.values()]


@pytest.mark.parametrize(
    "names",
    [
        THREE,
        ["20250101", "20250102", "20250103"],
        ["2025/1/1", "2025/1/2", "2025/1/3"],
        ["2025年1月1日", "2025年1月2日", "2025年1月3日"],
        ["2025-01-01 00:00:00", "2025-01-02 00:00:00", "2025-01-03 00:00:00"],
        ["2025-01-01(三)", "2025-01-02（周四）", "2025-01-03 星期五"],
        ["2025-01-01 Wed", "2025-01-02 Thursday", "2025-01-03 (Fri)"],
        ["Jan 1, 2025", "Jan 2, 2025", "Jan 3, 2025"],
        ["Wed Jan 1 2025", "Thu Jan 2 2025", "Fri Jan 3 2025"],
        ["2025-01-01~2025-01-01", "2025-01-02 - 2025-01-02", "2025-01-03至2025-01-03"],
        ["\t2025-01-01", "\t2025-01-02", "\t2025-01-03"],
    ],
)
def test_days_that_say_their_year(names):
    assert days(names) == THREE


@pytest.mark.parametrize(
    "names",
    [
        ["2025-01", "2025-02", "2025-03"],
        ["202501", "202502", "202503"],
        ["2025年1月", "2025年2月", "2025年3月"],
        ["Jan 2025", "February 2025", "Mar-2025"],
        ["Jan-25", "Feb-25", "Mar-25"],
    ],
)
def test_months_stand_under_their_first_day(names):
    assert days(names) == MONTHS


@pytest.mark.parametrize("spelling", ["{}-W{:02}", "{}年第{}周", "{}W{}", "{} Week {}"])
def test_weeks_stand_under_their_monday(spelling):
    found = headers.read([spelling.format(2025, week) for week in (1, 2)])
    assert [str(day) for day in found.days.values()] == ["2024-12-30", "2025-01-06"]
    assert found.weeks


@pytest.mark.parametrize(
    "names",
    [
        ["Jan 1", "Jan 2", "Jan 3"],
        ["1 Jan", "2 Jan", "3-Jan"],
        ["1月1日", "1月2日", "1月3号"],
        ["01-01", "01-02", "01-03"],
        ["1/1", "1/2", "1/3"],
        ["1/1", "2/1", "3/1"],
        ["January 1", "Jan. 2", "jan 3"],
    ],
)
def test_days_without_a_year_take_the_one_that_is_given(names):
    assert headers.read(names).yearless
    assert days(names, 2025) == THREE


def test_a_year_goes_over_into_the_next_one_in_both_directions():
    assert days(["Dec 31", "Jan 1"], 2024) == ["2024-12-31", "2025-01-01"]
    assert days(["1月1日", "12月31日"], 2025) == ["2025-01-01", "2024-12-31"]
    assert days(["11月", "12月", "1月"], 2024)[-1] == "2025-01-01"


def test_day_and_month_are_told_apart_by_what_follows():
    assert days(["01/02/2025", "02/02/2025", "03/02/2025"])[0] == "2025-02-01"
    assert days(["01/02/2025", "01/03/2025", "01/04/2025"])[0] == "2025-01-02"
    assert days(["13/01/2025", "20/01/2025"]) == ["2025-01-13", "2025-01-20"]
    assert headers.read(["01/02/2025", "05/07/2025"]).unsure == "MM/DD/YYYY"


@pytest.mark.parametrize(
    "names",
    [
        ["visits", "orders"],
        ["W0", "W1", "W2"],
        ["Day 1", "Day 2"],
        ["2019", "2020"],
        ["1/2", "3/4"],
        ["1-3", "4-6"],
        ["2025-01-01 08:00", "2025-01-01 09:00"],
        ["2025-W60", "2025-W61"],
        ["0000-W01", "0000-W02"],
        ["Jan 0000", "Feb 0000"],
        ["Decile 1", "Decile 2"],
        ["Market 2024", "Market 2025"],
        ["Octopus", "Marten"],
        ["2025-02-30", "2025-13-01"],
        ["2025-01-01", "orders"],
        ["Jan" + " " * 5000 + "1", "Jan 2"],
    ],
)
def test_other_names_are_no_days(names):
    assert headers.read(names, 2025).days == {}


def test_positions_are_those_of_the_columns():
    found = headers.read(["指标", "2025-01-01", "合计", "2025-01-02"])
    assert found.days == {1: dt.date(2025, 1, 1), 3: dt.date(2025, 1, 2)}
