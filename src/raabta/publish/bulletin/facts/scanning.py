"""A text into words, numbers, signs, and what is the same in every language: addresses, links, identifiers, dates.

One pass of one expression: of what fits at a place, the first line of ``_SHAPES`` wins, so that "104.16.0.0/13" is no
number and "10:15" no two. Expects the one way of writing (``writing``).
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from raabta.publish.bulletin.facts.items import Fact, FactKind, Item

_A: Final = "A-Za-z0-9"
_HEX: Final = "0-9a-fA-F"
_PHONE: Final = r"(?<![\w.-])(?:\+\d|0\d(?!:)|\(0\d)[\d() -]{6,24}\d(?![\d:]|\.\d)"
_UAN: Final = r"(?<![\w.-])\d{2,4}(?:-\d{3,4}){2,4}(?![\d:])"
"""Pakistan's nationwide numbers, 111-222-333."""
_VERSION: Final = r"(?<![\w.])[vV]?\d+(?:\.\d+){2,}(?:-?[a-z]+\d+)*(?:-?[a-z]+)?(?!\w)"
_SHAPES: Final = {
    "link": r"(?:https?://|www\.)[^\s<>\"'،؛؟۔|]+",
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    "identifier": r"(?i:CVE-\d{4}-\d{4,7}|GHSA(?:-[a-z0-9]{4}){3}|CWE-\d+)",
    "asn": r"\bASN?[ -]?\d{2,10}\b|\b(?i:as)\d{3,10}\b",
    "ip6": rf"(?<![\w:])(?=[{_HEX}:]*:[{_HEX}:]*:)[{_HEX}]{{0,4}}(?::[{_HEX}]{{0,4}}){{2,7}}(?:/\d{{1,3}})?(?![\w:])",
    "ip4": r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w]|\.\d)",
    "datetime": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\s?(?:Z\b|[+-]\d\d:?\d\d))?",
    "isodate": r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)",
    "dmy": r"(?<![\d./-])\d{1,2}(?P<dash>[./-])\d{1,2}(?P=dash)\d{4}(?![\d/])",
    "offset": r"\b(?:UTC|GMT) ?[+-] ?\d{1,2}(?::?\d\d)?(?!\d)",
    "bare_offset": r"(?<![\w.])[+-]\d\d:\d\d(?!\d)",
    "phone": f"{_PHONE}|{_UAN}",
    "version": rf"{_VERSION}|(?<![\w.])[vV]\d+(?:\.\d+)*\b|\b\d+\.\d+\.x\b",
    "ampm": r"(?i:(?<![a-z])[ap]\.m\b\.?)",
    "abbreviation": r"\b(?:[A-Z]\.){2,}[A-Z]?",
    "host": rf"(?<![{_A}._-])(?:[{_A}](?:[{_A}-]{{0,61}}[{_A}])?\.)+(?:[a-z]{{2,24}}|[A-Z]{{2,24}})(?![{_A}-])",
    "cable": r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+(?: \d(?!\d|[.:,]\d| (?:hours?|minutes?|days?)))?",
    "protocol": r"\b[A-Z][A-Za-z]+/\d(?:\.\d)?\b",
    "clock": r"(?<![\d:.])\d{1,2}:\d\d(?::\d\d)?(?![\d:])|(?<!\w)[01]?\dh[0-5]\d\b|(?<!\w)2[0-3]h[0-5]\d\b",
    "mixed": r"\b[A-Za-z]+\d[A-Za-z0-9]*\b",
    "number": r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?(?![\d])|\d+(?:\.\d+)?",
    "word": r"[A-Za-z\u00c0-\u024f]+(?:'[A-Za-z]+)*|[^\W\d_A-Za-z\u00c0-\u024f]+",
    "line": r"\n+",
    "sign": r"\S",
}
_SCANNER: Final = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in _SHAPES.items()))
_QUARTERS: Final = frozenset({"Q1", "Q2", "Q3", "Q4"})
_NOT_HOSTS: Final = re.compile(
    r"(?i)(?:e\.g|i\.e|etc\.|node\.js|vs\.)|.*\.(?:the|it|we|if|in|this|for|and|to|at|on|of)"
)
_BREAKS: Final = frozenset(".!?;۔؟؛:|")


def scan(text: str) -> Iterator[Item]:
    """Part a text into items. Nothing is lost but spaces."""
    for found in _SCANNER.finditer(text):
        yield from _READERS.get(found.lastgroup or "", _word)(found[0])


def scanned(text: str) -> list[Item]:
    """Part a text into items; a "word" of two scripts never occurs."""
    return list(scan(text))


