"""Paths: which way users go through the events of a session, and where they leave."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import cohorts, kernels, periods
from opslib.analyses import _paths_chart, _paths_kernels
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates
from opslib.result import Error, Note, Result, check_choice, say
from opslib.stats.proportions import wilson_clustered
from opslib.words import WRITERS, text

FEWEST = 30
TIED = 0.05
DEPTHS, TOPS = (2, 10), (1, 20)
MOST_PATHS = 50
# What stands in a column where no event is shown by its name.
OTHER = "$other"
GONE = {"forward": "$drop_off", "back": "$began", "between": "$arrived"}
WAYS = tuple(GONE)
CODED = re.compile(r"\$+(other|drop_off|began|arrived)")


class Sessions(NamedTuple):
    """How many sessions there are.

    Attributes:
        counted: All that begin within the dates.
        started: Those of them with an event to go from: a start, or going back an end.
        entered: Those whose path is counted; fewer only between a start and an end.
        users: Users with such a session.
    """

    counted: int
    started: int
    entered: int
    users: int


class Walk(NamedTuple):
    """The path of each session that enters, in order of users and time.

    Attributes:
        paths: By session and position, the code of the event; n_names for none.
        seen: By position and code, how many sessions have it there.
        offsets: Sessions of user i are offsets[i] to offsets[i + 1].
        started: By user, sessions with an event to go from.
        sessions: How many there are.
        open: Those that may have gone on after the end of observation.
    """

    paths: npt.NDArray[np.uint16]
    seen: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    sessions: Sessions
    open: int


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
            return say(lang, self._arrived(), answer, self._change)
        return say(lang, answer, self._change, self._turn())

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
        return codes == self._log.code(_name(event), option)

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
            gone = text("paths.opening" if back else "paths.drop_off", lang)
            names = [gone, *names] if back else [*names, gone]
        return text("paths.arrow", lang).join(names)

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
            event=_name(most["source"]),
            step=int(most["position"]),
            n=int(most["sessions"]),
            share=most["sessions"] / there,
        )

    def _arrived(self) -> Note:
        walk = self._reached
        return Note(
            "paths.reached",
            n=self.sessions.started,
            **walk,
            start=list(self._start),
            end=list(self._end),
        )

    @cached_property
    def _reached(self) -> dict[str, float]:
        """The share of the sessions with a start that go on to an end."""
        walk = self._walk()
        arrived, started = np.diff(walk.offsets), walk.started
        low, high = wilson_clustered(
            arrived.sum(), (arrived**2).sum(), (arrived * started).sum(), sizes=started
        )
        share = float(arrived.sum() / started.sum())
        return {"share": share, "low": float(low), "high": float(high)}

    @cached_property
    def _change(self) -> Note | None:
        """Compare the share of the most frequent path with the previous period's.

        The interval is that of Newcombe (1998) from both intervals.
        """
        if self.previous is None:
            return None
        if self.previous.sessions.users < FEWEST:
            return Note("paths.previous_few", n=self.previous.sessions.users)
        now = self.common.iloc[0]
        codes = [self._log.names.index(name) for name in now["path"]]
        padding = [len(self._log.names)] * (len(self._shown) - len(codes))
        whole = [*padding, *codes] if self.way == "back" else [*codes, *padding]
        walk = self.previous._walk()  # noqa: SLF001  same class
        same = (walk.paths == np.array(whole, walk.paths.dtype)).all(axis=1)
        then = _shares(walk, same.astype(np.int64), 2).iloc[1]
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


def event_title(code: str, lang: str) -> str:
    """Return what a reader calls a source or target of the table.

    Example:
        >>> event_title("$other", "en"), event_title("view", "en")
        ('other events', 'view')
    """
    if code == OTHER or code in GONE.values():
        return text(f"paths.{code[1:]}", lang)
    return _name(code)


def _name(code: str) -> str:
    """Return the name of an event that stands in the table as `code`."""
    return code[1:] if CODED.fullmatch(code) else code


def _code(name: str) -> str:
    """Return how an event stands in the table, unlike any code of ours."""
    return f"${name}" if CODED.fullmatch(name) else name


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
        _walk,
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
    shown = _places(found.seen, top)
    notes = [*log.left_out]
    if log.tied > TIED:
        notes.append(Note("paths.tied", share=log.tied))
    if way == "forward" and found.open:
        notes.append(Note("paths.open", n=found.open))
    if found.sessions.users < FEWEST:
        notes.append(_few(found.sessions))
    earlier = None
    if compare and periods.span(chosen, log.timezone)[0] <= log.time.min():
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
        table=_table(log, found, shown, top, way),
        warnings=tuple(notes),
        previous=earlier,
        common=_common(log, found),
        sessions=found.sessions,
        way=way,
        dates=(first.isoformat(), last.isoformat()),
        _start=_names(start),
        _end=_names(end),
        _log=log,
        _shown=shown,
        _walk=walk,
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


def _walk(
    log: EventLog,
    *,
    where: Sequence[Condition],
    gap: int,
    span: tuple[int, int],
    starts: npt.NDArray[np.bool_],
    stops: npt.NDArray[np.bool_],
    way: str,
    depth: int,
) -> Walk:
    """Run the kernel over ranges of users."""
    keep = cohorts.kept(log, where)
    counts = np.zeros((len(log.users), 4), np.int64)
    found = kernels.over_users(
        lambda u, end: _paths_kernels.session_paths(
            u,
            end,
            log.offsets,
            log.time,
            log.event,
            keep,
            gap,
            *span,
            starts,
            stops,
            WAYS.index(way),
            log.until,
            depth,
            len(log.names),
            counts,
        ),
        log.offsets,
    )
    counted, started, entered, still_open = (int(n) for n in counts.sum(axis=0))
    users = int((counts[:, 2] > 0).sum())
    return Walk(
        np.concatenate([some for some, _ in found]),
        np.sum([seen for _, seen in found], axis=0),
        np.concatenate([[0], counts[:, 2].cumsum()]),
        counts[:, 1].copy(),
        Sessions(counted, started, entered, users),
        still_open,
    )


def _places(seen: npt.NDArray[np.int64], top: int) -> npt.NDArray[np.int64]:
    """Give each event its place in each column: its rank, `top`, or for none the next.

    Equally frequent ones are ranked by name.
    """
    shown = np.full(seen.shape, top)
    shown[:, -1] = top + 1
    for at, sessions in enumerate(seen[:, :-1]):
        ranked = np.argsort(-sessions, kind="stable")[:top]
        ranked = ranked[sessions[ranked] > 0]
        shown[at, ranked] = np.arange(len(ranked))
    return shown


def _tally(
    walk: Walk, codes: npt.NDArray[Any], shown: npt.NDArray[np.int64], n_places: int
) -> npt.NDArray[np.int64]:
    parts = kernels.over_users(
        lambda u, end: _paths_kernels.tally(
            u, end, walk.offsets, codes, shown, n_places
        ),
        walk.offsets,
    )
    return np.asarray(np.sum(parts, axis=0))


def _table(
    log: EventLog, walk: Walk, shown: npt.NDArray[np.int64], top: int, way: str
) -> pd.DataFrame:
    """Count sessions and users by position, source and target."""
    depth = len(shown)
    counts = _tally(walk, walk.paths, shown, top + 2)
    labels = np.full((depth, top + 2), None, dtype=object)
    labels[:, top], labels[:, top + 1] = OTHER, GONE[way]
    for at, code in np.argwhere(shown[:, :-1] < top):
        labels[at, shown[at, code]] = _code(log.names[code])
    at, before, place = np.nonzero(counts[..., 0])
    sources = labels[at - 1, before]
    sources[at == 0] = None
    flows = counts[at, before, place]
    return pd.DataFrame(
        {
            "position": at - (depth - 1 if way == "back" else 0),
            "source": pd.Series(sources, dtype="str"),
            "target": pd.Series(labels[at, place], dtype="str"),
            "sessions": flows[:, 0],
            "users": flows[:, 1],
            "share": flows[:, 0] / len(walk.paths),
        }
    )


def _common(log: EventLog, walk: Walk) -> pd.DataFrame:
    """Count the most frequent whole paths."""
    number = _numbered(walk.paths, len(log.names) + 1)
    sessions = np.bincount(number)
    ranked = np.argsort(-sessions, kind="stable")[:MOST_PATHS]
    rank = np.full(len(sessions), len(ranked))
    rank[ranked] = np.arange(len(ranked))
    first = np.empty(len(sessions), np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]
    names = [
        tuple(log.names[code] for code in path if code < len(log.names))
        for path in walk.paths[first[ranked]]
    ]
    table = _shares(walk, rank[number], len(ranked) + 1)[: len(ranked)]
    table.insert(0, "path", pd.Series(names, dtype=object))
    return table


def _numbered(codes: npt.NDArray[np.uint16], base: int) -> npt.NDArray[np.int64]:
    """Number equal paths, as they come."""
    number, different, done = np.zeros(len(codes), np.int64), 1, 0
    while done < codes.shape[1]:
        # As many columns at a time as fit into 63 bits.
        fits = max(1, int((63 - math.log2(different)) / math.log2(base) - 1e-9))
        some = codes[:, done : done + fits]
        number, known = pd.factorize(_paths_kernels.packed(number, some, base))
        different, done = len(known), done + fits
    return np.asarray(number)


def _shares(walk: Walk, group: npt.NDArray[np.int64], groups: int) -> pd.DataFrame:
    """Count sessions and users by group, with the share of all and its interval."""
    sizes = np.diff(walk.offsets)
    places = np.arange(groups)[None]
    counts = _tally(walk, group[:, None], places, groups)[0, 0]
    sessions, users, squares, products = counts.T
    low, high = wilson_clustered(sessions, squares, products, sizes=sizes)
    return pd.DataFrame(
        {
            "sessions": sessions,
            "users": users,
            "share": sessions / len(walk.paths),
            "low": low,
            "high": high,
        }
    )
