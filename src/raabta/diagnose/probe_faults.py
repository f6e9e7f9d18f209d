"""Known faults of probes: versions of a nettest whose failures of one class say nothing about the network.

A row is added when a nettest's maintainers say so; it names where. Steps that a row covers are not judged, and a
measurement with such steps is never called ``ok``, since what they would have said is not known.
"""

from typing import Final

from msgspec import Struct

from raabta.model import Measurement


class ProbeFault(Struct, frozen=True, kw_only=True):
    """Up to ``last_version`` of ``test_name``, failures of class ``failure`` from ``since`` on are the probe's own."""

    test_name: str
    last_version: tuple[int, ...]
    since: str
    failure: str
    reason: str
    source: str


PROBE_FAULTS: Final = (
    ProbeFault(
        test_name="signal",
        last_version=(0, 2, 3),
        since="2022-10-19",
        failure="certificate_authority",
        reason="this version of the nettest does not know the authority that Signal's certificates come from",
        source="ooni/probe issue 2344; ooni/backend pull request 772",
    ),
)


def fault_of(measurement: Measurement) -> ProbeFault | None:
    """Give the known fault that a measurement shows, None where it shows none."""
    for fault in PROBE_FAULTS:
        if (
            measurement.test_name == fault.test_name
            and measurement.measured_at >= fault.since
            and _version(measurement.test_version) <= fault.last_version
            and any(step.failure == fault.failure for step in measurement.handshakes)
        ):
            return fault
    return None


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    return tuple(int(part) for part in parts[:4] if part.isascii() and part.isdigit() and len(part) < 10)
