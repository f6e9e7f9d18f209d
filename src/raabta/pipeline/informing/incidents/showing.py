"""An incident by its id, or by the beginning of it."""

from typing import Final

from raabta.model.incident import Incident
from raabta.registry.incidents.finding import ids_beginning, last_opened
from raabta.registry.store import Records

LAST: Final = "last"
"""In place of an id: the incident that was opened last, whatever its state."""


def require_incident(records: Records, id_: str) -> Incident:
    """Give an incident.

    Raises:
        LookupError: There is none of this id.
    """
    found = records.get(Incident, id_)
    if found is None:
        message = f"there is no incident {id_!r}. Try: raabta incident list"
        raise LookupError(message)
    return found


def find_incident(records: Records, text: str) -> Incident:
    """Give the incident that somebody means: by its id, the beginning of it (with "in-" or without), or ``last``.

    Raises:
        LookupError: There is none, or more than one begins so.
    """
    text = text.strip().lower()
    if text == LAST:
        newest = last_opened(records)
        return require_incident(records, newest or LAST)
    if not text or not text.isascii() or not text.isprintable():
        message = f"there is no incident {text[:80]!a}. Try: raabta incident list"
        raise LookupError(message)
    exact = records.get(Incident, text)
    if exact is not None:
        return exact
    whole = text if text.startswith("in-") else f"in-{text}"
    ids = ids_beginning(records, whole, n_most=4)
    if len(ids) > 1:
        among = ", ".join(ids[:3])
        message = f"{text!r} may be several: {among}{' …' if len(ids) > 3 else ''}. Type some more of the id."
        raise LookupError(message)
    return require_incident(records, ids[0] if ids else text)
