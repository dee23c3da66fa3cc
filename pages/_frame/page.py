"""A page: its question, one row of controls, and the cells that answer it.

A page file makes a `Page`, asks its controls for options, and shows a cell:

    page = Page("funnel", kind="events")
    dates = page.dates()
    steps = page.many("steps", page.events, default=page.usual_steps)
    days = page.number("days", 1, 90, default=7)
    page.cell("funnel", steps=steps, window=f"{days}D", dates=dates)

Words come from `words/<language>/<page>.po`: `funnel.title` is the question,
`funnel.<control>` the label of a control, `funnel.<control>.<code>` a choice in it.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from opslib import words
from opslib.dataset import Dataset
from opslib.result import Error, Result
from pages._frame import data, link, overview
from pages._frame.cell import show
from pages._frame.frame import current, problem, shared
from pages._frame.link import Param
from pages._frame.text import WORDS, language, t

FEW = 4
MOST_SHARES = 6


class Page:
    """One page on one kind of table.

    Args:
        name: Name of the page: its file, its menu entry and the prefix of its words.
        kind: Table it needs ("events", "users", ...), or several, one of which will
            do; None if it needs none. Without one the page says where to add it, and
            ends.

    Attributes:
        kind: The first of the kinds needed that the data set has.
        lang: Language of the session, "en" or "zh_CN".
    """

    def __init__(self, name: str, *, kind: str | tuple[str, ...] = ()) -> None:
        self.name = name
        self.lang = language()
        self._frame = current()
        # Options of one data set are not those of another.
        self._place = f"{name}.{self._frame.dataset_id}" if kind else name
        st.title(t(f"{name}.title"), anchor=False)
        kinds = (kind,) if isinstance(kind, str) else kind
        self.kind = self._table(kinds) if kinds else None
        self._rows = st.container()
        self._row = self.row()
        self._folded = st.container(horizontal=True, key="folds")
        self._more: Any = None
        self._unmet = ""

    @property
    def dataset(self) -> Dataset:
        """The data set chosen."""
        return self._frame.dataset

    @property
    def days(self) -> tuple[str, str]:
        """First and last day of the events."""
        return self.dataset.events.dates

    @cached_property
    def events(self) -> list[str]:
        """Names of the events, the most frequent first."""
        return data.event_names(self.dataset)

    @property
    def properties(self) -> list[str]:
        """Names of the properties of events that have few values: to break down by."""
        return data.properties(self.dataset)

    def values(self, name: str | None) -> list[str]:
        """Values of a property of events, as far as they are known."""
        return data.property_values(self.dataset, name)

    @property
    def amounts(self) -> list[str]:
        """Names of the properties of events that are numbers: to add up."""
        return data.amounts(self.dataset)

    @property
    def texts(self) -> list[str]:
        """Names of the properties of events that have too many values to list."""
        return data.texts(self.dataset)

    @property
    def daily_figures(self) -> list[str]:
        """Names of the daily figures."""
        return data.daily_figures(self.dataset)

    @property
    def usual_figures(self) -> list[str]:
        """The daily figures to begin with: the first that can be shown at once."""
        return data.usual_figures(self.dataset)

    @property
    def daily_groups(self) -> dict[str, str]:
        """Columns that daily figures can be broken down by, as a reader calls them."""
        return data.daily_groups(self.dataset, self.lang)

    @property
    def features(self) -> dict[str, str]:
        """Attributes of users, each with what a reader calls it."""
        return data.feature_titles(data.features(self.dataset), self.lang)

    @property
    def most_groups(self) -> int:
        """How many groups the users can be divided into at most."""
        return data.most_groups(self.dataset)

    @property
    def usual_period(self) -> str:
        """The calendar period that gives a readable number of cohorts."""
        return data.usual_period(self.dataset)

    @property
    def usual_steps(self) -> list[str]:
        """Events that make a likely funnel, in order."""
        return data.usual_steps(self.events)

    @property
    def metrics(self) -> list[str]:
        """Columns of the experiment that can be measured."""
        return data.metrics(self.dataset)

    @property
    def traits(self) -> list[str]:
        """Columns of the experiment, all but unit, variant and the time."""
        return data.traits(self.dataset)

    @property
    def segments(self) -> list[str]:
        """Columns of the experiment by whose values effects can be compared."""
        return data.segments(self.dataset)

    @property
    def strata(self) -> dict[str, str]:
        """What an experiment can be compared within, as a reader calls it."""
        return data.strata(self.dataset)

    @property
    def usual_metrics(self) -> list[str]:
        """Metrics that the experiment is likely about."""
        return data.usual_metrics(self.metrics)

    @property
    def variants(self) -> list[str]:
        """Variants of the experiment, the likely control first."""
        return data.variants(self.dataset)

    @property
    def measures(self) -> dict[str, str]:
        """Numbers known of units of an experiment, or users, as a reader calls them."""
        return data.feature_titles(data.measures(self.dataset), self.lang)

    @property
    def usual_measure(self) -> str | None:
        """The number that a test is likely about."""
        return next(iter(data.usual_metrics(data.measures(self.dataset))), None)

    def measure_kind(self, name: str | None) -> str:
        """Say whether a number is a "share" of units or a "mean"."""
        return data.measure_kind(self.dataset, name)

    @property
    def arrivals(self) -> list[str]:
        """Columns of units that are times, on one of which they may have come."""
        return data.arrivals(self.dataset)

    @property
    def past_variants(self) -> list[str]:
        """Variants of the units, the likely control first; none of mere users."""
        return self.variants if self.dataset.has("experiment") else []

    @property
    def usual_way(self) -> str:
        """How a campaign can be judged: "groups" of units followed, or a "series"."""
        return data.usual_way(self.dataset)

    @property
    def followed(self) -> bool:
        """Whether the experiment says on which day each row was."""
        return data.followed(self.dataset)

    def group_values(self, column: str | None) -> list[str]:
        """Values of a column of the daily figures."""
        return data.group_values(self.dataset, column)

    def campaign(self, name: str = "when") -> tuple[str | None, str | None]:
        """Ask for the days of a campaign, which nothing but the demo's are guessed.

        Returns:
            First and last day, both included, as ISO dates; None until chosen.
        """
        first, last = data.span(self.dataset, self.kind or "daily")
        draw = _calendar(self.text(name), first, last, width=230)
        usual = data.campaign(self.dataset)
        chosen = self.control(link.dates(name, first, last, usual), draw)
        if not chosen:
            self.demand(name)
            return None, None
        start, end = (day.isoformat() for day in chosen)
        return start, end

    def since(self, name: str = "since") -> str | None:
        """Ask from which day on to look, under "More options"; None is the first."""
        first, last = data.span(self.dataset, self.kind or "daily")
        draw = _calendar(self.text(name), first, last, width=150)
        chosen: dt.date = self.control(link.day(name, first, last), draw, more=True)
        return None if chosen == first else chosen.isoformat()

    def dates(self, name: str = "dates") -> list[str]:
        """Ask for a range of whole days within the table; all of it unless chosen.

        Returns:
            First and last day, both included, as ISO dates.
        """
        first, last = data.span(self.dataset, self.kind or "events")
        draw = _calendar(t("frame.dates"), first, last, width=230)
        days: tuple[dt.date, dt.date] = self.control(
            link.dates(name, first, last), draw
        )
        return [day.isoformat() for day in days]

    def choice(
        self,
        name: str,
        codes: Sequence[str] | Mapping[str, str],
        *,
        default: str | None = None,
        named: bool = False,
        more: bool = False,
        further: Mapping[str, str] | None = None,
    ) -> str | None:
        """Ask for one of `codes`.

        Args:
            name: Name in the link and of the label, `<page>.<name>`.
            codes: What can be chosen, as the option spells it; or with the names to
                show, if they are `named`.
            default: First choice; the first of `codes` if None and not `named`.
            named: The codes are names from the file, shown as they stand, and nothing
                may be chosen (returns None). Else `<page>.<name>.<code>` is shown.
            more: Put it under "More options".
            further: More codes, with the names to show.
        """
        titles = {**(codes if isinstance(codes, Mapping) else {}), **(further or {})}
        codes = list(dict.fromkeys([*codes, *titles]))
        if not named and default is None:
            default = codes[0]
        param = link.choice(name, codes, default)

        shown = {
            code: code if named else self.text(f"{name}.{code}")
            for code in codes
            if code not in titles
        } | titles

        def draw(key: str) -> Any:  # noqa: ANN401
            if not named and len(codes) <= FEW:
                return st.segmented_control(
                    self.text(name),
                    codes,
                    format_func=shown.__getitem__,
                    key=key,
                    required=True,
                )
            return st.selectbox(
                self.text(name),
                codes,
                index=None if named else 0,
                format_func=shown.__getitem__,
                placeholder=t("frame.none"),
                key=key,
                width=220,
            )

        chosen: str | None = self.control(param, draw, more=more)
        return chosen

    def many(
        self,
        name: str,
        codes: Sequence[str] | Mapping[str, str],
        *,
        default: Sequence[str],
        more: bool = False,
    ) -> list[str]:
        """Ask for some of `codes`, in an order that counts.

        Args:
            name: Name in the link and of the label, `<page>.<name>`.
            codes: What can be chosen, as the option spells it; names from the file,
                or codes with the names to show, no two alike.
            default: Chosen at first.
            more: Put it under "More options".
        """
        titles = codes if isinstance(codes, Mapping) else {}
        codes = list(codes)

        def draw(key: str) -> Any:  # noqa: ANN401
            return st.multiselect(
                self.text(name),
                codes,
                format_func=lambda code: titles.get(code, code),
                placeholder=self._unchosen(name),
                key=key,
            )

        chosen: list[str] = self.control(
            link.many(name, codes, default), draw, more=more
        )
        if not (chosen or WORDS.has(f"{self.name}.{name}.none")):
            self.demand(name)
        return chosen

    def demand(self, name: str) -> None:
        """Answer nothing before something is chosen under the control `name`."""
        self._unmet = self.text(name)

    def number(
        self,
        name: str,
        low: float,
        high: float,
        *,
        default: float,
        step: float | None = None,
        percent: bool = False,
        more: bool = False,
    ) -> Any:  # noqa: ANN401
        """Ask for a number from `low` to `high`; whole when `default` is.

        Args:
            name: Name in the link and of the label, `<page>.<name>`.
            low: Least possible.
            high: Most possible.
            default: At first.
            step: What the buttons add.
            percent: Show percent, return a share: `low`, `high`, `default` and `step`
                are percent (5.0), the option and the link say 0.05.
            more: Put it under "More options".

        Returns:
            int if `default` is one and not `percent`, else float.
        """
        scale = 100 if percent else 1
        param = link.number(name, low, high, default, scale=scale)

        def draw(key: str) -> Any:  # noqa: ANN401
            return st.number_input(
                self.text(name),
                min_value=low,
                max_value=high,
                step=step,
                key=key,
                width=150,
            )

        value: float = self.control(param, draw, more=more)
        return round(value / scale, 12) if percent else value

    def toggle(self, name: str, *, default: bool = False, more: bool = False) -> bool:
        """Ask yes or no."""

        def draw(key: str) -> Any:  # noqa: ANN401
            return st.toggle(self.text(name), key=key)

        on: bool = self.control(link.flag(name, default=default), draw, more=more)
        return on

    def shares(self, name: str, groups: Sequence[str]) -> dict[str, float] | None:
        """Ask for the share of each group, on any scale, under "More options".

        Returns:
            Share by group; None while all are equal, or if there are too many to ask.
        """
        if len(groups) > MOST_SHARES:
            return None
        shares: dict[str, float] = {}
        for i, group in enumerate(groups, 1):

            def draw(key: str, group: str = group) -> Any:  # noqa: ANN401
                with st.container(width=150):
                    st.caption(self.text(name))
                    st.text(words.clean(group))
                    return st.number_input(
                        self.text(name),
                        min_value=0.01,
                        max_value=1e6,
                        label_visibility="collapsed",
                        key=key,
                    )

            param = link.number(f"{name}{i}", 0.01, 1e6, 1.0)
            shares[group] = self.control(param, draw, more=True)
        return shares if len(set(shares.values())) > 1 else None

    def compare(self) -> str | None:
        """Ask whether to compare with the period before: "previous" or None."""

        def draw(key: str) -> Any:  # noqa: ANN401
            return st.toggle(t("frame.compare"), key=key)

        on = self.control(link.flag("compare", default=False), draw)
        return "previous" if on else None

    def control(
        self,
        param: Param,
        draw: Callable[[str], Any],
        *,
        more: bool = False,
        row: DeltaGenerator | None = None,
    ) -> Any:  # noqa: ANN401
        """Draw any widget whose value is to be in the link.

        Args:
            param: How its value stands in the link.
            draw: Draws it with the key given, without `value`; returns its value.
            more: Put it under "More options".
            row: Put it there; None is the row of all controls.

        Returns:
            The value, a possible one in any case.
        """
        key = f"{self._place}.{param.name}"
        self._frame.link.seed(param, key)
        if more and self._more is None:
            self._more = self.fold("frame.more").container(
                horizontal=True, vertical_alignment="bottom"
            )
        with self._more if more else row or self._row:
            value = draw(key)
        return self._frame.link.keep(param, key, value)

    def row(self, name: str = "") -> DeltaGenerator:
        """Return a place where controls stand side by side."""
        return self._rows.container(
            horizontal=True, vertical_alignment="bottom", key=f"controls{name}"
        )

    def fold(self, code: str) -> DeltaGenerator:
        """Return a fold under the controls, titled by the sentence `code`."""
        return self._folded.expander(t(code), key=f"{self._place}.{code}")

    def needs(self, kind: str) -> None:
        """Go on only with a table `kind`; without one say where to add it, and end."""
        self.kind = self._table((kind,))
        self._place = f"{self.name}.{self._frame.dataset_id}"

    def _unchosen(self, name: str) -> str:
        """Say what choosing nothing means, `<page>.<name>.none`, or ask to choose."""
        code = f"{self.name}.{name}.none"
        return t(code) if WORDS.has(code) else t("frame.choose")

    def text(self, code: str, **values: Any) -> str:  # noqa: ANN401
        """Return the page's sentence `<page>.<code>`, for labels and headings."""
        return t(f"{self.name}.{code}", **values)

    def empty(self, code: str, to: str | None = None, **values: Any) -> None:  # noqa: ANN401
        """Say what to do next, `<page>.<code>`, with a link to the page `to`."""
        _empty(self.text(code, **values), to)

    def cell(
        self,
        analysis: str,
        *,
        view: Sequence[Any] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Result | None:
        """Run `analysis` and show its answer, chart, notes, users, table and code.

        Args:
            analysis: A name in `opslib.cells.TABLES`.
            view: The chart to show in place of the usual one: the name of a method of
                the result, and what it takes after the language.
            options: Its options, plain; None means not set and is left out.

        Returns:
            The result; None when the options cannot work, which is said in place.
        """
        if self._unmet:
            problem(t("frame.choose_first", what=self._unmet))
            return None
        plain = {name: value for name, value in options.items() if value is not None}
        try:
            with st.spinner(t("frame.working")):
                result = data.run(analysis, self._frame.dataset_id, plain)
        except Error as error:
            problem(error.text(self.lang))
            return None
        show(analysis, result, plain, view)
        return result

    def figures(self) -> None:
        """Show the size of the data set in at most four figures."""
        overview.figures(self._frame.dataset_id)

    def questions(self) -> None:
        """List the pages with what each answers, greyed where a table is missing."""
        overview.questions(self.dataset)

    def _table(self, kinds: tuple[str, ...]) -> str:
        """Return which of the tables needed is here, or end the page."""
        found: str | None = None
        try:
            found = next((kind for kind in kinds if self.dataset.has(kind)), None)
        except Error as error:
            problem(error.text(self.lang))
        else:
            if found is None:
                own = f"{self.name}.no_table"
                _empty(
                    t(own if WORDS.has(own) else f"frame.no_table.{kinds[0]}"), "data"
                )
        if found is None:
            self._frame.finish()
            st.stop()
        return found


def _calendar(
    label: str, first: dt.date, last: dt.date, *, width: int
) -> Callable[[str], Any]:
    """Return what draws a choice of days from `first` to `last`, given its key."""

    def draw(key: str) -> Any:  # noqa: ANN401
        return st.date_input(
            label,
            min_value=first,
            max_value=last,
            format="YYYY-MM-DD",
            key=key,
            width=width,
        )

    return draw


def _empty(sentence: str, to: str | None) -> None:
    with st.container(key="empty", border=True):
        st.text(sentence)
        if to in current().pages:
            shared(to, t(f"frame.go.{to}") if WORDS.has(f"frame.go.{to}") else None)
