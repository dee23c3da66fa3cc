"""Where data sets come from: the workspace, a file, or the demo."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opslib import simulate
from opslib.dataset import Dataset, from_file, from_frame
from opslib.ingest import read_table
from opslib.kinds import KINDS
from opslib.result import Error
from opslib.storage import fingerprint
from opslib.tables import File
from opslib.workspace import ID, Workspace, features

if TYPE_CHECKING:
    from opslib.ingest import Table

DEMOS = {"demo": "en", "demo-zh": "zh_CN"}


def open(  # noqa: A001
    id_or_path: str | Path,
    *,
    timezone: str = "UTC",
    kind: str | None = None,
    roles: Mapping[str, str | None] | None = None,
) -> Dataset:
    """Open a data set of the workspace, the demo, or a file.

    Args:
        id_or_path: An id, "demo", "demo-zh", or the path of a file.
        timezone: Where the wall clock of a file's naive times hangs; a saved data set
            has its own.
        kind: What the rows of a file are, see `from_table`.
        roles: Role -> column of a file; others are as recognised, and None takes a
            role away.

    Raises:
        Error: No such data set or file, or a file that is not understood.
    """
    name = str(id_or_path)
    if name in DEMOS:
        return demo(flavour=DEMOS[name])
    if ID.fullmatch(name):
        return Workspace().open(name)
    path = Path(id_or_path)
    if not path.is_file():
        raise Error("workspace.no_file", path=name)
    table = read_table(path, kind=kind, roles=roles)
    return from_table(table, kind=kind, timezone=timezone, name=path.name)


def from_table(
    table: "Table",
    *,
    kind: str | None = None,
    roles: Mapping[str, str] | None = None,
    timezone: str = "UTC",
    name: str = "",
) -> Dataset:
    """Make a data set of one table that was read from a file.

    Args:
        table: What `read_table` returns.
        kind: What its rows are, one of `kinds.KINDS`; None: as recognised.
        roles: Role -> column; None: those recognised that the kind can have.
        timezone: Where the wall clock of naive times hangs.
        name: What people call it.

    Raises:
        Error: The kind is not clear, or see `dataset.from_frame`.
    """
    kind = kind or table.report.kind
    if not kind:
        columns = [str(column) for column in table.columns.names]
        raise Error("dataset.no_kind", name=name, choices=[*KINDS], columns=columns)
    if roles is None:
        known = KINDS[kind].roles if kind in KINDS else ()
        found = table.report.roles
        roles = {role: column for role, column in found.items() if role in known}
    if kind == "events" and isinstance(table.columns, File):
        return from_file(
            table.columns, roles=roles, timezone=timezone, name=name, features=features
        )
    return from_frame(
        table.frame,
        kind=kind,
        roles=roles,
        timezone=timezone,
        name=name,
        features=features,
    )


def demo(users: int = 2000, seed: int = 0, flavour: str = "en") -> Dataset:
    """Make the demo shop: the same one for the same arguments.

    Args:
        users: How many users.
        seed: Chooses the shop.
        flavour: Language of its labels, "en" or "zh_CN".

    Raises:
        Error: `users` out of range, or a flavour that there is not.

    Example:
        >>> d = demo(users=20)
        >>> "events" in d.kinds, d.events.users[0].as_py()
        (True, 'U100001')
    """
    tables = simulate.tables(users=users, seed=seed, flavour=flavour)
    id_ = {flavour: id_ for id_, flavour in DEMOS.items()}[flavour]
    plain = (users, seed) == (2000, 0)
    return Dataset(
        id_ if plain else "",
        id_,
        tables,
        digest=fingerprint(f"{id_} {users} {seed}".encode()),
        features=features,
    )
