"""A/B test: did a change work, from an experiment's table or from typed counts."""

from typing import Any

from pages._frame import typed
from pages._frame.page import Page

QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}

page = Page("ab_test")

usual = "table" if page.dataset.has("experiment") else "typed"
source = page.choice("source", ("table", "typed"), default=usual)
if source == "typed":
    kind = page.choice("kind", ("share", "mean"))
    counts = typed.counts(page, kind, page.number("variants", 2, 4, default=2))
    groups = list(counts)
    asked: dict[str, Any] = {"counts": counts, "control": groups[0]}
else:
    page.needs("experiment")
    groups = page.variants
    metrics: list[Any] = page.many("metrics", page.metrics, default=page.usual_metrics)
    others = [name for name in page.metrics if name not in metrics]
    control = page.choice(
        "control", groups, default=next(iter(groups), None), named=True
    )
    guardrails: list[Any] = page.many("guardrails", others, default=[], more=True)
    others = [name for name in others if name not in guardrails]
    above = page.choice("above", page.metrics, named=True, more=True)
    below = page.choice("below", page.metrics, named=True, more=True)
    if above and below:
        metrics = [*metrics, {"numerator": above, "denominator": below}]
        others = [name for name in others if name not in {above, below}]
    ordered = page.choice("quantile_of", page.metrics, named=True, more=True)
    if ordered:
        at = QUANTILES[page.choice("quantile", list(QUANTILES), more=True) or "median"]
        metrics = [*metrics, {"numerator": ordered, "quantile": at}]
        others = [name for name in others if name != ordered]
    outliers = page.choice("outliers", ("kept", "cut"), more=True)
    asked = {
        "metrics": metrics,
        "guardrails": guardrails,
        "control": control,
        "segments": page.many("segments", page.segments, default=[], more=True),
        "strata": page.many("strata", page.strata, default=[], more=True),
        "covariate": page.choice("covariate", others, named=True, more=True),
        "winsorize": 0.999 if outliers == "cut" else None,
    }

margin = page.number("margin", 0.0, 100.0, default=0.0, percent=True)
planned = page.number("planned", 0, 1_000_000_000_000, default=0, more=True)
method: str | None = "fixed"
looks = 5
if planned:
    method = page.choice("method", ("fixed", "sequential", "always"), more=True)
if method == "sequential":
    looks = page.number("looks", 2, 50, default=5, more=True)
daily = page.number("daily", 0, 1_000_000_000_000, default=0, more=True)
split = page.shares("split", groups)

page.cell(
    "ab_summary" if source == "typed" else "ab_test",
    **asked,
    margin=margin or None,
    planned_n=planned or None,
    method=method,
    looks=looks,
    daily_traffic=daily or None,
    expected_split=split,
)
