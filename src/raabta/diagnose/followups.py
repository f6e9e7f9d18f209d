"""Which follow-up questions are worth asking of what was seen so far.

A measurement in which everything went well needs none. Where a step failed, the same step is named again with one thing
changed (the name, the address, the way it is sent), since the difference says what the failure depends on. Pure: the
names come from the observations alone; ``pipeline`` drives them within its budget, and asks here again with the
answers.

A step that failed for the control too is repeated only: nothing in between can be at fault. An odd answer whose address
proved itself by its certificate is left alone, so that CDNs cost nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypedDict

from raabta.diagnose import contrasts, http, tcp, tls
from raabta.diagnose.chain import Hop, follow, header, site_of, split_url
from raabta.diagnose.local import state_of
from raabta.diagnose.names import address_of
from raabta.model import Control, DnsLookup, FollowUp, HttpExchange, Measurement

BRISK_BPS: Final = 2_000_000.0
"""A page that came at this rate is not slow: two in five seconds of Pakistan's median line (5.3 Mbit/s, M-Lab
10/2024)."""

_CUT: Final = frozenset(("reset", "eof", "timeout", "tls_alert", "other"))
_STOPPED: Final = frozenset(("reset", "eof", "timeout", "other"))
_VAGUE: Final = frozenset(("servfail", "other"))
"""What a system's resolver says of refusals, failures and more alike (EAI_AGAIN, EAI_FAIL)."""
_EMPTY: Final = frozenset(("nxdomain", "no_answer", "no_data"))


def name_follow_ups(measurement: Measurement) -> list[FollowUp]:
    """Name the follow-ups worth taking, those already taken left out.

    Returns:
        In the order in which they tell most, for a budget that ends early; [] when nothing is odd, and when the
        machine's own network is at fault.
    """
    if measurement.local is not None and state_of(measurement.local, measurement) != "fine":
        return []
    hops = follow(measurement.input, measurement.exchanges)
    named: list[FollowUp] = []
    seen: set[tuple[str, int]] = set()
    for hop in hops:
        if (hop.host, hop.port) not in seen:
            seen.add((hop.host, hop.port))
            control = measurement.control if hop.index == 0 else None
            named += _of_lookups(measurement, hop, control=control)
            named += _of_connections(measurement, hop, control=control)
            named += _of_handshakes(measurement, hop, control=control)
            named += _of_quic(measurement, hop)
        named += _of_request(measurement, hop)
    taken = {(one.kind, one.address, one.name) for one in measurement.contrasts}
    return [one for one in dict.fromkeys(named) if (one.kind, one.address, one.name) not in taken]


class _Where(TypedDict, total=False):
    """The end point and name that a host's follow-ups share."""

    address: str
    port: int
    name: str
    path: str


def _of_lookups(measurement: Measurement, hop: Hop, *, control: Control | None) -> Iterator[FollowUp]:
    host = hop.host
    mine = [lookup for lookup in measurement.lookups if lookup.host == host]
    if control is not None and control.dns in _EMPTY:
        return
    trusted = set(control.addresses) if control is not None and control.dns == "ok" else set()
    for lookup in mine if not trusted else ():
        trusted.update(address for address, _ in lookup.answers if lookup.resolver == "encrypted")
    proved = {step.address for step in measurement.handshakes if step.failure == "ok" and step.verified}
    fails, odd = _odd_channels(mine, trusted | proved)
    late = any(lookup.host == host for lookup in measurement.late_answers)
    if not fails and not odd and not late:
        return
    if fails:
        if any(lookup.resolver == "system" and lookup.failure in _VAGUE for lookup in mine):
            yield FollowUp(kind="dns.system", name=host)
        yield FollowUp(kind="dns.repeat", name=host, n=2)
        yield FollowUp(kind="dns.other_name", name=host)
    yield FollowUp(kind="dns.no_resolver", name=host)
    yield FollowUp(kind="dns.no_resolver_other_name", name=host)
    seen = hop.exchange is not None and not hop.encrypted and address_of(hop.exchange) == odd
    if odd and not seen:
        yield FollowUp(kind="dns.odd_page", address=odd, port=80, name=host)
    yield FollowUp(kind="dns.tcp", name=host)
    yield FollowUp(kind="dns.dot", name=host)
    yield FollowUp(kind="dns.walk", name=host)


def _odd_channels(lookups: Sequence[DnsLookup], good: set[str]) -> tuple[bool, str]:
    """Say whether a plain way of asking fails, and give an address that one answered while none of its is ``good``."""
    fails, odd = False, ""
    for how in ("system", "udp"):
        answered = [lookup for lookup in lookups if lookup.resolver == how]
        found = [address for lookup in answered for address, _ in lookup.answers]
        fails = fails or bool(answered and not found)
        for lookup in answered:
            if lookup.answers and good and not any(address in good for address, _ in lookup.answers):
                odd = odd or lookup.answers[0][0]
    return fails, odd


