"""Trains of WireGuard and OpenVPN openings on a scripted network: each opening's end is told, and nothing more."""

import datetime as dt
import errno
import itertools
from collections.abc import Callable, Iterable
from typing import Final

import pytest

from raabta.probe.network import IcmpError
from raabta.probe.openings import Outcome, Train, open_line
from raabta.probe.openvpn import open_openvpn_train
from raabta.probe.wireguard import open_wireguard_train
from raabta.wire.openvpn import Frames, OpenVpnKeys, framed, read_control, server_reset
from raabta.wire.wireguard import WireGuardKeys, WireGuardServer, public_key
from tests.cases.scripted import (
    REFUSED,
    RESET,
    RTT_S,
    UNREACHABLE,
    Said,
    ScriptedNetwork,
    TcpPeer,
    UdpPeer,
    on_virtual_time,
)

PLACE: Final = "198.51.100.7"
PORT: Final = 51820
NOON: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SERVER: Final = bytes(range(32))
KEYS: Final = WireGuardKeys(private_key=bytes(range(32, 64)), peer_public_key=public_key(SERVER))
PROHIBITED: Final = IcmpError(type=3, code=13, sender="192.0.2.1")
CLOSED: Final = IcmpError(type=3, code=3, sender=PLACE)

Talk = Callable[[bytes], Iterable[Said]]


def ticking() -> Callable[[], dt.datetime]:
    ticks = itertools.count()
    return lambda: NOON + dt.timedelta(milliseconds=next(ticks))


def counting() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda n: next(numbers).to_bytes(n)


def train(network: ScriptedNetwork, *, n: int = 5, spacing_s: float = 0.05, wait_s: float = 1.0) -> Train:
    times = [spacing_s * number for number in range(n)]
    return Train(network=network, address=PLACE, port=PORT, times=times, until=times[-1] + wait_s)


def wireguard(talk: Talk) -> tuple[list[Outcome], ScriptedNetwork]:
    network = ScriptedNetwork(udp={(PLACE, PORT): UdpPeer(answer=talk)})

    async def run() -> list[Outcome]:
        return await open_wireguard_train(train(network), KEYS, now=ticking(), entropy=counting())

    return on_virtual_time(run()), network


def openvpn(
    *, udp: Talk | None = None, tcp: TcpPeer | None = None, keys: OpenVpnKeys | None = None
) -> tuple[list[Outcome], ScriptedNetwork]:
    network = ScriptedNetwork(
        udp={(PLACE, PORT): UdpPeer(answer=udp)} if udp else {}, tcp={(PLACE, PORT): tcp} if tcp else {}
    )

    async def run() -> list[Outcome]:
        return await open_openvpn_train(
            train(network), keys or OpenVpnKeys(), tcp=tcp is not None, now=ticking(), entropy=counting()
        )

    return on_virtual_time(run()), network


def server(*, every: int = 1) -> Talk:
    """A WireGuard server that hears every n-th datagram."""
    one = WireGuardServer.of(SERVER, KEYS.public_key)
    heard = itertools.count()

    def talk(data: bytes) -> list[Said]:
        said = one.answer(data, ephemeral=bytes([3] * 32), sender=1)
        return [Said(said)] if said is not None and next(heard) % every == 0 else []

    return talk


def openvpn_server(keys: OpenVpnKeys) -> Talk:
    def talk(data: bytes) -> list[Said]:
        control = read_control(keys, data)
        return (
            [] if control is None else [Said(server_reset(keys, session=b"serverid", remote=control.session, at_s=1))]
        )

    return talk


def ends(outcomes: list[Outcome]) -> list[tuple[str | None, str, str]]:
    return [(one.failure, one.operation, one.sender) for one in outcomes]


GOOD: Final = (None, "", "")
SILENT: Final = ("generic_timeout_error", "open", "")


def test_every_initiation_of_a_train_is_answered_by_its_own_response() -> None:
    outcomes, network = wireguard(server())
    assert ends(outcomes) == [GOOD] * 5
    assert [one.rtt_s for one in outcomes] == pytest.approx([RTT_S] * 5)
    assert [sent[2] for sent in network.sent] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])
    assert network.n_open == 0


def test_what_a_server_does_not_answer_is_silence() -> None:
    outcomes, _ = wireguard(server(every=2))
    assert sorted(ends(outcomes), key=str) == sorted([GOOD] * 3 + [SILENT] * 2, key=str)


def test_a_forged_answer_is_none() -> None:
    outcomes, _ = wireguard(lambda data: [Said(b"\x02\x00\x00\x00" + data[4:92])])
    assert ends(outcomes) == [SILENT] * 5


def test_a_cookie_counts_as_an_answer() -> None:
    one = WireGuardServer.of(SERVER, KEYS.public_key)
    outcomes, _ = wireguard(lambda data: [Said(one.cookie(data, cookie=bytes(16), nonce=bytes(24)) or b"")])
    assert ends(outcomes) == [GOOD] * 5


