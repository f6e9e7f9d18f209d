"""Web-like measurements: from observations to weighed cells, host by host and hop by hop.

The order is that of the protocols, since each layer decides whom the next one may believe. A host's name lookup comes
first. Connections, handshakes and requests are judged at addresses that the lookup's baseline holds, or that the
control reached itself; an address that only a contradicted lookup gave is left out. After a redirect that is not the
site's own, the chain ends: what follows is somebody else's page.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from raabta.diagnose import contrasts, dns, http, local, quic, tcp, tls
from raabta.diagnose.bench import NO_PAGE, Bench, Page
from raabta.diagnose.cell import Cell
from raabta.diagnose.certificates import fault_of_chain
from raabta.diagnose.chain import Hop, follow, name_form
from raabta.diagnose.encrypted import encrypted_cells
from raabta.diagnose.names import PAGE_PROOFS, address_of, is_unproved, name_cell, page_word, second_cell
from raabta.model import Control, DnsLookup, HttpExchange, Measurement, TcpConnect, TlsHandshake


class HostCase(Struct, kw_only=True, gc=False):
    """One host of the chain: what vouches for its addresses, and its steps.

    ``baseline`` holds the addresses that the control, else an encrypted lookup, gave; ``contradicted`` says that the
    everyday answer is probably wrong, or odd and not proved; ``page_told`` that the page was weighed as its proof
    already; ``ports`` are those that were weighed already.
    """

    host: str
    contradicted: bool
    page_told: bool
    baseline: frozenset[str]
    connects: Sequence[TcpConnect]
    handshakes: Sequence[TlsHandshake]
    ports: list[int]


def weigh_web(bench: Bench) -> list[Cell]:
    """Weigh every layer of every host and request of a redirect chain.

    Returns:
        Cells in the order of the chain; none when the input is no web URL and nothing was tried.
    """
    measurement = bench.measurement
    own = _local_cell(bench)
    if own is not None and own.weighed.down > 0.5:
        return [own]
    hops = follow(measurement.input, measurement.exchanges)
    if not hops:
        return []
    last = _final_page(bench, hops[-1].exchange)
    lookups = _lookups_by_host(measurement.lookups, hops)
    cells: list[Cell] = [] if own is None else [own, *encrypted_cells(bench)]
    cases: dict[str, HostCase] = {}
    for hop in hops:
        case = cases.get(hop.host)
        if case is None and cells and _leads_nowhere(bench, hop, lookups):
            cells.append(_nowhere(bench, hops[hop.index - 1]))
            break
        if case is None:
            page = last if hop is hops[-1] else NO_PAGE
            case = cases[hop.host] = _open_case(bench, hop, page=page, lookups=lookups, cells=cells)
        if hop.port not in case.ports:
            case.ports.append(hop.port)
            _weigh_connections(bench, case, hop, cells=cells)
            _weigh_handshakes(bench, case, hop, cells=cells)
            if bench.measurement.local is not None:
                _weigh_quic(bench, case, hop, cells=cells)
        following = hops[hop.index + 1] if hop is not hops[-1] else None
        page = last
        if following is not None:
            page = Page(jump=http.jump_of(hop, following, page=last.page, tables=bench.tables))
        if hop.exchange is not None:
            _weigh_request(bench, case, hop, page=page, cells=cells)
        if page.jump in ("blockpage", "foreign", "captive"):
            break
    return cells if len(hops) == 1 else _without_repeats(cells)


def _local_cell(bench: Bench) -> Cell | None:
    """Weigh the machine's own network, where the document says how it was."""
    health = bench.measurement.local
    if health is None:
        return None
    facts = (local.state_of(health, bench.measurement),)
    return Cell("(own network)", bench.weigher.weigh("local", facts), (local.AT,))


def _weigh_quic(bench: Bench, case: HostCase, hop: Hop, *, cells: list[Cell]) -> None:
    """Weigh a host's QUIC handshakes, where the name's answer may be believed."""
    steps = [step for step in bench.measurement.handshakes if step.transport == "quic" and step.server_name == hop.host]
    chosen = quic.judged(steps, case.connects)
    if not chosen or case.contradicted:
        return
    facts, at = quic.facts_of(bench.measurement, chosen, name=hop.host)
    cells.append(Cell(hop.host, bench.weigher.weigh("quic", facts), (at,) * len(facts)))


def _leads_nowhere(bench: Bench, hop: Hop, lookups: dict[str, list[DnsLookup]]) -> bool:
    """Say whether a redirect leads to a name that does not exist, for the control either."""
    control = bench.measurement.control
    if hop.index == 0 or control is None or control.http not in _NAMELESS:
        return False
    mine = lookups[hop.host]
    return bool(mine) and all(lookup.failure in _NAMELESS for lookup in mine)


