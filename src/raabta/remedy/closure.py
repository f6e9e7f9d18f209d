"""The closure of a list of host names: is every name a name, does it lead somewhere, is what it needs in the list too?

A filter lets pass what is listed. A page that needs an unlisted host, is reached by an unlisted name, or sends its
readers on to one stays broken although "the site" is listed: of 301 names that were allowed in Kashmir in 2020 only 126
were usable. So a name is *usable* when no rule about it is hard: it is well written, stands once, resolves, gives a
page, and its CNAME chain, redirects and essential hosts are listed as well.

Pure: what was measured is an argument (``probe.closure`` measures, ``pipeline.closing`` joins). Without it names are
judged by their form only.

A line ``*.example.org`` or ``.example.org`` lists all names under it, and the name itself.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from raabta.model.closure import Closure, HostFact
from raabta.model.exemption import LintFinding
from raabta.reference.addresses import read_address
from raabta.remedy.linting.bench import LintBench
from raabta.remedy.linting.entries import Broken
from raabta.remedy.linting.hosts import is_suffix, is_under, read_host, site_of
from raabta.remedy.linting.places import Span, sharers
from raabta.remedy.rules import Subject

_ALIKE = 0.88
"""Share of letters in common (difflib) from which a name is called a misspelling of another. Judgement: one wrong
letter of eight."""


class ListedName(Struct, frozen=True, kw_only=True):
    """One line of a list of names: its number, what stands there, and the name in plain form ("" where it is none)."""

    line: int
    text: str
    name: str
    is_whole_site: bool = False

    def lists(self, host: str) -> bool:
        """Whether the line lets a host pass."""
        return is_under(host, self.name) if self.is_whole_site else host == self.name


def read_names(text: str) -> list[ListedName]:
    """Read a list of host names, one a line; what follows # is a remark. Never raises."""
    names = []
    for line, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stated = raw.partition("#")[0].strip()
        if not stated:
            continue
        bare = stated.removeprefix("*.") if stated.startswith("*.") else stated.removeprefix(".")
        names.append(ListedName(line=line, text=stated, name=read_host(bare), is_whole_site=bare != stated))
    return names


def lint_names(
    names: Sequence[ListedName], closure: Closure | None = None, *, bench: LintBench | None = None
) -> list[LintFinding]:
    """Say what is wrong with a list of host names.

    Args:
        names: From ``read_names``.
        closure: What was measured; None judges names by their form only.
        bench: Tables, to tell names that are served from shared addresses.

    Returns:
        Findings in the order of the lines. ``subject`` is the line's text, ``place`` is "line N".
    """
    facts = {} if closure is None else {fact.name: fact for fact in closure.facts}
    index = _Index(names)
    index.needed = frozenset(need.host for fact in facts.values() for need in fact.needs)
    findings: list[LintFinding] = []
    for listed in names:
        broken = list(_broken_form(listed, index))
        if closure is not None and not any(rule in _FORM_ENDS for rule, *_ in broken):
            broken += _broken_fact(listed, facts, index)
            broken += _broken_sharing(facts.get(listed.name), bench)
        subject = Subject(id=listed.text)
        findings += [
            subject.finding(rule, f"line {listed.line}", value=value, detail=detail)
            for rule, _, value, detail in broken
        ]
    return findings


def usable_names(names: Iterable[ListedName], findings: Iterable[LintFinding]) -> list[str]:
    """The names that work as listed: those without a hard finding, in their order."""
    broken = {finding.place for finding in findings if finding.hard}
    return [listed.name for listed in names if f"line {listed.line}" not in broken]


def missing_hosts(names: Sequence[ListedName], closure: Closure) -> list[str]:
    """The hosts to add, so that the pages of the listed names work: sorted, each once.

    What an added host needs in turn is included as far as it was measured.
    """
    facts = {fact.name: fact for fact in closure.facts}
    index = _Index(names)
    waiting = [listed.name for listed in names if listed.name]
    seen = set(waiting)
    missing: set[str] = set()
    while waiting:
        fact = facts.get(waiting.pop())
        if fact is None:
            continue
        needed = [*fact.chain, *fact.redirects, *(need.host for need in fact.needs if need.use == "essential")]
        for host in needed:
            if host not in seen:
                seen.add(host)
                waiting.append(host)
            if not index.has(host):
                missing.add(host)
    return sorted(missing)


_FORM_ENDS = frozenset({"name.malformed", "name.not_site", "name.duplicate"})
"""Rules after which nothing more is said of a line."""


