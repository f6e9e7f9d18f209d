"""Messages that came back: read from a delivery report (RFC 3464), or told by the mail server as it refused.

A report is believed about the subscriber whose token stands in its address, and about nobody else: bulletins leave with
a return address of their own for each subscriber (VERP), which only they and the mail servers on the way have seen.

Hard: the mailbox is not there (status 5.x.x). The subscriber is suspended at once. Soft: it is full, the server does
not answer, a filter dislikes the text (4.x.x, 5.2.2, 5.7.x). Three of them, each within 14 days of the last, suspend;
one a day counts. Suspended means: nothing is sent until the person subscribes anew and confirms.

Not done: reports in other forms than RFC 3464's, and answers of people or machines: they are told apart and ignored.
"""

import datetime as dt
import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from email.utils import getaddresses
from typing import Final, Literal

from msgspec import Struct, structs

from raabta.model.subscription import Subscriber
from raabta.pipeline.informing.subscribing.limits import (
    BOUNCE_COUNTS_AGAIN_AFTER,
    SOFT_BOUNCES_MAX,
    SOFT_BOUNCES_WITHIN,
)
from raabta.pipeline.informing.tokens import read_token
from raabta.registry.records import Records
from raabta.registry.secrets import RegisterKey

BounceKind = Literal["hard", "soft"]

REPORT_BYTES_MAX: Final = 1_000_000
"""A report repeats a message of ours, which has some ten kilobytes, or its head."""
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})")
_SOFT_STATUSES: Final = frozenset({"2.2", "2.3", "3.1", "3.4", "7"})
"""5.2.2 mailbox full, 5.2.3 and 5.3.4 message too long, 5.3.1 system full, 5.7.x refused by policy (RFC 3463): of the
class "permanent", but the mailbox is there."""
_TO: Final = ("to", "delivered-to", "x-original-to", "envelope-to")
_TOKEN: Final = re.compile(r"\+([A-Za-z0-9-]{3,61})@")


class Bounce(Struct, frozen=True, kw_only=True):
    """What a report says of one subscriber. ``status`` is RFC 3463's, as "5.1.1"."""

    subscriber_id: str
    kind: BounceKind
    status: str


def read_bounce(raw: bytes, key: RegisterKey, *, recipient: str = "") -> Bounce | None:
    """Read a message that came to the return address.

    Args:
        raw: The message, as the mail server hands it on.
        key: The register's, which signed the token.
        recipient: The address that it came to, or only its token, where the server tells; else its headers are looked
            at.

    Returns:
        None where it is no report of a failure: an answer, a notice of a delay, or a form that is not known.

    Raises:
        ValueError: It is a report, but without a token of ours, or longer than a report is.
    """
    if len(raw) > REPORT_BYTES_MAX:
        message = f"longer than {REPORT_BYTES_MAX:,} bytes: no delivery report."
        raise ValueError(message)
    try:
        report = email.message_from_bytes(raw, policy=email.policy.compat32)
    except RecursionError as error:
        message = "parts within parts without end: no delivery report."
        raise ValueError(message) from error
    status = _worst(_failures(report))
    if status is None:
        return None
    return Bounce(subscriber_id=_subscriber_of(report, key, recipient), kind=kind_of(status), status=status)


def kind_of(status: str) -> BounceKind:
    """Say what a status means: "5.1.1" is hard, "4.2.1" and "5.2.2" are soft."""
    if not status.startswith("5."):
        return "soft"
    group = status[2:]
    return "soft" if group in _SOFT_STATUSES or group.partition(".")[0] in _SOFT_STATUSES else "hard"


def note_bounce(records: Records, subscriber_id: str, *, kind: BounceKind, now: dt.datetime) -> Subscriber | None:
    """Count a bounce, and suspend the subscriber where it was one too many.

    Returns:
        The subscriber as they are now; None where they are not there, or not confirmed: then nothing changes.
    """
    found = records.get(Subscriber, subscriber_id)
    if found is None or found.state != "confirmed":
        return None
    since_last = None if found.bounced_at is None else now - found.bounced_at
    if kind == "soft" and since_last is not None and since_last < BOUNCE_COUNTS_AGAIN_AFTER:
        return found
    n_bounces = 1 if since_last is None or since_last > SOFT_BOUNCES_WITHIN else found.n_bounces + 1
    suspends = kind == "hard" or n_bounces >= SOFT_BOUNCES_MAX
    noted = structs.replace(found, n_bounces=n_bounces, bounced_at=now, state="suspended" if suspends else found.state)
    records.put(noted)
    return noted


def _failures(report: Message) -> Iterator[str]:
    """Give the statuses of recipients that a report calls failed."""
    if report.get_content_type() != "multipart/report":
        return
    # Only its own parts: what it repeats of an earlier message says nothing.
    parts = (part for part in _within(report) if part.get_content_type() == "message/delivery-status")
    for block in (block for part in parts for block in _within(part)):
        status = _STATUS.match(str(block.get("status", "")))
        if str(block.get("action", "")).strip().lower() == "failed" and status and status[1] != "2":
            yield ".".join(status.groups())


def _within(part: Message) -> Iterable[Message]:
    """Give the parts of a report, or the blocks of fields of its status: one of the message, one of each recipient."""
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _worst(statuses: Iterable[str]) -> str | None:
    found = list(statuses)
    return next((status for status in found if kind_of(status) == "hard"), found[0] if found else None)


def _subscriber_of(report: Message, key: RegisterKey, recipient: str) -> str:
    named = [recipient] if recipient else [str(value) for name in _TO for value in report.get_all(name, [])]
    addresses = [address for _, address in getaddresses(named)] if not recipient else [recipient]
    for token in [
        *(found[1] for text in addresses for found in _TOKEN.finditer(text)),
        *([recipient] * bool(recipient)),
    ]:
        try:
            return read_token(key, "bounce", token=token)
        except ValueError:
            continue
    message = (
        "a delivery report without a token of ours. Have the mail server keep what stands after + in the address, or"
        " name it with --recipient."
    )
    raise ValueError(message)
