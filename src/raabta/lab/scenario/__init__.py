"""Scenarios: what a small country looks like, what interferes, and what is true.

The format is in docs/guides/scenarios.md.

- ``types``: the shapes of a scenario file
"""
