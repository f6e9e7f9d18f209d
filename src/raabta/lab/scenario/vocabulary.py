"""The words of a scenario file: which action goes with which trigger, with which parameters; and the conditions.

Everything is data: ``check`` reads these tables, docs/guides/scenarios.md shows them (a test compares). What carries
them out stands in ``lab.interference`` and ``lab.servers``.
"""

from typing import Final

from msgspec import Struct

COMMON: Final = ("action", "trigger", "networks", "targets", "where", "probability", "engine")
"""Fields that every interference may have."""

TRIGGERS: Final[dict[str, str]] = {
    "name": "a plain DNS query for a target's host",
    "address": "packets to a target's addresses; `ports` narrows it",
    "port": "packets to any of `ports`, whoever the server is",
    "sni": "a ClientHello that names a target's host, also when it comes in pieces",
    "tls": "any ClientHello; with `targets`, any to their addresses",
    "host": "a request in clear whose Host is a target's",
    "keyword": "a request in clear that contains one of `words`",
    "http": "any request in clear; with `targets`, any to their addresses",
    "quic": 'any QUIC packet; with `words = ["v1"]` only those of version 1; with `targets`, those to their addresses',
    "quic_sni": "a QUIC Initial that, decrypted, names a target's host",
    "dot": "packets to port 853 of TCP (DNS over TLS)",
    "doq": "packets to port 853 of UDP (DNS over QUIC)",
    "doh": "HTTPS to an encrypted resolver, by its address or name",
    "icmp": "ICMP packets",
    "all": "everything beyond the operator",
}

ANSWERS: Final[dict[str, str]] = {
    "bogon": "an address that cannot exist on the internet",
    "blockpage": "the operator's server of block pages",
    "other": "a server elsewhere that shows nothing of the target",
    "nxdomain": "the name does not exist",
    "servfail": "the resolver failed",
    "refused": "the resolver refuses",
    "empty": "the name exists and has no address",
}

ICMP: Final[dict[str, str]] = {
    "port": "port unreachable",
    "host": "host unreachable",
    "net": "network unreachable",
    "admin": "administratively prohibited",
    "net_prohibited": "network administratively prohibited",
    "protocol": "protocol unreachable",
}


class Action(Struct, frozen=True, kw_only=True):
    """One action: in words, its triggers, and per field whether it ``may`` or ``must`` stand there.

    ``kernel`` lists the triggers for which ``engine = "kernel"`` exists.
    """

    words: str
    triggers: tuple[str, ...]
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    kernel: tuple[str, ...] = ()


TRIGGER_MUST: Final[dict[str, tuple[str, ...]]] = {"port": ("ports",), "keyword": ("words",)}
"""Fields that a trigger needs, whatever the action."""

TRIGGER_MAY: Final[dict[str, tuple[str, ...]]] = {"address": ("ports",), "quic": ("words",)}
"""Fields that a trigger may have, whatever the action."""

_ANY: Final = tuple(TRIGGERS)

ACTIONS: Final[dict[str, Action]] = {
    "inject": Action(
        words="answer the query in the resolver's place; the query goes no further",
        triggers=("name",),
        must=("answer",),
        may=("residual_s", "words"),
    ),
    "race": Action(
        words="answer the query faster than the resolver, whose answer arrives later",
        triggers=("name",),
        must=("answer",),
        may=("residual_s", "words"),
    ),
    "lie": Action(words="only the operator's own resolver gives this answer", triggers=("name",), must=("answer",)),
    "proxy": Action(
        words="the operator's resolver answers plain queries to anybody (by `name`, for targets); `answer` is its lie",
        triggers=("name", "all"),
        may=("answer",),
        kernel=("name", "all"),
    ),
    "drop": Action(
        words="packets disappear; after a name or word, that connection is silent from then on",
        triggers=_ANY,
        may=("residual_s", "direction"),
        kernel=("name", "address", "port", "sni", "quic", "dot", "doq", "doh", "icmp", "all"),
    ),
    "reset": Action(
        words="RST: to the first packet, or after the message that triggers it",
        triggers=("address", "port", "sni", "tls", "host", "keyword", "http", "dot", "doh"),
        may=("residual_s", "direction"),
        kernel=("address", "port", "sni", "dot", "doh"),
    ),
    "unreachable": Action(
        words="an ICMP error of the kind `icmp` instead of delivery",
        triggers=("address", "port", "dot", "doh"),
        may=("icmp", "residual_s"),
        kernel=("address", "port", "dot", "doh"),
    ),
    "fin": Action(
        words="the connection is closed towards the client after the message",
        triggers=("sni", "tls", "host"),
        may=("residual_s",),
    ),
    "alert": Action(
        words="a fatal TLS alert (handshake_failure), then the connection is closed",
        triggers=("sni",),
        may=("residual_s",),
    ),
    "throttle": Action(
        words="at most `rate_kbit` kbit/s",
        triggers=("sni", "address", "host", "all", "quic_sni"),
        must=("rate_kbit",),
        kernel=("address", "all"),
    ),
    "freeze": Action(
        words="silence after `after_bytes` bytes of a connection",
        triggers=("sni", "address", "host"),
        must=("after_bytes",),
    ),
    "delay": Action(words="packets wait `delay_ms` ms more", triggers=_ANY, must=("delay_ms",)),
    "loss": Action(
        words="the share `loss` of packets disappears", triggers=_ANY, must=("loss",), kernel=("address", "port", "all")
    ),
    "blockpage": Action(
        words="a block page (HTTP) is injected in the server's place", triggers=("host", "keyword", "http")
    ),
    "redirect": Action(
        words="a redirect (HTTP 302) to the operator's server of block pages is injected", triggers=("host", "http")
    ),
    "mitm_self": Action(
        words="the operator ends TLS itself, with a self-signed certificate", triggers=("sni", "address")
    ),
    "mitm_ca": Action(
        words="the operator ends TLS itself, with a certificate of an authority of its own", triggers=("sni", "address")
    ),
    "mitm_name": Action(
        words="the operator ends TLS itself, with a certificate for another name", triggers=("sni", "address")
    ),
    "tamper": Action(words="the headers of requests in clear are changed on the way", triggers=("http",)),
    "detour": Action(
        words="packets take a way that is `delay_ms` ms longer", triggers=("address",), must=("delay_ms",)
    ),
    "outage": Action(words="nothing passes beyond the operator's router", triggers=("all",)),
}


