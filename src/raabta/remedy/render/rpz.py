"""Response policy zones (RPZ) for BIND, Unbound, Knot and PowerDNS: names that a resolver must not, or must, block.

==================  ==========================================================================================
zone                holds
==================  ==========================================================================================
``rpz-names``       protective blocks by host name (``CNAME .``: "no such name")
``rpz-pass``        answers with a listed destination pass (``… rpz-ip CNAME rpz-passthru.``)
``rpz-networks``    protective blocks of answers with an address in a network
``rpz``             all of these in one zone
==================  ==========================================================================================

Names in them are relative, so the operator names the zones. The three belong in this order, an operator's own before
or after those of the same kind. Then a blocked name is blocked whatever it points to, and a listed destination passes
whatever network around it is blocked.

Why three, when one zone is meant to do the same (the name before the address, of addresses the longest prefix)? Real
servers differ: seen with BIND 9.18 and Unbound 1.17 in tests/lab/remedy. Within one zone Unbound goes by the *first*
address of an answer that any rule matches, not by the longest prefix of all; with pass-through first and names after
it, BIND lets a blocked name pass when it points to a listed destination. In the order above both answer alike.

An entry of a list is traffic from one member; a pass-through is for all who ask this resolver. It opens no traffic:
it only lets names resolve. Whoever owns a name may point it to a listed address as well: so protective blocks
that matter are by name.

Source: draft-vixie-dnsop-dns-rpz-00, sections 4 and 5.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import (
    Blocked,
    Prefix,
    Sheet,
    accountable,
    commented,
    head,
    lay_out,
    unique,
    written,
)

HOLDS: Final = "pass-through of answers with a listed destination, and protective blocks by name and network"
LOSES: Final = (
    "source, transport, port and end: the pass-through is for all who ask this resolver. Entries without a "
    "destination. Nothing ends by itself: write the file anew each day"
)
NAMES_HOLDS: Final = "protective blocks by name. Put this zone before rpz-pass"
PASSING_HOLDS: Final = "pass-through of answers with a listed destination. Put this zone before all that block networks"
NETWORKS_HOLDS: Final = "protective blocks of answers with an address in a network. Put this zone after rpz-pass"
BLOCK_LOSES: Final = "nothing ends by itself: write the file anew each day"

TTL_S: Final = 60
"""How long an answer made from the zone may be kept: a block that was a mistake is over soon. Judgement."""

_SERIAL_BITS: Final = 32


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write one zone with pass-through and blocks. Where both name the same network, it passes."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    blocks = _blocks((*sheet.names, *sheet.blocked), passed=_destinations(sheet))
    return _zone(sheet, words=(HOLDS, LOSES), body=(*_passes(sheet), *blocks))


def render_pass(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write a zone that only lets pass."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return _zone(sheet, words=(PASSING_HOLDS, LOSES), body=_passes(sheet))


def render_names(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write a zone that only blocks, by name."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return _zone(sheet, words=(NAMES_HOLDS, BLOCK_LOSES), body=_blocks(sheet.names, passed=()))


def render_networks(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write a zone that only blocks, by network."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return _zone(sheet, words=(NETWORKS_HOLDS, BLOCK_LOSES), body=_blocks(sheet.blocked, passed=()))


def trigger(prefix: Prefix) -> str:
    """Give the owner name that matches addresses of a prefix in an answer.

    Length first, then the address backwards; in IPv6 ``zz`` stands for ``::`` (section 4.3 of the draft).
    """
    if not prefix.is_ipv6:
        return f"{prefix.length}.{'.'.join(reversed(prefix.address.split('.')))}.rpz-ip"
    left, gap, right = prefix.address.partition("::")
    words = [*left.split(":"), *(("zz",) if gap else ()), *right.split(":")]
    return f"{prefix.length}.{'.'.join(reversed([word for word in words if word]))}.rpz-ip"


def _zone(sheet: Sheet, *, words: tuple[str, str], body: Iterable[str]) -> bytes:
    serial = sheet.of.serial % (1 << _SERIAL_BITS)
    return written(
        (
            *commented(head(sheet, holds=words[0], loses=words[1]), sign=";"),
            f"$TTL {TTL_S}",
            f"@ IN SOA localhost. hostmaster.localhost. {serial} 3600 600 604800 {TTL_S}",
            "@ IN NS localhost.",
            *body,
        )
    )


def _destinations(sheet: Sheet) -> list[Prefix]:
    return unique(item.destination for item in sheet.spared if item.destination)


def _passes(sheet: Sheet) -> Iterator[str]:
    for prefix in _destinations(sheet):
        yield f"{trigger(prefix)} IN CNAME rpz-passthru."


def _blocks(blocked: Iterable[Blocked], *, passed: Iterable[Prefix]) -> Iterator[str]:
    """A name has one CNAME, so what is passed, or stands already, is told in a comment and not written again."""
    taken = {trigger(prefix) for prefix in passed}
    for item in blocked:
        owner = _owner(item)
        yield f"; {accountable(item)}"
        if owner not in taken:
            yield f"{owner} IN CNAME ."
        else:
            yield f"; not written: {owner} stands above"
        taken.add(owner)


def _owner(item: Blocked) -> str:
    return trigger(item.target) if isinstance(item.target, Prefix) else item.target
