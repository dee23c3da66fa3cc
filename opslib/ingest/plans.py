"""How the cells of a column are converted, batch by batch."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest import dates
from opslib.ingest.spool import TEXT
from opslib.ingest.trim import trimmed
from opslib.ingest.values import (
    DECIMALS,
    FORMULA,
    MISSING,
    MISSING_TEXT,
    YES_NO,
    are_words,
    as_numbers,
    comma_less,
    half_width,
    no_answer,
)
from opslib.result import Note

NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Plan:
    """How the cells of a column are converted, and what was seen of them.

    Attributes:
        kind: "text", "integer", "number", "boolean" or "date".
        how: For dates "written", "epoch", "digits" or "serial"; for booleans the word
            that means yes; for text "id" when 17850.0 is 17850.
        unit: Of an epoch, how many a second has.
        order: Of a date, "dmy" or "mdy" where that must be known.
        aware: The dates are instants, not wall clock.
        comma: Decimals are written with a comma.
        missing, distinct, examples: Of the cells seen; `capped` when there are more.
    """

    name: str
    kind: str
    how: str = ""
    unit: int = 0
    order: str = ""
    aware: bool = False
    comma: bool = False
    formula: bool = False
    capped: bool = False
    missing: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()
    changes: tuple[Note, ...] = ()

    @property
    def type(self) -> pa.DataType:
        """The Arrow type of the converted cells."""
        if self.kind == "date":
            return pa.timestamp("us", "UTC" if self.aware else None)
        return {
            "text": TEXT,
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
        }[self.kind]

    def apply(self, column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Convert a batch of cells.

        Returns:
            The values, null where there is none, and the positions of the cells that
            became null because they do not fit.

        Raises:
            Misfit: The cells show that another plan is needed.
        """
        distinct, codes = trimmed(column), None
        if not self.capped:
            encoded = distinct.dictionary_encode()
            distinct, codes = encoded.dictionary, encoded.indices
        if self.formula:
            distinct = pc.replace_substring_regex(distinct, FORMULA, r"\1\2")
        if self.kind == "text":
            gone = are_words(distinct, MISSING_TEXT)
            if self.how == "id":
                distinct = pc.replace_substring_regex(distinct, DECIMALS, r"\1")
            values = _without(distinct, gone)
            return values if codes is None else values.take(codes), NOWHERE
        distinct = half_width(distinct)
        if self.comma:
            distinct = comma_less(distinct)
        boolean = self.kind == "boolean"
        gone = are_words(distinct, no_answer(self.how) if boolean else MISSING)
        values, valid = self._converted(distinct.filter(pa.array(~gone)))
        full = np.zeros(len(distinct), np.bool_)
        full[~gone] = valid
        if not full.all():
            where = pa.array(np.cumsum(~gone) - 1, mask=~full)
            values = values.take(where)
        bad = ~gone & ~full
        if codes is None:
            return values, np.flatnonzero(bad)
        failed = (
            np.isin(codes.to_numpy(), np.flatnonzero(bad)) if bad.any() else bad[:0]
        )
        return values.take(codes), np.flatnonzero(failed)

    def zones_mixed(self) -> "Plan":
        """Note once that some times name a zone and others are read as UTC."""
        note = Note("ingest.zones_mixed", column=self.name)
        changes = self.changes if note in self.changes else (*self.changes, note)
        return replace(self, changes=changes)

    def _converted(self, texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
        """Convert distinct texts that are there."""
        if self.kind == "boolean":
            low = pc.utf8_lower(texts)
            (pair,) = (pair for pair in YES_NO if pair[0] == self.how)
            valid = pc.is_in(low, pa.array(pair, TEXT))
            return pc.equal(low, self.how), valid.to_numpy(zero_copy_only=False)
        if self.kind == "date" and self.how == "written":
            found = dates.parse(texts, order=self.order)
            if found.aware and not self.aware:
                raise Misfit(replace(self.zones_mixed(), aware=True))
            mixed = found.mixed or (not found.aware and found.valid.any())
            if self.aware and mixed and (noted := self.zones_mixed()) != self:
                raise Misfit(noted)
            if found.order and not self.order:
                raise Misfit(replace(self, order=found.order))
            return _moments(found.micros, self.type), found.valid
        numbers, valid, whole = as_numbers(texts)
        if self.kind == "integer":
            if not whole:
                raise Misfit(replace(self, kind="number"))
            return pa.array(numbers.astype(np.int64)), valid
        if self.kind == "number":
            return pa.array(numbers), valid
        good = numbers[valid]
        if self.how == "digits":
            found = dates.parse(pc.cast(pa.array(good.astype(np.int64)), pa.string()))
        elif self.how == "epoch":
            found = dates.from_epoch(good, self.unit)
        else:
            found = dates.from_serial(good)
        micros = np.zeros(len(texts), np.int64)
        micros[valid] = found.micros
        valid = valid.copy()
        valid[valid] = found.valid
        return _moments(micros, self.type), valid


class Misfit(Exception):  # noqa: N818  no error: it says what to do instead
    """Cells that came late show that another plan is needed."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.name)
        self.plan = plan


def _without(texts: pa.Array, gone: npt.NDArray[np.bool_]) -> pa.Array:
    return (
        pc.if_else(pa.array(gone), pa.scalar(None, TEXT), texts)
        if gone.any()
        else texts
    )


def _moments(micros: npt.NDArray[np.int64], type_: pa.DataType) -> pa.Array:
    return pa.array(micros).cast(pa.timestamp("us")).cast(type_)
