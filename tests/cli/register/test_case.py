"""``raabta case``: a company's and a freelancer's whole way, and what is said where it does not go on."""

import datetime as dt
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from raabta.cli.register import endpoint, org
from raabta.cli.register.case import app as case_app
from tests.registry.specimens import IDENTITY_NUMBER

Run = Callable[..., Result]
COMPANY = ("--legal-name", "Acme Ltd", "--legal-form", "private_limited", "--country", "pk")
FREELANCER = ("--legal-name", "Bilal", "--legal-form", "individual", "--country", "pk")
TUNNEL = ("--direction", "member_source", "--remote", "185.1.2.3", "--port", "51820", "--protocol", "wireguard")
OWN_TABLES = """\
as_of = 2026-11-23
ordinary = ["198.18.0.0/15"]

[[network]]
prefix = "198.18.4.0/22"
asn = 64500
country = "PK"

[[network]]
prefix = "185.0.0.0/8"
asn = 64501
"""


@pytest.fixture
def raabta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command over a register in a folder of its own."""
    monkeypatch.delenv("RAABTA_REGISTER_KEY", raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "register"))
    app = typer.Typer()
    for name, group in (("org", org), ("endpoint", endpoint), ("case", case_app)):
        app.add_typer(group, name=name)

    def run(*arguments: object, given: str | None = None, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(item) for item in arguments], input=given)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "own.toml").write_text(OWN_TABLES)
    return tmp_path / "own.toml"


def member(raabta: Run, tables: Path, *who: str, address: str = "198.18.4.1") -> tuple[str, str]:
    """Register somebody with a focal person and an end point; give both ids."""
    id_ = raabta("org", "add", *who).stdout.strip()
    raabta("org", "person", "add", id_, "--name", "Zainab Khan", "--email", "zainab@acme.pk")
    place = raabta(
        *("endpoint", "add", id_, *TUNNEL, "--prefix", address, "--tables", tables),
        *("--operator", "ptcl", "--purpose", "client network"),
    )
    return id_, place.stdout.strip()


@pytest.fixture
def company(raabta: Run, tables: Path) -> tuple[str, str]:
    return member(raabta, tables, *COMPANY)


def begun(raabta: Run, who: tuple[str, str], kind: str, *papers: str) -> str:
    """Begin an application with papers, and have it verified."""
    id_ = raabta("case", "new", who[0], kind, "--endpoint", who[1]).stdout.strip()
    for paper in papers:
        raabta("case", "paper", id_, paper, "--by", "officer-1")
    for status in ("evidence", "verified"):
        raabta("case", "step", id_, status, "--by", "officer-1")
    return id_


def line_of(result: Result) -> dict[str, Any]:
    (line,) = result.stdout.splitlines()
    return dict(json.loads(line))


def test_a_company_goes_its_whole_way(raabta: Run, company: tuple[str, str], tmp_path: Path) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF of a certificate")
    id_ = raabta("case", "new", company[0], "pk.A", "--endpoint", company[1]).stdout.strip()
    assert len(id_) == len("c-") + 16
    assert "a paper was not seen" in line_of(raabta("case", "show", id_))["missing"][0]
    raabta("case", "paper", id_, "identity", "--by", "officer-1")
    raabta("case", "paper", id_, "incorporation", "--by", "officer-1", "--file", letter)
    raabta("case", "step", id_, "evidence", "--by", "officer-1")
    assert raabta("case", "step", id_, "verified", "--by", "officer-1").stdout == f"{id_}\tverified\n"
    raabta("org", "consent", "give", company[0], "application", "pta")
    raabta("case", "application", id_, "--output", tmp_path / "out")
    raabta("case", "step", id_, "submitted")
    raabta("case", "step", id_, "approved", "--reference", "PTA-7", "--valid-until", "2027-06-30")
    shown = line_of(raabta("case", "show", id_))
    assert (shown["status"], shown["reference"], shown["valid_until"]) == ("approved", "PTA-7", "2027-06-30")
    assert [step["status"] for step in shown["steps"]] == ["draft", "evidence", "verified", "submitted", "approved"]
    assert shown["documents"][1]["fingerprint"]
    assert shown["missing"] == []


def test_both_files_of_an_application_are_their_owner_s_alone_and_hold_no_hash(
    raabta: Run, company: tuple[str, str], tmp_path: Path
) -> None:
    id_ = begun(raabta, company, "pk.A", "identity", "incorporation")
    raabta("org", "consent", "give", company[0], "application", "pta")
    files = [Path(line) for line in raabta("case", "application", id_, "--output", tmp_path / "out").stdout.split()]
    assert [file.name for file in files] == [f"{id_}.pdf", f"{id_}.json"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert files[0].read_bytes().startswith(b"%PDF-")
    told = json.loads(files[1].read_bytes())
    assert (told["legal_name"], told["focal_name"], told["kind"]) == ("Acme Ltd", "Zainab Khan", "pk.A")
    assert "hash" not in files[1].read_text()


def test_a_freelancer_goes_either_way(raabta: Run, tables: Path) -> None:
    who = member(raabta, tables, *FREELANCER)
    assert "for: company, bank" in raabta("case", "new", who[0], "pk.A", code=2).stderr
    way = raabta("case", "way", who[0]).stdout
    assert "→ next" in way
    assert "pk.B" in way
    id_ = begun(raabta, who, "pk.B", "identity", "client_contract")
    raabta("org", "consent", "give", who[0], "application", "pta")
    assert raabta("case", "step", id_, "submitted").stdout == f"{id_}\tsubmitted\n"
    raabta("org", "change", who[0], "--legal-form", "single_member_company", "--registration-number", "77")
    assert "✓ done" in raabta("case", "way", who[0]).stdout
    begun(raabta, who, "pk.A", "identity", "incorporation")


def test_without_consent_nothing_is_handed_in_or_written(raabta: Run, company: tuple[str, str], tmp_path: Path) -> None:
    id_ = begun(raabta, company, "pk.A", "identity", "incorporation")
    agree = f"raabta org consent give {company[0]} application"
    assert agree in raabta("case", "step", id_, "submitted", code=2).stderr
    assert agree in raabta("case", "application", id_, "--output", tmp_path / "out", code=2).stderr
    assert not (tmp_path / "out").exists()
    given = raabta("org", "consent", "give", company[0], "application", "pta").stdout.strip()
    raabta("org", "consent", "withdraw", given)
    assert agree in raabta("case", "step", id_, "submitted", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "o-nobody", "pk.A"), "raabta org list"),
        (("new", "{org}", "pk.X"), "pk.A (VPN of a company)"),
        (("new", "{org}", "pk.A", "--endpoint", "e-none"), "raabta endpoint list"),
        (("show", "c-none"), "raabta case list"),
        (("step", "c-none", "evidence"), "raabta case list"),
        (("step", "{case}", "approved"), "from there it goes to: evidence"),
        (("step", "{case}", "thrown_away"), "There are: draft, evidence"),
        (("paper", "{case}", "passport_photo", "--by", "x"), "There are: active_taxpayer"),
        (("paper", "{case}", "identity"), "say who saw it (by), or why it is not needed"),
        (("paper", "{case}", "identity", "--waive", "no", "--by", "x"), "Leave out --by and --file"),
        (("paper", "{case}", "identity", "--by", "x", "--file", "/none.pdf"), "cannot be read"),
        (("list", "--status", "thrown_away"), "--status: one of draft"),
        (("way", "o-nobody"), "raabta org list"),
        (("types", "--country", "XX"), "There are some for: pk"),
        (("due", "--country", "XX"), "There are some for: pk"),
        (("import", "/none.csv"), "cannot be read"),
    ],
)
def test_every_error_says_what_to_try(
    raabta: Run, company: tuple[str, str], arguments: tuple[str, ...], words: str
) -> None:
    id_ = raabta("case", "new", company[0], "pk.A", "--endpoint", company[1]).stdout.strip()
    filled = [text.format(org=company[0], case=id_) for text in arguments]
    done = raabta("case", *filled, code=2)
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("paper", "{case}", "identity", "--by", IDENTITY_NUMBER),
        ("paper", "{case}", "identity", "--waive", f"it is {IDENTITY_NUMBER}"),
        ("paper", "{case}", IDENTITY_NUMBER, "--by", "x"),
        ("step", "{case}", "evidence", "--by", IDENTITY_NUMBER.replace("-", "")),
        ("step", "{case}", "evidence", "--reference", IDENTITY_NUMBER),
        ("step", "{case}", "evidence", "--reason", IDENTITY_NUMBER),
        ("step", "{case}", IDENTITY_NUMBER),
        ("new", "{org}", IDENTITY_NUMBER),
    ],
)
def test_an_identity_number_is_refused_in_every_text_and_not_repeated(
    raabta: Run, company: tuple[str, str], arguments: tuple[str, ...], tmp_path: Path
) -> None:
    id_ = raabta("case", "new", company[0], "pk.A", "--endpoint", company[1]).stdout.strip()
    done = raabta("case", *(text.format(case=id_, org=company[0]) for text in arguments), code=2)
    files = b"".join(file.read_bytes() for file in (tmp_path / "register").iterdir())
    for number in (IDENTITY_NUMBER, IDENTITY_NUMBER.replace("-", "")):
        assert number not in done.output
        assert number.encode() not in files


def test_a_list_goes_on_where_it_ended_and_can_be_narrowed(raabta: Run, company: tuple[str, str]) -> None:
    made = sorted(raabta("case", "new", company[0], "pk.A", "--endpoint", company[1]).stdout.strip() for _ in "123")
    first = raabta("case", "list", "--limit", "2")
    assert "2 of 3 shown. Go on: --after" in first.stderr
    assert [json.loads(line)["id"] for line in first.stdout.splitlines()] == made[:2]
    assert line_of(raabta("case", "list", "--after", made[1]))["id"] == made[2]
    raabta("case", "step", made[0], "evidence", "--reference", "PTA-7")
    assert line_of(raabta("case", "list", "--status", "evidence"))["id"] == made[0]
    assert line_of(raabta("case", "list", "--reference", "pta-7"))["id"] == made[0]
    assert raabta("case", "list", "--org", "o-nobody").stdout == ""


def test_tables_fit_eighty_columns(raabta: Run, company: tuple[str, str]) -> None:
    raabta("org", "change", company[0], "--association-valid-until", "2020-01-01")
    raabta("case", "new", company[0], "pk.A", "--endpoint", company[1])
    id_ = begun(raabta, company, "pk.A", "identity", "incorporation")
    raabta("case", "paper", id_, "active_taxpayer", "--waive", "the regulator has it already " * 5)
    raabta("org", "consent", "give", company[0], "application", "pta")
    raabta("case", "step", id_, "submitted", "--by", "officer-1")
    table = ("--format", "table")
    commands = (("list", *table), ("show", id_, *table), ("waiting", *table), ("way", company[0]), ("types",))
    for command in commands:
        assert max(map(len, raabta("case", *command).stdout.splitlines())) <= 80, command
    lines = raabta("case", "due", *table, code=3).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["on", "what", "why"]


def test_people_read_the_name_of_an_organisation_and_programs_its_id(raabta: Run, company: tuple[str, str]) -> None:
    raabta("org", "change", company[0], "--association-valid-until", "2020-01-01")
    id_ = raabta("case", "new", company[0], "pk.A", "--endpoint", company[1]).stdout.strip()
    for command, code in ((("list",), 0), (("show", id_), 0), (("due",), 3)):
        shown = raabta("case", *command, "--format", "table", code=code).stdout
        assert company[0] in shown
        assert "Acme Ltd" in shown
        assert "Acme Ltd" not in raabta("case", *command, code=code).stdout


def test_what_is_due_ends_with_three_and_the_most_urgent_come_first(raabta: Run, company: tuple[str, str]) -> None:
    assert "Nothing is due." in raabta("case", "due").stderr
    soon = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=5)).isoformat()
    raabta("org", "change", company[0], "--association-valid-until", soon, "--board-valid-until", "2020-01-01")
    lines = raabta("case", "due", code=3).stdout.splitlines()
    assert [json.loads(line)["on"] for line in lines] == ["2020-01-01", soon]
    first = raabta("case", "due", "--limit", "1", code=3)
    assert "The 1 most urgent of 2 are shown" in first.stderr
    assert line_of(first)["on"] == "2020-01-01"


def test_waiting_counts_what_was_handed_in(raabta: Run, company: tuple[str, str]) -> None:
    assert "No application was handed in yet." in raabta("case", "waiting").stderr
    id_ = begun(raabta, company, "pk.A", "identity", "incorporation")
    raabta("org", "consent", "give", company[0], "application", "pta")
    raabta("case", "step", id_, "submitted")
    found = line_of(raabta("case", "waiting"))
    assert (found["kind"], found["n_open"], found["median_h"]) == ("pk.A", 1, None)


def test_an_export_comes_back_in_elsewhere(
    raabta: Run, company: tuple[str, str], tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = begun(raabta, company, "pk.A", "identity", "incorporation")
    raabta("case", "paper", id_, "fee_receipt", "--waive", "fewer than five; see the list, please")
    files = {what: tmp_path / f"{what}.csv" for what in ("org", "endpoint", "case")}
    for what, file in files.items():
        raabta(what, "export", "-o", file)
    assert "0 new, 1 changed, 0 rows refused" in raabta("case", "import", files["case"]).stderr
    assert raabta("case", "export").stdout == files["case"].read_text()
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path / "other"))
    raabta("org", "import", files["org"])
    raabta("endpoint", "import", files["endpoint"], "--tables", tables)
    assert raabta("case", "import", files["case"]).stdout.strip() == id_
    assert raabta("case", "export").stdout == files["case"].read_text()
    assert line_of(raabta("case", "export", "-f", "jsonl"))["documents"][2]["waived"].startswith("fewer than five;")


def test_a_table_goes_in_but_for_its_bad_rows(raabta: Run, company: tuple[str, str]) -> None:
    table = f"organisation_id,kind,reference\n{company[0]},pk.A,\n{company[0]},pk.A,{IDENTITY_NUMBER}\n"
    done = raabta("case", "import", "-", given=table, code=3)
    assert len(done.stdout.split()) == 1
    assert "refused: line 3, column 3 (reference): this looks like a person's identity number" in done.stderr
    assert "1 new, 0 changed, 1 rows refused." in done.stderr
    assert IDENTITY_NUMBER not in done.output
    assert "no such column" in raabta("case", "import", "-", given="x,y\n", code=2).stderr


def test_a_database_that_fails_ends_with_one(raabta: Run, company: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "register" / "register.sqlite").write_bytes(b"this is no database, and never was one" * 99)
    done = raabta("case", "list", code=1)
    assert "Is the database there" in done.stderr
