"""The funnel page's steps in detail, and what may not come between them."""

import json

import pytest

import opslib as ops
from tests.pages.seen import texts

DATES = ["2026-03-01", "2026-05-31"]
KEY = "funnel.demo.steps"


def link(*values):
    return [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]


def answer(**options):
    return ops.funnel(ops.demo().events, dates=DATES, **options)


def users(page):
    table = next(t.value for t in page.dataframe if "from_previous" in t.value)
    return table["users"].tolist()


def test_every_refinement_of_a_link_counts_as_in_a_script(opened):
    path = [
        {"event": "visit", "occurrence": "first_ever"},
        {"event": "view", "occurrence": "first_matching"},
        {"event": ["cart", "share"], "optional": True},
        {
            "event": "pay",
            "where": [["amount", ">=", 50], ["channel", "in", ["Search"]]],
        },
    ]
    exclude = [
        {"event": "register", "after": 0, "before": 1},
        {"event": ["share", "cart"], "after": 1, "before": 3}
        | {"where": [["channel", "in", ["Social"]]]},
    ]
    how = {"attempt": "first", "ties": "strict", "by": "channel"}
    page = opened(
        "funnel",
        lang="en",
        d="demo",
        steps=link(*path),
        exclude=link(*exclude),
        attribution="step_1",
        **how,
    )
    result = answer(steps=path, exclude=exclude, attribution="step_1", **how)
    said = texts(page)
    assert said[:7] == [
        "Step 1 counts only as the first one ever of each user.",
        "Step 2 counts only as the first one of each user that meets its conditions.",
        "Step 3: any of “cart”, “share”.",
        "Step 3 may be left out.",
        "Step 4: “pay” (“amount” is at least 50 and “channel” is “Search”).",
        "Without “register” between step 1 and step 2.",
        (
            "Without any of “share”, “cart” (“channel” is “Social”) "
            "between step 2 and step 4."
        ),
    ]
    assert said[7] == result.describe()
    assert users(page) == result.table["users"].tolist()
    assert page.selectbox(key="funnel.demo.attribution").value == "step_1"
    lines = next(one.value for one in page.code if one.language == "python")
    found = {"ops": ops}
    exec(lines.replace("ops.funnel(", "answer = ops.funnel("), found)
    assert found["answer"].table.equals(result.table)


def test_a_step_is_refined_in_place(opened):
    page = opened("funnel", lang="en", d="demo", steps=["view", "cart", "pay"])
    page.multiselect(key=f"{KEY}.1.cart.en.or").set_value(["share"]).run()
    page.toggle(key=f"{KEY}.1.cart.en.optional").set_value(True).run()
    assert page.query_params["steps"] == [
        "view",
        '{"event":["cart","share"],"optional":true}',
        "pay",
    ]
    page.button(key=f"{KEY}.1.pay.where.where.add_property").click().run()
    row = f"{KEY}.1.pay.where.0"
    page.selectbox(key=f"{row}.en.property").set_value("amount").run()
    page.number_input(key=f"{row}.2.en.number").set_value(80).run()
    dear = {"event": "pay", "where": [["amount", ">=", 80]]}
    path = ["view", {"event": ["cart", "share"], "optional": True}, dear]
    assert users(page) == answer(steps=path).table["users"].tolist()
    # The first and the last step cannot be left out, so that is not offered there.
    assert [one.key for one in page.toggle if "optional" in one.key] == [
        f"{KEY}.1.cart.en.optional"
    ]
    page.multiselect(key=f"{KEY}.names").set_value(["view", "pay"]).run()
    assert users(page) == answer(steps=["view", dear]).table["users"].tolist()


