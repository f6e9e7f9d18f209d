"""Facts about connections: what they did at the addresses that somebody vouches for.

An address that only a contradicted lookup gave says nothing about the target, unless the control reached the same
end point. Where the control reached some end points and not others, only those that it reached are judged. A
connection to an IPv6 address that is unreachable at once, beside IPv4 that is tried, means that the line has no IPv6.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from raabta.model import Control, TcpConnect, TlsHandshake

FACTS: Final = ("result", "control", "many", "ports", "peers", "context", "repeat", "icmp", "end")

_JUDGED: Final = frozenset(("timeout", "refused", "reset", "unreachable"))

Step = TypeVar("Step", TcpConnect, TlsHandshake)

Tried = tuple[TcpConnect, str]
"""A connection and the class of the control's at the same end point ("" where it did not try)."""


def endpoint_name(address: str, port: int) -> str:
    """Give an end point as OONI's control writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def beside_control(connects: Sequence[TcpConnect], control: Control | None) -> list[Tried]:
    """Pair each connection with the class of the control's to the same end point."""
    if control is None:
        return [(step, "") for step in connects]
    seen = control.endpoints
    return [
        (step, found.tcp if (found := seen.get(endpoint_name(step.address, step.port))) is not None else "")
        for step in connects
    ]


def judged(tried: Sequence[Tried]) -> tuple[list[TcpConnect], str]:
    """Choose the end points to judge, and say what the control did there: ``ok``, ``failed`` or ``none``."""
    steps = [step for step, seen in tried if seen == "ok" and step.failure == "ok"]
    if len(steps) == len(tried):
        return steps, "ok"  # nearly always
    useful = [(step, seen) for step, seen in tried if step.failure != "interrupted"]
    if any(":" not in step.address for step, _ in useful):
        useful = [(step, seen) for step, seen in useful if not (":" in step.address and step.failure == "unreachable")]
    elif all(step.failure == "unreachable" for step, _ in useful):
        return [], "none"
    return by_control(useful) or ([step for step, _ in useful], "failed")


def by_control(tried: Sequence[tuple[Step, str]]) -> tuple[list[Step], str] | None:
    """Choose the steps to the end points that the control reached, else those that it did not try; else None."""
    for wanted, word in (("ok", "ok"), ("", "none")):
        chosen = [step for step, seen in tried if seen == wanted]
        if chosen:
            return chosen, word
    return None


def result_of(
    steps: Sequence[TcpConnect] | Sequence[TlsHandshake], judged: frozenset[str] = _JUDGED
) -> tuple[str, str]:
    """Give one word for what the steps did, and the place of one that shows it; ``judged`` are failures with a name."""
    if not steps:
        return "none", ""
    failed = [step for step in steps if step.failure != "ok"]
    if not failed:
        return "ok", steps[0].at
    if len(failed) < len(steps):
        return "some", failed[0].at
    kinds = {step.failure for step in failed}
    if len(kinds) > 1:
        return "mixed", failed[0].at
    kind = kinds.pop()
    return (kind if kind in judged else "other"), failed[0].at


def ports_of(steps: Sequence[TcpConnect], others: Sequence[TcpConnect]) -> str:
    """Say whether other ports of the same addresses answer where ``steps`` do not: ``answers``, ``alike``, ``none``."""
    addresses = {step.address for step in steps if step.failure != "ok"}
    beside = [step for step in others if step.address in addresses]
    if not beside:
        return "none"
    if any(step.failure == "ok" for step in beside):
        return "answers"
    return "alike" if {step.failure for step in beside} <= {step.failure for step in steps} else "none"
