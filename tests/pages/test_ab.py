"""The A/B page and its planner on real data: verdicts, checks, typed counts."""

import pandas as pd
import pytest

import opslib as ops
from pages._frame import data
from tests.pages.seen import texts


def said(page):
    return "\n".join(texts(page))


def shown(page):
    """The table of the answer, behind that of the Bayesian way."""
    return next(one.value for one in page.dataframe if "verdict" in one.value)


@pytest.fixture
def saved(workspace, samples):
    """Save one of the real experiments; return its id."""

    def save(name):
        table = ops.open(samples / "experiments" / f"{name}.csv.gz")
        return workspace.save(table, name=name)

    return save


def test_cookie_cats_shows_the_known_answer_and_the_suspicious_split(opened, saved):
    page = opened("ab_test", lang="en", d=saved("cookie_cats"))
    assert (
        "19.0% → 18.2%: −4.3% (95% interval −6.9% to −1.7%; p 0.0016, "
        "or 0.0031 corrected for 2 comparisons)"
    ) in texts(page)
    assert texts(page).count("Loser") == 1
    assert texts(page).count("Too early to say") == 1
    at = texts(page).index("Caution")
    assert texts(page)[at + 1] == "Split"
    assert (
        "“gate_30” has 49.6% of the units, expected 50.0% (p 0.0086)"
        in (texts(page)[at + 2])
    )
    # A check is said once, in its row, not again as a note.
    assert said(page).count("The split is suspicious") == 1
    table = shown(page).set_index("metric")
    assert table.loc["retention_7", "control"] == pytest.approx(0.1902, abs=5e-5)
    assert table.loc["retention_7", "treatment"] == pytest.approx(0.1820, abs=5e-5)


def test_hillstrom_has_a_verdict_per_arm_and_metric_in_chinese(opened, saved):
    page = opened("ab_test", lang="zh_CN", d=saved("hillstrom"))
    assert page.multiselect[0].value == ["visit", "conversion", "spend"]
    assert texts(page).count("胜出") == 6
    assert "Mens E-Mail · visit" in texts(page)
    assert any(text.startswith("10.6% → 18.3%：+72.1%") for text in texts(page))
    assert any(text.startswith("10.6% → 15.1%：+42.6%") for text in texts(page))
    assert any(text.startswith("0.653 → 1.42：") for text in texts(page))
    assert texts(page).count("注意") == 1
    table = shown(page)
    assert table["kind"].tolist() == ["比例"] * 4 + ["均值"] * 2
    assert set(table["test"]) == {"z 检验", "Welch t 检验"}
    assert set(table["verdict"]) == {"胜出"}


def test_the_demo_experiment_finds_what_was_put_into_it(opened):
    page = opened("ab_test", lang="en", d="demo")
    assert page.multiselect[0].value == ["converted", "revenue"]
    words = texts(page)
    winner = words.index("new page · converted")
    assert words[winner + 1] == "Winner"
    assert words[words.index("countdown · converted") + 1] == "Too early to say"
    assert page.query_params["control"] == "control"


def test_another_split_fails_and_takes_every_winner_away(opened):
    page = opened("ab_test", lang="en", d="demo", split1="5")
    assert "Fail" in texts(page)
    assert "Winner" not in texts(page)
    assert texts(page).count("Too early to say") == 4


def test_a_plan_not_reached_is_a_failed_check(opened):
    page = opened("ab_test", lang="en", d="demo", planned="1000000")
    assert "Planned size" in texts(page)
    assert "20,000 of 1,000,000 planned units are in" in said(page)
    assert "Winner" not in texts(page)


@pytest.mark.parametrize(
    ("lang", "test", "kind", "check"),
    [
        ("en", "Welch t-test (CUPED)", "ratio", "Before"),
        ("zh_CN", "Welch t 检验（CUPED）", "比率", "实验前"),
    ],
)
def test_ratios_and_what_was_before_are_options(opened, lang, test, kind, check):
    options = {"above": "revenue", "below": "converted", "outliers": "cut"}
    page = opened("ab_test", lang=lang, d="demo", covariate="spend_before", **options)
    table = shown(page)
    assert table["metric"].tolist()[-2:] == ["revenue / converted"] * 2
    assert table["kind"].tolist()[-2:] == [kind] * 2
    assert table["test"].tolist()[:4] == [test] * 4
    assert check in texts(page)
    assert page.query_params["covariate"] == "spend_before"
    believed = next(one.value for one in page.dataframe if "prior" in one.value)
    priors = {"en": {"flat", "sceptical"}, "zh_CN": {"均匀", "怀疑"}}
    assert set(believed["prior"]) == priors[lang]
    assert any('"denominator": "converted"' in code.value for code in page.code)


