"""What threads find of ranges of users adds up to what one finds of all."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib import EventLog, kernels

ASKED = {
    "activity": ({}, ("table", "stickiness", "frequency", "hours")),
    "lifecycle": ({}, ("table",)),
    "retention": ({"cohort": "recurring"}, ("table", "curve")),
    "paths": ({}, ("table", "common")),
    "funnel": ({"steps": ["a", "b"], "order": "unordered"}, ("table",)),
}
ONE_EVENT = {"activity": "event", "lifecycle": "event", "retention": "back"}


@pytest.mark.parametrize("name", ASKED)
def test_threads_add_up_to_what_one_would_count(monkeypatch, name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": rng.integers(0, 300, 4_000).astype(str),
            "event": rng.choice(["a", "b"], 4_000),
            "time": pd.Timestamp("2026-03-01")
            + pd.to_timedelta(rng.integers(0, 60 * 24, 4_000), unit="h"),
        }
    )
    history = EventLog.from_frame(frame, user="user", event="event", time="time")
    options, tables = ASKED[name]
    ways = [options]
    if name in ONE_EVENT:
        ways.append(options | {ONE_EVENT[name]: "a"})
    for way in ways:
        one = getattr(ops, name)(history, **way)
        with monkeypatch.context() as patch:
            patch.setattr(kernels, "FEW_ROWS", 10)
            patch.setattr(kernels, "THREADS", 3)
            other = getattr(ops, name)(history, **way)
            for table in tables:
                pd.testing.assert_frame_equal(
                    getattr(other, table), getattr(one, table)
                )
