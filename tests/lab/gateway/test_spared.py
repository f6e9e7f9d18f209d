"""What the policy does to real packets: what is listed passes inspection, and nothing else does; ends cut flows."""

import datetime as dt
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from raabta.gateway.agent import Agent
from raabta.gateway.applying import apply
from raabta.gateway.checking import compare
from raabta.model.exemption import Lease, Restriction
from raabta.remedy.render.nftables import render
from tests.cases.gating import entry, exemptions, gateway, load
from tests.cases.leasing import a_grant
from tests.lab.gateway import routing
from tests.lab.gateway.routing import DATA, connection, datagram, in_gateway, refusal, talk, until

MEMBER = "198.18.0.1"
NEIGHBOUR = "198.18.0.2"
OTHER = "198.18.1.1"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _agent(more: str = "") -> Agent:
    return gateway(Path(mkdtemp()), clock=_now, more=more)


def _load(agent: Agent, *arguments: Any, **named: Any) -> str:
    outcome = in_gateway(lambda: apply(agent, load(*arguments, **named), override=True))
    assert outcome.refused == (), outcome.refused
    assert outcome.wrong == ()
    return str(outcome.state)


def _member_entry(now: dt.datetime, **changed: Any) -> Any:
    return entry(1, now=now, **({"source": f"{MEMBER}/32", "destination": "198.19.0.1/32"} | changed))


def listed_and_not() -> dict[str, bool]:
    routing.build()
    routing.Echo()
    now = _now()
    before = datagram(MEMBER)
    listed = exemptions((_member_entry(now),), now=now)
    _load(_agent(), listed)
    return {
        "before": before,
        "listed": datagram(MEMBER),
        "neighbour": datagram(NEIGHBOUR),
        "neighbour of the /24": datagram(OTHER),
        "another server": datagram(MEMBER, "198.19.0.2"),
        "another port": datagram(MEMBER, port=51821),
        "what is not inspected": datagram(NEIGHBOUR, data=DATA),
    }


def test_listed_traffic_passes_inspection_and_its_neighbours_do_not(lab: Any, require: Any) -> None:
    require("nft", "ip")
    assert lab.call(listed_and_not) == {
        "before": False,
        "listed": True,
        "neighbour": False,
        "neighbour of the /24": False,
        "another server": False,
        "another port": True,
        "what is not inspected": True,
    }


def networks_and_ipv6() -> dict[str, bool]:
    routing.build()
    routing.Echo()
    now = _now()
    entries = (
        entry(1, now=now, source="198.18.0.0/30", destination="198.19.0.0/31"),
        entry(2, now=now, source="2001:db8:1::/48", destination="2001:db8:8000::1/128"),
    )
    _load(_agent(), exemptions(entries, now=now))
    return {
        "inside": datagram("198.18.0.3"),
        "outside": datagram("198.18.0.4"),
        "second server": datagram(MEMBER, "198.19.0.2"),
        "ipv6": datagram("2001:db8:1::1", "2001:db8:8000::1"),
        "ipv6 outside": datagram("2001:db8:2::1", "2001:db8:8000::1"),
    }


def test_networks_are_spared_up_to_their_edge_in_both_families(lab: Any, require: Any) -> None:
    require("nft", "ip")
    assert lab.call(networks_and_ipv6) == {
        "inside": True,
        "outside": False,
        "second server": False,
        "ipv6": True,
        "ipv6 outside": False,
    }


def expired_lease() -> dict[str, Any]:
    routing.build()
    routing.Echo()
    now = _now()
    ends = now + dt.timedelta(seconds=3)
    grants, leases = [], []
    for transport, port in (("udp", 51820), ("tcp", 443)):
        grant = a_grant(
            id=f"g-{transport}", destination="198.19.0.1/32", transport=transport, port=port, not_before=now,
            not_after=now + dt.timedelta(days=9),
        )  # fmt: skip
        grants.append(grant)
        leases.append(
            Lease(
                id=f"l-{transport}", grant_id=grant.id, address=f"{MEMBER}/32", nonce="", asked_at=now, not_before=now,
                not_after=ends,
            )
        )  # fmt: skip
    _load(_agent(), exemptions((), now=now, grants=tuple(grants)), leases=tuple(leases))
    line = connection(MEMBER)
    found: dict[str, Any] = {"udp during": datagram(MEMBER), "tcp during": talk(line)}
    # No agent runs from here on: the kernel alone ends it.
    found["ends"] = until(lambda: not datagram(MEMBER, data=DATA))
    found["late_s"] = (_now() - ends).total_seconds()
    found["tcp after"] = talk(line)
    found["neighbour"] = datagram(NEIGHBOUR, data=DATA)
    return found


