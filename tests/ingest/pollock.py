"""One table of 84 rows and 9 columns, polluted in one way per file.

After the description of Pollock (Vitagliano et al., VLDB 2023): the same pollutions and
measures over a table of our own. The truth of a file is the table its writer meant: a
ragged row keeps its ragged cells, a second table is none of the first one's rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from time import perf_counter

from tests.ingest.scores import Messy, means, scores

Rows = list[list[str]]

HEADER = [
    *("order_no", "day", "time", "customer", "quantity"),
    *("unit price", "product", "link", "remark"),
]
CUSTOMERS = ("Ada Lovelace", "Müller, Jörg", "王芳", "O'Neill", "李娜", "Dr. No")
PRODUCTS = ('Screen 27"', "Desk, oak", "Lamp", "Pen & ink", "Chair", '"Best" tea, 50 g')
REMARKS = ("", "gift", "call first,\nthen deliver", "n/a", "to the back door; ring")

# How often each pollution was found in 4,604 real files (reference: section 1 of what
# the benchmark reports); what it does not list shares the rest evenly.
FOUND = {
    "LF": 1691,
    "delimiter ;": 834,
    "no header": 470,
    "preamble": 282,
    "no last newline": 184,
    "delimiter , and space": 101,
    "two tables": 188,
    "header rows": 94,
    "empty": 15,
}
FILES = 4604
MANY = {"row less delimiter", "row more delimiter", "stray quote", "row delimiter"}


def source() -> Rows:
    """Give the clean table: ids, dates, numbers, texts that need quotes, gaps."""
    return [HEADER] + [
        [
            f"{7 * i:06d}",
            f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}",
            f"{i % 24:02d}:{7 * i % 60:02d}",
            CUSTOMERS[i % len(CUSTOMERS)],
            str(i % 9 + 1),
            f"{0.5 * i + 1.25:.2f}",
            PRODUCTS[(i // 2) % len(PRODUCTS)],
            f"https://shop.example/p?id={i}&ref=a" if i % 5 else "",
            REMARKS[i % len(REMARKS)],
        ]
        for i in range(1, 84)
    ]


def cell(
    text: str, *, delimiter: str = ",", quote: str = '"', escape: str | None = None
) -> str:
    """Write a cell, quoted where it must be; quotes within are doubled or escaped."""
    if not any(mark in text for mark in (delimiter.strip() or " ", quote, "\r", "\n")):
        return text
    inside = text.replace("\\", "\\\\") if escape == "\\" else text
    within = quote * 2 if escape is None else escape + quote
    return quote + inside.replace(quote, within) + quote


def line(
    row: list[str], delimiter: str = ",", quote: str = '"', escape: str | None = None
) -> str:
    """Write a row."""
    return delimiter.join(
        cell(text, delimiter=delimiter, quote=quote, escape=escape) for text in row
    )


def text(rows: Rows, end: str = "\r\n", **how: str | None) -> str:
    """Write a table."""
    return "".join(line(row, **how) + end for row in rows)


def files() -> Iterator[Messy]:
    """Give all files: 1 clean, 12 tables, 1,428 ragged rows, 849 structures."""
    yield _file("source", "none", text(source()))
    yield from _tables()
    yield from _ragged()
    yield from _structures()


def _file(name: str, pollution: str, content: str, rows: Rows | None = None) -> Messy:
    rows = source() if rows is None else rows
    return Messy(name, pollution, content.encode(), rows[0] if rows else [], rows[1:])


def _tables() -> Iterator[Messy]:
    rows = source()
    body = text(rows)
    groups = ["order", "", "", "buyer", "amount", "", "goods", "", "remark"]
    filled = ["order"] * 3 + ["buyer"] + ["amount"] * 2 + ["goods"] * 2 + ["remark"]
    units = ["(text)", "(ISO)", "(h)", "(name)", "(pcs)", "(EUR)", *["(text)"] * 3]
    yield Messy("no header", "no header", text(rows[1:]).encode(), [], rows[1:])
    for above, below in (([groups], []), ([groups], [units])):
        parts = zip(filled, HEADER, *below, strict=True)
        names = [" ".join(part) for part in parts]
        content = text([*above, HEADER, *below, *rows[1:]])
        yield Messy(
            f"{len(above) + len(below) + 1} header rows",
            "header rows",
            content.encode(),
            names,
            rows[1:],
        )
    title = "Orders of the shop\r\nexported on 2025-01-03, all times local\r\n\r\n"
    yield _file("preamble", "preamble", title + body)
    for width in (5, 9, 12):
        second = [[f"name {x}" for x in range(width)]] + [
            [f"{x}-{y}" if x % 2 else str(x * y) for x in range(width)]
            for y in range(1, 12)
        ]
        yield _file(f"two tables {width}", "two tables", body + "\r\n" + text(second))
    yield _file("empty", "empty", "", [])
    yield _file("header only", "header only", text(rows[:1]), rows[:1])
    yield _file("one row", "one row", text(rows[:2]), rows[:2])
    yield _file("two last newlines", "last newlines", body + "\r\n")
    yield _file("no last newline", "no last newline", body.removesuffix("\r\n"))


def _ragged() -> Iterator[Messy]:
    """Drop each delimiter of each row, and add one before or after each cell."""
    rows = source()
    for x, row in enumerate(rows):
        for y in range(len(row) - 1):
            merged = [*row[:y], row[y] + row[y + 1], *row[y + 2 :]]
            changed = [*rows[:x], merged, *rows[x + 1 :]]
            name = f"row {x} less {y}"
            yield _file(name, "row less delimiter", text(changed), changed)
        for y in range(len(row)):
            longer = [*row[: y + 1], "", *row[y + 1 :]]
            changed = [*rows[:x], longer, *rows[x + 1 :]]
            name = f"row {x} more {y}"
            yield _file(name, "row more delimiter", text(changed), changed)


def _structures() -> Iterator[Messy]:
    rows = source()
    marks = {";": ";", "\t": "tab", " ": "space", ", ": ", and space"}
    for mark, name in marks.items():
        content = text(rows, delimiter=mark)
        yield _file(f"delimiter {name}", f"delimiter {name}", content)
    yield _file("quote '", "quote '", text(rows, quote="'"))
    yield _file("escape \\", "escape \\", text(rows, escape="\\"))
    yield _file("escape none", "escape none", text(rows, escape=""))
    yield _file("LF", "LF", text(rows, end="\n"))
    yield _file("CR", "CR", text(rows, end="\r"))
    for x, row in enumerate(rows):
        for y in range(len(row)):
            yield _stray(rows, x, y)
        content = text(rows[:x]) + line(row, delimiter=";") + "\r\n"
        yield _file(f"row {x} ;", "row delimiter", content + text(rows[x + 1 :]))


def _stray(rows: Rows, x: int, y: int) -> Messy:
    """Put a quote before, amid or behind a cell, as no writer would."""
    row = rows[x]
    plain, at = row[y], len(row[y]) * ((x + y) % 3) // 2
    wrong = plain[:at] + '"' + plain[at:]
    if cell(plain) == plain:
        raw = wrong
    else:
        parts = (plain[:at].replace('"', '""'), plain[at:].replace('"', '""'))
        raw = '"' + '"'.join(parts) + '"'
    cells = [raw if i == y else cell(one) for i, one in enumerate(row)]
    content = text(rows[:x]) + ",".join(cells) + "\r\n" + text(rows[x + 1 :])
    changed = [*rows[:x], [*row[:y], wrong, *row[y + 1 :]], *rows[x + 1 :]]
    return _file(f"row {x} quote {y}", "stray quote", content, changed)


def judged(
    every: int = 1, look: Callable[[Messy, float], None] = lambda *_: None
) -> tuple[dict[str, list[float]], list[float], list[float]]:
    """Read the files; give the means per pollution, over all, and by frequency.

    Of pollutions that are written into each row or cell, one file in `every` is read.
    `look` is called with each file and the seconds that it took.
    """
    count: Counter[str] = Counter()
    got: list[tuple[str, list[float]]] = []
    for file in files():
        count[file.pollution] += 1
        if file.pollution not in MANY or count[file.pollution] % every == 0:
            start = perf_counter()
            got.append((file.pollution, scores(file)))
            look(file, perf_counter() - start)
    rest = (FILES - sum(FOUND.values())) / len(count.keys() - FOUND.keys())
    per = {
        pollution: means((1, values) for one, values in got if one == pollution)
        for pollution in count
    }
    weighted = [(FOUND.get(one, rest), values) for one, values in per.items()]
    return per, means((1, values) for _, values in got), means(weighted)
