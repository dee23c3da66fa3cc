"""Whether a column's name says what it is: names matched and taken apart."""

import re
from functools import cache, lru_cache

from opslib.ingest.vocabulary import (
    ADDED,
    BUILT,
    COUNTED,
    IDS,
    PARTS,
    QUESTION,
    SYNONYMS,
    THING,
    TIME_ENDS,
    VAGUE,
)
from opslib.names import LONGEST, normal

# Names come from strangers: of what was found for them only so much is kept.
KEPT = 1 << 15
WORD = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+"
SUMS = {"amount", "cost", "comment"}
PEOPLE = {"user", "unit", "inviter", "invitee", "from", "to"}


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
def _chinese(role: str) -> tuple[str, ...]:
    """Give the names of a role that a longer one may end with."""
    return tuple(w for w in synonyms(role) if len(w) > 1 and not w.isascii())


@lru_cache(KEPT)
def name_match(name: str, role: str) -> float:
    """Say how well a name fits a role.

    1 is a synonym, 0.9 is built as the names of the role are, 0.6 ends as a synonym
    does or is a vague word for such a thing, 0.4 begins as a synonym does.

    Args:
        name: Name of a column.
        role: A role, or kind.role where the kind has names of its own for it.

    Example:
        >>> name_match("User ID", "user"), name_match("车主编号", "user")
        (1.0, 0.9)
        >>> name_match("colour", "time"), name_match("活跃用户", "user")
        (0.0, 0.0)
        >>> name_match("Guest name", "user"), name_match("UserLanguage", "user")
        (0.6, 0.0)
    """
    plain, known = normal(name), synonyms(role)
    raw, bare = str(name)[:LONGEST], role.rpartition(".")[2]
    if plain in known:
        # Names earlier in the list are more telling; this only breaks ties.
        return 1.0 - 0.0005 * known.index(plain)
    if bare in {"user", "unit"} and (COUNTED.search(plain) or THING.search(raw)):
        return 0.0
    built = BUILT.get(role) or BUILT.get(bare)
    if built and re.fullmatch(built, plain, re.VERBOSE):
        return 0.9
    # In a name of both languages the last word may be a Chinese one.
    words = [normal(word) for word in re.findall(WORD, raw)] if plain.isascii() else []
    # What comes first only describes what comes last: a user language is no user.
    begins = words and words[0] in known and bare not in PEOPLE
    own = 0.6 if _ends(plain, raw, words, role) else 0.4 if begins else 0.0
    also = [name_match(part, role) for part in _also(raw, plain, bare)]
    return max(own, min(0.9, max(also, default=0.0)))


def _also(raw: str, plain: str, role: str) -> list[str]:
    """Give what else a name is: in another language, or for one of many."""
    names = [part for part in re.split(r"\s*[/|]\s*", raw) if part]
    # Spends are what was spent; orders are only how many there were.
    many = role in SUMS and re.search(r"[a-z]{3}[^s]s$", plain)
    return (names if len(names) > 1 else []) + ([plain[:-1]] if many else [])


def _ends(plain: str, raw: str, words: list[str], role: str) -> bool:
    """Say whether a name ends as one of the role, or in a vague word for such."""
    known, bare = synonyms(role), role.rpartition(".")[2]
    ends = {"".join(words[-n:]) for n in (1, 2, 3)} - {plain, "id"} if words else set()
    part, vague = PARTS.get(bare), VAGUE.get(role) or VAGUE.get(bare)
    return bool(
        ends & set(known)
        or plain.endswith(_chinese(role))
        or (part and re.search(part, raw, re.IGNORECASE))
        or (vague and re.fullmatch(vague, plain, re.VERBOSE))
    )


@lru_cache(KEPT)
def is_known(name: str) -> bool:
    """Say whether a name tells some role, whichever that is.

    Example:
        >>> is_known("variant"), is_known("mpid")
        (True, False)
    """
    return any(name_match(name, role) >= 0.6 for role in SYNONYMS if role != "event")


def is_question(name: str) -> bool:
    """Say whether a header is a question of a survey.

    Example:
        >>> [is_question(name) for name in ("1、您的性别", "How old?", "Q3", "q")]
        [True, True, True, False]
    """
    return bool(QUESTION.search(name))


@lru_cache(KEPT)
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


@lru_cache(KEPT)
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
