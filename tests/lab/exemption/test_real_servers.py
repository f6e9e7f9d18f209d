"""Real servers (wireguard-go, openvpn) answer our openings, and behind the lab's gateway the answers are right."""

import asyncio
import base64
import contextlib
import datetime as dt
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from raabta.lab.exemption.arrangements import Situation
from raabta.lab.exemption.ground import Ground, ServerPlan, plan_grounds
from raabta.lab.exemption.measuring import measure_clients, working
from raabta.lab.world.country import WORLD
from raabta.lab.world.namespaces import enter
from raabta.pipeline.expecting import ExpectPlan, ExpectSettings, OpeningPlace
from raabta.probe.host import HostNetwork
from raabta.probe.openings import Outcome, Train
from raabta.probe.openvpn import open_openvpn_train
from raabta.probe.tunnels import find_tunnels
from raabta.probe.wireguard import open_wireguard_train
from raabta.wire.openvpn import OpenVpnKeys, read_static_key
from raabta.wire.wireguard import WireGuardKeys, public_key
from tests.lab.conftest import Inside

HERE = Path("/run/real")
Require = Callable[..., None]


# --- starting them --------------------------------------------------------------------------------------------------


def say(*command: str, text: str = "") -> str:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=20).stdout


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline_s, "a server did not start"
        time.sleep(0.02)


def in_base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


