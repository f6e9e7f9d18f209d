"""``raabta incident pack`` and ``raabta pack verify``: what they print, and how they end."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from raabta.cli import app
from raabta.pipeline import example_document

Run = Callable[..., Result]


@pytest.fixture
def raabta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command over a register in a folder of its own."""
    for name in ("RAABTA_REGISTER_KEY", "RAABTA_PUBLISHING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "desk"))
    monkeypatch.setenv("RAABTA_BY", "Amina")

    def run(*arguments: object, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(item) for item in arguments], env={"COLUMNS": "80"})
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def pack(raabta: Run, tmp_path: Path) -> Path:
    """An incident with a party and a measurement, packed."""
    raabta("publish", "init")
    incident = raabta("incident", "open", "Sites cannot be reached", "--component", "cloudflare").stdout.strip()
    raabta("incident", "party", "add", incident, "cdn", "The CDN", "--desk", "NOC", "--reference", "CF-1")
    (tmp_path / "round.json").write_bytes(example_document())
    raabta("incident", "attach", incident, tmp_path / "round.json", "--kind", "measurement")
    done = raabta("incident", "pack", "last", "--for", "the c", "-o", tmp_path / "pack.zip")
    assert "For The CDN (pa-" in done.stderr
    assert done.stdout == f"{tmp_path / 'pack.zip'}\n"
    return tmp_path / "pack.zip"


def key_of(raabta: Run) -> str:
    return raabta("publish", "key").stdout.split()[-1]


def test_a_pack_is_good_with_the_sites_key(raabta: Run, pack: Path) -> None:
    done = raabta("pack", "verify", pack, "--key", key_of(raabta))
    assert "files      8, all as signed" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 110


def test_without_a_key_it_is_whole_but_nobodys(raabta: Run, pack: Path) -> None:
    assert "who signed it is not known" in raabta("pack", "verify", pack, code=4).stderr


def test_an_altered_pack_ends_with_3_and_names_the_file(raabta: Run, pack: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            raw = old.read(entry)
            new.writestr(entry, raw.replace(b"PK", b"IN") if entry.filename.startswith("measurements/") else raw)
    pack.write_bytes(out.getvalue())
    assert (
        "measurements/round.json: not what was signed."
        in raabta("pack", "verify", pack, "--key", key_of(raabta), code=3).stderr
    )


def test_nothing_is_unpacked_before_the_signer_is_known(raabta: Run, pack: Path, tmp_path: Path) -> None:
    assert "Give --key too" in raabta("pack", "verify", pack, "--extract", tmp_path / "x", code=2).stderr
    assert not (tmp_path / "x").exists()


def test_what_was_packed_diagnoses_again_to_the_same_verdict(raabta: Run, pack: Path, tmp_path: Path) -> None:
    raabta("pack", "verify", pack, "--key", key_of(raabta), "--extract", tmp_path / "x")
    assert (tmp_path / "x" / "measurements" / "round.json").read_bytes() == example_document()
    assert "raabta diagnose measurements/round.json --explain" in (tmp_path / "x" / "REPRODUCE.txt").read_text()
    done = raabta("diagnose", tmp_path / "x" / "measurements" / "round.json", "-f", "jsonl")
    assert '"mechanisms":["tls.reset.sni"]' in done.stdout


def test_a_folder_that_is_there_is_not_written_into(raabta: Run, pack: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    done = raabta("pack", "verify", pack, "--key", key_of(raabta), "--extract", tmp_path / "x", code=2)
    assert "Name a folder that is not there yet" in done.stderr


@pytest.mark.parametrize("key", ["", "A" * 5000, "RWQ", "/dev/null"])
def test_what_is_no_key_is_said_to_be_none(raabta: Run, pack: Path, key: str) -> None:
    assert "--key: this is no public key" in raabta("pack", "verify", pack, "--key", key, code=2).stderr


def test_what_is_no_file_is_refused(raabta: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for place in (tmp_path / "fifo", tmp_path, tmp_path / "missing"):
        raabta("pack", "verify", place, code=2)


def test_a_stranger_gets_what_is_public_and_that_is_said(raabta: Run, pack: Path, tmp_path: Path) -> None:
    done = raabta("incident", "pack", "last", "--for", "Somebody", "-o", tmp_path / "p2.zip")
    assert "who is no party of this incident" in done.stderr
