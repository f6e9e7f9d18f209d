"""One HTTP exchange on a stream, in clear or in TLS. Redirects are answers like others: nobody follows them here."""

import asyncio

from raabta.probe import http1, http2
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Stream
from raabta.probe.recording import Peer, RecordedStream, numbered
from raabta.probe.roundtrip import Ask, Page, ask_for
from raabta.probe.settings import ProbeSettings
from raabta.probe.tls import TlsStream
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Exchange, Request, Response


async def get(trace: Trace, stream: Stream, *, url: str, peer: Peer, settings: ProbeSettings) -> tuple[Exchange, bytes]:
    """Take the step "HTTP GET" on a connected stream.

    Args:
        trace: Gets the events of a stream in clear; a ``TlsStream`` writes its own.
        stream: A connection, or what ``tls.handshake`` gave: its ALPN chooses HTTP/2. The caller closes it.
        url: What to ask for, absolute; its host becomes the Host header.
        peer: The end point, and the number of the connection.
        settings: Deadline and the longest body.

    Returns:
        The observation, its body left out, and the body as far as it came. A body over the limit is cut and is no
        failure; one that stops is cut and is a failure.
    """
    trace.check_budget()
    peer = numbered(trace, peer)
    encrypted = isinstance(stream, TlsStream)
    protocol = stream.protocol if isinstance(stream, TlsStream) else ""
    line = stream if encrypted else RecordedStream(trace, stream, peer=peer)
    ask = ask_for(url)
    page = Page(settings.max_body_bytes)
    t0 = trace.now()
    failure: str | None = None
    try:
        async with asyncio.timeout(settings.timeouts.http_s):
            await (http2.fetch if protocol == "h2" else http1.fetch)(line, ask, page=page)
    except (*NETWORK_ERRORS, ValueError) as error:
        failure = failure_of(error, operation="http_round_trip")
    exchange = exchange_of(ask, page, failure=failure, peer=peer, alpn=protocol)
    exchange.t0, exchange.t = t0, trace.now()
    return exchange, bytes(page.body)


def exchange_of(ask: Ask, page: Page, *, failure: str | None, peer: Peer, alpn: str) -> Exchange:
    """Write down an exchange, times left out; ``alpn`` "h3" makes it one over QUIC."""
    network = "udp" if alpn == "h3" else "tcp"
    sent = [["Host", ask.authority], *(list(item) for item in ask.plain)]
    return Exchange(
        request=Request(
            method=ask.method,
            url=ask.url,
            headers=_first_of_each(sent),
            headers_list=sent,
            x_transport=network,
        ),
        failure=failure,
        response=Response(
            code=page.code,
            headers=_first_of_each(page.headers),
            headers_list=page.headers,
            body_is_truncated=page.truncated or failure is not None,
        )
        if page.code
        else None,
        network=network,
        address=peer.endpoint,
        alpn=alpn,
        transaction_id=peer.transaction_id,
    )


def _first_of_each(headers: list[list[str]]) -> dict[str, str]:
    """OONI's map of headers: of several with one name the first."""
    return {item[0]: item[1] for item in reversed(headers)}
