"""What the ways of asking a resolver over a connection share."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(slots=True)
class Progress:
    """How far a query got: what was being done, in OONI's words, for the one who meets the error or the deadline."""

    operation: str = "connect"
    started_at: float = 0.0


class Reply(NamedTuple):
    """What came back: bytes, or a failure that is no error of the operating system."""

    data: bytes = b""
    failure: str | None = None


class Connection(Protocol):
    """One open connection to a resolver."""

    async def ask(self, query: bytes) -> Reply:
        """Send one query and give its answer. Raises ``OSError`` and ``EOFError``."""

    def close(self) -> None:
        """Close at once."""
