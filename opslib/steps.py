"""What counts as a step of a funnel, or as an event that must not come between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from opslib import chains, kernels, one_pass
from opslib.conditions import Condition, Did, Mask
from opslib.eventlog import EventLog
from opslib.result import Error, check_choice
from opslib.words import clean

OCCURRENCES = ("any", "first_ever", "first_matching")
MOST_STEPS = 20
MOST_EXCLUDED = 20


@dataclass(frozen=True)
class Step:
    """A step of a funnel: an event, alone or with conditions.

    Attributes:
        event: Name of the event, a list of names any of which will do, or None for any
            event.
        where: Conditions [property, operator, value] that the event must meet.
        optional: The step may be left out; it neither delays nor stops a later one.
        occurrence: "any"; "first_ever": only each user's first of these events in the
            whole log, if it meets the conditions; "first_matching": only the first
            that meets them.

    Example:
        >>> Step("pay", where=[["amount", ">", 100]]).label
        'pay [amount > 100]'
        >>> Step(["pay", "buy"], where=[["city", "in", ["Oslo", "Rome"]]]).label
        'pay | buy [city in Oslo, Rome]'
    """

    event: str | Sequence[str] | None
    where: Sequence[Condition] = ()
    optional: bool = False
    occurrence: Literal["any", "first_ever", "first_matching"] = "any"

    @property
    def label(self) -> str:
        """The step in the words of the log."""
        return _label(self.event, self.where)

    @property
    def plain(self) -> bool:
        """Whether it is one event by its name and nothing else."""
        bare = not self.optional and self.occurrence == "any" and not self.where
        return bare and isinstance(self.event, str)

    def mask(self, log: EventLog) -> Mask | None:
        """Say which rows, of those with its event, are the step; None for all."""
        met = log.mask(self.where)
        if self.occurrence == "any":
            return met
        codes = _codes(log, self.event, "steps")
        return _firsts(log, codes, met, ever=self.occurrence == "first_ever")


@dataclass(frozen=True)
class Exclude:
    """An event that must not come between two steps.

    Attributes:
        event: Name, list of names, or None for any event, as for a `Step`.
        where: Conditions that the event must meet to count.
        after: The step after which it counts, from 0.
        before: The step until which it counts; later than `after`.

    Example:
        >>> Exclude("refund", after=0, before=2)
        Exclude(event='refund', where=(), after=0, before=2)
    """

    event: str | Sequence[str] | None
    where: Sequence[Condition] = ()
    after: int = 0
    before: int = 1


StepLike = str | Sequence[str] | Mapping[str, Any] | Step
ExcludeLike = str | Sequence[str] | Mapping[str, Any] | Exclude
Kind = TypeVar("Kind", Step, Exclude)


class Matches(NamedTuple):
    """Which steps each row can fill, as the kernels read it.

    Bit k of a row is step k; bit `one_pass.EXCLUDES` + k, that it must not come between
    step k and the next.

    Attributes:
        plain: Bits by event code, of what has no conditions.
        codes: For each of the others, the event codes.
        bits: Its bits.
        masks: The rows that meet its conditions.
    """

    plain: npt.NDArray[np.int64]
    codes: npt.NDArray[np.bool_]
    bits: npt.NDArray[np.int64]
    masks: npt.NDArray[np.bool_]


def steps(given: Any, log: EventLog) -> tuple[Step, ...]:  # noqa: ANN401
    """Read and check the option `steps`.

    Raises:
        Error: Too few or many, or one is not a step of this log.
    """
    several = isinstance(given, Sequence) and not isinstance(given, str)
    if not several or not 2 <= len(given) <= MOST_STEPS:
        raise Error(
            "funnel.steps",
            got=[_told(one) for one in (given if several else [given])],
            most=MOST_STEPS,
        )
    read = tuple(_read(Step, one, "steps") for one in given)
    for step in read:
        _codes(log, step.event, "steps")
        check_choice("occurrence", step.occurrence, OCCURRENCES)
        check_choice("optional", step.optional, (True, False))
    for end in (read[0], read[-1]):
        if end.optional:
            raise Error("funnel.optional_end", step=end.label)
    return read


def excludes(
    given: Any,  # noqa: ANN401
    log: EventLog,
    known: Sequence[Step],
) -> tuple[Exclude, ...]:
    """Read and check the option `exclude`.

    Raises:
        Error: One is not an exclusion between two of these steps.
    """
    several = isinstance(given, Sequence) and not isinstance(given, str)
    if not several or len(given) > MOST_EXCLUDED:
        raise Error("funnel.exclude", got=_told(given), most=MOST_EXCLUDED)
    read = tuple(_read(Exclude, one, "exclude") for one in given)
    for one in read:
        _codes(log, one.event, "exclude")
        places = (one.after, one.before)
        last = len(known) - 1
        whole = all(type(place) is int and 0 <= place <= last for place in places)
        if not whole or one.after >= one.before:
            raise Error("funnel.between", after=one.after, before=one.before, last=last)
        for place in places:
            if known[place].optional:
                raise Error("funnel.exclude_optional", step=known[place].label)
    return read


def matches(
    log: EventLog, known: Sequence[Step], excluded: Sequence[Exclude] = ()
) -> Matches:
    """Say which rows can fill which steps, without a copy of the log."""
    plain = np.zeros(len(log.names), np.int64)
    conditional: list[tuple[Mask, int, Mask]] = []
    pairs: list[tuple[Step | Exclude, int]] = [
        (step, 1 << k) for k, step in enumerate(known)
    ]
    for one in excluded:
        between = (1 << one.before) - (1 << one.after)
        pairs.append((one, between << one_pass.EXCLUDES))
    for what, bits in pairs:
        codes = _codes(log, what.event, "steps")
        mask = what.mask(log) if isinstance(what, Step) else log.mask(what.where)
        if mask is None:
            plain[codes] |= bits
        else:
            conditional.append((codes, bits, mask))
    masks = np.empty((len(conditional), len(log) if conditional else 0), np.bool_)
    for i, (_, _, mask) in enumerate(conditional):
        masks[i] = mask
    return Matches(
        plain,
        np.array([c for c, _, _ in conditional], bool).reshape(-1, len(log.names)),
        np.array([bits for _, bits, _ in conditional], np.int64),
        masks,
    )


def _firsts(log: EventLog, codes: Mask, mask: Mask | None, *, ever: bool) -> Mask:
    """Mark each user's first row of these events: of all, or of those in `mask`."""
    first = np.zeros(len(log), np.bool_)
    among = np.empty(0, bool) if ever or mask is None else mask
    kernels.over_users(
        lambda u, end: chains.mark_first(
            u, end, log.offsets, log.event, codes, among, first
        ),
        log.offsets,
    )
    return first if mask is None else first & mask


