"""The machine's own network, before anything else is asked: interface, gateway, resolver, portal, clock, IPv6.

Everything is asked at once and the whole takes ``CHECK_S`` at most, even where every packet is lost. On a machine
without an interface or a default route nothing is asked at all.

A gateway is ``silent`` only where nothing beyond it answers and it says nothing itself: no ICMP error for a datagram to
a closed port of it, and none for one that dies at it. Many home routers keep quiet about closed ports: silence there
alone means nothing, so it is not even asked where an anchor answers soon.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from raabta.model import LocalHealth
from raabta.probe import tcp
from raabta.probe.clear import Page, get_in_clear
from raabta.probe.dns import addresses, look_up
from raabta.probe.failures import NETWORK_ERRORS, TIMEOUT, failure_of
from raabta.probe.hops import TRACE_PORT, probe_datagram
from raabta.probe.linux import ON_LINK
from raabta.probe.network import Network, Surroundings
from raabta.probe.settings import PortalCheck, ProbeSettings
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Connect

CHECK_S: Final = 5.6
"""For all of it. A lost SYN is repeated after 1 s and 3 s, a lost question to the system's resolver after 5 s."""

CLOCK_OFF_S: Final = 3_600.0
"""A clock that is further off is wrong. Certificates are usually dated back by an hour and last for days or weeks: an
hour off breaks some of them, and no clock that is kept by the network is ever as far off."""

KNOCK_AFTER_S: Final = 1.2
"""How long anchors may take before the gateway is asked: more than any usual round trip. Judgement."""

_FROM_SELF: Final = frozenset({"host_unreachable", "network_unreachable", "permission_denied"})
"""What the machine itself says where nobody answers for the gateway's address, or its own firewall forbids to ask."""
_PORTAL_CODES: Final = frozenset({301, 302, 303, 307, 308, 511})
"""Redirects, and "network authentication required" (RFC 6585 section 6)."""

Now = Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class _Round:
    """What the parts of a check share."""

    trace: Trace
    settings: ProbeSettings
    around: Surroundings
    now: Now
    portal_address: "asyncio.Future[str]"
    lookups: list[str | None] = field(default_factory=list)
    """How lookups by the system ended."""
    connects: list[Connect] = field(default_factory=list)
    anchor_answered: asyncio.Event = field(default_factory=asyncio.Event)
    gateway_spoke: bool = False
    page: Page | None = None
    page_at: datetime | None = None
    ipv6: str = "none"


async def check(trace: Trace, settings: ProbeSettings, *, now: Now) -> LocalHealth:
    """Look at the machine's own network.

    Args:
        trace: The measurement under way.
        settings: Anchors beyond the operator, and the page whose answer is known.
        now: The machine's clock, as aware UTC times.
    """
    around = trace.network.surroundings()
    if not around.missing and not (around.interfaces and around.gateways):
        return LocalHealth(
            interface="ok" if around.interfaces else "none",
            gateway="none",
            resolver="ok" if around.resolvers else "none",
            beyond="silent",
        )
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    round_ = _Round(trace=trace, settings=settings, around=around, now=now, portal_address=address)
    parts = [
        *(_connect(round_, anchor.address, anchor.port) for anchor in settings.anchors if ":" not in anchor.address),
        *(_ask_system(round_, name) for name in _known_names(settings)),
        *(_knock(round_, gateway) for gateway in _gateways(around)),
        _ask_plain(round_),
        _see_page(round_),
        _try_ipv6(round_),
    ]
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(_within(part))
    return _sum_up(round_)


async def _within(part: Coroutine[Any, Any, None]) -> None:
    try:
        async with asyncio.timeout(CHECK_S):
            await part
    except TimeoutError:
        return  # what the part noted until then stands


def _known_names(settings: ProbeSettings) -> list[str]:
    """Names that exist, two where possible: one lookup may be lost."""
    host = settings.portal_check.host if settings.portal_check else ""
    return list(dict.fromkeys(name for name in (host, settings.other_name) if name))


def _gateways(around: Surroundings) -> list[str]:
    return [gateway for gateway in around.gateways if gateway != ON_LINK and ":" not in gateway][:2]


# --- the parts ----------------------------------------------------------------------------------------------


async def _connect(round_: _Round, address: str, port: int) -> None:
    connect, stream = await tcp.connect(round_.trace, address, port=port, settings=round_.settings)
    if stream is not None:
        stream.close()
        round_.anchor_answered.set()
    round_.connects.append(connect)


async def _ask_system(round_: _Round, name: str) -> None:
    try:
        found = await round_.trace.network.resolve(name, ipv6=False)
    except asyncio.CancelledError:
        round_.lookups.append(TIMEOUT)
        raise
    except NETWORK_ERRORS as error:
        round_.lookups.append(failure_of(error, operation="resolve"))
        return
    round_.lookups.append(None)
    if found and round_.settings.portal_check and name == round_.settings.portal_check.host:
        _know_portal(round_, found[0])


async def _ask_plain(round_: _Round) -> None:
    """Ask for the portal check's address beside the system's resolver, which may be what is broken."""
    expected, settings = round_.settings.portal_check, round_.settings
    if expected is None:
        return
    query, _ = await look_up(
        round_.trace, expected.host, query_type="A", resolver=settings.plain_resolver, settings=settings
    )
    if found := addresses(query.answers):
        _know_portal(round_, found[0])


