"""Names and cells of a stranger's file on their way out: tables and charts."""

import csv
import io
import json
import re
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.charts import export
from opslib.export import TRIGGERS, to_csv
from opslib.words import LONGEST_NAME, clean
from tests.ingest.hostile_tables import HEADERS, TABLES, TEXTS

CODE = {
    *("field", "shorthand", "groupby", "as", "key", "lookup"),
    *("expr", "calculate", "filter", "test", "signal", "update"),
}
NAMES = HEADERS
PLAIN = tuple(f"name {i}" for i in range(len(NAMES)))


def cells(frame):
    """Read the file back as a spreadsheet does."""
    return list(csv.reader(io.StringIO(to_csv(frame).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("file", ["headers.csv", "texts.csv", "header_newline.csv"])
def test_no_cell_of_an_export_begins_as_a_formula_does(file):
    (case,) = (case for case in TABLES if case.file == file)
    frame = ops.read_table(case.content()).frame
    head, *rows = cells(frame)
    assert len(rows) == len(frame)
    assert not [cell for cell in head if cell[:1] in TRIGGERS]
    numbers = [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    for row in rows:
        for cell, number in zip(row, numbers, strict=True):
            assert float(cell) == float(cell) if number else cell[:1] not in TRIGGERS


def test_what_was_marked_is_still_the_text_of_the_file():
    frame = pd.DataFrame({"word": list(TEXTS), "change": np.arange(len(TEXTS)) - 9})
    for (word, change), row in zip(cells(frame)[1:], frame.itertuples(), strict=True):
        assert word.removeprefix("'") == row.word.removeprefix("'")
        assert change == str(row.change)


@pytest.mark.parametrize("book", ["x" * 1_000_000, "\u200b" * 1_000_000 + "x"])
def test_a_book_in_a_cell_is_shown_by_its_beginning(book):
    shown = clean(book)
    assert shown.endswith("…")
    assert len(shown) <= LONGEST_NAME


def a_log(names):
    steps = list(names)
    rows = [
        (f"u{i}", name, pd.Timestamp("2025-01-01") + pd.Timedelta(hours=24 * i + k))
        for i in range(12)
        for k, name in enumerate(steps)
    ]
    table = pd.DataFrame(rows, columns=["user", "event", "time"])
    return table.assign(
        channel=table["user"].map(lambda user: steps[int(user[1:]) % 6])
    )


def a_funnel(names):
    return ops.funnel(a_log(names), steps=list(names[6:26]), window="9D")


def a_split_funnel(names):
    return ops.funnel(a_log(names), steps=list(names[:3]), window="9D", by="channel")


def a_funnel_before_and_after(names):
    users = pd.DataFrame({"user": [f"u{i}" for i in range(480)]})
    users["channel"] = [names[i % 6] for i in range(480)]
    first = np.where(users.index < 240, "2025-01-01", "2025-01-06")
    start = users.assign(event=names[0], time=pd.to_datetime(first))
    later = start.assign(event=names[1], time=start["time"] + pd.Timedelta(hours=5))
    # So that the windows of all before are over.
    last = start.tail(1).assign(time=pd.Timestamp("2025-01-09"))
    return ops.funnel(
        pd.concat([start, later, last]),
        steps=[names[0], names[1]],
        window="9h",
        by="channel",
        dates=["2025-01-06", "2025-01-06"],
        compare="previous",
    )


def an_exported_funnel(names):
    few = list(names[:8])
    counts = [
        {"step": step, "users": 100 - 9 * i, "group": group}
        for group in few
        for i, step in enumerate(few)
    ]
    return ops.funnel_counts(pd.DataFrame(counts))


def a_retention(names):
    return ops.retention(a_log(names), start=names[0], back=list(names[1:30]))


def a_split_retention(names):
    users = pd.DataFrame({"user": [f"u{i}" for i in range(210)]})
    users["channel"] = [names[i % 6] for i in range(210)]
    days = [users.assign(time=f"2025-01-0{day}") for day in (1, 2, 3, 9)]
    log = pd.concat([*days, users.iloc[6:].assign(time="2025-01-04")])
    late = users.assign(user="v" + users["user"], time="2025-01-02")
    log = pd.concat([log, late]).assign(event=names[0])
    return ops.retention(log, by="channel")


def some_paths(names):
    return ops.paths(a_log(names), gap="5h", depth=3, start=list(names[:12]))


def a_lifecycle(names):
    return ops.lifecycle(a_log(names), period="day", event=list(names[:3]))


def some_activity(names):
    return ops.activity(a_log(names), event=names[0])


def a_trend(names):
    days = pd.date_range("2025-01-01", periods=30)
    numbers = {name: np.arange(30) + i for i, name in enumerate(names)}
    return ops.trend(pd.DataFrame({"date": days} | numbers), metrics=list(names))


def an_experiment(names):
    rng = np.random.default_rng(1)
    numbers = {name: rng.normal(size=300) for name in names}
    arms = np.array(names[:3])[np.arange(300) % 3]
    table = pd.DataFrame({"unit": np.arange(300), "variant": arms} | numbers)
    return ops.ab_test(table, metrics=list(names[3:]), control=names[0])


def a_simulation(names):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({name: rng.random(300) for name in names})
    return ops.ab_simulate(table, metric=names[3], method="peeking", lift=0.1)


def a_campaign(names):
    rng = np.random.default_rng(1)
    days = pd.date_range("2025-01-01", periods=30)
    table = pd.DataFrame({"unit": np.arange(12).repeat(30), "time": np.tile(days, 12)})
    table["variant"] = np.array(names[:3])[np.arange(12) % 3].repeat(30)
    table[names[5]] = rng.normal(size=360)
    return ops.campaign(
        table, metric=names[5], start="2025-01-20", treated=list(names[1:3])
    )


def an_interrupted_series(names):
    rng = np.random.default_rng(1)
    days = pd.DataFrame({"date": pd.date_range("2025-01-01", periods=40).repeat(2)})
    days["group"] = list(names[:2]) * 40
    days[names[5]] = rng.integers(50, 99, 80)
    options = {"group": names[0], "control": names[1]}
    return ops.interrupted(days, metric=names[5], start="2025-02-01", **options)


def an_uplift(names):
    rng = np.random.default_rng(1)
    arms = np.array(names[:2])[np.arange(2_000) % 2]
    words = np.array(names[4:12])[rng.integers(0, 8, 2_000)]
    paid = rng.integers(0, 2, 2_000)
    table = {"variant": arms, names[2]: words, names[3]: paid, "unit": range(2_000)}
    return ops.uplift(pd.DataFrame(table), outcome=names[3], control=names[0])


def some_personas(names):
    rng = np.random.default_rng(1)
    shift = np.repeat([0.0, 8.0], 60)
    numbers = {name: rng.normal(size=120) + shift for name in names[:12]}
    words = {names[12]: np.array(names[:4])[np.arange(120) % 4]}
    table = pd.DataFrame({"user": np.arange(120).astype(str)} | numbers | words)
    return ops.personas(table, k=2)


RESULTS = (
    *(a_funnel, a_split_funnel, an_exported_funnel, a_retention, a_split_retention),
    *(some_paths, a_trend, an_experiment, some_personas, a_simulation),
    *(a_campaign, an_interrupted_series, an_uplift),
    *(a_funnel, a_split_funnel, an_exported_funnel, a_retention),
    *(a_lifecycle, some_activity, a_funnel_before_and_after),
    *(some_paths, a_trend, an_experiment, some_personas),
)


@cache
def made(result, names):
    return result(names)


def walk(value, key=""):
    """Every value of a chart that is not data, with the key that it stands under."""
    yield key, value
    parts = value.items() if isinstance(value, dict) else ()
    for name, inner in parts:
        if name not in {"datasets", "data"}:
            yield from walk(inner, name)
    for inner in value if isinstance(value, list) else ():
        yield from walk(inner, key)


def looked_up(spec):
    """What Vega looks up or runs."""
    return {(key, json.dumps(value)) for key, value in walk(spec) if key in CODE}


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("result", RESULTS, ids=lambda one: one.__name__)
def test_no_text_of_a_file_is_run_or_looked_up_by_a_chart(result, lang):
    hostile = looked_up(made(result, NAMES).chart(lang).to_dict())
    assert hostile == looked_up(made(result, PLAIN).chart(lang).to_dict())
    assert ("field", '"c0"') in hostile


@pytest.mark.parametrize("name", ["curve_chart", "trend_chart"])
def test_nor_by_the_lines_of_retention(name):
    hostile, plain = (
        getattr(made(a_split_retention, names), name)().to_dict()
        for names in (NAMES, PLAIN)
    )
    assert looked_up(hostile) == looked_up(plain)
    assert export(getattr(made(a_split_retention, NAMES), name)(), "svg")


@pytest.mark.parametrize("name", ["over_time_chart", "times_chart"])
def test_nor_by_the_views_of_a_funnel(name):
    hostile, plain = (
        getattr(made(a_funnel_before_and_after, names), name)()
        for names in (NAMES, PLAIN)
    )
    assert looked_up(hostile.to_dict()) == looked_up(plain.to_dict())
    (rows,) = plain.to_dict()["datasets"].values()
    drawn = {value for row in rows for value in row.values() if value in PLAIN[:6]}
    assert len(drawn) == 6
    assert export(hostile, "svg")


@pytest.mark.parametrize("result", RESULTS, ids=lambda one: one.__name__)
def test_a_chart_of_hostile_names_is_drawn(result):
    picture = export(made(result, NAMES).chart("en"), "svg", title=NAMES[6])
    root = ET.fromstring(picture)
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert "path" in tags
    assert not tags & {"script", "image", "foreignObject", "a"}
    assert not [
        one for one in root.iter() if any(key.startswith("on") for key in one.attrib)
    ]


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("result", RESULTS, ids=lambda one: one.__name__)
def test_a_sentence_of_hostile_names_holds_no_control_character(result, lang):
    assert (
        re.search(r"[\x00-\x1f\x7f\u202e]", made(result, NAMES).describe(lang)) is None
    )
