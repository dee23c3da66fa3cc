"""Retention: of the users who began together, how many come back how much later."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import ages as ages_of
from opslib import cohorts, periods
from opslib.ages import Clock, Count, Spans
from opslib.analyses._retention_cells import Amounts, Lines, Plan, Spread
from opslib.analyses._retention_result import RetentionResult, with_shares
from opslib.analyses._retention_words import FEWEST_USERS
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates, Period
from opslib.result import Error, Note, check_choice

MOST_EVENTS = 10_000


def retention(
    log: Any,  # noqa: ANN401
    *,
    start: Events = None,
    back: Events = None,
    period: Period = "day",
    ages: int | Sequence[int] | None = None,
    count: Count = "on",
    cohort: Literal["first", "recurring", "first_matching"] = "first",
    window: Literal["calendar", "rolling"] = "calendar",
    min_events: int = 1,
    amount: str | None = None,
    by: str | None = None,
    week_start: str = "monday",
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> RetentionResult:
    """Count, of the users who began in the same period, those who came back later.

    A cohort is the users with a start event in a calendar period, and age k is the
    period k later. A user is retained there if a return event falls into it ("on"), or
    into it or any later one ("on_or_after"), or into one of several (brackets). At age
    0 everyone is. A cell has a share only when its period was over at `log.until`.

    With `window="rolling"` age k lasts, for each user, from k to k + 1 times 24 hours
    (7 days, 30 days) after the start event, in time truly elapsed whatever the clocks
    do, its end excluded; cohorts stay calendar periods, and a cell is over when it is
    for the last who began.

    Args:
        log: EventLog, or a table with columns user, event and time.
        start: Event or events that begin a user; None is any.
        back: Event or events that count as coming back; None is any.
        period: "day", "week" or "month", in the timezone of the log.
        ages: The ages to show, 0 to 366: a list, or n for 0 to n; None is all. Not with
            brackets.
        count: "on", "on_or_after", or brackets of ages such as [[1, 3], [4, 7]], in
            order and without overlap.
        cohort: Which start event puts a user into a cohort. "first": the first ever; if
            that one does not meet `where` the user is in none, and counted in a
            warning. "first_matching": the first that meets `where`, whatever came
            before it. "recurring": the first in every period that meets `where`, so
            that a user is in many cohorts. Without `where` the first two are the same.
            In both the whole history decides which event is the first, and a user whom
            it puts outside `dates` is in no cohort.
        window: "calendar" or "rolling".
        min_events: Return events it takes within a period (or a bracket) of age 1 or
            more; with "on_or_after" within one of the periods.
        amount: Number to add up over return events, also those of age 0 from the start
            event on: money per cohort and age, and per user up to the end of each age.
            `count` "on_or_after" and `min_events` do not touch it; a missing amount is
            0, and a warning counts them.
        by: Property to group users by: its value at the start event, at most 200.
        week_start: First day of the week, "monday" to "sunday".
        dates: First and last day, both included, on which users began; None is all.
            Earlier history still decides whether that was their first start event.
        where: Conditions on the events that count, start and return alike.
        compare: "previous" also computes the period of equal length just before; None
            and a warning where the data begin with the period, as they do without
            `dates`, or where nobody began in it.

    Raises:
        Error: An option is none of the known, names an event or a property that is
            not there, or nobody began in `dates`.

    References:
        Calendar cohorts, `cohort`, `count` and `min_events` as in PostHog; the pooled
        mean over finished cells as in Amplitude; Wilson (1927) for the intervals, and
        Student (1908) for that of money per user.

    Example:
        >>> log = EventLog.from_frame(
        ...     pd.DataFrame({
        ...         "user": ["ann", "ann", "bob", "cy"],
        ...         "event": ["open"] * 4,
        ...         "time": ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"],
        ...     }),
        ...     user="user", event="event", time="time",
        ... )
        >>> table = retention(log).table
        >>> table[["cohort", "age", "users", "retained", "share", "mature"]]
              cohort  age  users  retained  share  mature
        0 2026-03-01    0      2         2    1.0    True
        1 2026-03-01    1      2         1    0.5    True
        2 2026-03-02    0      1         1    1.0    True
    """
    log = as_log(log)
    check_choice("compare", compare, ["previous"])
    check_choice("cohort", cohort, list(cohorts.KINDS))
    if not isinstance(min_events, int) or not 1 <= min_events <= MOST_EVENTS:
        raise Error(
            "option.range", option="min_events", low=1, high=MOST_EVENTS, got=min_events
        )
    plan = Plan(
        log=log,
        start=start,
        back=back,
        where=tuple(where),
        dates=dates,
        cohort=cohort,
        by=by,
        clock=Clock.of(log, period, week_start, window),
        count=count,
        min_events=min_events,
    )
    entries = plan.entries()
    spans = ages_of.spans(ages, count, plan.oldest(entries))
    lines, line = plan.lines(entries, spans)
    spreads = None
    if cohort == "recurring":
        cells = entries, line, lines, spans, amount
        whole, retained = plan.spread(*cells, grouped=False)
        spreads = whole, whole if by is None else plan.spread(*cells, grouped=True)[0]
    else:
        retained = plan.retained(entries, line, lines.users, spans)
    amounts = None
    if amount is not None:
        amounts = plan.amounts(entries, line, len(lines.users), spans, amount)
    table = _table(plan, lines, spans, retained, amounts)

    notes = [*log.left_out, *_notes(plan, lines, table, amounts, spreads)]
    if entries.passed_over:
        notes.append(Note("retention.passed_over", n=entries.passed_over))
    if cohort == "recurring":
        people = 1 + int(np.count_nonzero(np.diff(entries.user)))
        notes.append(Note("retention.recurring", n=people, entries=len(entries.user)))
    previous = None
    if compare:
        options: dict[str, Any] = {"start": start, "back": back, "period": period}
        options |= {"ages": ages, "count": count, "cohort": cohort, "window": window}
        options |= {"min_events": min_events, "amount": amount, "by": by}
        options |= {"week_start": week_start, "where": where}
        previous, more = _before(log, dates, options)
        notes += more
    return RetentionResult(
        table=table,
        warnings=tuple(notes),
        previous=previous,
        period=period,
        count=count if isinstance(count, str) else "brackets",
        window=window,
        by=by,
        _plan=plan,
        _lines=lines,
        _spans=spans,
        _amounts=amounts,
        _spreads=spreads,
    )


def _before(
    log: EventLog, dates: Dates | None, options: dict[str, Any]
) -> tuple[RetentionResult | None, list[Note]]:
    """Return the period of equal length just before, and what must be said of it."""
    chosen = log.dates if dates is None else dates
    if periods.span(chosen, log.timezone)[0] <= log.extent[0]:
        return None, [Note("periods.nothing_before")]
    try:
        previous = retention(log, dates=periods.before(chosen), **options)
    except Error as error:
        if error.code != "retention.nobody":
            raise
        return None, [Note("retention.no_previous")]
    # Who was there already when the data begin is not new in the period before.
    notes = [n for n in previous.warnings if n.code == "retention.history"]
    return previous, notes


def _table(
    plan: Plan,
    lines: Lines,
    spans: Spans,
    retained: npt.NDArray[np.int64],
    amounts: Amounts | None,
) -> pd.DataFrame:
    """Put the cells that have begun into rows."""
    begun = lines.begun
    line, column = np.nonzero(begun)
    names = periods.names(plan.clock.edges, plan.log.timezone)
    columns: dict[str, Any] = {}
    if plan.by is not None:
        labels = pd.Series(lines.labels, dtype="str")
        columns["group"] = labels.array[lines.group[line]]
    columns |= {"cohort": names[lines.period[line]], "age": spans[column, 0]}
    if not isinstance(plan.count, str):
        columns["last_age"] = spans[column, 1]
    columns |= {"users": lines.users[line], "retained": retained[begun]}
    if amounts is not None:
        columns |= {
            "amount": amounts.amount[begun],
            "value": amounts.value[begun],
            "squares": amounts.squares[begun],
        }
    return with_shares(pd.DataFrame(columns), mature=lines.over[begun])


def _notes(
    plan: Plan,
    lines: Lines,
    table: pd.DataFrame,
    amounts: Amounts | None,
    spreads: tuple[Spread, Spread] | None,
) -> list[Note]:
    """Say what to be careful about."""
    notes: list[Note] = []
    sizes = np.bincount(lines.period, lines.users).astype(int)
    if plan.cohort != "recurring" and sizes[0]:
        first = plan.log.dates[0]
        notes.append(Note("retention.history", first=first, n=int(sizes[0])))
    if plan.dates is not None:
        begins, ends = periods.span(plan.dates, plan.log.timezone)
        if not {begins, ends} <= set(plan.clock.edges.tolist()):
            notes.append(Note("retention.cut"))
    if small := int(((sizes > 0) & (sizes < FEWEST_USERS)).sum()):
        notes.append(Note("retention.small", n=small, least=FEWEST_USERS))
    groups = np.bincount(lines.group, lines.users)
    reached = table[table["mature"]].groupby("age")["users"].sum()
    if spreads is not None:
        # Of different users: each may be in many cohorts.
        total, grouped = (np.asarray(spread.shares.users) for spread in spreads)
        groups = grouped.max(axis=1)
        reached[:] = total[0][total[0] > 0]
    if plan.by is not None and (few := int((groups < FEWEST_USERS).sum())):
        notes.append(Note("retention.small_groups", n=few, least=FEWEST_USERS))
    thin = reached.drop(0, errors="ignore") < FEWEST_USERS
    if 0 < (n := int(thin.sum())) < len(thin):
        notes.append(Note("retention.thin", n=n, least=FEWEST_USERS))
    if open_cells := int((~table["mature"]).sum()):
        notes.append(Note("retention.open", n=open_cells))
    if plan.later:
        notes.append(Note("retention.unequal"))
    if amounts is not None and amounts.missing:
        notes.append(Note("retention.no_amount", n=amounts.missing))
    return notes
