"""The person's address is planted wherever a stranger or the network could put it, and searched for in every byte."""

import base64
import ipaddress
from datetime import UTC, datetime

import pytest

from raabta.model import PageSigns
from raabta.pipeline.identity import Identity, make_document
from raabta.wire.ooni.privacy import ADDRESSES, MARK, Own, Scrubber, known_addresses, own_addresses, scrub
from raabta.wire.ooni.writing import (
    Answer,
    Certificate,
    Connect,
    Contrast,
    Event,
    Exchange,
    Handshake,
    Query,
    Request,
    Response,
    Status,
    TestKeys,
    encode_document,
)

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TARGET = "203.0.113.80"
TARGET6 = "2001:db8:80::1"
PRIVATE = "192.168.17.23"
OWN6 = "2001:db8:77:5:a1b2:c3d4:e5f6:1789"
GATEWAY = "192.168.17.1"
OWN = own_addresses([PRIVATE, OWN6, "127.0.0.1", "fe80::9%eth0"], [GATEWAY])
PUBLIC = "198.51.100.217"
"""Behind a translator: the probe does not know it, and strangers show it."""


def scrubber() -> Scrubber:
    return Scrubber(OWN, target=[TARGET, TARGET6])


def spellings(address: str) -> list[str]:
    """The ways in which servers write an address that they saw."""
    one = ipaddress.ip_address(address)
    if one.version == 4:
        octets = address.split(".")
        return [
            address,
            "-".join(octets),
            "_".join(octets),
            f"ip-{'-'.join(octets)}.pool.isp.example",
            f"host{'-'.join(octets)}.isp.example",
            f"{'.'.join(reversed(octets))}.in-addr.arpa",
            "%2E".join(octets),
            f"::ffff:{address}",
            f"[{address}]:4711",
            f"id.{address}.1732000000",
            ".".join(octet.zfill(3) for octet in octets),
        ]
    groups = one.exploded.split(":")
    return [
        str(one),
        str(one).upper(),
        one.exploded,
        ":".join(group.lstrip("0") or "0" for group in groups),
        f"[{one}]",
        one.exploded.replace(":", "%3A"),
        "-".join(groups),
        f"x-{str(one).replace(':', '-')}.ip6.example",
    ]


def numbers(address: str) -> list[str]:
    """Ways that only somebody who knows the address can recognise."""
    one = ipaddress.ip_address(address)
    found = [one.packed.hex(), f"0x{one.packed.hex()}", one.packed.hex().upper()]
    return [*found, str(int(one)), one.reverse_pointer]


@pytest.mark.parametrize("text", [text for one in (PUBLIC, PRIVATE, OWN6) for text in spellings(one)])
def test_an_address_in_any_spelling_is_taken_out_of_text(text: str) -> None:
    cleaned = scrubber().text(f"Hello {text}, good morning")
    assert MARK in cleaned
    assert ADDRESSES.search(cleaned) is None


@pytest.mark.parametrize("text", [text for one in (PRIVATE, OWN6) for text in numbers(one)])
def test_the_machines_own_address_as_a_number_is_taken_out(text: str) -> None:
    assert scrubber().text(f"desc={text};") == f"desc={MARK};"


def test_a_neighbour_in_the_machines_own_ipv6_network_is_as_telling_as_the_machine() -> None:
    assert scrubber().is_own("2001:db8:77:5::1")
    assert not scrubber().is_own("2001:db8:77:6::1")


def test_a_hardware_address_is_taken_out() -> None:
    assert scrubber().text("mac=aa:bb:cc:11:22:33&x=AA-BB-CC-11-22-33") == f"mac={MARK}&x={MARK}"


@pytest.mark.parametrize(
    "text",
    [
        "Just a moment...",
        "nginx/1.27.3",
        "Fri, 22 Nov 2024 10:11:12 GMT",
        'h3=":443"; ma=86400',
        "8e6f3a1b2c3d4e5f-KHI",
        "std::string and 2024-11-22",
        f"welcome to {TARGET}",
        f"[{TARGET6}]",
    ],
)
def test_other_text_and_the_targets_own_address_stay(text: str) -> None:
    assert scrubber().text(text) == text


def test_a_redirect_keeps_its_host_and_loses_addresses_in_its_query() -> None:
    assert scrubber().url(f"http://10.10.34.34/?client={PUBLIC}&n=1") == f"http://10.10.34.34/?client={MARK}&n=1"


def test_a_host_name_that_spells_the_visitors_address_loses_it() -> None:
    url = f"https://{PUBLIC.replace('.', '-')}.login.example/"
    assert scrubber().url(url) == "https://address.login.example/"


def test_what_only_looks_like_a_url_is_cleaned_as_text() -> None:
    assert scrubber().url(f"from {PUBLIC} to http://{PUBLIC}/") == f"from {MARK} to http://{MARK}/"


@pytest.mark.parametrize("host", [PRIVATE, f"[{OWN6}]", GATEWAY, str(int(ipaddress.ip_address(PRIVATE)))])
def test_a_redirect_to_the_person_loses_its_host(host: str) -> None:
    assert scrubber().url(f"http://{host}:8080/x") == "http://address.invalid:8080/x"


def test_loopback_is_nobodys_address() -> None:
    assert own_addresses(["127.0.0.1", "::1"]) == Own()


def certificate_naming(address: str) -> Certificate:
    return Certificate(data=base64.b64encode(b"0\x82 DER " + ipaddress.ip_address(address).packed + b" more").decode())


