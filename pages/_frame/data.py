"""The one door to data: which sets there are, each opened once for all sessions."""

import datetime as dt
import json
import re
import threading
from typing import Any

import pandas as pd
import streamlit as st

import opslib as ops
from opslib import cells
from opslib.conditions import Codes
from opslib.dataset import Dataset
from opslib.result import Result
from opslib.workspace import Workspace
from pages._frame.text import t

DEMOS = {"en": "demo", "zh_CN": "demo-zh"}
TIMED = ("events", "orders", "daily")
DAY = 86_400
FEW_VALUES = 50
# On the way to a purchase, as events are called in both languages.
STAGES = (
    r"visit|launch|open|访问|启动",
    r"view|click|\bpv\b|浏览|曝光|点击",
    r"cart|加购|购物车",
    r"checkout|order|下单|订单",
    r"pay|buy|purchas|支付|付款|购买",
)
_PINNING = threading.Lock()


def default(lang: str) -> str:
    """Return the data set of a first visit."""
    return DEMOS[lang]


def names() -> dict[str, str]:
    """Return the name of every data set by its id, the demos last."""
    saved = {entry.id: entry.name for entry in workspace().list()}
    return saved | {demo: t(f"frame.{demo}") for demo in DEMOS.values()}


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """Return the folder of all data sets and notebooks."""
    return Workspace()


@st.cache_resource(max_entries=16, show_spinner=False)
def load(dataset_id: str) -> Dataset:
    """Open a data set, once for all sessions; its events are mapped into memory.

    Args:
        dataset_id: One of `names`, never anything else from a link: a path would open.
    """
    return ops.open(dataset_id)


def run(analysis: str, dataset_id: str, options: dict[str, Any]) -> Result:
    """Run a cell, or return what an equal cell gave any session before."""
    plain = json.dumps(options, sort_keys=True)
    return _run(analysis, dataset_id, load(dataset_id).digest, plain)


@st.cache_resource(max_entries=256, show_spinner=False)
def _run(analysis: str, dataset_id: str, digest: str, options: str) -> Result:  # noqa: ARG001
    return cells.run(analysis, load(dataset_id), json.loads(options))


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
            found["orders"] = len(table)
            if "amount" in table:
                found["revenue"] = table["amount"].sum()
        found.setdefault("rows", len(table))
    if timed := [kind for kind in TIMED if kind in dataset.kinds]:
        first, last = span(dataset, timed[0])
        found["days"] = ((last - first).days + 1) * DAY
    return found


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


def notebooks() -> dict[str, str]:
    """Return the title of every notebook by its id, the last changed first."""
    return {entry.id: entry.title for entry in workspace().notebooks()}


def pin(notebook_id: str | None, cell: dict[str, Any], note: str) -> str:
    """Add a cell with a note to a notebook, a new one for None; return its id."""
    # Two sessions that pin at once must not lose each other's cell.
    with _PINNING:
        notebook: dict[str, Any] = {"title": t("frame.notebook"), "entries": []}
        if notebook_id:
            notebook = workspace().open_notebook(notebook_id)
        notebook["entries"].append({"cell": cell, "note": note})
        return workspace().save_notebook(notebook, notebook_id)
