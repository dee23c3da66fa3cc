"""Cells to a table: the type of each column, what the table is, and what to tell."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib import personal
from opslib.ingest import conversion, facts, reshape, roles
from opslib.ingest.ahead import ahead
from opslib.ingest.columns import Evidence, decide
from opslib.ingest.dialect import Dialect
from opslib.ingest.plans import Plan
from opslib.ingest.report import Column, Report, Table
from opslib.ingest.spool import TEXT, Spool
from opslib.kinds import IDS
from opslib.result import Error, Note
from opslib.tables import File, Frame, as_series

# What is left of a long id that a spreadsheet took for a number.
ROUNDED = re.compile(r"\d\.\d+[eE]\+\d{2}")
Progress = Callable[[str, float], None]


def as_it_stands(
    spool: Spool, names: Sequence[str], report: Report, into: Path | None
) -> Table:
    """Give every cell as the text that stands in the file."""
    batches = (batch.columns for batch in spool.batches())
    schema = pa.schema([(name, TEXT) for name in names])
    _, columns = conversion.assembled(batches, schema, into, spilled=spool.spilled)
    described = tuple(Column(name, "text") for name in names)
    return Table(columns, replace(report, columns=described))


def typed(
    spool: Spool,
    names: list[str],
    report: Report,
    *,
    known: Mapping[str, Any],
    tell: Progress,
    into: Path | None,
) -> Table:
    """Find the type of every column and the role of some, and convert the cells."""
    named = report.header_rows > 0
    given: Mapping[str, str | None] = known.get("roles", {})
    for column in given.values():
        if column is not None and column not in names:
            raise Error("option.column", option="roles", got=column, choices=names)

    def plan(i: int, *, as_id: bool) -> Plan:
        evidence = Evidence()
        for batch in spool.batches([i]):
            evidence.add(batch.columns[0])
        comma = report.delimiter != ","
        return decide(evidence, names[i], named=named, as_id=as_id, comma=comma)

    ids = {column for role, column in given.items() if role in IDS}
    plans: list[Plan] = []
    for one in ahead(lambda i: plan(i, as_id=names[i] in ids), range(len(names))):
        plans.append(one)
        tell("types", 0.5 * len(plans) / len(names))
    kind = known.get("kind")
    sample = conversion.sample(spool, plans)
    found = roles.recognise(sample, named=named, kind=kind, roles=dict(given))
    for role in set(IDS) & set(found.roles):
        i = names.index(found.roles[role])
        if plans[i].kind != "text":
            plans[i] = plan(i, as_id=True)
            sample = conversion.sample(spool, plans)
    if reshape.settle(sample, found, kind=kind)[2]:
        return _reshaped(spool, plans, found, report, kind=kind, tell=tell, into=into)
    added, by_role, notes = _completed(names, found)
    done = conversion.converted(spool, plans, added, tell, into)
    _count_owners(plans, by_role, done.columns)
    offers = reshape.offers(sample, found)
    if offers and spool.spilled:
        offers = reshape.offers(Table(done.columns, report).frame, found)
    tell("roles", 1.0)
    plan_of = {plan.name: plan for plan in plans}
    described = [
        _column(done.table.column(name), name, plan_of.get(name))
        for name in done.table.column_names
    ]
    changes = [*notes, *(note for one in plans for note in one.changes)]
    found = replace(found, roles=by_role)
    report = _told(
        report, found, described, plans=plans, failed=done.failed, changes=changes
    )
    return Table(done.columns, replace(report, offers=offers))


def _reshaped(
    spool: Spool,
    plans: list[Plan],
    found: roles.Recognised,
    report: Report,
    *,
    kind: str | None,
    tell: Progress,
    into: Path | None,
) -> Table:
    """Make a table of other rows than the file has; it is small enough for memory."""
    done = conversion.converted(spool, plans, {}, tell, None)
    whole = Table(done.columns, report).frame
    frame, found, changes = reshape.settle(whole, found, kind=kind)
    columns: Frame | File = Frame(frame)
    if into is not None:
        made = pa.Table.from_pandas(frame, preserve_index=False)
        texts = [pa.types.is_string(field.type) for field in made.schema]
        for i in np.flatnonzero(texts):
            made = made.set_column(i, made.field(i).name, made.column(i).cast(TEXT))
        with pa.ipc.new_file(str(into), made.schema) as writer:
            writer.write_table(made)
        columns = File(into)
    tell("roles", 1.0)
    described = [_described(frame[name]) for name in frame.columns]
    changes += [note for one in plans for note in one.changes]
    report = _told(
        report, found, described, plans=plans, failed=done.failed, changes=changes
    )
    return Table(columns, replace(report, made=len(frame)))


def _told(
    report: Report,
    found: roles.Recognised,
    columns: list[Column],
    *,
    plans: list[Plan],
    failed: list[tuple[str, int, str]],
    changes: list[Note],
) -> Report:
    """Put into the report what the table is; what is personal in it is masked."""
    dialect = Dialect.of(report.delimiter, report.quote)
    cells = pd.DataFrame(failed, columns=["column", "row", "text"]).astype(
        {"column": "str", "row": "int64", "text": "str"}
    )
    role_of = {column: role for role, column in found.roles.items()}
    return replace(
        report,
        columns=tuple(
            _masked(
                replace(one, role=role_of.get(one.name, "")),
                found.personal.get(one.name, ""),
            )
            for one in columns
        ),
        set_aside=personal.mask_rows(
            report.set_aside,
            found.personal,
            columns=[plan.name for plan in plans],
            cut=dialect.pieces,
            joined=dialect.joined,
        ),
        cells=personal.mask_cells(cells, found.personal),
        personal=found.personal,
        kind=found.kind,
        roles=found.roles,
        confidence=found.confidence,
        runner_up=found.runner_up,
        runner_up_confidence=found.runner_up_confidence,
        fits={role: fit for role, fit in found.fits.items() if role in found.roles},
        others={
            role: name for role, name in found.others.items() if role in found.roles
        },
        changes=(*report.changes, *changes),
        warnings=(*report.warnings, *_warnings(found, plans, failed, report)),
    )


def _count_owners(
    plans: list[Plan], roles_: Mapping[str, str], columns: File | Frame
) -> None:
    """Count users or units exactly, however many there are."""
    owners = {roles_.get("user"), roles_.get("unit")}
    for i, plan in enumerate(plans):
        if plan.capped and plan.name in owners and (found := columns.coded(plan.name)):
            plans[i] = replace(plan, distinct=len(found.texts), capped=False)


def _completed(
    names: list[str], found: roles.Recognised
) -> tuple[dict[str, conversion.Added], dict[str, str], list[Note]]:
    """Add what a kind needs and the file only implies: an amount, a row's own id."""
    given, notes, added = dict(found.roles), [], {}
    taken = set(names)
    if "amount" not in given and {"quantity", "price"} <= set(given):
        quantity, price = given["quantity"], given["price"]

        def amount(known: dict[str, pa.Array], _start: int, _n: int) -> pa.Array:
            return pc.multiply(
                known[quantity].cast(pa.float64()), known[price].cast(pa.float64())
            )

        name = _free("amount", taken)
        given["amount"], added[name] = name, conversion.Added(pa.float64(), amount)
        notes.append(
            Note("ingest.amount_added", column=name, quantity=quantity, price=price)
        )
    if found.kind == "orders":
        # An amount is what analyses use; quantity and price stay plain columns.
        given = {k: v for k, v in given.items() if k not in {"quantity", "price"}}
    owner = {"users": "user", "experiment": "unit"}.get(found.kind)
    if owner and owner not in given:

        def number(_known: dict[str, pa.Array], start: int, n: int) -> pa.Array:
            return pa.array(np.arange(start + 1, start + n + 1)).cast(TEXT)

        name = _free(owner, taken)
        given, added[name] = {owner: name, **given}, conversion.Added(TEXT, number)
        notes.append(Note("ingest.row_numbers", column=name))
    return added, given, notes


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _column(values: pa.ChunkedArray, name: str, plan: Plan | None) -> Column:
    if plan is None:
        return _described(as_series(values, name))
    return Column(
        name,
        plan.kind,
        "",
        values.null_count,
        plan.distinct,
        plan.capped,
        plan.examples,
        plan.changes,
    )


