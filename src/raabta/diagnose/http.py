"""Facts about web requests: what came back, is it the control's page, does it look like something known.

Pages differ for harmless reasons, so sameness is sought in several ways: the title, the length, and header names that
only this site sends. Only a page that none of them connects to the control's is looked at for the marks of block pages,
challenges and refusals. Bodies are compared by title and length, as OONI does; nothing of them is kept.

Not done: comparing texts. The control's body is not in the data.
"""

from typing import Final

from raabta.diagnose.chain import Hop, site_of
from raabta.model import Control, HttpExchange
from raabta.reference.refusals import gives_own_reason, looks_like_refusal
from raabta.reference.tables import Tables

FACTS: Final = (
    "result",
    "transport",
    "control",
    "page",
    "sign",
    "jump",
    "echo",
    "echo_kind",
    "context",
    "repeat",
    "other_host",
    "end",
    "beside",
    "stall",
)

SIMILAR_LENGTH_SHARE: Final = 0.7
"""Shorter over longer length from which pages count as similar. Source: OONI web_connectivity."""

_TITLE_LIMIT: Final = 400
_LONG_WORD: Final = 5
"""Letters from which a word of a title identifies it. Source: OONI web_connectivity (title_match)."""

_COMMON_HEADERS: Final = frozenset(
    [
        "accept-ranges",
        "age",
        "alt-svc",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "location",
        "p3p",
        "pragma",
        "referrer-policy",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-xss-protection",
    ]
)
"""Headers that any server may send: sharing them says nothing. Source: OONI web_connectivity's list, extended."""

_SIGNS: Final = {
    "blockpage": "blockpage",
    "filter": "blockpage",
    "challenge": "challenge",
    "geo": "geo",
    "captive": "captive",
}

_DENIED: Final = frozenset((401, 403, 405, 406, 429))


def result_of(exchange: HttpExchange) -> str:
    """Give one word for what the request got."""
    match exchange.failure:
        case "ok":
            return "page" if exchange.status else "other"
        case "reset" | "eof" | "invalid_redirect":
            return exchange.failure
        case "too_many_redirects":
            return "too_many"
        case "timeout":
            return "stalled" if exchange.status else "timeout"
        case "interrupted":
            return "none"
        case _:
            return "other"


def title_of(exchange: HttpExchange) -> str:
    """Give the title of a page, "" where there is none."""
    return _title_in(exchange.body) if exchange.signs is None else exchange.signs.title


def _title_in(body: str) -> str:
    """Give the text of the first ``<title>``, "" where there is none."""
    start = body.find("<title")
    if start < 0:
        start = body.find("<TITLE")
        if start < 0:
            start = body.find("<Title")
            if start < 0:
                return ""
    start = body.find(">", start) + 1
    if start == 0:
        return ""
    end = body.find("<", start, start + _TITLE_LIMIT)
    return body[start : end if end >= 0 else start + _TITLE_LIMIT].strip()


def page_of(exchange: HttpExchange, control: Control | None, *, title: str) -> str:
    """Compare a final page with the control's: ``same``, ``similar``, ``differs``, or ``unknown``."""
    if control is None or control.http != "ok" or control.status <= 0:
        return "unknown"
    if title and control.title and _same_title(title, control.title) and exchange.status == control.status:
        return "same"
    length, theirs = exchange.body_bytes, control.body_bytes
    if length < 0 or theirs < 0 or exchange.truncated:
        return "unknown" if exchange.status == control.status else "differs"
    if exchange.status == control.status and length == theirs:
        return "same"
    share = min(length, theirs) / max(length, theirs) if length and theirs else 0.0
    if exchange.status // 100 == control.status // 100:
        if share >= SIMILAR_LENGTH_SHARE or _own_headers(exchange, control):
            return "similar"
        if length == 0 and exchange.status == 200 and not exchange.headers:
            return "unknown"
    elif exchange.status >= 400 and control.status >= 400:
        return "similar"
    return "differs"


def _same_title(title: str, other: str) -> bool:
    if title == other:
        return True
    words = {word for word in title.lower().split() if len(word) >= _LONG_WORD}
    return not words.isdisjoint(word for word in other.lower().split() if len(word) >= _LONG_WORD)


def _own_headers(exchange: HttpExchange, control: Control) -> bool:
    """Say whether the response carries a header name that this site's control response has and few others do."""
    ours = {name.lower() for name in exchange.headers} - _COMMON_HEADERS
    return not ours.isdisjoint(name.lower() for name in control.headers)


def same_server(exchange: HttpExchange, control: Control | None) -> bool:
    """Say whether a response names the control's server software and sends the same headers, four or more.

    A page that is made anew for everybody has another title and length each time; its headers stay. Whoever injects a
    notice seldom knows the headers of the site that it stands in for.
    """
    if control is None or exchange.status != control.status:
        return False
    ours = {name.lower(): value for name, value in exchange.headers.items()}
    theirs = {name.lower(): value for name, value in control.headers.items()}
    same_names = ours.keys() - _VARYING == theirs.keys() - _VARYING
    return len(ours) >= _TELLING_HEADERS and same_names and ours.get("server", "") == theirs.get("server", "-")


_TELLING_HEADERS: Final = 4
_VARYING: Final = frozenset(
    ("set-cookie", "connection", "keep-alive", "transfer-encoding", "content-length", "alt-svc")
)
"""Headers that one server sends now and not then, by protocol and visit."""


def sign_of(exchange: HttpExchange, control: Control | None, *, title: str, tables: Tables) -> str:
    """Say what a page that is not the control's looks like."""
    signs = exchange.signs
    if signs is None:
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        found = tables.fingerprints.page(title=title, body=exchange.body, headers=headers, status=exchange.status)
        kind: str = "" if found is None else found.kind
    else:
        kind = signs.kind
    if kind:
        return _SIGNS.get(kind, "none")
    status = exchange.status
    if status == 451:
        return "geo"
    if status >= 500:
        return "server_error"
    own = control is not None and _own_headers(exchange, control)
    reason = gives_own_reason(title, exchange.body) if signs is None else signs.own_reason
    if own or reason:
        return "denied" if status in _DENIED or not own else "none"
    if looks_like_refusal(title, exchange.body) if signs is None else signs.refusal:
        return "refusal"
    return "denied" if status in _DENIED else "none"


def jump_of(hop: Hop, following: Hop | None, *, page: str, tables: Tables) -> str:
    """Say where a redirect leads: to the site's ``own`` place, to one known to be a notice, or to a ``foreign`` one.

    Args:
        hop: The hop that redirects.
        following: Where it leads.
        page: What became of the last page of the chain (``page_of``): a chain that ends on the control's page is the
            site's own, wherever it leads.
        tables: Reference tables.
    """
    if following is None:
        return "none"
    if page in ("same", "similar") or hop.host == following.host:
        return "own"
    known = tables.fingerprints.host(following.host)
    if known is not None and known.kind in ("blockpage", "filter", "captive"):
        return _SIGNS[known.kind]
    if site_of(hop.host) == site_of(following.host) or page != "differs":
        return "own"
    return "foreign"
