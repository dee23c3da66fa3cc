"""The filter of every event page: what is built there counts, and so does its link."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from pages._frame import condition, did, exclusions, link, rows, steps, text, told
from tests.pages.seen import texts

DATES = ["2026-03-01", "2026-05-31"]
USUAL = {
    "funnel": {"steps": ["visit", "view", "cart", "pay"]},
    "retention": {"period": "week", "ages": 14},
    "lifecycle": {"period": "week"},
    "activity": {"period": "day"},
    "paths": {"depth": 5},
}
CHANNEL = ["channel", "in", ["Search", "Social"]]
PAID = {"did": "pay", "times": [1, 2], "days": 30, "where": [["amount", ">=", 50]]}
SAID = (
    "Only events whose “channel” is any of “Search”, “Social”.",
    (
        "Only users who did “pay” (“amount” is at least 50) 1 to 2 times "
        "in the last 30 days of the data."
    ),
)


def plain(*values):
    return [json.dumps(value, ensure_ascii=False) for value in values]


@pytest.mark.parametrize("name", USUAL)
def test_a_filter_counts_as_it_does_in_a_script(opened, name):
    options = USUAL[name] | {"dates": DATES, "where": [CHANNEL, PAID]}
    steps_of = {"steps": USUAL["funnel"]["steps"]} if name == "funnel" else {}
    page = opened(name, lang="en", d="demo", where=plain(CHANNEL, PAID), **steps_of)
    result = getattr(ops, name)(ops.demo().events, **options)
    everyone = getattr(ops, name)(ops.demo().events, **options | {"where": ()})
    assert result.describe() != everyone.describe()
    *said, answer = texts(page)[:3]
    assert tuple(said) == SAID
    assert answer == result.describe()
    lines = next(one.value for one in page.code if one.language == "python")
    found = {"ops": ops}
    exec(lines.replace(f"ops.{name}(", f"answer = ops.{name}("), found)
    assert found["answer"].describe() == result.describe()


def test_a_condition_is_built_without_help_and_counts_when_it_is_finished(opened):
    page = opened("retention", lang="en", d="demo")
    key = "retention.demo.where"
    before = texts(page)
    page.button(key=f"{key}.where.add_property").click().run()
    assert "Does not count yet" in page.caption[1].value
    page.selectbox(key=f"{key}.0.en.property").set_value("channel").run()
    assert texts(page) == before
    page.multiselect(key=f"{key}.0.0.en.values").set_value(["Search"]).run()
    assert texts(page)[0] == "Only events whose “channel” is “Search”."
    assert page.query_params["where"] == '["channel","in",["Search"]]'
    page.button(key=f"{key}.where.add_did").click().run()
    page.multiselect(key=f"{key}.1.en.events").set_value(["pay"]).run()
    page.selectbox(key=f"{key}.1.en.often").set_value("never").run()
    page.selectbox(key=f"{key}.1.en.when").set_value("window").run()
    page.number_input(key=f"{key}.1.en.days").set_value(7).run()
    assert texts(page)[1] == (
        "Only users who never did “pay” in the 7 days before May 31, 2026."
    )
    never = {"did": "pay", "times": [0, 0], "days": 7, "before": "2026-05-31"}
    where = [["channel", "in", ["Search"]], never]
    assert [json.loads(text) for text in page.query_params["where"]] == where
    result = ops.retention(
        ops.demo().events, period="week", ages=14, dates=DATES, where=where
    )
    assert texts(page)[2] == result.describe()
    page.button(key=f"{key}.0.remove").click().run()
    assert texts(page)[0].startswith("Only users who never did")
    page.button(key=f"{key}.1.remove").click().run()
    assert texts(page) == before
    assert page.query_params["where"] == ""


TOLD = [
    (
        {"did": "pay", "times": [0, 3]},
        "Only users who did “pay” at most 3 times, or never at any time.",
        "只统计任何时间做过「pay」至多 3 次（含没做过）的用户。",
    ),
    (
        {"did": ["pay", "cart"], "times": [2, 2], "before": "2026-05-01"},
        "Only users who did any of “pay”, “cart” exactly 2 times before May 1, 2026.",
        "只统计在2026年5月1日之前做过「pay」「cart」中任一种正好 2 次的用户。",
    ),
    (
        {"did": None, "times": [1, 4], "dates": ["2026-03-01", "2026-03-09"]},
        ("Only users who did any event 1 to 4 times from Mar 1, 2026 to Mar 9, 2026."),
        "只统计2026年3月1日至2026年3月9日期间做过任意行为共 1 到 4 次的用户。",
    ),
    (
        {"did": "pay", "times": 1000, "days": 1},
        (
            "Only users who did “pay” at least 1,000 times "
            "on the last day of the data (1 day)."
        ),
        "只统计数据最后 1 天内做过「pay」至少 1,000 次的用户。",
    ),
    (
        ["channel", "not in", ["Search"]],
        "Only events whose “channel” is not “Search”.",
        "只统计符合条件的行为：「channel」不是「Search」。",
    ),
    (
        ["channel", "not in", ["Search", "Social"]],
        "Only events whose “channel” is none of “Search”, “Social”.",
        "只统计符合条件的行为：「channel」不是「Search」「Social」中任何一个。",
    ),
    (
        ["platform", "contains", "o*s*"],
        "Only events whose “platform” contains “o*s*”.",
        "只统计符合条件的行为：「platform」包含「o*s*」。",
    ),
    (
        ["amount", "<=", 1234.5678],
        "Only events whose “amount” is at most 1234.5678.",
        "只统计符合条件的行为：「amount」不大于 1234.5678。",
    ),
]


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_the_editor_leaves_what_a_link_says_and_it_is_told(opened, lang, monkeypatch):
    where = [json.dumps(one, separators=(",", ":")) for one, *_ in TOLD]
    page = opened("lifecycle", lang=lang, d="demo", where=where)
    assert page.query_params["where"] == where
    # Nobody is left of so many conditions; what they are is said with the answer.
    monkeypatch.setattr(text, "language", lambda: lang)
    for one, *said in TOLD:
        assert told.condition(one) == said[lang == "zh_CN"]


def test_another_property_begins_anew(opened):
    page = opened("activity", lang="en", d="demo", where=plain(CHANNEL))
    key = "activity.demo.where.0"
    page.selectbox(key=f"{key}.en.property").set_value("amount").run()
    assert page.query_params["where"] == ""
    page.number_input(key=f"{key}.2.en.number").set_value(99.5).run()
    assert texts(page)[0] == "Only events whose “amount” is at least 99.5."
    page.selectbox(key=f"{key}.2.en.operator").set_value("is_not_set").run()
    assert texts(page)[0] == "Only events whose “amount” has no value."
    page.selectbox(key=f"{key}.en.property").set_value("platform").run()
    page.selectbox(key=f"{key}.1.en.operator").set_value("contains").run()
    page.text_input(key=f"{key}.1.en.text").set_value("OS").run()
    assert page.query_params["where"] == '["platform","contains","OS"]'


def test_the_filter_outlives_language_page_and_link(opened):
    page = opened("lifecycle", lang="en", d="demo", where=plain(CHANNEL, PAID))
    page.segmented_control(key="frame.lang").set_value("zh_CN").run()
    said = (
        "只统计符合条件的行为：「channel」是「Search」「Social」之一。",
        "只统计数据最后 30 天内做过「pay」（「amount」不小于 50）共 1 到 2 次的用户。",
    )
    assert tuple(texts(page)[:2]) == said
    sent = {name: page.query_params[name] for name in ("lang", "d", "where")}
    page.query_params.clear()
    page.switch_page("../activity.py").run()
    assert not texts(page)[0].startswith("只统计")
    page.query_params.clear()
    page.switch_page("../lifecycle.py").run()
    assert tuple(texts(page)[:2]) == said
    assert tuple(texts(opened("lifecycle", **sent))[:2]) == said


def test_a_link_opened_over_another_replaces_what_stood_there(opened):
    page = opened("paths", lang="en", d="demo", where=plain(PAID))
    assert page.number_input(key="paths.demo.where.0.en.times").value == 1
    page.query_params["where"] = plain({"did": "pay", "times": 5})
    page.session_state["frame.page"] = "activity"
    page.run()
    assert texts(page)[0].startswith("Only users who did “pay” at least 5 times at any")
    assert page.number_input(key="paths.demo.where.1.en.times").value == 5


def test_a_pinned_answer_says_its_filter(opened):
    from pages._frame import pins

    options = {"where": [CHANNEL, PAID], "dates": DATES}
    cell = {"analysis": "activity", "dataset": "demo", "options": options}
    pinned = pins.pin(None, cell, "", "activity?d=demo")
    page = opened("notebook", lang="en", n=pinned)
    assert {*SAID} < {*texts(page)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            '["nope","in",["a"]]',
            "\nwhere names the column “nope”, which the table does",
        ),
        ("[[[[", "Used instead: “None”."),
    ],
)
def test_what_a_link_asks_for_in_vain_is_named(opened, text, why):
    page = opened("activity", lang="en", d="demo", where=text)
    said = next(one for one in texts(page) if one.startswith("The link asks for where"))
    assert "which is not possible here. Used instead: “None”." in said
    assert why in said
    assert page.query_params["where"] == ""
    assert not any(one.startswith("Only") for one in texts(page))


def test_of_many_values_those_are_typed_that_are_meant(opened, workspace, tmp_path):
    rows = [f"u{i % 40},view,2026-03-{1 + i % 9:02},town {i % 600}" for i in range(900)]
    path = tmp_path / "towns.csv"
    path.write_text("\n".join(["user,event,time,town", *rows]))
    id_ = workspace.save(ops.open(path), name="towns")
    page = opened("activity", lang="en", d=id_)
    key = f"activity.{id_}.where"
    page.button(key=f"{key}.where.add_property").click().run()
    page.selectbox(key=f"{key}.0.en.property").set_value("town").run()
    values = page.multiselect(key=f"{key}.0.0.en.values")
    assert (values.options, values.placeholder) == ([], "Type a value, then Enter")
    values.set_value(["town 7", "town 600"]).run()
    assert any("town cannot be “town 600”; choose from" in one for one in texts(page))
    assert page.query_params["where"] == ""
    page.multiselect(key=f"{key}.0.0.en.values").set_value(["town 7"]).run()
    assert texts(page)[0] == "Only events whose “town” is “town 7”."
    assert page.query_params["where"] == '["town","in",["town 7"]]'


def test_without_properties_only_what_users_did_can_be_chosen(
    opened, workspace, tmp_path
):
    path = tmp_path / "bare.csv"
    path.write_text("user,event,time\n" + "u1,view,2026-03-01\nu2,pay,2026-03-02\n")
    id_ = workspace.save(ops.open(path), name="bare")
    page = opened("activity", lang="en", d=id_)
    added = [one.label for one in page.button if one.label.startswith("Add")]
    assert added == ["Add a behaviour condition"]
    key = f"activity.{id_}.where"
    page.button(key=f"{key}.where.add_did").click().run()
    page.multiselect(key=f"{key}.0.en.events").set_value(["pay"]).run()
    assert texts(page)[0] == "Only users who did “pay” at least 1 time at any time."
    assert not [one for one in page.selectbox if one.label == "Only if its property"]


def test_too_many_conditions_in_a_link_are_named(opened):
    page = opened("activity", lang="en", d="demo", where=plain(*[CHANNEL] * 9))
    assert any("The link asks for where" in one for one in texts(page))


LOG = ops.demo(users=30).events
PAGE = SimpleNamespace(
    dataset=SimpleNamespace(events=LOG),
    events=list(LOG.names),
    days=LOG.dates,
    properties=["channel", "platform"],
    amounts=["amount"],
    texts=[],
    values=lambda name: list(LOG.properties[name].labels),
)
KINDS = (condition.kind(PAGE), did.kind(PAGE))
CHECKS = {
    "where": lambda value: rows.check(KINDS, value),
    "steps": lambda value: steps.check(PAGE, value),
    "exclude": lambda value: exclusions.check(PAGE, value),
}
WORD = some.sampled_from(
    ["channel", "amount", "in", ">=", "is_set", "Search", "pay", "2026-04-01", "x"]
)
LEAF = WORD | some.none() | some.booleans() | some.integers() | some.floats()
KEY = some.sampled_from(["did", "times", "days", "where", "event", "optional", "x"])
PROPERTY = some.one_of(
    some.just(CHANNEL),
    some.just(["amount", ">=", 50]),
    some.tuples(WORD, WORD, some.lists(WORD, max_size=2) | LEAF).map(list),
)
NUMBER = some.one_of(some.integers(0, 9), some.integers(0, 9), some.integers(), LEAF)
DAY = some.sampled_from(["2026-04-01", "2026-04-09", "20260401", "0001-01-01", "x"])
EVENT = some.sampled_from(["pay", "view", None, ["pay", "view"], [], "x", 1])
OTHERS = {
    "where": {
        "times": NUMBER | some.lists(NUMBER, min_size=2, max_size=2),
        "days": NUMBER,
        "before": DAY,
        "dates": some.lists(DAY, max_size=3),
    },
    "steps": {
        "optional": some.booleans() | LEAF,
        "occurrence": some.sampled_from(["any", "first_ever", "last", None, 1]),
    },
    "exclude": {"after": NUMBER, "before": NUMBER},
}


def likely(name):
    """What a link may say of where, steps or exclude, some of it right."""
    optional = OTHERS[name] | {"where": some.lists(PROPERTY, max_size=2)}
    event = "did" if name == "where" else "event"
    return some.fixed_dictionaries({event: EVENT}, optional=optional)


ANY = some.recursive(
    LEAF,
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(KEY, inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(some.sampled_from(sorted(CHECKS)), some.data())
def test_whatever_stands_in_a_link_is_refused_or_counts(name, data):
    value = data.draw(some.one_of(likely(name), likely(name), PROPERTY, ANY))
    param = link.plain(name, CHECKS[name], most=8)
    try:
        (read,) = param.read([json.dumps(value)])
    except ValueError:
        return
    assert param.read(param.write([read])) == [read]
    LOG.mask([read] if name == "where" else ())
    if name == "steps":
        ops.funnel(LOG, steps=["visit", read, "pay"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('["nope","in",["a"]]', "where names the column “nope”, which the table does"),
        ('["channel","~",["a"]]', "where cannot be “~”; choose from “in”, “not in”"),
        ('["channel","in",["Serch"]]', "channel cannot be “Serch”; choose from"),
        ('["channel","in","Search"]', "needs a list of values, got “Search”"),
        ('["channel","in"]', "A condition is [property, operator, value]"),
        ('["amount",">=","much"]', "holds numbers: >= cannot compare it with “much”"),
        ('["amount",">=",1e999]', "holds numbers: >= cannot compare it with “inf”"),
        ('{"did":"bye"}', "“bye”"),
        ('{"did":"pay","times":-1}', "“times” is the fewest times, or [fewest, most]"),
        ('{"did":"pay","days":0}', "days must lie between 1 and 3660, got “0”"),
        ('{"did":"pay","secret":1}', "Write what users did with the keys"),
        ('{"did":"pay","days":7,"dates":["2026-01-01","2026-01-02"]}', "Say either"),
        (
            '{"did":"pay","before":"1500-01-01"}',
            "where must lie between 2016-02-22 and",
        ),
        ('{"did":"pay","where":[["nope","in",["a"]]]}', "names the column “nope”"),
        ("<script>", "A condition is [property, operator, value]"),
        ("[[[[", ""),
        ("[" * 5000, ""),
        ('["channel","contains",NaN]', ""),
        ('["channel","in",["' + "x" * 9000 + '"]]', ""),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(text, why):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        link.plain("where", CHECKS["where"], most=8).read([text])
    assert why in (str(refused.value) if isinstance(refused.value, ops.Error) else "")
