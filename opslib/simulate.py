"""Demo data of any size with known truth: a small shop in spring 2026.

A user is of one persona, lives for a geometric number of days and, while alive, comes
on a day with the persona's rate times the rhythm of the week and of campaigns. A day
with the shop is one session: visit, views and perhaps cart, pay and share, all on that
day. So every expectation below can be worked out exactly; see `Truth`.
"""

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opslib.flavours import FLAVOURS, Flavour
from opslib.result import Error

TIMEZONE = "Asia/Shanghai"
FIRST, LAST = "2026-03-01", "2026-05-31"
TEST_DAYS = 14
DAYS = 92
EVENTS = ("register", "visit", "view", "cart", "pay", "share")
REGISTER, VISIT, VIEW, CART, PAY, SHARE = range(6)
# Campaigns: Women's Day (6 to 8 March) and 520 (18 to 20 May), by day of the log.
CAMPAIGN = np.zeros(DAYS)
CAMPAIGN[5:8], CAMPAIGN[78:81] = 0.4, 1.0
# 1 March 2026 is a Sunday; Monday first here.
WEEK = np.array([0.93, 0.9, 0.92, 0.96, 1.06, 1.16, 1.07])
RHYTHM = WEEK[(np.arange(DAYS) + 6) % 7]
HOURS = np.array([3, 1, 1, 0, 0, 1, 3, 6, 8, 9, 10, 11, 14, 12, 10, 9])
HOURS = np.append(HOURS, [10, 11, 14, 18, 22, 24, 17, 8])
# New users come more often at first, by days since registering; old ones are the last.
NOVELTY = np.append(1 + 1.4 * 0.75 ** np.arange(DAYS), 1.0)
MOST = 0.95
# A user who has left is drawn back on the best campaign day with this probability.
WIN_BACK = 0.08
BLOCK = 50_000
RATE, LIFTS, PRIOR = 0.20, (0.0, 0.30, 0.0), 0.4


class Persona(NamedTuple):
    """Ground truth of a kind of user; probabilities are per day or per session."""

    share: float  # of all users
    old: float  # registered before the log starts
    since: int  # others register from this day on
    rate: float
    leave: float  # per day
    once: float  # new users who leave after the first day
    cart: float
    pay: float  # given a cart
    share_it: float
    excited: float  # by how much a full campaign raises rate and pay
    price: float
    coupon: float


PERSONAS = (
    Persona(0.30, 0.45, 0, 0.14, 0.010, 0.25, 0.26, 0.50, 0.03, 1.2, 59, 0.80),
    Persona(0.18, 0.65, 0, 0.34, 0.003, 0.05, 0.28, 0.68, 0.12, 0.4, 168, 0.20),
    Persona(0.34, 0.50, 0, 0.14, 0.015, 0.35, 0.07, 0.30, 0.02, 0.2, 99, 0.35),
    Persona(0.18, 0.00, 50, 0.18, 0.035, 0.40, 0.14, 0.42, 0.04, 0.5, 79, 0.55),
)
TRAITS = {
    name: np.array([getattr(persona, name) for persona in PERSONAS])
    for name in Persona._fields
}

CHANNELS = np.array(
    [
        [15, 25, 38, 10, 12],
        [38, 15, 15, 12, 20],
        [20, 32, 26, 18, 4],
        [14, 34, 20, 24, 8],
    ]
)
AGES = np.array([[38, 36, 18, 8], [12, 44, 32, 12], [30, 34, 22, 14], [46, 32, 14, 8]])
TIERS = np.array([[18, 34, 48], [46, 36, 18], [32, 36, 32], [26, 36, 38]])
FEMALE = np.array([0.66, 0.58, 0.45, 0.52])

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Users(NamedTuple):
    """Who they are, one value per user; `signup` counts days from the log's first."""

    persona: Ints
    signup: Ints
    life: Ints
    channel: Ints
    platform: Ints
    age: Ints
    tier: Ints
    city: Ints
    sex: Ints


class Events(NamedTuple):
    """Columns of an event log sorted by user and time; codes index their labels.

    Attributes:
        user: int32, user number from 0.
        event: uint8, index into `EVENTS`.
        time: int64, microseconds since 1970 in UTC.
        amount: float64, what was paid; NaN for other events.
        channel: uint8, where the session came from.
        platform: uint8.
    """

    user: NDArray[np.int32]
    event: NDArray[np.uint8]
    time: Ints
    amount: Floats
    channel: NDArray[np.uint8]
    platform: NDArray[np.uint8]


