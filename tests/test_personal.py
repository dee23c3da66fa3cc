"""Personal data is found by how it is built, masked, and nobody's id by default."""

import re

import pandas as pd
import pytest

import opslib as ops
from opslib import personal
from opslib.__main__ import main
from opslib.ingest import Report
from opslib.ingest.dialect import Dialect


def id_card(body):
    """Write 17 digits with the check digit of GB 11643, by its definition."""
    for check in "0123456789X":
        digits = [*map(int, body), 10 if check == "X" else int(check)]
        if sum(d * 2 ** (17 - i) for i, d in enumerate(digits)) % 11 == 1:
            return body + check
    raise AssertionError


CARDS = [id_card(f"1101011990030{n:04}") for n in range(1000, 1040)]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("联系", [f"138{n:08}" for n in range(40)], "phone"),
        ("c", [f"+86 139{n:08}" for n in range(40)], "phone"),
        ("c", [f"+44 20 7946 0{n:03}" for n in range(40)], "phone"),
        ("c", [f"a.b{n}@mail.example.org" for n in range(40)], "email"),
        ("c", CARDS, "id_card"),
        ("银行卡号", ["6222021234567890128", "4111 1111 1111 1111"], "card"),
        ("收货人姓名", ["张伟", "欧阳娜娜", "李小龙"], "name"),
        ("First Name", ["Ann", "Bob Lee", "Zoë O'Hara"], "name"),
    ],
)
def test_personal_data_is_found(name, values, kind):
    assert personal.find(pd.DataFrame({name: values})) == {name: kind}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("user_id", [str(10_000 + n) for n in range(40)]),
        ("order_id", [f"2025030100{n:06}" for n in range(40)]),
        ("ts", [f"15115440{n:05}" for n in range(40)]),
        ("product_name", ["Shirt", "Blue Jeans"] * 20),
        ("city", ["张家口", "黄山", "马鞍山"] * 9),
        ("id", [card[:17] + "0" for card in CARDS if card[17] != "0"]),
        ("银行卡号", ["6222021234567890127", "4111 1111 1111 1112"]),
        ("handle", [f"@user{n}" for n in range(40)]),
        ("amount", list(range(40))),
    ],
)
def test_other_values_are_not_personal(name, values):
    assert personal.find(pd.DataFrame({name: values})) == {}


def test_a_phone_number_is_nobodys_id_while_there_is_another():
    rows = [
        f"138{i % 9:08},{('pv', 'buy')[i % 2]},2025-01-{i % 28 + 1:02},m{i % 9}"
        for i in range(90)
    ]
    beside = "\n".join(["user,event,time,member_code", *rows])
    assert ops.read_table(beside.encode()).report.roles["user"] == "member_code"
    alone = "\n".join(["user,event,time", *(row.rpartition(",")[0] for row in rows)])
    assert ops.read_table(alone.encode()).report.roles["user"] == "user"


def test_missing_values_stay_missing_and_every_value_is_hidden():
    phones = pd.Series(["13800138000", None, "+8613800138000", "x"])
    assert personal.mask(phones, "phone").tolist()[:1] == ["138****8000"]
    assert personal.mask(phones, "phone").isna().tolist() == [False, True, False, False]
    hidden = personal.mask(phones, "phone").dropna()
    assert not (hidden == phones.dropna()).any()


def test_text_is_masked_where_something_in_it_is_personal():
    card = CARDS[0]
    text = f"7,{card},13800138000,anna@x.com,20250301000001,6222021234567890128"
    assert personal.mask_text(text) == (
        f"7,{card[:8]}********{card[-2:]},138****8000,a***@x.com,20250301000001,"
        "6222***********0128"
    )


def test_an_address_behind_a_very_long_word_is_masked_too():
    word = "z" * 300_000
    assert personal.mask_text(f"{word} anna@x.com") == f"{word} a***@x.com"


def test_no_report_shows_a_number_in_full(capsys, tmp_path):
    rows = [f"{i},138001380{i:02},a{i}@x.com,{i * 3}" for i in range(40)]
    odd = ["99,13800138099,z@x.com,a7@x.com", "1,13800138000"]
    text = "\n".join(["uid,手机号,mail,n", *rows, *odd])
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    report = ops.read_table(path).report
    assert report.personal == {"手机号": "phone", "mail": "email"}
    assert len(report.set_aside) == 1
    assert len(report.cells) == 1
    assert main(["read", str(path)]) == 0
    told = capsys.readouterr().out
    notes = [note.text() for note in (*report.changes, *report.warnings)]
    for shown in (report.to_json(), told, report.describe(), *notes):
        assert not re.search(r"138001380\d\d|a\d+@x", shown)
    assert "138****80" in report.to_json()
    assert "Personal data is masked here: “手机号”, “mail”." in told
    assert Report.from_json(report.to_json()).personal == report.personal


SURNAMES = ("张伟", "王芳", "李娜", "刘洋", "陈杰", "赵敏", "欧阳娜娜", "周杰")
BAD = (
    "孙悟空,13900001111,u10",
    "猪八戒,VIP,13900002222,u20,2025-03-01 10:00,买",
    "u30,13900004444,u31,唐三藏,看",
)


