"""What a cell is limited to, in words: a filter must be seen where its numbers are."""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from opslib.conditions import SET
from pages._frame.text import t


def limits(options: Mapping[str, Any]) -> list[str]:
    """Say what the options of a cell leave out, a sentence for each."""
    said = [condition(one) for one in options.get("where") or ()]
    for place, one in enumerate(options.get("steps") or (), 1):
        if not isinstance(one, str):
            said += _step(place, one if isinstance(one, Mapping) else {"event": one})
    return said + list(map(_exclusion, options.get("exclude") or ()))


def condition(one: Any) -> str:  # noqa: ANN401
    """Say what one condition lets through."""
    if not isinstance(one, Mapping):
        return t("where.only_events", clause=_clause(one))
    what = events(one["did"], one.get("where", ()))
    code, low, high = often(one.get("times", 1))
    if code == "never":
        return t("where.only_never", what=what, when=_when(one))
    count = t(f"where.said.{code}", n=low, to=high)
    return t("where.only_users", what=what, often=count, when=_when(one))


def events(names: str | Sequence[str] | None, where: Sequence[Any] = ()) -> str:
    """Name events any of which count, with the conditions on their properties."""
    listed = [names] if isinstance(names, str) else list(names or ())
    what = t("where.events", names=listed) if listed else t("where.an_event")
    if len(listed) == 1:
        what = t("where.event", name=listed[0])
    if not where:
        return what
    clauses = map(_clause, where)
    joined = reduce(lambda a, b: t("where.both", first=a, second=b), clauses)
    return t("where.whose", what=what, clause=joined)


def often(times: Any) -> tuple[str, int, int]:  # noqa: ANN401
    """Return the way a number of times is asked for, the fewest and the most.

    Example:
        >>> often(3), often([0, 3]), often([1, 3])
        (('at_least', 3, 3), ('at_most', 3, 3), ('between', 1, 3))
        >>> often([3, 3]), often([0, 0])
        (('exactly', 3, 3), ('never', 1, 1))
    """
    low, high = times if isinstance(times, list) else (times, None)
    low = low or 0
    if high is None:
        return "at_least", low, low
    if high == 0:
        return "never", 1, 1
    code = "exactly" if low == high else "between" if low else "at_most"
    return code, low or high, high


def when(asked: Mapping[str, Any]) -> str:
    """Return the way in which the time is asked for.

    Example:
        >>> when({"did": "buy"}), when({"did": "buy", "days": 7})
        ('any', 'last')
    """
    if asked.get("dates"):
        return "dates"
    if asked.get("before"):
        return "window" if asked.get("days") else "until"
    return "last" if asked.get("days") else "any"


def _clause(one: Sequence[Any]) -> str:
    name, operator, *value = one
    if operator in SET:
        return t(f"where.clause.{operator}", name=name)
    if operator in {"in", "not in"}:
        several = "" if len(value[0]) > 1 else ".one"
        return t(f"where.clause.{operator}{several}", name=name, values=value[0])
    # A number as it stands: rounded, it would be another condition.
    exact = value[0] if isinstance(value[0], str) else json.dumps(value[0])
    return t(f"where.clause.{operator}", name=name, value=exact)


def _when(one: Mapping[str, Any]) -> str:
    first, last = one.get("dates") or (None, None)
    return t(
        f"where.said.{when(one)}",
        n=one.get("days", 0),
        before=one.get("before"),
        first=first,
        last=last,
    )


def _step(place: int, step: Mapping[str, Any]) -> list[str]:
    event, where = step["event"], step.get("where", ())
    said = []
    if where or not isinstance(event, str):
        said.append(t("where.step", place=place, what=events(event, where)))
    if (occurrence := step.get("occurrence", "any")) != "any":
        said.append(t(f"where.step.{occurrence}", place=place))
    if step.get("optional"):
        said.append(t("where.step.optional", place=place))
    return said


def _exclusion(one: Any) -> str:  # noqa: ANN401
    asked = one if isinstance(one, Mapping) else {"event": one}
    what = events(asked["event"], asked.get("where", ()))
    after, before = asked.get("after", 0), asked.get("before", 1)
    return t("where.exclusion", what=what, after=after + 1, before=before + 1)
