"""What a new bulletin begins with: its incident or thread, and what is known from there."""

from collections.abc import Mapping
from typing import Any, get_args

from msgspec import Struct

from raabta.model.bulletin import BulletinKind, BulletinText
from raabta.model.incident import Incident
from raabta.pipeline.informing.bulletins.filling import Known
from raabta.pipeline.informing.bulletins.finding import list_bulletins, require_bulletin
from raabta.pipeline.informing.bulletins.writing import Draft
from raabta.pipeline.informing.incidents.showing import find_incident
from raabta.publish.bulletin.templates import template_of
from raabta.registry import Records


class Start(Struct, frozen=True, kw_only=True):
    """Kind and thread of a new bulletin, what is known, and what its template says of its fields."""

    kind: BulletinKind
    thread_id: str = ""
    corrects_id: str = ""
    known: Known = Known()
    defaults: dict[str, Any] = {}


def start(records: Records, about: str, *, kind: str = "", template: str = "") -> Start:
    """Begin a bulletin.

    Args:
        records: The register.
        about: An incident, or the first bulletin of a thread that goes on; "" begins a thread.
        kind: Of a bulletin that begins a thread; "" is its template's.
        template: Its name, or "".

    Raises:
        ValueError: The kind cannot be.
        LookupError: There is no such incident or thread.
    """
    pattern = template_of(template) if template else None
    asked = kind or (pattern.kind if pattern is not None and pattern.kind != "any" else "")
    if about.startswith("bu-"):
        first = require_bulletin(records, about)
        thread_id, found_kind = first.thread_id, first.kind
        earlier = tuple(list_bulletins(records, thread_id=thread_id))
        known = Known(
            incident=records.get(Incident, thread_id), meeting=next(iter(first.meeting), None), earlier=earlier
        )
    elif about or asked in {"", "incident"}:
        incident = find_incident(records, about)
        earlier = tuple(list_bulletins(records, thread_id=incident.id))
        thread_id, found_kind, known = incident.id, "incident", Known(incident=incident, earlier=earlier)
    else:
        thread_id, found_kind, known = "", _kind(asked), Known()
    if asked and asked != found_kind:
        message = f"kind: {about or 'this'} is about an {found_kind}, not about a {asked}. Leave --kind out."
        raise ValueError(message)
    defaults = {"final": True} if pattern is not None and pattern.final else {}
    return Start(kind=found_kind, thread_id=thread_id, known=known, defaults=defaults)


def start_correction(records: Records, id_: str) -> Start:
    """Begin the bulletin that corrects another one.

    Raises:
        LookupError: There is none of this id.
    """
    wrong = require_bulletin(records, id_)
    known = Known(
        incident=records.get(Incident, wrong.thread_id),
        meeting=next(iter(wrong.meeting), None),
        advisory=next(iter(wrong.advisory), None),
        corrects=wrong,
    )
    return Start(kind=wrong.kind, thread_id=wrong.thread_id, corrects_id=wrong.id, known=known)


def draft_of(begun: Start, texts: tuple[BulletinText, ...], *, fields: Mapping[str, Any], known: Known) -> Draft:
    """Join what is known, what was typed and the texts into a draft."""
    given = dict(begun.defaults) | dict(fields)
    if given.get("next_update_at") is not None and "final" not in fields:
        given["final"] = False
    return Draft(
        kind=begun.kind,
        thread_id=begun.thread_id,
        corrects_id=begun.corrects_id,
        texts=texts,
        meeting=known.meeting,
        advisory=known.advisory,
        **given,
    )


def _kind(text: str) -> BulletinKind:
    for one in get_args(BulletinKind):
        if one == text:
            found: BulletinKind = one
            return found
    message = f"kind: {text!r} is none of {', '.join(get_args(BulletinKind))}."
    raise ValueError(message)
