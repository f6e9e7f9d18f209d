"""Follow-ups: what changes, and what counts as an answer."""

import asyncio
import ssl
from typing import Any

import msgspec
import pytest

from raabta.model.followup import FOLLOW_UPS, FollowUp
from raabta.probe import contrasts
from raabta.probe.contrasts import NO_ANCHOR, run_follow_up
from raabta.probe.settings import Anchor, ProbeSettings, Timeouts
from raabta.probe.trace import BudgetSpentError
from raabta.reference.special import special_ranges_without
from raabta.reference.tables import load_tables
from raabta.wire.ooni.writing import Contrast
from raabta.wire.tls import alert_record, find_client_hello
from tests.cases.authority import NOW, Issued, issue, self_signed, the_root
from tests.cases.loopback import (
    HOST,
    LOCAL,
    OTHER,
    Conduct,
    a_trace,
    free_port,
    is_silent,
    listening,
    page,
    resets,
    settings,
)
from tests.cases.quic_server import serving
from tests.cases.scripted import REFUSED, RESET, RESOLVER, Said, ScriptedNetwork, TcpPeer, on_virtual_time, trace_on

SITE = "192.0.2.1"
ANCHOR = "192.0.2.9"
BODY = b"news " * 1_000
TOLD = ProbeSettings(
    plain_resolver=RESOLVER,
    trust_pem=the_root().pem,
    other_name=OTHER,
    control_anchor=Anchor(address=ANCHOR, port=443),
    timeouts=Timeouts(tcp_s=8.0, tls_s=8.0, http_s=20.0),
    max_body_bytes=20_000,
)

# The package's tables, where the test's own addresses are nobody's secret.
TABLES = msgspec.structs.replace(load_tables(), special=special_ranges_without("127.0.0.0/8", "192.0.2.0/24"))


class Server:
    """A TLS server without a network: takes pieces, says pieces. It answers every request with one page."""

    def __init__(self, certificate: Issued, answer: bytes = b"", *, censor: str = "") -> None:
        self.heard = b""
        self.n_said = 0
        self._answer = answer
        self._censor = censor.encode()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = certificate.context(alpn=("http/1.1",))
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def __call__(self, data: bytes) -> list[Said]:
        self.heard += data
        if self._censor and self._censor in data:
            return [Said(RESET)]
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
            if self._tls.read(65_536):
                self._tls.write(self._answer)
        except ssl.SSLError:
            pass
        said = self._outgoing.read()
        self.n_said += len(said)
        return [Said(said)] if said else []


def take(kind: str, network: ScriptedNetwork, *, told: ProbeSettings = TOLD, **fields: Any) -> Contrast:
    """Take a follow-up on virtual time; nothing may stay open."""
    told_of: dict[str, Any] = {"address": SITE, "port": 443, "name": HOST} | fields
    follow_up = FollowUp(kind=kind, **told_of)
    found = on_virtual_time(run_follow_up(trace_on(network), follow_up, settings=told, now=NOW, tables=TABLES))
    assert network.n_open == 0
    assert found.kind == kind
    return found


def at_site(*peers: TcpPeer, port: int = 443) -> ScriptedNetwork:
    return ScriptedNetwork(tcp={(SITE, port): list(peers)})


def serves(certificate: Issued | None = None, answer: bytes = b"", *, censor: str = "") -> TcpPeer:
    return TcpPeer(talk=Server(certificate or issue(HOST), answer, censor=censor))


def outcome(found: Contrast) -> tuple[str | None, int, int, str]:
    return found.failure, found.n, found.n_good, found.detail


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_a_repeat_counts_how_many_of_the_tries_went_well() -> None:
    found = take("tls.repeat", at_site(serves(), TcpPeer(talk=lambda _: [Said(RESET)]), serves()), n=3)
    assert (found.failure, found.n, found.n_good) == ("connection_reset", 3, 2)
    assert found.rtt_ms == 20.0


def test_a_repeat_says_the_failure_that_was_seen_most_often() -> None:
    silent, torn = TcpPeer(), TcpPeer(talk=lambda _: [Said(RESET)])
    found = take("tls.repeat", at_site(silent, torn, silent), n=3)
    assert (found.failure, found.n, found.n_good) == ("generic_timeout_error", 3, 0)
    assert found.t - found.t0 == pytest.approx(8.0, abs=0.1)


