"""Addresses of who measured, in JSON values and in text.

Such an address is one that stands in a field of that meaning (``OWN_FIELDS``), or in a header by which servers tell a
visitor its own. Names count however they are written: ``probe_ip``, ``probe-ip``, ``probeIp``. Addresses count as text,
with a port, as a whole number, as four bytes.
"""

import ipaddress
import re
from typing import Any, Final

from raabta.wire.ooni.privacy import ADDRESSES

DEPTH_MAX: Final = 60
"""Of JSON: deeper was made to hurt."""


def _plain(name: str) -> str:
    """Give a field's name without case and without what joins its parts."""
    return re.sub(r"[\W_]+", "", name).lower()


OWN_FIELDS: Final = frozenset(
    map(
        _plain,
        (
            "probe_ip", "probe_address", "probe_addr",
            "src", "src_ip", "src_addr", "source_ip", "source_address", "source_addr",
            "client_ip", "client_address", "client_addr",
            "local_ip", "local_address", "local_addr",
            "my_ip", "my_address", "public_ip", "external_ip", "wan_ip", "own_address", "own_addresses",
            "user_ip", "visitor_ip", "remote_addr", "x_client",
        ),
    )
)  # fmt: skip
"""Fields that hold the address of who measured: OONI, RIPE Atlas, mtr, scamper, NDT, and usual names."""
OWN_AT_TOP: Final = frozenset({"from", "ip"})
"""The same at a document's top only: below, RIPE Atlas writes hops there."""
ECHO_HEADERS: Final = frozenset(
    map(
        _plain,
        (
            "x-client-ip", "x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip",
            "x-remote-ip", "x-remote-addr", "x-cluster-client-ip", "fastly-client-ip", "x-your-ip", "x-visitor-ip",
            "client-ip",
        ),
    )
)  # fmt: skip
_NOT_IN_TEXT: Final = frozenset({"src", "forwarded"})
"""Of a picture on a page, of a packet in a log: too many meanings."""

_IN_TEXT: Final = re.compile(r"[0-9a-f:.]{3,45}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*(?:(\d{8,10})|0x([0-9a-f]{7,8}))\s*", re.IGNORECASE)
_LOWEST_NUMBER: Final = 1 << 24
"""1.0.0.0: a smaller number is a count."""
_NAMED: Final = re.compile(
    r"(?:[Ii][Pp]|[Aa](?:ddr|DDR)[a-zA-Z]{0,5}"
    r"|[Ff](?:orwarded|ORWARDED)[ _-]?(?:[Ff]or|FOR)|[Xx][ _-]?[Cc](?:lient|LIENT))"
    r"[\\\"']{0,15}\s{0,8}(?:=>|[:=>])\s{0,8}[\\\"'\[{(]{0,15}([0-9A-Fa-f:.]{3,45})"
)
"""The end of a field's name and an address. All names of ``OWN_FIELDS`` and ``ECHO_HEADERS`` that count here end so."""
_NAME: Final = re.compile(r"[\w -]{0,40}$")
_LOOKED_BACK: Final = 40
"""Characters in which the beginning of a name stands."""
TEXT_CHARACTERS_MAX: Final = 2_000_000
"""A longer text is not looked through for any address at all."""


def own_address(value: Any, place: str = "", *, depth: int = 0) -> str:
    """Name the field of a JSON value that holds an address of who measured, "" where none does."""
    if depth > DEPTH_MAX:
        return f"{place[:200]} (nested too deeply to be looked through)"
    match value:
        case dict():
            parts = ((f"{place}.{name}" if place else str(name), _plain(str(name)), one) for name, one in value.items())
            names = OWN_FIELDS | OWN_AT_TOP if depth == 0 else OWN_FIELDS | ECHO_HEADERS
            return next(
                (
                    found
                    for path, name, one in parts
                    if (
                        found := path
                        if name in names and _holds_address(one)
                        else own_address(one, path, depth=depth + 1)
                    )
                ),
                "",
            )
        case [str() as name, one] if _plain(name) in ECHO_HEADERS and _holds_address(one):
            return f"{place}.{name}"
        case list():
            within = (own_address(one, f"{place}[{n}]", depth=depth + 1) for n, one in enumerate(value))
            return next(filter(None, within), "")
        case _:
            return ""


def named_in_text(text: str) -> str:
    """Name what stands before an address in a text as such a field's name does, "" where nothing does."""
    for found in _NAMED.finditer(text):
        before = _NAME.search(text, max(0, found.start() - _LOOKED_BACK), found.start())
        ending = re.split(r"[\\\"']|\s{0,8}[:=>]", found[0], maxsplit=1)[0]
        words = f"{before[0] if before else ''}{ending}".split()
        for n_words in (1, 2, 3):
            name = _plain("".join(words[-n_words:]))
            if name in (OWN_FIELDS | ECHO_HEADERS) - _NOT_IN_TEXT and _is_address(found[1]):
                return " ".join(words[-n_words:])
    return ""


def holds_any_address(text: str) -> bool:
    """Say whether a text holds the address of any machine, which may be that of who measured, or is too long to say."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return True
    return any(_is_address(found[0]) or _is_hardware(found[0]) for found in ADDRESSES.finditer(text))


def _holds_address(value: Any) -> bool:
    match value:
        case bool():
            return False
        case int() | float():
            return _is_number(int(value)) if abs(value) < 1 << 40 else False
        case str():
            number = _NUMBER.fullmatch(value)
            if number and _is_number(int(number[1]) if number[1] else int(number[2], 16)):
                return True
            return any(map(_is_address, set(_IN_TEXT.findall(value))))
        case [int(), int(), int(), int()] if all(0 <= one <= 255 for one in value):
            return value[0] not in (0, 127)
        case dict():
            return any(map(_holds_address, value)) or any(map(_holds_address, value.values()))
        case list():
            return any(map(_holds_address, value))
        case _:
            return False


def _is_number(number: int) -> bool:
    return _LOWEST_NUMBER <= number < 1 << 32 and number >> 24 != 127


def _is_address(text: str) -> bool:
    for part in (text, text.rpartition(":")[0], text.rstrip(".:")):
        try:
            found = ipaddress.ip_address(part)
        except ValueError:
            continue
        return not (found.is_loopback or found.is_unspecified)
    return False


def _is_hardware(text: str) -> bool:
    return len(re.sub(r"[:-]", "", text)) == 12 and len(re.split(r"[:-]", text)) == 6
