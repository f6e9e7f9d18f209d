import csv
import io
import json
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from raabta.model.incident import Statement
from raabta.publish.pack import PackReport, read_pack
from raabta.publish.pack.names import is_safe, safe_name
from raabta.remedy.keys import PublicKey
from raabta.remedy.minisign import check_minisign
from tests.publish.pack.specimens import AT, KEY, MEASURED, OTHER_KEY, content, packed


def read(raw: bytes, key: PublicKey = KEY.public) -> PackReport:
    return read_pack(raw, check=lambda signed, signature: check_minisign(signed, signature, key=key))


def altered(raw: bytes, **changed: bytes | None) -> bytes:
    """The archive with files replaced (``a__b`` is a/b), added, or taken out (None)."""
    wanted = {name.replace("__", "/").replace("_DOT_", "."): value for name, value in changed.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            if entry.filename not in wanted:
                new.writestr(entry, old.read(entry))
        for name, value in wanted.items():
            if value is not None:
                new.writestr(name, value)
    return out.getvalue()


def with_entry(entry: zipfile.ZipInfo | str, body: bytes = b"x") -> bytes:
    out = io.BytesIO(packed())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(entry, body)
    return out.getvalue()


def test_a_pack_is_good_and_holds_what_was_attached() -> None:
    report = read(packed())
    assert report.problems == ()
    assert report.files["measurements/round.jsonl"] == MEASURED
    assert report.manifest is not None
    assert {file.path for file in report.manifest.files} == set(report.files)
    assert {"summary.html", "summary.pdf", "timeline.csv", "REPRODUCE.txt", "withheld.json"} <= set(report.files)


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert packed() == packed()


def test_another_key_is_found_out() -> None:
    assert "is not what" in read(packed(key=OTHER_KEY)).problems[0]


def test_an_altered_file_is_named() -> None:
    assert read(altered(packed(), measurements__round_DOT_jsonl=b'{"probe_ip": "127.0.0.2"}\n')).problems == (
        "measurements/round.jsonl: not what was signed.",
    )


def test_a_longer_file_is_not_read_to_its_end() -> None:
    assert read(altered(packed(), measurements__round_DOT_jsonl=b"0" * 1_000_000)).problems == (
        "measurements/round.jsonl: longer than was signed.",
    )


def test_a_file_that_was_taken_out_is_named() -> None:
    assert read(altered(packed(), withheld_DOT_json=None)).problems == ("withheld.json: listed, but not there.",)


def test_a_file_that_was_put_in_is_named() -> None:
    assert read(with_entry("malware.exe")).problems == ("malware.exe: not listed, so not signed.",)


def test_an_altered_manifest_is_found_out() -> None:
    raw = packed()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        manifest = archive.read("manifest.json").replace(b"Cloudflare NOC", b"Somebody else!")
    assert "is not what" in read(altered(raw, manifest_DOT_json=manifest)).problems[0]


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "C:evil",
        "a\\..\\evil",
        "./evil",
        "a//b",
        "con.txt",
        "évil",
        "evil.",
        "a b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_read(name: str) -> None:
    report = read(with_entry(name))
    assert not is_safe(name)
    assert "Do not unpack it" in report.problems[0]
    assert report.files == {}


def test_a_link_is_refused() -> None:
    link = zipfile.ZipInfo("summary-link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert "a link or device" in read(with_entry(link, b"/etc/passwd")).problems[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["summary.html", "SUMMARY.HTML"])
def test_a_name_that_stands_there_twice_is_refused(name: str) -> None:
    assert "stands in it twice" in read(with_entry(name)).problems[0]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipfile.ZipInfo("bomb")
    raw = bytearray(with_entry(bomb))
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (0xFFFF_FFFE).to_bytes(4, "little")
    assert "would unpack to more than" in read(bytes(raw)).problems[0]


@pytest.mark.parametrize("raw", [b"", b"PK\x05\x06", b"<html>", packed()[:2000], packed()[1000:]])
def test_what_is_no_archive_is_said_to_be_none(raw: bytes) -> None:
    report = read(raw)
    assert report.manifest is None
    assert report.problems


def test_markup_stays_text_in_the_summary() -> None:
    nasty = "<script>alert(1)</script>"
    statement = Statement(id="st-b", incident_id="in-a", party_id="pa-a", at=AT, text_en=nasty, source=nasty, by="")
    page = read(packed(statements=(statement,), recipient=nasty)).files["summary.html"].decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3


def test_the_timeline_has_every_time_in_utc_and_in_local_time() -> None:
    rows = list(csv.DictReader(io.StringIO(read(packed()).files["timeline.csv"].decode())))
    assert [(row["utc"], row["local"]) for row in rows] == [
        ("2025-05-20T06:30:00Z", "2025-05-20T11:30:00+05:00"),
        ("2025-05-20T07:30:00Z", "2025-05-20T12:30:00+05:00"),
    ]


def test_a_spreadsheet_runs_nothing_of_the_timeline() -> None:
    rows = list(csv.DictReader(io.StringIO(read(packed()).files["timeline.csv"].decode())))
    assert rows[1]["words"] == "'=cmd|calc"


def test_a_cause_stands_with_its_class_probability_and_the_official_statement() -> None:
    page = read(packed()).files["summary.html"].decode()
    assert "Measured on several networks, beside a witness outside, probability 93 %. Resets." in page
    assert "No block was ordered." in page


def test_without_a_cause_it_says_so() -> None:
    assert "Cause not established." in read(packed(causes=())).files["summary.html"].decode()


def test_what_is_withheld_stands_there_with_its_reason() -> None:
    report = read(packed())
    assert json.loads(report.files["withheld.json"]) == [{"what": "contact", "why": "people's names", "n": 2}]
    assert "2 × contact: people&#39;s names" in report.files["summary.html"].decode()


def test_the_sums_in_the_manifest_are_those_of_sha256sum(tmp_path: Path) -> None:
    report = read(packed())
    assert report.manifest is not None
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        archive.extractall(tmp_path)
    paths = [tmp_path / file.path for file in report.manifest.files]
    said = subprocess.run(["sha256sum", *paths], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in said.splitlines()] == [file.sha256 for file in report.manifest.files]


def test_the_signed_comment_names_the_pack_and_the_key_comes_along() -> None:
    report = read(packed())
    assert report.comment == "raabta pack=pk-a"
    assert report.public_key.startswith("untrusted comment: minisign public key")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\Ümlaut 1.jsonl", "Umlaut-1.jsonl"),
        ("پیمائش", "at-1"),
        ("con.txt", "at-1"),
        ("...", "at-1"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_file_gets_a_name_that_every_system_takes(given: str, kept: str) -> None:
    assert safe_name(given, fallback="at-1") == kept
    assert is_safe(f"measurements/{kept}")


def test_two_packs_differ_where_the_recipient_does() -> None:
    assert content().recipient in read(packed()).files["README.txt"].decode()
