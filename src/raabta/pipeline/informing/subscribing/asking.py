"""Somebody asks to be told: the address waits until whoever reads it confirms (double opt-in).

Who asks learns nothing about the address: forms give the same answer whether it is new, waits already, or is a
subscriber's. What happens:

- new: it waits, and is sent a request to confirm
- waits since less than a day: nothing; longer: the newest wishes hold, and one more request goes out
- a subscriber's, or suspended after bounces: nothing changes but that a message goes out, with links to confirm and to
  change; a stranger who types somebody's address cannot change what they get
"""

import datetime as dt
from base64 import b64encode
from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from raabta.model.subscription import Channel, Delivery, Subscriber
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.subscribing.addresses import mailbox_of, tidy_address
from raabta.pipeline.informing.subscribing.inviting import read_invitation
from raabta.pipeline.informing.subscribing.limits import ASK_AGAIN_AFTER, ASKED_OF_MAILBOX_MAX, PENDING_MAX
from raabta.pipeline.informing.subscribing.wishes import Wishes, with_wishes
from raabta.publish.message.webhook import SECRET_MARK
from raabta.registry.records import Records
from raabta.registry.secrets import RegisterKey
from raabta.registry.subscribers import address_hash, count_asked, find_subscriber

SECRET_BYTES: Final = 32
"""Of a webhook's signature: Standard Webhooks asks for 24 to 64."""


class Made(Struct, frozen=True, kw_only=True):
    """What new rows are made with: the time, ids ("su-") and bytes that nobody guesses."""

    now: dt.datetime
    new_id: Callable[[str], str]
    new_bytes: Callable[[int], bytes]


class Asked(Struct, frozen=True, kw_only=True):
    """What became of it; for the desk only, never for who asked. ``sent`` is False where a limit held it back."""

    subscriber: Subscriber
    sent: bool
    words: str


def ask(
    records: Records, address: str, *, channel: Channel, wishes: Wishes, settings: Publishing, made: Made
) -> Asked | None:
    """Have an address wait for its confirmation. From a form: networks of this house are refused.

    Returns:
        None where a limit over all held back a new address: then nothing is kept of it.

    Raises:
        ValueError: A field is wrong. The text names it and repeats nothing.
    """
    tidied = tidy_address(address, channel, settings=settings, by_desk=False)
    return _ask(records, tidied, channel=channel, wishes=wishes, made=made)


def is_full(records: Records) -> bool:
    """Say whether too many wait already. A form then refuses everybody alike: so it shows of no address what it is."""
    return records.count(Subscriber, state="pending") >= PENDING_MAX


def add_asked(
    records: Records, address: str, *, channel: Channel, wishes: Wishes, settings: Publishing, made: Made
) -> Asked:
    """Have the desk write down who asked to be told; they confirm all the same. A chat channel is the desk's own.

    Raises:
        ValueError: A field is wrong, or too many wait for their confirmation.
    """
    if channel == "chat":
        return add_confirmed(records, address, channel=channel, wishes=wishes, settings=settings, made=made)
    tidied = tidy_address(address, channel, settings=settings, by_desk=True)
    asked = _ask(records, tidied, channel=channel, wishes=wishes, made=made)
    if asked is None:
        message = (
            f"too many requests to confirm: {PENDING_MAX:,} addresses wait, or others of this mailbox were asked within"
            " the last 24 hours. Try again tomorrow."
        )
        raise ValueError(message)
    return asked


def add_confirmed(
    records: Records, address: str, *, channel: Channel, wishes: Wishes, settings: Publishing, made: Made
) -> Asked:
    """Have the desk write down somebody who has confirmed elsewhere, and can show it. Nothing is sent to them.

    Raises:
        ValueError: A field is wrong.
    """
    tidied = tidy_address(address, channel, settings=settings, by_desk=True)
    known, fresh = _known_or_new(records, tidied, channel=channel, wishes=wishes, made=made)
    row = structs.replace(fresh, state="confirmed", confirmed_at=made.now)
    if known is None:
        records.add(row)
        return Asked(subscriber=row, sent=False, words="added as confirmed")
    if known.state != "confirmed":
        row = structs.replace(known, state="confirmed", confirmed_at=made.now, n_bounces=0, bounced_at=None)
        records.put(row)
        return Asked(subscriber=row, sent=False, words="confirmed")
    return Asked(subscriber=known, sent=False, words="a subscriber already; nothing changed")