def test_tries_are_made_at_once_so_that_three_silences_cost_one() -> None:
    found = take("tls.repeat", at_site(TcpPeer(opens=False)), n=3)
    assert (found.failure, found.detail) == ("generic_timeout_error", "tcp")
    assert found.t == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("peer", "failure", "detail"),
    [
        pytest.param(serves(issue(OTHER)), None, "completed", id="certificate"),
        pytest.param(serves(issue(HOST)), None, "ssl_invalid_hostname", id="own-certificate-only"),
        pytest.param(serves(self_signed(HOST)), None, "ssl_invalid_hostname", id="self-signed"),
        pytest.param(TcpPeer(talk=lambda _: [Said(alert_record(112))]), None, "alert 112", id="alert"),
        pytest.param(TcpPeer(talk=lambda _: [Said(RESET)]), "connection_reset", "", id="reset"),
        pytest.param(TcpPeer(), "generic_timeout_error", "", id="silence"),
        pytest.param(TcpPeer(opens=Said(REFUSED)), "connection_refused", "tcp", id="refused"),
    ],
)
def test_any_answer_in_tls_to_another_name_is_an_answer(peer: TcpPeer, failure: str | None, detail: str) -> None:
    found = take("tls.other_name", at_site(peer))
    assert outcome(found) == (failure, 1, int(failure is None), detail)
    assert (found.name, found.address, found.port) == (OTHER, SITE, 443)


def test_another_name_gets_past_a_block_by_name() -> None:
    assert take("tls.repeat", at_site(serves(censor=HOST))).failure == "connection_reset"
    assert take("tls.other_name", at_site(serves(censor=HOST))).failure is None
    assert take("tls.no_name", at_site(serves(censor=HOST))).failure is None


def test_no_name_sends_no_name() -> None:
    server = Server(issue(HOST))
    found = take("tls.no_name", at_site(TcpPeer(talk=server)))
    hello = find_client_hello(server.heard)
    assert hello is not None
    assert (found.failure, found.name, hello.server_name) == (None, "", "")


def test_this_name_at_the_control_is_not_judged_by_its_certificate_but_an_alert_fails() -> None:
    honest = ScriptedNetwork(tcp={(ANCHOR, 443): serves(self_signed("anchor.example"))})
    found = take("tls.control_address", honest)
    assert (found.failure, found.detail, found.name, found.address) == (None, "completed", HOST, ANCHOR)
    alerting = ScriptedNetwork(tcp={(ANCHOR, 443): TcpPeer(talk=lambda _: [Said(alert_record(40))])})
    assert outcome(take("tls.control_address", alerting)) == ("ssl_failed_handshake", 1, 0, "alert 40")


@pytest.mark.parametrize(
    "kind", ["tls.control_address", "http.control_address", "quic.control_address", "flow.control"]
)
def test_without_an_anchor_nothing_is_asked_of_it(kind: str) -> None:
    told = ProbeSettings(plain_resolver=RESOLVER)
    assert outcome(take(kind, ScriptedNetwork(), told=told)) == (None, 0, 0, NO_ANCHOR)


def test_a_hello_in_two_pieces_gets_past_who_looks_at_one_packet() -> None:
    assert take("tls.split_hello", at_site(serves(censor=HOST))).failure is None


def test_a_hello_with_ech_is_sent_with_the_same_name_and_its_answer_is_enough() -> None:
    server = Server(issue(HOST))
    found = take("tls.ech_grease", at_site(TcpPeer(talk=server)))
    hello = find_client_hello(server.heard)
    assert hello is not None
    assert (hello.has_ech, hello.server_name) == (True, HOST)
    assert outcome(found) == (None, 1, 1, "answered")


@pytest.mark.parametrize(
    ("said", "failure", "detail"),
    [
        pytest.param([Said(RESET)], "connection_reset", "", id="reset"),
        pytest.param([], "generic_timeout_error", "", id="silence"),
        pytest.param([Said(b"")], "eof_error", "", id="end"),
        pytest.param([Said(alert_record(47))], None, "alert 47", id="alert"),
        pytest.param([Said(b"HTTP/1.1 400\r\n")], None, "no TLS", id="page"),
    ],
)
def test_what_may_come_to_a_hello_with_ech(said: list[Said], failure: str | None, detail: str) -> None:
    found = take("tls.ech_grease", at_site(TcpPeer(talk=lambda _: said)))
    assert (found.failure, found.detail) == (failure, detail)


