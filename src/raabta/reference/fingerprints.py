"""Known pages and addresses: does this answer name its own cause?

Two halves of one table. Block pages say that an operator or a state refused. Challenges, country refusals, captive
portals and parked names look like refusals too but say nothing about the network: what matches them must not count as
interference. The rows, their permanent ids and their sources are in ``fingerprints.toml``.

A page is looked at in this order, and the first match wins: headers, redirect, text, title, status. Text comes before
the title since one title ("Access denied") covers several causes that the text tells apart.

Limits, chosen so that an ordinary response costs a few microseconds:

- The text is searched only where the page is suspect: status 400 and above, no title, a title of the table, or a body
  of at most 1024 characters. An ordinary titled page of status 200 is not searched (1 µs); a suspect one costs about
  14 µs per 1000 characters searched.
- Of a longer body the first 4096 characters are searched, and nothing of one above 65536: pages of refusal are short.
- Links are followed into the table only in bodies of at most 1024 characters: there a link, frame or refresh is what
  the page is for.

A match is a fact about the page, no verdict: many of the hosts also have an honest site of their own, so a target that
is itself a host of the table matches, and pages of refusal age, so a row keeps the day of its observation.
"""

import functools
import importlib.resources
import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from raabta.reference.addresses import Address, read_address

FingerprintKind = Literal["blockpage", "filter", "challenge", "geo", "captive", "parking"]
MatchedOn = Literal["address", "url", "header", "title", "body", "status"]

# Reasoned from the table: frames and refreshes of block pages take some hundred characters, the longest known text of
# refusal starts within 4 kB, and no known block page is above 64 kB. Not validated on a corpus.
LINKS_MAX_CHARS = 1024
SEARCHED_CHARS = 4096
BODY_MAX_CHARS = 65536

