"""A whole round on the scripted network: the sites of a small world, and a control that says what it is told to."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import msgspec

from raabta.diagnose import Diagnosis
from raabta.pipeline import Settings, load_diagnosis
from raabta.pipeline.identity import Identity
from raabta.pipeline.probing import Probed, ProbeTarget, Round, probe_targets
from raabta.probe.network import Network
from raabta.probe.settings import Anchor, PortalCheck, ProbeSettings
from raabta.probe.trace import Budget
from raabta.reference.special import special_ranges_without
from raabta.reference.tables import load_tables
from tests.cases.authority import NOW
from tests.cases.scripted import ScriptedNetwork, TcpPeer, UdpPeer, on_virtual_time
from tests.cases.scripted_web import PLAIN, clear_site, page, resolver, site, web_settings

HOST: Final = "gazette.example"
ADDRESS: Final = "203.0.113.10"
ANCHORS: Final = ("203.0.113.71", "203.0.113.72")
PORTAL_HOST: Final = "portal.check.example"
PORTAL_ADDRESS: Final = "203.0.113.73"
NEUTRAL: Final = "neutral.example"
ZONE: Final = {HOST: [ADDRESS], NEUTRAL: ["203.0.113.77"], PORTAL_HOST: [PORTAL_ADDRESS]}

TABLES: Final = msgspec.structs.replace(
    load_tables(), special=special_ranges_without("203.0.113.0/24", "192.0.2.0/24", "198.51.100.0/24")
)

IDENTITY: Final = Identity(country="PK", asn=64500, report_id="20261120T091405Z_case", software="0")


@functools.cache
def diagnosis() -> Diagnosis:
    """The package's knowledge with the tables of these cases."""
    return load_diagnosis(Settings(today=NOW.date()), tables=TABLES)


def settings(**changed: Any) -> ProbeSettings:
    """Settings with anchors and a check for a captive portal."""
    anchors = tuple(Anchor(address=address, port=443) for address in ANCHORS)
    check = PortalCheck(host=PORTAL_HOST, path="/generate_204", status=204)
    return web_settings(anchors=anchors, portal_check=check, **changed)


def no_content(_host: str, _path: str) -> bytes:
    """What the check for a captive portal answers where there is none."""
    return f"HTTP/1.1 204 No Content\r\nDate: {NOW:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Length: 0\r\n\r\n".encode()


def world(
    tcp: Mapping[tuple[str, int], TcpPeer],
    *,
    zone: Mapping[str, list[str]] = ZONE,
    **changed: Any,
) -> ScriptedNetwork:
    """A network that works, with the sites of a case beside the anchors and the portal's check."""
    around: dict[tuple[str, int], TcpPeer | list[TcpPeer]] = {(address, 443): TcpPeer() for address in ANCHORS}
    around[PORTAL_ADDRESS, 80] = clear_site(no_content)
    around["10.0.0.1", 53] = TcpPeer()
    udp: dict[tuple[str, int], UdpPeer] = {(PLAIN, 53): resolver(zone), ("10.0.0.1", 53): resolver(zone)}
    network = ScriptedNetwork(tcp={**around, **tcp}, udp=udp, names=dict(zone))
    for name, value in changed.items():
        setattr(network, name, value)
    return network


def news(_host: str, _path: str) -> bytes:
    """A page."""
    return page("The Gazette")


def gazette() -> dict[tuple[str, int], TcpPeer]:
    """A site that works."""
    return {(ADDRESS, 443): site(news, HOST), (ADDRESS, 80): clear_site(news)}


class Control:
    """A control with one answer for everything; it notes what it was asked."""

    def __init__(self, answer: dict[str, Any] | None, failure: str | None = None) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self._answer = answer
        self._failure = failure

    async def ask(
        self, network: Network, url: str, *, endpoints: Sequence[str], quic: bool
    ) -> tuple[dict[str, Any] | None, str | None]:
        self.asked.append((url, tuple(endpoints)))
        return self._answer, self._failure


def good_answer(*addresses: str, title: str = "The Gazette", port: int = 443) -> dict[str, Any]:
    """What a control says of a site that works there."""
    places = [f"{address}:{port}" for address in addresses or (ADDRESS,)]
    reached = {"status": True, "failure": None}
    return {
        "tcp_connect": dict.fromkeys(places, reached),
        "tls_handshake": {place: {"server_name": HOST, **reached} for place in places},
        "http_request": {
            "body_length": 1039,
            "discovered_h3_endpoint": "",
            "failure": None,
            "title": title,
            "headers": {"Content-Type": "text/html"},
            "status_code": 200,
        },
        "dns": {"failure": None, "addrs": list(addresses or (ADDRESS,))},
        "ip_info": {},
        "x_client": {"asn": 64500, "cc": "PK"},
    }


def probe(
    *urls: str,
    on: ScriptedNetwork,
    control: Control | None = None,
    total: Budget | None = None,
    identity: Identity = IDENTITY,
    control_place: tuple[str, int] | None = None,
    **changed: Any,
) -> list[Probed]:
    """Run a round to its end, at once."""
    round_ = make_round(on, control=control, total=total, identity=identity, **changed)
    round_ = replace(round_, control_place=control_place)

    async def work() -> list[Probed]:
        targets = [ProbeTarget(url=url, name=f"t{index}") for index, url in enumerate(urls)]
        return [one async for one in probe_targets(targets, round_)]

    return on_virtual_time(work())


def make_round(
    on: Network,
    *,
    control: Control | None = None,
    total: Budget | None = None,
    identity: Identity = IDENTITY,
    now: Callable[[], datetime] = lambda: NOW,
    **changed: Any,
) -> Round:
    """A round of these cases."""
    return Round(
        network=on,
        settings=settings(**changed),
        identity=identity,
        diagnosis=diagnosis(),
        now=now,
        control=control,
        total=total,
    )
