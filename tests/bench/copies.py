"""Real documents multiplied, so that a benchmark has many of them and no two are alike.

A copy differs from its original in host names, addresses, uid and times, and in these wherever they stand, so that what
was equal in the original is equal in the copy: nothing can be remembered from one copy to the next except what is
legitimately small (tuples of facts). Everything else is kept byte for byte, the layout too.

An address stays within its network, since whose network it is decides the verdict; special addresses and those that a
fingerprint knows stay as they are. Networks of IPv4 are finite: addresses come again after 256 copies in the smallest,
after 100,000 and more in the largest.

    python -m tests.bench.copies qa 200000000 FILE     QA documents, one a line (also: pretty, pakistan)
"""

import datetime as dt
import ipaddress
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from raabta.reference.tables import Tables, load_tables
from tests.bench import places

Name = Callable[[int], str]
"""Gives what stands in copy number n in place of one name, address or time of the original."""

_LAYOUT: Final = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')
_URL_HOST: Final = re.compile(r"(?:https?|stun)://(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:]+)")
_ENDPOINT: Final = re.compile(r"\[?([0-9a-zA-Z.:-]+?)\]?:\d+")
_HOST: Final = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]*\.?")
_TIMES: Final = ("measurement_start_time", "test_start_time")
_UID: Final = "20230101000000.000000_ZZ_copy_"
_UID_FIELD: Final = re.compile(r'("measurement_uid":\s*")[^"]*')
_HOST_BITS: Final = (20, 18, 16, 14, 12, 10, 8)
"""How many low bits of an IPv4 address may change; the most that stay within the address's network."""
_IPV6_NETWORK: Final = ((1 << 64) - 1) << 64


def compact(text: str) -> str:
    """Take the layout out of JSON text; what is inside strings, escapes too, stays byte for byte."""
    return _LAYOUT.sub(r"\1", text)


class Template:
    """A document cut into what stays and what each copy has of its own."""

    def __init__(self, text: str, names: dict[str, Name]) -> None:
        body, n_found = _UID_FIELD.subn(rf"\g<1>{_UID}", text, count=1)
        body = body if n_found else text.replace("{", f'{{"measurement_uid":"{_UID}",', 1)
        names = {_UID: lambda copy: f"{_UID}{copy:016x}"} | names
        choice = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        parts = re.split(rf"(?<![\w.-])({choice})(?![\w-]|\.\w)", body)
        used = sorted(set(parts[1::2]))
        self._makers = [names[name] for name in used]
        self._parts = parts
        self._slots = [used.index(name) for name in parts[1::2]]

    def render(self, copy: int) -> str:
        """Give copy number ``copy``."""
        made = [make(copy) for make in self._makers]
        self._parts[1::2] = [made[slot] for slot in self._slots]
        return "".join(self._parts)


def make_templates(texts: Iterable[str], tables: Tables) -> list[Template]:
    """Make templates of documents. Addresses of one network are told apart in all of them."""
    listed = list(texts)
    found = [_names_in(msgspec.json.decode(text)) for text in listed]
    addresses = sorted({name for names in found for name in names if _is_address(name)})
    makers = _address_makers(addresses, tables)
    for name in set().union(*found).difference(addresses):
        makers[name] = _maker(name)
    return [
        Template(text, {name: makers[name] for name in names if name in makers})
        for text, names in zip(listed, found, strict=True)
    ]


def _names_in(value: Any, key: str = "") -> set[str]:
    """Collect hosts, addresses and times of a decoded document."""
    if isinstance(value, dict):
        found = {name for inner in value for name in _names_in(inner, "(key)")}
        return found.union(*(_names_in(item, inner) for inner, item in value.items()))
    if isinstance(value, list):
        return set().union(*(_names_in(item, key) for item in value))
    if not isinstance(value, str):
        return set()
    if key in _TIMES:
        return {value}
    match = _URL_HOST.match(value) or _ENDPOINT.fullmatch(value)
    name = match[1].strip("[]") if match else value
    is_host = (match is not None or key in ("hostname", "server_name")) and _HOST.fullmatch(name)
    return {name} if _is_address(name) or is_host else set()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _maker(name: str) -> Name:
    if name[:1].isdigit() and ":" in name:
        begin_at = dt.datetime.fromisoformat(name)
        return lambda copy: (begin_at + dt.timedelta(seconds=copy)).isoformat(" ")
    return _host_maker(name)


