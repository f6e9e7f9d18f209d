"""A call is signed as Standard Webhooks says: read by the package of its authors, which we did not write."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from raabta.publish.message.webhook import BODY_BYTES_MAX, Call, marked_as_repeated, sign, write_call

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
URL = "https://hooks.example.pk/raabta"


def call(
    data: Any = None, *, at: dt.datetime | None = None, secret: str = SECRET, id_: str = "bulletin/bu-a/su-a"
) -> Call:
    now = at or dt.datetime.now(dt.UTC)
    return write_call(
        "bulletin.published", data, url=URL, secret=secret, delivery_id=id_, times=(now - dt.timedelta(hours=1), now)
    )


def test_a_receiver_with_the_secret_accepts_it() -> None:
    made = call({"title": "ایک"})
    read = Webhook(SECRET).verify(made.body, dict(made.headers))
    assert read["type"] == "bulletin.published"
    assert read["data"] == {"title": "ایک"}


def test_another_secret_or_another_body_is_refused() -> None:
    made = call({"a": 1})
    other = "whsec_" + base64.b64encode(b"z" * 32).decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(made.body, dict(made.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(made.body.replace(b"1", b"2"), dict(made.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(made.body, {**made.headers, "webhook-id": "msg_other"})


def test_an_old_call_cannot_be_replayed() -> None:
    old = call(at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(SECRET).verify(old.body, dict(old.headers))
    renewed = {**old.headers, "webhook-timestamp": str(int(dt.datetime.now(dt.UTC).timestamp()))}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(old.body, renewed)


def test_each_try_has_the_same_id_and_body_and_a_new_signature() -> None:
    now = dt.datetime.now(dt.UTC)
    first, later = (
        write_call("x", 1, url=URL, secret=SECRET, delivery_id="d", times=(now, at))
        for at in (now, now + dt.timedelta(seconds=60))
    )
    assert first.body == later.body
    assert first.headers["webhook-id"] == later.headers["webhook-id"]
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]
    assert call(id_="other").headers["webhook-id"] != first.headers["webhook-id"]


def test_a_repetition_says_so_and_its_signature_holds() -> None:
    made = marked_as_repeated(call())
    assert made.headers["Raabta-Repeated"] == "possible"
    Webhook(SECRET).verify(made.body, dict(made.headers))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "whsec_a"])
def test_without_a_secret_nothing_is_signed(secret: str) -> None:
    with pytest.raises(ValueError, match="no secret"):
        sign(secret, b"x")


def test_a_call_has_an_end() -> None:
    with pytest.raises(ValueError, match="bytes"):
        call("x" * BODY_BYTES_MAX)


def test_the_body_is_plain_json() -> None:
    read = json.loads(call({"n": None}).body)
    assert sorted(read) == ["data", "timestamp", "type"]
    assert dt.datetime.fromisoformat(read["timestamp"]).tzinfo is not None
