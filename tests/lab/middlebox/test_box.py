"""Each action on what it is about, and its twin: the same packets where nothing is meant."""

from collections.abc import Callable

import pytest

from raabta.lab.middlebox import Answer, Drop, Inject, Middlebox, Outcome, Pass, Rule
from raabta.wire.packet import ACK, FIN, ICMP, RST, Ends, Packet, build_ip, sums_hold
from raabta.wire.tls import split_hello
from tests.cases.hellos import client_hello, in_records, quic_datagrams
from tests.lab.middlebox.scripted import (
    CLIENT,
    CLIENT6,
    ELSEWHERE,
    RESOLVER,
    SERVER,
    SERVER6,
    Connection,
    box,
    datagram,
    drops,
    injected,
    packed,
    passes,
    query,
    read,
    rule,
    waits,
)

BLOCKED, FREE = client_hello("blocked.example"), client_hello("free.example")


def get(host: str, path: str = "/") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: x\r\n\r\n".encode()


def talk(middlebox: Middlebox, connection: Connection, *first: bytes) -> list[Outcome]:
    """Open a connection, send a message in pieces; what becomes of the last piece."""
    for packet in (connection.syn(), connection.syn_ack(), connection.ack()):
        assert passes(middlebox.handle(packet, now=0.0))
    outcomes: list[Outcome] = []
    for piece in first:
        outcomes = middlebox.handle(connection.say(piece), now=0.1)
    return outcomes


# --- by name in DNS ---------------------------------------------------------------------------------------------------


def test_inject_answers_and_swallows_the_query() -> None:
    outcomes = box(rule("inject", "name", answer=Answer(address="10.10.34.36"))).handle(
        query("blocked.example"), now=0.0
    )
    (answer,) = injected(outcomes)
    assert drops(outcomes)
    assert (answer.source, answer.destination, answer.destination_port) == (RESOLVER, CLIENT, 40_000)
    assert answer.payload[:2] == b"\x12\x34"
    assert answer.payload.endswith(bytes([10, 10, 34, 36]))
    assert sums_hold(answer)


def test_names_below_a_host_count_as_the_host_and_look_alikes_do_not() -> None:
    middlebox = box(rule("inject", "name", answer=Answer(rcode=3)))
    assert drops(middlebox.handle(query("www.BLOCKED.example"), now=0.0))
    assert passes(middlebox.handle(query("notblocked.example"), now=0.0))


def test_race_answers_and_lets_the_query_go_on() -> None:
    outcomes = box(rule("race", "name", answer=Answer(address="127.0.0.1"))).handle(query("blocked.example"), now=0.0)
    assert len(injected(outcomes)) == 1
    assert outcomes[-1] == Pass()


@pytest.mark.parametrize(("rcode", "n_answers"), [(0, 0), (2, 0), (3, 0), (5, 0)])
def test_refusals_have_their_code_and_no_address(rcode: int, n_answers: int) -> None:
    (answer,) = injected(
        box(rule("inject", "name", answer=Answer(rcode=rcode))).handle(query("blocked.example"), now=0.0)
    )
    assert answer.payload[3] & 15 == rcode
    assert answer.payload[7] == n_answers


def test_an_ipv6_question_gets_an_empty_answer_where_only_ipv4_is_forged() -> None:
    (answer,) = injected(
        box(rule("inject", "name", answer=Answer(address="127.0.0.1"))).handle(
            query("blocked.example", kind=28), now=0.0
        )
    )
    assert answer.payload[7] == 0


def test_each_query_from_one_port_is_judged_on_its_own() -> None:
    middlebox = box(rule("drop", "name"))
    assert drops(middlebox.handle(query("blocked.example"), now=0.0))
    assert passes(middlebox.handle(query("free.example"), now=0.0))
    assert drops(middlebox.handle(query("blocked.example"), now=0.0))


