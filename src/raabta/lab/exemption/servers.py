"""The servers of arrangements, all in one process in ``world``: WireGuard and OpenVPN as far as their first answer.

A server that is down has no socket, and ``world`` swallows what comes for it; one that is closed has none either, and
the kernel refuses. Real servers answer alike: tests/lab/exemption holds these against wireguard-go and openvpn.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from raabta.lab.exemption.ground import ServerPlan
from raabta.lab.servers.children import Child, Ready, fork_child
from raabta.lab.world.country import WORLD
from raabta.lab.world.namespaces import enter
from raabta.wire.openvpn import HARD_RESET_CLIENT, SESSION_BYTES, Frames, framed, read_control, server_reset
from raabta.wire.wireguard import WireGuardServer

_MAX_BYTES: Final = 4_096
_BACKLOG: Final = 64
_COOKIE_BYTES: Final = 16
_NONCE_BYTES: Final = 24
_LINGER_S: Final = 30.0
"""A connection that says nothing more is closed after this."""


def start_servers(plans: Sequence[ServerPlan]) -> Child:
    """Start all servers that answer. Ready when this returns.

    Raises:
        RuntimeError: They could not start.
    """
    child = fork_child(lambda ready: _serve(plans, ready), name="exemption servers")
    child.wait_ready()
    return child


def silenced(plans: Sequence[ServerPlan]) -> str:
    """Write what ``world`` swallows, for ``nft -f``: all for a server that is down, some on a lossy path."""
    down = [plan.address for plan in plans if plan.state == "down"]
    lossy = [plan.address for plan in plans if plan.state == "lossy"]
    rules = [f"    ip daddr {{ {', '.join(down)} }} drop"] if down else []
    rules += [f"    ip daddr {{ {', '.join(lossy)} }} numgen random mod 4 < 1 drop"] if lossy else []
    return "\n".join(
        ["table inet silent {", "  chain silent { type filter hook input priority 0;", *rules, "  }", "}\n"]
    )


@dataclass(slots=True)
class _Talk:
    """One TCP connection."""

    plan: ServerPlan
    began_s: float
    frames: Frames = field(default_factory=Frames)


def _serve(plans: Sequence[ServerPlan], ready: Ready) -> None:
    chosen = selectors.DefaultSelector()
    with enter(WORLD):
        for plan in plans:
            if plan.state not in ("down", "closed"):
                _listen(chosen, plan)
    ready()
    while True:
        for key, _ in chosen.select():
            key.data(key.fileobj)


def _listen(chosen: selectors.BaseSelector, plan: ServerPlan) -> None:
    if plan.protocol == "openvpn_tcp":
        listening = socket.create_server((plan.address, plan.port), backlog=_BACKLOG)
        listening.settimeout(0)
        chosen.register(listening, selectors.EVENT_READ, lambda sock: _accept(chosen, sock, plan))
        return
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.bind((plan.address, plan.port))
    answer = _wireguard(plan) if plan.protocol == "wireguard" else lambda data: _openvpn(plan, data)
    chosen.register(sock, selectors.EVENT_READ, lambda ready: _answer_datagram(ready, answer))


def _answer_datagram(sock: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
    with suppress(OSError):  # an ICMP error that came for an earlier answer
        data, sender = sock.recvfrom(_MAX_BYTES)
        said = answer(data)
        if said is not None:
            sock.sendto(said, sender)


def _wireguard(plan: ServerPlan) -> Callable[[bytes], bytes | None]:
    server = WireGuardServer.of(plan.private_key, plan.peer)

    def answer(data: bytes) -> bytes | None:
        if plan.state == "busy":
            return server.cookie(data, cookie=os.urandom(_COOKIE_BYTES), nonce=os.urandom(_NONCE_BYTES))
        return server.answer(data, ephemeral=os.urandom(32), sender=int.from_bytes(os.urandom(4)))

    return answer


def _openvpn(plan: ServerPlan, packet: bytes) -> bytes | None:
    control = read_control(plan.openvpn, packet)
    if control is None or control.opcode != HARD_RESET_CLIENT:
        return None
    at_s = int(time.time())  # noqa: TID251  the server's clock
    return server_reset(plan.openvpn, session=os.urandom(SESSION_BYTES), remote=control.session, at_s=at_s)


def _accept(chosen: selectors.BaseSelector, listening: socket.socket, plan: ServerPlan) -> None:
    with suppress(OSError):
        line, _ = listening.accept()
        line.settimeout(0)
        talk = _Talk(plan, time.monotonic())
        chosen.register(line, selectors.EVENT_READ, lambda sock: _hear(chosen, sock, talk))


def _hear(chosen: selectors.BaseSelector, line: socket.socket, talk: _Talk) -> None:
    try:
        data = line.recv(_MAX_BYTES)
        answers = [_openvpn(talk.plan, packet) for packet in talk.frames.feed(data)]
        is_over = not data or None in answers or time.monotonic() > talk.began_s + _LINGER_S
        for answer in answers:
            if answer is not None:
                line.sendall(framed(answer))
    except OSError:
        is_over = True
    if is_over:  # as OpenVPN does with a packet that its key does not fit
        chosen.unregister(line)
        line.close()
