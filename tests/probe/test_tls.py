"""What a TLS handshake with a server, and with what stands before it, is written down as."""

import asyncio
import ssl
from datetime import timedelta

import msgspec
import pytest

from raabta.model import Measurement, TlsHandshake
from raabta.probe import tls
from raabta.probe.recording import Peer
from raabta.probe.trace import Trace
from raabta.probe.trust import trust_anchors
from raabta.wire.ooni import read_measurement
from raabta.wire.ooni.writing import Document, Handshake, TestKeys, encode_document
from raabta.wire.tls import alert_record, find_client_hello, hello_message, read_client_hello
from tests.cases.authority import NOW, Issued, issue, root, self_signed
from tests.cases.loopback import (
    HOST,
    LOCAL,
    Conduct,
    Reader,
    Writer,
    a_trace,
    closes,
    connected,
    is_silent,
    listening,
    resets,
    says,
    settings,
)


async def shake(
    conduct: Conduct,
    *,
    server: ssl.SSLContext | None = None,
    hello: tls.Hello = tls.PLAIN,
    deadline_s: float = 5.0,
    days: int = 0,
    name: str = HOST,
) -> tuple[Trace, Handshake]:
    trace = a_trace()
    async with listening(conduct, tls=server) as port, connected(trace, port) as stream:
        step, _ = await tls.handshake(
            trace,
            stream,
            peer=Peer(address=LOCAL, port=port, name=name),
            settings=settings(deadline_s=deadline_s),
            verify_at=NOW + timedelta(days=days),
            hello=hello,
        )
    return trace, step


def read_back(trace: Trace, step: Handshake) -> TlsHandshake:
    """The step as a reader of our documents sees it."""
    document = Document(
        input=f"https://{HOST}/",
        measurement_start_time="2026-11-20 09:14:05",
        test_start_time="2026-11-20 09:14:05",
        probe_asn="AS0",
        probe_cc="ZZ",
        report_id="",
        test_name="web_connectivity",
        test_version="0.5.0",
        software_name="raabta-probe",
        software_version="0",
        test_runtime=1.0,
        test_keys=TestKeys(tls_handshakes=[step], network_events=trace.events),
    )
    measurement = read_measurement(encode_document(document), file="", line=1)
    assert isinstance(measurement, Measurement)
    return measurement.handshakes[0]


# --- when it works ----------------------------------------------------------------------------------------------------


def test_a_good_handshake_is_written_in_full() -> None:
    good = issue(HOST)
    trace, step = asyncio.run(shake(is_silent, server=good.context()))
    assert (step.failure, step.tls_version, step.negotiated_protocol) == (None, "TLSv1.3", "h2")
    assert step.cipher_suite.startswith("TLS_")
    assert (len(step.peer_certificates), step.no_tls_verify, step.network) == (2, False, "tcp")
    assert [event.operation for event in trace.events][:3] == ["tls_handshake_start", "write", "read"]
    assert trace.events[-1].operation == "tls_handshake_done"
    assert {event.transaction_id for event in trace.events} == {step.transaction_id} == {1}
    assert {event.address for event in trace.events} == {step.address}
    assert 0 < step.t0 <= step.t
    assert trace.budget.n_bytes == sum(event.num_bytes or 0 for event in trace.events)


def test_a_server_of_tls_1_2_is_spoken_to_in_tls_1_2() -> None:
    _, step = asyncio.run(shake(is_silent, server=issue(HOST).context(only_1_2=True)))
    assert (step.failure, step.tls_version) == (None, "TLSv1.2")
    assert step.cipher_suite.startswith("TLS_ECDHE_ECDSA_WITH_AES_")


def test_a_server_without_our_protocols_is_fine() -> None:
    _, step = asyncio.run(shake(is_silent, server=issue(HOST).context(alpn=())))
    assert (step.failure, step.negotiated_protocol) == (None, "")


def test_bytes_travel_both_ways_after_the_handshake() -> None:
    async def case() -> bytes:
        trace = a_trace()
        server = issue(HOST).context()
        async with listening(says(b"good day"), tls=server) as port, connected(trace, port) as stream:
            peer = Peer(address=LOCAL, port=port, name=HOST)
            _, line = await tls.handshake(trace, stream, peer=peer, settings=settings(), verify_at=NOW)
            assert line is not None
            await line.send(b"hello")
            return await line.receive() + await line.receive()

    assert asyncio.run(case()) == b"good day"