@pytest.mark.parametrize(("words", "is_answered"), [((), False), ((b"tcp",), True)])
def test_injectors_answer_over_tcp_only_where_they_are_told_to(words: tuple[bytes, ...], is_answered: bool) -> None:
    message = query("blocked.example").payload
    framed = len(message).to_bytes(2, "big") + message
    middlebox = box(rule("inject", "name", answer=Answer(address="127.0.0.1"), words=words))
    outcomes = talk(middlebox, Connection(to=RESOLVER, port=53), framed)
    assert passes(outcomes) != is_answered
    assert [packet.payload.endswith(b"\x7f\x00\x00\x01") for packet in injected(outcomes)] == [True] * is_answered


def test_a_query_over_tcp_for_a_dropped_name_silences_the_connection() -> None:
    message = query("blocked.example").payload
    connection = Connection(to=RESOLVER, port=53)
    middlebox = box(rule("drop", "name"))
    assert drops(talk(middlebox, connection, len(message).to_bytes(2, "big"), message))
    assert drops(middlebox.handle(connection.hear(b"answer"), now=1.0))


# --- by address and port ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to", "client"), [(SERVER, CLIENT), (SERVER6, CLIENT6)], ids=["ipv4", "ipv6"])
def test_a_reset_by_address_answers_the_syn(to: bytes, client: bytes) -> None:
    outcomes = box(rule("reset", "address")).handle(Connection(to=to, client=client).syn(), now=0.0)
    (reset,) = injected(outcomes)
    assert (reset.flags, reset.ack, reset.source) == (RST | ACK, 1001, to)
    assert injected(outcomes, "server") == []
    assert drops(outcomes)


def test_an_address_that_is_not_meant_passes() -> None:
    middlebox = box(rule("reset", "address"), rule("drop", "address"), rule("unreachable", "address"))
    assert passes(middlebox.handle(Connection(to=ELSEWHERE).syn(), now=0.0))
    assert passes(middlebox.handle(read(build_ip(Ends(ELSEWHERE, SERVER, 0, 0), bytes(8), protocol=ICMP)), now=0.0))


@pytest.mark.parametrize(("port", "is_dropped"), [(443, True), (80, False)])
def test_ports_narrow_an_address(port: int, is_dropped: bool) -> None:
    middlebox = box(rule("drop", "address", ports=frozenset({443})))
    assert drops(middlebox.handle(Connection(port=port).syn(), now=0.0)) == is_dropped


def test_a_reset_by_address_leaves_datagrams_alone() -> None:
    assert passes(box(rule("reset", "address")).handle(datagram(b"x"), now=0.0))


@pytest.mark.parametrize(
    ("icmp", "kind4", "kind6"),
    [("port", (3, 3), (1, 4)), ("host", (3, 1), (1, 3)), ("net", (3, 0), (1, 0)), ("admin", (3, 13), (1, 1))],
)
def test_unreachable_names_the_router_and_the_reason(icmp: str, kind4: tuple[int, int], kind6: tuple[int, int]) -> None:
    routers = (packed("198.18.10.1"), packed("2001:db8:10::1"))
    middlebox = box(rule("unreachable", "address", icmp=icmp, senders=routers))
    connections = (Connection(), Connection(to=SERVER6, client=CLIENT6))
    for connection, kind, router in zip(connections, (kind4, kind6), routers, strict=True):
        (error,) = injected(middlebox.handle(connection.syn(), now=0.0))
        assert (error.data[error.at], error.data[error.at + 1], error.source) == (*kind, router)
        assert sums_hold(error)