def planted(text: str, address: str) -> TestKeys:
    """Test keys in which every text field holds ``text`` and every address field ``address``."""
    endpoint = f"[{address}]:443" if ":" in address else f"{address}:443"
    answer = Answer(answer_type="A", ipv4=address, ipv6=address, hostname=f"{text}.example", x_value=f"1 . hint={text}")
    query = Query(
        engine="udp",
        hostname="site.example",
        query_type="A",
        resolver_address=endpoint,
        answers=[answer],
        x_from=address,
    )
    by_system = Query(engine="getaddrinfo", hostname="site.example", query_type="A", resolver_address=endpoint)
    headers = [
        [name, f"a {text} b"] for name in ("Server", "Via", "X-Cache", "X-Client-Ip", "Set-Cookie", "Server-Timing")
    ]
    headers += [["Location", f"https://login.example/?from={text}"], [f"X-{text}", "1"], ["Cf-Ray", f"8e6f-{text}"]]
    response = Response(
        code=302,
        headers=dict(headers),
        headers_list=headers,
        body=f"ip={text}",
        x_page=PageSigns(title=f"ip={text}"),
    )
    request = Request(method="GET", url=f"https://login.example/?from={text}")
    handshake = Handshake(address=endpoint, server_name="site.example", peer_certificates=[certificate_naming(address)])
    page = {"title": text, "headers": {"Server": text, f"X-{text}": "1"}, "failure": None, "status_code": 200}
    return TestKeys(
        queries=[query, by_system],
        x_dns_duplicate_responses=[query],
        tcp_connect=[Connect(ip=address, port=443, status=Status(failure=None, success=True), t0=0.0, t=0.1)],
        tls_handshakes=[handshake],
        quic_handshakes=[handshake],
        requests=[Exchange(request=request, response=response, address=endpoint)],
        network_events=[Event(operation="read", t=0.1, address=endpoint)],
        control={
            "http_request": page,
            "dns": {"failure": None, "addrs": [TARGET, address]},
            "tcp_connect": {endpoint: {"status": True, "failure": None}},
            "x_client": {"asn": 64500, "cc": "PK", "ip": text},
            "x_signature": {"signature": "…"},
        },
        x_contrasts=[
            Contrast(kind="tcp.walk", address=address, detail=f"time exceeded from {text}"),
            Contrast(kind="dns.tcp", address=address, detail=text),
        ],
    )


def written(keys: TestKeys) -> str:
    cleaner = Scrubber(OWN, target=[TARGET])
    document = make_document(
        scrub(keys, cleaner),
        asked="https://site.example/",
        identity=Identity(country="PK", asn=64500),
        times=(AT, AT, 1.0),
        annotations={},
    )
    return encode_document(document).decode()


@pytest.mark.parametrize("address", [PRIVATE, OWN6, GATEWAY])
def test_no_byte_of_a_document_tells_the_machines_own_address(address: str) -> None:
    for text in (*spellings(address), *numbers(address)):
        found = written(planted(text, address)).lower()
        leaks = [one for one in (*spellings(address), *numbers(address)) if one.lower() in found]
        assert leaks == [], text


def test_no_text_of_a_document_tells_the_public_address_that_strangers_show() -> None:
    for text in spellings(PUBLIC):
        keys = planted(text, TARGET)
        keys.x_contrasts.pop()  # an answer's addresses are evidence; strangers cannot write there
        found = written(keys).lower()
        assert [one for one in spellings(PUBLIC) if one.lower() in found] == [], text


def test_a_certificate_that_names_the_machine_is_left_out() -> None:
    assert certificate_naming(PRIVATE).data not in written(planted("x", PRIVATE))
    assert certificate_naming(TARGET).data in written(planted("x", TARGET))


def test_the_systems_resolver_is_never_named() -> None:
    keys = scrub(planted("x", TARGET), scrubber())
    assert [query.resolver_address for query in keys.queries] == [f"{TARGET}:443", ""]


def test_a_follow_up_that_asks_the_systems_resolver_does_not_name_it() -> None:
    keys = TestKeys(x_contrasts=[Contrast(kind="dns.system", address="198.51.100.53", detail=TARGET)])
    assert scrub(keys, scrubber()).x_contrasts == [Contrast(kind="dns.system", detail=TARGET)]


def test_an_answer_that_is_changed_loses_its_signature_and_others_keep_it() -> None:
    kept = {
        "http_request": {"title": "x", "headers": {}},
        "x_client": {"asn": 1, "cc": "PK"},
        "x_signature": {"a": "b"},
    }
    assert scrub(TestKeys(control=kept), scrubber()).control == kept
    shown = kept | {"http_request": {"title": f"you are {PRIVATE}", "headers": {}}}
    assert "x_signature" not in (scrub(TestKeys(control=shown), scrubber()).control or {})


def test_header_values_that_nobody_reads_are_dropped_and_their_names_stay() -> None:
    headers = {"Set-Cookie": "id=1", "Cf-Ray": "8e6f-KHI", "X-Own": "token"}
    response = Response(code=200, headers=headers, headers_list=[list(item) for item in headers.items()])
    keys = TestKeys(requests=[Exchange(request=Request(method="GET", url="https://x.example/"), response=response)])
    found = scrub(keys, scrubber()).requests[0].response
    assert found is not None
    assert found.headers == {"Set-Cookie": "(dropped)", "Cf-Ray": "8e6f-KHI", "X-Own": "(dropped)"}


def test_what_is_scrubbed_is_a_copy() -> None:
    keys = planted(PRIVATE, PRIVATE)
    scrub(keys, scrubber())
    assert keys == planted(PRIVATE, PRIVATE)


def test_the_targets_addresses_are_those_that_steps_were_made_to_or_that_answers_gave() -> None:
    assert known_addresses(planted("x", TARGET6)) == {TARGET, TARGET6}
