"""What a mirror's target is."""

from pathlib import Path

import pytest

from raabta.hub.mirrors.planning import (
    Deadline,
    FolderTarget,
    RsyncTarget,
    StoreTarget,
    choose_mirrors,
    read_secret,
    read_target,
)
from raabta.pipeline.informing.settings import Mirror

BASE = Path("/etc/raabta")


def target_of(text: str, **fields: object) -> FolderTarget | RsyncTarget | StoreTarget:
    return read_target(Mirror(name="m", target=text, **fields), base=BASE)  # type: ignore[arg-type]


def test_a_path_is_a_folder_relative_to_the_settings() -> None:
    assert target_of("/srv/status") == FolderTarget(folder=Path("/srv/status"))
    assert target_of("out/status") == FolderTarget(folder=BASE / "out/status")


def test_a_host_with_a_folder_is_rsync_over_ssh_that_asks_nothing() -> None:
    found = target_of("status@mirror.example:/srv/status", key_file="mirror.ssh", options=("-p 2222", "-4"))
    assert isinstance(found, RsyncTarget)
    assert (found.host, found.folder) == ("status@mirror.example", "/srv/status")
    assert found.ssh[:3] == ("ssh", "-o", "BatchMode=yes")
    assert found.ssh[-7:] == ("-i", "/etc/raabta/mirror.ssh", "-o", "IdentitiesOnly=yes", "-p", "2222", "-4")


@pytest.mark.parametrize(
    ("text", "host", "folder"),
    [("mirror:status", "mirror", "status"), ("a@[2001:db8::1]:~/www/x", "a@[2001:db8::1]", "www/x")],
)
def test_a_folder_may_be_relative_to_the_home_there(text: str, host: str, folder: str) -> None:
    found = target_of(text)
    assert isinstance(found, RsyncTarget)
    assert (found.host, found.folder) == (host, folder)


def test_a_bucket_with_or_without_a_prefix_is_a_store() -> None:
    for text, prefix in (("s3://status-pk", ""), ("s3://status-pk/", ""), ("s3://status-pk/a/b/", "a/b/")):
        found = target_of(text)
        assert isinstance(found, StoreTarget)
        assert (found.bucket, found.prefix) == ("status-pk", prefix)


@pytest.mark.parametrize(
    "text",
    ["", "-rf", "s3:/x", "s3://", "S3://Bucket!", "-oProxyCommand=x:/srv", "host:/srv/$(id)", "host:/srv/a b",
     "host:/srv/../..", "host:", "host:/", "host:~/", "host:.", "ftp://x/y", "host:/srv;rm"],
)  # fmt: skip
def test_what_could_be_a_command_or_the_wrong_folder_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mirror m: "):
        target_of(text)


def test_mirrors_are_asked_for_by_name_or_target_and_all_of_the_settings_otherwise() -> None:
    known = [Mirror(name="one", target="/srv/1"), Mirror(name="two", target="/srv/2")]
    assert choose_mirrors(known, []) == known
    assert choose_mirrors(known, ["two", "/srv/3"]) == [known[1], Mirror(name="/srv/3", target="/srv/3")]


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("access\nsecret\n\n")
    file.chmod(0o640)
    with pytest.raises(ValueError, match="others may read this file"):
        read_secret(file)
    file.chmod(0o600)
    assert read_secret(file) == ["access", "secret"]


def test_a_deadline_that_has_passed_raises() -> None:
    assert 0 < Deadline(60).left_s() <= 60
    with pytest.raises(TimeoutError, match="not done within its time"):
        Deadline(0).left_s()
