"""Personas as a reader sees them: cards, and the map of traits."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from opslib import charts, words
from opslib.analyses import _persona_cards as traits_of
from opslib.result import Note

MOST_ROWS = 16
# Blue below, orange above the average: told apart in every colour vision, and light
# enough for dark numbers.
COLOURS = ["#7DB8DA", "#F3F4F6", "#F0B45F"]


@dataclass(frozen=True)
class Card:
    """One persona as a page shows it, in one language.

    Attributes:
        over: Up to five traits above average, under: up to three below, strongest
            first; columns trait, measure (what the column is called), comparison (value
            beside that of all users), index
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


def card(
    traits: pd.DataFrame,
    users: pd.Series,
    *,
    persona: int,
    name: str,
    total: int,
    lang: str,
) -> Card:
    """Make the card of one persona.

    Args:
        traits: Its rows of `profile`.
        users: Its users, the most typical first.
        persona: Its number.
        name: Its name in `lang`.
        total: All users.
        lang: Of everything on the card.
    """
    over, under = traits_of.over(traits), traits_of.under(traits)
    strongest = pd.concat([over, under]).sort_values("d", key=lambda d: -d.abs())
    told = _told(strongest.head(3), lang)
    facts = [
        Note("personas.fact", trait=trait, comparison=comparison).text(lang)
        for trait, comparison in zip(told["trait"], told["comparison"], strict=True)
    ]
    n, share = len(users), len(users) / total
    sentence = Note(
        "personas.card" if facts else "personas.card_average",
        name=name, n=n, users=n, share=share,
        facts=words.text("personas.semicolon", lang).join(facts),
    ).text(lang)  # fmt: skip
    examples = tuple(users.head(3))
    over, under = _told(over, lang), _told(under, lang)
    return Card(persona, name, n, share, over, under, examples, sentence)


def _told(rows: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Word the traits of a card."""
    records = rows.to_dict("records")
    return pd.DataFrame(
        {
            "trait": [traits_of.trait_of(row).text(lang) for row in records],
            "measure": [traits_of.title(row["column"], lang) for row in records],
            "comparison": [traits_of.comparison(row, lang) for row in records],
            "index": rows["index"].to_list(),
            "d": rows["d"].to_list(),
        }
    )


def heat_map(
    traits: pd.DataFrame, names: Sequence[str], alt_text: str, lang: str
) -> alt.TopLevelMixin:
    """Draw how far each persona is from the average, where it tells most.

    Args:
        traits: What `profile` returned.
        names: Of the personas, in `lang`.
        alt_text: For screen readers.
        lang: Of titles and numbers.
    """
    rows = _telling(traits, names, lang)
    titles = {
        column: words.text(f"personas.axis_{column}", lang)
        for column in ("persona", "trait", "d", "comparison", "cell")
    }
    shape = charts.Shape(rows, titles)
    x = alt.X(**shape.field("persona", "nominal", sort=None, axis=alt.Axis(
        labelAngle=0, labelFlush=False, labelOverlap="greedy", orient="top",
        labelLimit=alt.ExprRef("bandwidth('x') - 4"),
        title=None)))  # fmt: skip
    y = alt.Y(**shape.field("trait", "nominal", sort=None, axis=alt.Axis(
        labelFlush=False, labelLimit=220, title=None)))  # fmt: skip
    scale = alt.Scale(
        domain=[-1.5, 0, 1.5], clamp=True, range=COLOURS, interpolate="rgb"
    )
    base = alt.Chart().encode(
        x=x, y=y, tooltip=shape.tooltip(
            {"persona": "", "trait": "", "comparison": "", "d": "+.2f"}
        ),
    )  # fmt: skip
    legend = alt.Legend(orient="bottom", gradientLength=220, titleLimit=400)
    cells = base.mark_rect().encode(
        color=alt.Color(**shape.field("d", "quantitative", scale=scale, legend=legend))
    )
    text = base.mark_text(fontSize=charts.fitting(12), color="#111827").encode(
        text=alt.Text(**shape.field("cell", "nominal"))
    )
    height = 120 + 30 * rows["trait"].nunique()
    chart = charts.layered(cells, text, data=shape.frame)
    return charts.finish(chart, alt_text, height=height)


def _telling(traits: pd.DataFrame, names: Sequence[str], lang: str) -> pd.DataFrame:
    """Return the rows of the chart: the strongest columns and levels, worded."""
    number = traits["side"].isin(traits_of.NUMBER_SIDES)
    label = traits["column"].map(lambda column: traits_of.title(column, lang))
    level = traits["level"].where(
        traits["side"] == "level", words.text("personas.no_value", lang)
    )
    colon = words.text("personas.colon", lang)
    dated = label.map(
        lambda column: words.text("personas.days_before", lang, column=column)
    )
    label = label.mask(traits["side"].isin(["early", "late"]), dated)
    label = label.where(number, label + colon + level.astype(str))
    rows = traits.assign(trait=label, size=traits["d"].abs())
    best = rows.groupby("trait", sort=False)["size"].max().nlargest(MOST_ROWS)
    rows = rows[rows["trait"].isin(best.index)].copy()
    rows["persona"] = [f"{i} {names[i - 1]}" for i in rows["persona"]]
    rows["comparison"] = [
        traits_of.comparison(row, lang) for row in rows.to_dict("records")
    ]
    rows["cell"] = [
        words.number(value, lang)
        if side in traits_of.NUMBER_SIDES
        else words.percent(value, lang)
        for side, value in zip(rows["side"], rows["value"], strict=True)
    ]
    return rows
