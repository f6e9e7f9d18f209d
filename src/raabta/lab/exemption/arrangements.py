"""What is arranged (``Situation``), and what is true of it (``Truth``): the two are kept apart on purpose."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.lab.scenario.types import Line, LineProfile

Action = Literal[
    "none",
    "drop",
    "answers",
    "reset",
    "reject",
    "throttle",
    "chance",
    "residual",
    "punish",
    "address",
    "addresses",
    "blackhole",
    "brownout",
    "outage",
]
"""What the operator does to openings. ``answers``: the servers' answers are dropped; ``throttle``: so many packets a
second; ``chance``: a share is dropped; ``residual``: reset, then the two machines are kept apart for a while;
``punish``: drop, and then all the client's openings, spared or not.

Or to addresses, whatever the protocol. ``address``: the end point's is dropped unless listed; ``addresses``: the twins'
too; ``blackhole``: the end point's, listed or not. Or to the line: ``brownout``: no more than so many packets a second
of whatever kind; ``outage``: everything is dropped."""

Listing = Literal[
    "listed",
    "unlisted",
    "expired",
    "ending",
    "revoked",
    "neighbour",
    "other_port",
    "other_destination",
    "other_transport",
    "future",
    "lease",
    "lease_moved",
    "lease_ended",
]
"""What the list holds. ``ending``: an entry that the kernel ends by itself just before the measurement; ``neighbour``:
the next address of the client's network; ``future``: an entry that begins tomorrow; ``lease_moved``: a lease on the
address that the client had before."""

ServerState = Literal["up", "down", "closed", "wrong_key", "busy", "lossy", "listed"]
"""``down``: silent; ``closed``: the machine is up and nothing listens; ``busy``: WireGuard answers with cookies only;
``lossy``: at the end of a path of its own that loses a quarter;
``listed``: up, and (a twin) on the list by mistake."""


class Situation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is built. ``id`` says nothing of what is true."""

    id: str = ""
    protocol: Literal["wireguard", "openvpn", "openvpn_tcp"] = "wireguard"
    wrap: Literal["plain", "tls_auth", "tls_crypt"] = "tls_crypt"
    action: Action = "none"
    listing: Listing = "listed"
    endpoint: ServerState = "up"
    twins: tuple[ServerState, ...] = ("up",)
    outside: bool = False
    """Whether a witness outside measures before."""
    line: LineProfile | Line = "fibre"
    line_leg: bool = True
    """Whether a place is named that shows the line's own loss."""
    packets_s: int = 4
    """For ``throttle`` and ``brownout``."""
    share: float = 0.6
    """For ``chance``."""


class Truth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the answer must be. ``reasons``: any of these codes, without the answer before the dot."""

    answer: Literal["effective", "not_effective", "undecidable"]
    reasons: tuple[str, ...]


class Arrangement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A situation with its name and truth."""

    name: str
    situation: Situation
    truth: Truth


class _Row(Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    truth: str
    """The answer, a colon, and reasons joined by bars."""
    situation: dict[str, object] = {}


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    arrangement: list[_Row]


FILE: Final = "arrangements.toml"


@cache
def load_arrangements() -> tuple[Arrangement, ...]:
    """Read the arrangements that come with the package."""
    return _parse(files("raabta.lab.exemption").joinpath(FILE).read_text(encoding="utf-8"))


def load_own_arrangements(path: Path) -> tuple[Arrangement, ...]:
    """Read a file of one's own, in the same form.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not as it must be. The text names the file and the field.
    """
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except ValueError as error:  # msgspec's two errors are among them
        raise ValueError(f"{path}: {error}") from error


def _parse(text: str) -> tuple[Arrangement, ...]:
    rows = msgspec.toml.decode(text, type=_File).arrangement
    return tuple(_read(number, row) for number, row in enumerate(rows))


def _read(number: int, row: _Row) -> Arrangement:
    answer, _, reasons = row.truth.partition(":")
    return Arrangement(
        name=row.name,
        situation=msgspec.convert({**row.situation, "id": f"s{number:03}"}, Situation),
        truth=msgspec.convert({"answer": answer.strip(), "reasons": tuple(reasons.split("|"))}, Truth),
    )
