"""One HTTP/3 exchange on a QUIC connection."""

import asyncio
from dataclasses import replace

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import QuicEvent, StreamReset

from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.http import exchange_of
from raabta.probe.quic_line import QuicLine, failure_of_end
from raabta.probe.recording import Peer
from raabta.probe.roundtrip import Ask, Page, ask_for
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Exchange


async def get(trace: Trace, line: QuicLine, *, url: str, peer: Peer, settings: ProbeSettings) -> tuple[Exchange, bytes]:
    """Take the step "HTTP/3 GET" on a connection that ``quic.handshake`` gave.

    Args:
        trace: Has the clock and the budget.
        line: The connection; it knows its number. The caller closes it.
        url: What to ask for, absolute; its host becomes the authority.
        peer: The end point, as it was given to the handshake.
        settings: Deadline and the longest body.

    Returns:
        As ``http.get``.
    """
    trace.check_budget()
    peer = replace(peer, transaction_id=line.peer.transaction_id)
    ask = ask_for(url)
    page = Page(settings.max_body_bytes)
    t0 = trace.now()
    try:
        async with asyncio.timeout(settings.timeouts.http_s):
            await _fetch(line, ask, page)
        failure = failure_of_end(line)
    except (*NETWORK_ERRORS, ValueError) as error:
        failure = failure_of(error, operation="http_round_trip")
    exchange = exchange_of(ask, page, failure=failure, peer=peer, alpn="h3")
    exchange.t0, exchange.t = t0, trace.now()
    return exchange, bytes(page.body)


async def _fetch(line: QuicLine, ask: Ask, page: Page) -> None:
    connection = H3Connection(line.connection)
    stream = line.connection.get_next_available_stream_id()
    connection.send_headers(stream, ask.pseudo, end_stream=True)

    def take(event: QuicEvent) -> bool:
        if isinstance(event, StreamReset) and event.stream_id == stream:
            raise EOFError
        done = False
        for part in connection.handle_event(event):
            match part:
                case HeadersReceived():
                    page.begin_with_fields(part.headers)
                    done = done or part.stream_ended
                case DataReceived():
                    page.add(part.data)
                    done = done or part.stream_ended
                case _:  # pushes and datagrams, which nobody asked for
                    pass
        return done or page.truncated

    await line.run(take)
