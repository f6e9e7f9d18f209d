"""Asks controls what address this machine has, at the same moment, and gives what each of them signed.

What the network does is told as a failure string (df-007) and never raised, as in ``control_client``. Whom to believe:
with a pin, whoever has that public key, else the usual authorities; with a key, only receipts that it signed.

Not done: choosing the address to ask from. A machine with several asks from the one that its routes choose.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from raabta.pipeline.control_line import Reply, Where, open_line
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Network
from raabta.probe.settings import ProbeSettings
from raabta.wire.receipt import RECEIPT_PATH, Receipt, ReceiptRequest, is_genuine, read_key

MAX_CONTROLS: Final = 8
_MAX_RECEIPT_BYTES: Final = 4_096
_HTTPS: Final = 443
_PIN_NAME: Final = "sha256/"
_KEY_NAME: Final = "ed25519/"

WRONG_RECEIPT: Final = "unknown_failure: control: the receipt is not for this request, or not signed by the control"
UNREADABLE: Final = "unknown_failure: control: the answer is no receipt"


class ControlPlace(Struct, frozen=True, kw_only=True):
    """A control to ask: ``https://host[:port]/``, the pin of its certificate and its key, "" where they are not known.

    ``token`` is shown to it, "" for none.
    """

    url: str
    pin: str = ""
    key: str = ""
    token: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """What came of asking one control: a receipt, or why there is none."""

    control: ControlPlace
    receipt: Receipt | None = None
    failure: str | None = None


def read_control(text: str) -> ControlPlace:
    """Read ``URL [sha256/PIN] [ed25519/KEY]``: the lines that ``raabta control`` prints, on one line.

    Raises:
        ValueError: This names no control. The text says how to write one.
    """
    url, *rest = text.split() or [""]
    pins = [word.removeprefix(_PIN_NAME) for word in rest if word.startswith(_PIN_NAME)]
    keys = [read_key(word) for word in rest if word.startswith(_KEY_NAME)]
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or len(pins) > 1 or len(keys) > 1 or len(pins + keys) != len(rest):
        message = f"{text!r} names no control. Write: https://control.example/ sha256/PIN ed25519/KEY"
        raise ValueError(message)
    return ControlPlace(url=url, pin="".join(pins), key="".join(keys))


async def ask_for_receipts(
    network: Network,
    controls: Sequence[ControlPlace],
    *,
    request: ReceiptRequest,
    settings: ProbeSettings,
    now: Callable[[], datetime],
) -> list[Answer]:
    """Ask all controls at once.

    Args:
        network: The network to ask over.
        controls: At most eight; for a lease or a proof at least two, of different keys.
        request: Signed by the device or account (``wire.receipt.sign_request``).
        settings: Trust store, deadlines, resolvers for the controls' own names.
        now: The clock, aware UTC, by which certificates are checked.

    Returns:
        One answer for each control, in their order.
    """
    async with asyncio.TaskGroup() as group:
        asking = [
            group.create_task(_ask(network, control, request=request, settings=settings, now=now))
            for control in controls[:MAX_CONTROLS]
        ]
    return [task.result() for task in asking]


async def _ask(
    network: Network,
    control: ControlPlace,
    *,
    request: ReceiptRequest,
    settings: ProbeSettings,
    now: Callable[[], datetime],
) -> Answer:
    parts = urlsplit(control.url)
    where = Where(
        host=parts.hostname or "",
        port=parts.port or _HTTPS,
        pin=control.pin,
        headers=(("Authorization", f"Bearer {control.token}"),) if control.token else (),
    )
    reply = Reply(max_bytes=_MAX_RECEIPT_BYTES)
    try:
        async with asyncio.timeout(settings.timeouts.control_s):
            line = await open_line(network, where, settings=settings, now=now())
            if isinstance(line, str):
                return Answer(control=control, failure=line)
            try:
                target = parts.path.rstrip("/") + RECEIPT_PATH
                await line.exchange("POST", target, reply=reply, body=msgspec.json.encode(request))
            finally:
                line.close()
    except NETWORK_ERRORS as error:
        return Answer(control=control, failure=failure_of(error, operation="control"))
    return _checked(control, reply, request)


def _checked(control: ControlPlace, reply: Reply, request: ReceiptRequest) -> Answer:
    if reply.status != 200:
        return Answer(control=control, failure=_words_of(reply))
    try:
        receipt = msgspec.json.decode(bytes(reply.body), type=Receipt)
    except (msgspec.DecodeError, RecursionError):
        return Answer(control=control, failure=UNREADABLE)
    ours = (receipt.key, receipt.nonce) == (request.key, request.nonce)
    if not ours or not is_genuine(receipt, control_keys=(control.key or receipt.control,)):
        return Answer(control=control, failure=WRONG_RECEIPT)
    return Answer(control=control, receipt=receipt)


def _words_of(reply: Reply) -> str:
    """Tell the status, and the control's own words where it gave some: a clock that is wrong is told there."""
    try:
        words = str(msgspec.json.decode(bytes(reply.body), type=dict[str, str]).get("error", ""))
    except (msgspec.DecodeError, RecursionError):
        words = ""
    said = "".join(sign for sign in words if sign.isprintable())[:200]
    return f"unknown_failure: control: it answered with status {reply.status}{': ' if said else ''}{said}"
