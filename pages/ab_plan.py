"""Test planner: how many users a test needs, for how long, and what it can see."""

from typing import Any

from pages._frame.page import Page

MOST, LARGEST = 1_000_000_000_000, 1e12

page = Page("ab_plan")

source = page.choice("source", ("typed", "table"))
asked: dict[str, Any] = {}
if source == "table":
    page.needs("units")
    measures = page.measures
    metric = page.choice("metric", measures, default=page.usual_measure, named=True)
    if metric is None:
        page.demand("metric")
    others = {name: measures[name] for name in measures if name != metric}
    below = page.choice("below", others, named=True)
    asked = {"metric": metric, "denominator": below}
    kind: str | None = "ratio" if below else page.measure_kind(metric)
    if not below:
        asked["before"] = page.choice("before", others, named=True)
    if page.arrivals:
        asked["arrived"] = page.choice("arrived", page.arrivals, named=True)
    if page.past_variants:
        past = page.past_variants
        asked["variant"] = page.choice("only", past, named=True, more=True)
else:
    kind = page.choice("kind", ("share", "mean", "ratio"))
    if kind == "share":
        rate = page.number("baseline", 0.01, 99.99, default=10.0, percent=True)
        asked = {"baseline": rate}
    else:
        name = "ratio" if kind == "ratio" else "mean"
        asked["baseline"] = page.number(name, -LARGEST, LARGEST, default=50.0)
        asked["sd"] = page.number("sd", 0.0001, LARGEST, default=20.0)
    if kind == "ratio":
        asked["denominator"] = {
            "mean": page.number("under", 0.0001, LARGEST, default=1.5),
            "sd": page.number("under_sd", 0.0, LARGEST, default=0.5),
            "correlation": page.number("together", -1.0, 1.0, default=0.5, step=0.1),
        }
aim = page.choice("aim", ("effect", "time"))
if aim == "time":
    asked["days"] = page.number("days", 1, 3_650, default=28, step=7)
else:
    effect = page.choice("effect", ("relative", "absolute"))
    asked["relative"] = effect == "relative"
    if effect == "relative":
        asked["mde"] = page.number("lift", -99.0, 1000.0, default=10.0, percent=True)
    elif kind == "share":
        asked["mde"] = page.number("points", -99.0, 99.0, default=1.0, percent=True)
    else:
        asked["mde"] = page.number("change", -LARGEST, LARGEST, default=5.0)
if source == "table":
    daily = page.number("daily_or_table", 0, MOST, default=0)
else:
    daily = page.number("daily", 0, MOST, default=1_000)
    if kind != "ratio":
        before = page.number("correlation", -0.99, 0.99, default=0.0, more=True)
        asked["correlation"] = before
variants = page.number("variants", 2, 10, default=2, more=True)
looks = page.number("looks", 1, 50, default=1, more=True)
power = page.number("power", 50.0, 99.9, default=80.0, percent=True, more=True)
alpha = page.number("alpha", 0.1, 50.0, default=5.0, percent=True, more=True)
arms = [page.text("control"), *(page.text("variant", n=n) for n in range(1, variants))]
split = page.shares("split", arms)

page.cell(
    "ab_plan_from" if source == "table" else "ab_plan",
    **asked,
    daily_traffic=daily or None,
    variants=variants,
    power=power,
    alpha=alpha,
    looks=looks,
    split=list(split.values()) if split else None,
)
