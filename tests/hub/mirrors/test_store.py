"""A mirror in a store that speaks S3: moto's server on this machine."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from raabta.hub.mirrors.planning import Brought, Deadline, Load, StoreTarget, read_target
from raabta.hub.mirrors.store import bring_to_store, content_type
from raabta.pipeline.informing.settings import Mirror
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE
from tests.cases.releases import FILES, OTHER_KEY, make_load, make_release

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET = "status-pk"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def target(endpoint: str, tmp_path: Path) -> StoreTarget:
    (tmp_path / "keys").write_text("access\nsecret\n")
    (tmp_path / "keys").chmod(0o600)
    mirror = Mirror(name="m", target=f"s3://{BUCKET}/site", endpoint=endpoint, region="us-east-1", key_file="keys")
    found = read_target(mirror, base=tmp_path)
    assert isinstance(found, StoreTarget)
    return found


@pytest.fixture
def store(endpoint: str) -> Iterator["S3Client"]:
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def bring(load: Load, target: StoreTarget) -> Brought:
    return bring_to_store(load, target, name="m", deadline=Deadline(60))


def shown(store: "S3Client") -> dict[str, bytes]:
    keys = [one["Key"] for one in store.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    found = {key.removeprefix("site/"): store.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}
    return {path: content for path, content in found.items() if path not in (MANIFEST_FILE, SIGNATURE_FILE)}


def put(store: "S3Client", path: str, content: bytes) -> None:
    store.put_object(Bucket=BUCKET, Key=path, Body=content)


def test_all_is_sent_with_its_type(site: Path, store: "S3Client", target: StoreTarget) -> None:
    assert bring(make_load(site, FILES, serial=1), target).n_sent == len(FILES) + 2
    assert shown(store) == FILES
    head = store.head_object(Bucket=BUCKET, Key="site/index.html")
    assert (head["ContentType"], head["CacheControl"]) == (
        "text/html; charset=utf-8",
        "public, max-age=60, must-revalidate",
    )


def test_what_changed_is_sent_and_what_is_gone_is_removed(site: Path, store: "S3Client", target: StoreTarget) -> None:
    bring(make_load(site, FILES, serial=1), target)
    later = {**FILES, "index.html": b"front 2"}
    del later["en/incident/in-two.html"]
    brought = bring(make_load(site, later, serial=2), target)
    assert brought.n_removed == 1
    assert shown(store) == later


def test_files_that_vanished_from_the_store_are_sent_again(site: Path, store: "S3Client", target: StoreTarget) -> None:
    bring(make_load(site, FILES, serial=1), target)
    store.delete_object(Bucket=BUCKET, Key="site/style.css")
    bring(make_load(site, FILES, serial=2), target)
    assert shown(store) == FILES


def test_a_killed_run_is_made_good_by_the_next(site: Path, store: "S3Client", target: StoreTarget) -> None:
    bring(make_load(site, FILES, serial=1), target)
    put(store, "site/en/incident/in-one.html", FILES["en/incident/in-one.html"][::-1])  # sent, of the same size
    put(store, "site/en/incident/in-orphan.html", b"sent, and gone by now")
    bring(make_load(site, FILES, serial=2), target)
    assert shown(store) == FILES


def test_a_run_killed_between_signature_and_manifest_is_made_good(
    site: Path, store: "S3Client", target: StoreTarget
) -> None:
    bring(make_load(site, FILES, serial=1), target)
    later = make_load(site, {**FILES, "index.html": b"front 2"}, serial=2)
    put(store, f"site/{SIGNATURE_FILE}", (later.release / SIGNATURE_FILE).read_bytes())
    bring(later, target)
    assert shown(store)["index.html"] == b"front 2"
    again = bring(make_load(site, FILES, serial=3), target)
    assert again.failure == ""
    assert shown(store) == FILES


def test_other_things_in_the_bucket_stay(site: Path, store: "S3Client", target: StoreTarget) -> None:
    others = {"backup/db.gz": b"x", "site/robots.txt": b"y", "site/files/z.pdf": b"z", "siteb/en/a.html": b"b"}
    for path, content in others.items():
        put(store, path, content)
    put(store, "site/en/before-us.html", b"?")
    bring(make_load(site, FILES, serial=1), target)
    assert "en/before-us.html" in shown(store)
    bring(make_load(site, FILES, serial=2), target)
    kept = {one["Key"] for one in store.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert others.keys() <= kept


def test_a_newer_build_of_somebody_else_is_left_alone(site: Path, store: "S3Client", target: StoreTarget) -> None:
    old = make_load(site, FILES, serial=1)
    bring(make_load(site, FILES, serial=2), target)
    assert bring(old, target).newer == 2


def test_a_forged_manifest_with_a_high_serial_stops_nothing(
    site: Path, store: "S3Client", target: StoreTarget, tmp_path: Path
) -> None:
    make_release(tmp_path / "forged", FILES, serial=99, key=OTHER_KEY)
    for name in (MANIFEST_FILE, SIGNATURE_FILE):
        put(store, f"site/{name}", (tmp_path / "forged/current" / name).read_bytes())
    assert bring(make_load(site, FILES, serial=1), target).newer == 0
    assert shown(store) == FILES


def test_a_missing_bucket_is_a_failure_in_words(site: Path, endpoint: str, target: StoreTarget) -> None:
    with pytest.raises(OSError, match="the store refused"):
        bring(make_load(site, FILES, serial=1), target)


def test_a_dead_store_is_a_failure_in_words(site: Path, tmp_path: Path, target: StoreTarget) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    mirror = Mirror(name="m", target="s3://status-pk", endpoint=f"http://127.0.0.1:{port}", key_file="keys")
    dead: Any = read_target(mirror, base=tmp_path)
    with pytest.raises(OSError, match="could not be reached"):
        bring(make_load(site, FILES, serial=1), dead)


def test_keys_that_others_may_read_are_refused(site: Path, tmp_path: Path, target: StoreTarget) -> None:
    (tmp_path / "keys").chmod(0o644)
    with pytest.raises(ValueError, match="others may read this file"):
        bring(make_load(site, FILES, serial=1), target)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("en/index.html", "text/html; charset=utf-8"),
        ("en/feed.atom", "application/atom+xml"),
        ("en/feed.json", "application/feed+json"),
        ("api/v2/summary.json", "application/json"),
        ("cap/up-1.xml", "application/cap+xml"),
        ("cap/index.atom", "application/atom+xml"),
        ("ur/calendar.ics", "text/calendar; charset=utf-8"),
        ("manifest.json.minisig", "text/plain; charset=utf-8"),
    ],
)
def test_types_are_those_of_the_formats(path: str, kind: str) -> None:
    assert content_type(path) == kind
