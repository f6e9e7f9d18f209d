"""Follow-ups: the step that failed, or its like, with one thing changed. One function for each kind.

What changes is the name, the address, the form of the first message, or nothing but the time. ``diagnose`` says what a
difference means. Every try keeps its deadline; a failure of the network is in the ``Contrast`` and never raised.
"""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from raabta.model.followup import FollowUp
from raabta.probe import dns_contrasts, path, quic, tcp_contrasts, tls, tries
from raabta.probe.plan import NEVER_CONNECTED
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.probe.tries import CLEAR_PORT, Asked, Place
from raabta.reference.tables import Tables
from raabta.wire.ooni.writing import Contrast

NO_ANCHOR: Final = "no control anchor is set"
_H3: Final = quic.H3
_UNJUDGED: Final = tls.Hello(verify=False)
"""For the control's anchor, which answers every name with whatever certificate it has."""
_BROWSER_PACKETS: Final = 14
_BROWSER_BYTES: Final = 8_000
"""What a handshake by curl spends, which nobody here can count: a browser's hello has about 1,800 bytes."""


async def run_follow_up(
    trace: Trace, follow_up: FollowUp, *, settings: ProbeSettings, now: datetime, tables: Tables
) -> Contrast:
    """Take one follow-up.

    Args:
        trace: Has the network and the budget, and gets the events.
        follow_up: What to do; its ``kind`` is one of ``FOLLOW_UPS``.
        settings: Deadlines, the other name, the control's anchor, resolvers.
        now: The time at which certificates are checked.
        tables: Networks for walks; fingerprints and special addresses for the page of an odd address.

    Returns:
        What came out. ``n`` is 0 where it could not be asked, and ``detail`` says why.

    Raises:
        BudgetSpentError: No further step may begin.
        KeyError: Nobody knows that kind.
    """
    take = _KINDS[follow_up.kind]
    trace.check_budget()
    asn_of = tables.networks.asn
    return await take(Asked(trace=trace, follow_up=follow_up, settings=settings, now=now, asn_of=asn_of, tables=tables))


# --- TLS --------------------------------------------------------------------------------------------------------------


async def _tls_repeat(asked: Asked) -> Contrast:
    return await tries.repeat(asked, lambda: tries.shake(asked, Place.of(asked)))


async def _tls_other_name(asked: Asked) -> Contrast:
    return await tries.shake(asked, Place.of(asked, name=asked.settings.other_name), any_answer=True)


async def _tls_no_name(asked: Asked) -> Contrast:
    return await tries.shake(asked, Place.of(asked, name=""), any_answer=True)


async def _tls_control_address(asked: Asked) -> Contrast:
    place = _at_anchor(asked, name=asked.follow_up.name)
    return await tries.shake(asked, place, hello=_UNJUDGED) if place else tries.not_asked(asked, NO_ANCHOR)


async def _tls_split_hello(asked: Asked) -> Contrast:
    return await tries.shake(asked, Place.of(asked), hello=tls.Hello(split=True))


async def _tls_browser_hello(asked: Asked) -> Contrast:
    from raabta.probe import browser  # noqa: PLC0415  curl takes a quarter of a second to load, for few targets

    place, trace = Place.of(asked), asked.trace
    t0 = trace.now()
    failure = await browser.shake(place.address, place.port, name=place.name, timeout_s=asked.settings.timeouts.tls_s)
    trace.budget.spend(packets=_BROWSER_PACKETS, octets=_BROWSER_BYTES)
    return tries.contrast(asked, place, failure=failure, t0=t0, t=trace.now())


async def _tls_ech_grease(asked: Asked) -> Contrast:
    return await tries.first_answer_to_ech(asked, Place.of(asked))


# --- HTTP and transfers -----------------------------------------------------------------------------------------------


async def _fetch_again(asked: Asked) -> Contrast:
    return await tries.repeat(asked, lambda: tries.fetch(asked, Place.of(asked), path=asked.follow_up.path))


async def _dns_odd_page(asked: Asked) -> Contrast:
    if asked.tables is not None and asked.tables.special.kind(asked.follow_up.address) in NEVER_CONNECTED:
        return tries.not_asked(asked, "this address is nobody's on the internet")
    return await tries.fetch(asked, Place.of(asked, port=CLEAR_PORT), path="/")


async def _http_other_host(asked: Asked) -> Contrast:
    place = Place.of(asked, name=asked.settings.other_name, port=CLEAR_PORT)
    return await tries.fetch(asked, place, path="/")


