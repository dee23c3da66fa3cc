"""How well exports are known: right, asked about, or wrong and sure of it."""

from collections import Counter

import opslib as ops

ASKS = {"ingest.kind_close", "ingest.kind_guess", "ingest.kind_guess_or"}


def judge(kind, roles, report):
    """Say in a word how the reader did on a table whose kind and roles are known.

    "right" and "roles" are sure of the right kind, with all roles or not; "wrong" is
    sure of another one. "asked" is not sure, with the right kind among the first two;
    "unknown" did not tell the kind, or asked about two wrong ones. A table of none of
    the kinds is right where it is not told.
    """
    if kind == "none":
        kind = ""
    if not report.kind:
        return "unknown" if kind else "right"
    if any(note.code in ASKS for note in report.warnings):
        right = kind in {report.kind, report.runner_up} or not kind
        return "asked" if right else "unknown"
    if report.kind != kind:
        return "wrong"
    return "right" if report.roles == roles else "roles"


def tally(cases):
    """Count what became of exports, and how many are right by kind, asked or not."""
    counts = Counter()
    for kind, _, content, roles in cases:
        report = ops.read_table(content).report
        counts[judge(kind, roles, report)] += 1
        counts["kind"] += report.kind == kind.replace("none", "")
    return counts
