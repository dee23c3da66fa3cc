"""The one door to data: which sets there are, each opened once for all sessions."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from pages._frame.text import t

if TYPE_CHECKING:
    from opslib.dataset import Dataset
    from opslib.result import Result

DEMOS = {"en": "demo", "zh_CN": "demo-zh"}
DEMO_USERS = 2_000


def default(lang: str) -> str:
    """Return the data set of a first visit."""
    return DEMOS[lang]


def names() -> dict[str, str]:
    """Return the name of every data set by its id, the demos last."""
    from opslib.workspace import Workspace

    saved = {entry.id: entry.name for entry in Workspace().list()}
    return saved | {demo: t(f"frame.{demo}") for demo in DEMOS.values()}


@st.cache_resource(max_entries=16, show_spinner=False)
def load(dataset_id: str) -> "Dataset":
    """Open a data set; its events are mapped into memory once for everybody."""
    import opslib as ops
    from opslib.workspace import Workspace

    for flavour, demo in DEMOS.items():
        if dataset_id == demo:
            return ops.demo(users=DEMO_USERS, seed=0, flavour=flavour[:2])
    return Workspace().open(dataset_id)


def run(analysis: str, dataset_id: str, options: dict[str, Any]) -> "Result":
    """Run a cell, or return what an equal cell gave any session before."""
    plain = json.dumps(options, sort_keys=True)
    return _run(analysis, dataset_id, load(dataset_id).digest, plain)


@st.cache_resource(max_entries=256, show_spinner=False)
def _run(analysis: str, dataset_id: str, digest: str, options: str) -> "Result":  # noqa: ARG001
    from opslib import cells

    return cells.run(analysis, load(dataset_id), json.loads(options))


def code(analysis: str, dataset_id: str, options: dict[str, Any]) -> str:
    """Return the lines of Python that give the same numbers."""
    from opslib import cells

    return cells.code(analysis, dataset_id, options)


def csv(table: pd.DataFrame) -> bytes:
    """Write a table as a file for spreadsheets."""
    from opslib.export import to_csv

    return to_csv(table)


def span(dataset: "Dataset", kind: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day that a table covers, in its own timezone."""
    if kind == "events":
        first, last = map(dt.date.fromisoformat, dataset.events.dates)
        return first, last
    times = getattr(dataset, kind)["date" if kind == "daily" else "time"]
    return times.min().date(), times.max().date()


def event_names(dataset: "Dataset") -> list[str]:
    """Return the names of events, the most frequent first."""
    log = dataset.events
    counts = pd.Series(log.run_offsets).diff().iloc[1:].to_numpy()
    return [log.names[code] for code in (-counts).argsort(kind="stable")]
