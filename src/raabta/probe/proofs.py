"""Looks at what a member shows to prove a domain or an address: one look, from one place, one answer.

A look gives "" where the challenge is there, else in words why it is not; nothing raises for what a network or a
server does. Every look is bounded: each step has its deadline, a page is cut after a kilobyte, a redirect is followed
only inside the same domain, over HTTPS, to the same port, and no address that nobody serves from is connected to.

How many looks must agree is decided in ``pipeline.proving``. What is shown where stands in ``wire.challenge`` and
``wire.acme``.
"""

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from raabta.probe import dns, http, tcp, tls
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.trace import Trace
from raabta.wire.acme import ALPN, HTTP_PATH, certificate_fault, reverse_name
from raabta.wire.challenge import TXT_PREFIX, token_of, txt_value, web_path
from raabta.wire.ooni.writing import Exchange, Query

MAX_PAGE_BYTES: Final = 1_024
"""A challenge has 66 characters; what is longer is another page."""
MAX_REDIRECTS: Final = 3
"""To the name with www, to the path with another spelling, and one to spare. Judgement."""
MAX_ADDRESSES: Final = 3
"""Addresses of one name that are tried before it counts as not to be reached."""
_WEB: Final = tls.Hello(alpn=("http/1.1",))
_ACME: Final = tls.Hello(alpn=(ALPN,), verify=False)

CONTRADICTED: Final = "contradicted"
SILENT: Final = "no answer"
"""How the words begin for a place that said neither yes nor no."""
ABSENT: Final = (None, "dns_no_answer", "dns_nxdomain_error")
ALIAS: Final = "it is an alias of another name, which has no text"
"""What a server of the zone says where the name leads into another zone: the others follow it."""
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}")
"""RFC 1035, 2.3.1, and underscores, which are in use."""

AddressesOf = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host name that may be connected to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What looks from one place share. ``verify_at`` is the time by which certificates are judged."""

    trace: Trace
    settings: ProbeSettings
    sessions: DnsSessions
    verify_at: datetime


async def ask(place: Place, name: str, *, query_type: str, resolver: Resolver) -> Query:
    """Ask a resolver; an answer that was cut short over UDP is asked for again over TCP (RFC 7766, section 5).

    An answer that another one contradicted carries the tag ``contradicted``: somebody who was not asked has answered.
    """
    query, later = await dns.look_up(
        place.trace,
        name,
        query_type=query_type,
        resolver=resolver,
        settings=place.settings,
        sessions=place.sessions,
    )
    if later:
        query.tags = [*query.tags, CONTRADICTED]
    if resolver.engine != "udp" or "truncated" not in query.tags:
        return query
    whole = msgspec.structs.replace(resolver, engine="tcp")
    return await ask(place, name, query_type=query_type, resolver=whole)


async def look_for_text(place: Place, name: str, *, challenge: str, resolver: Resolver) -> str:
    """Look for the challenge among the TXT records of a name."""
    query = await ask(place, name, query_type="TXT", resolver=resolver)
    if CONTRADICTED in query.tags:
        return "two different answers came to one question"
    texts = [(answer.x_value or "").strip() for answer in query.answers or () if answer.answer_type == "TXT"]
    if txt_value(challenge) in texts:
        return ""
    if any(text.startswith(TXT_PREFIX) for text in texts):
        return "it shows another challenge"
    if texts:
        return "it has other texts, but not this one"
    if any(answer.answer_type == "CNAME" for answer in query.answers or ()):
        return ALIAS
    if query.failure in ABSENT:
        return "it has no text"
    return f"{SILENT}: {query.failure}"


async def look_up_addresses(place: Place, name: str, *, resolver: Resolver) -> list[str]:
    """Give a name's addresses, IPv4 first."""
    four = await ask(place, name, query_type="A", resolver=resolver)
    six = await ask(place, name, query_type="AAAA", resolver=resolver)
    return dns.addresses(four.answers) + dns.addresses(six.answers)


async def look_up_servers(place: Place, name: str, *, resolver: Resolver) -> list[str]:
    """Give the names of the servers of the zone that a name is in: those of the nearest name above that has some."""
    labels = name.split(".")
    for n_above in range(len(labels) - 1):
        zone = ".".join(labels[n_above:])
        query = await ask(place, zone, query_type="NS", resolver=resolver)
        given = query.answers or ()
        found = {answer.x_value or "" for answer in given if answer.answer_type == "NS"}
        is_alias = any(answer.answer_type == "CNAME" for answer in given)
        if found and not is_alias:
            return sorted(filter(_HOST.fullmatch, found))
    return []


async def look_for_file(place: Place, domain: str, *, challenge: str, addresses_of: AddressesOf, port: int) -> str:
    """Look for the challenge as a file of a domain's web server, over HTTPS with a certificate that is good for it."""
    shown_port = "" if port == 443 else f":{port}"
    url = f"https://{domain}{shown_port}{web_path(challenge)}"
    for _ in range(MAX_REDIRECTS + 1):
        exchange, body, fault = await _fetch(place, url, addresses_of=addresses_of)
        if fault:
            return fault
        target = _redirect_of(exchange)
        if not target:
            return _fault_of_page(exchange, body, challenge=challenge)
        url = _followed(url, target, domain=domain, port=port)
        if not url:
            return "it redirects away from the domain's own HTTPS"
    return f"it redirects more than {MAX_REDIRECTS} times"


