"""How likely a table is of each kind, given the best column for each role.

A kind is as likely as its core roles fit on average; each rule then says what makes it
another table that merely has such columns.
"""

import re
from collections.abc import Callable, Mapping

from opslib.ingest.evidence import Sheet
from opslib.ingest.names import is_question, name_match, synonyms
from opslib.names import normal

Roles = Mapping[str, str]
# Without names the values are all there is to go by.
BY_VALUES = 0.7
SURE = 0.9
# In fewer rows nothing has had a chance to come again.
SOME = 20
# A column of free text that the values alone would not make a comment.
FREE = 0.6
# What an experiment calls its arms, and other tables call other things.
LOOSE = {"group", "segment", "version", "分组", "组别", "版本", "方案", "策略"}
OPINION = re.compile(
    r"comment|review|feedback|verbatim|opinion|suggest|reason|why"
    r"|评|反馈|意见|建议|投诉|原因"
)
SERVICE = re.compile(
    r"ticket|case|conversation|incident|requester|agent|assign|issue|subject|priority"
    r"|severity|escalat|opened|closed|resol|solved|sla$"
    r"|工单|会话|对话|客服|售后|投诉|报修|坐席|响应|优先级"
)


def likelihood(sheet: Sheet, kind: str, roles: Roles) -> float:
    """Say how likely a table is of a kind, 0 to 1.

    Args:
        sheet: The columns.
        kind: One of `kinds.KINDS`.
        roles: Role -> column, the best assignment for this kind.
    """
    return float(RULES[kind](sheet, roles))


def _fit(sheet: Sheet, kind: str, roles: Roles, *core: str) -> float:
    """Mean score of the core roles; one that is absent counts as nothing."""
    scores = [
        sheet.score(roles[role], f"{kind}.{role}") if role in roles else 0.0
        for role in core
    ]
    return sum(scores) / len(scores)


def _complete(kind: str, *core: str) -> Callable[[Sheet, Roles], float]:
    """Make the rule of a kind that its core roles tell, all of which must be there."""

    def rule(sheet: Sheet, roles: Roles) -> float:
        return _fit(sheet, kind, roles, *core) if {*core} <= {*roles} else 0.0

    return rule


def _money(sheet: Sheet) -> bool:
    return any(sheet.best(role) > SURE for role in ("amount", "price"))


def _events(sheet: Sheet, roles: Roles) -> float:
    if not {"user", "event", "time"} <= set(roles):
        return 0.0
    if not sheet.named:
        return BY_VALUES
    fit = _fit(sheet, "events", roles, "user", "event", "time")
    if name_match(roles["event"], "events.event") < SURE:
        # Who never does a second thing is a row of a list; who buys has an order.
        once = sheet.rows >= SOME and sheet.facts[roles["user"]].unique
        bought = any(
            name_match(name, "order") > SURE and normal(name) != "id"
            for name in sheet.facts
        )
        fit *= 0.7 if once or bought else 1
    return fit * (0.8 if sheet.best("reply_to") > SURE else 1)


def _orders(sheet: Sheet, roles: Roles) -> float:
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
    logged = named and sheet.best("event") > SURE
    doubt = 0.8 if not named else 0.7 if logged else 1.0
    return _fit(sheet, "orders", roles, "time", *who, *which) * doubt


def _people(sheet: Sheet, roles: Roles) -> float:
    if len(sheet.facts) < 2:
        return 0.0
    if "user" not in roles:
        # Rows without an id may still each be a customer; the weakest of all guesses.
        plain = sum(f.numeric or f.type == "boolean" for f in sheet.facts.values())
        return 0.3 if plain >= 2 and sheet.rows >= SOME else 0.0
    column = roles["user"]
    if name_match(column, "order") > SURE and normal(column) not in synonyms(
        "users.user"
    ):
        return 0.3
    # Rows that have an id of their own and somebody's are things of that somebody.
    if name_match(column, "user") < FREE and sheet.best("user") > SURE:
        return 0.4
    tested = not sheet.dated and any(
        sheet.score(name, "variant") > SURE and not _listed(sheet, name)
        for name in sheet.facts
    )
    told = sheet.best("comment") > SURE or _told(sheet) or _asked(sheet) > 1
    return (0.7 if tested or told else 0.9) * sheet.score(column, "users.user")


