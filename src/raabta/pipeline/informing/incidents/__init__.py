"""Incident files in and out of the register: the Python API of what ``raabta incident`` does.

- ``opening``: open an incident, change its facts
- ``stepping``: states, causes, links, notes
- ``parties``: who was asked, and what was written
- ``promises``, ``statements``: who promised or stated what
- ``alarms``: what is due, who is told, who acknowledged
- ``showing``: an incident by its id or the beginning of it; ``timelines``: all its records, and its timeline

Every function takes the records of one transaction, values and the time; it checks, and raises ``ValueError`` or
``LookupError`` with words that name the field. Nothing here is public: see ``pipeline.informing.bulletins``.
"""

from raabta.pipeline.informing.incidents.alarms import acknowledge, due, raise_alarms
from raabta.pipeline.informing.incidents.opening import change_incident, open_incident
from raabta.pipeline.informing.incidents.parties import add_message, add_party, change_party
from raabta.pipeline.informing.incidents.promises import (
    add_promise,
    change_promise,
    put_off_promise,
    settle_promise,
)
from raabta.pipeline.informing.incidents.showing import find_incident, require_incident
from raabta.pipeline.informing.incidents.statements import add_statement, change_statement
from raabta.pipeline.informing.incidents.stepping import add_link, add_note, set_cause, take_step
from raabta.pipeline.informing.incidents.timelines import read_file, timeline

__all__ = [
    "acknowledge",
    "add_link",
    "add_message",
    "add_note",
    "add_party",
    "add_promise",
    "add_statement",
    "change_incident",
    "change_party",
    "change_promise",
    "change_statement",
    "due",
    "find_incident",
    "open_incident",
    "put_off_promise",
    "raise_alarms",
    "read_file",
    "require_incident",
    "set_cause",
    "settle_promise",
    "take_step",
    "timeline",
]
