"""Every statistic of every pair of groups, what was checked, and the verdicts."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from opslib.analyses._ab_looks import Look
from opslib.analyses._ab_pair import Pair, figures, is_small
from opslib.analyses.ab_checks import (
    guard_check,
    lift_check,
    planned_check,
    sample_check,
    split_check,
)
from opslib.analyses.ab_result import AbResult, Check, form, metric_note
from opslib.result import Error, Note, check_range
from opslib.stats.multiplicity import holm

# A guardrail may get worse by less than this part where no margin is given.
HARM = 0.01


def compare(
    pairs: Mapping[tuple[str, str], Pair],
    units: Mapping[str, int],
    *,
    base: str,
    control: str | None,
    margin: float | None,
    correction: str,
    expected_split: Mapping[str, float] | None,
    confidence: float,
    planned_n: int | None,
    method: str,
    looks: int,
    daily_traffic: float | None,
    left_out: tuple[Note, ...] = (),
    remarks: Sequence[Note] = (),
    guards: Collection[str] = (),
    checks: tuple[Check, ...] = (),
    metric_named: bool = True,
) -> AbResult:
    """Compare variants on several metrics, with the options of `ab_summary`.

    Args:
        pairs: Per metric and variant, the control and that variant.
        units: Units assigned to each variant, for the check of the split.
        base: The control that was taken.
        control: As there.
        margin: As there.
        correction: As there.
        expected_split: As there.
        confidence: As there.
        planned_n: As there.
        method: As there.
        looks: As there.
        daily_traffic: As there.
        left_out: What the reduction to counts left out.
        remarks: What else there is to be told of it.
        guards: The metrics that must not get worse; all others are to get better.
        checks: What the reduction to counts has checked.
        metric_named: False if the metric's name is ours, not the user's.
    """
    _check_options(margin, correction, confidence, planned_n, daily_traffic)
    split, total = split_check(units, expected_split), sum(units.values())
    look = Look(method, total, planned_n, looks, 1 - confidence)
    planned = planned_check(look)
    table = _table(pairs, confidence, correction, look, guards)
    family = max(1, table["p_adjusted"].count()) if correction == "holm" else 1
    within = 1 - look.nominal(2 * (1 - confidence) / family)
    failed = [one for one in (split, *checks, *planned) if one.status == "fail"]
    verdict: list[Note] = []
    worth: list[Note | None] = []
    for row, pair in zip(table.to_dict("records"), pairs.values(), strict=True):
        guards_it = row["metric"] in guards
        harm = margin or HARM
        if guards_it:
            outcome, reason = _guarded(pair, row, harm)
        else:
            alike = margin is not None and _within(pair, margin, within)
            outcome, reason = _outcome(pair, row, 1 - confidence, alike=alike)
        # Harm must not wait for the end of the test.
        gates = [c for c in failed if c.name != "planned" or not guards_it]
        if gates:
            reason = Note(f"ab.early.{gates[0].name}", **gates[0].note.values)
            outcome = "too_early"
        elif look.over and reason and reason.code == "ab.early.chance":
            reason = Note("ab.early.finished")
        name = metric_note(row["metric"], row["kind"], named=metric_named)
        who = {"metric": name, "variant": row["variant"], "control": base}
        known = {"margin": harm if guards_it else margin, "reason": reason}
        verdict.append(Note(f"ab.{outcome}", **who, **known))
        gain = _gain(row, daily_traffic, named=metric_named)
        decided = outcome in {"winner", "loser"}
        level = {"level": confidence * 100}
        worth.append(
            Note("ab.worth", **who, **gain, **level) if gain and decided else None
        )
    table["verdict"] = [note.code.removeprefix("ab.") for note in verdict]
    checks = (
        split,
        *planned,
        *checks,
        sample_check(pairs),
        lift_check(table),
        *guard_check(table, guards),
    )
    warnings = [] if control else [Note("ab.control", control=base)]
    warnings += [check.note for check in checks if check.status != "pass"]
    warnings += [note for note in (*left_out, *remarks) if note not in warnings]
    covers = 1 - look.nominal(1 - confidence)
    warnings += _missing(pairs, covers, named=metric_named)
    return AbResult(
        table=table,
        warnings=tuple(warnings),
        checks=checks,
        verdict=tuple(verdict),
        worth=tuple(worth),
        left_out=left_out,
        control=base,
        confidence=confidence,
        correction=correction,
        metric_named=metric_named,
        _pairs=pairs,
    )


def _gain(
    row: Mapping[Any, Any], daily: float | None, *, named: bool
) -> dict[str, Any] | None:
    """Say how much more a week has if everyone gets the variant; others have no sum."""
    if daily is None or row["kind"] in {"ratio", "quantile"}:
        return None
    names = {"gain": "difference", "low": "low", "high": "high"}
    week = {name: 7 * daily * row[column] for name, column in names.items()}
    code = "ab.worth.named" if named else f"ab.worth.{row['kind']}"
    return week | {"daily": daily, "what": Note(code, metric=row["metric"])}


def _check_options(
    margin: float | None,
    correction: str,
    confidence: float,
    planned_n: int | None,
    daily_traffic: float | None,
) -> None:
    if correction not in {"holm", "none"}:
        choices = ["holm", "none"]
        raise Error(
            "option.choice", option="correction", got=correction, choices=choices
        )
    limits = {
        "confidence": (confidence, 0.5, 0.999),
        "margin": (margin, 0.0001, 1),
        "planned_n": (planned_n, 2, 10**12),
        "daily_traffic": (daily_traffic, 1, 10**12),
    }
    for option, (got, low, high) in limits.items():
        check_range(option, got, low, high)


def _table(
    pairs: Mapping[tuple[str, str], Pair],
    confidence: float,
    correction: str,
    look: Look,
    guards: Collection[str],
) -> pd.DataFrame:
    """Compute every statistic of every pair."""
    tests = [pair.test() for pair in pairs.values()]
    p_values = [look.p_value(p) for p, _ in tests]
    holding = correction == "holm"
    goals = [
        math.nan if metric in guards else p
        for (metric, _), p in zip(pairs, p_values, strict=True)
    ]
    family = max(1, sum(not math.isnan(p) for p in goals)) if holding else 1
    covers = 1 - look.nominal(1 - confidence)
    covers_all = 1 - look.nominal((1 - confidence) / family)
    rows = []
    for ((metric, variant), pair), p, (_, test) in zip(
        pairs.items(), p_values, tests, strict=True
    ):
        lift_low, lift_high = pair.lift_interval(covers)
        wide = (math.nan, math.nan)
        if metric not in guards:
            wide = pair.difference_interval(covers_all)
        rows.append(
            {
                "metric": metric,
                "variant": variant,
                **figures(pair, covers),
                "lift": math.nan
                if pair.lift_problem(covers)
                else pair.difference / pair.control,
                "lift_low": lift_low,
                "lift_high": lift_high,
                "test": test,
                "p_value": p,
                "low_adjusted": wide[0],
                "high_adjusted": wide[1],
            }
        )
    table = pd.DataFrame(rows)
    table.insert(15, "p_adjusted", holm(goals) if holding else goals)
    return table


def _guarded(
    pair: Pair, row: Mapping[Any, Any], harm: float
) -> tuple[str, Note | None]:
    """Say whether a metric that must not get worse is surely not, or surely is."""
    if pair.problem:
        return "too_early", Note(f"ab.early.{pair.problem}")
    if is_small(pair):
        return "too_early", Note(_small(pair))
    if row["lift_low"] > -harm:
        return "unharmed", None
    if row["high"] < 0:
        return "harmed", None
    return "too_early", Note("ab.early.harm", margin=harm)


def _small(pair: Pair) -> str:
    """Return the sentence that says how large groups must be."""
    kind = pair.kind if pair.kind == "quantile" else form(pair.kind)
    return f"ab.early.small.{kind}"


def _within(pair: Pair, margin: float, confidence: float) -> bool:
    """Say whether the lift is surely less than the margin: Schuirmann (1987)."""
    low, high = pair.lift_interval(confidence)
    return -margin < low and high < margin


def _outcome(
    pair: Pair, row: Mapping[Any, Any], alpha: float, *, alike: bool
) -> tuple[str, Note | None]:
    """Decide one comparison; what is too early carries its reason."""
    if pair.problem:
        return "too_early", Note(f"ab.early.{pair.problem}")
    if is_small(pair):
        return "too_early", Note(_small(pair))
    if alike:
        return "no_meaningful_difference", None
    if row["p_adjusted"] >= alpha:
        return "too_early", Note("ab.early.chance")
    # An exact test and the score interval can disagree: then neither is enough.
    if row["low"] <= 0 <= row["high"]:
        return "too_early", Note("ab.early.exact")
    return ("winner" if row["difference"] > 0 else "loser"), None


def _missing(
    pairs: Mapping[tuple[str, str], Pair], confidence: float, *, named: bool
) -> list[Note]:
    """Give the reason of every statistic that is not there."""
    notes = []
    for (metric, variant), pair in pairs.items():
        reason = pair.problem or pair.lift_problem(confidence)
        if reason:
            name = metric_note(metric, pair.kind, named=named)
            code = f"ab.missing.{reason}"
            notes.append(Note(code, metric=name, variant=variant))
    return notes
