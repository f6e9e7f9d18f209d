"""Facts from follow-ups: a step taken again with one thing changed, and what the difference says.

Documents of other probes hold none of these; then every word is ``none`` and no question about them is asked.
"""

import math
from collections.abc import Collection, Sequence
from typing import Final

from raabta.model import Contrast, LocalHealth, Measurement, TcpConnect, TransferFact

SLOW_RATIO: Final = 4.0
"""How many times faster the other transfer must be for a page to count as slowed. Not validated."""

TELLING_BYTES: Final = 8_192
"""Bytes from which a transfer's rate says something: fewer fit into the first round trips (RFC 6928: ten segments)."""

BRISK_BPS: Final = 8_000_000.0
"""A rate that no transfer is too slow beside: pages are short, so faster ones are not measured well."""


def find(measurement: Measurement, kind: str, *, name: str = "", addresses: Collection[str] = ()) -> Contrast | None:
    """Give the follow-up of a kind for a name and one of the addresses; an empty one takes any."""
    for contrast in measurement.contrasts:
        if contrast.kind != kind or (name and contrast.name and contrast.name != name):
            continue
        if not addresses or not contrast.address or contrast.address in addresses:
            return contrast
    return None


def word(measurement: Measurement, kind: str, *, name: str = "", addresses: Collection[str] = ()) -> str:
    """Say whether the changed step ``works`` or ``fails``; ``none`` where it was not taken."""
    if not measurement.contrasts:
        return "none"
    contrast = find(measurement, kind, name=name, addresses=addresses)
    if contrast is None or contrast.failure == "interrupted" or not contrast.n:
        return "none"
    return "works" if contrast.n_good else "fails"


def repeat_word(measurement: Measurement, *kinds: str, name: str = "", addresses: Collection[str] = ()) -> str:
    """Say whether the same step, repeated, works ``always``, ``sometimes`` or ``never``; ``none`` without repeats."""
    if not measurement.contrasts:
        return "none"
    tries = [
        one
        for one in measurement.contrasts
        if one.kind in kinds
        and (not name or not one.name or one.name == name)
        and (not addresses or not one.address or one.address in addresses)
    ]
    n = sum(one.n for one in tries)
    good = sum(one.n_good for one in tries)
    if not n:
        return "none"
    return "never" if not good else "always" if good >= n else "sometimes"


def rate_bps(contrast: Contrast | None) -> float | None:
    """Give the rate of a transfer that was long enough to say something, else None."""
    if contrast is None or contrast.received_bytes < TELLING_BYTES or contrast.lasted_s <= 0.0:
        return None
    return contrast.received_bytes * 8.0 / contrast.lasted_s


def pace(measurement: Measurement, transfer: TransferFact | None, *, address: str) -> tuple[str, str]:
    """Say whether a page came too slowly beside other transfers, and which of them are slow as well.

    Returns:
        ``("slow", beside)`` with ``beside`` one of ``this_name`` (another name's page from the same address is fast),
        ``this_address`` (that is slow too, the control's is fast), ``only_page`` (the control's is fast, the other
        name's is unknown); ``("line", "whole_line")`` where the control's page is as slow, and ``("line", "server")``
        where this page came as slowly to the control; else ``("none", "none")``.
    """
    again = find(measurement, "flow.repeat", addresses=(address,))
    control = rate_bps(find(measurement, "flow.control"))
    other = rate_bps(find(measurement, "flow.other_name", addresses=(address,)))
    own = _own_rate(transfer, again)
    if own is None or (control is None and other is None):
        return "none", "none"
    there = measurement.control.rate_bps if measurement.control is not None else None
    ratio = SLOW_RATIO if _is_steady(measurement.local) else UNSTEADY_RATIO
    if there is not None and there < own * ratio:
        return "line", "server"
    reference = min(max(control or 0.0, other or 0.0), BRISK_BPS)
    if own * ratio >= reference:
        return ("none", "none") if control is None else ("line", "whole_line")
    if other is not None and other >= own * ratio:
        return "slow", "this_name"
    return "slow", "only_page" if other is None else "this_address"


