"""What a rule does to a packet: answers in somebody's name, and shaping."""

import re
from typing import Final

from raabta.lab.middlebox.flows import Effect, Flow
from raabta.lab.middlebox.outcomes import Drop, Inject, Outcome, Pass
from raabta.lab.middlebox.rules import ICMP_CODES, Answer, Chance, Rule
from raabta.lab.servers.message import AAAA, A, Question, Record, address_record, read_question, write_answer
from raabta.wire.packet import (
    FIN,
    PSH,
    RST,
    SYN,
    TCP,
    UDP,
    Packet,
    icmp_error,
    tcp_to_receiver,
    tcp_to_sender,
    udp_to_sender,
    with_payload,
)
from raabta.wire.tls import HANDSHAKE_FAILURE, alert_record

SEGMENT_BYTES: Final = 1_300
"""Payload of one injected segment: fits any path."""

_HEADER_NAME: Final = re.compile(rb"(?<=\r\n)[A-Za-z][A-Za-z0-9-]*(?=:)")


def answer_client(rule: Rule, packet: Packet) -> list[Outcome]:
    """Do what a rule does about a client's packet that it ends or answers."""
    match rule.action:
        case "inject" | "race":
            return _answer_query(rule, packet)
        case "reset":
            return _reset(rule, packet)
        case "unreachable":
            return _unreachable(rule, packet)
        case "fin":
            return [*_say(packet, b""), *_leave(packet)]
        case "alert":
            return [*_say(packet, alert_record(HANDSHAKE_FAILURE)), *_leave(packet)]
        case "blockpage" | "redirect":
            return [*_say(packet, rule.page), *_leave(packet)]
        case "tamper":
            return [Pass(data=with_payload(packet, _swap_case(packet.payload)))]
        case _:
            return [Drop()]


def is_answerable(rule: Rule, packet: Packet) -> bool:
    """Whether a rule that holds a connection answers this packet of its client, rather than swallowing it."""
    if rule.action == "unreachable":
        return True
    if packet.protocol == UDP:
        return rule.action in {"inject", "race"}
    if packet.protocol != TCP or packet.flags & RST:
        return False
    if rule.action == "reset":
        return not packet.flags & FIN and (packet.n_payload_bytes > 0 or bool(packet.flags & SYN))
    return packet.n_payload_bytes > 0


def shape(effect: Effect, packet: Packet, *, from_client: bool, now: float, chance: Chance) -> float | None:
    """Say how long a shaping rule makes a packet wait, in seconds; None if it drops it."""
    rule = effect.rule
    match rule.action:
        case "throttle" if effect.buckets is not None:
            return effect.buckets[from_client].take(packet.end, now=now)
        case "freeze":
            # What the client gets is counted: a page stops in its middle, however long the request was.
            effect.n_bytes += 0 if from_client else packet.n_payload_bytes
            return None if effect.n_bytes > rule.after_bytes else 0.0
        case "delay" | "detour":
            return rule.delay_s
        case "loss":
            return None if chance() < rule.loss else 0.0
        case _:
            return 0.0


def is_swallowed(rule: Rule, flow: Flow, *, from_client: bool) -> bool:
    """Whether a rule that ended a connection drops packets of this direction."""
    if rule.action == "drop":
        return rule.direction == "both" or (rule.direction == "to_server") == from_client
    return flow.ended_by is rule


def forge_answer(question: Question, answer: Answer) -> bytes:
    """Write the DNS answer that a rule gives to a question, whatever its type."""
    wanted = {A: answer.address, AAAA: answer.address6}.get(question.type, "")
    records: list[Record] = [address_record(question.name, wanted)] if wanted and not answer.rcode else []
    return write_answer(question, records, rcode=answer.rcode)


def _answer_query(rule: Rule, packet: Packet) -> list[Outcome]:
    last: Outcome = Pass() if rule.action == "race" else Drop()
    if packet.protocol == TCP:
        question = read_question(packet.payload[2:])
        forged = forge_answer(question, rule.answer) if question else b""
        return [*_say(packet, len(forged).to_bytes(2, "big") + forged), last] if forged else [Drop()]
    question = read_question(packet.payload)
    if question is None:
        return [last]
    return [Inject(udp_to_sender(packet, forge_answer(question, rule.answer)), "client"), last]


def _reset(rule: Rule, packet: Packet) -> list[Outcome]:
    """RST towards whom the rule names. The server knows no connection yet where a SYN is answered."""
    outcomes: list[Outcome] = []
    if rule.direction != "to_server":
        outcomes.append(Inject(tcp_to_sender(packet, flags=RST), "client"))
    if rule.direction != "to_client" and not packet.flags & SYN:
        outcomes.append(Inject(tcp_to_receiver(packet, flags=RST), "server"))
    return [*outcomes, Drop()]


def _unreachable(rule: Rule, packet: Packet) -> list[Outcome]:
    kind, code = ICMP_CODES[rule.icmp or "port"][packet.is_ipv6]
    error = icmp_error(packet, sender=rule.senders[packet.is_ipv6], kind=kind, code=code)
    return [Inject(error, "client"), Drop()]


def _say(packet: Packet, payload: bytes) -> list[Outcome]:
    """Send the client a payload in the server's name, and the end of the stream with its last piece."""
    pieces = [payload[i : i + SEGMENT_BYTES] for i in range(0, len(payload), SEGMENT_BYTES)] or [b""]
    outcomes: list[Outcome] = []
    offset = 0
    for piece in pieces:
        flags = (PSH if piece else 0) | (FIN if offset + len(piece) == len(payload) else 0)
        outcomes.append(Inject(tcp_to_sender(packet, flags=flags, payload=piece, offset=offset), "client"))
        offset += len(piece)
    return outcomes


def _leave(packet: Packet) -> list[Outcome]:
    """Let the server forget the connection whose client heard somebody else."""
    return [Inject(tcp_to_receiver(packet, flags=RST), "server"), Drop()]


def _swap_case(payload: bytes) -> bytes:
    """Write a request's header names in the other case: another head of the same length."""
    head, end, body = payload.partition(b"\r\n\r\n")
    return _HEADER_NAME.sub(lambda name: name[0].swapcase(), head) + end + body
