"""Who was asked or who acts, and what was written to them and by them. Contacts and messages are stored encrypted."""

import datetime as dt

from msgspec import structs

from raabta.model.incident import Message, Party
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting, past_moment
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text
from raabta.registry.store import Records
from raabta.registry.wellformed import EMAIL, PHONE


def add_party(records: Records, party: Party) -> Party:
    """Write down a party of an incident.

    Raises:
        ValueError: A field is wrong. The text does not repeat a contact.
        LookupError: There is no such incident.
    """
    require_incident(records, party.incident_id)
    tidied = _tidied(party)
    records.add(tidied)
    return tidied


def change_party(records: Records, changed: Party) -> Party:
    """Replace what is known of a party; it stays with its incident.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such party.
    """
    earlier = require_party(records, changed.id)
    tidied = structs.replace(_tidied(changed), incident_id=earlier.incident_id, created_at=earlier.created_at)
    records.put(tidied)
    return tidied


def require_party(records: Records, id_: str, *, incident_id: str = "") -> Party:
    """Give a party by its id or the beginning of it, of this incident where one is given.

    Raises:
        LookupError: There is none.
    """
    found = records.get(Party, whole_id(records, id_, prefix="pa-", kind=Party))
    if found is None or incident_id not in {"", found.incident_id}:
        message = (
            f"there is no party {id_!r}{' in this incident' if incident_id else ''}. Try: raabta incident party list"
        )
        raise LookupError(message)
    return found


def add_message(records: Records, message: Message, *, now: dt.datetime) -> Message:
    """Keep what was written or said to a party, or by it.

    Raises:
        ValueError: A field is wrong. The text does not repeat what was written.
        LookupError: There is no such incident, or no such party in it.
    """
    require_incident(records, message.incident_id)
    require_party(records, message.party_id, incident_id=message.incident_id)
    tidied = structs.replace(
        message,
        at=past_moment("at", message.at, now=now),
        subject=tidy_line("subject", message.subject),
        text=needed("text", tidy_text("text", message.text)),
        by=acting(message.by),
    )
    records.add(tidied)
    return tidied


def _tidied(party: Party) -> Party:
    lines = {name: tidy_line(name, getattr(party, name)) for name in _LINES}
    needed("name_en", lines["name_en"])
    if lines["email"] and not EMAIL.fullmatch(lines["email"]):
        message = "email: an address as someone@example.pk."
        raise ValueError(message)
    if lines["phone"] and not PHONE.fullmatch(lines["phone"]):
        message = "phone: digits with blanks between them, beginning with + or 0."
        raise ValueError(message)
    return structs.replace(party, **lines)


_LINES = ("name_en", "name_ur", "desk", "contact_name", "email", "phone", "reference")