UNSTEADY_RATIO: Final = 10.0
"""The same on a line that loses packets or is far: one lost packet of a short page costs a second (RFC 6298)."""
STEADY_RTT_MS: Final = 120.0
STEADY_LOSS_SHARE: Final = 0.01


def _is_steady(health: LocalHealth | None) -> bool:
    return health is None or ((health.rtt_ms or 0.0) < STEADY_RTT_MS and (health.loss_share or 0.0) < STEADY_LOSS_SHARE)


def stall_word(measurement: Measurement, transfer: TransferFact | None, *, address: str) -> str:
    """Say whether a page that stopped on its way stopped again after ``same`` or ``other`` many bytes, or ``none``."""
    again = find(measurement, "flow.repeat", addresses=(address,))
    if again is None or transfer is None or again.failure == "interrupted":
        return "none"
    if again.n_good or again.failure == "ok":
        return "other"
    most = max(again.received_bytes, transfer.received_bytes)
    apart = abs(again.received_bytes - transfer.received_bytes)
    return "same" if apart <= SAME_BYTES + SAME_SHARE * most else "other"


SAME_BYTES: Final = 2_900
"""Two full segments: where a transfer stops depends on how its bytes were cut."""
SAME_SHARE: Final = 0.1
"""Not validated. Both figures are bytes read from the connection; handshakes differ a little in length."""


def _own_rate(transfer: TransferFact | None, again: Contrast | None) -> float | None:
    """Give the faster rate of the page and its repeat: a page is slow only if it is slow again.

    None where the round trips alone explain the time: TCP sends ten segments, then twice as many each round (RFC 6928).
    """
    rates = []
    if again is not None and again.lasted_s > 0.0 and (again.received_bytes >= TELLING_BYTES or not again.n_good):
        rounds = math.ceil(math.log2(again.received_bytes / INITIAL_WINDOW_BYTES + 1.0)) + 1
        if again.n_good and again.lasted_s <= ROUNDS_SLACK * rounds * (again.rtt_ms or 0.0) / 1000.0:
            return None
        rates.append(again.received_bytes * 8.0 / again.lasted_s)
    if transfer is not None and transfer.last_s > transfer.first_s:
        rates.append(transfer.received_bytes * 8.0 / (transfer.last_s - transfer.first_s + transfer.silence_s))
    return max(rates, default=None)


INITIAL_WINDOW_BYTES: Final = 14_600
"""Ten segments (RFC 6928)."""
ROUNDS_SLACK: Final = 2.0
"""How many times longer than its round trips a transfer may take and still be explained by them. Not validated."""


Facts = tuple[str, ...]


def of_connections(measurement: Measurement, steps: Sequence[TcpConnect]) -> tuple[Facts, Facts]:
    """Give the facts ``repeat``, ``icmp`` and ``end`` of connections that failed, and their places."""
    addresses = {step.address for step in steps}
    repeated = find(measurement, "tcp.repeat", addresses=addresses)
    told = next((step for step in steps if step.icmp_sender), None)
    sender = "none" if told is None else told.icmp_sender
    walk = find(measurement, "tcp.walk", addresses=addresses)
    facts = (
        repeat_word(measurement, "tcp.repeat", addresses=addresses),
        sender if sender != "local" else "none",
        _end_of(walk),
    )
    return facts, (_at(repeated), told.at if told is not None else "", _at(walk))


def _end_of(walk: Contrast | None) -> str:
    """Say where a walk found that a step ends: at the ``target``, ``before`` it, or ``none`` where it does not tell."""
    if walk is None or not walk.sender:
        return "none"
    return {"target": "target", "access": "before", "transit": "before"}.get(walk.sender, "none")


def other_port(measurement: Measurement, steps: Sequence[TcpConnect]) -> str:
    """Say whether another port of the same addresses ``answers`` where these connections do not, or fails ``alike``."""
    failed = {step.failure for step in steps}
    contrast = find(measurement, "tcp.other_port", addresses={step.address for step in steps})
    if contrast is None or not contrast.n:
        return "none"
    if contrast.n_good or contrast.failure in ("refused", "reset"):
        return "answers"
    return "alike" if contrast.failure in failed else "none"


