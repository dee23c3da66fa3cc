"""Kinds of tables, and the roles that their columns play."""

from typing import NamedTuple


class Kind(NamedTuple):
    """What a kind of table must have, may have, and needs at least one of."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    either: tuple[str, ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that a column of such a table can play."""
        return self.required + self.either + self.optional


KINDS = {
    "events": Kind(("user", "event", "time"), ("amount",)),
    "orders": Kind(("user", "time"), ("amount", "order")),
    "users": Kind(("user",)),
    "experiment": Kind(("unit", "variant"), ("time",)),
    "counts": Kind(("step", "users"), ("group",)),
    "daily": Kind(("date",), ("group",)),
    "feedback": Kind((), ("user", "time"), ("score", "comment")),
    "survey": Kind((), ("user", "time", "score", "comment")),
    "spend": Kind(("channel", "period", "cost")),
    "invites": Kind(("inviter", "invitee", "time")),
    "posts": Kind(("user", "time"), ("item", "group", "reply_to")),
    "members": Kind(("user", "group"), ("joined", "role")),
    "edges": Kind(("from", "to"), ("weight",)),
    "tickets": Kind(("user", "opened"), ("first_reply", "done")),
}
# Roles whose values name somebody or something, and stay text.
IDS = (
    *("user", "unit", "order", "inviter", "invitee"),
    *("item", "reply_to", "from", "to"),
)
TIMES = ("time", "date", "period", "joined", "opened", "first_reply", "done")
NUMBERS = ("amount", "users", "score", "cost", "weight")
