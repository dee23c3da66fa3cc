"""How a result is shown, the same on every page and for every analysis."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, cast, get_args

import altair as alt
import pandas as pd
import streamlit as st

from opslib import charts, words
from opslib.analyses.paths import event_title
from opslib.analyses.personas import column_title
from opslib.result import Error, Result
from opslib.userlists import LONGEST
from pages._frame import cards, data, experiment, pins, saved_segments, table, told
from pages._frame.frame import current, note, problem, shared
from pages._frame.text import WORDS, language, t

Cell = dict[str, Any]

SHARES = {
    "share", "from_start", "from_start_low", "from_start_high", "from_previous",
    "matured_from_start", "matured_share", "matured_low", "matured_high", "lift",
    "lift_low", "lift_high", "better", "loss", "loss_control", "retention", "dau_wau",
    "dau_mau", "wau_mau", "power", "alpha", "more", "zeros", "found", "wrong_sign",
    "placebo_share",
}  # fmt: skip
COMPARED = {
    "control", "treatment", "difference", "low", "high", "low_adjusted",
    "high_adjusted", "predicted",
}  # fmt: skip
# What an analysis shows between its answer and its chart; returns what it has said.
VIEWS: dict[str, Callable[[Any, str], str]] = {
    "ab_test": experiment.verdicts,
    "ab_summary": experiment.verdicts,
    "ab_plan": experiment.sizes,
    "ab_plan_from": experiment.sizes,
    "ab_simulate": experiment.simulated,
    "interrupted": experiment.series,
    "personas": cards.show,
}
# What some results offer beside `chart` and `table`: names of their charts, the one
# that shows the answer first, None where there is nothing to draw; and of tables that
# are a reason to believe it.
CHARTS = {
    "retention": ("curve_chart", "trend_chart", "value_chart", "chart"),
    "activity": ("chart", "stickiness_chart", "hours_chart"),
    "ab_test": ("chart", "over_time_chart"),
    "ab_plan": ("chart", "power_chart"),
    "ab_plan_from": ("chart", "power_chart"),
    "ab_simulate": ("look_chart", "p_chart"),
    "campaign": ("chart", "effects_chart"),
    "interrupted": ("chart", "cumulative_chart"),
    "uplift": ("chart", "groups_chart"),
}
REASONS = {
    "personas": ("evidence", "preparation"),
    "paths": ("common",),
    "activity": ("stickiness", "frequency", "hours"),
    "ab_test": ("segments", "over_time", "bayes", "bootstrap"),
    "ab_summary": ("bayes",),
    "campaign": ("checks", "by_period", "trend"),
    "interrupted": ("days",),
    "uplift": ("profile",),
}
# Columns of our own; those beside them are called as in the file.
OWN = {"personas": {"persona", "name", "users", "share"}}
# Columns whose values are codes of our own.
CODED: dict[str, tuple[str, ...]] = {
    "ab_test": ("kind", "test", "verdict"),
    "ab_summary": ("kind", "test", "verdict"),
    "preparation": ("column",),
    "paths": ("source", "target"),
    "lifecycle": ("state",),
    "hours": ("weekday",),
    "bayes": ("prior",),
    "segments": ("kind",),
    "over_time": ("kind",),
    "costs": ("method",),
    "checks": ("check",),
    "campaign.trend": ("group",),
    "uplift": ("kind",),
}
# Parameters of `users` that are what stands in either of two columns.
FLOWS = {"event", "source"}
TALL = {"preparation": 92}


def show(
    analysis: str,
    result: Result,
    options: dict[str, Any],
    view: Sequence[Any] | None = None,
) -> None:
    """Show the answer, the chart, what to know, and what lies behind them."""
    drawn = answer(analysis, result, options, view=view)
    dataset_id = current().dataset_id
    key = f"{analysis}.{dataset_id}"
    cell = {"analysis": analysis, "dataset": dataset_id, "options": options}
    _share(cell, result, drawn, key)
    behind(cell, result, key, view)
    if text := _definition(analysis):
        with st.expander(t("frame.definition")):
            st.markdown(text)
    with st.expander(t("frame.python")):
        st.code(data.code(analysis, dataset_id, options), language="python")


def answer(
    analysis: str,
    result: Result,
    options: dict[str, Any],
    place: str = "",
    *,
    view: Sequence[Any] | None = None,
) -> dict[str, alt.TopLevelMixin]:
    """Show what was found: in words, in charts, and what to know; return the charts.

    Args:
        analysis: Name of the analysis.
        result: What it found.
        options: What was asked for.
        place: Tells equal cells on one page apart: letters, digits and dashes.
        view: A chart to show in place of the usual ones; see `Page.cell`.
    """
    lang = language()
    said = result.describe(lang)
    if limits := told.limits(options):
        with st.container(key=f"limits-{place}{analysis}", gap="xxsmall"):
            for limit in limits:
                st.text(limit)
    with st.container(key=f"answer-{place}{analysis}"):
        st.text(said)
    if analysis in VIEWS:
        said += VIEWS[analysis](result, place)
    usual = [(name,) for name in CHARTS.get(analysis, ("chart",))]
    made = {
        name: getattr(result, name)(lang, *more)
        for name, *more in ([view] if view else usual)
    }
    drawn = {name: chart for name, chart in made.items() if chart is not None}
    for name, chart in drawn.items():
        if WORDS.has(heading := f"view.{analysis}.{name}"):
            st.subheader(t(heading), anchor=False)
        # Streamlit cannot fit charts to the page when they are one above the other.
        for i, part in enumerate(getattr(chart, "vconcat", [chart])):
            _draw(part, f"{name}-{i}-{place}{analysis}")
    for warning in result.warnings:
        if (text := warning.text(lang)) not in said:
            note(text)
    return drawn


def behind(
    cell: Cell, result: Result, key: str, view: Sequence[Any] | None = None
) -> None:
    """Offer what lies behind the answer: users and tables, folded."""
    analysis = cell["analysis"]
    _users(cell, result, key)
    for name in REASONS.get(analysis, ()):
        reason = getattr(result, name)
        shown = reason if isinstance(reason, pd.DataFrame) else reason(language())
        if shown.empty:
            continue
        with st.expander(t(f"view.{analysis}.{name}")):
            _table(f"{analysis}.{name}", shown, f"{key}.{name}")
    with st.expander(t("frame.table")):
        _tables(analysis, result, key, view)
        if result.previous is not None:
            st.subheader(t("frame.before"), anchor=False)
            _tables(analysis, result.previous, f"{key}.before", view)


def _tables(
    analysis: str, result: Result, key: str, view: Sequence[Any] | None
) -> None:
    """Show the table of a result, those of its view, and what it offers beside."""
    shown = result.table
    if hasattr(result, "model"):
        shown = shown.assign(name=result.model.names(language()))
    if view:
        st.caption(t(f"view.{analysis}.{view[0]}"))
        drawn = getattr(result, view[0].removesuffix("_chart"))(*view[1:])
        _table(analysis, drawn, f"{key}.{view[0]}")
        st.caption(t(f"view.{analysis}.table"))
    _table(analysis, shown, f"{key}.table")
    for field in fields(result):
        code = f"column.{analysis}.{field.name}"
        more = getattr(result, field.name)
        if WORDS.has(code) and more is not None:
            st.caption(t(code))
            _table(f"{analysis}.{field.name}", more, f"{key}.{field.name}")


class _Spec:
    """What Streamlit asks of a chart, not checked once more against Vega-Lite's schema.

    That takes longer than all else that is done to show it; tests do it.
    """

    def __init__(self, chart: alt.TopLevelMixin) -> None:
        self._chart = chart

    def to_dict(self) -> dict[str, Any]:
        return self._chart.to_dict(validate=False)


def _draw(chart: alt.TopLevelMixin, key: str) -> None:
    """Draw a chart in a place that keeps its height, so that nothing jumps."""
    height = getattr(chart, "height", None)
    if isinstance(height, int):
        st.html(f"<style>.st-key-{key} {{ min-height: {height}px }}</style>")
    with st.container(key=key):
        st.altair_chart(cast("alt.Chart", _Spec(chart)))


def _share(
    cell: Cell, result: Result, drawn: dict[str, alt.TopLevelMixin], key: str
) -> None:
    """Offer what can be taken away: a pin in the notebook, the link, the pictures."""
    frame, analysis = current(), cell["analysis"]
    # A download is made after the run, when there is no session to ask.
    space = "" if language().startswith("zh") else " "
    title = space.join([result.describe(language()), *told.limits(cell["options"])])
    with st.container(horizontal=True, key=f"share-{analysis}"):
        _pin(cell, key)
        with st.popover(t("frame.link")):
            st.caption(t("frame.link_help"))
            frame.show_link(st.empty())
        for name, chart in drawn.items():
            label = t("frame.png")
            if len(drawn) > 1:
                label = t("frame.png_of", chart=t(f"view.{analysis}.{name}"))
            st.download_button(
                label,
                partial(charts.export, chart, "png", title=title),
                file_name=f"{analysis}.png",
                mime="image/png",
                on_click="ignore",
                key=f"{key}.{name}.png",
            )
        if hasattr(result, "model"):
            st.download_button(
                t("frame.model"),
                result.model.to_json,
                file_name=f"{analysis}.json",
                mime="application/json",
                on_click="ignore",
                key=f"{key}.model",
            )
        if hasattr(result, "assignments"):
            saved_segments.offer(
                partial(_groups, result, language()),
                cell,
                f"{key}.groups",
                label=t("saved.save_groups"),
                name=t("saved.persona"),
            )


def _groups(result: Any, lang: str) -> tuple[pd.Series, pd.Series]:  # noqa: ANN401
    """Return the users of all groups, and the number and name of the group of each."""
    names = enumerate(result.model.names(lang), 1)
    labels = {group: f"{group} {name}"[:LONGEST] for group, name in names}
    users = result.assignments
    return users["user"], users["persona"].map(labels)


def _pin(cell: Cell, key: str) -> None:
    """Offer to keep the cell in a notebook, with a note."""
    popover = st.popover(t("frame.pin"), key=f"{key}.pin")
    with popover, st.form(f"{key}.pinned", border=False):
        titles = pins.titles()
        notebook = st.selectbox(
            t("frame.pin_to"),
            [*titles, None],
            format_func=lambda id_: titles.get(id_) or t("frame.pin_new"),
        )
        written = st.text_area(t("frame.pin_note"), max_chars=10_000)
        if st.form_submit_button(t("frame.pin_do"), type="primary"):
            pinned = pins.pin(notebook, cell, written, current().link.stored())
            st.success(t("frame.pinned"))
            shared("notebook", t("frame.pin_open"), options={"n": [pinned]})


def _users(cell: Cell, result: Result, key: str) -> None:
    """Turn any number of the result into the list of users behind it.

    Every parameter of `result.users` becomes a choice: yes or no for a bool, a number
    where the default is one, else among the values of the table's column of that name,
    by position where the parameter is a whole number and the column is not. One that
    may be None may be left open.
    """
    if not hasattr(result, "users"):
        return
    fold = st.expander(t("frame.users"), key=f"{key}.users", on_change="rerun")
    if not fold.open:
        return
    with fold:
        row = st.container(horizontal=True, vertical_alignment="bottom")
        chosen: dict[str, Any] = {}
        for name, parameter in inspect.signature(result.users).parameters.items():
            if isinstance(parameter.default, bool):
                chosen[name] = row.toggle(
                    _header(name, "users"),
                    parameter.default,
                    key=f"{key}.users.{name}",
                )
            elif isinstance(parameter.default, int):
                chosen[name] = row.number_input(
                    _header(name),
                    min_value=1,
                    value=parameter.default,
                    key=f"{key}.users.{name}",
                    width=150,
                )
            elif values := _values(result, parameter):
                chosen[name] = row.selectbox(
                    _header(name),
                    values,
                    index=None if type(None) in _kinds(parameter) else 0,
                    format_func=values.__getitem__,
                    placeholder=t("frame.all"),
                    key=f"{key}.users.{name}",
                    width=260,
                )
        try:
            found = pd.DataFrame({"user": pd.Series(result.users(**chosen))})
        except Error as error:
            problem(error.text(language()))
            return
        st.text(t("frame.users_found", n=len(found)))
        _table("users", found, f"{key}.found")
        if len(found):
            saved_segments.offer(lambda: (found["user"], None), cell, f"{key}.found")


def _values(result: Result, parameter: inspect.Parameter) -> dict[Any, str]:
    """Return what a parameter of `users` may be, and how each is shown."""
    if parameter.name == "persona" and hasattr(result, "model"):
        names = enumerate(result.model.names(language()), 1)
        return {persona: f"{persona} {name}" for persona, name in names}
    if parameter.name in FLOWS and {"source", "target"} <= {*result.table}:
        codes = pd.concat([result.table["target"], result.table["source"]]).dropna()
        return {code: _worded("target", code) for code in codes.unique()}
    column = parameter.name.removesuffix("_index")
    if column not in result.table:
        return {}
    values = result.table[column].drop_duplicates()
    if column == "state":
        return {state: _worded(column, state) for state in values}
    if column == "variant":
        # The table compares every variant with the control.
        values = pd.concat([pd.Series([getattr(result, "control", None)]), values])
        values = values.dropna()
    dates = pd.api.types.is_datetime64_any_dtype(values)
    if column == "group":
        values = values.fillna(t("frame.missing"))
    elif dates:
        values = values.sort_values()
    shown = [words.clean(value) for value in (values.dt.date if dates else values)]
    kinds = _kinds(parameter)
    if int in kinds and not pd.api.types.is_numeric_dtype(values):
        return dict(enumerate(shown))
    return dict(zip(shown if str in kinds else values.tolist(), shown, strict=True))


def _kinds(parameter: inspect.Parameter) -> tuple[Any, ...]:
    return get_args(parameter.annotation) or (parameter.annotation,)


def _table(analysis: str, shown: pd.DataFrame, key: str) -> None:
    """Show a table of an analysis under translated headers."""
    columns = {str(column): _column(analysis, str(column), shown) for column in shown}
    name = analysis.rpartition(".")[2]
    said = {
        column: {code: _worded(column, code) for code in shown[column].dropna()}
        for column in CODED.get(analysis, CODED.get(name, ()))
    }
    table.show(shown, analysis, key, columns, row_height=TALL.get(name), words=said)


def _worded(column: str, code: str) -> str:
    """Put a code of our own, in a column of a table, into words."""
    if column == "column":
        return column_title(code, language())
    if column in {"source", "target"}:
        return words.clean(event_title(code, language()))
    if column == "verdict":
        return words.text(f"ab.{code}.name", language())
    if column in {"state", "weekday"}:
        home = "lifecycle" if column == "state" else "activity"
        return words.text(f"{home}.{code}", language())
    return t(f"value.{column}.{code}")


def _column(analysis: str, column: str, rows: pd.DataFrame) -> Any:  # noqa: ANN401
    """Head a column in the language of the session, and write shares as percent."""
    header = _header(column, analysis)
    if pd.api.types.is_bool_dtype(rows[column]):
        return st.column_config.CheckboxColumn(header)
    shares = bool({"share", "found"} & set(rows)) or set(rows.get("kind", ())) == {
        "share"
    }
    compared = column in COMPARED and shares
    if column in SHARES or compared:
        return st.column_config.NumberColumn(header, format="percent")
    if pd.api.types.is_datetime64_any_dtype(rows[column]):
        return st.column_config.DateColumn(header, format="YYYY-MM-DD")
    if pd.api.types.is_numeric_dtype(rows[column]):
        return st.column_config.NumberColumn(header, format="localized")
    return st.column_config.Column(header)


def _header(column: str, analysis: str = "") -> str:
    """Return the name of a column in the language of the session, or as it stands."""
    if column not in OWN.get(analysis, {column}):
        return column_title(column, language())
    for code in (f"column.{analysis}.{column}", f"column.{column}"):
        if WORDS.has(code):
            return t(code)
    return words.clean(column)


def _definition(analysis: str) -> str | None:
    """Return how the analysis counts, and its source, as the catalogues say it."""
    code = f"definition.{analysis}"
    return t(code) if WORDS.has(code) else None
