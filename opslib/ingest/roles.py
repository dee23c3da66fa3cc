"""What a table is and which column is what: names in two languages and the values.

Each role scores every column: 0.6 for the name, 0.4 for the values, 0 when the values
rule the role out. Each kind takes its best assignment, one column per role; the kind
whose required roles fit best wins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import optimize

from opslib.ingest.names import name_match, normal

KINDS: dict[str, tuple[str, ...]] = {
    "events": ("user", "event", "time", "amount"),
    "orders": ("user", "time", "amount", "order", "quantity", "price"),
    "users": ("user",),
    "experiment": ("unit", "variant"),
    "counts": ("step", "users", "group"),
    "daily": ("date",),
    "feedback": ("user", "time", "score", "comment"),
}
NEEDED: dict[str, tuple[str, ...]] = {
    "events": ("user", "event", "time"),
    "orders": ("time", "amount"),
    "users": ("user",),
    "experiment": ("unit", "variant"),
    "counts": ("step", "users"),
    "daily": ("date",),
}
UNSURE = 0.15
BY_VALUES = 0.7


@dataclass(frozen=True)
class Recognised:
    """A kind of table, its roles (role -> column), and the next best kind.

    `fits` says how well each role's column fits, 0 to 1, and `others` which other
    column would do for it, if any.
    """

    kind: str
    roles: dict[str, str]
    confidence: float
    runner_up: str = ""
    runner_up_confidence: float = 0.0
    fits: dict[str, float] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Facts:
    """What the roles ask of a column."""

    name: str
    type: str
    rows: int
    distinct: int
    present: int
    smallest: float = np.nan
    largest: float = np.nan
    length: float = 0.0
    balance: float = np.inf
    whole: bool = False
    named: bool = True

    @property
    def unique(self) -> bool:
        return self.rows > 1 and self.distinct >= 0.999 * self.rows

    @property
    def numeric(self) -> bool:
        return self.type in {"integer", "number"}


@dataclass
class _Sheet:
    facts: dict[str, _Facts]
    rows: int
    scores: dict[str, dict[str, float]] = field(default_factory=dict)

    def score(self, column: str, role: str) -> float:
        known = self.scores.setdefault(role, {})
        if column not in known:
            facts = self.facts[column]
            values = VALUES[role](facts)
            name = name_match(column, role) if facts.named else 0.0
            known[column] = 0.6 * name + 0.4 * values if values > 0 else 0.0
        return known[column]


def recognise(
    frame: pd.DataFrame,
    *,
    named: bool = True,
    kind: str | None = None,
    roles: Mapping[str, str | None] | None = None,
) -> Recognised:
    """Find what a table is and which column plays which role.

    Args:
        frame: Columns typed as `read_table` types them.
        named: False when the file has no header, so that values must decide.
        kind: What the table is, if that is known.
        roles: Roles that are known; a role of None is not given to any column.

    Example:
        >>> frame = pd.DataFrame({
        ...     "用户ID": ["a", "b", "a"], "行为": ["pv", "pv", "buy"],
        ...     "时间": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-01-02"]),
        ... })
        >>> recognise(frame).roles
        {'user': '用户ID', 'event': '行为', 'time': '时间'}
    """
    facts = {name: _facts(frame[name], named=named) for name in frame.columns}
    sheet = _Sheet(facts, len(frame))
    fixed = dict(roles or {})
    found = []
    for candidate in [kind] if kind else KINDS:
        names = [role for role in KINDS[candidate] if role not in fixed]
        taken = {column for column in fixed.values() if column}
        given = _assign(sheet, candidate, names, taken)
        given |= {role: column for role, column in fixed.items() if column}
        if not set(given) - {None} <= set(KINDS[candidate]):
            continue
        ordered = {role: given[role] for role in KINDS[candidate] if role in given}
        found.append((_CONFIDENCE[candidate](sheet, ordered), candidate, ordered))
    found.sort(key=lambda one: -one[0])
    if not found or (found[0][0] < 0.3 and kind is None):
        return Recognised("", {}, 0.0)
    confidence, best, given = found[0]
    second = found[1] if len(found) > 1 else (0.0, "", {})
    return Recognised(
        best,
        given,
        round(float(confidence), 3),
        second[1],
        round(float(second[0]), 3),
        fits={
            role: _score(sheet, best, column, role) for role, column in given.items()
        },
        others=_others(sheet, best, given),
    )


def _score(sheet: _Sheet, kind: str, column: str, role: str) -> float:
    asked = "owner" if kind == "users" and role == "user" else role
    score = float(sheet.score(column, asked))
    if not sheet.facts[column].named:
        # Without names the values are all there is to go by.
        score *= BY_VALUES / 0.4
    return round(score, 3)


def _others(sheet: _Sheet, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Give the next best free column for a role, where one would do."""
    free = [name for name in sheet.facts if name not in given.values()]
    found = {}
    for role in given:
        scores = {column: _score(sheet, kind, column, role) for column in free}
        best = max(free, key=scores.__getitem__, default="")
        if best and scores[best] >= max(0.5, _least(kind, role, named=True)):
            found[role] = best
    return found


