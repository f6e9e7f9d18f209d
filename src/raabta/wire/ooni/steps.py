"""Typed parts of an OONI document to observations, one step each.

This is the hot path of bulk reading: it runs once for every step of every document, so it calls little and builds
only what a question may ask. Lists in a document may be null, and so may every field.
"""

from typing import Any, Final

import msgspec

from raabta.model import (
    FOLLOW_UPS,
    Contrast,
    Control,
    ControlEndpoint,
    DnsLookup,
    HttpExchange,
    TcpConnect,
    TlsHandshake,
    classify_failure,
)
from raabta.wire.ooni.types import (
    DECODE_ERRORS,
    WireAnswer,
    WireConnect,
    WireContrast,
    WireControl,
    WireControlStep,
    WireExchange,
    WireHandshake,
    WireLookup,
    WireResponse,
)

_RESOLVER: Final[dict[str | None, str]] = {
    "udp": "udp",
    "tcp": "udp",
    "doh": "encrypted",
    "dot": "encrypted",
    "doq": "encrypted",
    "doh3": "encrypted",
    "odoh": "encrypted",
}
"""OONI's engine names; every other one ("system", "getaddrinfo", none at all) is the system's."""

_NO_HEADERS: Final[dict[str, str]] = {}


_places: Final[dict[str, list[str]]] = {}
_PLACES_KEPT: Final = 1024


def places(path: str, count: int) -> list[str]:
    """Give ``path[0]``, ``path[1]``, … for at least ``count`` steps; made once, since every document needs them."""
    made = _places.setdefault(path, [])
    if count > _PLACES_KEPT:
        return [f"{path}[{index}]" for index in range(count)]
    if len(made) < count:
        made.extend(f"{path}[{index}]" for index in range(len(made), count))
    return made


def asn_of(text: str | int | None) -> int:
    """Give the number of "AS137", 137 or "137"; 0 for anything else."""
    if text is None:
        return 0
    if isinstance(text, int):
        return text if 0 < text < 1 << 32 else 0
    digits = text[2:] if text[:2] in ("AS", "as") else text
    if digits.isascii() and digits.isdigit() and len(digits) <= 10:
        return int(digits) if int(digits) < 1 << 32 else 0
    return 0


def split_endpoint(endpoint: str | None) -> tuple[str, int]:
    """Split "192.0.2.1:443" or "[2001:db8::1]:443"; the port is 0 where there is none."""
    if not endpoint:
        return "", 0
    address, colon, port = endpoint.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()):
        return endpoint.strip("[]"), 0
    if address[:1] == "[":
        address = address[1:-1]
    return address, int(port) if len(port) <= 5 else 0


def lookups(wire: list[WireLookup] | None, path: str) -> tuple[DnsLookup, ...]:
    """Build the DNS lookups. Answers keep addresses only: a CNAME says nothing that an address does not."""
    if not wire:
        return ()
    steps = []
    for lookup, at in zip(wire, places(path, len(wire)), strict=False):
        host = lookup.hostname
        if not host or lookup.query_type == "HTTPS":
            continue  # an HTTPS record says how to connect, not whether the name has an address
        found = lookup.answers
        failure = lookup.failure
        steps.append(
            DnsLookup(
                at=at,
                host=host,
                resolver=_RESOLVER.get(lookup.engine, "system"),
                server=lookup.resolver_address or "",
                failure="ok" if failure is None else classify_failure(failure),
                answers=_answers(found) if found else (),
                engine=lookup.engine or "",
                t_s=lookup.t,
            )
        )
    return tuple(steps)


def _answers(found: list[WireAnswer]) -> tuple[tuple[str, int], ...]:
    answers = []
    for answer in found:
        address = answer.ipv4 or answer.ipv6
        if address:
            noted = answer.asn
            answers.append((address, noted if type(noted) is int else asn_of(noted)))
    return tuple(answers)


