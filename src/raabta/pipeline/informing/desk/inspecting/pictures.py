"""What pictures hold beside what they show: a camera's notes, a place, an author. PNG and JPEG are looked through.

Source: W3C, "Portable Network Graphics (Third Edition)", 5 and 11; ISO/IEC 10918-1 (T.81), annex B.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_OTHERS: Final = (
    (b"GIF8", "a GIF picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"RIFF", "a WebP picture"),
)
_FTYP_AT: Final = slice(4, 8)
_PNG_PARTS: Final = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT tIME acTL fcTL fdAT".split()
)
"""Chunks that say how a picture looks, or when it was made."""
_CAMERA: Final = "the picture holds notes of a camera, such as its place. Save it without metadata first."
_TEXTS: Final = "the picture holds more than a picture: words, notes or other data"
_BROKEN: Final = "the picture is not whole, or something follows it"
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_STANDALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
_END: Final = 0xD9
_SCAN: Final = 0xDA
_EXIF: Final = 0xE1
_PLAIN: Final = {0xE0: (b"JFIF\0",), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}
"""Segments of applications that say how a picture looks, by how they begin."""


class Picture(NamedTuple):
    """Why a picture must not be attached as it is, and why it is withheld; "" where nothing speaks against it."""

    refusal: str = ""
    reason: str = ""


def about_picture(content: bytes) -> Picture | None:
    """Look through a picture; None where it is none."""
    if content.startswith(_PNG):
        return _judged(_png_parts(content))
    if content.startswith(_JPEG):
        return _judged(_jpeg_parts(content))
    name = next((name for magic, name in _OTHERS if content.startswith(magic)), "")
    if content[_FTYP_AT] == b"ftyp":
        name = "a HEIC or AVIF picture, or a film,"
    return Picture(reason=f"{name} cannot be looked into by a machine") if name else None


def _judged(parts: Iterator[str]) -> Picture:
    found = set(parts)
    if "camera" in found:
        return Picture(refusal=_CAMERA)
    return Picture(reason=next((words for name, words in (("text", _TEXTS), ("broken", _BROKEN)) if name in found), ""))


def _png_parts(content: bytes) -> Iterator[str]:
    """Name what stands in a PNG beside the picture: "camera", "text", and "broken" where it ends wrongly."""
    at, name = len(_PNG), b""
    while at < len(content):
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        at += 12 + length
        if name == b"eXIf":
            yield "camera"
        if name not in _PNG_PARTS:
            yield "text"
        if name == b"IEND":
            break
    if name != b"IEND" or at != len(content):
        yield "broken"


def _jpeg_parts(content: bytes) -> Iterator[str]:
    """Name what stands in a JPEG beside the picture. As ``_png_parts``."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        code, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if code == 0xFF or code in _STANDALONE:
            at += 1 if code == 0xFF else 2
            continue
        if code == _END:
            break
        yield from _about_segment(code, content[at + 4 : at + 2 + length])
        at += 2 + length
        if code == _SCAN:
            after = _NEXT_MARKER.search(content, at)
            at = after.start() if after else len(content)
    if content[at:] != bytes((0xFF, _END)):
        yield "broken"


def _about_segment(code: int, body: bytes) -> Iterator[str]:
    if code == _EXIF and body.startswith(b"Exif"):
        yield "camera"
    is_of_application = 0xE0 <= code <= 0xEF and not body.startswith(_PLAIN.get(code, ()))
    if is_of_application or code >= 0xF0:
        yield "text"