SAME_HELLO: Final = ("tls.repeat", "tls.browser_hello", "tls.ech_grease")
"""Follow-ups that send the same name to the same address, in forms that a filter by name does not tell apart."""


def of_handshakes(measurement: Measurement, *, name: str, addresses: Collection[str]) -> tuple[str, Facts, Facts]:
    """Give ``other_name``, then ``repeat``, ``elsewhere``, ``split`` and ``end`` of failed handshakes, and places."""
    words = {word(measurement, kind, addresses=addresses) for kind in ("tls.other_name", "tls.no_name")}
    other = "works" if "works" in words else "fails" if "fails" in words else "none"
    facts = (
        repeat_word(measurement, *SAME_HELLO, name=name, addresses=addresses),
        word(measurement, "tls.control_address", name=name),
        word(measurement, "tls.split_hello", name=name, addresses=addresses),
        _end_of(find(measurement, "tls.walk", name=name, addresses=addresses)),
    )
    kinds = ("tls.repeat", "tls.control_address", "tls.split_hello", "tls.walk")
    return other, facts, tuple(_at(find(measurement, kind, name=name)) for kind in kinds)


def of_request(measurement: Measurement, name: str) -> tuple[Facts, Facts]:
    """Give the facts ``repeat``, ``other_host`` and ``end`` of a request in clear that failed, and their places."""
    facts = (
        repeat_word(measurement, "http.repeat", name=name),
        word(measurement, "http.other_host"),
        _end_of(find(measurement, "http.walk", name=name)),
    )
    kinds = ("http.repeat", "http.other_host", "http.walk")
    return facts, tuple(_at(find(measurement, kind)) for kind in kinds)


def of_name(measurement: Measurement, name: str, *, plain: bool) -> tuple[Facts, Facts]:
    """Give the facts ``other_name``, ``no_resolver``, ``notice`` and ``repeat`` of a name's lookups, and their places.

    ``plain`` says that these are the lookups with the plain resolver of the probe's choice: only they are repeated.
    """
    other = find(measurement, "dns.other_name")
    this = find(measurement, "dns.no_resolver", name=name)
    any_name = find(measurement, "dns.no_resolver_other_name")
    answered = "none"
    if this is not None:
        answered = "silent"
        if this.n_good:
            answered = "any_name" if any_name is not None and any_name.n_good else "this_name"
    page = find(measurement, "dns.odd_page", name=name)
    notice = "none"
    if page is not None and page.n:
        notice = _NOTICES.get(page.detail, "page") if page.n_good else "silent"
    repeated = repeat_word(measurement, "dns.repeat", name=name) if plain else "none"
    facts = (word(measurement, "dns.other_name"), answered, notice, repeated)
    return facts, (_at(other), _at(this), _at(page), _at(find(measurement, "dns.repeat", name=name)))


_NOTICES: Final = {"blockpage": "notice", "filter": "notice", "refusal": "notice"}


def _at(contrast: Contrast | None) -> str:
    return "" if contrast is None else contrast.at


def walked_locus(measurement: Measurement, layers: Sequence[str]) -> str:
    """Say where a walk or an ICMP error found the cause: ``access``, ``transit`` or ``target``; "" where none tells."""
    for layer in layers:
        for kind in _WALKS.get(layer, ()):
            contrast = find(measurement, kind)
            if contrast is not None and contrast.sender in _WALKED:
                return contrast.sender
    senders = {step.icmp_sender for step in measurement.connects if step.failure == "unreachable"}
    told = senders & _WALKED if "ip" in layers or "tcp" in layers else set()
    return told.pop() if len(told) == 1 else ""


_WALKED: Final = frozenset(("access", "transit", "target"))
_WALKS: Final = {
    "dns": ("dns.walk",),
    "ip": ("tcp.walk",),
    "tcp": ("tcp.walk",),
    "tls": ("tls.walk",),
    "http": ("http.walk",),
}
