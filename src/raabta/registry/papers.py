"""A paper that was seen: its keyed hash, and nothing else of it.

The hash tells whether the same file was shown again or exchanged; without the register's key nobody can tell from it
which file it was. The file is read and forgotten.
"""

import hmac
from hashlib import sha256

from raabta.registry.secrets import IDENTITY_HEX, RegisterKey


def paper_fingerprint(key: RegisterKey, raw: bytes) -> str:
    """Give the keyed hash of a paper's file."""
    return hmac.digest(key.identity, b"paper:" + sha256(raw).digest(), "sha256").hex()[:IDENTITY_HEX]
