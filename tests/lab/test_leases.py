"""Leases with real packets: a device behind an operator's NAT, and two controls that sign where it comes from."""

import asyncio
import datetime as dt
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from raabta.lab.world.namespaces import enter
from raabta.model.exemption import Lease
from raabta.pipeline.probe_defaults import default_settings
from raabta.pipeline.receipts import ask_for_receipts, read_control
from raabta.probe.host import HostNetwork
from raabta.remedy.leases import LeaseRequest, judge_request, prefix_of, sign_lease
from raabta.wire.receipt import sign_request
from tests.cases.leasing import DEVICE, NONCE, a_grant, tables
from tests.cases.standing_controls import clock, standing_control
from tests.lab.conftest import Inside

CONTROL_PLACES = {"one": "198.19.1.2", "two": "198.19.2.2"}
WORLD = """
set -e
for name in device nat one two; do ip netns add $name; ip -n $name link set lo up; done
ip link add eth0 netns device type veth peer name in0 netns nat
ip -n device addr add 192.168.1.2/24 dev eth0
ip -n nat addr add 192.168.1.1/24 dev in0
ip -n device link set eth0 up
ip -n nat link set in0 up
ip -n device route add default via 192.168.1.1
for n in 1 2; do
  name=$([ $n = 1 ] && echo one || echo two)
  ip link add eth0 netns $name type veth peer name out$n netns nat
  ip -n $name addr add 198.19.$n.2/30 dev eth0
  ip -n nat addr add 198.19.$n.1/30 dev out$n
  ip -n $name link set eth0 up
  ip -n nat link set out$n up
  ip -n $name route add default via 198.19.$n.1
done
ip netns exec nat sysctl -qw net.ipv4.ip_forward=1
"""
NAT = """
flush ruleset
table ip operator {{
  chain out {{
    type nat hook postrouting priority srcnat;
    ip daddr 198.19.1.2 snat to {one}
    ip daddr 198.19.2.2 snat to {two}
  }}
}}
"""


def run(command: str, *, given: str = "") -> None:
    subprocess.run(["sh", "-c", command], input=given, text=True, check=True, timeout=30)


def rules_behind(pairs: list[list[str]]) -> list[list[str]]:
    """Ask and judge behind each NAT: the addresses that it shows to the two controls."""
    run(WORLD)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        controls = []
        for name, address in CONTROL_PLACES.items():
            with enter(name):  # the thread that is made here stays there
                controls.append(stack.enter_context(standing_control(folder / name, address=address)))
        return [_rules(controls, one=one, two=two) for one, two in pairs]


def _rules(controls: list[str], *, one: str, two: str) -> list[str]:
    run("ip netns exec nat nft -f -", given=NAT.format(one=one, two=two))
    at = clock()
    places = [read_control(text) for text in controls]
    request = sign_request(DEVICE, nonce=NONCE, time=at)
    with enter("device"):
        asked = ask_for_receipts(HostNetwork(), places, request=request, settings=default_settings(), now=clock)
        answers = asyncio.run(asked)
    receipts = tuple(answer.receipt for answer in answers if answer.receipt is not None)
    assert [answer.failure for answer in answers] == [None, None]
    assert [receipt.address for receipt in receipts] == [one, two]
    lease = Lease(
        id="l-bbbbbbbbbbbbbbbb",
        grant_id="g-aaaaaaaaaaaaaaaa",
        address=prefix_of(receipts[0].address),
        nonce=NONCE,
        asked_at=at,
        not_before=at,
        not_after=at + dt.timedelta(hours=1),
    )
    grant = msgspec.structs.replace(a_grant(), not_before=at, not_after=at + dt.timedelta(days=9))
    keys = frozenset(place.key for place in places)
    asked_for = LeaseRequest(lease=sign_lease(lease, DEVICE), receipts=receipts)
    return [finding.rule for finding in judge_request(asked_for, grant, control_keys=keys, now=at, tables=tables())]


def test_a_lease_is_had_behind_one_address_and_not_behind_several_nor_a_shared_one(
    lab: Inside, require: Callable[..., None]
) -> None:
    require("nft", "ip")
    pairs = {
        ("198.18.7.9", "198.18.7.9"): [],
        ("198.18.7.9", "198.18.7.10"): ["lease.split_nat"],
        ("100.64.1.1", "100.64.1.1"): ["lease.cgnat"],
        ("192.168.9.9", "192.168.9.9"): ["lease.special"],
        ("198.19.7.9", "198.19.7.9"): ["lease.origin"],
    }
    assert lab.call(rules_behind, [list(pair) for pair in pairs]) == list(pairs.values())
