"""``raabta incident``: a night's work from the first report to the review, in words that fit 80 columns."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from raabta.cli.incident import app as incident_app

Run = Callable[..., Result]
PUBLISHING = """\
first_severity = "major"

[site]
name_en = "Association"
name_ur = "انجمن"
url = "https://status.example.pk"
country = "pk"
zone = "ZONE"

[[site.components]]
id = "vpn"
name_en = "VPN"
name_ur = "وی پی این"

[[site.operators]]
id = "north"
name_en = "North Telecom"
name_ur = "نارتھ"

[[duty]]
name = "omar"
email = "omar@example.pk"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "register"
    made.mkdir()
    (made / "publishing.toml").write_text(PUBLISHING.replace("ZONE", "Europe/London"), encoding="utf-8")
    return made


@pytest.fixture
def raabta(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``raabta incident …`` over a register in a folder of its own, as Sana."""
    for name in ("RAABTA_REGISTER_KEY", "RAABTA_PUBLISHING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(folder))
    monkeypatch.setenv("RAABTA_BY", "Sana")
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer()
    app.add_typer(incident_app, name="incident")

    def run(*arguments: object, given: str | None = None, code: int = 0) -> Result:
        done = CliRunner().invoke(app, ["incident", *map(str, arguments)], input=given)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def opened(raabta: Run) -> str:
    done = raabta("open", "VPNs fail across the country", "--component", "vpn", "--started", "-2h", "--kind", "vpn")
    return done.stdout.strip()


def test_a_title_is_enough_to_open_an_incident(raabta: Run) -> None:
    done = raabta("open", "Sites behind a CDN cannot be reached")
    (id_,) = done.stdout.split()
    (found,) = map(json.loads, raabta("list").stdout.splitlines())
    assert (found["id"], found["state"], found["severity"], found["opened_by"]) == (id_, "reported", "major", "Sana")
    assert f"raabta incident step {id_} confirmed" in done.stderr


def test_whoever_confirms_at_once_is_told_when_the_first_notice_is_due(raabta: Run) -> None:
    done = raabta("open", "VPNs fail", "--confirmed")
    assert "The first notice is due by " in done.stderr
    assert f"raabta bulletin write {done.stdout.strip()}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("open",), "TITLE is missing"),
        (("open", "x", "--component", "vpm"), "'vpm' is none of vpn"),
        (("open", "x", "--kind", "war"), "--kind: 'war' is none of unknown"),
        (("open", "x", "--started", "yesterday"), "--started: 'yesterday' is no time"),
        (("show", "in-0"), "there is no incident 'in-0'. Try: raabta incident list"),
        (("step", "last"), "STATE is missing"),
        (("step", "last", "reviewed"), "After reported may come: confirmed, cause_sought, resolved"),
        (("step", "last", "over"), "STATE: 'over' is none of reported, confirmed"),
        (("step", "last", "confirmed", "--at", "+1h"), "has not come yet"),
        (("cause", "last", "measured", "--words-en", "x"), "--probability is missing"),
        (("cause", "last", "measured", "--probability", "80"), "--words-en is missing"),
        (("cause", "last", "none", "--probability", "80"), "there is no probability"),
        (("promise", "add", "last", "Repair"), "--due is missing"),
        (("promise", "add", "last", "Repair", "--due", "+1h", "--escalate", "omar"), "is not MINUTES:NAME"),
        (("promise", "add", "last", "Repair", "--due", "+1h", "--escalate", "9:x"), "There is: omar"),
        (("promise", "add", "last", "Repair", "--due", "+1h", "--party", "cdn"), "'cdn' is no party of this incident"),
        (("message", "add", "last", "cdn"), "'cdn' is no party of this incident"),
        (("acknowledge", "in-0"), "there is no alarm about 'in-0' that waits. See: raabta incident due"),
        (("link", "last", "javascript:x"), "no address of a page"),
        (("list", "--state", "over"), "--state: 'over' is none of reported"),
        (("note", "last", "35202-1234567-1"), "identity number"),
    ],
)
def test_every_refusal_says_what_to_try(raabta: Run, opened: str, arguments: tuple[str, ...], words: str) -> None:
    assert opened
    done = raabta(*arguments, code=2)
    assert words in done.stderr
    assert done.stdout == ""


def test_without_settings_the_error_names_the_file_and_the_way_to_make_it(raabta: Run, folder: Path) -> None:
    (folder / "publishing.toml").unlink()
    assert "publishing.toml: No such file or directory. Make one: raabta publish init" in raabta("list", code=2).stderr


def test_a_nights_work_is_read_at_80_columns(raabta: Run, opened: str) -> None:
    raabta("change", "last", "--title-ur", "وی پی این بند", "--operator", "north", "--note", "North says so too")
    raabta("step", opened, "confirmed")
    party = raabta(
        "party", "add", "last", "cdn", "Cloud Network", "--desk", "NOC", "--contact-file", "-",
        given='contact_name = "Ms Desk"\nemail = "noc@example.net"\n',
    ).stdout.strip()  # fmt: skip
    raabta("message", "add", "last", "cloud", "--text-file", "-", given="Subject: VPNs fail\n\nCan you help?\nThanks")
    promise = raabta("promise", "add", "last", "Repair within two days", "--due", "+48h", "--party", party, "--public")
    raabta("promise", "put-off", promise.stdout.strip(), "--due", "+72h", "--reason", "parts are missing")
    raabta(
        "statement", "add", "last", party, "There is no fault on our side.", "--source", "https://example.net/status"
    )
    words = "A filter at the gateway of one operator drops WireGuard's first packet"
    raabta("cause", "last", "measured", "--probability", 80, "--words-en", words)
    raabta("link", "last", "https://example.net/status", "--title", "Their status page")
    raabta("note", "last", "Spoke to the chairman")
    sheet = raabta("show", "last", "--format", "table").stdout
    assert max(map(len, sheet.splitlines())) <= 80
    for part in (
        f"{opened} · Confirmed · Major · VPN failure",
        "Began        ",
        "Concerns     VPN, North Telecom",
        "80 %, measured on one network",
        "First notice: VPNs fail across the country",
        f"{party}  Cloud Network, NOC · cdn",
        "put off 1 ×",
        "“There is no",
        "Their status page    https://example.net/status",
        "E-mail to Cloud Network (NOC): VPNs fail (Sana)",
        "all: raabta incident timeline",
    ):
        assert part in sheet
    for secret in ("noc@example.net", "Ms Desk", "Can you help"):
        assert secret not in sheet
    assert "noc@example.net" in raabta("party", "list", "last", "--format", "table").stdout
    assert "Can you help?" in raabta("message", "list", "last", "--format", "table").stdout
    for command in ("timeline", ("promise", "list"), ("statement", "list"), "due"):
        names = (command,) if isinstance(command, str) else command
        arguments = names if command == "due" else (*names, "last")
        shown = raabta(*arguments, "--format", "table").stdout
        assert shown
        assert max(map(len, shown.splitlines())) <= 80


def test_a_program_reads_neither_contacts_nor_messages_of_what_it_shows(raabta: Run, opened: str) -> None:
    raabta("party", "add", opened, "cdn", "Cloud", "--contact-file", "-", given='email = "noc@example.net"')
    raabta("message", "add", opened, "cloud", "--text-file", "-", given="Subject: Secret\n\nText")
    shown = json.loads(raabta("show", opened).stdout)
    assert [one["name_en"] for one in shown["parties"]] == ["Cloud"]
    both = json.dumps(shown) + raabta("timeline", opened).stdout
    assert "E-mail to Cloud" in both
    assert "noc@" not in both
    assert "Secret" not in both


def test_contacts_are_no_options_and_wrong_ones_are_not_repeated(raabta: Run, opened: str) -> None:
    assert "--email" not in raabta("party", "add", "--help").stdout
    done = raabta("party", "add", opened, "cdn", "Cloud", "--contact-file", "-", given='email = "noc at net"', code=2)
    assert "noc at net" not in done.output
    strange = raabta("party", "add", opened, "cdn", "Cloud", "--contact-file", "-", given='mail = "x"', code=2)
    assert "it may name contact_name, email, phone, not 'mail'" in strange.stderr


def test_due_says_at_one_glance_what_is_overdue_and_what_comes_next(raabta: Run, opened: str) -> None:
    assert "Nothing is due." in raabta("due", "--format", "table").stderr
    raabta("promise", "add", opened, "Answer members", "--due", "-5m", "--at", "-1h")
    raabta("step", opened, "confirmed")
    shown = raabta("due", "--format", "table", code=3).stdout
    assert shown.index("OVERDUE: 1") < shown.index("Our promise: Answer members") < shown.index("NEXT")
    assert shown.index("NEXT") < shown.index("First notice")
    assert "for 5 min" in shown
    assert "in 29 min" in shown
    assert f"→ raabta bulletin write {opened}" in shown


def test_alarms_are_raised_once_acknowledged_and_settled(raabta: Run, opened: str, folder: Path) -> None:
    promise = raabta("promise", "add", opened, "Answer", "--due", "-5m", "--at", "-1h").stdout.strip()
    (alarm,) = raabta("due", "--raise", code=3).stdout.split()
    assert alarm.startswith(f"promise/{promise}/")
    assert raabta("due", "--raise", code=3).stdout == ""
    with sqlite3.connect(folder / "register.sqlite") as base:
        assert base.execute("select id, to_id, state from deliveries").fetchall() == [
            (f"alarm/{alarm}/omar", "omar", "waiting")
        ]
    base.close()
    assert "alarm of level 0" in raabta("due", "--format", "table", code=3).stdout
    assert raabta("acknowledge", "last", "--by", "Omar").stdout.split() == [alarm]
    assert "Omar has taken it on" in raabta("due", "--format", "table", code=3).stdout
    raabta("promise", "settle", promise, "kept")
    assert raabta("due", "--raise").stdout == ""


def test_without_a_duty_list_the_alarm_says_that_nobody_is_told(raabta: Run, opened: str, folder: Path) -> None:
    file = folder / "publishing.toml"
    file.write_text(file.read_text(encoding="utf-8").partition("[[duty]]")[0], encoding="utf-8")
    raabta("promise", "add", opened, "Answer", "--due", "-5m", "--at", "-1h")
    assert "Nobody is told: " in raabta("due", "--raise", code=3).stderr


def test_a_relapse_is_the_step_back_and_the_list_shows_open_ones_only(raabta: Run, opened: str) -> None:
    for state in ("confirmed", "resolved"):
        raabta("step", opened, state)
    assert "No incident is open. All: --all" in raabta("list", "--format", "table").stderr
    assert opened in raabta("list", "--all", "--format", "table").stdout
    raabta("step", opened, "reviewed")
    raabta("step", opened, "confirmed", "--note", "again since noon")
    assert opened in raabta("list", "--format", "table").stdout
    assert "it came back" in raabta("timeline", opened, "--format", "table").stdout


def test_pages_of_a_list_follow_each_other(raabta: Run) -> None:
    ids = [raabta("open", f"Number {number}", "--started", f"-{number}h").stdout.strip() for number in (1, 2, 3)]
    first = raabta("list", "--limit", 2)
    assert [json.loads(line)["id"] for line in first.stdout.splitlines()] == ids[:2]
    assert f"Go on: --after {ids[1]}" in first.stderr
    assert json.loads(raabta("list", "--after", ids[1]).stdout)["id"] == ids[2]


def test_a_persons_name_is_asked_for_or_said(raabta: Run, opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAABTA_BY")
    assert "--by is missing" in raabta("step", opened, "confirmed", code=2).stderr
    raabta("step", opened, "confirmed", "--by", "Omar")
    assert json.loads(raabta("show", opened).stdout)["steps"][-1]["by"] == "Omar"


def test_a_far_day_is_refused_and_the_file_stays_readable(raabta: Run, opened: str) -> None:
    for due in ("9999-12-31T23:59+00:00", "0001-01-01", "2027-W01", "+٢h"):
        refused = raabta("promise", "add", opened, "far", "--due", due, code=2)
        assert "--due: " in refused.stderr
    raabta("open", "x", "--started", "0001-01-01T00:00+00:00", code=2)
    raabta("show", opened)
    raabta("due")


def test_what_is_no_id_and_no_component_is_said(raabta: Run, opened: str) -> None:
    for text in ("\udcff", "ان", "\x00", " "):
        assert "there is no incident" in raabta("show", text, code=2).stderr
    assert "--component: 'nope' is none of vpn" in raabta("list", "--component", "nope", code=2).stderr
    assert opened in raabta("list", "--component", "vpn").stdout


def test_an_alarm_is_taken_on_by_the_beginning_of_an_id(raabta: Run, opened: str) -> None:
    made = raabta("promise", "add", opened, "Repair", "--at", "-2h", "--due", "-1h").stdout.strip()
    raabta("due", "--raise", code=3)
    assert made in raabta("acknowledge", made[3:9]).stdout
