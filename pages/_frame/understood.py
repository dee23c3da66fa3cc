"""What was understood of a file, with a control to put every guess right."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from opslib import personal
from opslib.ingest.printed import different
from opslib.ingest.report import Report
from opslib.kinds import IDS, KINDS
from opslib.words import WRITERS
from pages._frame import data, reading
from pages._frame.frame import note, problem
from pages._frame.incoming import Upload
from pages._frame.text import language, t, timezone

ACROSS = 3
TIMED = {"events", "orders", "feedback", "invites", "posts", "tickets"}
NOTHING = "—"
# What the sentence above has said of rows, and the one below will say of columns.
SAID = {"ingest.orders_without_user"}
DAY = 86_400


@dataclass(frozen=True)
class Asked:
    """What the visitor has settled: enough to make a data set.

    Attributes:
        how: "new" for a data set of its own, "add" to the tables of another one, or
            "replace" the table of this kind there.
        other: Id of that data set; "" for none.
        keep_repeats: Whether rows that are there already are added again.
    """

    kind: str
    roles: dict[str, str]
    timezone: str
    name: str
    how: str
    other: str
    keep_repeats: bool


def show(
    upload: Upload,
    report: Report,
    save: Callable[[Upload, Asked], None],
    drop: Callable[[], None],
) -> None:
    """Show what was understood, to be put right, to be saved or dropped."""
    place = f"upload.{upload.folder.name}.{upload.turn}"
    with st.container(border=True, key="understood"):
        st.text(upload.name)
        with st.container(key="answer-understood"):
            st.text(report.describe(language()))
        figures = st.container()
        if upload.error:
            problem(upload.error.text(language()))
        said = SAID | {aside.code for aside in report.aside_notes()}
        for warning in report.warnings:
            if warning.code not in said:
                note(warning.text(language()))
        _offers(upload, report, place)
        kind = _kind(upload, report, place)
        roles = _roles(report, kind, place) if kind else {}
        row = st.container(horizontal=True, vertical_alignment="bottom")
        # What does not hang on the reading outlives it.
        ours = f"upload.{upload.folder.name}"
        how, other = _where(row, kind, ours)
        title = data.load(other).name if other else upload.title
        name = row.text_input(
            t("data.name"), title, max_chars=200, key=f"{ours}.name.{other}"
        )
        zone = _timezone(row, kind, other, ours)
        keep_repeats = bool(other) and _repeats(how, kind, other, ours)
        with figures:
            _figures(upload, report, roles, zone)
        columns = [*roles.values()]
        if twice := sorted({c for c in columns if columns.count(c) > 1}):
            problem(t("data.twice", columns=twice))
        needed = KINDS[kind].required if kind else ()
        if missing := [t(f"data.role.{role}") for role in needed if role not in roles]:
            problem(t("data.missing", roles=missing))
        able = bool(kind) and not twice and not missing
        buttons = st.container(horizontal=True)
        saving = buttons.button(
            t("data.save"), type="primary", disabled=not able, key="upload.save"
        )
        buttons.button(t("data.discard"), on_click=drop, type="tertiary")
        if saving:
            save(upload, Asked(kind, roles, zone, name, how, other, keep_repeats))
    st.subheader(t("data.preview"), anchor=False)
    if report.personal:
        note(t("data.masked", columns=list(report.personal)))
    head = _local(masked(upload.head, report), zone)
    st.dataframe(head, hide_index=True, placeholder="", key=f"{place}.head")
    reading.show(upload, report, head, place)


def masked(head: pd.DataFrame, report: Report) -> pd.DataFrame:
    """Hide what is personal in rows that are shown; the data stay as they are."""
    hidden = {
        column: personal.mask(head[column], kind)
        for column, kind in report.personal.items()
        if column in head
    }
    return head.assign(**hidden)


def _offers(upload: Upload, report: Report, place: str) -> None:
    """Offer to read the file as another kind of table that it could be as well."""
    for kind, offer in report.offers.items():
        with st.container(
            horizontal=True, vertical_alignment="center", key=f"offer-{kind}"
        ):
            st.text(offer.text(language()), width="stretch")
            again = partial(setattr, upload, "wanted", {"kind": kind, "roles": None})
            label = t("data.offer", kind=t(f"data.kind.{kind}"))
            st.button(label, key=f"{place}.offer.{kind}", on_click=again)


def _local(head: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Show instants as the wall clock that analyses will go by, and days as days."""
    shown = {}
    for name, times in head.select_dtypes(["datetime", "datetimetz"]).items():
        if times.dt.tz is not None:
            shown[str(name)] = times.dt.tz_convert(zone).dt.tz_localize(None)
        elif (times.dropna() == times.dropna().dt.normalize()).all():
            shown[str(name)] = times.dt.date
    return head.assign(**shown)