def customers():
    rows = [
        f"{SURNAMES[i % 8]},138{i:08},u{i},2025-03-{i % 28 + 1:02} 10:00,{'ab'[i % 2]}"
        for i in range(60)
    ]
    rows[10:10] = BAD
    return "\n".join(["姓名,手机号,user_id,时间,行为", *rows, "合计,,,,60", ""])


HIDDEN = re.compile(r"悟空|八戒|三藏|138000000\d\d|1390000\d{4}|伟|娜娜")


def test_names_and_phones_of_bad_rows_are_nowhere_in_full(capsys, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(customers(), encoding="utf-8")
    report = ops.read_table(path).report
    assert report.personal == {"姓名": "name", "手机号": "phone"}
    assert report.set_aside["text"].tolist() == [
        "孙**,139****1111,u10",
        "猪**,*,139****2222,u20,2025-03-01 10:00,买",
        "合计,,,,60",
    ]
    assert report.cells.to_dict("records") == [
        {"column": "时间", "row": 14, "text": "唐**"}
    ]
    for lang in ("en", "zh_CN"):
        assert main(["read", str(path), "--lang", lang]) == 0
        told = capsys.readouterr().out
        notes = [note.text(lang) for note in (*report.changes, *report.warnings)]
        for shown in (report.to_json(), told, report.describe(lang), *notes):
            assert not HIDDEN.search(shown)
    # Whoever owns the file has it as it is.
    assert "13800000001" in ops.read_table(path).frame["手机号"].tolist()


@pytest.mark.parametrize("kind", ["events", "orders"])
@pytest.mark.parametrize("column", ["姓名", "手机号"])
def test_errors_quote_personal_cells_masked(kind, column, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(customers().replace(",138", ",+86138"), encoding="utf-8")
    roles = {"user": "user_id", "time": column}
    roles |= {"event": "行为"} if kind == "events" else {}
    with pytest.raises(ops.Error, match="cannot be read as times") as caught:
        _ = ops.open(path, kind=kind, roles=roles).events
    for lang in ("en", "zh_CN"):
        assert not HIDDEN.search(caught.value.text(lang))
        assert "*" in caught.value.text(lang)


def test_errors_quote_other_cells_as_they_are():
    frame = pd.DataFrame({"user": ["a"], "event": ["x"], "time": ["soon"]})
    with pytest.raises(ops.Error, match="begins “soon”"):
        ops.EventLog.from_frame(frame, user="user", event="event", time="time")
    with pytest.raises(ops.Error, match="begins “李\\*”"):
        ops.trend(pd.DataFrame({"date": ["李娜"], "n": [1]}))
    mails = pd.DataFrame({"date": ["2026-03-01"], "mail": ["anna@x.com"]})
    with pytest.raises(ops.Error, match=r"it holds “a\*\*\*@x.com”"):
        ops.trend(mails, metrics="mail")


def masked_rows(rows, columns, delimiter=",", quote='"'):
    dialect = Dialect.of(delimiter, quote)
    ways = {"cut": dialect.pieces, "joined": dialect.joined}
    return personal.mask_rows(rows, {"姓名": "name"}, columns=columns, **ways)


@pytest.mark.parametrize(
    ("delimiter", "quote", "text", "shown"),
    [
        (",", '"', '7,"张伟",x,y', "7,张*,x*,y"),
        (",", '"', '7,"张 伟, jr",x', "7,张***,x"),
        ("\t", '"', "7\t张伟", "7*\t张*"),
        ("", "", "7\t张伟\tx", "7\t张*\tx"),
        ("||", "", "7||张伟||x", "7||张*||x"),
        (";", "'", "7;'张伟';x", "7;张*;x"),
        (",", '"', '7,"张伟', "7*,张*"),
        (",", '"', "北京,王芳芳,x,李娜", "北京,王**,x*,李*"),
        (",", '"', "张伟的名单", "张伟的名单"),
        (",", '"', "联系 13800138000", "联系 138****8000"),
    ],
)
def test_rows_are_cut_as_the_file_is(delimiter, quote, text, shown):
    rows = pd.DataFrame({"reason": ["short"], "text": [text]})
    masked = masked_rows(rows, ["id", "姓名", "n"], delimiter, quote)
    assert masked["text"].tolist() == [shown]
    assert rows["text"].tolist() == [text]


def test_a_header_that_comes_again_is_no_persons_row():
    rows = pd.DataFrame({"reason": ["header", "total"], "text": ["id,姓名", "7,合计"]})
    assert masked_rows(rows, ["id", "姓名"]).equals(rows)


def test_an_address_is_hidden_whatever_stands_before_it():
    for before in ("", "邮箱", "mail:", "<", "(", "=", "a@", " "):
        assert "anna" not in personal.mask_text(f"{before}anna@x.com")


def test_a_long_text_is_masked_in_linear_time():
    """A word of a million letters: by its square it would take for ever."""
    text = "a1b" * 500_000 + " anna@x.com"
    assert personal.mask_text(text).endswith(" a***@x.com")


def test_examples_of_a_report_are_short():
    long = "x" * 5_000
    report = ops.read_table(f"id,text\n1,{long}\n2,y\n".encode()).report
    assert [len(one) for one in report.columns[1].examples] == [200, 1]
