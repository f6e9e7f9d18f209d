"""What network events (df-008) tell about a step that failed: how far a handshake got, how bytes arrived.

Events are the largest part of a document and matter only when something went wrong, so they are decoded on demand.
Old documents have neither addresses nor transaction ids in most events; then only a document with a single connection
can be judged, and others say nothing.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from raabta.model import HttpExchange, Note, TlsHandshake, TransferFact
from raabta.wire.ooni.types import DECODE_ERRORS, WireEvent, WireExchange, WireHandshake

_DECODER: Final = msgspec.json.Decoder(list[WireEvent])

MAX_LOOKED_AT: Final = 200
"""Steps of a document whose events are looked at. Real documents have at most some forty."""
MAX_S: Final = 86_400
MAX_BYTES: Final = 1 << 50
"""Beyond a day and a pebibyte a figure is no figure; larger integers do not fit into a float."""


def decode_events(raw: msgspec.Raw, notes: list[Note]) -> list[WireEvent]:
    """Decode the events; an unreadable list is noted and empty."""
    if not raw or bytes(raw) == b"null":
        return []
    try:
        return _DECODER.decode(raw)
    except DECODE_ERRORS as error:
        notes.append(Note(field="test_keys.network_events", reason=str(error)))
        return []


def handshake_steps(
    handshakes: tuple[TlsHandshake, ...], *, wire: list[WireHandshake], events: list[WireEvent]
) -> tuple[TlsHandshake, ...]:
    """Fill in ``step`` of the handshakes that failed: ``sent`` when nothing was read after the ClientHello."""
    ids = {step.address: step.transaction_id for step in wire}
    owned = _Owned(events)
    return (
        tuple(
            step
            if step.failure == "ok"
            else msgspec.structs.replace(step, step=_step(owned.of(_endpoint(step), ids.get(_endpoint(step)))))
            for step in handshakes[:MAX_LOOKED_AT]
        )
        + handshakes[MAX_LOOKED_AT:]
    )


def _endpoint(step: TlsHandshake) -> str:
    return f"[{step.address}]:{step.port}" if ":" in step.address else f"{step.address}:{step.port}"


class _Owned:
    """Events by connection: by transaction, where the probe numbered them, else by address. Sorted when first asked."""

    def __init__(self, events: list[WireEvent]) -> None:
        self._all = events
        self._by_transaction: dict[int, list[WireEvent]] = {}
        self._by_address: dict[str, list[WireEvent]] = {}
        self._of_the_only_one: list[WireEvent] = []

    def of(self, endpoint: str, transaction: int | None) -> list[WireEvent]:
        """Give the events of one connection."""
        if transaction:
            if not self._by_transaction:
                self._sort_by_transaction()
            return self._by_transaction.get(transaction, [])
        if not self._by_address:
            self._sort_by_address()
        return self._by_address.get(endpoint, self._of_the_only_one)

    def _sort_by_transaction(self) -> None:
        for event in self._all:
            self._by_transaction.setdefault(event.transaction_id or 0, []).append(event)

    def _sort_by_address(self) -> None:
        self._by_address["(sorted)"] = []
        if sum(event.operation == "connect" for event in self._all) == 1:
            self._of_the_only_one = self._all  # old events have no address, and then one connection has them all
            return
        for event in self._all:
            if event.address:
                self._by_address.setdefault(event.address, []).append(event)


def _step(events: Iterable[WireEvent]) -> str:
    """Say whether anything was read between the first write of the handshake and its end."""
    written = False
    started = False
    for event in events:
        operation = event.operation
        if operation == "tls_handshake_start":
            started = True
        elif operation == "tls_handshake_done":
            break
        elif operation == "write" and started and event.failure is None:
            written = True
        elif written and operation in ("read", "bytes_received_cumulative") and event.failure is None:
            return "read"
    return "sent" if written else ""


def transfers(
    exchanges: tuple[HttpExchange, ...], *, wire: list[WireExchange], events: list[WireEvent]
) -> tuple[TransferFact, ...]:
    """Say how bytes arrived for each exchange, where its connection's read events are known."""
    facts = []
    owned = _Owned(events)
    for step, raw in zip(exchanges[:MAX_LOOKED_AT], wire, strict=False):
        fact = _transfer(step, owned.of(step.address, raw.transaction_id))
        if fact is not None:
            facts.append(fact)
    return tuple(facts)


def _transfer(step: HttpExchange, events: list[WireEvent]) -> TransferFact | None:
    total = 0
    first = last = -1.0
    for event in events:
        if event.t is None or event.num_bytes is None or event.failure is not None:
            continue
        if not (0 <= event.t < MAX_S and 0 <= event.num_bytes < MAX_BYTES):
            continue
        if event.operation == "bytes_received_cumulative":
            total, grown = max(total, event.num_bytes), event.num_bytes > total
        elif event.operation == "read":
            total, grown = total + event.num_bytes, event.num_bytes > 0
        else:
            continue
        if grown:
            first = event.t if first < 0 else first
            last = event.t
    if first < 0:
        return None
    end = step.t_s if step.t_s is not None and 0 < step.t_s < MAX_S else last
    return TransferFact(
        at=step.at,
        address=step.address,
        received_bytes=total,
        first_s=float(first),
        last_s=float(last),
        silence_s=max(0.0, float(end) - float(last)),
    )