def retyped(report: Report, asked: Asked) -> dict[str, str]:
    """Return the roles that make another column an id, which must be read as text."""
    types = {column.name: column.type for column in report.columns}
    return {
        role: column
        for role, column in asked.roles.items()
        if role in IDS and types.get(column) != "text"
    }


def _kind(upload: Upload, report: Report, place: str) -> str:
    # The browser sends the words of a choice: in another language it is another one.
    key = f"{place}.kind.{language()}"

    def again() -> None:
        # Another kind has other roles: the file is asked again.
        upload.wanted = {"kind": st.session_state[key], "roles": None}

    kinds = [*KINDS]
    labels = {kind: t(f"data.kind.{kind}") for kind in kinds}
    chosen = st.selectbox(
        t("data.kind"),
        kinds,
        index=kinds.index(report.kind) if report.kind in kinds else None,
        format_func=labels.__getitem__,
        placeholder=t("frame.choose"),
        key=key,
        on_change=again,
        width=300,
    )
    return chosen or ""


def _roles(report: Report, kind: str, place: str) -> dict[str, str]:
    """Ask which column plays which role; say how sure the guess is."""
    required = KINDS[kind].required
    columns: list[str | None] = [None, *(column.name for column in report.columns)]
    found = {}
    names = KINDS[kind].roles
    for first in range(0, len(names), ACROSS):
        row = st.columns(ACROSS)
        for spot, role in zip(row, names[first : first + ACROSS], strict=False):
            guess = report.roles.get(role)
            label = t(f"data.role.{role}")
            column = spot.selectbox(
                t("data.needed", role=label) if role in required else label,
                columns,
                index=columns.index(guess),
                format_func=lambda column: column or NOTHING,
                key=f"{place}.{kind}.{role}",
            )
            if column in columns[1:]:
                found[role] = str(column)
            if column == guess and role in report.fits:
                with spot.container(key=f"fit-{role}"):
                    st.text(_fit(report, role))
    return found


def _fit(report: Report, role: str) -> str:
    if other := report.others.get(role):
        return t("data.fit_or", share=report.fits[role], other=other)
    return t("data.fit", share=report.fits[role])


def _where(row: Any, kind: str, place: str) -> tuple[str, str]:  # noqa: ANN401
    """Ask whether this becomes a data set of its own, or goes to which other one."""
    kept = data.workspace().list() if kind else ()
    able = {
        "new": [""],
        "add": [one.id for one in kept],
        "replace": [one.id for one in kept if kind in one.kinds],
    }
    if not kept:
        return "new", ""
    labels = {how: t(f"data.how_{how}") for how, ids in able.items() if ids}
    how: str = row.selectbox(
        t("data.where"),
        [*labels],
        format_func=labels.__getitem__,
        key=f"{place}.{kind}.how.{language()}",
        width=260,
    )
    if how == "new":
        return how, ""
    names = data.names()
    other: str = row.selectbox(
        t("data.other"),
        able[how],
        format_func=names.__getitem__,
        key=f"{place}.{kind}.{how}.{language()}",
        width=260,
    )
    return how, other


def _repeats(how: str, kind: str, other: str, place: str) -> bool:
    """Say what becomes of the other one; ask whether rows may be there twice."""
    st.caption(t("data.stays", timezone=data.load(other).timezone))
    if how != "add" or kind not in data.load(other).kinds:
        return False
    return not st.toggle(t("data.no_repeats"), value=True, key=f"{place}.no_repeats")


def _timezone(row: Any, kind: str, other: str, place: str) -> str:  # noqa: ANN401
    """Ask where the wall clock of the file's times hangs: where the visitor is."""
    if other:
        return data.load(other).timezone
    mine = timezone()
    if kind not in TIMED:
        return mine
    zones = sorted(available_timezones())
    first = list(dict.fromkeys([mine, "Asia/Shanghai", "UTC"]))
    chosen: str = row.selectbox(
        t("data.timezone"),
        [*first, *(zone for zone in zones if zone not in first)],
        key=f"{place}.timezone",
        width=260,
    )
    return chosen


def _figures(
    upload: Upload,
    report: Report,
    roles: dict[str, str],
    timezone: str,
) -> None:
    """Say how much there is: rows, users, and the time they cover."""
    count, lang = WRITERS["count"], language()
    row = st.container(horizontal=True, key="figures-upload")
    row.metric(t("home.rows"), count(report.table_rows, lang))
    owner = roles.get("user") or roles.get("unit")
    if owner:
        (ids,) = (column for column in report.columns if column.name == owner)
        row.metric(t("home.users"), different(ids, language()))
    if span := upload.span(roles.get("time") or roles.get("date"), timezone):
        first, last = span
        days = ((last - first).days + 1) * DAY
        row.metric(t("home.days"), WRITERS["duration"](days, lang))
        st.caption(t("data.span", first=first, last=last))
