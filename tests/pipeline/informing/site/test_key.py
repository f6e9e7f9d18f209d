"""The site's key."""

from pathlib import Path

import pytest

from raabta.pipeline.informing.site.key import (
    find_site_key,
    make_site_key,
    open_manifest,
    public_line,
    read_public_line,
    sign_manifest,
)
from raabta.publish.manifest import encode_manifest, make_manifest
from raabta.remedy.minisign import minisign_public
from tests.cases.releases import KEY, NOW, OTHER_KEY

SEED = bytes(range(32))
MANIFEST = make_manifest([], site="https://status.example.pk", serial=1, sequence=0, now=NOW)


def test_a_key_is_found_as_it_was_made_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    assert find_site_key(tmp_path) is None
    made = make_site_key(tmp_path, seed=SEED)
    found = find_site_key(tmp_path)
    assert found is not None
    assert found.public == made.public
    assert (tmp_path / "site.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["site.key"]


def test_of_two_commands_that_make_one_the_first_wins(tmp_path: Path) -> None:
    first = make_site_key(tmp_path, seed=SEED)
    assert make_site_key(tmp_path, seed=SEED[::-1]).public == first.public


@pytest.mark.parametrize("text", ["", "raabta site key 1", "raabta site key 1\nseed 00", "x\nseed " + "0" * 64, "é\né"])
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.key").write_text(text)
    with pytest.raises(ValueError, match="this is no site key") as caught:
        find_site_key(tmp_path)
    assert "0000" not in str(caught.value)


def test_a_public_key_is_read_from_its_file_and_from_its_line() -> None:
    for text in (minisign_public(KEY.public), public_line(KEY.public), f"  {public_line(KEY.public)}\n"):
        assert read_public_line(text).public == KEY.public.public


@pytest.mark.parametrize("text", ["", "RWQ", "not base64 at all", public_line(KEY.public)[:-4], "a\nb\nc"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is no public key of minisign"):
        read_public_line(text)


def test_a_manifest_is_opened_with_its_key_alone() -> None:
    raw = encode_manifest(MANIFEST)
    signature = sign_manifest(raw, MANIFEST, key=KEY)
    assert open_manifest(raw, signature, key=KEY.public, name="m") == MANIFEST
    for content, key in ((raw, OTHER_KEY), (raw + b" ", KEY)):
        with pytest.raises(ValueError, match="m: the file or its comment is not what"):
            open_manifest(content, signature, key=key.public, name="m")
