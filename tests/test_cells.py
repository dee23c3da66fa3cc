"""A cell gives one result, one key and lines of Python that give the result again."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some

import opslib
from opslib.cells import TABLES, check, code, key, run
from opslib.result import Error


def funnel(log, *, steps, window="7D", by=None, exclude=(), loud=False):
    return ("funnel", log, steps, window, by, exclude, loud)


def ab_summary(counts, *, correction="holm", confidence=0.95):
    return ("ab_summary", counts, correction, confidence)


@pytest.fixture(autouse=True)
def two_analyses(monkeypatch):
    monkeypatch.setattr(opslib, "funnel", funnel, raising=False)
    monkeypatch.setattr(opslib, "ab_summary", ab_summary, raising=False)


def cell(analysis="funnel", dataset="shop", **options):
    return {"analysis": analysis, "dataset": dataset, "options": options}


def told(error, lang="en"):
    assert error.value.text("zh_CN") != error.value.text("en")
    return error.value.text(lang)


def test_an_analysis_runs_on_the_table_it_is_about():
    data = SimpleNamespace(events="the log")
    result = run("funnel", data, {"steps": ["view", "buy"], "window": "1D"})
    assert result == ("funnel", "the log", ["view", "buy"], "1D", None, (), False)


def test_an_analysis_without_a_table_needs_no_data_set():
    counts = {"A": [100, 10], "B": [100, 12]}
    result = run("ab_summary", None, {"counts": counts})
    assert result == ("ab_summary", counts, "holm", 0.95)


def test_an_unknown_analysis_is_reported_with_the_known_ones():
    with pytest.raises(Error) as error:
        run("funel", None, {})
    assert told(error).startswith("analysis cannot be “funel”; choose from “funnel”")


def test_a_private_name_is_no_analysis():
    with pytest.raises(Error):
        run("__getattr__", None, {})


def test_an_unknown_option_is_reported_with_the_known_ones():
    with pytest.raises(Error) as error:
        code("funnel", "shop", {"steps": ["a"], "windw": "1D"})
    assert told(error) == (
        "funnel has no option “windw”; it has “steps”, “window”, “by”, "
        "“exclude”, “loud”."
    )


@pytest.mark.parametrize("options", [{}, {"steps": None}])
def test_an_option_that_must_be_given_is_named(options):
    with pytest.raises(Error) as error:
        run("funnel", SimpleNamespace(events=0), options)
    assert told(error) == "steps is missing."


@pytest.mark.parametrize(
    "value", [{1: 2}, {"a", "b"}, float("nan"), b"x", object, [float("inf")]]
)
def test_an_option_that_json_cannot_carry_is_refused(value):
    with pytest.raises(Error) as error:
        key(cell(steps=value))
    assert told(error).startswith("steps must be made of text, numbers")


def test_a_data_set_must_be_named_where_one_is_needed():
    for attempt in (
        lambda: run("funnel", None, {"steps": ["a"]}),
        lambda: check(cell(dataset=None, steps=["a"])),
    ):
        with pytest.raises(Error) as error:
            attempt()
        assert told(error) == "dataset is missing."


@pytest.mark.parametrize(
    "other",
    [
        None,
        [],
        "funnel",
        {},
        cell() | {"more": 1},
        cell() | {"dataset": 3},
        cell() | {"options": []},
    ],
)
def test_what_is_not_a_cell_is_refused(other):
    with pytest.raises(Error) as error:
        check(other)
    assert told(error) == (
        "This is not a cell: it must have just “analysis”, “dataset”, “options”."
    )


def test_a_checked_cell_is_plain_json():
    checked = check(cell(steps=("view", ("buy", "pay"))))
    assert checked == cell(steps=["view", ["buy", "pay"]])
    assert json.loads(json.dumps(checked)) == checked


def test_keys_ignore_defaults_and_the_order_of_options():
    assert key(cell(steps=["a"], by="x")) == key(
        cell(by="x", window="7D", exclude=[], loud=False, steps=["a"])
    )


def test_keys_tell_apart_what_gives_different_results():
    different = [
        cell(steps=["a"]),
        cell(steps=["b"]),
        cell(steps=["a"], window="1D"),
        cell(steps=["a"], loud=True),
        cell(steps=["a"], loud=1),
        cell(steps=["a"], loud=0),
        cell("funnel", "other", steps=["a"]),
        cell("ab_summary", None, counts={"A": [1, 1], "B": [2, 1]}),
        cell("ab_summary", None, counts={"B": [2, 1], "A": [1, 1]}),
    ]
    assert len({key(one) for one in different}) == len(different)


def test_code_says_only_what_is_not_the_default():
    options = {"by": None, "steps": ["view", "it's"], "window": "7D", "loud": True}
    assert code("funnel", "shop.csv", options) == (
        "import opslib as ops\n"
        'd = ops.open("shop.csv")\n'
        'ops.funnel(d.events, steps=["view", "it\'s"], loud=True)'
    )


def test_code_that_is_too_long_is_wrapped():
    steps = ["a step with a rather long name"] * 3
    assert code("funnel", "d", {"steps": steps, "by": "city"}).splitlines()[2:] == [
        "ops.funnel(",
        "    d.events,",
        "    steps=[",
        *['        "a step with a rather long name",'] * 3,
        "    ],",
        '    by="city",',
        ")",
    ]


def test_code_shows_marks_that_would_turn_the_line_around():
    assert "\u202e" not in code("funnel", "d", {"steps": ["\u202etxt"]})


PLAIN = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


@given(steps=PLAIN.filter(lambda value: value is not None), by=PLAIN, name=some.text())
def test_the_code_of_a_cell_runs_and_means_the_cell(steps, by, name):
    seen = {}

    def look(_log, *, steps, window="7D", by=None, exclude=(), loud=False):
        seen.update(steps=steps, by=by)

    opslib.funnel = look
    opslib.open = lambda name: SimpleNamespace(events=seen.update(name=name))
    try:
        exec(code("funnel", name, {"steps": steps, "by": by}), {})
    finally:
        del opslib.open
    assert json.dumps(seen) == json.dumps({"name": name, "steps": steps, "by": by})


def test_every_analysis_with_a_table_takes_it_first():
    assert set(TABLES.values()) >= {"events", "counts", "daily", "users", "experiment"}
