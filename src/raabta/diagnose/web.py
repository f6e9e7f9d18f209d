"""Web-like measurements: from observations to weighed cells, host by host and hop by hop.

The order is that of the protocols, since each layer decides whom the next one may believe. A host's name lookup comes
first. Connections, handshakes and requests are judged at addresses that the lookup's baseline holds, or that the control
reached itself; an address that only a contradicted lookup gave is left out. After a redirect that is not the
site's own, the chain ends: what follows is somebody else's page.
"""

import math
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from raabta.diagnose import dns, http, tcp, tls
from raabta.diagnose.cell import Cell
from raabta.diagnose.certificates import fault_of_chain
from raabta.diagnose.chain import Hop, follow, name_form
from raabta.diagnose.context import Context
from raabta.diagnose.dns import NameView
from raabta.diagnose.weigh import Weighed, Weigher
from raabta.model import Control, DnsLookup, HttpExchange, Measurement, TcpConnect, TlsHandshake
from raabta.reference.tables import Tables


class Bench(Struct, frozen=True, kw_only=True, gc=False):
    """What every step of one diagnosis needs: the measurement, the tables, the weigher, the context."""

    measurement: Measurement
    tables: Tables
    weigher: Weigher
    context: Context | None

    def word(self, layer: str, host: str) -> str:
        """Give the context's word on a host at a layer, ``none`` without context."""
        return "none" if self.context is None else self.context.word(self.measurement, layer, host)


class HostCase(Struct, frozen=True, kw_only=True, gc=False):
    """One host of the chain: its names' view, whether its answer is contradicted, and its steps.

    ``control`` is the measurement's control where it looked this host up itself (the first host of the chain).
    """

    hop: Hop
    view: NameView
    contradicted: bool
    control: Control | None
    connects: list[TcpConnect]
    handshakes: list[TlsHandshake]


def weigh_web(bench: Bench) -> list[Cell]:
    """Weigh every layer of every host and request of a redirect chain.

    Returns:
        Cells in the order of the chain; none when the input is no web URL and nothing was tried.
    """
    measurement = bench.measurement
    hops = follow(measurement.input, measurement.exchanges)
    if not hops:
        return []
    pages = _pages(bench, hops)
    hosts = list(dict.fromkeys(hop.host for hop in hops))
    by_host = _lookups_by_host(measurement.lookups, hosts)
    cells: list[Cell] = []
    seen: set[tuple[str, int]] = set()
    cases: dict[str, HostCase] = {}
    for hop, page in zip(hops, pages, strict=True):
        if hop.host not in cases:
            case, cell = _case(bench, hop, by_host.get(hop.host, []), alone=len(hosts) == 1)
            cases[hop.host] = case
            if cell is not None:
                cells.append(cell)
        case = cases[hop.host]
        if (hop.host, hop.port) not in seen:
            seen.add((hop.host, hop.port))
            cells += _connection_cells(bench, case, hop)
        if hop.exchange is not None:
            cells += _request_cells(bench, case, hop, page)
        if page.jump in ("blockpage", "foreign", "captive"):
            break
    return _in_company(bench, _without_repeats(cells))


def _without_repeats(cells: list[Cell]) -> list[Cell]:
    """Keep one of several cells of a host and layer with the same facts: ten like answers are not ten proofs."""
    if len(cells) < _FEW_CELLS:
        return cells
    return list({(cell.place, cell.weighed.layer, cell.weighed.facts): cell for cell in reversed(cells)}.values())[::-1]


_FEW_CELLS: Final = 5
"""Cells below which a chain has no second request to the same host."""


def _in_company(bench: Bench, cells: list[Cell]) -> list[Cell]:
    """Weigh again the cells of a host of which another layer may be interfered with."""
    if all(cell.weighed.blocked < COMPANY_SHARE for cell in cells):
        return cells
    again = []
    for cell in cells:
        others = [
            other.weighed.blocked
            for other in cells
            if other.place == cell.place and other.weighed.layer != cell.weighed.layer
        ]
        share = 1.0 - math.prod(1.0 - blocked for blocked in others)
        if share >= COMPANY_SHARE:
            cell = Cell(cell.place, bench.weigher.weigh_in_company(cell.weighed, share=share), cell.witness)
        again.append(cell)
    return again


COMPANY_SHARE: Final = 0.1
"""P(blocked) of a host's other cells from which a cell is weighed in their company; below it nothing would change."""


class _Page(Struct, frozen=True, gc=False):
    """What a hop's response is, beside the control's page and the hop that follows."""

    page: str = "none"
    sign: str = "none"
    jump: str = "none"


def _pages(bench: Bench, hops: list[Hop]) -> list[_Page]:
    """Compare the last page, then say of each redirect where it leads, which depends on where the chain ends."""
    last = hops[-1]
    final = _Page()
    exchange = last.exchange
    if exchange is not None and exchange.failure == "ok" and exchange.status and not 300 <= exchange.status < 400:
        final = _final_page(bench, exchange)
    jumps = [
        _Page(jump=http.jump_of(hop, following, page=final.page, tables=bench.tables))
        for hop, following in zip(hops, hops[1:], strict=False)
    ]
    return [*jumps, final]


