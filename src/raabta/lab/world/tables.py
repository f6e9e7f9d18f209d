"""The lab's own reference tables: what is known about addresses and pages in the emulated country.

The stages get these in place of the package's, and never ask whether they are in the lab. They know what the public
knows of the internet: who announces an address, which of them are content networks, which pages refuse. They do not
know the truth of a scenario.
"""

from collections import Counter
from datetime import date
from typing import Final

from raabta.lab.scenario.types import Condition
from raabta.lab.world.country import ALTERNATIVE_ASN, GROUP_ASN, Country
from raabta.reference.fingerprints import load_fingerprints
from raabta.reference.networks import fixed_networks
from raabta.reference.providers import Provider, Providers, load_providers
from raabta.reference.special import special_ranges_without
from raabta.reference.tables import Tables

LAB_PREFIXES: Final = ("198.18.0.0/15", "2001:db8::/32")
"""Special on the internet, ordinary in the lab."""

_MANY_SITES: Final = frozenset({"rotating_pool", "geo_dns", "access_cache"})
"""Conditions that only a content network shows."""


def lab_tables(country: Country, *, as_of: date) -> Tables:
    """Make the tables of a country.

    Pages of refusal are the package's: operators of the lab show notices that are known from the field, and one that
    nobody has catalogued (``lab.servers.notices``).

    Args:
        country: The plan.
        as_of: Date of the data: the lab's today.
    """
    rows = [(prefix, asn, code) for prefix, asn, _, code in country.asn_table()]
    return Tables(
        networks=fixed_networks(rows, as_of=as_of, version=f"lab {as_of}"),
        special=special_ranges_without(*LAB_PREFIXES),
        providers=Providers((*load_providers().rows, *_content_networks(country)), version=f"lab {as_of}"),
        fingerprints=load_fingerprints(),
    )


def _content_networks(country: Country) -> list[Provider]:
    """Give a content network for each address group that serves several sites, or from several places."""
    n_hosts = Counter(group for group, _ in {(target.group, target.host) for target in country.targets})
    spread = _groups(country, _MANY_SITES)
    cached = _groups(country, frozenset({"access_cache"}))
    return [
        Provider(
            name=f"Lab content network {group}",
            kind="cdn",
            asns=frozenset({GROUP_ASN + group, ALTERNATIVE_ASN + group}),
            caches="Lab cache programme" if group in cached else "",
        )
        for group in country.groups
        if n_hosts[group] > 1 or group in spread
    ]


def _groups(country: Country, kinds: frozenset[str]) -> set[int]:
    rows: list[Condition] = [row for row in country.scenario.condition if row.kind in kinds]
    return {target.group for row in rows for target in country.targets_named(row.targets)}
