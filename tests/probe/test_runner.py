import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from raabta.probe.plan import Aim, read_aim
from raabta.probe.runner import BUDGET, CHOICE, UNTRIED, Ask, Elsewhere, Tools, probe_endpoint
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Budget, Trace
from raabta.reference.special import special_ranges_without
from raabta.reference.tables import load_tables
from raabta.wire.ooni.writing import TestKeys
from tests.cases.authority import NOW
from tests.cases.scripted import ScriptedNetwork, TcpPeer, UdpPeer, on_virtual_time
from tests.cases.scripted_web import (
    ENCRYPTED,
    PLAIN,
    clear_site,
    dot_resolver,
    page,
    redirect,
    resolver,
    site,
    web_settings,
)

HOST = "gazette.example"
ADDRESS = "203.0.113.10"
ELSEWHERE = "203.0.113.99"
ZONE = {HOST: [ADDRESS], f"www.{HOST}": ["203.0.113.11"], "neutral.example": ["203.0.113.77"]}
TABLES = msgspec.structs.replace(load_tables(), special=special_ranges_without("203.0.113.0/24", "192.0.2.0/24"))

Peers = Mapping[tuple[str, int], TcpPeer | list[TcpPeer]]


def network(
    tcp: Peers,
    *,
    zone: Mapping[str, list[str]] = ZONE,
    names: Mapping[str, list[str] | int | None] | None = None,
    udp: Mapping[tuple[str, int], UdpPeer] | None = None,
) -> ScriptedNetwork:
    return ScriptedNetwork(
        tcp=tcp, udp=udp or {(PLAIN, 53): resolver(zone)}, names=dict(zone) if names is None else names
    )


def measure(
    text: str,
    on: ScriptedNetwork,
    *,
    settings: ProbeSettings | None = None,
    ask: Ask | None = None,
    budget: Budget | None = None,
) -> TestKeys:
    async def work() -> TestKeys:
        tools = Tools(
            settings=settings or web_settings(), tables=TABLES, slots=asyncio.Semaphore(10), now=lambda: NOW, ask=ask
        )
        allowed = budget or Budget(max_s=60, max_packets=2_000, max_bytes=1_000_000)
        return await probe_endpoint(read_aim(text), trace=Trace(network=on, zero=0.0, budget=allowed), tools=tools)

    return on_virtual_time(work())


def statuses(keys: TestKeys) -> list[tuple[str, int]]:
    return [(step.request.url, step.response.code if step.response else 0) for step in keys.requests]


def news(_host: str, _path: str) -> bytes:
    return page("The Gazette")


def _always(shown: bytes, _host: str, _path: str) -> bytes:
    return shown


def test_a_site_that_works_gives_one_observation_for_each_step() -> None:
    on = network({(ADDRESS, 443): site(news, HOST)})
    keys = measure(f"https://{HOST}/", on)
    assert [(query.engine, query.query_type, query.failure) for query in keys.queries] == [
        ("system", "A", None),
        ("udp", "A", None),
        ("udp", "HTTPS", "dns_no_answer"),
    ]
    assert [(step.ip, step.port, step.status.success) for step in keys.tcp_connect] == [(ADDRESS, 443, True)]
    assert [(step.server_name, step.failure) for step in keys.tls_handshakes] == [(HOST, None)]
    assert statuses(keys) == [(f"https://{HOST}/", 200)]
    assert on.n_open == 0


def test_of_a_page_its_signs_are_kept_and_not_its_body() -> None:
    keys = measure(f"https://{HOST}/", network({(ADDRESS, 443): site(news, HOST)}))
    response = keys.requests[0].response
    assert response is not None
    assert response.body == ""
    assert response.x_page is not None
    assert (response.x_page.title, response.x_page.bytes) == ("The Gazette", 1039)


def test_a_page_hashes_alike_whomever_it_was_shown_to() -> None:
    hashes = set()
    for visitor in ("198.51.100.1", "2001:db8::7"):
        shown = page(body=f"<title>x</title>your address is {visitor}")
        keys = measure(f"http://{HOST}/", network({(ADDRESS, 80): clear_site(partial(_always, shown))}))
        response = keys.requests[0].response
        assert response is not None
        assert response.x_page is not None
        hashes.add(response.x_page.sha256)
    assert len(hashes) == 1


def test_a_redirect_is_a_hop_of_its_own_and_requests_are_written_last_first() -> None:
    tcp = {(ADDRESS, 80): clear_site(lambda host, _: redirect(f"https://{host}/")), (ADDRESS, 443): site(news, HOST)}
    keys = measure(f"http://{HOST}/", network(tcp))
    assert statuses(keys) == [(f"https://{HOST}/", 200), (f"http://{HOST}/", 302)]
    assert [step.port for step in keys.tcp_connect] == [80, 443]