@pytest.mark.parametrize(
    ("trigger", "hit", "missed"),
    [
        pytest.param("dot", Connection(port=853).syn(), datagram(b"x", port=853), id="dot-is-tcp"),
        pytest.param("doq", datagram(b"x", port=853), Connection(port=853).syn(), id="doq-is-udp"),
        pytest.param("doh", Connection(to=RESOLVER).syn(), Connection().syn(), id="doh-is-a-resolver"),
        pytest.param("port", Connection(port=25).syn(), Connection(port=26).syn(), id="port"),
        pytest.param(
            "icmp", read(build_ip(Ends(CLIENT, SERVER, 0, 0), bytes(8), protocol=ICMP)), datagram(b"x"), id="icmp"
        ),
    ],
)
def test_services_are_dropped_by_protocol_and_port(trigger: str, hit: Packet, missed: Packet) -> None:
    middlebox = box(rule("drop", trigger, ports=frozenset({25}), servers=frozenset({RESOLVER})))
    assert drops(middlebox.handle(hit, now=0.0))
    assert passes(middlebox.handle(missed, now=0.0))


def test_an_encrypted_resolver_is_known_by_its_name_too() -> None:
    middlebox = box(rule("drop", "doh", hosts=frozenset({"dns.example"}), servers=frozenset({RESOLVER})))
    assert drops(talk(middlebox, Connection(), client_hello("dns.example")))
    assert passes(talk(middlebox, Connection(client_port=2), FREE))


def test_all_spares_the_operators_own_services_and_other_clients() -> None:
    middlebox = box(rule("drop", "all", spared=frozenset({RESOLVER})))
    assert drops(middlebox.handle(datagram(b"x"), now=0.0))
    assert passes(middlebox.handle(query("free.example"), now=0.0))
    assert passes(middlebox.handle(Connection(client=packed("198.18.11.2")).syn(), now=0.0))


@pytest.mark.parametrize(("direction", "up", "down"), [("both", 1, 1), ("to_server", 1, 0), ("to_client", 0, 1)])
def test_a_direction_narrows_a_drop(direction: str, up: int, down: int) -> None:
    connection, middlebox = Connection(), box(rule("drop", "address", direction=direction))
    assert drops(middlebox.handle(connection.syn(), now=0.0)) == bool(up)
    assert drops(middlebox.handle(connection.syn_ack(), now=0.0)) == bool(down)


# --- by what is said in clear -----------------------------------------------------------------------------------------

PIECES: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": lambda hello: [hello],
    "split": lambda hello: list(split_hello(hello)),
    "small-records": lambda hello: [in_records(hello, size=40)],
    "byte-by-byte-at-first": lambda hello: [hello[:1], hello[1:2], hello[2:]],
}


@pytest.mark.parametrize("cut", PIECES.values(), ids=PIECES)
def test_a_reset_by_server_name_reassembles(cut: Callable[[bytes], list[bytes]]) -> None:
    middlebox = box(rule("reset", "sni"))
    connection = Connection()
    outcomes = talk(middlebox, connection, *cut(BLOCKED))
    (to_client,), (to_server,) = injected(outcomes), injected(outcomes, "server")
    assert (to_client.flags, to_client.seq, to_client.ack) == (RST | ACK, 5001, connection.sent)
    assert to_server.seq + len(cut(BLOCKED)[-1]) == connection.sent
    assert drops(outcomes)
    assert passes(talk(middlebox, Connection(client_port=2), *cut(FREE)))


def test_segments_out_of_order_are_put_together() -> None:
    middlebox, connection = box(rule("reset", "sni")), Connection()
    middlebox.handle(connection.syn(), now=0.0)
    first, second = split_hello(BLOCKED)
    assert passes(middlebox.handle(connection.say(second, seq=1001 + len(first)), now=0.0))
    assert drops(middlebox.handle(connection.say(first, seq=1001), now=0.0))


@pytest.mark.parametrize(
    ("direction", "to_client", "to_server"), [("both", 1, 1), ("to_client", 1, 0), ("to_server", 0, 1)]
)
def test_a_reset_goes_where_the_rule_says(direction: str, to_client: int, to_server: int) -> None:
    outcomes = talk(box(rule("reset", "sni", direction=direction)), Connection(), BLOCKED)
    assert (len(injected(outcomes)), len(injected(outcomes, "server"))) == (to_client, to_server)


