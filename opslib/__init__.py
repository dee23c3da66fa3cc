"""User operations from the file you already have.

    import opslib as ops
    d = ops.open("orders.csv")
    ops.funnel(d.events, steps=["view", "buy"]).table

Every public name is imported when first used, so that `import opslib` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    "Dataset": "opslib.dataset",
    "Error": "opslib.result",
    "EventLog": "opslib.eventlog",
    "Note": "opslib.result",
    "Result": "opslib.result",
    "Workspace": "opslib.workspace",
    "demo": "opslib.sources",
    "experiment": "opslib.dataset",
    "from_table": "opslib.sources",
    "open": "opslib.sources",
    "orders": "opslib.dataset",
}

if TYPE_CHECKING:
    from opslib.dataset import Dataset, experiment, orders
    from opslib.eventlog import EventLog
    from opslib.result import Error, Note, Result
    from opslib.sources import demo, from_table, open
    from opslib.workspace import Workspace

__all__ = [
    "Dataset",
    "Error",
    "EventLog",
    "Note",
    "Result",
    "Workspace",
    "demo",
    "experiment",
    "from_table",
    "open",
    "orders",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'opslib' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
