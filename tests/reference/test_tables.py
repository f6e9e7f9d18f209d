import datetime as dt

import msgspec

from raabta.reference import fixed_networks, load_tables, special_ranges_without


def test_every_table_has_a_version() -> None:
    version = load_tables().version
    assert set(version) == {"networks", "special", "providers", "fingerprints"}
    assert all(version.values())


def test_the_lab_replaces_what_it_needs() -> None:
    networks = fixed_networks([("198.18.0.0/15", 64500, "PK")], as_of=dt.date(2026, 1, 1), version="lab 1")
    lab = msgspec.structs.replace(load_tables(), networks=networks, special=special_ranges_without("198.18.0.0/15"))
    assert (lab.networks.asn("198.18.0.1"), lab.special.kind("198.18.0.1")) == (64500, None)
    assert lab.version["networks"] == "lab 1"
