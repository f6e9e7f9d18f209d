"""Response policy zones, asked for real: what BIND and Unbound answer, zone by zone, and where they differ."""

import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_environment
from raabta.remedy.render.formats import render
from tests.cases.exemptions import EVERYTHING, HOSTILE_TEXTS, NOW, block, entry, hostile, listed, many
from tests.lab.conftest import Inside
from tests.lab.remedy.resolving import PORTS, dig, serving, unbound_config

MADE: Final = listed(
    [entry(1), entry(2, source="2001:db8:1::/48", destination="2001:db8:bad::1/128")],
    [
        block(1, target="198.51.100.0/24"),
        block(2, target="2001:db8:bad::/48"),
        block(3, target="bad.example"),
        block(4, target="*.worse.example"),
        block(5, target="badname.example"),
    ],
)
"""Two listed addresses inside two blocked networks; ``badname.example`` is blocked by name and has a listed address."""

HEAD: Final = "$TTL 60\n@ IN SOA localhost. root.localhost. 1 3600 600 604800 60\n@ IN NS localhost.\n"
OWN_NETWORKS: Final = f"{HEAD}24.0.100.51.198.rpz-ip CNAME .\n48.zz.bad.db8.2001.rpz-ip CNAME .\n".encode()
"""An operator's own zone that blocks the networks around the listed addresses."""
OWN_NAMES: Final = f"{HEAD}badname.example CNAME .\n".encode()

QUESTIONS: Final = (
    ("listed.example", "A"),
    ("alias.example", "A"),
    ("listed6.example", "AAAA"),
    ("neighbour.example", "A"),
    ("neighbour6.example", "AAAA"),
    ("bad.example", "A"),
    ("aliasbad.example", "A"),
    ("sub.bad.example", "A"),
    ("any.worse.example", "A"),
    ("worse.example", "A"),
    ("free.example", "A"),
    ("badname.example", "A"),
    ("mixed.example", "A"),
    ("mixedlast.example", "A"),
)

OPEN: Final = {
    "listed.example": "198.51.100.1",
    "alias.example": "198.51.100.1",
    "listed6.example": "2001:db8:bad::1",
    "neighbour.example": "198.51.100.2",
    "neighbour6.example": "2001:db8:bad::2",
    "bad.example": "192.0.2.80",
    "aliasbad.example": "192.0.2.80",
    "sub.bad.example": "192.0.2.81",
    "any.worse.example": "192.0.2.82",
    "worse.example": "192.0.2.83",
    "free.example": "192.0.2.90",
    "badname.example": "198.51.100.1",
    "mixed.example": "198.51.100.1 198.51.100.2",
    "mixedlast.example": "198.51.100.0 198.51.100.1",
}
"""What is answered where no zone says anything."""

NEIGHBOURS: Final = {"neighbour.example", "neighbour6.example"}
BAD_NAMES: Final = {"bad.example", "aliasbad.example", "any.worse.example"}
LISTED: Final = {"listed.example", "alias.example", "listed6.example", "mixed.example", "mixedlast.example"}

BY_NAME: Final = BAD_NAMES | {"badname.example"}

ARRANGEMENTS: Final[dict[str, tuple[tuple[str, ...], dict[str, set[str]]]]] = {
    "no zone": ((), {"bind": set(), "unbound": set()}),
    # Unbound 1.17 goes by the first address that matches, not by the longest prefix of all.
    "one zone": (("rpz",), {"bind": NEIGHBOURS | BY_NAME, "unbound": NEIGHBOURS | BY_NAME | {"mixedlast.example"}}),
    "names": (("rpz-names",), dict.fromkeys(PORTS, BY_NAME)),
    "networks": (("rpz-networks",), dict.fromkeys(PORTS, NEIGHBOURS | LISTED | {"badname.example"})),
    "three in order": (("rpz-names", "rpz-pass", "rpz-networks"), dict.fromkeys(PORTS, NEIGHBOURS | BY_NAME)),
    # Unbound holds the names of all zones against the question before it has an answer to hold against addresses.
    "pass first": (
        ("rpz-pass", "rpz-names", "rpz-networks"),
        {"bind": NEIGHBOURS | BAD_NAMES, "unbound": NEIGHBOURS | BY_NAME},
    ),
    "pass last": (
        ("rpz-names", "rpz-networks", "rpz-pass"),
        dict.fromkeys(PORTS, NEIGHBOURS | BY_NAME | LISTED),
    ),
    "among an operator's own": (
        ("own-names", "rpz-names", "rpz-pass", "rpz-networks", "own-networks"),
        dict.fromkeys(PORTS, NEIGHBOURS | BY_NAME),
    ),
    "before an operator's own": (("rpz-pass", "own-networks"), dict.fromkeys(PORTS, NEIGHBOURS)),
    "after an operator's own": (
        ("own-networks", "rpz-pass"),
        dict.fromkeys(PORTS, NEIGHBOURS | LISTED | {"badname.example"}),
    ),
}
"""Zones in order, and what each server then refuses."""


