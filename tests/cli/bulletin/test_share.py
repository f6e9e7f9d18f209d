"""``raabta bulletin share``: files that people pass on, and nothing that is not public."""

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from msgspec import structs
from typer.testing import CliRunner, Result

from raabta.cli.bulletin.share import share
from raabta.cli.publish import app as publish
from raabta.cli.register.opening import opened
from raabta.model.bulletin import Bulletin
from raabta.pipeline.informing.settings import read_publishing
from tests.cases.publication import NOW, example_thread
from tests.cases.published import put_threads

UPDATE = example_thread("in-vpn20241110").updates[1]
BULLETIN = Bulletin(
    id=UPDATE.id,
    thread_id="in-vpn20241110",
    kind="incident",
    number=UPDATE.number,
    texts=UPDATE.texts,
    state="published",
    author="Ayesha",
    created_at=NOW,
    changed_at=NOW,
    published_at=UPDATE.at,
    sequence=UPDATE.sequence,
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    folder = tmp_path / "desk"
    monkeypatch.setenv("RAABTA_REGISTER", str(folder))
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(publish, ["init"]).exit_code == 0
    with opened(None) as register, register.change() as records:
        put_threads(records, [example_thread(BULLETIN.thread_id)], read_publishing(folder / "publishing.toml").site)
        records.add(BULLETIN)
        records.add(structs.replace(BULLETIN, id="bu-draft", state="draft", sequence=0, published_at=None))
    app = typer.Typer()
    app.command()(share)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_files_are_written_and_named(run: Callable[..., Result], tmp_path: Path) -> None:
    given = run("bu-vpn-2", "-o", tmp_path / "out")
    assert given.exit_code == 0
    names = [f"bu-vpn-2-{language}.{kind}" for language in ("en", "ur") for kind in ("txt", "png")]
    assert given.stdout.splitlines() == [str(tmp_path / "out" / name) for name in names]
    assert {file.name for file in (tmp_path / "out").iterdir()} == set(names)


@pytest.mark.parametrize(("id_", "words"), [("bu-draft", "cannot be passed on"), ("bu-none", "no bulletin bu-none")])
def test_what_is_not_public_is_refused(run: Callable[..., Result], tmp_path: Path, id_: str, words: str) -> None:
    given = run(id_, "-o", tmp_path / "out")
    assert given.exit_code == 2
    assert words in given.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    assert run("bu-vpn-2", "-o", tmp_path / "out").exit_code == 1
