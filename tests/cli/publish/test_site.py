"""``raabta publish``: build, mirrors, check, init and key, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from raabta.cli.publish import app
from raabta.cli.register.opening import opened
from raabta.pipeline.informing.settings import read_publishing
from tests.cases.publication import example_threads
from tests.cases.published import put_threads
from tests.cases.web import serving_folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register's folder with first settings, and three events published."""
    folder = tmp_path / "desk"
    monkeypatch.setenv("RAABTA_REGISTER", str(folder))
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init"]).exit_code == 0
    with opened(None) as register, register.change() as records:
        put_threads(records, example_threads(), read_publishing(folder / "publishing.toml").site)
    return folder


@pytest.fixture
def run(desk: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})


def test_init_writes_settings_that_can_be_read_and_never_over_others(run: Callable[..., Result], desk: Path) -> None:
    site = read_publishing(desk / "publishing.toml").site
    assert {"international", "cloudflare", "vpn"} <= {one.id for one in site.components}
    assert site.zone == "Asia/Karachi"
    again = run("init")
    assert again.exit_code == 2
    assert "there is one already" in again.stderr


def test_init_says_what_to_fill_in_and_so_does_what_it_writes(run: Callable[..., Result], tmp_path: Path) -> None:
    made = run("init", "--settings", tmp_path / "more.toml")
    assert "what is marked with #" not in made.stderr
    written = (tmp_path / "more.toml").read_text()
    for name in ("name", "url", "contact", "[[duty]]", "[mail]", "mirrors"):
        assert name in made.stderr
        assert name in written


def test_init_takes_names_with_any_letters_and_refuses_a_url_that_is_none(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "other.toml"
    name = 'The "desk" \\ of #1'
    assert (
        run(
            "init", "--settings", file, "--name-en", name, "--name-ur", "رابطہ", "--url", "https://a.example/"
        ).exit_code
        == 0
    )
    site = read_publishing(file).site
    assert (site.name_en, site.name_ur, site.url) == (name, "رابطہ", "https://a.example")
    bad = run("init", "--settings", tmp_path / "bad.toml", "--url", "a.example")
    assert bad.exit_code == 2
    assert not (tmp_path / "bad.toml").exists()


def test_a_build_prints_its_release_and_says_what_it_did(run: Callable[..., Result], tmp_path: Path) -> None:
    first = run("--site", tmp_path / "site")
    assert first.exit_code == 0, first.stderr
    release = Path(first.stdout.strip())
    assert release == (tmp_path / "site" / "current").resolve()
    assert "all anew: it is the first build" in first.stderr
    again = run("--site", tmp_path / "site")
    assert "all anew" not in again.stderr


def test_without_site_a_script_is_told_the_option(run: Callable[..., Result]) -> None:
    asked = run()
    assert asked.exit_code == 2
    assert "--site is missing" in asked.stderr


def test_mirrors_of_the_settings_and_of_the_command_get_it_and_a_dead_one_is_named(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    settings = desk / "publishing.toml"
    settings.write_text(
        settings.read_text()
        + f'[[mirrors]]\nname = "disk"\ntarget = "{tmp_path}/disk"\n[[mirrors]]\nname = "dead"\ntarget = "gone/disk"\n'
    )
    built = run("--site", tmp_path / "site")
    assert built.exit_code == 3
    assert "Mirror dead: FAILED. there is no folder" in built.stderr
    assert "1 of 2 mirrors failed" in built.stderr
    assert built.stdout.strip() == str((tmp_path / "site" / "current").resolve())
    assert (tmp_path / "disk/current/index.html").is_file()
    assert run("--site", tmp_path / "site", "--mirror", "disk", "--mirror", tmp_path / "more").exit_code == 0
    assert (tmp_path / "more/current/manifest.json").read_bytes() == (
        tmp_path / "site/current/manifest.json"
    ).read_bytes()
    assert run("--site", tmp_path / "site", "--no-mirrors").exit_code == 0


def test_what_is_neither_mirror_nor_target_is_refused_before_anything_is_built(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    refused = run("--site", tmp_path / "site", "--mirror", "ftp://x")
    assert refused.exit_code == 2
    assert not (tmp_path / "site").exists()


def test_check_with_key_needs_no_register(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = run("key").stdout.strip()
    run("--site", tmp_path / "site")
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "none"))
    with serving_folder(tmp_path / "site" / "current") as url:
        found = run("check", url, tmp_path / "site", "--key", key, "--all", "--format", "jsonl")
    assert found.exit_code == 0, found.stderr
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert [line["faults"] for line in lines] == [[], []]
    assert lines[0]["n_looked_at"] == lines[0]["n_files"]
    assert not (tmp_path / "none").exists()
    assert run("check", tmp_path / "site", "--key", tmp_path / "site/current/raabta.pub").exit_code == 0


def test_check_tells_an_old_mirror_in_a_table_of_80_columns(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--site", tmp_path / "site", "--mirror", tmp_path / "old")
    run("--site", tmp_path / "site", "--full")
    found = run("check", tmp_path / "site", tmp_path / "old", "--format", "table")
    assert found.exit_code == 3
    assert "older: serial" in " ".join(found.stdout.split())
    assert max(map(len, found.stdout.splitlines())) <= 80
    assert "1 of 2 mirrors is not right" in found.stderr
    assert "--full" not in found.stderr


def test_check_tells_that_bulletins_were_published_since(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--site", tmp_path / "site")
    with opened(None) as register, register.change() as records:
        put_threads(records, [msgspec.structs.replace(example_threads()[0], sequence=500)])
    found = run("check", tmp_path / "site", "--format", "table")
    assert found.exit_code == 3
    assert "were published since" in " ".join(found.stdout.split())


def test_check_refuses_a_key_that_is_none(run: Callable[..., Result], tmp_path: Path) -> None:
    refused = run("check", tmp_path, "--key", "RWQ")
    assert refused.exit_code == 2
    assert "--key: this is no public key" in refused.stderr


def test_check_names_full_where_a_file_is_not_what_was_signed(run: Callable[..., Result], tmp_path: Path) -> None:
    run("--site", tmp_path / "site")
    (tmp_path / "site/current/index.html").write_text("spoilt")
    found = run("check", tmp_path / "site")
    assert found.exit_code == 3
    assert found.stderr.endswith("raabta publish --site DIR --full\n")


def test_check_knows_from_the_settings_which_site_it_should_be(
    run: Callable[..., Result], desk: Path, tmp_path: Path
) -> None:
    run("--site", tmp_path / "site")
    settings = desk / "publishing.toml"
    settings.write_text(settings.read_text().replace("https://status.example.pk", "https://other.example"))
    found = run("check", tmp_path / "site", "--format", "jsonl")
    assert found.exit_code == 3
    assert [fault["kind"] for fault in json.loads(found.stdout)["faults"]] == ["site"]


def test_a_folder_with_other_releases_is_refused_and_not_touched(run: Callable[..., Result], tmp_path: Path) -> None:
    for month in range(1, 6):
        (tmp_path / f"cap/releases/20230{month}01000000").mkdir(parents=True)
    (tmp_path / "cap/current").symlink_to("releases/20230401000000")
    before = sorted(tmp_path.joinpath("cap").rglob("*"))
    refused = run("--site", tmp_path / "cap", "--no-mirrors")
    assert refused.exit_code == 2
    assert "holds other things" in refused.stderr
    assert sorted(tmp_path.joinpath("cap").rglob("*")) == before