_NAMELESS: Final = frozenset(("nxdomain", "no_answer", "no_data", "servfail"))


def _nowhere(bench: Bench, hop: Hop) -> Cell:
    """Weigh a redirect that leads to no place that exists: the site's own fault."""
    facts = ("invalid_redirect", "tls" if hop.encrypted else "clear", page_word(bench.measurement.control))
    at = hop.exchange.at if hop.exchange is not None else ""
    return Cell(hop.host, bench.weigher.weigh("http", facts), (at,) * len(facts))


def _lookups_by_host(lookups: Sequence[DnsLookup], hops: list[Hop]) -> dict[str, list[DnsLookup]]:
    """Sort the lookups by the host of the chain that they were for."""
    by_host: dict[str, list[DnsLookup]] = {hop.host: [] for hop in hops}
    for lookup in lookups:
        found = by_host.get(lookup.host)
        if found is None:
            found = by_host.get(name_form(lookup.host))
        if found is not None:
            found.append(lookup)
    return by_host


def _without_repeats(cells: list[Cell]) -> list[Cell]:
    """Keep one of several cells of a host and layer with the same facts: ten like answers are not ten proofs."""
    kept: dict[tuple[str, int], Cell] = {}
    for cell in cells:
        kept.setdefault((cell.place, cell.weighed.serial), cell)
    return cells if len(kept) == len(cells) else list(kept.values())


_NOTHING: Final[frozenset[str]] = frozenset()


def _final_page(bench: Bench, exchange: HttpExchange | None) -> Page:
    """Compare a page with the control's; a redirect or a failure is no page."""
    if exchange is None or exchange.failure != "ok" or not exchange.status or 300 <= exchange.status < 400:
        return NO_PAGE
    control = bench.measurement.control
    title = http.title_of(exchange)
    page = http.page_of(exchange, control, title=title)
    alike = page in ("same", "similar")
    if exchange.status < 400 and (alike or (page == "unknown" and exchange.url[:6] == "https:")):
        return Page(page)  # nobody in between can put another page into TLS
    sign = http.sign_of(exchange, control, title=title, tables=bench.tables)
    if alike:  # the site treats the control alike: its challenge, or its error, is no less one
        return Page("unknown", sign) if sign in ("challenge", "geo", "server_error") else Page(page)
    if sign == "none" and page == "differs" and http.same_server(exchange, control):
        return Page("similar")
    if sign in ("blockpage", "refusal", "captive") and exchange.url[:6] == "https:":
        sign = "none"  # words of refusal over TLS are the site's own
    return Page(page, sign)


def _open_case(
    bench: Bench, hop: Hop, *, page: Page, lookups: dict[str, list[DnsLookup]], cells: list[Cell]
) -> HostCase:
    """Weigh the name lookup of a host, and gather the steps that went to it."""
    measurement = bench.measurement
    host = hop.host
    alone = len(lookups) == 1
    mine = lookups[host]
    handshakes = [
        step
        for step in measurement.handshakes
        if step.transport == "tcp" and (alone or step.server_name == host or not step.server_name)
    ]
    connects: Sequence[TcpConnect] = measurement.connects
    control = measurement.control if hop.index == 0 else None
    plain = not measurement.late_answers and not measurement.contrasts
    at = dns.agrees_at_once(mine, control, tables=bench.tables) if plain else ""
    if at and alone:
        facts = ("same_address", "control", "none", "none", "none", "none", bench.word("dns", host))
        cells.append(Cell(host, bench.weigher.weigh("dns", facts), (at,) * len(facts)))
        return HostCase(
            host=host,
            contradicted=False,
            page_told=False,
            baseline=_NOTHING,
            connects=connects,
            handshakes=handshakes,
            ports=[],
        )
    view = dns.view_name(host, mine, control=control)
    if not alone:
        reached = {step.address for step in handshakes if step.server_name}
        connects = [step for step in connects if view.knows(step.address) or step.address in reached]
    cell = name_cell(bench, hop, view=view, page=page, steps=(connects, handshakes)) if mine else None
    if cell is not None:
        cells.append(cell)
    if measurement.contrasts and (cell is None or cell.weighed.blocked < 0.5):
        other = second_cell(bench, hop, view=view, steps=(connects, handshakes))
        cells += [other] if other is not None else []
    return HostCase(
        host=host,
        contradicted=cell is not None and (cell.weighed.blocked > 0.5 or is_unproved(cell.weighed.facts)),
        page_told=cell is not None and cell.weighed.facts[4] in PAGE_PROOFS,
        baseline=view.baseline,
        connects=connects,
        handshakes=handshakes,
        ports=[],
    )


