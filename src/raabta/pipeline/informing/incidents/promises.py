"""Promises: ours and those of parties, with deadlines, and what became of them."""

import datetime as dt
from collections.abc import Iterable

from msgspec import structs

from raabta.model.incident import Promise, PromiseState, TimelineNote
from raabta.pipeline.informing.incidents.alarms import close_alarms, silence
from raabta.pipeline.informing.incidents.parties import require_party
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.pipeline.informing.settings import DutyPerson
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.promises import made, put_off, settled
from raabta.registry.incidents.steps import acting, utc
from raabta.registry.incidents.texts import needed, tidy_line
from raabta.registry.store import Records


def add_promise(records: Records, promise: Promise, *, duty: Iterable[DutyPerson], now: dt.datetime) -> Promise:
    """Write down who promised what until when. An empty ``party_id`` is our own promise.

    Args:
        records: Open for writing.
        promise: Open. Its ``escalations`` name people of the duty list; empty, the list's own levels hold.
        duty: The duty list.
        now: Aware UTC.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such incident, or no such party in it.
    """
    require_incident(records, promise.incident_id)
    if promise.party_id:
        require_party(records, promise.party_id, incident_id=promise.incident_id)
    kept = made(promise, duty=[person.name for person in duty], now=now)
    records.add(kept)
    return kept


def change_promise(
    records: Records, promise_id: str, *, words_ur: str | None = None, public: bool | None = None
) -> Promise:
    """Add the words in the other language, or say whether it is public. What was promised is never rewritten.

    Raises:
        ValueError: The words cannot be kept.
        LookupError: There is no such promise.
    """
    earlier = require_promise(records, promise_id)
    changed = structs.replace(
        earlier,
        words_ur=earlier.words_ur if words_ur is None else tidy_line("words_ur", words_ur),
        public=earlier.public if public is None else public,
    )
    records.put(changed)
    return changed


def settle_promise(
    records: Records, promise_id: str, *, state: PromiseState, at: dt.datetime, now: dt.datetime
) -> Promise:
    """Say that a promise was kept, broken or withdrawn; "open" takes that back. Its alarms fall silent.

    What is open again and overdue alarms again, also if somebody had taken it on: it was thought to be done since.

    Raises:
        ValueError: It is settled already, or the time is wrong.
        LookupError: There is no such promise.
    """
    earlier = require_promise(records, promise_id)
    changed = settled(earlier, state, at=at, now=now)
    records.put(changed)
    silence(records, about_id=earlier.id, now=now)
    if state == "open" and earlier.state != "open":
        close_alarms(records, about_id=earlier.id, now=now)
    return changed


def put_off_promise(records: Records, promise_id: str, *, due_at: dt.datetime, note: TimelineNote) -> Promise:
    """Give a promise a later deadline. The one before stays to be seen, and the clock of escalation begins anew.

    Args:
        records: Open for writing.
        promise_id: Which.
        due_at: The new deadline, aware UTC.
        note: Becomes the timeline's line on it: its id, time (now) and author; its text is the reason, or empty.

    Raises:
        ValueError: It is settled, or the deadline is not later.
        LookupError: There is no such promise.
    """
    earlier = require_promise(records, promise_id)
    changed = put_off(earlier, due_at, now=note.at)
    reason = tidy_line("reason", note.text)
    words = f"Put off from {utc(earlier.due_at)} to {utc(due_at)}: {earlier.words_en}{f' ({reason})' if reason else ''}"
    records.put(changed)
    records.add(
        structs.replace(note, incident_id=earlier.incident_id, by=acting(note.by), text=needed("reason", words))
    )
    silence(records, about_id=earlier.id, now=note.at)
    return changed


def require_promise(records: Records, id_: str) -> Promise:
    """Give a promise, by its id or the beginning of it.

    Raises:
        LookupError: There is none of this id, or several begin so.
    """
    found = records.get(Promise, whole_id(records, id_, prefix="pr-", kind=Promise))
    if found is None:
        message = f"there is no promise {id_!r}. Try: raabta incident promise list"
        raise LookupError(message)
    return found
