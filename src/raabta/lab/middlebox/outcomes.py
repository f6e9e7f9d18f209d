"""What becomes of a packet."""

from dataclasses import dataclass
from typing import Literal

Towards = Literal["client", "server"]


@dataclass(frozen=True, slots=True)
class Pass:
    """It goes on, after a delay; with other bytes where ``data`` is not empty."""

    delay_s: float = 0.0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Drop:
    """It disappears."""


@dataclass(frozen=True, slots=True)
class Inject:
    """Another packet is sent at once."""

    data: bytes
    towards: Towards


Outcome = Pass | Drop | Inject
"""A packet's outcomes are any number of ``Inject`` and then one ``Pass`` or ``Drop``."""
