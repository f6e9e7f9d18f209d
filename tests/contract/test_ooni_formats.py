"""What the probe writes follows OONI's published formats, to the field and to the failure string."""

import json
import re
from typing import Any

import msgspec
import pytest

from raabta.model import classify_failure
from raabta.pipeline import diagnose_document
from raabta.pipeline.probing import Probed
from raabta.probe import failures
from raabta.probe.network import Surroundings
from raabta.wire.ooni import read_measurement
from tests.cases.rounds import ADDRESS, HOST, ZONE, Control, diagnosis, gazette, good_answer, news, probe, world
from tests.cases.scripted import REFUSED, RESET, Said, ScriptedNetwork, TcpPeer
from tests.cases.scripted_web import ENCRYPTED, clear_site, dot_resolver, redirect, site
from tests.contract.ooni_formats import document_problems, is_failure

URL = f"https://{HOST}/"


def cut(data: bytes) -> list[Said] | None:
    return [Said(RESET)] if HOST.encode() in data else None


def interfered_with() -> TcpPeer:
    peer = site(news, HOST, "neutral.example")
    peer.box = (0, cut)
    return peer


def jumps() -> dict[tuple[str, int], TcpPeer]:
    return gazette() | {(ADDRESS, 80): clear_site(lambda *_: redirect(URL))}


CASES: dict[str, tuple[str, ScriptedNetwork, dict[str, Any]]] = {
    "works": (URL, world(gazette()), {}),
    "encrypted-lookups": (URL, world(gazette() | {(ENCRYPTED, 853): dot_resolver(ZONE)}), {"encrypted": True}),
    "redirects": (f"http://{HOST}/", world(jumps()), {}),
    "redirects-in-a-circle": (
        f"http://{HOST}/",
        world({(ADDRESS, 80): clear_site(lambda *_: redirect("/"))}),
        {},
    ),
    "reset": (URL, world({(ADDRESS, 443): interfered_with()}), {}),
    "refused": (URL, world({(ADDRESS, 443): TcpPeer(opens=Said(REFUSED))}), {}),
    "silent": (URL, world({}), {}),
    "wrong-certificate": (URL, world({(ADDRESS, 443): site(news, "other.example")}), {}),
    "no-name": (URL, world({}, zone={name: found for name, found in ZONE.items() if name != HOST}), {}),
    "no-network": (URL, world({}, around=Surroundings(), names={}), {}),
    "a-port": (f"tcp://{HOST}:22", world({}), {}),
    "some-layers": (URL, world(gazette()), {"layers": ("dns", "tcp")}),
}


@pytest.fixture(params=CASES, scope="module")
def probed(request: pytest.FixtureRequest) -> Probed:
    url, on, changed = CASES[request.param]
    (found,) = probe(url, on=on, control=Control(good_answer()), **changed)
    assert found.error == ""
    return found


def test_every_field_of_a_document_is_in_the_formats(probed: Probed) -> None:
    assert document_problems(json.loads(probed.document)) == []


def test_the_envelope_tells_what_and_when_and_never_who(probed: Probed) -> None:
    document: dict[str, Any] = json.loads(probed.document)
    assert (document["test_name"], document["data_format_version"]) == ("web_connectivity", "0.2.0")
    assert (document["probe_ip"], document["probe_cc"], document["probe_asn"]) == ("127.0.0.1", "PK", "AS64500")
    times = document["measurement_start_time"], document["test_start_time"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", time) for time in times)
    assert document["software_name"] == "raabta-probe"


def test_a_document_is_one_line(probed: Probed) -> None:
    assert b"\n" not in probed.document


def test_a_step_succeeds_exactly_where_it_has_no_failure(probed: Probed) -> None:
    for connect in json.loads(probed.document)["test_keys"]["tcp_connect"]:
        assert connect["status"]["success"] is (connect["status"]["failure"] is None)


def test_no_body_is_written(probed: Probed) -> None:
    for exchange in json.loads(probed.document)["test_keys"]["requests"]:
        assert exchange["response"] is None or exchange["response"]["body"] == ""


def test_our_own_reader_loses_no_field_and_gives_the_same_verdict(probed: Probed) -> None:
    found = diagnose_document(probed.document, diagnosis(), file="probe")
    assert isinstance(found, tuple)
    assert found[0].notes == ()
    assert found == (probed.measurement, probed.verdict)


def test_a_document_reads_the_same_after_another_programs_json(probed: Probed) -> None:
    rewritten = json.dumps(json.loads(probed.document), indent=1, sort_keys=True).encode()
    assert read_measurement(rewritten, file="probe", line=1) == probed.measurement


STRINGS = sorted(
    {
        *(failure for _, failure in failures.ERRNO_ROWS),
        *(failure for _, failure in failures.RESOLVER_ROWS),
        *failures.RCODE_FAILURE.values(),
        *failures.CERTIFICATE_FAILURE.values(),
        *failures.ALERT_FAILURE.values(),
        failures.TIMEOUT,
        failures.EOF,
        failures.INTERRUPTED,
        failures.TLS_ALERT,
        failures.MISBEHAVING,
        failures.QUIC_VERSION,
        failures.BAD_REDIRECT,
        failures.TOO_MANY_REDIRECTS,
    }
)


@pytest.mark.parametrize("failure", STRINGS)
def test_every_failure_that_the_probe_can_write_is_one_that_the_formats_know(failure: str) -> None:
    assert is_failure(failure)


def test_redirects_without_end_are_known_to_our_own_reader() -> None:
    assert classify_failure(failures.TOO_MANY_REDIRECTS) == "too_many_redirects"


def test_the_tables_themselves_can_tell_good_from_bad(probed: Probed) -> None:
    document = json.loads(probed.document)
    wrong = document | {"probe_cc": None, "colour": "red"}
    assert document_problems(wrong) == ["document.probe_cc: NoneType", "document.colour: not in the format"]
    del wrong["report_id"]
    assert "document.report_id: missing" in document_problems(wrong)
    assert not is_failure("it_broke")
    assert msgspec.json.decode(probed.document) == document
