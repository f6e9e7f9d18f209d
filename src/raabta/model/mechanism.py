"""The tree of mechanisms ``layer.action.qualifier``. Ids are permanent; the list only grows.

People are shown ``words``, never the id. ``state`` is the state that the mechanism puts a cell in; ``locus`` is where
it happens when nothing measured says otherwise. An inner node (``tls.reset``) is what is said when the evidence does
not support a leaf.
"""

from typing import Final

from msgspec import Struct


class Mechanism(Struct, frozen=True, kw_only=True):
    """One node of the tree."""

    id: str
    state: str
    locus: str
    words: str


def _rows(state: str, locus: str, words_by_id: dict[str, str]) -> dict[str, Mechanism]:
    return {
        mechanism_id: Mechanism(id=mechanism_id, state=state, locus=locus, words=words)
        for mechanism_id, words in words_by_id.items()
    }


_BLOCKED: Final = {
    "dns": "name lookups are interfered with",
    "dns.injection": "name lookups are answered with a wrong address",
    "dns.injection.blockpage": "name lookups are answered with the address of a block page",
    "dns.injection.bogon": "name lookups are answered with an address that cannot exist on the internet",
    "dns.injection.other": "name lookups are answered with an address that is not the site's",
    "dns.nxdomain": "the resolver says that an existing name does not exist",
    "dns.refused": "the resolver refuses to answer for this name",
    "dns.servfail": "the resolver fails for this name, though others answer",
    "dns.timeout": "name lookups for this name are not answered",
    "dns.proxy": "name lookups are redirected to another resolver",
    "dns.encrypted": "encrypted name lookups are stopped",
    "dns.encrypted.dot": "encrypted name lookups (DNS over TLS) are stopped",
    "dns.encrypted.doh": "encrypted name lookups (DNS over HTTPS) are stopped",
    "dns.encrypted.doq": "encrypted name lookups (DNS over QUIC) are stopped",
    "ip": "the address is blocked",
    "ip.drop": "packets to the address disappear",
    "ip.unreachable": "a router says that the address cannot be reached",
    "tcp": "connections are interfered with",
    "tcp.reset": "connections are cut as soon as they open",
    "tcp.refused": "connections are refused, though the server accepts them elsewhere",
    "tcp.timeout": "connections are never answered, though the server answers elsewhere",
    "tls": "encrypted connections are interfered with",
    "tls.reset": "encrypted connections are cut during their opening",
    "tls.reset.sni": "encrypted connections are cut when they name this site",
    "tls.reset.other": "encrypted connections are cut whatever name they carry",
    "tls.eof": "encrypted connections are closed during their opening",
    "tls.eof.sni": "encrypted connections are closed when they name this site",
    "tls.eof.other": "encrypted connections are closed whatever name they carry",
    "tls.timeout": "encrypted connections fall silent during their opening",
    "tls.timeout.sni": "encrypted connections fall silent when they name this site",
    "tls.timeout.other": "encrypted connections fall silent whatever name they carry",
    "tls.mitm": "somebody else answers in place of the site",
    "tls.mitm.self_signed": "somebody else answers in place of the site, with a certificate of their own making",
    "tls.mitm.ca_signed": "somebody else answers in place of the site, with another name's or authority's certificate",
    "tls.alert": "encrypted connections are refused during their opening",
    "tls.alert.sni": "encrypted connections are refused when they name this site",
    "tls.freeze": "encrypted connections stop carrying data after a while",
    "tls.freeze.sni": "encrypted connections that name this site stop carrying data after a while",
    "http": "web requests are interfered with",
    "http.blockpage": "a block page is shown instead of the site",
    "http.redirect": "visitors are sent to another site, which the site itself does not do",
    "http.reset": "web requests are cut",
    "http.reset.host": "web requests that name this site are cut",
    "http.eof": "web requests are closed without an answer",
    "http.eof.host": "web requests that name this site are closed without an answer",
    "http.timeout": "web requests are never answered",
    "http.timeout.host": "web requests that name this site are never answered",
    "http.tamper": "a machine in between changes web requests",
    "http.tamper.header": "a machine in between changes the headers of web requests",
    "http.tamper.request_line": "a machine in between changes or answers unusual web requests",
    "quic": "QUIC (HTTP/3) is interfered with",
    "quic.drop": "QUIC (HTTP/3) packets disappear",
    "quic.drop.sni": "QUIC (HTTP/3) packets that name this site disappear",
    "quic.drop.all": "all QUIC (HTTP/3) packets disappear",
    "vpn": "VPN connections are interfered with",
    "vpn.openvpn": "OpenVPN connections are interfered with",
    "vpn.openvpn.drop": "OpenVPN connections are not answered",
    "vpn.openvpn.reset": "OpenVPN connections are cut",
    "vpn.openvpn.port": "the port of OpenVPN is closed on the way",
    "vpn.tor": "Tor connections are interfered with",
    "vpn.tor.drop": "Tor connections are not answered",
    "vpn.tor.reset": "Tor connections are cut",
    "vpn.stun": "call set-up (STUN) is interfered with",
    "vpn.stun.drop": "call set-up packets (STUN) are not answered",
}
_THROTTLED: Final = {
    "tls.throttle": "encrypted connections are slowed down",
    "tls.throttle.sni": "encrypted connections that name this site are slowed down",
    "http.throttle": "web requests are slowed down",
    "http.throttle.host": "web requests that name this site are slowed down",
    "ip.throttle": "traffic to this address is slowed down",
    "path.throttle": "all traffic is slowed down on purpose",
}
_DEGRADED: Final = {
    "path": "the line is worse than it should be",
    "path.loss": "the line loses packets",
    "path.delay": "the line is slow to answer",
    "path.detour": "traffic takes a long way round",
}
_DOWN_TARGET: Final = {
    "server": "the fault is the site's own",
    "server.down": "the site does not answer, here or elsewhere",
    "server.geo": "the site refuses visitors from here",
    "server.challenge": "the site asks visitors from here to prove they are human",
    "server.certificate": "the site's certificate is not valid, here or elsewhere",
    "server.redirect": "the site redirects to nowhere, or in a circle",
    "server.name": "the site's name has no usable address, here or elsewhere",
}
_DOWN_VANTAGE: Final = {
    "local": "the fault is on the measuring machine or its own network",
    "local.no_network": "the measuring machine has no working network",
    "local.captive_portal": "a sign-in page stands between the measuring machine and the internet",
    "local.clock": "the measuring machine's clock is wrong",
    "local.resolver": "the measuring machine's resolver does not work",
}
_OUTAGE: Final = {
    "outage": "the network itself is out",
    "outage.access": "the operator's network is out",
    "outage.national": "the country's connection is out",
    "outage.power": "the power is out",
}

MECHANISMS: Final[dict[str, Mechanism]] = {
    **_rows("blocked", "access", _BLOCKED),
    **_rows("throttled", "access", _THROTTLED),
    **_rows("degraded", "transit", _DEGRADED),
    **_rows("down", "target", _DOWN_TARGET),
    **_rows("down", "vantage", _DOWN_VANTAGE),
    **_rows("down", "access", _OUTAGE),
    **_rows("down", "transit", {"outage.transit": "a network in between is out"}),
}


def parent(mechanism_id: str) -> str:
    """Give the id of the inner node above, or "" above a layer."""
    return mechanism_id.rpartition(".")[0]


def layer_of(mechanism_id: str) -> str:
    """Give the layer, which is the first word of the id."""
    return mechanism_id.partition(".")[0]
