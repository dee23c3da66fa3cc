"""The frame around the pages: link, language, data set, cells and what goes wrong."""

import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates

from tests.pages.seen import texts

ANSWER = "16.7% of 900 users reached buy within 7D (95% interval 14.3% to 19.2%)."
ALL = {
    "lang": "en",
    "d": "demo",
    "dates": "2026-01-01..2026-03-31",
    "steps": ["view", "cart", "buy"],
    "days": "7",
    "compare": "0",
    "view": "steps",
    "exclude": "",
    "where": "",
    "order": "ordered",
    "exclude_effect": "remove_user",
    "attempt": "deepest",
    "ties": "step_order",
    "by": "",
    "attribution": "first_touch",
    "period": "week",
}


def labels(app, kind):
    return [widget.label for widget in getattr(app, kind)]


def test_a_page_answers_in_a_sentence_and_writes_every_option_in_its_link(app):
    page = app("funnel")
    assert page.title[0].value == "Where do users drop out on the way?"
    assert texts(page)[0] == ANSWER
    assert page.query_params == ALL


def test_a_link_restores_every_option(app):
    steps = ["cart", "buy"]
    page = app("funnel", **ALL | {"steps": steps, "days": "30", "compare": "1"})
    assert "37.5% of 400 users reached buy within 30D" in texts(page)[0]
    assert page.multiselect[0].value == steps
    assert page.number_input[0].value == 30
    assert page.toggle[0].value
    assert page.query_params["days"] == "30"


@pytest.mark.parametrize(
    ("name", "got", "said"),
    [
        ("days", "99", "days = “99”, which is not possible here. Used instead: “7”"),
        ("dates", "2020-01-01..2026-01-02", "Used instead: “2026-01-01..2026-03-31”"),
        ("steps", "<b>**x**</b>", "steps = “<b>**x**</b>”"),
        ("d", "../../etc/passwd", "asks for, “../../etc/passwd”, is not here"),
        ("lang", "fr", "lang = “fr”"),
        ("colour", "red", "The link says “colour”, which this page does not know"),
    ],
)
def test_a_bad_value_is_named_and_the_default_used(app, name, got, said):
    page = app("funnel", **ALL | {name: got})
    assert any(said in text for text in texts(page))
    assert page.query_params == ALL


def test_changing_a_widget_changes_answer_and_link(app):
    page = app("funnel")
    page.number_input[0].set_value(14).run()
    assert "within 14D" in texts(page)[0]
    assert page.query_params == ALL | {"days": "14"}


def test_a_number_out_of_range_from_the_browser_is_not_used(app):
    page = app("funnel")
    page.number_input[0].set_value(5000).run()
    assert "within 1D" in texts(page)[0]
    assert page.query_params["days"] == "1"


def test_options_survive_a_change_of_language_and_of_page(app):
    page = app("funnel")
    page.number_input[0].set_value(14).run()
    page.segmented_control(key="frame.lang").set_value("zh_CN").run()
    assert page.title[0].value == "用户在哪一步流失？"
    assert page.query_params == ALL | {"days": "14", "lang": "zh_CN"}
    page.query_params.clear()
    page.switch_page("../home.py").run()
    assert page.query_params == {"lang": "zh_CN", "d": "demo"}
    page.query_params.clear()
    page.switch_page("../funnel.py").run()
    assert page.query_params == ALL | {"days": "14", "lang": "zh_CN"}


def test_another_data_set_has_its_own_options(app):
    page = app("funnel", **ALL | {"days": "30"})
    page.selectbox(key="frame.dataset").set_value("demo-zh").run()
    assert page.query_params == ALL | {"d": "demo-zh"}
    page.selectbox(key="frame.dataset").set_value("demo").run()
    assert page.query_params == ALL | {"days": "30"}


def test_a_missing_table_is_said_with_what_to_do_next(app):
    page = app("funnel", lang="en", d="empty")
    (said,) = texts(page)
    assert said.startswith("This question needs an event log: who did what, and when.")
    assert "add a file, or choose another data set on the left" in said
    assert page.query_params == {"lang": "en", "d": "empty"}


