"""What a member is told to show, and in words how: for commands, letters and pages alike. Pure."""

from collections.abc import Callable
from typing import Final

from raabta.model.register import Proof
from raabta.wire.acme import ACME_IDENTIFIER, ALPN, HTTP_PATH, identifier_of, reverse_name
from raabta.wire.challenge import reverse_names, token_of, txt_name, txt_value, web_path

Line = tuple[str, str]
"""What it is, and its value."""


def lines_to_show(proof: Proof) -> list[Line]:
    """Give what has to be shown, as names and values.

    Raises:
        LookupError: This kind is not offered.
    """
    return _LINES[proof.kind](proof)


def words_to_show(proof: Proof) -> str:
    """Say how to show it.

    Raises:
        LookupError: This kind is not offered.
    """
    return _WORDS[proof.kind]


def _texts(names: list[str], proof: Proof) -> list[Line]:
    text = txt_value(proof.challenge)
    return [line for name in names for line in (("name", name), ("type", "TXT"), ("text", text))]


def _dns_txt(proof: Proof) -> list[Line]:
    return _texts([txt_name(proof.subject)], proof)


def _reverse_dns(proof: Proof) -> list[Line]:
    return _texts(reverse_names(proof.subject), proof)


def _web_file(proof: Proof) -> list[Line]:
    return [("url", f"https://{proof.subject}{web_path(proof.challenge)}"), ("text", proof.challenge)]


def _acme_http(proof: Proof) -> list[Line]:
    host = f"[{proof.subject}]" if ":" in proof.subject else proof.subject
    return [("url", f"http://{host}{HTTP_PATH}{token_of(proof.challenge)}"), ("text", proof.challenge)]


def _acme_tls_alpn(proof: Proof) -> list[Line]:
    identifier = identifier_of(proof.challenge).hex()
    return [
        ("address", proof.subject),
        ("server name", reverse_name(proof.subject)),
        ("alpn", ALPN),
        ("subjectAltName", f"IP:{proof.subject}"),
        (ACME_IDENTIFIER.dotted_string, f"critical,DER:{identifier}"),
    ]


def _challenge(proof: Proof) -> list[Line]:
    return [("prefix", proof.subject), ("challenge", proof.challenge)]


_LINES: Final[dict[str, Callable[[Proof], list[Line]]]] = {
    "dns_txt": _dns_txt,
    "web_file": _web_file,
    "acme_http": _acme_http,
    "acme_tls_alpn": _acme_tls_alpn,
    "reverse_dns": _reverse_dns,
    "operator_attestation": _challenge,
    "call_back": _challenge,
}

_WORDS: Final[dict[str, str]] = {
    "dns_txt": "Add this TXT record to the domain's zone, and leave it there: renewals look at it again.",
    "web_file": (
        "Put a file with this one line at this address, over HTTPS, and leave it there. "
        "A redirect may lead to a name below the domain, nowhere else."
    ),
    "acme_http": "Answer this request on port 80 with this one line, and leave it there. No redirect is followed.",
    "acme_tls_alpn": (
        "On port 443, answer a TLS handshake with this server name and ALPN with a self-signed certificate that has "
        "these two extensions and no other name. docs/guides/proofs.md has the commands."
    ),
    "reverse_dns": "Have the operator, or whoever runs the reverse zone, add the TXT records to these names.",
    "operator_attestation": (
        "Send the request to the operator. It signs it with `raabta endpoint attest`, and sends back a file."
    ),
    "call_back": (
        "Run `raabta endpoint call-back` with this challenge from behind the address, on three different days, "
        "and send in what it stores."
    ),
}
