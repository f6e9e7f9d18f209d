"""DNS over streams: TCP (RFC 7766), TLS (RFC 7858) and, by ``probe.doh``, HTTPS. QUIC is ``probe.doq``.

A connection serves one query at a time.
"""

from raabta.probe.asking import Connection, Progress, Reply
from raabta.probe.doh import Http1, Http2
from raabta.probe.network import Network, Stream
from raabta.probe.secure import SecureStream, secure
from raabta.probe.settings import Resolver


class PlainTcp:
    """Queries with their length before them, over TCP or TLS (RFC 1035 section 4.2.2)."""

    def __init__(self, stream: Stream | SecureStream) -> None:
        self._stream = stream

    async def ask(self, query: bytes) -> Reply:
        """Send one query and give its answer."""
        await self._stream.send(len(query).to_bytes(2, "big") + query)
        received = b""
        while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
            more = await self._stream.receive()
            if not more:
                raise EOFError
            received += more
        return Reply(received[2:])

    def close(self) -> None:
        """Close at once."""
        self._stream.close()


async def open_stream(network: Network, resolver: Resolver, *, trust_pem: str, progress: Progress) -> Connection:
    """Open a connection for the engines ``tcp``, ``dot`` and ``doh``. Raises ``OSError`` and ``EOFError``."""
    progress.operation = "connect"
    stream = await network.open_tcp(resolver.address, resolver.port)
    if resolver.engine == "tcp":
        return PlainTcp(stream)
    progress.operation = "tls_handshake"
    name = resolver.name or resolver.address
    alpn = ("dot",) if resolver.engine == "dot" else ("h2", "http/1.1")
    secured = await secure(stream, server_name=name, trust_pem=trust_pem, alpn=alpn)
    if resolver.engine == "dot":
        return PlainTcp(secured)
    over = Http2 if secured.alpn == "h2" else Http1
    return over(secured, host=name, path=resolver.path)