def _final_page(bench: Bench, exchange: HttpExchange) -> _Page:
    control = bench.measurement.control
    title = http.title_of(exchange.body)
    page = http.page_of(exchange, control, title=title)
    if page in ("same", "similar"):
        return _Page(page)
    return _Page(page, http.sign_of(exchange, control, title=title, tables=bench.tables))


def _lookups_by_host(lookups: tuple[DnsLookup, ...], hosts: list[str]) -> dict[str, list[DnsLookup]]:
    """Sort lookups by the host that they were for."""
    by_host: dict[str, list[DnsLookup]] = {host: [] for host in hosts}
    for lookup in lookups:
        found = by_host.get(lookup.host)
        if found is None:
            found = by_host.get(name_form(lookup.host))
        if found is not None:
            found.append(lookup)
    return by_host


def _case(bench: Bench, hop: Hop, lookups: list[DnsLookup], *, alone: bool) -> tuple[HostCase, Cell | None]:
    """Weigh the name lookup of a host, and gather the steps that went to it."""
    measurement = bench.measurement
    control = measurement.control if hop.index == 0 else None
    view = dns.view_name(hop.host, lookups, control=control)
    handshakes = [
        step
        for step in measurement.handshakes
        if step.transport == "tcp" and (step.server_name == hop.host or not step.server_name or alone)
    ]
    if alone:
        connects = list(measurement.connects)
    else:
        reached = {step.address for step in handshakes if step.server_name}
        connects = [
            step for step in measurement.connects if view.knows(step.address) or step.address in reached
        ]
    cell = _name_cell(bench, hop, view, connects=connects, handshakes=handshakes) if lookups else None
    contradicted = cell is not None and cell.weighed.blocked > 0.5
    case = HostCase(
        hop=hop, view=view, contradicted=contradicted, control=control, connects=connects, handshakes=handshakes
    )
    return case, cell


def _name_cell(
    bench: Bench, hop: Hop, view: NameView, *, connects: list[TcpConnect], handshakes: list[TlsHandshake]
) -> Cell | None:
    measurement, tables = bench.measurement, bench.tables
    answer = dns.answer_of(view, measurement, tables=tables)
    if answer == "none":
        return None
    encrypted = second = proof = "none"
    place = ""
    if answer not in dns.SAME:
        second = dns.compare_other(view, view.second, tables=tables)
        if view.baseline_kind != "encrypted":
            encrypted = dns.compare_other(view, view.encrypted, tables=tables)
        if answer in dns.ODD:
            proof, place = _proof(bench, hop, view, connects=connects, handshakes=handshakes)
    late, late_at = dns.late_of(measurement, view) if measurement.late_answers else ("none", "")
    everyday = view.everyday.at
    return Cell(
        hop.host,
        bench.weigher.weigh(
            "dns", (answer, view.baseline_kind, encrypted, second, proof, late, bench.word("dns", hop.host))
        ),
        (everyday, everyday, view.encrypted.at or everyday, view.second.at, place, late_at, everyday),
    )


def _proof(
    bench: Bench, hop: Hop, view: NameView, *, connects: list[TcpConnect], handshakes: list[TlsHandshake]
) -> tuple[str, str]:
    """Say whether an odd address proves that it is the site's, or that it is not."""
    odd = view.everyday.addresses
    control = bench.measurement.control
    for step in handshakes:
        if step.address not in odd:
            continue
        if step.failure == "ok" and step.verified:
            return "certificate", step.at
        if step.failure.startswith("certificate") and tls.control_of(control, step) != step.failure:
            return "wrong_certificate", step.at
    exchange = hop.exchange
    if exchange is not None and exchange.status and (not exchange.address or _address(exchange) in odd):
        page = _final_page(bench, exchange)
        if page.sign in ("blockpage", "refusal"):
            return page.sign, exchange.at
        if page.page in ("same", "similar", "differs") and not hop.encrypted and not 300 <= exchange.status < 400:
            return ("page_differs" if page.page == "differs" else "page_same"), exchange.at
    for step in handshakes:
        if step.address in odd and tls.control_of(control, step) == "ok":
            return "control_certificate", step.at
    failed = [step for step in connects if step.address in odd and step.failure != "ok"]
    tried = [step for step in connects if step.address in odd]
    return ("unanswered", failed[0].at) if failed and len(failed) == len(tried) else ("none", "")


def _address(exchange: HttpExchange) -> str:
    return exchange.address.rpartition(":")[0].strip("[]")


def _may_judge(case: HostCase, address: str, control_class: str) -> bool:
    """Say whether what happened at an address says something about the target."""
    return not case.contradicted or control_class == "ok" or address in case.view.baseline


def _page_word(control: Control | None) -> str:
    """Say whether the control got the page at the end of the chain: ``ok``, ``failed`` or ``none``."""
    if control is None or not control.http:
        return "none"
    return "ok" if control.http == "ok" else "failed"


