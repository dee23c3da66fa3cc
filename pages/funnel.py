"""Funnel: where users drop out on the way to a goal."""

from pages._frame.page import Page

page = Page("funnel", kind=("events", "counts"))

if page.kind == "counts":
    page.cell("funnel_counts")
else:
    dates = page.dates()
    steps = page.many("steps", page.events, default=page.usual_steps)
    days = page.number("days", 1, 90, default=7)
    compare = page.compare()
    view = page.choice("view", ("steps", "over_time", "times"))
    order = page.choice("order", ("ordered", "strict", "unordered"), more=True)
    unwanted = page.many("exclude", page.events, default=[], more=True)
    effect = page.choice("exclude_effect", ("remove_user", "end_attempt"), more=True)
    by = page.choice("by", page.properties, named=True, more=True)
    attribution = page.choice(
        "attribution", ("first_touch", "last_touch", "all_events"), more=True
    )
    groups = page.values(by)
    baseline = page.choice("baseline", groups, named=True, more=True) if by else None
    period = page.choice(
        "period", ("day", "week", "month"), default=page.usual_period, more=True
    )
    views = {"over_time": ("over_time_chart", period), "times": ("times_chart",)}
    # From the first step to the last.
    between = {"after": 0, "before": len(steps[1:])}
    page.cell(
        "funnel",
        view=views.get(view or ""),
        steps=steps,
        window=f"{days}D",
        order=order,
        exclude=[{"event": event, **between} for event in unwanted],
        exclude_effect=effect,
        dates=dates,
        compare=compare,
        by=by,
        attribution=attribution,
        baseline=baseline,
    )
