"""Another document that tells the same story: other hosts, addresses and networks, and steps in another order.

Names keep their length, so that lengths of pages that hold them stay what they are. Addresses of one network become
addresses of one other network; special addresses (loopback, say) are part of the story and stay.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from raabta.reference.networks import load_networks
from raabta.reference.special import special_range
from tests.cases.documents import Document

NAMES: Final = {
    "www.example.org": "www.herald.org",
    "example": "gazette",
    "badssl": "faulty",
    "bit.ly": "sho.rt",
    "httpbin": "looping",
    "itsat": "plain",
    "cloudflare-cache": "marketday-square",
    "largefile": "bigthings",
    "yandex": "search",
    "ya.ru": "se.ru",
    "xn--d1acpjx3f": "xn--e1afmkfd",  # яндекс, пример
    "яндекс": "пример",
}
NETWORKS: Final = {
    137: (17557, "39.32.40."),  # the probe's own
    15133: (24940, "5.9.40."),
    13335: (16276, "37.187.40."),
    16509: (54113, "151.101.40."),
    30722: (4730, "133.1.40."),
    208398: (12876, "51.15.40."),
    396982: (8560, "217.160.40."),
}
_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_STEPS: Final = ("queries", "tcp_connect", "tls_handshakes", "requests", "answers")


def renamed(document: Document) -> Document:
    """The document with other hosts, addresses and networks."""
    networks = {address: asn for address, asn in _noted(document) if asn in NETWORKS}
    table = load_networks()
    chosen: dict[str, str] = {}

    def address(found: re.Match[str]) -> str:
        old = found[0]
        asn = networks.get(old) or table.asn(old)
        if special_range(old) is not None or asn not in NETWORKS:
            return old
        return chosen.setdefault(old, f"{NETWORKS[asn][1]}{len(chosen) + 1}")

    def text(value: str) -> str:
        for old, new in NAMES.items():
            value = value.replace(old, new)
        if value[:2] == "AS" and value[2:].isdigit():
            return f"AS{NETWORKS.get(int(value[2:]), (int(value[2:]),))[0]}"
        return _ADDRESS.sub(address, value)

    mapped: Document = _mapped(document, text)
    return mapped


def reordered(document: Document) -> Document:
    """The document with every list of steps turned round."""
    turned: Document = _turned(document)
    return turned


def _noted(value: Any) -> list[tuple[str, int]]:
    """Pairs of an address and the network that the document itself notes for it."""
    if isinstance(value, list):
        return [pair for item in value for pair in _noted(item)]
    if not isinstance(value, dict):
        return []
    found = [(value["ipv4"], value["asn"])] if value.get("ipv4") and value.get("asn") else []
    for key, item in value.items():
        if isinstance(item, dict) and _ADDRESS.fullmatch(key) and item.get("asn"):
            found.append((key, item["asn"]))
        found += _noted(item)
    return found


def _mapped(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_mapped(item, text) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {text(key): _mapped(item, text) for key, item in value.items()}
    if isinstance(changed.get("asn"), int):
        changed["asn"] = NETWORKS.get(changed["asn"], (changed["asn"],))[0]
    return changed


def _turned(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        items = [_turned(item) for item in value]
        return items[::-1] if key in _STEPS else items
    if isinstance(value, dict):
        return {name: _turned(item, name) for name, item in value.items()}
    return value
