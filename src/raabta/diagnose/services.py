"""Measurements that are no single web page: messengers, relays, resolvers, echo and speed servers.

Messengers have named hosts, judged like a web page's, and pools of end points, of which a few may always be away. A
pool is one cell with one outcome (k of n), whatever its size: ten time-outs are not ten proofs. Without a control, the
other targets of the same measurement say whether the line works at all.
"""

from collections import Counter, defaultdict
from typing import Final

from raabta.diagnose import dns, http, tcp, tls
from raabta.diagnose.bench import Bench
from raabta.diagnose.cell import Cell
from raabta.diagnose.certificates import fault_of_chain
from raabta.diagnose.chain import name_form, site_of, split_url
from raabta.diagnose.probe_faults import fault_of
from raabta.model import DnsLookup, HttpExchange, Measurement, ServiceCheck, TcpConnect, TlsHandshake
from raabta.reference.addresses import is_address

SERVICE_FACTS: Final = ("kind", "share", "many", "failure", "others")
PATH_FACTS: Final = ("test", "loss", "delay")

EXPECTED_PROVIDER: Final = {"facebook_messenger": "Meta"}
"""Whose addresses the names of a nettest resolve to. Source: OONI ts-019 (AS32934)."""

HIGH_LOSS_SHARE: Final = 0.15
"""Share of retransmitted bytes from which a line is lossy: near twice Pakistan's median loss (8.6 %, M-Lab 10/2024)."""
HIGH_RTT_MS: Final = 400.0
"""Minimum round-trip time from which a line is slow to answer: over twice Pakistan's median (178 ms, M-Lab 10/2024)."""

_MOST_SHARE: Final = 0.5

POOL_ADDRESSES: Final = 4
"""Addresses from which end points are a pool: a service spread over machines that do not fail together."""


def weigh_services(bench: Bench) -> list[Cell]:
    """Weigh all that a measurement other than a web page holds."""
    measurement = bench.measurement
    cells = [*_name_cells(bench), *_pool_cells(bench), *_handshake_cells(bench), *_request_cells(bench)]
    by_kind: dict[str, list[ServiceCheck]] = defaultdict(list)
    for check in measurement.checks:
        group = check.kind.removeprefix("dns.")
        by_kind[group if group.startswith("echo") else group.partition(".")[0]].append(check)
    for kind, checks in by_kind.items():
        cells += [_echo_cell(bench, kind, checks) if kind.startswith("echo") else _reach_cell(bench, kind, checks)]
    return cells + _speed_cells(bench)


def _name_cells(bench: Bench) -> list[Cell]:
    """Weigh the names; hosts of one site with the same facts are one cell."""
    by_host: dict[str, list[DnsLookup]] = defaultdict(list)
    for lookup in bench.measurement.lookups:
        by_host[name_form(lookup.host)].append(lookup)
    cells: dict[tuple[str, tuple[str, ...]], Cell] = {}
    tried = {step.address for step in bench.measurement.connects}
    tried |= {check.address for check in bench.measurement.checks}
    for host, lookups in by_host.items():
        view = dns.view_name(host, lookups, control=None)
        if is_address(host) or not _was_tried(bench.measurement, view, tried):
            continue
        answer, kind = _expected(bench, view)
        second = dns.compare_other(view, view.second, tables=bench.tables) if answer not in dns.SAME else "none"
        proof, place = _proof(bench.measurement, host, view)
        at = view.everyday.at
        facts = (answer, kind, "none", second, proof if answer in dns.ODD else "none", "none", bench.word("dns", host))
        if answer != "none":
            witness = (at, at, at, view.second.at, place, "", at)
            cells.setdefault((site_of(host), facts), Cell(host, bench.weigher.weigh("dns", facts), witness))
    return list(cells.values())


_MESSAGES: Final = frozenset(("uptime.signal.org",))


def _was_tried(measurement: Measurement, view: dns.NameView, tried: set[str]) -> bool:
    """Say whether a name was looked up to be used. Some answers are messages (Signal's 127.0.0.1 for "all is up")."""
    addresses = view.everyday.addresses
    if view.host in _MESSAGES:
        return False
    if not addresses or measurement.test_name in EXPECTED_PROVIDER:
        return True
    return not tried.isdisjoint(addresses) or not measurement.connects


