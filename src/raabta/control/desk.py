"""Requests to replies: the routes of the control, who may ask, and the signature of an answer.

A request is judged before anything is done for it: token, rate, form, then a turn among the measurements.
"""

import asyncio
import hashlib
import hmac
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from raabta.control.about import about_page
from raabta.control.identity import ControlIdentity
from raabta.control.inquiry import Outlook, answer_question
from raabta.control.rate import Ledger
from raabta.control.settings import MAX_SPEED_BYTES, ControlSettings
from raabta.wire import receipt
from raabta.wire.control import KEY_HEADER, SIGNATURE_HEADER, ControlAnswer, ControlClientNetwork, ControlQuestion

_JSON: Final = ("Content-Type", "application/json")
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")
_BYTES: Final = ("Content-Type", "application/octet-stream")
_POLICY: Final = ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, whole. ``client`` is an address: it is counted and looked up, and never written."""

    method: str
    target: str
    client: str
    token: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply. ``n_fill`` bytes follow the body (a speed transfer)."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    n_fill: int = 0


def refusal(status: int, words: str, *headers: tuple[str, str]) -> Reply:
    """Give a reply that says in words why there is no answer."""
    return Reply(status=status, headers=(_JSON, *headers), body=msgspec.json.encode({"error": words}))


@dataclass(slots=True, kw_only=True)
class Desk:
    """Answers requests. One of them serves all connections."""

    outlook: Outlook
    identity: ControlIdentity
    ledger: Ledger
    now: Callable[[], datetime]
    _turns: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._turns = asyncio.Semaphore(self.settings.limits.max_measurements)

    @property
    def settings(self) -> ControlSettings:
        """How much is given, and how long anything may take."""
        return self.outlook.settings

    def clock_s(self) -> float:
        """Seconds of a clock that never goes back."""
        return self.outlook.network.clock()

    async def reply(self, request: Request) -> Reply:
        """Answer one request."""
        wait_s = self.ledger.take(request.client, cost=1.0, now_s=self.clock_s())
        if wait_s:
            return _later(429, "too many requests from this address", wait_s)
        path = urlsplit(request.target).path
        match request.method, path:
            case (("GET" | "HEAD"), "/"):
                return Reply(status=200, headers=(_HTML, _POLICY), body=about_page(self.settings, self.identity))
            case "POST", "/":
                return self._refused_token(request) or await self._answer(request)
            case "GET", "/speed":
                return self._refused_token(request) or self._speed(request)
            case "POST", receipt.RECEIPT_PATH:
                return self._refused_token(request) or self._receipt(request)
            case _, ("/" | "/speed" | receipt.RECEIPT_PATH):
                return refusal(405, "this method does nothing here; GET / tells what does", ("Allow", "GET, POST"))
            case _:
                return refusal(404, "there is nothing here; GET / tells what is")

    def _refused_token(self, request: Request) -> Reply | None:
        """Compare with every token, each in constant time, so that time tells neither which nor how much fits."""
        if not self.settings.tokens:
            return None
        given = hashlib.sha256(request.token.encode()).digest()
        fits = [hmac.compare_digest(given, hashlib.sha256(token.encode()).digest()) for token in self.settings.tokens]
        if any(fits):
            return None
        cost = self.settings.limits.wrong_token_cost
        wait_s = self.ledger.take(request.client, cost=cost, now_s=self.clock_s())
        if wait_s:
            return _later(429, "too many wrong tokens from this address", wait_s)
        return refusal(401, "a token is needed: Authorization: Bearer TOKEN", ("WWW-Authenticate", "Bearer"))

    async def _answer(self, request: Request) -> Reply:
        try:
            question = msgspec.json.decode(request.body, type=ControlQuestion)
        except (msgspec.DecodeError, RecursionError) as error:
            return refusal(400, f"this is no question: {error}"[:200])
        if not question.http_request and not question.tcp_connect:
            return refusal(400, "the question names neither a URL (http_request) nor end points (tcp_connect)")
        async with self._turn() as has_turn:
            if not has_turn:
                return _later(503, "too many measurements at this moment", self.settings.deadlines.measure_s)
            answer = await answer_question(question, outlook=self.outlook, now=self.now())
        return self._signed(answer, request)

    def _signed(self, answer: ControlAnswer, request: Request) -> Reply:
        now = self.now()
        date = format_datetime(now, usegmt=True)
        networks = self.settings.tables.networks
        answer.x_client = ControlClientNetwork(asn=networks.asn(request.client), cc=networks.country(request.client))
        answer.x_time = now.isoformat(timespec="seconds")
        body = msgspec.json.encode(answer)
        signature = self.identity.sign(body, question=request.body, date=date)
        signed = ((SIGNATURE_HEADER, signature), (KEY_HEADER, self.identity.public_key), ("Date", date))
        return Reply(status=200, headers=(_JSON, *signed), body=body)

    def _speed(self, request: Request) -> Reply:
        try:
            n_bytes = int(parse_qs(urlsplit(request.target).query, max_num_fields=4)["bytes"][0])
        except (KeyError, ValueError):
            n_bytes = -1
        if not 0 < n_bytes <= MAX_SPEED_BYTES:
            return refusal(400, f"ask for 1 to {MAX_SPEED_BYTES} bytes: GET /speed?bytes=N")
        cost = n_bytes / self.settings.limits.bytes_per_token
        wait_s = self.ledger.take(request.client, cost=cost, now_s=self.clock_s())
        if wait_s:
            return _later(429, "too many bytes for this address", wait_s)
        return Reply(status=200, headers=(_BYTES,), n_fill=n_bytes)

    def _receipt(self, request: Request) -> Reply:
        """Sign the address that a client has here. It goes back to the client, and nothing of it stays."""
        try:
            asked = msgspec.json.decode(request.body, type=receipt.ReceiptRequest)
        except (msgspec.DecodeError, RecursionError) as error:
            return refusal(400, f"this asks for no receipt: {error}"[:200])
        now = self.now()
        refused = receipt.refuse_request(asked, now=now)
        if refused:
            return refusal(400, refused)
        given = receipt.give_receipt(asked, address=request.client, now=now, signing_key=self.identity.signing_key)
        return Reply(status=200, headers=(_JSON,), body=msgspec.json.encode(given))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[bool]:
        """Wait for a turn among the measurements; False where none came in time."""
        try:
            async with asyncio.timeout(self.settings.deadlines.queue_s):
                await self._turns.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._turns.release()


def _later(status: int, words: str, wait_s: float) -> Reply:
    return refusal(status, words, ("Retry-After", str(math.ceil(wait_s))))