def zone(kind: str) -> bytes:
    own = {"own-networks": OWN_NETWORKS, "own-names": OWN_NAMES}
    return own[kind] if kind in own else render(MADE, kind=kind, now=NOW)


def ask_all(kinds: list[str]) -> dict[str, dict[str, str]]:
    with serving({f"{kind}.policy": zone(kind) for kind in kinds}):
        return {server: {name: dig(server, name, kind) for name, kind in QUESTIONS} for server in PORTS}


def expected(refused: Mapping[str, set[str]]) -> dict[str, dict[str, str]]:
    return {
        server: {name: "NXDOMAIN" if name in refused[server] else answer for name, answer in OPEN.items()}
        for server in PORTS
    }


def _check(lab: Inside, require: Callable[..., None], arrangement: str) -> None:
    require("named", "unbound", "dig")
    kinds, refused = ARRANGEMENTS[arrangement]
    assert lab.call(ask_all, list(kinds)) == expected(refused)


def test_without_zones_both_answer_everything(lab: Inside, require: Callable[..., None]) -> None:
    _check(lab, require, "no zone")


def test_blocks_by_name_block_these_names_and_nothing_else(lab: Inside, require: Callable[..., None]) -> None:
    _check(lab, require, "names")


def test_blocks_of_networks_block_what_is_in_them_and_nothing_else(lab: Inside, require: Callable[..., None]) -> None:
    _check(lab, require, "networks")


def test_in_the_recommended_order_both_servers_pass_listed_addresses_and_block_names_and_neighbours(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "three in order")


def test_among_an_operators_own_zones_a_pass_through_wins_over_wider_blocks_and_not_over_names(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "among an operator's own")


def test_a_pass_through_wins_over_an_operators_wider_block_that_comes_later(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "before an operator's own")


def test_a_pass_through_after_an_operators_wider_block_passes_nothing(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "after an operator's own")


def test_with_pass_through_first_bind_passes_a_blocked_name_with_a_listed_address_and_unbound_does_not(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "pass first")


def test_a_pass_through_that_comes_last_passes_nothing(lab: Inside, require: Callable[..., None]) -> None:
    _check(lab, require, "pass last")


def test_in_one_zone_unbound_goes_by_the_first_address_of_an_answer_and_bind_by_the_longest_prefix(
    lab: Inside, require: Callable[..., None]
) -> None:
    _check(lab, require, "one zone")


def check_zone(raw: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "zone"
        file.write_bytes(raw)
        done = subprocess.run(
            ["named-checkzone", "-k", "ignore", "raabta.policy", str(file)],
            capture_output=True,
            text=True,
            env=tool_environment(),
            timeout=60,
            check=False,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr


def test_named_checkzone_reads_every_zone_also_empty_hostile_and_large_ones(require: Callable[..., None]) -> None:
    require("named-checkzone")
    lists = [EVERYTHING, listed(), MADE, many(20_000), *map(hostile, HOSTILE_TEXTS)]
    for made in lists:
        for kind in ("rpz", "rpz-names", "rpz-pass", "rpz-networks"):
            assert check_zone(render(made, kind=kind, now=NOW)) == ""


def test_unbound_checkconf_reads_the_zones(require: Callable[..., None], tmp_path: Path) -> None:
    require("unbound-checkconf")
    zones = {f"{kind}.policy": zone(kind) for kind in ("rpz", "rpz-names", "rpz-pass", "rpz-networks")}
    for name, raw in zones.items():
        (tmp_path / name).write_bytes(raw)
    file = tmp_path / "unbound.conf"
    file.write_text(unbound_config(tmp_path, zones))
    done = subprocess.run(
        ["unbound-checkconf", str(file)], capture_output=True, env=tool_environment(), timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
