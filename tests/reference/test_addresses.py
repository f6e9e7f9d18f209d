import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.addresses import PrefixTable, is_address, read_address, read_routed


@given(st.ip_addresses())
def test_every_address_that_python_prints_is_read_alike(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert read_address(str(address)) == (int(address), address.version == 6)


@given(st.ip_addresses(v=6))
def test_ipv6_written_out_in_full_is_read_alike(address: ipaddress.IPv6Address) -> None:
    assert read_address(address.exploded.upper()) == (int(address), True)


@given(st.one_of(st.text(), st.text(alphabet="0123456789abcdef:.%[] _+x", max_size=50)))
def test_no_text_raises_and_what_python_refuses_is_read_only_where_leniency_is_stated(text: str) -> None:
    try:
        expected = ipaddress.ip_address(text)
    except ValueError:
        lenient = any(mark in text for mark in "%[] \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0") or "0" in text
        assert read_address(text) is None or lenient
    else:
        assert read_address(text) == (int(expected), expected.version == 6)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (" 8.8.8.8\n", "8.8.8.8"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25en0]", "fe80::1"),
        ("010.001.000.09", "10.1.0.9"),
        ("64:ff9b::8.8.8.8", "64:ff9b::808:808"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ],
)
def test_text_is_read_leniently(text: str, meant: str) -> None:
    assert read_address(text) == read_address(meant)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.256", "1.2.3.+4", "1.2.3.4:443", "1." * 100, "٨.٨.٨.٨"),
        *(":", ":::", "1::2::3", "1:2:3:4:5:6:7", "12345::", "1_0::", "::1.2.3", "1.2.3.4::"),
        *("example.org", "\x00", "\ud800"),
    ],
)
def test_text_that_names_no_address_is_none(text: str) -> None:
    assert (read_address(text), is_address(text)) == (None, False)


@pytest.mark.parametrize("text", ["::ffff:8.8.8.8", "64:ff9b::808:808", "8.8.8.8"])
def test_carried_ipv4_is_what_routers_see(text: str) -> None:
    assert read_routed(text) == (0x08080808, False)


def test_6to4_is_routed_as_ipv6() -> None:
    assert read_routed("2002:808:808::1") == read_address("2002:808:808::1")


prefixes = st.builds(
    lambda number, length: f"{ipaddress.ip_network((number, length), strict=False)}",
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(st.tuples(prefixes, st.integers(1, 9)), max_size=12), st.integers(0, 2**32 - 1))
def test_the_longest_prefix_wins_and_among_equals_the_last(rows: list[tuple[str, int]], number: int) -> None:
    holding = [
        (ipaddress.ip_network(prefix).prefixlen, index, value)
        for index, (prefix, value) in enumerate(rows)
        if ipaddress.ip_address(number) in ipaddress.ip_network(prefix)
    ]
    expected = max(holding)[2] if holding else 0
    assert PrefixTable(rows, default=0).find4(number) == expected


def test_a_prefix_with_host_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="host bits"):
        PrefixTable([("10.0.0.1/8", 1)], default=0)
