"""The period before on the pages of events: said, and in a table beside its own."""

import pytest

import opslib as ops
from tests.pages.seen import cells, texts

DATES = ["2026-04-20", "2026-05-31"]
# What is asked, as the link and as the option spell it, and columns of the table.
PAGES = {
    "funnel": ({"steps": ["view", "cart", "pay"]}, {}, ("step", "users")),
    "retention": ({"period": "week", "ages": "4"}, {"ages": 4}, ("cohort", "retained")),
    "lifecycle": ({}, {}, ("period", "state")),
    "activity": ({"period": "week"}, {}, ("period", "dau_mau")),
    "paths": ({}, {}, ("source", "sessions")),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("lang", "heading"), [("en", "The period before"), ("zh_CN", "上一周期")]
)
def test_the_table_of_the_period_before_stands_beside_its_own(
    opened, name, lang, heading
):
    link, options, (_, column) = PAGES[name]
    link = {"lang": lang, "d": "demo", "dates": "..".join(DATES), **link}
    page = opened(name, compare="1", **link)
    assert heading in [one.value for one in page.subheader]
    plain = {key: link[key] for key in ("steps", "period") if key in link} | options
    log = ops.demo().events
    result = getattr(ops, name)(log, dates=DATES, compare="previous", **plain)
    assert texts(page)[0] == result.describe(lang)
    tables = [one[column].tolist() for one in cells(page, *PAGES[name][2])][-2:]
    both = [one.table[column] for one in (result, result.previous)]
    if column != "state":
        assert tables == [pytest.approx(one.tolist(), nan_ok=True) for one in both]
    assert [len(one) for one in tables] == [len(one) for one in both]
    alone = opened(name, **link)
    assert heading not in [one.value for one in alone.subheader]


def test_a_further_view_has_its_period_before_too(opened):
    page = opened(
        "funnel",
        lang="en",
        d="demo",
        dates="..".join(DATES),
        compare="1",
        steps=["view", "cart", "pay"],
        view="over_time",
    )
    now, before = cells(page, "period", "matured_users")
    assert now["period"].min() > before["period"].max()
