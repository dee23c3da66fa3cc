"""The one door to data: which sets there are, each opened once for all sessions."""

import contextlib
import datetime as dt
import itertools
import json
import re
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

import opslib as ops
from opslib import cells, quality
from opslib.analyses.ab_summary import likely_control
from opslib.analyses.day_sums import can_be_summed
from opslib.analyses.personas import column_title
from opslib.conditions import Codes, Floats
from opslib.dataset import Dataset
from opslib.quality import Finding
from opslib.result import Error, Result
from opslib.words import text
from opslib.workspace import Workspace
from pages._frame.text import t

DEMOS = {"en": "demo", "zh_CN": "demo-zh"}
# Where a session keeps the id of what it has just saved.
SAVED = "upload.saved"
TIMED = ("events", "orders", "daily")
# The festival of 20 May, see `opslib.simulate`.
CAMPAIGN = dt.date(2026, 5, 18), dt.date(2026, 5, 20)
DAY = 86_400
MICROSECONDS = DAY * 1_000_000
SAMPLE = 100_000
FEW_VALUES = 50
MOST_AT_FIRST = 2
# On the way to a purchase, as events are called in both languages.
STAGES = (
    r"visit|launch|open|访问|启动",
    r"view|click|\bpv\b|浏览|曝光|点击",
    r"cart|加购|购物车",
    r"checkout|order|下单|订单",
    r"pay|buy|purchas|支付|付款|购买",
)
OUTCOMES = (
    r"conver|retention|visit|spend|revenue|order|click|paid|\bpay|buy|purchas|amount"
    r"|转化|留存|访问|消费|金额|收入|下单|支付|购买|点击|复购"
)
MOST_SEGMENTS = 50
BEFORE = r"before|history|previous|\bpre|之前|前$|前\s*\d|实验前|历史"


def default(lang: str) -> str:
    """Return the data set of a first visit."""
    return DEMOS[lang]


def names() -> dict[str, str]:
    """Return the name of every data set by its id, the demos last."""
    saved: dict[str, str] = {}
    # The oldest keeps its plain name; the picker tells sets by their names alone.
    for entry in reversed(workspace().list()):
        saved[entry.id] = _apart(entry.name, {*saved.values()})
    saved = dict(reversed(saved.items()))
    return saved | {demo: t(f"frame.{demo}") for demo in DEMOS.values()}


def _apart(name: str, taken: set[str]) -> str:
    """Number a name that is taken.

    Example:
        >>> _apart("shop", {"demo"}), _apart("shop", {"shop", "shop (2)"})
        ('shop', 'shop (3)')
    """
    numbered = (f"{name} ({i})" for i in itertools.count(2))
    return name if name not in taken else next(n for n in numbered if n not in taken)


def rename(dataset_id: str, name: str) -> None:
    """Call a data set `name` from now on."""
    workspace().rename(dataset_id, name)
    load.clear(dataset_id)


def delete(dataset_id: str) -> None:
    """Delete a data set, and all that is remembered of it."""
    workspace().delete(dataset_id)
    load.clear(dataset_id)
    figures.clear()
    findings.clear()
    _run.clear()


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """Return the folder of all data sets and notebooks."""
    return Workspace()


def _current(dataset: Dataset) -> bool:
    """Say whether the segments of a data set are those that are saved by now."""
    if dataset.id in DEMOS.values():
        return True
    with contextlib.suppress(Error):
        saved = workspace().segments(dataset.id).list()
        known = {name: one.id for name, one in dataset.segments.items()}
        return known == {one.name: one.id for one in saved}
    return False


@st.cache_resource(max_entries=16, show_spinner=False, validate=_current)
def load(dataset_id: str) -> Dataset:
    """Open a data set, once for all sessions; its events are mapped into memory.

    It is opened anew when any session or script has changed its segments.

    Args:
        dataset_id: One of `names`; links and notebooks may say anything.

    Raises:
        Error: There is no such data set; a path is none, whatever lies there.
    """
    if dataset_id in DEMOS.values():
        return ops.open(dataset_id)
    return workspace().open(dataset_id)


