"""A small world for rules of lint: whose addresses are whose, and one good record of each kind."""

import datetime as dt
from typing import Any

import msgspec

from raabta.model.exemption import ExemptionEntry, ExemptionList, LeaseGrant, Recipient, Restriction
from raabta.model.register import MemberEndpoint
from raabta.reference.own import read_own_tables
from raabta.remedy.lint import bench_of

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

OWN_TABLES = b"""
as_of = 2026-11-23
ordinary = ["198.18.0.0/15", "2001:db8::/32"]
critical = ["198.19.7.0/29", "bank.example.pk"]

[[network]]
prefix = "198.18.0.0/17"
asn = 64500
country = "PK"
[[network]]
prefix = "198.18.128.0/17"
asn = 64501
country = "PK"
[[network]]
prefix = "198.19.0.0/16"
asn = 64510
country = "DE"
[[network]]
prefix = "198.19.250.0/24"
asn = 0
[[network]]
prefix = "198.19.251.0/32"
asn = 64777
[[network]]
prefix = "2001:db8:1::/48"
asn = 64500
country = "PK"
[[network]]
prefix = "2001:db8:f::/48"
asn = 64510
country = "DE"
[[network]]
prefix = "198.19.9.0/24"
asn = 64999
country = "US"

[provider.cdn]
name = "Test CDN"
kind = "cdn"
asns = [64999]
prefixes = ["198.19.10.0/24"]
[provider.cloud]
name = "Test Cloud"
kind = "cloud"
prefixes = ["198.19.11.0/24"]
[provider.hosting]
name = "Test Hosting"
kind = "hosting"
prefixes = ["198.19.12.0/24"]
[provider.platform]
name = "Test Platform"
kind = "platform"
prefixes = ["198.19.13.0/24"]
[provider.dns]
name = "Test DNS"
kind = "public_dns"
prefixes = ["198.19.14.8/32"]
[provider.vpn]
name = "Test VPN"
kind = "commercial_vpn"
prefixes = ["198.19.15.0/24"]
"""
TABLES = read_own_tables(OWN_TABLES, name="cases")
RECIPIENT = Recipient(id="north", name="North Networks", asns=(64500,), reference_key="ab" * 32)
BENCH = bench_of(TABLES, RECIPIENT)
ANY_BENCH = bench_of(TABLES)


def entry(**changed: Any) -> ExemptionEntry:
    """An entry in which no rule finds anything."""
    made: dict[str, Any] = {
        "id": "x-aaaaaaaaaaaaaaaa",
        "source": "198.18.1.2/32",
        "destination": "198.19.1.2/32",
        "transport": "udp",
        "port": 51820,
        "origin_asn": 64500,
        "organisation_ref": "m-bbbbbbbbbbbbbbbb",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": NOW - DAY,
        "not_after": NOW + 90 * DAY,
        "serial": 1,
    }
    return ExemptionEntry(**(made | changed))


def grant(**changed: Any) -> LeaseGrant:
    """A grant in which no rule finds anything."""
    made: dict[str, Any] = {
        "id": "g-aaaaaaaaaaaaaaaa",
        "device_key": "A" * 43 + "=",
        "destination": "198.19.1.2/32",
        "port": 51820,
        "asns": (64500,),
        "organisation_ref": "m-bbbbbbbbbbbbbbbb",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": NOW - DAY,
        "not_after": NOW + 90 * DAY,
    }
    return LeaseGrant(**(made | changed))


def restriction(**changed: Any) -> Restriction:
    """A restriction in which no rule finds anything."""
    made: dict[str, Any] = {
        "id": "r-aaaaaaaaaaaaaaaa",
        "target": "198.19.200.9/32",
        "reason": "attack_source",
        "basis": "notice 12 of the response team",
        "owner": "national response team",
        "not_before": NOW - DAY,
        "not_after": NOW + 30 * DAY,
    }
    return Restriction(**(made | changed))


def endpoint(**changed: Any) -> MemberEndpoint:
    """An end point in which no rule finds anything."""
    made: dict[str, Any] = {
        "id": "e-aaaaaaaaaaaaaaaa",
        "organisation_id": "o-aaaaaaaaaaaaaaaa",
        "direction": "member_source",
        "prefix": "198.18.1.2/32",
        "asn": 64500,
        "operator": "north",
        "protocol": "wireguard",
        "transport": "udp",
        "remote": "198.19.1.2",
        "port": 51820,
        "site": "Head office",
        "purpose": "Tunnel to the client's network",
        "valid_from": NOW - DAY,
        "valid_until": NOW + 300 * DAY,
        "created_at": NOW - DAY,
    }
    return MemberEndpoint(**(made | changed))


def listed(*entries: ExemptionEntry, **changed: Any) -> ExemptionList:
    """A list in which no rule finds anything, if none is broken by its entries."""
    made: dict[str, Any] = {
        "recipient": "north",
        "country": "PK",
        "serial": 7,
        "made_at": NOW,
        "expires_at": NOW + 30 * DAY,
        "entries": entries,
    }
    return ExemptionList(**(made | changed))


def changed(record: Any, **fields: Any) -> Any:
    """A record with other fields."""
    return msgspec.structs.replace(record, **fields)
