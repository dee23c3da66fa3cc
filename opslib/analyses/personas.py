"""Personas: which groups of users there are, and what sets each apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts, words
from opslib.analyses import _persona_cards as traits_of
from opslib.analyses._persona_model import PersonaModel, assignments, user_ids
from opslib.result import Error, Note, Result, say
from opslib.stats import clusters, encoding

FEWEST_USERS = 60
MOST_PERSONAS = 20
MOST_ROWS = 30


@dataclass(frozen=True)
class Card:
    """One persona as a page shows it, in one language.

    Attributes:
        over: Up to five traits above average, under: up to three below, strongest
            first; columns trait, comparison (value beside that of all users), index
            (100 is average), d (standard deviations from the average).
        examples: The three users nearest to the middle.
        sentence: All of it in one sentence.
    """

    persona: int
    name: str
    users: int
    share: float
    over: pd.DataFrame
    under: pd.DataFrame
    examples: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class PersonasResult(Result):
    """Personas, the largest first; `table` has one row each.

    persona: number from 1, by size.
    name: English; `cards(lang)` and `model.names(lang)` speak both languages.
    users, share: how many, and of all users.
    then every column used: the mean of a number or of the days before a date's latest,
    the most common level of a category (a trailing _ where the name is taken).

    Attributes:
        assignments: user, persona, name, distance to the middle; in the order given.
        traits: Every persona on every column; see `_persona_cards.profile`.
        evidence: k, silhouette, inertia, smallest (users), chosen.
        verdict: Whether these are groups, or cuts through a continuum.
        left_out: The columns not used, each with the reason.
        model: Finds the persona of other users; kept as JSON.
    """

    assignments: pd.DataFrame
    traits: pd.DataFrame
    evidence: pd.DataFrame
    verdict: Note
    left_out: dict[str, Note]
    model: PersonaModel

    def preparation(self, lang: str = "en") -> pd.DataFrame:
        """Say what was done to every column: columns column, used, done (in order)."""
        used = {c.column: say(lang, *c.steps()) for c in self.model.columns}
        out = {column: reason.text(lang) for column, reason in self.left_out.items()}
        return pd.DataFrame(
            {
                "column": [*used, *out],
                "used": [True] * len(used) + [False] * len(out),
                "done": [*used.values(), *out.values()],
            }
        )

    def users(self, persona: int) -> pd.Series:
        """Return the ids of the users of one persona, the most typical first."""
        if persona not in self.table["persona"].tolist():
            k = len(self.table)
            raise Error("option.range", option="persona", low=1, high=k, got=persona)
        own = self.assignments[self.assignments["persona"] == persona]
        return own.sort_values(["distance", "user"])["user"].reset_index(drop=True)

    def cards(self, lang: str = "en") -> list[Card]:
        """Return a card per persona, in `lang`."""
        return [
            self._card(persona, name, lang)
            for persona, name in enumerate(self.model.names(lang), 1)
        ]

    def _card(self, persona: int, name: str, lang: str) -> Card:
        users = int(self.table["users"][persona - 1])
        share = float(self.table["share"][persona - 1])
        own = self.traits[self.traits["persona"] == persona]
        over, under = (
            _told(rows, lang) for rows in (traits_of.over(own), traits_of.under(own))
        )
        both = pd.concat([over, under])
        facts = [
            Note("personas.fact", trait=row.trait, comparison=row.comparison).text(lang)
            for row in both.sort_values("d", key=lambda d: -d.abs())
            .head(3)
            .itertuples()
        ]
        sentence = Note(
            "personas.card" if facts else "personas.card_average",
            name=name, n=users, users=users, share=share,
            facts=words.text("personas.semicolon", lang).join(facts),
        )  # fmt: skip
        examples = tuple(self.users(persona).head(3))
        return Card(
            persona, name, users, share, over, under, examples, sentence.text(lang)
        )

    def describe(self, lang: str = "en") -> str:
        """State the personas and their shares, and whether they are groups at all."""
        names = self.model.names(lang)
        parts = [
            Note("personas.part", name=name, share=share).text(lang)
            for name, share in zip(names, self.table["share"], strict=True)
        ]
        real = self.verdict.code != "personas.none"
        answer = Note(
            "personas.answer" if real else "personas.cut",
            n=len(names), users=int(self.table["users"].sum()),
            parts=words.text("personas.semicolon", lang).join(parts),
        )  # fmt: skip
        n = len(self.left_out)
        left_out = Note("personas.left_out", n=n, count=n) if n else None
        return say(lang, answer, self.verdict, left_out)

    def chart(self, lang: str = "en") -> alt.TopLevelMixin:
        """Draw how far each persona is from the average, where it tells most."""
        rows = self._telling(lang)
        titles = {
            column: words.text(f"personas.axis_{column}", lang)
            for column in ("persona", "trait", "d", "comparison", "cell", "light")
        }
        shape = charts.Shape(rows, titles)
        x = alt.X(**shape.field("persona", "nominal", sort=None, axis=alt.Axis(
            labelAngle=0, labelLimit=160, orient="top", title=None)))  # fmt: skip
        y = alt.Y(**shape.field("trait", "nominal", sort=None, axis=alt.Axis(
            labelLimit=220, title=None)))  # fmt: skip
        scale = alt.Scale(domain=[-1.5, 0, 1.5], clamp=True, range=COLOURS)
        base = alt.Chart(shape.frame).encode(
            x=x, y=y, tooltip=shape.tooltip(
                {"persona": "", "trait": "", "comparison": "", "d": "+.2f"}
            ),
        )  # fmt: skip
        cells = base.mark_rect().encode(
            color=alt.Color(**shape.field("d", "quantitative", scale=scale))
        )
        text = base.mark_text(fontSize=12).encode(
            text=alt.Text(**shape.field("cell", "nominal")),
            color=alt.Color(
                **shape.field("light", "nominal", scale=None, legend=None),
            ),
        )
        height = 60 + 30 * rows["trait"].nunique()
        return charts.finish(cells + text, self.describe(lang), height=height)

    def _telling(self, lang: str) -> pd.DataFrame:
        """Return the rows of the chart: the strongest columns and levels, worded."""
        number = self.traits["side"].isin(traits_of.NUMBER_SIDES)
        label = self.traits["column"].map(words.clean)
        level = self.traits["level"].where(
            self.traits["side"] == "level", words.text("personas.no_value", lang)
        )
        colon = words.text("personas.colon", lang)
        label = label.where(number, label + colon + level.astype(str))
        rows = self.traits.assign(trait=label, size=self.traits["d"].abs())
        best = rows.groupby("trait", sort=False)["size"].max().nlargest(MOST_ROWS)
        rows = rows[rows["trait"].isin(best.index)].copy()
        names = [f"{i} {name}" for i, name in enumerate(self.model.names(lang), 1)]
        rows["persona"] = [names[persona - 1] for persona in rows["persona"]]
        rows["comparison"] = [
            traits_of.comparison(row, lang) for row in rows.to_dict("records")
        ]
        rows["cell"] = [
            words.number(value, lang)
            if side in traits_of.NUMBER_SIDES
            else words.percent(value, lang)
            for side, value in zip(rows["side"], rows["value"], strict=True)
        ]
        rows["light"] = np.where(rows["size"] > 1, "white", "#111827")
        return rows


# Blue below, orange above the average: told apart in every colour vision.
COLOURS = ["#0072B2", "#F3F4F6", "#B45309"]


def _told(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Word the traits of a card."""
    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "trait": [traits_of.trait_of(row).text(lang) for row in records],
            "comparison": [traits_of.comparison(row, lang) for row in records],
            "index": rows["index"].to_list(),
            "d": rows["d"].to_list(),
        }
    )