def _expected(bench: Bench, view: dns.NameView) -> tuple[str, str]:
    """Classify an answer by the provider that the nettest expects, where it expects one."""
    answer = dns.answer_of(view, bench.measurement, tables=bench.tables)
    expected = EXPECTED_PROVIDER.get(bench.measurement.test_name)
    if answer != "uncompared" or expected is None:
        return answer, view.baseline_kind
    tables = bench.tables
    for address, noted in view.everyday.addresses.items():
        for asn in (tables.networks.asn(address), noted):
            found = tables.providers.of_asn(asn)
            if found is not None and expected.lower() in found.name.lower():
                return "same_provider", "control"
    return "other_network", "control"


def _proof(measurement: Measurement, host: str, view: dns.NameView) -> tuple[str, str]:
    for step in measurement.handshakes:
        if (
            step.server_name == host
            and step.address in view.everyday.addresses
            and step.failure == "ok"
            and step.verified
        ):
            return "certificate", step.at
    return "none", ""


def _pool_cells(bench: Bench) -> list[Cell]:
    """Weigh connections by pool: the end points of one site, or those that were given as addresses."""
    measurement = bench.measurement
    sites = {
        address: site_of(name_form(lookup.host))
        for lookup in measurement.lookups
        for address, _ in lookup.answers
        if not is_address(lookup.host)
    }
    pools: dict[tuple[str, int], list[TcpConnect]] = defaultdict(list)
    for step in measurement.connects:
        pools[sites.get(step.address, "(addresses)"), step.port].append(step)
    working = {pool for pool, steps in pools.items() if any(step.failure == "ok" for step in steps)}
    cells = []
    for (site, port), steps in pools.items():
        chosen, _ = tcp.judged([(step, "") for step in steps])
        result, at = tcp.result_of(chosen)
        if result in ("some", "mixed") and chosen:
            result = _pool_result(chosen)
        peers = "work" if working - {(site, port)} else "fail" if len(pools) > 1 else "none"
        n_addresses = len({step.address for step in chosen})
        many = "pool" if n_addresses >= POOL_ADDRESSES else "several" if n_addresses > 1 else "one"
        facts = (result, "none", many, "none", peers, bench.word("tcp", site))
        cells.append(Cell(site, bench.weigher.weigh("tcp", facts), (at,) * len(facts)))
    return cells


def _pool_result(steps: list[TcpConnect]) -> str:
    """Call a pool by its usual failure when three quarters of it fail alike: the few others may be left by mistake."""
    failures = Counter(step.failure for step in steps)
    commonest, count = failures.most_common(1)[0]
    if commonest != "ok" and count >= _POOL_SHARE * len(steps):
        return commonest if commonest in ("timeout", "refused", "reset", "unreachable") else "other"
    return "some" if "ok" in failures else "mixed"


_POOL_SHARE: Final = 0.75
"""Not validated."""


def _handshake_cells(bench: Bench) -> list[Cell]:
    measurement = bench.measurement
    fault = fault_of(measurement)
    by_name: dict[str, list[TlsHandshake]] = defaultdict(list)
    for step in measurement.handshakes:
        if step.transport == "tcp" and (fault is None or step.failure != fault.failure):
            by_name[step.server_name].append(step)
    cells = []
    for name, steps in by_name.items():
        chosen, _ = tls.judged([(step, "") for step in steps])
        result, at = tls.result_of(chosen)
        exchange = _exchange_to(measurement, name) if result in ("ok", "some") else None
        chain, step_word = "none", "none"
        if result.startswith("certificate"):
            chain = fault_of_chain(chosen[0].chain, name=name, measured_at=measurement.measured_at)
        elif result not in ("ok", "some"):
            step_word = tls.step_of(chosen)
        flow = tls.flow_of(exchange, measurement.transfers)
        many = "several" if len({step.address for step in chosen}) > 1 else "one"
        other = _other_name(measurement, name, chosen) if result not in ("ok", "none") else "none"
        facts = (result, "none", many, chain, step_word, flow, "none", other, bench.word("tls", name))
        flow_at = exchange.at if exchange is not None else ""
        cells.append(Cell(name, bench.weigher.weigh("tls", facts), (at, at, at, at, at, flow_at, flow_at, at, at)))
    return cells