def test_after_a_reset_of_the_server_the_client_hears_the_server_itself() -> None:
    middlebox, connection = box(rule("reset", "sni", direction="to_server")), Connection()
    talk(middlebox, connection, BLOCKED)
    assert passes(middlebox.handle(connection.say(BLOCKED, seq=1001), now=0.3))
    assert passes(middlebox.handle(connection.hear(b""), now=0.4))


def test_a_dropped_name_is_silence_in_both_directions_from_then_on() -> None:
    middlebox, connection = box(rule("drop", "sni")), Connection()
    assert drops(talk(middlebox, connection, BLOCKED))
    assert drops(middlebox.handle(connection.say(BLOCKED, seq=1001), now=0.3))
    assert drops(middlebox.handle(connection.hear(b"x"), now=0.4))
    assert passes(talk(middlebox, Connection(client_port=2), FREE))


def test_fin_ends_the_stream_towards_the_client() -> None:
    outcomes = talk(box(rule("fin", "sni")), Connection(), BLOCKED)
    (end,) = injected(outcomes)
    assert (end.flags, end.seq, end.payload) == (FIN | ACK, 5001, b"")


def test_alert_is_a_handshake_failure_and_then_the_end() -> None:
    (alert,) = injected(talk(box(rule("alert", "sni")), Connection(), BLOCKED))
    assert alert.payload == b"\x15\x03\x03\x00\x02\x02\x28"
    assert alert.flags & FIN


@pytest.mark.parametrize(("to", "is_hit"), [(SERVER, True), (ELSEWHERE, False)])
def test_any_hello_to_an_address(to: bytes, is_hit: bool) -> None:
    outcomes = talk(box(rule("reset", "tls", servers=frozenset({SERVER}))), Connection(to=to), FREE)
    assert drops(outcomes) == is_hit


def test_a_hello_without_a_name_is_about_no_host() -> None:
    assert passes(talk(box(rule("reset", "sni")), Connection(), client_hello("")))
    assert drops(talk(box(rule("reset", "tls")), Connection(), client_hello("")))


def test_a_block_page_comes_in_the_servers_name_and_ends_the_stream() -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3000
    middlebox, connection = box(rule("blockpage", "host", page=page)), Connection(port=80)
    outcomes = talk(middlebox, connection, get("blocked.example:80"))
    pieces = injected(outcomes)
    assert b"".join(piece.payload for piece in pieces) == page
    assert [piece.seq for piece in pieces] == [5001, 6301, 7601]
    assert [bool(piece.flags & FIN) for piece in pieces] == [False, False, True]
    assert len(injected(outcomes, "server")) == 1
    assert passes(talk(middlebox, Connection(port=80, client_port=2), get("free.example")))


def test_a_repeated_request_gets_the_page_again() -> None:
    middlebox, connection = box(rule("blockpage", "host", page=b"page")), Connection(port=80)
    talk(middlebox, connection, get("blocked.example"))
    again = middlebox.handle(connection.say(get("blocked.example"), seq=1001), now=0.3)
    assert [piece.payload for piece in injected(again)] == [b"page"]
    assert drops(middlebox.handle(connection.ack(), now=0.4))


@pytest.mark.parametrize(("path", "is_hit"), [("/q=Forbidden", True), ("/q=allowed", False)])
def test_a_word_in_a_request(path: str, is_hit: bool) -> None:
    request = get("free.example", path)
    outcomes = talk(
        box(rule("reset", "keyword", words=(b"forbidden",))), Connection(port=80), request[:20], request[20:]
    )
    assert drops(outcomes) == is_hit


def test_any_request_in_clear_and_no_tls() -> None:
    middlebox = box(rule("redirect", "http", page=b"HTTP/1.1 302 Found\r\n\r\n"))
    assert injected(talk(middlebox, Connection(port=80), get("free.example")))
    assert passes(talk(middlebox, Connection(client_port=2), BLOCKED))


