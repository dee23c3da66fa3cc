"""Calendar periods in a timezone, with the days on which clocks change."""

import numpy as np
import pytest

from opslib import Error, periods

HOUR = 3_600_000_000


def test_days_of_a_clock_change_have_23_and_25_hours():
    spring = periods.span(("2026-03-28", "2026-03-30"), "Europe/Berlin")
    edges = periods.edges(spring[0], spring[1] - 1, "day", "Europe/Berlin")
    assert (np.diff(edges) / HOUR).tolist() == [24, 23, 24]
    autumn = periods.span(("2026-10-25", "2026-10-25"), "Europe/Berlin")
    assert (autumn[1] - autumn[0]) / HOUR == 25


@pytest.mark.parametrize(
    ("start", "first"), [("monday", "2026-02-23"), ("sunday", "2026-03-01")]
)
def test_weeks_begin_on_the_chosen_day(start, first):
    day, end = periods.span(("2026-03-01", "2026-03-07"), "Asia/Shanghai")
    edges = periods.edges(day, end - 1, "week", "Asia/Shanghai", week_start=start)
    assert str(periods.names(edges, "Asia/Shanghai")[0].date()) == first


def test_months_begin_on_the_first():
    day, end = periods.span(("2026-01-31", "2026-03-01"), "UTC")
    edges = periods.edges(day, end - 1, "month", "UTC")
    names = [str(name.date()) for name in periods.names(edges, "UTC")]
    assert names == ["2026-01-01", "2026-02-01", "2026-03-01"]


def test_a_period_is_complete_when_it_ended_before_observation():
    edges = np.array([0, 10, 20, 30])
    assert periods.complete(edges, 20).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: periods.zone("Mars/Base"), "no timezone “Mars/Base”"),
        (lambda: periods.span(("2026-03-02", "2026-03-01"), "UTC"), "end .* before"),
        (lambda: periods.span(("yesterday",), "UTC"), "got “yesterday”"),
        (lambda: periods.length("soon", "window"), "window must be a length of time"),
        (lambda: periods.length("-1D", "window"), "window must be a length of time"),
        (lambda: periods.edges(0, 1, "year", "UTC"), "period cannot be “year”"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(call, sentence):
    with pytest.raises(Error, match=sentence):
        call()


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        (("2026-03-01",), "got “2026-03-01”"),
        ("2026-03-01", "got “2026-03-01”"),
        (5, "got “5”"),
        (("2026-03-01", "9999-12-31"), "between the years 1000 and 8999"),
        (("0001-01-01", "2026-03-01"), "between the years 1000 and 8999"),
    ],
)
def test_dates_that_cannot_be_are_told(dates, sentence):
    with pytest.raises(Error, match=sentence):
        periods.span(dates, "UTC")


@pytest.mark.parametrize("window", ["7", "7.5", 7, "", "1ns"])
def test_a_length_needs_a_unit(window):
    with pytest.raises(Error, match="window must be a length of time"):
        periods.length(window, "window")


def test_a_midnight_that_does_not_exist_begins_an_hour_later():
    # Clocks in São Paulo went from 3 November 2018, 24:00 to 4 November, 01:00.
    start, end = periods.span(("2018-11-04", "2018-11-04"), "America/Sao_Paulo")
    assert (end - start) / HOUR == 23
    edges = periods.edges(start, end - 1, "day", "America/Sao_Paulo")
    names = periods.names(edges, "America/Sao_Paulo")
    assert [str(day.date()) for day in names] == ["2018-11-04"]
