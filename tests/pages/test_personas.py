"""The personas page: cards, evidence, users and model, on the demo and real files."""

import opslib as ops
from tests.pages.seen import texts


def table_with(page, *columns):
    return next(
        one.value for one in page.dataframe if {*columns} <= {*one.value.columns}
    )


def test_cards_say_who_how_many_and_what_sets_them_apart(opened):
    page = opened("personas", lang="en", d="demo")
    assert page.title[0].value == "Who are our users?"
    said = texts(page)
    assert said[0].startswith(
        "2,000 users fall into 2 personas: buys rarely, few coupons 71.6%; buys often, "
        "fond of coupons 28.4%. The groups overlap (silhouette 0.317"
    )
    sizes = [(one.label, one.value, one.delta) for one in page.metric]
    assert sizes == [
        ("Group 1", "71.6%", "1,433 users"),
        ("Group 2", "28.4%", "567 users"),
    ]
    assert "Buys rarely, few coupons" in said
    at = said.index("buys often")
    assert said[at + 1] == "orders: 3.72 (all users 1.17)"
    assert said[said.index("level Gold") + 1] == "26.1% (all users 7.4%)"
    assert "U101589, U101826, U100327" in said


def test_the_same_in_chinese_with_names_in_the_table(opened):
    page = opened("personas", lang="zh_CN", d="demo-zh")
    assert "低频购买·少用券 71.6%；高频购买·爱用券 28.4%。" in texts(page)[0]
    assert table_with(page, "persona", "users")["name"].tolist() == [
        "低频购买·少用券",
        "高频购买·爱用券",
    ]


def test_evidence_and_preparation_stand_beside_the_table(opened):
    page = opened("personas", lang="en", d="demo")
    folds = [one.label for one in page.expander]
    assert "Why this number of groups" in folds
    assert "How each column was prepared" in folds
    evidence = table_with(page, "k", "silhouette")
    assert evidence.loc[evidence["chosen"], "k"].tolist() == [2]
    done = table_with(page, "column", "done").set_index("column")
    assert not done.loc["spend", "used"]
    assert "says the same as “orders”" in done.loc["spend", "done"]


def test_the_number_and_the_features_can_be_chosen(opened):
    page = opened("personas", lang="en", d="demo")
    page.multiselect[0].set_value(["orders", "days_since_last"]).run()
    assert page.query_params["features"] == ["orders", "days_since_last"]
    page.toggle[0].set_value(False).run()
    page.number_input[0].set_value(3).run()
    assert page.query_params["k"] == "3"
    assert len(page.metric) == 3
    lines = next(one.value for one in page.code if one.language == "python")
    assert lines.endswith(
        'ops.personas(d.users, features=["orders", "days_since_last"], k=3)'
    )


def test_a_wrong_feature_or_number_in_a_link_is_named(opened):
    page = opened("personas", lang="en", d="demo", features="nope", auto="0", k="999")
    said = texts(page)
    assert any("features = “nope”" in text for text in said)
    assert any("k = “999”" in text and "“4”" in text for text in said)
    assert len(page.metric) == 4


def test_an_event_log_gives_personas_named_in_words(opened, workspace, samples):
    path = samples / "events" / "taobao_815users_9days.csv.gz"
    id_ = workspace.save(ops.open(path), name="taobao")
    page = opened("personas", lang="zh_CN", d=id_)
    said = texts(page)
    assert said[0].startswith("815 个用户分为 2 类人群：近 30 天活跃")
    assert not any("active_days" in text for text in said)
    chosen = page.multiselect[0]
    assert {"距上次活跃天数", "近 7 天活跃天数", "「cart」次数"} <= {*chosen.options}
    done = table_with(page, "column", "done")["column"].tolist()
    assert "距上次活跃天数" in done
    assert not any("_" in name for name in done)
    chosen.set_value(["recency_days", "events_cart"]).run()
    assert page.query_params["features"] == ["recency_days", "events_cart"]
    lines = next(one.value for one in page.code if one.language == "python")
    assert 'features=["recency_days", "events_cart"]' in lines


def test_a_users_table_in_gbk_gives_personas(opened, workspace, samples):
    id_ = workspace.save(ops.open(samples / "users" / "jd_users_30k_gbk.csv.gz"))
    page = opened("personas", lang="zh_CN", d=id_)
    assert texts(page)[0].startswith(
        "29,999 个用户分为 2 类人群：新用户·sex = 2 65.9%；老用户·sex = 0 34.1%。"
    )


def test_too_few_users_are_refused_in_place(opened, workspace):
    id_ = workspace.save(ops.demo(users=40), name="small")
    said = texts(opened("personas", lang="en", d=id_))
    assert len(said) == 1
    assert "60" in said[0]
