"""The funnel chart that event funnels and exported funnels share."""

import json
import re

import altair as alt
import pandas as pd
import pytest
import vl_convert

from opslib.charts import MOST_GROUPS, cohort_grid, export, finish, steps_chart


def funnel(*users, **more):
    table = pd.DataFrame({"step": [f"s{i}" for i in range(len(users))], "users": users})
    share = table["users"] / users[0]
    previous = table["users"] / table["users"].shift()
    return table.assign(
        from_start=share,
        from_start_low=share * 0.9,
        from_start_high=share * 1.1,
        from_previous=previous,
        **more,
    )


def test_a_step_that_comes_twice_has_two_bars():
    table = funnel(10, 5, 2).assign(step=["view", "cart", "view"])
    spec = steps_chart(table, "en", "alt").to_dict()
    domain = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert domain == ["1. view", "2. cart", "3. view"]


def test_bars_fill_their_place_so_that_whiskers_meet_them_in_any_theme():
    table = pd.concat([funnel(10, 5, group=name) for name in "ab"])
    bars = steps_chart(table, "en", "alt").to_dict()["layer"][0]
    assert bars["mark"]["height"] == {"band": 1}


def test_words_in_a_grid_vanish_where_they_would_overlap():
    cells = pd.DataFrame(
        {
            "cohort": pd.Timestamp("2026-03-01"),
            "age": range(1, 13),
            "users": 100,
            "retained": 10,
            "share": 0.1,
            "low": 0.05,
            "high": 0.2,
            "mature": True,
        }
    )
    spec = cohort_grid(
        cells, "en", age_title="Week", month=False, alt_text="alt"
    ).to_dict()

    def written(width):
        spec["width"] = width
        cells = re.findall(r"<text[^>]*>10.0%<", vl_convert.vegalite_to_svg(spec))
        return sum('font-size="0px"' not in cell for cell in cells)

    assert written(900) == 12
    assert written(200) == 0


def test_a_picture_is_lettered_in_the_script_of_its_words():
    english = export(steps_chart(funnel(2, 1), "en", "alt"), "svg", title="“s0”")
    chinese = export(steps_chart(funnel(2, 1), "zh_CN", "alt"), "svg", title="「s0」")
    assert b"Arial" in english
    assert b"CJK" not in english
    assert b"CJK" in chinese


def test_users_and_share_stand_beside_each_bar_in_the_language_of_the_reader():
    data = json.dumps(steps_chart(funnel(1000, 250), "zh_CN", "alt").to_dict())
    assert "1,000 (100%)" in data
    assert "250 (25.0%)" in data


def test_no_name_from_a_file_becomes_a_field():
    table = funnel(10, 5, group='"];alert(1)//').assign(step=["constructor", "a.b[0]"])
    spec = steps_chart(table, "en", "alt").to_dict()
    fields = {c["field"] for c in walk(spec) if "field" in c}
    assert all(f[0] == "c" and f[1:].isdigit() for f in fields)
    assert export(steps_chart(table, "en", "alt"), "svg").startswith(b"<svg")


def walk(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


@pytest.mark.parametrize(("groups", "said"), [(8, None), (9, "8 of 9 groups")])
def test_more_groups_than_colours_are_said_to_be_left_out(groups, said):
    table = pd.concat([funnel(10, 5, group=f"g{i}") for i in range(groups)])
    chart = steps_chart(table, "en", "alt")
    title = chart.to_dict().get("title")
    assert (title is None) if said is None else (said in " ".join(title))
    assert len(chart.data) <= 2 * MOST_GROUPS


def test_an_empty_funnel_is_drawn_without_numbers():
    table = funnel(10, 5).assign(users=[0, 0], from_start=float("nan"))
    table[["from_start_low", "from_start_high"]] = float("nan")
    assert export(steps_chart(table, "en", "alt"), "svg").startswith(b"<svg")


def test_a_title_is_no_wider_than_a_telephone():
    said = "8 of 10 groups are drawn; the table has all of them."
    chart = finish(alt.Chart().mark_bar(), "", said=[said, "图" * 30])
    lines = chart.to_dict()["title"]
    assert lines == [
        "8 of 10 groups are drawn; the table has all",
        "of them.",
        "图" * 22,
        "图" * 8,
    ]
    assert "title" not in finish(alt.Chart().mark_bar(), "").to_dict()
