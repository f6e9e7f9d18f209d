"""Facts about name lookup: what the everyday resolver answered for a host, beside everything that can vouch for it.

The everyday resolver's answer is compared with a baseline: the control's answer, else that of an encrypted lookup from
the same place. An answer is odd when it shares neither address nor network nor provider with the baseline; only
then is it worth looking at what other resolvers said and whether the address proves itself. CDNs that rotate or widen
their answers therefore do not move a score.

Not done: comparing times to live, and EDNS client subnet. Both are seldom in the data.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model import Control, DnsLookup, Measurement
from raabta.reference.special import UNROUTED
from raabta.reference.tables import Tables

FACTS: Final = (
    "answer",
    "baseline",
    "encrypted",
    "second",
    "proof",
    "late",
    "context",
    "other_name",
    "no_resolver",
    "notice",
    "repeat",
)
"""The facts of a cell of this layer, in the order of its tuple. Their values are in docs/diagnosis.md."""

SAME: Final = frozenset(("same_address", "same_network", "same_provider"))
ODD: Final = frozenset(("access_cache", "access_network", "other_network", "uncompared", "blockpage_address", "bogon"))

FAILURES: Final = {
    "nxdomain": "nxdomain",
    "no_answer": "no_answer",
    "no_data": "no_data",
    "servfail": "servfail",
    "dns_refused": "refused",
    "timeout": "timeout",
}
_EMPTY: Final = frozenset(("nxdomain", "no_answer", "no_data"))
FAILED: Final = frozenset((*FAILURES.values(), "failed"))

_EXAMPLES: Final = frozenset(("documentation", "benchmark"))
"""Kinds that examples and test networks use throughout: ordinary where the control answers such ones too."""


class Answers(Struct, gc=False):
    """What one way of asking said of one host."""

    addresses: dict[str, int]
    failure: str = ""
    at: str = ""


class NameView(Struct, frozen=True, kw_only=True, gc=False):
    """All that was said of one host name.

    ``everyday`` is the system's resolver, or the plain one named by the probe where the system was not asked;
    ``baseline`` holds the addresses to compare with.
    """

    host: str
    everyday: Answers
    second: Answers
    encrypted: Answers
    baseline: frozenset[str]
    baseline_kind: str

    def knows(self, address: str) -> bool:
        """Say whether any resolver gave this address for the name."""
        return (
            address in self.everyday.addresses
            or address in self.baseline
            or address in self.second.addresses
            or address in self.encrypted.addresses
        )


def view_name(host: str, lookups: list[DnsLookup], *, control: Control | None) -> NameView:
    """Gather what was said of ``host``. ``control`` is None where the control did not look this name up."""
    system, plain, encrypted = Answers({}), Answers({}), Answers({})
    for lookup in lookups:
        how = lookup.resolver
        answers = system if how == "system" else plain if how == "udp" else encrypted
        if lookup.answers:
            if not answers.addresses:
                answers.at = lookup.at
            answers.addresses.update(lookup.answers)
        elif not answers.failure:
            answers.failure = lookup.failure if lookup.failure != "ok" else "no_answer"
            answers.at = answers.at or lookup.at
    everyday, second = (system, plain) if system.at else (plain, Answers({}))
    baseline, kind = _baseline(control, encrypted)
    return NameView(
        host=host, everyday=everyday, second=second, encrypted=encrypted, baseline=baseline, baseline_kind=kind
    )


def _baseline(control: Control | None, encrypted: Answers) -> tuple[frozenset[str], str]:
    if control is not None:
        addresses = control.addresses
        if control.dns == "ok":
            numeric = frozenset(name for name in addresses if name[-1:].isdigit() or ":" in name)
            if numeric or not addresses:
                return (numeric, "control") if numeric else (numeric, "empty")
        elif control.dns in _EMPTY:
            return frozenset(), "empty"
    if encrypted.addresses:
        return frozenset(encrypted.addresses), "encrypted"
    return frozenset(), "none"


def agrees_at_once(lookups: list[DnsLookup], control: Control | None, *, tables: Tables) -> str:
    """Give the place of an everyday lookup that holds one of the control's addresses, "" where more must be looked at.

    Nearly every lookup agrees, and then nothing else about the name can change its facts.
    """
    if control is None or control.dns != "ok":
        return ""
    addresses = control.addresses
    for lookup in lookups:
        for address, _ in lookup.answers if lookup.resolver == "system" else ():
            if address in addresses:
                return "" if tables.special.kind(address) is not None else lookup.at
    return ""


def answer_of(view: NameView, measurement: Measurement, *, tables: Tables) -> str:
    """Classify the everyday answer against the baseline."""
    everyday = view.everyday
    if not everyday.addresses:
        return FAILURES.get(everyday.failure, "failed") if everyday.at else "none"
    addresses = everyday.addresses
    if not view.baseline.isdisjoint(addresses):
        first = next(iter(addresses))
        return "bogon_everywhere" if tables.special.kind(first) in UNROUTED else "same_address"
    kinds = {tables.special.kind(address) for address in addresses}
    if None not in kinds and not (
        kinds <= _EXAMPLES and any(tables.special.kind(address) in _EXAMPLES for address in view.baseline)
    ):
        # A special address that is not the control's: nobody on the internet answers there.
        return "bogon"
    if any(tables.fingerprints.address(address) for address in addresses):
        return "blockpage_address"
    if not view.baseline:
        return "uncompared"
    return _compare(view, measurement, tables)


def of_odd_family(view: NameView) -> NameView:
    """Give the view of the address family that disagrees with the baseline while the other one agrees, else the view.

    Who forges A records may leave AAAA alone; then the true half of the answer must not vouch for the forged one.
    """
    everyday = view.everyday.addresses
    wide = [address for address in everyday if ":" in address]
    if not wide or len(wide) == len(everyday) or view.baseline.isdisjoint(everyday):
        return view
    for family in (False, True):
        ours = {address: asn for address, asn in everyday.items() if (":" in address) == family}
        theirs = frozenset(address for address in view.baseline if (":" in address) == family)
        if theirs and theirs.isdisjoint(ours):
            answers = Answers(ours, view.everyday.failure, view.everyday.at)
            return msgspec.structs.replace(view, everyday=answers, baseline=theirs)
    return view


MAX_COMPARED: Final = 4
"""Addresses of one answer that are looked up. A pool's further addresses are in the same networks."""


