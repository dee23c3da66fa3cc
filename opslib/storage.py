"""Files of a data set on disk: written, synced, sealed by their digests, mapped."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from opslib.dataset import Table
from opslib.eventlog import EventLog
from opslib.result import Error


def write(
    folder: Path,
    tables: Mapping[str, Table],
    report: Any,  # noqa: ANN401
    original: bytes | Path | None,
) -> None:
    """Write the files of a data set under names that are ours."""
    if isinstance(original, bytes):
        (folder / "original").write_bytes(original)
    elif original is not None:
        shutil.copyfile(original, folder / "original")
    if report is not None:
        found = report.to_json() if hasattr(report, "to_json") else report
        text = found if isinstance(found, str) else json.dumps(found)
        (folder / "report.json").write_text(text, encoding="utf-8")
    for kind, table in tables.items():
        path = folder / f"{kind}.arrow"
        if isinstance(table, EventLog):
            table.save(path)
        else:
            _write_frame(table, path, kind)


def _write_frame(frame: pd.DataFrame, path: Path, kind: str) -> None:
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Of columns that Arrow can type, all values are of one type.
        mixed = [
            column
            for column in frame.columns
            if pd.api.types.infer_dtype(frame[column]).startswith("mixed")
        ]
        raise Error("workspace.column", kind=kind, columns=mixed) from None
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as to:
        to.write_table(table)


def read_frame(path: Path) -> pd.DataFrame:
    """Map a table that `write` has written."""
    mapped = pa.memory_map(str(path), "r")
    # Blocks of single columns stay where they are mapped.
    return pa.ipc.open_file(mapped).read_all().to_pandas(split_blocks=True)


def seal(folder: Path, timezone: str) -> tuple[str | None, str]:
    """Sync all files; return the digests of the original and of all content."""
    content = hashlib.sha256(timezone.encode())
    original = None
    for path in sorted(folder.iterdir()):
        sync(path)
        if path.name != "report.json":
            digest = fingerprint(path)
            content.update(f"\n{path.name} {digest}".encode())
            original = digest if path.name == "original" else original
    sync(folder)
    return original, content.hexdigest()


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for a folder, and needs none.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fingerprint(source: bytes | Path) -> str:
    """Return the digest of a file, by which `Workspace.find` knows it again.

    Example:
        >>> fingerprint(b"user,time")[:8]
        '717e5648'
    """
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Say in words that the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Error("workspace.full") from error


@contextlib.contextmanager
def removed_on_failure(*paths: Path) -> Iterator[None]:
    """Leave none of these files and folders behind when something goes wrong."""
    try:
        yield
    except BaseException:
        for path in paths:
            remove(path)
        raise


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there.

    Windows keeps a file that a session has open: the next start sweeps it.
    """
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