def _word(text: str) -> Iterator[Item]:
    yield Item("word", text)


def _literal(kind: FactKind, text: str, key: str = "") -> Iterator[Item]:
    yield Item("literal", text, facts=(Fact(kind, key or text.lower(), text),))


def _link(text: str) -> Iterator[Item]:
    whole = text.rstrip(".,;:!?)]}")
    key = whole.removeprefix("https://").removeprefix("http://").rstrip("/")
    return _literal("link", whole, key.lower())


def _address(text: str) -> Iterator[Item]:
    try:
        return _literal("address", text, str(ipaddress.ip_network(text, strict=False)) + f" {text.partition('/')[0]}")
    except ValueError:
        return _literal("version" if ":" not in text else "identifier", text)


def _asn(text: str) -> Iterator[Item]:
    digits = "".join(filter(str.isdigit, text))
    return _literal("network", f"AS{digits}", digits)


def _host(text: str) -> Iterator[Item]:
    if _NOT_HOSTS.fullmatch(text):
        return _pieces(text)
    return _literal("host", text)


def _pieces(text: str) -> Iterator[Item]:
    for part in re.split(r"(\.)", text):
        if part:
            yield Item("break" if part == "." else "word", part)


def _datetime(text: str) -> Iterator[Item]:
    yield from _isodate(text[:10])
    yield from _clock(re.sub(r"(:\d\d:\d\d|:\d\d).*", r"\1", text[11:])[:5])
    zone = re.search(r"(Z|[+-]\d\d:?\d\d)$", text[16:])
    if zone:
        yield Item("sign", zone[0], {"zone": "+00:00" if zone[0] == "Z" else _offset_of(zone[0])})


def _isodate(text: str) -> Iterator[Item]:
    return _day(text, *map(int, text.split("-")))


def _dmy(text: str) -> Iterator[Item]:
    first, second, year = map(int, re.split(r"[./-]", text))
    return _day(text, year, *((second, first) if second <= 12 else (first, second)))


def _day(text: str, year: int, month: int, day: int) -> Iterator[Item]:
    try:
        yield Item("date", text, day=dt.date(year, month, day))
    except ValueError:
        yield Item("other", text)


def _offset(text: str) -> Iterator[Item]:
    yield Item("sign", text, {"zone": _offset_of(text)})


def _offset_of(text: str) -> str:
    """Give ``+05:00`` for "UTC+5", "+0500", "GMT + 5:30"."""
    sign = "-" if "-" in text else "+"
    digits = text.partition(sign)[2].strip().replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "00")
    return f"{sign}{int(hours):02}:{minutes}"


def _phone(text: str) -> Iterator[Item]:
    return _literal("telephone", text.strip(), "".join(filter(str.isdigit, text)).removeprefix("92").lstrip("0"))


def _version(text: str) -> Iterator[Item]:
    return _literal("version", text, text.lower().removeprefix("v"))


def _cable(text: str) -> Iterator[Item]:
    return _literal("name", text, text.lower().replace(" ", "-"))


def _clock(text: str) -> Iterator[Item]:
    hour, minute = map(int, re.split("[:h]", text)[:2])
    is_time = hour <= 24 and minute < 60
    yield Item("clock", text, minute=hour * 60 + minute) if is_time else Item("other", text)


def _number(text: str) -> Iterator[Item]:
    yield Item("number", text, value=Decimal(text.replace(",", "")))


def _abbreviation(text: str) -> Iterator[Item]:
    yield Item("word", text.replace(".", ""))


def _line(text: str) -> Iterator[Item]:
    yield Item("break", text)


def _sign(text: str) -> Iterator[Item]:
    yield Item("break" if text in _BREAKS else "sign", text)


_READERS: Final = {
    "link": _link,
    "email": lambda text: _literal("e-mail", text),
    "identifier": lambda text: _literal("identifier", text.upper()),
    "asn": _asn,
    "ip6": _address,
    "ip4": _address,
    "datetime": _datetime,
    "isodate": _isodate,
    "dmy": _dmy,
    "offset": _offset,
    "bare_offset": _offset,
    "phone": _phone,
    "version": _version,
    "ampm": lambda text: iter([Item("word", text[0] + "m")]),
    "abbreviation": _abbreviation,
    "host": _host,
    "cable": _cable,
    "protocol": lambda text: _literal("name", text),
    "clock": _clock,
    "mixed": lambda text: iter([Item("word" if text in _QUARTERS else "other", text)]),
    "number": _number,
    "line": _line,
    "sign": _sign,
}
