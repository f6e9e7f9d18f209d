"""What a file inside a pack may be called: names that mean the same on every system, and never a place outside."""

import re
import unicodedata
from typing import Final

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.minisig"
KEY: Final = "raabta.pub"
PACK_BYTES_MAX: Final = 500_000_000
"""Of all files together. More than that does not go by e-mail or portal anyway; judgement."""
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEPTH_MAX: Final = 4
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Devices, to Windows (Microsoft, "Naming Files, Paths, and Namespaces")."""


def is_safe(path: str) -> bool:
    """Say whether a path stays inside the folder that a pack is unpacked into, on every system."""
    parts = path.split("/")
    return 0 < len(parts) <= _DEPTH_MAX and all(_is_part(part) for part in parts)


def safe_name(name: str, *, fallback: str) -> str:
    """Give a file's name as it may stand in a pack: the part behind the last slash, in plain letters."""
    plain = unicodedata.normalize("NFKD", re.split(r"[/\\]", name)[-1]).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")[:100].rstrip("-.")
    return kept if kept and _is_part(kept) else fallback


def _is_part(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and not part.endswith(".") and not _RESERVED.fullmatch(part)


def some(n: int | None) -> str:
    """Say a count; None is one that is too small to be told."""
    return "fewer than 5" if n is None else f"{n:,}"
