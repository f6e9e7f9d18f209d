"""The page at the end of a chain of redirects, each of them judged by the guard before it is followed."""

import asyncio
import re
from typing import Final
from urllib.parse import urljoin

from raabta.control.reach import Attempt, Reach, header_of
from raabta.probe import http
from raabta.probe.failures import BAD_REDIRECT, TOO_MANY_REDIRECTS
from raabta.probe.recording import Peer
from raabta.probe.signs import page_signs
from raabta.reference.guard import AddressPort, Place, Refusal
from raabta.wire.control import ControlPage
from raabta.wire.ooni.writing import Exchange

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""RFC 9110, 15.4; 300 and 304 lead nowhere by themselves."""
_TRIES_PER_HOP: Final = 2
_MAX_HEADERS: Final = 40
_MAX_HEADER_CHARS: Final = 400
_UNREADABLE: Final = frozenset({"spelling", "scheme", "length"})
"""Reasons of the guard that no program would follow: the site's redirect is broken."""

# RFC 7838: Alt-Svc: h3=":443"; ma=86400, h3-29=":443"
_H3: Final = re.compile(r'(?:^|,)\s*h3="([^":]*):(\d{1,5})"')

Attempts = asyncio.Queue[Attempt]


async def get_page(
    reach: Reach, place: Place, *, attempts: Attempts, n_attempts: int, refused: dict[str, str]
) -> ControlPage:
    """Follow a URL to its page.

    Args:
        reach: The question's.
        place: Its URL, judged.
        attempts: End points of its name as they get ready; the first good connection is used.
        n_attempts: How many of them will come.
        refused: Where to write what the guard refused.
    """
    attempt = await _first_good(attempts, n_attempts)
    seen: ControlPage | None = None
    for _ in range(reach.settings.limits.max_redirects + 1):
        if attempt is None or attempt.line is None:
            return ControlPage(failure=None if attempt is None else attempt.failure)
        seen, location = await _exchange(reach, attempt, place)
        if not location:
            return seen
        following = _read_location(reach, place, location)
        if isinstance(following, Refusal):
            return _stopped(seen, location, following, refused)
        place = following
        attempt_or_failure = await _open(reach, place, refused=refused)
        if isinstance(attempt_or_failure, Refusal):
            return seen
        if isinstance(attempt_or_failure, str):
            return ControlPage(failure=attempt_or_failure)
        attempt = attempt_or_failure
    if attempt is not None and attempt.line is not None:
        attempt.line.close()
    return ControlPage(failure=TOO_MANY_REDIRECTS)


def _read_location(reach: Reach, place: Place, location: str) -> Place | Refusal:
    """Read a redirect's target, relative to where it came from (RFC 9110, 10.2.2)."""
    try:
        following = reach.guard.read_url(urljoin(place.url, location))
    except ValueError:
        return Refusal("spelling")
    if isinstance(following, Place) and following.scheme not in ("http", "https"):
        return Refusal("scheme")
    return following


async def _first_good(attempts: Attempts, n_attempts: int) -> Attempt | None:
    """Give the first attempt that went well, else the last that failed, None where there was none."""
    attempt = None
    for _ in range(n_attempts):
        attempt = await attempts.get()
        if attempt.line is not None:
            return attempt
    return attempt


async def _exchange(reach: Reach, attempt: Attempt, place: Place) -> tuple[ControlPage, str]:
    """Get one page, and where it leads: "" for nowhere."""
    if attempt.line is None:
        return ControlPage(failure=attempt.failure), ""
    try:
        peer = Peer(
            address=attempt.endpoint.address,
            port=attempt.endpoint.port,
            name=place.host,
            transaction_id=attempt.connect.transaction_id,
        )
        exchange, body = await http.get(reach.trace, attempt.line, url=place.url, peer=peer, settings=reach.steps)
    finally:
        attempt.line.close()
    page = _page(reach, place, exchange, body)
    leads = exchange.failure is None and page.status_code in _REDIRECTS
    return page, header_of(page.headers, "location") if leads else ""


def _page(reach: Reach, place: Place, exchange: Exchange, body: bytes) -> ControlPage:
    response = exchange.response
    if response is None or exchange.failure is not None:
        return ControlPage(failure=exchange.failure)
    signs = page_signs(body, headers=response.headers, status=response.code, tables=reach.settings.tables)
    return ControlPage(
        body_length=signs.bytes,
        discovered_h3_endpoint=h3_endpoint(header_of(response.headers, "alt-svc"), place),
        failure=None,
        title=signs.title,
        headers={name: value[:_MAX_HEADER_CHARS] for name, value in list(response.headers.items())[:_MAX_HEADERS]},
        status_code=response.code,
        x_body_s=_body_s(reach, exchange),
    )


def _body_s(reach: Reach, exchange: Exchange) -> float:
    """Give how long the page was coming, in seconds from the first bytes read to the last."""
    read_at = [
        event.t
        for event in reach.trace.events
        if event.transaction_id == exchange.transaction_id and event.operation == "read" and event.t >= exchange.t0
    ]
    return round(max(read_at) - min(read_at), 6) if read_at else 0.0


def _stopped(seen: ControlPage, location: str, refusal: Refusal, refused: dict[str, str]) -> ControlPage:
    """A redirect that is not followed: its own page is the answer, or a failure where nobody could follow it."""
    refused[location[:_MAX_HEADER_CHARS]] = refusal.reason
    return ControlPage(failure=BAD_REDIRECT) if refusal.reason in _UNREADABLE else seen


async def _open(reach: Reach, place: Place, *, refused: dict[str, str]) -> Attempt | str | Refusal:
    """Connect to where a redirect leads; give the failure, or the refusal of all its addresses."""
    names = await reach.resolve(place)
    if not names.addresses:
        if names.refused:
            refused[place.host] = names.refused[0]
            return Refusal(names.refused[0])
        return names.failure or "dns_no_answer"
    failure: str | None = None
    for address in names.addresses[:_TRIES_PER_HOP]:
        attempt = await reach.open(AddressPort(address, place.port), name=place.host, scheme=place.scheme)
        if attempt.line is not None:
            return attempt
        failure = attempt.failure
    return failure or "unknown_failure: connect"


def h3_endpoint(alt_svc: str, place: Place) -> str:
    """Give ``host:port`` where HTTP/3 is offered, "" where it is not."""
    found = _H3.search(alt_svc)
    if found is None or place.scheme != "https":
        return ""
    return f"{found.group(1) or place.host}:{found.group(2)}"
