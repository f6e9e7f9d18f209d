"""One TLS handshake over a stream, with the ClientHello in hand and the chain checked here.

OpenSSL runs between two memory buffers: what it wants to say is bytes that we send, whole or in pieces. It checks no
certificate, since it would take the machine's clock, which may be wrong and is an argument here; ``wire.x509`` does.

Not done: session resumption, client certificates, versions before 1.2 (a server that has only those fails, as in a
browser).
"""

import asyncio
import base64
import contextlib
import functools
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from raabta.probe.failures import failure_of
from raabta.probe.network import IcmpError, Stream, TcpInfo
from raabta.probe.recording import Peer, RecordedStream, numbered
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.probe.trust import trust_anchors
from raabta.wire.ooni.writing import Certificate, Handshake
from raabta.wire.tls import split_hello
from raabta.wire.x509 import check_chain

WEB_PROTOCOLS: Final = ("h2", "http/1.1")
_DER: Final = 2
"""``_ssl.ENCODING_DER``."""
SPLIT_PAUSE_S: Final = 0.05
"""Between two pieces of a ClientHello, so that they are two segments also behind a proxy that joins. Judgement."""

_ALERTS: Final = {
    item.name.removeprefix("ALERT_DESCRIPTION_").lower().replace("_", " "): item.value for item in ssl.AlertDescription
} | {
    "inappropriate fallback": 86,
    "user cancelled": 90,
    "missing extension": 109,
    "certificate required": 116,
    "no application protocol": 120,
}
"""Alerts (RFC 8446 section 6) by OpenSSL's words; the last five are not in Python's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """How a handshake is opened. ``verify`` False records the chain and does not judge it."""

    alpn: tuple[str, ...] = WEB_PROTOCOLS
    split: bool = False
    verify: bool = True


PLAIN: Final = Hello()


class TlsStream:
    """A ``Stream`` whose bytes travel in TLS. ``protocol`` is what ALPN chose, ``hello`` the ClientHello's records."""

    def __init__(self, raw: RecordedStream, *, server_name: str, alpn: tuple[str, ...]) -> None:
        self.raw = raw
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = _context(alpn).wrap_bio(self._incoming, self._outgoing, server_hostname=server_name or None)
        self.hello = _first_flight(self._tls, self._outgoing)

    @property
    def protocol(self) -> str:
        """What ALPN chose; "" if nothing."""
        return self._tls.selected_alpn_protocol() or ""

    @property
    def version(self) -> str:
        """``TLSv1.2`` or ``TLSv1.3``, "" before a ServerHello."""
        return self._tls.version() or ""

    @property
    def cipher_suite(self) -> str:
        """The suite's name in IANA's form, as df-006 has it; "" before a ServerHello."""
        chosen = self._tls.cipher()
        return _iana_name(chosen[0]) if chosen else ""

    async def shake(self, *, split: bool = False) -> None:
        """Do the handshake. Raises ``OSError`` (``ssl.SSLError`` among them), ``EOFError`` at the stream's end."""
        first, rest = split_hello(self.hello) if split else (b"", self.hello)
        if split:
            await self.raw.send(first)
            await asyncio.sleep(SPLIT_PAUSE_S)
        await self.raw.send(rest)
        while True:
            await self._fill()
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError:
                await self._flush()
                raise
        await self._flush()

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._tls.write(data)
        await self._flush()

    async def receive(self, limit: int = 65536) -> bytes:
        """Give what arrives; b"" at the end, also where the peer forgot to say good-bye (RFC 8446 section 6.1)."""
        while True:
            try:
                return self._tls.read(limit)
            except ssl.SSLWantReadError:
                await self._flush()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            try:
                await self._fill()
            except EOFError:
                return b""

    def chain(self) -> list[bytes]:
        """The certificates that the peer sent, DER, leaf first; empty before they came."""
        if hasattr(self._tls, "get_unverified_chain"):  # Python 3.13 on
            return list(cast(Any, self._tls).get_unverified_chain())
        # 3.10 to 3.12 have it one level below only; the public getpeercert() gives the leaf alone.
        found = cast(Any, self._tls)._sslobj.get_unverified_chain() or []  # noqa: SLF001
        return [item.public_bytes(_DER) for item in found]

    def set_ttl(self, hops: int) -> None:
        """Let packets from now on live for ``hops`` routers."""
        self.raw.set_ttl(hops)

    def info(self) -> TcpInfo:
        """Ask the kernel."""
        return self.raw.info()

    def icmp(self) -> IcmpError | None:
        """Give the ICMP error that arrived for this connection."""
        return self.raw.icmp()

    def close(self) -> None:
        """Close the connection underneath at once, without TLS's good-bye."""
        self.raw.close()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self.raw.send(self._outgoing.read())

    async def _fill(self) -> None:
        data = await self.raw.receive()
        if not data:
            raise EOFError
        self._incoming.write(data)


