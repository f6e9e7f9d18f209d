"""What one HTTP request asks and what comes back, whichever version carries it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

USER_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
"""The words of a browser with long support, as OONI's probe does it. Sites and their shields treat unknown words
otherwise than people's browsers, and we ask what people meet. Our own name would tell whoever reads requests in clear
that somebody measures here."""

PLAIN_HEADERS: Final = (
    ("User-Agent", USER_AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-US,en;q=0.5"),
    ("Accept-Encoding", "identity"),
)
"""As that browser has them, but for the encoding: what arrives is hashed and counted as it is."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. ``headers`` do not include what only one version of HTTP has; ``authority`` is the Host."""

    url: str
    method: str
    scheme: str
    authority: str
    target: str
    plain: tuple[tuple[str, str], ...] = PLAIN_HEADERS

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of HTTP/1.1, in order."""
        return ("Host", self.authority), *self.plain

    @property
    def pseudo(self) -> list[tuple[bytes, bytes]]:
        """Fields of HTTP/2 and HTTP/3 (RFC 9113 section 8.3.1), names in lower case."""
        own = (
            (":method", self.method),
            (":scheme", self.scheme),
            (":authority", self.authority),
            (":path", self.target),
        )
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own + self.plain]


@dataclass(slots=True)
class Page:
    """An answer, filled in as it comes. ``code`` 0: nothing came yet. ``max_bytes`` bounds the body."""

    max_bytes: int
    code: int = 0
    headers: list[list[str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    truncated: bool = False

    def begin(self, code: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Take status and headers."""
        self.code = code
        self.headers = [[_canonical(name), value.decode("utf-8", "replace")] for name, value in headers]

    def begin_with_fields(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the fields of HTTP/2 or HTTP/3, ``:status`` among them; interim answers (1xx) are passed over.

        Raises:
            ValueError: There is no status.
        """
        listed = list(fields)
        code = int(next((value for name, value in listed if name == b":status"), b""))
        if code >= 200:
            self.begin(code, [(name, value) for name, value in listed if not name.startswith(b":")])

    def add(self, data: bytes) -> None:
        """Take a piece of the body; what is over the limit is not kept and ``truncated`` says so."""
        room = self.max_bytes - len(self.body)
        self.body += data[:room]
        self.truncated = self.truncated or len(data) > room


def ask_for(url: str) -> Ask:
    """Make the GET for an absolute URL of a host name or address in ASCII.

    Raises:
        ValueError: It is not http or https, or has no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"no http or https URL with a host: {url!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    authority = host if port is None or port == DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Ask(url=url, method="GET", scheme=parts.scheme, authority=authority, target=_in_ascii(target))


def _in_ascii(target: str) -> str:
    """Escape what may not stand in a request line (RFC 3986 section 2.1): a redirect may name anything."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{octet:02X}" for octet in char.encode("utf-8", "surrogatepass"))
        for char in target
    )


def _canonical(name: bytes) -> str:
    """Names as Go writes them, and so OONI's data: ``Content-Type`` in every version of HTTP."""
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))
