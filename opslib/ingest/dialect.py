"""Text to dialect: which delimiter and quote, and where the table begins.

After van den Burg, Nazábal and Sutton, "Wrangling messy CSV files by detecting row and
type patterns" (2019): the right dialect makes rows equally wide and cells recognisable.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from opslib.ingest.layout import find_head
from opslib.ingest.quotes import mend
from opslib.ingest.values import cell_kind

WHITESPACE = " "
DELIMITERS = (",", ";", "\t", "|", "||", "^", "~", "\x01", ":", WHITESPACE)
# Marks that are as common in text and times as between cells: only a grid counts.
COMMON = (WHITESPACE, ":")
# csv cuts at one character; this one stands for a delimiter of two.
STAND_IN = "\x1f"
SAMPLE_LINES = 200
SAMPLE_CHARS = 1 << 18
LONGEST_RECORD = 1_000


@dataclass(frozen=True)
class Dialect:
    """How the lines of a text are cut into cells.

    Attributes:
        delimiter: One character, or two of the same.
        quote: One character, or "" when quotes mean nothing.
        escape: What stands before a quote within quotes; None when it is doubled.
        spaced: A space after the delimiter is no part of the cell.
        runs: Any run of white space is one delimiter.
        width: Cells of a normal row.
        preamble: Rows before the header that are no part of the table.
        header_rows: 0 when the first row is already data.
        kinds: What each column holds, as far as the sample shows.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    spaced: bool = False
    runs: bool = False
    width: int = 1
    preamble: int = 0
    header_rows: int = 1
    kinds: tuple[str, ...] = ()

    def options(self) -> dict[str, Any]:
        """Say it as csv.reader wants to hear it."""
        return {
            "delimiter": self.delimiter if len(self.delimiter) == 1 else STAND_IN,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "doublequote": self.escape is None,
            "skipinitialspace": self.spaced,
        }

    @cached_property
    def _strict(self) -> Any:  # noqa: ANN401
        """The options, checked once: files of stray quotes need them for every line."""
        return csv.reader([], **self.options(), strict=True).dialect

    def cut(self, lines: Sequence[str], *, strict: bool = False) -> list[list[str]]:
        """Cut a few lines into rows, one empty row for a blank line.

        Strictly, a quote out of place is a `csv.Error`; else it may vanish.

        Example:
            >>> Dialect(" ", runs=True).cut([" 00001 19970101  1   11.77"])
            [['00001', '19970101', '1', '11.77']]
        """
        return list(csv.reader(self.prepared(lines), **self.options(), strict=strict))

    def prepared(self, lines: Sequence[str]) -> Sequence[str]:
        """Make lines fit for csv.reader, where they are not."""
        if self.runs:
            lines = [" ".join(line.split()) for line in lines]
        if len(self.delimiter) > 1:
            whole = re.compile(f'("(?:[^"]|"")*")|{re.escape(self.delimiter)}')
            lines = [whole.sub(lambda m: m[1] or STAND_IN, line) for line in lines]
        if self.escape:
            # Only quotes are escaped: \N and C:\new keep what they have.
            pair = re.compile(rf"\\[\\{self.quote}]|\\")
            lines = [pair.sub(lambda m: m[0].ljust(2, "\\"), line) for line in lines]
        return lines

    def record(
        self,
        lines: Sequence[str],
        i: int,
        *,
        mends: bool = True,
        longest: int = LONGEST_RECORD,
    ) -> tuple[list[str], int, bool]:
        """Cut the record that begins at line `i`.

        A record may span lines, a stray quote must not: on one line a wrong quote is
        mended; over lines it is not, since two stray quotes in different rows would
        make one row of all between them.

        Args:
            lines: Lines with their ends.
            i: Where the record begins.
            mends: Try other ways of reading its quotes when csv's own gives no row.
            longest: Most lines that it may span.

        Returns:
            The cells, the number of lines used, and whether quotes were out of place.
        """
        if not self.quote or self.quote not in lines[i]:
            return self._alone(lines[i]), 1, False
        for most in (1, 20, longest) if mends else (1, 20):
            part = self.prepared(lines[i : i + most])
            reader = csv.reader(part, self._strict)
            try:
                row = next(reader)
            except csv.Error:
                continue
            if reader.line_num == 1 or self.width in (1, len(row)):
                return row, reader.line_num, False
            break
        for used in (1, 2, 3) if mends else ():
            mended = self._mended("".join(lines[i : i + used]))
            if mended is not None:
                return mended, used, True
        return self._split(lines[i]), 1, True

    def otherwise(self, row: Sequence[str]) -> list[str] | None:
        """Cut a row that is too short by another delimiter, if that fits exactly.

        Example:
            >>> Dialect(",", width=3).otherwise(["1;x;2"])
            ['1', 'x', '2']
        """
        if self.width < 3 or len(row) >= self.width or self.runs:
            return None
        line = self.delimiter.join(row)
        for mark in DELIMITERS[:4]:
            if mark != self.delimiter and line.count(mark) >= self.width - 1:
                cells, used, _ = replace(self, delimiter=mark).record([line], 0)
                if used == 1 and len(cells) == self.width:
                    return cells
        return None

    @classmethod
    def of(cls, delimiter: str, quote: str) -> "Dialect":
        """Give the dialect of a report; cells of a workbook are written with tabs."""
        return cls(delimiter or "\t", quote, runs=delimiter == " ")

    def pieces(self, text: str) -> list[str]:
        """Cut what `joined` has written; a text that cannot be cut is one cell."""
        try:
            return self.cut([text])[0]
        except (csv.Error, IndexError):
            return [text]

    def joined(self, row: Sequence[str]) -> str:
        """Write a row again as the file has it, as far as the dialect can."""
        if len(row) == 1 and self.delimiter not in row[0]:
            return row[0]
        target = io.StringIO()
        options = {**self.options(), "quotechar": self.quote or '"'}
        options.update(quoting=csv.QUOTE_MINIMAL, escapechar=None, doublequote=True)
        csv.writer(target, **options, lineterminator="").writerow(row)
        return target.getvalue().replace(STAND_IN, self.delimiter)

    def _mended(self, text: str) -> list[str] | None:
        if len(self.delimiter) > 1 or self.runs:
            return None
        return mend(
            text.rstrip("\r\n"),
            self.width,
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            spaced=self.spaced,
        )

    def _alone(self, line: str) -> list[str]:
        try:
            return next(iter(self.cut([line])), [])
        except csv.Error:
            # A cell beyond csv's limit; split by hand, whatever its quotes say.
            return self._split(line)

    def _split(self, line: str) -> list[str]:
        """Cut a line at every delimiter: its quotes are characters."""
        if self.runs:
            return line.split()
        cells = line.rstrip("\r\n").split(self.delimiter)
        return [cell.lstrip(" ") for cell in cells] if self.spaced else cells