def _experiment(sheet: Sheet, roles: Roles) -> float:
    if "variant" not in roles:
        return 0.0
    metrics = [
        name
        for name, facts in sheet.facts.items()
        if name not in roles.values() and (facts.numeric or facts.type == "boolean")
    ]
    if not metrics or sheet.rows < SOME:
        return 0.0
    if "unit" in roles:
        fit = _fit(sheet, "experiment", roles, "unit", "variant")
        return fit * (0.75 if _listed(sheet, roles["variant"]) else 1)
    return 0.0 if sheet.dated else 0.75 * _fit(sheet, "experiment", roles, "variant")


def _listed(sheet: Sheet, column: str) -> bool:
    """Say whether a column has groups of people, beside what one calls them by."""
    private = any(facts.personal for facts in sheet.facts.values())
    return private and normal(column) in LOOSE


def _counts(sheet: Sheet, roles: Roles) -> float:
    if not {"step", "users"} <= set(roles) or sheet.rows > 2000:
        return 0.0
    parts = max(1, sheet.facts[roles["group"]].distinct) if "group" in roles else 1
    regular = sheet.facts[roles["step"]].distinct * parts == sheet.rows
    return _fit(sheet, "counts", roles, "step", "users") * (1 if regular else 0.5)


def _days(sheet: Sheet, roles: Roles) -> float:
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
    regular = "group" in roles and (
        sheet.facts[roles["group"]].distinct * date.distinct == sheet.rows
    )
    once = 1.0 if date.unique else 0.9 if regular else 0.6
    if not regular and date.distinct <= 0.02 * sheet.rows:
        once = 0.4
    return _fit(sheet, "daily", roles, "date") * once * (0.4 if ids else 1)


def _feedback(sheet: Sheet, roles: Roles) -> float:
    if "comment" not in roles:
        # Marks that people give again and again are feedback without a word.
        rated = "user" in roles and sheet.best("score") > SURE and not _money(sheet)
        again = rated and not sheet.facts[roles["user"]].unique
        return SURE * _fit(sheet, "feedback", roles, "user", "score") if again else 0.0
    both = _fit(sheet, "feedback", roles, "comment", "score")
    # Free text is rare elsewhere; a table of many attributes is not feedback.
    opinion = OPINION.search(normal(roles["comment"]))
    alone = (0.9 if opinion else 0.75) * sheet.score(roles["comment"], "comment")
    if _money(sheet):
        return 0.3
    told = SURE if _told(sheet) else 0.0
    fit = max(both if "score" in roles else 0.0, alone, told)
    return fit * (0.8 if _asked(sheet) > 1 or sheet.best("reply_to") > SURE else 1)


def _told(sheet: Sheet) -> bool:
    """Say whether a small table has a score by its name, and texts of their own."""
    scored = any(
        name_match(name, "score") >= 0.6 and sheet.score(name, "score") > 0
        for name in sheet.facts
    )
    free = any(
        sheet.score(name, "comment") > 0 and one.length >= 10 and one.unique
        for name, one in sheet.facts.items()
    )
    return scored and free and len(sheet.facts) <= 6


def _survey(sheet: Sheet, roles: Roles) -> float:
    """Most columns are questions: they ask, or are numbered."""
    rest = [name for name in sheet.facts if name not in roles.values()]
    asked = _asked(sheet)
    if asked < 2 or not sheet.named:
        return 0.0
    return SURE if asked >= 3 or asked > len(rest) / 2 else 0.75


def _asked(sheet: Sheet) -> int:
    return sum(map(is_question, sheet.facts))