def _facts(column: pd.Series, *, named: bool) -> _Facts:
    present = column.dropna()
    counts = present.value_counts()
    facts = _Facts(
        name=str(column.name),
        type="text",
        rows=len(column),
        present=len(present),
        distinct=len(counts),
        balance=float(counts.iloc[0] / counts.iloc[-1]) if len(counts) else np.inf,
        named=named,
    )
    if pd.api.types.is_bool_dtype(column):
        return replace(facts, type="boolean")
    if pd.api.types.is_datetime64_any_dtype(column):
        midnight = bool((present == present.dt.normalize()).all())
        return replace(facts, type="date", whole=midnight)
    if not pd.api.types.is_numeric_dtype(column):
        lengths = counts.index[:2000].astype("str").str.len()
        return replace(facts, length=float(np.mean(lengths)) if len(lengths) else 0.0)
    numbers = present.to_numpy(float)
    whole = bool((numbers == np.round(numbers)).all())
    return replace(
        facts,
        type="integer" if whole else "number",
        whole=whole,
        smallest=float(numbers.min(initial=np.inf)),
        largest=float(numbers.max(initial=-np.inf)),
    )


def _user(facts: _Facts) -> float:
    if facts.type not in {"text", "integer"} or facts.distinct < 2:
        return 0.0
    if facts.smallest < 0 or facts.length > 64:
        return 0.0
    repeats = facts.present / facts.distinct
    much = facts.distinct >= 10 or facts.rows < 50
    return (0.9 if 1.2 <= repeats <= 1000 and much else 0.5 if much else 0.2) * (
        facts.present / max(1, facts.rows) > 0.3
    )


def _owner(facts: _Facts) -> float:
    """A unit or user that is a row of its own."""
    if facts.type not in {"text", "integer"} or facts.distinct < 2:
        return 0.0
    return 1.0 if facts.unique and facts.length <= 64 else 0.0


def _event(facts: _Facts) -> float:
    if facts.type not in {"text", "integer"} or not 1 <= facts.distinct <= 500:
        return 0.0
    if facts.distinct == 1:
        # A log of logins only; the name must say so.
        return 0.3
    if facts.rows > 40 and facts.distinct > 0.2 * facts.rows:
        return 0.0
    if facts.length > 40:
        return 0.0
    if facts.type == "integer":
        return 0.5 if facts.distinct <= 50 else 0.2
    return 1.0 if facts.distinct <= 100 else 0.7


def _time(facts: _Facts) -> float:
    return (1.0 if not facts.whole else 0.9) if facts.type == "date" else 0.0


def _amount(facts: _Facts) -> float:
    if not facts.numeric or facts.distinct < 2:
        return 0.0
    return 1.0 if facts.type == "number" else 0.7


