"""A run of openings on a scripted network: how its legs are interleaved, what becomes of them, and what is written."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import pytest

from raabta.model.effect import Effect
from raabta.pipeline.expecting import (
    ExpectPlan,
    ExpectSettings,
    Measuring,
    OpeningPlace,
    expect_exempt,
    facts_of_outside,
)
from raabta.wire.wireguard import WireGuardKeys, WireGuardServer, public_key
from tests.cases.scripted import Said, ScriptedNetwork, TcpPeer, UdpPeer, on_virtual_time

ENDPOINT: Final = "198.51.100.7"
ENDPOINT6: Final = "2001:db8::7"
TWIN: Final = "203.0.113.9"
LINE: Final = "203.0.113.10"
PORT: Final = 51820
NOON: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SERVER: Final = bytes(range(32))
KEYS: Final = WireGuardKeys(private_key=bytes(range(32, 64)), peer_public_key=public_key(SERVER))
QUICK: Final = ExpectSettings(n_rounds=3)

Talk = Callable[[bytes], Iterable[Said]]


def place(host: str) -> OpeningPlace:
    return OpeningPlace(protocol="wireguard", host=host, port=PORT, wireguard=KEYS)


PLAN: Final = ExpectPlan(
    label="e-7k2m",
    endpoint=place(ENDPOINT),
    twins=(place(TWIN),),
    line=OpeningPlace(protocol="tcp", transport="tcp", host=LINE, port=443),
    asn=64601,
)


def answers(*, after_s: Callable[[int], float | None] = lambda _number: 0.0) -> Talk:
    """A server; ``after_s`` says how late its n-th answer comes, None for never."""
    one = WireGuardServer.of(SERVER, KEYS.public_key)
    numbers = itertools.count()

    def talk(data: bytes) -> list[Said]:
        said, late = one.answer(data, ephemeral=bytes([3] * 32), sender=1), after_s(next(numbers))
        return [] if said is None or late is None else [Said(said, after_s=late)]

    return talk


def silent(_data: bytes) -> list[Said]:
    return []


def run(
    endpoint: Talk, twin: Talk, *, plan: ExpectPlan = PLAN, settings: ExpectSettings = QUICK
) -> tuple[Effect, ScriptedNetwork]:
    network = ScriptedNetwork(
        udp={(place, PORT): UdpPeer(answer=endpoint) for place in (ENDPOINT, ENDPOINT6)}
        | {(TWIN, PORT): UdpPeer(answer=twin)},
        tcp={(LINE, 443): TcpPeer()},
        names={"vpn.example": [ENDPOINT], "six.example": [ENDPOINT6], "gone.example": -2},
    )
    ticks, numbers = itertools.count(), itertools.count(1)
    measuring = Measuring(
        network=network,
        now=lambda: NOON + dt.timedelta(milliseconds=next(ticks)),
        entropy=lambda n: next(numbers).to_bytes(n),
        settings=settings,
    )
    return on_virtual_time(expect_exempt(plan, measuring)), network


def seen_outside(endpoint: Talk, twin: Talk) -> ExpectPlan:
    effect, _ = run(endpoint, twin)
    return msgspec.structs.replace(PLAN, outside=facts_of_outside([effect], label=PLAN.label, now=NOON))


def test_both_pass_so_nothing_is_restricted_and_the_run_ends_early() -> None:
    effect, network = run(answers(), answers(), settings=ExpectSettings())
    assert effect.reason == "undecidable.nothing_restricted"
    assert (effect.n_endpoint, effect.n_twin) == (30, 20)
    assert network.n_open == 0


def test_with_a_witness_a_silent_twin_makes_the_exemption_effective() -> None:
    assert run(answers(), silent)[0].reason == "undecidable.twin_silent"
    plan = seen_outside(answers(), answers())
    assert run(answers(), silent, plan=plan)[0].reason == "effective.dropped"
    assert run(silent, silent, plan=plan)[0].reason == "not_effective.dropped"
    assert run(silent, silent, plan=seen_outside(silent, answers()))[0].reason == "undecidable.endpoint_down"


def test_the_end_point_is_tried_alone_before_the_twin_and_then_they_alternate() -> None:
    _, network = run(answers(), answers())
    order = [address for kind, address, _, _ in network.sent if kind == "udp"]
    assert order[:10] == [ENDPOINT] * 10
    assert order[10:20] == [ENDPOINT, TWIN] * 5
    assert order[30:40] == [TWIN, ENDPOINT] * 5


def test_answers_that_come_long_after_the_lines_own_time_are_told_apart() -> None:
    held, _ = run(answers(), answers(after_s=lambda number: 0.0 if number % 5 == 0 else 1.0))
    assert held.reason == "effective.throttled"
    assert {fact.late for fact in held.facts if fact.leg == "twin"} == {False, True}


def test_a_name_is_resolved_and_one_without_an_address_is_no_finding() -> None:
    for host in ("vpn.example", "six.example", ENDPOINT6):
        named = msgspec.structs.replace(PLAN, endpoint=msgspec.structs.replace(PLAN.endpoint, host=host))
        assert run(answers(), answers(), plan=named)[0].n_endpoint == 30
    gone = msgspec.structs.replace(PLAN, endpoint=msgspec.structs.replace(PLAN.endpoint, host="gone.example"))
    assert run(answers(), answers(), plan=gone)[0].reason == "undecidable.no_address"


def test_what_is_written_holds_no_address_and_no_key() -> None:
    effect, _ = run(answers(), silent)
    written = msgspec.json.encode(effect).decode()
    for secret in (ENDPOINT, TWIN, LINE, "10.0.0.2", KEYS.private_key.hex(), "example"):
        assert secret not in written
    assert msgspec.json.decode(written, type=Effect) == effect


def test_a_witness_must_be_fresh_and_of_the_same_end_point() -> None:
    effect, _ = run(answers(), answers())
    for label, later_s in (("e-other", 0), (PLAN.label, 3_700), (PLAN.label, -400)):
        with pytest.raises(ValueError, match="Run the same command"):
            facts_of_outside([effect], label=label, now=effect.measured_at + dt.timedelta(seconds=later_s))
    legs = {fact.leg for fact in facts_of_outside([effect], label=PLAN.label, now=NOON)}
    assert legs == {"outside", "outside_twin"}


def test_progress_is_told_after_every_round() -> None:
    told: list[tuple[int, int]] = []
    network = ScriptedNetwork()
    measuring = Measuring(network=network, now=lambda: NOON, entropy=lambda n: bytes([9] * n), settings=QUICK)
    effect = on_virtual_time(expect_exempt(PLAN, measuring, told=lambda done, of: told.append((done, of))))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert effect.reason == "undecidable.no_network"
