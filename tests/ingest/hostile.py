"""Files that a stranger might send, each with what must become of it.

A file is loaded, with the values stated here, or refused, with a sentence that says why
and what to do. Nothing else is allowed: no traceback, no hang, no silent loss.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from opslib.ingest.child import import_file, open_table
from opslib.ingest.report import Table
from opslib.result import Error
from opslib.words import LANGUAGES

ROOT = Path(__file__).parents[2]
SECONDS = 30
MEMORY = 1536 << 20
LIMITS: dict[str, Any] = {"seconds": SECONDS, "memory": MEMORY}
GROWTH = 200 << 20


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file and its required outcome.

    Attributes:
        content: Makes the bytes, the same ones each time.
        refused: Codes of which one is the answer; empty when the file is loaded.
        says: What the sentence of the refusal must contain.
        rows, columns, kind: Of the table; None is not asked.
        cells: (column, row from 0) to value; None is a missing one.
        notes: Codes that must be among the changes and warnings.
        aside: Rows set aside.
        large: Too slow for every run.
    """

    file: str
    content: Callable[[], bytes]
    refused: tuple[str, ...] = ()
    says: str = ""
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    kind: str | None = None
    cells: Mapping[tuple[str, int], Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    aside: int = 0
    large: bool = False

    def write(self, folder: Path) -> Path:
        path = folder / self.file
        path.write_bytes(self.content())
        return path


def refused(file: str, content: Any, *codes: str, **more: Any) -> Case:
    return Case(file=file, content=_lazy(content), refused=codes, **more)


def loaded(file: str, content: Any, rows: int | None = None, **more: Any) -> Case:
    return Case(file=file, content=_lazy(content), rows=rows, **more)


def _lazy(content: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        plain = content() if callable(content) else content
        return plain.encode() if isinstance(plain, str) else plain

    return made


NAMES = ("user_id", "event", "time")


def events(n: int = 30, **first: str) -> str:
    """A plain log of `n` rows; `first` replaces cells of its first row."""
    rows = [
        {"user_id": f"u{i % 7}", "event": ("view", "cart", "buy")[i % 3]}
        | {"time": f"2025-01-{i % 28 + 1:02} 10:00:00"}
        for i in range(n)
    ]
    rows[0] |= first
    lines = [",".join(NAMES), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def column(name: str, *cells: str) -> str:
    """A table of two columns: a number of its own per row, and these cells."""
    return f"n,{name}\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells, 1))


class Reader:
    """One child process that reads file after file, as `python -m opslib read` does.

    Starting a child takes a second; two hundred small files share one. What they would
    do to it they would do to a child of their own, which tests/slow asks for.
    """

    SCRIPT = """
import contextlib, io, json, sys
from opslib.__main__ import main
for line in sys.stdin:
    path, into, memory, lang = json.loads(line)
    try:
        main(["read", path, "--into", into, "--memory", memory])
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
            main(["read", path, "--lang", lang])
        print(json.dumps({"shown": shown.getvalue()}), flush=True)
    except BaseException as fault:
        print(json.dumps({"fault": repr(fault)}), flush=True)
"""

    def __init__(self, home: Path) -> None:
        places = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
        # Pools reserve address space that the limit would count.
        calm = {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}
        calm |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
        self.home, self.places = home, os.environ | places | calm
        self._start()

    def _start(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", self.SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.places,
            cwd=self.home,
            encoding="utf-8",
        )

    def read(self, path: Path, into: Path, lang: str) -> tuple[Table | Error, str]:
        """Give what became of a file, and what a person at a terminal is shown."""
        into.mkdir()
        stop = threading.Timer(SECONDS, self.child.kill)
        stop.start()
        order = json.dumps([str(path), str(into), str(MEMORY), lang])
        self.child.stdin.write(order + "\n")
        self.child.stdin.flush()
        last, told = {}, {}
        while not {"shown", "fault"} & set(told):
            line = self.child.stdout.readline()
            last, told = told, json.loads(line) if line else {"fault": "died"}
        stop.cancel()
        if told == {"fault": "died"}:
            # The next file shall not suffer from this one.
            self.close()
            self._start()
        assert "fault" not in told, told["fault"]
        error = last.get("error")
        answer = Error(error["code"], **error["values"]) if error else open_table(into)
        return answer, told["shown"]

    def close(self) -> None:
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait(SECONDS)


def imported(path: Path, into: Path, **more: Any) -> Table | Error:
    """Give what becomes of a file in a child of its own."""
    try:
        return import_file(path, into, **LIMITS, **more)
    except Error as error:
        return error


def judge(case: Case, answer: Table | Error) -> None:
    """Hold the required outcome of a case against what became of it."""
    if isinstance(answer, Error):
        assert answer.code in case.refused, answer.text()
        assert case.says in answer.text("en")
        for lang in LANGUAGES:
            assert fit_to_show(answer.text(lang))
        return
    assert not case.refused, answer.report
    frame, report = answer.frame, answer.report
    assert len(frame) == report.rows
    assert case.rows in {None, report.rows}
    assert case.kind in {None, report.kind}
    assert len(report.set_aside) == case.aside
    if case.columns is not None:
        # Behind the columns of the file may stand one of row numbers.
        assert tuple(frame.columns[: len(case.columns)]) == case.columns
    for (name, row), value in case.cells.items():
        got = frame[name].iloc[row]
        assert pd.isna(got) if value is None else got == value, (name, row, got)
    assert set(case.notes) <= {
        note.code for note in (*report.changes, *report.warnings)
    }


def fit_to_show(text: str) -> bool:
    """Say whether a text tells nothing of the server and does nothing to a terminal."""
    plain = not any(
        unicodedata.category(char) == "Cc" for char in text.replace("\n", "")
    )
    secrets = ("Traceback", str(ROOT), sys.prefix, tempfile.gettempdir())
    return plain and bool(text) and not any(secret in text for secret in secrets)


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def resident() -> int:
    """Bytes of memory that this process holds now, where the system tells."""
    if not Path("/proc/self/statm").exists():
        return 0
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