def test_a_redirect_to_another_host_is_looked_up_and_connected_to_like_the_first() -> None:
    tcp = {
        (ADDRESS, 443): site(lambda *_: redirect(f"https://www.{HOST}/news"), HOST),
        ("203.0.113.11", 443): site(news, f"www.{HOST}"),
    }
    keys = measure(f"https://{HOST}/", network(tcp))
    assert statuses(keys) == [(f"https://www.{HOST}/news", 200), (f"https://{HOST}/", 302)]
    assert {query.hostname for query in keys.queries} == {HOST, f"www.{HOST}"}


def test_a_circle_of_redirects_ends_where_it_closes() -> None:
    keys = measure(f"http://{HOST}/", network({(ADDRESS, 80): clear_site(lambda *_: redirect("/"))}))
    assert len(keys.requests) == 1
    assert "redirects" in (keys.requests[0].failure or "")


def test_a_redirect_to_nowhere_is_told_on_the_step_that_sent_there() -> None:
    keys = measure(f"http://{HOST}/", network({(ADDRESS, 80): clear_site(lambda *_: redirect("http://"))}))
    assert keys.requests[0].failure == "http_invalid_redirect_location_host"


def test_an_address_that_is_nobodys_is_written_down_and_not_connected_to() -> None:
    on = network({}, zone={HOST: ["10.10.34.36"]})
    keys = measure(f"http://{HOST}/", on)
    assert keys.tcp_connect == []
    assert [answer.ipv4 for query in keys.queries for answer in query.answers or ()] == ["10.10.34.36"] * 2
    assert any("nobody's" in item.reason for item in keys.x_skipped)


def test_resolvers_that_disagree_are_both_followed_and_the_everyday_one_gets_the_request() -> None:
    tcp = {
        (ADDRESS, 80): clear_site(lambda *_: page("true")),
        (ELSEWHERE, 80): clear_site(lambda *_: page("false")),
        (ENCRYPTED, 853): dot_resolver(ZONE),
    }
    on = network(tcp, names={HOST: [ELSEWHERE]}, udp={(PLAIN, 53): resolver({HOST: [ELSEWHERE]})})
    keys = measure(f"http://{HOST}/", on, settings=web_settings(encrypted=True))
    assert [step.ip for step in keys.tcp_connect] == [ELSEWHERE, ADDRESS]
    assert [step.address for step in keys.requests] == [f"{ELSEWHERE}:80"]


def test_a_system_resolver_that_is_silent_is_asked_once_again() -> None:
    on = network({(ADDRESS, 443): site(news, HOST)}, names={HOST: None})
    keys = measure(f"https://{HOST}/", on)
    by_system = [query.failure for query in keys.queries if query.engine == "system"]
    assert by_system == ["generic_timeout_error", "generic_timeout_error"]
    assert statuses(keys) == [(f"https://{HOST}/", 200)]


def test_a_second_answer_to_one_question_is_kept_beside_the_first() -> None:
    on = network({}, udp={(PLAIN, 53): resolver({HOST: [ELSEWHERE]}, late=ZONE)})
    keys = measure(f"tcp://{HOST}:22", on)
    assert [answer.ipv4 for late in keys.x_dns_duplicate_responses for answer in late.answers or ()] == [ADDRESS]


def test_a_silent_address_does_not_hold_up_the_page_from_another() -> None:
    on = network({("203.0.113.12", 443): site(news, HOST)}, zone={HOST: [ADDRESS, "203.0.113.12"]})
    keys = measure(f"https://{HOST}/", on)
    assert {step.ip: step.status.failure for step in keys.tcp_connect} == {
        "203.0.113.12": None,
        ADDRESS: "generic_timeout_error",
    }
    assert keys.requests[0].t < 2.0


POOL = [f"203.0.113.{number}" for number in range(21, 30)]


def reasons(keys: TestKeys) -> set[str]:
    return {item.reason for item in keys.x_skipped}


def test_where_no_chosen_address_opens_the_others_are_tried_at_once() -> None:
    on = network({(POOL[4], 443): site(news, HOST)}, zone={HOST: POOL[:6]})
    keys = measure(f"https://{HOST}/", on)
    assert {step.ip for step in keys.tcp_connect} == set(POOL[:6])
    assert statuses(keys) == [(f"https://{HOST}/", 200)]
    assert len({moment for what, _, moment, _ in on.sent if what == "syn"}) == 2
    assert UNTRIED not in reasons(keys)


