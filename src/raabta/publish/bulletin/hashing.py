"""What an approval is bound to: all that readers will see of a bulletin, in one canonical form, hashed.

Times are written in UTC without their microseconds' trailing forms, so that a bulletin read back from another database
has the same hash. Who wrote it, when, and what was accepted are not part of it: they are not published.
"""

import datetime as dt
import hashlib
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from raabta.model.bulletin import Bulletin

HASHED: Final = (
    "id",
    "thread_id",
    "kind",
    "number",
    "texts",
    "incident_state",
    "severity",
    "component_ids",
    "operator_ids",
    "evidence_class",
    "probability_percent",
    "next_update_at",
    "final",
    "corrects_id",
    "audience",
    "meeting",
    "advisory",
)
"""Fields that readers see, or that decide who they are."""


def content_hash(bulletin: Bulletin) -> str:
    """Give the SHA-256 of what is published of a bulletin, as hex."""
    content = {name: _plain(getattr(bulletin, name)) for name in HASHED}
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, Struct):
        return {name: _plain(one) for name, one in structs.asdict(value).items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
