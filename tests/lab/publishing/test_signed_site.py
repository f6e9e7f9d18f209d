"""Debian's minisign judges the signature of a site's manifest."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from raabta.pipeline.informing.site.key import public_line
from tests.cases.releases import FILES, KEY, OTHER_KEY, make_release

LIMIT_S = 30


@pytest.fixture
def shown(tmp_path: Path, require: Callable[..., None]) -> Path:
    require("minisign")
    make_release(tmp_path, FILES, serial=20250520133000)
    return tmp_path / "current"


def minisign(shown: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = ["minisign", "-V", "-P", key, "-m", str(shown / "manifest.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def test_minisign_accepts_the_manifest_and_shows_serial_and_end(shown: Path) -> None:
    done = minisign(shown, public_line(KEY.public))
    assert (done.returncode, done.stderr) == (0, "")
    assert "serial=20250520133000" in done.stdout
    assert "expires=2025-05-22T13:30:00Z" in done.stdout


def test_minisign_refuses_it_changed_or_with_another_key(shown: Path) -> None:
    assert minisign(shown, public_line(OTHER_KEY.public)).returncode == 1
    manifest = shown / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"20250520133000", b"20250520133001"))
    assert minisign(shown, public_line(KEY.public)).returncode == 1