def _connection_cells(bench: Bench, case: HostCase, hop: Hop) -> list[Cell]:
    """Weigh the connections to one host and port, and the handshakes with its name."""
    control = bench.measurement.control
    tried = [
        (step, seen)
        for step in case.connects
        if _may_judge(case, step.address, seen := tcp.control_of(control, step))
    ]
    cells = []
    mine = [pair for pair in tried if pair[0].port == hop.port] or (tried if hop.index == 0 else [])
    if mine:
        steps, seen = tcp.judged(mine)
        result, at = tcp.result_of(steps)
        if seen == "none" and _page_word(control) == "ok":
            seen = "page"
        ports = "none"
        if result not in ("ok", "none"):
            ports = tcp.ports_of(steps, [step for step, _ in tried if step.port != hop.port])
        facts = (result, seen, _many(steps), ports, "none", bench.word("tcp", hop.host))
        cells.append(Cell(hop.host, bench.weigher.weigh("tcp", facts), (at,) * len(facts)))
    handshakes = _handshake_cell(bench, case, hop)
    return [*cells, handshakes] if handshakes is not None else cells


def _many(steps: Sequence[TcpConnect] | Sequence[TlsHandshake]) -> str:
    if len(steps) < 2:
        return "one"
    first = steps[0].address
    return "several" if any(step.address != first for step in steps) else "one"


def _handshake_cell(bench: Bench, case: HostCase, hop: Hop) -> Cell | None:
    """Weigh the handshakes with a host's name, and what flowed over them."""
    measurement = bench.measurement
    control = measurement.control
    tried = [
        (step, seen)
        for step in case.handshakes
        if _may_judge(case, step.address, seen := tls.control_of(control, step))
    ]
    flow_control = _page_word(control)
    if tried:
        steps, seen = tls.judged(tried)
        result, at = tls.result_of(steps)
        if seen == "none" and hop.encrypted and flow_control != "none":
            seen = "page" if flow_control == "ok" else "failed"
    else:
        steps, seen = [], flow_control if hop.encrypted else "none"
        result, at = _result_without_handshake(case, hop)
    exchange = hop.exchange if hop.encrypted and result in ("ok", "some") else None
    flow = tls.flow_of(exchange, measurement.transfers)
    if result == "none" and flow == "none":
        return None
    chain = "none"
    if result.startswith("certificate"):
        failed = next((step for step in steps if step.chain), None)
        if failed is not None:
            chain = fault_of_chain(failed.chain, name=hop.host, measured_at=measurement.measured_at)
    facts = (
        result,
        seen,
        _many(steps),
        chain,
        tls.step_of(steps) if result in ("reset", "eof", "timeout") else "none",
        flow,
        flow_control,
        "none",
        bench.word("tls", hop.host),
    )
    flow_at = exchange.at if exchange is not None else ""
    return Cell(hop.host, bench.weigher.weigh("tls", facts), (at, at, at, at, at, flow_at, flow_at, at, at))


def _result_without_handshake(case: HostCase, hop: Hop) -> tuple[str, str]:
    """Read the handshake's result off the request, where the document has none (before 2020)."""
    exchange = hop.exchange
    if not hop.encrypted or exchange is None or case.contradicted:
        return "none", ""
    if exchange.status:
        return "ok", exchange.at
    connected = any(step.failure == "ok" for step in case.connects)
    failure = exchange.failure
    if failure.startswith("certificate") or (failure in ("reset", "eof", "timeout") and connected):
        return failure, exchange.at
    return ("alert", exchange.at) if failure == "tls_alert" else ("none", "")


def _request_cells(bench: Bench, case: HostCase, hop: Hop, page: _Page) -> list[Cell]:
    """Weigh one request. Over TLS a failure is the handshake cell's; the page and the redirect are judged here."""
    exchange = hop.exchange
    if exchange is None or not _may_read(bench, case, exchange):
        return []
    result = http.result_of(exchange)
    if hop.encrypted and result not in ("page", "invalid_redirect", "too_many"):
        return []
    if not hop.encrypted and result in ("other", "timeout", "reset", "eof") and not exchange.status:
        connected = [step for step in case.connects if step.port == hop.port]
        if connected and all(step.failure != "ok" for step in connected):
            return []
    facts = (
        result,
        "tls" if hop.encrypted else "clear",
        _page_word(bench.measurement.control),
        page.page,
        page.sign,
        page.jump,
        "none",
        "none",
        bench.word("http", hop.host),
    )
    weighed: Weighed = bench.weigher.weigh("http", facts)
    return [Cell(hop.host, weighed, (exchange.at,) * len(facts))]


def _may_read(bench: Bench, case: HostCase, exchange: HttpExchange) -> bool:
    """Say whether a response comes from an address that somebody vouches for."""
    if not case.contradicted:
        return True
    address = _address(exchange)
    if not address:
        return False
    if address in case.view.baseline:
        return True
    control = bench.measurement.control
    seen = None if control is None else control.endpoints.get(tcp.endpoint_name(address, 443))
    return seen is not None and seen.tls == "ok"
