import csv
import io
import json
import random
import stat
import subprocess
import zipfile
from pathlib import Path

import msgspec
import pytest

from raabta.model.incident import Statement
from raabta.model.pack import PackFile, PackManifest
from raabta.publish.pack.names import is_safe, safe_name
from raabta.publish.pack.reading import PackReport, read_pack
from raabta.remedy.keys import PublicKey
from raabta.remedy.minisign import check_minisign, minisign
from tests.publish.pack.specimens import AT, KEY, MEASURED, OTHER_KEY, content, packed

WHOLE = packed()


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
    out = io.BytesIO(WHOLE)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(entry, body)
    return out.getvalue()


def test_a_pack_is_good_and_holds_what_was_attached() -> None:
    report = read(WHOLE)
    assert report.problems == ()
    assert report.files["measurements/round.jsonl"] == MEASURED
    assert report.manifest is not None
    assert {file.path for file in report.manifest.files} | {"manifest.json", "manifest.json.minisig"} == set(
        report.files
    )
    assert {"summary.html", "summary.pdf", "timeline.csv", "REPRODUCE.txt", "withheld.json"} <= set(report.files)


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert packed() == WHOLE


def test_another_key_is_found_out() -> None:
    assert "is not what" in read(packed(key=OTHER_KEY)).problems[0]


def test_an_altered_file_is_named() -> None:
    assert read(altered(WHOLE, measurements__round_DOT_jsonl=b'{"probe_ip": "127.0.0.2"}\n')).problems == (
        "measurements/round.jsonl: not what was signed.",
    )


def test_a_longer_file_is_not_even_unpacked() -> None:
    assert read(altered(WHOLE, measurements__round_DOT_jsonl=b"0" * 1_000_000)).problems == (
        "measurements/round.jsonl: not as long as was signed.",
    )


def test_a_file_that_was_taken_out_is_named() -> None:
    assert read(altered(WHOLE, withheld_DOT_json=None)).problems == ("withheld.json: listed, but not there.",)


def test_a_file_that_was_put_in_is_named() -> None:
    assert read(with_entry("malware.exe")).problems == ("malware.exe: not listed, so not signed.",)


def test_an_altered_manifest_is_found_out() -> None:
    raw = WHOLE
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


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_a_folder_too_is_refused() -> None:
    assert "or is a folder too" in read(with_entry("measurements")).problems[0]


def test_something_hidden_before_the_first_entry_is_refused() -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("summary.html", b"<p>Another story.</p>")
    alone = hidden.getvalue()[: hidden.getvalue().index(b"PK\x01\x02")]
    report = read(alone + WHOLE)
    assert "something stands before it that the directory does not name" in report.problems[0]
    assert report.files == {}


def test_a_head_that_names_another_file_than_the_directory_is_refused() -> None:
    raw = WHOLE
    place = raw.index(b"summary.html")
    assert "its own head says something else" in read(raw[:place] + b"simmary.html" + raw[place + 12 :]).problems[0]


def test_a_comment_of_the_archive_is_refused() -> None:
    out = io.BytesIO(WHOLE)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"here"
    assert "has a comment" in read(out.getvalue()).problems[0]


@pytest.mark.parametrize("sizes", [(-2,), (2**62,), (26, 26)])
def test_a_manifest_that_lies_about_sizes_or_repeats_files_costs_nothing(sizes: tuple[int, ...]) -> None:
    """Signed by a key that nobody trusts, as the pack's own key may be."""
    listed = tuple(PackFile(path="README.txt", sha256="0" * 64, size_bytes=size) for size in sizes)
    manifest = PackManifest(
        id="pk-a",
        incident_id="in-a",
        title="t",
        publisher="p",
        site="https://x.example",
        recipient="r",
        made_at=AT,
        zone="UTC",
        software="s",
        files=listed,
    )
    raw = msgspec.json.encode(manifest)
    signature = minisign(raw, KEY, comment="c").encode()
    report = read(altered(WHOLE, manifest_DOT_json=raw, manifest_DOT_json_DOT_minisig=signature))
    assert report.problems
    assert "README.txt" not in report.files


def test_no_damage_passes_and_none_goes_unsaid() -> None:
    chance = random.Random(5)
    raw = WHOLE
    good = read(raw).files
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(raw))] = chance.randrange(256)
        report = read(bytes(damaged))
        assert report.problems or report.files == good


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipfile.ZipInfo("bomb")
    raw = bytearray(with_entry(bomb))
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (0xFFFF_FFFE).to_bytes(4, "little")
    assert "would unpack to more than" in read(bytes(raw)).problems[0]


@pytest.mark.parametrize("raw", [b"", b"PK\x05\x06", b"<html>", WHOLE[:2000], WHOLE[1000:]])
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
    rows = list(csv.DictReader(io.StringIO(read(WHOLE).files["timeline.csv"].decode())))
    assert [(row["utc"], row["local"]) for row in rows] == [
        ("2025-05-20T06:30:00Z", "2025-05-20T11:30:00+05:00"),
        ("2025-05-20T07:30:00Z", "2025-05-20T12:30:00+05:00"),
    ]


def test_a_spreadsheet_runs_nothing_of_the_timeline() -> None:
    rows = list(csv.DictReader(io.StringIO(read(WHOLE).files["timeline.csv"].decode())))
    assert rows[1]["words"] == "'=cmd|calc"


def test_a_cause_stands_with_its_class_probability_and_the_official_statement() -> None:
    page = read(WHOLE).files["summary.html"].decode()
    assert "Measured on several networks, beside a witness outside, probability 93 %. Resets." in page
    assert "No block was ordered." in page


def test_a_desk_finds_its_own_ticket() -> None:
    assert "Cloudflare, NOC; ticket CF-01234" in read(WHOLE).files["summary.html"].decode()


def test_without_a_cause_it_says_so() -> None:
    assert "Cause not established." in read(packed(causes=())).files["summary.html"].decode()


def test_what_is_withheld_stands_there_with_its_reason() -> None:
    report = read(WHOLE)
    assert json.loads(report.files["withheld.json"]) == [{"what": "contact", "why": "people's names", "n": 2}]
    assert "2 × contact: people&#39;s names" in report.files["summary.html"].decode()


def test_the_sums_in_the_manifest_are_those_of_sha256sum(tmp_path: Path) -> None:
    report = read(WHOLE)
    assert report.manifest is not None
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        archive.extractall(tmp_path)
    paths = [tmp_path / file.path for file in report.manifest.files]
    said = subprocess.run(["sha256sum", *paths], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in said.splitlines()] == [file.sha256 for file in report.manifest.files]


def test_the_signed_comment_names_the_pack_and_the_key_comes_along() -> None:
    report = read(WHOLE)
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


def test_the_readme_says_for_whom_it_is() -> None:
    assert content().recipient in read(WHOLE).files["README.txt"].decode()
