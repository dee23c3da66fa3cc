"""Test simulator: what a test finds on one's own users, with and without an effect."""

from pages._frame.page import Page

page = Page("ab_simulate", kind="units")

measures = page.measures
metric = page.choice("metric", measures, default=page.usual_measure, named=True)
if metric is None:
    page.demand("metric")
lift = page.number("lift", -100.0, 1000.0, default=0.0, percent=True)
units = page.number("units", 0, 1_000_000_000, default=0)
methods = ("fixed", "sequential", "always", "peeking")
method = page.choice("method", methods)
looks = 5
if method != "fixed":
    looks = page.number("looks", 2, 50, default=5)
others = {name: measures[name] for name in measures if name != metric}
below = page.choice("below", others, named=True, more=True)
others = {name: others[name] for name in others if name != below}
covariate = page.choice("covariate", others, named=True, more=True)
outliers = page.choice("outliers", ("kept", "cut"), more=True)
share = page.number("share", 1.0, 99.0, default=50.0, percent=True, more=True)
alpha = page.number("alpha", 0.1, 50.0, default=5.0, percent=True, more=True)
runs = page.number("runs", 100, 10_000, default=1_000, more=True)
seed = page.number("seed", 0, 4_294_967_295, default=0, more=True)

page.cell(
    "ab_simulate",
    metric=metric,
    denominator=below,
    covariate=covariate,
    winsorize=0.999 if outliers == "cut" else None,
    lift=lift,
    share=share,
    n=units or None,
    method=method,
    looks=looks,
    alpha=alpha,
    runs=runs,
    seed=seed,
)
