"""A QUIC server on the loopback that answers HTTP/3 with one page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from typing_extensions import override

from tests.cases.authority import Issued
from tests.cases.loopback import LOCAL, free_port


class _Answers(QuicConnectionProtocol):
    body = b""
    ends = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._http: H3Connection | None = None

    @override
    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        if self._http is None:
            return
        for part in self._http.handle_event(event):
            if isinstance(part, HeadersReceived):
                self._http.send_headers(part.stream_id, [(b":status", b"200"), (b"alt-svc", b"h3")])
                self._http.send_data(part.stream_id, self.body, end_stream=self.ends)
                self.transmit()


@asynccontextmanager
async def serving(certificate: Issued, *, body: bytes = b"", ends: bool = True, alpn: str = "h3") -> AsyncIterator[int]:
    """A server; gives its UDP port."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[alpn])
    configuration.certificate = certificate.certificate
    configuration.certificate_chain = list(certificate.above)
    configuration.private_key = certificate.key
    conduct = type("Conduct", (_Answers,), {"body": body, "ends": ends})
    port = free_port()
    server = await serve(LOCAL, port, configuration=configuration, create_protocol=conduct)
    try:
        yield port
    finally:
        server.close()
