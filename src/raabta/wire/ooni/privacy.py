"""Take the address of the person who measures out of what is written, wherever it may stand. Pure.

Two kinds of places. *Text* that a stranger wrote (titles, header values, redirects, names) may show the visitor's
public address, which is not known here: so every address in it goes, in every spelling that can be recognised, unless
the target itself has that address. *Fields* that hold an address because of what they mean (answers, end points) are
evidence and stay, unless they are one of the machine's own addresses.

Header values are kept only where something reads them (``KEPT_HEADERS``); of all others the name alone stays. Cookies,
and headers such as Akamai's Server-Timing that carry the visitor's address as a number, go that way.

Not done: an address encrypted or hashed by the site (in a request id, say). It says nothing to a reader but the site.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from raabta.model import PageSigns
from raabta.wire.ooni.writing import Answer, Contrast, Exchange, Handshake, Query, Response, TestKeys

MARK: Final = "(address)"
"""What stands in the place of an address."""
MARK_HOST: Final = "address.invalid"
"""The same where a host must stand (RFC 2606)."""
DROPPED: Final = "(dropped)"
"""What stands in the place of a header's value that nobody reads."""

_DOT: Final = r"(?:\.|%2e)"
_COLON: Final = r"(?::|%3a)"
# Rather one version number too many taken out ("1.2.3.4.5") than one address left in.
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_IPV4: Final = rf"(?<!\d){_OCTET}(?:{_DOT}{_OCTET}){{3}}(?!\d)"
_DASHED4: Final = rf"(?<!\d){_OCTET}(?:[-_]{_OCTET}){{3}}(?!\d)"
_GROUP: Final = r"[0-9a-f]{1,4}"
_IPV6: Final = (
    rf"(?<![\w:])(?:{_GROUP})?(?:{_COLON}(?:{_GROUP})?){{2,7}}(?:(?<=:){_OCTET}(?:\.{_OCTET}){{3}})?(?![\w:])"
)
_DASHED6: Final = (
    rf"(?<![\w-]){_GROUP}(?:-{_GROUP}){{7}}(?![\w-])"
    rf"|(?<![\w-]){_GROUP}(?:-{_GROUP})*--(?:{_GROUP}(?:-{_GROUP})*)?(?![\w-])"
)
_MAC: Final = rf"(?<![\w:-])[0-9a-f]{{2}}(?:(?:{_COLON}|-)[0-9a-f]{{2}}){{5}}(?![\w:-])"

ADDRESSES: Final = re.compile("|".join((_IPV4, _MAC, _IPV6, _DASHED4, _DASHED6)), re.IGNORECASE | re.ASCII)
"""Text that looks like an IPv4, IPv6 or hardware address, also with dashes or percent signs."""

