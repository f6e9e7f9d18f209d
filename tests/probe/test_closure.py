"""Measuring what a host name leads to and needs, on a scripted network."""

import dns.message
import dns.rcode
import dns.rrset
import pytest

from raabta.model.closure import Closure, HostFact, HostNeed
from raabta.probe.closure import ClosureBound, measure_closure
from tests.cases.linting import NOW
from tests.cases.scripted import REFUSED, Said, ScriptedNetwork, TcpPeer, UdpPeer, on_virtual_time
from tests.cases.scripted_web import PLAIN, clear_site, page, redirect, resolver, site, web_settings

NAME = "site.example"
HERE, THERE = "192.0.2.1", "192.0.2.2"
CLOSED = TcpPeer(opens=Said(REFUSED))
NEEDS = '<script src="//js.example/a.js"></script><img src="//pics.example/a.png">'


def measure(tcp: dict[tuple[str, int], TcpPeer], dns: UdpPeer, *names: str) -> Closure:
    network = ScriptedNetwork(tcp=tcp, udp={(PLAIN, 53): dns})
    found = on_virtual_time(measure_closure(names or (NAME,), network=network, settings=web_settings(), now=NOW))
    assert network.n_open == 0
    return found


def test_a_page_over_tls_tells_what_it_needs_and_those_are_looked_up() -> None:
    served = site(lambda host, path: page(body=f"<html>{NEEDS}</html>"), NAME)
    found = measure({(HERE, 443): served}, resolver({NAME: [HERE], "js.example": [THERE]}))
    assert found.facts[0] == HostFact(
        name=NAME,
        addresses=(HERE,),
        asked_page=True,
        status=200,
        needs=(HostNeed(host="js.example", use="essential"), HostNeed(host="pics.example", use="shown")),
    )
    assert {fact.name: fact.lookup_failure for fact in found.facts[1:]} == {
        "js.example": None,
        "pics.example": "dns_nxdomain_error",
    }
    assert not found.is_cut


def test_where_tls_fails_the_page_in_clear_is_taken() -> None:
    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: page())}
    assert measure(tcp, resolver({NAME: [HERE]})).facts[0].status == 200


def test_a_redirect_to_another_host_is_followed_and_told() -> None:
    tcp = {
        (HERE, 443): CLOSED,
        (HERE, 80): clear_site(lambda host, path: redirect("http://new.example/")),
        (THERE, 443): CLOSED,
        (THERE, 80): clear_site(lambda host, path: page(body=NEEDS)),
    }
    found = measure(tcp, resolver({NAME: [HERE], "new.example": [THERE]}))
    first = found.facts[0]
    assert (first.redirects, first.status, len(first.needs)) == (("new.example",), 200, 2)
    assert [fact.name for fact in found.facts if fact.asked_page] == [NAME, "new.example"]


def test_a_redirect_within_the_host_is_no_other_host() -> None:
    def respond(host: str, path: str) -> bytes:
        return page() if path == "/home" else redirect("/home")

    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(respond)}
    fact = measure(tcp, resolver({NAME: [HERE]})).facts[0]
    assert (fact.redirects, fact.status) == ((), 200)


def test_a_loop_of_redirects_ends_as_a_failure() -> None:
    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: redirect("/again"))}
    assert measure(tcp, resolver({NAME: [HERE]})).facts[0].page_failure == "http_too_many_redirects"


def test_a_meta_refresh_is_a_redirect() -> None:
    body = '<meta http-equiv="refresh" content="0;url=//new.example/">'
    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: page(body=body))}
    assert measure(tcp, resolver({NAME: [HERE]})).facts[0].redirects == ("new.example",)


@pytest.mark.parametrize(
    ("tcp", "failure"),
    [
        ({(HERE, 443): CLOSED, (HERE, 80): CLOSED}, "connection_refused"),
        ({}, "generic_timeout_error"),
    ],
)
def test_a_server_that_is_down_is_a_fact(tcp: dict[tuple[str, int], TcpPeer], failure: str) -> None:
    fact = measure(tcp, resolver({NAME: [HERE]})).facts[0]
    assert (fact.asked_page, fact.page_failure) == (True, failure)


def test_a_name_that_nobody_has_is_a_fact() -> None:
    fact = measure({}, resolver({})).facts[0]
    assert fact == HostFact(name=NAME, lookup_failure="dns_nxdomain_error")


def test_a_chain_of_names_is_told_in_its_order() -> None:
    def answer(query: bytes) -> list[Said]:
        asked = dns.message.from_wire(query)
        reply = dns.message.make_response(asked)
        for name, kind, value in (
            (NAME, "CNAME", "a.example."),
            ("a.example", "CNAME", "b.example."),
            ("b.example", "A", HERE),
        ):
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, value))
        return [Said(reply.to_wire())]

    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: page())}
    assert measure(tcp, UdpPeer(answer=answer)).facts[0].chain == ("a.example", "b.example")


def test_a_name_with_ipv6_only_is_looked_at_too() -> None:
    there = "2001:db8::1"
    tcp = {(there, 443): CLOSED, (there, 80): clear_site(lambda host, path: page())}
    fact = measure(tcp, resolver({NAME: [there]})).facts[0]
    assert (fact.addresses, fact.status) == ((there,), 200)


def test_hosts_that_pages_name_without_end_are_bounded() -> None:
    body = "".join(f'<script src="//h{number}.example/a.js"></script>' for number in range(50))
    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: page(body=body))}
    network = ScriptedNetwork(tcp=tcp, udp={(PLAIN, 53): resolver({NAME: [HERE]})})
    found = on_virtual_time(
        measure_closure((NAME,), network=network, settings=web_settings(), now=NOW, bound=ClosureBound(max_hosts=10))
    )
    assert (len(found.facts), found.is_cut) == (10, True)


def test_a_spent_budget_is_told_as_a_bound() -> None:
    tcp = {(HERE, 443): CLOSED, (HERE, 80): clear_site(lambda host, path: page())}
    network = ScriptedNetwork(tcp=tcp, udp={(PLAIN, 53): resolver({NAME: [HERE]})})
    settings = web_settings(max_packets=1)
    found = on_virtual_time(measure_closure((NAME,), network=network, settings=settings, now=NOW))
    assert (found.facts, found.is_cut) == ((), True)
