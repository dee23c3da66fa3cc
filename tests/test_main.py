"""The command line gives what the function gives, and says what is wrong."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import altair as alt
import pandas as pd
import pytest

import opslib
from opslib.__main__ import main, options, value
from opslib.cells import TABLES
from opslib.result import Error, Note, Result


@dataclass(frozen=True, kw_only=True)
class Answer(Result):
    options: dict

    def describe(self, lang="en"):
        return f"{lang} {json.dumps(self.options)}"

    def chart(self, lang="en"):
        bars = alt.Chart(self.table).mark_bar()
        return bars.encode(x=alt.X(field="step", type="nominal"))


def answer(**options):
    table = pd.DataFrame({"step": ["view", "=buy"], "users": [2, 1]})
    return Answer(
        table=table, warnings=(Note("option.missing", option="x"),), options=options
    )


def funnel(
    log,
    *,
    steps: list[str],
    window: str = "7D",
    by: str | None = None,
    loud: bool = False,
):
    """Count 100 % of users per step.

    And more about it.
    """
    assert log == "the log of shop.csv"
    return answer(steps=steps, window=window, by=by, loud=loud)


def ab_summary(counts: dict[str, list[float]], *, confidence: float = 0.95):
    """Compare counts."""
    return answer(counts=counts, confidence=confidence)


def opened(name, **reading):
    if reading:
        return SimpleNamespace(events=reading)
    if name != "shop.csv":
        raise FileNotFoundError(2, "No such file or directory", name)
    return SimpleNamespace(events=f"the log of {name}")


@pytest.fixture(autouse=True)
def two_analyses(monkeypatch):
    monkeypatch.setattr(opslib, "funnel", funnel, raising=False)
    monkeypatch.setattr(opslib, "ab_summary", ab_summary, raising=False)
    monkeypatch.setattr(opslib, "open", opened, raising=False)


def test_an_analysis_answers_from_a_file(capsys):
    assert main(["funnel", "shop.csv", "--steps", "view, buy", "--by", "a,b"]) == 0
    assert capsys.readouterr().out == (
        'en {"steps": ["view", "buy"], "window": "7D", "by": "a,b", "loud": false}\n'
        "x is missing.\n"
        "\n"
        "step  users\n"
        "view      2\n"
        "=buy      1\n"
    )


def test_a_file_that_is_not_recognised_can_be_explained(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(
        opslib, "funnel", lambda log, *, steps: seen.append(log) or answer(steps=steps)
    )
    line = [
        "--kind",
        "events",
        "--roles",
        '{"user": "uid"}',
        "--timezone",
        "Asia/Shanghai",
    ]
    assert main(["funnel", "shop.csv", "--steps", "a", *line]) == 0
    assert seen == [
        {"kind": "events", "roles": {"user": "uid"}, "timezone": "Asia/Shanghai"}
    ]


def test_a_column_can_be_said_to_be_what_it_is(monkeypatch):
    seen = []
    monkeypatch.setattr(
        opslib, "funnel", lambda log, *, steps: seen.append(log) or answer(steps=steps)
    )
    roles = ["--roles", '{"user": "uid", "event": "x"}', "--event", "act"]
    assert main(["funnel", "shop.csv", "--steps", "a", *roles]) == 0
    assert seen == [{"roles": {"user": "uid", "event": "act"}}]


def test_an_experiment_says_its_checks_and_every_verdict(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    table = pd.DataFrame({"uid": range(800), "version": ["old", "new"] * 400})
    table["paid"], table["day_1"] = [1, 1, 0, 1, 0, 0, 0, 0] * 100, [0, 1, 1, 0] * 200
    table.to_csv(tmp_path / "test.csv", index=False)
    line = ["--variant", "version", "--metrics", "paid,day_1", "--control", "old"]
    assert main(["ab-test", str(tmp_path / "test.csv"), *line]) == 0
    said = capsys.readouterr().out
    assert "Pass: Every unit is in one variant." in said
    assert said.count("Caution: ") == said.count("shows a lift beyond 50%") == 1
    assert "“new” is a winner: “paid” is higher than in “old”" in said
    assert "Too early to say whether “new” changes “day_1”" in said
    assert main(["ab-test", str(tmp_path / "test.csv"), *line, "--lang", "zh_CN"]) == 0
    assert "通过：每个样本只在一个组里。" in capsys.readouterr().out


def test_who_stops_reading_is_told_nothing(monkeypatch, capsys):
    def refuse(*_):
        raise BrokenPipeError

    monkeypatch.setattr("opslib.__main__._write", refuse)
    monkeypatch.setattr("os.dup2", lambda *_: None)
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    assert main(["funnel", "shop.csv", "--steps", "a"]) == 0
    assert capsys.readouterr().err == ""


def test_typed_counts_need_no_file(capsys):
    counts = '{"A": [1000, 120], "B": [1000, 140]}'
    assert main(["ab_summary", "--counts", counts, "--confidence", "0.9"]) == 0
    assert capsys.readouterr().out.startswith(
        'en {"counts": {"A": [1000, 120], "B": [1000, 140]}, "confidence": 0.9}'
    )


def test_json_carries_the_answer_the_warnings_and_the_table(capsys):
    main(["funnel", "shop.csv", "--steps", "a", "--format", "json", "--lang", "zh_CN"])
    told = json.loads(capsys.readouterr().out)
    assert told["answer"].startswith("zh_CN {")
    assert told["warnings"] == ["缺少 x。"]
    assert told["table"] == [{"step": "view", "users": 2}, {"step": "=buy", "users": 1}]


def test_csv_is_safe_to_open_in_a_spreadsheet(capsysbinary):
    main(["funnel", "shop.csv", "--steps", "a", "--format", "csv"])
    assert capsysbinary.readouterr().out.decode("utf-8-sig").splitlines() == [
        "step,users",
        "view,2",
        "'=buy,1",
    ]


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.SVG", b"<svg"), ("a.html", b"<!DOC")]
)
def test_the_chart_is_drawn_into_a_file(name, start, tmp_path):
    path = tmp_path / name
    assert main(["funnel", "shop.csv", "--steps", "a", "--chart", str(path)]) == 0
    assert path.read_bytes().lstrip().startswith(start)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            ["other.csv", "--steps", "a"],
            "The file “other.csv” cannot be used: No such file or directory.",
        ),
        (
            ["shop.csv", "--steps", '["a"'],
            'steps looks like JSON but is not: “["a"”, at character 5.',
        ),
        (
            ["shop.csv", "--steps", "a", "--chart", "a.gif"],
            "--chart cannot be “.gif”; choose from “png”, “svg”, “html”.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_and_code_2(line, sentence, capsys):
    assert main(["funnel", *line]) == 2
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", sentence + "\n")
    assert main(["funnel", *line, "--lang", "zh_CN"]) == 2
    assert capsys.readouterr().err.rstrip()[-1] == "。"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ([], "NAME"),
        (["funel", "shop.csv"], "invalid choice: 'funel'"),
        (["funnel", "shop.csv"], "required: --steps"),
        (["funnel", "shop.csv", "--steps", "a", "--windw", "1D"], "--windw"),
    ],
)
def test_a_wrong_line_says_what_is_possible(line, words, capsys, only_these):
    with pytest.raises(SystemExit) as stop:
        main(line)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


@pytest.fixture
def only_these(monkeypatch):
    for name in set(TABLES) - {"funnel", "ab_summary"}:
        monkeypatch.delitem(TABLES, name)


def test_help_lists_the_analyses_with_what_they_do(capsys, only_these):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert "Count 100 % of users per step." in told
    assert "Compare counts." in told
    assert "read a file" in told


def test_help_of_one_analysis_is_its_docstring_and_its_options(capsys):
    with pytest.raises(SystemExit):
        main(["funnel", "--help"])
    told = capsys.readouterr().out
    assert "And more about it." in told
    assert "--window VALUE" in told
    assert '("7D")' in told


@pytest.mark.parametrize(
    ("written", "hint", "meant"),
    [
        ("5", int, 5),
        ("0.5", float, 0.5),
        ("5", int | str, 5),
        ("auto", int | str, "auto"),
        ("5", str, "5"),
        ("true", bool, True),
        ("False", bool | None, False),
        ("a,b", str, "a,b"),
        ("a,b", str | list[str], ["a", "b"]),
        ("on", Literal["on"] | list[list[int]], "on"),
        ("[[1, 3]]", Literal["on"] | list[list[int]], [[1, 3]]),
        ("0.5,0.5", list[float] | None, [0.5, 0.5]),
        ("2025-01-01,2025-01-31", tuple[str, str] | None, ["2025-01-01", "2025-01-31"]),
        ('"[odd name"', str, "[odd name"),
        ('{"a": 1}', dict[str, int], {"a": 1}),
    ],
)
def test_an_option_is_read_as_its_type_says(written, hint, meant):
    read = value(written, hint, "option")
    assert (read, type(read)) == (meant, type(meant))


@pytest.mark.parametrize("hint", [int, float, int | None, list[int]])
def test_what_should_be_a_number_is_refused_by_name(hint):
    with pytest.raises(Error) as error:
        value("many", hint, "looks")
    assert error.value.text() == "looks must be a number, got “many”."
    assert error.value.text("zh_CN") == "looks 须为数字，收到的是「many」。"


LINES = {
    "funnel": ["events.csv", "--steps", "{steps}", "--timezone", "Asia/Shanghai"],
    "funnel_counts": ["counts.csv"],
    "trend": ["daily.csv"],
    "retention": ["events.csv", "--period", "week"],
    "lifecycle": ["events.csv"],
    "activity": ["events.csv", "--period", "week"],
    "paths": ["events.csv", "--timezone", "Asia/Shanghai", "--depth", "4"],
    "user_features": ["events.csv"],
    "personas": ["users.csv"],
    "ab_test": ["experiment.csv", "--metrics", "{metric}"],
    "ab_summary": ["--counts", '{"A": [1000, 120], "B": [1000, 150]}'],
    "ab_plan": ["--baseline", "0.2", "--mde", "0.05"],
    "ab_plan_from": ["experiment.csv", "--metric", "{metric}", "--mde", "0.1"],
    "ab_simulate": ["experiment.csv", "--metric", "{metric}", "--method", "peeking"],
    "interrupted": ["daily.csv", "--metric", "{figure}", "--start", "2026-05-18"],
    "uplift": ["experiment.csv", "--outcome", "{metric}", "--treatment", "{new}"],
}
NAMES = {
    "en": {
        "metric": "converted",
        "new": "new page",
        "steps": "view,cart,pay",
        "figure": "gmv",
    },
    "zh_CN": {
        "metric": "是否转化",
        "new": "新版页面",
        "steps": "浏览,加购,支付",
        "figure": "成交额",
    },
}


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize("analysis", LINES)
def test_every_analysis_answers_from_the_demo_files(
    analysis, lang, capsys, monkeypatch
):
    monkeypatch.undo()
    folder = Path(__file__).parent.parent / "data" / lang
    file, *line = [
        part.format(**NAMES[lang]) if part[1:-1] in NAMES[lang] else part
        for part in LINES[analysis]
    ]
    if TABLES[analysis]:
        file = str(folder / file)
    assert main([analysis, file, *line, "--lang", lang, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answer"]
    assert told["table"]


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_a_campaign_answers_from_a_file_of_shops_and_days(
    lang, capsys, monkeypatch, tmp_path
):
    """Nobody in the demo's experiment has two days; every other analysis is above."""
    monkeypatch.undo()
    assert set(TABLES) - set(LINES) == {"campaign"}
    rows = [
        f"U{unit},{'AB'[unit % 2]},2026-03-{day:02},{unit * day % 7 + 5}"
        for unit in range(12)
        for day in range(1, 21)
    ]
    file = tmp_path / "shops.csv"
    file.write_text("\n".join(["user_id,variant,date,orders", *rows]), "utf-8")
    line = ["--metric", "orders", "--start", "2026-03-11", "--treated", "B"]
    assert main(["campaign", str(file), *line, "--lang", lang]) == 0
    words = {"en": "Assumption, not proof", "zh_CN": "这是假设，不是证明"}
    assert words[lang] in capsys.readouterr().out


@pytest.mark.parametrize("analysis", sorted(set(TABLES) & set(opslib.__all__)))
def test_every_analysis_has_types_that_the_command_line_can_read(analysis):
    for parameter in options(analysis).values():
        assert parameter.annotation is not parameter.empty
