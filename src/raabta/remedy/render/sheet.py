"""What every renderer writes from: the traffic and the blocks that are in force now, read strictly, in one order.

A list comes from elsewhere, and its fields end up in files that firewalls, name servers and routers run. So nothing
of a list is written as it came: a prefix is read and written anew, a host name must be one, and all other text goes
through ``plain``, which leaves no line end, quote, bracket or comment sign. A prefix that cannot be read ends the
rendering: half a list would be taken for the whole.

An entry is in force from ``not_before`` until its end: ``not_after``, yet no later than ``GRACE`` after the list
itself expired. A lease ends at its own ``not_after``. So a list that nobody renews dies by itself.

Not done: the rules of ``remedy.lint``. Render a list that has passed them; ``raabta list render`` runs them first.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from raabta.model.exemption import ExemptionEntry, ExemptionList, Restriction, Transport
from raabta.reference.addresses import read_address

GRACE: Final = dt.timedelta(days=7)
"""How long entries outlive an expired list: a publisher who cannot publish must not cut members off at once."""

WORDS_MAX_CHARS: Final = 100
"""Of one field in a comment. Judgement: one line of a terminal, with an id beside it."""

NAME_MAX_CHARS: Final = 200
"""Of a blocked host name: a name has 253 at most (RFC 1035, 2.3.4), and a response policy zone's own follows it."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._:@+/=,()-]")
_IPV6_SIGNS: Final = frozenset("0123456789abcdefABCDEF:")
_ZERO_RUNS: Final = re.compile(r"(?<![0-9a-f])0(?::0)+(?![0-9a-f])")
_OCTETS: Final = {str(octet): octet for octet in range(256)}
_LENGTHS: Final = {str(length): length for length in range(129)}
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")
_TRIGGERS: Final = frozenset(("rpz-ip", "rpz-client-ip", "rpz-nsdname", "rpz-nsip"))
"""Last labels that a response policy zone takes for orders of another kind."""


class Prefix(Struct, frozen=True, order=True, gc=False):
    """A network, in the order in which networks are written: IPv4 first, then by number."""

    is_ipv6: bool
    number: int
    length: int
    text: str
    """In CIDR form, written anew."""

    @property
    def size_bits(self) -> int:
        """How many bits its hosts have."""
        return (128 if self.is_ipv6 else 32) - self.length

    @property
    def address(self) -> str:
        """Its first address."""
        return self.text.partition("/")[0]


class Spared(Struct, frozen=True, gc=False):
    """Traffic that is spared now, and back; until when."""

    source: Prefix
    destination: Prefix | None
    """None: any."""
    transport: Transport
    port: int
    """Of the destination, 0: any. Always 0 where the transport has none."""
    ends_at: dt.datetime
    entry: ExemptionEntry

    @property
    def member(self) -> Prefix:
        """The member's own side."""
        if self.entry.member_side == "destination" and self.destination is not None:
            return self.destination
        return self.source

    @property
    def transports(self) -> tuple[Transport, ...]:
        """Which to match one by one: a port means something over UDP and TCP only."""
        return ("udp", "tcp") if self.port and self.transport == "any" else (self.transport,)


class Blocked(Struct, frozen=True):
    """A protective block that is in force now: of a prefix, or of a host name."""

    target: Prefix | str
    ends_at: dt.datetime
    restriction: Restriction


class Sheet(Struct, frozen=True, kw_only=True):
    """What is in force of a list, sorted, so that the same list gives the same bytes."""

    of: ExemptionList
    spared: tuple[Spared, ...]
    blocked: tuple[Blocked, ...]
    """Prefixes."""
    names: tuple[Blocked, ...]
    """Host names."""


