"""gateway.toml: what it may say, and what is said of a mistake in it."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raabta.gateway import settings
from raabta.gateway.settings import AcknowledgePart, LimitsPart, PolicyPart, RunPart, VerifyPart, load_settings
from raabta.remedy.policy import MARK, PolicySettings

LEAST = 'url = "https://lists.example/north/"\nrecipient = "north"\n'


def _write(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return file


def test_two_lines_are_enough_and_paths_are_beside_the_file(tmp_path: Path) -> None:
    found = load_settings(_write(tmp_path, LEAST))
    assert (found.recipient.id, found.root, found.state) == ("north", tmp_path / "root.json", tmp_path / "state")
    assert found.policy == PolicySettings(mark=MARK, notrack=False)
    assert (found.limits.max_change_share, found.acknowledge_to, found.verify_files) == (0.2, None, ())


def test_all_parts_are_read(tmp_path: Path) -> None:
    more = '[policy]\nmark = 0x1000\nnotrack = true\n[acknowledge]\nfolder = "out"\n[verify]\nfiles = ["peer.toml"]\n'
    found = load_settings(_write(tmp_path, LEAST + more))
    assert found.policy == PolicySettings(mark=0x1000, notrack=True)
    assert (found.acknowledge_to, found.verify_files) == (tmp_path / "out", (tmp_path / "peer.toml",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('recipient = "north"', "missing required field `url`"),
        (LEAST + "colour = 1", "unknown field `colour`"),
        (LEAST + "[policy]\nmark = 3", "no single bit"),
        (LEAST + "[run]\ninterval_s = 0", "run.interval_s is 0"),
        (LEAST.replace("https", "http"), "write https://"),
        ("url =", "gateway.toml"),
    ],
)
def test_a_mistake_is_told_with_file_and_field(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"gateway\.toml") as told:
        load_settings(_write(tmp_path, text))
    assert words in str(told.value)


def test_the_guide_names_every_field_and_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/gateway.md").read_text("utf-8")
    part = guide.partition("## gateway.toml")[2].partition("## ")[0]
    parts = {"policy": PolicyPart, "limits": LimitsPart, "run": RunPart, "acknowledge": AcknowledgePart}
    fields = {f"{name}.{field}" for name, kind in (parts | {"verify": VerifyPart}).items() for field in _names(kind)}
    fields |= {field for field in _names(settings._File) if field not in (*parts, "verify")}
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", part, re.MULTILINE)) == fields


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="raabta gateway init"):
        load_settings(tmp_path / "gateway.toml")