async def as_browser(conduct: Conduct, *, server: ssl.SSLContext | None = None, deadline_s: float = 3.0) -> Contrast:
    trace = a_trace()
    async with listening(conduct, tls=server) as port:
        follow_up = FollowUp(kind="tls.browser_hello", address=LOCAL, port=port, name=HOST)
        return await run_follow_up(trace, follow_up, settings=settings(deadline_s=deadline_s), now=NOW, tables=TABLES)


def test_a_browsers_hello_is_answered_whatever_the_certificate() -> None:
    found = asyncio.run(as_browser(is_silent, server=self_signed(HOST).context()))
    assert outcome(found) == (None, 1, 1, "")


@pytest.mark.parametrize(
    ("conduct", "failure"),
    [
        pytest.param(resets, "connection_reset", id="reset"),
        pytest.param(is_silent, "generic_timeout_error", id="silence"),
    ],
)
def test_what_happens_to_a_browsers_hello_is_told_apart(conduct: Conduct, failure: str) -> None:
    assert asyncio.run(as_browser(conduct, deadline_s=0.5)).failure == failure


def test_a_browsers_hello_is_a_browsers() -> None:
    heard: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(65_536))

    asyncio.run(as_browser(listens))
    hello = find_client_hello(heard[0])
    assert hello is not None
    assert (hello.server_name, hello.has_ech) == (HOST, True)
    assert any(number & 0x0F0F == 0x0A0A for number in hello.cipher_suites), "Chrome greases its suites (RFC 8701)"


# --- HTTP and transfers -----------------------------------------------------------------------------------------------


def test_a_request_in_clear_for_another_name() -> None:
    heard: list[bytes] = []

    def talk(data: bytes) -> list[Said]:
        heard.append(data)
        return [Said(page(BODY, status="403 Forbidden"))]

    found = take("http.other_host", at_site(TcpPeer(talk=talk), port=80), port=80)
    assert outcome(found) == (None, 1, 1, "status 403")
    assert (found.name, found.received_bytes) == (OTHER, len(page(BODY, status="403 Forbidden")))
    assert f"\r\nHost: {OTHER}\r\n".encode() in heard[0]


def test_a_request_in_clear_for_this_name_at_the_control() -> None:
    network = ScriptedNetwork(tcp={(ANCHOR, 80): TcpPeer(talk=lambda data: [Said(page(b"anchor"))])})
    found = take("http.control_address", network, port=80)
    assert (found.failure, found.address, found.port, found.name) == (None, ANCHOR, 80, HOST)
    assert found.received_bytes == len(page(b"anchor"))


def test_a_request_again_is_made_in_tls_where_the_port_is() -> None:
    found = take("http.repeat", at_site(serves(answer=page(BODY)), serves(answer=page(BODY))), n=2)
    assert (found.failure, found.detail) == (None, "status 200")


def test_a_request_again_that_ends_in_the_handshake_says_where() -> None:
    server = Server(self_signed(HOST))
    found = take("http.repeat", at_site(TcpPeer(talk=server)))
    assert (found.failure, found.detail) == ("ssl_unknown_authority", "tls")
    assert 0 < found.received_bytes <= server.n_said


def test_a_transfer_has_its_bytes_and_its_time() -> None:
    def slow(data: bytes) -> list[Said]:
        whole = page(BODY)
        return [Said(whole[at : at + 1_000], after_s=1 + at / 1_000) for at in range(0, len(whole), 1_000)]

    found = take("flow.repeat", at_site(TcpPeer(talk=slow), port=80), port=80)
    assert (found.failure, found.received_bytes) == (None, len(page(BODY)))
    assert found.t - found.t0 == pytest.approx(6.02)


def test_a_transfer_of_another_name_does_not_mind_the_certificate() -> None:
    server = Server(issue(HOST), page(BODY))
    found = take("flow.other_name", at_site(TcpPeer(talk=server)))
    assert (found.failure, found.received_bytes, found.name) == (None, server.n_said, OTHER)


