"""A tiny data set and analysis, so that the frame is tested by itself."""

from dataclasses import dataclass
from types import SimpleNamespace

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts
from opslib.result import Error, Note, Result

STEPS = {"view": 900, "cart": 400, "buy": 150, "![x](http://evil.example/x.png)": 20}


class Data(SimpleNamespace):
    """Stands for a data set with the tables named in `kinds`."""

    def has(self, kind):
        return kind in self.kinds


class Log(SimpleNamespace):
    """Stands for an event log."""

    def __len__(self):
        return int(self.run_offsets[-1])


def dataset(name, kinds=("events", "orders")):
    log = Log(
        dates=("2026-01-01", "2026-03-31"),
        names=tuple(STEPS),
        run_offsets=np.cumsum([0, *STEPS.values()]),
        users=np.arange(900),
        time=np.array([1767225600, 1774915200]) * 1_000_000,
        timezone="UTC",
        properties={},
    )
    times = pd.to_datetime(["2026-01-05", "2026-03-02"])
    orders = pd.DataFrame({"user": ["1", "2"], "time": times, "amount": [10.0, 32.5]})
    return Data(id=name, digest=name, kinds=kinds, events=log, orders=orders)


@dataclass(frozen=True, kw_only=True)
class StubResult(Result):
    window: str

    def chart(self, lang="en"):
        shape = charts.Shape(self.table, {"step": "Step", "users": "Users"})
        bars = (
            alt.Chart(shape.frame)
            .mark_bar()
            .encode(
                y=alt.Y(**shape.field("step", "nominal", sort=None)),
                x=alt.X(**shape.field("users", "quantitative")),
            )
        )
        return charts.finish(bars, "Users per step")

    def describe(self, lang="en"):
        first, last = self.table.iloc[0], self.table.iloc[-1]
        share = last["users"] / first["users"]
        if lang == "zh_CN":
            return f"{share:.1%}的用户在 {self.window} 内完成了 {last['step']}。"
        return (
            f"{share:.1%} of {first['users']} users reached {last['step']} within "
            f"{self.window} (95% interval 14.3% to 19.2%)."
        )

    def users(self, step_index, *, dropped=False):
        size = int(self.table["users"].iloc[step_index]) // (2 if dropped else 1)
        return pd.Series([f"u{i}" for i in range(size)])


def run(analysis, dataset_id, options):
    steps = options["steps"]
    if len(steps) < 2:
        raise Error("option.missing", option="steps")
    table = pd.DataFrame({"step": steps, "users": [STEPS[step] for step in steps]})
    table["from_start"] = table["users"] / table["users"].iloc[0]
    warning = Note("option.missing", option="**amount**")
    return StubResult(table=table, window=options["window"], warnings=(warning,))


def code(analysis, dataset_id, options):
    lines = ["import opslib as ops", f"d = ops.open({dataset_id!r})"]
    return "\n".join([*lines, f"ops.{analysis}(d.events, **{options!r})"])


def install(data, put=setattr):
    """Put the stub in place of the real door to data."""
    sets = {name: dataset(name) for name in ("demo", "demo-zh")}
    sets["empty"] = dataset("empty", kinds=())
    put(data, "names", lambda: {name: f"Data {name}" for name in sets})
    put(data, "load", sets.__getitem__)
    put(data, "run", run)
    put(data, "code", code)
