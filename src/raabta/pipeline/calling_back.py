"""Proof of an address without a service: its holder calls out, and our controls sign where the calls came from.

Receipts show the member's challenge as their nonce, so that they prove nothing for anybody else. Counted is a day (UTC)
on which two controls with different keys saw the same key at an address of the end point within 120 s. Three such days
in 30 prove it. On a day where two controls saw one key within 120 s at two addresses of a family, the operator sends
the line out by several addresses (split NAT), and the day does not count.

Only one subscriber's addresses can be proved so: one IPv4 address, or IPv6 up to a /64. One address says nothing of
its neighbours.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from msgspec import Struct

from raabta.wire.receipt import WINDOW_S, Receipt, is_genuine

N_DAYS: Final = 3
N_CONTROLS: Final = 2
MAX_SPAN_DAYS: Final = 30
"""How old a receipt may be that counts. Design: remedy.md has proofs expire after 30 to 90 days."""
MAX_RECEIPTS: Final = 256
"""Two controls asked four times a day for 30 days are 240."""
_WINDOW: Final = dt.timedelta(seconds=WINDOW_S)
_MIN_LENGTH: Final = {4: 32, 6: 64}


class CallBack(Struct, frozen=True, kw_only=True):
    """What is to be proved, and by whom.

    Attributes:
        challenge: The text that the member was given: every receipt must show it.
        prefix: The end point's address: IPv4 /32, or IPv6 /64 to /128.
        issued_at: When the challenge was issued; what is older does not count.
        control_keys: Public keys (base64) of the association's controls.
        account_keys: Keys of the member that may have called; empty: any one key.
    """

    challenge: str
    prefix: str
    issued_at: dt.datetime
    control_keys: frozenset[str]
    account_keys: frozenset[str] = frozenset()


class CallBackFinding(Struct, frozen=True, kw_only=True):
    """What receipts show so far. ``missing`` says in words what is not there yet, "" where it is proved."""

    days: tuple[dt.date, ...] = ()
    witnesses: tuple[str, ...] = ()
    """Keys of the controls that saw it on those days."""
    key: str = ""
    missing: str = ""

    @property
    def is_proved(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def judge_call_back(receipts: Sequence[Receipt], call: CallBack, *, now: dt.datetime) -> CallBackFinding:
    """Judge what a member handed in: nothing in it is believed but what known controls signed.

    Args:
        receipts: Of any days, in any order; the first 256 are looked at.
        call: What is to be proved.
        now: Aware UTC.

    Returns:
        Days that count, for the key that has most of them.

    Raises:
        ValueError: The end point's prefix is no address, or wider than one subscriber's. The text says what to try.
    """
    network = _one_subscriber(call.prefix)
    counted = [one for one in receipts[:MAX_RECEIPTS] if _counts(one, call, now)]
    found = [_of_key(counted, key, network) for key in sorted({one.key for one in counted})]
    if not found:
        words = "no receipt of a known control shows this challenge, in time. Run: raabta endpoint call-back"
        return CallBackFinding(missing=words)
    return max(found, key=lambda one: len(one.days))


def _counts(receipt: Receipt, call: CallBack, now: dt.datetime) -> bool:
    oldest = max(call.issued_at - _WINDOW, now - dt.timedelta(days=MAX_SPAN_DAYS))
    return (
        receipt.nonce == call.challenge
        and (not call.account_keys or receipt.key in call.account_keys)
        and oldest <= receipt.seen_at <= now + _WINDOW
        and is_genuine(receipt, control_keys=call.control_keys)
    )


def _of_key(
    receipts: Iterable[Receipt], key: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> CallBackFinding:
    family = [one for one in receipts if one.key == key and (":" in one.address) == (network.version == 6)]
    together = [pair for pair in combinations(sorted(family, key=_seen_at), N_CONTROLS) if _is_one_moment(*pair)]
    split = {one.seen_at.astimezone(dt.UTC).date() for one, other in together if one.address != other.address}
    good = [pair for pair in together if pair[0].address == pair[1].address and _is_in(pair[0].address, network)]
    days: dict[dt.date, set[str]] = {}
    for one, other in good:
        days.setdefault(one.seen_at.astimezone(dt.UTC).date(), set()).update((one.control, other.control))
    counted = {day: seen for day, seen in days.items() if day not in split}
    witnesses = sorted({control for seen in counted.values() for control in seen})
    missing = _words(
        len(counted), n_split=len(split), n_elsewhere=sum(not _is_in(one.address, network) for one in family)
    )
    return CallBackFinding(days=tuple(sorted(counted)), witnesses=tuple(witnesses), key=key, missing=missing)


def _words(n_days: int, *, n_split: int, n_elsewhere: int) -> str:
    if n_days >= N_DAYS:
        return ""
    said = [f"{n_days} of {N_DAYS} days on which {N_CONTROLS} controls saw it"]
    if n_split:
        said.append(f"on {n_split} days two controls saw two addresses (split NAT), so those do not count")
    if n_elsewhere:
        said.append(f"{n_elsewhere} receipts are for another address")
    return "; ".join(said) + ". Run on another day: raabta endpoint call-back"


def _is_one_moment(one: Receipt, other: Receipt) -> bool:
    return one.control != other.control and abs(other.seen_at - one.seen_at) <= _WINDOW


def _seen_at(receipt: Receipt) -> dt.datetime:
    return receipt.seen_at


def _is_in(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return ipaddress.ip_address(address) in network


def _one_subscriber(prefix: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(prefix)
    except ValueError as error:
        message = (
            f"{prefix!r}: a call-back proves an address, and this is none. Give the end point one, as 192.0.2.1/32."
        )
        raise ValueError(message) from error
    if network.prefixlen < _MIN_LENGTH[network.version]:
        message = (
            f"{prefix}: a call-back proves one IPv4 address or one IPv6 /64, nothing wider. "
            "Prove this network by reverse DNS or the operator's attestation."
        )
        raise ValueError(message)
    return network
