"""Exports as shops, analytics tools and spreadsheets write them, in miniature.

A line of exports.txt is: kind; what it is; columns. A column is name~values>role, the
role only where it has one; one that is computed is not in the file. `VALUES` says what
the names of values mean. A number after the kind is how many rows there are.

The rules were tuned on exports.txt. unseen.txt holds headers of other products and data
sets, whose kinds and roles were written down before they were read for the first time:
one half was learnt from later on, the other never. learnt.txt has the headers of many
small programs, which were learnt from as well. A kind of "none" is a table that is none
of the kinds.
"""

import datetime as dt
import random
import uuid
from pathlib import Path

ROWS = 120
START = dt.datetime(2025, 3, 1, 8, tzinfo=dt.UTC)
CITIES = ("北京", "上海", "广州", "成都", "武汉")
TALK = (
    "送餐很快味道也不错还会再来",
    "包装破损客服态度不好",
    "价格有点贵但是质量可以",
    "物流太慢了等了一个星期",
)
WORDS = (
    "It keeps closing when I open the settings page",
    "Great value and it arrived two days early",
    "Could not find the invoice anywhere please help",
)
NICKS = "小鱼大白阿花豆豆月半晴天北北木子一诺可乐柚子团子七七果果安然石头老王"
FIRST = "Ann Bob Cy Di Eve Flo Gus Hal Ida Jo Kim Lou Mia Ned Oz Pam Ray"


def _moment(i):
    return START + dt.timedelta(hours=7 * i, minutes=11 * i % 60, seconds=i % 60)


VALUES = {
    "id": lambda i: f"u{1000 + i * 7 % 17}",
    "number": lambda i: 200_000 + i * 7 % 17,
    "hex": lambda i: f"{(i * 7 % 17 + 3) * 0x9E3779B97F4A7C15 % 2**64:016x}",
    "other": lambda i: f"u{1000 + i * 5 % 19}",
    "own": lambda i: f"U{10_000 + i}",
    "row": lambda i: i + 1,
    "next": lambda i: f"m{5000 + i}",
    "order": lambda i: 20_250_301_000_000 + i * 37,
    "item": lambda i: 7_000 + i * 11 % 29,
    "shop": lambda i: f"g{i % 6}",
    "time": lambda i: f"{_moment(i):%Y-%m-%d %H:%M:%S}",
    "later": lambda i: (
        f"{_moment(i) + dt.timedelta(minutes=9 * i % 50 + 1):%Y-%m-%d %H:%M:%S}"
    ),
    "gaps": lambda i: "" if i % 3 == 0 else f"{_moment(i + 9):%Y-%m-%d %H:%M:%S}",
    "slash": lambda i: f"{_moment(i):%Y/%m/%d %H:%M}",
    "iso": lambda i: f"{_moment(i):%Y-%m-%dT%H:%M:%SZ}",
    "cn": lambda i: f"{_moment(i):%Y年%m月%d日 %H:%M}",
    "ms": lambda i: int(_moment(i).timestamp() * 1000),
    "us": lambda i: int(_moment(i).timestamp() * 1e6),
    "sec": lambda i: int(_moment(i).timestamp()),
    "compact": lambda i: f"{_moment(i):%Y%m%d}",
    "date": lambda i: f"{_moment(i):%Y-%m-%d}",
    "day": lambda i: f"{START + dt.timedelta(days=i):%Y-%m-%d}",
    "days": lambda i: f"{START + dt.timedelta(days=i // 4):%Y-%m-%d}",
    "month": lambda i: f"2024-{i // 4 % 12 + 1:02}",
    "money": lambda i: f"{i * 37 % 500 + 0.5:.2f}",
    "yuan": lambda i: f"￥{i * 37 % 500 + 0.5:.2f}",
    "int": lambda i: i * 13 % 97 + 1,
    "big": lambda i: 1_000 + i * 131 % 977,
    "few": lambda i: i % 4 + 1,
    "bool": lambda i: int(i % 3 == 0),
    "share": lambda i: f"{i * 7 % 100}%",
    "city": lambda i: CITIES[i % 5],
    "five": lambda i: i % 5 + 1,
    "ten": lambda i: i * 7 % 11,
    "talk": lambda i: f"{TALK[i % 4]}，第{i}次",
    "phone": lambda i: f"138{i * 7 % 17:08}",
    "phones": lambda i: f"139{i * 7919:08}",
    "mail": lambda i: f"user{i * 7 % 17}@mail.com",
    "mails": lambda i: f"user{i}@mail.com",
    "name": lambda i: "张王李赵陈刘"[i * 5 % 6] + "伟芳娜敏静磊"[i % 6],
    "full": lambda i: ("Ann", "Bob", "Cy", "Di")[i % 4] + " Smith",
    "ip": lambda i: f"10.0.{i % 9}.{i % 200}",
    "json": lambda i: f"{{'a': {i}}}",
    "words": lambda i: f"{WORDS[i % 3]} {i}",
    "person": lambda i: f"{FIRST.split()[i * 7 % 17]} Lee",
    "nick": lambda i: NICKS[i * 7 % 17 * 2 :][:2],
    "address": lambda i: f"{CITIES[i % 5]}市中山路{i * 7 % 90 + 1}号",
    "uuid": lambda i: str(uuid.UUID(int=(i + 3) * 0x9E3779B97F4A7C15 % 2**64 << 60)),
    "guid": lambda i: VALUES["uuid"](i * 7 % 17),
    "hexes": lambda i: f"{(i + 3) * 0x9E3779B97F4A7C15 % 2**64:016x}",
    "wxno": lambda i: f"4200000925{i * 7919 + 10**17}",
    "idcard": lambda i: f"1101051990{i % 12 + 1:02}{i % 28 + 1:02}{i % 999:03}X",
    "othernum": lambda i: 200_000 + i * 5 % 19,
    "ips": lambda i: f"10.1.{i // 50}.{i % 250}",
    "url": lambda i: f"https://x.example/p/{i * 7 % 40}",
    "years": lambda i: 18 + i * 13 % 50,
    "birth": lambda i: f"{1960 + i * 7 % 45}-{i % 12 + 1:02}-{i % 28 + 1:02}",
    "rate": lambda i: f"{i * 37 % 997 / 1000:.3f}",
    "half": lambda i: i * 7 % 10 / 2 + 0.5,
    "cent": lambda i: f"{i * 37 % 90 / 100 + 0.1:.2f}",
    "dollar": lambda i: f"${i * 37 % 500 + 0.5:.2f}",
    "fall": lambda i: 10_000 // (i + 1),
    "min": lambda i: f"{_moment(i):%Y-%m-%d %H:%M}",
    "hour": lambda i: f"{_moment(i):%Y-%m-%d %H}",
    "clock": lambda i: f"{_moment(i):%H:%M}",
    "usdate": lambda i: f"{_moment(i):%m/%d/%Y}",
    "isolocal": lambda i: f"{_moment(i):%Y-%m-%dT%H:%M:%S}",
    "isozone": lambda i: f"{_moment(i):%Y-%m-%dT%H:%M:%S+08:00}",
    "tweet": lambda i: f"{_moment(i):%a %b %d %H:%M:%S +0000 %Y}",
    "ym4": lambda i: f"20{20 + i // 48}-{i // 4 % 12 + 1:02}",
    "ym": lambda i: f"2025-{i % 12 + 1:02}",
    "empty": lambda _: "",
    "spent": lambda i: f"{60 + i}秒",
}