def _vouched(control: Control | None, step: TcpConnect, seen: str) -> str:
    """Give the class of the control's handshake at an end point, where it tried one, else of its connection.

    That a server of somebody else accepts connections from the control too says nothing about the target.
    """
    there = None if control is None else control.endpoints.get(tcp.endpoint_name(step.address, step.port))
    return there.tls if there is not None and there.tls else seen


def _may_judge(case: HostCase, address: str, control_class: str) -> bool:
    """Say whether what happened at an address says something about the target."""
    return not case.contradicted or control_class == "ok" or address in case.baseline


def _weigh_connections(bench: Bench, case: HostCase, hop: Hop, *, cells: list[Cell]) -> None:
    """Weigh the connections to one host and port."""
    control = bench.measurement.control
    mine: list[tcp.Tried] = []
    others: list[tcp.Tried] = []
    for tried in tcp.beside_control(case.connects, control):
        step = tried[0]
        if not case.contradicted or _may_judge(case, step.address, _vouched(control, step, tried[1])):
            (mine if step.port == hop.port else others).append(tried)
    if not mine and hop.index == 0:
        mine, others = others, []
    if not mine:
        return
    steps, seen = tcp.judged(mine)
    result, at = tcp.result_of(steps)
    if seen == "none" and page_word(control) == "ok":
        seen = "page"
    ports = "none"
    if result not in ("ok", "none"):
        ports = tcp.ports_of(steps, [step for step, _ in others])
        if ports == "none" and bench.measurement.contrasts:
            ports = contrasts.other_port(bench.measurement, steps)
    facts: tuple[str, ...] = (result, seen, _many(steps), ports, "none", bench.word("tcp", hop.host))
    witness = (at,) * len(facts)
    if bench.measurement.local is not None and result not in ("ok", "none"):
        more, places = contrasts.of_connections(bench.measurement, steps)
        facts, witness = facts + more, witness + places
    cells.append(Cell(hop.host, bench.weigher.weigh("tcp", facts), witness))


def _many(steps: Sequence[TcpConnect] | Sequence[TlsHandshake]) -> str:
    if len(steps) < 2:
        return "one"
    first = steps[0].address
    return "several" if any(step.address != first for step in steps) else "one"


def _weigh_handshakes(bench: Bench, case: HostCase, hop: Hop, *, cells: list[Cell]) -> None:
    """Weigh the handshakes with a host's name, and what flowed over them."""
    measurement = bench.measurement
    control = measurement.control
    tried = []
    for step in case.handshakes:
        seen = tls.control_of(control, step)
        if not case.contradicted or _may_judge(case, step.address, seen):
            tried.append((step, seen))
    flow_control = page_word(control)
    steps: list[TlsHandshake] = []
    if tried:
        steps, seen = tls.judged(tried)
        result, at = tls.result_of(steps)
        if seen == "none" and hop.encrypted and flow_control != "none":
            seen = "page" if flow_control == "ok" else "failed"
    else:
        seen = flow_control if hop.encrypted else "none"
        result, at = _result_without_handshake(case, hop)
    exchange = hop.exchange if hop.encrypted and result in ("ok", "some") else None
    flow = "none" if exchange is None else tls.flow_of(exchange, measurement.transfers)
    if result == "none" and flow == "none":
        return
    chain = step_word = "none"
    if result not in ("ok", "some"):
        chain = _chain_word(steps, hop.host, measurement.measured_at) if result.startswith("certificate") else "none"
        step_word = tls.step_of(steps) if result in ("reset", "eof", "timeout") else "none"
    word = bench.word("tls", hop.host)
    facts: tuple[str, ...] = (result, seen, _many(steps), chain, step_word, flow, flow_control, "none", word)
    flow_at = exchange.at if exchange is not None else ""
    witness: tuple[str, ...] = (at, at, at, at, at, flow_at, flow_at, at, at)
    if measurement.contrasts or (measurement.local is not None and chain != "none"):
        facts, witness = _with_contrasts(measurement, facts, witness=witness, steps=steps, exchange=exchange)
    cells.append(Cell(hop.host, bench.weigher.weigh("tls", facts), witness))


_PACED: Final = {("line", "crawls"): "data", ("slow", "data"): "crawls"}
"""What becomes of a flow once its pace was set beside other pages'."""


