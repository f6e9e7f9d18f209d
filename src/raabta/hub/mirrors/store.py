"""A mirror in a store that speaks S3: objects replaced one by one, in an order that hurts least.

A store knows no rename of many, so for some seconds it shows files of two builds: pages come first, then what points to
them, then signature and manifest; only then what is gone is removed. What is there already is known from the store's
own manifest (where our key signed it) and its list of objects. An object that is younger than that manifest comes from
a run that was killed, and is sent again.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from raabta.hub.mirrors.beside import work_off
from raabta.hub.mirrors.planning import Brought, Deadline, Load, StoreTarget, read_secret
from raabta.model.publication import Manifest
from raabta.pipeline.informing.site.key import open_manifest
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE, UNLISTED, compare
from raabta.remedy.keys import PublicKey

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

N_AT_ONCE: Final = 8
"""Uploads beside each other."""
REMOVED_AT_ONCE: Final = 1000
"""S3's own limit of DeleteObjects."""
_ABSENT: Final = frozenset({"NoSuchKey", "404"})
CONTENT_TYPES: Final = {
    ".atom": "application/atom+xml",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".json": "application/json",
    ".minisig": "text/plain; charset=utf-8",
    ".pub": "text/plain; charset=utf-8",
    ".rss": "application/rss+xml",
    ".xml": "application/xml",
}
"""By the file's ending. JSON Feed's own type (application/feed+json) is set by name, CAP's by its folder."""
_REFUSED: Final = "the store refused or could not be reached"
CACHE: Final = "public, max-age=60, must-revalidate"
"""An update must be seen within a minute."""


class _Held(Struct, frozen=True, kw_only=True):
    """An object that the store holds."""

    size_bytes: int
    changed_at: datetime


def content_type(path: str) -> str:
    """Say what a file is, as a web server does."""
    if path.endswith("/feed.json"):
        return "application/feed+json"
    if path.startswith("cap/") and path.endswith(".xml"):
        return "application/cap+xml"
    return CONTENT_TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")


def bring_to_store(load: Load, target: StoreTarget, *, name: str, deadline: Deadline) -> Brought:
    """Bring a build into a store.

    Args:
        load: The build.
        target: Where to.
        name: The mirror's.
        deadline: When to give up.

    Raises:
        ValueError: The file of its keys is wrong.
        OSError: It cannot be reached, refuses, or is not done in time.
    """
    try:
        store = _Store(_client(target), target)
        return _bring(load, store, name=name, deadline=deadline)
    except (BotoCoreError, ClientError) as error:
        message = f"{_REFUSED}: {error}"
        raise OSError(message) from error


def _bring(load: Load, store: "_Store", *, name: str, deadline: Deadline) -> Brought:
    shown = store.manifest(load.key)
    if shown is not None and shown.serial > load.manifest.serial:
        return Brought(name=name, newer=shown.serial)
    held = store.list_all()
    changes = compare(None if load.full else shown, load.manifest)
    sizes = {one.path: one.size_bytes for one in load.manifest.files}
    shown_at = held[MANIFEST_FILE].changed_at if MANIFEST_FILE in held else None

    def is_there(path: str) -> bool:
        one = held.get(path)
        return one is not None and one.size_bytes == sizes[path] and shown_at is not None and one.changed_at < shown_at

    to_send = [*changes.written, *(path for path in changes.same if not is_there(path))]

    def put(path: str) -> None:
        try:
            store.put(load, path, deadline=deadline)
        except (BotoCoreError, ClientError) as error:
            message = f"{_REFUSED}: {error}"
            raise OSError(message) from error

    for part in (filter(_is_page, to_send), (path for path in to_send if not _is_page(path))):
        work_off(list(part), put, n_at_once=N_AT_ONCE, deadline=deadline)
    for path in (SIGNATURE_FILE, MANIFEST_FILE):
        store.put(load, path, deadline=deadline)
    gone = _gone(shown, load.manifest, held=held)
    store.remove(gone)
    return Brought(name=name, n_sent=len(to_send) + len(UNLISTED), n_removed=len(gone))


def _gone(shown: Manifest | None, wanted: Manifest, *, held: Iterable[str]) -> list[str]:
    """Name what is removed: of our last build, or of a killed run in the site's own folders; nobody else's files."""
    if shown is None:
        return []
    paths = {one.path for one in wanted.files}
    before = {one.path for one in shown.files}
    folders = {path.partition("/")[0] for path in paths | before if "/" in path}
    own = {path for path in held if path in before or ("/" in path and path.partition("/")[0] in folders)}
    return sorted(own - paths)


def _is_page(path: str) -> bool:
    """Say whether others point to it: what lies deeper than front pages and feeds."""
    return path.count("/") > 1 or path == "style.css"


def _client(target: StoreTarget) -> "S3Client":
    mirror = target.mirror
    keys: list[str | None] = [None, None]
    if target.key_file is not None:
        keys = [*read_secret(target.key_file)]
        if len(keys) != 2:
            message = f"{target.key_file}: it needs two lines, the access key and the secret."
            raise ValueError(message)
    config = Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
        max_pool_connections=N_AT_ONCE,
        # Checksums that not every store knows are sent only where S3 asks for them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if mirror.endpoint else "auto"},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=mirror.endpoint or None,
        region_name=mirror.region or "us-east-1",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=config,
    )


class _Store:
    """The part of a bucket that is the mirror."""

    def __init__(self, client: "S3Client", target: StoreTarget) -> None:
        self._client = client
        self._bucket = target.bucket
        self._prefix = target.prefix

    def manifest(self, key: PublicKey) -> Manifest | None:
        """Give the manifest that it shows, None where our key signed none there."""
        raw, signature = (self._get(path) for path in (MANIFEST_FILE, SIGNATURE_FILE))
        try:
            return open_manifest(raw, signature, key=key, name="the store")
        except ValueError:
            return None

    def list_all(self) -> dict[str, _Held]:
        """List what it holds."""
        return {path: held for page in self._pages() for path, held in page}

    def put(self, load: Load, path: str, *, deadline: Deadline) -> None:
        """Send one file."""
        deadline.left_s()
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + path,
            Body=(load.release / path).read_bytes(),
            ContentType=content_type(path),
            CacheControl=CACHE,
        )

    def remove(self, paths: list[str]) -> None:
        """Remove files that are no part of the site any more."""
        for start in range(0, len(paths), REMOVED_AT_ONCE):
            keys: list[ObjectIdentifierTypeDef] = [
                {"Key": self._prefix + path} for path in paths[start : start + REMOVED_AT_ONCE]
            ]
            done = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
            if errors := done.get("Errors"):
                message = f"{len(errors)} old files could not be removed ({errors[0].get('Code')}): allow DeleteObject"
                raise OSError(message)

    def _get(self, path: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return b""
            raise

    def _pages(self) -> Iterator[list[tuple[str, _Held]]]:
        pager = self._client.get_paginator("list_objects_v2")
        for page in pager.paginate(Bucket=self._bucket, Prefix=self._prefix):
            yield [
                (one["Key"].removeprefix(self._prefix), _Held(size_bytes=one["Size"], changed_at=one["LastModified"]))
                for one in page.get("Contents", ())
            ]
