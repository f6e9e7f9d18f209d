"""Prefix sets and BGP, read by BIRD and ExaBGP, and sent from one to the other."""

import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_environment
from raabta.remedy.render.formats import render
from tests.cases.exemptions import EVERYTHING, HOSTILE_TEXTS, NOW, hostile, listed, many
from tests.lab.conftest import Inside
from tests.lab.remedy.routing import BIRD, EXABGP, bird, check, exabgp, validate, wait_for

ADDRESSES: Final = ("198.18.0.1/32", "198.18.0.2/32", "2001:db8:f::1/128", "2001:db8:f::2/128")

RATE_ZERO: Final = "(generic, 0x80060000, 0x0)"
"""How BIRD shows the action traffic-rate 0 (RFC 8955, 7.1): discard."""

# A router that takes requests to black-hole, and refuses those that would hit a member (docs/guides/lists.md).
FILTERED: Final = """
router id 192.0.2.254;
ipv4 table asked; ipv6 table asked6;
protocol device {}
protocol static asked4 {
  ipv4 { table asked; import filter { if net ~ RAABTA_SPARED4 then reject; accept; }; };
  route 192.0.2.8/32 blackhole; route 192.0.2.15/32 blackhole; route 192.0.2.16/32 blackhole;
  route 192.0.2.8/29 blackhole; route 192.0.2.0/24 blackhole; route 203.0.113.9/32 blackhole;
}
protocol static asked_6 {
  ipv6 { table asked6; import filter { if net ~ RAABTA_BLOCKED6 then accept; reject; }; };
  route 2001:db8:bad::7/128 blackhole; route 2001:db8:1::/48 blackhole;
}
"""


def rendered(kind: str) -> str:
    return render(EVERYTHING, kind=kind, now=NOW).decode()


def routes(text: str) -> set[str]:
    return {line.split()[0] for line in text.splitlines() if re.match(r"[0-9a-f]+[.:]", line)}


def filter_requests() -> list[list[str]]:
    with tempfile.TemporaryDirectory() as name, bird(rendered("bird") + FILTERED, Path(name)) as ask:
        wait_for(ask, "203.0.113.9", table="asked")
        return [sorted(routes(ask("show", "route", "table", table))) for table in ("asked", "asked6")]


def test_birds_filter_refuses_black_holes_inside_a_members_prefix_and_no_others(
    lab: Inside, require: Callable[..., None]
) -> None:
    require("bird", "birdc")
    assert lab.call(filter_requests) == [
        ["192.0.2.0/24", "192.0.2.16/32", "203.0.113.9/32"],
        ["2001:db8:bad::7/128"],
    ]


def test_bird_reads_the_sets_of_empty_hostile_and_large_lists(require: Callable[..., None], tmp_path: Path) -> None:
    require("bird")
    for made in (EVERYTHING, listed(), many(100_000), *map(hostile, HOSTILE_TEXTS)):
        assert check(render(made, kind="bird", now=NOW).decode() + FILTERED, tmp_path) == ""


def test_exabgp_reads_what_is_rendered(require: Callable[..., None], tmp_path: Path) -> None:
    require("exabgp")
    for kind, template in (("exabgp", "raabta-prefixes"), ("exabgp-flow", "raabta-flows")):
        for made in (EVERYTHING, listed(), many(2_000), *map(hostile, HOSTILE_TEXTS[:5])):
            config = render(made, kind=kind, now=NOW).decode() + EXABGP.format(template=template)
            assert validate(config, tmp_path) == "", kind


def send_prefixes() -> dict[str, object]:
    _add_addresses()
    config = rendered("exabgp") + EXABGP.format(template="raabta-prefixes")
    with tempfile.TemporaryDirectory() as name, bird(BIRD, Path(name)) as ask, exabgp(config, Path(name)):
        found4 = wait_for(ask, "192.0.2.71/32", table="spared4")
        found6 = wait_for(ask, "2001:db8:2::1/128", table="spared6")
    return {
        "prefixes": sorted(routes(found4) | routes(found6)),
        "communities": sorted(set(re.findall(r"BGP.community: (.*)", found4 + found6))),
    }