def _with_contrasts(
    measurement: Measurement,
    facts: tuple[str, ...],
    *,
    witness: tuple[str, ...],
    steps: Sequence[TlsHandshake],
    exchange: HttpExchange | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add what the follow-ups of a host's handshakes, and of its page's pace, say."""
    other = "none"
    more: tuple[str, ...] = ("none",) * 4
    places: tuple[str, ...] = ("",) * 4
    if facts[0] != "ok":
        failed = {step.address for step in steps if step.failure != "ok"}
        name = steps[0].server_name if steps else ""
        other, more, places = contrasts.of_handshakes(measurement, name=name, addresses=failed)
    flow, beside, stall = facts[5], "none", "none"
    if exchange is not None:
        transfer = tls.transfer_of(measurement.transfers, exchange)
        paced, beside = contrasts.pace(measurement, transfer, address=address_of(exchange))
        flow = _PACED.get((paced, flow), flow)
        if flow in ("stalled", "silent"):
            stall = contrasts.stall_word(measurement, transfer, address=address_of(exchange))
    changed = (*facts[:5], flow, facts[6], other, facts[8])
    partly = tls.partly_of(steps) if facts[0] == "some" else "none"
    clock = measurement.local.clock if measurement.local is not None else "none"
    facts = (*changed, *more, beside, stall, partly, clock)
    return facts, (*witness, *places, witness[5], witness[5], witness[0], local.AT)


def _chain_word(steps: Sequence[TlsHandshake], name: str, measured_at: str) -> str:
    """Say what is wrong with the first chain that is in the data."""
    for step in steps:
        if step.chain:
            return fault_of_chain(step.chain, name=name, measured_at=measured_at)
    return "none"


def _result_without_handshake(case: HostCase, hop: Hop) -> tuple[str, str]:
    """Read the handshake's result off the request, where the document has none (before 2020)."""
    exchange = hop.exchange
    if not hop.encrypted or exchange is None or case.contradicted:
        return "none", ""
    if exchange.status:
        return "ok", exchange.at
    connects = [step for step in case.connects if step.port == hop.port] or case.connects
    connected = any(step.failure == "ok" for step in connects)
    failure = exchange.failure
    if failure.startswith("certificate") or (failure in ("reset", "eof", "timeout") and connected):
        return failure, exchange.at
    return ("alert", exchange.at) if failure == "tls_alert" else ("none", "")


def _weigh_request(bench: Bench, case: HostCase, hop: Hop, *, page: Page, cells: list[Cell]) -> None:
    """Weigh one request. Over TLS a failure is the handshake cell's; the page and the redirect are judged here."""
    exchange = hop.exchange
    if exchange is None or not _may_read(bench, case, exchange):
        return
    result = http.result_of(exchange)
    if result == "page" and bench.measurement.transfers:
        result = "crawls" if tls.flow_of(exchange, bench.measurement.transfers) == "crawls" else "page"
    if result not in ("page", "crawls", "invalid_redirect", "too_many"):
        if hop.encrypted:
            return
        connected = [step for step in case.connects if step.port == hop.port]
        if not exchange.status and connected and all(step.failure != "ok" for step in connected):
            return  # the connection's failure, told again
    facts: tuple[str, ...] = (
        result,
        "tls" if hop.encrypted else "clear",
        page_word(bench.measurement.control),
        "none" if case.page_told else page.page,
        "none" if case.page_told else page.sign,
        page.jump,
        "none",
        "none",
        bench.word("http", hop.host),
    )
    witness = (exchange.at,) * len(facts)
    if bench.measurement.contrasts and not hop.encrypted:
        more, places = contrasts.of_request(bench.measurement, hop.host)
        transfer = tls.transfer_of(bench.measurement.transfers, exchange)
        paced, beside = contrasts.pace(bench.measurement, transfer, address=address_of(exchange))
        flow = _PACED.get((paced, "data" if result == "page" else result), "")
        facts = ("page" if flow == "data" else flow or result, *facts[1:])
        stall = "none"
        if result in ("stalled", "timeout"):
            stall = contrasts.stall_word(bench.measurement, transfer, address=address_of(exchange))
        facts, witness = (*facts, *more, beside, stall), (*witness, *places, exchange.at, exchange.at)
    cells.append(Cell(hop.host, bench.weigher.weigh("http", facts), witness))


def _may_read(bench: Bench, case: HostCase, exchange: HttpExchange) -> bool:
    """Say whether a response comes from an address that somebody vouches for."""
    if not case.contradicted:
        return True
    address = address_of(exchange)
    if not address:
        return False
    if address in case.baseline:
        return True
    control = bench.measurement.control
    seen = None if control is None else control.endpoints.get(tcp.endpoint_name(address, 443))
    return seen is not None and seen.tls == "ok"
