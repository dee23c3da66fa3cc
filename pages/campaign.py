"""Campaign effect: did a campaign work that nobody drew lots for."""

from typing import Any

from pages._frame.page import Page

page = Page("campaign", kind=("experiment", "daily"))

way = page.choice("way", ("groups", "series"), default=page.usual_way)
page.needs("experiment" if way == "groups" else "daily")
if way == "groups" and not page.followed:
    page.empty("no_days", "data")
else:
    figures = page.metrics if way == "groups" else page.daily_figures
    usual = page.usual_metrics if way == "groups" else page.usual_figures
    metric = page.choice("metric", figures, default=next(iter(usual), None), named=True)
    if metric is None:
        page.demand("metric")
    asked: dict[str, Any] = {"metric": metric}
    if way == "groups":
        others = page.variants[1:]
        asked["treated"] = page.many("treated", page.variants, default=others)
    elif groups := page.daily_groups:
        asked["by"] = by = page.choice("by", groups, named=True)
        names = page.group_values(by)
        asked["group"] = page.choice("group", names, named=True)
        asked["control"] = page.choice("control", names, named=True)
    asked["start"], asked["end"] = page.campaign()
    if way == "groups":
        periods = ("auto", "day", "week", "month")
        asked["period"] = page.choice("period", periods, more=True)
    else:
        asked["season"] = page.choice("season", ("week", "none"), more=True)
    asked["before"] = page.since()
    page.cell("campaign" if way == "groups" else "interrupted", **asked)