def test_tampering_changes_header_names_and_nothing_else() -> None:
    outcomes = talk(box(rule("tamper", "http")), Connection(port=80), get("free.example") + b"Body: x")
    assert isinstance(outcomes[-1], Pass)
    changed = read(outcomes[-1].data)
    assert changed.payload == b"GET / HTTP/1.1\r\nhOST: free.example\r\nuSER-aGENT: x\r\n\r\nBody: x"
    assert sums_hold(changed)


# --- QUIC -------------------------------------------------------------------------------------------------------------


def test_quic_is_known_by_its_long_header() -> None:
    middlebox = box(rule("drop", "quic"))
    assert drops(middlebox.handle(datagram(quic_datagrams("free.example")[0]), now=0.0))
    assert passes(middlebox.handle(datagram(b"\x40abcdefgh", port=444), now=0.0))
    assert passes(middlebox.handle(query("free.example"), now=0.0))


def test_only_version_1_where_the_rule_says_so() -> None:
    reserved = b"\xc0\x1a\x2a\x3a\x4a\x08abcdefgh\x00" + bytes(1200)
    assert passes(box(rule("drop", "quic", words=(b"v1",))).handle(datagram(reserved), now=0.0))
    assert drops(box(rule("drop", "quic")).handle(datagram(reserved), now=0.0))


@pytest.mark.parametrize(("name", "is_hit"), [("blocked.example", True), ("free.example", False)])
def test_the_name_in_an_initial(name: str, is_hit: bool) -> None:
    middlebox = box(rule("drop", "quic_sni"))
    assert drops(middlebox.handle(datagram(quic_datagrams(name)[0]), now=0.0)) == is_hit


def test_the_name_in_an_initial_spread_over_datagrams() -> None:
    datagrams = quic_datagrams("blocked.example", alpn=tuple(f"a-long-protocol-name-{i}" for i in range(90)))
    middlebox = box(rule("drop", "quic_sni"))
    dropped = [drops(middlebox.handle(datagram(data), now=0.0)) for data in datagrams]
    assert dropped == [False] * (len(datagrams) - 1) + [True]
    assert drops(middlebox.handle(datagram(b"\x40 later packets too"), now=0.0))


# --- shaping ----------------------------------------------------------------------------------------------------------


def test_delays_add_up_and_touch_only_what_they_are_about() -> None:
    middlebox = box(rule("delay", "address", delay_s=0.05), rule("detour", "address", delay_s=0.1))
    assert waits(middlebox.handle(Connection().syn(), now=0.0)) == pytest.approx(0.15)
    assert waits(middlebox.handle(Connection().syn_ack(), now=0.0)) == pytest.approx(0.15)
    assert passes(middlebox.handle(Connection(to=ELSEWHERE).syn(), now=0.0))


def test_a_delayed_name_delays_its_query_only() -> None:
    middlebox = box(rule("delay", "name", delay_s=0.05))
    assert waits(middlebox.handle(query("blocked.example"), now=0.0)) == pytest.approx(0.05)
    assert passes(middlebox.handle(query("free.example"), now=0.0))


def test_a_freeze_lets_so_many_bytes_through_and_then_nothing() -> None:
    middlebox, connection = box(rule("freeze", "sni", after_bytes=2000)), Connection()
    assert passes(talk(middlebox, connection, BLOCKED))
    assert passes(middlebox.handle(connection.hear(b"x" * 1000), now=0.2))
    assert passes(middlebox.handle(connection.hear(b"x" * 1000), now=0.2))
    assert drops(middlebox.handle(connection.hear(b"x"), now=0.2))
    assert drops(middlebox.handle(connection.ack(), now=0.3))


def test_throttled_packets_leave_at_the_rate() -> None:
    middlebox, connection = box(rule("throttle", "sni", rate_bytes_s=10_000.0)), Connection()
    talk(middlebox, connection, BLOCKED)
    wait_s = [waits(middlebox.handle(connection.hear(b"x" * 960), now=1.0)) for _ in range(10)]
    # 1000-byte packets at 10 kB/s: 0.1 s each, after a burst of 3000 bytes.
    assert wait_s == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])