def test_a_mistake_is_said_in_place_and_nothing_else_is_lost(app):
    page = app("funnel", **ALL | {"steps": ["view"]})
    assert texts(page) == ["steps is missing."]
    assert page.multiselect[0].value == ["view"]
    assert page.query_params["steps"] == "view"


def test_nothing_chosen_is_asked_for_by_the_name_on_the_page(app):
    page = app("funnel", **ALL | {"steps": ""})
    assert texts(page) == ["Choose something under “Steps, in order” first."]
    assert page.query_params["steps"] == ""


def test_names_from_a_file_are_never_markdown(app):
    evil = "![x](http://evil.example/x.png)"
    page = app("funnel", **ALL | {"steps": ["view", evil]})
    assert evil in texts(page)[0]
    assert "**amount** is missing." in texts(page)
    shown = page.markdown, page.caption, page.title, page.warning, page.error, page.info
    assert not any("evil" in str(one.value) for kind in shown for one in kind)


def test_a_cell_offers_its_table_and_the_python_lines(app):
    page = app("funnel")
    (lines,) = [code.value for code in page.code if code.language == "python"]
    assert lines.splitlines()[1] == "d = ops.open('demo')"
    assert "'steps': ['view', 'cart', 'buy'], 'window': '7D'" in lines
    assert "compare" not in lines
    config = json.loads(page.dataframe[0].proto.columns)
    assert [config[column]["label"] for column in ("step", "users", "from_start")] == [
        "Step",
        "Users",
        "From start",
    ]


def test_the_copied_link_is_the_whole_link(app):
    page = app("funnel")
    link = next(code.value for code in page.code if "?lang=" in code.value)
    assert link.endswith(
        "?lang=en&d=demo&dates=2026-01-01..2026-03-31"
        "&steps=view&steps=cart&steps=buy&days=7&compare=0&view=steps&exclude="
        "&where=&order=ordered&exclude_effect=remove_user&attempt=deepest"
        "&ties=step_order&by=&attribution=first_touch&period=week"
    )


def test_home_shows_the_figures_and_greys_what_cannot_be_answered(app):
    page = app("home", lang="en", d="demo")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures == {
        "Users": "900",
        "Events": "1,470",
        "Period covered": "90 days",
        "Revenue": "42.5",
    }
    assert not texts(page)
    page = app("home", lang="zh_CN", d="empty")
    assert "需要行为日志（谁、什么时间、做了什么）。" in [
        one.value for one in page.caption
    ]


def test_a_first_visit_speaks_the_browsers_language(app, monkeypatch):
    from pages._frame import frame

    monkeypatch.setattr(frame, "from_browser", lambda _: "zh_CN")
    assert app("funnel").query_params == ALL | {"lang": "zh_CN", "d": "demo-zh"}


def told(page):
    """Say what the last run told of the two widgets that a funnel begins with."""
    steps = next(one for one in page.multiselect if one.label == "Steps, in order")
    days = next(one for one in page.number_input if one.label == "Within (days)")
    assert steps.value == ["visit", "view", "cart", "pay"]
    assert days.value == 7
    assert list(steps.proto.raw_values) == steps.value * steps.proto.set_value
    return [steps.proto.set_value, days.proto.set_value]


def test_after_a_run_that_was_cut_short_the_browser_is_told_every_value_again(opened):
    page = opened("funnel", lang="en")
    assert told(page.run()) == [False, False]
    page.session_state["running"] = True
    assert told(page.run()) == [True, True]
    assert told(page.run()) == [False, False]


def test_widgets_that_the_browser_does_not_send_are_told_what_stands_in_them(opened):
    # So does a click on the page's own name in the menu.
    page = opened("funnel", lang="en").run()
    assert told(page._run(WidgetStates())) == [True, True]
    assert told(page.run()) == [False, False]
