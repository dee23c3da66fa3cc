"""Paths: which way users go through the events of a session, and where they leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohorts, periods
from opslib.analyses import _paths_chart, _paths_walk
from opslib.analyses._paths_walk import GONE, OTHER, Sessions, Walk, name_of
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates
from opslib.result import Error, Note, Result, check_choice, say
from opslib.words import WRITERS, text

FEWEST = 30
TIED = 0.05
DEPTHS, TOPS = (2, 10), (1, 20)


@dataclass(frozen=True, kw_only=True, eq=False)
class PathsResult(Result):
    """Sessions that pass from event to event; `table` has one row per flow.

    Columns of `table`, whose `sessions` at each position add up to all that entered:
        position: Of the target: 0 is the start, or going back the end, with the events
            before it at -1, -2, ...
        source: Event at the position before; missing at the first position.
        target: Event at this position. Instead of an event both may be "$other", any
            event that is not among the `top` of its column, and "$drop_off", none as
            the session has ended: going back "$began", as it had not begun, and between
            a start and an end "$arrived", as the end is behind. An event that is called
            so has one more $ in front.
        sessions, users: Sessions with this flow, and the users whose they are.
        share: Sessions / all that entered, 0 to 1.

    Attributes:
        common: The 50 most frequent whole paths, up to `depth` events: path (a tuple of
            names), sessions, users, share, and its 95 % interval low to high, which
            counts users, not sessions, as independent.
        sessions: How many there are.
        way: "forward", "back" or "between".
        dates: First and last day on which sessions begin.
    """

    common: pd.DataFrame
    sessions: Sessions
    way: str
    dates: tuple[str, str]
    _start: tuple[str, ...] = field(repr=False)
    _end: tuple[str, ...] = field(repr=False)
    _log: EventLog = field(repr=False)
    _shown: npt.NDArray[np.int64] = field(repr=False)
    _walk: Callable[[], Walk] = field(repr=False)
    _reached: dict[str, float] = field(repr=False)

    def users(self, position: int, event: str, source: str | None = None) -> pd.Series:
        """Return the ids of those with a session that has `event` at `position`.

        Args:
            position: A position of the table.
            event: Name of any event, or a code of the table.
            source: What stands at the position before; None is anything.

        Raises:
            Error: There is no such position or event.
        """
        first, depth = self._first, len(self._shown)
        last = first + depth - 1
        if not first <= position <= last:
            raise Error(
                "option.range", option="position", low=first, high=last, got=position
            )
        walk, at = self._walk(), int(position) - first
        found = self._holds(walk, at, event, "event")
        if source is not None:
            before = self._holds(walk, at - 1, source, "source")
            found = found & before if at else found[:0]
        sessions = np.flatnonzero(found)
        return self._log.ids(
            np.unique(np.searchsorted(walk.offsets, sessions, side="right") - 1)
        )

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the columns with the sessions that pass between them."""
        positions = range(self._first, self._first + len(self._shown))
        return _paths_chart.draw(
            self.table,
            lang,
            rest=OTHER,
            gone=GONE[self.way],
            title=partial(event_title, lang=lang),
            heads={at: self._head(at).text(lang) for at in positions},
            alt_text=self.describe(lang),
        )

    def describe(self, lang: str = "en") -> str:
        """State the most frequent path with its interval, and where most leave."""
        if self.sessions.users < FEWEST:
            return _few(self.sessions).text(lang)
        most = self.common.iloc[0]
        answer = Note(
            "paths.answer",
            path=self._written(most["path"], lang),
            n=self.sessions.entered,
            **{name: float(most[name]) for name in ("share", "low", "high")},
        )
        if self.way == "between":
            return say(lang, self._arrived(), self._change, answer)
        return say(lang, answer, self._change, self._turn)

    @property
    def _first(self) -> int:
        return 1 - len(self._shown) if self.way == "back" else 0

    def _holds(
        self, walk: Walk, at: int, event: str, option: str
    ) -> npt.NDArray[np.bool_]:
        codes = walk.paths[:, at]
        if event == GONE[self.way]:
            return codes == len(self._log.names)
        if event == OTHER:
            top = self._shown.max() - 1
            return self._shown[at][codes] == top
        return codes == self._log.code(name_of(event), option)

    def _head(self, position: int) -> Note:
        if self.way != "back":
            return Note("paths.step", step=position + 1)
        code = "paths.before" if position else "paths.goal"
        return Note(code, step=-position)

    def _written(self, path: Sequence[str], lang: str) -> str:
        """Write a path as a reader reads it, with how the session went on."""
        names = [WRITERS["name"](name, lang) for name in path]
        if len(path) < len(self._shown) and self.way != "between":
            back = self.way == "back"
            gone = text("paths.opening" if back else "paths.closing", lang)
            names = [gone, *names] if back else [*names, gone]
        return text("paths.arrow", lang).join(names)

    @cached_property
    def _turn(self) -> Note | None:
        """Say after what most sessions end, or going back what comes before the end."""
        flows = self.table[~self.table["source"].isin([OTHER, *GONE.values()])]
        flows = flows[flows["source"].notna()]
        if self.way == "back":
            flows = flows[flows["position"] == 0]
        else:
            flows = flows[flows["target"] == GONE[self.way]]
        if flows.empty:
            return None
        most = flows.iloc[int(flows["sessions"].argmax())]
        there = self.sessions.entered
        if self.way == "forward":
            at = self.table["position"] == most["position"]
            same = self.table["source"] == most["source"]
            there = int(self.table.loc[at & same, "sessions"].sum())
        return Note(
            f"paths.turn_{self.way}",
            event=name_of(most["source"]),
            step=int(most["position"]),
            n=int(most["sessions"]),
            share=most["sessions"] / there,
        )

    def _arrived(self) -> Note:
        names = {"start": list(self._start), "end": list(self._end)}
        return Note("paths.reached", n=self.sessions.started, **self._reached, **names)

    @cached_property
    def _change(self) -> Note | None:
        """Compare the share that is stated first with the previous period's.

        The interval is that of Newcombe (1998) from both intervals.
        """
        if self.previous is None:
            return None
        if self.previous.sessions.users < FEWEST:
            return Note("paths.previous_few", n=self.previous.sessions.users)
        now: Any = self._reached
        then: Any = self.previous._reached  # noqa: SLF001  same class
        if self.way != "between":
            now = self.common.iloc[0]
            then = self.previous._share(now["path"])  # noqa: SLF001  same class
        difference = now["share"] - then["share"]
        down = np.hypot(now["share"] - now["low"], then["high"] - then["share"])
        up = np.hypot(now["high"] - now["share"], then["share"] - then["low"])
        low, high = difference - down, difference + up
        return Note(
            "paths.changed" if low > 0 or high < 0 else "paths.unchanged",
            then=then["share"],
            difference=difference,
            low=low,
            high=high,
            first=self.previous.dates[0],
            last=self.previous.dates[1],
        )

    def _share(self, path: Sequence[str]) -> pd.Series:
        """Return the share of a whole path, with its interval."""
        codes = [self._log.names.index(name) for name in path]
        padding = [len(self._log.names)] * (len(self._shown) - len(codes))
        whole = [*padding, *codes] if self.way == "back" else [*codes, *padding]
        walk = self._walk()
        same = (walk.paths == np.array(whole, walk.paths.dtype)).all(axis=1)
        which = np.arange(2)
        return _paths_walk.shares(walk, same.astype(np.int64), which, 2).iloc[1]


