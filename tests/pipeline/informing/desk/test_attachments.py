import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from raabta.model.incident import Attachment, Cause, Incident, IncidentStep, TimelineNote
from raabta.pipeline import example_document
from raabta.pipeline.informing.desk.attachments import (
    FILE_BYTES_MAX,
    FileGiven,
    attach_file,
    detach_file,
    place_of,
    read_attachment,
    remove_unused,
    withhold_attachment,
)
from raabta.pipeline.informing.incidents import set_cause, take_step
from raabta.registry import Records
from tests.cases.desk_records import new_id, register_with
from tests.cases.incident_file import INCIDENT, NOW, incident

PUBLIC = "39.40.1.1"


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with() as register, register.change() as found:
        yield found


def attach(records: Records, folder: Path, content: bytes, **fields: Any) -> Attachment:
    given: dict[str, Any] = {"incident_id": INCIDENT, "kind": "document", "name": "x.txt", "content": content}
    return attach_file(records, FileGiven(**given | fields), folder=folder, by="Sana", now=NOW, new_id=new_id)


def document(**fields: Any) -> bytes:
    return json.dumps(json.loads(example_document()) | fields).encode()


def test_a_file_is_kept_once_by_its_hash_and_for_its_owner_alone(records: Records, tmp_path: Path) -> None:
    first = attach(records, tmp_path, b"words")
    again = attach(records, tmp_path, b"words", name="other.txt")
    assert again == first
    file = place_of(tmp_path, first.sha256)
    assert file.relative_to(tmp_path).parts == ("attachments", first.sha256[:2], first.sha256)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == [first.sha256]
    assert read_attachment(tmp_path, first) == b"words"


