"""What ``raabta control`` is told in words: places to listen on, tokens, whom to ask for names."""

from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from raabta.cli.diagnose import fail
from raabta.probe.settings import Engine, Resolver
from raabta.reference.addresses import is_address

# Hexadecimal random text of 64 bits; a wrong token costs much of a client's rate, so that more is not needed.
TOKEN_MIN_CHARS: Final = 16
_ENGINES: Final = {"udp": ("udp", 53), "tcp": ("tcp", 53), "tls": ("dot", 853), "https": ("doh", 443)}


def read_place(text: str) -> tuple[str, int]:
    """Read ``ADDR:PORT`` or ``[ADDR]:PORT``."""
    address, _, port = text.rpartition(":")
    bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
    if not is_address(bare) or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        fail(f"--listen {text}: this is no address and port. Try --listen 0.0.0.0:8443 or --listen [::]:8443")
    return bare, int(port)


def read_tokens(file: Path | None) -> frozenset[str]:
    """Read tokens, one a line."""
    if file is None:
        return frozenset()
    try:
        tokens = frozenset(filter(None, map(str.strip, file.read_text("utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--token-file {file}: {error}. Give a text file with one token a line.")
    if not tokens or min(map(len, tokens)) < TOKEN_MIN_CHARS:
        fail(f"--token-file {file}: a token has at least {TOKEN_MIN_CHARS} characters. Try: openssl rand -hex 16")
    return tokens


def read_resolver(url: str) -> Resolver | None:
    """Read whom to ask for names; None for the system's resolver."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in _ENGINES or not is_address(host):
        fail(f"--resolver {url}: name one by its address, as udp://9.9.9.9, tls://9.9.9.9 or https://9.9.9.9/dns-query")
    engine, usual_port = _ENGINES[parts.scheme]
    path = parts.path or "/dns-query"
    return Resolver(engine=cast(Engine, engine), address=host, port=port or usual_port, name=host, path=path)
