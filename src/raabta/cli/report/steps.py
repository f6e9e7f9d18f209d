"""The steps of a measurement in the order of time: what was tried, where, what came back, when.

A document gives the time a step ended. A step begins no earlier than the step that it needed ended: a connection needs
the lookup that gave its address, a handshake its connection, a request its handshake. So ``begun_s`` to
``ended_s`` is how long the step may have taken at most.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from raabta.cli.report.words import as_words
from raabta.model import HttpExchange, Measurement, TlsHandshake

_RESOLVERS: Final = {"system": "system DNS", "udp": "plain DNS", "encrypted": "encrypted DNS"}
"""How a name was looked up: by the everyday resolver, a second one, or one that nobody can listen to."""


class Step(Struct, frozen=True, kw_only=True, gc=False):
    """One row. ``begun_s`` and ``ended_s`` are seconds since the measurement began; None where nothing is known."""

    kind: str
    place: str
    result: str
    failure: str
    begun_s: float | None = None
    ended_s: float | None = None


def steps_of(measurement: Measurement) -> list[Step]:
    """Give the steps in the order of their ends, those without a time last, as the document has them."""
    steps = [*_lookups(measurement), *_connects(measurement), *_handshakes(measurement), *_exchanges(measurement)]
    steps += [
        Step(
            kind=as_words(check.kind.replace(".", " ")),
            place=_endpoint(check.address, check.port),
            result="answered" if check.outcome == "ok" else as_words(check.outcome),
            failure=check.outcome,
        )
        for check in measurement.checks
    ]
    if not any(step.ended_s for step in steps):
        return steps
    return sorted(steps, key=lambda step: (step.ended_s is None, step.ended_s or 0.0))


def _lookups(measurement: Measurement) -> Iterator[Step]:
    for lookup in measurement.lookups:
        first = lookup.answers[0][0] if lookup.answers else "no address"
        more = f" +{len(lookup.answers) - 1}" if len(lookup.answers) > 1 else ""
        yield Step(
            kind=_RESOLVERS.get(lookup.resolver, lookup.resolver),
            place=lookup.host,
            result=f"{first}{more}" if lookup.failure == "ok" else as_words(lookup.failure),
            failure=lookup.failure,
            begun_s=0.0,
            ended_s=lookup.t_s,
        )


def _connects(measurement: Measurement) -> Iterator[Step]:
    given: dict[str, float] = {}
    for lookup in measurement.lookups:
        for address, _ in lookup.answers:
            if lookup.t_s is not None:
                given[address] = min(given.get(address, lookup.t_s), lookup.t_s)
    for connect in measurement.connects:
        yield Step(
            kind="TCP",
            place=_endpoint(connect.address, connect.port),
            result="connected" if connect.failure == "ok" else as_words(connect.failure),
            failure=connect.failure,
            begun_s=given.get(connect.address, 0.0),
            ended_s=connect.t_s,
        )


def _handshakes(measurement: Measurement) -> Iterator[Step]:
    for step in measurement.handshakes:
        ends = [it.t_s for it in measurement.connects if (it.address, it.port) == (step.address, step.port)]
        yield Step(
            kind="QUIC" if step.transport == "quic" else "TLS",
            place=_endpoint(step.address, step.port),
            result=_handshake_result(step),
            failure=step.failure,
            begun_s=_latest(ends, before=step.t_s),
            ended_s=step.t_s,
        )


def _handshake_result(step: TlsHandshake) -> str:
    if step.failure == "ok":
        return "completed"
    heard = {"sent": ", nothing heard", "read": ", after an answer"}.get(step.step, "")
    return f"{as_words(step.failure)}{heard}"


def _exchanges(measurement: Measurement) -> Iterator[Step]:
    for step in measurement.exchanges:
        ends = [it.t_s for it in measurement.handshakes if _endpoint(it.address, it.port) == step.address]
        ends += [it.t_s for it in measurement.connects if _endpoint(it.address, it.port) == step.address]
        yield Step(
            kind="request",
            place=step.url,
            result=_exchange_result(step),
            failure=step.failure,
            begun_s=_latest(ends, before=step.t_s),
            ended_s=step.t_s,
        )


def _exchange_result(step: HttpExchange) -> str:
    size = f", {step.body_bytes:,} bytes" if step.body_bytes >= 0 and step.status else ""
    status = f"status {step.status}{size}" if step.status else ""
    if step.failure == "ok":
        return status or "answered"
    return f"{as_words(step.failure)}{f' after {status}' if status else ''}"


def _latest(ends: list[float | None], *, before: float | None) -> float:
    """Give the last end before a time; 0, the measurement's beginning, where there is none."""
    return max((end for end in ends if end is not None and before is not None and end <= before), default=0.0)


def _endpoint(address: str, port: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}" if port else host
