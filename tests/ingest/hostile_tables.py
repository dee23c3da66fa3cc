"""Text that is a table, with sizes, headers, cells and numbers that break readers."""

from itertools import chain

import pandas as pd

from tests.ingest.hostile import NAMES, column, events, loaded, refused

WHOLE = {"columns": NAMES, "kind": "events"}
LOG = events()

HEADERS = (
    *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1+1", "%0A"),
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "![](http://x)"),
    *("[a](javascript:alert(1))", "{{7*7}}", "${x}", "#{x}", "`id`", "$(id)", "$x^2$"),
    *("constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "prototype"),
    *("a.b", "x[0]", "a:b", "a\\b", "a'b", "; DROP TABLE t; --", "' OR 1=1 --", "../x"),
    *(
        "\u202egnp",
        "a\u200bb",
        "\u200b",
        "👩‍👩‍👧‍👦",
        "e\u0301",
        "İ",
        "a\x1b[2Jb",
        "a\x07",
    ),
    *("index", "None", "nan", "__class__", "datum", "count()", "mean(x):Q", "c0", "c1"),
    *("%s%n%d", "{0}", "{name}", "%(x)s", "//x", "nul", "x" * 5_000),
)
"""Names of columns that some program somewhere takes for code."""

TEXTS = (
    *("=1+1", "+cmd", "-cmd", "@SUM(A1)", "＝x", "＋x", "－x", "＠x", " =1+1", "'=1"),
    *(
        "=HYPERLINK(x)",
        "<b>x</b>",
        "a|b",
        "\\",
        "\\n",
        "%00",
        "NULL",
        "\u202ex",
        "*_x_*",
    ),
)
"""Cells that some program somewhere takes for code."""


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def headed(*names):
    """Forty rows of numbers under these names."""
    head = ",".join(map(quoted, names))
    return (
        head
        + "\n"
        + (",".join("1" for _ in names) + "\n") * 20
        + (",".join("2" for _ in names) + "\n") * 20
    )


def wide(n, rows=5):
    return (
        ",".join(f"c{i}" for i in range(n))
        + "\n"
        + (",".join("1" for _ in range(n)) + "\n") * rows
    )


def filled(name, cells, filler="1"):
    """A column in which odd cells are few among many plain ones."""
    return column(name, *cells, *([filler] * 200))


def day(text):
    return pd.Timestamp(text)


COLUMNS = "ingest.columns"
SIZES = (
    loaded("one_line_5mb.csv", "x" * 5_000_000, columns=None, large=True),
    refused("one_line_words_5mb.csv", "word " * 1_000_000, COLUMNS, large=True),
    loaded(
        "cell_20mb.csv",
        lambda: events(event="y" * 20_000_000),
        30,
        large=True,
        columns=NAMES,
        cells={("event", 1): "cart"},
    ),
    loaded(
        "quoted_cell_200kb.csv",
        lambda: events(event=quoted("line\n" * 900 + "z" * 200_000)),
        30,
        columns=NAMES,
        cells={
            ("event", 0): "line\n" * 900 + "z" * 200_000,
            ("event", 29): "buy",
        },
    ),
    loaded(
        "words_200kb.csv",
        lambda: LOG + "z" * 200_000 + "@1234567\n",
        30,
        aside=1,
        **WHOLE,
    ),
    loaded(
        "quotes_alternating.csv",
        "a,b\n" + '"x""y",\'z"\n' * 5_000,
        5_000,
        cells={("a", 0): 'x"y', ("b", 0): "'z\""},
    ),
    loaded(
        "quotes_reopened.csv",
        lambda: LOG + 'x","y\n' * 500_000,
        500_000,
        aside=30,
        large=True,
        notes=("ingest.repaired",),
    ),
    loaded(
        "quotes_1m_lines.csv",
        lambda: LOG + '"\n' * 1_000_000,
        30,
        aside=1_000_000,
        large=True,
        **WHOLE,
    ),
    refused("commas_2m.csv", "," * 2_000_000, "ingest.empty", COLUMNS),
    loaded(
        "commas_2m_rows.csv", lambda: LOG + "," * 2_000_000, 30, **WHOLE, large=True
    ),
    loaded("quotes_2m.csv", '"' * 2_000_000, large=True),
    loaded(
        "quotes_2m_rows.csv",
        lambda: LOG + '"' * 2_000_001 + "\n",
        30,
        aside=1,
        large=True,
        **WHOLE,
    ),
    loaded(
        "open_quote.csv",
        lambda: events(3_000, user_id='"u0'),
        3_000,
        columns=NAMES,
        notes=("ingest.repaired",),
        cells={("event", 2_999): "buy"},
    ),
    loaded(
        "open_quote_many.csv",
        lambda: events(100_000, user_id='"u0'),
        100_000,
        columns=NAMES,
        notes=("ingest.repaired",),
        large=True,
    ),
    loaded(
        "open_quote_each.csv",
        lambda: "user_id,event,time\n" + 'u1,"view,2025-01-01\n' * 20_000,
        20_000,
        columns=NAMES,
        large=True,
    ),
    loaded(
        "wide_2000.csv", lambda: wide(2_000), 5, large=True, cells={("c1999", 4): 1}
    ),
    refused("wide_2001.csv", lambda: wide(2_001), COLUMNS, says="2,000"),
    refused("wide_10000.csv", lambda: wide(10_000), COLUMNS, says="10,000"),
    loaded(
        "distinct_1m.csv",
        lambda: (
            "user_id,event,time\n"
            + "".join(f"u{i:07},view,2025-01-01 10:00:00\n" for i in range(1_000_000))
        ),
        1_000_000,
        large=True,
        cells={("user_id", 999_999): "u0999999"},
        columns=NAMES,
    ),
    loaded(
        "properties_1m.csv",
        lambda: (
            "n,note\n" + "".join(f"{i},text {i} \u200b\n" for i in range(1_000_000))
        ),
        1_000_000,
        large=True,
    ),
    loaded(
        "short_rows_2m.csv", lambda: "a\n" + "x\n" * 2_000_000, 2_000_000, large=True
    ),
    loaded(
        "ragged.csv",
        lambda: LOG + "".join("," * i + "x\n" for i in range(500)),
        30,
        aside=500,
        **WHOLE,
    ),
    loaded("title_rows.csv", "report\n\n\n" + LOG, 30, aside=1, **WHOLE),
    loaded("totals.csv", LOG + "合计,,\n", 30, aside=1, **WHOLE),
)