def test_a_guardrail_is_judged_apart(opened):
    options = {"metrics": "converted", "guardrails": "revenue"}
    page = opened("ab_test", lang="zh_CN", d="demo", **options)
    assert "护栏指标" in texts(page)
    assert shown(page)["verdict"].tolist() == ["尚无定论", "胜出", "尚无定论", "未受损"]
    assert shown(page)["p_adjusted"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(("lang", "kind"), [("en", "share"), ("zh_CN", "比例")])
def test_effects_by_segment_are_behind_the_answer(opened, lang, kind):
    options = {"metrics": "converted", "segments": "platform"}
    page = opened("ab_test", lang=lang, d="demo", **options)
    table = next(one.value for one in page.dataframe if "segment" in one.value)
    assert set(table["value"]) == {"Android", "iOS", "Web"}
    assert set(table["kind"]) == {kind}
    assert not any(
        "segment" in one.value for one in opened("ab_test", d="demo").dataframe
    )


@pytest.mark.parametrize(
    ("lang", "kind", "test"),
    [("en", "quantile", "bootstrap"), ("zh_CN", "分位数", "自助法")],
)
def test_a_percentile_is_an_option_and_means_are_resampled(opened, lang, kind, test):
    options = {"metrics": "revenue", "quantile_of": "spend_before", "quantile": "p90"}
    page = opened("ab_test", lang=lang, d="demo", **options)
    table = shown(page)
    assert table["metric"].tolist() == ["revenue"] * 2 + ["spend_before p90"] * 2
    assert table["kind"].tolist()[-1] == kind
    assert table["test"].tolist()[-1] == test
    assert page.query_params["quantile"] == "p90"
    assert any('"quantile": 0.9' in code.value for code in page.code)
    check = next(one.value for one in page.dataframe if "agrees" in one.value)
    assert check["metric"].tolist() == ["revenue"] * 2
    assert "quantile" not in opened("ab_test", d="demo").query_params


TYPED = {
    "lang": "en",
    "d": "demo",
    "source": "typed",
    "kind": "share",
    "variants": "2",
    "name1": "old",
    "users1": "5000",
    "conversions1": "500",
    "name2": "**new**",
    "users2": "5000",
    "conversions2": "600",
    "margin": "0.0",
    "planned": "0",
    "daily": "0",
    "split1": "1.0",
    "split2": "1.0",
}


def test_typed_counts_are_all_in_the_link(opened):
    page = opened("ab_test", **TYPED)
    assert "10.0% → 12.0%: +20.0%" in said(page)
    assert "p 0.0014" in said(page)
    assert "Winner" in texts(page)
    assert page.query_params == TYPED
    code = next(one.value for one in page.code if one.language == "python")
    assert '"old": [5000, 500]' in code
    shown = page.markdown, page.caption, page.title, page.warning, page.error
    assert not any("**new**" in str(one.value) for kind in shown for one in kind)


def test_means_can_be_typed_in_chinese(opened):
    page = opened("ab_test", lang="zh_CN", source="typed", kind="mean", variants="3")
    assert [one.label for one in page.number_input].count("标准差") == 3
    assert "50 → 52：+4.0%" in said(page)
    assert "胜出" in texts(page)


def test_more_conversions_than_users_are_named_in_place(opened):
    page = opened("ab_test", **TYPED | {"conversions2": "6000"})
    assert any("“**new**” needs [units, conversions]" in text for text in texts(page))


def test_two_variants_of_one_name_are_told_apart(opened):
    page = opened("ab_test", **TYPED | {"name2": "old"})
    assert "old B" in texts(page)


@pytest.mark.parametrize(
    ("name", "got"), [("users1", "-1"), ("margin", "x"), ("variants", "9")]
)
def test_a_wrong_link_is_named(opened, name, got):
    page = opened("ab_test", **TYPED | {name: got})
    assert f"The link asks for {name} = “{got}”" in said(page)


def test_without_an_experiment_counts_can_be_typed(opened, workspace):
    counts = ops.demo().counts
    page = opened("ab_test", lang="en", d=workspace.save({"counts": counts}, name="c"))
    assert page.query_params["source"] == "typed"
    page.segmented_control[0].set_value("table").run()
    assert "This question needs an experiment" in said(page)


def test_the_planner_says_how_many_and_how_long(opened):
    page = opened(
        "ab_plan", lang="en", baseline="0.2", effect="absolute", points="0.05"
    )
    assert "1,094 units in each of 2 groups, 2,188 in all" in said(page)
    assert [one.value for one in page.metric] == ["1,094", "2,188", "14"]
    grid = page.dataframe[1].value
    assert len(grid) == 31
    assert grid["n_per_variant"].is_monotonic_decreasing
    page.number_input(key="ab_plan.daily").set_value(0).run()
    assert [one.value for one in page.metric] == ["1,094", "2,188"]


def test_the_planner_plans_for_a_mean_in_chinese(opened):
    page = opened("ab_plan", lang="zh_CN", kind="mean", effect="absolute")
    assert "2 个组各需要 253 个样本" in said(page)
    assert page.query_params["sd"] == "20.0"


def test_a_rate_beyond_all_users_is_refused_in_place(opened):
    page = opened("ab_plan", lang="en", baseline="0.9", lift="0.5")
    assert "baseline and mde lead to a share of 135%" in said(page)


def test_the_planner_says_what_the_time_there_is_can_show(opened):
    page = opened("ab_plan", lang="en", aim="time", days="28", looks="5")
    assert "In 28 days 28,000 units come" in said(page)
    assert "Looking 5 times, as planned before" in said(page)
    headings = [one.value for one in page.subheader]
    assert headings == ["What smaller and larger effects need", "What these units see"]
    costs = next(one.value for one in page.dataframe if "method" in one.value)
    assert costs["method"].tolist() == [
        "once, at the end",
        "at planned times",
        "at any time",
    ]
    assert any("days=28" in code.value for code in page.code)


def test_the_planner_plans_for_a_ratio_and_an_uneven_split(opened):
    page = opened(
        "ab_plan", lang="zh_CN", kind="ratio", effect="absolute", split2="3.0"
    )
    assert "2 个组中最小的组需要" in said(page)
    code = next(one.value for one in page.code if one.language == "python")
    assert "split=[1.0, 3.0]" in code
    assert '"correlation": 0.5' in code
    below = {"mean": 1.5, "sd": 0.5, "correlation": 0.5}
    plan = ops.ab_plan(
        baseline=50, sd=20, denominator=below, mde=5, split=[1, 3], daily_traffic=1_000
    )
    assert plan.describe("zh_CN") in said(page)


def test_a_correlation_with_the_period_before_is_an_option(opened):
    page = opened("ab_plan", lang="en", correlation="0.5")
    assert "(CUPED) saves 25.0% of the units." in said(page)
    assert page.query_params["correlation"] == "0.5"


@pytest.mark.parametrize(
    ("lang", "d", "metric"),
    [("en", "demo", "converted"), ("zh_CN", "demo-zh", "是否转化")],
)
def test_the_planner_reads_the_past(opened, lang, d, metric):
    page = opened("ab_plan", lang=lang, d=d, source="table", daily_or_table="500")
    assert page.query_params["metric"] == metric
    found = ops.ab_plan_from(
        ops.open(d).units, metric=metric, mde=0.1, daily_traffic=500
    )
    assert found.describe(lang) in said(page)
    past = next(one.value for one in page.dataframe if "zeros" in one.value)
    assert past["units"].tolist() == found.history["units"].tolist()
    assert any("ops.ab_plan_from(" in code.value for code in page.code)


def test_the_past_of_one_variant_net_of_what_was_before(opened):
    options = {"metric": "revenue", "before": "spend_before", "only": "control"}
    page = opened("ab_plan", lang="en", d="demo", source="table", **options)
    assert "In 6,708 units of the past “revenue” is" in said(page)
    assert "counts on a correlation of" in said(page)
    assert "and 1,429 come per day." in said(page)
    assert 'variant="control"' in next(
        one.value for one in page.code if one.language == "python"
    )


def test_users_alone_are_a_past_too(opened, workspace):
    users = ops.demo().users
    page = opened(
        "ab_plan",
        lang="en",
        d=workspace.save({"users": users}, name="u"),
        source="table",
        metric="spend",
        arrived="signup",
        aim="time",
    )
    assert "units of the past “spend” is" in said(page)
    assert "come per day." in said(page)


def test_without_a_past_the_planner_asks_for_one(opened, workspace):
    counts = ops.demo().counts
    saved = workspace.save({"counts": counts}, name="c")
    page = opened("ab_plan", lang="en", d=saved, source="table")
    assert "This question needs users or an experiment" in said(page)


def test_metrics_are_guessed_by_their_names():
    names = ["recency", "history", "spend_before", "visit", "转化", "spend", "revenue"]
    assert data.usual_metrics(names) == ["visit", "转化", "spend"]


@pytest.mark.parametrize(("lang", "day"), [("en", "Day by day"), ("zh_CN", "逐日变化")])
def test_the_days_of_the_experiment_are_drawn_and_can_be_strata(opened, lang, day):
    page = opened("ab_test", lang=lang, d="demo", strata="time")
    assert day in [heading.value for heading in page.subheader]
    assert any("date" in one.value for one in page.dataframe)
    test = {"en": "Welch t-test (stratified)", "zh_CN": "Welch t 检验（分层）"}[lang]
    assert set(shown(page)["test"]) == {test}
    assert any('strata=["time"]' in code.value for code in page.code)


def test_the_simulator_tries_a_test_out_on_the_users_there_are(opened):
    page = opened("ab_simulate", lang="en", d="demo", runs="300")
    assert "Of 300 A/A tests on “converted” with 20,000 units each" in said(page)
    assert [one.label for one in page.metric] == [
        "False positives",
        "Interval holds the truth",
    ]
    assert page.query_params["seed"] == "0"
    code = next(one.value for one in page.code if one.language == "python")
    assert 'ops.ab_simulate(d.units, metric="converted", runs=300)' in code
    page.segmented_control(key="ab_simulate.demo.method").set_value("peeking").run()
    assert "the method does not keep its 5%" in said(page)
    assert page.query_params["method"] == "peeking"
    assert [one.value for one in page.subheader][:2] == [
        "Found by each look",
        "p values with all units",
    ]


def test_the_simulator_says_in_chinese_what_a_lift_would_show(opened):
    options = {"metric": "revenue", "lift": "0.05", "units": "3000", "runs": "200"}
    more = {"method": "sequential", "outliers": "cut", "covariate": "spend_before"}
    page = opened("ab_simulate", lang="zh_CN", d="demo", **options, **more)
    assert "假设「revenue」变化 +5.0%：模拟 200 次实验，每次 3,000 个样本" in said(page)
    assert next(one.label for one in page.metric) == "查出率（功效）"
    assert "变化是在截断极端值之前加入的" in said(page)
    looks, p_values = (one.value for one in page.dataframe)
    assert looks["look"].tolist() == [1, 2, 3, 4, 5]
    assert len(p_values) == 20


def test_a_lift_beyond_all_users_is_refused_in_place(opened):
    page = opened("ab_simulate", lang="en", d="demo", lift="9")
    assert "A lift of +900% would bring “converted” from" in said(page)


def test_the_simulator_takes_users_and_asks_for_them(opened, workspace):
    counts = workspace.save({"counts": ops.demo().counts}, name="c")
    assert "This question needs users or an experiment" in said(
        opened("ab_simulate", lang="en", d=counts)
    )
    users = pd.DataFrame({"user": range(500), "spend": [0.0, 5, 9, 30, 2] * 100})
    id_ = workspace.save({"users": users.astype({"user": "str"})}, name="u")
    page = opened("ab_simulate", lang="zh_CN", d=id_, runs="100")
    assert "「spend」" in said(page)
    assert any("ops.ab_simulate(d.units" in code.value for code in page.code)
