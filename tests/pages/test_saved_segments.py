"""Users of a result become a segment of every event page, and leave with it."""

import pandas as pd
import pytest

import opslib as ops
from opslib.workspace import Workspace
from pages._frame import data
from tests.pages.seen import cells, texts

STEPS = ["view", "cart", "pay"]


@pytest.fixture
def shop(workspace):
    return workspace.save(ops.demo(users=300), name="shop")


def press(page, label):
    button = next(one for one in page.button if one.label == label)
    return button.click().run()


def unfold(page, key):
    page.session_state[f"{key}.users"] = True
    return page.run()


def said(page, part):
    return any(part in text for text in texts(page))


def lines(page):
    return next(one.value for one in page.code if one.language == "python")


def save_lost(opened, shop, name):
    """Save those who put something into the cart and did not pay."""
    page = opened("funnel", lang="en", d=shop, steps=STEPS)
    key = f"funnel.{shop}"
    unfold(page, key)
    page.selectbox(key=f"{key}.users.step_index").set_value(1)
    page.toggle(key=f"{key}.users.dropped").set_value(True).run()
    (shown,) = cells(page, "user")
    page.text_input(key=f"{key}.found.name").set_value(name)
    return press(page, "Save"), shown["user"].tolist()


def test_users_lost_at_a_step_filter_the_retention(opened, shop):
    page, lost = save_lost(opened, shop, "Lost **at** cart")
    log = ops.open(shop).own_events
    assert lost == ops.funnel(log, steps=STEPS).users(1, dropped=True).tolist()
    assert said(page, f"“Lost **at** cart” is saved: {len(lost)} users.")
    assert said(page, "All pages about events offer it under “Filter”")
    # In the same run, and for whoever opens another page.
    assert "Lost **at** cart" in page.selectbox(key=f"funnel.{shop}.by").options
    link = {"where": '["Lost **at** cart","in",["Lost **at** cart"]]'}
    page = opened("retention", lang="en", d=shop, period="week", **link)
    result = ops.retention(
        log, period="week", ages=14, where=[["user", "in", lost]], dates=log.dates
    )
    assert result.describe() in texts(page)
    found = {"ops": ops}
    exec(lines(page).replace("ops.retention(", "answer = ops.retention("), found)
    pd.testing.assert_frame_equal(found["answer"].table, result.table)


def test_it_is_saved_in_chinese(opened, workspace):
    shop = workspace.save(ops.demo(users=300, flavour="zh_CN"), name="商城")
    page = opened("personas", lang="zh_CN", d=shop)
    press(page, "保存")
    assert said(page, "已保存「人群」，共 300 个用户。")
    assert said(page, "个用户在当前数据集里没有事件。")
    (saved,) = workspace.segments(shop).list()
    assert [label[:2] for label in saved.labels] == ["1 ", "2 "]
    page = opened("data", lang="zh_CN", d=shop)
    captions = [one.value for one in page.caption]
    assert any("300 个用户 · 2 个分组 · " in one for one in captions)
    assert any("来自「用户分群」" in one for one in captions)


def test_personas_are_compared_on_another_page(opened, shop):
    page = opened("personas", lang="en", d=shop, auto="0", k="3")
    press(page, "Save")
    d = ops.open(shop)
    made = ops.personas(d.users, k=3)
    names = made.model.names("en")
    page = opened("retention", lang="en", d=shop, by="Persona", period="week")
    table = cells(page, "group", "cohort", "users")[0]
    known = made.assignments.set_index("user")["persona"]
    seen = known[known.index.isin(d.events.users.to_pylist())].value_counts()
    counted = table[table["age"] == 0].groupby("group")["users"].sum()
    assert counted.to_dict() == {f"{k} {names[k - 1]}": n for k, n in seen.items()}


def test_a_name_that_is_taken_is_said_in_place_and_nothing_is_saved(opened, shop):
    save_lost(opened, shop, "VIP")
    for name, sentence in (
        ("VIP", "The name “VIP” is taken: "),
        ("channel", "The name “channel” is taken: "),
        (" ", "name is missing."),
    ):
        page, _ = save_lost(opened, shop, name)
        assert said(page, sentence)
    assert [one.name for one in Workspace().segments(shop).list()] == ["VIP"]


def test_the_demo_says_why_not_and_goes_on_with_a_copy(opened, workspace):
    page = opened("funnel", lang="en", d="demo", steps=STEPS, days="3")
    unfold(page, "funnel.demo")
    assert said(page, "The demo stays as it is for everyone, so segments cannot be")
    answer = texts(page)[0]
    press(page, "Copy the demo and go on with it")
    (copy,) = workspace.list()
    assert copy.name == "Demo shop (English), copy"
    assert page.query_params["d"] == copy.id
    assert page.query_params["steps"] == STEPS
    assert page.query_params["days"] == "3"
    assert texts(page)[0] == answer
    assert not said(page, "The link")
    assert workspace.open(copy.id).events.users[0].as_py() == "U100001"


