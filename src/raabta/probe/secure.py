"""TLS over a stream for the probe's own errands: encrypted DNS. What is *observed* of TLS is ``probe.tls``.

OpenSSL verifies the certificate, at the machine's own time, against the trust store that the settings name.
"""

import ssl
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from raabta.probe.network import Stream

_READ_BYTES: Final = 16_384
"""One TLS record (RFC 8446 section 5.1)."""


@lru_cache(maxsize=8)
def trusting(trust_pem: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Give a client's context that trusts a store, "" for the platform's."""
    context = ssl.create_default_context(cadata=trust_pem or None)
    context.set_alpn_protocols(list(alpn))
    return context


class SecureStream:
    """A TLS connection over a stream. Not safe for two readers at a time."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, *, server_name: str) -> None:
        self.stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def handshake(self) -> None:
        """Shake hands. Raises ``OSError`` (``ssl.SSLError``) and ``EOFError``."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()  # the alert says why, to the other side
                raise
            else:
                await self._flush()
                return

    @property
    def alpn(self) -> str:
        """The protocol that was agreed on, "" for none."""
        return self._tls.selected_alpn_protocol() or ""

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Give what arrives; b"" at the end of the stream, said by TLS or not."""
        while True:
            try:
                return self._tls.read(_READ_BYTES)
            except ssl.SSLWantReadError:
                await self._flush()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            data = await self.stream.receive()
            if not data:
                return b""
            self._incoming.write(data)

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self.stream.send(self._outgoing.read())

    async def _fill(self) -> None:
        data = await self.stream.receive()
        if not data:
            raise EOFError
        self._incoming.write(data)

    def close(self) -> None:
        """Close at once."""
        self.stream.close()


async def secure(stream: Stream, *, server_name: str, trust_pem: str, alpn: Sequence[str]) -> SecureStream:
    """Shake hands over a stream; it is closed where that fails."""
    secured = SecureStream(stream, trusting(trust_pem, tuple(alpn)), server_name=server_name)
    try:
        await secured.handshake()
    except BaseException:
        stream.close()
        raise
    return secured
