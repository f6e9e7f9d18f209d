"""Where the story happens: members, an operator's gateway that inspects, and the world, each a namespace of its own.

    office, neighbour, street, freelancer, device ── gateway ── head, client, twin, world

``head`` is the company's gateway abroad, ``client`` the freelancer's client, ``twin`` speaks the same protocols as both
and is on no list. In ``world`` are the association, name servers and two controls. The gateway has a test line of its
own: a pair of devices that takes its own packets to listed places out and in again, so that they are forwarded like
a member's.
"""

import subprocess
import time
from collections.abc import Callable
from typing import Final

from raabta.lab.needs import tool_environment
from raabta.lab.world.namespaces import enter

GATEWAY: Final = "gateway"
MEMBERS: Final = {
    "office": "198.18.16.10",
    "neighbour": "198.18.16.11",
    "street": "198.18.16.77",
    "freelancer": "198.18.20.7",
    "device": "198.18.30.5",
}
"""``neighbour`` is in the office's /29, ``street`` in its /24."""
DEVICE_LATER: Final = "198.18.30.9"
TEST_LINE: Final = "198.18.18.4"
"""The gateway's own."""
FAR: Final = {
    "head": ("198.19.20.5",),
    "client": ("198.19.21.6",),
    "twin": ("198.19.30.5",),
    "world": ("198.19.0.53", "198.19.8.8", "198.19.9.9", "198.19.250.1", "198.19.251.1"),
}
HEAD, CLIENT, TWIN = (FAR[name][0] for name in ("head", "client", "twin"))
ZONE_SERVER, *RESOLVERS = FAR["world"][:3]
CONTROLS: Final = FAR["world"][3:]
MEMBER_ASN: Final = 64500

TABLES: Final = """\
as_of = 2026-11-22
base = "none"
ordinary = ["198.18.0.0/15"]

[[network]]
prefix = "198.18.0.0/16"
asn = 64500
country = "PK"

[[network]]
prefix = "198.19.0.0/16"
asn = 64999
country = "DE"
"""

INSPECTION: Final = """\
table inet operator {
  chain inspection {
    type filter hook forward priority 0; policy accept;
    meta mark & 0x00100000 != 0 accept
    ip saddr 198.18.0.0/16 meta l4proto udp udp length 156 @th,64,32 0x01000000 drop
    ip saddr 198.18.0.0/16 meta l4proto udp udp dport 1194 @th,64,8 0x38 limit rate over 2/second burst 2 packets drop
    ip saddr 198.18.0.0/16 meta l4proto tcp tcp dport 1194 @ih,16,8 0x38 reject with tcp reset
  }
}
"""
"""Of members' traffic: drops WireGuard's first message, throttles OpenVPN's over UDP, resets OpenVPN over TCP.

The first rule is the one line that the reference policy asks the operator for.
"""

_ROUTER: Final = "198.18.255.254"
_LOOP: Final = "169.254.9."
_LOOP_HARDWARE: Final = "02:00:00:00:09:02"
_WAIT_S: Final = 30.0
_PAUSE_S: Final = 0.05
"""Between two looks. WireGuard answers one opening of a peer in 20 ms at most, and there are two processors."""


def run(*words: str, text: str = "") -> str:
    """Run a command that must succeed."""
    done = subprocess.run(
        words, input=text, env=tool_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def run_in(place: str, *words: str, text: str = "") -> str:
    """Run a command in a namespace."""
    with enter(place):
        return run(*words, text=text)


def until(condition: Callable[[], bool]) -> bool:
    """Ask again and again until it is so; False where it never becomes so."""
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(_PAUSE_S)
    return False


def build() -> None:
    """Make all namespaces with their links, addresses and routes."""
    for name in (GATEWAY, *MEMBERS, *FAR):
        run("ip", "netns", "add", name)
        _batch(name, "link set lo up")
    links = [
        f"link add name to_{name} netns {GATEWAY} type veth peer name wire netns {name}" for name in (*MEMBERS, *FAR)
    ]
    links.append(f"link add name loop_out netns {GATEWAY} type veth peer name loop_in netns {GATEWAY}")
    run("ip", "-batch", "-", text="\n".join(links))
    _batch(GATEWAY, f"addr add {_ROUTER}/32 dev lo", f"addr add {TEST_LINE}/32 dev lo")
    for name, addresses in ({name: (address,) for name, address in MEMBERS.items()} | FAR).items():
        own = [f"addr add {address}/32 dev wire" for address in addresses]
        _batch(name, *own, "link set wire up", f"route add {_ROUTER} dev wire", f"route add default via {_ROUTER}")
        routes = [f"route add {address}/32 dev to_{name}" for address in addresses]
        _batch(GATEWAY, f"link set to_{name} up", *routes)
    run_in(GATEWAY, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    _make_test_line()


def move_device() -> None:
    """Give the device another address, as an operator does when a line comes back."""
    _batch(GATEWAY, f"route add {DEVICE_LATER}/32 dev to_device")
    use_address(DEVICE_LATER)


def use_address(address: str) -> None:
    """Have the device send from an address."""
    _batch("device", "addr flush dev wire", f"addr add {address}/32 dev wire")
    _batch("device", f"route add {_ROUTER} dev wire", f"route add default via {_ROUTER}")


def inspect() -> None:
    """Begin to inspect."""
    run_in(GATEWAY, "nft", "-f", "-", text=INSPECTION)


def _make_test_line() -> None:
    """Take the gateway's own packets to where tunnels are tested through the two devices."""
    for key in ("all.rp_filter=0", "loop_in.rp_filter=0", "loop_in.accept_local=1"):
        run_in(GATEWAY, "sysctl", "-qw", f"net.ipv4.conf.{key}")
    _batch(
        GATEWAY,
        f"link set loop_in address {_LOOP_HARDWARE} up",
        f"addr add {_LOOP}1/30 dev loop_out",
        "link set loop_out up",
        f"neigh replace {_LOOP}2 lladdr {_LOOP_HARDWARE} dev loop_out nud permanent",
    )
    for address in (HEAD, TWIN):
        _batch(GATEWAY, f"rule add iif lo to {address} lookup 100")
    _batch(GATEWAY, f"route add default via {_LOOP}2 dev loop_out src {TEST_LINE} table 100")


def _batch(name: str, *commands: str) -> None:
    run("ip", "-n", name, "-batch", "-", text="\n".join(commands))
