"""Which incident ``last`` is, what a person is asked, beginnings of ids, and errors in the words of who typed."""

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from raabta.cli.prompting import split_ids
from tests.cli.incident import test_file as desk
from tests.cli.incident.test_file import Run

raabta, opened = desk.raabta, desk.opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "register"
    made.mkdir()
    (made / "publishing.toml").write_text(desk.PUBLISHING.replace("ZONE", "Asia/Karachi"), encoding="utf-8")
    return made


def at_a_terminal(*words: str, typed: str) -> tuple[int, str, str]:
    """Type at a real terminal; give exit code, stdout, and what stood on the terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from raabta.cli import main; main()", "incident", *words]
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


def test_last_stays_the_one_that_was_opened_last_when_it_is_over(raabta: Run, opened: str) -> None:
    newest = raabta("open", "Mail is slow").stdout.strip()
    done = raabta("step", "last", "resolved")
    assert done.stdout.strip() == newest
    assert f"{newest}: Mail is slow" in done.stderr
    reviewed = raabta("step", "last", "reviewed")
    assert reviewed.stdout.strip() == newest != opened
    assert f"raabta bulletin write {newest} --template report" in reviewed.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("step", "last"), ("cause", "last"), ("note", "last"), ("link", "last"), ("party", "add", "last"),
        ("promise", "add", "last"), ("attach", "last", "x"), ("question", "add", "--incident", "last"),
        ("draft", "new", "--incident", "last"), ("impact", "add", "last", "o-x"), ("acknowledge", "last"),
    ],
)  # fmt: skip
def test_which_incident_is_meant_is_said_before_anything_is_asked(
    raabta: Run, opened: str, words: tuple[str, ...]
) -> None:
    assert f"{opened}: VPNs fail across the country\n" in raabta(*words, code=2).stderr


def test_a_person_is_asked_who_promised_for_operators_and_for_urdu_names(raabta: Run, opened: str) -> None:
    party = raabta("party", "add", opened, "cdn", "Cloud Network").stdout.strip()
    code, promise, shown = at_a_terminal("promise", "add", "last", typed="nobody\ncloud\nRepair\n+2h\n")
    assert (code, promise[:3]) == (0, "pr-"), shown
    assert "Who promised: Cloud Network (Enter: we)" in shown
    assert f'"party_id":"{party}"' in raabta("promise", "list", opened).stdout
    code, _, shown = at_a_terminal("party", "add", "last", typed="regulator\nAuthority\nاتھارٹی\n\n\n\n")
    assert (code, "The same in Urdu" in shown) == (0, True), shown
    code, id_, shown = at_a_terminal("open", typed="Mail\n\n\n\nvpn, xx\nvpn,\nnorth\n-2h\nn\n")
    assert (code, "'xx' is none of vpn" in shown) == (0, True), shown
    assert '"operator_ids":["north"]' in raabta("show", id_).stdout


def test_ids_are_parted_at_commas_and_blanks(raabta: Run) -> None:
    assert split_ids(["a, b", "c d,", "e،f", ""]) == ("a", "b", "c", "d", "e", "f")
    assert "--component: 'xx' is none of vpn" in raabta("open", "Mail", "--component", "vpn, xx", code=2).stderr


def test_the_beginning_of_any_id_will_do(raabta: Run, opened: str, tmp_path: Path) -> None:
    party = raabta("party", "add", opened[:9], "cdn", "Cloud").stdout.strip()
    promise = raabta("promise", "add", opened, "Repair", "--at", "-2h", "--due", "-1h", "--party", party[:9])
    promise_id = promise.stdout.strip()
    raabta("due", "--raise", code=3)
    assert promise_id in raabta("acknowledge", opened[:9]).stdout
    assert raabta("promise", "settle", promise_id[:8], "kept").stdout.strip() == promise_id
    assert "pr-0: " not in raabta("promise", "settle", "pr-0", "kept", code=2).stderr
    statement = raabta("statement", "add", opened, "cloud", "All is well.").stdout.strip()
    assert raabta("statement", "change", statement[3:9], "--private").stdout.strip() == statement
    report = raabta("report", "take", "--target", "vpn", "--way", "web").stdout.split()[0]
    assert raabta("report", "acknowledge", report[:8]).stdout.strip() == report
    raabta("report", "link", opened, report[:8])
    assert raabta("report", "close", opened[:9], "--because", "Over.").stdout.strip() == report
    (tmp_path / "x.txt").write_text("x")
    attached = raabta("attach", opened, tmp_path / "x.txt", "--kind", "document").stdout.strip()
    assert raabta("detach", attached[:8], "--because", "wrong").stdout.strip() == attached


def test_a_beginning_of_several_ids_names_them(raabta: Run, opened: str) -> None:
    made = [raabta("promise", "add", opened, f"No {number}", "--due", "+2h").stdout.strip() for number in range(40)]
    first = max({one[3] for one in made}, key=lambda sign: sum(one[3] == sign for one in made))  # 32 signs, 40 ids
    refused = raabta("promise", "settle", f"pr-{first}", "kept", code=2).stderr
    assert f"'pr-{first}' may be several: pr-{first}" in refused


def test_errors_name_options_and_local_times(raabta: Run, opened: str) -> None:
    refused = raabta("promise", "add", opened, "Repair", "--due", "2024-11-10 17:00", code=2).stderr
    assert "--due: it must lie after the promise was made" in refused
    assert "PKT" in refused
    assert "UTC" not in refused
    assert "Units are m, h and d" in raabta("promise", "add", opened, "x", "--due", "+5s", code=2).stderr
    assert "--title-en: it is empty" in raabta("change", opened, "--title-en", " ", code=2).stderr
    made = raabta("promise", "add", opened, "Repair", "--due", "+1h").stdout.strip()
    raabta("promise", "put-off", made, "--due", "+2h", "--reason", "parts")
    assert "UTC" not in raabta("timeline", opened, "--format", "table").stdout


def test_a_capture_that_is_attached_again_stays_one_and_that_is_said(raabta: Run, opened: str, tmp_path: Path) -> None:
    (tmp_path / "s1.txt").write_text("10:00 shot")
    first = raabta("attach", opened, tmp_path / "s1.txt", "--kind", "capture").stdout
    again = raabta("attach", opened, tmp_path / "s1.txt", "--kind", "document")
    assert again.stdout == first
    assert "Attached already, as a capture named s1.txt." in again.stderr
    assert f"It stays a capture. To attach it as a document: raabta incident detach {first.strip()}" in again.stderr


def test_lists_fit_80_columns_and_show_whole_targets_and_local_times(raabta: Run, opened: str) -> None:
    target = "www.portal.long-name.example.com.pk"
    report = raabta("report", "take", "--target", target, "--operator", "north", "--symptom", "no_connection")
    id_ = report.stdout.split()[0]
    raabta("change", opened, "--severity", "critical", "--operator", "north", "--title-en", "A long title " * 12)
    raabta("report", "group")
    for command in (("report", "list"), ("report", "group"), ("list",), ("report", "show", id_)):
        shown = raabta(*command, "--format", "table").stdout
        assert max(map(len, shown.splitlines())) <= 80, shown
        assert command == ("list",) or target in shown, shown
        assert "UTC" not in shown
    assert "PKT" in raabta("report", "show", id_, "--format", "table").stdout
