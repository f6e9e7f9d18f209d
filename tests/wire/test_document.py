"""Documents of all ages and states of repair: what is read, and what is lost and noted."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model import Measurement, Rejection, Verdict
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
    resolve,
    web,
    web_04,
)
from tests.cases.judging import check_verdict, diagnosis, measured
from tests.cases.services import dnscheck, headers, ndt, openvpn, request_line, signal, telegram, tor, whatsapp


def read(data: bytes) -> Measurement | Rejection:
    return read_measurement(data, file="f", line=9)


def fields(measurement: Measurement | Rejection) -> list[str]:
    """Where the notes stand."""
    assert isinstance(measurement, Measurement), measurement
    return [note.field for note in measurement.notes]


# --- the envelope -------------------------------------------------------------------------------------------------


def test_the_envelope_is_read() -> None:
    found = measured(web())
    assert (found.test_name, found.test_version, found.input) == ("web_connectivity", "0.5.28", "https://gazette.example/")
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


@pytest.mark.parametrize(("failure", "success", "expected"), [(False, True, "ok"), (True, False, "other"), (None, False, "other")])
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
    assert [(step.host, step.at) for step in found] == [("a.example", "test_keys.queries[0]"), ("b.example", "test_keys.queries[2]")]


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


# --- one bad field loses only itself --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "bad", "lost"),
    [
        ("probe_cc", 5, "probe_cc"),
        ("probe_asn", {}, "probe_asn"),
        ("measurement_start_time", "yesterday", "measurement_start_time"),
        ("test_keys.queries[1]", "text", "test_keys.queries[1]"),
        ("test_keys.queries[1].hostname", 5, "test_keys.queries[1].hostname"),
        ("test_keys.tcp_connect[0].port", "https", "test_keys.tcp_connect[0].port"),
        ("test_keys.requests[0].response.headers", [1], "test_keys.requests[0].response.headers"),
        ("test_keys.control.http_request.status_code", "two hundred", "test_keys.control.http_request.status_code"),
        ("test_keys.control", "text", "test_keys.control"),
    ],
)
def test_a_bad_field_loses_itself_and_is_noted(path: str, bad: Any, lost: str) -> None:
    found, good = measured(changed(web(), {path: bad})), measured(web())
    assert fields(found) == [lost]
    others = [name for name in ("lookups", "connects", "handshakes", "exchanges") if not f"test_keys.{OONI[name]}" in path]
    assert {name: getattr(found, name) for name in others} == {name: getattr(good, name) for name in others}


OONI = {"lookups": "queries", "connects": "tcp_connect", "handshakes": "tls_handshakes", "exchanges": "requests"}


@pytest.mark.parametrize("port", ["443", 443.0])
def test_a_number_written_otherwise_is_taken_as_a_number(port: Any) -> None:
    found = measured(changed(web(), {"test_keys.tcp_connect[0].port": port}))
    assert (found.connects[0].port, found.notes) == (443, ())


def test_notes_are_counted_no_further_than_needed() -> None:
    found = measured(envelope("web_connectivity", {"queries": ["text"] * 500}))
    assert (len(found.notes), "more than" in found.notes[-1].reason) == (51, True)


# --- bytes that need repair -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"Daily Gazette", b"Daily \xff\xfe Gazette", id="invalid-utf-8"),
        pytest.param(b"Daily Gazette", b"Daily \\ud800 Gazette", id="lone-surrogate"),
        pytest.param(b'"t": 0.2', b'"t": NaN', id="nan"),
        pytest.param(b'"t": 0.2', b'"t": Infinity', id="infinity"),
        pytest.param(b'"t": 0.2', b'"t": ' + b"9" * 5000, id="number-of-5000-digits"),
        pytest.param(b'"t": 0.2', b'"t": 1e400', id="number-beyond-floats"),
        pytest.param(b'"t": 0.2', b'"t": ' + b"[" * 5000 + b"]" * 5000, id="nested-5000-deep"),
        pytest.param(b'"t": 0.2', b'"t": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000, id="objects-5000-deep"),
        pytest.param(b'"annotations": null', b'"annotations": ' + b"[" * 5000 + b"]" * 5000, id="deep-in-a-skipped-field"),
    ],
)
def test_a_document_that_needs_repair_is_read(old: bytes, new: bytes) -> None:
    data = as_bytes({**web(), "annotations": None})
    assert old in data
    found = read(data.replace(old, new, 1))
    assert isinstance(found, Measurement), found
    assert (len(found.lookups), len(found.connects), len(found.handshakes), len(found.exchanges)) == (3, 1, 1, 1)
    diagnosis().diagnose(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"t": 0.2', b'"t": NaN'), (b"Daily Gazette", b"Daily \xff Gazette"), (b'"t": 0.2', b'"t": ' + b"[" * 99 + b"]" * 99)],
)
def test_a_repair_is_noted(old: bytes, new: bytes) -> None:
    assert fields(read(as_bytes(web()).replace(old, new, 1))) != []


def test_half_a_document_nested_without_end_is_refused_at_once() -> None:
    before = time.perf_counter()
    assert isinstance(read(b'{"test_name": ' + b'["' * 200_000), Rejection)
    assert isinstance(read(b'{"test_name": "x", "a": "' + b"\\" * 400_001), Rejection)
    assert time.perf_counter() - before < 2.0


# --- whatever stands in a document -----------------------------------------------------------------------------------

GOOD = (
    web(addresses=SITE),
    web_04(),
    signal(),
    telegram(),
    whatsapp(),
    tor(None, "generic_timeout_error"),
    openvpn(None),
    dnscheck(None),
    request_line(),
    headers(),
    ndt(),
)


def places(value: Any, path: str = "") -> list[str]:
    """The paths of all values under ``value``."""
    if isinstance(value, dict):
        inner = [(f"{path}.{key}" if path else key, item) for key, item in value.items() if "." not in key]
    elif isinstance(value, list):
        inner = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        inner = []
    return [place for name, item in inner for place in (name, *places(item, name))]


PLACES = [
    (number, place) for number, document in enumerate(GOOD) for place in places(document) if place != "test_name"
]
NASTY = st.sampled_from(
    [None, True, -1, 0, 2**63, 10**30, 1e308, "", "x" * 2000, "\ud800", "\0", "NaN", [], {}, [[]], [None], {"": None}]
)
ANYTHING = NASTY | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), ANYTHING)
def test_a_document_with_one_field_changed_is_a_measurement_and_gets_a_verdict(place: tuple[int, str], value: Any) -> None:
    document = changed(GOOD[place[0]], {place[1]: value})
    found = read(json.dumps(document).encode())
    assert isinstance(found, Measurement), found
    verdict = diagnosis().diagnose(found)
    assert isinstance(verdict, Verdict)
    check_verdict(verdict, document)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES))
def test_a_document_with_one_field_missing_is_a_measurement_and_gets_a_verdict(place: tuple[int, str]) -> None:
    document = changed(GOOD[place[0]], {})
    above, name = place[1].rpartition(".")[0], place[1].rpartition(".")[2]
    inside = resolve(document, above) if above else document
    key, _, index = name.partition("[")
    if index:
        del inside[key][int(index[:-1])]
    else:
        del inside[key]
    found = read(as_bytes(document))
    assert isinstance(found, Measurement), found
    check_verdict(diagnosis().diagnose(found), document)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    assert isinstance(read(data), Measurement | Rejection)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_document_with_bytes_changed_is_read_or_rejected(document: Document, data: st.DataObject) -> None:
    whole = as_bytes(document)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    found = read(whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:])
    if isinstance(found, Measurement):
        diagnosis().diagnose(found)


def test_an_exchange_without_a_request_is_kept() -> None:
    document = changed(web(), {"test_keys.requests": [{**request("https://gazette.example/"), "request": None}]})
    assert measured(document).exchanges[0].url == ""
