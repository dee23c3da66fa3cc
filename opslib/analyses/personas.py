"""Personas: which groups of users there are, and what sets each apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from opslib import words
from opslib.analyses import _persona_cards as traits_of
from opslib.analyses import _persona_views as views
from opslib.analyses._persona_cards import title as column_title
from opslib.analyses._persona_model import PersonaModel, assignments, user_ids
from opslib.result import Error, Note, Result, say
from opslib.stats import clusters, encoding

__all__ = ["PersonaModel", "PersonasResult", "column_title", "personas"]

FEWEST_USERS = 60
MOST_PERSONAS = 20


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

    def cards(self, lang: str = "en") -> list[views.Card]:
        """Return a card per persona, in `lang`."""
        return [
            views.card(
                self.traits[self.traits["persona"] == persona], self.users(persona),
                persona=persona, name=name, total=len(self.assignments), lang=lang,
            )
            for persona, name in enumerate(self.model.names(lang), 1)
        ]  # fmt: skip

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
        names = self.model.names(lang)
        return views.heat_map(self.traits, names, self.describe(lang), lang)


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
            feature, two columns of one name, or k out of range.

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
    warnings += _further_apart(evidence, asked=isinstance(k, int))

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
    if (again := rows.columns[rows.columns.duplicated()]).size:
        raise Error("personas.same_name", got=again[0])
    warnings: list[Note] = []
    if "user" in rows:
        known = rows["user"].notna() & ~rows["user"].duplicated()
        if lost := int((~known).sum()):
            warnings.append(Note("personas.repeated", n=lost, count=lost))
        rows = rows[known]
        key: pd.Series | pd.DataFrame = rows["user"].astype("str")
    else:
        warnings.append(Note("personas.row_number"))
        mixed = [column for column in rows if rows[column].dtype == object]
        key = rows.astype(dict.fromkeys(mixed, "str"))
    rows = rows.assign(user=user_ids(rows).to_numpy())
    hashes = pd.util.hash_pandas_object(key, index=False).to_numpy()
    return rows.iloc[np.argsort(hashes, kind="stable")], warnings


def _columns(
    rows: pd.DataFrame, features: Sequence[str] | None
) -> tuple[list[encoding.Column], dict[str, Note]]:
    known = [column for column in rows.columns if column != "user"]
    for feature in features or ():
        if feature not in known:
            raise Error("option.column", option="features", got=feature, choices=known)
    asked = list(dict.fromkeys(features or ()))
    columns, found = encoding.learn(rows, asked or known, asked=bool(asked))
    left_out = {column: _titled(reason) for column, reason in found.items()}
    if asked and left_out:
        raise Error("personas.feature", reason=next(iter(left_out.values())))
    if not columns:
        raise Error(
            "personas.no_feature",
            left_out=[traits_of.Titled(column) for column in left_out],
        )
    return columns, left_out


def _titled(reason: Note) -> Note:
    """Have a reason name its columns as cards do."""
    names = {
        role: traits_of.Titled(reason.values[role])
        for role in ("column", "other")
        if role in reason.values
    }
    return Note(reason.code, **(reason.values | names))


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


def _further_apart(evidence: pd.DataFrame, *, asked: bool) -> list[Note]:
    """Tell of a clearly better silhouette: not asked for, or its groups too small."""
    best = evidence.iloc[int(evidence["silhouette"].argmax())]
    chosen = evidence.loc[evidence["chosen"]].iloc[0]
    if chosen["silhouette"] >= best["silhouette"] - 0.05 * abs(best["silhouette"]):
        return []
    k, n = int(best["k"]), int(best["smallest"])
    code = "personas.further" if asked else "personas.better"
    return [Note(code, k=k, silhouette=best["silhouette"], n=n)]


def _verdict(silhouette: float) -> Note:
    steps = {"strong": 0.7, "fair": 0.5, "weak": 0.25}
    word = next((word for word, least in steps.items() if silhouette >= least), "none")
    return Note(f"personas.{word}", silhouette=silhouette)
