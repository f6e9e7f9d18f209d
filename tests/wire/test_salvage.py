"""One bad field loses only itself, and the loss is noted."""

from typing import Any

import pytest

from raabta.model import Measurement, Rejection
from tests.cases.documents import changed, envelope, web
from tests.cases.judging import measured


def fields(measurement: Measurement | Rejection) -> list[str]:
    """Where the notes stand."""
    assert isinstance(measurement, Measurement), measurement
    return [note.field for note in measurement.notes]


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
    others = [
        name for name in ("lookups", "connects", "handshakes", "exchanges") if f"test_keys.{OONI[name]}" not in path
    ]
    assert {name: getattr(found, name) for name in others} == {name: getattr(good, name) for name in others}


OONI = {"lookups": "queries", "connects": "tcp_connect", "handshakes": "tls_handshakes", "exchanges": "requests"}


@pytest.mark.parametrize("port", ["443", 443.0])
def test_a_number_written_otherwise_is_taken_as_a_number(port: Any) -> None:
    found = measured(changed(web(), {"test_keys.tcp_connect[0].port": port}))
    assert (found.connects[0].port, found.notes) == (443, ())


def test_notes_are_counted_no_further_than_needed() -> None:
    found = measured(envelope("web_connectivity", {"queries": ["text"] * 500}))
    assert (len(found.notes), "more than" in found.notes[-1].reason) == (51, True)
