"""Test planner: how many users an experiment needs, and for how long."""

from pages._frame.page import Page

page = Page("ab_plan")

kind = page.choice("kind", ("share", "mean"))
effect = page.choice("effect", ("relative", "absolute"))
if kind == "share":
    baseline = page.number("baseline", 0.01, 99.99, default=10.0, percent=True)
    sd = None
else:
    baseline = page.number("mean", -1e12, 1e12, default=50.0)
    sd = page.number("sd", 0.0001, 1e12, default=20.0)
if effect == "relative":
    mde = page.number("lift", -99.0, 1000.0, default=10.0, percent=True)
elif kind == "share":
    mde = page.number("points", -99.0, 99.0, default=1.0, percent=True)
else:
    mde = page.number("change", -1e12, 1e12, default=5.0)
daily = page.number("daily", 0, 1_000_000_000_000, default=1_000)
variants = page.number("variants", 2, 10, default=2, more=True)
looks = page.number("looks", 1, 50, default=1, more=True)
power = page.number("power", 50.0, 99.9, default=80.0, percent=True, more=True)
alpha = page.number("alpha", 0.1, 50.0, default=5.0, percent=True, more=True)

page.cell(
    "ab_plan",
    baseline=baseline,
    mde=mde,
    relative=effect == "relative",
    sd=sd,
    daily_traffic=daily or None,
    variants=variants,
    power=power,
    alpha=alpha,
    looks=looks,
)