def connects(wire: list[WireConnect] | WireConnect | None, path: str) -> tuple[TcpConnect, ...]:
    """Build the TCP connection attempts; one without an address or a status is left out."""
    if not wire:
        return ()
    listed = wire if isinstance(wire, list) else [wire]
    steps = []
    where = places(path, len(listed)) if listed is wire else [path]
    for connect, at in zip(listed, where, strict=False):
        status = connect.status
        if status is None or not connect.ip:
            continue
        failure = status.failure
        failed = ("other" if status.success is False else "ok") if failure is None else classify_failure(failure)
        icmp = connect.x_icmp
        steps.append(
            TcpConnect(
                at=at,
                address=connect.ip,
                port=connect.port or 0,
                failure=failed,
                t_s=connect.t,
                rtt_ms=connect.x_rtt_ms,
                retransmits=connect.x_retransmits,
                icmp_sender="" if icmp is None else icmp.sender or "unknown",
            )
        )
    return tuple(steps)


def handshakes(wire: list[WireHandshake] | None, path: str, *, transport: str = "tcp") -> tuple[TlsHandshake, ...]:
    """Build the TLS handshakes. The chain is decoded only where somebody may have to look at it."""
    if not wire:
        return ()
    steps = []
    for handshake, at in zip(wire, places(path, len(wire)), strict=False):
        address, port = split_endpoint(handshake.address)
        failure = handshake.failure
        failed = "ok" if failure is None else classify_failure(failure)
        unverified = handshake.no_tls_verify is True
        chain: tuple[str, ...] = ()
        if (unverified or failed[:4] == "cert") and handshake.peer_certificates:
            chain = certificates(handshake.peer_certificates)
        steps.append(
            TlsHandshake(
                at=at,
                address=address,
                port=port,
                server_name=handshake.server_name or "",
                failure=failed,
                verified=not unverified,
                transport="quic" if handshake.network in ("udp", "quic") else transport,
                chain=chain,
                t_s=handshake.t,
            )
        )
    return tuple(steps)


def certificates(raw: msgspec.Raw) -> tuple[str, ...]:
    """Give the base64 text of each certificate; what is no certificate is left out."""
    try:
        listed = msgspec.json.decode(raw)
    except DECODE_ERRORS:
        return ()
    if not isinstance(listed, list):
        return ()
    texts = [item.get("data") if isinstance(item, dict) else item for item in listed[:20]]
    return tuple(text for text in texts if isinstance(text, str))


def exchanges(wire: list[WireExchange] | None, path: str) -> tuple[HttpExchange, ...]:
    """Build the HTTP exchanges, in the document's order (OONI writes the last one first)."""
    if not wire:
        return ()
    steps = []
    for exchange, at in zip(wire, places(path, len(wire)), strict=False):
        if exchange.network == "udp":
            continue  # over HTTP/3, beside the same request over TCP: the QUIC handshake tells what there is to tell
        request = exchange.request
        response = exchange.response
        failure = exchange.failure
        url = (request.url or "") if request is not None else ""
        body, body_bytes = ("", -1) if response is None else _body(response)
        signs = None if response is None else response.x_page
        steps.append(
            HttpExchange(
                at=at,
                url=url,
                method=(request.method or "") if request is not None else "",
                address=exchange.address or "",
                failure="ok" if failure is None else classify_failure(failure),
                status=(response.code or 0) if response is not None else 0,
                headers=_NO_HEADERS if response is None else _headers(response.headers),
                body=body,
                body_bytes=body_bytes if signs is None else signs.bytes,
                truncated=response is not None and response.body_is_truncated is True,
                t_s=exchange.t,
                signs=signs,
            )
        )
    return tuple(steps)


