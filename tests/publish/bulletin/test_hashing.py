"""An approval is bound to all that readers see."""

import datetime as dt
from typing import Any

import pytest
from msgspec import structs

from raabta.model.bulletin import Advisory, Bulletin, Meeting
from raabta.publish.bulletin.hashing import HASHED, content_hash
from tests.cases.bulletins import LATER, NOW, OTHER_NUMBER
from tests.publish.bulletin.test_wording import BULLETIN

NOT_SEEN = {
    "state", "accepted", "author", "changed_by", "created_at", "changed_at", "approved_by", "approved_at",
    "approved_hash", "published_by", "published_at", "sequence",
}  # fmt: skip
OTHER: dict[str, Any] = {
    "id": "bu-b",
    "thread_id": "in-b",
    "kind": "notice",
    "number": 2,
    "texts": OTHER_NUMBER,
    "incident_state": "resolved",
    "severity": "minor",
    "component_ids": (),
    "operator_ids": (),
    "evidence_class": "measured",
    "probability_percent": 84,
    "next_update_at": LATER + dt.timedelta(microseconds=1),
    "final": True,
    "corrects_id": "bu-0",
    "audience": "members",
    "meeting": (Meeting(starts_at=NOW, ends_at=LATER, place_en="Hall"),),
    "advisory": (Advisory(products=("pan-os",)),),
}


def test_every_field_is_either_seen_or_not() -> None:
    assert set(HASHED) | NOT_SEEN == set(Bulletin.__struct_fields__)
    assert set(HASHED) == set(OTHER)


@pytest.mark.parametrize("field", HASHED)
def test_a_change_of_what_readers_see_changes_the_hash(field: str) -> None:
    assert content_hash(structs.replace(BULLETIN, **{field: OTHER[field]})) != content_hash(BULLETIN)


def test_who_did_what_when_does_not_change_the_hash() -> None:
    later = structs.replace(BULLETIN, state="published", approved_by="Bilal", sequence=7, changed_at=LATER)
    assert content_hash(later) == content_hash(BULLETIN)


def test_the_same_moment_in_another_zone_has_the_same_hash() -> None:
    karachi = dt.timezone(dt.timedelta(hours=5))
    assert content_hash(structs.replace(BULLETIN, next_update_at=LATER.astimezone(karachi))) == content_hash(BULLETIN)
