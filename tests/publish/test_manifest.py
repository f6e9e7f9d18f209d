"""The manifest: what it lists, what changed between two, and what a mirror is told is wrong with it."""

import datetime as dt
import json

import msgspec
import pytest

from raabta.model.publication import Manifest, PublishedFile
from raabta.publish.manifest import (
    LIFE,
    Seen,
    choose,
    compare,
    describe,
    encode_manifest,
    judge_file,
    judge_names,
    judge_times,
    make_manifest,
    manifest_comment,
    next_serial,
    read_manifest,
)

NOW = dt.datetime(2025, 5, 20, 13, 30, 7, 999, tzinfo=dt.UTC)
ZERO = "0" * 64


def manifest(files: dict[str, bytes] | None = None, *, serial: int = 7, sequence: int = 3) -> Manifest:
    given = {"index.html": b"front", "en/index.html": b"english"} if files is None else files
    listed = [describe(path, content) for path, content in given.items()]
    return make_manifest(listed, site="https://status.example.pk", serial=serial, sequence=sequence, now=NOW)


def test_a_manifest_is_read_as_it_was_written() -> None:
    made = manifest()
    assert read_manifest(encode_manifest(made), name="m") == made


def test_a_manifest_without_files_is_read_as_it_was_written() -> None:
    assert read_manifest(encode_manifest(manifest({})), name="m") == manifest({})


def test_a_manifest_is_json_with_each_file_in_a_line_of_its_own() -> None:
    raw = encode_manifest(manifest())
    assert [one["path"] for one in json.loads(raw)["files"]] == ["en/index.html", "index.html"]
    assert sum(b'"path"' in line for line in raw.splitlines()) == 2


def test_times_carry_their_zone() -> None:
    said = json.loads(encode_manifest(manifest()))
    assert (said["made_at"], said["expires_at"]) == ("2025-05-20T13:30:07Z", "2025-05-22T13:30:07Z")


def test_the_signed_comment_says_serial_and_end() -> None:
    expected = "raabta site=https://status.example.pk serial=7 sequence=3 expires=2025-05-22T13:30:07Z"
    assert manifest_comment(manifest()) == expected


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../up.html", "en/../../up.html", "en//x", "a\\b", "", ".hidden", "en/.x", "x y", "a/", "é.html",
     "manifest.json", "manifest.json.minisig", "-rf"],
)  # fmt: skip
def test_a_path_that_leads_astray_is_refused(path: str) -> None:
    raw = msgspec.json.encode(
        msgspec.structs.replace(manifest(), files=(PublishedFile(path=path, sha256=ZERO, size_bytes=1),))
    )
    with pytest.raises(ValueError, match=r"cannot be a file|stands there twice"):
        read_manifest(raw, name="mirror")


def test_a_path_that_stands_there_twice_is_refused() -> None:
    one = PublishedFile(path="index.html", sha256=ZERO, size_bytes=1)
    raw = msgspec.json.encode(msgspec.structs.replace(manifest(), files=(one, one)))
    with pytest.raises(ValueError, match="stands there twice"):
        read_manifest(raw, name="mirror")


def test_a_manifest_of_a_newer_raabta_is_refused() -> None:
    with pytest.raises(ValueError, match="a newer Raabta made this manifest"):
        read_manifest(msgspec.json.encode(msgspec.structs.replace(manifest(), version=99)), name="mirror")


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{}", b'{"files": 1}'])
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="this is no manifest"):
        read_manifest(raw, name="mirror")


def test_serials_are_the_time_and_rise_also_where_the_clock_does_not() -> None:
    first = next_serial(0, now=NOW)
    assert first == 20250520133007
    assert next_serial(first, now=NOW) == first + 1
    assert next_serial(first, now=NOW - dt.timedelta(days=400)) == first + 1


def test_serials_are_utc_whatever_zone_the_clock_has() -> None:
    assert next_serial(0, now=NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))) == 20250520133007


def test_changes_are_new_files_other_bytes_and_what_is_gone() -> None:
    changes = compare(manifest({"a": b"1", "b": b"1", "c": b"1"}), manifest({"b": b"1", "c": b"2", "d": b"1"}))
    assert (changes.written, changes.removed, changes.same) == (("c", "d"), ("a",), ("b",))


def test_without_an_old_manifest_all_is_new() -> None:
    assert compare(None, manifest()).written == ("en/index.html", "index.html")


# --- what is wrong with a mirror ------------------------------------------------------------------------------------


def kinds(**fields: object) -> list[str]:
    return [fault.kind for fault in judge_times(manifest(), **{"now": NOW, **fields})]  # type: ignore[arg-type]


def test_a_fresh_manifest_has_no_fault() -> None:
    assert kinds(newest=manifest()) == []


def test_a_manifest_expires_at_its_end_and_not_before() -> None:
    ends = NOW.replace(microsecond=0) + LIFE
    assert kinds(now=ends) == []
    assert kinds(now=ends + dt.timedelta(seconds=1)) == ["expired"]


def test_a_manifest_of_the_future_is_told_beyond_a_clock_that_is_slightly_wrong() -> None:
    assert kinds(now=NOW - dt.timedelta(minutes=5)) == []
    assert kinds(now=NOW - dt.timedelta(minutes=6)) == ["future"]


def test_a_mirror_with_old_pages_is_told_how_many_bulletins_it_is_behind() -> None:
    (fault,) = judge_times(manifest(), now=NOW, newest=manifest(serial=9, sequence=5))
    assert fault.kind == "older"
    assert "2 bulletins behind" in fault.words


def test_a_mirror_with_old_pages_and_the_same_bulletins_is_told_too() -> None:
    (fault,) = judge_times(manifest(), now=NOW, newest=manifest(serial=9))
    assert fault.kind == "older"


def test_another_site_is_told() -> None:
    other = msgspec.structs.replace(manifest(), site="https://elsewhere.example")
    assert kinds(newest=other) == ["site"]


LISTED = describe("en/index.html", b"english")


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        pytest.param(Seen(sha256=LISTED.sha256, size_bytes=7), None, id="right"),
        pytest.param(None, "missing", id="missing"),
        pytest.param(Seen(sha256=ZERO, size_bytes=6), "truncated", id="truncated"),
        pytest.param(Seen(sha256=ZERO, size_bytes=7), "changed", id="changed"),
        pytest.param(Seen(sha256=ZERO, size_bytes=8), "changed", id="longer"),
    ],
)
def test_a_file_is_judged_by_size_and_hash(seen: Seen | None, kind: str | None) -> None:
    fault = judge_file(LISTED, seen)
    assert (fault.kind if fault else None) == kind


def test_files_that_no_manifest_names_are_extra_but_not_manifest_and_signature() -> None:
    found = ["index.html", "en/index.html", "manifest.json", "manifest.json.minisig", "en/incident/in-old.html"]
    assert [fault.path for fault in judge_names(manifest(), found)] == ["en/incident/in-old.html"]


def test_a_sample_always_has_the_front_pages_and_cannot_be_foreseen() -> None:
    whole = manifest({f"en/incident/in-{number}.html": b"x" for number in range(100)} | {"index.html": b"front"})
    samples = [choose(whole, 5, draw=bytes([number]), first=("index.html",)) for number in range(20)]
    assert {sample[0].path for sample in samples} == {"index.html"}
    assert {len(sample) for sample in samples} == {5}
    assert len({path.path for sample in samples for path in sample}) > 40


def test_a_sample_of_more_than_all_is_all() -> None:
    assert len(choose(manifest(), 50, draw=b"")) == len(choose(manifest(), None, draw=b"")) == 2