async def handshake(
    trace: Trace,
    stream: Stream,
    *,
    peer: Peer,
    settings: ProbeSettings,
    verify_at: datetime,
    hello: Hello = PLAIN,
) -> tuple[Handshake, TlsStream | None]:
    """Take the step "TLS handshake" on a connected stream.

    Args:
        trace: Gets the events.
        stream: A connection; the caller closes it.
        peer: End point, server name ("" sends none), and the number of the connection.
        settings: Deadline and trust store.
        verify_at: The time at which certificates are checked.
        hello: How to open it.

    Returns:
        The observation, and the encrypted stream if the handshake went well and the chain is good.
    """
    peer = numbered(trace, peer)
    raw = RecordedStream(trace, stream, peer=peer)
    t0 = trace.now()
    tls = TlsStream(raw, server_name=peer.name, alpn=hello.alpn)
    raw.note("tls_handshake_start", t0=t0)
    failure: str | None = None
    alert: int | None = None
    try:
        async with asyncio.timeout(settings.timeouts.tls_s):
            await tls.shake(split=hello.split)
    except (OSError, EOFError) as error:
        failure = failure_of(error, operation="tls_handshake")
        alert = alert_of(error)
    ended = trace.now()
    chain = tls.chain()
    if failure is None and hello.verify:
        fault = check_chain(chain, server_name=peer.name, anchors=trust_anchors(settings), at=verify_at)
        failure = fault.failure if fault else None
    done = raw.note("tls_handshake_done", t0=t0, failure=failure)
    done.t = ended
    step = Handshake(
        address=peer.endpoint,
        server_name=peer.name,
        failure=failure,
        cipher_suite=tls.cipher_suite,
        negotiated_protocol=tls.protocol,
        tls_version=tls.version,
        no_tls_verify=not hello.verify,
        peer_certificates=[Certificate(data=base64.b64encode(der).decode()) for der in chain],
        t0=t0,
        t=ended,
        transaction_id=peer.transaction_id,
        x_alert=alert,
    )
    return step, tls if failure is None else None


def client_hello(server_name: str, *, alpn: tuple[str, ...] = WEB_PROTOCOLS) -> bytes:
    """Make a ClientHello, as records, that nobody will finish: for walks and contrasts."""
    outgoing = ssl.MemoryBIO()
    return _first_flight(
        _context(alpn).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=server_name or None), outgoing
    )


def alert_of(error: BaseException) -> int | None:
    """Give the alert (RFC 8446 section 6) that the peer ended a handshake with, None if it was something else."""
    if not isinstance(error, ssl.SSLError):
        return None
    # "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)", "tlsv1 unrecognized name".
    # The name in brackets is missing for some alerts, the words never.
    words = str(error).partition("] ")[2].partition(" (")[0]
    return _ALERTS.get(words.partition(" ")[2].removeprefix("alert "))


def _first_flight(tls: ssl.SSLObject, outgoing: ssl.MemoryBIO) -> bytes:
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@functools.lru_cache(maxsize=16)
def _context(alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _iana_name(name: str) -> str:
    """OpenSSL names the suites of TLS 1.3 as IANA does, older ones its own way: ECDHE-RSA-AES128-GCM-SHA256."""
    if name.startswith("TLS_"):
        return name
    exchange, _, rest = name.partition("-AES")
    if not rest:
        return name
    bits, _, mode = rest.partition("-")
    return f"TLS_{exchange.replace('-', '_')}_WITH_AES_{bits}_{mode.replace('-', '_')}"
