"""What resolvers answer, read by dnspython."""

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from raabta.lab.scenario.types import Condition, Interference, Network, Target
from raabta.lab.servers.resolvers import Resolver, operator_resolver, public_resolver
from raabta.lab.servers.sites import Who
from raabta.lab.servers.zone import Zone
from raabta.lab.world.country import Country
from tests.lab.servers.ground import country_of

CLIENT = Who(network=0)
CONTROL = Who(is_control=True)


def public(country: Country) -> Resolver:
    return public_resolver(country, Zone(country))


def operator(country: Country, index: int = 0) -> Resolver:
    return operator_resolver(country, Zone(country), network=country.networks[index])


def ask(resolver: Resolver, name: str, kind: str = "A", *, who: Who = CLIENT) -> dns.message.Message:
    query = dns.message.make_query(name, kind, use_edns=0)
    answer = resolver.reply(query.to_wire(), who=who)
    assert answer is not None
    read = dns.message.from_wire(answer)
    assert query.is_response(read)
    return read


def data(message: dns.message.Message) -> list[str]:
    return [str(item) for rrset in message.answer for item in rrset]


def rcode(message: dns.message.Message) -> str:
    return dns.rcode.to_text(message.rcode())


def test_names_have_the_addresses_of_the_plan() -> None:
    resolver = public(country_of(Target(name="shop", ipv6=True, n_addresses=2)))
    assert data(ask(resolver, "shop.example")) == ["198.19.0.10", "198.19.0.11"]
    assert data(ask(resolver, "WWW.Shop.example", "AAAA")) == ["2001:db8:a0::10", "2001:db8:a0::11"]
    assert data(ask(resolver, "neutral.example")) == ["198.19.252.1"]
    assert data(ask(resolver, "portal.check.example")) == ["198.19.252.2"]
    assert data(ask(resolver, "dns.resolver.example", "AAAA")) == ["2001:db8:a251::53"]


def test_the_https_record_says_what_the_server_offers() -> None:
    resolver = public(country_of(Target(name="shop", quic=True), Target(name="plain", h2=False)))
    assert data(ask(resolver, "shop.example", "HTTPS")) == ['1 . alpn="h3,h2" ipv4hint="198.19.0.10"']
    assert data(ask(resolver, "plain.example", "HTTPS")) == []


def test_targets_of_a_group_have_an_alias_in_it() -> None:
    resolver = public(country_of(Target(name="shop", address_group="fast")))
    assert data(ask(resolver, "shop.example")) == ["shop-example.fast.cdn.example.", "198.19.0.10"]


def test_a_name_that_does_not_exist_says_so_with_an_soa_record() -> None:
    answer = ask(public(country_of()), "nothing.example")
    assert rcode(answer) == "NXDOMAIN"
    assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]


@pytest.mark.parametrize(("kind", "code"), [("nxdomain", "NXDOMAIN"), ("servfail", "SERVFAIL"), ("no_data", "NOERROR")])
def test_conditions_of_a_name_hold_for_everybody(kind: str, code: str) -> None:
    country = country_of(Target(name="shop"), Target(name="bank"), condition=[Condition(kind=kind, targets=["shop"])])
    for resolver, who in ((operator(country), CLIENT), (public(country), CONTROL)):
        answer = ask(resolver, "shop.example", who=who)
        assert (rcode(answer), data(answer)) == (code, [])
        assert data(ask(resolver, "bank.example", who=who)) == ["198.19.1.10"]


def test_a_site_by_region_answers_clients_and_the_control_differently() -> None:
    country = country_of(condition=[Condition(kind="geo_dns")])
    assert data(ask(public(country), "shop.example", who=CLIENT)) == ["198.19.100.10"]
    assert data(ask(public(country), "shop.example", who=CONTROL)) == ["198.19.0.10"]


