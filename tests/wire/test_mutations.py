"""Whatever stands in a document, it is read or rejected, and what is read gets a verdict. Nothing raises."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model import Measurement, Rejection, Verdict
from raabta.wire.ooni import read_measurement
from tests.cases.documents import SITE, Document, as_bytes, changed, resolve, web, web_04
from tests.cases.judging import check_verdict, diagnosis
from tests.cases.services import dnscheck, headers, ndt, openvpn, request_line, signal, telegram, tor, whatsapp


def read(data: bytes) -> Measurement | Rejection:
    return read_measurement(data, file="f", line=9)


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


PLACES = [(number, place) for number, document in enumerate(GOOD) for place in places(document) if place != "test_name"]
NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 2**63, 10**30, 1e308, "", "x" * 2000, "\ud800", "\0", "NaN", [], {}, [[]], [None], {"": None}]
)
ANYTHING = NASTY | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), ANYTHING)
def test_a_document_with_one_field_changed_is_a_measurement_and_gets_a_verdict(
    place: tuple[int, str], value: Any
) -> None:
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