@dataclass(frozen=True)
class Truth:
    """What the generator was told to do, before chance.

    Attributes:
        personas: The persona of every user, indexed by user id.
        persona_shares: Expected share of each persona.
        funnel: Expected share of the users with a view who reach cart and pay; as a
            session stays within its day, any window of a day or more gives the same.
        first_week: Expected share of those who register who reach cart and pay within
            7 days of it, over those who registered at least 7 days before the end.
        retention: Expected share active on day 0, 1, ... 30 after registering, pooled
            over those for whom that day lies in the log.
        experiment: Expected `converted` per variant.
        lift: Its change relative to the first variant.
        revenue: Expected revenue per visitor and variant.
    """

    personas: "pd.Series[str]"
    persona_shares: dict[str, float]
    funnel: dict[str, float]
    first_week: dict[str, float]
    retention: tuple[float, ...]
    experiment: dict[str, float]
    lift: dict[str, float]
    revenue: dict[str, float]


@dataclass(frozen=True)
class Demo:
    """One shop: its tables by kind, with role columns named canonically, and truth."""

    events: pd.DataFrame
    orders: pd.DataFrame
    users: pd.DataFrame
    experiment: pd.DataFrame
    daily: pd.DataFrame
    counts: pd.DataFrame
    feedback: pd.DataFrame
    truth: Truth


KINDS = ("events", "orders", "users", "experiment", "daily", "counts", "feedback")


# What happens: probabilities by persona (rows) and day (columns).


def _signup_weights() -> Floats:
    day = np.arange(DAYS)
    weights = (1 + 0.8 * CAMPAIGN) * RHYTHM * (day >= TRAITS["since"][:, None])
    return weights / weights.sum(axis=1, keepdims=True)


def _rates() -> tuple[Floats, Floats]:
    """Return the chances to come on a day, novelty apart, and to pay for a cart."""
    excited = 1 + np.multiply.outer(TRAITS["excited"], CAMPAIGN)
    come = TRAITS["rate"][:, None] * RHYTHM * excited
    return come, np.minimum(TRAITS["pay"][:, None] * np.sqrt(excited), MOST)


def _users(rng: np.random.Generator, n: int) -> Users:
    persona = rng.choice(len(PERSONAS), n, p=TRAITS["share"])
    old = rng.random(n) < TRAITS["old"][persona]
    # One inverse of all four distributions: persona p lies between p and p + 1.
    ladder = (np.cumsum(_signup_weights(), axis=1) + np.arange(4)[:, None]).ravel()
    day = np.searchsorted(ladder, persona + rng.random(n), side="right") % DAYS
    signup = np.where(old, -rng.integers(1, 366, n), day)
    once = (rng.random(n) < TRAITS["once"][persona]) & ~old
    life = np.where(once, 1, 1 + rng.geometric(TRAITS["leave"][persona]))

    def pick(shares: NDArray[np.int64]) -> Ints:
        edges = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
        return (rng.random(n)[:, None] > edges[persona, :-1]).sum(axis=1)

    return Users(
        persona=persona,
        signup=signup,
        life=life,
        channel=pick(CHANNELS),
        platform=rng.choice(3, n, p=[0.46, 0.32, 0.22]),
        age=pick(AGES),
        tier=pick(TIERS),
        city=rng.choice(4, n, p=[0.34, 0.28, 0.22, 0.16]),
        sex=(rng.random(n) > FEMALE[persona]).astype(np.int64),
    )


def _sessions(rng: np.random.Generator, who: Users) -> tuple[Ints, Ints]:
    """Return (user, day) of every day that a user spends with the shop, sorted."""
    come, _ = _rates()
    age = np.arange(DAYS, dtype=np.int16) - who.signup[:, None].astype(np.int16)
    new = who.signup >= 0
    # Geometric lives have no memory: old users are as on their first day.
    lived = np.where(new[:, None], age, np.arange(DAYS, dtype=np.int16) + 1)
    novelty = NOVELTY[np.where(new[:, None], np.maximum(age, 0), DAYS)]
    chance = np.where(
        lived < who.life[:, None],
        np.minimum(come[who.persona] * novelty, MOST),
        WIN_BACK * CAMPAIGN,
    ).astype(np.float32)
    chance[age < 0] = 0
    chance[age == 0] = 1
    user, day = np.nonzero(rng.random(chance.shape, dtype=np.float32) < chance)
    return user, day


