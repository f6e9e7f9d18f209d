"""Real first messages: ClientHellos by the ssl module, QUIC Initials by aioquic."""

import ssl
from typing import Any

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection


def client_hello(name: str, *, alpn: tuple[str, ...] = ("h2", "http/1.1")) -> bytes:
    """The bytes that a TLS client sends first; no server name if ``name`` is empty."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if alpn:
        context.set_alpn_protocols(list(alpn))
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name or None)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake without a server")


def in_records(stream: bytes, *, size: int) -> bytes:
    """The same handshake message in records of at most ``size`` bytes each."""
    body = stream[5:]
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(stream[:3] + len(part).to_bytes(2, "big") + part for part in parts)


def quic_client(name: str, *, alpn: tuple[str, ...] = ("h3",), **more: Any) -> QuicConnection:
    """A QUIC client that has not sent anything yet."""
    return QuicConnection(configuration=QuicConfiguration(server_name=name, alpn_protocols=list(alpn), **more))


def quic_datagrams(name: str, *, alpn: tuple[str, ...] = ("h3",)) -> list[bytes]:
    """The datagrams that a QUIC client sends first."""
    client = quic_client(name, alpn=alpn)
    client.connect(("192.0.2.1", 443), now=0.0)
    return [datagram for datagram, _ in client.datagrams_to_send(now=0.0)]
