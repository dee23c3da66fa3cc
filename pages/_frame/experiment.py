"""What an experiment shows beside its answer: verdicts, checks, and sizes."""

import math
from typing import Any

import streamlit as st

from opslib import words
from opslib.analyses.ab_plan import PlanResult
from opslib.analyses.ab_result import AbResult
from opslib.analyses.ab_simulated import SimulateResult
from opslib.analyses.interrupted import InterruptedResult
from pages._frame.frame import note
from pages._frame.text import language, t

MOST_VERDICTS = 12
WORST = ("fail", "caution", "pass")


def verdicts(result: AbResult, place: str = "") -> str:
    """Show the verdict on each variant and metric, and the checks behind them.

    Returns:
        What was said of the checks, so that it is not said again.
    """
    lang = language()
    rows = result.table.to_dict("records")
    with st.container(horizontal=True, key=f"verdicts-{place}"):
        for i, row in enumerate(rows[:MOST_VERDICTS]):
            outcome = row["verdict"]
            card = f"verdict-{outcome}-{place}{i}"
            with st.container(border=True, height="stretch", key=card):
                metric = f" · {words.clean(row['metric'])}"
                named = metric if result.metric_named else ""
                st.text(words.clean(row["variant"]) + named)
                st.text(words.text(f"ab.{outcome}.name", lang))
                st.text(result.short(row).text(lang))
                if reason := result.verdict[i].values["reason"]:
                    said = reason.text(lang)
                    st.text(said[:1].upper() + said[1:])
                if worth := result.worth[i]:
                    st.text(worth.text(lang))
    if len(rows) > MOST_VERDICTS:
        note(t("ab_test.more_verdicts", n=len(rows) - MOST_VERDICTS))
    return _checks(result, place)


def _checks(result: AbResult, place: str) -> str:
    said = []
    with st.container(key=f"checks-{place}", gap="small"):
        for check in sorted(result.checks, key=lambda one: WORST.index(one.status)):
            key = f"check-{check.status}-{place}{check.name}"
            with st.container(horizontal=True, key=key, gap="small"):
                st.text(t(f"ab_test.{check.status}"), width=64)
                st.text(t(f"ab_test.check.{check.name}"), width=112)
                said.append(check.note.text(language()))
                st.text(said[-1])
    return " ".join(said)


def sizes(result: PlanResult, place: str = "") -> str:
    """Show how many units the test needs, how long it takes, and what looking costs.

    Returns:
        What was said, so that it is not said again.
    """
    row: dict[Any, Any] = result.table.to_dict("records")[0]
    figures = {name: row[name] for name in ("n_per_variant", "n_total", "days")}
    with st.container(horizontal=True, key=f"figures-{place}"):
        for name, value in figures.items():
            if not math.isnan(value):
                text = words.WRITERS["count"](value, language())
                st.metric(t(f"column.{name}"), text)
    (cost,) = result.details(language())
    st.text(cost)
    return cost


def series(result: InterruptedResult, place: str = "") -> str:
    """Say beside the answer how large the lift is, and what days before tell of it."""
    said = result.details(language())
    with st.container(key=f"series-{place}", gap="small"):
        for line in said:
            st.text(line)
    return " ".join(said)


def simulated(result: SimulateResult, place: str = "") -> str:
    """Show how many tests found something, and how true what they say is."""
    found = "power" if result.lift else "false"
    figures = {
        found: ("percent", float(result.table["found"].iloc[-1])),
        "coverage": ("percent", result.coverage),
        "exaggeration": ("number", result.exaggeration),
    }
    with st.container(horizontal=True, key=f"figures-{place}"):
        for name, (form, value) in figures.items():
            if not math.isnan(value):
                text = words.WRITERS[form](value, language())
                st.metric(t(f"ab_simulate.tile.{name}"), text)
    return ""
