"""A call of a webhook: JSON with a signature, as Standard Webhooks 1 says (standardwebhooks.com).

``webhook-id`` is made of the delivery's id: a repetition has the same one, and a receiver that keeps the ids it has
seen drops it. ``webhook-timestamp`` is the time of the try: a receiver refuses what is older than some minutes, so that
nobody can replay a call. Both are signed with the body.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

SECRET_MARK: Final = "whsec_"  # noqa: S105  how Standard Webhooks marks one
BODY_BYTES_MAX: Final = 200_000
"""A bulletin has some kilobytes; Standard Webhooks asks for less than 20 kB, which long Urdu texts may exceed."""


class Call(Struct, frozen=True, kw_only=True):
    """One call: where to, with what."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def write_call(
    kind: str, data: Any, *, url: str, secret: str, delivery_id: str, times: tuple[dt.datetime, dt.datetime]
) -> Call:
    """Write and sign a call.

    Args:
        kind: What happened, as ``bulletin.published``.
        data: What goes into ``data``: anything that JSON can hold.
        url: The receiver.
        secret: As Standard Webhooks writes it: ``whsec_`` and base64.
        delivery_id: Makes the call's id.
        times: When it happened, and when this try is made.

    Raises:
        ValueError: The secret is none, or the body is too long.
    """
    happened_at, at = times
    body = msgspec.json.encode({"type": kind, "timestamp": happened_at, "data": data})
    if len(body) > BODY_BYTES_MAX:
        message = f"the call would have {len(body):,} bytes, and {BODY_BYTES_MAX:,} are allowed. Write less."
        raise ValueError(message)
    id_ = f"msg_{hashlib.sha256(delivery_id.encode()).hexdigest()[:40]}"
    stamp = str(int(at.timestamp()))
    headers = {
        "content-type": "application/json",
        "user-agent": "raabta",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(secret, f"{id_}.{stamp}.".encode() + body),
    }
    return Call(url=url, headers=headers, body=body)


def marked_as_repeated(call: Call) -> Call:
    """Say of a call that an earlier try may have arrived."""
    return msgspec.structs.replace(call, headers={**call.headers, "Raabta-Repeated": "possible"})


def sign(secret: str, content: bytes) -> str:
    """Sign: version 1, HMAC-SHA-256.

    Raises:
        ValueError: The secret is none. The text does not repeat it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_MARK), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        message = "this webhook has no secret to sign with. Make one: raabta subscribe change --new-secret"
        raise ValueError(message)
    return f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}"
