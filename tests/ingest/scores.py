"""How well a file was read: the ten measures of Pollock (VLDB 2023), written anew.

Success, and precision, recall and F1 of header cells, records and cells, each compared
as a multiset with the truth, on the table as text.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import opslib as ops

MEASURES = (
    "success",
    *(
        f"{part} {measure}"
        for part in ("header", "record", "cell")
        for measure in "PRF"
    ),
)


@dataclass(frozen=True)
class Messy:
    """A file, what is wrong with it, and the table that stands in it."""

    name: str
    pollution: str
    content: bytes
    header: list[str]
    records: list[list[str]]


def read(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Read a file as text, told nothing; names that were made up are no header."""
    table = ops.read_table(content, types=False)
    header = list(table.frame.columns) if table.report.header_rows else []
    return header, table.frame.to_numpy().tolist()


def scores(file: Messy) -> list[float]:
    """Give the ten measures of one file, each 0 to 1, in the order of MEASURES."""
    try:
        header, records = read(file.content)
    except ops.Error:
        return [0.0] * len(MEASURES)
    pairs = [
        (header, file.header),
        (map(_normal, records), map(_normal, file.records)),
        ([c for row in records for c in row], [c for row in file.records for c in row]),
    ]
    return [1.0, *(value for got, true in pairs for value in _agreement(got, true))]


def _normal(record: Iterable[str]) -> str:
    return "\x1f".join(" ".join(cell.split()) for cell in record)


def _agreement(got: Iterable[str], true: Iterable[str]) -> tuple[float, float, float]:
    found, wanted = Counter(got), Counter(true)
    if not found and not wanted:
        return 1.0, 1.0, 1.0
    both = (found & wanted).total()
    precision = both / found.total() if found else 0.0
    recall = both / wanted.total() if wanted else 0.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def means(rows: Iterable[tuple[float, list[float]]]) -> list[float]:
    """Average the measures of files, each with its weight; their sum is at most 10."""
    rows = list(rows)
    total = sum(weight for weight, _ in rows)
    return [
        sum(weight * values[i] for weight, values in rows) / total
        for i in range(len(MEASURES))
    ]
