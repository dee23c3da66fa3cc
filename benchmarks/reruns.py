"""How long the pages take to answer a change, on a log of 10 million events.

    python benchmarks/reruns.py [--events 10_000_000]

Opens each page of events on a saved data set, as a session of the app does, changes one
control after the other to each of a few other values and back, and measures the run of
the page on the server after the change, the best of three: everything but the network
and the browser. No answer comes from a cache; what is compiled was compiled before, on
a smaller log, as the app does when it starts.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from events import make
from streamlit.testing.v1 import AppTest

import opslib as ops

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from pages._frame.server import load  # noqa: E402  it is found only now

PAGES = ("funnel", "retention", "lifecycle", "activity", "paths")
MAIN = ROOT / "pages" / "_frame" / "main.py"
CONTROLS = ("selectbox", "button_group", "number_input", "multiselect", "toggle")
VALUES = 2
ROUNDS = 3
SMALL = 100_000


def controls(page: Any, name: str) -> dict[str, Any]:
    """Give the controls of a page that are options of its question."""
    return {
        control.key: control
        for kind in CONTROLS
        for control in page.get(kind)
        if str(control.key).startswith(f"{name}.")
    }


def others(control: Any) -> list[Any]:
    """Give a few values that a control could have instead."""
    if control.type == "toggle":
        return [not control.value]
    if control.type == "number_input":
        steps = [int(control.value) + n for n in (1, 2, 5)]
        return [n for n in steps if n <= (control.max or n)]
    if control.type == "multiselect":
        chosen = list(control.value)
        return [[*chosen, one] for one in control.options if one not in chosen][:VALUES]
    return [one for one in control.options if one != control.value][:VALUES]


def measure(name: str, dataset: str) -> list[tuple[str, float]]:
    """Open a page and make each change; give what was changed and the seconds."""
    page = AppTest.from_file(MAIN, default_timeout=120)
    page.query_params["d"] = dataset
    page.query_params["lang"] = "en"
    page = page.switch_page(f"../{name}.py").run()
    found = []
    for key, control in controls(page, name).items():
        usual = control.value
        for value in others(control):
            seconds = []
            # A control may be there for one value of another only.
            while len(seconds) < ROUNDS and key in controls(page, name):
                st.cache_resource.clear()
                page.run()
                controls(page, name)[key].set_value(value)
                begin = time.perf_counter()
                page.run()
                seconds.append(time.perf_counter() - begin)
                if page.exception:
                    raise SystemExit(f"{name}, {key}: {page.exception[0].message}")
                if key in controls(page, name):
                    controls(page, name)[key].set_value(usual)
                    page.run()
            if seconds:
                found.append((f"{key.split('.')[-1]} = {value}", min(seconds)))
    return found


def main() -> None:
    """Save a log, open the pages on it, print the slowest changes."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["OPSLIB_HOME"] = temporary
        datasets = [saved(n, Path(temporary)) for n in (SMALL, events)]
        print(f"{events:,} events")
        load()
        for name in PAGES:
            measure(name, datasets[0])
            found = measure(name, datasets[1])
            seconds = np.array([one for _, one in found]) * 1000
            print(
                f"{name:12} {len(found)} changes, median {np.median(seconds):.0f} ms, "
                f"slowest {seconds.max():.0f} ms"
            )
            for what, one in sorted(found, key=lambda pair: -pair[1])[:3]:
                print(f"    {one * 1000:7.0f} ms  {what}")


def saved(events: int, home: Path) -> str:
    """Save a log in the workspace and give its id."""
    folder = home / f"made {events}"
    folder.mkdir()
    make(events, folder, parquet=False)
    log = ops.EventLog.open(folder / "log.arrow")
    return ops.Workspace().save({"events": log}, name=f"{events} events")


if __name__ == "__main__":
    main()
