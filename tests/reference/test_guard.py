import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.guard import ALWAYS_REFUSED, DEFAULT_PORTS, AddressPort, Guard, Place, Refusal
from raabta.reference.special import IANA_RANGES, SPECIAL_ROWS, special_ranges_without

GUARD = Guard(IANA_RANGES)

# Form of an address, and why it is refused.
FORBIDDEN = [
    ("0.0.0.0", "this_network"),
    ("0.1.2.3", "this_network"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "cgnat"),
    ("100.127.255.255", "cgnat"),
    ("100.100.100.200", "metadata"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("169.254.0.1", "link_local"),
    ("169.254.0.23", "metadata"),
    ("169.254.169.254", "metadata"),
    ("169.254.170.2", "metadata"),
    ("168.63.129.16", "metadata"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.1", "protocol"),
    ("192.0.0.9", "protocol"),
    ("192.0.0.192", "protocol"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "translated"),
    ("192.168.1.1", "private"),
    ("198.18.0.1", "benchmark"),
    ("198.19.255.255", "benchmark"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.7", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "this_network"),
    ("::1", "loopback"),
    ("::7f00:1", "translated"),
    ("::127.0.0.1", "translated"),
    ("::ffff:127.0.0.1", "mapped"),
    ("::ffff:7f00:1", "mapped"),
    ("::ffff:8.8.8.8", "mapped"),
    ("0:0:0:0:0:ffff:a00:1", "mapped"),
    ("::ffff:0:7f00:1", "translated"),
    ("64:ff9b::7f00:1", "translated"),
    ("64:ff9b::8.8.8.8", "translated"),
    ("64:ff9b:1::a00:1", "translated"),
    ("100::1", "discard"),
    ("2001::1", "teredo"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "teredo"),
    ("2001:1::1", "protocol"),
    ("2001:2::1", "protocol"),
    ("2001:10::1", "protocol"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::", "translated"),
    ("2002:808:808::1", "translated"),
    ("2606:4700::5efe:7f00:1", "translated"),
    ("2606:4700::200:5efe:a00:1", "translated"),
    ("3fff::1", "documentation"),
    ("4000::1", "reserved"),
    ("5f00::1", "protocol"),
    ("fc00::1", "unique_local"),
    ("fd00:ec2::254", "metadata"),
    ("fd20:ce::254", "metadata"),
    ("fd12:3456::1", "unique_local"),
    ("fe80::1", "link_local"),
    ("fe80::1%eth0", "spelling"),
    ("fec0::1", "site_local"),
    ("ff02::1", "multicast"),
    ("ff0e::1", "multicast"),
]

# Spellings that one program or another reads as an address; most of them are 127.0.0.1 or 169.254.169.254.
ODD_HOSTS = [
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "0x7F.0x0.0x0.0x1",
    "1.1.1.1.1",
    "127.0.0.1.",
    "0",
    "0x",
    "0000",
    "00000000177.0.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "425.510.425.510",
    "8.8.8.08",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "[::1%25eth0]",
    "[::1",
    "::1",
    "[127.0.0.1]",
    "[1]",
    "[::ffff:127.0.0.1]",
    "[v1.x]",
]


def test_every_row_of_a_special_range_is_refused_at_both_ends() -> None:
    rows = [(prefix, kind) for prefix, kind, _ in SPECIAL_ROWS if kind and prefix != "::/0"] + list(ALWAYS_REFUSED)
    passed = [
        (prefix, address)
        for prefix, _ in rows
        for address in (ipaddress.ip_network(prefix)[0], ipaddress.ip_network(prefix)[-1])
        if GUARD.refuse_address(str(address)) is None
    ]
    # The 6to4 relays' and AS112 anycast prefixes lie among public addresses: nothing of the tables may pass.
    assert passed == []


@pytest.mark.parametrize(("address", "reason"), FORBIDDEN, ids=[address for address, _ in FORBIDDEN])
def test_a_forbidden_address_is_refused_alone_in_a_url_and_as_an_end_point(address: str, reason: str) -> None:
    written = f"[{address}]" if ":" in address else address
    assert GUARD.refuse_address(address) == reason
    assert isinstance(GUARD.read_url(f"https://{written}/"), Refusal)
    assert GUARD.read_endpoint(f"{written}:443") == Refusal(reason)


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https", "tls"])
def test_an_odd_spelling_of_an_address_is_refused(host: str, scheme: str) -> None:
    assert isinstance(GUARD.read_url(f"{scheme}://{host}/"), Refusal)
    assert isinstance(GUARD.read_endpoint(f"{host}:443"), Refusal)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "scheme"),
        ("example.com", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com:70/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://", "spelling"),
        ("https:///path", "spelling"),
        ("https://user@example.com/", "user_info"),
        ("https://8.8.8.8@10.0.0.1/", "user_info"),
        ("https://user:word@example.com/", "user_info"),
        ("https://example.com\\@10.0.0.1/", "spelling"),
        ("https:\\\\10.0.0.1/", "spelling"),
        ("https://exa mple.com/", "spelling"),
        (" https://example.com/", "spelling"),
        ("https://example.com/\r\nHost: 10.0.0.1", "spelling"),
        ("https://example.com\t/", "spelling"),
        ("https://example.com\x00.evil.example/", "spelling"),
        ("https://example.com:/", "spelling"),
        ("https://example.com:99999/", "spelling"),
        ("https://example.com:-1/", "spelling"),
        ("https://example.com:0/", "port"),
        ("https://example.com:25/", "port"),
        ("https://example.com:6379/", "port"),
        ("https://example.com:22222/", "port"),
        ("https://localhost/", "inside_name"),
        ("https://LOCALHOST/", "inside_name"),
        ("https://localhost./", "inside_name"),
        ("https://a.localhost/", "inside_name"),
        ("https://printer.local/", "inside_name"),
        ("https://metadata.google.internal/", "inside_name"),
        ("https://router.lan/", "inside_name"),
        ("https://nas.home.arpa/", "inside_name"),
        ("https://hidden.onion/", "inside_name"),
        ("https://intranet/", "inside_name"),
        ("https://server/", "spelling"),
        ("https://a..b.example/", "spelling"),
        ("https://-a.example/", "spelling"),
        ("https://" + "a" * 64 + ".example/", "spelling"),
        ("https://" + "a." * 127 + "example/", "spelling"),
        ("https://ｅxample.com/", "spelling"),
        ("https://example.com/" + "a" * 2100, "length"),
        ("tcp://example.com/", "port"),
        ("tcp://example.com:25/", "port"),
    ],
)
def test_a_url_that_leads_nowhere_good_is_refused_with_its_reason(url: str, reason: str) -> None:
    assert GUARD.read_url(url) == Refusal(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "spelling"),
        ("443", "spelling"),
        ("8.8.8.8", "spelling"),
        ("8.8.8.8:", "spelling"),
        ("8.8.8.8:https", "spelling"),
        ("8.8.8.8:４４３", "spelling"),
        ("8.8.8.8:443443", "spelling"),
        ("2606:4700::1:443", "spelling"),
        ("[2606:4700::1]443", "spelling"),
        ("[8.8.8.8]:443", "spelling"),
        ("example.com:443", "spelling"),
        ("8.8.8.8:25", "port"),
        ("[2606:4700::1]:3306", "port"),
    ],
)
def test_an_end_point_is_an_address_and_a_port_of_the_list(text: str, reason: str) -> None:
    assert GUARD.read_endpoint(text) == Refusal(reason)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.com/", "example.com", 443),
        ("http://example.com/path?x=1", "example.com", 80),
        ("https://Example.COM./", "example.com", 443),
        ("https://xn--d1acufc.xn--p1ai/", "xn--d1acufc.xn--p1ai", 443),
        ("https://a_b.example:8443/", "a_b.example", 8443),
        ("https://8.8.8.8/", "8.8.8.8", 443),
        ("https://[2606:4700::1]:443/", "2606:4700::1", 443),
        ("tcp://github.com:22", "github.com", 22),
        ("tls://imap.gmail.com:993", "imap.gmail.com", 993),
        ("dot://dns.google", "dns.google", 853),
        ("doh://dns.google/dns-query", "dns.google", 443),
        ("https://3com.example/", "3com.example", 443),
        ("https://0x7f.example/", "0x7f.example", 443),
    ],
)
def test_a_public_place_passes(url: str, host: str, port: int) -> None:
    place = GUARD.read_url(url)
    assert isinstance(place, Place)
    assert (place.host, place.port) == (host, port)