NAMED = (
    loaded("headers.csv", lambda: headed(*HEADERS), 40, columns=HEADERS),
    loaded(
        "header_twice.csv",
        headed("a", "a", "a_2", "a"),
        40,
        columns=("a", "a_3", "a_2", "a_4"),
    ),
    loaded(
        "header_twice_folded.csv",
        headed("User", "user", "USER "),
        40,
        columns=("User", "user", "USER"),
    ),
    loaded(
        "header_empty.csv",
        headed("a", "", "b", " ", "c"),
        40,
        columns=("a", "column_2", "b", "column_4", "c"),
    ),
    loaded(
        "header_open_quote.csv",
        '"' + LOG,
        30,
        columns=('"user_id', "event", "time"),
        notes=("ingest.repaired",),
    ),
    loaded(
        "header_half_empty.csv",
        headed("a", "", " ", "b"),
        40,
        columns=("a", "column_2", "column_3", "b"),
    ),
    loaded("header_blank_taken.csv", headed("column_2", "", "b"), 40),
    loaded(
        "header_newline.csv",
        headed("a\nb", "c\r\nd", "e\tf"),
        40,
        columns=("a\nb", "c\r\nd", "e\tf"),
    ),
    loaded("header_many_same.csv", lambda: headed(*["a"] * 2_000), 40, large=True),
    loaded("header_long.csv", lambda: headed("x" * 1_000_000, "b"), 40),
    loaded(
        "header_spaces.csv",
        lambda: headed("a" + " " * 200_000 + "b", "c" + "()" * 200_000),
        40,
    ),
    loaded("header_numbers.csv", "2023,2024,2025\n1,2,3\n", None),
    loaded(
        "header_short.csv",
        "user_id,event\n" + LOG.partition("\n")[2],
        30,
        notes=("ingest.header_width",),
        columns=("user_id", "event", "column_3"),
    ),
    loaded(
        "header_long_row.csv",
        "user_id,event,time,a,b,c\n" + LOG.partition("\n")[2],
        30,
        notes=("ingest.header_width",),
        **WHOLE,
    ),
)

