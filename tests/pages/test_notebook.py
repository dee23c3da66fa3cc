"""The notebook page: entries in order, each run anew, and what can be done to them."""

import pytest

import opslib as ops
from opslib import cells
from pages._frame import pins
from tests.pages.seen import texts

SHARE = {"baseline": 0.2, "mde": 0.05}
PLAN = {"analysis": "ab_plan", "dataset": None, "options": SHARE}
FUNNEL = {
    "analysis": "funnel",
    "dataset": "demo",
    "options": {"steps": ["view", "pay"], "window": "7D"},
}
TEST = {
    "analysis": "ab_test",
    "dataset": "demo",
    "options": {"metrics": ["converted"], "control": "control"},
}
LINK = "funnel?d=demo&steps=view&steps=pay&days=7"


def notes(page):
    known = {"first", "**second**", "third", "new"}
    return [text for text in texts(page) if text in known]


def click(page, name):
    return next(one for one in page.button if one.key and one.key.endswith(name))


@pytest.fixture
def notebook(workspace):
    entries = [
        {"cell": FUNNEL, "note": "first", "link": LINK},
        {"cell": PLAN, "note": "**second**"},
        {"cell": TEST, "note": "third", "link": "ab_test?d=demo&control=control"},
    ]
    return workspace.save_notebook({"title": "Weekly", "entries": entries})


def test_without_a_notebook_the_page_teaches_how_to_pin(opened):
    assert "press “Pin to notebook” under an answer" in texts(opened("notebook"))[0]
    page = opened("notebook", lang="zh_CN")
    assert "在任一页面的结论下方点「存入笔记」" in texts(page)[0]


def test_every_entry_runs_anew_in_order(opened, notebook):
    page = opened("notebook", lang="en", n=notebook)
    assert page.query_params["n"] == notebook
    assert texts(page)[0] == "Weekly"
    assert notes(page) == ["first", "**second**", "third"]
    said = "\n".join(texts(page))
    answer = ops.funnel(ops.demo().events, steps=["view", "pay"], window="7D")
    assert answer.describe() in said
    assert "1,094 units in each of 2 groups" in said
    assert "Winner" in texts(page)
    assert "1 · Where do users drop out on the way? · Demo shop (English)" in said


def test_a_notebook_speaks_the_language_of_its_reader(opened, notebook):
    said = "\n".join(texts(opened("notebook", lang="zh_CN", n=notebook)))
    assert "2 个组各需要 1,094 个样本" in said
    assert "胜出" in said


def test_entries_move_go_and_come_back(opened, notebook):
    page = opened("notebook", lang="en", n=notebook)
    click(page, "-0-down").click().run()
    assert notes(page) == ["**second**", "first", "third"]
    click(page, "-2-up").click().run()
    assert notes(page) == ["**second**", "third", "first"]
    click(page, "-0-remove").click().run()
    assert notes(page) == ["third", "first"]
    click(page, "undo").click().run()
    assert notes(page) == ["**second**", "third", "first"]
    again = opened("notebook", lang="en", n=notebook)
    assert notes(again) == ["**second**", "third", "first"]


def test_a_note_and_the_title_can_be_written_anew(opened, notebook, workspace):
    page = opened("notebook", lang="en", n=notebook)
    page.text_area[0].set_value("new").run()
    assert notes(page) == ["new", "**second**", "third"]
    page.text_input[0].set_value("周会").run()
    assert texts(page)[0] == "周会"
    kept = workspace.open_notebook(notebook)
    assert (kept["title"], kept["entries"][0]["note"]) == ("周会", "new")
    assert kept["entries"][0]["link"] == LINK


def test_a_deleted_data_set_is_said_in_place_and_the_others_run(opened, workspace):
    experiment = ops.demo().experiment
    gone = workspace.save({"experiment": experiment}, name="gone")
    entries = [
        {"cell": TEST | {"dataset": gone}, "note": "first"},
        {"cell": PLAN, "note": "third"},
    ]
    id_ = workspace.save_notebook({"title": "t", "entries": entries})
    assert "Winner" in texts(opened("notebook", lang="en", n=id_))
    workspace.delete(gone)
    said = texts(opened("notebook", lang="en", n=id_))
    assert f"There is no data set “{gone}”. It may have been deleted" in "\n".join(said)
    assert "Winner" not in said
    assert any("1,094 units" in text for text in said)


def test_a_path_in_a_notebook_is_not_opened(opened, workspace):
    entries = [{"cell": TEST | {"dataset": "data/en/experiment.csv"}, "note": ""}]
    id_ = workspace.save_notebook({"title": "t", "entries": entries})
    assert "There is no data set" in "\n".join(texts(opened("notebook", n=id_)))


def test_an_option_that_is_not_there_is_said_in_place(opened, workspace):
    entries = [{"cell": PLAN | {"options": SHARE | {"x": 1}}, "note": ""}]
    id_ = workspace.save_notebook({"title": "t", "entries": entries})
    said = "\n".join(texts(opened("notebook", lang="en", n=id_)))
    assert "ab_plan has no option “x”" in said


def test_a_link_to_a_notebook_that_is_gone_is_named(opened, notebook):
    said = "\n".join(texts(opened("notebook", lang="en", n="f" * 32)))
    assert f"The link asks for n = “{'f' * 32}”" in said


def test_another_notebook_can_be_made_chosen_and_deleted(opened, notebook, workspace):
    page = opened("notebook", lang="en", n=notebook)
    next(one for one in page.button if one.label == "New notebook").click().run()
    assert texts(page)[0] == "Notebook"
    assert "This notebook is empty." in texts(page)[1]
    assert page.query_params["n"] != notebook
    next(one for one in page.button if "Delete" in one.label).click().run()
    assert texts(page)[0] == "Weekly"
    assert [one.id for one in workspace.notebooks()] == [notebook]


def test_what_another_session_changed_is_not_overwritten(opened, notebook, workspace):
    page = opened("notebook", lang="en", n=notebook)
    kept = workspace.open_notebook(notebook)
    kept["entries"] = kept["entries"][1:]
    workspace.save_notebook(kept, notebook)
    click(page, "-0-remove").click().run()
    assert notes(page) == ["**second**", "third"]
    assert "Someone else changed this notebook meanwhile" in texts(page)[0]


def test_pinning_without_a_notebook_makes_one(opened, workspace):
    page = opened("ab_plan", lang="en")
    assert not page.exception
    first = pins.pin(None, PLAN, "first", "ab_plan?d=demo")
    second = pins.pin(None, PLAN, "third", "ab_plan?d=demo")
    assert pins.pin(first, TEST, "third", "ab_test?d=demo") == first
    titles = {one.id: (one.title, one.entries) for one in workspace.notebooks()}
    assert titles == {first: ("Notebook", 2), second: ("Notebook 2", 1)}


def test_the_python_of_a_notebook_gives_its_answers(opened, notebook, capsys):
    page = opened("notebook", lang="en", n=notebook)
    (script,) = [one.value for one in page.code if one.language == "python"]
    assert "# **second**" in script
    assert script.count("import opslib") == 1
    assert script.count("ops.open") == 1
    exec(compile(script, "notebook", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 3
    assert all(line in texts(page) for line in printed)


def test_a_note_cannot_become_code():
    note = "fine\nimport os\r\x0bos.abort()\u2028x"
    script = cells.script([{"cell": None, "note": note}])
    first, *lines = script.splitlines()
    assert first == "import opslib as ops"
    assert all(line.startswith("# ") for line in lines if line)
