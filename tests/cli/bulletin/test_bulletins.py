"""``raabta bulletin``: from a template to what is public, as two people type it."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from raabta.cli.bulletin import app as bulletin
from raabta.cli.incident import app as incident
from raabta.cli.publish import app as publish

Run = Callable[..., Result]

SYMPTOM = ("--set", "symptom_en=VPNs get no answer on 3 networks.")
SYMPTOM_UR = ("--set", "symptom_ur=3 نیٹ ورکس پر وی پی این کو جواب نہیں ملتا۔")
OTHER_UR = ("--set", "symptom_ur=4 نیٹ ورکس پر وی پی این کو جواب نہیں ملتا۔")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "desk"))
    monkeypatch.setenv("RAABTA_BY", "Amina")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(publish, ["init"]).exit_code == 0

    def invoke(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(bulletin, list(words), input=given, env={"COLUMNS": "80"})

    return invoke


@pytest.fixture
def incident_id(run: Run) -> str:
    made = CliRunner().invoke(
        incident,
        ["open", "VPNs fail", "--title-ur", "وی پی این ناکام", "--kind", "vpn", "--component", "vpn", "--confirmed"],
    )
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def written(run: Run, incident_id: str, *more: str) -> str:
    made = run("write", incident_id, "-t", "first_notice", *SYMPTOM, *(more or SYMPTOM_UR), "--next", "+1h")
    assert made.exit_code == 0, made.stderr
    return made.stdout.strip()


def test_from_a_template_to_what_is_public_takes_two_people(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    assert run("check", id_).exit_code == 0
    refused = run("approve", id_)
    assert (refused.exit_code, "Somebody else approves it" in refused.stderr) == (2, True)
    assert run("publish", id_).exit_code == 2
    assert run("approve", id_, "--by", "Bilal").stdout == f"{id_}\n"
    told = run("publish", id_)
    assert (told.exit_code, told.stdout) == (0, f"{id_}\t1\n")
    assert "An alarm is raised when it is missed" in told.stderr
    (line,) = run("list", "--state", "published").stdout.splitlines()
    assert json.loads(line)["approved_by"] == "Bilal"


def test_a_difference_is_told_when_it_is_written_checked_and_approved(run: Run, incident_id: str) -> None:
    made = run("write", incident_id, "-t", "first_notice", *SYMPTOM, *OTHER_UR, "--next", "+1h")
    assert "Only one language says: known: number 3, not in Urdu" in made.stderr
    id_ = made.stdout.strip()
    checked = run("check", id_)
    assert checked.exit_code == 3
    assert [json.loads(line)["lacks"] for line in checked.stdout.splitlines()] == ["ur", "en"]
    assert "1    ur     known: number 3, not in Urdu" in run("check", id_, "--format", "table").stdout
    assert run("approve", id_, "--by", "Bilal").exit_code == 2
    assert run("approve", id_, "--by", "Bilal", "--accept", "1").exit_code == 2
    accepted = run("approve", id_, "--by", "Bilal", "--accept", "1=counted twice", "--accept", "2=counted twice")
    assert accepted.exit_code == 0, accepted.stderr
    assert run("check", id_).exit_code == 0
    assert "Bilal accepted: known: number 3" in run("show", id_, "--format", "table").stderr


def test_a_change_voids_the_approval(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    run("approve", id_, "--by", "Bilal")
    changed = run("change", id_, "--severity", "critical", "--by", "Chanda")
    assert "Its approval is void" in changed.stderr
    assert run("publish", id_).exit_code == 2
    assert run("approve", id_, "--by", "Chanda").exit_code == 2


def test_both_texts_go_out_to_a_file_and_come_back(run: Run, incident_id: str, tmp_path: Path) -> None:
    id_ = written(run, incident_id)
    file = tmp_path / "texts.toml"
    file.write_text(run("show", id_, "--toml").stdout, encoding="utf-8")
    assert "nothing changes" in run("change", id_, "--from", str(file)).stderr
    file.write_text(file.read_text(encoding="utf-8").replace("3 n", "5 n").replace("3 ن", "5 ن"), encoding="utf-8")
    assert run("change", id_, "--from", str(file)).exit_code == 0
    assert "on 5 networks" in run("show", id_, "--language", "en", "--format", "table").stdout


def test_parts_are_typed_one_by_one_and_a_wrong_name_is_told(run: Run) -> None:
    words = [
        "title_en=New hours",
        "title_ur=نئے اوقات",
        "known_en=We open at 9 am PKT.",
        "known_ur=ہم صبح 9 بجے PKT کھولتے ہیں۔",
    ]
    texts = [part for one in words for part in ("--text", one)]
    made = run("write", "--kind", "notice", *texts, "--final")
    assert (made.exit_code, made.stderr.count("Only one language")) == (0, 0)
    wrong = run("write", "--kind", "notice", *texts, "--text", "knwon_en=x", "--final")
    assert (wrong.exit_code, "there is no such part" in wrong.stderr) == (2, True)


def test_a_meeting_and_an_advisory_are_bulletins_too(run: Run) -> None:
    meeting = run(
        "write", "-t", "meeting", "--starts", "2027-12-01 15:00",
        "--ends", "2027-12-01 16:30", "--place", "Hall, Lahore",
        "--place-ur", "ہال، لاہور", "--set", "topic_en=VPN", "--set", "topic_ur=وی پی این", "--final",
    )  # fmt: skip
    assert meeting.exit_code == 0, meeting.stderr
    advisory = run(
        "write", "-t", "advisory", "--product", "pan-os", "--identifier", "CVE-2024-3400", "--fixed", "10.2.9-h1",
        "--set", "flaw_en=Commands run without a password", "--set", "flaw_ur=بغیر پاس ورڈ کمانڈ چلتی ہیں", "--final",
        "--audience", "product_users",
    )  # fmt: skip
    assert advisory.exit_code == 0, advisory.stderr
    assert "Only one language" not in meeting.stderr + advisory.stderr
    assert "CVE-2024-3400" in run("show", advisory.stdout.strip(), "--language", "ur", "--format", "table").stdout


def test_a_correction_names_what_was_wrong(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    run("approve", id_, "--by", "Bilal")
    run("publish", id_)
    made = run(
        "correct", id_, "--set", "wrong_en=3 networks", "--set", "wrong_ur=3 نیٹ ورکس", "--set", "right_en=5 networks.",
        "--set", "right_ur=5 نیٹ ورکس۔", "--next", "+1h",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    shown = run("show", made.stdout.strip(), "--language", "en", "--format", "table").stdout
    assert "Correction: VPNs fail" in shown
    assert "That was wrong." in shown


def test_a_withdrawn_draft_is_listed_only_when_asked_for(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    assert run("withdraw", id_).stdout == f"{id_}\n"
    assert run("list").stdout == ""
    assert id_ in run("list", "--state", "withdrawn").stdout


def test_a_script_is_told_which_option_is_missing(run: Run, incident_id: str) -> None:
    for words, told in (
        ((incident_id, "--next", "+1h"), "--template NAME"),
        ((incident_id, "-t", "first_notice", "--next", "+1h"), "symptom_en, symptom_ur"),
        ((incident_id, "-t", "first_notic", "--next", "+1h"), "There are: first_notice"),
        ((incident_id, "-t", "first_notice", *SYMPTOM, *SYMPTOM_UR), "--next TIME"),
        (("--kind", "party", "--text", "title_en=x", "--final"), "none of incident, notice"),
    ):
        refused = run("write", *words)
        assert (refused.exit_code, told in refused.stderr) == (2, True), refused.stderr


def test_an_id_may_be_cut_short_while_it_is_clear(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    assert run("show", id_[:8], "--toml").exit_code == 0
    assert "raabta bulletin list" in run("show", "bu-none").stderr


def test_templates_say_what_they_ask_for(run: Run) -> None:
    assert "first_notice" in run("templates", "--format", "table").stdout
    assert "symptom_en, symptom_ur" in run("templates", "first_notice", "--format", "table").stdout
    assert run("templates", "none").exit_code == 2


def test_what_goes_public_with_it_is_shown_and_needs_an_approval(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    assert "Goes public with it: kind: vpn" in run("check", id_).stderr
    run("approve", id_, "--by", "Bilal")
    party = CliRunner().invoke(incident, ["party", "add", incident_id, "regulator", "PTA"])
    assert party.exit_code == 0, party.stderr
    made = CliRunner().invoke(incident, ["statement", "add", incident_id, party.stdout.strip(), "A glitch."])
    assert made.exit_code == 0, made.stderr
    refused = run("publish", id_)
    assert (refused.exit_code, "A glitch." in refused.stderr) == (2, True)
    assert "A glitch." in run("show", id_, "--format", "table").stderr
    assert "A glitch." in run("approve", id_, "--by", "Bilal").stderr
    assert run("publish", id_).exit_code == 0


def test_no_alarm_is_promised_where_no_clock_starts(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id, *SYMPTOM_UR, "--audience", "members")
    run("approve", id_, "--by", "Bilal")
    told = run("publish", id_)
    assert (told.exit_code, "No alarm watches over it" in told.stderr) == (0, True)
    assert "An alarm is raised" not in told.stderr


def test_a_next_update_in_the_past_is_refused_before_anything_else(run: Run, incident_id: str) -> None:
    refused = run("write", incident_id, "--next", "2024-11-10 01:30", "-t", "first_notice")
    assert (refused.exit_code, "has passed: it is" in refused.stderr) == (2, True)
    assert "PKT" in refused.stderr


def test_a_change_of_nothing_says_how_to_mend_one_digit(run: Run, incident_id: str) -> None:
    id_ = written(run, incident_id)
    refused = run("change", id_)
    assert (refused.exit_code, f"show {id_} --toml > b.toml" in refused.stderr) == (2, True)


def at_a_terminal(*words: str, typed: str) -> tuple[int, str, str]:
    """Type at a real terminal; give exit code, stdout, and what stood on the terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from raabta.cli import main; main()", "bulletin", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs) as child:
        os.close(theirs)
        os.write(ours, typed.encode())
        told, _ = child.communicate(timeout=60)
    shown = b""
    with contextlib.suppress(OSError):  # a terminal whose other end is closed says so
        while part := os.read(ours, 65_536):
            shown += part
    os.close(ours)
    return child.returncode, told.decode().strip(), shown.decode()


