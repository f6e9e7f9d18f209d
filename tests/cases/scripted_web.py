"""Web servers and resolvers for the scripted network: TLS, HTTP/1.1 and DNS, one connection after another."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

import dns.message
import dns.rdatatype
import dns.rrset

from raabta.probe.settings import ProbeSettings, Resolver, Timeouts
from tests.cases.authority import issue, the_root
from tests.cases.scripted import Said, TcpPeer, UdpPeer

PLAIN: Final = "192.0.2.53"
ENCRYPTED: Final = "192.0.2.54"
RESOLVER_NAME: Final = "dns.resolver.example"

Respond = Callable[[str, str], bytes]
"""What a site answers to a host and a path: a whole HTTP/1.1 response."""

Zone = Mapping[str, list[str]]
"""Names and what they resolve to; an empty list is NXDOMAIN."""


def page(title: str = "Gazette", *, body: str = "", status: str = "200 OK", headers: str = "") -> bytes:
    """A small page."""
    content = (body or f"<html><title>{title}</title>{'news ' * 200}</html>").encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.encode() + content


def redirect(location: str, *, headers: str = "") -> bytes:
    """A redirect."""
    return page(status="302 Found", headers=f"Location: {location}\r\n{headers}", body="moved")


def clear_site(respond: Respond) -> TcpPeer:
    """A web server in clear."""
    return TcpPeer(talk=lambda data: [Said(_answer(data, respond))])


def site(respond: Respond, *names: str) -> TcpPeer:
    """A web server in TLS with a certificate for ``names`` that the probe of these cases trusts."""
    context = issue(*names).context(alpn=("http/1.1",))
    return TcpPeer(talk=_Tls(context, lambda data: _answer(data, respond)))


def dot_resolver(zone: Zone) -> TcpPeer:
    """A resolver over TLS."""
    context = issue(RESOLVER_NAME).context(alpn=("dot",))

    def answer(data: bytes) -> bytes:
        reply = resolved(data[2:], zone)
        return len(reply).to_bytes(2, "big") + reply

    return TcpPeer(talk=_Tls(context, answer))


def resolver(zone: Zone, *, late: Zone | None = None) -> UdpPeer:
    """A resolver; ``late`` answers the same question a little later."""

    def answer(query: bytes) -> list[Said]:
        said = [Said(resolved(query, zone))]
        return said if late is None else [*said, Said(resolved(query, late), after_s=0.1)]

    return UdpPeer(answer=answer)


def resolved(query: bytes, zone: Zone) -> bytes:
    """Answer one DNS query from a zone."""
    asked = dns.message.from_wire(query)
    question = asked.question[0]
    name = question.name.to_text(omit_final_dot=True)
    reply = dns.message.make_response(asked)
    addresses = zone.get(name, [])
    if not addresses:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    kind = dns.rdatatype.to_text(question.rdtype)
    found = [one for one in addresses if kind == ("AAAA" if ":" in one else "A")]
    if found:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
    return reply.to_wire()


def web_settings(*, encrypted: bool = False, **changed: Any) -> ProbeSettings:
    """Settings of these cases. Lookups listen for a second answer; our own root is trusted."""
    made: dict[str, Any] = {
        "plain_resolver": Resolver(engine="udp", address=PLAIN, port=53),
        "encrypted_resolvers": (Resolver(engine="dot", address=ENCRYPTED, port=853, name=RESOLVER_NAME),)
        if encrypted
        else (),
        "trust_pem": the_root().pem,
        "other_name": "neutral.example",
        "timeouts": Timeouts(),
    }
    return ProbeSettings(**(made | changed))


def _answer(request: bytes, respond: Respond) -> bytes:
    lines = request.decode("latin-1").split("\r\n")
    path = lines[0].split(" ")[1]
    host = next(line.partition(": ")[2] for line in lines if line.lower().startswith("host:"))
    return respond(host, path)


class _Tls:
    """The server's side of TLS. A ClientHello begins a new connection, so one at a time is understood."""

    def __init__(self, context: ssl.SSLContext, answer: Callable[[bytes], bytes]) -> None:
        self._context = context
        self._answer = answer
        self._begin()

    def _begin(self) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_open = False

    def __call__(self, data: bytes) -> list[Said]:
        if data[:1] == b"\x16" and data[5:6] == b"\x01":
            self._begin()
        self._incoming.write(data)
        try:
            if not self._is_open:
                self._tls.do_handshake()
                self._is_open = True
            self._tls.write(self._answer(self._tls.read(65_536)))
        except ssl.SSLWantReadError:
            pass
        sent = self._outgoing.read()
        return [Said(sent)] if sent else []
