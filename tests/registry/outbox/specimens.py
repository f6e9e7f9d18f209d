"""Subscribers, bulletins and their dispatches, to send in tests of the outbox."""

import datetime as dt
from typing import Any

from raabta.model.bulletin import Advisory, Bulletin, BulletinText
from raabta.model.subscription import Delivery, Dispatch, Subscriber
from tests.registry.specimens import NOW

TEXTS = (
    BulletinText(language="en", title="A CDN cannot be reached", known="example.com does not answer."),
    BulletinText(language="ur", title="ایک سی ڈی این تک رسائی نہیں", known="example.com جواب نہیں دیتا۔"),
)


def subscriber(id_: str = "su-a", **fields: Any) -> Subscriber:
    """Make one who confirmed an hour ago."""
    given: dict[str, Any] = {
        "channel": "email",
        "address": f"{id_}@example.pk",
        "address_hash": id_,
        "state": "confirmed",
        "created_at": NOW,
        "asked_at": NOW,
        "confirmed_at": NOW - dt.timedelta(hours=1),
    }
    return Subscriber(id=id_, **(given | fields))


def bulletin(id_: str = "bu-a", **fields: Any) -> Bulletin:
    """Make one that is published."""
    given: dict[str, Any] = {
        "thread_id": "in-a",
        "kind": "incident",
        "number": 1,
        "texts": TEXTS,
        "incident_state": "confirmed",
        "severity": "major",
        "next_update_at": NOW + dt.timedelta(hours=1),
        "state": "published",
        "author": "Asma",
        "created_at": NOW,
        "changed_at": NOW,
        "published_at": NOW,
        "published_by": "Bilal",
        "sequence": 1,
    }
    return Bulletin(id=id_, **(given | fields))


def advisory(*products: str, **fields: Any) -> Bulletin:
    """Make an advisory for those who run products."""
    about = Advisory(products=products)
    return bulletin("bu-ad", kind="advisory", audience="product_users", advisory=(about,), **fields)


def dispatch(bulletin_id: str = "bu-a", **fields: Any) -> Dispatch:
    """Make the dispatch of a bulletin, now."""
    return Dispatch(id=f"di-{bulletin_id}", bulletin_id=bulletin_id, **({"created_at": NOW} | fields))


def delivery(to_id: str = "su-a", **fields: Any) -> Delivery:
    """Make a delivery that waits."""
    given: dict[str, Any] = {
        "channel": "email",
        "reason": "bulletin",
        "subject_id": "bu-a",
        "created_at": NOW,
        "next_try_at": NOW,
    } | fields
    return Delivery(id=f"{given['reason']}/{given['subject_id']}/{to_id}", to_id=to_id, **given)
