"""Personal data is found by how it is built, masked, and nobody's id by default."""

import re

import pandas as pd
import pytest

import opslib as ops
from opslib import personal
from opslib.__main__ import main
from opslib.ingest import Report


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
