"""What is looked for in a file before it is attached: the address of who measured, and facts for the incident file.

Looked into, whatever kind the file is said to be: JSON documents, one or several (measurements as OONI writes them,
verdicts, routes), packed ones after unpacking by whoever attaches; pictures for what cameras write into them. A
verdict holds no address by its type.

An address of who measured is one that stands in a field of that meaning (``OWN_FIELDS``), or in a header by which
servers tell a visitor its own. Not found: an address in a page's body, in a text document, or encoded by a site. So the
person who attaches a document has read it.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from raabta.model import Measurement, Rejection, Verdict
from raabta.wire.ooni import cut_documents, read_measurement
from raabta.wire.ooni.streams import Batch

LISTED_MAX: Final = 8
"""So many names stand in one fact; further ones are counted."""
DEPTH_MAX: Final = 60
"""Of JSON: deeper was made to hurt."""

OWN_FIELDS: Final = frozenset(
    {
        "probe_ip",
        "probe_address",
        "probe_addr",
        "src",
        "src_ip",
        "src_addr",
        "source_ip",
        "source_address",
        "source_addr",
        "client_ip",
        "clientip",
        "client_address",
        "client_addr",
        "local_ip",
        "local_address",
        "local_addr",
        "my_ip",
        "myip",
        "public_ip",
        "own_address",
        "own_addresses",
        "user_ip",
        "remote_addr",
        "x_client",
    }
)
"""Fields that hold the address of who measured: OONI, RIPE Atlas, mtr, scamper, NDT, and usual names."""
OWN_AT_TOP: Final = frozenset({"from", "ip"})
"""The same at a document's top only: below, RIPE Atlas writes hops there."""
ECHO_HEADERS: Final = frozenset(
    {
        "x-client-ip",
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "cf-connecting-ip",
        "true-client-ip",
        "x-remote-ip",
        "x-remote-addr",
        "x-cluster-client-ip",
        "fastly-client-ip",
        "x-your-ip",
        "x-visitor-ip",
        "client-ip",
    }
)
_PACKED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18", b"PK\x03\x04")
"""gzip, Zstandard, bzip2, xz, LZ4, ZIP."""
_CAPTURES: Final = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)
"""pcap, with its times in micro- or nanoseconds, and pcapng."""
_IN_TEXT: Final = re.compile(r"[0-9a-f:.]{3,45}", re.IGNORECASE)


class Found(NamedTuple):
    """What a file holds: facts, and why it must not be attached as it is ("" where it may)."""

    facts: tuple[str, ...]
    refusal: str = ""


def inspect_file(content: bytes, *, kind: str) -> Found:
    """Look into a file.

    Args:
        content: All of it.
        kind: What it is said to be: a kind of ``Attachment``.
    """
    if content.startswith(_CAPTURES):
        return Found((), "a capture of packets holds addresses of who measured. Withhold it: --withheld REASON")
    if content.startswith(_PACKED) and kind in {"measurement", "verdict", "route", "capture"}:
        return Found((), "it is packed, and cannot be looked into. Unpack it first.")
    if _has_camera_notes(content):
        return Found((), "the picture holds notes of a camera, such as its place. Save it without metadata first.")
    documents = _documents(content)
    if kind in {"measurement", "verdict"} and not documents:
        return Found((), "it holds no JSON documents. Attach it as a document, or give the measurement itself.")
    verdicts = [one for one in map(_as_verdict, documents) if one is not None]
    if kind == "verdict" and len(verdicts) != len(documents):
        return Found((), "these are not verdicts. Take what this writes: raabta diagnose --format jsonl")
    for number, one in enumerate(documents, start=1):
        if one.value is None:
            return Found((), f"document {number} cannot be read as JSON, so it cannot be looked into. Mend it first.")
        if place := _own_address(one.value):
            words = f"document {number} still holds an address of who measured, in {place}. Replace it by 127.0.0.1."
            return Found((), words)
    if verdicts:
        return Found(tuple(_about_verdicts(verdicts)))
    measured = [one for one in map(_as_measurement, documents) if isinstance(one, Measurement)]
    return Found(tuple(_about_measurements(measured)))


class _Document(NamedTuple):
    """``value`` is None where it is no JSON."""

    raw: bytes
    value: Any


def _documents(content: bytes) -> list[_Document]:
    """Cut a file into JSON documents: one a line, one in all, or the members of a list; none where it is no JSON."""
    plain = content.removeprefix(b"\xef\xbb\xbf").strip()
    if plain[:1] not in (b"{", b"["):
        return []
    whole = _decoded(plain)
    if isinstance(whole, list):
        return [_Document(msgspec.json.encode(one), one) for one in whole]
    if whole is not None:
        return [_Document(plain, whole)]
    return [_Document(cut.data, _decoded(cut.data)) for cut in cut_documents(Batch(1, plain))]


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None


