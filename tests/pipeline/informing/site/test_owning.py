"""Whose folder it is: builds go only into ours, and only ours are removed."""

import shutil
from pathlib import Path

import pytest

from raabta.pipeline.informing.site.owning import MARKER, claim, our_serials
from raabta.pipeline.informing.site.releases import locked, prune
from tests.cases.releases import FILES, make_release


def capistrano(folder: Path) -> Path:
    """Another tool's deployments: they look much as ours do."""
    for month in range(1, 6):
        (folder / f"releases/20230{month}01000000").mkdir(parents=True)
        (folder / f"releases/20230{month}01000000/app.rb").write_text("puts 1")
    (folder / "current").symlink_to("releases/20230401000000")
    (folder / ".current.new").write_text("mine")
    return folder


def everything(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.is_file() * "file"
        for path in folder.rglob("*")
    }


def test_a_new_or_an_empty_folder_becomes_ours_also_a_fresh_disk(tmp_path: Path) -> None:
    (tmp_path / "disk/lost+found").mkdir(parents=True)
    for name in ("new/deep", "disk"):
        claim(tmp_path / name)
        (tmp_path / name / "something.txt").write_text("x")
        claim(tmp_path / name)
        assert (tmp_path / name / MARKER).is_file()


def test_releases_of_another_tool_are_refused_and_not_touched(tmp_path: Path) -> None:
    folder = capistrano(tmp_path / "cap")
    before = everything(folder)
    with pytest.raises(ValueError, match=r"holds other things.* Name an empty or a new one"), locked(folder):
        pass
    assert everything(folder) == before


@pytest.mark.parametrize("name", ["notes.txt", "releases/notes.txt", ".git/config"])
def test_any_other_folder_with_something_in_it_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    with pytest.raises(ValueError, match="holds other things"):
        claim(tmp_path)
    assert not (tmp_path / MARKER).exists()


def test_a_folder_of_before_there_were_markers_is_taken_where_each_release_is_ours(tmp_path: Path) -> None:
    for serial in (1, 2):
        make_release(tmp_path, FILES, serial=serial)
    (tmp_path / MARKER).unlink()
    claim(tmp_path)
    assert (tmp_path / MARKER).is_file()


@pytest.mark.parametrize("spoil", ["foreign", "no signature", "another's manifest", "other serial"])
def test_a_folder_without_marker_with_one_other_release_is_refused(tmp_path: Path, spoil: str) -> None:
    for serial in (1, 2):
        make_release(tmp_path, FILES, serial=serial)
    (tmp_path / MARKER).unlink()
    if spoil == "foreign":
        (tmp_path / "releases/20230101000000").mkdir()
    elif spoil == "no signature":
        (tmp_path / "releases/1/manifest.json.minisig").unlink()
    elif spoil == "another's manifest":
        (tmp_path / "releases/1/manifest.json").write_text('{"name": "a web app", "icons": []}')
    else:
        shutil.copytree(tmp_path / "releases/1", tmp_path / "releases/7")
    with pytest.raises(ValueError, match="holds other things"):
        claim(tmp_path)


def test_in_our_folder_too_only_our_releases_go(tmp_path: Path) -> None:
    make_release(tmp_path, FILES, serial=10)
    (tmp_path / "releases/5").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "releases/6").symlink_to("../elsewhere")
    for serial in range(11, 16):
        make_release(tmp_path, FILES, serial=serial, spare=False)
    with locked(tmp_path):
        prune(tmp_path)
    assert our_serials(tmp_path) == [13, 14, 15]
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["13", "14", "15", "5", "6"]