def _block(rng: np.random.Generator, n: int) -> tuple[Users, Events]:
    who = _users(rng, n)
    user, day = _sessions(rng, who)
    persona, size = who.persona[user], len(user)
    _, pay = _rates()

    registers = who.signup[user] == day
    views = 1 + np.minimum(rng.poisson(0.8, size), 7)
    carts = rng.random(size) < TRAITS["cart"][persona]
    pays = carts & (rng.random(size) < pay[persona, day])
    shares = rng.random(size) < TRAITS["share_it"][persona]

    parts = np.stack([registers, np.ones(size, bool), views, carts, pays, shares], 1)
    parts = parts.astype(np.int64)
    event = np.repeat(np.tile(np.arange(6, dtype=np.uint8), size), parts.ravel())
    length = parts.sum(axis=1)
    session = np.repeat(np.arange(size), length)
    start = np.cumsum(length) - length

    gap = 4 + rng.exponential(40, len(event))
    paid = event == PAY
    gap[paid] = 20 + rng.lognormal(np.log(240), 1.2, int(paid.sum()))
    gap[start] = 0
    passed = np.cumsum(gap)
    hour = np.searchsorted(
        np.cumsum(HOURS / HOURS.sum()), rng.random(size), side="right"
    )
    second = np.minimum(hour, 23) * 3600 + rng.integers(0, 3600, size)
    at = np.minimum(second[session] + (passed - passed[start][session]), 86_399)
    midnight = pd.Timestamp(FIRST, tz=TIMEZONE).value // 1_000_000_000
    time = (midnight + day[session] * 86_400 + at.astype(np.int64)) * 1_000_000

    price = TRAITS["price"][persona[session[paid]]]
    price = price * rng.lognormal(0, 0.5, int(paid.sum()))
    amount = np.full(len(event), np.nan)
    amount[paid] = np.maximum(np.round(price), 5) - 0.1
    stray = rng.random(size) < 0.2
    channel = np.where(stray, rng.integers(0, 5, size), who.channel[user])
    return who, Events(
        user=user[session].astype(np.int32),
        event=event,
        time=time,
        amount=amount,
        channel=channel[session].astype(np.uint8),
        platform=who.platform[user][session].astype(np.uint8),
    )


def _population(users: int, seed: int) -> tuple[Users, Events]:
    if not 1 <= users <= 5_000_000:
        raise Error("option.range", option="users", low=1, high=5_000_000, got=users)
    if not 0 <= seed < 2**32:
        raise Error("option.range", option="seed", low=0, high=2**32 - 1, got=seed)
    blocks = []
    for first in range(0, users, BLOCK):
        rng = np.random.default_rng([seed, first])
        who, log = _block(rng, min(BLOCK, users - first))
        log = log._replace(user=log.user + np.int32(first))
        blocks.append((who, log))
    whos, logs = zip(*blocks, strict=True)
    return (
        Users(*(np.concatenate(column) for column in zip(*whos, strict=True))),
        Events(*(np.concatenate(column) for column in zip(*logs, strict=True))),
    )


def events(users: int = 2000, seed: int = 0) -> Events:
    """Return the columns of an event log, about 30 events a user, without strings.

    Example:
        >>> log = events(users=50)
        >>> [EVENTS[code] for code in np.unique(log.event)]
        ['register', 'visit', 'view', 'cart', 'pay', 'share']
    """
    return _population(users, seed)[1]


# The tables of one shop.


def _orders(log: Events, rng: np.random.Generator, persona: Ints) -> pd.DataFrame:
    """Return the pay events in order of time, with codes instead of labels."""
    paid = np.flatnonzero(log.event == PAY)
    paid = paid[np.argsort(log.time[paid], kind="stable")]
    user, n = log.user[paid].astype(np.int64), len(paid)
    day = _clock(log.time[paid]).strftime("%Y%m%d")
    return pd.DataFrame(
        {
            "user": user,
            "time": _clock(log.time[paid]),
            "amount": log.amount[paid],
            "order": [f"{d}{i:06d}" for i, d in enumerate(day, start=1)],
            "category": rng.choice(5, n, p=[0.34, 0.22, 0.2, 0.09, 0.15]),
            "coupon": (rng.random(n) < TRAITS["coupon"][persona[user]]).astype(int),
        }
    )


