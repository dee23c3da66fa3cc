"""User operations from the file you already have.

    import opslib as ops
    d = ops.open("orders.csv")
    ops.funnel(d.events, steps=["view", "buy"]).table

Every public name is imported when first used, so that `import opslib` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    "EventLog": "opslib.eventlog",
    "Error": "opslib.result",
    "Note": "opslib.result",
    "Result": "opslib.result",
    "funnel_counts": "opslib.analyses.funnel_counts",
    "trend": "opslib.analyses.trend",
}

if TYPE_CHECKING:
    from opslib.analyses.funnel_counts import funnel_counts
    from opslib.analyses.trend import trend
    from opslib.eventlog import EventLog
    from opslib.result import Error, Note, Result

__all__ = ["Error", "EventLog", "Note", "Result", "funnel_counts", "trend"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'opslib' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
