"""Paths, folders and standard input: what is read, in which order, and what is told of the rest."""

import gzip
import io
import sys
from pathlib import Path

import pytest

from raabta.model import Rejection
from raabta.pipeline import diagnose_each
from raabta.pipeline.sources import read_batches, total_bytes
from tests.cases.documents import as_bytes, web
from tests.cases.judging import diagnosis


def sources(*paths: str | Path) -> list[str]:
    """Where each verdict comes from; a rejection's file and reason."""
    found = diagnose_each([str(path) for path in paths], diagnosis())
    return [f"{item.file}: {item.reason}" if isinstance(item, Rejection) else item[1].source for item in found]


def test_a_folder_is_read_with_its_folders_by_name_and_only_what_may_hold_documents(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c.json", "a.jsonl", "b/a.jsonl", "notes.txt"):
        (tmp_path / name).write_bytes(as_bytes(web()))
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(as_bytes(web())))
    assert sources(tmp_path) == [f"{tmp_path}/{name}:1" for name in ("a.jsonl", "b/a.jsonl", "c.json", "d.jsonl.gz")]


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(as_bytes(web()))
    assert sources(tmp_path / "notes.txt") == [f"{tmp_path}/notes.txt:1"]


def test_files_are_read_in_the_order_they_are_given(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(as_bytes(web(), web()))
    assert sources(tmp_path / "b", tmp_path / "a") == [f"{tmp_path}/{place}" for place in ("b:1", "b:2", "a:1", "a:2")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_standard_input_is_read(pack: type[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(as_bytes(web(), web())))))
    assert sources("-") == ["-:1", "-:2"]


def test_a_missing_file_and_an_empty_folder_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(as_bytes(web()))
    (tmp_path / "empty").mkdir()
    missing, empty, read = sources(tmp_path / "missing", tmp_path / "empty", tmp_path / "a")
    assert "no such file" in missing
    assert "holds no file" in empty
    assert read == f"{tmp_path}/a:1"


def test_a_broken_archive_gives_what_came_before_and_a_rejection(tmp_path: Path) -> None:
    many = as_bytes(*[web()] * 3000)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(many)[:-200])
    (tmp_path / "next").write_bytes(as_bytes(web()))
    found = sources(tmp_path / "cut.gz", tmp_path / "next")
    assert len(found) > 1000
    assert found[0] == f"{tmp_path}/cut.gz:1"
    assert "cannot be unpacked to its end" in found[-2]
    assert found[-1] == f"{tmp_path}/next:1"


def test_an_empty_file_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert list(read_batches([str(tmp_path / "empty")])) == []


def test_the_size_of_all_files_is_known_beforehand(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"x" * 10)
    assert total_bytes([str(tmp_path), str(tmp_path / "a.json"), "-"]) == 30
