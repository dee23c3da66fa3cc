"""A persona model: how users become points, the centres, and what they are called."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opslib.analyses import _persona_cards as cards
from opslib.result import Error
from opslib.stats import clusters, encoding

FORMAT = "opslib.personas.1"


@dataclass(frozen=True)
class PersonaModel:
    """Everything needed to find the persona of a user, today or next month.

    Attributes:
        columns: What is done to each column, in order.
        centres: k x d, the middle of each persona; persona 1 is the first.
        traits: What each persona is named by, in words only when a language asks.
    """

    columns: tuple[encoding.Column, ...]
    centres: NDArray[np.float64]
    traits: tuple[tuple[cards.Trait, ...], ...]

    def names(self, lang: str = "en") -> list[str]:
        """Name the personas in `lang`; one that repeats a name gets a number."""
        names: list[str] = []
        for traits in self.traits:
            name, again = cards.name(traits, lang), 2
            unique = name
            while unique in names:
                unique, again = f"{name} ({again})", again + 1
            names.append(unique)
        return names

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Find the persona of every row of `frame`.

        A level that the model has not seen counts as "other", a missing number as the
        median the model was made with.

        Returns:
            user (the row number from 1 where there is no such column), persona (from
            1), name (English), distance to the middle of the persona.

        Raises:
            Error: A column of the model is missing, or cannot be read as the number or
                date that it was.
        """
        needed = [column.column for column in self.columns]
        if missing := [name for name in needed if name not in frame.columns]:
            raise Error("personas.columns", missing=missing, got=list(frame.columns))
        points = encoding.encode(self.columns, frame)
        labels, distances = clusters.nearest(points, self.centres)
        return assignments(user_ids(frame), labels, distances, self.names())

    def to_json(self) -> str:
        """Write the model as JSON; the numbers come back exactly."""
        plain = {
            "format": FORMAT,
            "columns": [encoding.to_plain(column) for column in self.columns],
            "centres": self.centres.tolist(),
            "traits": [[cards.to_plain(t) for t in traits] for traits in self.traits],
        }
        return json.dumps(plain, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a model that `to_json` wrote.

        Raises:
            Error: The text is not such a model.
        """
        try:
            plain = json.loads(text)
            model = cls(
                tuple(encoding.from_plain(column) for column in plain["columns"]),
                np.array(plain["centres"], dtype=float),
                tuple(
                    tuple(cards.Trait(**trait) for trait in traits)
                    for traits in plain["traits"]
                ),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Error("personas.model") from error
        width = sum(column.width for column in model.columns)
        shape = (len(model.traits), width)
        if plain.get("format") != FORMAT or model.centres.shape != shape or not width:
            raise Error("personas.model")
        return model


def user_ids(frame: pd.DataFrame) -> pd.Series:
    """Return the user of each row as text, or its row number from 1."""
    if "user" in frame.columns:
        return frame["user"].astype("str").reset_index(drop=True)
    return pd.Series(np.arange(1, len(frame) + 1), name="user").astype("str")


def assignments(
    users: pd.Series,
    labels: NDArray[np.intp],
    distances: NDArray[np.float64],
    names: Sequence[str],
) -> pd.DataFrame:
    """Return user, persona, name, distance: one row per user."""
    return pd.DataFrame(
        {
            "user": users,
            "persona": (labels + 1).astype(np.int16),
            "name": pd.Categorical.from_codes(labels.tolist(), pd.Index(names)),
            "distance": distances,
        }
    )