def sample(text: str) -> tuple[list[str], list[str]]:
    r"""Take the first lines of a text, and some whole lines of its middle and end.

    Example:
        >>> sample("a,b\n1,2\n")
        (['a,b\n', '1,2\n'], [])
    """
    size = 4 * SAMPLE_CHARS
    ends = [end for mark in "\r\n" if (end := text.find(mark)) >= 0]
    first = min(ends, default=len(text)) + 2
    beginning = text[: max(size, first)]
    head = _lines(beginning, SAMPLE_LINES)
    if sum(line.count('"') for line in head) % 2:
        # A record may be longer than the sample; what follows it tells its width.
        head = _lines(beginning, SAMPLE_LINES + LONGEST_RECORD)
    more: list[str] = []
    if (read := sum(map(len, head))) < len(text):
        for at in (len(text) // 2, len(text) - size // 8):
            start = max(read, at)
            # The first line is cut somewhere, and perhaps the last.
            part = _lines(text[start : start + size // 8], SAMPLE_LINES // 2 + 2)
            more += part[1:-1]
    return head, more


def _lines(text: str, most: int) -> list[str]:
    return list(islice(io.StringIO(text, newline=""), most))


def sniff(
    lines: Sequence[str],
    more: Sequence[str] = (),
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    header_rows: int | None = None,
) -> Dialect:
    """Find the dialect of a sample of lines; what is given is taken as given.

    Args:
        lines: The first lines of the text.
        more: Lines from elsewhere in it, so that its head does not decide alone.
        delimiter: Known, not to be guessed.
        quote: Known, "" for none.
        header_rows: Known, 0 for none.

    Example:
        >>> found = sniff(["day;sum", "1.5.2024;1,5", "2.5.2024;2,5"])
        >>> found.delimiter, found.width, found.header_rows
        (';', 2, 1)
    """
    head = [line.rstrip("\r\n") for line in lines]
    seen = [_shortened(line) for line in _within(head, SAMPLE_CHARS)]
    seen += [_shortened(line.rstrip("\r\n")) for line in _within(more, SAMPLE_CHARS)]
    best = Dialect(delimiter or ",", '"' if quote is None else quote)
    best = replace(best, runs=delimiter == WHITESPACE)
    least = best_score = 0.3 if delimiter is None else 0.0
    for one in _candidates(seen, delimiter, quote):
        score = _score(one, seen)
        if score > best_score:
            best, best_score = one, score
    rows = list(_records(best, [*head, *more]))
    width = _width(rows, alone=best_score == least)
    best = replace(best, width=width - _ends_in_delimiter(rows, width))
    # Once more, now that the width tells which quotes are out of place.
    rows = [best.otherwise(row) or row for row in _records(best, head)]
    found = find_head(rows, best.width, header_rows)
    return replace(
        best, preamble=found.preamble, header_rows=found.rows, kinds=found.kinds
    )


def _shortened(line: str) -> str:
    """Leave out the middle of a very long line: its end may close its beginning."""
    return line if len(line) <= 20_000 else line[:10_000] + line[-10_000:]


def _within(lines: Sequence[str], most: int) -> Iterator[str]:
    for i, line in enumerate(lines):
        if most < 0 and i > 2:
            return
        most -= len(line)
        yield line


def _candidates(
    sample: Sequence[str], delimiter: str | None, quote: str | None
) -> Iterator[Dialect]:
    text = "\n".join(sample)
    for mark in DELIMITERS if delimiter is None else (delimiter,):
        if mark not in text or (
            mark == "|" and text.count("||") * 2 == text.count("|")
        ):
            continue
        for around in ('"', "'") if quote is None else (quote,):
            between = re.escape(mark)
            # One cell at least must begin and end with it on the same line.
            inside = r"(?:[^'\\\n]|\\.|'')*"
            whole = rf"(?:^|{between} ?)'{inside}'(?:{between}|$)"
            if around == "'" and not re.search(whole, text, re.MULTILINE):
                continue
            one = Dialect(mark, around, escape=_escape(text, mark, around))
            yield replace(one, spaced=_spaced(text, mark, around))
            if mark == WHITESPACE:
                yield replace(one, runs=True)


def _escape(text: str, mark: str, quote: str) -> str | None:
    r"""Say whether quotes within cells are written \" rather than doubled."""
    if not quote or "\\" + quote not in text:
        return None
    end = rf"(?:{re.escape(mark)}|$)"
    before = rf"(?<=[^\\{quote}{re.escape(mark)}\n])"
    escaped = re.findall(rf"\\{quote}(?!{end})|\\{quote}(?={quote}{end})", text, re.M)
    doubled = re.findall(rf"{before}{quote}{quote}(?!{end})", text, re.M)
    return "\\" if len(escaped) > len(doubled) else None


def _spaced(text: str, mark: str, quote: str) -> bool:
    """Say whether the writer puts a space after every delimiter (`1, "a, b"`)."""
    if mark == WHITESPACE or f"{mark} " not in text:
        return False
    if quote:
        text = re.sub(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "", text)
    ends = re.findall(rf"{re.escape(mark)}(.?)", text)
    return bool(ends) and all(end in {"", " "} for end in ends)


def _records(dialect: Dialect, lines: Sequence[str]) -> Iterator[list[str]]:
    i = 0
    while i < len(lines):
        row, used, _ = dialect.record(lines, i)
        yield row
        i += used


def _width(rows: Sequence[Sequence[str]], *, alone: bool = False) -> int:
    """Find the usual width: the header's, if a fair share of the usual rows has it.

    Rows of one cell are titles and notes where there are others, unless they stand
    `alone`; and a header that only rows before or behind the usual ones share stands
    above another, smaller table.
    """
    widths = [len(row) for row in rows if any(row)]
    several = [width for width in widths if width > 1]
    counts = Counter(several)
    if not several or (alone and len(several) <= len(widths) / 2):
        return 1
    usual = max(counts, key=lambda width: (counts[width] * (width - 1) / width, width))
    first = several[0]
    if first == usual:
        return usual
    start, end = several.index(usual), len(several) - several[::-1].index(usual)
    amid = several[start:end].count(first)
    least = 0.05 if first == max(several) else 0.1
    return first if amid > least * (end - start) else usual


def _ends_in_delimiter(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Say whether all rows but the header end in a delimiter: one column too many."""
    first = next((row for row in rows if len(row) > 1), ())
    ends = [row[-1] for row in rows if len(row) == width]
    return len(first) == width - 1 > 1 and not any(ends)


def _score(dialect: Dialect, sample: Sequence[str]) -> float:
    """Say how well a dialect cuts: equally wide rows of cells that look whole."""
    rows = [row for row in _records(dialect, sample) if any(row)]
    several = [i for i, row in enumerate(rows) if len(row) > 1]
    width = _width(rows)
    usual = [row for row in rows if len(row) == width]
    if width < 2 or not usual:
        return 0.0
    if len(several) < len(rows) / 2:
        # Below many titles only a block of wide rows is a table, or a mark now and
        # then in a column of texts would be one.
        block = several[-1] - several[0] + 1
        if width < 3 or len(usual) < 3 or len(several) < 0.6 * block:
            return 0.0
    cells = [cell.strip() for row in usual[:100] for cell in row[:50]]
    plain = sum(_plain(cell, dialect) for cell in cells) / len(cells)
    fitting = float(len(usual))
    if width == len(rows[several[0]]) == max(map(len, rows)):
        # Some writers leave out the empty cells at the end of a row.
        fitting += 0.5 * (len(several) - fitting)
    share = fitting / len(several) * (len(several) / len(rows)) ** 0.5
    score = share * width / (width + 0.5) * (0.4 + 0.6 * plain)
    if dialect.delimiter in COMMON:
        # Any sentence splits at its spaces; only a perfect grid counts.
        score *= 0.7 if share > 0.95 else 0.2
    return score if dialect.quote == '"' else score * 0.95


def _plain(cell: str, dialect: Dialect) -> float:
    """Say how much a cell looks whole: typed or a word is 1, a torn piece is 0."""
    if cell_kind(cell) != "text":
        return 1.0
    if any(mark in cell for mark in DELIMITERS[1:4]) or cell.count('"') % 2:
        return 0.1
    if dialect.quote == '"' and (
        cell.startswith('"') or cell.startswith("'") != cell.endswith("'")
    ):
        return 0.1
    return 1.0 if re.fullmatch(r"[\w.@$()-]+", cell) else 0.7