def test_the_hello_says_what_it_should() -> None:
    hello = find_client_hello(tls.client_hello(HOST))
    assert hello is not None
    assert (hello.server_name, hello.alpn) == (HOST, ("h2", "http/1.1"))


def test_a_handshake_without_a_name_sends_none() -> None:
    hello = find_client_hello(tls.client_hello("", alpn=()))
    assert hello is not None
    assert (hello.server_name, hello.alpn) == ("", ())


def test_a_split_hello_is_the_same_hello_in_two_segments_with_the_name_cut() -> None:
    pieces: list[bytes] = []

    async def collects(reader: Reader, writer: Writer) -> None:
        pieces.append(await reader.read(65_536))
        pieces.append(await reader.read(65_536))

    _, step = asyncio.run(shake(collects, hello=tls.Hello(split=True)))
    assert step.failure == "eof_error"
    assert HOST.encode() not in pieces[0]
    assert HOST.encode() not in pieces[1]
    message = hello_message(b"".join(pieces))
    assert message is not None
    whole = read_client_hello(message)
    assert whole is not None
    assert whole.server_name == HOST


def test_a_split_hello_works_with_a_server() -> None:
    _, step = asyncio.run(shake(is_silent, server=issue(HOST).context(), hello=tls.Hello(split=True)))
    assert step.failure is None


# --- when something is in the way -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conduct", "failure"),
    [
        pytest.param(resets, "connection_reset", id="reset"),
        pytest.param(closes, "eof_error", id="end"),
        pytest.param(is_silent, "generic_timeout_error", id="silence"),
    ],
)
def test_what_happens_right_after_the_hello_is_step_sent(conduct: Conduct, failure: str) -> None:
    trace, step = asyncio.run(shake(conduct, deadline_s=0.3))
    assert (step.failure, step.x_alert) == (failure, None)
    assert read_back(trace, step).step == "sent"


def test_a_reset_after_the_server_began_to_answer_is_step_read() -> None:
    trace, step = asyncio.run(shake(says(b"\x16\x03\x03\x00\x7a\x02", tears=True)))
    assert step.failure == "connection_reset"
    assert read_back(trace, step).step == "read"


@pytest.mark.parametrize("alert", [10, 40, 42, 70, 80, 86, 109, 110, 112, 116, 120])
def test_an_alert_is_written_with_its_number(alert: int) -> None:
    _, step = asyncio.run(shake(says(alert_record(alert))))
    assert (step.failure, step.x_alert) == ("ssl_failed_handshake", alert)


def test_a_page_in_clear_instead_of_tls_is_a_failed_handshake_without_alert() -> None:
    _, step = asyncio.run(shake(says(b"HTTP/1.1 403 Forbidden\r\n\r\n")))
    assert (step.failure, step.x_alert) == ("ssl_failed_handshake", None)


@pytest.mark.parametrize(
    ("certificate", "failure"),
    [
        pytest.param(issue(HOST, days=(-90, -1)), "ssl_invalid_certificate", id="expired"),
        pytest.param(issue(HOST, days=(1, 90)), "ssl_invalid_certificate", id="future"),
        pytest.param(issue("block.operator.example"), "ssl_invalid_hostname", id="other-name"),
        pytest.param(issue(HOST, by=root("Operator's Root")), "ssl_unknown_authority", id="unknown-authority"),
        pytest.param(self_signed(HOST), "ssl_unknown_authority", id="self-signed"),
    ],
)
def test_a_bad_certificate_is_a_failure_and_is_kept(certificate: Issued, failure: str) -> None:
    trace, step = asyncio.run(shake(is_silent, server=certificate.context()))
    assert (step.failure, len(step.peer_certificates)) == (failure, len(certificate.chain))
    assert trace.events[-1].failure == failure


def test_a_wrong_clock_makes_a_good_certificate_invalid() -> None:
    _, step = asyncio.run(shake(is_silent, server=issue(HOST).context(), days=400))
    assert step.failure == "ssl_invalid_certificate"


def test_a_certificate_that_is_not_judged_is_no_failure_and_the_step_says_so() -> None:
    _, step = asyncio.run(shake(is_silent, server=self_signed(HOST).context(), hello=tls.Hello(verify=False)))
    assert (step.failure, step.no_tls_verify) == (None, True)


def test_the_platform_trusts_somebody() -> None:
    assert trust_anchors(msgspec.structs.replace(settings(), trust_pem="")).n > 20
