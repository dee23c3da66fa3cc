"""What every analysis returns and raises, so that pages, exports and CLI exist once."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from opslib.words import text

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, init=False)
class Note:
    """One thing a reader must know: a stable code and the values of its sentence."""

    code: str
    values: dict[str, Any]

    def __init__(self, code: str, /, **values: Any) -> None:  # noqa: ANN401
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", values)

    def text(self, lang: str = "en") -> str:
        """Say it in `lang`, "en" or "zh_CN"."""
        return text(self.code, lang, **self.values)


class Error(ValueError):
    """A mistake that the person at the keyboard can put right.

    Attributes:
        code: Stable name of the mistake, the key of its sentence in the catalogues.
        values: What the sentence says: what was got, what is possible, and where.

    Example:
        >>> raise Error("option.choice", option="period", got="year", choices=["day"])
        Traceback (most recent call last):
        opslib.result.Error: period cannot be “year”; choose from “day”.
    """

    def __init__(self, code: str, /, **values: Any) -> None:  # noqa: ANN401
        super().__init__(code)
        self.code = code
        self.values = values

    def text(self, lang: str = "en") -> str:
        """Say it in `lang`, "en" or "zh_CN"."""
        return text(self.code, lang, **self.values)

    def __str__(self) -> str:
        return self.text()


def check_range(option: str, got: object, low: float, high: float) -> None:
    """Refuse an option that is set and is not a number from `low` to `high`.

    Raises:
        Error: It is not.

    Example:
        >>> check_range("confidence", 95, 0.5, 0.999)
        Traceback (most recent call last):
        opslib.result.Error: confidence must lie between 0.5 and 0.999, got “95”.
    """
    if got is None or (isinstance(got, int | float) and low <= got <= high):
        return
    raise Error("option.range", option=option, low=low, high=high, got=got)


def check_choice(option: str, got: object, choices: Collection[object]) -> None:
    """Refuse an option that is set to none of `choices`.

    Raises:
        Error: It is; the sentence names what can be chosen.

    Example:
        >>> check_choice("count", "off", ["on", "on_or_after"])
        Traceback (most recent call last):
        opslib.result.Error: count cannot be “off”; choose from “on”, “on_or_after”.
    """
    if got is not None and got not in choices:
        raise Error("option.choice", option=option, got=got, choices=list(choices))


@dataclass(frozen=True, kw_only=True)
class Result(ABC):
    """One tidy table, one chart of it, one or two sentences about it.

    Attributes:
        table: Tidy; each result documents its columns. Shares are 0 to 1.
        warnings: What a reader must know before using the numbers.
        previous: The same for the period of equal length just before, if compared.
    """

    table: pd.DataFrame
    warnings: tuple[Note, ...] = ()
    previous: Self | None = None

    @abstractmethod
    def chart(self, lang: str = "en") -> "alt.TopLevelMixin":
        """Draw the table, labelled in `lang`."""

    @abstractmethod
    def describe(self, lang: str = "en") -> str:
        """State the finding in plain text: the numbers and how sure they are."""

    def details(self, lang: str = "en") -> list[str]:  # noqa: ARG002
        """Say what else was found, a sentence each: what was checked, every verdict."""
        return []


def say(lang: str, *notes: Note | None) -> str:
    """Join sentences as `lang` does; None is left out.

    Example:
        >>> say("en", Note("option.missing", option="steps"), None)
        'steps is missing.'
    """
    space = "" if lang.startswith("zh") else " "
    return space.join(note.text(lang) for note in notes if note is not None)
