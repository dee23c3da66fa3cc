"""The page that says who responds, on the demo and on Hillstrom's e-mails."""

import opslib as ops
from tests.pages.seen import texts


def said(page):
    return "\n".join(texts(page))


def test_the_demo_experiment_works_on_everybody_alike(opened):
    page = opened("uplift", lang="en", d="demo", treatment="new page")
    assert page.title[0].value == "Who responds?"
    assert "Nobody can be told apart" in said(page)
    assert "“revenue”" in said(page)
    assert page.query_params["outcome"] == "converted"
    assert page.query_params["control"] == "control"
    table = next(one.value for one in page.dataframe if "predicted" in one.value)
    assert set(table["kind"]) == {"share"}
    assert any("ops.uplift(" in code.value for code in page.code)


def test_hillstrom_has_a_list_to_target_in_chinese(opened, workspace, samples):
    table = ops.open(samples / "experiments" / "hillstrom.csv.gz")
    d = workspace.save(table, name="hillstrom")
    options = {"treatment": "Womens E-Mail", "target": "0.2"}
    options |= {"features": ["womens", "mens"], "outcome": "visit"}
    page = opened("uplift", lang="zh_CN", d=d, **options)
    assert page.title[0].value == "谁会被打动？"
    assert "只对预测增量最高的 20.0% 用户投放「Womens E-Mail」" in said(page)
    assert "投放名单共 12,800 个用户（20.0%），" in said(page)
    headings = [one.value for one in page.subheader]
    assert "预测是否应验" in headings
    traits = next(one.value for one in page.dataframe if "others" in one.value)
    assert set(traits["column"]) == {"womens", "mens"}
    assert any('features=["womens", "mens"]' in code.value for code in page.code)


def test_an_experiment_without_outcome_or_of_too_few_is_told_in_place(
    opened, workspace
):
    few = ops.demo().experiment.head(1_000)
    d = workspace.save({"experiment": few}, name="few")
    page = opened("uplift", lang="en", d=d)
    assert "each arm needs at least 800" in said(page)
    counts = workspace.save({"counts": ops.demo().counts}, name="counts")
    page = opened("uplift", lang="en", d=counts)
    assert "This question needs an experiment" in said(page)