class _Index:
    """The listed names, to ask whether a host is among them."""

    def __init__(self, names: Iterable[ListedName]) -> None:
        self.first: dict[tuple[str, bool], ListedName] = {}
        for listed in names:
            self.first.setdefault((listed.name, listed.is_whole_site), listed)
        self._hosts = frozenset(name for name, whole in self.first if name and not whole)
        self._sites = frozenset(name for name, whole in self.first if name and whole)
        self.known = sorted(self._hosts | self._sites)
        self.needed: frozenset[str] = frozenset()
        """Hosts that pages need: they stand in a list for that, and have no page of their own to give."""

    def has(self, host: str) -> bool:
        """Whether some line lets a host pass."""
        return host in self._hosts or self.site(host) != ""

    def site(self, host: str) -> str:
        """The whole site in the list that a host belongs to, "" for none."""
        labels = host.split(".")
        return next(
            (name for at in range(len(labels)) if (name := ".".join(labels[at:])) in self._sites),
            "",
        )


def _broken_form(listed: ListedName, index: _Index) -> Iterator[Broken]:
    if not listed.name:
        yield "name.malformed", "", listed.text, ""
        return
    if is_suffix(listed.name):
        yield "name.not_site", "", listed.text, ""
    first = index.first[listed.name, listed.is_whole_site]
    if first.line != listed.line:
        yield "name.duplicate", "", first.line, ""
    elif not listed.is_whole_site and (site := index.site(listed.name)):
        yield "name.contained", "", f"*.{site}", ""


def _broken_fact(listed: ListedName, facts: Mapping[str, HostFact], index: _Index) -> Iterator[Broken]:
    fact = facts.get(listed.name)
    if fact is None:
        yield "name.unmeasured", "", "", ""
        return
    if fact.lookup_failure is not None:
        alike = _alike(listed.name, index.known, facts)
        yield "name.unresolved", "", fact.lookup_failure, f"; did somebody mean {alike}?" if alike else ""
        return
    for host in fact.chain:
        if not index.has(host):
            yield "name.chain_unpaired", "", host, ""
    for host in fact.redirects:
        if not index.has(host):
            yield "name.redirect_missing", "", host, ""
    if listed.name not in index.needed:
        yield from _broken_page(fact)
    for need in fact.needs:
        yield from _broken_need(listed, need.host, need.use == "essential", facts, index)


def _broken_page(fact: HostFact) -> Iterator[Broken]:
    if not fact.asked_page:
        yield "name.unmeasured", "", "", ""
    elif fact.page_failure is not None:
        yield "name.no_page", "", fact.page_failure, ""
    elif fact.status >= 400:
        yield "name.no_page", "", f"HTTP status {fact.status}", ""


def _broken_need(
    listed: ListedName, host: str, is_essential: bool, facts: Mapping[str, HostFact], index: _Index
) -> Iterator[Broken]:
    needed = facts.get(host)
    chain = () if needed is None else needed.chain
    missing = [name for name in (host, *chain) if not index.has(name)]
    if not missing:
        return
    if not is_essential:
        yield "name.extra_missing", "", missing[0], ""
    elif site_of(host) == site_of(listed.name):
        yield "name.subdomain_missing", "", missing[0], ""
    else:
        yield "name.third_party_missing", "", missing[0], ""


def _broken_sharing(fact: HostFact | None, bench: LintBench | None) -> Iterator[Broken]:
    if fact is None or bench is None:
        return
    told = set()
    for address in fact.addresses:
        parsed = read_address(address)
        if parsed is None:
            continue
        number, is_ipv6 = parsed
        span = Span(number, number, is_ipv6, 128 if is_ipv6 else 32)
        asn = bench.tables.networks.source.asn(number, is_ipv6)
        told |= {row.name for row in sharers(span, bench.tables, asn=asn) if row.kind in ("cdn", "platform")}
    for name in sorted(told):
        yield "name.shared", "", name, ""


def _alike(name: str, known: Sequence[str], facts: Mapping[str, HostFact]) -> str:
    """Give a name that is spelled nearly so and exists: of the list, or of what was measured."""
    there = [host for host in {*known, *facts} if host != name and _resolves(facts.get(host))]
    return next(iter(difflib.get_close_matches(name, sorted(there), n=1, cutoff=_ALIKE)), "")


def _resolves(fact: HostFact | None) -> bool:
    return fact is not None and fact.lookup_failure is None