@pytest.mark.parametrize(
    ("error", "icmp", "failure", "sender", "kind"),
    [
        (UNREACHABLE, PROHIBITED, "host_unreachable", "router", "3.13"),
        (REFUSED, CLOSED, "connection_refused", "target", "3.3"),
    ],
)
def test_an_icmp_error_says_whether_the_target_or_another_sent_it(
    error: int, icmp: IcmpError, failure: str, sender: str, kind: str
) -> None:
    for outcomes in (
        wireguard(lambda _data: [Said(error, icmp=icmp)])[0],
        openvpn(udp=lambda _data: [Said(error, icmp=icmp)])[0],
    ):
        assert ends(outcomes) == [(failure, "open", sender)] * 5
        assert {one.icmp for one in outcomes} == {kind}
        assert all(icmp.sender not in str(one) for one in outcomes)


@pytest.mark.parametrize("wrap", ["plain", "tls_auth", "tls_crypt"])
def test_openvpn_answers_over_udp_and_over_tcp(wrap: str) -> None:
    key = bytes(range(256))
    client = OpenVpnKeys(wrap=wrap, key=key, direction=1)  # type: ignore[arg-type]
    theirs = OpenVpnKeys(wrap=wrap, key=key, direction=0)  # type: ignore[arg-type]
    talk = openvpn_server(theirs)

    def over_tcp(data: bytes) -> list[Said]:
        return [
            Said(framed(said.what)) for one in Frames().feed(data) for said in talk(one) if isinstance(said.what, bytes)
        ]

    for outcomes, network in (openvpn(udp=talk, keys=client), openvpn(tcp=TcpPeer(talk=over_tcp), keys=client)):
        assert ends(outcomes) == [GOOD] * 5
        assert network.n_open == 0
    assert ends(openvpn(udp=openvpn_server(client), keys=client)[0]) == [GOOD if wrap == "plain" else SILENT] * 5


@pytest.mark.parametrize(
    ("peer", "end"),
    [
        pytest.param(TcpPeer(talk=lambda _data: [Said(RESET)]), ("connection_reset", "open", ""), id="reset"),
        pytest.param(TcpPeer(talk=lambda _data: [Said(b"")]), ("eof_error", "open", ""), id="closed"),
        pytest.param(TcpPeer(), SILENT, id="mute"),
        pytest.param(TcpPeer(opens=False), ("generic_timeout_error", "connect", ""), id="no-connection"),
        pytest.param(TcpPeer(opens=Said(REFUSED)), ("connection_refused", "connect", ""), id="refused"),
        pytest.param(
            TcpPeer(opens=Said(UNREACHABLE, icmp=PROHIBITED)), ("host_unreachable", "connect", "router"), id="rejected"
        ),
    ],
)
def test_over_tcp_connecting_and_opening_are_told_apart(peer: TcpPeer, end: tuple[str, str, str]) -> None:
    outcomes, network = openvpn(tcp=peer)
    assert ends(outcomes) == [end] * 5
    assert network.n_open == 0


@pytest.mark.parametrize(
    ("peer", "end"),
    [
        pytest.param(TcpPeer(), GOOD, id="open"),
        pytest.param(TcpPeer(opens=Said(REFUSED)), GOOD, id="who-refuses-has-answered"),
        pytest.param(
            TcpPeer(opens=Said(UNREACHABLE, icmp=PROHIBITED)), ("host_unreachable", "connect", "router"), id="rejected"
        ),
        pytest.param(TcpPeer(opens=False), ("generic_timeout_error", "connect", ""), id="silent"),
        pytest.param(TcpPeer(rtt_s=1.2), ("generic_timeout_error", "connect", ""), id="a-repeated-syn-is-no-answer"),
    ],
)
def test_the_lines_own_loss_is_seen_by_connections(peer: TcpPeer, end: tuple[str | None, str, str]) -> None:
    network = ScriptedNetwork(tcp={(PLACE, PORT): peer})

    async def run() -> list[Outcome]:
        return await open_line(train(network, wait_s=3.0))

    assert ends(on_virtual_time(run())) == [end] * 5


def test_without_a_network_nothing_is_sent_and_that_is_said() -> None:
    class Away(ScriptedNetwork):
        def open_udp(self, address: str, port: int, *, any_sender: bool = False):  # type: ignore[no-untyped-def, explicit-override]
            raise OSError(errno.ENETUNREACH, "scripted")

    network = Away()

    async def run() -> list[Outcome]:
        return await open_wireguard_train(train(network), KEYS, now=ticking(), entropy=counting())

    assert ends(on_virtual_time(run())) == [("network_unreachable", "open", "")] * 5
