"""What servers say over HTTP: requests, responses, and the pages themselves. Pure.

Pages of one size and title are the same bytes each time, so that two vantage points see the same thing unless a
condition says otherwise.
"""

import html
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Final

Headers = tuple[tuple[str, str], ...]

HTML: Final[Headers] = (("content-type", "text/html; charset=utf-8"),)
_WORDS: Final = (
    "Every office of the company keeps a list of what it needs from the network and when it needs it. "
    "Orders come in at night, builds run at noon, and meetings begin on the hour. "
)
# How visitors are greeted in their own language; others read the page's own title.
_GREETINGS: Final = {
    "PK": "خوش آمدید",
    "IN": "स्वागत है",
    "BD": "স্বাগতম",
    "IR": "خوش آمدید",
    "AE": "أهلا وسهلا",
    "TR": "Hoş geldiniz",
    "RU": "Добро пожаловать",
    "CN": "欢迎光临",
    "DE": "Willkommen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``host`` is lower-case and without port; ``secure`` says that it came over TLS or QUIC."""

    method: str
    host: str
    path: str
    body: bytes = b""
    secure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response. The server adds date and length, waits ``wait_s``, and ends the connection after ``cut_at`` bytes.

    ``is_reset`` answers with a reset instead.
    """

    status: int = 200
    headers: Headers = HTML
    body: bytes = b""
    wait_s: float = 0.0
    cut_at: int | None = None
    is_reset: bool = False

    def but(self, *, wait_s: float | None = None, cut_at: int | None = None, headers: Headers = ()) -> "Response":
        """Give the same response, later, cut short, or with more headers."""
        waits = self.wait_s if wait_s is None else wait_s
        return replace(self, wait_s=waits, cut_at=cut_at or self.cut_at, headers=(*self.headers, *headers))


def reason_of(status: int) -> str:
    """Give the words that go with a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@lru_cache(maxsize=1024)
def page(title: str, *, n_bytes: int) -> bytes:
    """Make a page of exactly ``n_bytes`` octets, or as few more as the title needs."""
    head = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>\n'
        f"<body><h1>{html.escape(title)}</h1>\n<p>"
    ).encode()
    foot = b"</p></body></html>\n"
    room = max(0, n_bytes - len(head) - len(foot))
    words = _WORDS.encode()
    return head + (words * (room // len(words) + 1))[:room] + foot


def localised_title(title: str, country: str) -> str:
    """Give the title that visitors from a country read."""
    greeting = _GREETINGS.get(country)
    return f"{greeting} – {title}" if greeting else title


def changing_page(title: str, *, n_bytes: int, turn: int) -> bytes:
    """Make a page that is never twice the same: a number in its title, and another length each turn (0.5 to 1.5)."""
    # Multiples of the golden ratio's fraction spread evenly, so that two turns in a row are never alike.
    share = 0.5 + (turn * 0.618_034) % 1.0
    return page(f"({turn + 1}) {title}", n_bytes=int(n_bytes * share))


def redirect(to: str, *, status: int = 302) -> Response:
    """Make a redirect."""
    body = f'<html><head><title>{status} {reason_of(status)}</title></head><body><a href="{to}">here</a></body></html>'
    return Response(status=status, headers=(("location", to), *HTML), body=body.encode())


def error_page(status: int, *, title: str = "") -> Response:
    """Make a status page as web servers come with it."""
    words = title or f"{status} {reason_of(status)}"
    head = f"<html>\r\n<head><title>{words}</title></head>\r\n"
    body = f"{head}<body>\r\n<center><h1>{words}</h1></center>\r\n</body></html>"
    extra: Headers = (("retry-after", "120"),) if status in {429, 503} else ()
    return Response(status=status, headers=(*HTML, *extra), body=body.encode())


def challenge_page(host: str, *, status: int = 0) -> Response:
    """Make the page with which Cloudflare asks a visitor to prove that they are human."""
    script = (
        "(function(){window._cf_chl_opt = {cvId: '3', cZone: '"
        + host
        + "', cType: 'managed', cRay: '8c2f3a6e5d9b1f04'};"
        "var a = document.createElement('script');a.src = '/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1';"
        "document.getElementsByTagName('head')[0].appendChild(a);}());"
    )
    body = (
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
        '<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="360"></head>'
        '<body><div class="main-wrapper" role="main"><div class="main-content"><noscript>'
        '<span id="challenge-error-text">Enable JavaScript and cookies to continue</span></noscript></div></div>'
        f"<script>{script}</script></body></html>"
    )
    headers = (
        ("cf-mitigated", "challenge"),
        ("server", "cloudflare"),
        ("cf-ray", "8c2f3a6e5d9b1f04-KHI"),
        ("cache-control", "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0"),
        *HTML,
    )
    return Response(status=status or 403, headers=headers, body=body.encode())


def country_page(variant: int, *, title: str = "") -> Response:
    """Make the page with which a site refuses visitors from a country; three ways that the internet knows."""
    if title:
        text = "<p>This service is not available in your country.</p>"
        return _notice(403, title, text)
    match variant % 3:
        case 0:
            text = (
                "<h1>403 ERROR</h1><h2>The request could not be satisfied.</h2><hr>The Amazon CloudFront distribution "
                "is configured to block access from your country. We can't connect to the server for this app or "
                "website at this time."
            )
            return _notice(403, "ERROR: The request could not be satisfied", text, server="CloudFront")
        case 1:
            text = (
                "<h1>Error 1009</h1><h2>Access denied</h2><p>The owner of this website has banned the country or "
                "region your IP address is in (PK) from accessing this website.</p>"
            )
            return _notice(403, "Access denied", text, server="cloudflare")
        case _:
            text = "<h1>We are sorry</h1><p>This service is not available in your country.</p>"
            return _notice(403, "Not available", text)


def legal_page() -> Response:
    """Make the page of status 451 (RFC 7725): the site may not show this to visitors from there."""
    title = "451 Unavailable For Legal Reasons"
    text = f"<h1>{title}</h1><p>For legal reasons we cannot show this page to visitors from where you are.</p>"
    return _notice(451, title, text)


def _notice(status: int, title: str, text: str, *, server: str = "") -> Response:
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{text}</body></html>"
    extra: Headers = (("server", server),) if server else ()
    return Response(status=status, headers=(*HTML, *extra), body=body.encode())
