"""All reference tables of one run, and what to record of them in a verdict."""

import msgspec

from raabta.reference.fingerprints import Fingerprints, load_fingerprints
from raabta.reference.networks import Networks, load_networks
from raabta.reference.providers import Providers, load_providers, load_services
from raabta.reference.special import IANA_RANGES, SpecialRanges


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """What stages are given. The lab and tests replace the parts they need: ``msgspec.structs.replace``.

    Attributes:
        networks: Address to network and country.
        special: Special-purpose ranges.
        providers: Content networks, clouds, hosting.
        fingerprints: Known pages and addresses.
        services: Public resolvers and commercial VPNs: for lint only, so they are not part of ``version``.
        critical: Prefixes and host names that no restriction may hit, beside the package's targets: for lint only.
        version: Version of each table that a verdict rests on, by the name of its attribute.
    """

    networks: Networks
    special: SpecialRanges
    providers: Providers
    fingerprints: Fingerprints
    services: Providers = msgspec.field(default_factory=load_services)
    critical: tuple[str, ...] = ()

    @property
    def version(self) -> dict[str, str]:
        """Version of each table that a verdict rests on, by the name of its attribute."""
        return {
            "networks": self.networks.version,
            "special": self.special.version,
            "providers": self.providers.version,
            "fingerprints": self.fingerprints.version,
        }


def load_tables() -> Tables:
    """The tables that the package carries. Networks are opened on the first lookup."""
    return Tables(
        networks=load_networks(),
        special=IANA_RANGES,
        providers=load_providers(),
        fingerprints=load_fingerprints(),
    )
