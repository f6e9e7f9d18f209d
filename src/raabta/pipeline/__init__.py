"""The only place where stages are joined.

- ``defaults``: the tables, knowledge and example that the package carries, ready to use
- ``sources``: paths, folders and standard input to batches of documents
- ``bulk``: many documents to verdicts, in one process, or in several by ``processes``
- ``single``: one document or file at a time, for the Python API and for explaining
- ``probing``: a round of probing, with ``followups`` (driven within the budget), ``identity`` (a document's envelope),
  ``control_client`` (a control, asked over ``control_line``) and ``probe_defaults`` (whom else to ask)

What this package offers by itself is imported when it is asked for: the register's commands need none of it.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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

_HOMES: Final = {
    "Outcome": "bulk",
    "Settings": "defaults",
    "diagnose_bulk": "bulk",
    "diagnose_document": "single",
    "diagnose_each": "single",
    "example_document": "defaults",
    "load_diagnosis": "defaults",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__} has no attribute {name}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
