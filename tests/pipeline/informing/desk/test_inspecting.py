"""What is looked for in a file before it is attached: tricks that hide who measured, pictures, and facts."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from typing import Any

import pytest

from raabta.pipeline import example_document
from raabta.pipeline.informing.desk.inspecting import Found, inspect_file

PUBLIC = "203.0.113.9"
PLAIN = json.dumps({"probe_ip": PUBLIC, "test_name": "web_connectivity", "test_keys": {}}).encode()
OFFICE = ("[Content_Types].xml", "word/document.xml")


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, PLAIN)
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("m.json")
        member.size = len(PLAIN)
        archive.addfile(member, io.BytesIO(PLAIN))
    return held.getvalue()


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


PIXEL = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), chunk(b"IDAT", zlib.compress(b"\0\0"))


def png(*more: bytes, after: bytes = b"") -> bytes:
    return b"".join((b"\x89PNG\r\n\x1a\n", PIXEL[0], *more, PIXEL[1], chunk(b"IEND"), after))


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def jpeg(*more: bytes, after: bytes = b"") -> bytes:
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"".join((b"\xff\xd8", segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), *more, scan, b"\xff\xd9", after))


@pytest.mark.parametrize("kind", ["document", "picture", "measurement", "route"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(PLAIN), id="gzip"),
        pytest.param(bz2.compress(PLAIN), id="bzip2"),
        pytest.param(lzma.compress(PLAIN), id="xz"),
        pytest.param(zipped("m.json"), id="zip"),
        pytest.param(tarred(), id="tar"),
        pytest.param(b"7z\xbc\xaf\x27\x1c..", id="7z"),
        pytest.param(b"Rar!\x1a\x07..", id="rar"),
    ],
)
def test_what_is_packed_is_unpacked_first_whatever_it_is_said_to_be(content: bytes, kind: str) -> None:
    assert "Unpack it first" in inspect_file(content, kind=kind).refusal


@pytest.mark.parametrize("kind", ["document", "picture", "route"])
@pytest.mark.parametrize("form", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_text_of_two_bytes_a_letter_is_saved_as_utf8_first(form: str, kind: str) -> None:
    assert "UTF-8" in inspect_file(PLAIN.decode().encode(form), kind=kind).refusal


@pytest.mark.parametrize("kind", ["document", "picture", "route"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"# log\n" + PLAIN, id="a-comment-before-it"),
        pytest.param(b"// log\n\n  " + json.dumps(json.loads(PLAIN), indent=2).encode(), id="indented"),
        pytest.param(b"[10:00] probe says\n" + PLAIN + b"\n[10:01] done", id="within-a-log"),
        pytest.param(b"probe_ip: 203.0.113.9\n", id="yaml"),
        pytest.param(b"Probe IP = 203.0.113.9\n", id="words"),
        pytest.param(b"clientIp='2001:db8::9'", id="a-script"),
        pytest.param(json.dumps({"raw": PLAIN.decode()}).encode(), id="json-in-json"),
        pytest.param(json.dumps([json.dumps({"raw": PLAIN.decode()})]).encode(), id="json-in-json-in-json"),
        pytest.param(b"X-Forwarded-For: 203.0.113.9\r\n", id="a-header"),
        pytest.param(b'<x probe_ip="203.0.113.9"/>', id="xml"),
    ],
)
def test_who_measured_is_found_where_a_file_is_no_plain_json(content: bytes, kind: str) -> None:
    found = inspect_file(content, kind=kind)
    assert "still holds an address of who measured" in found.refusal
    assert PUBLIC not in found.refusal


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"probeIp":"203.0.113.9"}', id="camel-case"),
        pytest.param(b'{"probe-ip":"203.0.113.9"}', id="hyphen"),
        pytest.param(b'{"Probe IP":"203.0.113.9"}', id="blank"),
        pytest.param(b'{"probe_ip":3405803785}', id="a-whole-number"),
        pytest.param(b'{"probe_ip":"3405803785"}', id="a-whole-number-in-quotes"),
        pytest.param(b'{"probe_ip":3405803785.0}', id="a-broken-number"),
        pytest.param(b'{"probe_ip":"0xCB007109"}', id="hexadecimal"),
        pytest.param(b'{"probe_ip":[203,0,113,9]}', id="bytes"),
        pytest.param(b'{"probe_ip":{"203.0.113.9":1}}', id="as-a-name"),
        pytest.param(b'{"headers":{"x_real_ip":"203.0.113.9"}}', id="a-header-with-underscores"),
        pytest.param(b'{"a":1}\n{"ClientIP":"[2001:db8::9]:443"}', id="the-second-line"),
    ],
)
@pytest.mark.parametrize("kind", ["document", "measurement"])
def test_who_measured_is_found_however_the_field_is_written(content: bytes, kind: str) -> None:
    assert "still holds an address of who measured" in inspect_file(content, kind=kind).refusal


@pytest.mark.parametrize("kind", ["document", "measurement", "route"])
@pytest.mark.parametrize(
    "content",
    [
        b'{"probe_ip":"203.0.113.9","probe_ip":"127.0.0.1","test_name":"x","test_keys":{}}',
        b'{"a":1}\n{"b":{"probe\\u005fip":"203.0.113.9","probe_ip":"127.0.0.1"}}',
        b'[{"x":1,"x":2}]',
    ],
)
def test_a_field_that_stands_twice_could_hide_one(content: bytes, kind: str) -> None:
    found = inspect_file(content, kind=kind)
    assert "stands twice" in found.refusal or "still holds an address" in found.refusal


@pytest.mark.parametrize(
    "content",
    [b"10:00:00 IP 203.0.113.9.5555 > 1.1.1.1.443: S", b"snoop\0\0\0rest", b"\xd4\xc3\xb2\xa1rest", PLAIN],
)
def test_a_capture_is_kept_here_whatever_it_holds(content: bytes) -> None:
    found = inspect_file(content, kind="capture")
    assert (found.refusal, found.facts) == ("", ())
    assert "capture of packets" in found.withheld


def test_a_capture_that_is_called_something_else_is_refused() -> None:
    assert "--kind capture" in inspect_file(b"\x0a\x0d\x0d\x0arest", kind="document").refusal
    assert "--kind capture" in inspect_file(b"snoop\0\0\0rest", kind="picture").refusal


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param("picture", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0GPS")), id="png-text"),
        pytest.param("picture", png(chunk(b"tEXt", b"Author\0Amina")), id="png-author"),
        pytest.param("picture", png(chunk(b"zzZz", b"secret")), id="png-of-its-own"),
        pytest.param("picture", png(after=b"GPS"), id="png-and-more"),
        pytest.param("picture", png()[:-20], id="png-cut-short"),
        pytest.param("picture", jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0GPS")), id="jpeg-xmp"),
        pytest.param("picture", jpeg(segment(0xED, b"Photoshop 3.0\0place")), id="jpeg-iptc"),
        pytest.param("picture", jpeg(segment(0xFE, b"Amina's phone")), id="jpeg-comment"),
        pytest.param("picture", jpeg(after=b"GPS"), id="jpeg-and-more"),
        pytest.param("picture", jpeg()[:-3], id="jpeg-cut-short"),
        pytest.param("picture", b"\xff\xd8\xff\xee\xff\xfe" + bytes(65_600) + b"GPS", id="jpeg-broken"),
        pytest.param("picture", b"RIFF\0\0\0\0WEBPVP8X....EXIFII*\0GPS", id="webp"),
        pytest.param("picture", b"\0\0\0\x18ftypheic....Exif\0\0", id="heic"),
        pytest.param("picture", b"II*\0....GPS", id="tiff"),
        pytest.param("picture", b"GIF89a....", id="gif"),
        pytest.param("picture", b"<svg onload='alert(1)'/>", id="svg"),
        pytest.param("document", b"RIFF\0\0\0\0WEBPVP8X....", id="a-picture-as-a-document"),
        pytest.param("document", png(chunk(b"tEXt", b"a\0b")), id="a-png-as-a-document"),
        pytest.param("document", b"%PDF-1.7\n/Author (Amina)", id="pdf"),
        pytest.param("document", zipped(*OFFICE), id="office"),
        pytest.param("document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old office", id="old-office"),
        pytest.param("document", b"caf\xe9 203", id="another-encoding"),
        pytest.param("document", b"\x00\x01\x02unknown", id="unknown"),
        pytest.param("document", b"traceroute from 203.0.113.9\n1 203.0.113.1", id="text-with-addresses"),
        pytest.param("document", b"host 2001:db8::7 answered", id="text-with-ipv6"),
        pytest.param("document", b"card 00:1b:44:11:3a:b7", id="text-with-hardware"),
        pytest.param("document", b'{"a": 1', id="json-cut-short"),
        pytest.param("route", b"traceroute from 203.0.113.9\n1 203.0.113.1", id="a-route-as-text"),
        pytest.param("route", b"\x00\x01\x02unknown", id="a-route-as-bytes"),
    ],
)
def test_what_cannot_be_looked_into_surely_stays_here_until_a_person_lets_it_go(kind: str, content: bytes) -> None:
    found = inspect_file(content, kind=kind)
    assert found.refusal == ""
    assert found.withheld.startswith("not cleared by the desk: ")
    assert PUBLIC not in found.withheld


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param("picture", png(), id="png"),
        pytest.param("picture", png(chunk(b"sRGB", b"\0"), chunk(b"gAMA", b"\0\0\xb1\x8f")), id="png-with-colours"),
        pytest.param("picture", jpeg(), id="jpeg"),
        pytest.param("picture", jpeg(segment(0xE2, b"ICC_PROFILE\0x"), segment(0xDB, bytes(65))), id="jpeg-colours"),
        pytest.param("document", "میں نے 10:30:15 پر لکھا۔ Version 1.2.3, 127.0.0.1".encode(), id="words"),
        pytest.param("document", b"a,b\n1,2\n", id="a-table"),
        pytest.param("route", b'{"dst": "192.0.2.1", "result": [{"from": "192.0.2.7"}]}', id="a-route"),
        pytest.param("measurement", example_document(), id="a-measurement"),
    ],
)
def test_what_was_looked_into_may_go(kind: str, content: bytes) -> None:
    assert inspect_file(content, kind=kind)[1:] == ("", "")


@pytest.mark.parametrize("content", [jpeg(segment(0xE1, b"Exif\0\0GPS")), png(chunk(b"eXIf", b"GPS"))])
def test_notes_of_a_camera_are_taken_out_first(content: bytes) -> None:
    far = jpeg(*(segment(0xEE, bytes(60_000)) for _ in range(2)), segment(0xE1, b"Exif\0\0GPS"))
    for one in (content, far):
        assert "without metadata" in inspect_file(one, kind="picture").refusal


# --- facts ------------------------------------------------------------------------------------------------------


def measured(**fields: Any) -> Found:
    document = json.loads(example_document()) | fields
    return inspect_file(json.dumps(document).encode(), kind="measurement")


def test_facts_hold_no_control_signs_no_identity_numbers_and_no_pages_of_text() -> None:
    name = "\x1b[2Jpwn\u202e 35202-1234567-1 \u200b\ufeff" + "A" * 5_000
    facts = measured(test_name=name).facts
    assert facts
    assert all(one.isprintable() for one in facts)
    assert max(map(len, facts)) <= 400
    assert "35202" not in "".join(facts)


@pytest.mark.parametrize("number", ["35202 1234567 1", "35202\u200c1234567\u200c1", "3520212345671"])
def test_a_name_with_an_identity_number_is_dropped(number: str) -> None:
    facts = "".join(measured(test_name=f"x {number}", input=f"a{number}.example").facts)
    assert "1234567" not in facts
    assert "(not shown)" in facts


def test_many_long_names_make_no_long_fact() -> None:
    several = [json.loads(example_document()) | {"test_name": f"{n}-" + "y" * 300} for n in range(20)]
    facts = inspect_file(json.dumps(several).encode(), kind="measurement").facts
    assert max(map(len, facts)) <= 400
    assert "measurements: 20" in facts


def test_a_long_value_is_looked_through_in_a_moment() -> None:
    long = b'{"probe_ip":"' + b"1:" * 1_000_000 + b'"}'
    assert inspect_file(long, kind="measurement").refusal == ""
