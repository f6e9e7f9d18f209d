"""Reports, questions, drafts, impact and attachments from the command line."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from raabta.cli.incident import app
from raabta.cli.incident.desk.files import read_files
from raabta.model.incident import MemberReport
from raabta.pipeline import example_document
from raabta.registry import open_register
from raabta.registry.secrets import read_key
from tests.cases.desk_records import consent, member
from tests.cases.incident_file import INCIDENT, incident

SETTINGS = """
[site]
name_en = "Association"
name_ur = "انجمن"
url = "https://status.example.pk"
country = "pk"
zone = "Asia/Karachi"
[[site.components]]
id = "cdn"
name_en = "CDN"
name_ur = "سی ڈی این"
[[site.operators]]
id = "north"
name_en = "North"
name_ur = "نارتھ"
"""

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "desk"
    place.mkdir()
    (place / "publishing.toml").write_text(SETTINGS)
    return place


@pytest.fixture
def run(folder: Path) -> Run:
    def run_it(*arguments: str | Path, given: str = "") -> Result:
        environment = {"RAABTA_REGISTER": str(folder), "RAABTA_BY": "Sana", "COLUMNS": "80"}
        return CliRunner().invoke(app, [str(one) for one in arguments], input=given.encode(), env=environment)

    assert run_it("report", "list").exit_code == 0
    with (
        open_register(
            f"sqlite:///{folder / 'register.sqlite'}",
            key=read_key(folder / "register.key"),
            now=lambda: incident().created_at,
            new_id=str,
        ) as register,
        register.change() as records,
    ):
        records.add(incident())
        records.add_all([member(number) for number in range(6)])
        records.add_all([consent(number) for number in range(6)])
    return run_it


def ids(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return [line.split("\t")[0] for line in result.stdout.splitlines()]


def test_a_report_is_taken_grouped_linked_and_closed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "contact").write_text("amina@example.pk\n")
    taken = [
        run(
            "report", "take", "--target", "https://x.example.pk/secret", "--operator", "north", "--symptom", "slow",
            "--words-file", "-", "--contact-file", tmp_path / "contact", given="slow at 39.40.1.1",
        )
        for _ in range(2)
    ]  # fmt: skip
    assert "Give the code" in taken[0].stderr
    (group,) = [json.loads(line) for line in run("report", "group", "--format", "jsonl").stdout.splitlines()]
    assert (group["target"], group["n_reports"], group["suggests"]) == ("x.example.pk", 2, "")
    assert len(ids(run("report", "link", "last", group["id"]))) == 2
    shown = run("report", "show", ids(taken[0])[0], "--format", "table").stdout
    assert "amina@example.pk" in shown
    assert "slow at (address)" in shown
    assert "39.40.1.1" not in shown
    assert len(ids(run("report", "close", INCIDENT, "--because", "Over."))) == 2
    listed = run("report", "list", "--state", "closed")
    assert len(listed.stdout.splitlines()) == 2
    assert "amina" not in listed.stdout


def test_contacts_and_words_are_no_options(run: Run) -> None:
    text = run("report", "take", "--help").stdout
    assert "--contact-file" in text
    assert run("report", "take", "--target", "cdn", "--contact", "a@example.pk").exit_code == 2
    both = run("report", "take", "--target", "cdn", "--words-file", "-", "--contact-file", "-")
    assert (both.exit_code, "only one of them" in both.stderr) == (2, True)


def test_a_script_is_told_which_option_is_missing(run: Run) -> None:
    for arguments, option in (
        (["report", "take"], "--target"),
        (["report", "close", "rp-0"], "--because-file"),
        (["question", "add"], "--text-file"),
        (["draft", "new"], "--title"),
        (["impact", "add", INCIDENT, "o-0"], "--kind"),
        (["attach", INCIDENT, "x"], "--kind"),
        (["withhold", "at-0"], "--reason"),
    ):
        result = run(*arguments)
        assert (result.exit_code, option in result.stderr) == (2, True), arguments


def test_wrong_data_end_with_words_and_without_what_was_typed(run: Run) -> None:
    result = run("report", "take", "--target", "39.40.1.1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "host name" in result.stderr
    assert "39.40" not in result.stderr
    assert run("report", "show", "rp-0").exit_code == 2
    assert run("report", "close", "rp-0", "--because", "x").exit_code == 2


def test_a_question_is_asked_answered_and_exported(run: Run, tmp_path: Path) -> None:
    (id_,) = ids(run("question", "add", "--incident", "last", "--asked-of", "PTA", "--text-file", "-", given="Ports?"))
    assert ids(run("question", "ask", id_, "--due", "+3d")) == [id_]
    assert ids(run("question", "answer", id_, "--text-file", "-", given="443.")) == [id_]
    assert ids(run("question", "public", id_)) == [id_]
    assert "answered" in run("question", "list", "--format", "table").stdout
    target = tmp_path / "dossier.md"
    assert run("question", "export", "--incident", INCIDENT, "-o", target).exit_code == 0
    assert "To PTA: answered" in target.read_text()
    assert run("question", "withdraw", id_).exit_code == 2


def test_a_draft_grows_in_versions(run: Run) -> None:
    (id_,) = ids(run("draft", "new", "--title", "Filters", "--text-file", "-", given="One.\nTwo."))
    assert run("draft", "version", id_, "--text-file", "-", given="One.\nThree.").stdout == f"{id_}\t2\n"
    assert run("draft", "show", id_, "1").stdout == "One.\nTwo.\n"
    assert run("draft", "diff", id_, "1").stdout.splitlines()[-2:] == ["-Two.", "+Three."]
    assert ids(run("draft", "state", id_, "submitted")) == [id_]
    assert run("draft", "state", id_, "perfect").exit_code == 2
    assert json.loads(run("draft", "list", "--format", "jsonl").stdout)["versions"] == 2


def test_impact_is_shown_in_sums_only(run: Run) -> None:
    given = ["--kind", "penalty", "--amount", "100", "--currency", "pkr"]
    made = [ids(run("impact", "add", INCIDENT, f"o-{number}", *given))[0] for number in range(4)]
    few = run("impact", "sum", INCIDENT, "--format", "table")
    assert "not shown" in few.stdout
    run("impact", "add", INCIDENT, "o-4", *given)
    assert "500 PKR" in run("impact", "sum", INCIDENT, "--format", "table").stdout
    assert "500 PKR" in run("impact", "sum", INCIDENT, INCIDENT, "--format", "table").stdout
    assert len(run("impact", "list", INCIDENT, "--format", "jsonl").stdout.splitlines()) == 5
    assert ids(run("impact", "remove", made[0])) == [made[0]]
    assert run("impact", "add", INCIDENT, "o-9", *given).exit_code == 2


def test_files_are_attached_all_or_none(run: Run, folder: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(example_document())
    bad.write_bytes(example_document().replace(b'"probe_ip": "127.0.0.1"', b'"probe_ip": "39.40.1.1"'))
    refused = run("attach", INCIDENT, good, bad, "--kind", "measurement")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "bad.json: document 1 still holds an address" in refused.stderr
    made = run("attach", "last", good, "--kind", "measurement")
    assert "networks: AS64500" in made.stderr
    (id_,) = ids(made)
    assert ids(run("withhold", id_, "--reason", "not yet")) == [id_]
    assert json.loads(run("attached", INCIDENT, "--format", "jsonl").stdout)["withheld"] == "not yet"
    assert ids(run("withhold", id_, "--release")) == [id_]
    assert run("attach", INCIDENT, tmp_path / "none", "--kind", "document").exit_code == 1
    assert len(list((folder / "attachments").rglob("*"))) == 2


def test_what_no_machine_can_look_into_is_withheld_and_that_is_said(run: Run, tmp_path: Path) -> None:
    letter, dump = tmp_path / "letter.pdf", tmp_path / "dump.txt"
    letter.write_bytes(b"%PDF-1.7 x")
    dump.write_bytes(b"10:00:00 IP 203.0.113.9.5555 > 1.1.1.1.443")
    made = run("attach", INCIDENT, letter, "--kind", "document")
    (id_,) = ids(made)
    assert "Withheld from packs: not cleared by the desk: a PDF" in made.stderr
    assert f"raabta incident withhold {id_} --release" in made.stderr
    capture = run("attach", INCIDENT, dump, "--kind", "capture")
    assert "Withheld from packs: a capture of packets" in capture.stderr
    assert "--release" not in capture.stderr
    assert run("withhold", ids(capture)[0], "--release").exit_code == 2
    letter.write_bytes(b"%PDF-1.7 y")
    assert "Withheld" not in run("attach", INCIDENT, letter, "--kind", "document", "--include").stderr
    assert run("attach", INCIDENT, dump, "--kind", "capture", "--include").exit_code == 2


def test_a_pipe_a_device_and_a_folder_are_no_files(run: Run, tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    for file, words in ((pipe, "a pipe or a device"), ("/dev/zero", "a device"), (tmp_path, "a folder"), (large, "64")):
        refused = run("attach", INCIDENT, file, "--kind", "document")
        assert (refused.exit_code, words in refused.stderr) == (2, True), refused.stderr
    zeros = run("question", "add", "--asked-of", "PTA", "--text-file", "/dev/zero")
    assert (zeros.exit_code, "too long" in zeros.stderr) == (2, True)


def test_files_are_bounded_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_bytes(b"12345")
    assert read_files(files, n_files_most=2, n_bytes_most=10) == [("a", b"12345"), ("b", b"12345")]
    for bounds, words in (({"n_bytes_most": 9}, "all files together"), ({"n_files_most": 1}, "1 at once")):
        with pytest.raises(typer.Exit):
            read_files(files, **bounds)
        assert words in capsys.readouterr().err


def test_a_file_that_is_detached_is_gone_and_the_timeline_says_so(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("names Amina")
    (id_,) = ids(run("attach", INCIDENT, tmp_path / "x.txt", "--kind", "document"))
    assert "--because" in run("detach", id_).stderr
    done = run("detach", id_, "--because", "names a person")
    assert (ids(done), "Its file is deleted" in done.stderr) == ([id_], True)
    assert not [one for one in (folder / "attachments").rglob("*") if one.is_file()]
    assert run("attached", INCIDENT, "--format", "jsonl").stdout == ""
    assert f"Detached {id_} (document): names a person" in run("timeline", INCIDENT).stdout
    assert run("detach", id_, "--because", "again").exit_code == 2


@pytest.mark.parametrize("by", ["35202 1234567 1", "35202\u200c1234567\u200c1"])
def test_who_acts_is_no_number(run: Run, tmp_path: Path, by: str) -> None:
    (tmp_path / "x.txt").write_text("x")
    for arguments in (
        ["attach", INCIDENT, tmp_path / "x.txt", "--kind", "document"],
        ["question", "add", "--asked-of", "PTA", "--text-file", tmp_path / "x.txt"],
        ["draft", "new", "--title", "x", "--text-file", tmp_path / "x.txt"],
        ["impact", "add", INCIDENT, "o-0", "--kind", "penalty", "--number", "3"],
    ):
        refused = run(*arguments, "--by", by)
        assert (refused.exit_code, "by: " in refused.stderr) == (2, True), arguments
        assert "1234567" not in refused.stderr


def test_acknowledging_prints_what_was_new(run: Run, folder: Path) -> None:
    (id_,) = ids(run("report", "take", "--target", "cdn", "--way", "web"))
    assert ids(run("report", "acknowledge", id_)) == [id_]
    assert ids(run("report", "acknowledge", id_)) == []
    assert MemberReport.__name__ not in run("report", "list", "--format", "table").stdout