def test_a_transfer_that_freezes_says_how_far_it_came() -> None:
    found = take("flow.repeat", at_site(TcpPeer(talk=lambda _: [Said(page(BODY)[:3_000])]), port=80), port=80)
    assert (found.failure, found.received_bytes) == ("generic_timeout_error", 3_000)


@pytest.mark.parametrize(
    ("ending", "failure"), [([], "generic_timeout_error"), ([Said(RESET, after_s=1.0)], "connection_reset")]
)
def test_a_transfer_that_stops_within_its_first_tls_record_counts_what_came(ending: list[Said], failure: str) -> None:
    server = Server(issue(HOST), page(BODY))
    came: list[int] = []

    def in_full(data: bytes) -> list[Said]:
        """The handshake whole, of the page 1,000 bytes: less than a record."""
        before = server.n_said
        said = server(data)
        n_said = server.n_said - before
        came.append(min(n_said, 1_000) if n_said > len(BODY) else n_said)
        cut = [Said(one.what[: came[-1]]) for one in said if isinstance(one.what, bytes)]
        return [*cut, *ending] if n_said > len(BODY) else cut

    found = take("flow.repeat", at_site(TcpPeer(talk=in_full)))
    assert (found.failure, found.received_bytes) == (failure, sum(came))
    assert sum(came) > 1_000


def test_each_of_several_tries_counts_its_own_bytes() -> None:
    halves = [TcpPeer(talk=lambda _: [Said(page(BODY)[:2_000])]) for _ in range(3)]
    assert take("flow.repeat", at_site(*halves, port=80), port=80, n=3).received_bytes == 2_000


def test_a_transfer_from_the_control_asks_for_as_many_bytes_as_a_page_may_have() -> None:
    server = Server(self_signed("anchor.example"), page(bytes(20_000)))
    found = take("flow.control", ScriptedNetwork(tcp={(ANCHOR, 443): TcpPeer(talk=server)}))
    assert (found.failure, found.received_bytes, found.address) == (None, server.n_said, ANCHOR)


# --- QUIC -------------------------------------------------------------------------------------------------------------


async def by_quic(kind: str, certificate: Issued, *, n: int = 1) -> Contrast:
    async with serving(certificate) as port:
        return await run_follow_up(
            a_trace(),
            FollowUp(kind=kind, address=LOCAL, port=port, name=HOST, n=n),
            settings=settings(anchor_port=port),
            now=NOW,
            tables=TABLES,
        )


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("quic.repeat", "completed"),
        ("quic.other_name", "ssl_invalid_hostname"),
        ("quic.control_address", "completed"),
        ("quic.version_negotiation", "versions 1 6b3343cf"),
    ],
)
def test_each_contrast_by_quic_with_a_server_that_answers(kind: str, detail: str) -> None:
    found = asyncio.run(by_quic(kind, issue(HOST)))
    assert (found.failure, found.n, found.n_good) == (None, 1, 1)
    assert set(detail.split()) <= set(found.detail.split())


def test_a_closed_port_refuses_quic() -> None:
    follow_up = FollowUp(kind="quic.repeat", address=LOCAL, port=free_port(), name=HOST, n=2)
    found = asyncio.run(run_follow_up(a_trace(), follow_up, settings=settings(), now=NOW, tables=TABLES))
    assert outcome(found) == ("connection_refused", 2, 0, "")


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_kind_of_follow_up_can_be_taken() -> None:
    assert set(contrasts._KINDS) == set(FOLLOW_UPS)


# curl has sockets of its own: test_what_happens_to_a_browsers_hello_is_told_apart is its case.
@pytest.mark.parametrize("kind", sorted(set(FOLLOW_UPS) - {"tls.browser_hello"}))
def test_where_nobody_answers_every_follow_up_ends_in_time_and_raises_nothing(kind: str) -> None:
    found = take(kind, ScriptedNetwork(hops=["10.0.0.1", "198.51.100.1"]))
    assert found.n_good == 0
    assert found.t <= FOLLOW_UPS[kind].seconds + 0.5


def test_no_follow_up_begins_when_the_budget_is_spent() -> None:
    trace = a_trace()
    trace.budget.max_packets = 0
    follow_up = FollowUp(kind="tls.repeat", address=LOCAL, port=443, name=HOST)
    with pytest.raises(BudgetSpentError):
        asyncio.run(run_follow_up(trace, follow_up, settings=settings(), now=NOW, tables=TABLES))
