"""What a table is and which column is what: names in two languages and the values.

Each role scores every column: 0.6 for the name, 0.4 for the values, 0 when the values
rule the role out. Each kind takes its best assignment, one column per role; the kind
whose core roles fit best wins. What is nearly as good is told, and can be chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import csgraph, csr_array

from opslib import kinds, personal
from opslib.ingest.evidence import Sheet, least
from opslib.ingest.facts import facts
from opslib.ingest.likely import BY_VALUES, SURE, likelihood
from opslib.ingest.names import is_known, name_match
from opslib.result import Note

# An order's amount may be implied.
IMPLIED = {"orders": ("quantity", "price")}
KINDS = {name: kind.roles + IMPLIED.get(name, ()) for name, kind in kinds.KINDS.items()}
NEEDED = {name: kind.required for name, kind in kinds.KINDS.items()} | {
    "orders": ("time", "amount")
}
# A table of nearly any other kind is one of these as well, only less exactly.
GENERAL = ("users", "daily")
# A lead over the next best, and a fit, below which people are asked.
UNSURE = 0.15
GUESS = 0.7
FEW = 0.3
TELLING = 0.7
# What makes a table of a kind when all but one have telling names, and which that is.
CORE = {
    "events": (("user", "event", "time"), ("user", "event", "time")),
    "orders": (("user", "time", "amount"), ("user",)),
}


@dataclass(frozen=True)
class Recognised:
    """A kind of table, its roles (role -> column), and the next best kind.

    `fits` says how well each role's column fits, 0 to 1, and `others` which other
    column would do for it, if any; `doubts` are the roles for which that other column
    does nearly as well. `personal` is what `personal.find` says.
    """

    kind: str
    roles: dict[str, str]
    confidence: float
    runner_up: str = ""
    runner_up_confidence: float = 0.0
    fits: dict[str, float] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    personal: dict[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[Note]:
        """What to ask: another kind or column would do nearly as well."""
        notes = []
        kind = Note(f"ingest.kind_{self.kind}")
        other = Note(f"ingest.kind_{self.runner_up}")
        if self.runner_up and self.confidence - self.runner_up_confidence < UNSURE:
            notes.append(Note("ingest.kind_close", kind=kind, other=other))
        elif self.kind and self.confidence < GUESS:
            near = self.runner_up_confidence >= FEW
            notes.append(
                Note("ingest.kind_guess_or", kind=kind, other=other)
                if near
                else Note("ingest.kind_guess", kind=kind)
            )
        notes += [
            Note(
                "ingest.role_close",
                role=Note(f"ingest.role_{role}"),
                column=self.roles[role],
                other=self.others[role],
            )
            for role in self.doubts
            if role in self.roles
        ]
        return notes


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
    private = personal.find(frame)
    columns = {
        name: facts(frame[name], named=named, personal=private.get(name, ""))
        for name in frame.columns
    }
    sheet = Sheet(columns, len(frame), named)
    fixed = dict(roles or {})
    found = []
    for candidate in [kind] if kind else KINDS:
        if not {role for role in fixed if fixed[role]} <= set(KINDS[candidate]):
            continue
        given = _assign(sheet, candidate, fixed)
        found.append((likelihood(sheet, candidate, given), candidate, given))
    if any(fit >= SURE for fit, name, _ in found if name not in GENERAL):
        found = [
            (fit * (0.8 if name in GENERAL else 1), name, given)
            for fit, name, given in found
        ]
    found.sort(key=lambda one: -one[0])
    if kind is None and named and (not found or found[0][0] <= FEW):
        first = sorted(_by_values(sheet, fixed), reverse=True)
        found = first + [one for one in found if one[1] not in {k for _, k, _ in first}]
    if not found or (found[0][0] < FEW and kind is None):
        return Recognised("", {}, 0.0, personal=private)
    confidence, best, given = found[0]
    second = found[1] if len(found) > 1 else (0.0, "", {})
    fits = {role: _fit(sheet, best, column, role) for role, column in given.items()}
    others = _others(sheet, best, given)
    return Recognised(
        best,
        given,
        round(confidence, 3),
        second[1],
        round(second[0], 3),
        fits=fits,
        others={role: column for role, (column, _) in others.items()},
        doubts=tuple(
            role
            for role, (_, fit) in others.items()
            if named and role not in fixed and fits[role] - fit < UNSURE
        ),
        personal=private,
    )


def _by_values(
    sheet: Sheet, fixed: Mapping[str, str | None]
) -> list[tuple[float, str, dict[str, str]]]:
    """Find logs and orders where all but one of the core roles have telling names.

    What the last is called is nothing known, but its values can be that.
    """
    found = []
    for kind, (core, loose) in CORE.items():
        given = _assign(sheet, kind, fixed, loose=loose)
        scores = {r: sheet.score(given[r], f"{kind}.{r}") for r in core if r in given}
        weak = [given[role] for role in scores if scores[role] < TELLING]
        if len(scores) == len(core) and len(weak) < 2 and not any(map(is_known, weak)):
            found.append((likelihood(sheet, kind, given), kind, given))
    return found


def _assign(
    sheet: Sheet,
    kind: str,
    fixed: Mapping[str, str | None],
    *,
    loose: tuple[str, ...] = (),
) -> dict[str, str]:
    """Give the roles of a kind to columns, at most one each, so that they fit best.

    Args:
        sheet: The columns.
        kind: The kind of table.
        fixed: Roles that are known.
        loose: Roles that values alone may tell.
    """
    roles = [role for role in KINDS[kind] if role not in fixed]
    taken = {column for column in fixed.values() if column}
    columns = [name for name in sheet.facts if name not in taken]
    given = {role: column for role, column in fixed.items() if column}
    if columns and roles:
        scores = np.array(
            [[sheet.score(c, f"{kind}.{role}") for c in columns] for role in roles]
        )
        floor = [
            FEW if role in loose else least(f"{kind}.{role}", named=sheet.named)
            for role in roles
        ]
        scores[scores < np.array(floor)[:, None]] = 0
        private = np.array([bool(sheet.facts[c].personal) for c in columns])
        for row in np.flatnonzero([role in kinds.IDS for role in roles]):
            # A phone number is nobody's id while there is another one.
            if scores[row, ~private].any():
                scores[row, private] = 0
        # Earlier columns win a draw: ids and times come first in most exports.
        scores -= (scores > 0) * np.arange(len(columns)) * 1e-6
        # Every pair costs something, for 0 would mean that there is no such pair.
        costs = csr_array(2 - scores)  # type: ignore[no-untyped-call]
        best = csgraph.min_weight_full_bipartite_matching(costs)
        pairs = zip(*best, strict=True)
        given |= {roles[r]: columns[c] for r, c in pairs if scores[r, c] > 0}
    if kind == "orders" and "amount" not in fixed:
        given = _priced(given)
    return {role: given[role] for role in KINDS[kind] if role in given}


def _priced(given: dict[str, str]) -> dict[str, str]:
    """Take a price for the amount where nothing says how many were bought."""
    if "quantity" not in given and "amount" not in given and "price" in given:
        return {**given, "amount": given["price"]}
    if {"quantity", "price", "amount"} <= set(given):
        # Another price is not what was paid for all of them.
        for_one, in_all = (name_match(given["amount"], r) for r in ("price", "amount"))
        if for_one > in_all:
            return {role: column for role, column in given.items() if role != "amount"}
    return given


def _fit(sheet: Sheet, kind: str, column: str, role: str) -> float:
    score = sheet.score(column, f"{kind}.{role}")
    return round(score if sheet.named else score * BY_VALUES / 0.4, 3)


def _others(
    sheet: Sheet, kind: str, given: Mapping[str, str]
) -> dict[str, tuple[str, float]]:
    """Give the next best free column for a role and its fit, where one would do."""
    free = [name for name in sheet.facts if name not in given.values()]
    found = {}
    for role in given:
        able = free
        if role in kinds.IDS and not sheet.facts[given[role]].personal:
            able = [name for name in free if not sheet.facts[name].personal]
        fits = {column: _fit(sheet, kind, column, role) for column in able}
        best = max(able, key=fits.__getitem__, default="")
        if best and fits[best] >= max(0.5, least(f"{kind}.{role}", named=True)):
            found[role] = (best, fits[best])
    return found