def test_a_file_that_was_changed_is_not_read(records: Records, tmp_path: Path) -> None:
    attachment = attach(records, tmp_path, b"words")
    place_of(tmp_path, attachment.sha256).write_bytes(b"wards")
    with pytest.raises(ValueError, match="changed after it was attached"):
        read_attachment(tmp_path, attachment)
    attach(records, tmp_path, b"words")
    assert read_attachment(tmp_path, attachment) == b"words"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        (".hidden", "hidden"),
        ("a\u200bb <x>.txt", "ab _x_.txt"),
        ("رپورٹ.pdf", "رپورٹ.pdf"),
    ],
)
def test_a_name_has_no_folder_and_no_markup(records: Records, tmp_path: Path, given: str, kept: str) -> None:
    assert attach(records, tmp_path, b"x", name=given).name == kept


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"content": b""}, "1 to 64 MiB"),
        ({"name": ""}, "name: it is empty"),
        ({"name": "a\nb"}, "several lines"),
        ({"kind": "poem"}, "kind: one of measurement"),
        ({"source": "35202-1234567-1"}, "identity number"),
    ],
)
def test_what_is_wrong_is_refused(records: Records, tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        attach(records, tmp_path, **{"content": b"x"} | fields)


def test_nothing_is_attached_to_what_is_not_there(records: Records, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no incident"):
        attach(records, tmp_path, b"x", incident_id="in-x")
    assert list(tmp_path.iterdir()) == []
    assert FILE_BYTES_MAX == 64 << 20


# --- what is looked for within ------------------------------------------------------------------------------------


def test_facts_are_read_in_a_measurement(records: Records, tmp_path: Path) -> None:
    attachment = attach(records, tmp_path, document(), kind="measurement", name="m.json")
    assert attachment.facts == (
        "measurements: 1",
        "test: web_connectivity",
        "networks: AS64500",
        "measured: 2026-11-20T09:14:05Z",
        "targets: meet.example",
    )


def test_facts_are_read_in_verdicts(records: Records, tmp_path: Path) -> None:
    other = VERDICT | {"state": "ok", "mechanisms": [], "probe_asn": 64501, "input": "https://a.example/private?x"}
    lines = b"\n".join(json.dumps(one).encode() for one in (VERDICT, VERDICT, other)) + b"\n"
    facts = attach(records, tmp_path, lines, kind="verdict", name="v.jsonl").facts
    assert facts[:4] == ("verdicts: 3", "state: blocked 2, ok 1", "mechanism: tls.reset.sni 2", "place: access 3")
    assert "networks: AS64500 2, AS64501 1" in facts
    assert "targets: meet.example 2, a.example 1" in facts
    assert "probability of blocked: 99 %" in facts
    assert "private" not in "".join(facts)


VERDICT: dict[str, Any] = {
    "source": "example:1",
    "measurement_uid": "",
    "test_name": "web_connectivity",
    "input": "https://meet.example/",
    "probe_cc": "PK",
    "probe_asn": 64500,
    "measured_at": "2026-11-20T09:14:05Z",
    "state": "blocked",
    "locus": "access",
    "layers": ["tls"],
    "mechanisms": ["tls.reset.sni"],
    "posterior": {"ok": 0.002, "degraded": 0.0, "throttled": 0.0, "blocked": 0.988, "down": 0.01},
    "prior": "field",
    "evidence": [],
    "notes": [],
    "knowledge": "2026.11.1",
    "fitted": True,
    "reference": "x",
}


HEADERS = {"requests": [{"response": {"headers": {"X-Forwarded-For": PUBLIC}}}]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(document(probe_ip=PUBLIC), id="ooni"),
        pytest.param(document(probe_ip="203.0.113.9"), id="any-address"),
        pytest.param(document(probe_ip="2001:db8::7"), id="ipv6"),
        pytest.param(document() + b"\n" + document(probe_ip=PUBLIC), id="the-second-of-two"),
        pytest.param(b"[" + document(probe_ip=PUBLIC) + b"]", id="a-list"),
        pytest.param(b"\xef\xbb\xbf" + document(probe_ip=PUBLIC), id="with-a-mark-before-it"),
        pytest.param(json.dumps(json.loads(document(probe_ip=PUBLIC)), indent=1).encode(), id="in-many-lines"),
        pytest.param(document(test_keys=HEADERS), id="a-header-that-tells-a-visitor-its-own"),
        pytest.param(
            document(test_keys={"requests": [{"response": {"headers_list": [["X-Real-IP", PUBLIC]]}}]}),
            id="headers-as-a-list",
        ),
        pytest.param(
            document(test_keys={"control": {"x_client": {"asn": 1, "address": PUBLIC}}}), id="a-controls-view"
        ),
        pytest.param(b'{"from": "39.40.1.1", "result": [{"from": "192.0.2.1"}]}', id="ripe-atlas"),
        pytest.param(b'{"report": {"mtr": {"src": "39.40.1.1"}}}', id="mtr"),
        pytest.param(b'{"ClientIP": "39.40.1.1:443"}', id="with-a-port"),
        pytest.param(b'{"probe_ip": {"v4": ["39.40.1.1"]}}', id="nested"),
    ],
)
@pytest.mark.parametrize("kind", ["measurement", "route", "document"])
def test_who_measured_is_not_attached(records: Records, tmp_path: Path, content: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match="still holds an address of who measured") as refused:
        attach(records, tmp_path, content, kind=kind, withheld="secret")
    assert PUBLIC not in str(refused.value)
    assert (records.count(Attachment), list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(document(), id="the-example"),
        pytest.param(document(probe_ip="127.0.0.1"), id="loopback"),
        pytest.param(document(probe_ip="[REDACTED]"), id="words"),
        pytest.param(document(test_keys={"control": {"x_client": {"asn": 64500, "cc": "PK"}}}), id="network-only"),
        pytest.param(b'{"dst": "192.0.2.1", "result": [{"from": "192.0.2.7"}]}', id="hops"),
        pytest.param(document(test_keys={"client_resolver": "192.0.2.53"}), id="a-resolver"),
    ],
)
def test_what_holds_no_such_address_is_attached(records: Records, tmp_path: Path, content: bytes) -> None:
    assert attach(records, tmp_path, content, kind="measurement").sha256


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("measurement", b"\x1f\x8b\x08packed", "Unpack it first"),
        ("verdict", b"PK\x03\x04packed", "Unpack it first"),
        ("measurement", b"a,b\n1,2\n", "holds no JSON documents"),
        ("measurement", b'{"probe_ip": "39.40.1.1"', "cannot be read as JSON"),
        ("verdict", document(), "these are not verdicts"),
        ("document", b"\x0a\x0d\x0d\x0arest", "--kind capture"),
        ("picture", b"\xff\xd8\xff\xe1\x00\x0bExif\x00\x00GPS", "without metadata"),
    ],
)
def test_what_cannot_be_looked_into_or_tells_too_much_is_refused(
    records: Records, tmp_path: Path, kind: str, content: bytes, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        attach(records, tmp_path, content, kind=kind)


@pytest.mark.parametrize("content", [b"\xd4\xc3\xb2\xa1rest", b"10:00:00 IP 203.0.113.9.5555 > 1.1.1.1.443"])
@pytest.mark.parametrize("reason", ["", "of a member's office"])
def test_a_capture_is_kept_withheld_and_never_released(
    records: Records, tmp_path: Path, content: bytes, reason: str
) -> None:
    capture = attach(records, tmp_path, content, kind="capture", withheld=reason)
    assert capture.withheld == (reason or "a capture of packets holds addresses of who measured")
    with pytest.raises(ValueError, match="goes into no pack"):
        attach(records, tmp_path, content, kind="capture", include=True)
    with pytest.raises(ValueError, match="goes into no pack"):
        withhold_attachment(records, capture.id, reason="")


def test_what_cannot_be_looked_into_is_withheld_until_a_person_lets_it_go(records: Records, tmp_path: Path) -> None:
    pdf = attach(records, tmp_path, b"%PDF-1.7 x", name="letter.pdf")
    assert pdf.withheld == "not cleared by the desk: a PDF cannot be looked into by a machine"
    assert withhold_attachment(records, pdf.id, reason="").withheld == ""
    assert attach(records, tmp_path, b"%PDF-1.7 y", name="b.pdf", include=True).withheld == ""
    assert (
        attach(records, tmp_path, b"%PDF-1.7 z", name="c.pdf", withheld="names a member").withheld == "names a member"
    )
    with pytest.raises(ValueError, match="include, withheld: only one"):
        attach(records, tmp_path, b"%PDF-1.7 a", include=True, withheld="names a member")


def test_the_same_file_attached_again_can_be_withheld_by_that_and_never_released(
    records: Records, tmp_path: Path
) -> None:
    first = attach(records, tmp_path, b"words")
    again = attach(records, tmp_path, b"words", withheld="names a member")
    assert (again.id, again.withheld) == (first.id, "names a member")
    assert attach(records, tmp_path, b"words", include=True).withheld == "names a member"
    other = attach(records, tmp_path, b"10:00 S", name="text of tcpdump")
    assert attach(records, tmp_path, b"10:00 S", kind="capture").withheld
    assert records.get(Attachment, other.id).kind == "capture"  # type: ignore[union-attr]


@pytest.mark.parametrize("by", ["", "35202 1234567 1"])
def test_who_attaches_is_named_and_no_number(records: Records, tmp_path: Path, by: str) -> None:
    given = FileGiven(incident_id=INCIDENT, kind="document", name="x", content=b"x")
    with pytest.raises(ValueError, match=r"^by: "):
        attach_file(records, given, folder=tmp_path, by=by, now=NOW, new_id=new_id)
    assert list(tmp_path.iterdir()) == []


def test_what_is_detached_leaves_a_line_and_its_file_goes_with_the_last_one(records: Records, tmp_path: Path) -> None:
    records.add(incident(id="in-other"))
    here = attach(records, tmp_path, b"words", name="Amina.txt")
    there = attach(records, tmp_path, b"words", incident_id="in-other")
    take_step(records, INCIDENT, step=IncidentStep(state="confirmed", at=NOW, by="Sana"), now=NOW)
    found = Cause(
        at=NOW, by="Sana", evidence_class="measured", probability_percent=80, words_en="x", evidence_ids=(here.id,)
    )
    set_cause(records, INCIDENT, cause=found, now=NOW)
    detach(records, here.id)
    assert records.get(Attachment, here.id) is None
    kept = records.get(Incident, INCIDENT)
    assert kept is not None
    assert [one.evidence_ids for one in kept.causes] == [()]
    (line,) = records.find(TimelineNote, incident_id=INCIDENT)
    assert line.text == f"Detached {here.id} (document): names a person"
    assert not remove_unused(records, tmp_path, sha256=here.sha256)
    assert read_attachment(tmp_path, there) == b"words"
    detach(records, there.id)
    assert remove_unused(records, tmp_path, sha256=there.sha256)
    assert not place_of(tmp_path, there.sha256).exists()
    assert not remove_unused(records, tmp_path, sha256=there.sha256)


def detach(records: Records, id_: str, because: str = "names a person") -> Attachment:
    note = TimelineNote(id=new_id("nt-"), incident_id="", at=NOW, text=because, by="Sana")
    return detach_file(records, id_, note=note)


def test_nothing_is_detached_without_a_reason_or_twice(records: Records, tmp_path: Path) -> None:
    here = attach(records, tmp_path, b"words")
    with pytest.raises(ValueError, match="because: it is empty"):
        detach(records, here.id, because=" ")
    detach(records, here.id)
    with pytest.raises(LookupError, match="no attachment"):
        detach(records, here.id)


def test_deep_nesting_is_not_followed_for_ever(records: Records, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|cannot be read"):
        attach(records, tmp_path, b'{"a":' * 500 + b"1" + b"}" * 500, kind="measurement")


def test_an_attachment_is_withheld_and_released(records: Records, tmp_path: Path) -> None:
    attachment = attach(records, tmp_path, b"x")
    assert withhold_attachment(records, attachment.id, reason="names a member").withheld == "names a member"
    assert withhold_attachment(records, attachment.id, reason="").withheld == ""
    with pytest.raises(LookupError, match="no attachment"):
        withhold_attachment(records, "at-x", reason="")
