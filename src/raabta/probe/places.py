"""Where the sender of a packet stands, as a word: addresses of hops tell where a person is and are never written.

The person's operator is the network (AS number) of the first router on the way that the table of networks knows.
"""

from collections.abc import Callable, Iterable
from typing import Final, Literal

from raabta.reference.special import special_range

Place = Literal["local", "access", "transit", "target", "unknown"]
AsnOf = Callable[[str], int]
"""AS number of an address, 0 where the table does not know it."""

OWN_KINDS: Final = frozenset({"private", "cgnat", "link_local", "loopback", "unique_local"})
"""Special ranges (``reference.special``) used inside homes and operators: they stand before the first known network."""


def knows_nothing(_address: str) -> int:
    """Be the table of networks where there is none."""
    return 0


def own_asn(hops: Iterable[str], *, asn_of: AsnOf) -> int:
    """Give the AS number of the first hop that the table knows, 0 for none. ``hops`` may hold "" for silent ones."""
    return next((asn for hop in hops if hop and (asn := asn_of(hop))), 0)


def place_of(sender: str, *, target: str, asn_of: AsnOf, operator_asn: int) -> tuple[Place, int]:
    """Say where a sender stands, and its AS number.

    Args:
        sender: Its address, "" where nobody told.
        target: The address that was being spoken to.
        asn_of: The table of networks.
        operator_asn: The person's operator, 0 where unknown.
    """
    if not sender:
        return "unknown", 0
    asn = asn_of(sender)
    if sender == target:
        return "target", asn
    if not asn:
        return ("local" if special_range(sender) in OWN_KINDS else "unknown"), 0
    if not operator_asn:
        return "unknown", asn
    return ("access" if asn == operator_asn else "transit"), asn