def _other_name(measurement: Measurement, name: str, failed: list[TlsHandshake]) -> str:
    """Say whether a handshake with another name at one of the addresses worked."""
    addresses = {step.address for step in failed}
    others = [step for step in measurement.handshakes if step.address in addresses and step.server_name != name]
    if not others:
        return "none"
    return "works" if any(step.failure == "ok" for step in others) else "fails"


def _exchange_to(measurement: Measurement, host: str) -> HttpExchange | None:
    for exchange in measurement.exchanges:
        encrypted, found, _ = split_url(exchange.url)
        if encrypted and found == host:
            return exchange
    return None


def _request_cells(bench: Bench) -> list[Cell]:
    """Weigh unencrypted requests; those to bare addresses are one pool, judged by whether any was answered."""
    pools: dict[str, list[HttpExchange]] = defaultdict(list)
    if any(check.kind.startswith("echo") for check in bench.measurement.checks):
        return []
    for exchange in bench.measurement.exchanges:
        encrypted, host, _ = split_url(exchange.url)
        if host and not encrypted:
            pools["(addresses)" if is_address(host) else host].append(exchange)
    cells = []
    for place, exchanges in pools.items():
        best = min(exchanges, key=lambda exchange: http.result_of(exchange) != "page")
        result = http.result_of(best)
        sign = "none"
        if result == "page" and place != "(addresses)":
            sign = http.sign_of(best, None, title=http.title_of(best), tables=bench.tables)
        page = "unknown" if sign in ("blockpage", "captive") else "none"
        facts = (result, "clear", "none", page, sign, "none", "none", "none", bench.word("http", place))
        if result == "page" or (place != "(addresses)" and result in ("reset", "eof")):
            cells.append(Cell(place, bench.weigher.weigh("http", facts), (best.at,) * len(facts)))
    return cells


def _reach_cell(bench: Bench, kind: str, checks: list[ServiceCheck]) -> Cell:
    judged = [check for check in checks if check.outcome != "interrupted"]
    failed = [check for check in judged if check.outcome != "ok"]
    answering = len(judged) - len(failed)
    if not judged:
        share = "unknown"
    elif not failed:
        share = "all"
    elif not answering:
        share = "none"
    else:
        share = "most" if answering >= _MOST_SHARE * len(judged) else "few"
    commonest = Counter(check.outcome for check in failed).most_common(1)
    failure = commonest[0][0] if commonest else "none"
    witness = next((check.at for check in failed if check.outcome == failure), checks[0].at)
    facts = (kind, share, "several" if len(judged) > 1 else "one", failure)
    return Cell(kind, bench.weigher.weigh("vpn", facts), (witness,) * len(facts))


def _echo_cell(bench: Bench, kind: str, checks: list[ServiceCheck]) -> Cell:
    changed = [check for check in checks if check.outcome == "tampered"]
    same = [check for check in checks if check.outcome == "ok"]
    echo = "changed" if changed else "same" if same else "none"
    at = (changed or same or checks)[0].at
    facts = ("none", "clear", "none", "none", "none", "none", echo, kind.removeprefix("echo."), "none")
    return Cell(kind, bench.weigher.weigh("http", facts), (at,) * len(facts))


def _speed_cells(bench: Bench) -> list[Cell]:
    cells = []
    for fact in bench.measurement.speeds:
        ran = fact.failure == "ok" and fact.download_bps is not None
        loss = (
            "unknown"
            if fact.retransmit_share is None
            else "high"
            if fact.retransmit_share >= HIGH_LOSS_SHARE
            else "low"
        )
        delay = "unknown" if fact.min_rtt_ms is None else "high" if fact.min_rtt_ms >= HIGH_RTT_MS else "low"
        facts = ("ran" if ran else "failed", loss, delay)
        cells.append(Cell("line", bench.weigher.weigh("path", facts), (fact.at,) * len(facts)))
    return cells
