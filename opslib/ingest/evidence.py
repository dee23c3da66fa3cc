"""How well a column's values fit a role, 0 to 1; 0 rules the role out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opslib.ingest.facts import Facts
from opslib.ingest.names import name_match
from opslib.ingest.vocabulary import COUNT
from opslib.names import normal


@dataclass
class Sheet:
    """The columns of a table, and how well each fits each role."""

    facts: Mapping[str, Facts]
    rows: int
    named: bool
    _scores: dict[tuple[str, str], float] = field(default_factory=dict)

    def score(self, column: str, role: str) -> float:
        """Score a column for a role or kind.role, see `score`."""
        if (column, role) not in self._scores:
            self._scores[column, role] = score(self.facts[column], role)
        return self._scores[column, role]

    def best(self, role: str) -> float:
        """Give the score of the column that fits a role best."""
        return max((self.score(column, role) for column in self.facts), default=0.0)

    @property
    def dated(self) -> bool:
        """Some column holds times."""
        return any(one.type == "date" for one in self.facts.values())


def score(facts: Facts, role: str) -> float:
    """Score a column for a role: 0.6 for its name and 0.4 for its values.

    Args:
        facts: The column.
        role: A role, or kind.role.

    Example:
        >>> event = Facts("event", "text", rows=90, distinct=3, present=90, length=4)
        >>> score(event, "event"), score(event, "time")
        (1.0, 0.0)
    """
    values = (VALUES.get(role) or VALUES[role.rpartition(".")[2]])(facts)
    if values <= 0:
        return 0.0
    name = name_match(facts.name, role) if facts.named else 0.0
    if normal(facts.name) == "id" and not facts.unique:
        # An id that comes again is not the row's own: it is somebody's, if anything.
        other = "" if role == "users.user" else role.rpartition(".")[2]
        name = {"user": 0.6, "order": 0.4}.get(other, 0.0)
    if role.endswith("order") and facts.numbered:
        name = max(name, 0.9)
    if role.endswith("score") and not name and COUNT.search(normal(facts.name)):
        return 0.0
    return round(0.6 * name + 0.4 * values, 6)


def least(role: str, *, named: bool) -> float:
    """Give the score that a role asks for; values alone earn 0.4 at most.

    Args:
        role: kind.role.
        named: False when there is no header, and the values are all there is.
    """
    kind, _, bare = role.partition(".")
    if not named:
        return 0.3 if bare in BARE else 1.0
    by_value = bare in {"time", "date", "score", "comment"} and kind not in STRICT
    return 0.36 if by_value or role == "survey.comment" else 0.5


def _user(facts: Facts) -> float:
    if facts.type not in {"text", "integer"} or facts.distinct < 2:
        return 0.0
    if facts.smallest < 0 or facts.length > 64:
        return 0.0
    repeats = facts.present / facts.distinct
    much = facts.distinct >= 10 or facts.rows < 50
    return (0.9 if 1.2 <= repeats <= 1000 and much else 0.5 if much else 0.2) * (
        facts.present / max(1, facts.rows) > 0.3
    )


def _owner(facts: Facts) -> float:
    """A unit or user that is a row of its own."""
    if facts.type not in {"text", "integer"} or facts.distinct < 2:
        return 0.0
    return 1.0 if facts.unique and facts.length <= 64 else 0.0


def _somebody(facts: Facts) -> float:
    """An id that is there more or less often, such as of an inviter."""
    fits = facts.type in {"text", "integer"} and facts.distinct >= 2
    return 1.0 if fits and facts.length <= 64 and not facts.smallest < 0 else 0.0


def _event(facts: Facts) -> float:
    few = facts.type in {"text", "integer"} and 1 <= facts.distinct <= 500
    if not few or facts.personal:
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


def _time(facts: Facts) -> float:
    return (1.0 if not facts.whole else 0.9) if facts.type == "date" else 0.0


def _amount(facts: Facts) -> float:
    if not facts.numeric or facts.distinct < 2:
        return 0.0
    return 1.0 if facts.type == "number" else 0.7


def _quantity(facts: Facts) -> float:
    return 1.0 if facts.type == "integer" and facts.largest < 1e7 else 0.0


def _order(facts: Facts) -> float:
    fits = facts.type in {"text", "integer"} and facts.distinct > 0.02 * facts.rows
    return 1.0 if fits else 0.0


def _variant(facts: Facts) -> float:
    if (
        facts.type not in {"text", "integer", "boolean"}
        or not 2 <= facts.distinct <= 10
    ):
        return 0.0
    return 1.0 if facts.balance < 20 else 0.3


def _step(facts: Facts) -> float:
    return 1.0 if facts.type == "text" and facts.rows <= 2000 else 0.0


def _users(facts: Facts) -> float:
    fits = facts.type == "integer" and facts.smallest >= 0 and facts.distinct > 1
    return 1.0 if fits else 0.0


def _group(facts: Facts) -> float:
    if facts.type == "integer":
        return 0.5 if 2 <= facts.distinct <= 0.1 * facts.rows else 0.0
    return 1.0 if facts.type == "text" and facts.distinct < max(2, facts.rows) else 0.0


def _circle(facts: Facts) -> float:
    """A group that people belong to: fewer of them than rows."""
    fits = facts.type in {"text", "integer"} and facts.distinct < max(2, facts.rows)
    return 1.0 if fits and facts.length <= 64 else 0.0


def _date(facts: Facts) -> float:
    return 1.0 if facts.type == "date" and facts.whole else 0.0


def _rating(facts: Facts) -> float:
    if not facts.numeric and facts.type != "boolean":
        return 0.0
    if facts.type == "boolean":
        return 0.4
    return 1.0 if facts.smallest >= 0 and facts.largest <= 10 else 0.0


def _comment(facts: Facts) -> float:
    fits = facts.type == "text" and facts.length >= 6 and facts.wordy
    return 1.0 if fits and facts.distinct > 0.3 * facts.present else 0.0


def _label(facts: Facts) -> float:
    fits = facts.type in {"text", "integer"} and 1 <= facts.distinct <= 50
    return 1.0 if fits and facts.length <= 40 else 0.0


def _weight(facts: Facts) -> float:
    return 1.0 if facts.numeric and facts.smallest >= 0 else 0.0


VALUES: dict[str, Callable[[Facts], float]] = {
    "user": _user,
    "users.user": _owner,
    "feedback.user": _somebody,
    "survey.user": _somebody,
    "invites.user": _somebody,
    "posts.user": _somebody,
    "members.user": _somebody,
    "tickets.user": _somebody,
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
    "posts.group": _circle,
    "members.group": _circle,
    "date": _date,
    "score": _rating,
    "comment": _comment,
    "channel": _group,
    "period": _date,
    "cost": _amount,
    "inviter": _somebody,
    "invitee": _somebody,
    "item": _order,
    "reply_to": _somebody,
    "joined": _time,
    "role": _label,
    "from": _somebody,
    "to": _somebody,
    "weight": _weight,
    "opened": _time,
    "first_reply": _time,
    "done": _time,
}
# Roles that values can tell when no column has a name.
BARE = {"user", "event", "time", "unit", "users", "date", "score", "comment"}
# Kinds whose times and scores must be called so.
STRICT = {"counts", "survey"}