def test_an_operators_cache_answers_its_own_clients_only() -> None:
    networks = [Network(name="home"), Network(name="other")]
    country = country_of(condition=[Condition(kind="access_cache", networks=["home"])], network=networks)
    assert data(ask(operator(country), "shop.example")) == ["198.18.10.81"]
    assert data(ask(operator(country, 1), "shop.example")) == ["198.19.0.10"]
    assert data(ask(public(country), "shop.example", who=CONTROL)) == ["198.19.0.10"]


def test_a_rotating_pool_gives_another_address_each_time() -> None:
    resolver = public(country_of(Target(name="shop", n_addresses=3), condition=[Condition(kind="rotating_pool")]))
    assert [data(ask(resolver, "shop.example"))[0][-2:] for _ in range(4)] == ["10", "11", "12", "10"]


def test_whoami_tells_the_resolvers_address() -> None:
    country = country_of()
    assert data(ask(public(country), "whoami.example", "TXT")) == ['"198.19.251.53"']
    assert data(ask(operator(country), "a1b2.whoami.example", "TXT")) == ['"198.18.10.53"']


def test_a_broken_resolver_fails_for_every_name_and_a_silent_one_says_nothing() -> None:
    networks = [Network(name="home", resolver="broken"), Network(name="other", resolver="silent")]
    country = country_of(network=networks)
    assert rcode(ask(operator(country), "neutral.example")) == "SERVFAIL"
    query = dns.message.make_query("shop.example", "A").to_wire()
    assert operator(country, 1).reply(query, who=CLIENT) is None


@pytest.mark.parametrize(
    ("lie", "code", "told"),
    [
        ("bogon", "NOERROR", ["127.0.0.1"]),
        ("blockpage", "NOERROR", ["198.18.10.80"]),
        ("other", "NOERROR", ["198.19.240.66"]),
        ("nxdomain", "NXDOMAIN", []),
        ("servfail", "SERVFAIL", []),
        ("refused", "REFUSED", []),
        ("empty", "NOERROR", []),
    ],
)
def test_only_the_operators_resolver_lies_and_only_about_the_targets(lie: str, code: str, told: list[str]) -> None:
    rule = Interference(action="lie", trigger="name", answer=lie, targets=["shop"])
    country = country_of(Target(name="shop"), Target(name="bank"), interference=[rule])
    answer = ask(operator(country), "shop.example")
    assert (rcode(answer), data(answer)) == (code, told)
    assert data(ask(operator(country), "bank.example")) == ["198.19.1.10"]
    assert data(ask(public(country), "shop.example")) == ["198.19.0.10"]


def test_a_proxy_without_an_answer_is_honest() -> None:
    honest = country_of(interference=[Interference(action="proxy", trigger="all")])
    assert data(ask(operator(honest), "shop.example")) == ["198.19.0.10"]
    lying = country_of(interference=[Interference(action="proxy", trigger="name", answer="nxdomain")])
    assert rcode(ask(operator(lying), "shop.example")) == "NXDOMAIN"


def test_chance_is_a_share_and_the_same_each_time() -> None:
    rule = Interference(action="lie", trigger="name", answer="nxdomain", probability=0.3)
    country = country_of(interference=[rule])

    def lies() -> list[bool]:
        resolver = operator(country)
        return [rcode(ask(resolver, "shop.example")) == "NXDOMAIN" for _ in range(400)]

    first = lies()
    assert lies() == first
    assert 90 <= sum(first) <= 150


def test_an_answer_too_long_for_udp_says_so() -> None:
    resolver = public(country_of(Target(name="shop", n_addresses=100)))
    query = dns.message.make_query("shop.example", "A").to_wire()
    short = resolver.reply(query, who=CLIENT, over_udp=True)
    assert short is not None
    assert dns.message.from_wire(short).flags & dns.flags.TC
    assert len(data(ask(resolver, "shop.example"))) == 100


@pytest.mark.parametrize(
    "query", [b"", b"\x00" * 12, b"\x00" * 17, bytes([255]) * 60, b"\x00\x01" + b"\x80" + b"\x00" * 20]
)
def test_what_is_no_query_gets_no_answer(query: bytes) -> None:
    assert public(country_of()).reply(query, who=CLIENT) is None
