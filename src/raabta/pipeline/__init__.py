"""The only place where stages are joined.

- ``defaults``: the tables, knowledge and example that the package carries, ready to use
- ``sources``: paths, folders and standard input to batches of documents
- ``bulk``: many documents to verdicts, in one process, or in several by ``processes``
- ``single``: one document or file at a time, for the Python API and for explaining
- ``probing``: a round of probing, with ``followups`` (driven within the budget), ``identity`` (a document's envelope),
  ``control_client`` (a control, asked over ``control_line``) and ``probe_defaults`` (whom else to ask)
"""

from raabta.pipeline.bulk import Outcome, diagnose_bulk
from raabta.pipeline.defaults import Settings, example_document, load_diagnosis
from raabta.pipeline.single import diagnose_document, diagnose_each

__all__ = [
    "Outcome",
    "Settings",
    "diagnose_bulk",
    "diagnose_document",
    "diagnose_each",
    "example_document",
    "load_diagnosis",
]
