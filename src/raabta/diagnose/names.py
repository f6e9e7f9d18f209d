"""The cell of a host's name: what the everyday resolver answered, and whether an odd address proves itself."""

from collections.abc import Sequence
from typing import Final

import msgspec

from raabta.diagnose import contrasts, dns, tcp, tls
from raabta.diagnose.bench import NO_PAGE, Bench, Page
from raabta.diagnose.cell import Cell
from raabta.diagnose.chain import Hop
from raabta.diagnose.dns import NameView
from raabta.model import Control, HttpExchange, TcpConnect, TlsHandshake

_UNCOMMON: Final = dns.ODD - {"uncompared"}
_PROOFS: Final = frozenset(("certificate", "control_certificate", "page_same"))
PAGE_PROOFS: Final = frozenset(("blockpage", "refusal", "page_same", "page_differs"))


def is_unproved(facts: tuple[str, ...]) -> bool:
    """Say whether an answer is odd, and its address did not prove that it is the site's."""
    return facts[0] in _UNCOMMON and facts[4] not in _PROOFS


def name_cell(
    bench: Bench,
    hop: Hop,
    *,
    view: NameView,
    page: Page,
    steps: tuple[Sequence[TcpConnect], Sequence[TlsHandshake]],
    plain: bool = False,
) -> Cell | None:
    """Weigh what was said of a host's name; other resolvers and proofs are looked at where the answer is odd.

    ``plain`` says that the everyday answer is that of the plain resolver of the probe's choice.
    """
    measurement, tables = bench.measurement, bench.tables
    view = dns.of_odd_family(view)
    answer = dns.answer_of(view, measurement, tables=tables)
    if answer == "none":
        return None
    if measurement.contrasts and answer in ("servfail", "failed"):
        answer = _said_directly(bench, hop, answer=answer)
    encrypted = second = proof = "none"
    place = ""
    if answer not in dns.SAME:
        if view.baseline_kind != "encrypted":
            encrypted = dns.compare_other(view, view.encrypted, tables=tables)
        if encrypted not in ("none", "agrees", "failed") or answer in dns.FAILED:
            second = dns.compare_other(view, view.second, tables=tables)
        if answer in dns.ODD:
            proof, place = _proof(bench, hop, view, page=page, steps=steps)
    late, late_at = dns.late_of(measurement, view) if measurement.late_answers else ("none", "")
    at = view.everyday.at
    kind = view.baseline_kind
    if kind == "none" and hop.index and answer in dns.FAILED and page_word(measurement.control) == "ok":
        kind = "page"  # the control found the name: it got the page at the end of this chain
    facts: tuple[str, ...] = (answer, kind, encrypted, second, proof, late, bench.word("dns", hop.host))
    witness: tuple[str, ...] = (at, at, view.encrypted.at or at, view.second.at, place, late_at, at)
    if measurement.contrasts and answer not in dns.SAME:
        more, places = contrasts.of_name(measurement, hop.host, plain=plain)
        facts, witness = facts + more, witness + places
    return Cell(hop.host, bench.weigher.weigh("dns", facts), witness)


def _said_directly(bench: Bench, hop: Hop, *, answer: str) -> str:
    """Give what the system's resolver said when it was asked directly: the system tells failures apart badly."""
    asked = contrasts.find(bench.measurement, "dns.system", name=hop.host)
    return answer if asked is None else dns.FAILURES.get(asked.failure, answer)


def second_cell(
    bench: Bench, hop: Hop, *, view: NameView, steps: tuple[Sequence[TcpConnect], Sequence[TlsHandshake]]
) -> Cell | None:
    """Weigh what the plain resolver that the probe chose says, where it says something odd of this name only."""
    second = view.second
    if not second.at or not (second.addresses or second.failure):
        return None
    turned = msgspec.structs.replace(view, everyday=second, second=view.everyday)
    if not second.addresses and contrasts.word(bench.measurement, "dns.other_name") != "works":
        return None  # a resolver that fails for every name is not reached, or away: the everyday one is another
    cell = name_cell(bench, hop, view=turned, page=NO_PAGE, steps=steps, plain=True)
    return None if cell is None or cell.weighed.facts[0] in dns.SAME else cell


def _proof(
    bench: Bench,
    hop: Hop,
    view: NameView,
    *,
    page: Page,
    steps: tuple[Sequence[TcpConnect], Sequence[TlsHandshake]],
) -> tuple[str, str]:
    """Say whether an odd address proves that it is the site's, or that it is not."""
    connects, handshakes = steps
    odd = view.everyday.addresses
    control = bench.measurement.control
    for step in handshakes:
        if step.address not in odd:
            continue
        if step.failure == "ok" and step.verified:
            return "certificate", step.at
        if step.failure.startswith("certificate") and not _fails_there_too(control, view, step):
            return "wrong_certificate", step.at
    exchange = hop.exchange
    if exchange is not None and (not exchange.address or address_of(exchange) in odd):
        if page.sign in ("blockpage", "refusal"):
            return page.sign, exchange.at
        if page.page in ("same", "similar", "differs") and not hop.encrypted:
            return ("page_differs" if page.page == "differs" else "page_same"), exchange.at
    for step in handshakes:
        if step.address in odd and tls.control_of(control, step) == "ok":
            return "control_certificate", step.at
    tried = [(step, seen) for step, seen in tcp.beside_control(connects, control) if step.address in odd]
    if tried and all(step.failure != "ok" and seen in ("", "ok") for step, seen in tried):
        return "unanswered", tried[0][0].at
    return "none", ""


def _fails_there_too(control: Control | None, view: NameView, step: TlsHandshake) -> bool:
    """Say whether the control's handshakes at its own addresses fail alike: then the certificate is the site's."""
    if control is None:
        return False
    there = [control.endpoints.get(tcp.endpoint_name(address, step.port)) for address in view.baseline]
    return any(seen is not None and seen.tls == step.failure for seen in there)


def address_of(exchange: HttpExchange) -> str:
    """Give the address that a request went to, without its port; "" where the document does not say."""
    return exchange.address.rpartition(":")[0].strip("[]")


def page_word(control: Control | None) -> str:
    """Say whether the control got the page at the end of the chain: ``ok``, ``failed`` or ``none``."""
    if control is None or not control.http:
        return "none"
    return "ok" if control.http == "ok" else "failed"