def _body(response: WireResponse) -> tuple[str, int]:
    """Give the text of a body and its length in bytes; a base64 body has a length only."""
    body = response.body
    if body is None:
        return "", -1
    if isinstance(body, str):
        return body, len(body) if body.isascii() else len(body.encode("utf-8", "replace"))
    data = body.get("data")
    return ("", len(data) * 3 // 4) if isinstance(data, str) else ("", -1)


def _headers(headers: dict[str, Any] | None) -> dict[str, str]:
    """Give header values that are text; a value that is bytes in base64 is left out."""
    if not headers:
        return _NO_HEADERS
    for value in headers.values():
        if type(value) is not str:
            return {name: item for name, item in headers.items() if isinstance(item, str)}
    return headers


_CONNECTED: Final = ControlEndpoint(tcp="ok")


def control(wire: WireControl | None, failure: str | bool | None) -> Control | None:
    """Build what the test helper saw; None where there was no answer from it."""
    if wire is None or (failure and wire.dns is None and wire.http_request is None):
        return None
    dns, page = wire.dns, wire.http_request
    if dns is None and page is None and wire.tcp_connect is None:
        return None
    endpoints: dict[str, ControlEndpoint] = {}
    tls = wire.tls_handshake or {}
    for endpoint, step in (wire.tcp_connect or {}).items():
        encrypted = tls.get(endpoint)
        connected = "ok" if step.failure is None and step.status is not False else _control_step(step)
        if encrypted is None:
            endpoints[endpoint] = _CONNECTED if connected == "ok" else ControlEndpoint(tcp=connected)
        else:
            completed = (
                "ok" if encrypted.failure is None and encrypted.status is not False else _control_step(encrypted)
            )
            endpoints[endpoint] = ControlEndpoint(tcp=connected, tls=completed)
    for endpoint, step in (wire.quic_handshake or {}).items():
        completed = "ok" if step.failure is None and step.status is not False else _control_step(step)
        endpoints[endpoint] = msgspec.structs.replace(endpoints.get(endpoint, ControlEndpoint()), quic=completed)
    return Control(
        dns="" if dns is None else classify_failure(dns.failure),
        addresses=() if dns is None else tuple(dns.addrs or ()),
        endpoints=endpoints,
        http="" if page is None else classify_failure(page.failure),
        status=0 if page is None else max(0, page.status_code or 0),
        title="" if page is None else page.title or "",
        body_bytes=-1 if page is None or page.body_length is None else page.body_length,
        headers=_NO_HEADERS if page is None else _headers(page.headers),
        rate_bps=None if page is None or not page.x_body_s else (page.body_length or 0) * 8.0 / page.x_body_s,
        asns={address: info.asn for address, info in (wire.ip_info or {}).items() if info.asn},
    )


def _control_step(step: WireControlStep) -> str:
    if step.failure is not None and step.failure is not False:
        return classify_failure(step.failure)
    return "other" if step.status is False else "ok"


def contrasts(wire: list[WireContrast], path: str) -> tuple[Contrast, ...]:
    """Build the follow-ups; one of a kind that is not known here is left out."""
    steps = []
    for contrast, at in zip(wire, places(path, len(wire)), strict=False):
        kind = contrast.kind or ""
        if kind not in FOLLOW_UPS:
            continue
        lasted = (contrast.t or 0.0) - (contrast.t0 or 0.0)
        steps.append(
            Contrast(
                at=at,
                kind=kind,
                address=contrast.address or "",
                port=contrast.port or 0,
                name=contrast.name or "",
                failure=classify_failure(contrast.failure),
                n=contrast.n,
                n_good=contrast.n_good,
                received_bytes=contrast.received_bytes,
                lasted_s=max(0.0, lasted),
                rtt_ms=contrast.rtt_ms,
                hop=contrast.hop,
                asn=contrast.asn,
                sender=contrast.sender,
                detail=contrast.detail[:MAX_DETAIL_CHARS],
            )
        )
    return tuple(steps)


MAX_DETAIL_CHARS: Final = 400
"""Longer details are cut: ours are some words, or the addresses of one answer."""
