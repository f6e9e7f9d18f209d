"""Mirrors as a stranger sees them, with our public key alone: attacks and accidents, over HTTP and as folders."""

import datetime as dt
import gzip
import os
import shutil
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest

from raabta.hub.mirrors.checking import Checked, Request, check_mirrors
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE
from tests.cases.releases import FILES, KEY, NOW, OTHER_KEY, make_release
from tests.cases.web import serving, serving_folder

REQUEST = Request(key=KEY.public, draw=b"chance", deadline_s=20)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    make_release(tmp_path / "site", FILES, serial=5)
    return tmp_path / "site"


@pytest.fixture
def mirror(site: Path, tmp_path: Path) -> Path:
    """A copy of the site, as a careless or hostile host has it."""
    shutil.copytree(site / "current", tmp_path / "mirror")
    return tmp_path / "mirror"


def look(place: str | Path, *, now: dt.datetime = NOW) -> Checked:
    return check_mirrors([str(place)], REQUEST, now=now)[0]


def faults(place: str | Path, *, now: dt.datetime = NOW) -> list[tuple[str, str]]:
    return [(fault.kind, fault.path) for fault in look(place, now=now).faults]


def test_a_right_mirror_has_no_fault_as_site_as_folder_and_as_url(site: Path, mirror: Path) -> None:
    with serving_folder(mirror) as url:
        looks = check_mirrors([str(site), str(mirror), url, f"{url}/index.html"], REQUEST, now=NOW)
    assert [(one.faults, one.n_looked_at) for one in looks] == [((), len(FILES))] * 4


def test_each_file_that_is_wrong_is_named(mirror: Path) -> None:
    (mirror / "index.html").write_bytes(b"<!doctype html>front X")
    (mirror / "en/index.html").write_bytes(FILES["en/index.html"][:-1])
    (mirror / "style.css").unlink()
    (mirror / "en/incident/in-gone.html").write_bytes(b"an old page")
    wrong = [("truncated", "en/index.html"), ("changed", "index.html"), ("missing", "style.css")]
    assert faults(mirror) == [*wrong, ("extra", "en/incident/in-gone.html")]
    with serving_folder(mirror) as url:
        assert faults(url) == wrong


def test_a_link_in_a_folder_is_extra_wherever_it_leads(mirror: Path) -> None:
    (mirror / "en" / "more").symlink_to(mirror)
    assert faults(mirror) == [("extra", "en/more")]


def test_pages_signed_with_another_key_are_not_ours(tmp_path: Path) -> None:
    make_release(tmp_path / "forged", FILES, serial=9, key=OTHER_KEY)
    found = look(tmp_path / "forged")
    assert [fault.kind for fault in found.faults] == ["signature"]
    assert found.manifest is None


def test_a_manifest_that_was_changed_by_one_byte_is_not_ours(mirror: Path) -> None:
    raw = (mirror / MANIFEST_FILE).read_bytes()
    (mirror / MANIFEST_FILE).write_bytes(raw.replace(b'"serial":5', b'"serial":6'))
    assert faults(mirror) == [("signature", "")]


@pytest.mark.parametrize("name", [MANIFEST_FILE, SIGNATURE_FILE])
def test_a_mirror_without_manifest_or_signature_is_told(mirror: Path, name: str) -> None:
    (mirror / name).unlink()
    (fault,) = look(mirror).faults
    assert (fault.kind, fault.words) == ("signature", f"there is no {name}. Publish to this mirror first")


def test_a_mirror_that_serves_old_pages_is_shown_by_the_others(site: Path, mirror: Path) -> None:
    make_release(site, {**FILES, "index.html": b"front 2"}, serial=6)
    with serving_folder(mirror) as old, serving_folder(site / "current") as new:
        first, second = check_mirrors([old, new], REQUEST, now=NOW)
    assert [fault.kind for fault in first.faults] == ["older"]
    assert second.faults == ()


def test_a_mirror_that_serves_old_pages_is_shown_by_the_register_too(mirror: Path) -> None:
    (found,) = check_mirrors([str(mirror)], Request(key=KEY.public, draw=b"", sequence=7), now=NOW)
    (fault,) = found.faults
    assert fault.kind == "older"
    assert fault.words.startswith("2 bulletin(s) were published since")


def test_a_mirror_that_serves_old_pages_alone_is_shown_by_time(mirror: Path) -> None:
    assert faults(mirror, now=NOW + dt.timedelta(days=3)) == [("expired", "")]


def test_old_pages_under_a_new_manifest_are_shown(site: Path, mirror: Path) -> None:
    make_release(site, {**FILES, "en/index.html": b"english 2"}, serial=6)
    for name in (MANIFEST_FILE, SIGNATURE_FILE):
        shutil.copyfile(site / "current" / name, mirror / name)
    assert faults(mirror) == [("changed", "en/index.html")]


