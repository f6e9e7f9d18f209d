"""The rules of leases: a permanent id, what is wrong in words, and what to try. A changed meaning is a new id."""

from typing import Final

from raabta.model.exemption import LintFinding

MIN_H: Final = 1
MAX_H: Final = 12
"""A lease lasts one to twelve hours. Design: remedy.md."""

SOFT: Final = frozenset({"lease.origin_unknown"})
"""Told, and passes: address tables have an age, and the gateway sees its own networks' traffic only."""

LEASE_RULES: Final[dict[str, tuple[str, str]]] = {
    "lease.form": (
        "it is not written as a lease: its id, or a time that is not in UTC",
        "Ask for it anew with this release: raabta lease ask",
    ),
    "lease.grant": ("it names another grant", "Ask with the id of the device's own grant: raabta lease grant list"),
    "lease.signature": (
        "the key of the grant's device did not sign it",
        "Ask on the device that holds the key, or let the association grant the new key.",
    ),
    "lease.nonce": ("the nonce is none", "Ask for it anew: raabta lease ask"),
    "lease.nonce_age": (
        "it begins more than 120 s from when it was asked for, or was asked for more than 120 s ago",
        "Set the device's clock, ask anew, and hand the request on at once.",
    ),
    "lease.length": (
        "it lasts less than 1 h, or more than 12 h or than its grant allows",
        "Ask for fewer hours: raabta lease ask --hours 4",
    ),
    "lease.grant_time": ("it reaches outside the time of its grant", "Let the association renew the grant."),
    "lease.over": ("it is over", "Ask for a new one: raabta lease ask"),
    "lease.early": ("it begins in the future", "Set the clocks of the device and of this machine."),
    "lease.one_address": (
        "it is not for exactly one address, written in its usual way with /32 or /128",
        "Ask for the one address that two controls see; a network is never leased.",
    ),
    "lease.family": (
        "the address and the grant's destination are not both IPv4 or both IPv6",
        "Ask controls by addresses of the destination's family.",
    ),
    "lease.cgnat": (
        "the address is one that an operator shares between customers (100.64.0.0/10)",
        "Tunnel to the employer's registered gateway, or ask the operator for a public address.",
    ),
    "lease.special": (
        "the address is private, reserved or otherwise not of the public internet",
        "Ask through controls that stand outside the own network.",
    ),
    "lease.translated": (
        "the address carries an IPv4 address inside IPv6 (mapped, NAT64, 6to4)",
        "Ask over IPv4, for the IPv4 address.",
    ),
    "lease.shared": (
        "the address belongs to a content network, cloud, public resolver or VPN service that many share",
        "Switch such a service off, and ask from the line itself.",
    ),
    "lease.origin": (
        "another network announces the address than those of the grant",
        "Ask when the device is on a network of the grant, or let the association grant this network.",
    ),
    "lease.origin_unknown": ("no table says who announces the address", "Give newer tables: --tables FILE"),
    "lease.evidence": ("the grant rests on less than one proof of control", "Prove the end point first."),
    "lease.recipient": ("the list of leases is for another recipient", "Fetch the recipient's own list of leases."),
    "lease.replaced": ("the device asked for a newer one, which takes its place", "Nothing is to be done."),
    "lease.receipts": (
        "fewer than two known controls signed that they saw the device",
        "Ask two controls that the association knows: their keys stand in its file --control-keys.",
    ),
    "lease.receipt_other": (
        "a receipt is for another key or nonce than the lease's",
        "Ask for it anew: raabta lease ask",
    ),
    "lease.receipt_age": (
        "the controls saw the device more than 120 s apart, or from when it asked",
        "Set the device's clock and ask anew.",
    ),
    "lease.split_nat": (
        "two controls saw two addresses: the operator sends this line's traffic out by several (split NAT)",
        "Nothing here can be leased. Tunnel to the employer's registered gateway.",
    ),
    "lease.receipt_address": (
        "the controls saw another address than the lease names",
        "Ask for it anew: raabta lease ask",
    ),
}
"""Rule to what is wrong, and what to try next."""


def found(rule: str, subject: str, *, place: str) -> LintFinding:
    """Give the finding of a rule about a lease (``subject`` its id) at one of its fields."""
    words, advice = LEASE_RULES[rule]
    return LintFinding(rule=rule, hard=rule not in SOFT, subject=subject, place=place, words=words, advice=advice)
