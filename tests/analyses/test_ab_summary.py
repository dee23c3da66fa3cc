"""Verdicts from counts: published examples and the rules that hold a verdict back."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2_contingency, norm

import opslib as ops
from opslib.analyses.ab_result import OUTCOMES
from opslib.result import Error

BIG = {"A": [5000, 500], "B": [5000, 600]}


def verdicts(counts, **options):
    return ops.ab_summary(counts, **options).table["verdict"].tolist()


def check(result, name):
    return next(check for check in result.checks if check.name == name)


def test_published_example_in_every_column():
    result = ops.ab_summary({"old": (80, 48), "new": (70, 56)}, control="old")
    row = result.table.iloc[0]
    assert row["low"] == pytest.approx(0.0533, abs=5e-5)
    assert row["high"] == pytest.approx(0.3377, abs=5e-5)
    assert row["difference"] == pytest.approx(0.2)
    assert row["lift"] == pytest.approx(1 / 3)
    assert row["p_value"] == row["p_adjusted"] == pytest.approx(0.0080, abs=5e-5)
    assert (row["n_control"], row["n"]) == (80, 70)
    assert result.table.columns.tolist() == [
        "metric", "variant", "kind", "n_control", "n", "control", "treatment",
        "difference", "low", "high", "lift", "lift_low", "lift_high", "test",
        "p_value", "p_adjusted", "low_adjusted", "high_adjusted", "verdict",
    ]  # fmt: skip


def test_the_demo_of_streamlit_has_its_right_p_value():
    """A two-sided p; the demo app prints half of it as two-sided."""
    row = ops.ab_summary({"A": [721, 20], "B": [730, 37]}).table.iloc[0]
    chi_square = chi2_contingency([[20, 701], [37, 693]], correction=False)
    assert row["p_value"] == pytest.approx(chi_square.pvalue)


def test_the_four_outcomes():
    assert verdicts({"A": [5000, 500], "B": [5000, 600]}) == ["winner"]
    assert verdicts({"A": [5000, 600], "B": [5000, 500]}) == ["loser"]
    assert verdicts({"A": [5000, 500], "B": [5000, 505]}) == ["too_early"]
    close = {"A": [500_000, 50_000], "B": [500_000, 50_050]}
    assert verdicts(close, margin=0.02) == ["no_meaningful_difference"]


def test_no_meaningful_difference_is_never_said_without_a_margin():
    assert verdicts({"A": [500_000, 50_000], "B": [500_000, 50_000]}) == ["too_early"]


def test_equivalence_needs_the_90_percent_interval_within_the_margin():
    close = {"A": [500_000, 50_000], "B": [500_000, 50_050]}
    at_90 = ops.ab_summary(close, confidence=0.9).table.iloc[0]
    reach = max(abs(at_90["lift_low"]), abs(at_90["lift_high"]))
    assert verdicts(close, margin=reach + 1e-6) == ["no_meaningful_difference"]
    assert verdicts(close, margin=reach - 1e-6) == ["too_early"]


def test_a_sure_but_unimportant_gain_is_no_winner():
    sure = {"A": [5_000_000, 500_000], "B": [5_000_000, 503_000]}
    assert verdicts(sure) == ["winner"]
    assert verdicts(sure, margin=0.05) == ["no_meaningful_difference"]


@pytest.mark.parametrize(
    ("n", "status"), [(5_240, "pass"), (5_300, "caution"), (5_360, "fail")]
)
def test_a_broken_split_blocks_every_verdict(n, status):
    result = ops.ab_summary({"A": [5000, 500], "B": [n, 800]})
    found = check(result, "split")
    assert found.status == status
    assert (found.note in result.warnings) == (status != "pass")
    blocked = status == "fail"
    assert result.table["verdict"][0] == ("too_early" if blocked else "winner")
    assert ("No winner can be named" in result.describe()) == blocked


def test_the_split_is_compared_with_the_plan():
    counts = {"A": [9000, 900], "B": [1000, 140]}
    assert verdicts(counts) == ["too_early"]
    assert verdicts(counts, expected_split={"A": 90, "B": 10}) == ["winner"]


def test_a_planned_variant_that_is_not_there_breaks_the_split():
    result = ops.ab_summary(BIG, expected_split={"A": 1, "B": 1, "C": 1})
    assert check(result, "split").status == "fail"
    assert "“C” has 0% of the units" in result.describe()


def test_looking_before_the_planned_size_names_no_winner():
    early = ops.ab_summary(BIG, planned_n=12_000)
    assert early.table["verdict"][0] == "too_early"
    assert "10,000 of 12,000 planned units are in" in early.describe()
    assert verdicts(BIG, planned_n=10_000) == ["winner"]


def test_at_the_planned_size_one_may_stop():
    flat = {"A": [5000, 500], "B": [5000, 505]}
    assert "can be stopped" in ops.ab_summary(flat, planned_n=10_000).describe()


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({"A": [99, 20], "B": [99, 60]}, "too_early"),
        ({"A": [100, 20], "B": [100, 60]}, "winner"),
        ({"A": [5000, 0], "B": [5000, 49]}, "too_early"),
        ({"A": [5000, 0], "B": [5000, 50]}, "winner"),
        ({"A": [5000, 50], "B": [5000, 0]}, "loser"),
        ({"A": [149, 5, 1], "B": [149, 6, 1]}, "too_early"),
        ({"A": [150, 5, 1], "B": [150, 6, 1]}, "winner"),
    ],
)
def test_small_groups_get_no_verdict(counts, verdict):
    result = ops.ab_summary(counts)
    assert result.table["verdict"].tolist() == [verdict]
    small = check(result, "sample").status == "caution"
    assert small == (verdict == "too_early")


def test_exact_test_and_interval_must_agree():
    """Nearly all convert: few failures, so the exact test decides."""
    result = ops.ab_summary({"A": [180, 180], "B": [180, 174]})
    row = result.table.iloc[0]
    assert row["test"] == "boschloo"
    agree = (row["p_value"] < 0.05) and row["high"] < 0
    assert (row["verdict"] == "loser") == agree


def test_lifts_beyond_half_ask_for_a_look_at_the_tracking():
    result = ops.ab_summary({"A": [5000, 500], "B": [5000, 760]})
    assert check(result, "lift").status == "caution"
    assert any("check the tracking first" in note.text() for note in result.warnings)
    assert check(ops.ab_summary(BIG), "lift").status == "pass"


def test_holm_decides_and_both_p_values_are_said():
    counts = {"A": [5000, 500], "B": [5000, 563], "C": [5000, 510], "D": [5000, 640]}
    result = ops.ab_summary(counts)
    table = result.table.set_index("variant")
    assert table.loc["B", "p_value"] < 0.05 < table.loc["B", "p_adjusted"]
    assert table.loc["B", "verdict"] == "too_early"
    assert table.loc["D", "p_adjusted"] == pytest.approx(3 * table.loc["D", "p_value"])
    assert (table["low_adjusted"] < table["low"]).all()
    assert "corrected for 3 comparisons" in result.describe()
    plain = ops.ab_summary(counts, correction="none")
    assert plain.table["verdict"].tolist() == ["winner", "too_early", "winner"]
    assert (plain.table["low_adjusted"] == plain.table["low"]).all()
    assert "not corrected for 3 comparisons" in plain.describe()


def test_adjusted_intervals_are_bonferronis():
    counts = {"A": [5000, 500], "B": [5000, 563], "C": [5000, 510]}
    wide = ops.ab_summary(
        {"A": counts["A"], "B": counts["B"]}, confidence=0.975
    ).table.iloc[0]
    row = ops.ab_summary(counts).table.iloc[0]
    assert (row["low_adjusted"], row["high_adjusted"]) == pytest.approx(
        (wide["low"], wide["high"])
    )


@pytest.mark.parametrize(
    ("names", "control"),
    [
        (["B", "A"], "A"), (["new", "Control"], "Control"), (["1", "0"], "0"),
        (["实验组", "对照组"], "对照组"), (["gate_40", "gate_30"], "gate_30"),
        (["Mens E-Mail", "No E-Mail"], "No E-Mail"), (["red", "blue"], "blue"),
        (["Apple", "Banana"], "Apple"), (["treatment", "baseline"], "baseline"),
        (["A组", "B组"], "A组"), (["True", "False"], "False"),
    ],
)  # fmt: skip
def test_control_is_recognised_and_said(names, control):
    result = ops.ab_summary({name: [500, 60] for name in names})
    assert result.control == control
    assert result.warnings[0].text() == (
        f"“{control}” was taken as the control, because none was named."
    )
    assert f" in “{control}”: " in result.describe()


def test_a_control_that_is_named_is_used():
    result = ops.ab_summary(BIG, control="B")
    assert result.table["variant"].tolist() == ["A"]
    assert not result.warnings


@pytest.mark.parametrize(
    ("counts", "code", "missing"),
    [
        ({"A": [500, 0], "B": [500, 0]}, "ab.missing.zero", ["lift"]),
        ({"A": [500, 0], "B": [500, 90]}, "ab.missing.zero", ["lift", "lift_low"]),
        ({"A": [500, 0.0, 0], "B": [500, 9, 2]}, "ab.missing.zero", ["lift"]),
        ({"A": [500, -3, 1], "B": [500, 9, 2]}, "ab.missing.negative", ["lift"]),
        (
            {"A": [500, 0.01, 9], "B": [500, 9, 2]},
            "ab.missing.unbounded",
            ["lift_high"],
        ),
        (
            {"A": [500, 3, 0], "B": [500, 9, 0]},
            "ab.missing.constant",
            ["p_value", "low"],
        ),
        ({"A": [1, 3, 0], "B": [1, 9, 0]}, "ab.missing.single", ["p_value", "low"]),
    ],
)
def test_every_missing_statistic_has_a_reason(counts, code, missing):
    result = ops.ab_summary(counts)
    assert [note.code for note in result.warnings if "missing" in note.code] == [code]
    assert result.table[missing].isna().all(axis=None)
    for lang in ("en", "zh_CN"):
        assert "nan" not in result.describe(lang)
        assert "–" not in result.describe(lang)


def test_nothing_happened_in_either_group_is_no_difference_and_no_verdict():
    row = ops.ab_summary({"A": [500, 0], "B": [500, 0]}).table.iloc[0]
    assert row["p_value"] == 1
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] == "too_early"


def test_describe_names_control_lift_interval_and_p():
    assert ops.ab_summary(BIG).describe() == (
        "On the conversion rate, “B” has 12.0% against 10.0% in “A”: a "
        "lift of +20.0% (95% interval +7.3% to +34.2%; p 0.0014). “B” is a winner: the "
        "conversion rate is higher than in “A”, by more than chance explains."
    )
    assert ops.ab_summary(BIG).describe("zh_CN") == (
        "转化率：「B」为 12.0%，对比「A」的 10.0%，相对变化 +20.0%"
        "（95% 置信区间 +7.3% 至 +34.2%；p 值 0.0014）。"
        "「B」胜出：转化率高于「A」，差距超出随机波动。"
    )


def test_describe_of_means_without_lift_gives_the_difference():
    said = ops.ab_summary({"A": [500, -3, 1], "B": [500, 9, 2]}).describe()
    assert "a difference of 12 (95% interval 11.8 to 12.2; p < 0.001)" in said
    assert "a lift cannot be given" in said


def test_options_survive_json():
    options = {"control": "A", "margin": 0.01, "expected_split": {"A": 1, "B": 1}}
    counts, options = json.loads(json.dumps([BIG, options]))
    assert ops.ab_summary(counts, **options).control == "A"


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize(
    "counts",
    [BIG, {"A": [500, 0], "B": [500, 9]}, {"A": [5, 3, 0], "B": [5, 9, 0]}],
)
def test_chart_draws_the_lift_or_the_difference(counts, lang):
    result = ops.ab_summary(counts)
    spec = result.chart(lang).to_dict()
    assert spec["description"] == result.describe(lang)
    titles = {layer["encoding"]["x"]["axis"]["title"] for layer in spec["layer"]}
    assert len(titles) == 1


def test_hostile_names_stay_data():
    name = "__proto__ [x](y) datum.x"
    result = ops.ab_summary({"A": [5000, 500], name: [5000, 600]})
    spec = result.chart().to_dict()
    fields = re.findall(r"'field': '([^']*)'", str(spec))
    assert all(re.fullmatch(r"c\d|zero", field) for field in fields)


@pytest.mark.parametrize(
    ("counts", "options", "said"),
    [
        ({"A": [5, 1]}, {}, "at least two variants, got “A”."),
        ({"A": [5, 6], "B": [5, 1]}, {}, "“A” needs [units, conversions] or"),
        ({"A": [5, 1.5], "B": [5, 1]}, {}, "got “[5, 1.5]”."),
        ({"A": [0, 0], "B": [5, 1]}, {}, "with at least 1 unit"),
        ({"A": [5, 1, -1], "B": [5, 1, 1]}, {}, "a deviation from 0"),
        ({"A": [5], "B": [5, 1, 1]}, {}, "“A” needs"),
        ({"A": ["x", 1], "B": [5, 1]}, {}, "“A” needs"),
        ({"A": 5, "B": [5, 1]}, {}, "got “5”."),
        ({"A": [float("inf"), 1], "B": [5, 1]}, {}, "“A” needs"),
        ({"A": [5, math.nan], "B": [5, 1]}, {}, "“A” needs"),
        ({"A": [5, 1], "B": [5, 1, 1]}, {}, "Give all variants [units, conversions]"),
        (BIG, {"control": "C"}, "control cannot be “C”; choose from “A”, “B”."),
        (BIG, {"correction": "x"}, "cannot be “x”; choose from “holm”, “none”."),
        (BIG, {"confidence": 95}, "must lie between 0.5 and 0.999, got “95”."),
        (BIG, {"margin": -1}, "margin must lie between 0.0001 and 1, got “-1”."),
        (BIG, {"expected_split": {"A": 1}}, "a share above 0 to each of “A”, “B”"),
        (BIG, {"planned_n": 0}, "planned_n must lie between"),
        ({}, {}, "at least two variants"),
    ],
)  # fmt: skip
def test_mistakes_are_said(counts, options, said):
    with pytest.raises(Error) as caught:
        ops.ab_summary(counts, **options)
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN")


def test_every_sentence_is_there_in_both_languages():
    words = Path(ops.__file__).parent / "words"
    codes, values = [], []
    for lang in ("en", "zh_CN"):
        source = (words / lang / "ab.po").read_text("utf-8")
        blocks = re.findall(r'msgid "(ab\.[^"]+)"\n((?:msg.*\n?)+)', source)
        codes.append([code for code, _ in blocks])
        values.append(
            {code: set(re.findall(r"\{(\w+)", body)) for code, body in blocks}
        )
    assert codes[0] == codes[1]
    assert values[0] == values[1]
    for name in OUTCOMES:
        assert {f"ab.{name}", f"ab.{name}.name"} <= set(codes[0])


def test_input_is_not_changed():
    counts = {"A": np.array([5000, 500]), "B": np.array([5000, 600])}
    ops.ab_summary(counts)
    assert counts["A"].tolist() == [5000, 500]


@pytest.mark.parametrize(
    ("counts", "options", "sentence"),
    [
        ([(100, 10), (100, 12)], {}, "Give the counts by variant"),
        ({"A": (100, 1e300, 1), "B": (100, 1, 1)}, {}, "“A” needs"),
        (BIG, {"margin": "x"}, "margin must lie between 0.0001 and 1, got “x”"),
        (BIG, {"confidence": "95"}, "confidence must lie between"),
        (BIG, {"planned_n": "many"}, "planned_n must lie between"),
        (BIG, {"expected_split": [1, 1]}, "expected_split must give a share above 0"),
        (BIG, {"expected_split": {"A": "x", "B": 1}}, "expected_split must give"),
    ],
)
def test_what_is_no_number_is_told_in_a_sentence(counts, options, sentence):
    with pytest.raises(ops.Error, match=sentence) as caught:
        ops.ab_summary(counts, **options)
    assert caught.value.text("zh_CN")


def test_a_verdict_says_what_it_is_worth_in_a_week():
    given = {"A": [5000, 500], "B": [5000, 600], "C": [5000, 505]}
    result = ops.ab_summary(given, daily_traffic=1000)
    row = result.table.iloc[0]
    assert [note is None for note in result.worth] == [False, True]
    values = result.worth[0].values
    expected = 7000 * row[["difference", "low", "high"]].to_numpy(float)
    assert [values[name] for name in ("gain", "low", "high")] == pytest.approx(expected)
    said = (
        "If all 1,000 units a day had “B” instead of “A”, that would mean about +140 "
        "conversions in a week (95% interval +54.2 to +226)."
    )
    assert said in result.describe()
    assert said in " ".join(result.details())
    assert "每周转化数约 +140" in result.describe("zh_CN")
    assert ops.ab_summary(given).worth == (None, None)
    with pytest.raises(ops.Error, match="daily_traffic must lie between 1"):
        ops.ab_summary(given, daily_traffic=0)


def test_the_bayesian_way_is_that_of_many_draws():
    random = np.random.default_rng(0)
    result = ops.ab_summary({"A": [1000, 100], "B": [900, 110]}, control="A")
    flat, sceptical = result.bayes.to_dict("records")
    a, b = random.beta(101, 901, 10**6), random.beta(111, 791, 10**6)
    assert flat["better"] == pytest.approx((b > a).mean(), abs=2e-3)
    assert flat["loss"] == pytest.approx(np.maximum(a - b, 0).mean() / 0.1, rel=2e-2)
    assert flat["loss_control"] == pytest.approx(
        np.maximum(b - a, 0).mean() / 0.1, rel=2e-2
    )
    lift = np.quantile(b / a - 1, [0.025, 0.5, 0.975])
    assert [flat[name] for name in ("lift_low", "lift", "lift_high")] == pytest.approx(
        lift, abs=3e-3
    )
    # What is sceptical of lifts believes less of one.
    assert 0 < sceptical["lift"] < flat["lift"]
    assert 0.5 < sceptical["better"] < flat["better"]


def test_means_are_read_the_bayesian_way_as_normal():
    """By hand: lift 0.1, its variance (1 + 1.1 ** 2) / 400 of the control's mean."""
    result = ops.ab_summary({"A": [400, 10, 10], "B": [400, 11, 10]}, control="A")
    flat, sceptical = result.bayes.to_dict("records")
    se = math.sqrt((1 + 1.1**2) / 400)
    assert flat["better"] == pytest.approx(norm.cdf(0.1 / se))
    assert [flat["lift_low"], flat["lift_high"]] == pytest.approx(
        [0.1 - 1.959964 * se, 0.1 + 1.959964 * se]
    )
    kept = 0.3**2 / (0.3**2 + se**2)
    assert sceptical["lift"] == pytest.approx(kept * 0.1)


def test_without_a_lift_nothing_is_believed():
    result = ops.ab_summary({"A": [400, 0], "B": [400, 4]}, control="A")
    assert result.bayes.iloc[:, 3:].isna().all(axis=None)
    assert result.bayes["prior"].tolist() == ["flat", "sceptical"]
