"""What is tested, from a URL and a file (TOML) with the keys of a probe peer.

    probe_peer = true                  # these keys carry no tunnel: without this line nothing is sent
    name = "e-7k2m"                    # how results call the end point

    [endpoint]
    url = "wireguard://vpn.example:51820"
    private_key = "…"                  # of the probe peer
    public_key = "…"                   # of the server
    preshared_key = "…"                # where there is one

    [[twin]]
    url = "wireguard://twin.example:51820"
    private_key = "…"
    public_key = "…"

    [line]
    url = "tcp://control.example:443"  # something near the twin that nobody restricts

OpenVPN: ``openvpn://HOST:PORT`` (UDP) or ``openvpn+tcp://``; ``tls_auth`` or ``tls_crypt`` names the file with the
static key, beside this one; ``digest`` and ``key_direction`` go with tls-auth.
"""

import hashlib
import stat
import tomllib
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from raabta.pipeline.expecting import ExpectPlan, OpeningPlace
from raabta.wire.openvpn import DIGESTS, OpenVpnKeys, read_static_key
from raabta.wire.wireguard import WireGuardKeys, read_key

SCHEMES: Final[dict[str, tuple[Literal["wireguard", "openvpn", "tcp"], Literal["udp", "tcp"], int]]] = {
    "wireguard": ("wireguard", "udp", 51820),
    "openvpn": ("openvpn", "udp", 1194),
    "openvpn+udp": ("openvpn", "udp", 1194),
    "openvpn+tcp": ("openvpn", "tcp", 1194),
    "tcp": ("tcp", "tcp", 443),
}
"""Protocol, transport and the port where a URL names none."""

_PRIVATE: Final = stat.S_IRWXG | stat.S_IRWXO
_LABEL_CHARS: Final = 16


class _Section(Struct, kw_only=True, forbid_unknown_fields=True):
    url: str = ""
    private_key: str = ""
    public_key: str = ""
    preshared_key: str = ""
    tls_auth: str = ""
    tls_crypt: str = ""
    digest: str = "sha1"
    key_direction: Literal[0, 1] | None = 1


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    probe_peer: bool = False
    name: str = ""
    endpoint: _Section | None = None
    twin: list[_Section] = []
    line: _Section | None = None


def read_plan(file: Path | None, *, url: str, twins: tuple[str, ...] = (), line: str = "", asn: int = 0) -> ExpectPlan:
    """Make the plan of a run.

    Args:
        file: With the keys; None where none are needed (OpenVPN without a static key).
        url: The end point; "" takes the file's.
        twins: Further twins, as URLs. Where the file has keys for such a URL, those; else the first twin's of the file.
        line: As a URL; "" takes the file's.
        asn: The network measured from.

    Raises:
        ValueError: Something is missing or wrong. The text names file and field, and never a key.
        OSError: The file cannot be read.
    """
    given = _File(probe_peer=True) if file is None else _load(file)
    name = "" if file is None else str(file)
    mine = _section_for(url, [] if given.endpoint is None else [given.endpoint])
    others = [_section_for(one, given.twin) for one in twins] if twins else given.twin
    if not others:
        raise ValueError("no twin is named. Name one with --twin URL, or as [[twin]] in the file of --expect-file.")
    endpoint = read_place(mine, name=f"{name}: endpoint", folder=file)
    places = tuple(read_place(one, name=f"{name}: twin", folder=file) for one in others)
    for place in places:
        if (place.protocol, place.transport) != (endpoint.protocol, endpoint.transport):
            message = f"the twin at {place.host} speaks another protocol than the end point. Name one that speaks its."
            raise ValueError(message)
        if (place.host, place.port) == (endpoint.host, endpoint.port):
            raise ValueError("the twin is the end point itself. Name a server that is not on the list.")
    straight = _Section(url=line) if line else given.line
    return ExpectPlan(
        label=given.name or _label(mine.url),
        endpoint=endpoint,
        twins=places,
        line=None if straight is None else _line(straight, name=name),
        asn=asn,
    )


def own_keys(plan: ExpectPlan) -> tuple[bytes, ...]:
    """Give the public keys that a run would open sessions with."""
    keys = [place.wireguard for place in (plan.endpoint, *plan.twins)]
    return tuple(key.public_key for key in keys if key is not None)


