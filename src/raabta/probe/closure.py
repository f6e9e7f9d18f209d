"""What a list of host names leads to and needs, measured: CNAME chains, redirects, hosts that pages name.

For each listed name: one lookup (A, then AAAA where there is none), then its page, by HTTPS or else in clear, with
redirects followed, and the hosts in its markup (``wire.pages``). A host that a page sends on to gets the same; a host
that a page only needs is looked up. Nothing is run and nothing beyond a front page is opened.

A bound on hosts and on time keeps a long list from becoming a crawl; what was not looked at is said so, and lint calls
it not measured.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from raabta.model.closure import Closure, HostFact, HostNeed
from raabta.probe import http, tcp, tls
from raabta.probe.dns import addresses, look_up
from raabta.probe.network import Network
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings
from raabta.probe.tls import Hello
from raabta.probe.trace import Budget, BudgetSpentError, Trace
from raabta.wire.ooni.writing import Answer, Query, Response
from raabta.wire.pages import host_of_redirect, hosts_of_page

MAX_REDIRECTS: Final = 5
"""A site with more between its name and its page is broken for people too."""
# The chain is recorded and not judged: a wrong certificate does not change what a page needs.
_UNJUDGED: Final = Hello(alpn=("http/1.1",), verify=False)
_HTML: Final = ("text/html", "application/xhtml+xml")


class ClosureBound(Struct, frozen=True, kw_only=True):
    """How much may be looked at. ``max_s`` bounds all of it, a host's own budget is that of the probe's settings."""

    max_hosts: int = 3_000
    max_s: float = 900.0


class _Page(Struct, frozen=True, kw_only=True):
    """What a host's page was, redirects followed."""

    failure: str | None = None
    status: int = 0
    redirects: tuple[str, ...] = ()
    needs: tuple[HostNeed, ...] = ()


async def measure_closure(
    names: Iterable[str],
    *,
    network: Network,
    settings: ProbeSettings,
    now: datetime,
    bound: ClosureBound = ClosureBound(),  # noqa: B008  frozen
) -> Closure:
    """Measure names and what they need.

    Args:
        names: Host names in plain form.
        network: Where to.
        settings: ``plain_resolver``, time-outs and the longest body.
        now: Aware UTC: recorded, and the time at which certificates are looked at.
        bound: How much may be looked at.

    Returns:
        Facts of the names, in order, and then of what they need. A failure of the network is in the fact.
    """
    work = _Work(network, settings, now, bound)
    listed = list(dict.fromkeys(names))
    try:
        async with asyncio.timeout(bound.max_s):
            await work.look_at(listed, with_page=True)
            await work.look_at(work.sent_on_to(), with_page=True)
            await work.look_at(work.needed(), with_page=False)
    except TimeoutError:
        work.is_cut = True
    return Closure(measured_at=now, facts=tuple(work.facts.values()), is_cut=work.is_cut)


