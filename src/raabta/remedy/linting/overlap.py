"""Entries that spare the same traffic: twice the same, or one inside the other.

A kernel's set refuses overlapping intervals, and two clocks for one tuple mean that nobody knows when it ends.

An entry has a *shape*: how long its two prefixes are, whether it names a protocol and a port. A wider entry that
contains a narrower one has one of few wider shapes, and what it names is what the narrower names, cut to that shape.
So each entry is looked up once for each wider shape that occurs: lists have a handful.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from raabta.model.exemption import ExemptionEntry
from raabta.remedy.linting.places import Place

_Key = tuple[int, int, str, int]
"""First address of the source and of the destination (each cut to the shape), protocol, port."""
_Shape = tuple[bool, int, int, bool, bool]
"""Family, length of source, of destination (-1 for any), whether any protocol, whether any port."""


def find_overlaps(
    entries: Iterable[ExemptionEntry], places: Mapping[str, Place]
) -> Iterator[tuple[ExemptionEntry, str, str]]:
    """Give (entry, rule, id of the other) for each entry that another makes needless.

    Of two that are the same the later is given, of two of which one contains the other the narrower.

    Args:
        entries: In order. Those whose prefixes cannot be read, or are of two families, are passed over.
        places: What the prefixes' texts mean.
    """
    by_shape: dict[_Shape, dict[_Key, ExemptionEntry]] = defaultdict(dict)
    for entry in entries:
        shaped = _shape_of(entry, places)
        if shaped is None:
            continue
        first = by_shape[shaped[0]].setdefault(shaped[1], entry)
        if first is not entry:
            yield entry, "duplicate.same", first.id
    for shape, keyed in by_shape.items():
        wider = _wider(shape, by_shape)
        if wider:
            yield from _contained(keyed, wider, by_shape)


def _contained(
    keyed: Mapping[_Key, ExemptionEntry],
    wider: Iterable[_Shape],
    by_shape: Mapping[_Shape, Mapping[_Key, ExemptionEntry]],
) -> Iterator[tuple[ExemptionEntry, str, str]]:
    for key, entry in keyed.items():
        for other in wider:
            found = by_shape[other].get(_cut(key, other))
            if found is not None:
                yield entry, "duplicate.contained", found.id
                break


def _shape_of(entry: ExemptionEntry, places: Mapping[str, Place]) -> tuple[_Shape, _Key] | None:
    place = places.get(entry.source)
    if place is None or place.span is None:
        return None
    first, _, is_ipv6, length = place.span
    transport, port = entry.transport, entry.port
    if not entry.destination:
        return (is_ipv6, length, -1, transport == "any", port == 0), (first, 0, transport, port)
    place = places.get(entry.destination)
    if place is None or place.span is None or place.span.is_ipv6 != is_ipv6:
        return None
    to = place.span
    return (is_ipv6, length, to[3], transport == "any", port == 0), (first, to[0], transport, port)


def _wider(shape: _Shape, shapes: Iterable[_Shape]) -> list[_Shape]:
    """Give the shapes that can contain an entry of another shape, widest first."""
    is_ipv6, source, destination, any_transport, any_port = shape
    found = [
        other
        for other in shapes
        if other != shape
        and other[0] == is_ipv6
        and other[1] <= source
        and other[2] <= destination
        and other[3] >= any_transport
        and other[4] >= any_port
    ]
    return sorted(found, key=lambda other: (other[1], other[2]))


def _cut(key: _Key, shape: _Shape) -> _Key:
    """Cut what an entry names to a wider shape."""
    source, destination, transport, port = key
    is_ipv6, source_length, destination_length, any_transport, any_port = shape
    n_bits = 128 if is_ipv6 else 32
    n_source = n_bits - source_length
    n_destination = n_bits - max(destination_length, 0)
    return (
        source >> n_source << n_source,
        0 if destination_length < 0 else destination >> n_destination << n_destination,
        "any" if any_transport else transport,
        0 if any_port else port,
    )