def test_a_lease_ends_by_the_kernel_alone_and_its_flows_are_cut(lab: Any, require: Any) -> None:
    require("nft", "ip")
    found = lab.call(expired_lease)
    late_s = found.pop("late_s")
    assert -1.5 <= late_s <= 2.0
    assert found == {
        "udp during": True,
        "tcp during": "answered",
        "ends": True,
        "tcp after": "reset",
        "neighbour": True,
    }


def revoked() -> dict[str, Any]:
    routing.build()
    routing.Echo()
    now = _now()
    agent = _agent()
    kept = tuple(entry(number, now=now) for number in range(100, 110))
    _load(agent, exemptions((*kept, _member_entry(now, transport="any", port=0)), now=now))
    line = connection(MEMBER)
    found: dict[str, Any] = {"before": datagram(MEMBER), "tcp before": talk(line)}
    _load(agent, exemptions(kept, now=now, serial=2))
    found |= {"after": datagram(MEMBER), "data": datagram(MEMBER, data=DATA), "tcp after": talk(line)}
    found["tcp anew"] = refusal(MEMBER)
    found["differences"] = in_gateway(lambda: compare(agent)).wrong
    _load(agent, exemptions((*kept, _member_entry(now)), now=now, serial=3))
    found["listed again"] = datagram(MEMBER)
    return found


def test_a_revoked_entry_is_cut_at_once_and_listed_again_it_is_spared_at_once(lab: Any, require: Any) -> None:
    require("nft", "ip")
    assert lab.call(revoked) == {
        "before": True,
        "tcp before": "answered",
        "after": False,
        "data": False,
        "tcp after": "reset",
        "tcp anew": "EHOSTUNREACH",
        "differences": [],
        "listed again": True,
    }


def closed_gate() -> dict[str, Any]:
    routing.build()
    routing.Echo()
    now = _now()
    # Nothing newer was heard of for 7 days but 3 seconds: the grace is nearly over.
    expired = now - dt.timedelta(days=7, seconds=-3)
    listed = exemptions((_member_entry(expired),), now=expired, life=dt.timedelta(0))
    agent = _agent()
    # Loaded when it was young: the same list, loaded again after a restart.
    young = gateway(agent.settings.file.parent, clock=lambda: now - dt.timedelta(days=7, seconds=10))
    old_load = load(listed)
    assert in_gateway(lambda: apply(young, old_load)).refused == ()
    routing.nft("flush", "ruleset")
    routing.nft("-f", "-", text=routing.OPERATOR)
    outcome = in_gateway(lambda: apply(agent, old_load))
    found: dict[str, Any] = {"state": outcome.state, "during": datagram(MEMBER)}
    found["cut"] = until(lambda: not datagram(MEMBER, data=DATA))
    found["neighbour"] = datagram(NEIGHBOUR, data=DATA)
    return found


def test_without_news_the_kernel_closes_the_gate_at_the_end_of_the_grace_and_cuts(lab: Any, require: Any) -> None:
    require("nft", "ip")
    assert lab.call(closed_gate) == {"state": "applied", "during": True, "cut": True, "neighbour": True}


def blocked() -> dict[str, Any]:
    routing.build()
    routing.Echo()
    now = _now()
    restriction = Restriction(
        id="r-a", target="198.19.0.0/24", reason="malware", basis="b", owner="o", not_before=now,
        not_after=now + dt.timedelta(days=1),
    )  # fmt: skip
    listed = exemptions((_member_entry(now),), now=now, restrictions=(restriction,))
    routing.nft("-f", "-", text=render(listed, now=now).decode())
    return {
        "neighbour": datagram(NEIGHBOUR, data=DATA),
        "listed": datagram(MEMBER),
        "counters": routing.counters(),
    }


def test_a_blocked_network_is_dropped_but_for_what_is_spared(lab: Any, require: Any) -> None:
    require("nft", "ip")
    found = lab.call(blocked)
    assert found == {"neighbour": False, "listed": True, "counters": {"spared": 2, "cut": 0, "blocked": 1}}
