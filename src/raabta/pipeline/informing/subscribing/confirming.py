"""Whoever reads an address says yes, changes their wishes, or has a new secret made.

The id comes from a token of a message that we sent there (``tokens``): holding it is the proof. How long a link to
confirm works is counted from when it was sent last; links to change or leave work as long as the subscription.
"""

import datetime as dt
from collections.abc import Callable

from msgspec import structs

from raabta.model.subscription import Subscriber
from raabta.pipeline.informing.subscribing.asking import new_secret
from raabta.pipeline.informing.subscribing.inviting import read_invitation
from raabta.pipeline.informing.subscribing.limits import CONFIRM_WITHIN
from raabta.pipeline.informing.subscribing.wishes import Wishes, with_wishes
from raabta.registry.records import Records


def required(records: Records, id_: str) -> Subscriber:
    """Give a subscriber who is there.

    Raises:
        LookupError: There is none, or they left.
    """
    found = records.get(Subscriber, id_)
    if found is None or found.state == "ended":
        message = f"{id_}: there is no such subscription, or it has ended. Look with: raabta subscribe list"
        raise LookupError(message)
    return found


def confirmable(records: Records, id_: str, *, now: dt.datetime) -> Subscriber:
    """Give a subscriber whose link to confirm still works; also one who has confirmed.

    Raises:
        LookupError: There is none, or they left.
        ValueError: The link is too old.
    """
    found = required(records, id_)
    if found.state != "confirmed" and now - found.asked_at > CONFIRM_WITHIN:
        message = "this link is older than 48 hours. Subscribe once more, and a new one comes."
        raise ValueError(message)
    return found


def confirm(records: Records, id_: str, *, now: dt.datetime) -> tuple[Subscriber, bool]:
    """Confirm; twice is as once. Bounces of before are forgotten.

    Returns:
        The subscriber, and whether this was what confirmed: only then is a webhook's secret shown.

    Raises:
        LookupError: There is none, or they left.
        ValueError: The link is too old.
    """
    found = confirmable(records, id_, now=now)
    if found.state == "confirmed":
        return found, False
    confirmed = structs.replace(found, state="confirmed", confirmed_at=now, n_bounces=0, bounced_at=None)
    records.put(confirmed)
    return confirmed, found.state == "pending"


def change(records: Records, id_: str, *, wishes: Wishes, now: dt.datetime) -> Subscriber:
    """Give a subscriber other wishes. A code makes them a member's; without one they stay what they were.

    Raises:
        LookupError: There is none, or they left.
        ValueError: The code is none.
    """
    found = required(records, id_)
    changed = with_wishes(found, wishes, member_id=read_invitation(records, wishes.invitation, now=now))
    records.put(changed)
    return changed


def renew_secret(records: Records, id_: str, *, new_bytes: Callable[[int], bytes]) -> Subscriber:
    """Give a webhook a new secret; from now on calls are signed with it alone.

    Raises:
        LookupError: There is none, or they left.
        ValueError: It is no webhook.
    """
    found = required(records, id_)
    if found.channel != "webhook":
        message = f"{id_}: only a webhook has a secret, and this is {found.channel}."
        raise ValueError(message)
    renewed = structs.replace(found, secret=new_secret(new_bytes))
    records.put(renewed)
    return renewed