def _members(who: Users, log: Events, orders: pd.DataFrame) -> pd.DataFrame:
    """Return what a membership system knows and counts, as of the last day."""
    n = len(who.persona)
    user = log.user.astype(np.int64)
    days = (_clock(log.time).normalize() - pd.Timestamp(FIRST)).days.to_numpy()
    active = np.unique(user * DAYS + days) // DAYS
    last = who.signup.copy()
    np.maximum.at(last, user, days)
    spend = np.bincount(orders["user"], orders["amount"], n).round(2)
    return pd.DataFrame(
        {
            "user": np.arange(n),
            "signup": pd.Timestamp(FIRST) + pd.to_timedelta(who.signup, unit="D"),
            "channel": who.channel,
            "city": who.tier * 4 + who.city,
            "city_tier": who.tier,
            "age": who.age,
            "sex": who.sex,
            "level": np.digitize(spend, [300, 1000]),
            "orders": np.bincount(orders["user"], minlength=n),
            "spend": spend,
            "coupons": np.bincount(orders["user"], orders["coupon"], n).astype(int),
            "active_days": np.bincount(active, minlength=n),
            "days_since_last": DAYS - 1 - last,
        }
    )


def _daily(log: Events, orders: pd.DataFrame) -> pd.DataFrame:
    clock = _clock(log.time).normalize()
    rows = pd.DataFrame({"date": clock, "user": log.user, "event": log.event})
    bought = orders.assign(date=orders["time"].dt.normalize()).groupby("date")
    daily = pd.DataFrame(
        {
            "active_users": rows.groupby("date")["user"].nunique(),
            "new_users": rows[rows["event"] == REGISTER].groupby("date").size(),
            "payers": bought["user"].nunique(),
            "daily_orders": bought.size(),
            "gmv": bought["amount"].sum().round(2),
        },
        index=pd.date_range(FIRST, LAST, name="date", unit="us"),
    ).fillna(0)
    return daily.astype(dict.fromkeys(daily.columns[:-1], "int64")).reset_index()


def _counts(who: Users, log: Events) -> pd.DataFrame:
    """Return distinct users who ever viewed, carted and paid, by first channel."""
    return pd.DataFrame(
        [
            {"step": place, "users": int(reached.sum()), "group": channel}
            for channel in range(CHANNELS.shape[1])
            for place, code in enumerate((VIEW, CART, PAY))
            for reached in [
                who.channel[np.unique(log.user[log.event == code])] == channel
            ]
        ]
    )


