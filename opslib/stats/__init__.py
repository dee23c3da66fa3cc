"""Shared mathematics: intervals, tests, multiplicity; each with its source."""
