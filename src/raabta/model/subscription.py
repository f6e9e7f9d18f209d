"""The nouns of who is told what, and whether it has been sent.

An address is stored encrypted, and found again by a keyed hash; nothing says what a subscriber read.
"""

import datetime as dt
from typing import Final, Literal

from msgspec import Struct

from raabta.model.bulletin import BulletinKind

Channel = Literal["email", "webhook", "chat"]

CHANNELS: Final[tuple[Channel, ...]] = ("email", "webhook", "chat")

SubscriberLanguage = Literal["en", "ur", "both"]

SubscriberState = Literal["pending", "confirmed", "suspended", "ended"]
"""``suspended`` after bounces, until the person confirms again."""

DeliveryReason = Literal["bulletin", "confirm", "goodbye", "acknowledge", "answer", "alarm"]
"""``acknowledge`` says to who reported that the report came in, ``answer`` what became of it (``closed_because``)."""

DeliveryState = Literal["waiting", "sending", "sent", "given_up", "dropped"]
"""``given_up`` after the last try; ``dropped`` where the subscriber left before it was sent."""


class Subscriber(Struct, frozen=True, kw_only=True):
    """One address that asked to be told. Empty ``component_ids`` and ``kinds`` mean all.

    ``member_id`` is the organisation, where a member said so: it opens what is for members. ``products`` are what they
    said that they run. ``secret`` signs a webhook's calls. For ``chat`` the address is the name of a channel in the
    settings.
    """

    id: str
    channel: Channel
    address: str
    address_hash: str
    language: SubscriberLanguage = "both"
    component_ids: tuple[str, ...] = ()
    kinds: tuple[BulletinKind, ...] = ()
    products: tuple[str, ...] = ()
    member_id: str = ""
    secret: str = ""
    state: SubscriberState = "pending"
    created_at: dt.datetime
    asked_at: dt.datetime
    """When the last request to confirm was sent."""
    confirmed_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    n_bounces: int = 0
    bounced_at: dt.datetime | None = None


class Dispatch(Struct, frozen=True, kw_only=True):
    """That a bulletin goes out. Deliveries are made from it bit by bit: ``after_id`` is the last subscriber looked at.

    Only who had confirmed by ``created_at`` gets it.
    """

    id: str
    bulletin_id: str
    created_at: dt.datetime
    after_id: str = ""
    done: bool = False


class Delivery(Struct, frozen=True, kw_only=True):
    """One message to one address, and what became of it. ``id`` is made of its reason, subject and receiver: never two.

    ``subject_id`` is the bulletin, report or alarm; ``to_id`` a subscriber, a report, or a name of the duty list.
    ``repeated`` says that an earlier try may have arrived: the machine stopped between sending and noting it.
    """

    id: str
    channel: Channel
    reason: DeliveryReason
    subject_id: str
    to_id: str
    state: DeliveryState = "waiting"
    created_at: dt.datetime
    next_try_at: dt.datetime
    n_tries: int = 0
    started_at: dt.datetime | None = None
    settled_at: dt.datetime | None = None
    repeated: bool = False
    failure: str = ""
    """The last one, in words without an address."""


class Alarm(Struct, frozen=True, kw_only=True):
    """A clock that ran out: an update or a promise is overdue. ``id`` is made of what it is about and the level."""

    id: str
    about_id: str
    incident_id: str = ""
    kind: Literal["update", "promise", "question", "acknowledgement", "draft", "approval"]
    level: int
    due_at: dt.datetime
    raised_at: dt.datetime
    words: str
    acknowledged_by: str = ""
    acknowledged_at: dt.datetime | None = None
