"""How often one network may ask, counted in memory: no address of a visitor is stored.

Counted by the hour. At its end all counts go, and with them the chance-made salt under whose hash they stood. A network
is an IPv4 /24 or an IPv6 /48. Behind one address of a mobile operator stand thousands, on the very day of an outage,
so the limits are wide: against filling one mailbox stands another limit, which does not ask who asks
(``pipeline.informing.subscribing.limits``). All limits here are judgement.
"""

import hmac
import ipaddress
import threading
from collections.abc import Callable
from typing import Final, Literal, TypeVar

Act = Literal["subscribe", "report", "look"]

_Name = TypeVar("_Name", bytes, Act)

HOUR_S: Final = 3600.0
PER_NETWORK_MAX: Final[dict[Act, int]] = {"subscribe": 60, "report": 120, "look": 600}
"""In one hour. ``look`` is all that writes nothing new, such as opening a link or asking for a report's state."""
IN_ALL_MAX: Final[dict[Act, int]] = {"subscribe": 2000, "report": 5000, "look": 200_000}
"""In one hour. A request to confirm is a mail that we send."""
NETWORKS_MAX: Final = 50_000
"""Networks counted at once; beyond, new ones share one count. Some 10 MB."""
SALT_BYTES: Final = 16


class Limits:
    """Counts of this hour. ``clock`` gives seconds that never go back; ``new_bytes`` draws the salt."""

    def __init__(self, *, clock: Callable[[], float], new_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._new_bytes = new_bytes
        self._lock = threading.Lock()
        self._counts: dict[bytes, int] = {}
        self._totals: dict[Act, int] = {}
        self._salt = new_bytes(SALT_BYTES)
        self._ends_at = clock() + HOUR_S

    def allow(self, act: Act, client: str) -> bool:
        """Count one act of a client, and say whether it may go on.

        Args:
            act: What it is about to do.
            client: Its address, as the server sees it.
        """
        with self._lock:
            self._renew()
            return _count(self._totals, act, IN_ALL_MAX[act]) and _count(
                self._counts, self._mark(act, network_of(client)), PER_NETWORK_MAX[act]
            )

    def _renew(self) -> None:
        if self._clock() >= self._ends_at:
            self._counts, self._totals = {}, {}
            self._salt = self._new_bytes(SALT_BYTES)
            self._ends_at = self._clock() + HOUR_S

    def _mark(self, act: Act, network: str) -> bytes:
        """Name a network's count so that nobody learns the network from it."""
        mark = hmac.digest(self._salt, f"{act} {network}".encode(), "sha256")[:16]
        is_full = mark not in self._counts and len(self._counts) >= NETWORKS_MAX
        return f"other networks {act}".encode() if is_full else mark


def _count(counts: dict[_Name, int], name: _Name, n_most: int) -> bool:
    n_before = counts.get(name, 0)
    if n_before < n_most:
        counts[name] = n_before + 1
    return n_before < n_most


def network_of(client: str) -> str:
    """Name the network of an address; "" for what is none."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