def _experiment(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Return visitors of a page test; earlier buyers convert and spend more.

    They come one after the other, as many on each day.
    """
    variant = rng.integers(0, 3, n)
    buyer = rng.random(n) < PRIOR
    taste = rng.normal(size=n)
    chance = np.take(_rate_by_variant(), variant) * np.where(buyer, 1.3, 0.8)
    converted = rng.random(n) < chance
    noise = rng.normal(size=n)
    amount = 90 * np.where(buyer, 1.4, 1) * np.exp(0.4 * taste + 0.3 * noise - 0.125)
    before = np.where(buyer, 110 * np.exp(0.5 * taste), 0)
    return pd.DataFrame(
        {
            "unit": [f"V{i:06d}" for i in range(n)],
            "time": pd.Timestamp(LAST)
            - pd.to_timedelta(TEST_DAYS - 1 - np.arange(n) * TEST_DAYS // n, "D"),
            "variant": variant,
            "channel": rng.choice(5, n, p=[0.26, 0.28, 0.26, 0.12, 0.08]),
            "platform": rng.choice(3, n, p=[0.46, 0.32, 0.22]),
            "spend_before": before.round(2),
            "converted": converted.astype(int),
            "revenue": np.where(converted, amount, 0).round(2),
        }
    )


def _feedback(
    rng: np.random.Generator, orders: pd.DataFrame, words: Flavour
) -> pd.DataFrame:
    """Return how likely some buyers recommend the shop, 0 to 10, and what they say."""
    asked = orders[rng.random(len(orders)) < 0.15]
    n = len(asked)
    mood = rng.choice(3, n, p=[0.55, 0.27, 0.18])
    score = np.select(
        [mood == 0, mood == 1], [rng.integers(9, 11, n), rng.integers(7, 9, n)],
        rng.integers(0, 7, n),
    )  # fmt: skip
    halves = (words.praise, words.mixed, words.blame)
    comment = []
    for feeling, (one, step, talk) in zip(
        mood, rng.random((n, 3)).tolist(), strict=True
    ):
        first = int(one * 8)
        both = halves[feeling][first], halves[feeling][(first + 1 + int(step * 7)) % 8]
        comment.append("" if talk < 0.3 else words.joint.join(both[: 1 + (talk < 0.6)]))
    late = pd.to_timedelta(rng.integers(1 * 3600, 5 * 86_400, n), unit="s")
    table = pd.DataFrame(
        {
            "user": asked["user"].to_numpy(),
            "time": asked["time"].to_numpy() + late,
            "score": score,
            "comment": comment,
        }
    )
    return table[table["time"] < pd.Timestamp(LAST) + pd.Timedelta("1D")].sort_values(
        "time", kind="stable", ignore_index=True
    )


def _clock(time: Ints) -> pd.DatetimeIndex:
    """Return wall clock in the shop's timezone."""
    utc = pd.DatetimeIndex(time.astype("datetime64[us]"), tz="UTC")
    return utc.tz_convert(TIMEZONE).tz_localize(None)


def _rate_by_variant() -> Floats:
    return RATE * (1 + np.array(LIFTS))


def _named(codes: pd.Series, labels: tuple[str, ...]) -> pd.Series:
    return pd.Series(pd.array(labels, dtype="str").take(codes.to_numpy()), codes.index)


def demo(users: int = 2000, seed: int = 0, flavour: str = "en") -> Demo:
    """Make one shop: the same one for the same arguments, in either language.

    Args:
        users: How many users, 1 to 5,000,000; the experiment has ten visitors a user,
            at most 100,000.
        seed: Chooses the shop.
        flavour: Language of labels and attribute columns, "en" or "zh_CN".

    Raises:
        Error: `users` or `seed` out of range, or a flavour that does not exist.

    Example:
        >>> shop = demo(users=20)
        >>> shop.experiment.columns[:2].tolist(), len(shop.daily)
        (['unit', 'time'], 92)
    """
    if flavour not in FLAVOURS:
        choices = list(FLAVOURS)
        raise Error("option.choice", option="flavour", got=flavour, choices=choices)
    words = FLAVOURS[flavour]
    who, log = _population(users, seed)
    rng = np.random.default_rng([seed, 1])
    ids = pd.Series([f"U{100_001 + i}" for i in range(users)], dtype="str")
    rows = pd.DataFrame(
        {
            "user": log.user,
            "event": log.event,
            "time": _clock(log.time),
            "amount": log.amount,
            "channel": log.channel,
            "platform": log.platform,
        }
    ).sort_values("time", kind="stable", ignore_index=True)
    orders = _orders(log, rng, who.persona)

    def told(table: pd.DataFrame) -> pd.DataFrame:
        named = {
            column: _named(table[column], labels)
            for column, labels in words.labels.items()
            if column in table.columns
        }
        if "user" in table.columns:
            named["user"] = ids.take(table["user"].to_numpy()).set_axis(table.index)
        return table.assign(**named).rename(columns=words.columns)

    return Demo(
        events=told(rows),
        orders=told(orders),
        users=told(_members(who, log, orders)),
        experiment=told(_experiment(rng, min(10 * users, 100_000))),
        daily=_daily(log, orders).rename(columns=words.columns),
        counts=told(_counts(who, log)),
        feedback=told(_feedback(rng, orders, words)),
        truth=_truth(words, pd.Series(who.persona, pd.Index(ids, name="user"))),
    )


def tables(
    users: int = 2000, seed: int = 0, flavour: str = "en"
) -> dict[str, pd.DataFrame]:
    """Return the tables of `demo` by kind."""
    shop = demo(users, seed, flavour)
    return {kind: getattr(shop, kind) for kind in KINDS}


def truth(users: int = 2000, seed: int = 0, flavour: str = "en") -> Truth:
    """Return the truth of `demo`."""
    return demo(users, seed, flavour).truth


# Truth: expectations of the process above, by persona and day of registration.


def _alive(age: int, *, new: bool) -> Floats:
    """Return the chance of not having left by `age`, 0 on the first day."""
    stay = (1 - TRAITS["leave"]) ** np.maximum(age - new, 0)
    return stay * np.where(new & (age > 0), 1 - TRAITS["once"], 1)


def _never(chance: Floats, starts: int, *, new: bool, week: bool = False) -> Floats:
    """Return the chance of no success in the log, by persona and day of starting.

    Args:
        chance: Success of one session, by persona and day.
        starts: How many days to start on, from the first.
        new: Whether users register on that day, and so have a session on it.
        week: Stop after 7 times 24 hours: sessions start at independent times of day
            of one distribution, so half of those on the last day come too late.
    """
    come, _ = _rates()
    alive, gone = np.ones((len(PERSONAS), starts)), np.zeros((len(PERSONAS), starts))
    for age in range(8 if week else DAYS):
        here = slice(0, DAYS - age)
        days = slice(age, min(age + starts, DAYS))
        stay = (_alive(age, new=new) / _alive(max(age - 1, 0), new=new))[:, None]
        gone[:, here] += alive[:, here] * (1 - stay)
        alive[:, here] *= stay
        success = chance[:, days] * (0.5 if week and age == 7 else 1)
        visit = np.minimum(come[:, days] * NOVELTY[age if new else DAYS], MOST)
        alive[:, here] *= 1 - success * (1 if new and age == 0 else visit)
        gone[:, here] *= 1 - success * WIN_BACK * CAMPAIGN[days]
    return alive + gone


@cache
def _expected() -> tuple[list[float], list[float], tuple[float, ...]]:
    """Return (funnel, first week, retention) as `Truth` defines them."""
    come, pay = _rates()
    signup, share = _signup_weights(), TRAITS["share"]
    fresh = (share * (1 - TRAITS["old"]))[:, None] * signup
    cart = np.repeat(TRAITS["cart"][:, None], DAYS, axis=1)
    ever, weekly = [], []
    for chance in (np.ones_like(cart), cart, cart * pay):
        old = (1 - _never(chance, 1, new=False)[:, 0]) @ (share * TRAITS["old"])
        new = fresh * (1 - _never(chance, DAYS, new=True))
        ever.append(float(old + new.sum()))
        whole = fresh[:, : DAYS - 7]
        reached = whole * (1 - _never(chance, DAYS - 7, new=True, week=True))
        weekly.append(float(reached.sum() / whole.sum()))
    back = np.outer(np.ones(len(PERSONAS)), WIN_BACK * CAMPAIGN)
    retention = [1.0]
    for age in range(1, 31):
        stay = _alive(age, new=True)[:, None]
        visit = np.minimum(come[:, age:] * NOVELTY[age], MOST)
        active = stay * visit + (1 - stay) * back[:, age:]
        weights = fresh[:, : DAYS - age]
        retention.append(float((weights * active).sum() / weights.sum()))
    return [share / ever[0] for share in ever], weekly, tuple(retention)


def _truth(words: Flavour, persona: "pd.Series[int]") -> Truth:
    funnel, week, retention = _expected()
    named = words.events
    mean = 90 * (PRIOR * 1.3 * 1.4 + (1 - PRIOR) * 0.8)
    rates = _rate_by_variant().tolist()
    return Truth(
        personas=_named(persona, words.personas),
        persona_shares=dict(zip(words.personas, TRAITS["share"].tolist(), strict=True)),
        funnel=dict(zip((named[VIEW], named[CART], named[PAY]), funnel, strict=True)),
        first_week=dict(
            zip((named[REGISTER], named[CART], named[PAY]), week, strict=True)
        ),
        retention=retention,
        experiment=dict(zip(words.variants, rates, strict=True)),
        lift=dict(zip(words.variants, LIFTS, strict=True)),
        revenue={v: rate * mean for v, rate in zip(words.variants, rates, strict=True)},
    )


# Files such as a shop would export.


def write(folder: Path, users: int = 300, seed: int = 0) -> None:
    """Write every table of both flavours below `folder` as CSV, the same each time."""
    for flavour, words in FLAVOURS.items():
        place = folder / flavour
        place.mkdir(parents=True, exist_ok=True)
        for kind, table in tables(users, seed, flavour).items():
            headers = {
                column: words.headers.get(
                    f"{kind}.{column}", words.headers.get(column, column)
                )
                for column in table.columns
            }
            table.rename(columns=headers).to_csv(
                place / f"{kind}.csv",
                index=False,
                encoding=words.encoding,
                lineterminator="\n",
                float_format="%.2f",
            )


def main() -> None:
    """Run `python -m opslib.simulate --out data`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.out, options.users, options.seed)


if __name__ == "__main__":
    main()