def _know_portal(round_: _Round, address: str) -> None:
    if not round_.portal_address.done():
        round_.portal_address.set_result(address)


async def _see_page(round_: _Round) -> None:
    """Ask for the page whose answer is known."""
    expected = round_.settings.portal_check
    if expected is None:
        return
    address = await round_.portal_address
    round_.page = await get_in_clear(round_.trace, address, host=expected.host, path=expected.path)
    round_.page_at = round_.now()


async def _knock(round_: _Round, gateway: str) -> None:
    """Make the gateway speak, unless an anchor has answered: a datagram to a closed port, and one that dies at it."""
    try:
        async with asyncio.timeout(KNOCK_AFTER_S):
            await round_.anchor_answered.wait()
    except TimeoutError:
        places = [(gateway, 0), *((anchor.address, 1) for anchor in round_.settings.anchors[:1])]
        async with asyncio.TaskGroup() as group:
            for address, ttl in places:
                group.create_task(_provoke(round_, address, ttl))


async def _provoke(round_: _Round, address: str, ttl: int) -> None:
    seen = await probe_datagram(
        round_.trace,
        lambda network: network.open_udp(address, TRACE_PORT),
        data=bytes(16),
        ttl=ttl,
        is_answer=lambda _: True,
    )
    is_own = seen.sender in round_.around.own_addresses or (not seen.sender and seen.what in _FROM_SELF)
    round_.gateway_spoke |= seen.what != TIMEOUT and not is_own


async def _try_ipv6(round_: _Round) -> None:
    """Connect over IPv6 where the machine has an address and a route: to an anchor, else to a known name."""
    settings, around = round_.settings, round_.around
    has_route = any(":" in gateway for gateway in around.gateways) and any(map(_is_wide_ipv6, around.own_addresses))
    if not settings.ipv6 or not (has_route or around.missing):
        return
    places = [(anchor.address, anchor.port) for anchor in settings.anchors if ":" in anchor.address]
    if not places:
        places = await _known_ipv6(round_.trace.network, settings)
    if not places:
        return
    round_.ipv6 = "broken" if has_route else "none"
    for address, port in places[:2]:
        connect, stream = await tcp.connect(round_.trace, address, port=port, settings=settings)
        if stream is not None:
            stream.close()
        if connect.status.success:
            round_.ipv6 = "ok"
            return


def _is_wide_ipv6(address: str) -> bool:
    return ":" in address and not ipaddress.IPv6Address(address).is_link_local


async def _known_ipv6(network: Network, settings: ProbeSettings) -> list[tuple[str, int]]:
    for name in _known_names(settings):
        try:
            found = await network.resolve(name, ipv6=True)
        except NETWORK_ERRORS:
            continue
        return [(address, 80) for address in found]
    return []


# --- what it comes to ---------------------------------------------------------------------------------------


def _sum_up(round_: _Round) -> LocalHealth:
    good = [connect for connect in round_.connects if connect.status.success]
    n_anchors = sum(":" not in anchor.address for anchor in round_.settings.anchors)
    resent = sum(connect.x_retransmits or 0 for connect in good)
    portal = _portal(round_.page, round_.settings.portal_check)
    beyond = "ok" if good or not n_anchors or round_.page is not None else "silent"
    off_s = _clock_off_s(round_) if portal == "none" else None
    return LocalHealth(
        gateway=_gateway(round_, beyond=beyond),
        resolver=_resolver(round_),
        portal=portal,
        beyond=beyond,
        clock="unknown" if off_s is None else "wrong" if abs(off_s) > CLOCK_OFF_S else "ok",
        ipv6=round_.ipv6,
        clock_off_s=off_s,
        rtt_ms=min((connect.x_rtt_ms for connect in good if connect.x_rtt_ms is not None), default=None),
        loss_share=resent / (len(good) + resent) if good else None,
        n_anchors=n_anchors,
        n_anchors_good=len(good),
    )


def _gateway(round_: _Round, *, beyond: str) -> str:
    if beyond == "ok" or round_.gateway_spoke or not _gateways(round_.around):
        return "ok"
    return "silent"


def _resolver(round_: _Round) -> str:
    if None in round_.lookups:
        return "ok"
    if not round_.around.missing and not round_.around.resolvers:
        return "none"
    return "silent" if all(failure == TIMEOUT for failure in round_.lookups) else "failing"


def _portal(page: Page | None, expected: PortalCheck | None) -> str:
    """Read the page: the known one, a portal's, or neither (an error page of somebody on the way proves nothing)."""
    if page is None or expected is None:
        return "unknown"
    if page.status == expected.status and (not expected.body or page.body.strip() == expected.body.encode()):
        return "none"
    return "portal" if page.status in _PORTAL_CODES or page.status == 200 else "unknown"


def _clock_off_s(round_: _Round) -> float | None:
    """Give own clock minus the server's, None without a readable Date header (RFC 9110 section 6.6.1)."""
    if round_.page is None or round_.page_at is None:
        return None
    try:
        there = parsedate_to_datetime(round_.page.date)
    except ValueError:
        return None
    there = there if there.tzinfo else there.replace(tzinfo=UTC)
    return round((round_.page_at - there).total_seconds(), 1)
