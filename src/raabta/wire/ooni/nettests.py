"""Which nettest keeps what where: ``test_keys`` to the parts of a ``Measurement``.

Most nettests share the df-00x parts (queries, tcp_connect, tls_handshakes, requests), which are built the same way for
all. A nettest with parts of its own has a function in ``_OWN``, which adds to them.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from raabta.model import Note, ServiceCheck, SpeedFact, classify_failure
from raabta.wire.ooni import steps
from raabta.wire.ooni.events import decode_events, handshake_steps, transfers
from raabta.wire.ooni.types import DECODE_ERRORS, WireExchange, WireTampering, WireTestKeys

Parts = dict[str, Any]
"""Keyword arguments of ``Measurement``."""

_LOOK_AT_EVENTS: Final = frozenset(("timeout", "eof", "reset"))


def build_parts(test_name: str, keys: WireTestKeys, *, asked: str, notes: list[Note]) -> Parts:
    """Build all observations of one document.

    Args:
        test_name: The nettest.
        keys: Its ``test_keys``.
        asked: The document's ``input``.
        notes: Receives what could not be read.

    Returns:
        Keyword arguments of ``Measurement``; only those that hold something.
    """
    parts: Parts = {}
    _cap(keys, notes)
    if keys.queries:
        parts["lookups"] = steps.lookups(keys.queries, "test_keys.queries")
    if keys.tcp_connect:
        parts["connects"] = steps.connects(keys.tcp_connect, "test_keys.tcp_connect")
    if keys.tls_handshakes:
        parts["handshakes"] = steps.handshakes(keys.tls_handshakes, "test_keys.tls_handshakes")
    if keys.quic_handshakes:
        quic = steps.handshakes(keys.quic_handshakes, "test_keys.quic_handshakes", transport="quic")
        parts["handshakes"] = (*parts.get("handshakes", ()), *quic)
    if keys.requests:
        parts["exchanges"] = steps.exchanges(keys.requests, "test_keys.requests")
    if keys.control is not None:
        parts["control"] = steps.control(keys.control, keys.control_failure)
    if keys.x_dns_duplicate_responses:
        parts["late_answers"] = steps.lookups(keys.x_dns_duplicate_responses, "test_keys.x_dns_duplicate_responses")
    if keys.x_contrasts:
        parts["contrasts"] = steps.contrasts(keys.x_contrasts, "test_keys.x_contrasts")
    if keys.x_local is not None:
        parts["local"] = keys.x_local
    if keys.network_events:
        _add_events(parts, keys, notes)
    own = _OWN.get(test_name)
    if own is not None:
        own(parts, keys, asked)
    return parts


MAX_STEPS: Final = 1_000
"""Steps of one kind that are kept. Real documents have at most some hundred; more is made to exhaust us."""


_LISTED: Final = (
    "queries",
    "tcp_connect",
    "tls_handshakes",
    "quic_handshakes",
    "requests",
    "x_contrasts",
    "x_dns_duplicate_responses",
)


def _cap(keys: WireTestKeys, notes: list[Note]) -> None:
    """Cut lists of steps that no probe writes, and say so."""
    for name in _LISTED:
        listed = getattr(keys, name)
        if isinstance(listed, list) and len(listed) > MAX_STEPS:
            notes.append(
                Note(field=f"test_keys.{name}", reason=f"{len(listed)} steps; those after {MAX_STEPS} were dropped")
            )
            setattr(keys, name, listed[:MAX_STEPS])


def _add_events(parts: Parts, keys: WireTestKeys, notes: list[Note]) -> None:
    """Read the events where a step failed in a way that events explain, or a page took long."""
    failed = slow = False
    for handshake in parts.get("handshakes", ()):
        failed = failed or handshake.failure in _LOOK_AT_EVENTS
    for exchange in parts.get("exchanges", ()):
        slow = slow or exchange.failure in _LOOK_AT_EVENTS or (exchange.t_s is not None and exchange.t_s > _SLOW_S)
    if not slow and parts.get("local") is not None:
        slow = any(_lasted(exchange) > _LASTED_S for exchange in keys.requests or [])
    if not failed and not slow:
        return
    events = decode_events(keys.network_events, notes)
    if failed and events:
        parts["handshakes"] = handshake_steps(parts["handshakes"], wire=keys.tls_handshakes or [], events=events)
    if slow and events:
        over_tcp = [request for request in keys.requests or [] if request.network != "udp"]
        parts["transfers"] = transfers(parts["exchanges"], wire=over_tcp, events=events)


def _lasted(exchange: WireExchange) -> float:
    return (exchange.t or 0.0) - (exchange.t0 or 0.0)


_LASTED_S: Final = 1.0
"""A single request of a document with local facts that lasted longer is looked at. Not validated."""

_SLOW_S: Final = 10.0
"""A page that took longer is looked at closely. OONI's own limit for a page is 30 to 45 s. Not validated."""


