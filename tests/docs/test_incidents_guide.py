"""The guide of incident files says what the rules say."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from raabta.cli.incident import app
from raabta.model.incident import INCIDENT_STEPS
from raabta.pipeline.informing.settings import Clocks
from tests.docs.test_pages import DOCS, tables, text_of
from tests.pipeline.informing.desk.test_attachments import VERDICT

GUIDE = text_of(DOCS / "guides" / "incidents.md")
SETTINGS = """\
[site]
name_en = "Association"
name_ur = "انجمن"
url = "https://status.example.pk"
country = "pk"
zone = "Asia/Karachi"
[[site.components]]
id = "vpn"
name_en = "VPN"
name_ur = "وی پی این"
"""


def test_the_guide_shows_which_state_may_follow_which() -> None:
    (rows,) = (rows for _, head, rows in tables(GUIDE) if head == ["state", "may be followed by"])
    shown = {row[0].strip("`"): set(re.findall(r"\w+", row[1])) & INCIDENT_STEPS.keys() for row in rows}
    assert shown == INCIDENT_STEPS


def test_the_guide_names_settings_that_there_are_with_their_defaults() -> None:
    named = re.findall(r"`clocks\.(\w+)`(?: \((\d+)\))?", GUIDE)
    assert {name for name, _ in named} == set(Clocks.__struct_fields__)
    assert [getattr(Clocks(), name) for name, default in named if default] == [int(one) for _, one in named if one]


def test_the_night_of_the_guide_runs_as_it_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("RAABTA_REGISTER_KEY", "RAABTA_PUBLISHING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path))
    monkeypatch.setenv("RAABTA_BY", "Sana")
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "publishing.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "question.txt").write_text("Subject: VPNs fail\n\nCan you help?\n", encoding="utf-8")
    (tmp_path / "verdicts.jsonl").write_text(f"{json.dumps(VERDICT)}\n", encoding="utf-8")
    console = GUIDE.partition("```console\n")[2].partition("```")[0]
    made: dict[str, str] = {}  # ids of the guide, and those that were made in their place
    done = None
    for line in console.splitlines():
        if line.startswith("$ raabta incident "):
            words = [made.get(word[:7], word) for word in shlex.split(line.removeprefix("$ raabta incident "))]
            done = CliRunner().invoke(app, words)
            assert (done.exit_code, done.exception) == (0, None), f"{line}\n{done.output}"
        elif re.match(r"[a-z]{2}-[a-z2-7]{16}$", line):
            assert done is not None
            made[line[:7]] = done.stdout.split()[0][:10]
    assert {id_[:3] for id_ in made} == {"in-", "pa-", "at-"}
