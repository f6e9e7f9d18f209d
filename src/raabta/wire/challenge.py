"""Challenges: a text that only one member was given for one subject, and where it has to be shown.

A challenge is ``TOKEN.KEY``. TOKEN is a random text; KEY is an HMAC over the purpose, the member, the end point, the
kind of proof, the subject and TOKEN, under a secret of the register. So the same text proves nothing for another
member, another subject or another kind, and the register can tell that it issued it. Names and paths that are asked
for hold TOKEN at most: a server that echoes questions never says KEY.
"""

import hmac
import ipaddress
import re
from base64 import urlsafe_b64encode
from typing import Final

import msgspec
from msgspec import Struct

TXT_LABEL: Final = "_raabta-challenge"
"""RFC 8552: a name that begins with an underscore is no host, so no customer of a host provider can take it."""
TXT_PREFIX: Final = "raabta-proof="
WEB_PATH: Final = "/.well-known/raabta-proof/"
NONCE_BYTES: Final = 16
_PURPOSE: Final = "raabta-challenge-1"
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")
MAX_REVERSE_NAMES: Final = 16
"""Names of one prefix that are asked for: a /29 has 8."""


class Claim(Struct, frozen=True, kw_only=True):
    """Who says that what is theirs, and how they will prove it."""

    organisation_id: str
    endpoint_id: str = ""
    kind: str
    subject: str


def make_challenge(claim: Claim, *, key: bytes, nonce: bytes) -> str:
    """Make a challenge.

    Args:
        claim: What it is for.
        key: The register's secret for challenges.
        nonce: 16 bytes that nobody can foresee.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a challenge needs {NONCE_BYTES} random bytes, not {len(nonce)}")
    token = _text(nonce)
    return f"{token}.{_key_of(token, claim, key)}"


def is_challenge_for(challenge: str, claim: Claim, *, key: bytes) -> bool:
    """Say whether a challenge was issued by the holder of ``key`` for this very claim."""
    if not _FORM.fullmatch(challenge):
        return False
    token, _, shown = challenge.partition(".")
    return hmac.compare_digest(shown, _key_of(token, claim, key))


def token_of(challenge: str) -> str:
    """The part of a challenge that is asked for."""
    return challenge.partition(".")[0]


def txt_value(challenge: str) -> str:
    """The text of the TXT record."""
    return TXT_PREFIX + challenge


def txt_name(domain: str) -> str:
    """Where a domain shows it."""
    return f"{TXT_LABEL}.{domain}"


def web_path(challenge: str) -> str:
    """Where a web server shows it."""
    return f"{WEB_PATH}{token_of(challenge)}.txt"


def reverse_names(prefix: str) -> list[str]:
    """Give the names in ``in-addr.arpa`` or ``ip6.arpa`` that together are a prefix.

    Names stand at whole octets (IPv4) or half octets (IPv6), so that an IPv4 /29 has eight names. They are the plain
    names and carry no label of their own: where an operator delegates single addresses (RFC 2317), the plain name
    is an alias into the customer's zone, and nothing can stand below an alias.

    Raises:
        ValueError: It is no prefix, or has too many names.
    """
    network = ipaddress.ip_network(prefix)
    step = 8 if network.version == 4 else 4
    whole = -(-network.prefixlen // step) * step
    if 2 ** (whole - network.prefixlen) > MAX_REVERSE_NAMES:
        message = f"{prefix} has more than {MAX_REVERSE_NAMES} names in the reverse zone. Prove it in parts."
        raise ValueError(message)
    n_below = (network.max_prefixlen - whole) // step
    return [_reverse_name(part, n_below) for part in network.subnets(new_prefix=whole)]


def _reverse_name(part: ipaddress.IPv4Network | ipaddress.IPv6Network, n_below: int) -> str:
    return ".".join(part.network_address.reverse_pointer.split(".")[n_below:])


def _key_of(token: str, claim: Claim, key: bytes) -> str:
    signed = msgspec.json.encode((_PURPOSE, *msgspec.structs.astuple(claim), token))
    return _text(hmac.digest(key, signed, "sha256"))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