def test_of_a_large_pool_four_more_are_tried_and_the_rest_is_said() -> None:
    keys = measure(f"https://{HOST}/", network({}, zone={HOST: POOL}))
    assert {step.ip for step in keys.tcp_connect} == set(POOL[:6])
    assert UNTRIED in reasons(keys)


def test_where_a_connection_opens_no_more_are_tried_whatever_comes_of_it() -> None:
    mute = TcpPeer()
    on = network({(POOL[0], 443): mute, (POOL[3], 443): site(news, HOST)}, zone={HOST: POOL[:4]})
    keys = measure(f"https://{HOST}/", on)
    assert {step.ip for step in keys.tcp_connect} == set(POOL[:2])
    assert UNTRIED in reasons(keys)


def test_all_addresses_tried_leave_nothing_to_say() -> None:
    assert UNTRIED not in reasons(measure(f"https://{HOST}/", network({}, zone={HOST: POOL[:2]})))


def test_a_redirects_host_has_its_other_addresses_tried_too() -> None:
    tcp = {
        (ADDRESS, 443): site(lambda *_: redirect(f"https://www.{HOST}/"), HOST),
        (POOL[3], 443): site(news, f"www.{HOST}"),
    }
    keys = measure(f"https://{HOST}/", network(tcp, zone={HOST: [ADDRESS], f"www.{HOST}": POOL[:4]}))
    assert statuses(keys) == [(f"https://www.{HOST}/", 200), (f"https://{HOST}/", 302)]


def test_layers_that_are_left_out_are_said() -> None:
    settings = web_settings(layers=("dns", "tcp"))
    keys = measure(f"https://{HOST}/", network({(ADDRESS, 443): site(news, HOST)}), settings=settings)
    assert (len(keys.tcp_connect), keys.tls_handshakes, keys.requests) == (1, [], [])
    assert [item.what for item in keys.x_skipped if item.reason == CHOICE] == ["tls", "http", "quic"]


def test_only_names_asks_resolvers_and_connects_to_nobody() -> None:
    on = network({(ADDRESS, 443): site(news, HOST)})
    measure(f"https://{HOST}/", on, settings=web_settings(layers=("dns",)))
    assert [what for what, *_ in on.sent if what != "udp"] == []


def test_a_plain_end_point_is_connected_to_and_no_more() -> None:
    keys = measure(f"tcp://{HOST}:22", network({(ADDRESS, 22): TcpPeer()}))
    assert [(step.port, step.status.success) for step in keys.tcp_connect] == [(22, True)]
    assert (keys.tls_handshakes, keys.requests) == ([], [])


def test_an_encrypted_resolver_is_asked_for_a_harmless_name() -> None:
    zone = ZONE | {"dns.resolver.example": [ENCRYPTED]}
    on = network({(ENCRYPTED, 853): dot_resolver(zone)}, zone=zone)
    keys = measure("dot://dns.resolver.example", on)
    last = keys.queries[-1]
    assert (last.engine, last.hostname, last.failure) == ("dot", "neutral.example", None)


def test_an_address_that_only_the_control_knows_is_tried_when_ours_are_others() -> None:
    async def ask(aim: Aim, addresses: Sequence[str]) -> Elsewhere:
        assert (aim.host, list(addresses)) == (HOST, [ELSEWHERE])
        return Elsewhere(addresses=(ADDRESS,))

    on = network({(ADDRESS, 443): site(news, HOST)}, zone={HOST: [ELSEWHERE]})
    keys = measure(f"https://{HOST}/", on, ask=ask)
    assert {step.ip: step.status.success for step in keys.tcp_connect} == {ELSEWHERE: False, ADDRESS: True}


def test_a_control_that_agrees_costs_nothing() -> None:
    async def ask(_aim: Aim, addresses: Sequence[str]) -> Elsewhere:
        return Elsewhere(addresses=(*addresses, ELSEWHERE))

    keys = measure(f"https://{HOST}/", network({(ADDRESS, 443): site(news, HOST)}), ask=ask)
    assert [step.ip for step in keys.tcp_connect] == [ADDRESS]


def test_what_the_budget_does_not_allow_is_said_and_is_no_finding() -> None:
    on = network({(ADDRESS, 443): site(news, HOST)})
    keys = measure(f"https://{HOST}/", on, budget=Budget(max_s=60, max_packets=3, max_bytes=1_000_000))
    assert BUDGET in {item.reason for item in keys.x_skipped}
    assert [step.failure for step in keys.requests] == []
