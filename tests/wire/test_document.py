"""Documents of all ages and states of repair: what is read, and what is lost and noted."""

from typing import Any

import pytest

from raabta.model import Measurement, Rejection
from raabta.wire.ooni import NETTESTS, read_measurement
from tests.cases.documents import (
    SITE,
    Document,
    as_bytes,
    changed,
    connect,
    envelope,
    handshake,
    lookup,
    request,
    web,
    web_04,
)
from tests.cases.judging import measured


def read(data: bytes) -> Measurement | Rejection:
    return read_measurement(data, file="f", line=9)


# --- the envelope -------------------------------------------------------------------------------------------------


def test_the_envelope_is_read() -> None:
    found = measured(web())
    assert (found.test_name, found.test_version, found.input) == (
        "web_connectivity",
        "0.5.28",
        "https://gazette.example/",
    )
    assert (found.probe_cc, found.probe_asn, found.measured_at) == ("PK", 17557, "2026-11-20T09:14:05Z")
    assert (found.report, found.notes, found.unjudged) == (web()["report_id"], (), "")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"input": ["gazette.example", "front.example"]}, {"input": "gazette.example front.example"}),
        ({"input": None}, {"input": ""}),
        ({"probe_asn": 17557}, {"probe_asn": 17557}),
        ({"probe_asn": "AS0"}, {"probe_asn": 0}),
        ({"probe_asn": None}, {"probe_asn": 0}),
        ({"measurement_start_time": None}, {"measured_at": "2026-11-20T09:14:05Z"}),
        ({"measurement_start_time": "2015-03-30T23:12:43Z"}, {"measured_at": "2015-03-30T23:12:43Z"}),
        ({"measurement_start_time": "2015-03-31 01:12:43+02:00"}, {"measured_at": "2015-03-30T23:12:43Z"}),
        ({"measurement_uid": "20261120_x"}, {"uid": "20261120_x"}),
        ({"id": "0f3a"}, {"uid": "0f3a"}),
    ],
)
def test_the_envelope_of_every_age_is_read(change: dict[str, Any], expected: dict[str, Any]) -> None:
    found = measured({**web(), **change})
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "(document)"),
        (b"null", "(document)"),
        (b"[]", "(document)"),
        (b"17", "(document)"),
        (b"{", "(document)"),
        (b"{}", "test_name"),
        (b'{"test_name": null}', "test_name"),
        (b'{"test_name": ""}', "test_name"),
        (b'{"test_name": 3}', "test_name"),
        (as_bytes(web())[:-200], "(document)"),
        (as_bytes(web()) * 2, "(document)"),
    ],
)
def test_what_is_no_document_is_rejected_with_its_place(data: bytes, field: str) -> None:
    found = read(data)
    assert isinstance(found, Rejection)
    assert (found.file, found.line, found.field) == ("f", 9, field)
    assert found.reason


# --- shapes of all ages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "success", "expected"), [(False, True, "ok"), (True, False, "other"), (None, False, "other")]
)
def test_a_failure_may_be_a_boolean(failure: bool | None, success: bool, expected: str) -> None:
    step = {"ip": SITE[0], "port": 443, "status": {"failure": failure, "success": success}}
    (found,) = measured(envelope("web_connectivity", {"tcp_connect": [step]})).connects
    assert found.failure == expected


def test_one_connection_may_stand_without_a_list() -> None:
    (found,) = measured(envelope("openvpn", {"tcp_connect": connect(SITE[0], 443)})).connects
    assert (found.address, found.port, found.failure) == (SITE[0], 443, "ok")


@pytest.mark.parametrize(
    ("body", "text", "n_bytes"),
    [
        ("news", "news", 4),
        ("خبر", "خبر", 6),
        ({"data": "AAAA", "format": "base64"}, "", 3),
        (None, "", -1),
        ("", "", 0),
    ],
)
def test_a_body_may_be_text_or_base64_or_absent(body: Any, text: str, n_bytes: int) -> None:
    document = changed(web(), {"test_keys.requests[0].response.body": body})
    (found,) = measured(document).exchanges
    assert (found.body, found.body_bytes) == (text, n_bytes)


def test_a_base64_body_with_padding_has_the_length_of_what_it_encodes() -> None:
    document = changed(web(), {"test_keys.requests[0].response.body": {"data": "AAAAAA==", "format": "base64"}})
    assert measured(document).exchanges[0].body_bytes in (4, 6)  # padding is not looked at: at most two bytes too many


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (None, "system"),
        ("system", "system"),
        ("getaddrinfo", "system"),
        ("golang_net_resolver", "system"),
        ("udp", "udp"),
        ("doh", "encrypted"),
        ("dot", "encrypted"),
        ("an engine of tomorrow", "system"),
    ],
)
def test_engines_are_three_ways_to_ask(engine: str | None, expected: str) -> None:
    step = {**lookup("gazette.example", SITE[0]), "engine": engine}
    (found,) = measured(envelope("web_connectivity", {"queries": [step]})).lookups
    assert (found.resolver, found.answers) == (expected, ((SITE[0], 0),))


def test_steps_know_their_place_though_unreadable_ones_are_left_out() -> None:
    steps = [lookup("a.example", SITE[0]), {**lookup("x"), "hostname": None}, lookup("b.example", SITE[1])]
    found = measured(envelope("web_connectivity", {"queries": steps})).lookups
    assert [(step.host, step.at) for step in found] == [
        ("a.example", "test_keys.queries[0]"),
        ("b.example", "test_keys.queries[2]"),
    ]


@pytest.mark.parametrize("name", [*NETTESTS, "a_nettest_of_tomorrow"])
@pytest.mark.parametrize("keys", [None, {}], ids=["null", "empty"])
def test_every_nettest_is_read_without_test_keys(name: str, keys: Document | None) -> None:
    found = measured(envelope(name, keys))
    assert (found.test_name, found.notes) == (name, ())


@pytest.mark.parametrize("quic", ["udp", "quic"])
def test_a_quic_handshake_is_told_from_a_tls_one(quic: str) -> None:
    steps = [handshake(SITE[0], "gazette.example"), {**handshake(SITE[0], "gazette.example"), "network": quic}]
    found = measured(envelope("urlgetter", {"tls_handshakes": steps})).handshakes
    assert [step.transport for step in found] == ["tcp", "quic"]


def test_a_helper_of_0_4_has_no_handshakes_and_one_of_0_5_has() -> None:
    older, newer = measured(web_04()).control, measured(web()).control
    assert older is not None
    assert newer is not None
    assert older.endpoints[f"{SITE[0]}:443"].tls == ""
    assert newer.endpoints[f"{SITE[0]}:443"].tls == "ok"


def test_a_helper_that_failed_is_no_helper() -> None:
    document = changed(web(), {"test_keys.control": {}, "test_keys.control_failure": "generic_timeout_error"})
    assert measured(document).control is None


def test_an_exchange_without_a_request_is_kept() -> None:
    document = changed(web(), {"test_keys.requests": [{**request("https://gazette.example/"), "request": None}]})
    assert measured(document).exchanges[0].url == ""