def event_title(code: str, lang: str) -> str:
    """Return what a reader calls a source or target of the table.

    Example:
        >>> event_title("$other", "en"), event_title("view", "en")
        ('other', 'view')
    """
    if code == OTHER or code in GONE.values():
        return text(f"paths.{code[1:]}", lang)
    return name_of(code)


def paths(
    log: Any,  # noqa: ANN401
    *,
    start: Events = None,
    end: Events = None,
    depth: int = 5,
    top: int = 8,
    gap: str = "30min",
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> PathsResult:
    """Count the sessions that pass from event to event, and where they end.

    A session is a user's events with no more than `gap` between one and the next; an
    event that comes again at once counts once. A path goes forward from the first
    `start` of the session, back from the last `end`, or with both from a start to the
    first end after it: of several such passages the one of fewest events, then the
    first. With neither it goes forward from the beginning of the session.

    Args:
        log: EventLog, or a table with columns user, event and time.
        start: Event or events that a path starts from.
        end: Event or events that a path ends with.
        depth: Events of a path that are looked at, 2 to 10.
        top: Events that each column shows, the most frequent; the others are one.
        gap: Longest time between two events of a session, inclusive, as pandas text.
        dates: First and last day, both included, on which sessions begin; None is all.
        where: Conditions on the events that count; the others are as if they were not
            there.
        compare: "previous" also computes the period of equal length just before; None
            and a warning where the data begin with the period, as they do without
            `dates`, or where no session enters in it.

    Raises:
        Error: An option is none of the known, names an event or a property that is
            not there, or no session enters.

    References:
        Sessions, collapsed repeats and the first start as in PostHog's paths, where a
        gap of exactly 30 minutes ends a session. Kish (1965) and Dean & Pagano (2015)
        for the intervals.

    Example:
        >>> log = pd.DataFrame({
        ...     "user": ["ann", "ann", "bob"],
        ...     "event": ["view", "buy", "view"],
        ...     "time": ["2026-03-01 09:00", "2026-03-01 09:10", "2026-03-01 09:00"],
        ... })
        >>> paths(log, depth=2).table[["position", "source", "target", "sessions"]]
           position source     target  sessions
        0         0    NaN       view         2
        1         1   view        buy         1
        2         1   view  $drop_off         1
    """
    log = as_log(log)
    check_choice("compare", compare, ["previous"])
    _whole("depth", depth, DEPTHS)
    _whole("top", top, TOPS)
    way = "forward" if end is None else "back" if start is None else "between"
    chosen = log.dates if dates is None else dates
    walk = partial(
        _paths_walk.walk,
        log,
        where=tuple(where),
        gap=periods.length(gap, "gap"),
        span=periods.span(chosen, log.timezone),
        starts=cohorts.wanted(log, start, "start"),
        stops=cohorts.wanted(log, end, "end"),
        way=way,
        depth=depth,
    )
    found = walk()
    first, last = periods.days(*periods.span(chosen, log.timezone), log.timezone)
    if not found.sessions.entered:
        code = f"paths.no_{way}" if found.sessions.counted else "paths.no_sessions"
        raise Error(
            code,
            n=found.sessions.counted,
            first=first,
            last=last,
            start=_names(start),
            end=_names(end),
        )
    shown = _paths_walk.places(found.seen, top)
    notes = [*log.left_out]
    if log.tied > TIED:
        notes.append(Note("paths.tied", share=log.tied))
    if way == "forward" and found.open:
        notes.append(Note("paths.open", n=found.open))
    if found.sessions.users < FEWEST:
        notes.append(_few(found.sessions))
    earlier = None
    if compare and periods.span(chosen, log.timezone)[0] <= log.extent[0]:
        notes.append(Note("periods.nothing_before"))
    elif compare:
        options: dict[str, Any] = {"start": start, "end": end, "depth": depth}
        options |= {"top": top, "gap": gap, "where": where}
        try:
            earlier = paths(log, dates=periods.before(chosen), **options)
        except Error as error:
            if error.code not in {"paths.no_sessions", f"paths.no_{way}"}:
                raise
            notes.append(Note("paths.no_previous"))
    return PathsResult(
        table=_paths_walk.flows(log, found, shown, top, way),
        warnings=tuple(notes),
        previous=earlier,
        common=_paths_walk.common(log, found),
        sessions=found.sessions,
        way=way,
        dates=(first.isoformat(), last.isoformat()),
        _start=_names(start),
        _end=_names(end),
        _log=log,
        _shown=shown,
        _walk=walk,
        _reached=_paths_walk.reached(found),
    )


def _whole(option: str, got: object, bounds: tuple[int, int]) -> None:
    if not isinstance(got, int) or not bounds[0] <= got <= bounds[1]:
        low, high = bounds
        raise Error("option.range", option=option, low=low, high=high, got=got)


def _few(sessions: Sessions) -> Note:
    n, of = sessions.entered, sessions.users
    return Note("paths.few", n=n, of=of, least=FEWEST)


def _names(events: Events) -> tuple[str, ...]:
    return (events,) if isinstance(events, str) else tuple(events or ())
