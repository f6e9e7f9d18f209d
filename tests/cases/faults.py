"""What interference and faults look like in a web_connectivity document, beyond a failed step."""

from tests.cases.documents import (
    SITE,
    Document,
    changed,
    connect,
    endpoint,
    event,
    helper_failed_too,
    page,
    redirecting,
    request,
    response,
    web,
    without_connection,
    without_handshake,
)

IN_CLEAR = "http://gazette.example/"
NOTICE = page("Internet Positif", "The operator refuses.")
REFUSAL = page("Notice", "This website has been blocked by order of the authority.")
CHALLENGE = page("Just a moment...", "Checking that you are human.")
SLOW_PAGE_S = 45.0

Said = tuple[str, list[str]]
"""State and mechanisms."""

OK: Said = ("ok", [])


def blocked(*mechanisms: str) -> Said:
    return "blocked", list(mechanisms)


def down(*mechanisms: str) -> Said:
    return "down", list(mechanisms)


def with_chain(certificates: list[dict[str, str]], *, failure: str = "ssl_invalid_certificate") -> Document:
    return changed(without_handshake(web(), failure), {"test_keys.tls_handshakes[0].peer_certificates": certificates})


def everywhere(document: Document, failure: str = "ssl_invalid_certificate") -> Document:
    return helper_failed_too(document, failure, parts=("tls_handshake", "http_request"))


def both_ports(document: Document, failure: str, *, other: str | None) -> Document:
    """Connections to port 443 fail so, those to port 80 of the same addresses as ``other`` says."""
    failed = without_connection(document, failure)["test_keys"]["tcp_connect"]
    beside = [connect(step["ip"], 80, other) for step in failed]
    return changed(without_connection(document, failure), {"test_keys.tcp_connect": [*failed, *beside]})


def flowing(document: Document, *, every_s: float, failure: str | None = None) -> Document:
    """1 KiB arrives every so many seconds, for 45 s or until the page is whole."""
    sent = [event("read", 1.0 + number * every_s, transaction=7, num_bytes=1024) for number in range(2000)]
    url = document["input"]
    step = request(url, address=endpoint(SITE[0], 443), failure=failure, t=SLOW_PAGE_S, transaction=7)
    if failure is not None:
        step["response"] = response("", code=200)
    within = [fact for fact in sent if fact["t"] < SLOW_PAGE_S]
    return changed(document, {"test_keys.network_events": within, "test_keys.requests": [step]})


def jumping(location: str, *, end: Document | None = None) -> Document:
    return redirecting(IN_CLEAR, location, location, final=end or response(page("Elsewhere", "nothing of the kind")))
