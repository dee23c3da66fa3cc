"""Exports of shops, analytics tools and spreadsheets are known without an option."""

import pytest

import opslib as ops
from tests.ingest.exports import exports

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


def test_a_close_call_between_kinds_is_rare():
    close = [
        name
        for _, name, content, _ in exports()
        for note in ops.read_table(content).report.warnings
        if note.code == "ingest.kind_close"
    ]
    assert len(close) <= 2, close
