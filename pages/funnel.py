"""Funnel: where users drop out on the way to a goal."""

from pages._frame.exclusions import exclusions
from pages._frame.page import Page
from pages._frame.segment import where
from pages._frame.steps import steps, titles

page = Page("funnel", kind=("events", "counts"))

if page.kind == "counts":
    page.cell("funnel_counts")
else:
    dates = page.dates()
    path = steps(page)
    days = page.number("days", 1, 90, default=7)
    compare = page.compare()
    view = page.choice("view", ("steps", "over_time", "times"))
    excluded = exclusions(page, path)
    segment = where(page)
    order = page.choice("order", ("ordered", "strict", "unordered"), more=True)
    effect = page.choice("exclude_effect", ("remove_user", "end_attempt"), more=True)
    attempt = page.choice("attempt", ("deepest", "first"), more=True)
    ties = page.choice("ties", ("step_order", "strict"), more=True)
    by = page.choice("by", page.properties, named=True, more=True)
    attribution = page.choice(
        "attribution",
        ("first_touch", "last_touch", "all_events"),
        further={f"step_{i}": name for i, name in enumerate(titles(path))},
        more=True,
    )
    groups = page.values(by)
    baseline = page.choice("baseline", groups, named=True, more=True) if by else None
    period = page.choice(
        "period", ("day", "week", "month"), default=page.usual_period, more=True
    )
    views = {"over_time": ("over_time_chart", period), "times": ("times_chart",)}
    page.cell(
        "funnel",
        view=views.get(view or ""),
        steps=path,
        window=f"{days}D",
        order=order,
        attempt=attempt,
        ties=ties,
        exclude=excluded,
        exclude_effect=effect,
        dates=dates,
        compare=compare,
        by=by,
        attribution=attribution,
        baseline=baseline,
        where=segment,
    )