def test_all_connections_to_an_address_share_its_rate() -> None:
    middlebox = box(rule("throttle", "address", rate_bytes_s=10_000.0))
    connections = [Connection(client_port=port) for port in range(2000, 2006)]
    wait_s = [waits(middlebox.handle(each.hear(b"x" * 960), now=1.0)) for each in connections]
    assert wait_s == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])


def test_a_share_of_packets_is_lost() -> None:
    middlebox = box(rule("loss", "address", loss=0.3))
    n_lost = sum(drops(middlebox.handle(Connection().ack(), now=0.0)) for _ in range(2000))
    assert 540 < n_lost < 660


# --- chance, memory of hits, limits -----------------------------------------------------------------------------------


def test_the_die_is_cast_once_for_a_connection() -> None:
    middlebox = box(rule("drop", "address", probability=0.5))
    fates = []
    for port in range(1000, 1400):
        connection = Connection(client_port=port)
        fates.append({drops(middlebox.handle(connection.syn(), now=0.0)) for _ in range(4)})
    assert all(len(fate) == 1 for fate in fates)
    assert 160 < sum(fate == {True} for fate in fates) < 240


def test_the_same_seed_gives_the_same_fates() -> None:
    def fates(seed: int) -> list[bool]:
        middlebox = box(rule("drop", "address", probability=0.5), seed=seed)
        return [drops(middlebox.handle(Connection(client_port=port).syn(), now=0.0)) for port in range(1000, 1100)]

    assert fates(7) == fates(7) != fates(8)


@pytest.mark.parametrize(("later_s", "is_hit"), [(9.0, True), (11.0, False)])
def test_after_a_hit_other_names_at_the_same_end_point_are_treated_alike_for_a_while(
    later_s: float, is_hit: bool
) -> None:
    middlebox = box(rule("reset", "sni", residual_s=10.0))
    talk(middlebox, Connection(), BLOCKED)
    later = Connection(client_port=2)
    middlebox.handle(later.syn(), now=later_s)
    assert drops(middlebox.handle(later.say(FREE), now=later_s)) == is_hit


def test_residual_silence_holds_from_the_first_packet_on() -> None:
    middlebox = box(rule("drop", "sni", residual_s=10.0))
    talk(middlebox, Connection(), BLOCKED)
    assert drops(middlebox.handle(Connection(client_port=2).syn(), now=5.0))
    assert passes(middlebox.handle(Connection(client_port=3, port=80).syn(), now=5.0))
    assert passes(middlebox.handle(Connection(client_port=3, to=ELSEWHERE).syn(), now=5.0))


def test_the_first_rule_that_ends_a_connection_wins() -> None:
    outcomes = talk(box(rule("drop", "sni"), rule("reset", "sni")), Connection(), BLOCKED)
    assert outcomes == [Drop()]


def test_memory_is_bounded() -> None:
    middlebox = box(rule("reset", "sni"), flow_limit=100)
    for port in range(1000, 3000):
        middlebox.handle(Connection(client_port=port).syn(), now=0.0)
    assert middlebox.n_flows == 100


def test_a_new_connection_from_an_old_port_is_read_anew() -> None:
    middlebox = box(rule("reset", "sni"))
    assert passes(talk(middlebox, Connection(), FREE))
    assert drops(talk(middlebox, Connection(), BLOCKED))


def test_outcomes_of_a_rule_never_touch_a_packet_twice() -> None:
    every: list[Rule] = [rule(action, "sni") for action in ("reset", "fin", "alert")]
    for one in every:
        outcomes = talk(box(one), Connection(), BLOCKED)
        assert [type(item) for item in outcomes[:-1]] == [Inject] * (len(outcomes) - 1)
        assert outcomes[-1] == Drop()