class _Work:
    """One measurement under way: facts by name, in the order in which they were finished."""

    def __init__(self, network: Network, settings: ProbeSettings, now: datetime, bound: ClosureBound) -> None:
        self.facts: dict[str, HostFact] = {}
        self.is_cut = False
        self._network = network
        self._settings = settings
        self._now = now
        self._bound = bound
        self._slots = asyncio.Semaphore(settings.max_in_flight)

    def sent_on_to(self) -> list[str]:
        """Hosts that pages sent on to."""
        return [host for fact in self.facts.values() for host in fact.redirects]

    def needed(self) -> list[str]:
        """Hosts that pages need."""
        return [need.host for fact in self.facts.values() for need in fact.needs]

    async def look_at(self, names: Iterable[str], *, with_page: bool) -> None:
        """Look at those of the names that have no fact yet."""
        wanted = [name for name in dict.fromkeys(names) if name not in self.facts]
        room = max(0, self._bound.max_hosts - len(self.facts))
        self.is_cut = self.is_cut or len(wanted) > room
        async with asyncio.TaskGroup() as group:
            for name in wanted[:room]:
                group.create_task(self._look(name, with_page=with_page))

    async def _look(self, name: str, *, with_page: bool) -> None:
        async with self._slots:
            trace = self._new_trace()
            try:
                found = await self._resolve(trace, name)
                fact = _fact_of_lookup(name, found)
                if with_page and fact.lookup_failure is None:
                    page = await self._open(trace, name, fact.addresses)
                    fact = _with_page(fact, page)
            except BudgetSpentError:
                self.is_cut = True
                return
            self.facts[name] = fact

    def _new_trace(self) -> Trace:
        settings = self._settings
        budget = Budget(max_s=settings.max_s, max_packets=settings.max_packets, max_bytes=settings.max_bytes)
        return Trace(network=self._network, zero=self._network.clock(), budget=budget)

    async def _resolve(self, trace: Trace, name: str) -> Query:
        resolver = self._settings.plain_resolver
        query, _ = await look_up(trace, name, query_type="A", resolver=resolver, settings=self._settings)
        if not addresses(query.answers) and query.failure == "dns_no_answer":
            query, _ = await look_up(trace, name, query_type="AAAA", resolver=resolver, settings=self._settings)
        return query

    async def _open(self, trace: Trace, name: str, found: tuple[str, ...]) -> _Page:
        """Open a host's page, redirects followed. HTTPS comes first, as browsers do it."""
        page = await self._follow(trace, f"https://{name}/", found)
        if page.failure is not None and not page.redirects:
            page = await self._follow(trace, f"http://{name}/", found)
        return page

    async def _follow(self, trace: Trace, url: str, found: tuple[str, ...]) -> _Page:
        own = host = host_of_redirect(url, url=url)[1]
        redirects: list[str] = []
        for _ in range(MAX_REDIRECTS):
            failure, response, body = await self._fetch(trace, url, host, found)
            if failure is not None or response is None:
                return _Page(failure=failure or "unknown_failure", redirects=tuple(redirects))
            next_url = _sent_on(response, url)
            if not next_url:
                return _page_of(response, body, url=url, redirects=redirects, own=own)
            url, next_host = host_of_redirect(next_url, url=url)
            if next_host not in (host, own) and next_host not in redirects:
                redirects.append(next_host)
            if next_host != host:
                host, found = next_host, tuple(addresses((await self._resolve(trace, next_host)).answers))
            if not found:
                return _Page(failure="dns_no_answer", redirects=tuple(redirects))
        return _Page(failure="http_too_many_redirects", redirects=tuple(redirects))

    async def _fetch(
        self, trace: Trace, url: str, host: str, found: tuple[str, ...]
    ) -> tuple[str | None, Response | None, bytes]:
        trace.check_budget()
        port = _port_of(url)
        connect, stream = await tcp.connect(trace, found[0], port=port, settings=self._settings)
        if stream is None:
            return connect.status.failure or "unknown_failure", None, b""
        peer = Peer(address=found[0], port=port, name=host)
        try:
            if url.startswith("https:"):
                step, secured = await tls.handshake(
                    trace, stream, peer=peer, settings=self._settings, verify_at=self._now, hello=_UNJUDGED
                )
                if secured is None:
                    return step.failure or "unknown_failure", None, b""
                exchange, body = await http.get(trace, secured, url=url, peer=peer, settings=self._settings)
            else:
                exchange, body = await http.get(trace, stream, url=url, peer=peer, settings=self._settings)
        finally:
            stream.close()
        # A page that was cut by its length limit is no failure; one that broke off still names hosts.
        if exchange.response is None:
            return exchange.failure or "unknown_failure", None, b""
        return None, exchange.response, body


def _fact_of_lookup(name: str, query: Query) -> HostFact:
    return HostFact(
        name=name,
        lookup_failure=query.failure,
        chain=tuple(_chain(name, query.answers or ())),
        addresses=tuple(addresses(query.answers)),
    )


def _chain(name: str, answers: Iterable[Answer]) -> list[str]:
    """Give the names of the CNAME records in the order in which an answer has them: resolvers keep the chain's."""
    targets = [
        answer.hostname.lower().removesuffix(".")
        for answer in answers
        if answer.answer_type == "CNAME" and answer.hostname
    ]
    return [target for target in dict.fromkeys(targets) if target != name]


def _with_page(fact: HostFact, page: _Page) -> HostFact:
    return HostFact(
        name=fact.name,
        chain=fact.chain,
        addresses=fact.addresses,
        asked_page=True,
        page_failure=page.failure,
        status=page.status,
        redirects=page.redirects,
        needs=page.needs,
    )


def _sent_on(response: Response, url: str) -> str:
    """Give the URL that an answer sends on to, "" for none."""
    location = _header(response, "location")
    return host_of_redirect(location, url=url)[0] if 300 <= response.code < 400 and location else ""


def _page_of(response: Response, body: bytes, *, url: str, redirects: list[str], own: str) -> _Page:
    named = (
        hosts_of_page(body, url=url) if _header(response, "content-type", _HTML[0]).lower().startswith(_HTML) else []
    )
    refreshed = [host for host, use in named if use == "redirect" and host not in (own, *redirects)]
    needs = [
        HostNeed(host=host, use="shown" if use == "shown" else "essential") for host, use in named if use != "redirect"
    ]
    return _Page(
        status=response.code,
        redirects=(*redirects, *refreshed),
        needs=tuple(need for need in needs if need.host != own),
    )


def _header(response: Response, name: str, default: str = "") -> str:
    return next((item[1] for item in response.headers_list if item[0].lower() == name), default)


def _port_of(url: str) -> int:
    authority = url.partition("://")[2].partition("/")[0]
    port = authority.rpartition("]")[2].rpartition(":")[2] if ":" in authority.rpartition("]")[2] else ""
    return int(port) if port.isdigit() and 0 < int(port) < 65_536 else (443 if url.startswith("https:") else 80)