def _tor(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    parts["checks"] = tuple(
        ServiceCheck(
            at=f"test_keys.targets.{name}.failure",
            kind=f"tor.{target.target_protocol or 'unknown'}",
            address=steps.split_endpoint(target.target_address or name)[0],
            port=steps.split_endpoint(target.target_address or name)[1],
            outcome=classify_failure(target.failure),
        )
        for name, target in (keys.targets or {}).items()
    )


def _openvpn(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    if keys.openvpn_handshake:
        parts["checks"] = tuple(
            ServiceCheck(
                at=f"test_keys.openvpn_handshake[{index}].failure",
                kind="openvpn",
                address=step.ip or "",
                port=step.port or 0,
                outcome=classify_failure(step.failure),
            )
            for index, step in enumerate(keys.openvpn_handshake)
        )
        return
    if keys.success_handshake is None:
        return
    address, port = steps.split_endpoint(keys.remote)
    failure = classify_failure(keys.failure)
    outcome = "ok" if keys.success_handshake else "timeout" if failure == "ok" else failure
    at = "test_keys.success_handshake"
    parts["checks"] = (ServiceCheck(at=at, kind="openvpn", address=address, port=port, outcome=outcome),)


_RESOLVER_KIND: Final = {"https": "dns.doh", "http3": "dns.doh", "dot": "dns.dot", "tls": "dns.dot"}


def _dnscheck(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    if keys.bootstrap is not None:
        parts["lookups"] = steps.lookups(keys.bootstrap.queries, "test_keys.bootstrap.queries")
    checks = []
    for url, lookup in (keys.lookups or {}).items():
        scheme, _, rest = url.partition("://")
        address, port = steps.split_endpoint(rest.partition("/")[0])
        checks.append(
            ServiceCheck(
                at=f"test_keys.lookups.{url}.failure",
                kind=_RESOLVER_KIND.get(scheme, "dns.plain"),
                address=address,
                port=port,
                outcome=classify_failure(lookup.failure),
            )
        )
    parts["checks"] = tuple(checks)


def _stun(parts: Parts, keys: WireTestKeys, asked: str) -> None:
    address, port = steps.split_endpoint(keys.endpoint or asked.partition("://")[2])
    outcome = classify_failure(keys.failure)
    parts["checks"] = (ServiceCheck(at="test_keys.failure", kind="stun", address=address, port=port, outcome=outcome),)


def _request_line(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    failures = keys.failure_list or []
    checks = []
    for index, (sent, received) in enumerate(zip(keys.sent or [], keys.received or [], strict=False)):
        failed = classify_failure(failures[index]) if index < len(failures) else "ok"
        if failed == "ok" and received is not None and received != sent:
            failed_as, at = "tampered", f"test_keys.received[{index}]"
        else:
            failed_as, at = (
                failed,
                f"test_keys.failure_list[{index}]" if index < len(failures) else f"test_keys.sent[{index}]",
            )
        checks.append(ServiceCheck(at=at, kind="echo.request_line", address="", port=0, outcome=failed_as))
    parts["checks"] = tuple(checks)


class _Echo(msgspec.Struct):
    """What the echo server of http_header_field_manipulation says it received."""

    request_headers: list[list[str]] = []
    headers_dict: dict[str, Any] = {}


def _headers(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    if not keys.requests:
        return
    first = keys.requests[0]
    outcome, at = _echoed(first), "test_keys.requests[0].response.body"
    if outcome == "" and isinstance(keys.tampering, WireTampering):
        flags = msgspec.structs.asdict(keys.tampering)
        outcome = "tampered" if any(value is True for value in flags.values()) else "ok"
        at = "test_keys.tampering"
    if outcome == "" and isinstance(keys.tampering, bool):
        outcome, at = ("tampered" if keys.tampering else "ok"), "test_keys.tampering"
    if outcome:
        parts["checks"] = (ServiceCheck(at=at, kind="echo.headers", address="", port=0, outcome=outcome),)


def _echoed(exchange: WireExchange) -> str:
    """Compare the headers sent with those echoed, names to the letter; "" where the document does not say."""
    failed = classify_failure(exchange.failure)
    if failed != "ok":
        return failed
    body = exchange.response.body if exchange.response is not None else None
    if exchange.request is None or not exchange.request.headers or not isinstance(body, str):
        return ""
    try:
        sent = msgspec.json.decode(exchange.request.headers, type=dict[str, Any] | None)
    except DECODE_ERRORS:
        return ""
    if not sent:
        return ""
    try:
        echo = msgspec.json.decode(body, type=_Echo)
    except DECODE_ERRORS:
        return "tampered"
    received = {pair[0] for pair in echo.request_headers if pair} or set(echo.headers_dict)
    return "ok" if set(sent) <= received else "tampered"


def _speed(parts: Parts, keys: WireTestKeys, _asked: str) -> None:
    failure = classify_failure(keys.failure)
    found = keys.summary or keys.simple
    if found is None:
        parts["speeds"] = (SpeedFact(at="test_keys.failure", failure=failure),)
        return
    figures = {name: _figure(value) for name, value in msgspec.structs.asdict(found).items()}
    parts["facts"] = {name: value for name, value in figures.items() if value is not None}
    download = figures["download"] if figures["download"] is not None else figures["median_bitrate"]
    upload, rtt, loss = figures["upload"], figures["min_rtt"], figures["retransmit_rate"]
    parts["speeds"] = (
        SpeedFact(
            at="test_keys.summary" if keys.summary is not None else "test_keys.simple",
            failure=failure,
            download_bps=None if download is None else download * 1000.0,
            upload_bps=None if upload is None else upload * 1000.0,
            min_rtt_ms=rtt,
            retransmit_share=loss,
        ),
    )


_MAX_FIGURE: Final = 1e12


def _figure(value: float | None) -> float | None:
    """Give a speed figure as a float; None for one that no line reaches, and for a negative one."""
    return float(value) if value is not None and 0 <= value <= _MAX_FIGURE else None


_OWN: Final[dict[str, Callable[[Parts, WireTestKeys, str], None]]] = {
    "tor": _tor,
    "openvpn": _openvpn,
    "dnscheck": _dnscheck,
    "stunreachability": _stun,
    "http_invalid_request_line": _request_line,
    "http_header_field_manipulation": _headers,
    "ndt": _speed,
    "dash": _speed,
}
