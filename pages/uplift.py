"""Uplift: who responds to a treatment, and whom to give it."""

from pages._frame.page import Page

page = Page("uplift", kind="experiment")

usual = next(iter(page.usual_metrics), None)
outcome = page.choice("outcome", page.metrics, default=usual, named=True)
if outcome is None:
    page.demand("outcome")
groups = page.variants
control = page.choice("control", groups, default=next(iter(groups), None), named=True)
others = [name for name in groups if name != control]
last = next(reversed(others), None)
treatment = page.choice("treatment", others, default=last, named=True)
target = page.number("target", 0.0, 99.0, default=0.0, percent=True)
known = [name for name in page.traits if name != outcome]
features = page.many("features", known, default=[], more=True)
cost = page.number("cost", 0.0, 1e12, default=0.0, more=True)
split = page.shares("split", groups)

page.cell(
    "uplift",
    outcome=outcome,
    treatment=treatment,
    control=control,
    target_share=target or None,
    features=features or None,
    cost=cost,
    expected_split=split,
)
