"""A router's lines and rules together, at exact times."""

import random

import pytest

from raabta.lab.middlebox import Answer, Rule
from raabta.lab.middlebox.line import Way
from raabta.lab.middlebox.path import Lines, RouterPath, Send, Verdict
from raabta.wire.packet import ACK, SYN, Ends, Packet, build_tcp
from tests.cases.hellos import client_hello
from tests.lab.middlebox.scripted import CLIENT, RESOLVER, SERVER, Connection, box, packed, query, read, rule

ROUTER = packed("198.18.10.1")


def path(*rules: Rule, up_s: float = 0.01, beyond_s: float = 0.03, loss: float = 0.0) -> RouterPath:
    chance = random.Random(1).random
    lines = Lines(up=Way(delay_s=up_s, chance=chance, loss=loss), down=Way(delay_s=up_s, chance=chance))
    return RouterPath(
        lines={CLIENT: lines}, beyond_s=beyond_s, local=frozenset({ROUTER}), box=box(*rules) if rules else None
    )


def happenings(router: RouterPath, packet: Packet, *, ticket: int = 7) -> list[tuple[float, Verdict | Send]]:
    """What becomes of one packet, with times in ms."""
    router.arrive(ticket, packet.data, now=100.0)
    found = [(0.0, item) for item in router.release(now=100.0)]
    while (due := router.next_due) is not None:
        assert not router.release(now=due - 1e-9)
        found += [(round((due - 100.0) * 1000, 3), item) for item in router.release(now=due)]
    return found


def test_a_packet_to_the_world_takes_both_delays_each_way() -> None:
    assert happenings(path(), Connection().syn()) == [(40.0, Verdict(7, is_accepted=True))]
    assert happenings(path(), Connection().syn_ack()) == [(40.0, Verdict(7, is_accepted=True))]


def test_the_operators_own_services_are_near() -> None:
    assert happenings(path(), query("a.example", to=ROUTER)) == [(10.0, Verdict(7, is_accepted=True))]
    answer = build_tcp(Ends(ROUTER, CLIENT, 53, 40_000), seq=1, flags=SYN | ACK)
    assert happenings(path(), read(answer)) == [(10.0, Verdict(7, is_accepted=True))]


def test_a_clean_line_decides_at_once() -> None:
    assert happenings(path(up_s=0.0, beyond_s=0.0), Connection().syn()) == [(0.0, Verdict(7, is_accepted=True))]


def test_what_the_line_loses_is_dropped_at_once() -> None:
    assert happenings(path(loss=1.0), Connection().syn()) == [(0.0, Verdict(7, is_accepted=False))]


def test_rules_with_no_say_change_no_time() -> None:
    assert happenings(path(rule("reset", "sni")), Connection().syn()) == [(40.0, Verdict(7, is_accepted=True))]
    assert happenings(path(rule("reset", "sni")), Connection().syn_ack()) == [(40.0, Verdict(7, is_accepted=True))]


def test_a_reset_meets_the_packet_behind_the_line_and_travels_back_over_it() -> None:
    router = path(rule("reset", "sni"))
    found = happenings(router, Connection().say(client_hello("blocked.example")))
    assert [(at, type(item)) for at, item in found] == [(10.0, Verdict), (20.0, Send), (40.0, Send)]
    ends = [read(item.data).destination for _, item in found if isinstance(item, Send)]
    assert ends == [CLIENT, SERVER]
    assert found[0][1] == Verdict(7, is_accepted=False)


def test_a_raced_answer_is_ahead_of_the_true_one() -> None:
    found = happenings(
        path(rule("race", "name", answer=Answer(address="127.0.0.1"))), query("blocked.example", to=RESOLVER)
    )
    assert [(at, type(item)) for at, item in found] == [(20.0, Send), (40.0, Verdict)]


def test_what_the_rules_delay_waits_in_their_place() -> None:
    assert happenings(path(rule("delay", "address", delay_s=0.5)), Connection().syn()) == [
        (540.0, Verdict(7, is_accepted=True))
    ]


def test_lateness_does_not_add_up() -> None:
    router = path(rule("delay", "address", delay_s=0.1))
    router.arrive(1, Connection().syn().data, now=0.0)
    assert router.release(now=0.018) == []
    assert router.next_due == pytest.approx(0.14)


def test_a_server_with_a_line_of_its_own_is_further_away() -> None:
    way = Way(delay_s=0.05, chance=random.Random(1).random)
    router = RouterPath(lines={SERVER: Lines(up=way, down=way)})
    assert happenings(router, Connection().syn()) == [(50.0, Verdict(7, is_accepted=True))]
    assert happenings(router, Connection().syn_ack()) == [(50.0, Verdict(7, is_accepted=True))]


def test_what_is_no_packet_passes() -> None:
    router = path()
    router.arrive(3, b"nonsense", now=0.0)
    assert router.release(now=0.0) == [Verdict(3, is_accepted=True)]
