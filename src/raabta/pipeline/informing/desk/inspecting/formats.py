"""Formats of files by their first bytes: captures, packed ones, documents that no machine looks into surely."""

from typing import Final

CAPTURES: Final = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
    b"snoop\0\0\0",
)
"""pcap, with its times in micro- or nanoseconds; pcapng; snoop (RFC 1761)."""
PACKED: Final = (
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"LZIP",
)
"""gzip, compress, Zstandard, bzip2, xz, LZ4, ZIP (also without members), 7z, RAR, lzip."""
_TAR_AT: Final = slice(257, 262)
OFFICE: Final = "an office document"
_OFFICE_PARTS: Final = (b"[Content_Types].xml", b"mimetypeapplication/")
"""Of ECMA-376 (docx, xlsx) and of OASIS OpenDocument, which are ZIP."""
_SAMPLE_BYTES: Final = 4_096
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def is_capture(content: bytes) -> bool:
    """Say whether a file begins as a capture of packets does."""
    return content.startswith(CAPTURES)


def is_packed(content: bytes) -> bool:
    """Say whether a file is packed, or an archive."""
    return content.startswith(PACKED) or content[_TAR_AT] == b"ustar"


def name_of(content: bytes) -> str:
    """Name a format that is no text to be read as it stands, "" where it is none that is known."""
    if content.startswith(b"PK") and any(part in content for part in _OFFICE_PARTS):
        return OFFICE
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return OFFICE
    if b"%PDF-" in content[:1024]:
        return "a PDF"
    return "a text in RTF" if content.startswith(b"{\\rtf") else ""


def is_wide_text(content: bytes) -> bool:
    """Say whether it is text in UTF-16 or UTF-32: nothing in it is found by looking for plain letters."""
    if content.startswith(_WIDE_MARKS):
        return True
    sample = content[:_SAMPLE_BYTES]
    whole = sample[: len(sample) // 4 * 4]
    return len(whole) > 4 and b"\0" in whole and any(_reads_as(whole, form) for form in _WIDE)


def _reads_as(sample: bytes, form: str) -> bool:
    try:
        text = sample.decode(form)
    except UnicodeDecodeError:
        return False
    n_plain = sum(one.isascii() and (one.isprintable() or one in "\r\n\t") for one in text)
    return n_plain * 2 > len(text)