def _of_connections(measurement: Measurement, hop: Hop, *, control: Control | None) -> Iterator[FollowUp]:
    tried = tcp.beside_control(measurement.connects, control)
    for step, seen in tried:
        if step.port != hop.port or step.failure in ("ok", "interrupted"):
            continue
        if ":" in step.address and step.failure == "unreachable":
            continue  # a line without IPv6
        yield FollowUp(kind="tcp.repeat", address=step.address, port=step.port, name=hop.host, n=3)
        if seen in ("", "ok"):
            yield FollowUp(kind="tcp.other_port", address=step.address, port=_other(step.port), name=hop.host)
            yield FollowUp(kind="tcp.walk", address=step.address, port=step.port, name=hop.host)
        return


def _other(port: int) -> int:
    return 80 if port == 443 else 443


def _of_handshakes(measurement: Measurement, hop: Hop, *, control: Control | None) -> Iterator[FollowUp]:
    mine = [step for step in measurement.handshakes if step.transport == "tcp" and step.server_name == hop.host]
    step = next((step for step in mine if step.failure in _CUT or step.failure.startswith("cert")), None)
    if step is None:
        return
    where = _Where(address=step.address, port=step.port, name=hop.host)
    if tls.control_of(control, step) not in ("", "ok"):
        yield FollowUp(kind="tls.repeat", n=1, **where)
        return
    if step.failure in _CUT:
        yield FollowUp(kind="tls.repeat", n=2, **where)
        yield FollowUp(kind="tls.other_name", **where)
    yield FollowUp(kind="tls.control_address", **where)
    yield FollowUp(kind="tls.walk", **where)
    if step.failure in _CUT:
        for kind in ("tls.split_hello", "tls.browser_hello", "tls.ech_grease", "tls.no_name"):
            yield FollowUp(kind=kind, **where)


def _of_quic(measurement: Measurement, hop: Hop) -> Iterator[FollowUp]:
    mine = [step for step in measurement.handshakes if step.transport == "quic" and step.server_name == hop.host]
    step = next((step for step in mine if step.failure not in ("ok", "interrupted")), None)
    reached = {connect.address for connect in measurement.connects if connect.failure == "ok"}
    if step is None or step.address not in reached:
        return
    where = _Where(address=step.address, port=step.port, name=hop.host)
    yield FollowUp(kind="quic.repeat", n=2, **where)
    for kind in ("quic.other_name", "quic.control_address", "quic.version_negotiation"):
        yield FollowUp(kind=kind, **where)


def _of_request(measurement: Measurement, hop: Hop) -> Iterator[FollowUp]:
    exchange = hop.exchange
    if exchange is None:
        return
    where = _Where(address=address_of(exchange), port=hop.port, name=hop.host, path=_path(hop.url))
    if exchange.failure in _STOPPED and not hop.encrypted:
        yield FollowUp(kind="http.repeat", n=2, **where)
        yield FollowUp(kind="http.other_host", **where)
        yield FollowUp(kind="http.control_address", **where)
        yield FollowUp(kind="http.walk", **where)
    elif not hop.encrypted and _is_strange(measurement, hop, exchange=exchange):
        yield FollowUp(kind="http.control_address", **where)
        yield FollowUp(kind="http.walk", **where)
    if exchange.failure in ("timeout", "reset", "eof", "other") or _is_slow(measurement, exchange):
        for kind in ("flow.repeat", "flow.other_name", "flow.control"):
            yield FollowUp(kind=kind, **where)


def _is_strange(measurement: Measurement, hop: Hop, *, exchange: HttpExchange) -> bool:
    """Say whether a page in clear looks like somebody else's, or sends the visitor to another site."""
    signs = exchange.signs
    control = measurement.control
    if exchange.failure == "ok" and not 300 <= exchange.status < 400 and control is not None and control.http == "ok":
        page = http.page_of(exchange, control, title=http.title_of(exchange))
        if page == "differs":
            return True
    if signs is not None and (signs.kind in ("blockpage", "filter") or signs.refusal):
        return True
    host = split_url(header(exchange.headers, "Location"))[1]
    return bool(host) and site_of(host) != site_of(hop.host)


def _is_slow(measurement: Measurement, exchange: HttpExchange) -> bool:
    transfer = tls.transfer_of(measurement.transfers, exchange)
    if transfer is None or transfer.received_bytes < contrasts.TELLING_BYTES:
        return False
    lasted = transfer.last_s - transfer.first_s + transfer.silence_s
    return lasted > 0.0 and transfer.received_bytes * 8.0 / lasted < BRISK_BPS


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"
