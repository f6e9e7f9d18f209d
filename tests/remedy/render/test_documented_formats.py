"""Formats whose programs cannot be had here, held against their documents: RouterOS, MISP, Google's JSON, geofeed."""

import csv
import io
import ipaddress
import json
import re
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.formats import render
from tests.cases.exemptions import BLOCKS, EVERYTHING, HOSTILE_TEXTS, NOW, entry, hostile, listed, many
from tests.remedy.render.routeros import Packet, Router

LISTS = [EVERYTHING, listed(), many(500), *map(hostile, HOSTILE_TEXTS)]
OVER = {"udp": "udp", "tcp": "tcp", "gre": "gre", "esp": "ipsec-esp", "any": "udp"}

# --- RouterOS -----------------------------------------------------------------------------------------------


def imported(*lists: ExemptionList) -> Router:
    router = Router()
    for number, made in enumerate(lists):
        for _ in router.run(render(made, kind="mikrotik", now=NOW + timedelta(seconds=number)).decode()):
            pass
    return router


def opening(item: ExemptionEntry) -> Packet:
    source = ipaddress.ip_network(item.source)[-1]
    destination = (
        ipaddress.ip_network(item.destination)[-1] if item.destination else ipaddress.ip_address("203.0.114.9")
    )
    has_ports = item.transport not in ("gre", "esp")
    return str(source), str(destination), OVER[item.transport], 40000 * has_ports, (item.port or 9) * has_ports


def back(packet: Packet) -> Packet:
    source, destination, protocol, source_port, port = packet
    return destination, source, protocol, port, source_port


@pytest.mark.parametrize("made", LISTS)
def test_a_script_has_only_lines_that_the_manual_knows(made: ExemptionList) -> None:
    imported(made)


def test_every_entry_is_accepted_there_and_back_and_its_neighbours_are_not() -> None:
    router = imported(EVERYTHING)
    packets = [opening(item) for item in EVERYTHING.entries]
    assert {router.accepts(packet) for packet in packets} == {"accept"}
    assert {router.accepts(back(packet)) for packet in packets} == {"accept"}
    exact = opening(EVERYTHING.entries[0])
    for place, other in enumerate(("192.0.2.16", "198.51.100.2", "tcp", None, 51821)):
        if other is not None:
            changed = (*exact[:place], other, *exact[place + 1 :])
            assert router.accepts(changed) == "", changed  # type: ignore[arg-type]
    assert router.accepts(("192.0.2.8", "198.51.100.1", "udp", 51820, 40000)) == ""


def test_blocked_networks_are_dropped_both_ways_and_others_are_left_to_the_operator() -> None:
    router = imported(EVERYTHING)
    assert router.accepts(("192.0.2.200", "203.0.113.9", "tcp", 40000, 443)) == "drop"
    assert router.accepts(("203.0.113.9", "192.0.2.200", "tcp", 443, 40000)) == "drop"
    assert router.accepts(("2001:db8:bad::9", "2001:db8:77::1", "tcp", 443, 40000)) == "drop"
    assert router.accepts(("192.0.2.200", "203.0.112.9", "tcp", 40000, 443)) == ""


def test_a_new_script_leaves_nothing_of_the_old_one_and_an_entry_in_both_is_accepted_at_every_line() -> None:
    stays, goes = entry(1), entry(2, source="192.0.2.64/32", transport="tcp", port=443)
    router = imported(listed([stays, goes], BLOCKS))
    renewed = render(listed([stays], serial=8), kind="mikrotik", now=NOW + timedelta(days=1)).decode()
    for _ in router.run(renewed):
        assert router.accepts(opening(stays)) == "accept"
    assert router.accepts(opening(goes)) == ""
    fresh = imported(listed())
    for _ in fresh.run(renewed):
        pass
    assert router.tables == fresh.tables


def test_importing_the_same_script_twice_changes_nothing() -> None:
    once, twice = imported(EVERYTHING), imported(EVERYTHING)
    for _ in twice.run(render(EVERYTHING, kind="mikrotik", now=NOW).decode()):
        pass
    assert [sorted(map(repr, table)) for table in once.tables.values()] == [
        sorted(map(repr, table)) for table in twice.tables.values()
    ]


# --- MISP ---------------------------------------------------------------------------------------------------

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT, "uniqueItems": True}
WARNINGLIST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["list", "description", "version", "name", "type"],
    "properties": {
        "name": TEXT,
        "description": TEXT,
        "version": {"type": "integer"},
        "type": {"enum": ["string", "substring", "hostname", "cidr", "regex"]},
        "list": TEXTS,
        "matching_attributes": TEXTS,
    },
}
"""What ``schema.json`` of MISP's repository misp-warninglists asks for (read in November 2026)."""


@pytest.mark.parametrize("made", LISTS)
def test_a_warninglist_is_what_misps_schema_asks_for(made: ExemptionList) -> None:
    document = json.loads(render(made, kind="misp", now=NOW))
    jsonschema.validate(document, WARNINGLIST)
    assert [str(ipaddress.ip_network(text)) for text in document["list"]] == document["list"]
    assert document["version"] == made.serial


# --- Google's shape -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", LISTS)
def test_json_has_the_fields_and_the_time_format_of_googles_files(made: ExemptionList) -> None:
    document = json.loads(render(made, kind="json", now=NOW))
    assert {"syncToken", "creationTime", "prefixes"} <= set(document)
    made_at = datetime.strptime(document["creationTime"], "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)
    assert made_at == made.made_at
    for item in document["prefixes"]:
        ((name, text),) = item.items()
        network = ipaddress.ip_network(text)
        assert name == f"ipv{network.version}Prefix"


# --- geofeed (RFC 8805, 2.1) --------------------------------------------------------------------------------


@pytest.mark.parametrize("made", LISTS)
def test_a_geofeed_line_is_a_prefix_a_country_and_three_fields_that_are_empty(made: ExemptionList) -> None:
    text = render(made, kind="geofeed", now=NOW).decode("utf-8")
    rows = list(csv.reader(io.StringIO("\n".join(line for line in text.splitlines() if not line.startswith("#")))))
    for prefix, *rest in rows:
        ipaddress.ip_network(prefix)  # host bits set would be an error
        assert rest == ["PK", "", "", ""]
    assert len({row[0] for row in rows}) == len(rows)
    assert [line for line in text.splitlines() if not re.fullmatch(r"#[ -~]*|[0-9a-f.:/]+,[A-Z]{2},,,", line)] == []
