"""What the command line says of a file is complete, aligned and masked."""

import unicodedata
from dataclasses import replace

import pytest

import opslib as ops
from opslib.ingest.printed import MOST, printed
from opslib.words import LANGUAGES

ROWS = "".join(f"2025-01-{i:02d},上海,{i}\n" for i in range(1, 29))
SHOP = f"日期,城市,订单数\n{ROWS}"


def read(text):
    return ops.read_table(text.encode()).report


def places(text):
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_columns_stand_below_each_other_in_letters_of_any_width(lang):
    table = printed(read(SHOP), lang).split("\n\n")[2].splitlines()
    firsts = ("2025-01-01", "上海", "1 · 2")
    starts = {
        places(line[: line.index(first)])
        for line, first in zip(table[1:], firsts, strict=True)
    }
    assert len(starts) == 1


def test_rows_set_aside_are_shown_with_their_line_and_reason():
    report = read(SHOP + "2025-01-29,上海\n")
    assert "- line 30 (Too few cells): 2025-01-29,上海" in printed(report)
    assert "- 第 30 行（单元格太少）：2025-01-29,上海" in printed(report, "zh_CN")


def test_rows_that_are_not_shown_are_counted():
    told = printed(read(SHOP + ROWS * 20 + "2025-01-29,上海\n" * (MOST + 5)))
    assert told.count("(Too few cells)") == MOST
    assert "- and 5 more" in told


def test_a_count_that_stopped_says_so():
    report = read(SHOP)
    capped = [replace(one, capped=True, distinct=70_000) for one in report.columns]
    assert "70,000+" in printed(replace(report, columns=tuple(capped)))


def test_cells_that_do_not_fit_are_shown_with_their_line_and_column():
    told = printed(read(SHOP + "2025-01-29,上海,soon\n"))
    assert "- line 30, “订单数”: soon" in told


def test_nothing_personal_is_printed():
    rows = "".join(f"{i},1380013{i:04d},张伟\n" for i in range(30))
    told = printed(read(f"uid,手机,姓名\n{rows}x,13900139000,李娜,y,z\n"))
    assert "1390013" not in told
    assert "李娜" not in told