def _quantity(facts: _Facts) -> float:
    return 1.0 if facts.type == "integer" and facts.largest < 1e7 else 0.0


def _order(facts: _Facts) -> float:
    fits = facts.type in {"text", "integer"} and facts.distinct > 0.02 * facts.rows
    return 1.0 if fits else 0.0


def _variant(facts: _Facts) -> float:
    if (
        facts.type not in {"text", "integer", "boolean"}
        or not 2 <= facts.distinct <= 10
    ):
        return 0.0
    return 1.0 if facts.balance < 20 else 0.3


def _step(facts: _Facts) -> float:
    return 1.0 if facts.type == "text" and facts.rows <= 2000 else 0.0


def _users(facts: _Facts) -> float:
    fits = facts.type == "integer" and facts.smallest >= 0 and facts.distinct > 1
    return 1.0 if fits else 0.0


def _group(facts: _Facts) -> float:
    return 1.0 if facts.type == "text" and facts.distinct < max(2, facts.rows) else 0.0


def _date(facts: _Facts) -> float:
    return 1.0 if facts.type == "date" and facts.whole else 0.0


def _rating(facts: _Facts) -> float:
    if not facts.numeric and facts.type != "boolean":
        return 0.0
    if facts.type == "boolean":
        return 0.4
    return 1.0 if facts.smallest >= 0 and facts.largest <= 10 else 0.0


def _comment(facts: _Facts) -> float:
    fits = facts.type == "text" and facts.length >= 6
    return 1.0 if fits and facts.distinct > 0.3 * facts.present else 0.0


VALUES: dict[str, Callable[[_Facts], float]] = {
    "user": _user,
    "owner": _owner,
    "event": _event,
    "time": _time,
    "amount": _amount,
    "price": _amount,
    "quantity": _quantity,
    "order": _order,
    "unit": _owner,
    "variant": _variant,
    "step": _step,
    "users": _users,
    "group": _group,
    "date": _date,
    "score": _rating,
    "comment": _comment,
}
NEED_NAMES = {"amount", "order", "quantity", "price", "group", "variant", "step"}


def _assign(
    sheet: _Sheet, kind: str, roles: list[str], taken: set[str]
) -> dict[str, str]:
    columns = [name for name in sheet.facts if name not in taken]
    if not columns or not roles:
        return {}
    asked = ["owner" if kind == "users" else role for role in roles]
    scores = np.array([[sheet.score(c, role) for c in columns] for role in asked])
    named = next(iter(sheet.facts.values())).named
    least = np.array([_least(kind, role, named=named) for role in roles])
    scores[scores < least[:, None]] = 0
    # Earlier columns win a draw: identifiers and times come first in most exports.
    scores -= (scores > 0) * np.arange(len(columns)) * 1e-6
    best = optimize.linear_sum_assignment(-scores)  # type: ignore[attr-defined]
    pairs = zip(*best, strict=True)
    return {roles[r]: columns[c] for r, c in pairs if scores[r, c] > 0}


def _least(kind: str, role: str, *, named: bool) -> float:
    """Give the score that a role asks for: what values alone can earn is 0.4."""
    if not named:
        return 1.0 if role in NEED_NAMES else 0.3
    by_value = role in {"time", "date", "score", "comment"} and kind != "counts"
    return 0.36 if by_value else 0.5


def _fit(sheet: _Sheet, roles: dict[str, str], *needed: str) -> float:
    """Mean score of the needed roles; one that is absent counts as nothing."""
    scores = [sheet.score(roles[r], r) if r in roles else 0.0 for r in needed]
    return sum(scores) / len(scores)


def _events(sheet: _Sheet, roles: dict[str, str]) -> float:
    if not {"user", "event", "time"} <= set(roles):
        return 0.0
    named = sheet.facts[roles["user"]].named
    return _fit(sheet, roles, "user", "event", "time") if named else BY_VALUES


