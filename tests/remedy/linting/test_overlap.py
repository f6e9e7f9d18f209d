"""Overlaps, held against comparing every entry with every other."""

import ipaddress
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from raabta.model.exemption import ExemptionEntry
from raabta.remedy.linting.overlap import find_overlaps
from tests.cases.linting import BENCH, entry

SOURCES = ["198.18.1.0/29", "198.18.1.0/30", "198.18.1.2/31", "198.18.1.2/32", "198.18.1.3/32", "198.18.1.8/29"]
SOURCES6 = ["2001:db8:1::/48", "2001:db8:1::/64", "2001:db8:1::1/128"]
PLACES = st.sampled_from(["", "198.19.1.0/29", "198.19.1.2/32", "198.19.1.9/32", "2001:db8:f::1/128", "nonsense"])
ENTRIES = st.builds(
    entry,
    source=st.sampled_from([*SOURCES, *SOURCES6, "no prefix"]),
    destination=PLACES,
    transport=st.sampled_from(["udp", "tcp", "any", "esp"]),
    port=st.sampled_from([0, 443, 51820]),
)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def covers(wide: ExemptionEntry, narrow: ExemptionEntry) -> bool:
    """Whether all that a narrow entry spares is spared by a wide one, by the plain meaning of their fields."""
    for field in ("source", "destination"):
        one, other = getattr(wide, field), getattr(narrow, field)
        if field == "destination" and not one:
            continue
        first, second = network(one), network(other)
        if first is None or second is None or first.version != second.version:
            return False
        if not second.subnet_of(first):  # type: ignore[arg-type]  # one family, as seen above
            return False
    return wide.transport in ("any", narrow.transport) and wide.port in (0, narrow.port)


def readable(one: ExemptionEntry) -> bool:
    source, destination = network(one.source), network(one.destination)
    if source is None or (one.destination and destination is None):
        return False
    return destination is None or destination.version == source.version


def expected(entries: Sequence[ExemptionEntry]) -> set[str]:
    """Ids of entries that an earlier one equals, or another covers."""
    found = set()
    for at, one in enumerate(entries):
        for position, other in enumerate(entries):
            same = covers(other, one) and covers(one, other)
            if at != position and readable(one) and readable(other) and covers(other, one):
                found |= {one.id} if not same or position < at else set()
    return found


@given(st.lists(ENTRIES, max_size=12))
def test_an_entry_is_told_when_another_spares_all_that_it_spares(made: list[ExemptionEntry]) -> None:
    entries = [
        entry(**{f: getattr(one, f) for f in ("source", "destination", "transport", "port")}, id=f"x-{at}")
        for at, one in enumerate(made)
    ]
    places = {text: BENCH.place(text, {}) for one in entries for text in (one.source, one.destination) if text}
    assert {one.id for one, _, _ in find_overlaps(entries, places)} == expected(entries)