def test_segments_are_listed_renamed_and_deleted_with_their_data_set(opened, shop):
    _, lost = save_lost(opened, shop, "<b>VIP</b>")
    page = opened("data", lang="en", d=shop)
    assert "<b>VIP</b>" in texts(page)
    about = [one.value for one in page.caption if "saved on" in one.value]
    assert about[0].startswith(f"{len(lost)} users · saved on ")
    assert about[0].endswith(" · found on the page Funnel")
    (saved,) = Workspace().segments(shop).list()
    # The first is for the data set.
    page.text_input(key=f"rename-name-{saved.id}").set_value("channel")
    [one for one in page.button if one.label == "Rename"][1].click().run()
    assert said(page, "The name “channel” is taken: ")
    page.text_input(key=f"rename-name-{saved.id}").set_value("Gold")
    [one for one in page.button if one.label == "Rename"][1].click().run()
    assert "Gold" in texts(page)
    page.button(key=f"delete-do-{saved.id}").click().run()
    assert "Gold" not in texts(page)
    assert not Workspace().segments(shop).list()
    # Who had the list open, and presses again.
    assert not opened("data", lang="en", d=shop).exception


def test_a_link_to_a_segment_that_is_gone_names_it(opened, shop, workspace):
    saved = workspace.segments(shop).save("VIP", ["U100001"])
    link = {"where": '["VIP","in",["VIP"]]', "by": "VIP"}
    assert not said(opened("retention", lang="en", d=shop, **link), "The link asks")
    workspace.segments(shop).delete(saved.id)
    page = opened("retention", lang="en", d=shop, **link)
    assert said(page, "The link asks for by = “VIP”, which is not possible")
    assert said(page, "where names the column “VIP”, which the table does not have")


def entry(shop, **options):
    cell = {"analysis": "retention", "dataset": shop, "options": options}
    return {"cell": cell, "note": ""}


def test_a_notebook_follows_and_names_a_segment_that_is_gone(opened, shop, workspace):
    segments = workspace.segments(shop)
    users = ops.open(shop).events.users.to_pylist()
    saved = segments.save("VIP", users[:60])
    entries = [entry(shop, where=[["VIP", "is_set"]], period="week")]
    id_ = workspace.save_notebook({"title": "t", "entries": entries})

    def answer(n):
        log = ops.open(shop).own_events
        where = [["user", "in", users[:n]]]
        return ops.retention(log, where=where, period="week").describe()

    assert answer(60) in texts(opened("notebook", lang="en", n=id_))
    segments.delete(saved.id)
    page = opened("notebook", lang="en", n=id_)
    assert said(page, "where names the column “VIP”, which the table does not have")
    # Another of the same name, saved elsewhere: never the numbers of before.
    Workspace().segments(shop).save("VIP", users[:90])
    assert answer(90) in texts(opened("notebook", lang="en", n=id_))


def test_names_that_change_places_change_the_numbers(shop, workspace):
    segments = workspace.segments(shop)
    users = ops.open(shop).events.users.to_pylist()
    one, two = segments.save("A", users[:50]), segments.save("B", users[50:150])

    def active():
        where = [["A", "is_set"], ["B", "is_not_set"]]
        return set(data.run("activity", shop, {"where": where}).users())

    assert active() == set(users[:50])
    segments.rename(one.id, "C")
    segments.rename(two.id, "A")
    segments.rename(one.id, "B")
    assert active() == set(users[50:150])


def test_a_new_segment_leaves_results_and_findings_that_do_not_name_it(shop, workspace):
    options = {"steps": STEPS}
    first = data.run("funnel", shop, options)
    found = data.findings(shop, data.load(shop).digest)
    segments = workspace.segments(shop)
    saved = segments.save("VIP", ["U100001"])
    assert "VIP" in data.load(shop).events.properties
    assert data.run("funnel", shop, options) is first
    assert data.findings(shop, data.load(shop).digest) is found
    by = data.run("funnel", shop, options | {"by": "VIP"})
    assert data.run("funnel", shop, options | {"by": "VIP"}) is by
    segments.rename(saved.id, "Gold")
    with pytest.raises(ops.Error, match="VIP"):
        data.run("funnel", shop, options | {"by": "VIP"})


def test_an_open_page_sees_at_its_next_run_what_another_session_did(
    opened, shop, workspace
):
    page = opened("retention", lang="en", d=shop)
    saved = workspace.segments(shop).save("VIP", ["U100001"])
    page.run()
    chooser = page.selectbox(key=f"retention.{shop}.by")
    assert "VIP" in chooser.options
    chooser.set_value("VIP").run()
    assert page.query_params["by"] == "VIP"
    workspace.segments(shop).delete(saved.id)
    page.run()
    assert not page.exception
    assert "VIP" not in page.selectbox(key=f"retention.{shop}.by").options


def test_a_data_set_deleted_by_another_session_does_not_open(shop, workspace):
    data.load(shop)
    Workspace().delete(shop)
    with pytest.raises(ops.Error, match="no data set"):
        data.load(shop)


def test_nothing_is_offered_where_there_are_no_events(opened, workspace):
    id_ = workspace.save({"users": ops.demo(users=300).users}, name="users")
    page = opened("personas", lang="en", d=id_)
    assert not page.exception
    assert "Save" not in [one.label for one in page.button]


def test_the_disk_is_full_when_the_demo_is_copied(opened, workspace, monkeypatch):
    page = opened("personas", lang="en", d="demo")

    def full(self, *args, **kwargs):
        raise ops.Error("workspace.full")

    monkeypatch.setattr(Workspace, "save", full)
    press(page, "Copy the demo and go on with it")
    assert said(page, "There is no room left on the disk")
