import pytest

from raabta.probe.plan import Aim, Found, choose_addresses, further_addresses, next_hop, read_aim
from raabta.reference.special import special_ranges_without

KIND = special_ranges_without("198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32").kind


def chosen(found: Found, *, ipv6: bool = True, most: int = 2) -> tuple[str, ...]:
    return choose_addresses(found, kind_of=KIND, ipv6=ipv6, most=most).tried


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github.com", Aim(url="https://github.com/", scheme="https", host="github.com", port=443)),
        ("http://x.example", Aim(url="http://x.example/", scheme="http", host="x.example", port=80)),
        (
            "https://X.example:8443/a?b=c",
            Aim(url="https://x.example:8443/a?b=c", scheme="https", host="x.example", port=8443, path="/a?b=c"),
        ),
        (
            "https://bücher.example/",
            Aim(url="https://xn--bcher-kva.example/", scheme="https", host="xn--bcher-kva.example", port=443),
        ),
        (
            "https://[2001:db8::1]/",
            Aim(url="https://[2001:db8::1]/", scheme="https", host="2001:db8::1", port=443),
        ),
        ("tcp://git.example:22", Aim(url="tcp://git.example:22", scheme="tcp", host="git.example", port=22)),
        ("dot://dns.example", Aim(url="dot://dns.example", scheme="dot", host="dns.example", port=853)),
    ],
)
def test_an_end_point_is_read_from_what_people_write(text: str, expected: Aim) -> None:
    assert read_aim(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ftp://x.example/", "cannot be probed"),
        ("tcp://x.example", "names no port"),
        ("https:///x", "names no host"),
        ("https://x..example/", "names no host"),
        ("https://x.example:99999/", "no URL"),
        ("https://x.example/a b", "names no host"),
    ],
)
def test_what_cannot_be_probed_is_refused_with_what_would_do(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_aim(text)


def test_a_redirect_is_joined_to_its_page_and_loses_its_fragment() -> None:
    found = next_hop("https://x.example/a/b", "../c#top")
    assert found is not None
    assert found.url == "https://x.example/c"


@pytest.mark.parametrize("location", ["mailto:a@b.example", "https://", "http://[broken", "javascript:0"])
def test_a_redirect_to_no_web_page_leads_nowhere(location: str) -> None:
    assert next_hop("https://x.example/", location) is None


def test_two_of_ipv4_and_one_of_ipv6_are_tried_everyday_answers_first() -> None:
    found = Found(
        system=("203.0.113.3", "203.0.113.1", "2001:db8::1"),
        plain=("203.0.113.1", "203.0.113.3"),
        encrypted=("203.0.113.3", "2001:db8::2"),
    )
    assert chosen(found) == ("203.0.113.3", "203.0.113.1", "2001:db8::1")


def test_a_line_without_ipv6_tries_none() -> None:
    assert chosen(Found(system=("2001:db8::1", "203.0.113.1")), ipv6=False) == ("203.0.113.1",)


def test_every_resolver_that_stands_alone_has_an_address_tried() -> None:
    found = Found(system=("198.51.100.1", "198.51.100.2"), plain=("198.51.100.9",), encrypted=("203.0.113.1",))
    assert chosen(found) == ("198.51.100.1", "198.51.100.9", "203.0.113.1")


def test_addresses_that_are_nobodys_on_the_internet_are_told_and_not_tried() -> None:
    found = Found(system=("127.0.0.1", "10.10.34.36"), encrypted=("203.0.113.1",))
    choice = choose_addresses(found, kind_of=KIND, ipv6=True, most=2)
    assert (choice.tried, choice.special) == (("203.0.113.1",), ("127.0.0.1", "10.10.34.36"))


@pytest.mark.parametrize(("ipv6", "expected"), [(True, ("203.0.113.1", "203.0.113.4", "2001:db8::1")), (False, None)])
def test_further_addresses_are_those_that_may_be_tried_and_were_not(
    ipv6: bool, expected: tuple[str, ...] | None
) -> None:
    found = Found(
        system=("203.0.113.3", "2001:db8::1", "203.0.113.1"), plain=("10.10.34.36",), encrypted=("203.0.113.4",)
    )
    further = further_addresses(found, tried={"203.0.113.3"}, kind_of=KIND, ipv6=ipv6)
    assert further == (expected or ("203.0.113.1", "203.0.113.4"))
