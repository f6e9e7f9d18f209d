"""Bytes that no JSON decoder takes: what can be read of them is read, and what was lost is noted."""

import time

import pytest

from raabta.model import Measurement, Rejection
from raabta.wire.ooni import read_measurement
from tests.cases.documents import as_bytes, web
from tests.cases.judging import diagnosis


def read(data: bytes) -> Measurement | Rejection:
    return read_measurement(data, file="f", line=9)


def fields(measurement: Measurement | Rejection) -> list[str]:
    """Where the notes stand."""
    assert isinstance(measurement, Measurement), measurement
    return [note.field for note in measurement.notes]


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
        pytest.param(
            b'"annotations": null', b'"annotations": ' + b"[" * 5000 + b"]" * 5000, id="deep-in-a-skipped-field"
        ),
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
    [
        (b'"t": 0.2', b'"t": NaN'),
        (b"Daily Gazette", b"Daily \xff Gazette"),
        (b'"t": 0.2', b'"t": ' + b"[" * 99 + b"]" * 99),
    ],
)
def test_a_repair_is_noted(old: bytes, new: bytes) -> None:
    assert fields(read(as_bytes(web()).replace(old, new, 1))) != []


def test_half_a_document_nested_without_end_is_refused_at_once() -> None:
    before = time.perf_counter()
    assert isinstance(read(b'{"test_name": ' + b'["' * 200_000), Rejection)
    assert isinstance(read(b'{"test_name": "x", "a": "' + b"\\" * 400_001), Rejection)
    assert time.perf_counter() - before < 2.0
