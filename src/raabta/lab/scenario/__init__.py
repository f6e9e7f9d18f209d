"""Scenarios: what a small country looks like, what interferes, and what is true.

The format is in docs/guides/scenarios.md.

- ``types``: the shapes of a scenario file
- ``vocabulary``: actions, triggers and conditions, as tables
- ``load``: files to scenarios; ``shape`` and ``check`` find every mistake, ``places`` its line
"""