def _orders(sheet: _Sheet, roles: dict[str, str]) -> float:
    money = "amount" in roles or {"quantity", "price"} <= set(roles)
    if not money or "time" not in roles or not {"user", "order"} & set(roles):
        return 0.0
    if "user" in roles and "order" not in roles and sheet.facts[roles["user"]].unique:
        return 0.1
    time = sheet.facts[roles["time"]]
    if "order" not in roles and time.whole and time.unique:
        # One row per day is a dashboard, whatever its columns are called.
        return 0.2
    who = [role for role in ("user", "order") if role in roles]
    which = ["amount"] if "amount" in roles else ["quantity", "price"]
    named = "user" in roles
    logged = named and any(sheet.score(name, "event") > 0.9 for name in sheet.facts)
    doubt = 0.8 if not named else 0.7 if logged else 1.0
    return _fit(sheet, roles, "time", *who, *which) * doubt


def _people(sheet: _Sheet, roles: dict[str, str]) -> float:
    if len(sheet.facts) < 2:
        return 0.0
    if "user" not in roles:
        # Rows without an id may still each be a customer; the weakest of all guesses.
        plain = sum(f.numeric or f.type == "boolean" for f in sheet.facts.values())
        return 0.3 if plain >= 2 and sheet.rows >= 20 else 0.0
    column = roles["user"]
    if name_match(column, "order") > 0.9:
        return 0.3
    variants = max(sheet.score(name, "variant") for name in sheet.facts)
    tested = variants > 0.9 and not any(f.type == "date" for f in sheet.facts.values())
    return (0.7 if tested else 0.9) * sheet.score(column, "owner")


def _experiment(sheet: _Sheet, roles: dict[str, str]) -> float:
    if "variant" not in roles:
        return 0.0
    metrics = [
        name
        for name, facts in sheet.facts.items()
        if name not in roles.values() and (facts.numeric or facts.type == "boolean")
    ]
    if not metrics or sheet.rows < 20:
        return 0.0
    if "unit" in roles:
        return _fit(sheet, roles, "unit", "variant")
    dated = any(facts.type == "date" for facts in sheet.facts.values())
    return 0.0 if dated else 0.75 * _fit(sheet, roles, "variant")


def _counts(sheet: _Sheet, roles: dict[str, str]) -> float:
    if not {"step", "users"} <= set(roles) or sheet.rows > 2000:
        return 0.0
    parts = max(1, sheet.facts[roles["group"]].distinct) if "group" in roles else 1
    regular = sheet.facts[roles["step"]].distinct * parts == sheet.rows
    return _fit(sheet, roles, "step", "users") * (1 if regular else 0.5)


def _days(sheet: _Sheet, roles: dict[str, str]) -> float:
    if "date" not in roles:
        return 0.0
    date = sheet.facts[roles["date"]]
    metrics = [facts for facts in sheet.facts.values() if facts.numeric]
    if not metrics or date.distinct < 2:
        return 0.0
    ids = any(
        normal(name).endswith("id")
        or (sheet.score(name, "user") > 0.7 and not date.unique)
        for name in sheet.facts
    )
    once = 1.0 if date.unique else 0.8 if date.distinct > 0.02 * sheet.rows else 0.4
    return _fit(sheet, roles, "date") * once * (0.4 if ids else 1)


def _feedback(sheet: _Sheet, roles: dict[str, str]) -> float:
    if "comment" not in roles:
        return 0.0
    both = _fit(sheet, roles, "comment", "score") if "score" in roles else 0.0
    # Free text is rare elsewhere; a table of many attributes is not feedback.
    money = any(sheet.score(name, "price") > 0.8 for name in sheet.facts)
    return 0.3 if money else max(both, 0.7 * sheet.score(roles["comment"], "comment"))


_CONFIDENCE: dict[str, Callable[[_Sheet, dict[str, str]], float]] = {
    "events": _events,
    "orders": _orders,
    "users": _people,
    "experiment": _experiment,
    "counts": _counts,
    "daily": _days,
    "feedback": _feedback,
}
