"""What the probe is told in the lab: its resolvers, anchors, trust store, control. The probe is the very same."""

from typing import Final

from raabta.lab.world.country import (
    ANCHORS,
    CONTROL_ADDRESS,
    CONTROL_ANCHOR,
    NEUTRAL_NAME,
    PORTAL_CHECK_HOST,
    PORTAL_CHECK_PATH,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER_NAME,
)
from raabta.probe.settings import Anchor, Engine, PortalCheck, ProbeSettings, Resolver

CONTROL_URL: Final = f"https://{CONTROL_ADDRESS}/"

_PORTS: Final[dict[Engine, int]] = {"udp": 53, "dot": 853, "doh": 443, "doq": 853}


def lab_settings(*, trust_pem: str) -> ProbeSettings:
    """Make the probe's settings, the same for every client: what differs between them it has to find out."""
    return ProbeSettings(
        plain_resolver=_resolver("udp"),
        encrypted_resolvers=(_resolver("doh"), _resolver("dot"), _resolver("doq")),
        anchors=tuple(Anchor(address=address, port=443) for address in ANCHORS),
        portal_check=PortalCheck(host=PORTAL_CHECK_HOST, path=PORTAL_CHECK_PATH, status=204),
        trust_pem=trust_pem,
        other_name=NEUTRAL_NAME,
        control_anchor=Anchor(address=CONTROL_ANCHOR, port=443),
    )


def _resolver(engine: Engine) -> Resolver:
    return Resolver(engine=engine, address=PUBLIC_RESOLVER, port=_PORTS[engine], name=PUBLIC_RESOLVER_NAME)
