"""The table nettest × what is judged; ``docs/nettests.md`` shows it, and a test holds the two together.

A nettest that is not judged is still read: its facts are kept, and its verdict is ``insufficient`` with the reason.
"""

from typing import Final

from msgspec import Struct


class Nettest(Struct, frozen=True, kw_only=True):
    """One row: what is judged of a nettest, or why it is not."""

    name: str
    judged: str = ""
    unjudged: str = ""


_JUDGED: Final = {
    "web_connectivity": "name lookup, connection, TLS, HTTP and redirects, against the test helper (0.4 and 0.5)",
    "urlgetter": "name lookup, connection, TLS, HTTP of one target, without a helper",
    "signal": "name lookup, connection, TLS and HTTP to Signal's servers",
    "telegram": "connections and HTTP to Telegram's data centres; name lookup, TLS and HTTP of its web page",
    "whatsapp": "connections to WhatsApp's chat servers; name lookup, TLS and HTTP of its registration and web pages",
    "facebook_messenger": "name lookup (is the answer Meta's?) and connections to Messenger's servers",
    "tor": "reachability of directory authorities and default bridges",
    "openvpn": "OpenVPN handshakes",
    "dnscheck": "encrypted and plain lookups with one resolver, and the lookup of its own name",
    "stunreachability": "STUN binding requests",
    "http_invalid_request_line": "whether an echo server gets an unusual request line unchanged",
    "http_header_field_manipulation": "whether an echo server gets unusual headers unchanged",
    "ndt": "speed facts: rates, round-trip time and retransmissions",
    "dash": "speed facts: rate of a video stream",
}
_UNJUDGED: Final = {
    "vanilla_tor": "bootstrapping of Tor says that it failed, not where or by what; see the tor nettest",
    "psiphon": "the tunnel tries many transports at once; its failure does not say which was stopped",
    "torsf": "bootstrapping through Snowflake fails for many reasons that the document does not hold",
    "riseupvpn": "its gateways change and fail often; without a control their failure says nothing",
    "echcheck": "a difference with ECH is recorded, but no control says what the server supports",
    "browser_web": "a browser's test reports success or failure of a whole page, and no steps",
    "http_requests": "compares a page with one fetched through Tor, which sites treat differently",
    "http_host": "an experiment of 2012 to 2016 without a control that can be checked today",
    "dns_consistency": "compares resolvers without a control; CDNs make them differ",
    "dns_injection": "an experiment of 2012 to 2016 without a control that can be checked today",
    "meek_fronted_requests_test": "domain fronting, which the fronts themselves ended in 2018",
    "bridge_reachability": "bridges of 2013 to 2016, most of them gone; replaced by the tor nettest",
    "tcp_connect": "legacy connection test without a control",
    "lantern": "reports whether the program started, and no steps",
    "multi_protocol_traceroute": "paths, without a target whose state could be judged",
    "traceroute": "paths, without a target whose state could be judged",
    "run": "reports of the probe's own run, no measurement",
    "portfiltering": "ports towards one server without a control for each port",
    "simple_sni": "experimental, replaced by urlgetter",
    "sni_blocking": "experimental, replaced by web_connectivity 0.5",
    "quicping": "answers to QUIC pings without a control",
    "tcpping": "round-trip times without a control",
    "tlsping": "handshake times without a control",
    "dnsping": "lookup times without a control",
    "simplequicping": "answers to QUIC pings without a control",
    "tlsmiddlebox": "experimental; hops are recorded, no state of the target",
    "example": "an example that measures nothing",
}

NETTESTS: Final[dict[str, Nettest]] = {
    **{name: Nettest(name=name, judged=words) for name, words in _JUDGED.items()},
    **{name: Nettest(name=name, unjudged=words) for name, words in _UNJUDGED.items()},
}
