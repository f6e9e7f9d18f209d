from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import Result

from raabta.cli.consent import FILE_NAME, TEXT, VERSION, Consent, config_folder, read_consent, store_consent

Run = Callable[..., Result]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.config/raabta"),
        ("linux", {"HOME": "/home/a", "XDG_CONFIG_HOME": "/etc/a"}, "/etc/a/raabta"),
        ("linux", {"HOME": "/home/a", "XDG_CONFIG_HOME": "relative"}, "/home/a/.config/raabta"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Application Support/raabta"),
        ("win32", {"APPDATA": "/c/Users/a/AppData/Roaming"}, "/c/Users/a/AppData/Roaming/raabta"),
    ],
)
def test_settings_live_where_the_platform_keeps_them(platform: str, environ: dict[str, str], expected: str) -> None:
    assert config_folder(environ, platform=platform) == Path(expected)


def test_consent_is_kept_with_the_version_of_its_text(tmp_path: Path) -> None:
    store_consent(tmp_path / "new", now=NOW)
    assert read_consent(tmp_path / "new") == Consent(version=VERSION, given_at="2026-11-22T09:00:00+00:00")


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", msgspec.json.encode(Consent(version=VERSION - 1, given_at=""))])
def test_what_is_damaged_or_was_agreed_to_another_text_is_no_consent(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(kept)
    assert read_consent(tmp_path) is None


def test_without_consent_and_without_a_keyboard_nothing_is_measured(run: Run, home: dict[str, str]) -> None:
    result = run("probe", "https://gazette.example/", env=home)
    assert (result.exit_code, result.stdout) == (4, "")
    assert "raabta probe --consent show" in result.stderr
    assert "the same command with --yes" in result.stderr
    assert "raabta probe --yes" not in result.stderr


def test_consent_can_be_shown_and_withdrawn(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    assert run("probe", "--consent", "show", env=home).stdout == f"{TEXT}\nYou have not agreed.\n"
    store_consent(tmp_path / "raabta", now=NOW)
    assert run("probe", "--consent", "show", env=home).stdout.endswith("You agreed on 2026-11-22.\n")
    withdrawn = run("probe", "--consent", "withdraw", env=home)
    assert (withdrawn.exit_code, read_consent(tmp_path / "raabta")) == (0, None)
    assert "withdrawn" in withdrawn.stdout
    assert "no consent" in run("probe", "--consent", "withdraw", env=home).stdout


def test_the_text_fits_a_screen_and_says_how_to_withdraw() -> None:
    assert max(map(len, TEXT.splitlines())) <= 80
    assert "raabta probe --consent withdraw" in TEXT