_WEB_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@]*@)?([^/?#]*)(.*)", re.DOTALL)

KEPT_HEADERS: Final = frozenset(
    (
        "accept-ranges",
        "age",
        "alt-svc",
        "cache-control",
        "cf-cache-status",
        "cf-mitigated",
        "cf-ray",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "expires",
        "last-modified",
        "location",
        "pragma",
        "referrer-policy",
        "retry-after",
        "server",
        "sg-captcha",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "www-authenticate",
        "x-amz-cf-pop",
        "x-amzn-waf-action",
        "x-cache",
        "x-content-type-options",
        "x-frame-options",
        "x-powered-by",
        "x-served-by",
        "x-squid-error",
        "x-sucuri-block",
        "x-vercel-mitigated",
        "x-xss-protection",
    )
)
"""Headers whose values are read: by the fingerprints, by the comparison with the control's page, or by people who ask
which site of a CDN answered. Addresses in them go all the same."""


class Own(Struct, frozen=True, kw_only=True):
    """What must not be written: addresses of the machine, its routers and its system's resolvers, as text."""

    addresses: frozenset[str] = frozenset()


def own_addresses(*listed: Iterable[str]) -> Own:
    """Gather the machine's addresses; those without meaning outside it (loopback) stay out."""
    found = set()
    for address in (one for several in listed for one in several):
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            continue
        if not parsed.is_loopback and not parsed.is_unspecified:
            found.add(str(parsed))
    return Own(addresses=frozenset(found))


class Scrubber:
    """Takes addresses out of one measurement.

    Args:
        own: The machine's own addresses.
        target: Addresses that belong to the target or to known servers, and may stand in text.
    """

    def __init__(self, own: Own, *, target: Iterable[str]) -> None:
        self._own = {ipaddress.ip_address(address) for address in own.addresses}
        self._networks = {ipaddress.ip_network((one, 64), strict=False) for one in self._own if one.version == 6}
        self._kept = {parsed for one in target if (parsed := _parse(one)) is not None and not self._is_own(parsed)}
        spellings = sorted({text for one in self._own for text in _spellings(one)}, key=len, reverse=True)
        joined = "|".join(map(re.escape, spellings))
        self._spellings = re.compile(rf"(?<![0-9a-z])(?:{joined})(?![0-9a-z])", re.IGNORECASE) if spellings else None
        self._packed = [one.packed for one in self._own] + [str(one).encode() for one in self._own]

    def is_own(self, address: str) -> bool:
        """Say whether an address is the machine's, or in its own IPv6 network."""
        parsed = _parse(address)
        return parsed is not None and self._is_own(parsed)

    def _is_own(self, parsed: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        if parsed in self._own:
            return True
        if parsed.version == 6 and parsed.ipv4_mapped is not None:
            return parsed.ipv4_mapped in self._own
        return parsed.version == 6 and any(parsed in network for network in self._networks)

    def text(self, text: str) -> str:
        """Take out of free text every address that is not the target's."""
        if self._spellings is not None:
            text = self._spellings.sub(MARK, text)
        return ADDRESSES.sub(self._judge, text)

    def own_text(self, text: str) -> str:
        """Take out of text that lists addresses for a reason those of the machine."""
        if self._spellings is not None:
            text = self._spellings.sub(MARK, text)
        return ADDRESSES.sub(lambda found: MARK if self.is_own(_plain(found.group())) else found.group(), text)

    def _judge(self, found: re.Match[str]) -> str:
        written = found.group()
        parsed = _parse(_plain(written))
        if parsed is None:
            return MARK if _looks_sure(written) else written
        return written if parsed in self._kept else MARK

    def url(self, url: str) -> str:
        """Take addresses out of a URL. An address as its host stays, since it says who answers, unless it is own."""
        parts = _WEB_URL.fullmatch(url)
        if parts is None:
            return self.text(url)
        scheme, user, place, tail = parts.groups()
        host, port = _split_port(place)
        bare = host.strip("[]")
        if self.is_own(bare) or (self._spellings is not None and self._spellings.search(host)):
            host = MARK_HOST
        elif _parse(bare) is None:
            host = self.text(host).replace(MARK, "address")
        return f"{scheme}{MARK + '@' if user else ''}{host}{port}{self.text(tail)}"

    def endpoint(self, endpoint: str) -> str:
        """Give an end point as it is, or "" where it is the machine's own."""
        return "" if self.is_own(_split_port(endpoint)[0].strip("[]")) else endpoint

    def holds_own(self, data: bytes) -> bool:
        """Say whether bytes (a certificate) hold one of the machine's addresses, packed or as text."""
        return any(packed in data for packed in self._packed)


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _parse(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _plain(written: str) -> str:
    """Give an address in one of its other spellings as ``ipaddress`` reads it."""
    text = written.lower().replace("%2e", ".").replace("%3a", ":")
    if "." in text and ":" not in text:
        return ".".join(octet.lstrip("0") or "0" for octet in text.split("."))
    if ":" in text:
        return text
    groups = re.split("[-_]", text)
    if len(groups) == 4 and all(group.isdigit() for group in groups):
        return ".".join(octet.lstrip("0") or "0" for octet in groups)
    return text.replace("-", ":")


def _looks_sure(written: str) -> bool:
    """Say whether text that is no IP address goes all the same: a hardware address."""
    return len(re.split(r":|%3a|-", written.lower())) == 6


def _spellings(address: _Address) -> set[str]:
    """Give the ways in which one known address may be written, beyond what ``ADDRESSES`` finds by its looks."""
    hexadecimal = address.packed.hex()
    found = {str(address), address.exploded, address.reverse_pointer, hexadecimal, f"0x{hexadecimal}"}
    found.add(str(int(address)))
    found.add(address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa"))
    if address.version == 4:
        octets = str(address).split(".")
        found |= {"-".join(octets), "-".join(reversed(octets)), "_".join(octets)}
        found |= {".".join(octet.zfill(3) for octet in octets), "".join(octet.zfill(3) for octet in octets)}
        found |= {f"::ffff:{address}", ".".join(f"{int(octet):#x}" for octet in octets), "%2e".join(octets)}
        found.add(f"::ffff:{hexadecimal[:4]}:{hexadecimal[4:]}")
        return found
    groups = address.exploded.split(":")
    found |= {"-".join(groups), str(address).replace(":", "-"), ":".join(group.lstrip("0") or "0" for group in groups)}
    found |= {text.replace(":", "%3a") for text in (str(address), address.exploded)}
    return found


def _split_port(place: str) -> tuple[str, str]:
    """Split host and ":port"; an IPv6 address keeps its brackets."""
    if place.startswith("["):
        host, bracket, port = place.partition("]")
        return host + bracket, port
    host, colon, port = place.partition(":")
    return (place, "") if ":" in port else (host, colon + port)


# --- the parts of a document ------------------------------------------------------------------------------------------


def scrub(keys: TestKeys, scrubber: Scrubber) -> TestKeys:
    """Give test keys without the person's address. What was given is not changed."""
    return msgspec.structs.replace(
        keys,
        queries=[_query(query, scrubber) for query in keys.queries],
        x_dns_duplicate_responses=[_query(query, scrubber) for query in keys.x_dns_duplicate_responses],
        tcp_connect=[step for step in keys.tcp_connect if not scrubber.is_own(step.ip)],
        tls_handshakes=[_handshake(step, scrubber) for step in keys.tls_handshakes],
        quic_handshakes=[_handshake(step, scrubber) for step in keys.quic_handshakes],
        requests=[_exchange(step, scrubber) for step in keys.requests],
        network_events=[
            event
            if event.address is None
            else msgspec.structs.replace(event, address=scrubber.endpoint(event.address) or None)
            for event in keys.network_events
        ],
        control=None if keys.control is None else scrub_control(keys.control, scrubber),
        x_contrasts=[_contrast(step, scrubber) for step in keys.x_contrasts],
    )


def known_addresses(keys: TestKeys) -> set[str]:
    """Give the addresses that steps were made to, or that a lookup or the control gave: the target's."""
    found = {step.ip for step in keys.tcp_connect}
    for query in keys.queries:
        found |= {address for answer in query.answers or () if (address := answer.ipv4 or answer.ipv6)}
    answer = keys.control or {}
    listed = (answer.get("dns") or {}).get("addrs")
    return found | {address for address in listed or () if isinstance(address, str)}


_SYSTEM: Final = frozenset(("system", "getaddrinfo"))


def _query(query: Query, scrubber: Scrubber) -> Query:
    by_system = query.engine in _SYSTEM
    answers = query.answers
    if answers is not None:
        answers = [_answer(answer, scrubber) for answer in answers]
    return msgspec.structs.replace(
        query,
        answers=answers,
        resolver_address="" if by_system else scrubber.endpoint(query.resolver_address),
        resolver_hostname=None if by_system else query.resolver_hostname,
        x_from=None if query.x_from is None else scrubber.text(query.x_from),
    )


def _answer(answer: Answer, scrubber: Scrubber) -> Answer:
    return msgspec.structs.replace(
        answer,
        ipv4=None if answer.ipv4 is None or scrubber.is_own(answer.ipv4) else answer.ipv4,
        ipv6=None if answer.ipv6 is None or scrubber.is_own(answer.ipv6) else answer.ipv6,
        hostname=None if answer.hostname is None else scrubber.text(answer.hostname),
        x_value=None if answer.x_value is None else scrubber.text(answer.x_value),
    )


def _handshake(step: Handshake, scrubber: Scrubber) -> Handshake:
    chain = step.peer_certificates
    if any(scrubber.holds_own(_bytes_of(certificate.data)) for certificate in chain):
        chain = []
    return msgspec.structs.replace(step, address=scrubber.endpoint(step.address), peer_certificates=chain)


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "replace")


def _exchange(step: Exchange, scrubber: Scrubber) -> Exchange:
    request = msgspec.structs.replace(step.request, url=scrubber.url(step.request.url))
    response = None if step.response is None else _response(step.response, scrubber)
    return msgspec.structs.replace(
        step, request=request, response=response, address=scrubber.endpoint(step.address), failure=step.failure
    )


def _response(response: Response, scrubber: Scrubber) -> Response:
    page = response.x_page
    if page is not None:
        page = msgspec.structs.replace(page, title=scrubber.text(page.title))
    return msgspec.structs.replace(
        response,
        headers={
            scrubber.text(name): header_value(name, value, scrubber=scrubber)
            for name, value in response.headers.items()
        },
        headers_list=[
            [scrubber.text(name), header_value(name, value, scrubber=scrubber)] for name, value in response.headers_list
        ],
        body="",
        x_page=page or PageSigns(),
    )


def header_value(name: str, value: str, *, scrubber: Scrubber) -> str:
    """Give what may be kept of a header's value."""
    lower = name.lower()
    if lower not in KEPT_HEADERS:
        return DROPPED
    return scrubber.url(value) if lower == "location" else scrubber.text(value)


def _contrast(step: Contrast, scrubber: Scrubber) -> Contrast:
    address = "" if scrubber.is_own(step.address) or step.kind == "dns.system" else step.address
    answers = step.kind.startswith("dns.") and step.kind != "dns.walk"  # their detail is the addresses of an answer
    detail = scrubber.own_text(step.detail) if answers else scrubber.text(step.detail)
    return msgspec.structs.replace(step, address=address, detail=detail)


def scrub_control(answer: dict[str, Any], scrubber: Scrubber) -> dict[str, Any]:
    """Take addresses out of the control's answer. An answer that is changed loses its signature, which is then void."""
    scrubbed = {
        name: _text_within(value, scrubber) if name == "http_request" else _fields_within(value, scrubber)
        for name, value in answer.items()
    }
    client = answer.get("x_client")
    if isinstance(client, dict):
        scrubbed["x_client"] = {name: client[name] for name in ("asn", "cc") if name in client}
    if scrubbed != answer:
        scrubbed.pop("x_signature", None)
    return scrubbed


def _text_within(value: Any, scrubber: Scrubber) -> Any:
    """Scrub what a stranger wrote: a page's title and headers."""
    match value:
        case str():
            return scrubber.text(value)
        case dict():
            return {
                scrubber.text(name): scrubber.url(item)
                if isinstance(item, str) and name.lower() == "location"
                else _text_within(item, scrubber)
                for name, item in value.items()
            }
        case list():
            return [_text_within(item, scrubber) for item in value]
        case _:
            return value


def _fields_within(value: Any, scrubber: Scrubber) -> Any:
    """Scrub fields that are addresses and end points by their meaning: the machine's own go, others are evidence."""
    match value:
        case str():
            bare = _split_port(value)[0].strip("[]")
            if _parse(bare) is not None:
                return MARK if scrubber.is_own(bare) else value
            return _text_within(value, scrubber)
        case dict():
            return {_fields_within(name, scrubber): _fields_within(item, scrubber) for name, item in value.items()}
        case list():
            return [_fields_within(item, scrubber) for item in value]
        case _:
            return value