async def look_for_acme_page(place: Place, address: str, *, challenge: str, port: int) -> str:
    """Take the http-01 look at an address (RFC 8738, section 4). A redirect shows nothing of an address."""
    peer = Peer(address=address, port=port)
    connect, stream = await tcp.connect(place.trace, address, port=port, settings=place.settings)
    if stream is None:
        return f"no connection: {connect.status.failure}"
    url = f"http://{tcp.endpoint(address, port)}{HTTP_PATH}{token_of(challenge)}"
    try:
        exchange, body = await http.get(place.trace, stream, url=url, peer=peer, settings=_small(place.settings))
    finally:
        stream.close()
    if exchange.failure:
        return f"no answer: {exchange.failure}"
    return _fault_of_page(exchange, body, challenge=challenge)


async def look_for_acme_certificate(place: Place, address: str, *, challenge: str, port: int) -> str:
    """Take the tls-alpn-01 look at an address (RFC 8738, section 6)."""
    connect, stream = await tcp.connect(place.trace, address, port=port, settings=place.settings)
    if stream is None:
        return f"no connection: {connect.status.failure}"
    try:
        step, _ = await tls.handshake(
            place.trace,
            stream,
            peer=Peer(address=address, port=port, name=reverse_name(address), transaction_id=connect.transaction_id),
            settings=place.settings,
            verify_at=place.verify_at,
            hello=_ACME,
        )
    finally:
        stream.close()
    if step.failure:
        return f"no handshake: {step.failure}"
    if step.negotiated_protocol != ALPN:
        return f"it does not speak {ALPN}"
    leaf = base64.b64decode(step.peer_certificates[0].data)
    return certificate_fault(leaf, address=address, challenge=challenge) or ""


async def _fetch(place: Place, url: str, *, addresses_of: AddressesOf) -> tuple[Exchange | None, bytes, str]:
    """Ask for a page at the first address that can be reached."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    addresses = await addresses_of(host)
    fault = f"{host} has no address that one may connect to"
    for address in addresses[:MAX_ADDRESSES]:
        exchange, body, fault = await _fetch_from(place, url, peer=Peer(address=address, port=port, name=host))
        if not fault:
            return exchange, body, ""
    return None, b"", fault


async def _fetch_from(place: Place, url: str, *, peer: Peer) -> tuple[Exchange | None, bytes, str]:
    connect, stream = await tcp.connect(place.trace, peer.address, port=peer.port, settings=place.settings)
    if stream is None:
        return None, b"", f"no connection: {connect.status.failure}"
    peer = replace(peer, transaction_id=connect.transaction_id)
    try:
        step, line = await tls.handshake(
            place.trace, stream, peer=peer, settings=place.settings, verify_at=place.verify_at, hello=_WEB
        )
        if line is None:
            return None, b"", f"no good handshake: {step.failure}"
        exchange, body = await http.get(place.trace, line, url=url, peer=peer, settings=_small(place.settings))
    finally:
        stream.close()
    return exchange, body, f"no answer: {exchange.failure}" if exchange.failure else ""


def _redirect_of(exchange: Exchange | None) -> str:
    response = exchange.response if exchange is not None else None
    if response is None or response.code not in (301, 302, 303, 307, 308):
        return ""
    return next((value for name, value in response.headers.items() if name.lower() == "location"), "")


def _followed(url: str, target: str, *, domain: str, port: int) -> str:
    """Give where a redirect leads if that is the domain or a name below it, by HTTPS and on the same port; else ""."""
    try:
        parts = urlsplit(urljoin(url, target))
        host, to_port = parts.hostname or "", parts.port or 443
    except ValueError:
        return ""
    is_inside = host == domain or host.endswith("." + domain)
    if parts.scheme != "https" or to_port != port or "@" in parts.netloc or not is_inside or not _HOST.fullmatch(host):
        return ""
    return parts._replace(fragment="").geturl()


def _fault_of_page(exchange: Exchange | None, body: bytes, *, challenge: str) -> str:
    response = exchange.response if exchange is not None else None
    if response is None:
        return "no answer"
    if response.code != 200:
        return f"it answers with status {response.code}"
    if response.body_is_truncated:
        return f"the file is longer than {MAX_PAGE_BYTES} bytes"
    # RFC 8555, 8.3: blanks at the end are overlooked.
    return "" if body.rstrip() == challenge.encode() else "the file holds something else"


def _small(settings: ProbeSettings) -> ProbeSettings:
    return msgspec.structs.replace(settings, max_body_bytes=MAX_PAGE_BYTES)


def first_fault(faults: Sequence[str]) -> str:
    """Of several looks that must all succeed, give the first fault; "" where there is none."""
    return next(filter(None, faults), "")