def _as_verdict(document: _Document) -> Verdict | None:
    if not isinstance(document.value, dict) or not {"posterior", "state", "locus"} <= document.value.keys():
        return None
    try:
        return msgspec.json.decode(document.raw, type=Verdict)
    except msgspec.DecodeError:
        return None


def _as_measurement(document: _Document) -> Measurement | Rejection | None:
    if not isinstance(document.value, dict) or "test_keys" not in document.value:
        return None
    return read_measurement(document.raw, file="-", line=1)


# --- addresses ------------------------------------------------------------------------------------------------


def _own_address(value: Any, place: str = "", depth: int = 0) -> str:
    """Name the field that holds an address of who measured, "" where none does."""
    if depth > DEPTH_MAX:
        return f"{place} (nested too deeply to be looked through)"
    match value:
        case dict():
            parts = ((f"{place}.{name}" if place else str(name), str(name).lower(), one) for name, one in value.items())
            names = OWN_FIELDS | OWN_AT_TOP if depth == 0 else OWN_FIELDS | ECHO_HEADERS
            return next(
                (
                    found
                    for path, name, one in parts
                    if (found := path if name in names and _holds_address(one) else _own_address(one, path, depth + 1))
                ),
                "",
            )
        case [str() as name, one] if name.lower() in ECHO_HEADERS and _holds_address(one):
            return f"{place}.{name}"
        case list():
            within = (_own_address(one, f"{place}[{n}]", depth + 1) for n, one in enumerate(value))
            return next(filter(None, within), "")
        case _:
            return ""


def _holds_address(value: Any) -> bool:
    match value:
        case str():
            return any(_is_address(part) for part in _IN_TEXT.findall(value))
        case dict():
            return any(map(_holds_address, value.values()))
        case list():
            return any(map(_holds_address, value))
        case _:
            return False


def _is_address(text: str) -> bool:
    for part in (text, text.rpartition(":")[0]):
        try:
            found = ipaddress.ip_address(part)
        except ValueError:
            continue
        return not (found.is_loopback or found.is_unspecified)
    return False


def _has_camera_notes(content: bytes) -> bool:
    head = content[:65_536]
    is_jpeg = head.startswith(b"\xff\xd8\xff") and b"Exif\x00\x00" in head
    return is_jpeg or (head.startswith(b"\x89PNG\r\n\x1a\n") and b"eXIf" in content)


# --- facts ----------------------------------------------------------------------------------------------------


def _about_verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    states = Counter(one.state for one in verdicts)
    yield f"verdicts: {len(verdicts)}"
    yield f"state: {_counted(states)}"
    if mechanisms := Counter(name for one in verdicts for name in one.mechanisms):
        yield f"mechanism: {_counted(mechanisms)}"
    if loci := Counter(one.locus for one in verdicts if one.locus):
        yield f"place: {_counted(loci)}"
    for state in (name for name, _ in states.most_common() if name in verdicts[0].posterior):
        shares = sorted(one.posterior.get(state, 0.0) for one in verdicts if one.state == state)
        low, high = (round(shares[at] * 100) for at in (0, -1))
        yield f"probability of {state}: {low} %" if low == high else f"probability of {state}: {low} to {high} %"
    yield from _about_all([(one.probe_asn, one.measured_at, one.input) for one in verdicts])
    yield f"knowledge: {_counted(Counter(one.knowledge for one in verdicts))}"


def _about_measurements(measured: Sequence[Measurement]) -> Iterator[str]:
    if not measured:
        return
    yield f"measurements: {len(measured)}"
    yield f"test: {_counted(Counter(one.test_name for one in measured))}"
    yield from _about_all([(one.probe_asn, one.measured_at, one.input) for one in measured])


def _about_all(rows: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    networks = Counter(f"AS{asn}" for asn, _, _ in rows if asn)
    yield f"networks: {_counted(networks) or 'not known'}"
    times = sorted(at for _, at, _ in rows if at)
    if times:
        yield f"measured: {times[0]}" if times[0] == times[-1] else f"measured: {times[0]} to {times[-1]}"
    if targets := Counter(_host(text) for _, _, text in rows if _host(text)):
        yield f"targets: {_counted(targets)}"


def _counted(counts: Counter[str]) -> str:
    named = [f"{name} {n}" if len(counts) > 1 or n > 1 else name for name, n in counts.most_common(LISTED_MAX)]
    rest = len(counts) - len(named)
    return ", ".join([*named, *((f"and {rest} more",) if rest else ())])


def _host(text: str) -> str:
    """Give a target's host; what stands behind it in a URL is nobody's business."""
    if "://" not in text:
        return text[:100] if text.isprintable() and "/" not in text else ""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""