def _codes(log: EventLog, event: Any, option: str) -> Mask:  # noqa: ANN401
    """Say which event codes these names are."""
    if event is None:
        return np.ones(len(log.names), bool)
    names = [event] if isinstance(event, str) else event
    if not isinstance(names, Sequence) or not names:
        raise Error("funnel.event", option=option, got=_told(event))
    codes = np.zeros(len(log.names), bool)
    codes[[log.code(name, option) for name in names]] = True
    return codes


def _read(kind: type[Kind], given: Any, option: str) -> Kind:  # noqa: ANN401
    read = given if isinstance(given, kind) else None
    if isinstance(given, Mapping):
        known = [field.name for field in fields(kind)]
        for name in given:
            if name not in known:
                raise Error("funnel.key", option=option, got=name, choices=known)
        if "event" not in given:
            raise Error("funnel.key_missing", option=option, got=_told(given))
        read = kind(**given)
    read = read or kind(given)
    if not isinstance(read.where, list | tuple):
        raise Error("conditions.shape", got=str(read.where))
    return read


def _label(event: Any, where: Sequence[Condition]) -> str:  # noqa: ANN401
    names = "*" if event is None else event
    name = names if isinstance(names, str) else " | ".join(map(str, names))
    told = "; ".join(map(_condition, where))
    return f"{name} [{told}]" if told else name


def _condition(one: Condition) -> str:
    if isinstance(one, Did | Mapping):
        return ", ".join(f"{key} {value}" for key, value in Did.of(one).plain().items())
    return " ".join(
        ", ".join(map(str, part)) if isinstance(part, list | tuple) else str(part)
        for part in one
    )


def _told(given: object) -> str:
    """Name what was given in place of a step."""
    if isinstance(given, Step | Exclude):
        return _label(given.event, given.where)
    return clean(given)
