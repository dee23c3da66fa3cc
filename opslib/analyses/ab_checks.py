"""What must hold before the verdicts of an A/B test count."""

import math
from collections.abc import Collection, Mapping

import pandas as pd

from opslib.analyses._ab_looks import Look
from opslib.analyses._ab_pair import Pair, is_small
from opslib.analyses.ab_result import Check, Status
from opslib.result import Error, Note
from opslib.stats.checks import sample_ratio
from opslib.stats.sequential import peeking_error


def split_check(
    units: Mapping[str, int], expected_split: Mapping[str, float] | None
) -> Check:
    """Compare the units per variant with the plan."""
    names = sorted(units)
    given = dict.fromkeys(names, 1.0) if expected_split is None else expected_split
    right = isinstance(given, Mapping) and all(
        isinstance(share, int | float) and 0 < share < math.inf
        for share in given.values()
    )
    planned = {str(name): share for name, share in given.items()} if right else {}
    if set(names) - set(planned):
        raise Error("ab.split.option", got=str(expected_split), choices=names)
    observed = pd.Series(units).reindex(list(planned), fill_value=0)
    wanted = pd.Series(planned) / sum(planned.values())
    p = sample_ratio(observed.tolist(), wanted.tolist())
    status: Status = "fail" if p < 0.001 else "caution" if p < 0.01 else "pass"
    seen = observed / observed.sum()
    off = str((seen / wanted - 1).abs().idxmax())
    note = Note(
        f"ab.split.{status}", variant=off, share=seen[off], planned=wanted[off], p=p
    )
    return Check("split", status, note)


def planned_check(look: Look) -> tuple[Check, ...]:
    """Say whether the size planned is reached; no check if nothing was planned."""
    if look.planned is None:
        return ()
    values = {"units": look.units, "planned": look.planned, "looks": look.looks}
    if look.method == "fixed":
        status: Status = "pass" if look.over else "fail"
        rate = peeking_error(look.looks)
        note = Note(f"ab.planned.{status}", **values, rate=rate)
        return (Check("planned", status, note),)
    code = f"ab.planned.{look.method}"
    return (Check("planned", "pass", Note(code, **values, look=look.number)),)


def sample_check(pairs: Mapping[tuple[str, str], Pair]) -> Check:
    """Count the comparisons that are too small for a verdict."""
    small = sum(map(is_small, pairs.values()))
    status: Status = "caution" if small else "pass"
    return Check("sample", status, Note(f"ab.sample.{status}", n=small))


def before_check(pairs: Collection[Pair], before: str) -> Check:
    """Look for differences in what the units did before: there should be none."""
    found = [p for pair in pairs if not math.isnan(p := pair.test()[0])]
    p = min(1.0, min(found, default=1.0) * len(found))
    status: Status = "caution" if p < 0.001 else "pass"
    return Check("before", status, Note(f"ab.before.{status}", before=before, p=p))


def lift_check(table: pd.DataFrame) -> Check:
    """Look for lifts beyond 50 %: what looks too good is usually wrong (Twyman)."""
    large = table[table["lift"].abs() > 0.5]
    status: Status = "pass" if large.empty else "caution"
    names = sorted(set(large["variant"]))
    return Check("lift", status, Note(f"ab.lift.{status}", variants=names))


def guard_check(table: pd.DataFrame, guards: Collection[str]) -> tuple[Check, ...]:
    """Look for guardrails that got worse; no check if there are none."""
    if not guards:
        return ()
    rows = table[table["metric"].isin(list(guards))]
    harmed = rows.loc[rows["verdict"] == "harmed", "metric"].drop_duplicates().tolist()
    open_ = int((rows["verdict"] == "too_early").sum())
    code = "harmed" if harmed else "open" if open_ else "pass"
    status: Status = "pass" if code == "pass" else "caution"
    note = Note(f"ab.guardrails.{code}", metrics=harmed, n=open_)
    return (Check("guardrails", status, note),)