async def _http_control_address(asked: Asked) -> Contrast:
    place = _at_anchor(asked, name=asked.follow_up.name)
    if place is None:
        return tries.not_asked(asked, NO_ANCHOR)
    return await tries.fetch(asked, replace(place, port=CLEAR_PORT), path=asked.follow_up.path)


async def _flow_other_name(asked: Asked) -> Contrast:
    place = Place.of(asked, name=asked.settings.other_name)
    return await tries.fetch(asked, place, path=asked.follow_up.path, verify=False)


async def _flow_control(asked: Asked) -> Contrast:
    place = _at_anchor(asked, name=asked.settings.other_name)
    if place is None:
        return tries.not_asked(asked, NO_ANCHOR)
    wanted = f"/speed?bytes={asked.settings.max_body_bytes}"
    return await tries.fetch(asked, place, path=wanted, verify=False)


# --- QUIC -------------------------------------------------------------------------------------------------------------


async def _quic_repeat(asked: Asked) -> Contrast:
    return await tries.repeat(asked, lambda: _quic_shake(asked, Place.of(asked)))


async def _quic_other_name(asked: Asked) -> Contrast:
    return await _quic_shake(asked, Place.of(asked, name=asked.settings.other_name), any_answer=True)


async def _quic_control_address(asked: Asked) -> Contrast:
    place = _at_anchor(asked, name=asked.follow_up.name)
    return await _quic_shake(asked, place, verify=False) if place else tries.not_asked(asked, NO_ANCHOR)


async def _quic_versions(asked: Asked) -> Contrast:
    place, trace = Place.of(asked, name=""), asked.trace
    t0 = trace.now()
    failure, versions = await quic.ask_versions(trace, peer=place.peer(), settings=asked.settings)
    detail = "versions " + " ".join(f"{version:x}" for version in versions) if versions else ""
    return tries.contrast(asked, place, failure=failure, t0=t0, t=trace.now(), detail=detail)


async def _quic_shake(asked: Asked, place: Place, *, any_answer: bool = False, verify: bool = True) -> Contrast:
    step, line = await quic.handshake(
        asked.trace,
        peer=place.peer(),
        settings=asked.settings,
        verify_at=asked.now,
        hello=replace(_H3, verify=verify),
    )
    if line is not None:
        line.close()
    return tries.of_handshake(asked, place, step=step, any_answer=any_answer)


def _at_anchor(asked: Asked, *, name: str) -> Place | None:
    anchor = asked.settings.control_anchor
    return Place(address=anchor.address, port=anchor.port, name=name) if anchor else None


# --- the table --------------------------------------------------------------------------------------------------------

_Take = Callable[[Asked], Coroutine[Any, Any, Contrast]]


class _Steps(Protocol):
    """How follow-ups of lookups, connections and walks are called."""

    async def __call__(
        self, trace: Trace, follow_up: FollowUp, *, settings: ProbeSettings, asn_of: Callable[[str], int]
    ) -> Contrast: ...


def _by(steps: _Steps) -> _Take:
    async def take(asked: Asked) -> Contrast:
        return await steps(asked.trace, asked.follow_up, settings=asked.settings, asn_of=asked.asn_of)

    return take


_KINDS: Final[dict[str, _Take]] = {
    **dict.fromkeys(
        (
            "dns.repeat",
            "dns.system",
            "dns.tcp",
            "dns.dot",
            "dns.doq",
            "dns.other_name",
            "dns.no_resolver",
            "dns.no_resolver_other_name",
        ),
        _by(dns_contrasts.ask_again),
    ),
    **dict.fromkeys(("tcp.repeat", "tcp.other_port"), _by(tcp_contrasts.connect_again)),
    **dict.fromkeys(("dns.walk", "tcp.walk", "tls.walk", "http.walk"), _by(path.walk)),
    "dns.odd_page": _dns_odd_page,
    "tls.repeat": _tls_repeat,
    "tls.other_name": _tls_other_name,
    "tls.no_name": _tls_no_name,
    "tls.control_address": _tls_control_address,
    "tls.split_hello": _tls_split_hello,
    "tls.browser_hello": _tls_browser_hello,
    "tls.ech_grease": _tls_ech_grease,
    "http.repeat": _fetch_again,
    "http.other_host": _http_other_host,
    "http.control_address": _http_control_address,
    "quic.repeat": _quic_repeat,
    "quic.other_name": _quic_other_name,
    "quic.version_negotiation": _quic_versions,
    "quic.control_address": _quic_control_address,
    "flow.repeat": _fetch_again,
    "flow.other_name": _flow_other_name,
    "flow.control": _flow_control,
}
"""Ids as in ``model.followup.FOLLOW_UPS``."""
