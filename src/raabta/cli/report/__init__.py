"""Text for people, from verdicts.

- ``words``: states, probabilities, targets, networks, said without ids
- ``summary`` and ``lines``: the table, by network and target, then a line a measurement
- ``explain``: one measurement in full, with ``steps`` (what was tried) drawn by ``waterfall``
"""
