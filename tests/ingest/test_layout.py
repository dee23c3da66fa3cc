"""Titles, headers of several rows, units, notes and other tables around the main."""

import pytest

import opslib as ops
from opslib.ingest.layout import find_head

ROWS = "".join(f"2025-01-{i:02d},Rome,{i},{i}.5\n" for i in range(1, 20))
HEADER = "day,city,orders,sales\n"


def read(text, **overrides):
    return ops.read_table(text.encode(), types=False, **overrides)


def aside(table):
    return list(table.report.set_aside.itertuples(index=False, name=None))


def accounted(report):
    return report.header_rows + report.rows + report.blank + len(report.set_aside)


def test_merged_cells_of_an_upper_header_reach_to_the_right():
    table = read(",,Figures,\n" + HEADER + ROWS)
    assert table.report.header_rows == 2
    assert list(table.frame) == ["day", "city", "Figures orders", "Figures sales"]


def test_a_header_of_which_half_the_names_are_empty_is_one():
    names = read("day,,orders,\n" + ROWS).frame.columns
    assert list(names) == ["day", "column_2", "orders", "column_4"]
    assert read("Report,,,\n" + ROWS).report.header_rows == 0


def test_units_below_the_names_are_part_of_them():
    table = read(HEADER + ",,(pcs),(EUR)\n" + ROWS)
    assert list(table.frame) == ["day", "city", "orders (pcs)", "sales (EUR)"]
    assert len(table.frame) == 19


def test_years_are_names_of_columns_though_they_are_numbers():
    table = read("region,2021,2022,2023\nRome,51,7,9\nOslo,4,52,6\n")
    assert list(table.frame) == ["region", "2021", "2022", "2023"]


def test_years_that_do_not_follow_each_other_are_values():
    table = read("a,1999,1999,2023\nb,2001,1998,2024\nc,2011,2003,2022\n")
    assert table.report.header_rows == 0


def test_facts_above_the_table_are_no_header():
    facts = "Shop,Flagship,,\nFrom,2025-01-01,,\n,,,\n"
    table = read(facts + HEADER + ROWS)
    assert [row[:2] for row in aside(table)] == [(1, "preamble"), (2, "preamble")]
    assert list(table.frame) == ["day", "city", "orders", "sales"]


def test_a_second_table_is_kept_aside_and_said():
    table = read(HEADER + ROWS + "\nTable 2:\nname,n\nx,1\ny,2\n")
    assert [row[1:] for row in aside(table)] == [
        ("note", "Table 2:"),
        ("table", "name,n"),
        ("table", "x,1"),
        ("table", "y,2"),
    ]
    assert len(table.frame) == 19
    assert accounted(table.report) == 25
    assert "3 rows belong to another table" in table.report.describe()
    assert "文件里还有别的表，共 3 行" in table.report.describe("zh_CN")


def test_a_second_table_as_wide_as_the_first_is_told_by_its_header():
    table = read(HEADER + ROWS + "\nk1,k2,k3,k4\na,b,1,2\nc,d,3,4\n")
    assert {row[1] for row in aside(table)} == {"table"}
    assert len(table.frame) == 19


def test_the_larger_table_is_the_main_one():
    table = read("name,n\nx,1\ny,2\n\n" + HEADER + ROWS)
    assert {row[1] for row in aside(table)} == {"preamble"}
    assert len(table.frame) == 19


def test_a_header_that_comes_again_is_no_row():
    table = read(HEADER + ROWS + HEADER + ROWS)
    assert aside(table) == [(21, "header", HEADER.strip())]
    assert len(table.frame) == 38
    assert "The header comes 1 more time" in table.report.describe()


def test_a_row_of_texts_like_the_header_is_a_row():
    table = read("name,city\nann,Rome\nname,city\nbob,Oslo\n", header_rows=1)
    assert table.frame["name"].tolist() == ["ann", "name", "bob"]


@pytest.mark.parametrize(
    "note", ["Source: daily reports", "数据来源：门店日报", "-----------", "* closed"]
)
@pytest.mark.parametrize("before", ["", "\n", ",,,\n"])
def test_notes_below_are_no_rows(note, before):
    table = read(HEADER + ROWS + before + note + "\n")
    assert [row[1:] for row in aside(table)] == [("note", note)]
    assert "is not part of it" in table.report.describe()


def test_sections_of_one_table_stay_together():
    table = read(HEADER + "First half:\n" + ROWS + "\nSecond half:\n" + ROWS)
    assert len(table.frame) == 38
    assert {row[1] for row in aside(table)} == {"note"}


def test_one_odd_row_after_a_blank_takes_no_other_with_it():
    table = read(HEADER + ROWS + "\nlost,in\n" + ROWS)
    assert len(table.frame) == 38
    assert len(table.report.set_aside) == 1


def test_a_table_of_texts_goes_on_below_a_short_row():
    rows = "ann,Rome,x\nbob,Oslo,y\n"
    table = read("name,city,note\n" + rows * 3 + "\nend,of\n" + rows * 3)
    assert len(table.frame) == 12
    assert len(table.report.set_aside) == 1


def test_a_rule_in_place_of_a_header_ends_the_search_for_one():
    table = read("-----\n2025-01-03\n2025-01-04\n")
    assert table.frame.iloc[:, 0].to_list()[-2:] == ["2025-01-03", "2025-01-04"]


def test_blank_lines_between_all_rows_mean_nothing():
    table = read(HEADER + "\n" + ROWS.replace("\n", "\n\n") + "x,y,z,w\n")
    assert len(table.frame) == 20
    assert not aside(table)


def test_a_bill_of_alipay_is_its_table_alone():
    text = (
        "支付宝交易记录明细查询\n账号:[a@mail.example]\n"
        "---------------交易记录明细列表---------------\n"
        "交易号,交易创建时间,金额（元）,收/支,\n"
        + "2024010122\t,2024-01-01 10:22:31 ,25.00  ,支出,\n"
        * 9
        + "-------------------------------------------\n"
        "共9笔记录\n已支出:9笔,225.00元\n导出时间:[2024-02-03 12:00:01],用户:某某\n"
    )
    table = read(text)
    assert len(table.frame) == 9
    assert list(table.frame)[:4] == ["交易号", "交易创建时间", "金额（元）", "收/支"]
    assert accounted(table.report) == 17


def test_kinds_of_columns_come_from_most_rows():
    rows = [["a", "n"], ["x", "1"], ["y", "2"], ["z", "?"], ["w", "3"]]
    assert find_head(rows, 2).kinds == ("text", "number")
