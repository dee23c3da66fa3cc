"""Does the effect differ between segments of the users?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from scipy.special import chdtrc

from opslib.analyses._ab_metrics import Groups, Metric
from opslib.analyses._ab_pair import Pair, figures, is_small
from opslib.result import Note
from opslib.stats.multiplicity import benjamini_hochberg

MOST_VALUES = 10


def by_segment(
    groups: Groups, metrics: Sequence[Metric], columns: Sequence[str], confidence: float
) -> tuple[pd.DataFrame, list[Note]]:
    """Compare the variants within each value of some columns.

    Returns:
        The table that `opslib.ab_test` documents, and what is to be told of it.
    """
    parts, notes = [], []
    for column in columns:
        values = groups.rows[column].astype("string")
        sizes = values.value_counts(dropna=False)
        largest = [None if pd.isna(one) else str(one) for one in sizes.index]
        pairs: dict[tuple[str, str], dict[str | None, Pair]] = {}
        for value in largest[:MOST_VALUES]:
            rows = groups.rows[values.isna() if value is None else values == value]
            if _whole(rows, groups.variants, metrics):
                some = replace(groups, rows=rows, before=None, strata=None)
                for key, pair in some.compared(metrics)[0].items():
                    pairs.setdefault(key, {})[value] = pair
        left = len(largest) - len(next(iter(pairs.values()), ()))
        if left:
            notes.append(Note("ab.segments.few", segment=column, n=left))
        parts += [_rows(key, column, found, confidence) for key, found in pairs.items()]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if table.empty:
        return table, notes
    each = table.drop_duplicates(["metric", "variant", "segment"])
    adjusted = benjamini_hochberg(each["p_interaction"].tolist())
    table["p_interaction_adjusted"] = adjusted[
        (table.groupby(["metric", "variant", "segment"], sort=False).ngroup())
    ]
    for row, p in zip(each.to_dict("records"), adjusted.tolist(), strict=True):
        if p < 1 - confidence:
            told = {name: row[name] for name in ("metric", "variant", "segment")}
            notes.append(Note("ab.segments.differ", **told, p=p))
    return table, notes


def _whole(
    rows: pd.DataFrame, variants: Sequence[str], metrics: Sequence[Metric]
) -> bool:
    """Say whether each variant has units with each metric, and something below."""
    variant = rows["variant"]
    for metric in metrics:
        known = rows[metric.columns].notna().all(axis=1)
        if set(variant[known]) != set(variants):
            return False
        if metric.denominator is not None:
            below = rows[known].groupby("variant")[metric.denominator].sum()
            if (below == 0).any():
                return False
    return True


def _rows(
    key: tuple[str, str],
    segment: str,
    found: Mapping[str | None, Pair],
    confidence: float,
) -> pd.DataFrame:
    """Return a row for each value of a segment, and whether the effects differ."""
    metric, variant = key
    named = {"metric": metric, "variant": variant, "segment": segment}
    rows = [
        {**named, "value": value, **figures(pair, confidence)}
        for value, pair in found.items()
    ]
    large = [one for one in found.values() if not (one.problem or is_small(one))]
    return pd.DataFrame(rows).assign(p_interaction=_interaction(large))


def _interaction(pairs: Sequence[Pair]) -> float:
    """Return the p value of equal differences; NaN for fewer than two.

    The weighted sum of squares around their common value: Cochran (1954), Biometrics
    10, 101-129; for two it is the square of (d1 - d2) / sqrt(v1 + v2).
    """
    pairs = [pair for pair in pairs if sum(pair.variances) > 0]
    if len(pairs) < 2:
        return math.nan
    weights = [1 / sum(pair.variances) for pair in pairs]
    effects = [pair.difference for pair in pairs]
    common = sum(w * d for w, d in zip(weights, effects, strict=True)) / sum(weights)
    spread = sum(w * (d - common) ** 2 for w, d in zip(weights, effects, strict=True))
    return float(chdtrc(len(pairs) - 1, spread))
