"""Asks a control, over a few TLS connections that stay open for a whole round, and checks what it signed.

The control answers one question after the other on a connection, and a question takes a second or more; so a round of
150 targets uses some connections at once and keeps them. A connection that the control closed meanwhile (it ends idle
ones) is opened anew, once, before a failure is told.

What the network does is told as a failure string (df-007) and never raised. Whom to believe: with a pin, whoever has
that public key (``raabta control`` prints its SHA-256); else the usual authorities. The signature is checked against
the key that the user gave, else against the one that the control names.

Not done: proxies; HTTP/2 (one connection would carry all questions, and all would wait for one lost segment).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from raabta.pipeline.control_line import Line, Reply, Where, open_line
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Network
from raabta.probe.settings import ProbeSettings
from raabta.wire.control import KEY_HEADER, SIGNATURE_HEADER, ControlQuestion, is_signed, sign_kept, signed_bytes

MAX_CONNECTIONS: Final = 10
MAX_SPEED_BYTES: Final = 1_000_000
_MAX_ANSWER_BYTES: Final = 262_144
# A control that is busy says how long to wait; longer than this, and the question is given up.
_MAX_WAIT_S: Final = 6.0

WRONG_SIGNATURE: Final = "unknown_failure: control: the answer is not signed with the expected key"
UNREADABLE: Final = "unknown_failure: control: the answer cannot be read"


class Transfer(Struct, frozen=True, kw_only=True):
    """A speed transfer: bytes that came in ``seconds`` after the first of them, and what ended it early."""

    n_bytes: int
    seconds: float
    failure: str | None


class ControlClient:
    """One control and the connections to it. Use it as an async context manager, or close it.

    Args:
        url: ``https://host[:port]/`` of the control; the host may be an address.
        settings: Trust store, deadlines, resolvers for the control's own name.
        now: The clock, aware UTC, by which a certificate is checked.
        pin: Base64 of the SHA-256 of its certificate's public key, ``sha256/`` before it or not; "" trusts authorities.
        token: Shown to the control, "" for none.
        public_key: Base64 of the key that answers must be signed with; "" takes the one that the control names.

    Raises:
        ValueError: The URL names no control.
    """

    def __init__(
        self,
        url: str,
        *,
        settings: ProbeSettings,
        now: Callable[[], datetime],
        pin: str = "",
        token: str = "",
        public_key: str = "",
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            message = f"{url!r} is no control. Write it like https://control.example/"
            raise ValueError(message)
        self.answered_at: datetime | None = None
        """The ``Date`` of the last answer: what the time is elsewhere."""
        self._where = Where(
            host=parts.hostname,
            port=parts.port or 443,
            pin=pin.removeprefix("sha256/"),
            headers=(("Authorization", f"Bearer {token}"),) if token else (),
        )
        self._path = parts.path.rstrip("/")
        self._public_key = public_key.removeprefix("ed25519/")
        self._settings = settings
        self._now = now
        self._idle: deque[Line] = deque()
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. May be called twice."""
        while self._idle:
            self._idle.pop().close()

    async def ask(
        self, network: Network, url: str, *, endpoints: Sequence[str] = (), quic: bool = False
    ) -> tuple[dict[str, Any] | None, str | None]:
        """Ask what a target looks like from the control.

        Args:
            network: The network that the question goes over.
            url: The target: http, https, tcp, tls, dot or doh.
            endpoints: ``address:port`` (``[v6]:port``) that were found here, to be tried there too.
            quic: Whether to try QUIC.

        Returns:
            The answer with its signature (``x_signature``), and None; or None and why there is no answer.
        """
        asked = ControlQuestion(http_request=url, tcp_connect=list(endpoints), x_quic_enabled=quic)
        question = msgspec.json.encode(asked)
        reply = Reply(max_bytes=_MAX_ANSWER_BYTES)
        failure = await self._patiently(network, question, reply)
        return (None, failure) if failure else self._checked(reply, question)

    async def measure_speed(self, network: Network, n_bytes: int = MAX_SPEED_BYTES) -> Transfer:
        """Load bytes from the control, for at most ``control_s`` of the settings."""
        reply = Reply(max_bytes=n_bytes)
        failure = await self._request(network, "GET", f"{self._path}/speed?bytes={n_bytes}", reply=reply)
        if reply.status != 200:
            return Transfer(n_bytes=0, seconds=0.0, failure=failure or _words_of(reply))
        seconds = 0.0 if reply.first_at is None else reply.last_at - reply.first_at
        return Transfer(n_bytes=len(reply.body), seconds=seconds, failure=failure)

    async def _patiently(self, network: Network, question: bytes, reply: Reply) -> str | None:
        """Ask, and once more where the control says that it is busy and for how long."""
        target = f"{self._path}/"
        failure = await self._request(network, "POST", target, reply=reply, body=question)
        wait_s = _wait_s(reply)
        if failure is not None or wait_s is None:
            return failure
        await asyncio.sleep(wait_s)
        reply.body.clear()
        return await self._request(network, "POST", target, reply=reply, body=question)

    async def _request(
        self, network: Network, method: str, target: str, *, reply: Reply, body: bytes = b""
    ) -> str | None:
        """Make a request within the deadline; give its failure."""
        async with self._turns:
            try:
                async with asyncio.timeout(self._settings.timeouts.control_s):
                    return await self._on_a_line(network, method, target, reply=reply, body=body)
            except NETWORK_ERRORS as error:
                return failure_of(error, operation="control")

    async def _on_a_line(self, network: Network, method: str, target: str, *, reply: Reply, body: bytes) -> str | None:
        """Use a connection that is open; where it turns out to be closed, open one."""
        while self._idle:
            line = self._idle.pop()
            with contextlib.suppress(ConnectionError, EOFError):
                await self._exchange(line, method, target, reply=reply, body=body)
                return None
            if reply.status:
                return "eof_error"
        opened = await open_line(network, self._where, settings=self._settings, now=self._now())
        if isinstance(opened, str):
            return opened
        await self._exchange(opened, method, target, reply=reply, body=body)
        return None

    async def _exchange(self, line: Line, method: str, target: str, *, reply: Reply, body: bytes) -> None:
        try:
            await line.exchange(method, target, reply=reply, body=body)
        finally:
            if line.usable:
                self._idle.append(line)
            else:
                line.close()

    def _checked(self, reply: Reply, question: bytes) -> tuple[dict[str, Any] | None, str | None]:
        """Read an answer and check its signature."""
        if reply.status != 200:
            return None, _words_of(reply)
        body, date, key = bytes(reply.body), reply.headers.get("date", ""), reply.headers.get(KEY_HEADER.lower(), "")
        signature = reply.headers.get(SIGNATURE_HEADER.lower(), "")
        signed = signed_bytes(body, question=question, date=date)
        if (self._public_key and key != self._public_key) or not is_signed(signed, signature=signature, key=key):
            return None, WRONG_SIGNATURE
        try:
            answer = msgspec.json.decode(body, type=dict[str, Any])
            self.answered_at = parsedate_to_datetime(date)
        except (msgspec.DecodeError, ValueError):
            return None, UNREADABLE
        return sign_kept(answer, question=question, date=date, key=key, signature=signature), None


def _wait_s(reply: Reply) -> float | None:
    """Give how long a busy control asks to wait, None where it is not busy or the wait is too long."""
    after = reply.headers.get("retry-after", "")
    if reply.status not in (429, 503) or not after.isdecimal() or int(after) > _MAX_WAIT_S:
        return None
    return float(after)


def _words_of(reply: Reply) -> str:
    return f"unknown_failure: control: it answered with status {reply.status}"
