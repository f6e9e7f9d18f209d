"""Resolvers on the wire: UDP, TCP and TLS with their lengths (RFC 1035 section 4.2), and HTTPS (RFC 8484)."""

import asyncio
import base64
import binascii
from typing import Final
from urllib.parse import parse_qs, urlsplit

from raabta.lab.servers.hosts import Credentials, Fate
from raabta.lab.servers.pages import Request, Response, error_page, page
from raabta.lab.servers.resolvers import Resolver
from raabta.lab.servers.sites import Who, who_is
from raabta.lab.servers.streams import Line
from raabta.lab.world.country import PUBLIC_RESOLVER_NAME

DOH_PATH: Final = "/dns-query"


class DnsDatagrams:
    """A resolver over UDP."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Begin."""
        self._transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        """Answer."""
        answer = self._resolver.reply(data, who=who_is(sender[0]), over_udp=True)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, sender)


class DnsStream:
    """A resolver on a stream: TCP, or TLS (RFC 7858)."""

    def __init__(self, resolver: Resolver, *, line: Line) -> None:
        self._resolver = resolver
        self._line = line
        self._unread = b""

    def receive(self, data: bytes) -> None:
        """Answer each whole query."""
        self._unread += data
        while len(self._unread) >= 2 and len(self._unread) >= 2 + (size := int.from_bytes(self._unread[:2], "big")):
            query, self._unread = self._unread[2 : 2 + size], self._unread[2 + size :]
            answer = self._resolver.reply(query, who=self._line.who)
            if answer is not None:
                self._line.send(len(answer).to_bytes(2, "big") + answer)

    def stop(self) -> None:
        """Nothing is left to do."""


class ResolverHost:
    """A resolver's machine towards TLS and HTTP: its certificate, and DNS over HTTPS."""

    def __init__(self, resolver: Resolver, *, alpn: tuple[str, ...] = ("h2", "http/1.1")) -> None:
        self._resolver = resolver
        self._credentials = Credentials(names=(PUBLIC_RESOLVER_NAME, resolver.address), alpn=alpn)

    def credentials(self, server_name: str, who: Who) -> Credentials:  # noqa: ARG002  a Host
        """Give the resolver's certificate."""
        return self._credentials

    def fate(self, name: str, who: Who, *, is_request: bool) -> Fate:  # noqa: ARG002  a Host
        """Serve."""
        return "serve"

    def respond(self, request: Request, who: Who) -> Response:
        """Answer a query in a request, or show a page."""
        parts = urlsplit(request.path)
        if parts.path != DOH_PATH:
            return Response(body=page("Public resolver", n_bytes=2_000))
        query = request.body if request.method == "POST" else _decoded(parse_qs(parts.query).get("dns", [""])[0])
        answer = self._resolver.reply(query, who=who)
        if answer is None:
            return error_page(400)
        return Response(
            headers=(("content-type", "application/dns-message"), ("cache-control", "max-age=0")), body=answer
        )


def _decoded(text: str) -> bytes:
    """Decode base64url without padding (RFC 8484 section 4.1)."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
