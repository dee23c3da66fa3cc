"""Links: every value written in plain codes, bad ones named and never used."""

import datetime as dt
import math
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pages._frame import link

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
PARAMS = {
    "choice": link.choice("period", ["day", "week"], "day"),
    "open choice": link.choice("by", ["city", "渠道"], None),
    "many": link.many("steps", ["view", "cart", "buy"], ["view", "buy"]),
    "whole": link.number("days", 1, 90, 7),
    "share": link.number("mde", 0.1, 50.0, 5.0, scale=100),
    "flag": link.flag("compare", default=False),
    "dates": link.dates("dates", FIRST, LAST),
    "words": link.words("title", ""),
}
REFUSED = object()


def read(param, texts):
    try:
        return param.read(texts)
    except ValueError:
        return REFUSED


@pytest.mark.parametrize("param", PARAMS.values(), ids=PARAMS)
def test_the_default_survives_the_link(param):
    assert param.read(param.write(param.default)) == param.default


@pytest.mark.parametrize(
    ("name", "value", "texts"),
    [
        ("choice", "week", ["week"]),
        ("open choice", None, [""]),
        ("open choice", "渠道", ["渠道"]),
        ("many", ["buy", "cart"], ["buy", "cart"]),
        ("many", [], [""]),
        ("whole", 30, ["30"]),
        ("share", 2.5, ["0.025"]),
        ("flag", True, ["1"]),
        ("dates", (FIRST, dt.date(2026, 2, 1)), ["2026-01-01..2026-02-01"]),
    ],
)
def test_values_stand_in_the_link_as_options_spell_them(name, value, texts):
    assert PARAMS[name].write(value) == texts
    assert PARAMS[name].read(texts) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("choice", "year"),
        ("choice", ""),
        ("choice", "Day"),
        ("open choice", "../../etc/passwd"),
        ("many", "<script>alert(1)</script>"),
        ("whole", "0"),
        ("whole", "91"),
        ("whole", "7.5"),
        ("whole", "seven"),
        ("whole", ""),
        ("whole", "9" * 5000),
        ("share", "nan"),
        ("share", "inf"),
        ("share", "1e999"),
        ("share", "0.6"),
        ("flag", "true"),
        ("flag", ""),
        ("flag", "01"),
        ("dates", "2025-12-31..2026-02-01"),
        ("dates", "2026-02-02..2026-02-01"),
        ("dates", "2026-02-30..2026-03-01"),
        ("dates", "2026-02-01"),
        ("dates", "2026-02-01..2026-02-02..2026-02-03"),
        ("dates", ""),
        ("words", "x" * 201),
    ],
)
def test_impossible_values_are_refused(name, text):
    assert read(PARAMS[name], [text]) is REFUSED


def test_a_step_named_twice_is_refused():
    with pytest.raises(ValueError, match="view"):
        PARAMS["many"].read(["view", "view"])


@settings(derandomize=True, max_examples=50, deadline=None)
@given(some.sampled_from(sorted(PARAMS)), some.lists(some.text(), min_size=1))
def test_whatever_a_link_says_is_refused_or_possible(name, texts):
    value = read(PARAMS[name], texts)
    assert value is REFUSED or link.possible(PARAMS[name], value)


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "x", [], object()])
def test_a_browser_cannot_send_a_number_that_is_none(value):
    assert not link.possible(PARAMS["whole"], value)


def test_a_range_with_one_end_is_unfinished_not_wrong():
    assert link.unfinished((FIRST,))
    assert not link.unfinished((FIRST, LAST))
    assert not link.possible(PARAMS["dates"], (FIRST,))


def test_a_label_of_the_other_language_from_the_browser_changes_nothing(monkeypatch):
    state = {"w": "weekly", "w.kept": "week", link.PLACE: "trend"}
    session = SimpleNamespace(session_state=state, query_params={})
    monkeypatch.setattr(link, "st", session)
    link.Link().seed(PARAMS["choice"], "w")
    assert state["w"] == "week"
