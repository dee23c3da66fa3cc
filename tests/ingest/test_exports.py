"""Exports of shops, analytics tools and spreadsheets are known without an option."""

import pytest

import opslib as ops
from tests.ingest.exports import LEARNT, exports, halves
from tests.ingest.judge import ASKS, tally

# Amazon's item-price is that of the whole line, elsewhere it is that of one piece; a
# ticket's number is an order's only where tickets are sold; payments look like orders.
# The others have names that nothing is known of: they are asked about.
MISSED = {"Amazon", "ticketing", "bank app", "推送", "知识星球", "WhatsApp", "mentions"}


@pytest.mark.parametrize(
    ("kind", "name", "content", "roles"),
    list(exports()),
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_an_export_is_known_by_its_headers_and_values(kind, name, content, roles):
    report = ops.read_table(content).report
    if name in MISSED:
        assert (report.kind, report.roles) != (kind, roles), f"{name} is known now"
    else:
        assert (report.kind, report.roles) == (kind, roles)


@pytest.mark.slow
def test_a_close_call_between_kinds_is_rare():
    asked = [
        (name, note.code)
        for _, name, content, _ in exports()
        for note in ops.read_table(content).report.warnings
        if note.code in ASKS
    ]
    assert len([name for name, code in asked if code == "ingest.kind_close"]) <= 2
    assert len(asked) <= 3, asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("half", "kind", "wrong", "lost"), [(0, 70, 1, 0), (1, 68, 4, 2)]
)
def test_exports_never_seen_are_known_or_asked_about(half, kind, wrong, lost):
    """Floors: what the halves of unseen.txt have reached, of 77 each."""
    counts = tally(halves()[half])
    assert counts["kind"] >= kind, counts
    assert counts["wrong"] <= wrong, counts
    assert counts["unknown"] <= lost, counts


@pytest.mark.slow
def test_exports_of_many_small_programs_are_known_or_asked_about():
    counts = tally(exports(LEARNT))
    assert counts["kind"] >= 115, counts
    assert counts["wrong"] <= 2, counts
    assert counts["unknown"] <= 7, counts
