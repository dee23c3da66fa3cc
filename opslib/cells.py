"""Cells: one analysis of one data set with its options, as plain JSON.

A link, a line of a notebook, a cache key and the lines of Python on a page are all the
same cell: `{"analysis": "funnel", "dataset": "...", "options": {"steps": [...]}}`.
"""

import inspect
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import opslib
from opslib.result import Error, Result
from opslib.words import clean

if TYPE_CHECKING:
    from opslib.dataset import Dataset

# The table of a data set that each analysis takes; None for those that take none.
TABLES: dict[str, str | None] = {
    "funnel": "events",
    "funnel_counts": "counts",
    "trend": "daily",
    "retention": "events",
    "lifecycle": "events",
    "activity": "events",
    "paths": "events",
    "user_features": "events",
    "personas": "users",
    "ab_test": "experiment",
    "ab_summary": None,
    "ab_plan": None,
    "ab_plan_from": "units",
    "ab_simulate": "units",
    "campaign": "experiment",
    "interrupted": "daily",
    "uplift": "experiment",
}

WIDTH = 88
LONGEST_LINE = 1_000


def run(analysis: str, dataset: "Dataset | None", options: Mapping[str, Any]) -> Result:
    """Run an analysis with plain options on the table of `dataset` it is about.

    Args:
        analysis: A name in `TABLES`.
        dataset: May be None for an analysis that takes no table.
        options: Keyword options of the analysis, plain JSON.

    Raises:
        Error: No such analysis or option, an option missing or not plain, a data set
            without the table, or what the analysis itself refuses.
    """
    plain = _checked(analysis, options)
    table = TABLES[analysis]
    if table is not None and dataset is None:
        raise Error("option.missing", option="dataset")
    data = () if table is None else (getattr(dataset, table),)
    result: Result = getattr(opslib, analysis)(*data, **plain)
    return result


def check(cell: object) -> dict[str, Any]:
    """Return a cell that came from outside as `run` and `code` take it.

    Raises:
        Error: It is not a cell, or names an analysis or an option that there is not.
    """
    keys = {"analysis", "dataset", "options"}
    if not isinstance(cell, Mapping) or set(cell) != keys:
        raise Error("cells.shape", keys=sorted(keys))
    analysis, dataset, options = cell["analysis"], cell["dataset"], cell["options"]
    if not isinstance(options, Mapping) or not isinstance(dataset, str | None):
        raise Error("cells.shape", keys=sorted(keys))
    plain = _checked(analysis, options)
    if TABLES[analysis] and dataset is None:
        raise Error("option.missing", option="dataset")
    return {"analysis": analysis, "dataset": dataset, "options": plain}


def key(cell: object) -> str:
    """Return the same text for cells that give the same result, and only for them.

    Options that say the default are left out. Their order does not matter, but the
    order inside one does: the first step of a funnel is where it begins.
    """
    checked = check(cell)
    options = sorted(_told(checked["analysis"], checked["options"]).items())
    return json.dumps([checked["analysis"], checked["dataset"], options])


def code(analysis: str, dataset: str | None, options: Mapping[str, Any]) -> str:
    """Write the lines of Python that give this cell's result.

    Args:
        analysis: A name in `TABLES`.
        dataset: What `ops.open` takes: an id or a path.
        options: As for `run`; those that say the default are not written.

    Example:
        >>> print(code("ab_plan", None, {"baseline": 0.2, "mde": 0.05}))
        import opslib as ops
        ops.ab_plan(baseline=0.2, mde=0.05)
    """
    plain = _checked(analysis, options)
    table = TABLES[analysis]
    lines = ["import opslib as ops"]
    if table is not None:
        lines.append(f"d = ops.open({_flat(dataset)})")
    told = _told(analysis, plain)
    first = [f"d.{table}"] if table else []
    call = ", ".join([*first, *(f"{name}={_flat(told[name])}" for name in told)])
    line = f"ops.{analysis}({call})"
    if len(line) > WIDTH:
        rows = [*first, *(f"{name}={_wrapped(told[name], name)}" for name in told)]
        line = f"ops.{analysis}(\n" + "".join(f"    {row},\n" for row in rows) + ")"
    return "\n".join([*lines, line])


