"""Uplift: on whom does a treatment work, and whom to give it?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib.analyses import _uplift_charts as views
from opslib.analyses import _uplift_features as known_before
from opslib.analyses._ab_pair import Pair
from opslib.analyses._ab_rows import is_share
from opslib.analyses._uplift_model import held_out, out_of_sample, places
from opslib.analyses._uplift_trial import Trial, grouped, pair
from opslib.analyses._uplift_units import counts, enough, read, treatment_of
from opslib.analyses.ab_checks import split_check
from opslib.analyses.ab_summary import control_of
from opslib.result import Error, Note, Result, check_choice, check_range, say

SHOWN_SHARE = 0.3
PER = 1_000  # units that a Qini is told of


@dataclass(frozen=True, kw_only=True)
class UpliftResult(Result):
    """Hold-out units by predicted effect, the highest first; `table` has a row a group.

    group: from 1, tenths of the hold-out; fifths where an arm would have under 100.
    predicted: mean of the effects that the models predicted.
    kind ("share" or "mean"), n_control, n, control, treatment, difference, low, high:
    what happened: the two arms within the group, and the interval of their difference.

    Attributes:
        curve: The Qini curve in 101 rows: share (of units treated, the highest
            predicted effect first), gain, low, high, random (a share chosen by
            chance): in units of outcome per unit of all.
        qini: Area between curve and chance, per unit of all; qini_low, qini_high its
            interval, p_value two-sided, both from the hold-out resampled.
        share: `target_share`, or 0.3: at which the effect kept is told.
        kept: Part of the effect on all that treating this share keeps, and its
            interval kept_low, kept_high; NaN where the effect on all may be 0.
        verdict: "confirmed", "alike", "reversed", or "split" if the split is broken.
        list_confirmed: Whether the verdict is, and on the hold-out the interval of the
            effect on those who would be on the list lies above the cost.
        profile: What sets the `share` with the highest predicted effect apart: column,
            value ("1" of 0 and 1, none of other numbers), top and others (means, or
            shares of the units with the value), distance in standard deviations.
        average: The two arms over all units.
        left_out: The columns not used, each with the reason.
    """

    curve: pd.DataFrame
    profile: pd.DataFrame
    qini: float
    qini_low: float
    qini_high: float
    p_value: float
    share: float
    kept: float
    kept_low: float
    kept_high: float
    verdict: str
    list_confirmed: bool
    average: Pair
    left_out: Mapping[str, Note]
    outcome: str
    treatment: str
    control: str
    confidence: float
    target_share: float | None
    cost: float
    _split: Note = field(repr=False)
    _parts: tuple[Pair, Pair] = field(repr=False)
    _list: Pair | None = field(repr=False)
    _rows: pd.DataFrame = field(repr=False)

    def users(self, group: int | None = None) -> pd.Series:
        """Return the ids of units, the highest predicted effect first.

        Every unit of the table is ranked, those of other variants too, each by models
        that have not seen it.

        Args:
            group: Those of one group; None the list to target: the `target_share`, or
                without one those with a predicted effect above the cost, if
                `list_confirmed`.

        Raises:
            Error: No such group, no ids, or nothing that would make a list.
        """
        rows = self._rows
        if "unit" not in rows:
            raise Error("ab.no_ids")
        check_choice("group", group, self.table["group"].tolist())
        if group is not None:
            rows = rows[rows["group"] == group]
        elif self.target_share is None and not self.list_confirmed:
            raise Error("uplift.no_list")
        else:
            rows = rows[rows["listed"]]
        rows = rows.sort_values(["place", "unit"])
        return rows["unit"].astype("str").rename("user").reset_index(drop=True)

    def chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw the Qini curve with its interval, beside what chance would gain."""
        here = self.curve.iloc[[int(np.abs(self.curve["share"] - self.share).argmin())]]
        return views.curve(self.curve, here, self._kind, self.describe(lang), lang)

    def groups_chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw the effect found in each group, beside the one predicted."""
        return views.groups(self.table, self._kind, self.describe(lang), lang)

    @property
    def _kind(self) -> str:
        return self.average.kind

    def _gap(self, value: float) -> Note:
        return Note(f"ab.gap.{self._kind}", value=value)

    def _effect(self, pair: Pair) -> Note:
        low, high = pair.difference_interval(self.confidence)
        return Note(
            "uplift.effect",
            gap=self._gap(pair.difference),
            level=self.confidence * 100,
            low=self._gap(low),
            high=self._gap(high),
        )

    def describe(self, lang: str = "en") -> str:
        """Say whether targeting beats chance, what it keeps, and who is on the list."""
        values = {
            "outcome": self.outcome,
            "treatment": self.treatment,
            "share": self.share,
            "level": self.confidence * 100,
            "average": self._effect(self.average),
        }
        if self.verdict == "split":
            return say(lang, Note("uplift.split", reason=self._split))
        area = {"qini": self.qini, "low": self.qini_low, "high": self.qini_high}
        scaled = {name: PER * value for name, value in area.items()}
        if self.verdict != "confirmed":
            code = f"uplift.{self.verdict}"
            return say(lang, Note(code, **values, **scaled, per=PER, p=self.p_value))
        if math.isnan(self.kept):
            top, rest = map(self._effect, self._parts)
            found = Note(
                "uplift.confirmed.apart", **values, top=top, rest=rest, p=self.p_value
            )
        else:
            found = Note(
                "uplift.confirmed.kept",
                **values,
                kept=self.kept,
                low=self.kept_low,
                high=self.kept_high,
                p=self.p_value,
            )
        first = self.profile.to_dict("records")[0]
        number = "number" if pd.isna(first["value"]) else "value"
        return say(
            lang,
            found,
            Note(f"uplift.profile.{number}", **{str(k): v for k, v in first.items()}),
            self._listed(),
        )

    def _listed(self) -> Note:
        """Say who is on the list, and what the hold-out has of them."""
        n = int(self._rows["listed"].sum())
        values = {"n": n, "part": n / len(self._rows), "cost": self.cost}
        if self._list is None:
            return Note("uplift.listed.few", **values)
        code = "positive" if self.list_confirmed else "unsure"
        if self.target_share is not None:
            code = "share"
        return Note(f"uplift.listed.{code}", **values, effect=self._effect(self._list))

    def details(self, lang: str = "en") -> list[str]:
        """Say the Qini, the average effect, and on how many units it was measured."""
        n = int(self.table[["n_control", "n"]].sum().sum())
        notes = [
            Note(
                "uplift.qini",
                n=n,
                per=PER,
                qini=PER * self.qini,
                low=PER * self.qini_low,
                high=PER * self.qini_high,
                level=self.confidence * 100,
                p=self.p_value,
            ),
            Note(
                "uplift.average",
                treatment=self.treatment,
                outcome=self.outcome,
                average=self._effect(self.average),
            ),
            self._split,
        ]
        return [note.text(lang) for note in notes]


def uplift(
    table: pd.DataFrame,
    *,
    outcome: str,
    treatment: str | None = None,
    control: str | None = None,
    features: Sequence[str] | None = None,
    holdout: float = 0.5,
    target_share: float | None = None,
    cost: float = 0.0,
    expected_split: Mapping[str, float] | None = None,
    seed: int = 0,
    confidence: float = 0.95,
) -> UpliftResult:
    """Predict on whom a treatment works, and check on a hold-out whether that is so.

    A model of each arm expects the outcome from what was known of a unit before
    (T-learner); the difference is the predicted effect. Table, Qini curve and verdict
    are of the hold-out alone, which the models have not seen: "confirmed" if the
    interval of the Qini lies above 0. For the list to target, the units that taught
    the models are scored by models taught by the hold-out. (The Qini of both parts
    together would have too narrow an interval: what one learns by chance from the
    other, the other learns from it.)

    The models are boosted trees of depth two, in 50 small steps: over ten splits of
    Hillstrom's e-mails for women the Qini of visits is 7.2 per 1,000, as much as a
    logistic regression has (7.4, varying twice as much), against 4.3 to 5.6 of
    usual trees; and they see that those in the middle respond most, which a line
    cannot.

    Args:
        table: A randomised experiment, one row per unit: columns unit, variant, the
            outcome and what was known before. Rows and units are treated as in
            `ab_test`.
        outcome: Column of 0 and 1, or of a number; more is better.
        treatment: The variant to give or not; None takes the only one there is.
        control: As in `ab_test`.
        features: Columns known BEFORE the treatment; what comes after it would spoil
            all. None takes all columns but those that look as if they came after:
            whose distribution differs between the arms (p < 0.01 over all columns,
            Bonferroni), or a value of which settles the outcome. A column with such an
            effect that is too small to be seen is not found: name them to be sure.
        holdout: Part of each variant that is held out, 0.2 to 0.8.
        target_share: Part of the units to target, 0.01 to 0.99; None targets those
            with a predicted effect above `cost`.
        cost: What treating a unit costs, in units of the outcome.
        expected_split: As in `ab_test`.
        seed: Of the split, the models and the draws; units with ids may come in any
            order.
        confidence: Coverage of the intervals, 0.5 to 0.999.

    Raises:
        Error: Fewer than 800 units in an arm, or than 100 with another outcome than
            the usual one; no usable column; an option that cannot be.

    References:
        Radcliffe (2007), Using control groups to target on predicted lift; Kuenzel et
        al. (2019), PNAS 116, 4156-4165 (T-learner).

    Example:
        >>> random = np.random.default_rng(0)
        >>> users = pd.DataFrame({"unit": range(8000), "variant": ["off", "on"] * 4000})
        >>> users["loyal"] = random.integers(0, 2, 8000)
        >>> chance = 0.2 + 0.2 * users["loyal"] * (users["variant"] == "on")
        >>> users["paid"] = (random.random(8000) < chance).astype(int)
        >>> found = uplift(users, outcome="paid", target_share=0.5)
        >>> found.verdict, len(found.users()), found.profile["column"].tolist()
        ('confirmed', ..., ['loyal'])
    """
    for option, got, low, high in (
        ("holdout", holdout, 0.2, 0.8),
        ("target_share", target_share, 0.01, 0.99),
        ("cost", cost, -1e100, 1e100),
        ("confidence", confidence, 0.5, 0.999),
    ):
        check_range(option, got, low, high)
    rows, columns, told = read(table, outcome, features)
    units = counts(rows)
    base = control_of(units, control)
    chosen = treatment_of(treatment, units, base)
    split = split_check(units, expected_split)
    unknown = rows[outcome].isna()
    if unknown.any():
        told.append(Note("ab.left_out.missing", n=int(unknown.sum()), metric=outcome))
        rows = rows[~unknown]
    arms = (rows["variant"] == base).to_numpy(), (rows["variant"] == chosen).to_numpy()
    values = rows[outcome].to_numpy(float)
    enough(dict(zip((base, chosen), arms, strict=True)), outcome, values)
    kept, left_out, doubts = known_before.chosen(
        rows[columns], values, arms, asked=features
    )
    points, named = known_before.encoded(kept)

    kind = "share" if is_share(values) else "mean"
    part = held_out(rows["variant"], holdout, seed)
    predicted = out_of_sample(points, values, arms, part, kind=kind, seed=seed)
    tried = part & (arms[0] | arms[1])
    trial = Trial(predicted[tried], arms[1][tried], values[tried], kind)
    share = SHOWN_SHARE if target_share is None else target_share
    judged = trial.judged(share, confidence, seed)
    found = trial.groups(confidence)
    place = places(predicted, part)
    listed = predicted > cost if target_share is None else place <= target_share
    ranked = rows[rows.columns.intersection(["unit"])].assign(
        place=place,
        group=grouped(place, int(found["group"].max())),
        listed=listed,
    )
    both = arms[0] | arms[1]
    warnings = [*told, *doubts, *left_out.values()]
    if control is None:
        warnings.insert(0, Note("ab.control", control=base))
    verdict = _verdict(split.status, judged)
    on_list = trial.listed(listed[tried])
    sure = False
    if on_list is not None and verdict == "confirmed":
        sure = on_list.difference_interval(confidence)[0] > cost
    if target_share is not None and not sure:
        warnings.append(Note("uplift.unconfirmed"))
    if split.status == "caution":
        warnings.insert(0, split.note)
    return UpliftResult(
        table=found,
        warnings=tuple(warnings),
        **judged,
        share=share,
        verdict=verdict,
        list_confirmed=sure,
        profile=known_before.typical(points, named, place <= share),
        average=pair(arms[1][both], values[both], kind),
        left_out=left_out,
        outcome=outcome,
        treatment=chosen,
        control=base,
        confidence=confidence,
        target_share=target_share,
        cost=cost,
        _split=split.note,
        _parts=(trial.pair(trial.place <= share), trial.pair(trial.place > share)),
        _list=on_list,
        _rows=ranked,
    )


def _verdict(split: str, judged: Mapping[str, Any]) -> str:
    if split == "fail":
        return "split"
    if judged["qini_low"] > 0:
        return "confirmed"
    return "reversed" if judged["qini_high"] < 0 else "alike"
