"""Weighs evidence: observations and control in, verdict out.

Read in this order: ``diagnosis`` (the stage) → ``web`` and ``services`` (from observations to cells, in the order of
the protocols; ``names`` for a host's name) → ``dns tcp tls http`` (the facts of each layer), ``chain`` (redirects),
``certificates`` (chains checked here), ``probe_faults`` (failures that are the probe's own) → ``weigh`` (facts to
posterior) with ``knowledge`` (the two tables in ``data/``) and ``priors`` → ``combine`` (cells to verdict). ``context``
holds what other measurements say.
"""

from raabta.diagnose.context import Context
from raabta.diagnose.diagnosis import Diagnosis
from raabta.diagnose.knowledge import Knowledge, KnowledgeError, parse_knowledge
from raabta.diagnose.priors import PRIORS, Prior

__all__ = ["PRIORS", "Context", "Diagnosis", "Knowledge", "KnowledgeError", "Prior", "parse_knowledge"]
