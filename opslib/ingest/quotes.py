"""A line whose quotes are out of place, cut so that it has as many cells as the others.

Where csv gives up or silently drops a quote, the width of the table says which quotes
open and close a cell and which are characters of a text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

MOST_COLUMNS = 200
MOST_QUOTES = 400
LONGEST = 20_000


@dataclass
class _Line:
    """One text to be cut.

    Attributes:
        steps: Cells that may still be tried: two or three a cell find any honest cut.
        dead: From where no cut into how many cells succeeds.
    """

    text: str
    delimiter: str
    quote: str
    escape: str | None
    spaced: bool
    steps: int
    dead: set[tuple[int, int]] = field(default_factory=set)

    def cells(self, start: int, left: int) -> list[str] | None:
        """Cut the text from a place on into exactly so many cells."""
        if left == 0 or (start, left) in self.dead:
            return None
        if self.spaced:
            start += len(self.text[start:]) - len(self.text[start:].lstrip(" "))
        for cell, end in chain(self._quoted(start), self._plain(start)):
            self.steps -= 1
            if self.steps < 0:
                return None
            if end == len(self.text):
                if left == 1:
                    return [cell]
            elif (rest := self.cells(end + len(self.delimiter), left - 1)) is not None:
                return [cell, *rest]
        self.dead.add((start, left))
        return None

    def _plain(self, start: int) -> Iterator[tuple[str, int]]:
        end = self.text.find(self.delimiter, start)
        end = len(self.text) if end < 0 else end
        yield self.text[start:end], end

    def _quoted(self, start: int) -> Iterator[tuple[str, int]]:
        """Find the ways to close a quote that opens here, the nearest first."""
        if not self.text.startswith(self.quote, start):
            return
        at = start
        while (at := self.text.find(self.quote, at + 1)) > 0:
            end = at + 1
            if end == len(self.text) or self.text.startswith(self.delimiter, end):
                yield self._inside(self.text[start + 1 : at]), end

    def _inside(self, text: str) -> str:
        if self.escape:
            text = text.replace(self.escape + self.quote, self.quote)
            return text.replace(self.escape * 2, self.escape)
        return text.replace(self.quote * 2, self.quote)


def mend(
    text: str,
    width: int,
    *,
    delimiter: str = ",",
    quote: str = '"',
    escape: str | None = None,
    spaced: bool = False,
) -> list[str] | None:
    """Cut a text with stray quotes into `width` cells; None when that cannot be.

    A quote opens a cell only at its start and closes it only at its end; of all such
    cuts the first is taken that closes early and gives the right width.

    Example:
        >>> mend('1,""a, b",3', 3), mend('1,"open,3', 3), mend('"a"b,2', 2)
        (['1', '"a, b', '3'], ['1', '"open', '3'], ['"a"b', '2'])
    """
    if not 2 <= width <= MOST_COLUMNS or len(text) > LONGEST:
        return None
    if text.count(quote) > MOST_QUOTES or text.count(delimiter) < width - 1:
        return None
    steps = 100 + 10 * width
    return _Line(text, delimiter, quote, escape, spaced, steps).cells(0, width)