_LINK = re.compile(r"//[^\s\"'<>]+")


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table.

    Attributes:
        id: Permanent; a changed meaning is a new id.
        kind: What the match tells.
        on: What is compared, and so what matched.
        value: What it is compared with; see the head of ``fingerprints.toml``.
        source: Key of the source.
        country: ISO 3166-1 alpha-2 of a block page, else empty.
        scope: Whether a block page is one operator's or the country's, else empty.
        header: Name of the header, lower-case, where ``on`` is "header".
        seen: ISO day of the observation that the source names, empty where it names none.
        note: Whose page it is.
    """

    id: str
    kind: FingerprintKind
    on: MatchedOn
    value: str
    source: str
    country: str = ""
    scope: Literal["", "isp", "national"] = ""
    header: str = ""
    seen: str = ""
    note: str = ""

    @property
    def matched_on(self) -> str:
        """What matched: "address", "host", "header", "title", "body" or "status"."""
        return "host" if self.on == "url" else self.on


class Fingerprints:
    """The table, arranged for lookup.

    Args:
        rows: Fingerprints; where several match, the first wins.
        version: What to record as the version of the rows.
    """

    __slots__ = (
        "_addresses",
        "_ascii_texts",
        "_headers",
        "_hosts",
        "_other_texts",
        "_paths",
        "_statuses",
        "_titles",
        "rows",
        "version",
    )

    def __init__(self, rows: Iterable[Fingerprint], *, version: str) -> None:
        self.rows = tuple(rows)
        self.version = version
        self._addresses: dict[Address, Fingerprint] = {}
        self._hosts: dict[str, Fingerprint] = {}
        self._paths: dict[str, list[tuple[str, Fingerprint]]] = {}
        self._headers = [(row.header, row.value, row) for row in self.rows if row.on == "header"]
        self._titles = {_plain(row.value): row for row in reversed(self.rows) if row.on == "title"}
        self._statuses = {int(row.value): row for row in self.rows if row.on == "status"}
        texts = [(row.value, row) for row in self.rows if row.on == "body"]
        self._ascii_texts = [text for text in texts if text[0].isascii()]
        self._other_texts = [text for text in texts if not text[0].isascii()]
        for row in self.rows:
            if row.on == "address":
                self._add_address(row)
            if row.on == "url":
                self._add_url(row)

    def address(self, address: str) -> Fingerprint | None:
        """The row of an address that a resolver answered or a page came from. Never raises on a string."""
        parsed = read_address(address)
        return None if parsed is None else self._addresses.get(parsed)

    def host(self, hostname: str) -> Fingerprint | None:
        """The row of a host name, or of the closest domain above it: of a CNAME or a redirect's host."""
        name = hostname.lower().removesuffix(".")
        while name:
            row = self._hosts.get(name)
            if row is not None:
                return row
            name = name.partition(".")[2]
        return None

    def redirect(self, url: str) -> Fingerprint | None:
        """The row of a URL: of its host, or of its host and the start of its path. Never raises on a string."""
        host, rest = _split(url)
        return self.host(host) or self._by_path(host, rest)

    def page(self, *, title: str, body: str, headers: Mapping[str, str], status: int) -> Fingerprint | None:
        """The row that an HTTP response matches first. The limits are in the module's text.

        Args:
            title: Text of the title element, entities resolved; empty where there is none.
            body: Decoded body; empty for none.
            headers: Header values by lower-case name.
            status: Status code.
        """
        found = self._by_header(headers)
        if found is not None:
            return found
        by_title = self._titles.get(_plain(title)) if title else None
        is_tiny = len(body) <= LINKS_MAX_CHARS
        if body and (is_tiny or status >= 400 or not title or by_title is not None):
            found = self._by_text(body) or (self._by_link(body) if is_tiny else None)
        return found or by_title or self._statuses.get(status)

    def _by_header(self, headers: Mapping[str, str]) -> Fingerprint | None:
        for name, part, row in self._headers:
            value = headers.get(name)
            if value is not None and part in value:
                return row
        location = headers.get("location")
        return None if location is None else self.redirect(location)

    def _by_text(self, body: str) -> Fingerprint | None:
        if len(body) > BODY_MAX_CHARS:
            return None
        window = body[:SEARCHED_CHARS]
        for text, row in self._ascii_texts:
            if text in window:
                return row
        if window.isascii():
            return None
        return next((row for text, row in self._other_texts if text in window), None)

    def _by_link(self, body: str) -> Fingerprint | None:
        found = (self.redirect(link) for link in _LINK.findall(body))
        return next((row for row in found if row is not None), None)

    def _by_path(self, host: str, rest: str) -> Fingerprint | None:
        while host:
            for prefix, row in self._paths.get(host, ()):
                if rest.startswith(prefix) and _ends_a_part(rest, len(prefix)):
                    return row
            host = host.partition(".")[2]
        return None

    def _add_address(self, row: Fingerprint) -> None:
        parsed = read_address(row.value)
        if parsed is None:
            raise ValueError(f"{row.id}: {row.value!r} is no address")
        self._addresses.setdefault(parsed, row)

    def _add_url(self, row: Fingerprint) -> None:
        host, slash, path = row.value.partition("/")
        if slash:
            self._paths.setdefault(host, []).append((slash + path, row))
            return
        self._hosts.setdefault(host, row)
        if read_address(host) is not None:
            self._add_address(row)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reviewed: str
    fingerprints: tuple[Fingerprint, ...]
    sources: dict[str, str]


@functools.cache
def load_fingerprints() -> Fingerprints:
    """The rows of ``fingerprints.toml``, read once."""
    file = _read_file()
    return Fingerprints(file.fingerprints, version=f"fingerprints {file.reviewed}")


def fingerprint_sources() -> dict[str, str]:
    """What each source key of the table stands for."""
    return _read_file().sources


def _read_file() -> _File:
    raw = importlib.resources.files("raabta.reference").joinpath("fingerprints.toml").read_bytes()
    return msgspec.toml.decode(raw, type=_File)


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()


def _split(url: str) -> tuple[str, str]:
    """Host without port, lower-case, and the rest from its slash on. A path alone has an empty host."""
    _, slashes, rest = url.partition("//")
    authority, slash, path = (rest if slashes else url).partition("/")
    host = authority.partition("?")[0].rpartition("@")[2].partition(":")[0]
    return host.lower(), slash + path


def _ends_a_part(rest: str, end: int) -> bool:
    return rest[end - 1] == "=" or not rest[end : end + 1].isalnum()
