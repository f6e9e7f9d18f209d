"""The nouns of the public log: its head, and proofs that hold for anybody who has two hashes.

Hashes are hex text of SHA-256. A proof is a list of hashes in the order of RFC 9162.
"""

import datetime as dt
from typing import Final

from msgspec import Struct

LOG_VERSION: Final = 1
"""Version of the stored shapes."""


class TreeHead(Struct, frozen=True, kw_only=True):
    """What the log was at one time: so many leaves, and the hash over all of them. Signed by the log's key."""

    log: str
    """Which log: the name of who keeps it."""
    size: int
    root: str
    at: dt.datetime
    key: str = ""
    """Name of the key that signed."""
    signature: str = ""
    """Ed25519 over ``remedy.log.head_bytes``, base64."""
    version: int = LOG_VERSION


class InclusionProof(Struct, frozen=True, kw_only=True):
    """That a leaf stands at an index of a tree of some size (RFC 9162, 2.1.3)."""

    index: int
    size: int
    leaf: str
    """Hash of the leaf."""
    path: tuple[str, ...]
    version: int = LOG_VERSION


class ConsistencyProof(Struct, frozen=True, kw_only=True):
    """That an older tree is the beginning of a newer one: nothing was taken out or changed (RFC 9162, 2.1.4)."""

    old_size: int
    new_size: int
    path: tuple[str, ...]
    version: int = LOG_VERSION