def test_prefixes_arrive_over_bgp_as_they_stand_and_go_no_further(lab: Inside, require: Callable[..., None]) -> None:
    require("bird", "birdc", "exabgp")
    assert lab.call(send_prefixes) == {
        "prefixes": sorted(
            item.destination if item.member_side == "destination" else item.source for item in EVERYTHING.entries
        ),
        "communities": ["(65535,65281) (65535,65282)"],
    }


def send_flows() -> list[list[str]]:
    _add_addresses()
    config = rendered("exabgp-flow") + EXABGP.format(template="raabta-flows")
    with tempfile.TemporaryDirectory() as name, bird(BIRD, Path(name)) as ask, exabgp(config, Path(name)):
        found = wait_for(ask, "{ dst 203.0.113.0/24; }", table="flows4")
        found += wait_for(ask, "{ dst 2001:db8:bad::/48; }", table="flows6")
    blocks = re.findall(r"^flow[46] \{ (.*?) \}(.*?)(?=^flow|\Z)", found, re.MULTILINE | re.DOTALL)
    return [[flow for flow, rest in blocks if (RATE_ZERO in rest) is drops] for drops in (False, True)]


def test_flow_specifications_arrive_exact_in_both_directions(lab: Inside, require: Callable[..., None]) -> None:
    require("bird", "birdc", "exabgp")
    accepted, dropped = lab.call(send_flows)
    assert set(dropped) == {
        "dst 203.0.113.0/24;",
        "src 203.0.113.0/24;",
        "dst 2001:db8:bad::/48;",
        "src 2001:db8:bad::/48;",
    }
    assert set(accepted) == {
        "dst 198.51.100.1/32; src 192.0.2.8/29; proto 17; dport 51820;",
        "dst 192.0.2.8/29; src 198.51.100.1/32; proto 17; sport 51820;",
        "dst 198.51.100.1/32; src 192.0.2.64/32; proto 6; dport 443;",
        "dst 192.0.2.64/32; src 198.51.100.1/32; proto 6; sport 443;",
        "dst 198.51.100.0/24; src 192.0.2.65/32; proto 50;",
        "dst 192.0.2.65/32; src 198.51.100.0/24; proto 50;",
        "dst 198.51.100.1/32; src 192.0.2.66/32; proto 47;",
        "dst 192.0.2.66/32; src 198.51.100.1/32; proto 47;",
        "dst 198.51.100.1/32; src 192.0.2.67/32; proto 17,6; dport 1194;",
        "dst 192.0.2.67/32; src 198.51.100.1/32; proto 17,6; sport 1194;",
        "src 192.0.2.68/32; proto 17; dport 500;",
        "dst 192.0.2.68/32; proto 17; sport 500;",
        "dst 192.0.2.72/32; src 203.0.114.7/32; proto 6; dport 443;",
        "dst 203.0.114.7/32; src 192.0.2.72/32; proto 6; sport 443;",
        "src 192.0.2.69/32;",
        "dst 192.0.2.69/32;",
        "dst 198.51.100.1/32; src 192.0.2.70/32; proto 17;",
        "dst 192.0.2.70/32; src 198.51.100.1/32; proto 17;",
        "dst 198.51.100.1/32; src 192.0.2.71/32;",
        "dst 192.0.2.71/32; src 198.51.100.1/32;",
        "dst 2001:db8:ffff::1/128; src 2001:db8:1::/48; next header 17; dport 51820;",
        "dst 2001:db8:1::/48; src 2001:db8:ffff::1/128; next header 17; sport 51820;",
        "dst 2001:db8:3::/48; src 2001:db8:2::1/128; next header 6; dport 22;",
        "dst 2001:db8:2::1/128; src 2001:db8:3::/48; next header 6; sport 22;",
    }


def _add_addresses() -> None:
    for address in ADDRESSES:
        command = ["ip", "addr", "add", address, "dev", "lo"]
        subprocess.run(command, env=tool_environment(), check=True, timeout=10)