def lay_out(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> Sheet:
    """Read what is in force.

    Args:
        exemptions: The list.
        now: The time that counts.
        verified: Further entries that somebody has verified: leases.

    Raises:
        ValueError: A prefix or host name cannot be read, or an entry spares everybody. The text names the entry.
    """
    last = exemptions.expires_at + GRACE
    spared = (_spare(entry, last) for entry in (*exemptions.entries, *verified) if entry.not_before <= now)
    blocked = [
        Blocked(_read_target(item), min(item.not_after, last), item)
        for item in exemptions.restrictions
        if item.not_before <= now < min(item.not_after, last)
    ]
    prefixes = [(item.target, item) for item in blocked if isinstance(item.target, Prefix)]
    names = [(item.target, item) for item in blocked if isinstance(item.target, str)]
    return Sheet(
        of=exemptions,
        spared=tuple(sorted((item for item in spared if now < item.ends_at), key=_spared_order)),
        blocked=tuple(item for _, item in sorted(prefixes, key=lambda pair: (pair[0], pair[1].restriction.id))),
        names=tuple(item for _, item in sorted(names, key=lambda pair: (pair[0], pair[1].restriction.id))),
    )


def _spared_order(item: Spared) -> tuple[bool, int, int, int, int, str, int, str]:
    source, destination = item.source, item.destination
    to, to_length = (-1, 0) if destination is None else (destination.number, destination.length)
    return source.is_ipv6, source.number, source.length, to, to_length, item.transport, item.port, item.entry.id


def _spare(entry: ExemptionEntry, last: dt.datetime) -> Spared:
    source = _read_text(entry.source)
    if source is None or not source.length:
        raise ValueError(_no_source(entry, source))
    destination = _read_text(entry.destination) if entry.destination else None
    if destination is None and entry.destination:
        raise ValueError(_no_prefix(entry.destination, f"entry {plain(entry.id)}"))
    if destination is not None and not destination.length:
        destination = None
    elif destination is not None and destination.is_ipv6 != source.is_ipv6:
        message = f"entry {plain(entry.id)}: source and destination are of different families. Lint the list."
        raise ValueError(message)
    if not 0 <= entry.port <= 0xFFFF:
        message = f"entry {plain(entry.id)}: there is no port {entry.port}. Lint the list: raabta list lint FILE"
        raise ValueError(message)
    port = 0 if entry.transport in ("esp", "gre") else entry.port
    return Spared(
        source,
        destination,
        entry.transport,
        port,
        entry.not_after if entry.lease else min(entry.not_after, last),
        entry,
    )


def _no_source(entry: ExemptionEntry, source: Prefix | None) -> str:
    where = f"entry {plain(entry.id)}"
    if source is None:
        return _no_prefix(entry.source, where)
    return f"{where}: {source.text} would spare everybody. Lint the list: raabta list lint FILE"


def _no_prefix(text: str, where: str) -> str:
    return f"{where}: {plain(text)!r} is no prefix such as 192.0.2.8/29. Lint the list: raabta list lint FILE"


def _read_target(item: Restriction) -> Prefix | str:
    where = f"restriction {plain(item.id)}"
    prefix = _read_text(item.target)
    if prefix is None:
        return _read_name(item.target, where=where)
    if not prefix.length:
        message = f"{where}: {prefix.text} would block everything. Name the networks that do the harm."
        raise ValueError(message)
    return prefix


def _read_name(text: str, *, where: str) -> str:
    name = text.lower().removesuffix(".")
    if len(name) > NAME_MAX_CHARS or not _NAME.fullmatch(name) or name.rpartition(".")[2] in _TRIGGERS:
        message = (
            f"{where}: {plain(text)!r} is no prefix and no host name. Write a name in letters, digits and "
            f"hyphens with at least one dot, other scripts as xn-- labels, {NAME_MAX_CHARS} characters at most."
        )
        raise ValueError(message)
    return name


def _read_text(text: str) -> Prefix | None:
    """Read a prefix or an address; None where it is none. Without patterns, since a list has 200,000 of them."""
    address, slash, width = text.partition("/")
    is_ipv6 = ":" in address
    all_bits = 128 if is_ipv6 else 32
    length = _LENGTHS.get(width, 999) if slash else all_bits
    number = _read_ipv6(address) if is_ipv6 else _read_ipv4(address)
    if number is None or length > all_bits or number & ((1 << (all_bits - length)) - 1):
        return None
    return Prefix(is_ipv6, number, length, f"{_ipv6_text(number) if is_ipv6 else address}/{length}")


def _read_ipv4(text: str) -> int | None:
    """Octets are taken from a table, so nothing but their one decimal form is one, and the text is safe to write."""
    try:
        first, second, third, fourth = text.split(".")
        return _OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8 | _OCTETS[fourth]
    except (ValueError, KeyError):
        return None


def _read_ipv6(text: str) -> int | None:
    """``read_address`` takes brackets, scopes and blanks as well, which have no place in a list."""
    address = read_address(text) if _IPV6_SIGNS.issuperset(text) else None
    return None if address is None else address[0]


def _ipv6_text(number: int) -> str:
    """Write an IPv6 address as RFC 5952 says; five times as fast as ``ipaddress``."""
    digits = f"{number:032x}"
    text = ":".join(digits[place : place + 4].lstrip("0") or "0" for place in range(0, 32, 4))
    runs = _ZERO_RUNS.findall(text)
    if not runs:
        return text
    longest = max(runs, key=len)  # the first of the longest: RFC 5952, 4.2.3
    before, _, after = f":{text}:".partition(f":{longest}:")
    return f"{before[1:]}::{after[:-1]}"


def plain(text: str) -> str:
    """Give text that is safe inside a comment or a quoted word of every format here: no line end, no quote, no sign."""
    return _UNSAFE.sub("_", text[: WORDS_MAX_CHARS + 1])[:WORDS_MAX_CHARS]


@lru_cache(maxsize=1 << 12)
def stamp(at: dt.datetime) -> str:
    """Write a time as every file here does: UTC, to the second."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unique(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """Give every prefix once, in order."""
    return sorted(set(prefixes))


def head(sheet: Sheet, *, holds: str, loses: str) -> list[str]:
    """Give the lines that a file begins with, as comments: which list, until when, what the file leaves out."""
    of = sheet.of
    n_blocked = f"{len(sheet.blocked)} blocked prefixes, {len(sheet.names)} blocked names"
    return [
        f"Raabta exemption list for {plain(of.recipient)}, {plain(of.country)}",
        f"serial {of.serial}, made at {stamp(of.made_at)}, expires at {stamp(of.expires_at)}",
        f"in force: {len(sheet.spared)} entries, {n_blocked}",
        f"holds: {holds}",
        f"leaves out: {loses}",
    ]


def commented(lines: Iterable[str], *, sign: str = "#") -> list[str]:
    """Turn lines into comments."""
    return [f"{sign} {line}" for line in lines]


def written(lines: Iterable[str]) -> bytes:
    """Turn lines into the bytes of a file."""
    return "".join(f"{line}\n" for line in lines).encode()


def accountable(item: Blocked) -> str:
    """Say why a block stands, on what basis, who answers for it, until when, and who else lives there."""
    of = item.restriction
    words = f"{plain(of.id)}: {plain(of.reason)}, basis {plain(of.basis)}, owner {plain(of.owner)}"
    shared = f", shared: {plain(of.shared)}" if of.shared else ""
    return f"{words}, until {stamp(item.ends_at)}{shared}"
