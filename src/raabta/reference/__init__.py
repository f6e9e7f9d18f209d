"""What stages are given: tables about the world, each with its age. Stages take them as arguments and load nothing.

- ``tables``        all of them in one value: ``load_tables()``
- ``networks``      address -> origin ASN and country; ``fixed_networks`` for tests, the lab, newer data
- ``special``       special-purpose ranges of IANA
- ``providers``     content networks, clouds, hosting companies, platforms (``providers.toml``)
- ``fingerprints``  known block pages, challenges, country refusals, captive portals (``fingerprints.toml``)
- ``refusals``      words with which pages refuse, by language (``refusals.toml``)
- ``addresses``     reading addresses, prefix tables

How old they are and how to replace them: docs/guides/reference-data.md.
"""

from raabta.reference.addresses import is_address
from raabta.reference.fingerprints import Fingerprint, Fingerprints, load_fingerprints
from raabta.reference.networks import Networks, fixed_networks, load_networks
from raabta.reference.providers import Provider, Providers, load_providers, provider, provider_of_address
from raabta.reference.refusals import looks_like_refusal
from raabta.reference.special import SpecialRanges, special_range, special_ranges_without
from raabta.reference.tables import Tables, load_tables

__all__ = [
    "Fingerprint",
    "Fingerprints",
    "Networks",
    "Provider",
    "Providers",
    "SpecialRanges",
    "Tables",
    "fixed_networks",
    "is_address",
    "load_fingerprints",
    "load_networks",
    "load_providers",
    "load_tables",
    "looks_like_refusal",
    "provider",
    "provider_of_address",
    "special_range",
    "special_ranges_without",
]
