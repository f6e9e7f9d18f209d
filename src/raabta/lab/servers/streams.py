"""TCP connections from the server's side: in clear, and under TLS whose first message is read before it is answered.

TLS is OpenSSL over memory, not asyncio's: a server that fails on purpose must see the ClientHello, and one address may
serve names with different certificates, protocols and versions.

Not done: reading more slowly than a client writes. Everything that is written is buffered, pages are small.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from raabta.lab.servers.authority import Authority
from raabta.lab.servers.hosts import Credentials, Host
from raabta.lab.servers.sites import Who, who_is
from raabta.wire.tls import find_client_hello, may_be_hello

READ_BYTES: Final = 65_536
# RFC 8446 section 6: record type, legacy version, length 2; fatal, handshake_failure.
_FATAL_ALERT: Final = bytes([21, 3, 3, 0, 2, 2, 40])
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_VERSIONS: Final = {
    "1.2": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
    "1.3": (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
    "both": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3),
}


class Line(Protocol):
    """What an application writes to."""

    who: Who

    def send(self, data: bytes) -> None:
        """Send all of ``data``, sooner or later."""

    def end(self) -> None:
        """Close after what was sent."""

    def reset(self) -> None:
        """Close with a RST."""


class Application(Protocol):
    """What reads and answers on a line."""

    def receive(self, data: bytes) -> None:
        """Take the bytes that arrived."""

    def stop(self) -> None:
        """Hear that the line is gone."""


class Vault:
    """TLS contexts by what they show, made when first needed."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self._contexts: dict[Credentials, ssl.SSLContext] = {}

    def context(self, credentials: Credentials) -> ssl.SSLContext:
        """Give a server's context."""
        known = self._contexts.get(credentials)
        if known is None:
            known = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            known.load_cert_chain(self.authority.chain(credentials.names, kind=credentials.kind))
            known.minimum_version, known.maximum_version = _VERSIONS[credentials.tls]
            known.set_alpn_protocols(list(credentials.alpn))
            self._contexts[credentials] = known
        return known


class PlainLine:
    """A connection in clear."""

    def __init__(self, open_application: Callable[[Line], Application]) -> None:
        self.who = Who()
        self._open = open_application
        self._application: Application | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin."""
        self._transport = transport
        self.who = who_is(str(transport.get_extra_info("peername")[0]))
        self._application = self._open(self)

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        if self._application is not None:
            self._application.receive(data)

    def eof_received(self) -> bool:
        """Close too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Stop."""
        if self._application is not None:
            self._application.stop()

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        if self._transport is not None:
            self._transport.write(data)

    def end(self) -> None:
        """Close after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close with a RST."""
        if self._transport is not None:
            reset(self._transport)


class TlsLine:
    """A connection under TLS. ``open_application`` is told the ALPN protocol that was agreed on, "" for none."""

    def __init__(self, host: Host, *, vault: Vault, open_application: Callable[[Line, str], Application]) -> None:
        self.who = Who()
        self._host = host
        self._vault = vault
        self._open = open_application
        self._application: Application | None = None
        self._transport: asyncio.Transport | None = None
        self._hello = b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._is_doomed = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for the ClientHello."""
        self._transport = transport
        self.who = who_is(str(transport.get_extra_info("peername")[0]))

    def data_received(self, data: bytes) -> None:
        """Decide on the first message, then decrypt."""
        if self._is_doomed:
            return
        if self._tls is not None:
            self._incoming.write(data)
            self._advance(self._tls)
            return
        self._hello += data
        hello = find_client_hello(self._hello)
        if hello is not None:
            self._decide(hello.server_name)
        elif not may_be_hello(self._hello):
            self.end()

    def eof_received(self) -> bool:
        """Close too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Stop."""
        if self._application is not None:
            self._application.stop()
        self._is_doomed = True

    def send(self, data: bytes) -> None:
        """Encrypt and send."""
        if self._tls is not None and not self._is_doomed:
            self._tls.write(data)
            self._flush()

    def end(self) -> None:
        """Say goodbye (close_notify) and close after what was sent."""
        if self._transport is None or self._is_doomed:
            return
        if self._application is not None and self._tls is not None:
            self._say_goodbye(self._tls)
        self._is_doomed = True
        self._transport.close()

    def reset(self) -> None:
        """Close with a RST."""
        self._is_doomed = True
        if self._transport is not None:
            reset(self._transport)

    def _decide(self, server_name: str) -> None:
        match self._host.fate(server_name, self.who, is_request=False):
            case "silent":
                self._is_doomed = True
            case "reset":
                self.reset()
            case "close":
                self.end()
            case "alert":
                self._fail_handshake()
            case "serve":
                context = self._vault.context(self._host.credentials(server_name, self.who))
                self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
                self._incoming.write(self._hello)
                self._advance(self._tls)

    def _fail_handshake(self) -> None:
        if self._transport is not None:
            self._transport.write(_FATAL_ALERT)
        self.end()

    def _advance(self, tls: ssl.SSLObject) -> None:
        """Take the handshake or the decryption as far as the bytes that are here allow."""
        try:
            if self._application is None:
                tls.do_handshake()
                self._flush()
                self._application = self._open(self, tls.selected_alpn_protocol() or "")
            while not self._is_doomed and (data := tls.read(READ_BYTES)):
                self._application.receive(data)
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError:
            # The client refuses our certificate, or speaks nothing that we speak: our alert, if any, goes out.
            self._application = None
        self._flush()
        self.end()

    def _say_goodbye(self, tls: ssl.SSLObject) -> None:
        # The peer's own goodbye is not here yet, and nobody waits for it.
        with suppress(ssl.SSLError):
            tls.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())


def reset(transport: asyncio.Transport) -> None:
    """Close a connection with a RST: a socket that does not linger drops what it holds (socket(7), SO_LINGER)."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
