"""User lists: users by their ids, each with a label, as a property of a log."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.conditions import Codes
from opslib.encode import sorted_texts
from opslib.periods import Instants
from opslib.result import Error

MOST_LABELS = 200
LONGEST = 200
# What conditions and analyses mean something else by.
MEANT = ("user", "event", "amount")


@dataclass(frozen=True, eq=False)
class UserList:
    """Some users, each once.

    Attributes:
        ids: Ids as text; n.
        codes: Position in `labels` of each, in the smallest type that holds them; n.
        labels: The different labels.
        id: Tells it, where it is saved, from another of the same name.
    """

    ids: pa.LargeStringArray
    codes: npt.NDArray[np.integer[Any]]
    labels: tuple[str, ...]
    id: str = ""

    @classmethod
    def of(
        cls, name: str, users: Iterable[Any], labels: Iterable[Any] | None = None
    ) -> Self:
        """Take ids and labels as people have them.

        Args:
            name: The label of all, where `labels` is None.
            users: Ids; one that is there twice counts once.
            labels: A label per id, in the same order; users whose label is missing
                are not in the list.

        Raises:
            Error: No user, an id is missing, a user has two labels, a label is too
                long, or there are more than 200.

        Example:
            >>> found = UserList.of("VIP", [7, 12, 7])
            >>> found.ids.to_pylist(), found.codes.tolist(), found.labels
            (['12', '7'], [0, 0], ('VIP',))
        """
        ids = _column(users, "users")
        if missing := int(ids.isna().sum()):
            raise Error("userlists.no_id", n=missing)
        if labels is None:
            _, unique = sorted_texts(ids)
            texts: tuple[str, ...] = (name,)
            codes = np.zeros(len(unique), np.int32)
        else:
            words = _column(labels, "labels")
            if len(words) != len(ids):
                raise Error("userlists.length", users=len(ids), labels=len(words))
            known = words.notna()
            user, unique = sorted_texts(ids[known])
            word, found = sorted_texts(words[known])
            codes, texts = _per_user(user, word, unique), tuple(found.to_pylist())
        if not len(unique):
            raise Error("userlists.empty", name=name)
        if len(texts) > MOST_LABELS:
            raise Error("userlists.labels", n=len(texts), most=MOST_LABELS)
        for text in texts:
            check_length(text)
        small = np.int8 if len(texts) <= np.iinfo(np.int8).max else np.int16
        return cls(unique, codes.astype(small), texts)


class OfUsers(Codes):
    """A property that stays with the user: spread over the rows at first use.

    Attributes:
        given: The list.
    """

    def __init__(
        self, given: UserList, users: pa.LargeStringArray, offsets: Instants
    ) -> None:
        # The fields of a frozen class cannot be set otherwise, and `codes` is not yet.
        vars(self).update(
            given=given, labels=given.labels, _users=users, _offsets=offsets
        )

    given: UserList
    _users: pa.LargeStringArray
    _offsets: Instants

    @cached_property
    def by_user(self) -> npt.NDArray[np.integer[Any]]:
        """The code of each user of the log, -1 for those who are not in the list."""
        place = pc.index_in(self._users, value_set=self.given.ids).fill_null(-1)
        # The last is where -1 points.
        codes: npt.NDArray[np.integer[Any]] = np.append(
            self.given.codes, self.given.codes.dtype.type(-1)
        )[place.to_numpy()]
        return codes

    @cached_property
    def codes(self) -> npt.NDArray[np.integer[Any]]:
        """The code of each row."""
        return np.repeat(self.by_user, np.diff(self._offsets))

    @cached_property
    def unknown(self) -> int:
        """How many users of the list have no row in the log."""
        return len(self.given.ids) - int((self.by_user >= 0).sum())


def check_name(name: str, taken: Collection[str]) -> str:
    """Return a name for a new property, without spaces around it.

    Raises:
        Error: It is empty, too long, or taken.
    """
    name = str(name).strip()
    if not name:
        raise Error("option.missing", option="name")
    check_length(name)
    if name in MEANT or name in taken:
        raise Error("userlists.taken", name=name)
    return name


def check_length(text: str) -> None:
    """Refuse a name or label that nobody could read.

    Raises:
        Error: It is too long.
    """
    if len(text) > LONGEST:
        raise Error("userlists.long", text=text[:20], size=len(text), most=LONGEST)


def _column(values: Iterable[Any], option: str) -> pd.Series:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise Error("userlists.list", option=option, got=values)
    plain = values.to_pandas() if hasattr(values, "to_pandas") else values
    plain = plain if hasattr(plain, "dtype") else list(plain)
    return pd.Series(plain).reset_index(drop=True)


def _per_user(
    user: npt.NDArray[np.int32], word: npt.NDArray[np.int32], ids: pa.LargeStringArray
) -> npt.NDArray[np.int32]:
    codes = np.zeros(len(ids), np.int32)
    codes[user] = word
    twice = np.flatnonzero(codes[user] != word)
    if len(twice):
        raise Error("userlists.two", id=ids[int(user[twice[0]])].as_py())
    return codes
