"""The ipset file, restored into a kernel; with the rules of the guide, real packets are marked or not."""

import re
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_environment
from raabta.model.exemption import ExemptionList
from raabta.remedy.render.formats import render
from tests.cases.exemptions import (
    BLOCKS,
    EVERY_KIND,
    HOSTILE_TEXTS,
    NOW,
    PAIRS,
    block,
    entry,
    hostile,
    listed,
    many,
)
from tests.lab.conftest import Inside

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guides" / "lists.md"
WAIT_S: Final = 20.0
MARKED: Final = "0x100000/0x100000"

Packet = tuple[str, int, int, str, int]
"""Source, its port, protocol number, destination, its port."""

UDP, TCP, GRE, ESP = socket.IPPROTO_UDP, socket.IPPROTO_TCP, 47, 50

LISTED: Final[dict[str, Packet]] = {
    "first address of the /29": ("192.0.2.8", 40000, UDP, "198.51.100.1", 51820),
    "last address of the /29": ("192.0.2.15", 40000, UDP, "198.51.100.1", 51820),
    "tcp": ("192.0.2.64", 40000, TCP, "198.51.100.1", 443),
    "esp to a wide destination": ("192.0.2.65", 0, ESP, "198.51.100.77", 0),
    "gre": ("192.0.2.66", 0, GRE, "198.51.100.1", 0),
    "any transport over udp": ("192.0.2.67", 40000, UDP, "198.51.100.1", 1194),
    "any transport over tcp": ("192.0.2.67", 40000, TCP, "198.51.100.1", 1194),
    "any destination": ("192.0.2.68", 40000, UDP, "203.0.113.200", 500),
    "anything": ("192.0.2.69", 40000, TCP, "203.0.113.200", 25),
}
NEIGHBOURS: Final[dict[str, Packet]] = {
    "address before the /29": ("192.0.2.7", 40000, UDP, "198.51.100.1", 51820),
    "address after the /29": ("192.0.2.16", 40000, UDP, "198.51.100.1", 51820),
    "another destination": ("192.0.2.8", 40000, UDP, "198.51.100.2", 51820),
    "another port": ("192.0.2.8", 40000, UDP, "198.51.100.1", 51821),
    "another transport": ("192.0.2.8", 40000, TCP, "198.51.100.1", 51820),
    "the port at the wrong end": ("192.0.2.8", 51820, UDP, "198.51.100.1", 40000),
    "esp beyond the destination": ("192.0.2.65", 0, ESP, "198.51.101.1", 0),
    "gre of the esp member": ("192.0.2.65", 0, GRE, "198.51.100.1", 0),
    "esp of the gre member": ("192.0.2.66", 0, ESP, "198.51.100.1", 0),
    "another port of any destination": ("192.0.2.68", 40000, UDP, "203.0.113.200", 501),
    "members among themselves": ("192.0.2.8", 40000, UDP, "192.0.2.64", 51820),
}


def run(*command: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        command, input=stdin, capture_output=True, env=tool_environment(), timeout=WAIT_S, check=False
    )
    return "" if done.returncode == 0 else f"{done.stderr.decode().strip() or done.returncode}"


def restore(made: ExemptionList) -> str:
    return run("ipset", "restore", stdin=render(made, kind="ipset", now=NOW))


def members(name: str) -> list[str]:
    done = subprocess.run(["ipset", "save", name], capture_output=True, text=True, env=tool_environment(), check=False)
    return sorted(line.split()[2] for line in done.stdout.splitlines() if line.startswith("add "))


def guide_rules() -> list[list[str]]:
    """The guide's commands; packets of this test are sent here, so they pass OUTPUT in place of PREROUTING."""
    section = GUIDE.read_text(encoding="utf-8").partition("<!-- rules: ")[2].partition("```sh\n")[2].partition("```")[0]
    return [line.replace("PREROUTING", "OUTPUT").split() for line in section.splitlines() if line]


def is_marked(packet: Packet) -> bool:
    run("iptables", "-t", "mangle", "-Z")
    _send(packet)
    command = ["iptables-save", "-c", "-t", "mangle"]
    text = subprocess.run(command, capture_output=True, text=True, env=tool_environment(), check=True).stdout
    n_marked, n_all = (int(count) for count in re.findall(r"^\[(\d+):\d+\] -A SEEN", text, re.MULTILINE))
    assert n_all >= 1, f"{packet} was not seen"
    return n_marked > 0


def _send(packet: Packet) -> None:
    source, source_port, protocol, destination, port = packet
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) as raw:
        raw.bind((source, 0))
        head = struct.pack("!HH", source_port, port) if protocol in (UDP, TCP) else b"\0\0\0\0"
        rest = struct.pack("!HH", 8, 0) if protocol == UDP else struct.pack("!IIBBHHH", 1, 0, 0x50, 2, 1024, 0, 0)
        raw.sendto(head + rest, (destination, 0))


def back(packet: Packet) -> Packet:
    source, source_port, protocol, destination, port = packet
    return destination, port, protocol, source, source_port


