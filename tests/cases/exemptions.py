"""Lists for tests of renderers and of the log: small ones by hand, large and hostile ones by rule."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from raabta.model.exemption import ExemptionEntry, ExemptionList, Restriction

NOW: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY: Final = dt.timedelta(days=1)


def entry(number: int = 1, **fields: Any) -> ExemptionEntry:
    """An entry that is in force: WireGuard from a /29 to one address."""
    usual: dict[str, Any] = {
        "id": f"x-{number:016}",
        "source": "192.0.2.8/29",
        "destination": "198.51.100.1/32",
        "transport": "udp",
        "port": 51820,
        "origin_asn": 64500,
        "organisation_ref": f"ref-{number:04}",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": NOW - DAY,
        "not_after": NOW + 3 * DAY,
    }
    return ExemptionEntry(**(usual | fields))


def block(number: int = 1, **fields: Any) -> Restriction:
    """A protective block that is in force."""
    usual: dict[str, Any] = {
        "id": f"r-{number:016}",
        "target": "203.0.113.0/24",
        "reason": "malware",
        "basis": "CERT notice 7",
        "owner": "CERT desk",
        "not_before": NOW - DAY,
        "not_after": NOW + 2 * DAY,
    }
    return Restriction(**(usual | fields))


def listed(
    entries: Sequence[ExemptionEntry] = (), restrictions: Sequence[Restriction] = (), **fields: Any
) -> ExemptionList:
    """A list that was made now."""
    usual: dict[str, Any] = {
        "recipient": "operator-1",
        "country": "pk",
        "serial": 7,
        "made_at": NOW,
        "expires_at": NOW + DAY,
        "entries": tuple(entries),
        "restrictions": tuple(restrictions),
    }
    return ExemptionList(**(usual | fields))


EVERY_KIND: Final = (
    entry(1),
    entry(2, source="192.0.2.64/32", transport="tcp", port=443),
    entry(3, source="2001:db8:1::/48", destination="2001:db8:ffff::1/128"),
    entry(4, source="192.0.2.65/32", destination="198.51.100.0/24", transport="esp", port=0),
    entry(5, source="192.0.2.66/32", transport="gre", port=0),
    entry(6, source="192.0.2.67/32", transport="any", port=1194),
    entry(7, source="192.0.2.68/32", destination="", port=500),
    entry(8, source="192.0.2.69/32", destination="", transport="any", port=0),
    entry(
        10, source="203.0.114.7/32", destination="192.0.2.72/32", transport="tcp", port=443, member_side="destination"
    ),
    entry(9, source="2001:db8:2::1/128", destination="2001:db8:3::/48", transport="tcp", port=22),
)
"""Entries of every shape but the two of ``PAIRS``, which some kernels' ipset cannot hold."""

PAIRS: Final = (
    entry(20, source="192.0.2.70/32", transport="udp", port=0),
    entry(21, source="192.0.2.71/32", transport="any", port=0),
)

BLOCKS: Final = (
    block(1),
    block(2, target="2001:db8:bad::/48", reason="attack_source"),
    block(3, target="Bad.Example", reason="phishing", shared="41 other names"),
    block(4, target="*.worse.example", reason="botnet_control"),
)

EVERYTHING: Final = listed((*EVERY_KIND, *PAIRS), BLOCKS)


def many(n_entries: int) -> ExemptionList:
    """A list with so many different entries, a fifth of them IPv6, to different destinations."""
    return listed([_numbered(number) for number in range(n_entries)])


def _numbered(number: int) -> ExemptionEntry:
    high, low = divmod(number, 1 << 16)
    until = NOW + (number % 300 + 1) * dt.timedelta(hours=1)
    if number % 5 == 4:
        return entry(
            number,
            source=f"2001:db8:{high:x}:{low:x}::/64",
            destination=f"2001:db9:{high:x}:{low:x}::1/128",
            not_after=until,
        )
    return entry(
        number,
        source=f"{100 + high}.{low >> 8}.{low & 255}.{number % 4 * 8}/29",
        destination=f"{50 + high}.{low >> 8}.{low & 255}.1/32",
        transport=("udp", "tcp", "esp", "gre", "any")[number % 7 % 5],
        not_after=until,
    )


HOSTILE_TEXTS: Final = (
    'x"\n/system reset-configuration\n',
    "x\nadd raabta4_whole_any_new 0.0.0.0/1\n",
    "x\r\n* IN CNAME .\r\n",
    "x]; }; protocol static evil {}; define X = [",
    "x\n      route all { match { source 0.0.0.0/0; } then { discard; } }\n",
    'x", "list": ["0.0.0.0/0"], "y": "',
    '=HYPERLINK("https://evil.example")',
    "x\u2028* CNAME .\u0085y\x0b\x0c\x00",
    "$[/system reboot]",
    "x\n0.0.0.0/0\n",
)
"""What somebody would write into a free field, to become an order of the program that loads the file."""


def hostile(text: str) -> ExemptionList:
    """A list with this text in every field that is free."""
    return listed(
        [
            entry(1, id=text, organisation_ref=text, basis=text, reviewed=text),
            entry(2, source="192.0.2.64/29", destination="", transport="any", port=0, id=f"{text}2"),
            entry(3, source="192.0.2.0/28", destination="198.51.100.0/28", id=f"{text}3"),
        ],
        [
            block(1, id=text, basis=text, owner=text, shared=text),
            block(2, target="bad.example", basis=text, owner=text),
        ],
        recipient=text,
    )
