"""Whether a column's name says what it is: names matched and taken apart."""

import re
from functools import cache

from opslib.ingest.vocabulary import (
    ADDED,
    BUILT,
    COUNTED,
    IDS,
    PARTS,
    QUESTION,
    SYNONYMS,
    TIME_ENDS,
)
from opslib.names import LONGEST, normal


@cache
def synonyms(role: str) -> tuple[str, ...]:
    """Give the folded names of a role, the usual ones first.

    Example:
        >>> synonyms("price")[:2], "userid" in synonyms("users.user")
        (('price', 'unitprice'), True)
    """
    own = SYNONYMS.get(role) or SYNONYMS[role.rpartition(".")[2]]
    names = f"{own} {ADDED.get(role, '')}"
    return tuple(dict.fromkeys(map(normal, names.split())))


@cache
def name_match(name: str, role: str) -> float:
    """Say how well a name fits a role.

    1 is a synonym, 0.9 is built as the names of the role are, 0.6 ends as a synonym
    does, 0.4 begins so.

    Args:
        name: Name of a column.
        role: A role, or kind.role where the kind has names of its own for it.

    Example:
        >>> name_match("User ID", "user"), name_match("车主编号", "user")
        (1.0, 0.9)
        >>> name_match("colour", "time"), name_match("活跃用户", "user")
        (0.0, 0.0)
    """
    plain, known = normal(name), synonyms(role)
    bare = role.rpartition(".")[2]
    if plain in known:
        # Names earlier in the list are more telling; this only breaks ties.
        return 1.0 - 0.0005 * known.index(plain)
    if bare in {"user", "unit"} and COUNTED.search(plain):
        return 0.0
    built = BUILT.get(role) or BUILT.get(bare)
    if built and re.fullmatch(built, plain, re.VERBOSE):
        return 0.9
    parts = re.findall(r"[A-Z]*[a-z]+|[A-Z]+", str(name)[:LONGEST])
    words = [normal(word) for word in parts]
    ends = {"".join(words[-n:]) for n in (1, 2, 3)} - {plain, "id"} if words else set()
    chinese = [word for word in known if len(word) > 1 and not word.isascii()]
    part = PARTS.get(bare)
    if (
        ends & set(known)
        or plain.endswith(tuple(chinese))
        or (part and re.search(part, str(name)[:LONGEST], re.IGNORECASE))
    ):
        return 0.6
    return 0.4 if words and words[0] in known else 0.0


def is_question(name: str) -> bool:
    """Say whether a header is a question of a survey.

    Example:
        >>> [is_question(name) for name in ("1、您的性别", "How old?", "Q3", "q")]
        [True, True, True, False]
    """
    return bool(QUESTION.search(name))


@cache
def looks_like_id(name: str) -> bool:
    """Say whether a column of this name holds identifiers, which stay text.

    Example:
        >>> [looks_like_id(name) for name in ("sku_id", "ItemID", "会员编号", "paid")]
        [True, True, True, False]
    """
    plain = normal(name)
    if plain in IDS.split() or plain in synonyms("user") or plain in synonyms("order"):
        return True
    return bool(
        re.search(r"(?:^|[_\-\s.])(?:id|no|code|uuid)$", str(name), re.IGNORECASE)
        or re.search(r"[a-z](?:ID|Id|No|Code)$", str(name))
        or re.search(r"(?:编号|编码|单号|账号|ID|編號|号码)$", str(name))
    )


@cache
def looks_like_time(name: str) -> bool:
    """Say whether a column of this name may hold times written as bare numbers.

    Example:
        >>> [looks_like_time(name) for name in ("pay_time", "注册日期", "reg_tm", "x")]
        [True, True, True, False]
    """
    plain = normal(name)
    return (
        plain in synonyms("time")
        or str(name).strip().lower().endswith(TIME_ENDS)
        or bool(re.search(r"[a-z](?:Time|Date|At)$", str(name).strip()))
    )