def test_what_a_redirect_may_hold_is_encoded_and_the_host_stays() -> None:
    place = GUARD.read_url('https://example.com/a b/ü?q={"x":1}#part')
    assert isinstance(place, Place)
    assert place.url == "https://example.com/a%20b/%C3%BC?q=%7B%22x%22:1%7D"


def test_public_addresses_pass() -> None:
    public = ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "100.63.255.255", "223.255.255.255", "2a00:1450::1"]
    assert [GUARD.refuse_address(address) for address in public] == [None] * len(public)
    assert GUARD.read_endpoint("[2606:4700:0::1]:443") == AddressPort("2606:4700::1", 443)


def test_the_lab_opens_its_own_ranges_and_nothing_else() -> None:
    guard = Guard(special_ranges_without("198.18.0.0/15", "2001:db8::/32"))
    opened = [guard.refuse_address(address) for address in ("198.19.0.10", "2001:db8:a0::10")]
    still = [
        guard.refuse_address(address) for address in ("10.10.34.36", "127.0.0.1", "2002:c612:1::1", "::198.18.0.1")
    ]
    assert (opened, still) == ([None, None], ["private", "loopback", "translated", "translated"])


def test_the_operator_adds_networks_and_the_machine_its_own_addresses() -> None:
    guard = Guard(IANA_RANGES, refused_prefixes=("9.9.9.0/24", "2620:fe::/48", "5.6.7.8"))
    assert [guard.refuse_address(item) for item in ("9.9.9.9", "2620:fe::9", "5.6.7.8", "5.6.7.9")] == [
        "own",
        "own",
        "own",
        None,
    ]


def test_no_port_of_the_list_is_one_that_spam_or_scans_use() -> None:
    assert DEFAULT_PORTS.isdisjoint({0, 19, 23, 25, 111, 123, 135, 139, 161, 389, 445, 1433, 3306, 3389, 5432, 6379})


@given(st.text(max_size=60))
def test_no_text_raises_and_what_passes_is_public(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/"):
        place = GUARD.read_url(url)
        if isinstance(place, Place) and place.is_address:
            assert ipaddress.ip_address(place.host).is_global
    endpoint = GUARD.read_endpoint(f"{text}:443")
    assert isinstance(endpoint, Refusal) or ipaddress.ip_address(endpoint.address).is_global


@given(st.ip_addresses())
def test_what_passes_is_global_also_by_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert GUARD.refuse_address(str(address)) is not None or address.is_global


@given(st.integers(0, 2**32 - 1))
def test_no_address_passes_as_one_number(number: int) -> None:
    spellings = (f"{number}", f"0x{number:x}", f"0{number:o}")
    assert [type(GUARD.read_url(f"http://{text}/")) for text in spellings] == [Refusal] * 3