def _compare(view: NameView, measurement: Measurement, tables: Tables) -> str:
    noted = measurement.control.asns if measurement.control is not None else {}
    theirs = {asn for address in view.baseline if (asn := noted.get(address, view.encrypted.addresses.get(address, 0)))}
    ours = {asn for address, asn in view.everyday.addresses.items() if asn}
    if ours & theirs:
        return "same_network"
    theirs |= _table_asns(view.baseline, tables)
    ours |= _table_asns(view.everyday.addresses, tables) | {
        noted.get(address, 0) for address in view.everyday.addresses
    }
    ours.discard(0)
    if not ours or not theirs:
        return "unknown"
    if ours & theirs:
        return "same_network"
    providers = {provider.name: provider for asn in theirs if (provider := tables.providers.of_asn(asn)) is not None}
    if any((provider := tables.providers.of_asn(asn)) is not None and provider.name in providers for asn in ours):
        return "same_provider"
    if measurement.probe_asn in ours:
        caching = any(provider.caches_in_access_networks for provider in providers.values())
        return "access_cache" if caching else "access_network"
    return "other_network"


def _table_asns(addresses: Iterable[str], tables: Tables) -> set[int]:
    """Give the networks of the first few addresses by the table, in an order that does not change between runs."""
    looked_up = {tables.networks.asn(address) for address in sorted(addresses)[:MAX_COMPARED]}
    return looked_up - {0}


def compare_other(view: NameView, answers: Answers, *, tables: Tables) -> str:
    """Say how another resolver's answer stands to the everyday one and the baseline."""
    if not answers.at:
        return "none"
    if not answers.addresses:
        return "empty" if answers.failure in _EMPTY else "failed"
    found = answers.addresses
    everyday = view.everyday.addresses
    if any(address in everyday for address in found):
        return "agrees"
    if not view.baseline.isdisjoint(found):
        return "baseline"
    own = {asn for asn in found.values() if asn}
    noted = {asn for asn in everyday.values() if asn}
    if own & noted:
        return "agrees"
    own |= _table_asns(found, tables)
    if own & (noted | _table_asns(everyday, tables)):
        return "agrees"
    return "baseline" if own & _table_asns(view.baseline, tables) else "differs"


def late_of(measurement: Measurement, view: NameView) -> tuple[str, str]:
    """Say whether a second answer arrived that differs, and where it stands."""
    for lookup in measurement.late_answers:
        if lookup.host != view.host or not lookup.answers:
            continue
        first = view.second.addresses or view.everyday.addresses
        different = not any(address in first for address, _ in lookup.answers)
        return ("different" if different and first else "same"), lookup.at
    return "none", ""