def test_a_person_is_asked_for_the_next_update_first_and_loses_nothing(run: Run, incident_id: str) -> None:
    typed = "2024-11-10 01:30\n+1h\nVPNs fail\nوی پی این ناکام\nThree networks fail.\n\x04"
    code, told, shown = at_a_terminal("write", incident_id, typed=typed)
    assert (code, told) == (1, "")
    places = [shown.index(one) for one in ("Next update (+1h, 22:30, or final)", "has passed", "Title (English)")]
    assert places == sorted(places)
    file = shown.split("--from ")[-1].split()[0]
    assert "Three networks fail." in Path(file).read_text(encoding="utf-8")
    assert Path(file).stat().st_mode & 0o777 == 0o600
    code, told, shown = at_a_terminal("write", incident_id, "--from", file, typed="+1h\nتین نیٹ ورک ناکام ہیں۔\n")
    assert code == 0, shown
    assert "Three networks fail." in run("show", told, "--toml").stdout


def test_what_was_typed_for_a_template_is_kept_too(run: Run, incident_id: str) -> None:
    code, _, shown = at_a_terminal(
        "write", incident_id, "-t", "first_notice", typed="+1h\nVPNs get no answer on 3 networks.\n\x04"
    )
    assert code == 1, shown
    file = shown.split("--from ")[-1].split()[0]
    made = run("write", incident_id, "--from", file, *SYMPTOM_UR, "--next", "+1h")
    assert made.exit_code == 0, made.stderr
    assert "VPNs get no answer on 3" in run("show", made.stdout.strip(), "--toml").stdout
