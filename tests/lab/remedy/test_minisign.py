"""Debian's minisign judges our signatures, and we judge its."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from raabta.remedy.keys import PublicKey
from raabta.remedy.minisign import check_minisign, minisign, minisign_public
from tests.cases.publisher import signing_key

KEY = signing_key("publisher")
LIMIT_S = 30


@pytest.fixture(autouse=True)
def installed(require: Callable[..., None]) -> None:
    require("minisign")


def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["minisign", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=LIMIT_S, input=given
    )


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    file = tmp_path / "list.txt"
    file.write_bytes(b"198.18.0.1/32\n" * 1000)
    (tmp_path / "list.txt.minisig").write_text(minisign(file.read_bytes(), KEY, comment="raabta serial=7"))
    (tmp_path / "raabta.pub").write_text(minisign_public(KEY.public))
    return file


def test_debians_minisign_accepts_ours(signed: Path) -> None:
    by_file = run("-V", "-p", signed.with_name("raabta.pub"), "-m", signed)
    assert (by_file.returncode, by_file.stderr) == (0, "")
    assert "Trusted comment: raabta serial=7" in by_file.stdout
    by_line = run("-V", "-P", minisign_public(KEY.public).splitlines()[1], "-m", signed)
    assert by_line.returncode == 0


@pytest.mark.parametrize("name", ["list.txt", "list.txt.minisig"])
def test_debians_minisign_refuses_what_was_changed(signed: Path, name: str) -> None:
    path = signed.with_name(name)
    path.write_bytes(path.read_bytes().replace(b"198.18.0.1/32", b"198.18.0.2/32").replace(b"serial=7", b"serial=8"))
    assert run("-V", "-p", signed.with_name("raabta.pub"), "-m", signed).returncode == 1


def test_debians_minisign_refuses_another_key(signed: Path) -> None:
    other = minisign_public(signing_key("other").public).splitlines()[1]
    assert run("-V", "-P", other, "-m", signed).returncode == 1


def test_we_accept_debians_and_refuse_it_changed(tmp_path: Path) -> None:
    file, secret, public = tmp_path / "list.txt", tmp_path / "m.key", tmp_path / "m.pub"
    file.write_bytes(b"198.18.0.1/32\n")
    assert run("-G", "-W", "-s", secret, "-p", public).returncode == 0
    assert run("-S", "-s", secret, "-m", file, "-t", "serial 7").returncode == 0
    raw = base64.b64decode(public.read_text().splitlines()[1])
    key = PublicKey(name="minisign", public=base64.b64encode(raw[10:]).decode())
    signature = file.with_name("list.txt.minisig").read_text()
    assert check_minisign(file.read_bytes(), signature, key=key) == "serial 7"
    with pytest.raises(ValueError, match="not what 'minisign' signed"):
        check_minisign(b"198.18.0.2/32\n", signature, key=key)