def _described(values: pd.Series) -> Column:
    """Describe a column that is not in the file as it is."""
    shown = tuple(map(str, values.head(5)))
    gaps, distinct = int(values.isna().sum()), int(values.nunique())
    kind = facts.facts(values).type
    return Column(str(values.name), kind, "", gaps, distinct, examples=shown)


def _masked(column: Column, kind: str) -> Column:
    examples = pd.Series(column.examples, dtype="str")
    shown = personal.mask(examples, kind) if kind else map(personal.mask_text, examples)
    return replace(column, examples=tuple(shown))


def _warnings(
    found: roles.Recognised,
    plans: list[Plan],
    failed: list[tuple[str, int, str]],
    report: Report,
) -> list[Note]:
    notes = report.aside_notes()
    for plan in plans:
        if plan.kind == "text" and any(map(ROUNDED.fullmatch, plan.examples)):
            example = next(filter(ROUNDED.fullmatch, plan.examples))
            notes.append(Note("ingest.id_rounded", column=plan.name, example=example))
        if texts := [text for name, _, text in failed if name == plan.name]:
            kind = found.personal.get(plan.name, "")
            named = "name" in found.personal.values()
            first = list(dict.fromkeys(texts))[:3]
            some = [personal.hide(one, kind, names=named) for one in first]
            notes.append(
                Note("ingest.failed", n=len(texts), column=plan.name, texts=some)
            )
    missing = [r for r in roles.NEEDED.get(found.kind, ()) if r not in found.roles]
    if missing:
        what = Note(f"ingest.kind_{found.kind}")
        notes.append(Note("ingest.roles_missing", kind=what, roles=missing))
    if found.kind == "orders" and "user" not in found.roles:
        notes.append(Note("ingest.orders_without_user"))
    return notes + found.notes