def personas(
    users: pd.DataFrame,
    *,
    features: Sequence[str] | None = None,
    k: int | str = "auto",
    seed: int = 0,
) -> PersonasResult:
    """Group users who are alike (k-means), name the groups, and say how real they are.

    Columns become coordinates as in `stats.encoding.learn`; every step is in `.steps`
    and in the model. The same users give the same numbers in any order of rows.

    Args:
        users: One row per user; column user (else the row number) and attributes.
        features: The columns to use. None: all that can be used.
        k: Number of personas, 2 to min(20, users / 30), or "auto": of 2 to
            min(8, users / 30) those with a silhouette within 5 % of the best, of these
            the smallest with at least max(30, 2 %) of the users in every persona. If
            there is none: the best silhouette of those with enough users, else of all.
        seed: Seed of the ten k-means starts.

    Raises:
        Error: Fewer than 60 users, nothing to group by, an unknown or unusable
            feature, or k out of range.

    References:
        Rousseeuw (1987), Silhouettes; words for it from Kaufman & Rousseeuw (1990).

    Example:
        >>> users = pd.DataFrame({"user": range(90), "amount": [1] * 60 + [100] * 30})
        >>> personas(users).table
           persona        name  users     share  amount
        0        1   low spend     60  0.666667     1.0
        1        2  high spend     30  0.333333   100.0
    """
    rows, warnings = _distinct(users)
    if len(rows) < FEWEST_USERS:
        raise Error("personas.few", n=len(rows), count=len(rows), least=FEWEST_USERS)
    columns, left_out = _columns(rows, features)
    points = encoding.encode(columns, rows)
    most = min(len(rows) // 30, clusters.most_groups(points))
    if k != "auto" and not (isinstance(k, int) and 2 <= k <= min(MOST_PERSONAS, most)):
        high = min(MOST_PERSONAS, most)
        raise Error("option.range", option="k", low=2, high=high, got=k)
    ks = sorted({*range(2, min(8, most) + 1), *([k] if isinstance(k, int) else [])})
    evidence, fits = clusters.compare(points, ks, seed=seed)
    chosen = k if isinstance(k, int) else clusters.choose(evidence, len(rows))
    evidence["chosen"] = evidence["k"] == chosen
    found = fits[chosen]
    if found.sizes.min() < max(30, 0.02 * len(rows)):
        warnings.append(Note("personas.small", n=int(found.sizes.min())))
    warnings += _further_apart(evidence)

    traits = traits_of.profile(columns, rows, points, found.labels)
    model = PersonaModel(tuple(columns), found.centres, traits_of.names(traits))
    assigned = assignments(rows["user"], found.labels, found.distances, model.names())
    best = float(evidence.loc[evidence["chosen"], "silhouette"].iloc[0])
    return PersonasResult(
        table=_table(model, found, traits),
        warnings=(*warnings, *left_out.values()),
        assignments=assigned.set_index(rows.index).sort_index(ignore_index=True),
        traits=traits,
        evidence=evidence,
        verdict=_verdict(best),
        left_out=left_out,
        model=model,
    )


def _distinct(users: pd.DataFrame) -> tuple[pd.DataFrame, list[Note]]:
    """Return one row per user in an order that is random but not that of the file."""
    rows = users.reset_index(drop=True).rename(columns=str)
    warnings: list[Note] = []
    if "user" in rows:
        known = rows["user"].notna() & ~rows["user"].duplicated()
        if lost := int((~known).sum()):
            warnings.append(Note("personas.repeated", n=lost, count=lost))
            rows = rows[known]
        key = user_ids(rows)
    else:
        warnings.append(Note("personas.row_number"))
        key = rows.astype(str)
    order = np.argsort(pd.util.hash_pandas_object(key, index=False), kind="stable")
    ordered = rows.iloc[order]
    return ordered.assign(user=user_ids(rows).to_numpy()[order]), warnings


def _columns(
    rows: pd.DataFrame, features: Sequence[str] | None
) -> tuple[list[encoding.Column], dict[str, Note]]:
    known = [column for column in rows.columns if column != "user"]
    for feature in features or ():
        if feature not in known:
            raise Error("option.column", option="features", got=feature, choices=known)
    asked = list(dict.fromkeys(features or ()))
    columns, left_out = encoding.learn(rows, asked or known, asked=bool(asked))
    if asked and left_out:
        raise Error("personas.feature", reason=next(iter(left_out.values())))
    if not columns:
        raise Error("personas.no_feature", left_out=list(left_out))
    return columns, left_out


def _table(
    model: PersonaModel, found: clusters.Clusters, traits: pd.DataFrame
) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "persona": np.arange(1, len(found.centres) + 1),
            "name": model.names(),
            "users": found.sizes,
            "share": found.sizes / len(found.labels),
        }
    )
    for column in model.columns:
        own = traits[traits["column"] == column.column]
        if isinstance(column, encoding.Number):
            values = own[own["side"].isin(traits_of.NUMBER_SIDES)]["value"].to_list()
        else:
            levels = own[own["side"] == "level"]
            most = levels.loc[levels.groupby("persona")["value"].idxmax()]
            values = most["level"].to_list()
        name = column.column
        while name in table:
            name += "_"
        table[name] = values
    return table


def _further_apart(evidence: pd.DataFrame) -> list[Note]:
    """Tell of a clearly better silhouette that was passed over for its small groups."""
    best = evidence.loc[evidence["silhouette"].idxmax()]
    chosen = evidence.loc[evidence["chosen"]].iloc[0]
    if chosen["silhouette"] >= best["silhouette"] - 0.05 * abs(best["silhouette"]):
        return []
    k, n = int(best["k"]), int(best["smallest"])
    return [Note("personas.better", k=k, silhouette=best["silhouette"], n=n)]


def _verdict(silhouette: float) -> Note:
    steps = {"strong": 0.7, "fair": 0.5, "weak": 0.25}
    word = next((word for word, least in steps.items() if silhouette >= least), "none")
    return Note(f"personas.{word}", silhouette=silhouette)
