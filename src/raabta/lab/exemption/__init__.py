"""Does "does it work?" work? A filtering gateway, with and without a list, in arrangements whose truth is known.

Read in this order: ``arrangements`` (what is arranged, and the truth, in ``arrangements.toml``) → ``ground`` (who has
which address and key; the list; what the operator's router inspects) → ``servers`` (WireGuard and OpenVPN, up, down,
busy, with a wrong key) → ``measuring`` (a country, its servers, the gateway; one client after another runs the real
``expect_exempt``) → ``worker`` (that, in namespaces of its own) → ``scoring`` (answers beside truth).

The worker is never told the truth: orders carry situations only, and the truth stays with who scores.
"""

from raabta.lab.exemption.arrangements import (
    Arrangement,
    Situation,
    Truth,
    load_arrangements,
    load_own_arrangements,
)
from raabta.lab.exemption.scoring import Row, run_arrangements, score

__all__ = [
    "Arrangement",
    "Row",
    "Situation",
    "Truth",
    "load_arrangements",
    "load_own_arrangements",
    "run_arrangements",
    "score",
]
