"""Whom the probe asks on the internet besides targets: resolvers, anchors, the check for a captive portal.

Data with an age: ``REVIEWED`` says when somebody last looked. All are run by several organisations, so that one that is
down, or blocked, is not the whole world.
"""

from typing import Final

from raabta.probe.settings import Anchor, PortalCheck, ProbeSettings, Resolver

REVIEWED: Final = "2026-11-22"

PLAIN_RESOLVER: Final = Resolver(engine="udp", address="8.8.8.8", port=53)
"""Google's. Plain lookups to it cross the border, where injectors answer first."""

ENCRYPTED_RESOLVERS: Final = (
    Resolver(engine="doh", address="1.1.1.1", port=443, name="cloudflare-dns.com"),
    Resolver(engine="doh", address="9.9.9.9", port=443, name="dns.quad9.net"),
    Resolver(engine="dot", address="9.9.9.9", port=853, name="dns.quad9.net"),
    Resolver(engine="doq", address="94.140.14.14", port=853, name="dns.adguard-dns.com"),
)
"""Cloudflare's, Quad9's and AdGuard's; the first two, asked for targets, pass on no asker's network (EDNS client
subnet).

AdGuard's is asked for the harmless name only: it shows whether DNS over QUIC gets through.
"""

ANCHORS: Final = (
    Anchor(address="1.1.1.1", port=443),
    Anchor(address="8.8.8.8", port=443),
    Anchor(address="9.9.9.9", port=443),
    Anchor(address="208.67.222.222", port=443),
)
"""Cloudflare, Google, Quad9, OpenDNS: resolvers that answer HTTPS at addresses that do not change."""

PORTAL_CHECK: Final = PortalCheck(host="connectivitycheck.gstatic.com", path="/generate_204", status=204)
"""What Android asks for the same purpose."""

OTHER_NAME: Final = "example.com"
"""Reserved for documentation (RFC 2606), served worldwide, and of no interest to anybody who blocks."""


MAX_BODY_BYTES: Final = 98_304
"""Of each page. 150 of them, with handshakes and follow-ups, stay below 25 MB; a title comes in the first kilobytes."""


def default_settings() -> ProbeSettings:
    """Give the settings for the internet, without a control."""
    return ProbeSettings(
        plain_resolver=PLAIN_RESOLVER,
        encrypted_resolvers=ENCRYPTED_RESOLVERS,
        anchors=ANCHORS,
        portal_check=PORTAL_CHECK,
        other_name=OTHER_NAME,
        max_body_bytes=MAX_BODY_BYTES,
    )