def _spend(sheet: Sheet, roles: Roles) -> float:
    fit = _complete("spend", "channel", "period", "cost")(sheet, roles)
    people = any(
        name_match(name, "user") >= SURE and one.distinct > 1
        for name, one in sheet.facts.items()
    )
    return fit * (0.4 if people else 1)


def _posts(sheet: Sheet, roles: Roles) -> float:
    """Somebody writes something: it is there, has a number, or answers another one."""
    if not {"user", "time"} <= set(roles) or _money(sheet):
        return 0.0
    text = _text(sheet)
    # Rows of any kind may have an id; posts are numbered as posts, or there to read.
    marks = [
        sheet.score(roles[role], f"posts.{role}")
        for role in ("item", "reply_to")
        if role in roles and normal(roles[role]) != "id"
    ]
    if text and not OPINION.search(normal(text)):
        marks.append(sheet.score(text, "comment"))
    if not marks or _asked(sheet) > 1:
        return 0.0
    # A tracker and a service number their messages too, and reviews have numbers.
    numbered = {"item", "reply_to"} & set(roles)
    others = (
        sheet.best("first_reply") > SURE
        or _service(sheet) > 1
        or bool(OPINION.search(normal(text)))
        or (sheet.best("event") > SURE and not (text and numbered))
    )
    fit = _fit(sheet, "posts", roles, "user", "time") * 2 / 3 + max(marks) / 3
    rated = sheet.best("score") > SURE and "reply_to" not in roles
    once = sheet.rows >= SOME and sheet.facts[roles["user"]].unique
    return fit * (0.8 if others or rated or once else 1)


def _text(sheet: Sheet) -> str:
    """Give the column of free text that is called so."""
    scores = {name: sheet.score(name, "comment") for name in sheet.facts}
    best = max(scores, key=scores.__getitem__, default="")
    return best if best and scores[best] > FREE else ""


def _members(sheet: Sheet, roles: Roles) -> float:
    marks = [role for role in ("joined", "role") if role in roles]
    if not {"user", "group"} <= set(roles) or not marks:
        return 0.0
    mark = max(marks, key=lambda role: sheet.score(roles[role], f"members.{role}"))
    return _fit(sheet, "members", roles, "user", "group", mark)


def _edges(sheet: Sheet, roles: Roles) -> float:
    fit = _complete("edges", "from", "to")(sheet, roles)
    return fit * (0.5 if _money(sheet) and "weight" not in roles else 0.95)


def _tickets(sheet: Sheet, roles: Roles) -> float:
    marks = [role for role in ("first_reply", "done") if role in roles]
    words = _service(sheet)
    if not {"user", "opened"} <= set(roles) or not (marks or words > 1):
        return 0.0
    served = "first_reply" in roles or words
    if not marks:
        return 0.9 * _fit(sheet, "tickets", roles, "user", "opened")
    mark = max(marks, key=lambda role: sheet.score(roles[role], f"tickets.{role}"))
    fit = _fit(sheet, "tickets", roles, "user", "opened", mark)
    # A beginning and an end are also what visits and lessons have.
    return fit * (0.5 if _money(sheet) or not served else 1)


def _service(sheet: Sheet) -> int:
    """Count the columns that only a service has."""
    return sum(bool(SERVICE.search(normal(name))) for name in sheet.facts)


def _invites(sheet: Sheet, roles: Roles) -> float:
    fit = _complete("invites", "inviter", "invitee", "time")(sheet, roles)
    # Beside many attributes, who brought a user is one more of them.
    attribute = fit and name_match(roles["invitee"], "user") > SURE
    return fit * (0.8 if attribute and len(sheet.facts) > 5 else 1)


RULES: dict[str, Callable[[Sheet, Roles], float]] = {
    "events": _events,
    "orders": _orders,
    "users": _people,
    "experiment": _experiment,
    "counts": _counts,
    "daily": _days,
    "feedback": _feedback,
    "survey": _survey,
    "spend": _spend,
    "invites": _invites,
    "posts": _posts,
    "members": _members,
    "edges": _edges,
    "tickets": _tickets,
}