def test_an_event_can_come_twice(opened):
    page = opened("funnel", lang="en", d="demo", steps=["view", "pay"])
    choice = page.multiselect(key=f"{KEY}.names")
    assert choice.options[-2:] == ["view (2)", "pay (2)"]
    choice.set_value(["view", "pay", "pay (2)"]).run()
    assert page.query_params["steps"] == ["view", "pay", "pay"]
    result = answer(steps=["view", "pay", "pay"])
    assert users(page) == result.table["users"].tolist()
    again = opened("funnel", lang="en", d="demo", steps=["view", "pay", "pay"])
    assert again.multiselect(key=f"{KEY}.names").value == ["view", "pay", "pay (2)"]
    assert users(again) == users(page)


def test_an_exclusion_lies_between_the_steps_that_are_named(opened):
    page = opened("funnel", lang="en", d="demo", steps=["view", "cart", "pay"])
    key = "funnel.demo.exclude"
    page.button(key=f"{key}.funnel.add_exclusion").click().run()
    assert page.query_params["exclude"] == ""
    page.multiselect(key=f"{key}.0.en.events").set_value(["share"]).run()
    assert texts(page)[0] == "Without “share” between step 1 and step 3."
    assert page.query_params["exclude"] == "share"
    after = page.selectbox(key=f"{key}.0.3.en.after")
    assert after.options == ["Step 1: view", "Step 2: cart", "Step 3: pay"]
    after.set_value(1).run()
    assert texts(page)[0] == "Without “share” between step 2 and step 3."
    exclude = [{"event": "share", "after": 1, "before": 2}]
    result = answer(steps=["view", "cart", "pay"], exclude=exclude)
    assert texts(page)[1] == result.describe()
    page.selectbox(key=f"{key}.0.3.en.before").set_value(0).run()
    assert "An exclusion counts after one step and before a later one" in str(
        texts(page)
    )


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("steps", '{"event":"bye"}', "“bye”"),
        ("steps", '{"event":"pay","when":1}', "steps has an entry with “when”"),
        ("steps", '{"where":[]}', "steps has an entry without “event”"),
        ("steps", '{"event":"pay","occurrence":"last"}', "occurrence cannot be “last”"),
        ("steps", '{"event":"pay","where":[["x","==",1]]}', "the column “x”"),
        ("exclude", '{"event":"pay","between":1}', "exclude has an entry with"),
        ("exclude", '{"event":"pay","after":-1}', ""),
        ("exclude", '{"event":[]}', ""),
    ],
)
def test_what_a_link_asks_for_in_vain_is_named(opened, name, text, why):
    asked = {"steps": link("view", "pay"), "exclude": ""}
    asked[name] = ["view", text] if name == "steps" else text
    page = opened("funnel", lang="en", d="demo", **asked)
    said = next(
        one for one in texts(page) if one.startswith(f"The link asks for {name}")
    )
    assert why in said
    used = page.query_params[name]
    assert used == ("" if name == "exclude" else ["visit", "view", "cart", "pay"])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"steps": ['{"event":"view","optional":true}', "pay"]},
            "“view” is the first or last step of the funnel, which cannot be optional.",
        ),
        (
            {"steps": ["view", "pay"], "exclude": '{"event":"share","before":7}'},
            "by their positions from 0 to 1; got after “0” and before “7”.",
        ),
        (
            {
                "steps": ["view", '{"event":"cart","optional":true}', "pay"],
                "order": "unordered",
            },
            "optional has no meaning when steps come in any order",
        ),
        ({"steps": ["view"]}, "A funnel needs 2 to 20 steps, got “view”."),
        ({"steps": ""}, "Choose something under “Steps, in order” first."),
    ],
)
def test_what_cannot_be_is_said_in_the_words_of_the_funnel(opened, params, said):
    page = opened("funnel", lang="en", d="demo", **params)
    assert any(said in text for text in texts(page))
    assert not page.dataframe


def test_an_event_that_looks_like_something_else_is_still_a_name():
    from pages._frame.link import plain

    names = ['{"event"', "[odd]", '"quoted"', "view"]
    param = plain("steps", lambda value: value, most=9)
    assert param.read(param.write(names)) == names
