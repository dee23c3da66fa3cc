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
    "Did": "opslib.conditions",
    "Error": "opslib.result",
    "EventLog": "opslib.eventlog",
    "Exclude": "opslib.steps",
    "Note": "opslib.result",
    "PersonaModel": "opslib.analyses.personas",
    "PersonasResult": "opslib.analyses.personas",
    "Report": "opslib.ingest",
    "Result": "opslib.result",
    "Step": "opslib.steps",
    "Table": "opslib.ingest",
    "Workspace": "opslib.workspace",
    "ab_plan": "opslib.analyses.ab_plan",
    "ab_plan_from": "opslib.analyses.ab_plan_from",
    "ab_simulate": "opslib.analyses.ab_simulate",
    "ab_summary": "opslib.analyses.ab_summary",
    "ab_test": "opslib.analyses.ab_test",
    "activity": "opslib.analyses.activity",
    "campaign": "opslib.analyses.campaign",
    "demo": "opslib.sources",
    "experiment": "opslib.dataset",
    "from_table": "opslib.sources",
    "funnel": "opslib.analyses.funnel",
    "funnel_counts": "opslib.analyses.funnel_counts",
    "import_file": "opslib.ingest",
    "interrupted": "opslib.analyses.interrupted",
    "lifecycle": "opslib.analyses.lifecycle",
    "open": "opslib.sources",
    "orders": "opslib.dataset",
    "paths": "opslib.analyses.paths",
    "personas": "opslib.analyses.personas",
    "read_table": "opslib.ingest",
    "retention": "opslib.analyses.retention",
    "trend": "opslib.analyses.trend",
    "uplift": "opslib.analyses.uplift",
    "user_features": "opslib.analyses.user_features",
}

if TYPE_CHECKING:
    from opslib.analyses.ab_plan import ab_plan
    from opslib.analyses.ab_plan_from import ab_plan_from
    from opslib.analyses.ab_simulate import ab_simulate
    from opslib.analyses.ab_summary import ab_summary
    from opslib.analyses.ab_test import ab_test
    from opslib.analyses.activity import activity
    from opslib.analyses.campaign import campaign
    from opslib.analyses.funnel import funnel
    from opslib.analyses.funnel_counts import funnel_counts
    from opslib.analyses.interrupted import interrupted
    from opslib.analyses.lifecycle import lifecycle
    from opslib.analyses.paths import paths
    from opslib.analyses.personas import PersonaModel, PersonasResult, personas
    from opslib.analyses.retention import retention
    from opslib.analyses.trend import trend
    from opslib.analyses.uplift import uplift
    from opslib.analyses.user_features import user_features
    from opslib.conditions import Did
    from opslib.dataset import Dataset, experiment, orders
    from opslib.eventlog import EventLog
    from opslib.ingest import Report, Table, import_file, read_table
    from opslib.result import Error, Note, Result
    from opslib.sources import demo, from_table, open
    from opslib.steps import Exclude, Step
    from opslib.workspace import Workspace

__all__ = [
    "Dataset",
    "Did",
    "Error",
    "EventLog",
    "Exclude",
    "Note",
    "PersonaModel",
    "PersonasResult",
    "Report",
    "Result",
    "Step",
    "Table",
    "Workspace",
    "ab_plan",
    "ab_plan_from",
    "ab_simulate",
    "ab_summary",
    "ab_test",
    "activity",
    "campaign",
    "demo",
    "experiment",
    "from_table",
    "funnel",
    "funnel_counts",
    "import_file",
    "interrupted",
    "lifecycle",
    "open",
    "orders",
    "paths",
    "personas",
    "read_table",
    "retention",
    "trend",
    "uplift",
    "user_features",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'opslib' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
