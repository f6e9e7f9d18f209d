"""Packets of scripted connections, on a virtual clock."""

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from raabta.lab.middlebox import Drop, Inject, Middlebox, Outcome, Pass, Rule
from raabta.lab.servers.message import A, write_name
from raabta.wire.packet import ACK, PSH, SYN, Ends, Packet, build_tcp, build_udp, read_packet


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


CLIENT, CLIENT6 = packed("198.18.10.2"), packed("2001:db8:10::2")
SERVER, SERVER6 = packed("198.19.0.10"), packed("2001:db8:a0::10")
ELSEWHERE = packed("198.19.7.7")
RESOLVER = packed("198.19.251.53")


def read(data: bytes) -> Packet:
    packet = read_packet(data)
    assert packet is not None
    return packet


def rule(action: str, trigger: str, **more: object) -> Rule:
    """A rule about our client; by name about blocked.example, by address about SERVER."""
    known: dict[str, object] = {"clients": frozenset({CLIENT, CLIENT6})}
    if trigger in {"name", "sni", "host", "quic_sni"}:
        known["hosts"] = frozenset({"blocked.example"})
    if trigger == "address":
        known["servers"] = frozenset({SERVER, SERVER6})
    return Rule(action=action, trigger=trigger, **(known | more))  # type: ignore[arg-type]


def box(*rules: Rule, seed: int = 1, **more: int) -> Middlebox:
    return Middlebox(rules, chance=random.Random(seed).random, **more)


def query(name: str, *, to: bytes = RESOLVER, port: int = 40_000, kind: int = A) -> Packet:
    message = (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + write_name(name) + kind.to_bytes(2, "big") + b"\x00\x01"
    )
    return read(build_udp(Ends(CLIENT, to, port, 53), message))


def datagram(payload: bytes, *, to: bytes = SERVER, port: int = 443) -> Packet:
    return read(build_udp(Ends(CLIENT, to, 40_000, port), payload))


@dataclass
class Connection:
    """One scripted TCP connection. What the client sends counts its stream on, unless ``seq`` says where it stands."""

    to: bytes = SERVER
    port: int = 443
    client_port: int = 40_000
    client: bytes = CLIENT
    sent: int = 1001
    received: int = 5001
    ends: Ends = field(init=False)

    def __post_init__(self) -> None:
        self.ends = Ends(self.client, self.to, self.client_port, self.port)

    def syn(self) -> Packet:
        return read(build_tcp(self.ends, seq=1000, flags=SYN))

    def syn_ack(self) -> Packet:
        return read(build_tcp(self.ends.reverse, seq=5000, ack=1001, flags=SYN | ACK))

    def ack(self) -> Packet:
        return read(build_tcp(self.ends, seq=self.sent, ack=self.received, flags=ACK))

    def say(self, data: bytes, *, seq: int | None = None) -> Packet:
        place = self.sent if seq is None else seq
        if seq is None:
            self.sent += len(data)
        return read(build_tcp(self.ends, seq=place, ack=self.received, flags=PSH | ACK, payload=data))

    def hear(self, data: bytes) -> Packet:
        self.received += len(data)
        seq = self.received - len(data)
        return read(build_tcp(self.ends.reverse, seq=seq, ack=self.sent, flags=PSH | ACK, payload=data))


def injected(outcomes: Sequence[Outcome], towards: str = "client") -> list[Packet]:
    return [read(item.data) for item in outcomes if isinstance(item, Inject) and item.towards == towards]


def passes(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing at all happens to a packet."""
    return list(outcomes) == [Pass()]


def drops(outcomes: Sequence[Outcome]) -> bool:
    return outcomes[-1] == Drop()


def waits(outcomes: Sequence[Outcome]) -> float:
    assert isinstance(outcomes[-1], Pass)
    return outcomes[-1].delay_s
