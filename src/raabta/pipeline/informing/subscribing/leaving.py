"""Somebody leaves, and what is forgotten of those who left or never confirmed.

Leaving needs no reason and no second step. Who leaves by the button of the web page is sent one last message, since a
bulletin may have been passed on to somebody else, who pressed it; then their address stays until it was sent, three
days at most, and nothing of the row after that. Where a mail program leaves for its owner (RFC 8058), nothing more is
sent, and the address goes at once. The hash goes at once in both cases: the same address may subscribe anew.
"""

import datetime as dt

from msgspec import structs

from raabta.model.subscription import Delivery, Subscriber
from raabta.pipeline.informing.subscribing.limits import FORGET_AT_ONCE_MAX, FORGET_ENDED_AFTER, FORGET_PENDING_AFTER
from raabta.registry.records import Records
from raabta.registry.subscribers import forgettable


def leave(records: Records, id_: str, *, now: dt.datetime, goodbye: bool) -> Subscriber | None:
    """End a subscription; twice is as once.

    Args:
        records: Of a change.
        id_: The subscriber's.
        now: When.
        goodbye: Send a last message that says so.

    Returns:
        Who left, as before; None where they had left already, or never were there.
    """
    found = records.get(Subscriber, id_)
    if found is None or found.state == "ended":
        return None
    tells = goodbye and found.channel == "email" and found.state == "confirmed"
    kept = {} if tells else {"address": "", "member_id": "", "component_ids": (), "kinds": (), "products": ()}
    records.put(structs.replace(found, address_hash="", secret="", state="ended", ended_at=now, **kept))
    if tells:
        records.add(_last_message(found, now))
    return found


def forget(records: Records, *, now: dt.datetime) -> int:
    """Remove who never confirmed within 7 days, and who left 3 days ago; some hundred at a time.

    Returns:
        How many went; call it again where it is ``FORGET_AT_ONCE_MAX``.
    """
    ids = forgettable(
        records,
        pending_before=now - FORGET_PENDING_AFTER,
        ended_before=now - FORGET_ENDED_AFTER,
        n_most=FORGET_AT_ONCE_MAX,
    )
    return records.remove_all(Subscriber, id=ids) if ids else 0


def _last_message(subscriber: Subscriber, now: dt.datetime) -> Delivery:
    subject = f"{now:%Y%m%dT%H%M%SZ}"
    return Delivery(
        id=f"goodbye/{subject}/{subscriber.id}",
        channel=subscriber.channel,
        reason="goodbye",
        subject_id=subject,
        to_id=subscriber.id,
        created_at=now,
        next_try_at=now,
    )