def _load(file: Path) -> _File:
    if file.stat().st_mode & _PRIVATE:
        raise ValueError(f"{file}: others may read it, and it holds keys. Try: chmod 600 {file}")
    try:
        given = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{file}: {error}. See docs/guides/does-it-work.md for what it holds.") from error
    if not given.probe_peer:
        message = (
            f"{file}: it does not say probe_peer = true. A valid opening moves the server's idea of where the peer "
            "is, so the keys must belong to a separate peer that carries no tunnel. Make one, then say so in the file."
        )
        raise ValueError(message)
    return given


def _section_for(url: str, known: list[_Section]) -> _Section:
    """The section of that URL; without one the first section's keys, for another place."""
    if not url:
        if not known:
            raise ValueError("no end point is named. Give a URL, or [endpoint] with a url in the file.")
        return known[0]
    same = next((section for section in known if section.url == url), None)
    if same is not None:
        return same
    return msgspec.structs.replace(known[0], url=url) if known else _Section(url=url)


def read_place(section: _Section, *, name: str, folder: Path | None) -> OpeningPlace:
    """Read one place. Raises ``ValueError``."""
    protocol, transport, host, port = _read_url(section.url)
    if protocol == "tcp":
        raise ValueError(f"{section.url}: that is no tunnel. Use wireguard://, openvpn:// or openvpn+tcp://")
    if protocol == "openvpn":
        keys = _openvpn_keys(section, name=name, folder=folder)
        return OpeningPlace(protocol=protocol, transport=transport, host=host, port=port, openvpn=keys)
    if not section.private_key or not section.public_key:
        message = (
            f"{section.url}: WireGuard answers nobody whose key it does not know. Give private_key (of a separate "
            "probe peer) and public_key (of the server) in the file of --expect-file."
        )
        raise ValueError(message)
    shared = section.preshared_key
    wireguard = WireGuardKeys(
        private_key=read_key(section.private_key, name=f"{name}: private_key"),
        peer_public_key=read_key(section.public_key, name=f"{name}: public_key"),
        preshared_key=read_key(shared, name=f"{name}: preshared_key") if shared else bytes(32),
    )
    return OpeningPlace(protocol=protocol, transport=transport, host=host, port=port, wireguard=wireguard)


def _line(section: _Section, *, name: str) -> OpeningPlace:
    protocol, transport, host, port = _read_url(section.url)
    if protocol != "tcp":
        raise ValueError(f"{name}: line: {section.url} is a tunnel. Use tcp://HOST:PORT, such as a web server near it.")
    return OpeningPlace(protocol=protocol, transport=transport, host=host, port=port)


def _read_url(url: str) -> tuple[Literal["wireguard", "openvpn", "tcp"], Literal["udp", "tcp"], str, int]:
    parts = urlsplit(url)
    known = SCHEMES.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        port = 0
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if known is None or not parts.hostname or port == 0 or not is_bare:
        raise ValueError(f"{url or 'URL'}: write it like wireguard://HOST:PORT, openvpn://HOST:PORT or openvpn+tcp://…")
    return known[0], known[1], parts.hostname, port or known[2]


def _openvpn_keys(section: _Section, *, name: str, folder: Path | None) -> OpenVpnKeys:
    if section.tls_auth and section.tls_crypt:
        raise ValueError(f"{name}: tls_auth and tls_crypt exclude each other. Keep the one that the server uses.")
    place = section.tls_auth or section.tls_crypt
    if not place:
        return OpenVpnKeys()
    digest = section.digest.lower()
    if digest not in DIGESTS:
        raise ValueError(f"{name}: digest {section.digest!r}: it is one of {', '.join(DIGESTS)}.")
    path = Path(place) if folder is None else folder.parent / place
    key = read_static_key(path.read_text("ascii", "replace"), name=str(path))
    if section.tls_crypt:
        return OpenVpnKeys(wrap="tls_crypt", key=key)
    return OpenVpnKeys(wrap="tls_auth", key=key, digest=digest, direction=section.key_direction)


def _label(url: str) -> str:
    """A name that shows no address. It hides none from whoever guesses it; for that, the file has ``name``."""
    return f"{urlsplit(url).scheme}/{hashlib.sha256(url.encode()).hexdigest()[:_LABEL_CHARS]}"
