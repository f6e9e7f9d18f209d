"""An address in its one way of writing, or why it is none.

E-mail: what RFC 5321 calls a dot-string, in ASCII, without quoted parts and without the signs that shells and old mail
relays read (exclamation mark, per cent sign, bar, backtick). So no line break, comma, blank, bracket or look-alike
letter of another script ever reaches a header. A name of a mail server in another script is written as ``xn--…``.
Letters count without their case.

Webhook: https to a public name or address, judged by ``reference.guard``. Names are judged as names here, and resolved
and judged again whenever a call is made, by whoever connects. Addresses of this house's own networks pass only where
the desk itself gives them: a stranger must not aim our calls at machines beside us.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from raabta.model.subscription import Channel
from raabta.pipeline.informing.settings import Publishing, Webhooks
from raabta.reference.guard import Guard, Refusal
from raabta.reference.special import SpecialRanges
from raabta.registry.wellformed import HOST_NAME, has_identity_number

EMAIL_CHARACTERS_MAX: Final = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""
URL_CHARACTERS_MAX: Final = 1000
WEBHOOK_PORTS: Final = frozenset({443, 8443})
_LOCAL: Final = re.compile(r"(?=.{1,64}$)[A-Za-z0-9#$&'*+/=?^_{}~-]+(\.[A-Za-z0-9#$&'*+/=?^_{}~-]+)*")
_NOT_PUBLIC: Final = frozenset({"localhost", "local", "internal", "lan", "home", "corp", "onion", "arpa", "invalid"})
_DOTS_DO_NOT_COUNT: Final = frozenset({"gmail.com", "googlemail.com"})
_REASONS: Final = {
    "scheme": "it must begin with https://",
    "user_info": "leave out what stands before @",
    "port": f"its port must be {' or '.join(map(str, sorted(WEBHOOK_PORTS)))}",
    "length": "it is too long",
    "spelling": "it is not written as a URL of a public host",
}


def tidy_address(text: str, channel: Channel, *, settings: Publishing, by_desk: bool) -> str:
    """Give an address in its one way of writing.

    Args:
        text: What somebody typed.
        channel: What kind of address it is.
        settings: Names of chat channels, and networks of this house.
        by_desk: The desk itself says it: then networks of this house pass.

    Raises:
        ValueError: It is none. The text does not repeat it.
    """
    match channel:
        case "email":
            return _tidy_email(text.strip())
        case "webhook":
            return _tidy_url(text.strip(), settings.webhooks, by_desk=by_desk)
        case "chat":
            names = [chat.name for chat in settings.chat]
            if text.strip() not in names:
                known = ", ".join(names) or "none: add [[chat]] to publishing.toml"
                message = f"address: no chat channel has this name. Names are {known}."
                raise ValueError(message)
            return text.strip()


def mailbox_of(address: str, channel: Channel) -> str:
    """Name what receives in the end: a mailbox without "+…", a URL's host; small letters."""
    match channel:
        case "email":
            local, _, domain = address.lower().rpartition("@")
            local = local.partition("+")[0] or local
            return f"{local.replace('.', '') if domain in _DOTS_DO_NOT_COUNT else local}@{domain}"
        case "webhook":
            return urlsplit(address).hostname or address
        case "chat":
            return address


def _tidy_email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    domain = domain.lower().rstrip(".")
    is_public = HOST_NAME.fullmatch(domain) and domain.rpartition(".")[2] not in _NOT_PUBLIC
    if not (text.isascii() and len(text) <= EMAIL_CHARACTERS_MAX and _LOCAL.fullmatch(local) and is_public):
        message = (
            "address: write an e-mail address as name@example.pk, without blanks, quotes, commas or other scripts."
        )
        raise ValueError(message)
    if has_identity_number(local):
        message = "address: it holds what looks like a person's identity number, which is not kept. Take another one."
        raise ValueError(message)
    return f"{local}@{domain}"


def _tidy_url(text: str, webhooks: Webhooks, *, by_desk: bool) -> str:
    if by_desk and _is_ours(text, webhooks):
        return text
    place = _guard().read_url(text)
    if not text.isascii() or len(text) > URL_CHARACTERS_MAX:
        place = Refusal("spelling" if text.isascii() else "length")
    elif not isinstance(place, Refusal) and place.scheme != "https":
        place = Refusal("scheme")
    if isinstance(place, Refusal):
        why = _REASONS.get(place.reason, "its host is not public")
        message = f"address: this web address cannot be called: {why}. Write one as https://hooks.example.pk/raabta"
        raise ValueError(message)
    if has_identity_number(text):
        message = "address: it holds what looks like a person's identity number, which is not kept. Take another one."
        raise ValueError(message)
    host = f"[{place.host}]" if ":" in place.host else place.host
    port = "" if place.port == 443 else f":{place.port}"
    return f"https://{host}{port}{place.url.partition('://')[2][len(urlsplit(place.url).netloc) :] or '/'}"


def _is_ours(text: str, webhooks: Webhooks) -> bool:
    """Say whether it is a URL with an address of a network that the settings allow."""
    try:
        split = urlsplit(text)
        address = ipaddress.ip_address(split.hostname or "")
        plain = split.port is None or split.port > 0
    except ValueError:
        return False
    whole = plain and split.scheme in ("http", "https") and "@" not in split.netloc and not split.fragment
    is_clean = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    return (
        whole and is_clean and len(text) <= URL_CHARACTERS_MAX
        and any(address in ipaddress.ip_network(network) for network in webhooks.allow_networks)
    )  # fmt: skip


def _guard() -> Guard:
    return Guard(SpecialRanges(), ports=WEBHOOK_PORTS)