def run(analysis: str, dataset_id: str | None, options: dict[str, Any]) -> Result:
    """Run a cell, or return what an equal cell gave any session before."""
    plain = json.dumps(options, sort_keys=True)
    if dataset_id is None or cells.TABLES.get(analysis) is None:
        return _run(analysis, "", plain, None)
    dataset = load(dataset_id)
    # Another segment of the same name has other numbers; one not named changes none.
    named = [
        (name, one.id)
        for name, one in dataset.segments.items()
        if json.dumps(name) in plain
    ]
    return _run(
        analysis, json.dumps([dataset_id, dataset.digest, named]), plain, dataset
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def _run(analysis: str, of: str, options: str, _dataset: Dataset | None) -> Result:  # noqa: ARG001
    return cells.run(analysis, _dataset, json.loads(options))


def code(analysis: str, dataset_id: str, options: dict[str, Any]) -> str:
    """Return the lines of Python that give the same numbers."""
    return cells.code(analysis, dataset_id, options)


@st.cache_resource(max_entries=64, show_spinner=False)
def figures(dataset_id: str, digest: str) -> dict[str, float]:  # noqa: ARG001
    """Return how much there is of what: users, events, days, revenue, ..."""
    dataset = load(dataset_id)
    tables = {kind: getattr(dataset, kind) for kind in dataset.kinds}
    found: dict[str, float] = {}
    if log := tables.pop("events", None):
        found |= {"users": len(log.users), "events": len(log)}
    for kind, table in tables.items():
        for column, code in (("user", "users"), ("unit", "units")):
            if column in table:
                found.setdefault(code, table[column].nunique())
        if kind == "orders":
            # A line of an order is not an order.
            order = table.get("order")
            found["orders"] = len(table) if order is None else order.nunique()
            if "amount" in table:
                found["revenue"] = table["amount"].sum()
        found.setdefault("rows", len(table))
    if timed := [kind for kind in TIMED if kind in dataset.kinds]:
        first, last = span(dataset, timed[0])
        found["days"] = ((last - first).days + 1) * DAY
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def findings(dataset_id: str, digest: str) -> tuple[Finding, ...]:  # noqa: ARG001
    """Return what is odd about the events of a data set."""
    return quality.find(load(dataset_id).own_events)


def span(dataset: Dataset, kind: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day that a table covers, in its own timezone."""
    if kind == "events":
        first, last = map(dt.date.fromisoformat, dataset.events.dates)
        return first, last
    times = getattr(dataset, kind)["date" if kind == "daily" else "time"]
    return times.min().date(), times.max().date()


def event_names(dataset: Dataset) -> list[str]:
    """Return the names of events, the most frequent first."""
    log = dataset.events
    counts = pd.Series(log.run_offsets).diff().iloc[1:].to_numpy()
    return [log.names[code] for code in (-counts).argsort(kind="stable")]


def properties(dataset: Dataset) -> list[str]:
    """Return the names of properties of events that have few values."""
    return [
        name
        for name, values in dataset.events.properties.items()
        if isinstance(values, Codes) and len(values.labels) <= FEW_VALUES
    ]


def property_values(dataset: Dataset, name: str | None) -> list[str]:
    """Return the values of a property of events, without the empty one.

    Those of numbers, and of texts nearly all of which differ, are not known.

    A link cannot tell an empty text from none.
    """
    column = dataset.events.properties.get(name or "")
    labels = column.labels if isinstance(column, Codes) else ()
    return [value for value in labels if value]


def amounts(dataset: Dataset) -> list[str]:
    """Return the names of properties of events that are numbers."""
    return [
        name
        for name, values in dataset.events.properties.items()
        if isinstance(values, Floats)
    ]


def texts(dataset: Dataset) -> list[str]:
    """Return the names of properties of events that have too many values to list."""
    named = {*properties(dataset), *amounts(dataset)}
    return [name for name in dataset.events.properties if name not in named]


def daily_figures(dataset: Dataset) -> list[str]:
    """Return the names of the columns of daily figures that are numbers."""
    return [str(name) for name in dataset.daily.select_dtypes("number")]


def usual_figures(dataset: Dataset) -> list[str]:
    """Return the first figures, of several rows a day the first that can be summed."""
    daily, names = dataset.daily, daily_figures(dataset)
    if not daily["date"].is_unique:
        able = [name for name in names if can_be_summed(daily[name])]
        names = able or names
    return names[:MOST_AT_FIRST]


def daily_groups(dataset: Dataset, lang: str) -> dict[str, str]:
    """Return the columns that tell several rows of a day apart, each with its title."""
    daily = dataset.daily
    if daily["date"].is_unique:
        return {}
    names = [
        str(name)
        for name, values in daily.drop(columns="date").items()
        if pd.api.types.is_string_dtype(values) and 2 <= values.nunique() <= FEW_VALUES
    ]
    title = text("trend.a_group", lang)
    # What the file called it went when it became the group.
    return {name: title if name == "group" else name for name in names}


def group_values(dataset: Dataset, column: str | None) -> list[str]:
    """Return the values of a column of daily figures."""
    if column is None:
        return []
    return sorted(map(str, dataset.daily[column].dropna().unique()))


def followed(dataset: Dataset) -> bool:
    """Say whether units of an experiment have a row for each of several days."""
    if not dataset.has("experiment") or "time" not in dataset.experiment:
        return False
    return bool(dataset.experiment["unit"].duplicated().any())


def usual_way(dataset: Dataset) -> str:
    """Return how a campaign can be judged, "groups" or "series"."""
    able = followed(dataset) or not dataset.has("daily")
    return "groups" if able else "series"


def campaign(dataset: Dataset) -> tuple[dt.date, ...]:
    """Return the days of a campaign where they are known, as of the demo's last."""
    return CAMPAIGN if dataset.id in DEMOS.values() else ()


def features(dataset: Dataset) -> list[str]:
    """Return the names of the attributes of users."""
    return [str(name) for name in dataset.users if name != "user"]


def feature_titles(names: list[str], lang: str) -> dict[str, str]:
    """Name features for a reader, each by a name of its own.

    Example:
        >>> feature_titles(["recency_days", "city"], "en")
        {'recency_days': 'days since last active', 'city': 'city'}
    """
    titles = {name: column_title(name, lang) for name in names}
    given = list(titles.values())
    return {
        name: name if given.count(title) > 1 or title in titles else title
        for name, title in titles.items()
    }


def most_groups(dataset: Dataset) -> int:
    """Return into how many groups the users can be divided; see `ops.personas`."""
    return max(2, min(20, len(dataset.users) // 30))


def usual_period(dataset: Dataset) -> str:
    """Return the calendar period that gives at most some 45 cohorts.

    Example:
        >>> usual_period(ops.demo(users=20))
        'week'
    """
    time = dataset.events.time
    # A few stray times years away must not decide.
    first, last = np.quantile(time[:: len(time) // SAMPLE + 1], [0.01, 0.99])
    days = (last - first) / MICROSECONDS
    longest = {"day": 45, "week": 366}
    return next((name for name, most in longest.items() if days <= most), "month")


def usual_steps(names: list[str]) -> list[str]:
    """Guess a funnel from the names of events, in the order people usually go.

    Args:
        names: The most frequent first.

    Example:
        >>> usual_steps(["pv", "fav", "cart", "buy"]), usual_steps(["a", "b", "c", "d"])
        (['pv', 'cart', 'buy'], ['a', 'b', 'c'])
    """
    stages = [
        next((name for name in names if re.search(stage, name, re.IGNORECASE)), None)
        for stage in STAGES
    ]
    found = list(dict.fromkeys(name for name in stages if name))
    return found if len(found) > 1 else names[:3]


def metrics(dataset: Dataset) -> list[str]:
    """Return the columns of an experiment that can be measured."""
    table = dataset.experiment.drop(columns=["unit", "variant"], errors="ignore")
    return [str(name) for name in table.select_dtypes(["number", "bool"])]


def measures(dataset: Dataset) -> list[str]:
    """Return the columns of units of an experiment, or users, that are numbers."""
    table = dataset.units.drop(columns=["unit", "user", "variant"], errors="ignore")
    return [str(name) for name in table.select_dtypes(["number", "bool"])]


def measure_kind(dataset: Dataset, name: str | None) -> str:
    """Return "share" for a column of units that is 0 and 1, else "mean"."""
    values = pd.Series() if name is None else dataset.units[name].dropna()
    return "share" if len(values) and values.isin([0, 1]).all() else "mean"


def arrivals(dataset: Dataset) -> list[str]:
    """Return the columns of units that are times."""
    times = dataset.units.select_dtypes(["datetime", "datetimetz"])
    return [str(name) for name in times]


def traits(dataset: Dataset) -> list[str]:
    """Return the columns of an experiment beside unit, variant and the time."""
    table = dataset.experiment.drop(columns=["unit", "variant"], errors="ignore")
    numbers = table.select_dtypes("number")
    return [str(name) for name in table if name != "time" or name in numbers]


def segments(dataset: Dataset) -> list[str]:
    """Return the columns of an experiment whose values are few enough to compare."""
    table = dataset.experiment.drop(columns=["unit", "variant"], errors="ignore")
    words = table.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
    return [str(name) for name in words if 1 < words[name].nunique() <= MOST_SEGMENTS]


def strata(dataset: Dataset) -> dict[str, str]:
    """Return what an experiment can be compared within, as a reader calls it."""
    table, names = dataset.experiment, {name: name for name in segments(dataset)}
    if "time" in table and pd.api.types.is_datetime64_any_dtype(table["time"]):
        names["time"] = t("ab_test.strata.time")
    return names


def usual_metrics(names: list[str]) -> list[str]:
    """Guess which columns an experiment was about, at most three; else the first.

    Example:
        >>> usual_metrics(["history", "newbie", "visit", "spend"]), usual_metrics(["x"])
        (['visit', 'spend'], ['x'])
        >>> usual_metrics(["前30天消费", "是否转化", "收入"])
        ['是否转化', '收入']
    """
    likely = [
        name
        for name in names
        if re.search(OUTCOMES, name, re.IGNORECASE)
        and not re.search(BEFORE, name, re.IGNORECASE)
    ]
    return likely[:3] or names[:1]


def variants(dataset: Dataset) -> list[str]:
    """Return the variants of an experiment, the likely control first."""
    names = sorted(map(str, dataset.experiment["variant"].dropna().unique()))
    first = likely_control(names) if names else None
    return sorted(names, key=lambda name: name != first)
