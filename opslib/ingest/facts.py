"""What roles ask of a column: its type, how often its values repeat, their range."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

NUMBERED = r"^#\d+$"
WORDY = r"\s|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
SAMPLE = 2000


@dataclass(frozen=True)
class Facts:
    """One column in figures.

    Attributes:
        type: "text", "integer", "number", "boolean" or "date".
        rows, present, distinct: Cells, cells with a value, different values.
        smallest, largest: Of numbers; NaN for others.
        length: Mean length of the distinct texts.
        balance: How many times the commonest value outnumbers the rarest.
        whole: Whole numbers, or dates without a time of day.
        wordy: Most texts have a space or a Chinese character.
        numbered: Texts such as #1001, which shops number orders with.
        named: False when the file has no header.
        personal: What personal data it holds, see `personal.find`; else "".
    """

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
    wordy: bool = False
    numbered: bool = False
    named: bool = True
    personal: str = ""

    @property
    def unique(self) -> bool:
        """Every row has a value of its own, but for one in a thousand."""
        return self.rows > 1 and self.distinct >= 0.999 * self.rows

    @property
    def numeric(self) -> bool:
        """Numbers of any kind."""
        return self.type in {"integer", "number"}


def facts(column: pd.Series, *, named: bool = True, personal: str = "") -> Facts:
    """Sum up a column that has its type.

    Example:
        >>> one = facts(pd.Series([1, 2, 2], name="n"))
        >>> one.type, one.distinct, one.balance, one.unique
        ('integer', 2, 2.0, False)
    """
    present = column.dropna()
    counts = present.value_counts()
    found = Facts(
        name=str(column.name),
        type="text",
        rows=len(column),
        present=len(present),
        distinct=len(counts),
        balance=float(counts.iloc[0] / counts.iloc[-1]) if len(counts) else np.inf,
        named=named,
        personal=personal,
    )
    if pd.api.types.is_bool_dtype(column):
        return replace(found, type="boolean")
    if pd.api.types.is_datetime64_any_dtype(column):
        midnight = bool((present == present.dt.normalize()).all())
        return replace(found, type="date", whole=midnight)
    if not pd.api.types.is_numeric_dtype(column):
        texts = counts.index[:SAMPLE].astype("str")
        if not len(texts):
            return found
        return replace(
            found,
            length=float(np.mean(texts.str.len())),
            wordy=bool(texts.str.contains(WORDY).mean() > 0.5),
            numbered=bool(texts.str.match(NUMBERED).all()),
        )
    numbers = present.to_numpy(float)
    whole = bool((numbers == np.round(numbers)).all())
    return replace(
        found,
        type="integer" if whole else "number",
        whole=whole,
        smallest=float(numbers.min(initial=np.inf)),
        largest=float(numbers.max(initial=-np.inf)),
    )