UNTARGETED: Final = ("port", "keyword", "dot", "doq", "doh", "icmp", "all")
"""Triggers that look at no target: ``targets`` would mean nothing."""

AT_THE_OPERATOR: Final = ("lie", "proxy", "outage")
"""Actions that only the operator can take."""


def fields_of(action: str, trigger: str) -> tuple[set[str], set[str]]:
    """Give the fields that a pair must have, and those that it may have beyond ``COMMON``. Both ids are known."""
    row = ACTIONS[action]
    must = {*row.must, *TRIGGER_MUST.get(trigger, ())}
    return must, must | {*row.may, *TRIGGER_MAY.get(trigger, ())}


class ConditionKind(Struct, frozen=True, kw_only=True):
    """One condition in words; ``per_network`` and ``per_target`` say what may narrow it."""

    words: str
    per_network: bool = False
    per_target: bool = True
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


CONDITIONS: Final[dict[str, ConditionKind]] = {
    "server_down": ConditionKind(words="the server does not answer at all, to nobody"),
    "server_refuses": ConditionKind(words="the server's port is closed (RST)"),
    "server_silent": ConditionKind(words="the server accepts connections and says nothing"),
    "server_resets": ConditionKind(words="the server resets after the ClientHello or request"),
    "server_closes": ConditionKind(words="the server closes after the ClientHello or request"),
    "server_alert": ConditionKind(words="the server answers every ClientHello with a TLS alert"),
    "expired_certificate": ConditionKind(words="the certificate's time is over"),
    "future_certificate": ConditionKind(words="the certificate's time has not come"),
    "wrong_certificate": ConditionKind(words="the certificate is for another name"),
    "self_signed_certificate": ConditionKind(words="the certificate is signed by itself"),
    "unknown_authority": ConditionKind(words="the certificate's authority is nobody's"),
    "challenge_page": ConditionKind(words="a page asks visitors to prove that they are human", per_network=True),
    "geo_page": ConditionKind(words="a page (403) refuses visitors of the networks' country", per_network=True),
    "geo_451": ConditionKind(words="status 451 for visitors of the networks' country", per_network=True),
    "geo_dns": ConditionKind(words="these networks get the addresses of another site of the group", per_network=True),
    "rotating_pool": ConditionKind(words="each DNS answer holds another of the target's addresses"),
    "access_cache": ConditionKind(
        words="the operator houses a cache of the content network, with the true certificate", per_network=True
    ),
    "nxdomain": ConditionKind(words="the target's name does not exist, for anybody"),
    "servfail": ConditionKind(words="the target's name servers fail, for everybody"),
    "no_data": ConditionKind(words="the target's name has no address, for anybody"),
    "redirect_loop": ConditionKind(words="the site redirects in a circle"),
    "bad_redirect": ConditionKind(words="the site redirects to no valid place"),
    "redirect_other_host": ConditionKind(words="the site redirects to another name of its own"),
    "http_to_https": ConditionKind(words="the site redirects from http to https"),
    "status": ConditionKind(words="the site answers with `status`", must=("status",)),
    "dynamic_page": ConditionKind(words="length and title of the page differ each time"),
    "language_page": ConditionKind(words="the page's title depends on the visitor's country", may=("title",)),
    "slow_server": ConditionKind(words="the server waits `seconds` before it answers", must=("seconds",)),
    "truncated_page": ConditionKind(words="the server closes before the page is complete"),
    "captive_portal": ConditionKind(
        words="a sign-in page answers until one has signed in", per_network=True, per_target=False
    ),
    "no_network": ConditionKind(words="the client's line is dead", per_network=True, per_target=False),
    "gateway_silent": ConditionKind(words="the client's gateway answers nothing", per_network=True, per_target=False),
    "partial_pool": ConditionKind(words="the share `share` of the target's addresses is down", must=("share",)),
    "quic_down": ConditionKind(words="the site offers HTTP/3, and its UDP port is dead"),
    "control_refused": ConditionKind(words="the site refuses the control, and only the control"),
    "control_down": ConditionKind(words="there is no control today", per_target=False),
    "honest_proxy": ConditionKind(
        words="the operator's resolver answers every plain query, and tells the truth",
        per_network=True,
        per_target=False,
    ),
    "small_mtu": ConditionKind(
        words="large packets do not fit through the network", per_network=True, per_target=False
    ),
}

LINE_PROFILES: Final[dict[str, str]] = {
    "clean": "no delay of its own",
    "fibre": "a good fixed line; the default",
    "mobile": "a mobile line: more delay, jitter, a little loss",
    "median_pk": "Pakistan's median line of October 2024",
    "lossy": "5 % of packets are lost in each direction",
    "slow": "1 Mbit/s",
    "far": "120 ms one way",
    "satellite": "280 ms one way",
}
"""The profiles in words; the figures stand in ``lab.world.country.LINES``."""
