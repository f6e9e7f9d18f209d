"""Which rules a connection's first packet, or what its client says, sets off."""

from raabta.lab.middlebox.flows import Flow
from raabta.lab.middlebox.rules import HELLO_TRIGGERS, Rule, is_about
from raabta.lab.middlebox.streams import Message, QuicPacket, Request
from raabta.lab.servers.message import Question
from raabta.wire.packet import ICMP, ICMP6, TCP, UDP
from raabta.wire.tls import ClientHello

_HAS_SERVER_LIST = frozenset({"address", "tls", "http", "quic", "doh"})
"""Triggers for which a rule's servers narrow it; for the others names do, or nothing."""


def concerns(rule: Rule, flow: Flow) -> bool:
    """Whether a rule is about this client and does not spare this server."""
    return flow.client in rule.clients and flow.server not in rule.spared


def is_set_off_by_ends(rule: Rule, flow: Flow) -> bool:
    """Whether addresses, ports and protocol alone set a rule off."""
    protocol, port = flow.key[0], flow.server_port
    match rule.trigger:
        case "address":
            return _is_at(rule, flow) and (not rule.ports or port in rule.ports)
        case "port":
            return port in rule.ports
        case "dot":
            return (protocol, port) == (TCP, 853)
        case "doq":
            return (protocol, port) == (UDP, 853)
        case "doh":
            return (protocol, port) == (TCP, 443) and flow.server in rule.servers
        case "icmp":
            return protocol in {ICMP, ICMP6}
        case _:
            return rule.trigger == "all"


def is_set_off_by(rule: Rule, flow: Flow, *, message: Message) -> bool:
    """Whether what a client said sets a rule off."""
    match message:
        case Question():
            return rule.trigger == "name" and _hears_queries(rule, flow) and is_about(rule, message.name)
        case ClientHello():
            return rule.trigger in HELLO_TRIGGERS and _is_set_off_by_hello(rule, flow, message)
        case Request():
            return _is_set_off_by_request(rule, flow, message)
        case QuicPacket():
            return _is_set_off_by_quic(rule, flow, message)


def _is_at(rule: Rule, flow: Flow) -> bool:
    return not rule.servers or flow.server in rule.servers


def _hears_queries(rule: Rule, flow: Flow) -> bool:
    """Injectors answer datagrams. Over TCP only silence and slowness are known, unless a rule says otherwise."""
    return flow.key[0] == UDP or rule.action not in {"inject", "race"} or b"tcp" in rule.words


def _is_set_off_by_hello(rule: Rule, flow: Flow, hello: ClientHello) -> bool:
    if rule.trigger == "tls":
        return _is_at(rule, flow)
    if rule.trigger == "doh" and flow.server_port != 443:
        return False  # DNS over TLS names the resolver too, on port 853
    return bool(hello.server_name and rule.hosts) and is_about(rule, hello.server_name)


def _is_set_off_by_request(rule: Rule, flow: Flow, request: Request) -> bool:
    match rule.trigger:
        case "host":
            return bool(request.host) and is_about(rule, request.host)
        case "keyword":
            return any(word in request.head.lower() for word in rule.words)
        case _:
            return rule.trigger == "http" and _is_at(rule, flow)


def _is_set_off_by_quic(rule: Rule, flow: Flow, packet: QuicPacket) -> bool:
    if rule.trigger == "quic":
        return _is_at(rule, flow) and (b"v1" not in rule.words or packet.version == 1)
    is_named = packet.hello is not None and bool(packet.hello.server_name)
    return (
        rule.trigger == "quic_sni"
        and packet.hello is not None
        and is_named
        and is_about(rule, packet.hello.server_name)
    )