def _ask(records: Records, tidied: str, *, channel: Channel, wishes: Wishes, made: Made) -> Asked | None:
    known, fresh = _known_or_new(records, tidied, channel=channel, wishes=wishes, made=made)
    since = made.now - ASK_AGAIN_AFTER
    if known is None:
        n_asked = count_asked(records, fresh.address_hash, since=since)
        if n_asked >= ASKED_OF_MAILBOX_MAX[channel] or is_full(records):
            return None
        records.add(fresh)
        records.add(request_to_confirm(fresh))
        return Asked(subscriber=fresh, sent=True, words="waits for its confirmation")
    if known.asked_at > since:
        return Asked(subscriber=known, sent=False, words="was asked to confirm within the last 24 hours")
    newest = structs.replace(known, asked_at=made.now)
    if known.state == "pending":
        newest = with_wishes(newest, wishes, member_id=fresh.member_id)
    records.put(newest)
    records.add(request_to_confirm(newest))
    return Asked(subscriber=newest, sent=True, words=f"was {known.state}; asked to confirm once more")


def _known_or_new(
    records: Records, tidied: str, *, channel: Channel, wishes: Wishes, made: Made
) -> tuple[Subscriber | None, Subscriber]:
    """Give who has this address, and whoever would be added."""
    member_id = read_invitation(records, wishes.invitation, now=made.now)
    fresh = _new(records.key, tidied, channel=channel, made=made)
    return find_subscriber(records, fresh.address_hash), with_wishes(fresh, wishes, member_id=member_id)


def find_address(records: Records, address: str, *, channel: Channel, settings: Publishing) -> Subscriber | None:
    """Give the subscriber with an address, None where there is none.

    Raises:
        ValueError: It is no address.
    """
    tidied = tidy_address(address, channel, settings=settings, by_desk=True)
    return find_subscriber(records, _hash_of(records.key, tidied, channel))


def new_subscriber(key: RegisterKey, address: str, *, channel: Channel, settings: Publishing, made: Made) -> Subscriber:
    """Make a subscriber whose address the desk wrote down; it is not kept yet.

    Raises:
        ValueError: It is no address.
    """
    return _new(key, tidy_address(address, channel, settings=settings, by_desk=True), channel=channel, made=made)


def _new(key: RegisterKey, tidied: str, *, channel: Channel, made: Made) -> Subscriber:
    return Subscriber(
        id=made.new_id("su-"),
        channel=channel,
        address=tidied,
        address_hash=_hash_of(key, tidied, channel),
        secret=new_secret(made.new_bytes) if channel == "webhook" else "",
        created_at=made.now,
        asked_at=made.now,
    )


def _hash_of(key: RegisterKey, tidied: str, channel: Channel) -> str:
    # Letters of an e-mail address count without their case; those of a URL's path do not.
    one_way = tidied.lower() if channel == "email" else tidied
    return address_hash(key, channel, mailbox=mailbox_of(tidied, channel), address=one_way)


def new_secret(new_bytes: Callable[[int], bytes]) -> str:
    """Make a secret that signs a webhook's calls, as Standard Webhooks writes it."""
    return SECRET_MARK + b64encode(new_bytes(SECRET_BYTES)).decode()


def request_to_confirm(subscriber: Subscriber) -> Delivery:
    """Give the message that asks an address to confirm: one for each time that it is asked."""
    subject = f"{subscriber.asked_at:%Y%m%dT%H%M%SZ}"
    return Delivery(
        id=f"confirm/{subject}/{subscriber.id}",
        channel=subscriber.channel,
        reason="confirm",
        subject_id=subject,
        to_id=subscriber.id,
        created_at=subscriber.asked_at,
        next_try_at=subscriber.asked_at,
    )