@contextlib.contextmanager
def wireguard(private_key: bytes, peers: Sequence[bytes]) -> Iterator[None]:
    HERE.mkdir(exist_ok=True)
    Path("/run/wireguard").mkdir(exist_ok=True)
    process = subprocess.Popen(["wireguard-go", "-f", "wg0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: Path("/run/wireguard/wg0.sock").exists() or Path("/var/run/wireguard/wg0.sock").exists())
        lines = ["[Interface]", f"PrivateKey={in_base64(private_key)}", "ListenPort=51820"]
        for number, peer in enumerate(peers):
            lines += ["[Peer]", f"PublicKey={in_base64(peer)}", f"AllowedIPs=10.9.0.{number + 2}/32"]
        (HERE / "wg.conf").write_text("\n".join(lines))
        say("wg", "setconf", "wg0", str(HERE / "wg.conf"))
        say("ip", "link", "set", "wg0", "up")
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def openvpn(protocol: str, device: str, *options: str) -> Iterator[None]:
    """A server; it is ready when it says so in its log."""
    HERE.mkdir(exist_ok=True)
    certificate, key, log = HERE / "c.pem", HERE / "k.pem", HERE / f"{device}.log"
    if not certificate.exists():
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-subj", "/CN=lab"]
        say("openssl", "req", "-x509", *made, "-keyout", str(key), "-out", str(certificate))
    files = ["--ca", str(certificate), "--cert", str(certificate), "--key", str(key), "--dh", "none"]
    inside = "10.8.1.0" if protocol == "udp" else "10.8.2.0"
    where = ["--proto", protocol, "--port", "1194", "--dev", device, "--server", inside, "255.255.255.0"]
    multihome = ["--multihome"] if protocol == "udp" else []
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        ["openvpn", *where, *files, *multihome, "--log", str(log), "--verb", "3", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: log.exists() and "Initialization Sequence Completed" in log.read_text("utf-8", "replace"))
        yield
    finally:
        process.kill()
        process.wait()


def static_key() -> bytes:
    HERE.mkdir(exist_ok=True)
    say("openvpn", "--genkey", "secret", str(HERE / "ta.key"))
    return read_static_key((HERE / "ta.key").read_text(), name="ta.key")


# --- single trains on the loopback ----------------------------------------------------------------------------------


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def train(network: HostNetwork, port: int, *, n: int = 8, wait_s: float = 1.0) -> Train:
    times = [network.clock() + 0.05 * number for number in range(n)]
    return Train(network=network, address="127.0.0.1", port=port, times=times, until=times[-1] + wait_s)


def failures(outcomes: Sequence[Outcome]) -> list[str | None]:
    return sorted({one.failure for one in outcomes}, key=str)


def ask_wireguard(keys: WireGuardKeys) -> list[str | None]:
    network = HostNetwork()
    return failures(asyncio.run(open_wireguard_train(train(network, 51820), keys, now=now, entropy=os.urandom)))


def wireguard_answers() -> dict[str, Any]:
    server, member, prober = os.urandom(32), os.urandom(32), os.urandom(32)
    mine = WireGuardKeys(private_key=member, peer_public_key=public_key(server))
    probing = WireGuardKeys(private_key=prober, peer_public_key=public_key(server))
    stranger = WireGuardKeys(private_key=os.urandom(32), peer_public_key=public_key(server))
    with wireguard(server, [public_key(member), public_key(prober)]):
        first = ask_wireguard(mine)
        before = endpoint_of(member)
        probed = ask_wireguard(probing)
        after_probe = endpoint_of(member)
        ask_wireguard(mine)
        return {
            "member": first,
            "probe": probed,
            "stranger": ask_wireguard(stranger),
            "probe_moves_the_member": before != after_probe,
            "own_key_moves_the_member": after_probe != endpoint_of(member),
            "seen": public_key(server) in find_tunnels().public_keys,
        }


def endpoint_of(private_key: bytes) -> str:
    lines = say("wg", "show", "wg0", "endpoints").splitlines()
    return next(line for line in lines if line.startswith(in_base64(public_key(private_key)))).split("\t")[1]


def openvpn_answers() -> dict[str, Any]:
    key = static_key()
    file = str(HERE / "ta.key")
    ways = {
        "plain": ([], OpenVpnKeys()),
        "tls_auth": (["--tls-auth", file, "0"], OpenVpnKeys(wrap="tls_auth", key=key, direction=1)),
        "both ways": (
            ["--tls-auth", file, "--auth", "SHA256"],
            OpenVpnKeys(wrap="tls_auth", key=key, direction=None, digest="sha256"),
        ),
        "tls_crypt": (["--tls-crypt", file], OpenVpnKeys(wrap="tls_crypt", key=key)),
        "wrong key": (["--tls-crypt", file], OpenVpnKeys(wrap="tls_crypt", key=bytes(256))),
    }
    found: dict[str, Any] = {}
    for protocol in ("udp", "tcp-server"):
        for name, (options, keys) in ways.items():
            with openvpn(protocol, "tun8", *options):
                network = HostNetwork()
                asked = open_openvpn_train(
                    train(network, 1194), keys, tcp=protocol != "udp", now=now, entropy=os.urandom
                )
                found[f"{protocol} {name}"] = failures(asyncio.run(asked))
    return found


def test_a_real_wireguard_server_answers_the_probe_peer_and_leaves_the_members_tunnel_alone(
    lab: Inside, require: Require
) -> None:
    require("wireguard-go", "wg", "ip")
    assert lab.call(wireguard_answers) == {
        "member": [None],
        "probe": [None],
        "stranger": ["generic_timeout_error"],
        "probe_moves_the_member": False,
        "own_key_moves_the_member": True,
        "seen": True,
    }


def test_a_real_openvpn_server_answers_every_way_of_wrapping_and_not_a_wrong_key(lab: Inside, require: Require) -> None:
    require("openvpn", "openssl")
    found = lab.call(openvpn_answers)
    wrong = {"udp wrong key": ["generic_timeout_error"], "tcp-server wrong key": ["eof_error"]}
    assert found == {name: wrong.get(name, [None]) for name in found}
    assert len(found) == 10


# --- behind the filtering gateway -----------------------------------------------------------------------------------

SITUATIONS = {
    "wireguard, dropped, listed": Situation(id="s1", action="drop", outside=True),
    "wireguard, dropped, unlisted": Situation(id="s2", action="drop", listing="unlisted", outside=True),
    "openvpn, dropped, listed": Situation(id="s3", protocol="openvpn", action="drop", outside=True),
    "openvpn, throttled, unlisted": Situation(id="s4", protocol="openvpn", action="throttle", listing="unlisted"),
    "openvpn over tcp, reset, listed": Situation(id="s5", protocol="openvpn_tcp", action="reset"),
    "openvpn over tcp, reset, unlisted": Situation(id="s6", protocol="openvpn_tcp", action="reset", listing="unlisted"),
}


def behind_the_gateway() -> dict[str, str]:
    country, grounds = plan_grounds(list(SITUATIONS.values()), entropy=os.urandom)
    server, shared = os.urandom(32), static_key()
    real = [with_real_servers(ground, server=server, shared=shared) for ground in grounds]
    peers = [key.public_key for ground in real for place in places(ground.plan) if (key := place.wireguard)]
    with working(country, real), contextlib.ExitStack() as stack:
        with enter(WORLD):
            stack.enter_context(wireguard(server, peers))
            stack.enter_context(openvpn("udp", "tun8", "--tls-crypt", str(HERE / "ta.key")))
            stack.enter_context(openvpn("tcp-server", "tun9", "--tls-crypt", str(HERE / "ta.key")))
        rows = measure_clients(real, settings=ExpectSettings(n_rounds=4))
    return {name: row.effect.reason if row.effect else row.error for name, row in zip(SITUATIONS, rows, strict=True)}


def places(plan: ExpectPlan) -> list[OpeningPlace]:
    return [plan.endpoint, *plan.twins]


def with_real_servers(ground: Ground, *, server: bytes, shared: bytes) -> Ground:
    """The same ground, its own servers away (``closed``: no socket), and keys for the real ones at their addresses."""

    def keyed(place: OpeningPlace) -> OpeningPlace:
        if place.wireguard is None:
            return msgspec.structs.replace(place, openvpn=OpenVpnKeys(wrap="tls_crypt", key=shared))
        return msgspec.structs.replace(
            place,
            wireguard=WireGuardKeys(private_key=place.wireguard.private_key, peer_public_key=public_key(server)),
        )

    away: list[ServerPlan] = [msgspec.structs.replace(one, state="closed") for one in ground.servers]
    plan = msgspec.structs.replace(
        ground.plan, endpoint=keyed(ground.plan.endpoint), twins=tuple(map(keyed, ground.plan.twins))
    )
    return msgspec.structs.replace(ground, servers=tuple(away), plan=plan)


def test_with_real_servers_behind_the_filtering_gateway_the_answers_are_right(lab: Inside, require: Require) -> None:
    require("wireguard-go", "wg", "openvpn", "openssl", "nft")
    assert lab.call(behind_the_gateway) == {
        "wireguard, dropped, listed": "effective.dropped",
        "wireguard, dropped, unlisted": "not_effective.dropped",
        "openvpn, dropped, listed": "effective.dropped",
        "openvpn, throttled, unlisted": "not_effective.throttled",
        "openvpn over tcp, reset, listed": "effective.reset",
        "openvpn over tcp, reset, unlisted": "not_effective.reset",
    }