def script(entries: Sequence[Mapping[str, Any]], lang: str = "en") -> str:
    """Write the lines of Python that print the answers of a notebook, in its order.

    Args:
        entries: {"cell": ..., "note": ...}; the cell may be None.
        lang: Language of the answers.

    Raises:
        Error: An entry holds no cell that `code` can write.

    Example:
        >>> plan = {"analysis": "ab_plan", "dataset": None}
        >>> cell = plan | {"options": {"baseline": 0.2, "mde": 0.05}}
        >>> print(script([{"cell": cell, "note": "How many?"}]))
        import opslib as ops
        <BLANKLINE>
        # How many?
        print(ops.ab_plan(baseline=0.2, mde=0.05).describe())
    """
    parts, opened = ["import opslib as ops"], ""
    language = "" if lang == "en" else repr(lang)
    for entry in entries:
        lines = [
            f"# {clean(line, LONGEST_LINE)}" for line in entry["note"].splitlines()
        ]
        if cell := entry["cell"]:
            _, *opening, call = code(**cell).split(
                "\n", 1 + bool(TABLES[cell["analysis"]])
            )
            if opening and opening != [opened]:
                (opened,) = opening
                lines.append(opened)
            lines.append(f"print({call}.describe({language}))")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _parameters(analysis: str) -> dict[str, inspect.Parameter]:
    """Return the options of an analysis: all it takes but its table."""
    if not isinstance(analysis, str) or analysis not in TABLES:
        raise Error("option.choice", option="analysis", got=analysis, choices=TABLES)
    parameters = list(inspect.signature(getattr(opslib, analysis)).parameters.values())
    return {
        parameter.name: parameter
        for parameter in parameters[TABLES[analysis] is not None :]
    }


def _checked(analysis: str, options: Mapping[str, Any]) -> dict[str, Any]:
    known = _parameters(analysis)
    for name, parameter in known.items():
        if parameter.default is parameter.empty and options.get(name) is None:
            raise Error("option.missing", option=name)
    for name in options:
        if name not in known:
            raise Error("cells.option", analysis=analysis, got=name, choices=known)
    return {name: _plain(options[name], name) for name in known if name in options}


def _plain(value: object, option: str) -> object:
    """Return `value` as JSON would give it back."""
    if isinstance(value, list | tuple):
        return [_plain(item, option) for item in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: _plain(item, option) for name, item in value.items()}
    finite = not isinstance(value, float) or math.isfinite(value)
    if finite and type(value) in {str, int, float, bool, type(None)}:
        return value
    raise Error("cells.plain", option=option, got=value)


def _told(analysis: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the analysis would do anyway; JSON tells 1 from true."""
    known = _parameters(analysis)
    return {
        name: value
        for name, value in options.items()
        if known[name].default is inspect.Parameter.empty
        or json.dumps(value) != json.dumps(known[name].default, default=str)
    }


def _flat(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{_flat(name)}: {_flat(item)}" for name, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    # repr escapes what cannot be seen, such as marks that turn the line around.
    text = repr(value)
    if text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _wrapped(value: object, before: str, indent: str = "    ") -> str:
    """Write a value over several lines where one would be too long."""
    flat = _flat(value)
    fits = len(indent) + len(before) + len(flat) + len("=,") <= WIDTH
    if fits or not value or not isinstance(value, list | dict):
        return flat
    deeper = indent + "    "
    if isinstance(value, list):
        rows = [_wrapped(item, "", deeper) for item in value]
    else:
        rows = [
            f"{_flat(name)}: {_wrapped(item, _flat(name), deeper)}"
            for name, item in value.items()
        ]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n" + "".join(f"{deeper}{row},\n" for row in rows) + indent + right
