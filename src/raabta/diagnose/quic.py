"""Facts about QUIC: what the handshake did at addresses where TCP works.

QUIC at an address that TCP does not reach either is the address's matter. A server whose QUIC fails for the control too
simply has none, whatever it advertises; browsers then use TCP, and nothing is wrong.
"""

from collections.abc import Sequence
from typing import Final

from raabta.diagnose import contrasts, tcp
from raabta.model import Control, Measurement, TcpConnect, TlsHandshake

FACTS: Final = ("result", "control", "repeat", "other_name", "version", "elsewhere")

_JUDGED: Final = frozenset(("timeout", "refused", "reset", "unreachable", "eof"))


def judged(steps: Sequence[TlsHandshake], connects: Sequence[TcpConnect]) -> list[TlsHandshake]:
    """Choose the QUIC handshakes at addresses that TCP reached, or that it did not try."""
    reached = {step.address for step in connects if step.failure == "ok"}
    tried = {step.address for step in connects}
    return [
        step
        for step in steps
        if step.transport == "quic"
        and step.failure != "interrupted"
        and (step.address in reached or step.address not in tried)
    ]


def control_of(control: Control | None, steps: Sequence[TlsHandshake]) -> str:
    """Say what the control's QUIC handshakes to the same end points did: ``ok``, ``failed`` or ``none``."""
    if control is None:
        return "none"
    seen = [control.endpoints.get(tcp.endpoint_name(step.address, step.port)) for step in steps]
    words = {found.quic for found in seen if found is not None and found.quic}
    return "none" if not words else "ok" if "ok" in words else "failed"


def facts_of(measurement: Measurement, steps: Sequence[TlsHandshake], *, name: str) -> tuple[tuple[str, ...], str]:
    """Give the facts of one host's QUIC, and the place of a step that shows them."""
    answered = [step for step in steps if step.failure.startswith("certificate")]
    if answered:  # whoever shows a certificate, good or bad, speaks QUIC: the TLS cell judges certificates
        return ("ok", "none", "none", "none", "none", "none"), answered[0].at
    result, at = tcp.result_of(steps, _JUDGED)
    control = control_of(measurement.control, steps)
    if result in ("ok", "some") or control == "failed":
        return (result, control, "none", "none", "none", "none"), at
    addresses = {step.address for step in steps}
    return (
        result,
        control,
        contrasts.repeat_word(measurement, "quic.repeat", name=name, addresses=addresses),
        contrasts.word(measurement, "quic.other_name", addresses=addresses),
        contrasts.word(measurement, "quic.version_negotiation", addresses=addresses),
        contrasts.word(measurement, "quic.control_address"),
    ), at