EXPORTS = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
UNSEEN = Path(__file__).with_name("unseen.txt").read_text(encoding="utf-8")
LEARNT = Path(__file__).with_name("learnt.txt").read_text(encoding="utf-8")


def _value(maker, i):
    """Make one cell: =a|b takes turns; gaps-x leaves some out; x-y is x as y writes."""
    if maker.startswith("="):
        words = maker[1:].removesuffix("-order").split("|")
        return f"#{1000 + i}" if maker.endswith("-order") else words[i % len(words)]
    match maker:
        case "gaps-id" | "gaps-item":
            return "" if i % 3 == 0 else f"{'um'[maker == 'gaps-item']}{5000 + i - 1}"
        case "gaps-money":
            return "" if i % 3 else VALUES["money"](i)
        case "few-money":
            return (6, 30, 68, 128)[i % 4]
        case "compact-day":
            return f"{START + dt.timedelta(days=i):%Y%m%d}"
    return VALUES[maker](i)


def exports(text=EXPORTS):
    """Give kind, name, content and roles of each export."""
    for line in text.strip().splitlines():
        kind, name, columns = line.split("; ", 2)
        kind, _, count = kind.partition(" ")
        parts = [column.split("~", 1) for column in columns.split(", ")]
        heads = [head for head, _ in parts]
        makers = [rest.partition(">")[0] for _, rest in parts]
        roles = {rest.partition(">")[2]: head for head, rest in parts if ">" in rest}
        there = [at for at, maker in enumerate(makers) if maker != "computed"]
        heads, makers = [heads[at] for at in there], [makers[at] for at in there]
        rows = [
            ",".join(str(_value(maker, i)) for maker in makers)
            for i in range(int(count or ROWS))
        ]
        yield kind, name, "\n".join([",".join(heads), *rows]).encode(), roles


def halves():
    """Give the unseen exports in two halves, drawn once: to learn from, and not to."""
    every = list(exports(UNSEEN))
    random.Random(20261126).shuffle(every)
    return every[: len(every) // 2], every[len(every) // 2 :]