def test_a_mirror_of_another_site_is_told(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cases.releases.URL", "https://other.example")
    make_release(tmp_path / "other", FILES, serial=9)
    first, second = check_mirrors([str(site), str(tmp_path / "other")], REQUEST, now=NOW)
    assert first.faults == ()
    assert [fault.kind for fault in second.faults] == ["site"]


def test_a_folder_or_host_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with serving_folder(tmp_path) as url:
        pass
    assert faults(tmp_path / "none") == [("unreachable", "")]
    assert faults(url) == [("unreachable", "")]


# --- servers that misbehave -----------------------------------------------------------------------------------------


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_a_redirect_is_told_and_not_followed(mirror: Path) -> None:
    with serving_folder(mirror) as elsewhere, serving(answering(302, Location=f"{elsewhere}/manifest.json")) as url:
        (fault,) = look(url).faults
    assert fault.words == "answers 302 for manifest.json, where 200 is right"


def test_a_server_that_fails_is_told() -> None:
    with serving(answering(503)) as url:
        (fault,) = look(url).faults
    assert fault.words == "answers 503 for manifest.json, where 200 is right"


def test_a_page_that_breaks_off_is_truncated(mirror: Path) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        body = (mirror / request.path.lstrip("/")).read_bytes()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[:-3] if request.path == "/style.css" else body)

    with serving(answer) as url:
        assert faults(url) == [("truncated", "style.css")]


def test_no_more_is_read_than_the_manifest_allows(mirror: Path) -> None:
    n_sent = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal n_sent
        request.send_response(200)
        request.end_headers()
        if request.path != "/index.html":
            request.wfile.write((mirror / request.path.lstrip("/")).read_bytes())
            return
        try:
            for _ in range(10_000):
                n_sent += request.wfile.write(b"x" * 65_536)
        except OSError:
            request.close_connection = True

    with serving(answer) as url:
        assert faults(url) == [("changed", "index.html")]
    assert n_sent < 100_000_000


def test_what_is_packed_unasked_is_not_unpacked(mirror: Path) -> None:
    bomb = gzip.compress(bytes(10_000_000))

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if request.path == "/index.html":
            request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        body = bomb if request.path == "/index.html" else (mirror / request.path.lstrip("/")).read_bytes()
        request.wfile.write(body)

    with serving(answer) as url:
        assert faults(url) == [("changed", "index.html")]


def test_a_server_that_drips_ends_with_the_deadline(mirror: Path) -> None:
    done = Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not done.wait(0.05):
            request.wfile.write(b" ")

    with serving(answer) as url:
        (found,) = check_mirrors([url], Request(key=KEY.public, draw=b"", deadline_s=0.5), now=NOW)
        done.set()
    assert [fault.kind for fault in found.faults] == ["unreachable"]


def test_a_mirror_that_becomes_another_build_meanwhile_is_looked_at_once_more(site: Path) -> None:
    later = {**FILES, "index.html": b"front 2"}
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        if request.path == "/manifest.json.minisig" and len(asked) == 2:
            body = (site / "current" / "manifest.json.minisig").read_bytes()
            make_release(site, later, serial=6)
        else:
            body = (site / "current" / request.path.lstrip("/")).read_bytes()
        request.send_response(200)
        request.end_headers()
        request.wfile.write(body)

    with serving(answer) as url:
        found = look(url)
    assert found.faults == ()
    assert found.manifest is not None
    assert found.manifest.serial == 6


def test_of_a_url_a_sample_is_read_and_the_front_pages_with_it(mirror: Path) -> None:
    (mirror / "index.html").unlink()
    request = Request(key=KEY.public, draw=b"", n_most=3)
    with serving_folder(mirror) as url:
        (found,) = check_mirrors([url], request, now=NOW)
    assert found.n_looked_at == 3
    assert [fault.path for fault in found.faults] == ["index.html"]


def test_a_server_that_drips_headers_ends_with_the_deadline(mirror: Path) -> None:
    done = Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        path = mirror / request.path.lstrip("/")
        request.send_response(200)
        if path.name in (MANIFEST_FILE, SIGNATURE_FILE):
            request.end_headers()
            request.wfile.write(path.read_bytes())
            return
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while not done.wait(0.05):
            request.wfile.write(b"x")

    started_s = time.monotonic()
    with serving(answer) as url:
        (found,) = check_mirrors([url], Request(key=KEY.public, draw=b"", deadline_s=0.5), now=NOW)
        took_s = time.monotonic() - started_s
        left = [
            thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()
        ]
        done.set()
    assert took_s < 3
    assert left == []  # what still hangs does not keep the process
    (fault,) = found.faults
    assert fault.kind == "unreachable"
    assert "0 of 7 files were looked at" in fault.words


@pytest.mark.parametrize("name", ["index.html", MANIFEST_FILE])
def test_a_pipe_in_place_of_a_page_is_told_and_not_waited_for(mirror: Path, name: str) -> None:
    (mirror / name).unlink()
    os.mkfifo(mirror / name)
    (fault,) = look(mirror).faults
    if name == MANIFEST_FILE:
        assert fault.kind == "signature"
    else:
        assert (fault.kind, fault.path, fault.words) == ("changed", "index.html", "is no plain file")


def test_a_mirror_of_another_site_is_told_also_where_it_is_looked_at_alone(mirror: Path) -> None:
    other = Request(key=KEY.public, draw=b"", site="https://other.example")
    (found,) = check_mirrors([str(mirror)], other, now=NOW)
    (fault,) = found.faults
    assert (fault.kind, fault.words) == (
        "site",
        "this is the site https://status.example.pk, not https://other.example. Look at its target.",
    )
    same = Request(key=KEY.public, draw=b"", site="https://status.example.pk")
    assert check_mirrors([str(mirror)], same, now=NOW)[0].faults == ()
