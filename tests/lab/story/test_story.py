"""The story from end to end: a company and a freelancer are registered, proved, approved, listed, spared; then cut.

It is told once (``telling``), with the real command line, real tunnels and servers, in namespaces; each test below
states one part of what must have come of it.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

from raabta.lab.needs import tool_environment, unshared
from tests.lab.conftest import ROOT, Inside
from tests.lab.story import telling

LIMIT_S: Final = 400.0
"""It takes 75 s on two idle processors, and several times that where others work too."""
TOOLS: Final = (
    "ip",
    "nft",
    "wg",
    "wireguard-go",
    "openvpn",
    "openssl",
    "named",
    "unbound",
    "nginx",
    "pdftotext",
    "sysctl",
)
NOBODY: Final = {"office": False, "neighbour": False, "street": False, "device": False}
NOBODY_BY_TCP: Final = {"freelancer, tcp": False, "neighbour, tcp": False}
NO_TABLE: Final = ["the kernel has no table inet raabta"]

_told: dict[str, Any] = {}


@pytest.fixture
def found(lab: Inside, require: Callable[..., None]) -> dict[str, Any]:
    """What came of the story, which is told once."""
    require(*TOOLS)
    if not _told:
        done = subprocess.run(
            unshared([sys.executable, "-m", "tests.lab.inside", str(telling.__file__), "tell"]),
            input="[]",
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=tool_environment() | {"PYTHONPATH": str(ROOT)},
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        _told.update(json.loads(done.stdout))
    return _told


def test_a_table_of_members_is_taken_in_but_for_the_row_that_is_wrong(found: dict[str, Any]) -> None:
    first, last = found["import"]
    assert first.startswith("refused: line 3, column 2 (legal_form): ")
    assert last == "1 new, 0 changed, 1 rows refused."


def test_an_end_point_that_is_everybody_is_refused_with_its_rule(found: dict[str, Any]) -> None:
    (refused,) = found["everybody"]
    assert refused.startswith("refused: line 4, column 4 (prefix): ")
    assert "[prefix.far_too_wide]" in refused


def test_domain_and_addresses_are_proved_in_four_ways(found: dict[str, Any]) -> None:
    assert found["proved"] == ["proved"] * 6
    assert found["seen from"] == [
        "198.19.8.8:53: shows it",
        "198.19.9.9:53: shows it",
        "servers of the zone: shows it",
    ]


def test_applications_name_the_person_and_hold_no_identity_number(found: dict[str, Any]) -> None:
    assert found["applications"] == [[True, True, False], [True, True, False]]


def test_one_signature_of_three_publishes_nothing_and_two_do(found: dict[str, Any]) -> None:
    assert (found["rehearsed"], found["one of three"]) == (0, "")
    assert found["listed"] == [4, 1]
    assert found["advice"]


def test_before_the_list_is_loaded_nobody_is_spared(found: dict[str, Any]) -> None:
    assert found["planned"] == 4
    assert found["planned only"] == NOBODY | NOBODY_BY_TCP


def test_once_it_is_loaded_listed_traffic_passes_and_no_neighbours(found: dict[str, Any]) -> None:
    assert found["applied"] == "applied: the kernel holds list 1\n"
    assert found["spared"] == NOBODY | NOBODY_BY_TCP | {"office": True, "freelancer, tcp": True}


def test_real_tunnels_carry_what_is_said_through_them(found: dict[str, Any]) -> None:
    assert found["tunnels"] == {"office": True, "freelancer": True}


def test_verify_cannot_tell_where_nothing_is_restricted(found: dict[str, Any]) -> None:
    assert found["before inspection"] == [[6, "undecidable", ""], [3, NO_TABLE, "undecidable", ""]]


def test_verify_says_not_effective_while_the_list_is_not_loaded(found: dict[str, Any]) -> None:
    assert found["inspected"] == [[1, "not_effective", "drop"], [3, NO_TABLE, "not_effective", "drop"]]


def test_verify_says_effective_once_it_is_loaded_for_whoever_is_listed(found: dict[str, Any]) -> None:
    assert found["verified"] == [0, [], "effective", "drop"]
    assert found["effects"] == {
        "office": [0, "effective", "drop"],
        "office, udp": [0, "effective", "throttle"],
        "freelancer": [0, "effective", "reset"],
        "neighbour": [1, "not_effective", "drop"],
        "neighbour, tcp": [1, "not_effective", "reset"],
    }


def test_a_members_own_key_is_refused_while_its_tunnel_is_up(found: dict[str, Any]) -> None:
    assert found["own key"] == ""


def test_a_lease_spares_the_address_that_a_device_has_now_and_not_the_one_before(found: dict[str, Any]) -> None:
    assert found["lease"] == {"before": False, "first": True, "moved": False, "second": True, "old address": False}
    assert found["others"] == NOBODY | NOBODY_BY_TCP | {"office": True, "freelancer, tcp": True}


def test_a_large_change_waits_for_a_person_and_leaves_flows_alone(found: dict[str, Any]) -> None:
    assert found["listed then"] == [3, 1]
    assert (found["large change"], found["before revocation"], found["still"]) == (True, True, True)


def test_a_revoked_members_flows_are_cut_and_others_are_not(found: dict[str, Any]) -> None:
    assert found["applied then"] == "applied: the kernel holds list 2\n"
    assert found["cut"] == {"office": True, "freelancer": False}
    assert found["revoked"] == NOBODY | NOBODY_BY_TCP | {"office": True}


def test_an_entry_passes_until_its_end_and_not_after_it(found: dict[str, Any]) -> None:
    assert (found["line until its end"], found["in time"], found["ended"]) == (True, True, True)


def test_identity_numbers_are_in_no_file_and_in_nothing_that_was_said(found: dict[str, Any]) -> None:
    assert found["searched"] == [True, True, True]
    assert found["files with numbers"] == []
    assert found["said numbers"] == []


def test_what_leaves_the_house_names_no_member(found: dict[str, Any]) -> None:
    assert found["outside with names"] == []
