"""Reading a stranger's file apart: a child process with limits, and who waits for it.

A parser that dies takes the child with it and never the server. The child is a new
interpreter, not a fork: forking a process with threads is not safe.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pyarrow as pa

from opslib.ingest.printed import printed
from opslib.ingest.read import read, read_table
from opslib.ingest.report import Report, Table
from opslib.result import Error
from opslib.tables import File

MEMORY = 3 << 30
SECONDS = 120
BEAT = 0.2
# No file system has longer ones, and an argument must end somewhere.
LONGEST_NAME = 1_000
# Two threads use up the time of the processor in half the time on the wall.
OUT_OF_TIME = {getattr(signal, "SIGXCPU", None)}
# Readers of Parquet have had holes that a stranger's file could use: whoever runs the
# server may think otherwise of the files that come to it.
ALLOW_PARQUET = "OPSLIB_ALLOW_PARQUET"
TABLE, REPORT = "table.arrow", "report.json"


def import_file(
    path: str | Path,
    into: str | Path,
    *,
    name: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    on_progress: Callable[[str, float], None] | None = None,
) -> Table:
    """Read a file in a child process and leave the table in a folder.

    Parquet is refused unless the environment variable OPSLIB_ALLOW_PARQUET is 1.

    Args:
        path: The file.
        into: Folder for table.arrow and report.json; made if it is not there.
        name: What the report calls the file; by default its own name.
        overrides: As `read_table` takes them.
        seconds: How long the child may take.
        memory: Bytes of address space that it may use, where the system can tell.
        on_progress: Called with stage and share at least every 0.2 s. If it raises,
            the child is ended and the exception goes on: that is how to cancel.

    Raises:
        Error: As `read_table` does; or the child ran out of time or memory, or died.
    """
    path, into = Path(path).absolute(), Path(into)
    # A pipe may never end, nor a device.
    with contextlib.suppress(PermissionError):
        if path.exists() and not path.is_file():
            raise Error("ingest.not_a_file", name=path.name)
    into.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "opslib.ingest.child", str(path)]
    command += ["--into", str(into.absolute()), "--memory", str(memory)]
    command += ["--seconds", str(seconds), "--overrides", json.dumps(overrides or {})]
    # One word: a name may begin with a dash. What no argument can hold is left out.
    command += [] if name is None else [f"--name={_passable(name)}"]
    # Thread pools reserve address space that the limit would count.
    calm = {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL")}
    calm |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
    calm |= {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": _import_path()}
    # What the child leaves on disk goes with the folder.
    calm |= {"TMPDIR": str(into.absolute())}
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, **calm},
            encoding="utf-8",
        )
        try:
            error = _follow(child, seconds, on_progress)
        finally:
            _end(child)
    if error is not None:
        raise error
    return open_table(into)


def _passable(name: str) -> str:
    plain = name[:LONGEST_NAME].encode("utf-8", "replace").decode()
    return plain.replace("\0", "")


def open_table(folder: str | Path) -> Table:
    """Open what `import_file` left in a folder.

    Raises:
        Error: The folder holds no finished import.
    """
    folder = Path(folder)
    try:
        report = Report.from_json((folder / REPORT).read_text(encoding="utf-8"))
        return Table(File(folder / TABLE), report)
    except (OSError, ValueError, KeyError, TypeError):
        raise Error("ingest.child_died") from None


def _import_path() -> str:
    """Let the child find this very package, installed or not."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))


def _follow(
    child: "subprocess.Popen[str]",
    seconds: float,
    on_progress: Callable[[str, float], None] | None,
) -> Error | None:
    """Pass progress on until the child is done; give what went wrong, if anything."""
    lines: Queue[str | None] = Queue()

    def listen() -> None:
        with child.stdout or io.StringIO() as stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    end, stage, share = time.monotonic() + seconds, "open", 0.0
    last: dict[str, Any] = {}
    while True:
        if time.monotonic() > end:
            return Error("ingest.child_time", seconds=seconds)
        with contextlib.suppress(Empty):
            line = lines.get(timeout=BEAT)
            if line is None:
                break
            with contextlib.suppress(ValueError):
                last = json.loads(line)
                stage, share = last.get("stage", stage), last.get("fraction", share)
        if on_progress:
            on_progress(stage, share)
    child.wait()
    if "error" in last:
        return Error(last["error"]["code"], **last["error"]["values"])
    if -child.returncode in OUT_OF_TIME:
        return Error("ingest.child_time", seconds=seconds)
    return None if last.get("done") else Error("ingest.child_died")


def _end(child: "subprocess.Popen[str]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Read a file: print the report for people, or with --into work as the child."""
    parser = argparse.ArgumentParser(prog="python -m opslib read")
    parser.add_argument("file")
    parser.add_argument("--into", help="folder for the table; prints progress as JSON")
    parser.add_argument("--name")
    parser.add_argument("--overrides", type=json.loads, default={}, metavar="JSON")
    parser.add_argument("--lang", default="en", choices=["en", "zh_CN"])
    parser.add_argument("--memory", type=int, default=0, help="bytes; 0 is no limit")
    parser.add_argument("--seconds", type=float, default=0.0, help="0 is no limit")
    asked = parser.parse_args(argv)
    limit(asked.memory, asked.seconds)
    if asked.into is None:
        return _show(asked)
    try:
        _write(asked)
    except Error as error:
        _tell(error={"code": error.code, "values": error.values})
    except (MemoryError, pa.ArrowMemoryError):
        values = {"most": round(asked.memory / 1e6)}
        _tell(error={"code": "ingest.child_memory", "values": values})
    else:
        _tell(done=True)
        return 0
    return 1


def limit(memory: int, seconds: float) -> None:
    """Bound this process where the system can; the parent keeps the time as well."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if seconds:
        most = int(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    # A crash of a parser must not leave a core file with somebody's data.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write(asked: argparse.Namespace) -> None:
    told = 0.0

    def progress(stage: str, share: float) -> None:
        nonlocal told
        if share in {0.0, 1.0} or time.monotonic() - told > 0.1:
            told = time.monotonic()
            _tell(stage=stage, fraction=round(share, 3))

    folder = Path(asked.into)
    report = read(
        asked.file,
        asked.overrides,
        on_progress=progress,
        into=folder / TABLE,
        allow_parquet=os.environ.get(ALLOW_PARQUET) == "1",
    ).report
    if asked.name is not None:
        report = Report(**{**vars(report), "name": asked.name})
    (folder / REPORT).write_text(report.to_json(), encoding="utf-8")


def _tell(**what: Any) -> None:  # noqa: ANN401
    # Escaped: half a surrogate, as a name may hold, cannot be written otherwise.
    sys.stdout.write(json.dumps(what, default=str) + "\n")
    sys.stdout.flush()


def _show(asked: argparse.Namespace) -> int:
    """Print what was understood, for a person at a terminal."""
    try:
        report = read_table(asked.file, **asked.overrides).report
    except Error as error:
        sys.stderr.write(error.text(asked.lang) + "\n")
        return 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character shows a question mark.
        sys.stdout.reconfigure(errors="replace")
    sys.stdout.write(printed(report, asked.lang) + "\n")
    return 0


if __name__ == "__main__":
    # Millions of cells and no circles: the collector would walk through them in vain,
    # for two fifths of the time.
    gc.disable()
    raise SystemExit(main())
