"""Messy files as offices, shops and open data portals really write them.

Every layout is written with several tables, delimiters, line ends and encodings. The
truth is the table that a person would copy out: the names of its columns (several
header rows joined into one name), its records without totals, and their cells.
"""

import random
from collections.abc import Callable, Iterator

from tests.ingest.pollock import Rows, text
from tests.ingest.scores import Messy

VARIANTS = 5
Layout = Callable[["Sheet"], tuple[str, list[str], Rows]]


class Sheet:
    """A clean table of some subject, and the ways in which a variant writes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.chance = random.Random(number)
        self.chinese = number % 2 == 0
        self.delimiter = (",", ",", ";", "\t", ",")[number % 5]
        self.end = ("\n", "\r\n")[number // 2 % 2]
        subject = (_sales, _people, _cities)[number % 3]
        self.header, self.rows = subject(self.chance, 12 + 9 * number % 50)
        if self.chinese:
            self.header = [CHINESE[name] for name in self.header]
        self.width = len(self.header)

    def text(self, rows: Rows, delimiter: str | None = None) -> str:
        return text(rows, self.end, delimiter=delimiter or self.delimiter)

    def lines(self, *lines: str) -> str:
        return "".join(line + self.end for line in lines)

    def full(self, *cells: str) -> list[str]:
        """Give a row as a spreadsheet exports it: as wide as the table."""
        return [*cells, *[""] * (self.width - len(cells))]

    def say(self, chinese: str, english: str) -> str:
        return chinese if self.chinese else english

    def total(self) -> list[str]:
        sums = [self.say("合计", "Total")]
        for column in list(zip(*self.rows, strict=True))[1:]:
            try:
                sums.append(f"{sum(map(float, column)):.2f}")
            except ValueError:
                sums.append("")
        return sums


CHINESE = {
    "date": "日期",
    "shop": "门店",
    "category": "品类",
    "orders": "订单数",
    "sales": "销售额",
    "refunds": "退款额",
    "member": "会员编号",
    "name": "姓名",
    "city": "城市",
    "joined": "注册时间",
    "points": "积分",
    "note": "备注",
    "code": "地区代码",
    "region": "地区",
    "population": "人口",
    "area": "面积",
    "density": "密度",
}
SHOPS = ("West End", "Harbour", "南京东路店", "Station, north", "Old Town")
NAMES = ("Ann Lee", "Bob", "王小明", "Chris O'Hara", "陈静", "Zoë Faß", "Lee, Kim")
CITIES = ("Rome", "Oslo", "上海", "New York", "São Paulo", "成都", "Köln", "Paris")
NOTES = ("", "", "vip", "asked twice, no reply", 'says "maybe"', "已回访")


def _sales(chance: random.Random, n: int) -> tuple[list[str], Rows]:
    header = ["date", "shop", "category", "orders", "sales", "refunds"]
    return header, [
        [
            f"2024-{i // 28 % 12 + 1:02d}-{i % 28 + 1:02d}",
            chance.choice(SHOPS),
            chance.choice(("food", "toys", "home")),
            str(chance.randint(1, 90)),
            f"{chance.uniform(10, 9000):.2f}",
            f"{chance.uniform(0, 90):.2f}" if i % 4 else "",
        ]
        for i in range(n)
    ]


def _people(chance: random.Random, n: int) -> tuple[list[str], Rows]:
    header = ["member", "name", "city", "joined", "points", "note"]
    return header, [
        [
            f"{10 * i + 7:08d}",
            chance.choice(NAMES),
            chance.choice(CITIES),
            f"2023/{i % 12 + 1}/{i % 27 + 1} {i % 24}:{i % 60:02d}",
            str(chance.randint(0, 5000)),
            chance.choice(NOTES),
        ]
        for i in range(n)
    ]


def _cities(chance: random.Random, n: int) -> tuple[list[str], Rows]:
    header = ["region", "code", "population", "area", "density"]
    return header, [
        [
            f"{CITIES[i % len(CITIES)]} {i // len(CITIES) + 1}",
            f"{100 + i}",
            str(chance.randint(1000, 9_000_000)),
            f"{chance.uniform(1, 900):.1f}",
            f"{chance.uniform(1, 99):.2f}" if i % 7 else "-",
        ]
        for i in range(n)
    ]


def _titles(sheet: Sheet) -> list[str]:
    title = sheet.say("2024年度经营数据汇总表", "Figures of the year 2024")
    notes = [
        sheet.say("统计口径：已支付订单，含退款", "Paid orders only, refunds included"),
        sheet.say("单位：元", "Unit: EUR"),
        sheet.say("导出时间：2025-01-03 10:22:31", "Exported: 2025-01-03 10:22:31"),
        sheet.say("制表人：运营部", "Prepared by: Operations"),
        sheet.say("数据仅供内部使用", "For internal use"),
    ]
    return [title, *notes[: sheet.number % 6]]


def plain(s: Sheet) -> tuple[str, list[str], Rows]:
    return s.text([s.header, *s.rows]), s.header, s.rows


def titled(s: Sheet) -> tuple[str, list[str], Rows]:
    return s.lines(*_titles(s)) + plain(s)[0], s.header, s.rows


def titled_and_spaced(s: Sheet) -> tuple[str, list[str], Rows]:
    return s.lines(*_titles(s), "", "") + plain(s)[0], s.header, s.rows


def titled_by_a_spreadsheet(s: Sheet) -> tuple[str, list[str], Rows]:
    above = [s.full(title) for title in _titles(s)]
    return s.text([*above, s.full(""), s.header, *s.rows]), s.header, s.rows


def facts_above(s: Sheet) -> tuple[str, list[str], Rows]:
    facts = [
        s.full(s.say("店铺", "Shop"), s.say("旗舰店", "Flagship")),
        s.full(s.say("开始日期", "From"), "2024-01-01"),
        s.full(s.say("结束日期", "To"), "2024-12-31"),
    ]
    return s.text([*facts, s.full(""), s.header, *s.rows]), s.header, s.rows


def units_below(s: Sheet) -> tuple[str, list[str], Rows]:
    unit = s.say("(元)", "(EUR)")
    units = ["", *[unit if i > 1 else "" for i in range(1, s.width)]]
    names = [f"{n} {u}".strip() for n, u in zip(s.header, units, strict=True)]
    return s.text([s.header, units, *s.rows]), names, s.rows


def merged_header(s: Sheet) -> tuple[str, list[str], Rows]:
    groups = [s.say("基本信息", "Basics"), "", s.say("指标", "Figures")]
    names = [f"{groups[0 if i < 2 else 2]} {name}" for i, name in enumerate(s.header)]
    return s.text([s.full(*groups), s.header, *s.rows]), names, s.rows


def years_across(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [s.say("地区", "region"), *map(str, range(2015, 2025))]
    rows = [
        [
            f"{CITIES[i % 8]} {i}",
            *(str(s.chance.randint(50, 90_000)) for _ in names[1:]),
        ]
        for i in range(20)
    ]
    return s.text([names, *rows]), names, rows


def years_with_quarters(s: Sheet) -> tuple[str, list[str], Rows]:
    years, quarters = (2022, 2023, 2024), ("Q1", "Q2", "Q3", "Q4")
    top = ["", *(str(y) if q == "Q1" else "" for y in years for q in quarters)]
    low = [s.say("地区", "region"), *(q for _ in years for q in quarters)]
    names = [low[0], *(f"{y} {q}" for y in years for q in quarters)]
    rows = [
        [
            f"{CITIES[i % 8]} {i}",
            *(str(s.chance.randint(50, 90_000)) for _ in names[1:]),
        ]
        for i in range(20)
    ]
    return s.text([top, low, *rows]), names, rows


def title_and_merged_header(s: Sheet) -> tuple[str, list[str], Rows]:
    body, names, rows = merged_header(s)
    return s.text([s.full(title) for title in _titles(s)]) + body, names, rows


def total_below(s: Sheet) -> tuple[str, list[str], Rows]:
    return s.text([s.header, *s.rows, s.total()]), s.header, s.rows


def source_below(s: Sheet) -> tuple[str, list[str], Rows]:
    notes = s.lines(
        "",
        s.say("注：数据为初步核算数", "Note: preliminary figures."),
        s.say("数据来源：市统计局", "Source: Statistical Office"),
    )
    return plain(s)[0] + notes, s.header, s.rows


def notes_close_below(s: Sheet) -> tuple[str, list[str], Rows]:
    notes = [
        s.full(s.say("注：部分门店未营业，数据缺失", "Note: some shops were closed.")),
        s.full(s.say("来源：门店日报", "Source: daily reports of the shops")),
    ]
    return s.text([s.header, *s.rows, s.total(), *notes]), s.header, s.rows


def two_tables(s: Sheet) -> tuple[str, list[str], Rows]:
    small = [[s.say("指标", "measure"), s.say("数值", "value")]]
    small += [[f"{s.say('指标', 'measure')} {i}", str(7 * i)] for i in range(1, 6)]
    return plain(s)[0] + s.lines("") + s.text(small), s.header, s.rows


def two_tables_as_wide(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [f"{s.say('字段', 'field')} {i}" for i in range(s.width)]
    other = [[f"k{i}", *[str(i * x) for x in range(1, s.width)]] for i in range(7)]
    return plain(s)[0] + s.lines("") + s.text([names, *other]), s.header, s.rows


def titled_tables(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [s.say("城市", "town"), s.say("客服人数", "agents"), s.say("占比", "share")]
    other = [names, *([c, str(i + 3), f"{i}%"] for i, c in enumerate(CITIES[:5]))]
    first = s.lines(s.say("表1 明细", "Table 1: Details")) + plain(s)[0]
    second = s.lines("", s.say("表2 客服", "Table 2: Agents")) + s.text(other)
    return first + second, s.header, s.rows


def summary_first(s: Sheet) -> tuple[str, list[str], Rows]:
    small = [[s.say("指标", "measure"), s.say("数值", "value")]]
    small += [[f"{s.say('指标', 'measure')} {i}", str(7 * i)] for i in range(1, 4)]
    return s.text(small) + s.lines("") + plain(s)[0], s.header, s.rows


def repeated_header(s: Sheet) -> tuple[str, list[str], Rows]:
    half = len(s.rows) // 2
    parts = [s.header, *s.rows[:half], s.header, *s.rows[half:]]
    return s.text(parts), s.header, s.rows


def no_header(s: Sheet) -> tuple[str, list[str], Rows]:
    return s.text(s.rows), [], s.rows


def semicolons_with_decimal_commas(s: Sheet) -> tuple[str, list[str], Rows]:
    names = ["Datum", "Filiale", "Umsatz", "Anteil", "Steuer"]
    rows = [
        [
            f"{i % 28 + 1:02d}.{i % 12 + 1:02d}.2024",
            s.chance.choice(("Köln", "Bonn, Nord", "Aachen")),
            f"{s.chance.randint(1, 9)}.{s.chance.randint(100, 999)},{i % 90 + 10}",
            f"{i % 99},{i % 9} %",
            f"{i},5",
        ]
        for i in range(25)
    ]
    return s.text([names, *rows], ";"), names, rows


def every_cell_quoted(s: Sheet) -> tuple[str, list[str], Rows]:
    def quoted(row: list[str]) -> str:
        return s.delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in row)

    return s.lines(*map(quoted, [s.header, *s.rows])), s.header, s.rows


def empty_columns_at_the_end(s: Sheet) -> tuple[str, list[str], Rows]:
    wide = [[*row, "", "", ""] for row in (s.header, *s.rows)]
    blank = [[""] * len(wide[0])] * 4
    names = [*s.header, *(f"column_{s.width + i}" for i in (1, 2, 3))]
    return s.text([*wide, *blank]), names, wide[1:]


def many_columns(s: Sheet) -> tuple[str, list[str], Rows]:
    names = ["id", *(f"{s.say('问题', 'question')} {i}" for i in range(1, 121))]
    rows = [
        [f"{i:05d}", *(str((i * x) % 6) if (i + x) % 3 else "" for x in range(1, 121))]
        for i in range(1, 15)
    ]
    return s.text([names, *rows]), names, rows


def alipay(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [
        "交易号",
        "商家订单号",
        "交易创建时间",
        "交易对方",
        "商品名称",
        "金额（元）",
    ]
    names = [
        name + " " * (4 * (s.number % 2)) for name in [*names, "收/支", "交易状态"]
    ]
    rows = [
        [
            f"20240101220014{i:08d}\t",
            f"T200P{i:07d}\t" if i % 3 else "\t",
            f"2024-01-{i % 28 + 1:02d} 1{i % 10}:22:31 ",
            s.chance.choice(("美团", "滴滴出行", "北京*技术有限公司 ")),
            s.chance.choice(("外卖订单", "打车 快车", "手机充值-50元")),
            f"{s.chance.uniform(1, 300):.2f}   ",
            s.chance.choice(("支出", "收入", " ")),
            "交易成功    ",
        ]
        for i in range(10 + s.number % 30)
    ]
    above = [
        "支付宝交易记录明细查询",
        "账号:[someone@mail.example]",
        "起始日期:[2024-01-01 00:00:00]    终止日期:[2024-02-01 00:00:00]",
        "---------------------------------交易记录明细列表--------------------------",
    ]
    below = [
        "-" * 90,
        f"共{len(rows)}笔记录",
        "已收入:3笔,120.00元",
        "待收入:0笔,0.00元",
        "已支出:9笔,1,250.00元",
        "导出时间:[2024-02-03 12:00:01]    用户:某某",
    ]
    # Every row ends in a delimiter: a last column without name or value.
    table = [",".join([*row, ""]) for row in (names, *rows)]
    header = [*map(str.strip, names), f"column_{len(names) + 1}"]
    return s.lines(*above, *table, *below), header, [[*row, ""] for row in rows]


def alipay_receipt(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [
        "交易时间",
        "交易分类",
        "交易对方",
        "对方账号",
        "商品说明",
        "收/支",
        "金额",
    ]
    rows = [
        [
            f"2024-03-{i % 28 + 1:02d} 08:{i % 60:02d}:11",
            s.chance.choice(("餐饮美食", "日用百货", "投资理财")),
            s.chance.choice(("早餐店", "便利店（总店）", "余额宝")),
            "sho***@mail.example" if i % 2 else "/",
            s.chance.choice(("收钱码收款", "商品 2件", "余额宝-收益发放")),
            s.chance.choice(("支出", "不计收支")),
            f"{s.chance.uniform(0.1, 300):.2f}",
        ]
        for i in range(8 + s.number % 30)
    ]
    above = [
        "-" * 84,
        "导出信息：",
        "姓名：某某",
        "支付宝账户：138******00",
        "起始时间：[2024-03-01 00:00:00]    终止时间：[2024-04-01 00:00:00]",
        "导出交易类型：[全部]",
        "导出时间：[2024-04-02 09:12:33]",
        f"共{len(rows)}笔记录",
        "收入：0笔 0.00元",
        f"支出：{len(rows)}笔 1234.50元",
        "不计收支：2笔 1.02元",
        "",
        "特别提示：",
        "1.本回单内容可表明支付宝受理了相应支付交易申请，",
        "2.请勿将本回单作为收款方发货的凭据使用；",
        "3.支付宝快捷支付等非余额支付方式可能既产生支付宝交易也同步产生银行交易，",
        "请勿重复记账。",
        "",
        f"{'-' * 24}支付宝（中国）网络技术有限公司  电子客户回单{'-' * 24}",
    ]
    table = [",".join([*row, ""]) for row in (names, *rows)]
    header = [*names, f"column_{len(names) + 1}"]
    return s.lines(*above, *table), header, [[*row, ""] for row in rows]


def wechat(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [
        "交易时间",
        "交易类型",
        "交易对方",
        "商品",
        "收/支",
        "金额(元)",
        "支付方式",
    ]
    names += ["当前状态", "交易单号", "商户单号", "备注"]
    rows = [
        [
            f"2024-05-{i % 28 + 1:02d} 19:{i % 60:02d}:05",
            s.chance.choice(("商户消费", "转账", "微信红包")),
            s.chance.choice(("美团", "A, B 小卖部", "某某")),
            s.chance.choice(
                ("美团订单-24050111100300001307", "/", "收款方备注:二维码收款")
            ),
            s.chance.choice(("支出", "收入", "/")),
            f"¥{s.chance.uniform(1, 300):.2f}",
            s.chance.choice(("零钱", "招商银行(0001)", "/")),
            s.chance.choice(("支付成功", "已存入零钱", "已全额退款")),
            f"42000018{i:020d}\t",
            f"1000{i:016d}\t" if i % 2 else "/",
            "/",
        ]
        for i in range(9 + s.number % 30)
    ]
    facts = [
        "微信支付账单明细",
        "微信昵称：[某某]",
        "起始时间：[2024-05-01 00:00:00] 终止时间：[2024-06-01 00:00:00]",
        "导出类型：[全部]",
        "导出时间：[2024-06-02 09:12:33]",
        "",
        f"共{len(rows)}笔记录",
        "收入：1笔 100.00元",
        "支出：8笔 1234.50元",
        "中性交易：0笔 0.00元",
        "注：",
        "1. 充值/提现/理财通购买/零钱通存取/信用卡还款等交易，将计入中性交易",
        "2. 本明细仅展示当前账单中的交易，不包括已删除的记录",
        "3. 本明细仅供个人对账使用",
        "",
        "----------------------微信支付账单明细列表--------------------",
    ]
    above = [[fact, *[""] * (len(names) - 1)] for fact in facts]
    return text([*above, names, *rows], s.end), names, rows


def padded_with_spaces(s: Sheet) -> tuple[str, list[str], Rows]:
    rows = [[cell.replace(",", "") for cell in row] for row in s.rows]
    rows = [
        [f" {cell}\t" if i % 2 else f"{cell} " for i, cell in enumerate(row)]
        for row in rows
    ]
    return s.text([s.header, *rows], ","), s.header, rows


def remarks_above(s: Sheet) -> tuple[str, list[str], Rows]:
    """Lines of a program above a table of pipes."""
    above = ["# generated by export 2.1", "# rows are sorted by time; UTC", "#"]
    rows = [[cell.replace("|", "/") for cell in row] for row in s.rows]
    return s.lines(*above) + s.text([s.header, *rows], "|"), s.header, rows


def sections(s: Sheet) -> tuple[str, list[str], Rows]:
    """Blocks of one table, each under its own heading."""
    half = len(s.rows) // 2
    heading = (s.say("上半年：", "First half:"), s.say("下半年：", "Second half:"))
    blocks = s.lines(heading[0]) + s.text(s.rows[:half])
    blocks += s.lines("", heading[1]) + s.text(s.rows[half:])
    return s.text([s.header]) + blocks, s.header, s.rows


def sparse_rows(s: Sheet) -> tuple[str, list[str], Rows]:
    """Half of the cells are empty, a whole column too."""
    rows = [
        [cell if not i or (i + j) % 2 else "" for i, cell in enumerate([*row, ""])]
        for j, row in enumerate(s.rows)
    ]
    names = [*s.header, s.say("扩展字段", "extra")]
    return s.text([names, *rows]), names, rows


def cells_dropped_at_the_end(s: Sheet) -> tuple[str, list[str], Rows]:
    """A writer that leaves out the empty cells at the end of a row."""
    names = [*s.header, "x1", "x2"]
    full = [
        [*row, "7" if i % 3 == 0 else "", "8" if i % 6 == 0 else ""]
        for i, row in enumerate(s.rows)
    ]
    lines = []
    for row in full:
        short = [*row]
        while not short[-1]:
            short.pop()
        lines.append(short)
    return s.text([names, *lines]), names, full


def delimiter_behind_the_rows(s: Sheet) -> tuple[str, list[str], Rows]:
    """Every row but the header ends in a delimiter."""
    rows = [[*row, ""] for row in s.rows]
    return s.text([s.header, *rows]), s.header, s.rows


def one_column(s: Sheet) -> tuple[str, list[str], Rows]:
    words = (
        "很好, 下次再来",
        "slow; but fine",
        "ok",
        "a|b",
        "物流快，包装好",
        "no: never",
    )
    rows = [[s.chance.choice(words)] for _ in range(30)]
    return (
        text([[s.say("评论", "comment")], *rows], s.end),
        [s.say("评论", "comment")],
        rows,
    )


def json_in_cells(s: Sheet) -> tuple[str, list[str], Rows]:
    names = ["uid", "event", "ts", "props"]
    rows = [
        [
            f"u{i % 7}",
            s.chance.choice(("view", "buy")),
            f"2024-01-{i % 28 + 1:02d}T10:00:00Z",
            f'{{"page": "/p/{i}", "tags": ["a;b", "c|d"], "n": {i}}}',
        ]
        for i in range(40)
    ]
    return s.text([names, *rows]), names, rows


def long_descriptions(s: Sheet) -> tuple[str, list[str], Rows]:
    """Sentences with commas, quotes and line ends in quoted cells."""
    texts = ('He said, "well; it works", and left.', "One.\nTwo, three.\n\nFour", "")
    rows = [[*row, s.chance.choice(texts)] for row in s.rows]
    names = [*s.header, s.say("详情", "details")]
    return s.text([names, *rows]), names, rows


def log_of_white_space(s: Sheet) -> tuple[str, list[str], Rows]:
    names = ["host", "status", "bytes", "ms"]
    rows = [
        [f"10.0.0.{i}", str(200 + i % 3), str(7 * i), f"{i}.5"] for i in range(1, 30)
    ]
    lines = ["".join(cell.ljust(12) for cell in row).rstrip() for row in (names, *rows)]
    return s.lines(*lines), names, rows


def months_across(s: Sheet) -> tuple[str, list[str], Rows]:
    names = [s.say("渠道", "channel"), *(f"2024-{m:02d}" for m in range(1, 13))]
    rows = [
        [f"{c}", *(str(s.chance.randint(0, 9000)) for _ in range(12))] for c in CITIES
    ]
    total = [s.say("总计", "Total"), *(["1"] * 12)]
    return s.text([names, *rows, total]), names, rows


def subtitle_below_the_header(s: Sheet) -> tuple[str, list[str], Rows]:
    """Names in two languages, one below the other."""
    other = [CHINESE.get(name, "x " + name) for name in s.header]
    names = [f"{a} {b}" for a, b in zip(s.header, other, strict=True)]
    return s.text([s.header, other, *s.rows]), names, s.rows


def three_tables(s: Sheet) -> tuple[str, list[str], Rows]:
    def small(title: str) -> str:
        rows = [["key", "n"], *([f"{title}{i}", str(i)] for i in range(4))]
        return s.lines("", title) + s.text(rows)

    above = s.lines(s.say("概览", "Overview")) + s.text([["key", "n"], ["all", "9"]])
    return (
        above + s.lines("", "") + plain(s)[0] + small("B") + small("C"),
        s.header,
        s.rows,
    )


def page_breaks(s: Sheet) -> tuple[str, list[str], Rows]:
    """A printed report: title, header and page number come again on every page."""
    title = s.say("明细表", "Details")
    pages = ""
    for number, at in enumerate(range(0, len(s.rows), 10), 1):
        foot = s.say(f"第 {number} 页", f"Page {number}")
        pages += s.lines(title, "") + s.text([s.header, *s.rows[at : at + 10]])
        pages += s.lines("", foot)
    return pages, s.header, s.rows


LAYOUTS: tuple[Layout, ...] = (
    *(plain, titled, titled_and_spaced, titled_by_a_spreadsheet, facts_above),
    *(units_below, merged_header, years_across, years_with_quarters),
    *(title_and_merged_header, total_below, source_below, notes_close_below),
    *(two_tables, two_tables_as_wide, titled_tables, summary_first),
    *(repeated_header, no_header, semicolons_with_decimal_commas),
    *(every_cell_quoted, empty_columns_at_the_end, many_columns, alipay),
    *(alipay_receipt, wechat, padded_with_spaces, remarks_above, sections),
    *(sparse_rows, cells_dropped_at_the_end, delimiter_behind_the_rows, one_column),
    *(json_in_cells, long_descriptions, log_of_white_space, months_across),
    *(subtitle_below_the_header, three_tables, page_breaks),
)


def files() -> Iterator[Messy]:
    """Give every layout in every variant."""
    for i, layout in enumerate(LAYOUTS):
        for variant in range(VARIANTS):
            sheet = Sheet(VARIANTS * i + variant)
            content, header, rows = layout(sheet)
            encoding = ("utf-8", "utf-8-sig", "gb18030")[sheet.number % 3]
            if encoding == "gb18030" and not sheet.chinese:
                encoding = "utf-8"
            name = f"{layout.__name__} {variant}"
            yield Messy(name, layout.__name__, content.encode(encoding), header, rows)
