"""Facts about encrypted connections: the handshake, the certificate chain, and whether data flowed afterwards.

What a probe calls an invalid certificate is checked here where the chain is in the data (``certificates``). A request
over verified TLS that fails afterwards is a fact of this layer: nobody in between can see its Host header, so
what stops it sees the name in the ClientHello, or the address.
"""

from collections.abc import Sequence
from typing import Final

from raabta.diagnose import tcp
from raabta.model import Control, HttpExchange, TlsHandshake, TransferFact

FACTS: Final = (
    "result",
    "control",
    "many",
    "chain",
    "step",
    "flow",
    "flow_control",
    "other_name",
    "context",
    "repeat",
    "elsewhere",
    "split",
    "end",
    "beside",
    "stall",
    "partly",
    "clock",
)

_CERTIFICATE: Final = ("certificate_hostname", "certificate_authority", "certificate_invalid")
_JUDGED: Final = frozenset(("reset", "eof", "timeout", "tls_alert", *_CERTIFICATE))

CRAWL_BPS: Final = 64_000
"""Goodput below which a transfer crawls: a hundredth of Pakistan's median line (5.3 Mbit/s, M-Lab 10/2024)."""
CRAWL_S: Final = 10.0
"""Seconds for which it must last. Not validated."""
STALL_S: Final = 5.0
"""Seconds of silence before the end of a transfer that count as a stall. Not validated."""


def control_of(control: Control | None, step: TlsHandshake) -> str:
    """Give the class of the control's handshake at the same end point, "" where it did not try."""
    if control is None:
        return ""
    seen = control.endpoints.get(tcp.endpoint_name(step.address, step.port))
    return "" if seen is None else seen.tls


def judged(tried: Sequence[tuple[TlsHandshake, str]]) -> tuple[list[TlsHandshake], str]:
    """Choose the handshakes to judge, and say what the control's did: ``ok``, ``same``, ``failed`` or ``none``."""
    steps = [step for step, seen in tried if seen == "ok" and step.failure == "ok"]
    if len(steps) == len(tried):
        return steps, "ok"  # nearly always
    useful = [(step, seen) for step, seen in tried if step.failure != "interrupted"]
    chosen = tcp.by_control(useful)
    if chosen is not None:
        return chosen
    same = any(step.failure == seen for step, seen in useful)
    return [step for step, _ in useful], "same" if same else "failed"


def result_of(steps: Sequence[TlsHandshake]) -> tuple[str, str]:
    """Give one word for what the handshakes did, and the place of one that shows it."""
    result, at = tcp.result_of(steps, _JUDGED)
    return ("alert" if result == "tls_alert" else result), at


def partly_of(steps: Sequence[TlsHandshake]) -> str:
    """Say how those of several handshakes failed that did: ``cut``, ``silent``, ``certificate`` or ``none``."""
    ways = {_WAYS.get(step.failure, "none") for step in steps if step.failure != "ok"}
    return ways.pop() if len(ways) == 1 else "none"


_WAYS: Final = {"reset": "cut", "eof": "cut", "tls_alert": "cut", "timeout": "silent"} | dict.fromkeys(
    _CERTIFICATE, "certificate"
)


def step_of(steps: Sequence[TlsHandshake]) -> str:
    """Say how far the failed handshakes got: ``sent`` (nothing came back), ``read`` or ``none`` (unknown)."""
    known = {step.step for step in steps if step.failure != "ok" and step.step}
    return known.pop() if len(known) == 1 else "none"


def flow_of(exchange: HttpExchange | None, transfers: Sequence[TransferFact]) -> str:
    """Say what happened to a request on an open connection."""
    if exchange is None:
        return "none"
    transfer = transfer_of(transfers, exchange)
    match exchange.failure:
        case "ok" | "invalid_redirect" | "too_many_redirects":
            return "crawls" if transfer is not None and crawls(transfer) else "data"
        case "timeout" if transfer is not None and transfer.silence_s < STALL_S and _lasts(transfer):
            return "crawls"
        case "timeout":
            return "stalled" if exchange.status or exchange.body else "silent"
        case "reset" | "eof":
            return exchange.failure
        case _:
            return "none"


def transfer_of(transfers: Sequence[TransferFact], exchange: HttpExchange) -> TransferFact | None:
    """Give how the bytes of an exchange arrived, where its events tell."""
    return next((fact for fact in transfers if fact.at == exchange.at), None)


def _lasts(transfer: TransferFact) -> bool:
    """Say whether bytes kept coming until the probe gave up: too slow, whatever the rate."""
    return transfer.last_s - transfer.first_s >= CRAWL_S


def crawls(transfer: TransferFact) -> bool:
    """Say whether bytes kept coming, but far too slowly."""
    lasted = transfer.last_s - transfer.first_s
    return lasted >= CRAWL_S and transfer.received_bytes * 8.0 / lasted < CRAWL_BPS