CELLS = (
    loaded(
        "texts.csv",
        lambda: "n,word\n" + "".join(f"{i},{quoted(t)}\n" for i, t in enumerate(TEXTS)),
        len(TEXTS),
        columns=("n", "word"),
        cells={("word", 0): "=1+1", ("word", 7): "＠x", ("n", 3): 3},
    ),
    loaded(
        "excel_texts.csv",
        column("code", '="00123"', '="00456"', '="007"'),
        3,
        cells={("code", 0): "00123", ("code", 2): "007"},
        notes=("ingest.formula_text",),
    ),
    loaded(
        "not_utf8_digits.csv",
        column("paid", "1 234", "1\u00a0234", "1'234"),
        3,
        cells={("paid", i): 1234 for i in range(3)},
    ),
    loaded(
        "ids_19.csv",
        column("open_id", "1234567890123456789", "1234567890123456788"),
        2,
        cells={
            ("open_id", 0): "1234567890123456789",
            ("open_id", 1): "1234567890123456788",
        },
    ),
    loaded(
        "ids_19_unnamed.csv",
        column("thing", "1234567890123456789", "1234567890123456788"),
        2,
        cells={
            ("thing", 0): "1234567890123456789",
            ("thing", 1): "1234567890123456788",
        },
    ),
    loaded(
        "ids_zeros.csv",
        column("thing", "00123", "0", "7"),
        3,
        cells={("thing", 0): "00123", ("thing", 2): "7"},
    ),
    loaded(
        "ids_rounded.csv",
        column("order_no", "1.23457E+18", "1.23457E+18"),
        2,
        notes=("ingest.id_rounded",),
        cells={("order_no", 0): "1.23457E+18"},
    ),
    loaded(
        "huge_exponent.csv",
        filled("paid", ["1e999", "-1e999", "1e-999"]),
        203,
        cells={
            ("paid", 0): None,
            ("paid", 1): None,
            ("paid", 2): 0.0,
            ("paid", 3): 1.0,
        },
    ),
    loaded(
        "all_huge.csv",
        column("paid", "1e999", "2e999", "3e999"),
        3,
        cells={("paid", 1): "2e999"},
    ),
    loaded(
        "infinite.csv",
        filled("paid", ["inf", "-Infinity", "nan", "NaN"]),
        204,
        cells={
            ("paid", 0): None,
            ("paid", 1): None,
            ("paid", 2): None,
            ("paid", 4): 1.0,
        },
    ),
    loaded(
        "minus_zero.csv", column("paid", "-0", "0", "-0.0"), 3, cells={("paid", 0): 0.0}
    ),
    loaded(
        "hexadecimal.csv",
        column("word", "0x10", "0x1F", "0b1"),
        3,
        cells={("word", 0): "0x10"},
    ),
    loaded(
        "underscores.csv",
        column("word", "1_000", "2_000"),
        2,
        cells={("word", 0): "1_000"},
    ),
    loaded(
        "wide_digits.csv",
        column("word", "１２３", "４５６"),
        2,
        cells={("word", 0): 123},
    ),
    loaded(
        "other_digits.csv",
        column("word", "١٢٣", "²³", "①", "Ⅻ", "३"),
        5,
        cells={("word", 1): "²³"},
    ),
    loaded(
        "percent_only.csv",
        column("share", "%", "12%", "5%"),
        3,
        cells={("share", 1): "12%"},
    ),
    loaded(
        "brackets.csv",
        column("paid", "(5)", "(1.5)", "7"),
        3,
        cells={("paid", 0): -5.0, ("paid", 2): 7.0},
    ),
    loaded(
        "signs.csv",
        column("paid", "+-5", "--5", "5-", "+", "."),
        5,
        cells={("paid", 1): "--5", ("paid", 4): "."},
    ),
    loaded(
        "long_digits.csv",
        lambda: column("paid", "9" * 400, "8" * 400),
        2,
        cells={("paid", 0): "9" * 400},
    ),
    loaded(
        "long_decimals.csv",
        lambda: column("paid", "0." + "1" * 5_000, "2"),
        2,
        cells={("paid", 0): 1 / 9},
    ),
    loaded(
        "whole_limits.csv",
        column("thing", "9223372036854775807", "9223372036854775808"),
        2,
        cells={("thing", 1): "9223372036854775808"},
    ),
    loaded(
        "booleans.csv",
        column("ok", "true", "FALSE", "True"),
        3,
        cells={("ok", 0): True, ("ok", 1): False},
    ),
    loaded(
        "missing_words.csv",
        column("paid", "NULL", "N/A", "-", "—", "无", "5"),
        6,
        cells={("paid", 0): None, ("paid", 4): None, ("paid", 5): 5},
    ),
    loaded(
        "hidden_marks.csv",
        column("word", "a\u200bb", "\u202etxt", "\ufeffx", "\u2066y"),
        4,
        cells={("word", 1): "\u202etxt"},
    ),
    loaded(
        "emoji.csv",
        column("word", "👩‍👩‍👧‍👦", "🇨🇳", "a\U0010ffff"),
        3,
        cells={("word", 0): "👩‍👩‍👧‍👦"},
    ),
)