def _host_maker(host: str) -> Name:
    """Put the copy's number into the name that a site and its sub-domains share."""
    final = "." if host.endswith(".") else ""
    labels = host.rstrip(".").split(".")
    place = labels.index(max(labels[-3:-1], key=len))
    before, label, after = (
        "".join(f"{it}." for it in labels[:place]),
        labels[place],
        "".join(f".{it}" for it in labels[place + 1 :]),
    )
    if label.startswith("xn--"):
        plain = label.encode("ascii").decode("idna")
        return lambda copy: f"{before}{f'{plain}{copy:06d}'.encode('idna').decode('ascii')}{after}{final}"
    return lambda copy: f"{before}{label}{copy:06d}{after}{final}"


def _address_makers(addresses: list[str], tables: Tables) -> dict[str, Name]:
    """Give the makers of the addresses that may change."""
    makers: dict[str, Name] = {}
    blocks: dict[tuple[int, int], list[str]] = {}
    for text in addresses:
        if tables.special.kind(text) is not None or tables.fingerprints.address(text) is not None:
            continue
        address = ipaddress.ip_address(text)
        if address.version == 6:
            makers[text] = _ipv6_maker(int(address), addresses.index(text))
        else:
            bits = next((bits for bits in _HOST_BITS if _is_one_network(int(address), bits, tables)), 0)
            blocks.setdefault((int(address) >> bits << bits, bits), []).append(text)
    for (first, bits), members in blocks.items():
        for index, text in enumerate(members):
            makers[text] = _ipv4_maker(first, bits, (index, len(members)))
    return makers


def _is_one_network(number: int, bits: int, tables: Tables) -> bool:
    first, step = number >> bits << bits, max(1, 1 << bits >> 8)
    samples = [str(ipaddress.IPv4Address(first + offset)) for offset in range(0, 1 << bits, step)]
    asn = tables.networks.asn(str(ipaddress.IPv4Address(number)))
    return all(tables.networks.asn(sample) == asn and tables.special.kind(sample) is None for sample in samples)


def _ipv4_maker(first: int, bits: int, place: tuple[int, int]) -> Name:
    index, n_members = place
    mask = (1 << bits) - 1

    def make(copy: int) -> str:
        number = first | (copy * n_members + index & mask)
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    return make


def _ipv6_maker(number: int, index: int) -> Name:
    network = number & _IPV6_NETWORK
    return lambda copy: str(ipaddress.IPv6Address(network | (copy + 1) << 16 | index + 1))


def originals(kind: str) -> list[str]:
    """Give the texts that a file multiplies: ``qa`` (one a line), ``pretty`` (as they stand) or ``pakistan``."""
    if kind == "pretty":
        return places.qa_texts()
    texts = places.qa_texts() if kind == "qa" else [places.real_texts()[places.PAKISTAN_LINE - 1]]
    return [compact(text) for text in texts]


def copies(kind: str, *, n_bytes: int) -> Iterator[str]:
    """Give copies of all documents in turn until they have ``n_bytes``."""
    templates = make_templates(originals(kind), load_tables())
    written = 0
    for copy in itertools.count(1):
        text = templates[copy % len(templates)].render(copy) + "\n"
        yield text
        written += len(text)
        if written >= n_bytes:
            return


def main(kind: str, n_bytes: str, file: str) -> None:
    """Write a file of copies; it appears under its name when it is whole."""
    place = Path(file)
    place.parent.mkdir(exist_ok=True)
    part = place.with_suffix(".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.writelines(copies(kind, n_bytes=int(n_bytes)))
    part.replace(place)


if __name__ == "__main__":
    main(*sys.argv[1:])
