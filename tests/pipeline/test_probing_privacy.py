"""A whole round against servers, resolvers and a control that show the visitor's address: no byte of it is written."""

import ipaddress
from typing import Any

import pytest

from raabta.pipeline.probing import Probed
from raabta.probe.network import IcmpError, Surroundings
from tests.cases.rounds import ADDRESS, HOST, ZONE, Control, good_answer, probe, world
from tests.cases.scripted import UNREACHABLE, Said, TcpPeer, UdpPeer
from tests.cases.scripted_web import PLAIN, clear_site, page, redirect, resolver, site

URL = f"https://{HOST}/"
OWN = "192.168.17.23"
OWN6 = "2001:db8:77:5:a1b2:c3d4:e5f6:1789"
GATEWAY = "192.168.17.1"
PUBLIC = "198.51.100.217"
FIRST_HOP = "198.51.100.130"
AROUND = Surroundings(
    interfaces=("eth0",), own_addresses=(OWN, OWN6, "127.0.0.1"), gateways=(GATEWAY,), resolvers=(GATEWAY,)
)


def spellings(address: str) -> list[str]:
    one = ipaddress.ip_address(address)
    if one.version == 6:
        return [str(one), one.exploded, one.exploded.replace(":", "-"), one.exploded.replace(":", "%3A")]
    octets = address.split(".")
    return [address, "-".join(octets), ".".join(reversed(octets)), "%2E".join(octets)]


EVERYWHERE = [text for address in (OWN, OWN6, GATEWAY, PUBLIC, FIRST_HOP) for text in spellings(address)]


def numbers(address: str) -> list[str]:
    one = ipaddress.ip_address(address)
    return [one.packed.hex(), str(int(one))]


def trace_page(*texts: str) -> bytes:
    """A page that shows the visitor everything that it knows of them, as /cdn-cgi/trace does."""
    shown = " ".join(texts)
    headers = "".join(
        f"{name}: {shown}\r\n" for name in ("X-Client-Ip", "Via", "Server-Timing", "Cf-Ray", "X-Served-By")
    )
    headers += f"Set-Cookie: visitor={shown.replace(' ', '|')}\r\n"
    return page(body=f"<title>ip={shown}</title>fl=1 h={HOST} ip={shown} colo=KHI", headers=headers)


def leaks(found: list[Probed]) -> list[str]:
    """Which spellings stand in what was written or would be shown."""
    assert [one.error for one in found] == [""] * len(found)
    written = b"".join(one.document for one in found).decode().lower()
    own_numbers = [text for address in (OWN, OWN6, GATEWAY) for text in numbers(address)]
    return [text for text in (*EVERYWHERE, *own_numbers) if text.lower() in written]


def around(tcp: dict[tuple[str, int], TcpPeer], **changed: Any) -> list[Probed]:
    on = world(tcp, around=AROUND, hops=[GATEWAY, FIRST_HOP, "203.0.113.1"], **changed)
    return probe(URL, on=on, control=Control(good_answer()))


def test_pages_headers_cookies_and_titles_that_show_the_visitor() -> None:
    texts = (*EVERYWHERE, *numbers(OWN), *numbers(OWN6))
    found = around({(ADDRESS, 443): site(lambda *_: trace_page(*texts), HOST)})
    assert leaks(found) == []
    assert b"colo" not in found[0].document


@pytest.mark.parametrize("text", [*EVERYWHERE, *numbers(OWN)])
def test_redirects_that_carry_the_visitor(text: str) -> None:
    def answer(_host: str, path: str) -> bytes:
        return trace_page(text) if "from" in path else redirect(f"/login?from={text}&ip={text}")

    found = around({(ADDRESS, 443): site(answer, HOST)})
    assert leaks(found) == []
    assert found[0].measurement is not None
    assert len(found[0].measurement.exchanges) == 2


@pytest.mark.parametrize("host", [OWN, f"[{OWN6}]", GATEWAY])
def test_redirects_to_the_visitor(host: str) -> None:
    assert leaks(around({(ADDRESS, 443): site(lambda *_: redirect(f"http://{host}:8080/"), HOST)})) == []


def test_senders_of_icmp_errors_and_first_hops_of_walks() -> None:
    icmp = IcmpError(type=3, code=13, sender=FIRST_HOP)
    found = around({(ADDRESS, 443): TcpPeer(opens=Said(UNREACHABLE, icmp=icmp))})
    assert leaks(found) == []
    assert b'"type":3,"code":13' in found[0].document


def test_lookups_that_somebody_else_answers_and_echoes_of_the_resolver() -> None:
    zone = {HOST: [OWN, ADDRESS]}
    forged = UdpPeer(answer=lambda query: [Said(said.what, sender=GATEWAY) for said in resolver(zone).answer(query)])
    on = world({}, around=AROUND, names={**ZONE, HOST: [OWN6, GATEWAY]})
    on.udp = {(PLAIN, 53): forged}
    assert leaks(probe(URL, on=on, control=Control(good_answer()))) == []


def test_a_control_that_says_more_than_it_should() -> None:
    answer = good_answer(title=f"hello {OWN}")
    answer["x_client"] = {"asn": 64500, "cc": "PK", "address": PUBLIC}
    answer["http_request"]["headers"] = {"X-Ip": OWN6, "Location": f"http://{OWN}/"}
    answer["dns"]["addrs"] = [ADDRESS, OWN]
    on = world({(ADDRESS, 80): clear_site(lambda *_: page())}, around=AROUND)
    assert leaks(probe(f"http://{HOST}/", on=on, control=Control(answer))) == []


def test_a_target_that_is_the_visitors_own_machine() -> None:
    assert leaks(probe(f"http://{OWN}/", on=world({}, around=AROUND))) == []