TIMES = (
    loaded(
        "never.csv",
        filled(
            "time", ["0000-00-00", "9999-12-31", "0000-00-00 00:00:00"], "2025-01-02"
        ),
        203,
        cells={("time", 0): None, ("time", 1): None, ("time", 3): day("2025-01-02")},
    ),
    loaded(
        "impossible.csv",
        filled(
            "time",
            ["2025-02-30", "1900-02-29", "2025-13-01", "2025-00-10"],
            "2024-02-29",
        ),
        204,
        cells={("time", 0): None, ("time", 1): None, ("time", 4): day("2024-02-29")},
    ),
    loaded(
        "clock.csv",
        filled(
            "time",
            ["2025-01-01 24:00:00", "2025-01-01 12:60:00", "2025-01-01 23:59:60"],
            "2025-01-01 23:59:59",
        ),
        203,
        cells={("time", 0): None, ("time", 3): day("2025-01-01 23:59:59")},
    ),
    loaded(
        "epoch_zero.csv",
        filled(
            "time",
            ["0", "-86400", *map(str, range(1735689601, 1735689650))],
            "1735689600",
        ),
        251,
        cells={
            ("time", 0): None,
            ("time", 1): None,
            ("time", 51): pd.Timestamp("2025-01-01", tz="UTC"),
        },
    ),
    loaded(
        "epoch_huge.csv",
        filled(
            "time", ["1e18", *map(str, range(1735689601, 1735689650))], "1735689600"
        ),
        250,
        cells={("time", 0): None, ("time", 50): pd.Timestamp("2025-01-01", tz="UTC")},
    ),
    loaded(
        "epoch_milli.csv",
        column("time", "1735689600000", "1735689600500"),
        2,
        cells={("time", 1): pd.Timestamp("2025-01-01 00:00:00.5", tz="UTC")},
    ),
    loaded(
        "epoch_nano.csv",
        column("time", "1735689600000000000", "1735689600500000000"),
        2,
        notes=("ingest.epoch",),
        cells={("time", 1): pd.Timestamp("2025-01-01 00:00:00.5", tz="UTC")},
    ),
    loaded(
        "ids_called_time.csv",
        column("time", "9134567890123456789", "1034567890123456788"),
        2,
        cells={("time", 0): "9134567890123456789"},
    ),
    loaded(
        "zones_mixed.csv",
        column("time", "2025-01-01T00:00:00Z", "2025-01-01 09:00:00"),
        2,
        notes=("ingest.zones_mixed",),
        cells={("time", 1): pd.Timestamp("2025-01-01 09:00", tz="UTC")},
    ),
    loaded(
        "zones.csv",
        column(
            "time",
            "2025-01-01T00:00:00Z",
            "2025-01-01T08:00:00+08:00",
            "2025-01-01 00:00:00-05:00",
        ),
        3,
        cells={
            ("time", 0): pd.Timestamp("2025-01-01", tz="UTC"),
            ("time", 1): pd.Timestamp("2025-01-01", tz="UTC"),
            ("time", 2): pd.Timestamp("2025-01-01 05:00", tz="UTC"),
        },
    ),
    loaded(
        "zone_wild.csv",
        filled("time", ["2025-01-01T00:00:00+99:99"], "2025-01-01T00:00:00Z"),
        201,
        cells={("time", 0): None},
    ),
    loaded(
        "gap.csv",
        column("time", "2025-03-09 02:30:00", "2025-03-30 02:30:00"),
        2,
        cells={("time", 0): day("2025-03-09 02:30")},
    ),
    loaded(
        "serials.csv",
        column("date", "45658", "45658.5", "45659"),
        3,
        cells={("date", 0): day("2025-01-01"), ("date", 1): day("2025-01-01 12:00")},
    ),
    loaded(
        "day_first.csv",
        column("date", "03/04/2025", "25/12/2025"),
        2,
        cells={("date", 0): day("2025-04-03")},
    ),
    loaded(
        "long_date.csv",
        lambda: column("time", "2025-01-01" + " " * 5_000 + "10:00", "2025-01-02"),
        2,
        cells={("time", 0): day("2025-01-01 10:00")},
    ),
    loaded(
        "years_far.csv",
        filled("time", ["1000-01-01", "2999-12-31"], "2025-01-02"),
        202,
        cells={("time", 0): day("1000-01-01"), ("time", 1): day("2999-12-31")},
    ),
    loaded(
        "wide_date.csv", column("time", "２０２５-０１-０１", "２０２５-０１-０２"), 2
    ),
)

TABLES = tuple(chain(SIZES, NAMED, CELLS, TIMES))