def mark_packets() -> list[list[str]]:
    for prefix in ("192.0.2.0/24", "198.51.100.0/23", "203.0.113.0/24"):
        assert run("ip", "route", "add", "local", prefix, "dev", "lo") == ""
    assert restore(listed(EVERY_KIND, BLOCKS)) == ""
    problems = [f"{command}: {said}" for command in guide_rules() if (said := run(*command))]
    assert run("iptables", "-t", "mangle", "-N", "SEEN") == ""
    assert run("iptables", "-t", "mangle", "-A", "OUTPUT", "-j", "SEEN") == ""
    assert run("iptables", "-t", "mangle", "-A", "SEEN", "-m", "mark", "--mark", MARKED) == ""
    assert run("iptables", "-t", "mangle", "-A", "SEEN") == ""
    marked = [
        f"{name}{way}"
        for name, packet in (LISTED | NEIGHBOURS).items()
        for way, sent in (("", packet), (", back", back(packet)))
        if is_marked(sent)
    ]
    return [problems, marked]


def test_the_guides_rules_mark_listed_packets_there_and_back_and_nobody_elses(
    lab: Inside, require: Callable[..., None]
) -> None:
    require("ipset", "iptables")
    both_ways = [f"{name}{way}" for name in LISTED for way in ("", ", back")]
    assert lab.call(mark_packets) == [[], both_ways]


def load_and_renew() -> dict[str, object]:
    first = restore(listed(EVERY_KIND, BLOCKS))
    again = restore(listed(EVERY_KIND, BLOCKS))
    before = members("raabta4_to")
    second = restore(listed(EVERY_KIND[1:3], [block(9, target="203.0.113.128/25")]))
    return {
        "said": [first, again, second],
        "before": before,
        "after": members("raabta4_to"),
        "blocked": members("raabta4_block"),
        "ipv6": members("raabta6_to"),
    }


def test_a_new_list_takes_the_place_of_the_old_one_and_loading_twice_is_no_error(
    lab: Inside, require: Callable[..., None]
) -> None:
    require("ipset")
    assert lab.call(load_and_renew) == {
        "said": ["", "", ""],
        "before": [
            "192.0.2.72,tcp:443,203.0.114.7",
            "198.51.100.1,gre:0,192.0.2.66",
            "198.51.100.1,tcp:1194,192.0.2.67",
            "198.51.100.1,tcp:443,192.0.2.64",
            "198.51.100.1,udp:1194,192.0.2.67",
            "198.51.100.1,udp:51820,192.0.2.8/29",
        ],
        "after": ["198.51.100.1,tcp:443,192.0.2.64"],
        "blocked": ["203.0.113.128/25"],
        "ipv6": ["2001:db8:ffff::1,udp:51820,2001:db8:1::/48"],
    }


def load_for_a_second() -> list[object]:
    end = NOW.replace(microsecond=0)
    made = listed([entry(1), entry(2, source="192.0.2.64/32", not_after=end.replace(second=1))])
    said = restore(made)
    began = members("raabta4_to")
    deadline = time.monotonic() + WAIT_S
    while len(left := members("raabta4_to")) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    return [said, len(began), left]


def test_the_kernel_ends_an_entry_by_itself(lab: Inside, require: Callable[..., None]) -> None:
    require("ipset")
    assert lab.call(load_for_a_second) == ["", 2, ["198.51.100.1,udp:51820,192.0.2.8/29"]]


def load_pairs() -> list[object]:
    has_pairs = run("ipset", "create", "try", "hash:net,net") == ""
    said = restore(listed((*EVERY_KIND, *PAIRS)))
    return [has_pairs, said, len(members("raabta4_to")), members("raabta4_pair_udp"), members("raabta4_pair_any")]


def test_pairs_are_loaded_where_the_kernel_has_them_and_cost_nothing_else_where_not(
    lab: Inside, require: Callable[..., None]
) -> None:
    require("ipset")
    has_pairs, said, n_exact, udp, whatever = lab.call(load_pairs)
    assert n_exact == 6
    if has_pairs:
        assert (said, udp, whatever) == ("", ["192.0.2.70,198.51.100.1"], ["192.0.2.71,198.51.100.1"])
    else:
        assert "set type not supported" in said


def load_others() -> list[object]:
    said = [restore(listed()), *(restore(hostile(text)) for text in HOSTILE_TEXTS)]
    begun = time.monotonic()
    large = restore(many(100_000))
    return [said, large, len(members("raabta4_to")) + len(members("raabta6_to")), time.monotonic() - begun]


def test_empty_hostile_and_large_lists_are_loaded(lab: Inside, require: Callable[..., None]) -> None:
    require("ipset")
    said, large, n_members, taken_s = lab.call(load_others)
    assert set(said) == {""}
    assert large == ""
    assert n_members == sum(2 if item.transport == "any" else 1 for item in many(100_000).entries)
    assert taken_s < WAIT_S
